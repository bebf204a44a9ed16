// Times on the page name their zone, and days are those of the zone.
import { describe, expect, test } from "bun:test";
import { ago, formatCalendar, formatExact, formatZone } from "../../src/web/time-element.ts";

const now = Date.parse("2026-11-23T06:42:00Z");
const clock = { now, zone: "Europe/Berlin" };
const plain = (text: string) => text.replaceAll("\u00a0", " ");

describe("times", () => {
	test("are relative first, exact on hover", () => {
		expect(plain(ago(now - 20_520_000, clock).text)).toBe(
			'<time datetime="2026-11-23T02:00:00+01:00" title="Mon, 23 Nov 2026, 02:00:00 CET" data-ago>5 h 42 min ago</time>',
		);
	});

	const cases: [string, string][] = [
		["2026-11-23T01:00:00Z", "today 02:00"],
		["2026-11-22T22:59:00Z", "yesterday 23:59"],
		["2026-11-22T23:00:00Z", "today 00:00"],
		["2026-11-24T01:00:00Z", "tomorrow 02:00"],
		["2026-11-20T20:00:00Z", "Fri 20 Nov, 21:00"],
		["2025-07-01T00:00:00Z", "Tue 1 Jul 2025, 02:00"],
	];
	test.each(cases)("%s is %s in Berlin", (at, text) => {
		expect(plain(formatCalendar(Date.parse(at), clock))).toBe(text);
	});

	test("summer and winter carry their own name", () => {
		expect(formatExact(Date.parse("2026-07-01T00:00:00Z"), "Europe/Berlin")).toBe("Wed, 1 Jul 2026, 02:00:00 CEST");
		expect(formatExact(Date.parse("2026-01-07T10:00:00Z"), "America/Los_Angeles")).toBe(
			"Wed, 7 Jan 2026, 02:00:00 PST",
		);
	});

	const zones: [string, string][] = [
		["Europe/Berlin", "Europe/Berlin (CET, UTC+1)"],
		["UTC", "UTC"],
		["Asia/Kolkata", "Asia/Kolkata (UTC+5:30)"],
		["America/New_York", "America/New_York (EST, UTC\u22125)"],
	];
	test.each(zones)("the footer names %s", (zone, text) => {
		expect(formatZone(now, zone)).toBe(text);
	});
});
