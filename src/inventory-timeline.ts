// Restore points over time: what there is to go back to on each day, and where nothing is.
import type { Comparison } from "./inventory.ts";
import { dayOf } from "./time.ts";

/** `none`: no point and none reported. `unlisted`: reported, and no listing has looked since. */
export type DayState = "there" | "absent" | "unconfirmed" | "unlisted" | "none";
export type TimelineDay = { day: number; there: number; state: DayState };
export type Gap = { from: number; to: number };

export type Timeline = { days: TimelineDay[]; points: number; oldest: number | null; gaps: Gap[] };

/** The last `count` days, oldest first, and the longest stretches between two restore points. */
export function timelineOf(comparison: Comparison, zone: string, now: number, count: number): Timeline {
	const { verdicts, points } = comparison;
	const today = dayOf(now, zone);
	const there = new Map<number, number>();
	const states = new Map<number, DayState>();
	// A day more than are shown, whatever their zone.
	for (let i = points.length - 1; i >= 0 && (points[i] ?? 0) > now - (count + 1) * 86_400_000; i--) {
		const day = dayOf(points[i] ?? 0, zone);
		there.set(day, (there.get(day) ?? 0) + 1);
	}
	for (const { run, verdict } of verdicts) {
		const day = dayOf(run.startedAt, zone);
		if (verdict === "absent") states.set(day, "absent");
		else if (verdict === "unconfirmed" && states.get(day) !== "absent") states.set(day, "unconfirmed");
		else if (verdict === "unlisted" && !states.has(day)) states.set(day, "unlisted");
	}
	const days = Array.from({ length: count }, (_, i): TimelineDay => {
		const day = today - count + 1 + i;
		const points = there.get(day) ?? 0;
		// What is missing shows, though another one of the day is there.
		const said = states.get(day) ?? "none";
		const state = said === "absent" || said === "unconfirmed" || points === 0 ? said : "there";
		return { day, there: points, state };
	});
	return { days, points: points.length, oldest: points[0] ?? null, gaps: gapsOf(points) };
}

/** Stretches of more than twice what lies between two points usually; the longest three. */
function gapsOf(times: Float64Array): Gap[] {
	const lengths = times.slice(1).map((to, i) => to - (times[i] ?? to));
	const usual = lengths.toSorted()[lengths.length >> 1] ?? 0;
	if (lengths.length < 3) return [];
	const gaps: Gap[] = [];
	for (const [i, length] of lengths.entries()) {
		const [from = 0, to = 0] = [times[i], times[i + 1]];
		if (length > 2 * usual && length > 3_600_000) gaps.push({ from, to });
	}
	return gaps.sort((a, b) => b.to - b.from - (a.to - a.from)).slice(0, 3);
}
