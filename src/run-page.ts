// What the page of one run shows, as plain data, and what is usual by the runs before it.
import type { AlertKind, Severity } from "./alert.ts";
import type { JobRef, Problem } from "./overview.ts";
import type { Outcome, Run } from "./run.ts";

/** A run as far as a link to it needs to tell. */
export type RunRef = { id: number; startedAt: number; outcome: Outcome };

/** The run that could be restored from instead of a failed one. */
export type RestorePoint = RunRef & { size: number | null; snapshotId: string | null };

/** What the runs before it measured: medians, bytes and seconds. */
export type Usual = {
	/** How many runs that worked these are taken from; 0: nothing is known. */
	runs: number;
	duration: number | null;
	size: number | null;
	bytesAdded: number | null;
	filesTotal: number | null;
	/** By name. A phase is usual when at least half of the runs had it. */
	phases: Map<string, number>;
};

/** One series of a run beside its past: the range that would not have been noticed, and the middle of it. */
export type UsualRange = {
	/** "Size", "Duration", or a phase's name. */
	name: string;
	unit: "bytes" | "seconds" | "count";
	value: number;
	low: number;
	median: number;
	high: number;
};

/** Why the run counts as plausible or not: one sentence, what was found, and what it was compared with. */
export type JudgedAs = { sentence: string; findings: string[]; usual: UsualRange[] };

export type RunAlert = {
	id: number;
	kind: AlertKind;
	severity: Severity;
	sentence: string;
	openedAt: number;
	/** null while it is open. */
	resolvedAt: number | null;
	/** null: nobody has seen to it yet. */
	acknowledgedAt: number | null;
};

/** What the store knows of a run and of those around it. */
export type StoredRunPage = {
	job: JobRef;
	run: Run;
	receivedAt: number;
	/** The report as it was sent. */
	report: string;
	usual: Usual;
	previous: RunRef | null;
	next: RunRef | null;
	/** The newest backup before this one that worked; null where none is known, or where the run is no backup. */
	lastGood: RestorePoint | null;
	/** The first backup after a failed one that worked. */
	recovery: RunRef | null;
};

export type RunPage = StoredRunPage & {
	now: number;
	zone: string;
	/** null: it was not judged, because it goes on, or is no backup, or there is nothing to compare it with. */
	judgedAs: JudgedAs | null;
	alerts: RunAlert[];
	problems: Problem[];
	retentionDays: number;
	openAlerts?: number;
	source: { path: string; checkedAt: number | null; lines: number };
};

/** Of runs that worked, newest first or not. */
export function usualOf(runs: Run[]): Usual {
	const seconds = new Map<string, number[]>();
	for (const { phases } of runs) {
		for (const phase of phases) seconds.set(phase.name, [...(seconds.get(phase.name) ?? []), phase.seconds]);
	}
	const phases = new Map<string, number>();
	for (const [name, values] of seconds) {
		const middle = median(values);
		if (middle !== null && values.length * 2 >= runs.length) phases.set(name, middle);
	}
	return {
		runs: runs.length,
		duration: median(runs.map((run) => run.duration)),
		size: median(runs.map((run) => run.size)),
		bytesAdded: median(runs.map((run) => run.bytesAdded)),
		filesTotal: median(runs.map((run) => run.filesTotal)),
		phases,
	};
}

/** The middle of what is known; null of nothing. */
function median(values: (number | null)[]): number | null {
	const known = values.filter((value) => value !== null).sort((a, b) => a - b);
	const [low, high] = [known[Math.floor((known.length - 1) / 2)], known[Math.floor(known.length / 2)]];
	return low === undefined || high === undefined ? null : (low + high) / 2;
}
