// For whom a page is made: what a request says of its reader's locale and zone.
import type { Reader } from "../reader.ts";
import { isZone } from "../time.ts";
import { cookieOf } from "./forms.ts";
import { fragmentVary } from "./fragment.ts";
import { localeOf } from "./locale.ts";

/** Every page differs by these: its encoding, the theme and zone in cookies, the locale, and whether it is a fragment. */
export const pageVary = `Accept-Encoding, Accept-Language, Cookie, ${fragmentVary}`;

/** The zone that a reader has chosen instead of the server's, as "my time". */
export const zoneCookie = "zone";

const loggedIn = new WeakSet<Request>();

/** Of a request that came in by a session: its pages have a way out. */
export function markLoggedIn(request: Request): void {
	loggedIn.add(request);
}

export function readerOf(request: Request): Reader {
	return {
		locale: localeOf(request.headers.get("accept-language")),
		zone: parseZone(cookieOf(request, zoneCookie)),
		isLoggedIn: loggedIn.has(request),
	};
}

// A zone is asked for with every page of its reader; to look it up loads what is known of all zones.
const zones = new Map<string, string | null>();
const mostZones = 64;

/** null for what is no zone, and for "": then times are the server's. */
export function parseZone(value: string | null): string | null {
	if (value === null || !/^[A-Za-z][A-Za-z0-9_+\-/]{1,63}$/.test(value)) return null;
	let zone = zones.get(value);
	if (zone === undefined) {
		zone = isZone(value) ? value : null;
		if (zones.size >= mostZones) zones.clear();
		zones.set(value, zone);
	}
	return zone;
}

/** Readers with the same key are shown the same. */
export function readerKey({ locale, zone, isLoggedIn }: Reader): string {
	return `${locale ?? ""} ${zone ?? ""}${isLoggedIn ? " in" : ""}`;
}
