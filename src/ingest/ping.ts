// What a ping means: a start opens a run, an end closes the one that is open, a log is added to it. Used by every road
// whose clients only say "began" and "ended" (healthchecks, Uptime Kuma).
import type { Database } from "bun:sqlite";
import type { Job } from "../job.ts";
import { limits } from "../report-fields.ts";
import type { RunReport } from "../run.ts";
import { readJob } from "../store/jobs.ts";
import { readOpenRun, readStored, runOf } from "../store/runs.ts";
import { readSeconds } from "../tools/fields.ts";
import { narrowed } from "../tools/narrow.ts";
import type { readPingBody } from "../tools/ping-body.ts";
import type { ToolRun } from "../tools/tool.ts";
import { type Incoming, incomingOf } from "./incoming.ts";
import type { Known, Make } from "./receive.ts";
import { fitReport } from "./tool-report.ts";

export type Ping = {
	job: Pick<Job, "name" | "host">;
	word: "start" | "log" | "success" | "failure";
	/** Exit status, where the ping gave one: then the tool's own meaning of it counts. */
	exit: number | null;
	/** The client's id of the run, so that runs at the same time are kept apart. */
	rid: string | null;
	/** Text that came along: the tool's output, its tail where it was long. */
	body: string;
	/** A failure's sentence, where the road has a field for it. */
	message?: string | null;
	metrics?: Record<string, number>;
};

let bodyReader: typeof readPingBody | null = null;

/** To be awaited before a ping with a body is made: the adapters of all tools are loaded with the first one. */
export async function loadBodyReader(): Promise<void> {
	bodyReader ??= (await import("../tools/ping-body.ts")).readPingBody;
}

type Fields = Record<string, unknown>;

/** The report that a ping makes, once its turn has come. */
export function makePing(ping: Ping, zone: string): Make {
	return (known, now) => {
		const open = findOpen(known, ping);
		if (ping.word === "log") return open === null || ping.body === "" ? [] : [fitted(withLog(open, ping), zone)];
		const fields = ping.word === "start" ? startOf(known, ping, now) : endOf(known, ping, open, now, zone);
		return [fitted(fields, zone)];
	};
}

/** A body is kept as the log, and control characters make it six times as long: too long for a line of the journal. */
function fitted(fields: Fields, zone: string): Incoming {
	return incomingOf(fitReport(fields), zone);
}

function findOpen({ db, unstored }: Known, ping: Ping): RunReport | null {
	const later = unstored.filter((report) => isOf(ping, report));
	const newest = new Map(later.map((report) => [report.backupId, report]));
	const isOpen = (report: RunReport) =>
		report.outcome === "running" && (ping.rid ?? report.backupId) === report.backupId;
	const opened = [...newest.values()].findLast(isOpen);
	if (opened !== undefined) return opened;
	const stored = db === null ? null : findStoredOpen(db, ping);
	return stored === null || newest.has(stored.backupId) ? null : stored;
}

function isOf({ job }: Pick<Ping, "job">, report: RunReport): boolean {
	return report.job === job.name && report.host === job.host;
}

function findStoredOpen(db: Database, ping: Ping): RunReport | null {
	const job = readJob(db, ping.job.name, ping.job.host);
	if (job === null) return null;
	if (ping.rid === null) return readOpenRun(db, job.id);
	const row = readStored(db, job.id, ping.rid);
	return row !== null && row.outcome === "running" ? runOf(row) : null;
}

function jobFields({ job }: Ping): Fields {
	return { job: job.name, ...(job.host !== "" && { host: job.host }) };
}

function startOf(known: Known, ping: Ping, now: number): Fields {
	const timestamp = new Date(now).toISOString();
	return {
		timestamp,
		backup_id: ping.rid ?? freeId(known, ping, timestamp),
		...jobFields(ping),
		outcome: "running",
		...logOf(ping.body),
	};
}

