// Duplicati: the report it sends as JSON, as a form field or as "Key: value" text, and prints on the command line. From its source.
import { judge, noRun, oneRun, toolRun, type Words, wholeText } from "./ending.ts";
import { errorCategory } from "./error-category.ts";
import { parseClock, readArray, readCount, readInstant, readObject, readText } from "./fields.ts";
import { type JsonObject, readObjects } from "./text.ts";
import type { Tool, ToolOutput, ToolReading, ToolRun } from "./tool.ts";
import { notUnderstood } from "./tool-run.ts";

/** The one form in which both shapes are judged. */
type Report = {
	operation: string | null;
	result: string | null;
	data: JsonObject;
	backend: JsonObject;
	extra: JsonObject;
	exception: string | null;
	logLines: string[];
};

const kinds: Record<string, ToolRun["kind"]> = { backup: "backup", test: "check", delete: "prune", compact: "prune" };

function read(output: ToolOutput): ToolReading {
	const text = formField(wholeText(output));
	const report = fromJson(text) ?? fromText(text);
	if (report === null) return notUnderstood("duplicati", output);
	const kind = kinds[(report.operation ?? "backup").toLowerCase()];
	if (kind === undefined) return noRun("duplicati", `a report about "${report.operation}", not a backup`);
	if (report.data.Dryrun === true) return noRun("duplicati", "dry run: nothing was stored");
	return oneRun("duplicati", toRun(output, report, kind));
}

/** `message=…` of a form; a body that is no form stays as it is. */
function formField(text: string): string {
	const start = text.trimStart();
	if (!/^(?:message|data|text)=/i.test(start)) return text;
	for (const [name, value] of new URLSearchParams(start.trimEnd())) {
		if (/^(?:message|data|text)$/i.test(name)) return value;
	}
	return text;
}

function fromJson(text: string): Report | null {
	for (const object of readObjects(text)) {
		const extra = readObject(object.Extra);
		const data = readObject(object.Data) ?? {};
		if (extra === null && !("Data" in object && "MainOperation" in data)) {
			// The statistics inside a report carry a result of their own: seen alone, where a report was cut, they are none.
			if (!("MainOperation" in object && "BeginTime" in object && "ExaminedFiles" in object)) continue;
			return report(object, {}, null, []);
		}
		const lines = readArray(object.LogLines).filter((line) => typeof line === "string");
		return report(data, extra ?? {}, readText(object.Exception), lines);
	}
	return null;
}

function report(data: JsonObject, extra: JsonObject, exception: string | null, logLines: string[]): Report {
	return {
		operation: readText(data.MainOperation) ?? readText(extra.OperationName),
		result: readText(data.ParsedResult) ?? readText(extra.ParsedResult),
		data,
		backend: readObject(data.BackendStatistics) ?? {},
		extra,
		exception,
		logLines,
	};
}

// Only lines without indentation are the report's own: the statistics inside it repeat some of the names.
const entry = /^([A-Za-z][\w-]{1,40}): (.{0,2000})$/;
const inner = /^\s{1,12}(BytesUploaded|KnownFileSize|KnownFilesets): (\d{1,18})$/;

