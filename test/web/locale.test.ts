// A page's numbers, dates and clock are written as the browser's locale writes them; its words, and all that is no page,
// stay as they are.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Reader, writtenFor } from "../../src/reader.ts";
import {
	formatBytes,
	formatChange,
	formatCount,
	formatDuration,
	formatRate,
	formatSigned,
	percentOf,
} from "../../src/units.ts";
import { localeOf, locales } from "../../src/web/locale.ts";
import {
	formatCalendar,
	formatClock,
	formatDate,
	formatDayAt,
	formatExact,
	formatMonth,
	formatWeekday,
} from "../../src/web/time-element.ts";
import { cleanUp, makeFolder } from "../binary.ts";
import { openApp, type TestApp } from "./app.ts";
import { sampleLines, sampleNow } from "./sample.ts";

afterAll(cleanUp);

/** Which space it is matters, so each is written as a sign: · no-break, ‧ narrow no-break. */
const spaced = (text: string | null) => text?.replaceAll("\u00a0", "·").replaceAll("\u202f", "‧") ?? null;

function read(locale: string | null, make: () => string | null, zone: string | null = null): string | null {
	const reader: Reader = { locale, zone };
	return spaced(writtenFor<string | null>(reader, make));
}

describe("the locale of a request", () => {
	const cases: [header: string | null, locale: string | null][] = [
		["de-DE,de;q=0.9,en;q=0.8", "de-DE"],
		["en-US,en;q=0.9", "en-US"],
		["en-GB", "en-GB"],
		["en", "en-US"],
		// English of a country that is not listed: day first and 24 hours, as most of them.
		["en-DE", "en-GB"],
		["de-LU", "de-DE"],
		["de-CH-1996", "de-CH"],
		["DE-at", "de-AT"],
		["zh-Hant-TW,zh;q=0.5", "zh-TW"],
		["zh-Hant", "zh-TW"],
		["zh-Hans-SG", "zh-CN"],
		["pt", "pt-BR"],
		["es-419", "es-MX"],
		["no", "nb-NO"],
		["fr;q=0.4, ja;q=0.7, de;q=0.1", "ja-JP"],
		["de;q=0, fr;q=0.1", "fr-FR"],
		["tlh, xx-YY;q=0.9, sv;q=0.2", "sv-SE"],
		["ar-u-nu-arab", "ar-EG"],
		// What is no language, or asks for none that is known.
		[null, null],
		["", null],
		["*", null],
		["tlh", null],
		["de;q=2", null],
		["de;q=x", null],
		["../../etc/passwd", null],
		["constructor,__proto__,toString", null],
		["de_DE", null],
		["\u0000de", null],
		[`${"a-".repeat(5000)}`, null],
		[`${"xx,".repeat(160)}de`, null],
		[`de,${"x".repeat(600)}`, null],
	];
	test.each(cases)("%p is %p", (header, locale) => {
		expect(localeOf(header)).toBe(locale);
	});

	test("each that may be chosen is one that Intl has", () => {
		expect(Intl.DateTimeFormat.supportedLocalesOf([...locales])).toEqual([...locales]);
		expect(Intl.NumberFormat.supportedLocalesOf([...locales])).toEqual([...locales]);
		expect(locales.length).toBeLessThan(80);
	});
});

