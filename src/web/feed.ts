// An Atom feed of what went wrong and what is over again, for feed readers: runs by their outcome, the rest by its alert.
import type { Database } from "bun:sqlite";
import type { Alert } from "../alert.ts";
import type { Job } from "../job.ts";
import { alertWords } from "../needs.ts";
import type { Run } from "../run.ts";
import { readOpenAlerts, readResolvedAlerts } from "../store/alerts.ts";
import { readJobById } from "../store/jobs.ts";
import { readTurns, type Turn } from "../store/run-search.ts";
import { formatInstant } from "../time.ts";
import { formatBytes, formatDuration } from "../units.ts";
import { html, raw } from "./html.ts";

export type FeedAddress = {
	/** Where this server is reached, without a slash at the end. */
	base: string;
	/** False where it was taken from the request, because PUBLIC_URL is not set. */
	isFixed: boolean;
};

type FeedEntry = {
	/** The same for the same thing for ever, also after the database was built again. */
	key: string;
	at: number;
	title: string;
	text: string;
	category: "failure" | "recovery" | "alert" | "over";
	/** Where it leads, from the server's root. */
	path: string;
};

/** The newest entries, newest first. What became of runs is told by the runs, which a rebuild brings back. */
export function readFeed(db: Database, limit: number): FeedEntry[] {
	const alerts = [...readOpenAlerts(db), ...readResolvedAlerts(db, limit)]
		.filter(({ kind, key, parentId }) => parentId === null && !(kind === "failed" && key === ""))
		.flatMap((alert) => entriesOfAlert(alert, alert.jobId === 0 ? null : readJobById(db, alert.jobId)));
	const entries = [...readTurns(db, limit).map(entryOfTurn), ...alerts];
	return entries.sort((a, b) => b.at - a.at).slice(0, limit);
}

/** The feed is as new as its newest entry: it does not change while nothing happens. */
export function drawFeed(entries: FeedEntry[], { base, isFixed }: FeedAddress, zone: string): string {
	const updated = formatInstant(entries[0]?.at ?? 0, zone);
	const hint = isFixed ? "" : " Its links use the address it was asked at; set PUBLIC_URL to fix them.";
	return `${html`${raw('<?xml version="1.0" encoding="utf-8"?>\n')}<feed xmlns="http://www.w3.org/2005/Atom">
<title>Backups: what went wrong, and what is over</title>
<subtitle>Backup runs that failed and the first that worked again, runs that did not come, and whatever else was alerted.${hint}</subtitle>
<id>${urn(base)}</id>
<link rel="self" type="application/atom+xml" href="${base}/feed.xml"/>
<link rel="alternate" type="text/html" href="${base}/"/>
<author><name>Homelab Backup Monitor</name></author>
<updated>${updated}</updated>
${entries.map((entry) => draw(entry, base, zone))}</feed>`}\n`;
}

function draw({ key, at, title, text, category, path }: FeedEntry, base: string, zone: string) {
	return html`<entry>
<title>${printable(title)}</title>
<id>${urn(key)}</id>
<link rel="alternate" type="text/html" href="${base}${path}"/>
<updated>${formatInstant(at, zone)}</updated>
<category term="${category}"/>
<content type="text">${printable(text)}</content>
</entry>
`;
}

function entryOfTurn({ run, what }: Turn): FeedEntry {
	const name = nameOf(run.job, run.host);
	return {
		key: `${what}\n${run.job}\n${run.host}\n${run.backupId}`,
		at: endOf(run),
		title: what === "failure" ? `${name} failed` : `${name} works again`,
		text: sentence(run, what),
		category: what,
		path: `/?job=${encodeURIComponent(run.slug)}`,
	};
}

/** Its beginning, and its end once it is over. `job` null: it is about the monitor itself. */
function entriesOfAlert(alert: Alert, job: Job | null): FeedEntry[] {
	const name = job === null ? "Backup Monitor" : nameOf(job.name, job.host);
	const words = alertWords(alert.kind, null);
	const key = [alert.kind, alert.key, job?.name ?? "", job?.host ?? "", alert.since].join("\n");
	const path = job === null ? "/alerts" : `/jobs/${encodeURIComponent(job.slug)}`;
	const began: FeedEntry = {
		key,
		at: alert.openedAt,
		title: words === null ? `${name}: ${alert.sentence}` : `${name} ${words}`,
		text: alert.sentence,
		category: "alert",
		path,
	};
	if (alert.resolvedAt === null) return [began];
	const over = { key: `over\n${key}`, at: alert.resolvedAt, title: `${name}: over`, text: alert.resolution ?? "" };
	return [began, { ...over, category: "over", path }];
}

function nameOf(job: string, host: string): string {
	return host === "" ? job : `${job} (${host})`;
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

function urn(text: string): string {
	const hex = new Bun.CryptoHasher("sha256").update(text).digest("hex");
	return `urn:uuid:${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}

/** XML has no way at all to write these, not even as entities. */
function printable(text: string): string {
	return text.toWellFormed().replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g, "\ufffd");
}
