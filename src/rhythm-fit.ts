// How well a schedule explains a list of starts, and which schedules are worth trying.
import { nextSlot, period, type Schedule } from "./schedule.ts";
import { zoneOffset } from "./time.ts";

/** `starts` are always oldest first, Unix milliseconds; `period` and `spread` are seconds. */
export type Fit = {
	schedule: Extract<Schedule, { type: "cron" | "every" }>;
	period: number;
	anchor: number;
	hits: number;
	/** The share of slots and starts that belong together, 0 to 1. */
	quality: number;
	/** Nine in ten starts are not further from their slot. */
	spread: number;
};

export type Match = Omit<Fit, "quality" | "spread"> & { misses: number; extras: number; deviations: number[] };

const dayMs = 86_400_000;
const hourMs = 3_600_000;
/** A machine that was off for a month has missed once or twice as far as its rhythm is concerned. */
const gapCounts = 2;

/** null: too little of it is kept, or too loosely, to be called a rhythm. */
export function judgeFit(match: Match | null): Fit | null {
	if (match === null || match.hits < 3) return null;
	const { schedule, anchor, hits, misses, extras, deviations } = match;
	const quality = hits / (hits + misses + extras);
	if (quality < 0.6) return null;
	const sorted = deviations.map(Math.abs).sort((a, b) => a - b);
	const spread = (sorted[Math.max(0, Math.ceil(sorted.length * 0.9) - 1)] ?? 0) / 1000;
	// What lies in every corner of the period is chance. Few runs must keep to it more closely than many.
	const loosest = hits < 5 ? Math.max(120, match.period / 24) : match.period / 16;
	if (spread > Math.min(loosest, 10_800) || (match.period < 3000 && hits < 6)) return null;
	return { schedule, period: match.period, anchor, hits, quality, spread };
}

/** Each slot takes the start nearest to it, out of those an eighth of the period before and a quarter after it. */
export function fitCron(starts: readonly number[], schedule: Extract<Schedule, { type: "cron" }>): Match | null {
	const first = starts[0];
	const last = starts.at(-1);
	if (first === undefined || last === undefined) return null;
	const seconds = period(schedule, first);
	if (seconds === null || (last - first) / 1000 > seconds * starts.length * 12) return null;
	const early = (seconds * 1000) / 8;
	const match: Match = {
		schedule,
		period: seconds,
		anchor: last,
		hits: 0,
		misses: 0,
		extras: 0,
		deviations: [],
	};
	let index = 0;
	let missed = 0;
	let slot = nextSlot(schedule, first - seconds * 250, 0);
	while (slot !== null && slot <= last + early) {
		const end = slot + seconds * 250;
		let nearest: number | null = null;
		for (; index < starts.length; index++) {
			const start = starts[index] ?? 0;
			if (start > end) break;
			if (start < slot - early) match.extras++;
			else if (nearest === null) nearest = start;
			else {
				match.extras++;
				if (Math.abs(start - slot) < Math.abs(nearest - slot)) nearest = start;
			}
		}
		if (nearest === null) missed++;
		else {
			// What lies before the first run is no gap.
			if (match.hits > 0) match.misses += Math.min(missed, gapCounts);
			missed = 0;
			match.hits++;
			match.anchor = nearest;
			match.deviations.push(nearest - slot);
		}
		slot = nextSlot(schedule, slot, 0);
	}
	match.misses += Math.min(missed, gapCounts);
	match.extras += starts.length - index;
	return match;
}

/** The interval that explains most, each start measured from the one before that kept to it. */
export function fitEvery(starts: readonly number[], zone: string): Match | null {
	let best: Match | null = null;
	let bestScore = 0;
	for (const step of intervals(starts)) {
		const match = walkEvery(starts, step, zone);
		const score = match.hits - match.misses - match.extras;
		if (best === null || score > bestScore) {
			best = match;
			bestScore = score;
		}
	}
	return best;
}

/** A known fit against other starts. */
export function refit({ schedule, anchor, period }: Fit, starts: readonly number[], zone: string): Match | null {
	if (schedule.type === "cron") return fitCron(starts, schedule);
	const step = schedule.seconds * 1000;
	const deviations = new Map<number, number>();
	let extras = 0;
	for (const start of starts) {
		const times = Math.round((start - anchor) / step);
		const real = start - anchor - times * step;
		const byClock = real + zoneOffset(start, zone) - zoneOffset(anchor, zone);
		const off = Math.abs(byClock) < Math.abs(real) ? byClock : real;
		if (Math.abs(off) <= toleranceOf(step) && !deviations.has(times)) deviations.set(times, off);
		else extras++;
	}
	const slots = Math.round(((starts.at(-1) ?? 0) - (starts[0] ?? 0)) / step) + 1;
	const hits = deviations.size;
	const misses = Math.max(0, slots - hits);
	return { schedule, period, anchor, hits, misses, extras, deviations: [...deviations.values()] };
}