function withLog(open: RunReport, ping: Ping): Fields {
	return {
		timestamp: open.timestamp,
		backup_id: open.backupId,
		...jobFields(ping),
		kind: open.kind,
		outcome: "running",
		started_at: new Date(open.startedAt).toISOString(),
		...logOf(ping.body),
	};
}

function endOf(known: Known, ping: Ping, open: RunReport | null, now: number, zone: string): Fields {
	const ended = new Date(now).toISOString();
	const hasFailed = ping.word === "failure" && ping.exit === null;
	const word = { failed: hasFailed, exit: ping.exit };
	const read = bodyReader === null ? null : bodyReader(ping.body, word, { receivedAt: now, zone });
	const told = read?.run ?? null;
	const outcome = told === null || told.outcome === "running" ? ping.word : told.outcome;
	const fields: Fields = {
		timestamp: open?.timestamp ?? ended,
		backup_id: open?.backupId ?? ping.rid ?? freeId(known, ping, ended),
		...jobFields(ping),
		// A wrapper that fails at its first step (borgmatic prunes before it backs up) has made no backup: that is what failed.
		kind: outcome === "failure" ? (open?.kind ?? "backup") : (told?.kind ?? open?.kind ?? "backup"),
		outcome,
		...spanOf(open, told, now),
		...measuresOf(told),
		...logOf(ping.body === "" ? (open?.log ?? "") : ping.body),
		labels: { ...(read !== null && { tool: read.tool }), ...told?.labels },
		metrics: { ...told?.metrics, ...ping.metrics },
	};
	if (ping.exit !== null) fields.exit_code = ping.exit;
	if (outcome !== "success") {
		fields.error_category = told?.errorCategory ?? (outcome === "failure" ? "unknown" : null);
		fields.error_message = told?.errorMessage ?? ping.message ?? lastWords(ping);
	}
	return fields;
}

/** From ping to ping where both came; else as long as the tool says it took; else nothing is known but the moment. */
function spanOf(open: RunReport | null, told: ToolRun | null, now: number): Fields {
	const ended_at = new Date(now).toISOString();
	if (open !== null) {
		return {
			started_at: new Date(open.startedAt).toISOString(),
			ended_at,
			duration_total: Math.max(0, (now - open.startedAt) / 1000),
		};
	}
	const seconds = readSeconds(told?.duration);
	if (seconds === null) return {};
	return { started_at: new Date(now - Math.round(seconds * 1000)).toISOString(), ended_at, duration_total: seconds };
}

function measuresOf(told: ToolRun | null): Fields {
	if (told === null) return {};
	return {
		phases: Object.fromEntries(told.phases.map(({ name, seconds }) => [name, seconds])),
		size_bytes: told.size,
		bytes_added: told.bytesAdded,
		files_total: told.filesTotal,
		files_new: told.filesNew,
		files_changed: told.filesChanged,
		snapshot_id: told.snapshotId,
		repository: told.repository,
		exit_code: told.exitCode,
		warnings: told.warnings,
		warning_messages: told.warningMessages,
	};
}

function logOf(body: string): Fields {
	return body === "" ? {} : { log: narrowed(body).slice(-limits.log) };
}

/** What a failed ping said last, when no tool's words explain it. */
function lastWords({ exit, body }: Ping): string | null {
	const line = narrowed(body)
		.split("\n")
		.findLast((text) => text.trim() !== "")
		?.trim();
	if (line !== undefined && !line.startsWith("{")) return line.slice(0, 1000);
	return exit === null ? null : `exit status ${exit}`;
}

/** Runs without an id of their own are named by their instant; two in the same millisecond stay two. */
export function freeId({ db, unstored }: Known, ping: Pick<Ping, "job">, instant: string): string {
	const stored = db === null ? null : readJob(db, ping.job.name, ping.job.host);
	const isTaken = (id: string) =>
		unstored.some((report) => report.backupId === id && isOf(ping, report)) ||
		(db !== null && stored !== null && readStored(db, stored.id, id) !== null);
	let id = instant;
	for (let n = 2; isTaken(id); n++) id = `${instant}-${n}`;
	return id;
}
