// Which time zone somebody meant who wrote one that does not exist.
import { editDistance } from "./edit-distance.ts";
import { isZone } from "./time.ts";

/** Abbreviations are no zones (IST is three of them); the place most likely meant where one is written. */
const abbreviations: Record<string, string> = {
	cest: "Europe/Berlin",
	mez: "Europe/Berlin",
	mesz: "Europe/Berlin",
	bst: "Europe/London",
	ist: "Asia/Kolkata",
	west: "Europe/Lisbon",
	eest: "Europe/Athens",
	msk: "Europe/Moscow",
	edt: "America/New_York",
	cdt: "America/Chicago",
	cst: "America/Chicago",
	mdt: "America/Denver",
	pst: "America/Los_Angeles",
	pdt: "America/Los_Angeles",
	akst: "America/Anchorage",
	brt: "America/Sao_Paulo",
	jst: "Asia/Tokyo",
	kst: "Asia/Seoul",
	sgt: "Asia/Singapore",
	hkt: "Asia/Hong_Kong",
	aest: "Australia/Sydney",
	aedt: "Australia/Sydney",
	awst: "Australia/Perth",
	nzst: "Pacific/Auckland",
	nzdt: "Pacific/Auckland",
	utc0: "UTC",
	zulu: "UTC",
	z: "UTC",
};

export function zoneExists(name: string): boolean {
	// A fixed offset ("+02:00") is a zone to the platform, but not one whose clocks change: it is refused with its place.
	return /^[A-Za-z]/.test(name) && name.length <= 64 && isZone(name);
}

export function nearestZone(text: string): string | null {
	const wanted = text
		.trim()
		.toLowerCase()
		.replaceAll(/[\s-]+/g, "_");
	const abbreviated = abbreviations[wanted];
	if (abbreviated !== undefined) return abbreviated;
	const offset = /^(?:utc|gmt)?([+-])0?(\d{1,2})(?::?00)?$/.exec(text.trim().toLowerCase());
	if (offset !== null) {
		// Etc's signs are the other way round: Etc/GMT-2 is two hours ahead.
		const name = Number(offset[2]) === 0 ? "UTC" : `Etc/GMT${offset[1] === "+" ? "-" : "+"}${Number(offset[2])}`;
		return isZone(name) ? name : null;
	}
	return closest(wanted);
}

function closest(wanted: string): string | null {
	if (wanted.length < 3 || wanted.length > 64) return null;
	let best: string | null = null;
	let least = Math.max(2, Math.floor(wanted.length / 3)) + 1;
	for (const zone of ["UTC", ...Intl.supportedValuesOf("timeZone")]) {
		const name = zone.toLowerCase();
		const place = name.slice(name.lastIndexOf("/") + 1);
		// "Berlin" alone names a place as well as the whole name does; after a slip in the name it counts a little more.
		const alone = wanted.slice(wanted.lastIndexOf("/") + 1);
		const distance = Math.min(editDistance(wanted, name), editDistance(alone, place) + (wanted === alone ? 0 : 1));
		if (distance < least) {
			least = distance;
			best = zone;
		}
	}
	return best;
}
