// Backrest's hooks: the text of its default template, which every hook but a custom one sends. From its source.
import type { Kind, Outcome } from "../run.ts";
import { errorCategory } from "./error-category.ts";
import { parseCount, parseDuration, parseSize, readInstant } from "./fields.ts";
import { readResticError } from "./restic.ts";
import { bothStreams, edgesOf, readLines } from "./text.ts";
import type { Tool, ToolOutput, ToolReading, ToolRun } from "./tool.ts";
import { clip, notUnderstood, unknownRun, wasKilled } from "./tool-run.ts";

const kinds: Record<string, Kind> = { snapshot: "backup", check: "check", prune: "prune", forget: "prune" };
const outcomes: Record<string, Outcome> = {
	start: "running",
	success: "success",
	skipped: "success",
	warning: "warning",
	error: "failure",
};

export const backrest: Tool = {
	name: "backrest",
	recognise: (output) => {
		const text = edgesOf(bothStreams(output));
		if (/^Backrest (?:Notification|Error|Snapshot)/m.test(text)) return 0.95;
		return /^Task: /m.test(text) && /^Event: (?:snapshot|prune|check|forget|error)/m.test(text) ? 0.9 : 0;
	},
	read: (output) => readSummary(output),
};

function readSummary(output: ToolOutput): ToolReading {
	const fields = readFields(bothStreams(output));
	const event = /^(?:(snapshot|prune|check|forget) )?(start|success|warning|error|end|skipped)$/.exec(
		fields.get("Event") ?? "",
	);
	if (event === null) return notUnderstood("backrest", output);
	// `end` comes beside success, warning or error and is none of them.
	if (event[2] === "end") {
		return {
			tool: "backrest",
			understood: true,
			runs: [],
			ignored: [{ reason: "Backrest tells the outcome in an event of its own" }],
		};
	}
	const run = unknownRun();
	const task = fields.get("Task") ?? "";
	run.kind = kinds[event[1] ?? ""] ?? kindOf(task);
	run.outcome = outcomes[event[2] ?? ""] ?? "failure";
	run.exitCode = output.exit;
	fill(run, fields, output.zone);
	const at = readInstant(/ at (\d{4}-\S+)$/.exec(task)?.[1], output.zone);
	if (run.outcome === "running") run.startedAt = at;
	else run.endedAt = at;
	if (run.outcome === "warning" && run.filesTotal === 0) run.outcome = "failure";
	if (wasKilled(output) || (output.exit !== null && output.exit !== 0)) run.outcome = "failure";
	if (run.outcome === "failure" || run.outcome === "warning") explain(run, fields.get("Error") ?? null, output);
	return { tool: "backrest", understood: true, runs: [run], ignored: [] };
}

/** "Name: value" lines, with and without a dash; an error goes on over the lines behind it. */
function readFields(text: string): Map<string, string> {
	const fields = new Map<string, string>();
	for (const line of readLines(text)) {
		const match = /^(?:- )?(Task|Event|Repo|Plan|Snapshot|Error|[A-Z][a-z]+(?: [a-z]+){0,3}): ?(.*)$/.exec(line);
		const error = fields.get("Error");
		if (error !== undefined && !/^(?:Task|Event|Repo|Plan|Snapshot)$/.test(match?.[1] ?? "")) {
			if (error.length < 4000) fields.set("Error", `${error}\n${line}`);
		} else if (match !== null && fields.size < 64) fields.set(match[1] ?? "", (match[2] ?? "").trim());
	}
	return fields;
}

function kindOf(task: string): Kind {
	if (/^"?(?:prune|forget)/.test(task)) return "prune";
	return /^"?check/.test(task) ? "check" : "backup";
}

function fill(run: ToolRun, fields: Map<string, string>, zone: string): void {
	run.snapshotId = /^[0-9a-f]{8,64}$/.exec(fields.get("Snapshot") ?? "")?.[0] ?? null;
	run.repository = fields.get("Repo") || null;
	run.jobName = fields.get("Plan") || (/plan "([^"]+)"/.exec(fields.get("Task") ?? "")?.[1] ?? null);
	run.size = readSize(fields.get("Total bytes processed"));
	run.bytesAdded = readSize(fields.get("Data added"));
	run.filesTotal = parseCount(fields.get("Total files processed"));
	run.filesNew = parseCount(fields.get("Files new"));
	run.filesChanged = parseCount(fields.get("Files changed"));
	run.duration = parseDuration(fields.get("Total duration"));
	run.startedAt = readInstant(fields.get("Started at"), zone);
}

/**
 * "3.142 MB", decimal. Some versions print the whole part twice ("3.003 MB" for 3.9 MB, "729.729 B"): then only the whole
 * part is known, which is too little below 20: a size that seems to halve is an alarm.
 */
function readSize(text: string | undefined): number | null {
	const match = /^(\d+)\.(\d+) ([KMGTP]?)B$/.exec(text ?? "");
	if (match === null) return parseSize(text, 1000);
	const whole = Number(match[1]);
	if (match[3] === "") return whole;
	if (Number(match[2]) !== whole) return parseSize(text, 1000);
	return whole < 20 ? null : parseSize(`${whole}.5 ${match[3]}B`, 1000);
}

/** restic's own status stands in Backrest's sentence: "… exited with code 12: Fatal: wrong password …". */
function explain(run: ToolRun, error: string | null, { zone, signal, exit }: ToolOutput): void {
	const code = /(?:exited with code|exit status|exit code:?) (\d{1,3})/.exec(error ?? "")?.[1];
	run.errorMessage = error === null ? (signal === null ? null : `ended by ${signal}`) : clip(error);
	const told = code === undefined ? null : readResticError(error ?? "", Number(code), zone).errorCategory;
	run.errorCategory = wasKilled({ exit, signal }) ? "interrupted" : (told ?? errorCategory(error ?? ""));
	if (run.outcome === "warning" && run.errorCategory === "unknown" && code === "3")
		run.errorCategory = "source_unreadable";
}