describe("numbers", () => {
	type Row = [locale: string | null, size: string, count: string, share: string, duration: string, change: string];
	const rows: Row[] = [
		[null, "3.74·GB", "1,234,567", "99.9", "7.4·s", "+3.2·%"],
		["en-US", "3.74·GB", "1,234,567", "99.9", "7.4·s", "+3.2·%"],
		["en-GB", "3.74·GB", "1,234,567", "99.9", "7.4·s", "+3.2·%"],
		["de-DE", "3,74·GB", "1.234.567", "99,9", "7,4·s", "+3,2·%"],
		["de-CH", "3.74·GB", "1'234'567", "99.9", "7.4·s", "+3.2·%"],
		["fr-FR", "3,74·GB", "1‧234‧567", "99,9", "7,4·s", "+3,2·%"],
		["sv-SE", "3,74·GB", "1·234·567", "99,9", "7,4·s", "+3,2·%"],
		["en-IN", "3.74·GB", "12,34,567", "99.9", "7.4·s", "+3.2·%"],
		// Latin digits everywhere: addresses, identifiers and logs beside them have these.
		["ar-EG", "3.74·GB", "1,234,567", "99.9", "7.4·s", "+3.2·%"],
		["fa-IR", "3.74·GB", "1,234,567", "99.9", "7.4·s", "+3.2·%"],
		["ja-JP", "3.74·GB", "1,234,567", "99.9", "7.4·s", "+3.2·%"],
	];
	test.each(rows)("%p: %p, %p, %p %%, %p, %p", (locale, size, count, share, duration, change) => {
		expect(read(locale, () => formatBytes(3.74e9))).toBe(size);
		expect(read(locale, () => formatCount(1234567))).toBe(count);
		expect(read(locale, () => percentOf(1999, 2000))).toBe(share);
		expect(read(locale, () => formatDuration(7.4))).toBe(duration);
		expect(read(locale, () => formatChange(103.2, 100))).toBe(change);
	});

	test("units, signs and what is whole are the same for everybody", () => {
		for (const locale of [null, ...locales]) {
			expect(read(locale, () => formatBytes(999))).toBe("999·B");
			expect(read(locale, () => formatDuration(1623))).toBe("27·min·3·s");
			expect(read(locale, () => formatSigned(-7))).toBe("\u22127");
			expect(read(locale, () => formatBytes(148e9))).toBe("148·GB");
			// Three digits and a decimal sign are never taken for thousands.
			expect(read(locale, () => formatBytes(1.05e6, { iec: true }))).toMatch(/^1[.,]00·MiB$/);
			expect(read(locale, () => formatRate(6.4e6))).toMatch(/^6[.,]40·MB\/s$/);
		}
	});
});

const now = Date.parse("2026-11-23T06:42:00Z");
const clock = { now, zone: "Europe/Berlin" };

describe("dates", () => {
	const friday = Date.parse("2026-11-20T20:05:03Z");
	const lastYear = Date.parse("2025-07-01T00:00:00Z");
	type Row = [locale: string | null, moment: string, clock: string, date: string, exact: string];
	const rows: Row[] = [
		[null, "Fri 20·Nov, 21:05", "21:05", "1·Jul·2025", "Fri, 20 Nov 2026, 21:05:03 CET"],
		["en-GB", "Fri 20 Nov, 21:05", "21:05", "1·Jul·2025", "Fri, 20 Nov 2026, 21:05:03 CET"],
		["en-US", "Fri, Nov 20, 9:05·PM", "9:05·PM", "Jul·1,·2025", "Fri, Nov 20, 2026, 9:05:03·PM CET"],
		["de-DE", "Fr., 20. Nov., 21:05", "21:05", "1.·Juli·2025", "Fr., 20. Nov. 2026, 21:05:03 CET"],
		["fr-FR", "ven. 20 nov., 21:05", "21:05", "1·juil.·2025", "ven. 20 nov. 2026, 21:05:03 CET"],
		["ja-JP", "11月20日(金) 21:05", "21:05", "2025年7月1日", "2026年11月20日(金) 21:05:03 CET"],
		// Isolated: the words around it are read from left to right.
		[
			"ar-EG",
			"\u2068الجمعة، 20 نوفمبر، 9:05·م\u2069",
			"\u20689:05·م\u2069",
			"\u20681·يوليو·2025\u2069",
			"\u2068الجمعة، 20 نوفمبر 2026، 9:05:03·م\u2069 CET",
		],
	];
	test.each(rows)("%p: %p", (locale, moment, time, date, exact) => {
		expect(read(locale, () => formatCalendar(friday, clock))).toBe(moment);
		expect(read(locale, () => formatClock(friday, clock.zone))).toBe(time);
		expect(read(locale, () => formatDate(lastYear, clock))).toBe(date);
		expect(read(locale, () => formatExact(friday, clock.zone))).toBe(exact);
	});

	test("years are Gregorian and digits Latin in every locale, as in the addresses of the page", () => {
		for (const locale of locales) {
			const text = read(locale, () => formatExact(friday, clock.zone)) ?? "";
			expect([locale, /\b20(?!26)/.test(text) && text.includes("2026") && /\D05\D+03/.test(text)]).toEqual([
				locale,
				true,
			]);
		}
	});

	test("near days are words of the page", () => {
		expect(read("de-DE", () => formatCalendar(Date.parse("2026-11-22T01:00:00Z"), clock))).toBe("yesterday 02:00");
		expect(read("en-US", () => formatCalendar(Date.parse("2026-11-23T01:00:00Z"), clock))).toBe("today 2:00·AM");
		const early = Date.parse("2026-11-20T01:00:00Z");
		expect(read("en-GB", () => formatCalendar(early, clock))).toBe("Fri 20 Nov, 02:00");
		expect(read("de", () => formatCalendar(early, clock))).toContain("02:00");
		expect(read("de-DE", () => formatDayAt(friday, clock))).toBe("Fr., 20. Nov.");
		expect(read("en-US", () => formatDayAt(friday, clock))).toBe("Fri, Nov 20");
		expect(read("en-US", () => formatDayAt(lastYear, clock))).toBe("Tue, Jul 1, 2025");
		expect(read(null, () => formatDayAt(lastYear, clock))).toBe("Tue 1·Jul·2025");
		expect(read("en-US", () => formatDayAt(now, clock))).toBe("today, Nov·23");
		expect(["de-DE", "fr-FR", null].map((locale) => read(locale, () => formatWeekday(4 * 86_400_000)))).toEqual([
			"Mo",
			"lun.",
			"Mon",
		]);
		expect(["de-DE", "ja-JP", null].map((locale) => read(locale, () => formatMonth(now)))).toEqual([
			"Nov",
			"11月",
			"Nov",
		]);
	});

	test("a reader's own zone moves instants, and never a day of the data", () => {
		const zone = "America/New_York";
		expect(read(null, () => formatCalendar(friday, clock), zone)).toBe("Fri 20·Nov, 15:05");
		expect(read("en-US", () => formatExact(friday, clock.zone), zone)).toBe("Fri, Nov 20, 2026, 3:05:03·PM EST");
		// Midnight in Berlin is yesterday evening in New York: "today" is the reader's.
		expect(read(null, () => formatCalendar(Date.parse("2026-11-22T23:30:00Z"), clock), zone)).toBe("yesterday 18:30");
		expect(read(null, () => formatDate(Date.parse("2026-11-19T23:00:00Z"), clock), zone)).toBe("20·Nov");
	});
});

