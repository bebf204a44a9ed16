// What `run` reports: the tool's own words where its adapter reads them, and what was seen from outside in any case.
import { basename } from "node:path";
import { mainRun, type ReportObject, reportsOf } from "../ingest/tool-report.ts";
import type { Outcome, Phase } from "../run.ts";
import { isDryRun } from "../tools/dry-run.ts";
import { generic } from "../tools/generic.ts";
import { recogniseBody, toolNamed } from "../tools/registry.ts";
import { isTrial } from "../tools/restore-plan.ts";
import type { Tool, ToolOutput, ToolReading, ToolRun } from "../tools/tool.ts";
import { clip, notUnderstood, unknownRun } from "../tools/tool-run.ts";
import type { RunArgs, Step } from "./run-args.ts";
import type { Ended } from "./run-child.ts";
import { applyWritten, type Written } from "./run-size.ts";

/** One command that ran, and what was made of it. */
export type Done = Step & { ended: Ended; reading: ToolReading };

/** Reads what a command left behind. Always has at least one run: something did run. */
export function readEnded(step: Step, ended: Ended, args: RunArgs, zone: string): ToolReading {
	if (ended.cannotRun !== null) return cannotRun(ended);
	const { stdout, stderr, exit, signal, endedAt } = ended;
	const output: ToolOutput = { stdout, stderr, exit, signal, receivedAt: endedAt, zone };
	const reading = readSafely(output, step, ended, args.tool);
	const main = mainRun(reading.runs);
	if (main?.outcome === "running") main.outcome = exit === 0 ? "success" : "failure";
	// A tool that saved nothing at all did fail, whatever its status is called.
	const isWarning = exit !== null && args.warningExits.includes(exit) && main?.filesTotal !== 0;
	if (main?.outcome === "failure" && isWarning) main.outcome = "warning";
	return reading;
}

/** A fault of ours in reading an output must not cost the run: then it is told by its exit status alone. */
function readSafely(output: ToolOutput, step: Step, ended: Ended, named: Tool | null): ToolReading {
	try {
		return readOutput(output, step, ended, named);
	} catch {
		return notUnderstood(named?.name ?? "generic", output);
	}
}

function readOutput(output: ToolOutput, { command }: Step, ended: Ended, named: Tool | null): ToolReading {
	const known = recogniseBody(output);
	// On a terminal (some of) the words were not seen: nothing may be concluded from their absence.
	if (ended.isOnTerminal && known === null) return byStatus(output);
	if (named !== null) return orMaintenance(named.read(output), output);
	if (known !== null) return orMaintenance(known.read(output), output);
	const guess = toolNamed(programOf(command));
	const reading = guess === null || guess === generic ? null : guess.read(output);
	return reading?.understood ? orMaintenance(reading, output) : byStatus(output);
}

const launchers =
	/^(?:sudo|doas|nice|ionice|chrt|taskset|env|timeout|flock|time|stdbuf|setsid|nohup|chronic|runuser|systemd-inhibit|systemd-run|caffeinate|firejail)$/;

/** The name of what is called, also behind `nice -n 19 ionice -c3`: a tool that is silent when all is well has no other sign. */
function programOf(command: readonly string[]): string {
	const names = command.map((word) => basename(word));
	if (!launchers.test(names[0] ?? "")) return names[0] ?? "";
	const at = names.findIndex(
		(name, index) => index > 0 && (toolNamed(name) !== null || /^(?:ba|da|z|k)?sh$|\s/.test(name)),
	);
	return names[at] ?? "";
}

function byStatus(output: ToolOutput): ToolReading {
	const reading = generic.read(output);
	const [run] = reading.runs;
	// The last words of what was killed are seldom about that.
	if (run !== undefined && output.signal !== null) run.errorMessage = `ended by ${output.signal}`;
	return reading.runs.length > 0 ? reading : { ...notUnderstood("generic", output), understood: true };
}

/** A dry run or a listing is no backup, yet it ran: it is kept as maintenance, so that no success is invented. */
function orMaintenance(reading: ToolReading, output: ToolOutput): ToolReading {
	if (reading.runs.length > 0) return reading;
	const { runs } = notUnderstood(reading.tool, output);
	for (const run of runs) {
		run.kind = "check";
		run.labels = { not_a_backup: reading.ignored[0]?.reason ?? "no backup in the output" };
	}
	return { ...reading, runs };
}

function cannotRun({ cannotRun: reason, exit }: Ended): ToolReading {
	const run = unknownRun();
	run.exitCode = exit;
	run.errorCategory = "config";
	run.errorMessage = reason;
	return { tool: "generic", understood: true, runs: [run], ignored: [] };
}

/** Whether the next phase may run. */
export function mayGoOn({ ended, reading }: Done): boolean {
	return ended.signal === null && (ended.exit === 0 || mainRun(reading.runs)?.outcome === "warning");
}

export type Finished = {
	id: string;
	startedAt: number;
	endedAt: number;
	seconds: number;
	/** Phases of a script; those of several commands are taken from them. */
	phases: Phase[];
	zone: string;
	/** What lies in the files that were named for it; null where none was. */
	written: Written | null;
	/** The signal for which later phases were not run. */
	stoppedBy: string | null;
};

