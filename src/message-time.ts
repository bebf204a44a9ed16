// Instants as a message writes them: the wall clock of the zone, with how long ago that is.
import { zoneOffset } from "./time.ts";
import { formatRelative } from "./units.ts";

const weekdays = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"];
const months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
const dayMs = 86_400_000;

/** "Mon 23 Nov 02:00"; with the year where that is more than ten months away. Not by Intl: it costs megabytes to load. */
export function formatMoment(at: number, now: number, zone: string): string {
	const local = localOf(at, zone);
	const year = Math.abs(now - at) > 300 * dayMs ? ` ${local.getUTCFullYear()}` : "";
	const day = `${weekdays[local.getUTCDay()]} ${local.getUTCDate()} ${months[local.getUTCMonth()]}${year}`;
	return `${day} ${formatClock(at, zone)}`;
}

/** "02:00" */
export function formatClock(at: number, zone: string): string {
	return localOf(at, zone).toISOString().slice(11, 16);
}

/** "Mon 23 Nov 02:00, 5 h 42 min ago" */
export function formatMomentAndAge(at: number, now: number, zone: string): string {
	return `${formatMoment(at, now, zone)}, ${formatRelative(at, now)}`;
}

/** As short as it stays clear beside `now`: "02:00" within half a day, "Sun 02:00" within five, else the whole moment. */
export function formatNear(at: number, now: number, zone: string): string {
	const distance = Math.abs(now - at);
	if (distance < dayMs / 2) return formatClock(at, zone);
	if (distance > 5 * dayMs) return formatMoment(at, now, zone);
	return `${weekdays[localOf(at, zone).getUTCDay()]} ${formatClock(at, zone)}`;
}

/** The wall clock, to be read with the UTC getters. */
function localOf(at: number, zone: string): Date {
	return new Date(at + zoneOffset(at, zone));
}
