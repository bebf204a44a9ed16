// What a job's past runs say of its limits: how far its starts lie from their slots, and how long it usually takes.
import type { CountedRun } from "./counted-runs.ts";
import { period, type Schedule, slackOf, slotAtOrBefore } from "./schedule.ts";

export type Lateness = {
	/** Seconds after the slot within which nine of ten runs start. */
	late: number;
	/** Seconds before it, in the same way. */
	early: number;
	/** How many slots were looked at. */
	slots: number;
};

/** Starts of an `every` job: where its grid lies, and what did not belong to it. */
export type Grid = {
	/** The newest start that kept to the interval: the next slot is one period later. Null without runs. */
	anchor: number | null;
	/** A later start that came too early to be a slot's: one by hand. */
	byHand: number | null;
	deviations: number[];
};

const startsLookedAt = 20;

/** `runs` newest first. A start that comes early does not move the slots; one that comes late begins a new interval. */
export function gridOf(runs: readonly CountedRun[], seconds: number, zone: string): Grid {
	const step = seconds * 1000;
	const early = earlyOfEvery(seconds) * 1000;
	let anchor: number | null = null;
	let byHand: number | null = null;
	/** Where the grid lay before a start far off it, which may have been by hand in place of one that was missed. */
	let before: number | null = null;
	const deviations: number[] = [];
	for (let index = Math.min(runs.length, 2 * startsLookedAt) - 1; index >= 0; index--) {
		const start = runs[index]?.start ?? 0;
		if (anchor !== null) {
			// The second start by hand that keeps the interval, while the grid's own slot went by, was not by hand.
			const other: number | null = before ?? (start > anchor + step ? byHand : null);
			if (other !== null && isOnGrid(start, other, step, early)) {
				anchor = start;
				before = null;
				byHand = null;
				continue;
			}
			const times = Math.max(1, Math.round((start - anchor) / step));
			const slot = anchor + times * step;
			const slack = slackOf({ type: "every", seconds }, slot, anchor, zone);
			if (start < slot - early - slack.early) {
				byHand = start;
				continue;
			}
			before = Math.abs(start - slot) > early ? anchor : null;
			deviations.push(Math.max(0, start - slot - slack.late) / 1000);
		}
		anchor = start;
		byHand = null;
	}
	return { anchor, byHand, deviations };
}

function isOnGrid(start: number, anchor: number, step: number, tolerance: number): boolean {
	const times = Math.round((start - anchor) / step);
	return times >= 1 && Math.abs(start - anchor - times * step) <= tolerance / 2;
}

/** How much before its slot a start of an `every` job still belongs to it, in seconds. */
export function earlyOfEvery(seconds: number): number {
	return Math.min(seconds / 6, 10_800);
}

type Known = { starts: number[]; lateness: Lateness };
const known = new Map<string, Known>();

/**
 * How far the newest starts lie from the slots of a cron schedule. `runs` newest first; `jobId` whose they are: of a job
 * the last measure is kept.
 */
export function latenessOf(
	runs: readonly CountedRun[],
	schedule: Extract<Schedule, { type: "cron" }>,
	jobId: number | null = null,
): Lateness {
	const count = Math.min(runs.length, startsLookedAt);
	const key = `${schedule.cron}\n${schedule.zone}\n${jobId ?? `of ${sumOf(runs, count)}`}`;
	// Judging happens far more often than a run is added.
	const before = known.get(key);
	if (before !== undefined && before.starts.length === count) {
		if (before.starts.every((start, index) => start === runs[index]?.start)) return before.lateness;
	}
	const starts = runs.slice(0, count).map(({ start }) => start);
	const lateness = measureLateness(starts, schedule);
	if (known.size >= 2000) known.clear();
	known.set(key, { starts, lateness });
	return lateness;
}

function sumOf(runs: readonly CountedRun[], count: number): number {
	let sum = 0;
	for (let index = 0; index < count; index++) sum += runs[index]?.start ?? 0;
	return sum;
}

function measureLateness(starts: readonly number[], schedule: Extract<Schedule, { type: "cron" }>): Lateness {
	const nearest = new Map<number, number>();
	for (const start of starts) {
		const step = (period(schedule, start) ?? 0) * 1000;
		// Up to an eighth of the period before its slot a start belongs to it rather than to the one before.
		const slot = slotAtOrBefore(schedule, start + step / 8, 0);
		if (slot === null) continue;
		const slack = start > slot ? Math.min(start - slot, slackOf(schedule, slot, 0, schedule.zone).late) : 0;
		const deviation = start - slot - slack;
		if (deviation > step / 2) continue;
		const other = nearest.get(slot);
		if (other === undefined || Math.abs(deviation) < Math.abs(other)) nearest.set(slot, deviation);
	}
	const deviations = [...nearest.values()].map((deviation) => deviation / 1000);
	return {
		late: mostOf(deviations.map((deviation) => Math.max(0, deviation))),
		early: mostOf(deviations.map((deviation) => Math.max(0, -deviation))),
		slots: deviations.length,
	};
}

/** What nine of ten values do not exceed; 0 of none. */
export function mostOf(values: readonly number[]): number {
	const sorted = [...values].sort((a, b) => a - b);
	return sorted[Math.max(0, Math.ceil(sorted.length * 0.9) - 1)] ?? 0;
}

/** How long runs take, in seconds. */
export type Durations = {
	/** A day for a job that never finished; then four times the usual duration, at least an hour. */
	maxRuntime: number;
	/** The longest of the newest runs; 0 of none. */
	longest: number;
};

export function durationsOf(runs: readonly CountedRun[]): Durations {
	const durations: number[] = [];
	let short = 0;
	let longest = 0;
	for (const { run, start, end, outcome } of runs) {
		if (outcome === "running") continue;
		const duration = run.duration ?? ((end ?? start) - start) / 1000;
		if (duration > longest) longest = duration;
		if (outcome === "failure") continue;
		if (duration <= 900) short++;
		if (durations.push(duration) === startsLookedAt) break;
	}
	if (durations.length === 0) return { maxRuntime: 86_400, longest };
	// Most are short: no need to sort for the middle one.
	if (short * 2 > durations.length) return { maxRuntime: 3600, longest };
	durations.sort((a, b) => a - b);
	return { maxRuntime: Math.max(3600, Math.round(4 * (durations[durations.length >> 1] ?? 0))), longest };
}
