// Instants on the page: relative first, the exact time with its zone on hover and in print.
import { Kept } from "../kept.ts";
import { currentReader } from "../reader.ts";
import { dayOf, dayStart, formatInstant, zoneOffset } from "../time.ts";
import { formatRelative } from "../units.ts";
import { languageOfDates, writtenByLocale } from "./date-writing.ts";
import { type Html, html } from "./html.ts";

const dayMs = 86_400_000;
const weekdays = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"];
const months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/** `zone` is that of the data. Instants are shown in the reader's, where that is another; days are always those of the data. */
export type Clock = { now: number; zone: string };

/** Where the reader wants times to be told: "my time", or that of the data. */
export function shownZone(zone: string): string {
	return currentReader().zone ?? zone;
}

/** "5 h 42 min ago"; the page's script keeps it true between two answers of the server. */
export function ago(at: number, { now, zone }: Clock): Html {
	const { locale } = currentReader();
	return html`${agoBegins.of(at, at, zone, shownZone(zone), locale)}${formatRelative(at, now)}</time>`;
}

/** "today 02:00", "Fri 20 Nov, 21:00". */
export function calendarTime(at: number, { now, zone }: Clock): Html {
	const shown = shownZone(zone);
	return calendarTimes.of(at, at, zone, shown, dayOf(now, shown), currentReader().locale);
}

export function formatCalendar(at: number, { now, zone }: Clock): string {
	const shown = shownZone(zone);
	return calendars.of(at, at, zone, shown, dayOf(now, shown), currentReader().locale);
}

// A page tells a hundred instants, most of them the same as the page before. Of the moment it is written at only the day
// matters; `_shown` and `_locale` are what is asked of the reader.
const mostTimes = 400;
const agoBegins = new Kept(mostTimes, (at: number, zone: string, _shown: string, _locale: string | null): Html => {
	return html`${timeBegins(at, zone)} data-ago>`;
});
const calendarTimes = new Kept(
	mostTimes,
	(at: number, zone: string, shown: string, today: number, _locale: string | null): Html => {
		const language = dayWord(at, shown, today) === null ? languageOfDates() : null;
		const written = writeCalendar(at, zone, shown, today);
		return html`${timeBegins(at, zone)}${language !== null && html` lang="${language}"`}>${written}</time>`;
	},
);
const calendars = new Kept(
	mostTimes,
	(at: number, zone: string, shown: string, today: number, _locale: string | null): string =>
		writeCalendar(at, zone, shown, today),
);

function timeBegins(at: number, zone: string): Html {
	return html`<time datetime="${formatInstant(at, shownZone(zone))}" title="${formatExact(at, zone)}"`;
}

function writeCalendar(at: number, zone: string, shown: string, today: number): string {
	const word = dayWord(at, shown, today);
	if (word !== null) return `${word} ${formatClock(at, zone)}`;
	const isThisYear = yearOf(at, shown) === yearOf(today * dayMs, "UTC");
	return (
		writtenByLocale(at, shown, isThisYear ? "moment" : "momentOfYear") ??
		`${weekday(at, shown)} ${formatDate(at, { now: dayStart(today, shown), zone: shown })}, ${formatClock(at, zone)}`
	);
}

/** "today, 23 Nov", "Fri 20 Nov", "Wed 1 Jul 2025": the day of an instant. */
export function formatDayAt(at: number, clock: Clock): string {
	const zone = shownZone(clock.zone);
	const word = dayWord(at, zone, dayOf(clock.now, zone));
	if (word !== null) return `${word}, ${formatDateAt(at, clock)}`;
	const isThisYear = yearOf(at, zone) === yearOf(clock.now, zone);
	const written = writtenByLocale(at, zone, isThisYear ? "day" : "dayOfYear");
	return written ?? `${weekday(at, zone)} ${formatDateAt(at, clock)}`;
}

/** "Nov", for a place with room for no more. */
export function formatMonth(at: number): string {
	return writtenByLocale(at, "UTC", "month") ?? months[new Date(at).getUTCMonth()] ?? "";
}

/** "Mon" */
export function formatWeekday(at: number): string {
	return writtenByLocale(at, "UTC", "weekday") ?? weekday(at, "UTC");
}

