// What a job's past says is usual of one measure: the middle and the spread on logarithms, on this weekday if it differs.
import type { Measured } from "./plausibility.ts";
import { madToDeviation, medianOfSorted, sortFirst } from "./statistics.ts";
import { dayOf } from "./time.ts";

/** One measure over time. `name` is the phase's where `of` is a phase. */
export type Series =
	| { of: "size" | "bytes_added" | "files_total" | "duration"; key: string }
	| { of: "phase"; key: string; name: string };

export const sizeSeries: Series = { of: "size", key: "size" };
export const addedSeries: Series = { of: "bytes_added", key: "bytes_added" };
export const filesSeries: Series = { of: "files_total", key: "files_total" };
export const durationSeries: Series = { of: "duration", key: "duration" };
export const phaseSeries = (name: string): Series => ({ of: "phase", key: `phase:${name}`, name });

export const isTime = ({ of }: Series) => of === "duration" || of === "phase";

/** null is unknown; below nothing there is nothing, and bytes and files are whole. */
export function measureOf(run: Measured, series: Series): number | null {
	const value = readMeasure(run, series);
	if (value === null || !Number.isFinite(value)) return null;
	return Math.max(0, isTime(series) ? value : Math.round(value));
}

function readMeasure(run: Measured, series: Series): number | null {
	switch (series.of) {
		case "size":
			return run.size;
		case "bytes_added":
			return run.bytesAdded;
		case "files_total":
			return run.filesTotal;
		case "duration":
			return run.duration;
		case "phase":
			for (const { name, seconds } of run.phases) if (name === series.name) return seconds;
			return null;
	}
}

/** The runs before one run: `runs` newest first, of which those from `start` on came before it. */
export type Past = {
	runs: readonly Measured[];
	start: number;
	/** Where in `runs` this weekday of earlier weeks is, newest first, at most one run a day. */
	weekday: readonly number[];
};

const compared = 14;
const comparedOfWeekday = 6;
/** Runs may lack a measure: a few more are looked at than are compared with. */
const soughtOfWeekday = 12;

export function pastOf(at: number, runs: readonly Measured[], start: number, zone: string): Past {
	const weekday: number[] = [];
	const today = dayOf(at, zone);
	let before = today;
	for (let i = start; i < runs.length && weekday.length < soughtOfWeekday; i++) {
		const day = dayOf(runs[i]?.startedAt ?? at, zone);
		// An hourly job has many runs on a day: they say nothing about weekdays.
		if (day !== before && (today - day) % 7 === 0) weekday.push(i);
		before = day;
	}
	return { runs, start, weekday };
}

export type Baseline = {
	n: number;
	median: number;
	lowest: number;
	highest: number;
	/** Standard deviation of the logarithms, robust, never below 3 %. */
	spread: number;
	/** The runs are those of the same weekday: three are enough. */
	isWeekday: boolean;
	/** By the run, so that older weeks are no measure; `median` is then what would be usual now. */
	isGrowing: boolean;
};

const leastSpread = Math.log(1.03);
const weekdayDiffers = Math.log(1.5);
/** Faster than this by the run is no growth but a jump. */
const mostGrowth = Math.log(1.05);

// Filled anew at each call; one judgement makes dozens of these lists.
const values = new Float64Array(compared);
const today = new Float64Array(compared);
const distances = new Float64Array(compared);

/** Below one second, one byte or one file nothing is told apart, and zero has a logarithm. */
export const logOf = (value: number) => Math.log(Math.max(1, value));

/** null: nothing to compare with. An empty run is no measure of what is usual, however many there were. */
export function baselineOf(series: Series, past: Past): Baseline | null {
	const skipsEmpty = !isTime(series);
	let n = 0;
	for (let i = past.start; i < past.runs.length && n < compared; i++) n = take(past.runs[i], series, skipsEmpty, n);
	if (n === 0) return null;
	const recent = summary(n, false);
	if (recent.isGrowing || past.weekday.length < 3) return recent;
	n = 0;
	for (let i = 0; i < past.weekday.length && n < comparedOfWeekday; i++) {
		n = take(past.runs[past.weekday[i] ?? -1], series, skipsEmpty, n);
	}
	if (n < 3) return recent;
	const weekday = summary(n, true);
	return Math.abs(logOf(weekday.median) - logOf(recent.median)) > weekdayDiffers ? weekday : recent;
}

function take(run: Measured | undefined, series: Series, skipsEmpty: boolean, n: number): number {
	const value = run === undefined ? null : measureOf(run, series);
	if (value === null || (skipsEmpty && value === 0)) return n;
	values[n] = value;
	return n + 1;
}

/** What is usual of the first `n` values, newest first; sorts them. */
function summary(n: number, isWeekday: boolean): Baseline {
	const growth = isWeekday ? 0 : growthOf(n);
	// Where a job grows by the day, each run is taken as it would be today.
	for (let i = 0; i < n; i++) today[i] = (values[i] ?? 0) * Math.exp(growth * (i + 1));
	const trend = growth === 0 ? null : spreadOf(today, n, growth);
	sortFirst(values, n);
	const level = spreadOf(values, n, 0);
	const isGrowing = trend !== null && trend.spread * 1.5 < level.spread;
	const { median, spread } = isGrowing ? trend : level;
	return { n, median, lowest: values[0] ?? 0, highest: values[n - 1] ?? 0, spread, isWeekday, isGrowing };
}

function spreadOf(sample: Float64Array, n: number, growth: number): { median: number; spread: number } {
	if (growth !== 0) sortFirst(sample, n);
	const median = medianOfSorted(sample, n);
	const centre = logOf(median);
	for (let i = 0; i < n; i++) distances[i] = Math.abs(logOf(sample[i] ?? 0) - centre);
	sortFirst(distances, n);
	// Of all 14 a second guess, the distance within which two thirds lie: the larger of the two errs less.
	const twoThirds = n === compared ? (distances[9] ?? 0) : 0;
	return { median, spread: Math.max(madToDeviation * medianOfSorted(distances, n), twoThirds, leastSpread) };
}

/** By how much the logarithm grows with each run, from the middle of the steps between the halves; 0 where that is unclear. */
function growthOf(n: number): number {
	if (n < 10) return 0;
	const half = n >> 1;
	let rising = 0;
	for (let i = 0; i < half; i++) {
		const step = logOf(values[i] ?? 0) - logOf(values[i + half] ?? 0);
		distances[i] = step;
		if (step > 0) rising++;
	}
	if (rising > 0 && rising < half) return 0;
	sortFirst(distances, half);
	const growth = medianOfSorted(distances, half) / half;
	return Math.abs(growth) <= mostGrowth ? growth : 0;
}

/**
 * Whether a run that backed up nothing is odd: most before it backed up something. The empty runs right before it do not
 * count, or a fault that lasts would become usual. Adding nothing is nothing odd for a job that did so now and then.
 */
export function isEmptyOdd(series: Series, { runs, start }: Past): boolean {
	let empty = 0;
	let known = 0;
	for (let i = start; i < runs.length && known < compared; i++) {
		const run = runs[i];
		const value = run === undefined ? null : measureOf(run, series);
		if (value === null || (value === 0 && known === 0)) continue;
		known++;
		if (value === 0) empty++;
	}
	return known > 0 && (series.of === "bytes_added" ? empty * 5 <= known : empty * 2 < known);
}