function fromText(text: string): Report | null {
	const data: JsonObject = {};
	const backend: JsonObject = {};
	const logLines: string[] = [];
	let title: string | null = null;
	let exception: string | null = null;
	let isLog = false;
	const lines = text.slice(0, 1_000_000).split("\n");
	// The report ends with a line end; without one its last number may have been cut.
	lines.pop();
	for (const raw of lines) {
		const line = raw.replace(/\r$/, "").slice(0, 4000);
		title ??= /^Duplicati (\w+) report for (.{1,200})$/.exec(line)?.slice(1).join("\n") ?? null;
		isLog ||= line === "Log data:";
		if (isLog) {
			if (logLines.length < 100 && /^\d{4}-\d\d-\d\d .{1,40}- ?\[?(?:Warning|Error)\b/.test(line)) logLines.push(line);
			continue;
		}
		const stat = inner.exec(line);
		if (stat !== null) backend[stat[1] ?? ""] ??= Number(stat[2]);
		const [, name = "", value = ""] = entry.exec(line) ?? [];
		if (name === "") continue;
		if (name === "Failed") exception ??= value;
		else data[name] ??= scalar(value.trim());
	}
	const [operation, job] = title?.split("\n") ?? [];
	const isReport =
		("MainOperation" in data && "ParsedResult" in data) ||
		title !== null ||
		(exception !== null && text.includes("\nDetails: "));
	if (!isReport) return null;
	const extra: JsonObject = { OperationName: operation, "backup-name": job };
	for (const name of ["machine-name", "backup-name", "machine-id", "backup-id", "destination-type"])
		extra[name] ??= data[name];
	return { ...report(data, extra, exception, logLines), backend };
}

function scalar(text: string): unknown {
	if (/^\d{1,15}$/.test(text)) return Number(text);
	if (text === "True" || text === "False") return text === "True";
	return text;
}

const results: Record<string, Words> = { success: "success", warning: "warning", error: "failure", fatal: "failure" };

function toRun(output: ToolOutput, told: Report, kind: ToolRun["kind"]): ToolRun {
	const { data, backend, extra } = told;
	const wasInterrupted = data.Interrupted === true || data.Interrupted === "True";
	const isBroken = told.exception !== null || wasInterrupted;
	// A word that is none of the four is not a success.
	let words: Words = isBroken ? "failure" : (results[(told.result ?? "").toLowerCase()] ?? "failure");
	const isPartial = data.PartialBackup === true || data.PartialBackup === "True";
	const hasErrors = [data.FilesWithError, data.ErrorsActualLength].some((count) => (readCount(count) ?? 0) > 0);
	const hasLogged = told.logLines.some((line) => /- ?\[Error-/.test(line));
	if (words === "success" && (isPartial || hasErrors || hasLogged)) words = "warning";
	const outcome = judge(output, words);
	const messages = told.logLines.map(withoutPrefix);
	const error = firstLine(told.exception) ?? pick(told.logLines) ?? readText(data.Message);
	const counted = measures(told);
	// A run that broke before it looked at a file reports zeros that it never counted.
	const isBlank = outcome === "failure" && (counted.size ?? 0) === 0 && (counted.filesTotal ?? 0) === 0;
	const warnings = readCount(data.WarningsActualLength);
	const errors = readCount(data.ErrorsActualLength);
	const category = errorCategory([error ?? "", ...messages].join("\n"));
	return toolRun(output, outcome, {
		...(isBlank ? {} : counted),
		...times(data, output.zone),
		kind,
		warnings: warnings === null && errors === null ? null : (warnings ?? 0) + (errors ?? 0),
		warningMessages: messages,
		errorCategory: wasInterrupted
			? "interrupted"
			: category === "unknown" && outcome === "warning" && (readCount(data.FilesWithError) ?? 0) > 0
				? "source_unreadable"
				: category,
		errorMessage: error ?? (outcome === "failure" ? `ParsedResult: ${told.result ?? "none"}` : (messages[0] ?? null)),
		toolVersion: /^[\d.]{3,20}/.exec(readText(data.Version) ?? "")?.[0] ?? null,
		host: readText(extra["machine-name"]),
		jobName: readText(extra["backup-name"]),
		labels: labelsOf(extra),
		metrics: metricsOf(backend, data),
	});
}

function measures({ data, backend }: Report): Partial<ToolRun> {
	return {
		size: readCount(data.SizeOfExaminedFiles),
		bytesAdded: readCount(backend.BytesUploaded),
		filesTotal: readCount(data.ExaminedFiles),
		filesNew: readCount(data.AddedFiles),
		filesChanged: readCount(data.ModifiedFiles),
	};
}

/** ISO in JSON; "11/23/2026 2:00:17 AM (1795399217)" in text, where the epoch in brackets is the part to trust. */
function times(data: JsonObject, zone: string): Partial<ToolRun> {
	const instant = (value: unknown) => {
		const epoch = /\((\d{9,11})\)$/.exec(readText(value) ?? "")?.[1];
		return epoch === undefined ? readInstant(value, zone) : readInstant(Number(epoch), zone);
	};
	const startedAt = instant(data.BeginTime);
	return {
		startedAt,
		endedAt: instant(data.EndTime),
		duration: startedAt === null ? null : parseClock(readText(data.Duration) ?? undefined),
	};
}

function labelsOf(extra: JsonObject): Record<string, string> {
	const labels: Record<string, string> = {};
	const destination = readText(extra["destination-type"]);
	if (destination !== null) labels.destination = destination;
	return labels;
}

function metricsOf(backend: JsonObject, data: JsonObject): Record<string, number> {
	const metrics: Record<string, number> = {};
	const known = {
		files_deleted: readCount(data.DeletedFiles),
		files_with_error: readCount(data.FilesWithError),
		repository_bytes: readCount(backend.KnownFileSize) || null,
		snapshots: readCount(backend.KnownFilesets) || null,
	};
	for (const [name, value] of Object.entries(known)) if (value !== null) metrics[name] = value;
	return metrics;
}

function firstLine(text: string | null): string | null {
	return text === null ? null : (text.split("\n", 1)[0]?.trim() ?? null);
}

/** The first error of the log, else its first line. */
function pick(lines: string[]): string | null {
	const line = lines.find((text) => /-\[?Error/.test(text)) ?? lines[0];
	return line === undefined ? null : withoutPrefix(line);
}

/** "2026-11-23 02:00:03 +01 - [Error-Duplicati.Library…]: the sentence" */
function withoutPrefix(line: string): string {
	return line.replace(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d \S{1,6} - \[[^\]]{1,200}\]: /, "");
}

function recognise(output: ToolOutput): number {
	const head = wholeText(output).slice(0, 50_000);
	if (/"MainOperation"\s*:|"SizeOfExaminedFiles"\s*:/.test(head)) return 0.97;
	return /Duplicati(?:%20| )\w+(?:%20| )report(?:%20| )for|(?:^|\n)MainOperation: \w+/.test(head) ? 0.95 : 0;
}

export const duplicati: Tool = { name: "duplicati", recognise, read, hasStamps: true };