/** Gaps to the next start and to the one after it (a run by hand cuts a gap in two), similar ones once. */
function intervals(starts: readonly number[]): number[] {
	const gaps: number[] = [];
	for (let index = 1; index < starts.length; index++) {
		for (const back of [1, 2]) {
			const gap = (starts[index] ?? 0) - (starts[index - back] ?? Number.POSITIVE_INFINITY);
			if (gap > 0) gaps.push(gap);
		}
	}
	gaps.sort((a, b) => a - b);
	const steps: number[] = [];
	for (let from = 0; from < gaps.length; ) {
		let to = from;
		while (to < gaps.length && (gaps[to] ?? 0) <= (gaps[from] ?? 0) * 1.15) to++;
		if (to - from > 1) steps.push(gaps[(from + to) >> 1] ?? 0);
		from = to;
	}
	return steps;
}

function toleranceOf(step: number): number {
	return Math.min(step / 8, 3 * hourMs);
}

function walkEvery(starts: readonly number[], step: number, zone: string): Match {
	const tolerance = toleranceOf(step);
	const deviations: number[] = [];
	const steps: number[] = [];
	let kept = starts[0] ?? 0;
	let misses = 0;
	let extras = 0;
	// The first start may itself be one by hand; then the second or third is where the rhythm begins.
	let begun = false;
	for (const start of starts.slice(1)) {
		const times = Math.round((start - kept) / step);
		const real = start - kept - times * step;
		// A job of whole days may follow the clock through a daylight-saving night.
		const byClock = real + zoneOffset(start, zone) - zoneOffset(kept, zone);
		const off = Math.abs(byClock) < Math.abs(real) ? byClock : real;
		if (times < 1 || Math.abs(off) > tolerance) {
			extras++;
			if (!begun) kept = start;
			continue;
		}
		begun = true;
		misses += Math.min(times - 1, gapCounts);
		deviations.push(off);
		steps.push((start - kept) / times);
		kept = start;
	}
	const seconds = roundStep(median(steps) / 1000);
	return {
		schedule: { type: "every", seconds },
		period: seconds,
		anchor: kept,
		hits: deviations.length + (begun ? 1 : 0),
		misses,
		extras,
		deviations,
	};
}

/** 21,612 s are six hours and the time that systemd took; 87,000 s are not a day. */
function roundStep(seconds: number): number {
	for (const unit of [86_400, 21_600, 3600, 900, 300]) {
		const rounded = Math.round(seconds / unit) * unit;
		if (rounded > 0 && Math.abs(rounded - seconds) <= rounded * 0.002) return rounded;
	}
	return Math.max(60, Math.round(seconds / 60) * 60);
}

function median(values: readonly number[]): number {
	const sorted = [...values].sort((a, b) => a - b);
	const middle = sorted.length >> 1;
	return sorted.length % 2 === 1 ? (sorted[middle] ?? 0) : ((sorted[middle - 1] ?? 0) + (sorted[middle] ?? 0)) / 2;
}

/** Wall-clock schedules that these starts could belong to, the simpler first. */
export function dailyCandidates(starts: readonly number[], zone: string): string[] {
	const walls = starts.map((start) => start + zoneOffset(start, zone));
	const gap = median(starts.slice(1).map((start, index) => start - (starts[index] ?? start)));
	const found = [...atOneTime(walls), ...severalTimes(walls, gap), ...(gap < 20 * hourMs ? unevenTimes(walls) : [])];
	return [...new Set(found)];
}

/** Daily, on certain weekdays, monthly: all at the time of day at which most starts gather. */
function atOneTime(walls: readonly number[]): string[] {
	const group = gathered(walls, dayMs, 2 * hourMs);
	if (group.length < 3) return [];
	const time = clockOf(group, dayMs);
	const at = `${time % 60} ${Math.floor(time / 60)}`;
	// A start shortly after midnight may belong to a slot before it: days are counted at the slot.
	const days = group.map((wall) => Math.round((wall - time * 60_000) / dayMs));
	return [`${at} * * *`, ...onWeekdays(days, at), ...monthly(days, at)];
}