export function openReport(args: RunArgs, id: string, startedAt: number): ReportObject {
	const at = new Date(startedAt).toISOString();
	return {
		timestamp: at,
		backup_id: id,
		job: args.job,
		...(args.host !== "" && { host: args.host }),
		kind: args.kind ?? "backup",
		outcome: "running",
		started_at: at,
		...(Object.keys(args.labels).length > 0 && { labels: args.labels }),
	};
}

export function finalReports(done: Done[], args: RunArgs, finished: Finished): ReportObject[] {
	const last = done.at(-1);
	if (last === undefined) return [stoppedReport(args, finished)];
	const isPhased = last.phase !== null;
	const reading = isPhased ? mergePhases(done) : last.reading;
	const main = mainRun(reading.runs);
	if (main !== undefined) {
		if (args.kind !== null) main.kind = args.kind;
		if (main.kind === "backup" && main.outcome !== "failure" && done.every(({ command }) => isDryRun(command))) {
			main.kind = "check";
			main.labels = { ...main.labels, not_a_backup: "a dry run backs nothing up" };
		}
		// It was called a restore, and brought nothing back.
		if (main.kind === "restore_test" && done.some(({ command }) => isTrial(command))) {
			main.kind = "check";
			main.labels = { ...main.labels, not_a_restore: "a trial run brings nothing back" };
		}
		if (finished.stoppedBy !== null && main.outcome !== "failure") {
			main.outcome = "failure";
			main.errorCategory = "interrupted";
			main.errorMessage = `ended by ${finished.stoppedBy} before the next phase`;
		}
		if (finished.written !== null) applyWritten(main, finished.written);
		if (finished.phases.length > 0) main.phases = finished.phases;
		// Of several runs in one output each has times of its own; a single one took what we saw.
		if (reading.runs.length === 1 || main.startedAt === null) {
			main.startedAt = finished.startedAt;
			main.endedAt = finished.endedAt;
			main.duration = finished.seconds;
		}
	}
	return reportsOf(reading, {
		job: args.job,
		host: args.host,
		now: finished.endedAt,
		zone: finished.zone,
		exit: last.ended.exit,
		signal: last.ended.signal,
		text: args.keepsLog ? logOf(done) : "",
		startedAt: finished.startedAt,
		backupId: finished.id,
		isOpen: true,
	}).map((report) => ({
		...report,
		labels: {
			...(report.labels as object),
			...(last.ended.signal !== null && { signal: last.ended.signal }),
			...args.labels,
		},
	}));
}

/** A signal came before the first command. */
function stoppedReport(args: RunArgs, { id, startedAt, seconds, stoppedBy }: Finished): ReportObject {
	const told = { outcome: "failure", duration_total: seconds, error_category: "interrupted" };
	return { ...openReport(args, id, startedAt), ...told, error_message: `ended by ${stoppedBy} before it began` };
}

function logOf(done: Done[]): string {
	if (done.length === 1) return done[0]?.ended.log ?? "";
	return done
		.filter(({ ended }) => ended.log !== "")
		.map(({ phase, ended }) => `--- ${phase} ---\n${ended.log}`)
		.join("\n");
}

const badness: Record<Outcome, number> = { success: 0, running: 0, warning: 1, failure: 2 };

/** Several commands are one run: measures of the one that made the backup, the worst outcome with its reason. */
function mergePhases(done: Done[]): ToolReading {
	const mains = done.flatMap((step) => {
		const run = mainRun(step.reading.runs);
		return run === undefined ? [] : [{ step, run }];
	});
	const [first] = mains;
	const backup =
		mains.find(({ run }) => run.snapshotId !== null) ?? mains.find(({ run }) => run.size !== null) ?? first;
	const worst = mains.reduce((one, other) => (badness[other.run.outcome] > badness[one.run.outcome] ? other : one), {
		step: done[0] as Done,
		run: first?.run ?? unknownRun(),
	});
	const merged: ToolRun = {
		...(backup?.run ?? unknownRun()),
		outcome: worst.run.outcome,
		exitCode: worst.run.exitCode ?? worst.step.ended.exit,
		errorCategory: worst.run.errorCategory,
		errorMessage: worst.run.errorMessage === null ? null : clip(`${worst.step.phase}: ${worst.run.errorMessage}`),
		phases: done.map(({ phase, ended }) => ({ name: phase ?? "", seconds: ended.seconds })),
		warnings: sum(mains.map(({ run }) => run.warnings)),
		warningMessages: mains.flatMap(({ run }) => run.warningMessages).slice(0, 20),
		labels: {
			...backup?.run.labels,
			...(worst.run.outcome === "failure" && { failed_phase: worst.step.phase ?? "" }),
		},
	};
	const tool = (backup?.step.reading ?? done[0]?.reading)?.tool ?? "generic";
	const others = done.flatMap(({ reading }) => reading.runs).filter((run) => !mains.some((main) => main.run === run));
	return {
		tool,
		understood: done.every(({ reading }) => reading.understood),
		runs: [merged, ...others],
		ignored: done.flatMap(({ reading }) => reading.ignored),
	};
}

function sum(values: (number | null)[]): number | null {
	const known = values.filter((value) => value !== null);
	return known.length === 0 ? null : known.reduce((total, value) => total + value, 0);
}
