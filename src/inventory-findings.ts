// What a comparison amounts to: the findings that alerts are made of, the rung of the ladder, and when to look again.
import type { Alert, AlertKind, Finding } from "./alert.ts";
import { agreeAfterMs, type Comparison, type RunVerdict } from "./inventory.ts";
import { entriesOf, momentWords, reasonOf, type Telling, troubleOf } from "./inventory-words.ts";
import type { Rung } from "./ladder.ts";
import type { JobSettings } from "./settings.ts";
import { formatAge, formatBytes, formatCount } from "./units.ts";

/** The kinds that inventories find; their alerts are no other part's to resolve. */
export const inventoryKinds: readonly AlertKind[] = ["absent", "shrunk", "stale_copy"];

type Wanted = Pick<JobSettings, "rpo" | "inventory">;

const dayMs = 86_400_000;
/** A smaller remote is the new normal after this long. */
const shrunkForMs = 30 * dayMs;

/**
 * When the listing is overdue: twice its period without a good one, however often it was tried. null: nothing was ever
 * listed, so none is due.
 */
export function overdueAt({ listing, firstAt }: Comparison, wanted: Wanted | null, period: number): number | null {
	const since = listing?.at ?? firstAt;
	return since === null ? null : since + 2 * (wanted?.inventory?.every ?? period) * 1000;
}

/**
 * Of a job whose file says how often its remote is to be listed, and of which no listing ever came. `since`: when that was
 * first asked for. Twice the period is waited, as for every listing.
 */
export function awaitedListing(
	every: number,
	since: number,
	now: number,
): { finding: Finding | null; rung: Rung; checkAt: number | null } {
	const overdue = since + 2 * every * 1000;
	const sentence = `No listing of the remote has come yet; one is expected every ${formatAge(every)}.`;
	if (now < overdue) return { finding: null, rung: { state: "unknown", at: null, sentence }, checkAt: overdue };
	const finding = { kind: "stale_copy", key: "listing", severity: "warning", sentence, runId: null, since } as const;
	return { finding, rung: { state: "warning", at: null, sentence }, checkAt: null };
}

/** Seconds between two listings, where nobody said: what they usually are, a day at least. */
export function periodOf(listedAt: readonly number[]): number {
	const gaps = listedAt.slice(-20).flatMap((at, i, all) => (i === 0 ? [] : [at - (all[i - 1] ?? at)]));
	const usual = gaps.sort((a, b) => a - b)[gaps.length >> 1] ?? 0;
	return Math.min(31 * 86_400, Math.max(86_400, usual / 1000));
}

/** The age of the newest copy that counts against the target: reported ones too, while a listing may still come. */
function countedCopy(comparison: Comparison, isOverdue: boolean): number | null {
	const { newestCopy, unlisted } = comparison;
	const proven = newestCopy?.at ?? null;
	if (isOverdue || unlisted === null) return proven;
	return Math.max(proven ?? Number.NEGATIVE_INFINITY, unlisted.startedAt);
}

/** At most one of each kind and key. `period`: seconds between two listings, for a job of which the file says nothing. */
export function findingsOfInventory(
	comparison: Comparison,
	wanted: Wanted | null,
	period: number,
	telling: Telling,
): Finding[] {
	const { now } = telling;
	const findings: Finding[] = [];
	const newest = comparison.verdicts.find(({ verdict }) => verdict === "absent");
	if (newest !== undefined) {
		findings.push({
			kind: "absent",
			key: "",
			severity: "critical",
			sentence: absentSentence(newest, comparison.counts.absent, comparison, telling),
			runId: newest.run.id,
			since: newest.lackingAt ?? newest.run.startedAt,
		});
	}
	const shrunk = shrunkSentence(comparison, telling);
	if (shrunk !== null && comparison.shrunk !== null) {
		const since = comparison.shrunk.since;
		findings.push({ kind: "shrunk", key: "", severity: "warning", sentence: shrunk, runId: null, since });
	}
	const dueAt = overdueAt(comparison, wanted, period);
	const isOverdue = dueAt !== null && now >= dueAt;
	const copyAt = countedCopy(comparison, isOverdue);
	const rpo = wanted?.rpo ?? null;
	if (rpo !== null && copyAt !== null && now - copyAt > rpo * 1000) {
		findings.push({
			kind: "stale_copy",
			key: "",
			severity: now - copyAt > 3 * rpo * 1000 ? "critical" : "warning",
			sentence: `The newest copy in the remote is of ${momentWords(copyAt, telling)}; it should never be older than ${formatAge(rpo)}.`,
			runId: comparison.newestCopy?.runId ?? null,
			since: copyAt + rpo * 1000,
		});
	}
	const blind = blindSentence(comparison, isOverdue, telling);
	if (blind !== null) {
		const since = comparison.listing?.at ?? comparison.firstAt ?? now;
		findings.push({ kind: "stale_copy", key: "listing", severity: "warning", sentence: blind, runId: null, since });
	}
	return findings;
}

