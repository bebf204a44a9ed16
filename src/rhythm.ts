// The rhythm that a job's starts show, as a schedule that could have been written by hand.
import { dailyCandidates, type Fit, fitCron, fitEvery, judgeFit, type Match, refit } from "./rhythm-fit.ts";
import type { Schedule } from "./schedule.ts";
import { scheduleWords } from "./schedule-words.ts";
import { zoneOffset } from "./time.ts";
import { formatDuration } from "./units.ts";

export type Rhythm = {
	schedule: Extract<Schedule, { type: "cron" | "every" }>;
	/** What is surely expected: narrower than the schedule while no weekend was seen yet. */
	expected: Extract<Schedule, { type: "cron" | "every" }>;
	/** The newest start that kept to it: a slot of an `every` schedule. */
	anchor: number;
	/** Seconds that a start may be late. */
	startGrace: number;
	/** Seconds around the slot within which nine of ten runs start. */
	spread: number;
	/** How many runs kept to it. */
	runs: number;
	/** "daily at 02:00 ± 6 min" */
	words: string;
};

/** Enough for a changed rhythm to be gone soon, and for two weeks of a daily job to outweigh some runs by hand. */
const startsLookedAt = 20;
const fewest = 3;
/** How much better the newest runs alone must be explained before the older ones are given up. */
const clearlyBetter = 0.2;
/** Two starts in the same minute are one: a retry. */
const sameStart = 60_000;

const learned = new Map<string, { starts: number[]; rhythm: Rhythm | null }>();

/**
 * `starts` in any order; null where they show no rhythm. `zone` is the one by whose clock the job is thought to start;
 * `jobId` whose starts they are: of a job what was learned last is kept.
 */
export function learnRhythm(starts: readonly number[], zone: string, jobId: number | null = null): Rhythm | null {
	if (starts.length < fewest) return null;
	// Judging happens far more often than a run is added.
	const key = `${zone} ${jobId ?? `of ${sumOf(starts)}`}`;
	const known = learned.get(key);
	if (known !== undefined && isSame(known.starts, starts)) return known.rhythm;
	const newest = newestStarts(starts);
	const rhythm = newest.length < fewest ? null : learn(newest, zone);
	if (learned.size >= 2000) learned.clear();
	learned.set(key, { starts: [...starts], rhythm });
	return rhythm;
}

function sumOf(starts: readonly number[]): number {
	let sum = 0;
	for (const start of starts) sum += start;
	return sum;
}

function isSame(a: readonly number[], b: readonly number[]): boolean {
	if (a.length !== b.length) return false;
	for (let index = 0; index < a.length; index++) if (a[index] !== b[index]) return false;
	return true;
}

/** Oldest first, at most twenty. */
function newestStarts(starts: readonly number[]): number[] {
	const sorted = starts.slice().sort((a, b) => b - a);
	const kept: number[] = [];
	for (const start of sorted) {
		const later = kept.at(-1);
		if (later !== undefined && later - start < sameStart) kept[kept.length - 1] = start;
		else if (kept.length < startsLookedAt) kept.push(start);
		else break;
	}
	return kept.reverse();
}

function learn(starts: readonly number[], zone: string): Rhythm | null {
	let best: Fit | null = null;
	for (const size of [startsLookedAt, 14, 10, 7, 5, 4, fewest]) {
		if (size > starts.length && size !== startsLookedAt) continue;
		const window = starts.slice(-size);
		// Nothing explains them much better than well.
		if (best !== null && isWell(best, window, zone)) break;
		const fit = fitWindow(window, zone);
		if (fit === null) continue;
		if (best === null) {
			// Among irregular starts three may agree by chance.
			const isChance = window.length < starts.length && fit.hits < 5 && fit.spread > 300;
			if (!isChance) best = fit;
		} else if (replaces(fit, best, window, zone)) best = fit;
	}
	return best === null ? null : rhythmOf(best, starts, zone);
}

function isWell(best: Fit, window: readonly number[], zone: string): boolean {
	const { schedule } = best;
	if (schedule.type === "every" && schedule.seconds % 86_400 === 0) return false;
	const here = judgeFit(refit(best, window, zone));
	return here !== null && here.quality > 1 - clearlyBetter && here.spread < 900;
}

