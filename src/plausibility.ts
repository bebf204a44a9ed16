// Whether a finished backup looks like the ones before it: bytes, durations, phases and files, in sentences with numbers.
import type { Finding } from "./alert.ts";
import {
	addedSeries,
	type Baseline,
	baselineOf,
	durationSeries,
	filesSeries,
	logOf,
	measureOf,
	pastOf,
	phaseSeries,
	type Series,
	sizeSeries,
} from "./plausibility-baseline.ts";
import { groupsOf, limitFindings, toFinding } from "./plausibility-findings.ts";
import { type Proposal, proposalOf } from "./plausibility-rebase.ts";
import {
	type Comparison,
	type Context,
	compare,
	isEnough,
	isVariable,
	runsNeeded,
	usualRange,
} from "./plausibility-rule.ts";
import { variableWords } from "./plausibility-words.ts";
import type { Sensitivity } from "./settings.ts";
import { decimal, type Units } from "./units.ts";

/** A finished backup as far as plausibility looks at it. Seconds and bytes; null is unknown. */
export type Measured = {
	runId: number;
	startedAt: number;
	outcome: "success" | "warning" | "failure";
	/** Total source size. */
	size: number | null;
	bytesAdded: number | null;
	duration: number | null;
	filesTotal: number | null;
	phases: { name: string; seconds: number }[];
};

export type PlausibilityLimits = {
	minSize: number | null;
	maxSize: number | null;
	maxRuntime: number | null;
	sensitivity: Sensitivity;
	/**
	 * Only runs that began at or after this instant are the past ("mark as expected"); null: all. A run from before it is
	 * judged as it was then.
	 */
	baselineFrom: number | null;
	zone: string;
};

/** `low` and `high` are where the next value would be odd. */
export type UsualBand = { median: number; low: number; high: number; n: number };

export type Plausibility = {
	findings: Finding[];
	/** Runs to learn from, this one included; null once there are enough. */
	learning: { have: number; need: number } | null;
	/** Why size is not judged although there are enough runs, as a sentence; null: it is judged. */
	variable: string | null;
	/** By series: size, bytes_added, files_total, duration, phase:<name>. Only what there are enough runs of. */
	usual: Record<string, UsualBand>;
	/** A new normal: proposed from the third odd run in a row that is like the others, taken at the fifth. */
	proposal: Proposal | null;
};

/**
 * `past` are runs of the same job and kind, in any order and of any outcome; what began later is left out. What is found
 * of the run alone decides: whether an alert is new, goes on or ends is its reader's matter. Where a proposal was taken, its
 * `from` must be stored as the next `baselineFrom`.
 */
export function judgePlausibility(
	run: Measured,
	past: readonly Measured[],
	limits: PlausibilityLimits,
	units: Units = decimal,
): Plausibility {
	const runs = comparableRuns(run, past, limits);
	const before = pastOf(run.startedAt, runs, 0, limits.zone);
	const seriesOfRun = seriesOf(run, runs);
	const baselines = seriesOfRun.map((series) => baselineOf(series, before));
	const judged: Plausibility = {
		findings: [],
		learning: learningOf(run, runs.length, limits),
		variable: null,
		usual: usualOf(seriesOfRun, baselines, limits),
		proposal: null,
	};
	if (run.outcome === "failure") return judged;
	const context = contextOf(run, baselines, limits);
	judged.variable = variableSentence(run, baselines, context, units);

	const comparisons: Comparison[] = [];
	seriesOfRun.forEach((series, i) => {
		const value = measureOf(run, series);
		if (value === null) return;
		const found = compare(series, value, before, baselines[i] ?? null, limits, context);
		if (found === null) return;
		comparisons.push(found);
		if (series.of === "size") context.mayBeFast = found.direction < 0;
	});

	if (comparisons.length === 0 && limits.minSize === null && limits.maxSize === null && limits.maxRuntime === null) {
		return judged;
	}
	const groups = groupsOf(comparisons).filter((group) => {
		const proposal = proposalOf(group.lead, before, limits, context, units);
		judged.proposal ??= proposal;
		return proposal?.taken !== true;
	});
	const breaches = limitFindings(run, limits);
	const judgedPhases = seriesOfRun.filter(
		(series, i) => series.of === "phase" && isEnough(baselines[i] ?? null, limits),
	);
	judged.findings = toFinding(run, groups, breaches, judgedPhases.length, units);
	return judged;
}