function absentSentence(newest: RunVerdict, count: number, comparison: Comparison, telling: Telling): string {
	const sentence = reasonOf(newest, comparison, telling);
	if (count === 1) return sentence;
	const more = count === 2 ? "One more snapshot is" : `${formatCount(count - 1)} more snapshots are`;
	return `${sentence} ${more} missing.`;
}

function shrunkSentence({ shrunk, listing }: Comparison, telling: Telling): string | null {
	if (shrunk === null || listing === null || telling.now - shrunk.since > shrunkForMs) return null;
	const { what, before, after, since } = shrunk;
	const words = (value: number) =>
		what === "bytes" ? formatBytes(value, telling.units) : entriesOf({ ...listing, entries: value });
	return `The remote shrank: ${words(after)} since ${momentWords(since, telling)}, before that ${words(before)}.`;
}

/** Said once the remote was not seen for too long, or shows nothing again where something was. */
function blindSentence(comparison: Comparison, isOverdue: boolean, telling: Telling): string | null {
	const { latest, listing } = comparison;
	if (latest === null) return null;
	const said = troubleOf(comparison, telling);
	if (isOverdue) {
		const last = listing === null ? "ever" : `since ${momentWords(listing.at, telling)}`;
		return said === null ? `No listing of the remote was made ${last}.` : said;
	}
	return latest.outcome === "empty" &&
		comparison.emptySince !== null &&
		latest.at - comparison.emptySince >= agreeAfterMs
		? said
		: null;
}

/** Why an alert of these kinds is over, as a sentence. */
export function inventoryEnded({ counts }: Comparison, { kind, key }: Pick<Alert, "kind" | "key">): string {
	if (kind === "shrunk") return "The remote holds about as much as before, or its size is the new normal.";
	if (kind === "stale_copy") {
		return key === "listing" ? "The remote was listed again." : "A newer copy is in the remote.";
	}
	return counts.forgotten > 0
		? "Nothing that should be there is missing any more."
		: "All that was reported is in the remote again.";
}

/** The third rung: what the remote itself shows. */
export function presentRung(comparison: Comparison, wanted: Wanted | null, period: number, telling: Telling): Rung {
	const { listing, counts, newestCopy, promise, there } = comparison;
	const at = newestCopy === null || listing === null ? null : listing.at;
	const findings = findingsOfInventory(comparison, wanted, period, telling);
	const worst = findings.find(({ severity }) => severity === "critical") ?? findings[0];
	if (worst?.severity === "critical") return { state: "failed", at, sentence: worst.sentence };
	const trouble = troubleOf(comparison, telling);
	if (worst !== undefined) return { state: "warning", at, sentence: worst.sentence };
	if (listing === null) {
		return { state: "unknown", at: null, sentence: trouble ?? "No listing has told yet what is in the remote." };
	}
	if (trouble !== null) return { state: "unknown", at, sentence: trouble };
	const less = promise.find(({ wanted: asked, has }) => has < asked);
	if (counts.unconfirmed > 0) {
		const one = comparison.verdicts.find(({ verdict }) => verdict === "unconfirmed");
		if (one !== undefined) return { state: "warning", at, sentence: reasonOf(one, comparison, telling) };
	}
	if (counts.size_differs > 0) {
		const one = comparison.verdicts.find(({ verdict }) => verdict === "size_differs");
		if (one !== undefined) return { state: "warning", at, sentence: reasonOf(one, comparison, telling) };
	}
	if (less !== undefined) {
		const sentence = `The remote has ${less.has} of ${less.wanted} ${less.period} snapshots that should be there.`;
		return { state: "warning", at, sentence };
	}
	if (newestCopy === null) {
		return { state: "unknown", at: null, sentence: `The listing has ${entriesOf(listing)}, none of them this job's.` };
	}
	const counted = `${entriesOf({ ...listing, entries: there })}, the newest of ${momentWords(newestCopy.at, telling)}`;
	return { state: "ok", at, sentence: `The remote's own listing has ${counted}.` };
}

/** The next instant at which findings or rung change although nothing is reported; null: never. */
export function inventoryCheckAt(
	comparison: Comparison,
	wanted: Wanted | null,
	period: number,
	now: number,
): number | null {
	const dueAt = overdueAt(comparison, wanted, period);
	const rpo = wanted?.rpo ?? null;
	const copyAt = countedCopy(comparison, dueAt !== null && now >= dueAt);
	const moments = [
		dueAt,
		rpo === null || copyAt === null ? null : copyAt + rpo * 1000 + 1,
		rpo === null || copyAt === null ? null : copyAt + 3 * rpo * 1000 + 1,
		comparison.shrunk === null ? null : comparison.shrunk.since + shrunkForMs + 1,
	];
	const next = Math.min(...moments.flatMap((at) => (at === null || at <= now ? [] : [at])));
	return Number.isFinite(next) ? next : null;
}