/** Whether the newest starts alone show another rhythm than all of them do. */
function replaces(fit: Fit, best: Fit, window: readonly number[], zone: string): boolean {
	// A few runs by hand in one afternoon are no new rhythm: it must have lasted for a period of the old one.
	const lasted = (window.at(-1) ?? 0) - (window[0] ?? 0);
	if (lasted < best.period * 900) return false;
	const { schedule } = best;
	// Days between the starts, and now a time of day that all of them share.
	const isDays = schedule.type === "every" && schedule.seconds % 86_400 === 0;
	if (isDays && fit.schedule.type === "cron" && fit.spread <= best.spread * 1.5 + 180) return true;
	const match = refit(best, window, zone);
	// While the old rhythm goes on, what else comes may be runs by hand; it takes more of them to be believed.
	if (fit.hits < enoughForGrace && match !== null && isAlive(match, best)) return false;
	const here = judgeFit(match);
	if (here === null || fit.quality >= here.quality + clearlyBetter) return true;
	return fit.quality >= here.quality && fit.spread * 4 + 600 < here.spread;
}

function isAlive({ hits, misses, deviations }: Match, { spread }: Fit): boolean {
	const near = Math.max(1800, 1.2 * spread) * 1000;
	return hits > 0 && misses === 0 && deviations.every((deviation) => Math.abs(deviation) <= near);
}

/** The best explanation of these starts: by a wall clock where that is as good as an interval. */
function fitWindow(starts: readonly number[], zone: string): Fit | null {
	let best: Fit | null = null;
	for (const cron of dailyCandidates(starts, zone)) {
		const fit = judgeFit(fitCron(starts, { type: "cron", cron, zone }));
		if (fit !== null && (best === null || isBetter(fit, best))) best = fit;
	}
	const interval = judgeFit(fitEvery(starts, zone));
	if (interval === null) return best;
	if (best === null) return interval;
	const isSteadier = best.spread > interval.spread * 1.5 + 180 && interval.quality >= best.quality - 0.05;
	return isSteadier || interval.quality > best.quality + 0.15 ? interval : best;
}

function isBetter(fit: Fit, best: Fit): boolean {
	return (
		fit.quality > best.quality + 0.02 || (fit.quality >= best.quality - 0.02 && fit.spread < best.spread * 0.5 - 60)
	);
}

function rhythmOf(fit: Fit, starts: readonly number[], zone: string): Rhythm {
	const { schedule } = fit;
	const spread = Math.round(fit.spread);
	const words = scheduleWords(schedule, zone);
	return {
		schedule,
		expected: expectedOf(schedule, starts, zone),
		anchor: fit.anchor,
		startGrace: graceOf(spread, fit.period, fit.hits),
		spread,
		runs: fit.hits,
		words: spread < 60 ? words : `${words} \u00b1 ${formatDuration(Math.round(spread / 60) * 60)}`,
	};
}

/** How late a start may be by what is known of a job's lateness: `spread` seconds, from so many runs. */
export function graceOf(spread: number, period: number, runs: number): number {
	const quarter = period / 4;
	const seen = Math.round(Math.min(Math.max(3 * spread, Math.min(1800, quarter)), quarter));
	// A handful of runs shows less than the whole spread: until then no less than a job without history is given.
	return runs < enoughForGrace ? Math.max(seen, defaultGrace(period)) : seen;
}

const enoughForGrace = 7;

/** Two hours for a daily job; less where slots are closer. */
export function defaultGrace(period: number): number {
	return Math.round(Math.min(7200, period / 4));
}

/** Monday to Friday says nothing of Saturday: a daily job is expected then only once it has run on a weekend. */
function expectedOf(schedule: Rhythm["schedule"], starts: readonly number[], zone: string): Rhythm["schedule"] {
	if (schedule.type !== "cron" || !/^\d+ \d+ \* \* \*$/.test(schedule.cron)) return schedule;
	const first = starts[0] ?? 0;
	const last = starts.at(-1) ?? 0;
	if (last - first > 8 * 86_400_000) return schedule;
	for (const start of starts) {
		const weekday = new Date(start + zoneOffset(start, zone)).getUTCDay();
		if (weekday === 0 || weekday === 6) return schedule;
	}
	return { ...schedule, cron: schedule.cron.replace(/ \*$/, " 1-5") };
}
