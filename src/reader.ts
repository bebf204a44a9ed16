// Who reads what is being written: in which locale its numbers and dates are, and in which zone its times.

/**
 * `locale` null: plain English, without Intl, as all that is no page is written. `zone` null: that of the data.
 * `isLoggedIn`: he came in by a session, and may leave.
 */
export type Reader = { locale: string | null; zone: string | null; isLoggedIn?: boolean };

/** Messages, answers of the API, exports and the command line are for no reader: they are the same for everybody. */
export const anybody: Reader = { locale: null, zone: null };

let reader = anybody;

/** The reader for whom something is written at the moment. */
export function currentReader(): Reader {
	return reader;
}

/**
 * Makes something for one reader. What a page says is written in hundreds of places, and each would have to be handed
 * the reader; forgotten in one, that one would say "1.234" beside "1,234". Only for what is made in one go: a promise
 * would come back when somebody else is read to.
 */
export function writtenFor<Made>(who: Reader, make: () => Made extends Promise<unknown> ? never : Made): Made {
	const before = reader;
	reader = who;
	try {
		return make();
	} finally {
		reader = before;
	}
}

/** From now on there is one reader: in a browser. */
export function writeFor(who: Reader): void {
	reader = who;
}

type Signs = { locale: string; decimal: string; counts: Intl.NumberFormat };

/** Latin ones for everybody: addresses, identifiers, logs and the units beside them have these. */
const digits = { numberingSystem: "latn" } as const;

/** Of the last reader: pages are made one after the other, and mostly for the same one. */
let known: Signs | null = null;

function signsOf(locale: string): Signs {
	if (known?.locale === locale) return known;
	const counts = new Intl.NumberFormat(locale, { maximumFractionDigits: 0, ...digits });
	const parts = new Intl.NumberFormat(locale, digits).formatToParts(0.5);
	known = { locale, decimal: parts.find(({ type }) => type === "decimal")?.value ?? ".", counts };
	return known;
}

/** "." or ",", as the reader writes it. */
export function decimalSign(): string {
	return reader.locale === null ? "." : signsOf(reader.locale).decimal;
}

/** A number that stands written with a point, as the reader writes it: "3.74" is "3,74" in German. */
export function withDecimalSign(written: string): string {
	return reader.locale === null ? written : written.replace(".", decimalSign());
}

/** A whole number, not negative, with its thousands apart: 12345 is "12,345", "12.345", "12 345" or "12345". */
export function grouped(count: number): string {
	if (reader.locale === null) return String(count).replace(/\B(?=(\d{3})+$)/g, ",");
	// A space that may break would part the number at the end of a line.
	return signsOf(reader.locale).counts.format(count).replaceAll(" ", "\u00a0");
}