/**
 * Successful and complete ones that began before, newest first. A run with warnings may have left something out, so it is
 * judged but is no measure for others, unless there are too few without: a job that always warns is judged by its like.
 */
function comparableRuns(run: Measured, past: readonly Measured[], limits: PlausibilityLimits): readonly Measured[] {
	const { baselineFrom } = limits;
	const from = baselineFrom !== null && run.startedAt >= baselineFrom ? baselineFrom : Number.NEGATIVE_INFINITY;
	const good: Measured[] = [];
	let complete = 0;
	let isSorted = true;
	for (const other of past) {
		if (other.outcome === "failure" || other.runId === run.runId) continue;
		if (other.startedAt < from || other.startedAt > run.startedAt) continue;
		const last = good.at(-1);
		if (last !== undefined && newestFirst(last, other) > 0) isSorted = false;
		good.push(other);
		if (other.outcome === "success") complete++;
	}
	if (!isSorted) good.sort(newestFirst);
	const isEnoughComplete = complete >= runsNeeded(limits.sensitivity);
	return isEnoughComplete && complete < good.length ? good.filter(({ outcome }) => outcome === "success") : good;
}

function newestFirst(a: Measured, b: Measured): number {
	return b.startedAt - a.startedAt || b.runId - a.runId;
}

function learningOf(
	{ outcome }: Measured,
	have: number,
	{ sensitivity }: PlausibilityLimits,
): Plausibility["learning"] {
	const need = runsNeeded(sensitivity);
	const all = outcome === "failure" ? have : have + 1;
	return all < need ? { have: all, need } : null;
}

const fixedSeries: Series[] = [sizeSeries, addedSeries, filesSeries, durationSeries];

/** Phases of this run, or of the one before where this one tells none. */
function seriesOf(run: Measured, runs: readonly Measured[]): Series[] {
	const phases = run.phases.length > 0 ? run.phases : (runs[0]?.phases ?? []);
	if (phases.length === 0) return fixedSeries;
	const names =
		phases.length === 1 ? phases : phases.filter(({ name }, i) => phases.findIndex((p) => p.name === name) === i);
	return [...fixedSeries, ...names.map(({ name }) => phaseSeries(name))];
}

function usualOf(series: Series[], baselines: (Baseline | null)[], limits: PlausibilityLimits): Plausibility["usual"] {
	const usual: Plausibility["usual"] = {};
	for (let i = 0; i < series.length; i++) {
		const one = series[i];
		const baseline = baselines[i] ?? null;
		if (one === undefined || !isEnough(baseline, limits)) continue;
		const { low, high } = usualRange(one, baseline, limits);
		usual[one.key] = { median: baseline.median, low, high, n: baseline.n };
	}
	return usual;
}

function contextOf(run: Measured, [size, added]: (Baseline | null)[], limits: PlausibilityLimits): Context {
	const hasSize = run.size !== null;
	const hasAdded = run.bytesAdded !== null;
	const baseline = (hasSize ? size : added) ?? null;
	return {
		isVariable: hasSize !== hasAdded && isEnough(baseline, limits) && isVariable(baseline),
		hasSize,
		mayBeFast: !hasSize,
		growth: Math.max(growthOf(run.size, size), growthOf(run.bytesAdded, added)),
	};
}

function growthOf(value: number | null, baseline: Baseline | null | undefined): number {
	return value === null || !baseline || !Number.isFinite(value) ? 0 : logOf(value) - logOf(baseline.median);
}

function variableSentence(
	run: Measured,
	[size, added]: (Baseline | null)[],
	{ isVariable: isJumpy }: Context,
	units: Units,
): string | null {
	const [series, baseline] = run.size !== null ? [sizeSeries, size] : [addedSeries, added];
	return isJumpy && baseline ? variableWords(series, baseline, units) : null;
}