describe("pages", () => {
	let opened: TestApp;
	beforeAll(async () => {
		const dataDir = makeFolder();
		writeFileSync(join(dataDir, "metrics.jsonl"), `${sampleLines().join("\n")}\n`);
		opened = await openApp(dataDir, () => sampleNow, { RETENTION_DAYS: "36500", TZ: "Europe/Berlin" });
	});
	afterAll(async () => {
		await opened.monitor.stop();
	});

	const page = async (path: string, headers: Record<string, string> = {}) => {
		const response = await opened.get(path, headers);
		return { response, text: spaced(await response.text()) ?? "" };
	};
	const german = { "accept-language": "de-DE,de;q=0.9,en;q=0.8" };

	test("are in the locale asked for, each with a tag of its own, and say that they differ by it", async () => {
		const plain = await page("/");
		const de = await page("/", german);
		const us = await page("/", { "accept-language": "en-US" });
		expect(plain.text.includes("41.3·GB")).toBe(true);
		expect(plain.text.includes("data-locale")).toBe(false);
		expect(de.text.includes("41,3·GB")).toBe(true);
		expect(/<html[^>]*>/.exec(de.text)?.[0]).toBe('<html lang="en" data-locale="de-DE">');
		expect(de.text.match(/\d\.\d+·(?:[kMGT]B|s\b|%)/g)).toBeNull();
		expect(us.text.match(/>today \d+:00·[AP]M</g)?.length).toBeGreaterThan(3);
		const tags = [plain, de, us].map(({ response }) => response.headers.get("etag"));
		expect(new Set(tags).size).toBe(3);
		for (const { response } of [plain, de, us]) expect(response.headers.get("vary")).toContain("Accept-Language");
		const again = await opened.get("/", { ...german, "if-none-match": tags[1] ?? "" });
		expect(again.status).toBe(304);
		expect(again.headers.get("vary")).toContain("Accept-Language");
		expect((await opened.get("/", { "accept-language": "fr", "if-none-match": tags[1] ?? "" })).status).toBe(200);
	});

	test("of every kind are written so, the pieces for a refresh too", async () => {
		for (const path of ["/", "/runs", "/jobs/photos", "/alerts", "/restore", "/inventory", "/settings", "/setup"]) {
			const { response, text } = await page(path, german);
			expect([path, response.status]).toEqual([path, 200]);
			expect([path, text.match(/[^v\d.]\d+\.\d+·(?:[kMGT]B|s|%)/g)]).toEqual([path, null]);
			const piece = await page(path, { ...german, "hx-request": "true" });
			expect([path, piece.text.match(/[^v\d.]\d+\.\d+·(?:[kMGT]B|s|%)/g)]).toEqual([path, null]);
			expect([path, response.headers.get("vary")?.includes("Accept-Language")]).toEqual([path, true]);
		}
	});

	test("mark the words of another language where they stand", async () => {
		const { text } = await page("/runs", { "accept-language": "fr-FR" });
		expect(text).toMatch(/janv\./);
		const job = await page("/jobs/photos", { "accept-language": "fr-FR" });
		expect(job.text).toMatch(/<time [^>]*lang="fr-FR">[a-z]{3}\. \d+ janv\./);
	});

	test("tell every byte of a size on hover, thousands apart as the reader has them", async () => {
		for (const path of ["/", "/runs", "/jobs/photos"]) {
			const { text } = await page(path, german);
			expect([path, text.includes('title="41.290.000.000·bytes">41,3·GB<')]).toEqual([path, true]);
		}
		const { text } = await page("/runs");
		expect(text.includes('<data value="41290000000" title="41,290,000,000·bytes">41.3·GB</data>')).toBe(true);
	});

	test("the sentence on top is in English in every locale", async () => {
		const heading = (text: string) => /<h1[^>]*>(.*?)<\/h1>/s.exec(text)?.[1];
		const plain = heading((await page("/")).text);
		expect(plain).toContain("</a> ended with a warning");
		for (const locale of ["de-DE", "fr-FR", "ar", "ja"]) {
			expect(heading((await page("/", { "accept-language": locale })).text)).toBe(plain);
		}
	});

	test("whatever else is answered is the same for everybody", async () => {
		for (const path of [
			"/api/jobs",
			"/api/runs",
			"/api/metrics",
			"/api/summary",
			"/metrics",
			"/api/alerts",
			"/api/export.csv",
		]) {
			const plain = await opened.get(path);
			const de = await opened.get(path, german);
			expect([path, await de.text()]).toEqual([path, await plain.text()]);
			expect([path, de.headers.get("vary")?.includes("Accept-Language") ?? false]).toEqual([path, false]);
		}
	});

	test("a hostile header gets the plain page", async () => {
		const plain = (await page("/")).text;
		for (const value of ["de;q=9", "a".repeat(4000), "x,".repeat(2000), "__proto__", "*", "<script>", "de\u00e4"]) {
			expect([value.slice(0, 9), (await page("/", { "accept-language": value })).text === plain]).toEqual([
				value.slice(0, 9),
				true,
			]);
		}
	});

	test("the zone that a reader has chosen is that of all instants; what is no zone is not taken", async () => {
		const { text } = await page("/runs", { cookie: "zone=America/New_York" });
		expect(text).toContain(
			"Times in America/New_York (EST, UTC\u22125); days, and times within sentences, in Europe/Berlin (CET, UTC+1)",
		);
		expect(text).toMatch(/value="America\/New_York" aria-pressed="true">my time/);
		expect(text).toContain('title="Fri, 30 Jan 2026, 21:00:00 EST"');
		const plain = await page("/runs");
		expect(plain.text).toContain("Times in Europe/Berlin (CET, UTC+1)<");
		expect(plain.text).toContain('title="Sat, 31 Jan 2026, 03:00:00 CET"');
		for (const zone of ["Mars/Olympus", "<script>", "../../x", "", "x".repeat(3000)]) {
			expect((await page("/runs", { cookie: `zone=${zone}` })).text).toBe(plain.text);
		}
	});

	test("the choice is kept by a cookie and leads back to the page it was made on", async () => {
		const choose = (zone: string) =>
			opened.app.fetch(
				new Request("http://localhost:5001/zone", {
					method: "POST",
					headers: {
						host: "localhost:5001",
						"content-type": "application/x-www-form-urlencoded",
						referer: "http://localhost:5001/runs?job=photos",
					},
					body: new URLSearchParams({ zone }),
				}),
			);
		const mine = await choose("America/New_York");
		expect([mine.status, mine.headers.get("location")]).toEqual([303, "/runs?job=photos"]);
		expect(mine.headers.get("set-cookie")).toBe("zone=America/New_York; Path=/; Max-Age=31536000; SameSite=Strict");
		expect((await choose("")).headers.get("set-cookie")).toContain("zone=; Path=/; Max-Age=0");
		expect((await choose("no such; zone")).headers.get("set-cookie")).toContain("zone=; Path=/; Max-Age=0");
	});
});
