// Sums of finished backup runs per day: what is left of a run when retention has deleted it.
import type { PhaseAverage, Totals } from "./overview.ts";
import { type RunReport, rate, succeeded } from "./run.ts";

type PhaseSum = { n: number; seconds: number; rates: number; rateSum: number };

/** Durations, sizes and rates are summed over runs that succeeded: a failure's numbers say nothing about a backup. */
export type DayTotals = {
	succeeded: number;
	warned: number;
	failed: number;
	durations: number;
	durationSum: number;
	durationMax: number | null;
	sizes: number;
	sizeSum: number;
	rates: number;
	rateSum: number;
	phases: Map<string, PhaseSum>;
	/** Failures by category. */
	failures: Map<string, number>;
};

// One day of one job names a handful; without a bound a hostile file could grow a row for ever.
const maxNames = 32;
const otherName = "other";

export function emptyTotals(): DayTotals {
	return {
		succeeded: 0,
		warned: 0,
		failed: 0,
		durations: 0,
		durationSum: 0,
		durationMax: null,
		sizes: 0,
		sizeSum: 0,
		rates: 0,
		rateSum: 0,
		phases: new Map(),
		failures: new Map(),
	};
}

type Measured = Pick<RunReport, "kind" | "outcome" | "duration" | "size" | "volumeBytes" | "phases" | "errorCategory">;

/** Whether a run enters the sums at all. */
export function isCounted(run: Pick<RunReport, "kind" | "outcome">): boolean {
	return run.kind === "backup" && run.outcome !== "running";
}

/** Adds a run to its day, or with `sign` -1 takes it out again (its maximum stays: it is a high-water mark). */
export function addRun(totals: DayTotals, run: Measured, sign: 1 | -1 = 1): void {
	if (!isCounted(run)) return;
	if (!succeeded(run)) {
		totals.failed += sign;
		const category = boundedName(totals.failures, run.errorCategory ?? "unknown");
		totals.failures.set(category, (totals.failures.get(category) ?? 0) + sign);
		return;
	}
	if (run.outcome === "warning") totals.warned += sign;
	else totals.succeeded += sign;
	if (run.duration !== null) {
		totals.durations += sign;
		totals.durationSum += sign * run.duration;
		if (sign === 1) totals.durationMax = Math.max(totals.durationMax ?? 0, run.duration);
	}
	if (run.size !== null) {
		totals.sizes += sign;
		totals.sizeSum += sign * run.size;
	}
	const whole = rate(run.size, run.duration);
	if (whole !== null) {
		totals.rates += sign;
		totals.rateSum += sign * whole;
	}
	for (const phase of run.phases) {
		const name = boundedName(totals.phases, phase.name);
		let sum = totals.phases.get(name);
		if (sum === undefined) {
			sum = { n: 0, seconds: 0, rates: 0, rateSum: 0 };
			totals.phases.set(name, sum);
		}
		sum.n += sign;
		sum.seconds += sign * phase.seconds;
		const speed = rate(bytesOfPhase(run, phase.name), phase.seconds);
		if (speed === null) continue;
		sum.rates += sign;
		sum.rateSum += sign * speed;
	}
}

// These handle the repository or look at the source; a speed in bytes of the backup would be made up.
const stillPhases = new Set(["snapshot", "scan", "prune", "forget", "compact", "check", "verify", "mount", "unmount"]);

/** The volumes phase moves the volumes' bytes; some phases move none; every other one moves the whole backup. */
function bytesOfPhase(run: Pick<RunReport, "size" | "volumeBytes">, phase: string): number | null {
	if (stillPhases.has(phase)) return null;
	return phase === "volumes" ? run.volumeBytes : run.size;
}

function boundedName(names: Map<string, unknown>, name: string): string {
	return names.has(name) || names.size < maxNames ? name : otherName;
}

export function copyTotals(totals: DayTotals): DayTotals {
	const phases = new Map<string, PhaseSum>();
	for (const [name, sum] of totals.phases) phases.set(name, { ...sum });
	return { ...totals, phases, failures: new Map(totals.failures) };
}

export function mergeTotals(into: DayTotals, from: DayTotals): void {
	into.succeeded += from.succeeded;
	into.warned += from.warned;
	into.failed += from.failed;
	into.durations += from.durations;
	into.durationSum += from.durationSum;
	if (from.durationMax !== null) into.durationMax = Math.max(into.durationMax ?? 0, from.durationMax);
	into.sizes += from.sizes;
	into.sizeSum += from.sizeSum;
	into.rates += from.rates;
	into.rateSum += from.rateSum;
	for (const [name, sum] of from.phases) {
		const bounded = boundedName(into.phases, name);
		const known = into.phases.get(bounded);
		if (known === undefined) into.phases.set(bounded, { ...sum });
		else {
			known.n += sum.n;
			known.seconds += sum.seconds;
			known.rates += sum.rates;
			known.rateSum += sum.rateSum;
		}
	}
	for (const [name, count] of from.failures) {
		const bounded = boundedName(into.failures, name);
		into.failures.set(bounded, (into.failures.get(bounded) ?? 0) + count);
	}
}

const average = (sum: number, n: number): number | null => (n > 0 ? sum / n : null);

export function averagesOf(totals: DayTotals): Totals {
	const good = totals.succeeded + totals.warned;
	const phases: PhaseAverage[] = [];
	for (const [name, sum] of totals.phases) {
		if (sum.n > 0)
			phases.push({ name, seconds: average(sum.seconds, sum.n), throughput: average(sum.rateSum, sum.rates) });
	}
	return {
		runs: good + totals.failed,
		succeeded: good,
		failed: totals.failed,
		averageDuration: average(totals.durationSum, totals.durations),
		longestDuration: totals.durationMax,
		averageSize: average(totals.sizeSum, totals.sizes),
		averageThroughput: average(totals.rateSum, totals.rates),
		phases,
	};
}

/** Phases and failure categories as they are kept in one column. */
export function formatDetail(totals: DayTotals): string | null {
	if (totals.phases.size === 0 && totals.failures.size === 0) return null;
	const p = [...totals.phases].map(([name, s]) => [name, s.n, s.seconds, s.rates, s.rateSum]);
	return JSON.stringify({ p, f: [...totals.failures] });
}

export function parseDetail(text: string | null, totals: DayTotals): void {
	if (text === null) return;
	const detail = JSON.parse(text) as { p: [string, number, number, number, number][]; f: [string, number][] };
	for (const [name, n, seconds, rates, rateSum] of detail.p) totals.phases.set(name, { n, seconds, rates, rateSum });
	for (const [name, count] of detail.f) totals.failures.set(name, count);
}
