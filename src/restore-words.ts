// Estimates in words: rounded as far as they are uncertain, always with their range.
import type { Estimate } from "./restore.ts";
import type { LabEstimate, Span } from "./restore-lab.ts";
import { formatDuration, plural } from "./units.ts";

/** Seconds below which an estimate is no number: nobody waits for it, and its milliseconds are made up. */
const moment = 1;

type Rounding = "round" | "floor" | "ceil";

/** Steps in seconds for times below a bound: nobody is helped by the seconds of six hours. */
const steps: readonly [below: number, step: number][] = [
	[10, 0.1],
	[60, 1],
	[600, 10],
	[3600, 60],
	[36_000, 300],
	[172_800, 1800],
];

/** "≈ 47 min", or "under 1 s". */
export function estimated(seconds: number): string {
	return seconds < moment ? roughly(seconds) : `\u2248\u00a0${roughly(seconds)}`;
}

/** Under 1 s, 42 s, 7 min 30 s, 47 min, 6 h 10 min, 3 d 5 h. */
function roughly(seconds: number, rounding: Rounding = "round"): string {
	if (seconds < moment) return `under ${formatDuration(moment)}`;
	const step = steps.find(([below]) => seconds < below)?.[1] ?? 3600;
	const rounded = Math[rounding](seconds / step) * step;
	return formatDuration(rounded);
}

/** "25 min to 1 h", "up to 12 s": wide enough to hold the range, however it is rounded. */
export function rangeWords({ low, high }: Pick<Span, "low" | "high">): string {
	if (low < moment) return `up to ${roughly(Math.max(high, moment), "ceil")}`;
	return `${roughly(low, "floor")} to ${roughly(high, "ceil")}`;
}

/** "estimated 40 min (25 min to 1 h), took 47 min". */
export function checkedWords(estimate: Pick<Estimate, "seconds" | "low" | "high"> | null, took: number): string {
	if (estimate === null) return `nothing to go by before it, took ${formatDuration(took)}`;
	return `estimated ${roughly(estimate.seconds)} (${rangeWords(estimate)}), took ${formatDuration(took)}`;
}

/** What is back: everything, one job by its name, or a number of them. */
export function labSentence(lab: LabEstimate | null, what: string | null): string {
	if (lab === null) return `Nobody can say how long it takes to get ${what ?? "everything"} back`;
	const { serial, parallel, counted } = lab;
	const begin = `${what ?? "Everything"} back in ${estimated(serial.seconds)}`;
	if (counted.length === 1 || serial.seconds < moment) return begin;
	return `${begin} one after the other, ${estimated(parallel.seconds)} at once`;
}

/** What a choice of jobs is called: its only name, or how many they are. null: all. */
export function choiceWords(names: readonly string[] | null): string | null {
	if (names === null) return null;
	return names.length === 1 ? (names[0] ?? "") : plural(names.length, "job");
}
