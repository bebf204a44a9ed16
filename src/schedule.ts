// When a job should run: the plan, what is known of it, and the slots it gives. Durations are seconds, instants Unix ms.

import { clockSlack, cronSpan } from "./cron.ts";
import { type Checked, checkExpression } from "./cron-check.ts";
import { KeptBy } from "./kept.ts";
import { zoneOffset } from "./time.ts";
import { nearestZone, zoneExists } from "./zone-check.ts";

/**
 * `cron` gives slots by the wall clock of a zone, `every` one slot a period, `age` has no slots (only "no success for this
 * long"), `none` expects nothing.
 */
export type Schedule =
	| { type: "cron"; cron: string; zone: string }
	| { type: "every"; seconds: number }
	| { type: "age"; seconds: number }
	| { type: "none" };

/** Where a schedule comes from. `assumed`: too few runs to know a rhythm; only an age limit is kept then. */
export type ScheduleSource = "file" | "stored" | "learned" | "assumed";

/** The first slot strictly after an instant; null where none comes. `anchor` is a slot of an `every` schedule. */
export function nextSlot(schedule: Schedule, after: number, anchor: number): number | null {
	if (schedule.type === "cron") return cronSpan(schedule.cron, schedule.zone, after).next;
	if (schedule.type !== "every") return null;
	const step = schedule.seconds * 1000;
	return anchor + (Math.floor((after - anchor) / step) + 1) * step;
}

/** The last slot that is not after an instant. */
export function slotAtOrBefore(schedule: Schedule, at: number, anchor: number): number | null {
	if (schedule.type === "cron") return cronSpan(schedule.cron, schedule.zone, at).match;
	if (schedule.type !== "every") return null;
	const step = schedule.seconds * 1000;
	return anchor + Math.floor((at - anchor) / step) * step;
}

export function nextSlots(schedule: Schedule, after: number, anchor: number, count: number): number[] {
	const slots: number[] = [];
	for (let slot = nextSlot(schedule, after, anchor); slot !== null; slot = nextSlot(schedule, slot, anchor)) {
		if (slots.length >= count) break;
		slots.push(slot);
	}
	return slots;
}

/** The slot that a start belongs to: the newest that had begun, or the next where it is at most `early` seconds away. */
export function slotOf(schedule: Schedule, startedAt: number, anchor: number, early: number): number | null {
	return slotAtOrBefore(schedule, startedAt + early * 1000, anchor);
}

const periods = new KeptBy<number | null>(2000);

/** The usual seconds between two slots around an instant; null without slots. */
export function period(schedule: Schedule, at: number): number | null {
	if (schedule.type === "every") return schedule.seconds;
	if (schedule.type !== "cron") return null;
	// From the year's start, so that it is the same all year.
	const year = new Date(at).getUTCFullYear();
	return periods.of(`${year}\n${schedule.cron}\n${schedule.zone}`, [], () => {
		const slots = nextSlots(schedule, Date.UTC(year, 0, 1), 0, 8);
		const gaps = slots.slice(1).map((slot, index) => slot - (slots[index] ?? slot));
		const middle = gaps.sort((a, b) => a - b)[Math.floor(gaps.length / 2)];
		return middle === undefined ? null : middle / 1000;
	});
}

/**
 * How far a start may lie from its slot only because the clocks were changed, in milliseconds: an `every` job may be
 * started by a wall clock, so it comes an hour later after an autumn night and an hour earlier after a spring night.
 */
export function slackOf(
	schedule: Schedule,
	slot: number,
	anchor: number,
	zone: string,
): { early: number; late: number } {
	if (schedule.type === "cron") return { early: 0, late: clockSlack(schedule.cron, schedule.zone, slot) };
	const change = schedule.type === "every" ? zoneOffset(slot, zone) - zoneOffset(anchor, zone) : 0;
	// A job of every few minutes is not started by hours of the wall clock.
	if (change === 0 || schedule.type !== "every" || schedule.seconds < 7200) return { early: 0, late: 0 };
	return change > 0 ? { early: change, late: 0 } : { early: 0, late: -change };
}

/** Whether a cron expression can be scheduled; if not, a sentence that says why, and the nearest that can. */
export function checkCron(text: string): Checked {
	return checkExpression(text);
}

/** Whether a zone exists (any spelling of an IANA name); if not, a sentence, and the nearest that does. */
export function checkZone(text: string): Checked {
	if (zoneExists(text)) return { ok: true };
	const nearest = nearestZone(text);
	const hint = nearest === null ? "" : ` Did you mean ${nearest}?`;
	return {
		ok: false,
		reason: `"${text}" is not a time zone: a name such as Europe/Berlin or UTC is expected.${hint}`,
		nearest,
	};
}

const unitSeconds: Record<string, number> = { w: 604_800, d: 86_400, h: 3600, m: 60, min: 60, s: 1 };

/** "90s", "5m", "6h", "3d", "1h30m" as seconds; null where it is no duration or nothing. */
export function parseDurationText(text: string): number | null {
	const compact = text.trim().toLowerCase().replace(/\s+/g, "");
	if (!/^(?:\d{1,9}(?:\.\d{1,3})?(?:min|[wdhms]))+$/.test(compact)) return null;
	let seconds = 0;
	let last = Number.POSITIVE_INFINITY;
	for (const [, count, name] of compact.matchAll(/([\d.]+)(min|[wdhms])/g)) {
		const unit = unitSeconds[name ?? ""] ?? 0;
		// From the largest unit to the smallest, each once: "30m1h" is more likely a slip than a wish.
		if (unit >= last) return null;
		last = unit;
		seconds += Number(count) * unit;
	}
	return seconds > 0 ? seconds : null;
}
