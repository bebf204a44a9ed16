// Restore points over time: what there is to go back to on each day, and where nothing is.
import type { Comparison } from "./inventory.ts";
import { dayOf } from "./time.ts";

/** `none`: no point and none reported. `unlisted`: reported, and no listing has looked since. */
export type DayState = "there" | "absent" | "unlisted" | "none";
export type TimelineDay = { day: number; there: number; state: DayState };
export type Gap = { from: number; to: number };

export type Timeline = { days: TimelineDay[]; points: number; oldest: number | null; gaps: Gap[] };

/** The last `count` days, oldest first, and the longest stretches between two restore points. */
export function timelineOf(comparison: Comparison, zone: string, now: number, count: number): Timeline {
	const { verdicts, unreported, skew } = comparison;
	const today = dayOf(now, zone);
	const there = new Map<number, number>();
	const states = new Map<number, DayState>();
	const times = new Set<number>();
	for (const { run, verdict } of verdicts) {
		const day = dayOf(run.startedAt, zone);
		if (verdict === "present" || verdict === "size_differs") {
			times.add(run.startedAt);
			there.set(day, (there.get(day) ?? 0) + 1);
		} else if (verdict === "absent" || verdict === "unconfirmed") states.set(day, "absent");
		else if (verdict === "unlisted" && !states.has(day)) states.set(day, "unlisted");
	}
	for (const { at } of unreported) {
		if (at === null) continue;
		times.add(at - skew);
		const day = dayOf(at - skew, zone);
		there.set(day, (there.get(day) ?? 0) + 1);
	}
	const days = Array.from({ length: count }, (_, i): TimelineDay => {
		const day = today - count + 1 + i;
		const points = there.get(day) ?? 0;
		// What is missing shows, though another one of the day is there.
		const state = states.get(day) === "absent" ? "absent" : points > 0 ? "there" : (states.get(day) ?? "none");
		return { day, there: points, state };
	});
	const sorted = [...times].sort((a, b) => a - b);
	return { days, points: sorted.length, oldest: sorted[0] ?? null, gaps: gapsOf(sorted) };
}

/** Stretches of more than twice what lies between two points usually; the longest three. */
function gapsOf(times: readonly number[]): Gap[] {
	const all = times.slice(1).map((to, i) => ({ from: times[i] ?? to, to }));
	const lengths = all.map(({ from, to }) => to - from).sort((a, b) => a - b);
	const usual = lengths[lengths.length >> 1] ?? 0;
	return all
		.filter(({ from, to }) => all.length >= 3 && to - from > 2 * usual && to - from > 3_600_000)
		.sort((a, b) => b.to - b.from - (a.to - a.from))
		.slice(0, 3);
}
