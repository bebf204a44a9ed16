// From what an adapter read to reports as they stand in the metrics file, and from a report to the answer its sender gets.
import { limits } from "../report-fields.ts";
import { type RunReport, succeeded } from "../run.ts";
import { readSeconds } from "../tools/fields.ts";
import { narrowed } from "../tools/narrow.ts";
import { stripEscapes } from "../tools/text.ts";
import type { ToolReading, ToolRun } from "../tools/tool.ts";

/** What is known of an invocation besides its output. */
export type ReportContext = {
	job: string;
	/** '' where none was told. The tool's own word for its host is a label: a failure often does not name it. */
	host: string;
	/** When the output was complete, Unix milliseconds. */
	now: number;
	zone: string;
	exit: number | null;
	signal: string | null;
	/** What it printed; its tail is kept as the log. "" keeps none. */
	text: string;
	/** When the invocation began, where that was seen. */
	startedAt?: number | undefined;
	/** Id of the invocation (`rid`): names the run where the tool gives no snapshot. */
	backupId?: string | undefined;
	/** The id was reported as running before: the run keeps it, whatever snapshot it made, and so is closed. */
	isOpen?: boolean | undefined;
};

export type ReportObject = Record<string, unknown>;

/** Longest a report may be as one line, in bytes: the journal reads no longer one (ingest/lines.ts). */
const maxReport = 250_000;

/** The reports of a reading, in the line format of the metrics file. [] where there was no run in it. */
export function reportsOf(reading: ToolReading, context: ReportContext): ReportObject[] {
	const ids = new Set<string>();
	const { backupId, isOpen } = context;
	const main = isOpen === true && backupId !== undefined ? mainRun(reading.runs) : undefined;
	// Nothing else of the output may take the id that has to be closed.
	const openId = main === undefined ? null : uniqueId(backupId ?? "", ids);
	return reading.runs.map((run) => {
		const report = reportOf(run, reading, context);
		const own = run.snapshotId ?? backupId ?? String(report.started_at ?? report.timestamp);
		report.backup_id = run === main && openId !== null ? openId : uniqueId(own, ids);
		return fitReport(report);
	});
}

/** The run that an invocation was made for: the first backup, else the first of what it did. */
export function mainRun(runs: readonly ToolRun[]): ToolRun | undefined {
	return runs.find(({ kind, snapshotId }) => kind === "backup" && snapshotId !== null) ?? firstBackup(runs) ?? runs[0];
}

function firstBackup(runs: readonly ToolRun[]): ToolRun | undefined {
	return runs.find(({ kind }) => kind === "backup");
}

/** Several runs without a snapshot in one output share the invocation's id; they are numbered in their order. */
function uniqueId(wanted: string, ids: Set<string>): string {
	const base = wanted.slice(0, limits.id - 8);
	let id = base;
	for (let number = 2; ids.has(id); number++) id = `${base}#${number}`;
	ids.add(id);
	return id;
}

function reportOf(run: ToolRun, reading: ToolReading, context: ReportContext): ReportObject {
	const log = reading.understood ? logOf(context.text) : context.text.slice(-limits.log);
	return withoutUnknown({
		...spanOf(run, context),
		job: context.job,
		host: context.host === "" ? null : context.host,
		kind: run.kind,
		outcome: run.outcome,
		phases: run.phases.length === 0 ? null : Object.fromEntries(run.phases.map(({ name, seconds }) => [name, seconds])),
		size_bytes: run.size,
		bytes_added: run.bytesAdded,
		files_total: run.filesTotal,
		files_new: run.filesNew,
		files_changed: run.filesChanged,
		snapshot_id: run.snapshotId,
		repository: run.repository,
		exit_code: run.exitCode ?? context.exit,
		warnings: run.warnings,
		warning_messages: run.warningMessages.length === 0 ? null : run.warningMessages,
		error_category: run.errorCategory,
		error_message: run.errorMessage,
		labels: labelsOf(run, reading, context),
		metrics: Object.keys(run.metrics).length === 0 ? null : run.metrics,
		log: log.trim() === "" ? null : log,
	});
}

