// `run`: a command as it would run without us, and a report of it. Whatever happens to the report, the command's
// exit status, output and death are its own.
import { messageOf } from "../errors.ts";
import { log } from "../log.ts";
import type { Phase } from "../run.ts";
import { openOutlet } from "./deliver.ts";
import { readRunArgs } from "./run-args.ts";
import { runChild } from "./run-child.ts";
import { type Done, type Finished, finalReports, mayGoOn, openReport, readEnded } from "./run-report.ts";
import { readScript, type Script } from "./run-script.ts";
import { readInherited, Signals } from "./run-signals.ts";
import { type Written, writtenSince } from "./run-size.ts";

export async function runCommand(words: string[]): Promise<number> {
	// First of all: what we open or handle from here on is ours and not the command's.
	const inherited = readInherited();
	const args = readRunArgs(words);
	const script = args.script === null ? null : readScript(args.script.file, args.script.args);
	const steps = script === null ? args.steps : [{ phase: null, command: script.command }];

	const signals = new Signals(inherited);
	const outlet = openOutlet(args, process.env);
	const id = crypto.randomUUID();
	const startedAt = Date.now();
	const clock = performance.now();
	outlet.take([openReport(args, id, startedAt)]);

	const done: Done[] = [];
	for (const step of steps) {
		if (signals.ended !== null) break;
		const ended = await runChild(step.command, {
			inherited,
			asked: signals.asked(),
			onStart: (child) => {
				signals.use(child);
				// It came between the last command and this one.
				if (signals.ended !== null) child.kill(signals.ended);
			},
		});
		signals.use(null);
		if (ended.cannotRun !== null) log(`backup-monitor: ${ended.cannotRun}`);
		const finished = { ...step, ended, reading: readEnded(step, ended, args, outlet.zone) };
		done.push(finished);
		if (!mayGoOn(finished)) break;
	}
	const seconds = Math.round(performance.now() - clock) / 1000;
	const finished: Finished = {
		id,
		startedAt,
		endedAt: startedAt + Math.round(seconds * 1000),
		seconds,
		phases: phasesOf(script),
		zone: outlet.zone,
		// A command may end well although it was asked to stop; the phases behind it were not run.
		written: measure(args.sizeOf, startedAt),
		stoppedBy: done.length < steps.length ? signals.ended : null,
	};
	try {
		outlet.take(finalReports(done, args, finished));
	} catch (error) {
		log(`backup-monitor: the run is not recorded: ${messageOf(error)}`);
	}
	await outlet.finish(signals.asked());
	return leave(done, finished, signals);
}

function measure(files: string[], startedAt: number): Written | null {
	if (files.length === 0) return null;
	try {
		return writtenSince(files, startedAt);
	} catch (error) {
		return { bytes: null, problem: messageOf(error) };
	}
}

function phasesOf(script: Script | null): Phase[] {
	if (script === null) return [];
	const phases = script.phases(Date.now());
	script.remove();
	return phases;
}

/** Ends as the command did. Of several phases the one that failed counts, else the first that warned. */
function leave(done: Done[], { stoppedBy }: Finished, signals: Signals): never {
	const ends = done.map(({ ended }) => ended);
	const bad = ends.find(({ signal }) => signal !== null) ?? ends.findLast(({ exit }) => exit !== 0);
	const signal = bad === undefined ? stoppedBy : bad.signal;
	if (signal !== null) signals.dieBy(signal);
	// At once: an output that a background process still holds open would keep the program waiting for it.
	process.exit(bad?.exit ?? 0);
}
