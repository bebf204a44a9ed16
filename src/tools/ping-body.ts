// What a ping's body tells: the tool it came from reads it, and the ping's own word (path, exit status) is never made better.
import { generic } from "./generic.ts";
import { recogniseBody } from "./registry.ts";
import type { ToolReading, ToolRun } from "./tool.ts";
import { doubt } from "./tool-run.ts";

/** How the ping itself says that the run ended: base path, `/fail`, or `/{exit status}`. */
export type PingWord = { failed: boolean; exit: number | null };

/**
 * The one run that a ping's body tells of, or null where the body is empty or no tool's. A ping is one run: of several
 * repositories the worst outcome counts, what was added is summed, the size is that of the first (they hold the same
 * sources). A failed ping stays a failure whatever its body says; a body can turn a good ping into a warning or failure.
 */
export function readPingBody(
	body: string,
	word: PingWord,
	{ receivedAt, zone }: { receivedAt: number; zone: string },
): { tool: string; run: ToolRun; ignored: ToolReading["ignored"] } | null {
	if (body.trim() === "") return null;
	const exit = word.exit ?? (word.failed ? null : 0);
	const output = { stdout: body, stderr: "", exit, signal: null, receivedAt, zone };
	const tool = recogniseBody(output);
	const reading = tool?.read(output) ?? generic.read(output);
	if (tool === null || !reading.understood) return exit === 0 ? doubtful(reading) : null;
	const backups = reading.runs.filter(({ kind }) => kind === "backup");
	const run = merge(backups.length > 0 ? backups : reading.runs);
	if (run === null) return null;
	const others = backups.length > 0 ? reading.runs.filter(({ kind }) => kind !== "backup") : [];
	const failed =
		others.find(({ outcome }) => outcome === "failure") ?? others.find(({ outcome }) => outcome === "warning");
	if (run.outcome === "success" && failed !== undefined) {
		const message = `${failed.kind}: ${failed.errorMessage ?? failed.outcome}`;
		doubt(run, { message, category: failed.errorCategory ?? "unknown" });
	}
	if (word.failed && run.outcome !== "failure") run.outcome = "failure";
	if (run.outcome === "failure") run.errorCategory ??= "unknown";
	return { tool: tool.name, run, ignored: reading.ignored };
}

/** No tool's words, beside a ping that says it went well: they count where they complain. */
function doubtful({ runs }: ToolReading): { tool: string; run: ToolRun; ignored: [] } | null {
	const [run] = runs;
	return run !== undefined && (run.outcome === "warning" || run.outcome === "failure")
		? { tool: "generic", run, ignored: [] }
		: null;
}

const badness = { success: 0, running: 1, warning: 2, failure: 3 };

function merge(runs: ToolRun[]): ToolRun | null {
	const [first] = runs;
	if (first === undefined || runs.length === 1) return first ?? null;
	const worst = runs.reduce((one, other) => (badness[other.outcome] > badness[one.outcome] ? other : one));
	const ends = runs.map(({ endedAt }) => endedAt).filter((at) => at !== null);
	return {
		...first,
		outcome: worst.outcome,
		endedAt: ends.length === 0 ? null : Math.max(...ends),
		duration: sum(runs.map(({ duration }) => duration)),
		bytesAdded: sum(runs.map(({ bytesAdded }) => bytesAdded)),
		warnings: sum(runs.map(({ warnings }) => warnings)),
		warningMessages: [...new Set(runs.flatMap(({ warningMessages }) => warningMessages))].slice(0, 20),
		errorCategory: worst.errorCategory,
		errorMessage: worst.errorMessage,
		exitCode: worst.exitCode,
	};
}

/** null if any part is unknown: a sum that leaves something out is wrong. */
function sum(values: (number | null)[]): number | null {
	return values.reduce((total, value) => (total === null || value === null ? null : total + value), 0);
}
