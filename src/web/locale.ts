// Which locale a browser asks for, out of those that pages are written in: its numbers, dates and clock. Words stay English.

/** The first of a language is what stands for those of its regions that are not listed, and for the language alone. */
const supported: Record<string, readonly string[]> = {
	ar: ["EG"],
	bg: ["BG"],
	ca: ["ES"],
	cs: ["CZ"],
	da: ["DK"],
	de: ["DE", "AT", "CH"],
	el: ["GR"],
	// English of somewhere else reads as in most of the world: the day first, and 24 hours.
	en: ["GB", "US", "AU", "CA", "IE", "IN", "NZ", "ZA"],
	es: ["ES", "MX", "US"],
	et: ["EE"],
	eu: ["ES"],
	fa: ["IR"],
	fi: ["FI"],
	fr: ["FR", "BE", "CA", "CH"],
	gl: ["ES"],
	he: ["IL"],
	hi: ["IN"],
	hr: ["HR"],
	hu: ["HU"],
	id: ["ID"],
	is: ["IS"],
	it: ["IT", "CH"],
	ja: ["JP"],
	ko: ["KR"],
	lt: ["LT"],
	lv: ["LV"],
	ms: ["MY"],
	nb: ["NO"],
	nl: ["NL", "BE"],
	pl: ["PL"],
	pt: ["PT", "BR"],
	ro: ["RO"],
	ru: ["RU"],
	sk: ["SK"],
	sl: ["SI"],
	sr: ["RS"],
	sv: ["SE", "FI"],
	th: ["TH"],
	tr: ["TR"],
	uk: ["UA"],
	vi: ["VN"],
	zh: ["CN", "TW", "HK"],
};

/** What CLDR says of a language without a region, where it is not the first above; and old names. */
const likely: Record<string, string> = { en: "en-US", pt: "pt-BR", no: "nb-NO", nn: "nb-NO", iw: "he-IL", in: "id-ID" };

export const locales: readonly string[] = Object.entries(supported).flatMap(([language, regions]) =>
	regions.map((region) => `${language}-${region}`),
);

const mostRead = 512;
const mostRanges = 20;

/**
 * The best of what a browser accepts, or null: nothing is asked for, or nothing that is known, or it cannot be read.
 * So there are as many different pages as locales above, whatever is sent.
 */
export function localeOf(acceptLanguage: string | null): string | null {
	if (acceptLanguage === null || acceptLanguage.length > mostRead) return null;
	let best: string | null = null;
	let bestWeight = 0;
	for (const range of acceptLanguage.split(",", mostRanges)) {
		const parsed = parseRange(range);
		if (parsed === null || parsed.weight <= bestWeight) continue;
		const found = lookUp(parsed.tag);
		if (found === null) continue;
		best = found;
		bestWeight = parsed.weight;
	}
	return best;
}

const rangePattern = /^\s*([a-z]{2,3}(?:-[a-z\d]{1,8}){0,4})\s*(?:;\s*q\s*=\s*(0(?:\.\d{0,3})?|1(?:\.0{0,3})?)\s*)?$/i;

function parseRange(range: string): { tag: string; weight: number } | null {
	const [, tag, weight = "1"] = rangePattern.exec(range) ?? [];
	return tag === undefined ? null : { tag, weight: Number(weight) };
}

/** RFC 4647's lookup: what is more exact than we know is cut off from its end. */
function lookUp(tag: string): string | null {
	const [language = "", ...rest] = tag.toLowerCase().split("-");
	const regions = supported[language];
	if (regions === undefined) return likely[language] ?? null;
	const region = rest.find((part) => /^(?:[a-z]{2}|\d{3})$/.test(part))?.toUpperCase();
	if (region === undefined) {
		if (language === "zh" && rest[0] === "hant") return "zh-TW";
		return likely[language] ?? `${language}-${regions[0]}`;
	}
	// Latin America together.
	if (language === "es" && region === "419") return "es-MX";
	return `${language}-${regions.includes(region) ? region : regions[0]}`;
}
