// Instants and calendar days: reads the time stamps that scripts write, and knows where a day begins in a zone.

const dayMs = 86_400_000;
const minYear = 1970;
const maxYear = 2199;

// Extended (2026-01-07T02:00:00.5-08:00) and basic (20260107T020000Z) forms share the tail: fraction, offset, [Zone].
const tail = String.raw`(?:[.,](\d+))?)?)?(?:([Zz])|([+-])(\d\d)(?::?(\d\d))?)?)?(?:\[([A-Za-z0-9_+\-/]+)\])?$`;
const extended = new RegExp(String.raw`^(\d{4})-(\d\d)-(\d\d)(?:[Tt ](\d\d)(?::(\d\d)(?::(\d\d)${tail}`);
const basic = new RegExp(String.raw`^(\d{4})(\d\d)(\d\d)(?:[Tt ](\d\d)(?:(\d\d)(?:(\d\d)${tail}`);
const monthLengths = [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

/**
 * The instant a report's time stamp names, in Unix milliseconds, or null when it is not a time we may trust.
 * A stamp without offset is the wall clock of `zone`; a time that a daylight-saving night skips moves later, one that
 * it repeats is the earlier. Strict on purpose: JavaScript's own parser turns 30 February into 2 March.
 */
export function parseTimestamp(value: unknown, zone: string): number | null {
	if (typeof value === "number") return fromEpoch(value);
	if (typeof value !== "string" || value.length > 128) return null;
	return parseUsual(value) ?? parseAny(value, zone);
}

/**
 * The two shapes that nearly every script writes, without the cost of the general pattern: "2026-01-07T02:00:00-08:00"
 * and "2026-01-07T02:00:00Z". null is no verdict. Days after the 28th go the long way: the platform's parser would turn
 * 30 February into March.
 */
function parseUsual(text: string): number | null {
	const isUtc = text.length === 20 && text.charCodeAt(19) === 90;
	if (!isUtc && (text.length !== 25 || text.charCodeAt(22) !== 58)) return null;
	const shape = text.charCodeAt(4) === 45 && text.charCodeAt(7) === 45 && text.charCodeAt(10) === 84;
	if (!shape || text.charCodeAt(13) !== 58 || text.charCodeAt(16) !== 58) return null;
	const year = digits(text, 0) * 100 + digits(text, 2);
	if (!(year >= minYear && year <= maxYear)) return null;
	if (!(digits(text, 8) <= 28) || !(digits(text, 11) <= 23) || (!isUtc && !(digits(text, 20) <= 14))) return null;
	const instant = Date.parse(text);
	return Number.isNaN(instant) ? null : inRange(instant);
}

function digits(text: string, at: number): number {
	const tens = text.charCodeAt(at) - 48;
	const ones = text.charCodeAt(at + 1) - 48;
	return tens >= 0 && tens <= 9 && ones >= 0 && ones <= 9 ? tens * 10 + ones : Number.NaN;
}

function parseAny(value: string, zone: string): number | null {
	const text = value.trim();
	if (/^\d{10}(\.\d+)?$/.test(text)) return fromEpoch(Number(text));
	if (/^\d{13}$/.test(text)) return inRange(Number(text));
	const match = extended.exec(text) ?? basic.exec(text);
	return match === null ? null : fromParts(match, zone);
}

function fromEpoch(value: number): number | null {
	if (!(value >= 1e9 && value <= 1e14)) return null;
	return inRange(Math.trunc(value < 1e11 ? value * 1000 : value));
}

function fromParts(match: RegExpExecArray, zone: string): number | null {
	const year = Number(match[1]);
	const month = Number(match[2]);
	const day = Number(match[3]);
	if (year < minYear || year > maxYear || month < 1 || month > 12) return null;
	if (day < 1 || day > (monthLengths[month - 1] ?? 0)) return null;
	if (month === 2 && day === 29 && (year % 4 !== 0 || (year % 100 === 0 && year % 400 !== 0))) return null;

	const hour = Number(match[4] ?? 0);
	const minute = Number(match[5] ?? 0);
	const second = Number(match[6] ?? 0);
	const fraction = match[7] === undefined ? 0 : Number(match[7].slice(0, 3).padEnd(3, "0"));
	if (hour > 24 || minute > 59 || second > 60) return null;
	if (hour === 24 && (minute > 0 || second > 0 || fraction > 0)) return null;
	const seconds = second === 60 ? 59.999 : second + fraction / 1000;
	const wall = Date.UTC(year, month - 1, day, hour, minute) + Math.round(seconds * 1000);

	if (match[12] !== undefined && !isZone(match[12])) return null;
	if (match[8] !== undefined) return inRange(wall);
	if (match[9] !== undefined) {
		const hours = Number(match[10]);
		const minutes = Number(match[11] ?? 0);
		if (hours > 14 || minutes > 59) return null;
		const offset = (hours * 60 + minutes) * 60_000;
		return inRange(match[9] === "+" ? wall - offset : wall + offset);
	}
	return inRange(instantOf(wall, match[12] ?? zone));
}

function inRange(instant: number): number | null {
	return instant >= 0 && instant < Date.UTC(maxYear + 1, 0, 1) ? instant : null;
}

/** Whether `name` is an IANA time zone this program knows. */
export function isZone(name: string): boolean {
	// Asking would read all calendars.
	if (name === "UTC") return true;
	try {
		new Intl.DateTimeFormat("en", { timeZone: name });
		return true;
	} catch {
		return false;
	}
}

// Offsets change a few times a year, so one look per zone and UTC day is enough; both ends of a day must agree.
const offsets = new Map<string, Map<number, number>>();

/** Milliseconds that local time in `zone` is ahead of UTC at an instant. */
export function zoneOffset(instant: number, zone: string): number {
	if (zone === "UTC") return 0;
	const day = Math.floor(instant / dayMs);
	const here = offsetAtDay(day, zone);
	return here === offsetAtDay(day + 1, zone) ? here : exactOffset(instant, zone);
}

function offsetAtDay(day: number, zone: string): number {
	let days = offsets.get(zone);
	if (days === undefined) {
		if (offsets.size > 64) offsets.clear();
		days = new Map();
		offsets.set(zone, days);
	}
	let offset = days.get(day);
	if (offset === undefined) {
		if (days.size > 8192) days.clear();
		offset = exactOffset(day * dayMs, zone);
		days.set(day, offset);
	}
	return offset;
}

function exactOffset(instant: number, zone: string): number {
	return Temporal.Instant.fromEpochMilliseconds(instant).toZonedDateTimeISO(zone).offsetNanoseconds / 1e6;
}

/** The instant of a wall-clock time given as if it were UTC. Skipped times move later, repeated ones are the earlier. */
export function instantOf(wall: number, zone: string): number {
	if (zone === "UTC") return wall;
	const before = zoneOffset(wall - dayMs, zone);
	if (before === zoneOffset(wall + dayMs, zone)) return wall - before;
	return Temporal.Instant.fromEpochMilliseconds(wall)
		.toZonedDateTimeISO("UTC")
		.toPlainDateTime()
		.toZonedDateTime(zone, { disambiguation: "compatible" }).epochMilliseconds;
}

/** The calendar day of an instant in `zone`, as days since 1 January 1970. */
export function dayOf(instant: number, zone: string): number {
	return Math.floor((instant + zoneOffset(instant, zone)) / dayMs);
}

/** The instant at which a calendar day (days since 1970) begins in `zone`. */
export function dayStart(day: number, zone: string): number {
	return instantOf(day * dayMs, zone);
}

/** The same day written as "2026-01-26". */
export function formatDay(day: number): string {
	return new Date(day * dayMs).toISOString().slice(0, 10);
}

/** The Monday of a day's week; both as days since 1970, which began on a Thursday. */
export function weekOf(day: number): number {
	return day - ((((day + 3) % 7) + 7) % 7);
}

/** An instant as ISO 8601 with the zone's offset at that time, to the second: "2026-01-07T02:00:00-08:00". */
export function formatInstant(instant: number, zone: string): string {
	const offset = zoneOffset(instant, zone);
	const local = new Date(instant + offset).toISOString().slice(0, 19);
	const minutes = Math.abs(Math.round(offset / 60_000));
	const sign = offset < 0 ? "-" : "+";
	return `${local}${sign}${pad(Math.floor(minutes / 60))}:${pad(minutes % 60)}`;
}

function pad(value: number): string {
	return String(value).padStart(2, "0");
}
