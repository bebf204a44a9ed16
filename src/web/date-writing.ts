// Dates as a reader's locale writes them: by Intl, which is loaded with the first page that somebody reads.
import { currentReader } from "../reader.ts";
import { zoneOffset } from "../time.ts";

export type DateShape = keyof typeof shapes;

const day = { day: "numeric", month: "short" } as const;
const clock = { hour: "numeric", minute: "2-digit" } as const;

const shapes = {
	clock: { timeStyle: "short" },
	date: day,
	dateOfYear: { ...day, year: "numeric" },
	day: { weekday: "short", ...day },
	dayOfYear: { weekday: "short", ...day, year: "numeric" },
	month: { month: "short" },
	weekday: { weekday: "short" },
	moment: { weekday: "short", ...day, ...clock },
	momentOfYear: { weekday: "short", ...day, year: "numeric", ...clock },
	exact: { weekday: "short", ...day, year: "numeric", ...clock, second: "2-digit" },
} as const satisfies Record<string, Intl.DateTimeFormatOptions>;

/** One costs half a millisecond to make and a microsecond to ask. */
const formatters = new Map<string, Intl.DateTimeFormat>();
const mostFormatters = 64;

function formatterOf(locale: string, shape: DateShape): Intl.DateTimeFormat {
	const key = `${shape} ${locale}`;
	let formatter = formatters.get(key);
	if (formatter === undefined) {
		if (formatters.size >= mostFormatters) formatters.clear();
		// Days are named in addresses and filters by the Gregorian calendar and in these digits: a page must not say others.
		const fixed = { calendar: "gregory", numberingSystem: "latn", timeZone: "UTC" } as const;
		formatter = new Intl.DateTimeFormat(locale, { ...hoursOf(locale, shapes[shape]), ...fixed });
		formatters.set(key, formatter);
	}
	return formatter;
}

/** "03:05" where a day has 24 hours, as a clock alone is written; "3:05 AM" where it has twice twelve. */
function hoursOf(locale: string, options: Intl.DateTimeFormatOptions): Intl.DateTimeFormatOptions {
	if (options.hour === undefined) return options;
	const { hour12 } = new Intl.DateTimeFormat(locale, { hour: "numeric" }).resolvedOptions();
	return hour12 ? options : { ...options, hour: "2-digit" };
}

const fromRightToLeft = /^(?:ar|fa|he|ur)\b/;

/** null where there is no reader with a locale: then it is written in plain English. */
export function writtenByLocale(at: number, zone: string, shape: DateShape): string | null {
	const { locale } = currentReader();
	if (locale === null) return null;
	// The wall clock, read as if it were UTC: one formatter serves all zones.
	const written = formatterOf(locale, shape).format(at + zoneOffset(at, zone));
	// "PM" stays with its hour.
	const text = written.replace(/(?<=\d) (?=\P{Nd}+$)/u, "\u00a0");
	// Between English words it keeps its own direction, in attributes and on a chart as well, where no element could say so.
	return fromRightToLeft.test(locale) ? `\u2068${text}\u2069` : text;
}

/** Of the language that the words of such a date are in; null: that of the page. */
export function languageOfDates(): string | null {
	const { locale } = currentReader();
	return locale === null || locale.startsWith("en") ? null : locale;
}
