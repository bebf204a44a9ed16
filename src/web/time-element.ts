// Instants on the page: relative first, the exact time with its zone on hover and in print.
import { dayOf, formatInstant, zoneOffset } from "../time.ts";
import { formatRelative } from "../units.ts";
import { type Html, html } from "./html.ts";

const weekdays = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"];
const months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

export type Clock = { now: number; zone: string };

/** "5 h 42 min ago"; the page's script keeps it true between two answers of the server. */
export function ago(at: number, { now, zone }: Clock): Html {
	return html`<time datetime="${formatInstant(at, zone)}" title="${formatExact(at, zone)}" data-ago>${formatRelative(at, now)}</time>`;
}

/** "today 02:00", "Fri 20 Nov, 21:00". */
export function calendarTime(at: number, clock: Clock): Html {
	return html`<time datetime="${formatInstant(at, clock.zone)}" title="${formatExact(at, clock.zone)}">${formatCalendar(at, clock)}</time>`;
}

export function formatCalendar(at: number, { now, zone }: Clock): string {
	const days = dayOf(now, zone) - dayOf(at, zone);
	const time = formatClock(at, zone);
	if (days === 0) return `today ${time}`;
	if (days === 1) return `yesterday ${time}`;
	if (days === -1) return `tomorrow ${time}`;
	return `${weekday(at, zone)} ${formatDate(at, { now, zone })}, ${time}`;
}

/** "20 Nov", with the year where it is not this one. */
export function formatDate(at: number, { now, zone }: Clock): string {
	const local = localDate(at, zone);
	const year = local.getUTCFullYear();
	const text = `${local.getUTCDate()}\u00a0${months[local.getUTCMonth()]}`;
	return year === localDate(now, zone).getUTCFullYear() ? text : `${text}\u00a0${year}`;
}

/** "Mon, 23 Nov 2026, 07:41:48 CET". */
export function formatExact(at: number, zone: string): string {
	const local = localDate(at, zone);
	const seconds = String(local.getUTCSeconds()).padStart(2, "0");
	const date = `${local.getUTCDate()} ${months[local.getUTCMonth()]} ${local.getUTCFullYear()}`;
	return `${weekday(at, zone)}, ${date}, ${formatClock(at, zone)}:${seconds} ${zoneName(at, zone)}`;
}

/** "07:41" */
export function formatClock(at: number, zone: string): string {
	return localDate(at, zone).toISOString().slice(11, 16);
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

/** A date whose UTC fields read like a wall clock in the zone: far cheaper than a formatter per value. */
function localDate(at: number, zone: string): Date {
	return new Date(at + zoneOffset(at, zone));
}

// Names change only with the offset: one formatter per zone, one look per offset.
const zoneNames = new Map<string, string>();

function zoneName(at: number, zone: string): string {
	const key = `${zone} ${zoneOffset(at, zone)}`;
	let name = zoneNames.get(key);
	if (name === undefined) {
		// British English says CET and BST where American English says GMT+1.
		const american = /^(?:America|US|Pacific\/Honolulu)/.test(zone);
		const parts = new Intl.DateTimeFormat(american ? "en-US" : "en-GB", { timeZone: zone, timeZoneName: "short" });
		name = parts.formatToParts(at).find((part) => part.type === "timeZoneName")?.value ?? zone;
		zoneNames.set(key, name);
	}
	return name;
}
