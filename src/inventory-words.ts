// What a comparison says in words: each verdict with its reason, what would be lost, and how the listing looks.
import type { Comparison, KnownSnapshot, Listing, RunVerdict } from "./inventory.ts";
import { formatMoment } from "./message-time.ts";
import { decimal, formatAge, formatBytes, plural, type Units } from "./units.ts";

export type Telling = { now: number; zone: string; units?: Units };

/** "Mon 2 Nov 02:00". Never the weekday alone: a sentence stays in an alert for as long as it is open. */
export function momentWords(at: number, { now, zone }: Telling): string {
	return formatMoment(at, now, zone);
}

/** An id as people know it: the first eight of a hash, the end of a path. */
export function shortName({ id, name }: Pick<KnownSnapshot, "id" | "name">): string {
	if (/^[0-9a-f]{12,64}$/.test(id))
		return name !== null && !/^[0-9a-f]{12,64}$/.test(name) ? name.slice(0, 60) : id.slice(0, 8);
	return id.length <= 60 ? id : `…${id.slice(-59)}`;
}

function nameOf({ run, snapshot }: Pick<RunVerdict, "run" | "snapshot">, telling: Telling): string {
	const at = momentWords(run.startedAt, telling);
	if (snapshot !== null) return `Snapshot ${shortName(snapshot)} of ${at}`;
	if (run.snapshotId !== null) return `Snapshot ${shortName({ id: run.snapshotId, name: null })} of ${at}`;
	return `The copy of ${at}`;
}

/** Why a run has its verdict, as a whole sentence. */
export function reasonOf(found: RunVerdict, { listing, latest }: Comparison, telling: Telling): string {
	const { run, verdict, snapshot, by, lackingAt, because } = found;
	const name = nameOf(found, telling);
	const moment = (at: number | null | undefined) => (at == null ? "never" : momentWords(at, telling));
	switch (verdict) {
		case "present": {
			const how =
				by === "moved"
					? ", under another id: the repository was copied or rewritten"
					: by === "time"
						? ", by its time"
						: "";
			return `${name} is in the remote${how}; seen ${moment(listing?.at)}.`;
		}
		case "size_differs": {
			const units = telling.units ?? decimal;
			const sizes = `${formatBytes(snapshot?.size ?? null, units)} in the remote, reported ${formatBytes(run.size, units)}`;
			return `${name} is in the remote with another size than usual: ${sizes}.`;
		}
		case "absent": {
			const seen = snapshot === null ? "was never seen in the remote" : "is not in the remote any more";
			return `${name} ${seen}: two listings, the last ${moment(listing?.at)}, do not have it.`;
		}
		case "unconfirmed":
			return `${name} is not in the listing of ${moment(lackingAt)}; the next one decides.`;
		case "forgotten":
			return `${name} is not in the remote, and not missed: ${because ?? "the policy let it go"}.`;
		case "unlisted":
			return listing === null && latest === null
				? `${name} was not looked for: no listing was made.`
				: `${name} is newer than the last good listing${listing === null ? "" : ` (${moment(listing.at)})`}.`;
		case "unknown":
			return `Nobody knows whether ${name.replace(/^The/, "the").replace(/^Snapshot/, "snapshot")} is there: ${because ?? "no listing has told"}.`;
	}
}

/** What the newest attempt to look came to, where it told nothing. */
export function troubleOf(
	{ listing, latest }: Pick<Comparison, "listing" | "latest">,
	telling: Telling,
): string | null {
	if (latest === null || latest.outcome === "ok") return null;
	const before =
		listing === null
			? "None has told anything yet."
			: `The last good one, ${momentWords(listing.at, telling)}, had ${entriesOf(listing)}.`;
	return `The listing of ${momentWords(latest.at, telling)} says nothing: ${clause(latest)} ${before}`;
}

function clause({ outcome, reason }: Listing): string {
	if (outcome === "empty") return "it is empty.";
	const text = reason ?? "it could not be read.";
	return text.startsWith("The listing ") ? `it ${text.slice(12)}` : text;
}

export function entriesOf({ entries, format }: Pick<Listing, "entries" | "format">): string {
	if (format === "borg") return plural(entries, "archive");
	return format === "rclone" || format === "s3" || format === "find"
		? plural(entries, "file")
		: plural(entries, "snapshot");
}

/** "If the source dies now you lose 26 h." The age of the newest proven copy, and what is reported and not looked at yet. */
export function lossSentence(
	{ newestCopy, unlisted }: Pick<Comparison, "newestCopy" | "unlisted">,
	{ now, zone }: Telling,
): string {
	if (newestCopy === null) {
		return unlisted === null
			? "If the source dies now you lose everything: no copy was ever seen."
			: `If the source dies now nobody knows what you lose: no copy was seen yet, the newest was reported ${momentWords(unlisted.startedAt, { now, zone })}.`;
	}
	const lost = formatAge((now - newestCopy.at) / 1000);
	if (unlisted === null || unlisted.startedAt <= newestCopy.at) return `If the source dies now you lose ${lost}.`;
	const better = formatAge((now - unlisted.startedAt) / 1000);
	return `If the source dies now you lose ${lost}, or ${better} if the backup of ${momentWords(unlisted.startedAt, { now, zone })} is there, which no listing has shown yet.`;
}
