// The runs that say whether a job does its work: of the kind that counts, at times that can be believed, newest first.
import type { JudgedRun } from "./judge.ts";
import type { Kind, Outcome } from "./run.ts";

export type CountedRun = {
	run: JudgedRun;
	/** By the run's own clock, unless that is ahead of the report. */
	start: number;
	end: number | null;
	/** With the exit codes that count as a warning taken into account. */
	outcome: Outcome;
};

export type CountedRuns = {
	runs: CountedRun[];
	/** When the next run that lies in the future is believed; null: none does. */
	believedAt: number | null;
};

/** A start this far ahead is a clock that was set; further ahead it is a wrong clock, and says nothing yet. */
const aheadMs = 3_600_000;

export function countedRuns(runs: readonly JudgedRun[], warningExitCodes: readonly number[], now: number): CountedRuns {
	const kind = countedKind(runs);
	const counted: CountedRun[] = [];
	let believedAt: number | null = null;
	let isSorted = true;
	for (const run of runs) {
		if (run.kind !== kind) continue;
		const start = Math.min(run.startedAt, run.receivedAt);
		if (start > now + aheadMs) {
			believedAt = Math.min(believedAt ?? Number.POSITIVE_INFINITY, start - aheadMs);
			continue;
		}
		const isMild = run.outcome === "failure" && run.exitCode !== null && warningExitCodes.includes(run.exitCode);
		const end = run.outcome === "running" ? null : endOf(run, start);
		const before = counted.at(-1);
		if (before !== undefined && before.start < start) isSorted = false;
		counted.push({ run, start, end, outcome: isMild ? "warning" : run.outcome });
	}
	if (!isSorted) counted.sort((a, b) => b.start - a.start || b.run.id - a.run.id);
	return { runs: counted, believedAt };
}

/** A check or a prune is no backup; but a job that never does anything else is judged by what it does. */
export function countedKind(runs: readonly JudgedRun[]): Kind {
	for (const { kind } of runs) if (kind === "backup") return kind;
	return runs[0]?.kind ?? "backup";
}

function endOf(run: JudgedRun, start: number): number {
	const end = run.endedAt ?? start + (run.duration ?? 0) * 1000;
	return Math.max(start, Math.min(end, run.receivedAt));
}
