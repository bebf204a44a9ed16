// Quiet hours: until when a message waits, by the wall clock of the zone.
import type { Severity } from "./alert.ts";
import type { QuietHours } from "./settings.ts";
import { dayOf, instantOf, zoneOffset } from "./time.ts";

const dayMs = 86_400_000;
const minuteMs = 60_000;

/**
 * The end of the quiet hours that `now` lies in; null when a message may go now. `from` belongs to them, `to` does not;
 * both the same: never quiet. Judged by instants and not by what the clock shows: the hour that an autumn night repeats
 * would begin them anew.
 */
export function quietUntil(quiet: QuietHours | null, now: number, zone: string, severity: Severity): number | null {
	if (quiet === null || quiet.from === quiet.to) return null;
	if (severity === "critical" && quiet.criticalPasses) return null;
	const today = dayOf(now, zone);
	for (const day of [today - 1, today]) {
		const start = momentOf(day, quiet.from, zone);
		const end = momentOf(quiet.to > quiet.from ? day : day + 1, quiet.to, zone);
		if (start <= now && now < end) return end;
	}
	return null;
}

/** The first time the clock shows that minute of the day or, where a spring night skips it, a later one. */
function momentOf(day: number, minute: number, zone: string): number {
	const wall = day * dayMs + minute * minuteMs;
	const instant = instantOf(wall, zone);
	if (instant + zoneOffset(instant, zone) === wall) return instant;
	const gapEnd = Temporal.Instant.fromEpochMilliseconds(instant)
		.toZonedDateTimeISO(zone)
		.getTimeZoneTransition("previous");
	return gapEnd?.epochMilliseconds ?? instant;
}