function onWeekdays(days: readonly number[], at: string): string[] {
	const counts = new Map<number, number>();
	// 1 January 1970 was a Thursday.
	for (const day of days) counts.set((day + 4) % 7, (counts.get((day + 4) % 7) ?? 0) + 1);
	const seen = [...counts.keys()].sort();
	if (seen.length === 7) return [];
	const isWorkdays = seen.join("") === "12345" && days.length > 5;
	if (!isWorkdays && [...counts.values()].some((count) => count < (seen.length === 1 ? 3 : 2))) return [];
	return [`${at} * * ${isWorkdays ? "1-5" : seen.join(",")}`];
}

function monthly(days: readonly number[], at: string): string[] {
	const dates = days.map((day) => new Date(day * dayMs).getUTCDate());
	const common = dates.find((date) => dates.filter((other) => other === date).length >= 3);
	return common === undefined ? [] : [`${at} ${common} * *`];
}

/** Every two, three, … hours by the wall clock. */
function severalTimes(walls: readonly number[], gap: number): string[] {
	const found: string[] = [];
	for (const hours of [12, 8, 6, 4, 3, 2, 1]) {
		// Slots much closer than the runs would mostly be missed.
		if (hours * hourMs < 0.6 * gap) break;
		const group = gathered(walls, hours * hourMs, (hours * hourMs) / 6);
		if (group.length < 3 || group.length < walls.length * 0.6) continue;
		const time = clockOf(group, hours * hourMs);
		const first = Math.floor(time / 60);
		const list = Array.from({ length: 24 / hours }, (_, index) => first + index * hours);
		const field = first === 0 ? (hours === 1 ? "*" : `*/${hours}`) : list.join(",");
		found.push(`${time % 60} ${field} * * *`);
	}
	return found;
}

/** Two to six times of day that share a minute but not a distance: 8:00, 12:00, 20:00. */
function unevenTimes(walls: readonly number[]): string[] {
	let rest = [...walls];
	const times: number[] = [];
	while (times.length <= 6) {
		const group = gathered(rest, dayMs, hourMs / 2);
		if (group.length < 3) break;
		times.push(clockOf(group, dayMs));
		rest = rest.filter((wall) => !group.includes(wall));
	}
	if (times.length < 2 || times.length > 6) return [];
	const minutes = times.map((time) => time % 60);
	const minute = minutes[0] ?? 0;
	if (minutes.some((other) => Math.abs(other - minute) > 2)) return [];
	const hours = times.map((time) => Math.floor(time / 60)).sort((a, b) => a - b);
	return [`${minute} ${hours.join(",")} * * *`];
}

/** The walls that gather around one time of a cycle, as many as any other time has. */
function gathered(walls: readonly number[], cycle: number, width: number): number[] {
	let best: number[] = [];
	for (const centre of walls) {
		const near = walls.filter((wall) => Math.abs(around(wall - centre, cycle)) <= width / 2);
		if (near.length > best.length) best = near;
	}
	return best;
}

/** Into [-cycle/2, cycle/2). */
function around(difference: number, cycle: number): number {
	const rest = (((difference % cycle) + cycle) % cycle) / cycle;
	return (rest < 0.5 ? rest : rest - 1) * cycle;
}

/**
 * The minute of the cycle that a person would have written down: the roundest between the earliest start and the middle
 * one. A delay only ever makes starts later.
 */
function clockOf(group: readonly number[], cycle: number): number {
	const base = group[0] ?? 0;
	const offsets = group.map((wall) => around(wall - base, cycle)).sort((a, b) => a - b);
	const middle = base + (offsets[offsets.length >> 1] ?? 0);
	// Nobody saw the earliest possible start in so few runs: a third more than the observed lead is allowed.
	const lead = middle - base - (offsets[Math.floor(offsets.length / 10)] ?? 0);
	const earliest = middle - lead * 1.35 - 30_000;
	for (const minutes of [60, 30, 15, 10, 5]) {
		const rounded = Math.floor(middle / (minutes * 60_000)) * minutes * 60_000;
		if (rounded >= earliest) return minuteOf(rounded, cycle);
	}
	return minuteOf(middle, cycle);
}

function minuteOf(wall: number, cycle: number): number {
	return Math.floor((((wall % cycle) + cycle) % cycle) / 60_000);
}