function dayWord(at: number, shown: string, today: number): "today" | "yesterday" | "tomorrow" | null {
	const days = today - dayOf(at, shown);
	return days === 0 ? "today" : days === 1 ? "yesterday" : days === -1 ? "tomorrow" : null;
}

/** The date of an instant: "20 Nov", with the year where it is not this one. */
export function formatDateAt(at: number, { now, zone }: Clock): string {
	return formatDate(at, { now, zone: shownZone(zone) });
}

/** The date of a day of the data, which begins at `at` in its zone: it is the same day wherever it is read. */
export function formatDate(at: number, { now, zone }: Clock): string {
	const local = localDate(at, zone);
	const isThisYear = local.getUTCFullYear() === yearOf(now, zone);
	const written = writtenByLocale(at, zone, isThisYear ? "date" : "dateOfYear");
	if (written !== null) return written.replaceAll(" ", "\u00a0");
	const text = `${local.getUTCDate()}\u00a0${months[local.getUTCMonth()]}`;
	return isThisYear ? text : `${text}\u00a0${local.getUTCFullYear()}`;
}

/** "Mon, 23 Nov 2026, 07:41:48 CET". */
export function formatExact(at: number, dataZone: string): string {
	const zone = shownZone(dataZone);
	const written = writtenByLocale(at, zone, "exact");
	if (written !== null) return `${written} ${zoneName(at, zone)}`;
	const local = localDate(at, zone);
	const seconds = String(local.getUTCSeconds()).padStart(2, "0");
	const date = `${local.getUTCDate()} ${months[local.getUTCMonth()]} ${local.getUTCFullYear()}`;
	return `${weekday(at, zone)}, ${date}, ${formatClock(at, zone)}:${seconds} ${zoneName(at, zone)}`;
}

/** "07:41" */
export function formatClock(at: number, zone: string): string {
	return formatClockIn(at, shownZone(zone));
}

/** The wall clock of this very zone, whatever zone the reader has chosen. */
export function formatClockIn(at: number, zone: string): string {
	return writtenByLocale(at, zone, "clock") ?? localDate(at, zone).toISOString().slice(11, 16);
}

/** "Europe/Berlin (CET, UTC+1)"; the same word is not said twice. */
export function formatZone(at: number, zone: string): string {
	const minutes = Math.round(zoneOffset(at, zone) / 60_000);
	const hours = Math.floor(Math.abs(minutes) / 60);
	const rest = Math.abs(minutes) % 60;
	const offset = `UTC${minutes < 0 ? "\u2212" : "+"}${hours}${rest === 0 ? "" : `:${String(rest).padStart(2, "0")}`}`;
	if (minutes === 0) return zone === "UTC" || zone === "Etc/UTC" ? "UTC" : `${zone} (${zoneName(at, zone)}, UTC)`;
	const name = zoneName(at, zone);
	return /^(?:GMT|UTC)/.test(name) ? `${zone} (${offset})` : `${zone} (${name}, ${offset})`;
}

function weekday(at: number, zone: string): string {
	return weekdays[localDate(at, zone).getUTCDay()] ?? "";
}

function yearOf(at: number, zone: string): number {
	return localDate(at, zone).getUTCFullYear();
}

/** A date whose UTC fields read like a wall clock in the zone: far cheaper than a formatter per value. */
function localDate(at: number, zone: string): Date {
	return new Date(at + zoneOffset(at, zone));
}

// Names change only with the offset: one formatter per zone, one look per offset.
const zoneNames = new Map<string, string>();
const mostNames = 256;

function zoneName(at: number, zone: string): string {
	// Asking would read all calendars.
	if (zone === "UTC") return zone;
	const key = `${zone} ${zoneOffset(at, zone)}`;
	let name = zoneNames.get(key);
	if (name === undefined) {
		// British English says CET and BST where American English says GMT+1.
		const american = /^(?:America|US|Pacific\/Honolulu)/.test(zone);
		const parts = new Intl.DateTimeFormat(american ? "en-US" : "en-GB", { timeZone: zone, timeZoneName: "short" });
		name = parts.formatToParts(at).find((part) => part.type === "timeZoneName")?.value ?? zone;
		// A reader may name any zone there is.
		if (zoneNames.size >= mostNames) zoneNames.clear();
		zoneNames.set(key, name);
	}
	return name;
}
