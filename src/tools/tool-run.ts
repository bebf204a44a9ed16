// What every adapter starts from: a run of which nothing is known, and the verdicts that hold for any tool.
import { errorCategory } from "./error-category.ts";
import { readLines } from "./text.ts";
import type { ToolOutput, ToolReading, ToolRun } from "./tool.ts";
import { type Trouble, troubleIn } from "./trouble.ts";

const maxMessages = 20;
const maxMessage = 2000;

/** A backup run that the tool said nothing about: a failure until its words prove otherwise. */
export function unknownRun(): ToolRun {
	return {
		kind: "backup",
		outcome: "failure",
		startedAt: null,
		endedAt: null,
		duration: null,
		phases: [],
		size: null,
		bytesAdded: null,
		filesTotal: null,
		filesNew: null,
		filesChanged: null,
		snapshotId: null,
		repository: null,
		exitCode: null,
		warnings: null,
		warningMessages: [],
		errorCategory: null,
		errorMessage: null,
		toolVersion: null,
		host: null,
		jobName: null,
		labels: {},
		metrics: {},
	};
}

/** Ended by a signal, told by its name or by the shell's 128 + number for INT, KILL and TERM. */
export function wasKilled({ exit, signal }: Pick<ToolOutput, "exit" | "signal">): boolean {
	return signal !== null || exit === 130 || exit === 137 || exit === 143;
}

/** Bounds a message: tracebacks and listings of paths stay readable, a hostile megabyte does not get in. */
export function clip(message: string): string {
	return message.length <= maxMessage ? message : `${message.slice(0, maxMessage)}…`;
}

/** Distinct messages in their order, at most 20. */
export function clipMessages(messages: Iterable<string>): string[] {
	const kept = new Set<string>();
	for (const message of messages) {
		if (kept.size === maxMessages) break;
		kept.add(clip(message));
	}
	return [...kept];
}

/** Of the last lines, the last one that tells a cause; else one that calls itself an error; else the last. */
export function reasonIn(text: string): string | null {
	let last: string | null = null;
	let named: string | null = null;
	let known: string | null = null;
	for (const line of readLines(text.slice(-16_000))) {
		if (/^[-=*_#\s]*$/.test(line) || line.startsWith("{")) continue;
		last = line;
		if (/\b(?:error|fatal|failed|failure|cannot|could not|exception)\b/i.test(line)) named = line;
		if (errorCategory(line) !== "unknown") known = line;
	}
	const reason = known ?? named ?? last;
	return reason === null ? null : clip(reason);
}

/** The last line of a text that is no JSON and no progress: most tools end with the reason. null where there is none. */
export function lastLine(text: string): string | null {
	let last: string | null = null;
	for (const line of readLines(text)) if (!line.startsWith("{")) last = line;
	return last === null ? null : clip(last);
}

/** An exit status of 0 is a success, and one to look at where the text beside it complains. */
export function doubt(run: ToolRun, trouble: Trouble | null): void {
	run.outcome = trouble === null ? "success" : "warning";
	if (trouble === null) return;
	run.warningMessages = clipMessages([...run.warningMessages, trouble.message]);
	run.errorMessage = clip(trouble.message);
	run.errorCategory = trouble.category;
}

/**
 * The reading of an output that the tool's adapter does not know: the exit status is all there is, 0 alone is success.
 * Nothing is concluded from the text but the category of a failure.
 */
export function notUnderstood(tool: string, output: ToolOutput): ToolReading {
	const run = unknownRun();
	run.exitCode = output.exit;
	if (output.exit === 0 && output.signal === null) doubt(run, troubleIn(`${output.stdout}\n${output.stderr}`));
	else {
		const text = output.stderr.trim() === "" ? output.stdout : output.stderr;
		run.errorMessage = reasonIn(text) ?? (output.signal === null ? null : `ended by ${output.signal}`);
		run.errorCategory = wasKilled(output) ? "interrupted" : errorCategory(run.errorMessage ?? "");
	}
	return { tool, understood: false, runs: [run], ignored: [] };
}
