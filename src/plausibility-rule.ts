// The rule by which one measure of a run is odd: far outside of what the past allows, and by an amount that matters.
import type { Severity } from "./alert.ts";
import type { PlausibilityLimits } from "./plausibility.ts";
import {
	type Baseline,
	baselineOf,
	isEmptyOdd,
	isTime,
	logOf,
	measureOf,
	type Past,
	type Series,
	sizeSeries,
} from "./plausibility-baseline.ts";
import type { Sensitivity } from "./settings.ts";

/**
 * How many spreads away is odd (`steady` where runs are alike, else `noisy`), as what share of the usual and less, as how
 * many times the usual and more, and how many runs it takes.
 */
const words: Record<Sensitivity, { steady: number; noisy: number; low: number; high: number; need: number }> = {
	strict: { steady: 3.5, noisy: 4.5, low: 0.85, high: 1.5, need: 5 },
	balanced: { steady: 4, noisy: 6, low: 0.8, high: 2, need: 5 },
	relaxed: { steady: 6, noisy: 8, low: 0.5, high: 4, need: 7 },
};

export const runsNeeded = (sensitivity: Sensitivity) => words[sensitivity].need;

/** Between the two the rule changes by and by: a spread learned from 14 runs is a rough guess. */
const steadySpread = Math.log(1.1);
const noisySpread = Math.log(1.25);
const half = -Math.log(0.52);
const variableSpread = Math.log(1.5);
/** What is like last week's run on the same day is a rhythm that is not learned yet. */
const likeLastWeek = Math.log(1.5);
const fastShare = 0.25;
const fastNeeds = 7;
const dropShare = 0.2;
const dropFrom = 10 * 1024 * 1024;

/** What a value may be without being odd. */
export type Range = { low: number; high: number };

/**
 * How far from the usual, in logarithms, is outside; without what must matter in practice. What is learned from few runs
 * is taken with care, but no care excuses half of a steady job.
 */
function reach(series: Series, { n, spread }: Baseline, sensitivity: Sensitivity): Range {
	const { steady, noisy, low, high } = words[sensitivity];
	const share = series.of === "bytes_added" ? 1 : (spread - steadySpread) / (noisySpread - steadySpread);
	const times = steady + (noisy - steady) * Math.min(1, Math.max(0, share));
	const far = times * spread * (n < 10 ? 1 + 0.1 * (10 - n) : 1);
	const isSteady = series.of !== "bytes_added" && steady * spread <= half;
	return { low: Math.max(isSteady ? Math.min(far, half) : far, -Math.log(low)), high: Math.max(far, Math.log(high)) };
}

/** The least difference that matters: bytes, files or seconds. */
function least(series: Series, usual: number, { maxRuntime }: PlausibilityLimits): number {
	if (isTime(series)) return Math.max(60, (maxRuntime ?? 0) * 0.05);
	return Math.max(series.of === "files_total" ? 10 : 64 * 1024, usual * 0.01);
}

export function isEnough(baseline: Baseline | null, { sensitivity }: PlausibilityLimits): baseline is Baseline {
	return baseline !== null && baseline.n >= (baseline.isWeekday ? 3 : words[sensitivity].need);
}

export function isVariable({ spread }: Baseline): boolean {
	return spread > variableSpread;
}

/** The range in which nothing would be said. */
export function usualRange(series: Series, baseline: Baseline, limits: PlausibilityLimits): Range {
	const { median } = baseline;
	const { low, high } = reach(series, baseline, limits.sensitivity);
	const gate = least(series, median, limits);
	const lowest = isTime(series) ? Math.max(low, -Math.log(fastShare)) : low;
	return {
		low: Math.max(0, Math.min(median * Math.exp(-lowest), median - gate)),
		high: Math.min(Number.MAX_SAFE_INTEGER, Math.max(median * Math.exp(high), median + gate)),
	};
}

export type Comparison = {
	series: Series;
	value: number;
	/** What it is compared with: the usual, or the run before. */
	against: number;
	isUsual: boolean;
	direction: -1 | 1;
	/** null: outside of the usual, but not worth a finding of its own. */
	severity: Severity | null;
	isEmpty: boolean;
};

/** What else is known of the run, for measures that mean something only together. */
export type Context = {
	/** Only one of size and bytes added is known, and it jumps about. */
	isVariable: boolean;
	hasSize: boolean;
	/** A short run is odd only where little was backed up, or nobody knows how much. */
	mayBeFast: boolean;
	/** How much more was done than usual, in logarithms: more data takes more time. */
	growth: number;
};

/** null: as usual, or not to be judged. */
export function compare(
	series: Series,
	value: number,
	past: Past,
	baseline: Baseline | null,
	limits: PlausibilityLimits,
	context: Context,
): Comparison | null {
	if (baseline === null) return null;
	const found = { series, value, against: baseline.median, isUsual: true, direction: -1, isEmpty: false } as const;
	const isAddition = series.of === "bytes_added" && context.hasSize;
	if (value === 0 && !isTime(series)) {
		return !isAddition && isEmptyOdd(series, past) ? { ...found, severity: "critical", isEmpty: true } : null;
	}
	const isJudged = isEnough(baseline, limits);
	if (series.of === "size") {
		const before = dropsFrom(value, past);
		if (before !== null && value < dropShare * baseline.lowest) {
			return isJudged
				? { ...found, severity: "critical" }
				: { ...found, severity: "critical", against: before, isUsual: false };
		}
	}
	if (!isJudged || (context.isVariable && !isTime(series) && series.of !== "files_total")) return null;
	const { low, high } = reach(series, baseline, limits.sensitivity);
	const distance = logOf(value) - logOf(baseline.median);
	const matters = Math.abs(value - baseline.median) >= least(series, baseline.median, limits);
	if (distance < -low) {
		const isOdd = matters && (!isTime(series) || isFast(value, baseline, distance, context));
		return { ...found, severity: isOdd ? lowSeverity(series, value, baseline, isAddition) : null };
	}
	if (distance <= high || isLikeLastWeek(series, value, past)) return null;
	const isOdd = matters && !(isTime(series) && context.growth >= distance / 2);
	const severity = series.of === "bytes_added" ? "info" : "warning";
	return { ...found, direction: 1, severity: isOdd ? severity : null };
}

/**
 * The size of the run before where this one is less than a fifth of it. After a weekly full copy that is how it goes: only
 * what is far below every run before is a drop.
 */
function dropsFrom(value: number, { runs, start }: Past): number | null {
	const run = runs[start];
	const before = run === undefined ? null : measureOf(run, sizeSeries);
	return before !== null && before > dropFrom && value < dropShare * before ? before : null;
}

function isFast(value: number, { n, median }: Baseline, distance: number, { mayBeFast }: Context): boolean {
	return mayBeFast && n >= fastNeeds && value < fastShare * median && distance < Math.log(fastShare);
}

function lowSeverity(series: Series, value: number, { median }: Baseline, isAddition: boolean): Severity {
	if (isTime(series)) return "warning";
	if (isAddition) return "info";
	return value < median / 2 ? "critical" : "warning";
}

function isLikeLastWeek(series: Series, value: number, { runs, weekday }: Past): boolean {
	const run = runs[weekday[0] ?? -1];
	const before = run === undefined ? null : measureOf(run, series);
	return before !== null && Math.abs(logOf(value) - logOf(before)) <= likeLastWeek;
}

/** The same, for a value whose baseline is not at hand. */
export function compareAfresh(
	series: Series,
	value: number,
	past: Past,
	limits: PlausibilityLimits,
	context: Context,
): Comparison | null {
	return compare(series, value, past, baselineOf(series, past), limits, context);
}
