// Weighs an exit status or signal against what the output says. A success is never invented. Pure.
import type { Outcome } from "../run.ts";
import type { ToolOutput, ToolReading, ToolRun } from "./tool.ts";
import { clip, clipMessages, unknownRun, wasKilled } from "./tool-run.ts";

/**
 * What the words alone are worth. `complete`: the tool came to its end and complains of nothing in what we have, but it
 * prints the same when a part failed and the complaint went to a stream that we were not given.
 */
export type Words = "success" | "warning" | "failure" | "complete" | null;

/** Exit statuses besides 0 that a tool documents as "it worked" or "it worked, look at it". */
export type Codes = { success?: readonly number[]; warning?: readonly number[] };

type Ending = Pick<ToolOutput, "exit" | "signal">;

/** The outcome. An unknown status is a failure; so is no status where the words say nothing. */
export function judge(ending: Ending, words: Words, codes: Codes = {}): Outcome {
	if (wasKilled(ending)) return "failure";
	const { exit } = ending;
	if (exit === null) return words === "complete" ? "warning" : (words ?? "failure");
	if (words === "failure") return "failure";
	if (codes.warning?.includes(exit)) return "warning";
	if (exit !== 0 && !codes.success?.includes(exit)) return "failure";
	return words === "warning" ? "warning" : "success";
}

const untold = "The exit status was not told. The output shows no error, but only the status can say that it worked.";

const shellSignals: Record<number, string> = { 130: "SIGINT", 137: "SIGKILL", 143: "SIGTERM" };

/** A sentence for an ending without words. */
export function describeEnding({ exit, signal }: Ending): string {
	const name = signal ?? (exit === null ? undefined : shellSignals[exit]);
	if (name !== undefined) return `ended by ${name}`;
	if (exit !== null && exit !== 0) return `exit status ${exit}`;
	return "Nothing in the output says that it worked, and no exit status was told.";
}

/** A run of which only what is given is known; what its outcome rules out is taken away, texts are bounded. */
export function toolRun(output: ToolOutput, outcome: Outcome, known: Partial<ToolRun> = {}): ToolRun {
	const run = { ...unknownRun(), exitCode: output.exit, ...known, outcome };
	if (outcome === "warning" && run.filesTotal === 0) return nothingSaved(output, run);
	const messages = outcome === "success" ? [] : run.warningMessages;
	if (outcome === "warning" && output.exit === null && messages.length === 0) messages.push(untold);
	run.warningMessages = clipMessages(messages);
	run.errorMessage = run.errorMessage === null || run.errorMessage === "" ? null : clip(run.errorMessage);
	if (outcome === "failure") {
		run.errorMessage ??= describeEnding(output);
		run.errorCategory = wasKilled(output) ? "interrupted" : (run.errorCategory ?? "unknown");
	} else if (outcome === "success") {
		run.errorMessage = null;
		run.errorCategory = null;
	}
	return run;
}

/** A "warning" that saved no file at all is no backup (borg with every source missing does this). */
function nothingSaved(output: ToolOutput, run: ToolRun): ToolRun {
	return toolRun(output, "failure", {
		...run,
		errorCategory: run.errorCategory ?? "source_missing",
		errorMessage: run.errorMessage ?? run.warningMessages[0] ?? "It ended with a warning and saved no file.",
	});
}

export function oneRun(tool: string, run: ToolRun): ToolReading {
	return { tool, understood: true, runs: [run], ignored: [] };
}

/** Seen and understood, but no run: a listing, a dry run, a message about something else. */
export function noRun(tool: string, reason: string): ToolReading {
	return { tool, understood: true, runs: [], ignored: [{ reason }] };
}

/** Both streams as one text. A glued body arrives as `stdout` alone. */
export function wholeText({ stdout, stderr }: Pick<ToolOutput, "stdout" | "stderr">): string {
	if (stderr === "") return stdout;
	return stdout === "" ? stderr : `${stdout}\n${stderr}`;
}
