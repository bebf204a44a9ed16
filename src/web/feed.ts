// An Atom feed of what went wrong and what works again, for feed readers.
import type { Run } from "../run.ts";
import type { Turn } from "../store/run-search.ts";
import { formatInstant } from "../time.ts";
import { formatBytes, formatDuration } from "../units.ts";
import { html, raw } from "./html.ts";

export type FeedAddress = {
	/** Where this server is reached, without a slash at the end. */
	base: string;
	/** False where it was taken from the request, because PUBLIC_URL is not set. */
	isFixed: boolean;
};

/** `turns` newest first. The feed is as new as its newest entry: it does not change while nothing happens. */
export function drawFeed(turns: Turn[], { base, isFixed }: FeedAddress, zone: string): string {
	const newest = turns[0]?.run;
	const updated = formatInstant(newest === undefined ? 0 : endOf(newest), zone);
	const hint = isFixed ? "" : " Its links use the address it was asked at; set PUBLIC_URL to fix them.";
	return `${html`${raw('<?xml version="1.0" encoding="utf-8"?>\n')}<feed xmlns="http://www.w3.org/2005/Atom">
<title>Backups: failures and recoveries</title>
<subtitle>Backup runs that failed, and the first that worked again.${hint}</subtitle>
<id>${urn(base)}</id>
<link rel="self" type="application/atom+xml" href="${base}/feed.xml"/>
<link rel="alternate" type="text/html" href="${base}/"/>
<author><name>Homelab Backup Monitor</name></author>
<updated>${updated}</updated>
${turns.map((turn) => entry(turn, base, zone))}</feed>`}\n`;
}

function entry({ run, what }: Turn, base: string, zone: string) {
	const name = run.host === "" ? run.job : `${run.job} (${run.host})`;
	const title = what === "failure" ? `${name} failed` : `${name} works again`;
	const link = `${base}/?job=${encodeURIComponent(run.slug)}`;
	return html`<entry>
<title>${printable(title)}</title>
<id>${urn(`${what}\n${run.job}\n${run.host}\n${run.backupId}`)}</id>
<link rel="alternate" type="text/html" href="${link}"/>
<updated>${formatInstant(endOf(run), zone)}</updated>
<category term="${what}"/>
<content type="text">${printable(sentence(run, what))}</content>
</entry>
`;
}

function sentence(run: Run, what: Turn["what"]): string {
	if (what === "failure") {
		const category = run.errorCategory === null ? "" : `${run.errorCategory}: `;
		return `${category}${run.errorMessage ?? "The reporter gave no reason."}`;
	}
	const facts = [
		run.duration === null ? null : `took ${formatDuration(run.duration)}`,
		run.size === null ? null : formatBytes(run.size),
		run.outcome === "warning" ? "with a warning" : null,
	].filter((fact) => fact !== null);
	return facts.length === 0 ? "The backup succeeded." : `The backup succeeded: ${facts.join(", ")}.`;
}

function endOf(run: Run): number {
	return run.endedAt ?? run.startedAt;
}

/** The same thing has the same id for ever, also after the database was built again. */
function urn(text: string): string {
	const hex = new Bun.CryptoHasher("sha256").update(text).digest("hex");
	return `urn:uuid:${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}

/** XML has no way at all to write these, not even as entities. */
function printable(text: string): string {
	return text.toWellFormed().replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g, "\ufffd");
}
