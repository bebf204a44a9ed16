// On which days of a calendar a plan wanted a run.
import type { Plan } from "./judge.ts";
import { nextSlot } from "./schedule.ts";
import { dayOf, dayStart } from "./time.ts";

/**
 * The days `from` to `to` (inclusive, since 1970) that have a slot, each with the last day on which the run of its first
 * slot may begin. null: the plan has no slots. `anchor` is an instant at which a slot of an "every" schedule lies.
 */
export function dueDaysOf(
	{ schedule, startGrace }: Pick<Plan, "schedule" | "startGrace">,
	anchor: number,
	{ from, to, zone }: { from: number; to: number; zone: string },
): Map<number, number> | null {
	if (schedule.type !== "cron" && schedule.type !== "every") return null;
	const days = new Map<number, number>();
	for (let day = from; day <= to; ) {
		const slot = nextSlot(schedule, dayStart(day, zone) - 1, anchor);
		if (slot === null) break;
		const found = dayOf(slot, zone);
		if (found > to) break;
		days.set(found, dayOf(slot + startGrace * 1000, zone));
		day = found + 1;
	}
	return days;
}