/** Instants are written in UTC to the millisecond. Where neither start nor duration is known there is no end either. */
function spanOf(run: ToolRun, { now, startedAt }: ReportContext): ReportObject {
	const from = run.startedAt ?? startedAt ?? null;
	if (run.outcome === "running") return { timestamp: iso(from ?? now), started_at: iso(from ?? now) };
	const isSeen = startedAt !== undefined;
	const told = readSeconds(run.duration);
	const duration = told ?? (isSeen && run.startedAt === null ? (now - startedAt) / 1000 : null);
	const to = run.endedAt ?? (isSeen && told === null ? now : null);
	const start = from ?? (duration === null ? null : (to ?? now) - Math.round(duration * 1000));
	if (start === null) return { timestamp: iso(to ?? now) };
	const isForward = to !== null && to >= start;
	return {
		timestamp: iso(start),
		started_at: iso(start),
		ended_at: isForward ? iso(to) : null,
		duration_total: duration ?? (isForward ? (to - start) / 1000 : null),
	};
}

function iso(instant: number): string {
	return new Date(instant).toISOString();
}

function labelsOf(run: ToolRun, { tool, understood }: ToolReading, { job, host }: ReportContext): ReportObject {
	const { jobName, host: toolHost, toolVersion } = run;
	return {
		...run.labels,
		...(jobName !== null && jobName !== job && { tool_job: jobName }),
		...(toolHost !== null && toolHost !== host && { tool_host: toolHost }),
		...(toolVersion !== null && { tool_version: toolVersion }),
		tool,
		...(!understood && { understood: "no" }),
	};
}

function withoutUnknown(report: ReportObject): ReportObject {
	return Object.fromEntries(Object.entries(report).filter(([, value]) => value !== null && value !== undefined));
}

const progress = /^\{"message_type":"(?:status|verbose_status)"/;

/** An output as a log to read: its tail without progress lines, overwritten lines and terminal escapes. */
export function logOf(output: string): string {
	const text = narrowed(output);
	const lines: string[] = [];
	let length = 0;
	let end = text.length;
	// From the end, so that the cost is that of what is kept and not of a body of many megabytes.
	while (end > 0 && length <= limits.log) {
		const start = text.lastIndexOf("\n", end - 1);
		const line = shownLine(text.slice(Math.max(start + 1, end - limits.log), end));
		if (!isProgress(line)) {
			lines.push(line);
			length += line.length + 1;
		}
		end = start;
	}
	return lines.reverse().join("\n").trimEnd().slice(-limits.log);
}

/** Progress and nothing else: where line ends were taken out, the reason of a failure stands behind it. */
function isProgress(line: string): boolean {
	if (!progress.test(line)) return false;
	try {
		JSON.parse(line);
		return true;
	} catch {
		return false;
	}
}

/** What a terminal would show of a line that was overwritten after a carriage return; progress overwrites nothing. */
function shownLine(line: string): string {
	const text = stripEscapes(line.endsWith("\r") ? line.slice(0, -1) : line);
	let end = text.length;
	for (;;) {
		const start = text.lastIndexOf("\r", end - 1);
		const shown = text.slice(start + 1, end);
		if (start < 1 || !isProgress(shown)) return shown;
		end = start;
	}
}

/** Shortens the log until the report fits into one line of the journal: escapes can make a text six times its length. */
export function fitReport(report: ReportObject): ReportObject {
	let { log } = report;
	while (typeof log === "string" && log !== "" && Buffer.byteLength(JSON.stringify({ ...report, log })) > maxReport) {
		log = log.slice(Math.ceil(log.length / 4));
	}
	return log === report.log ? report : { ...report, log };
}

/** What its sender is told about a report, in the words of the line format; null is unknown, never 0. */
export function answerOf(report: RunReport): ReportObject {
	return {
		job: report.job,
		host: report.host,
		kind: report.kind,
		outcome: report.outcome,
		success: report.outcome === "running" ? null : succeeded(report),
		backup_id: report.backupId,
		timestamp: report.timestamp,
		started_at: iso(report.startedAt),
		ended_at: report.endedAt === null ? null : iso(report.endedAt),
		duration_total: report.duration,
		phases: Object.fromEntries(report.phases.map(({ name, seconds }) => [name, seconds])),
		size_bytes: report.size,
		volume_bytes: report.volumeBytes,
		bytes_added: report.bytesAdded,
		files_total: report.filesTotal,
		files_new: report.filesNew,
		files_changed: report.filesChanged,
		snapshot_id: report.snapshotId,
		repository: report.repository,
		exit_code: report.exitCode,
		error_category: report.errorCategory,
		error_message: report.errorMessage,
		warnings: report.warnings,
		warning_messages: report.warningMessages,
		labels: { ...report.labels },
		metrics: { ...report.metrics },
	};
}
