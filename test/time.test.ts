import { expect, test } from "bun:test";
import { dayOf, dayStart, formatDay, formatInstant, instantOf, parseTimestamp, weekOf } from "../src/time.ts";
import cases from "./fixtures/hostile/timestamps.json";

test("every recorded time stamp is the instant two independent parsers agree on, or is refused", () => {
	const wrong = cases.cases
		.map((c) => ({ ...c, got: parseTimestamp(c.input, c.tz) }))
		.filter((c) => c.got !== c.ms)
		.map((c) => `${JSON.stringify(c.input)} in ${c.tz}: ${c.got}, expected ${c.ms}`);
	expect(wrong).toEqual([]);
	expect(cases.cases.length).toBe(234);
});

test("a named zone behind the stamp reads its wall clock, and an unknown one refuses it", () => {
	expect(parseTimestamp("2026-07-07T02:00:00[Europe/Berlin]", "UTC")).toBe(Date.UTC(2026, 6, 7));
	expect(parseTimestamp("2026-07-07T02:00:00+02:00[Europe/Berlin]", "UTC")).toBe(Date.UTC(2026, 6, 7));
	expect(parseTimestamp("2026-07-07T02:00:00[Nowhere/Land]", "UTC")).toBeNull();
});

test("a day begins at local midnight, also where daylight saving skips midnight", () => {
	const zone = "America/Sao_Paulo";
	const day = dayOf(Date.UTC(2018, 10, 4, 12), zone);
	expect(formatDay(day)).toBe("2018-11-04");
	expect(new Date(dayStart(day, zone)).toISOString()).toBe("2018-11-04T03:00:00.000Z");
});

test("days, weeks and instants are written in the zone asked for", () => {
	const instant = Date.UTC(2026, 0, 26, 23, 30);
	expect(formatInstant(instant, "Europe/Berlin")).toBe("2026-01-27T00:30:00+01:00");
	expect(formatInstant(instant, "America/St_Johns")).toBe("2026-01-26T20:00:00-03:30");
	expect(formatDay(weekOf(dayOf(instant, "UTC")))).toBe("2026-01-26");
	expect(formatDay(weekOf(dayOf(Date.UTC(2026, 0, 25, 12), "UTC")))).toBe("2026-01-19");
});

test("a wall-clock time is found on both sides of a daylight-saving change", () => {
	expect(instantOf(Date.UTC(2026, 2, 28, 12), "Europe/Berlin")).toBe(Date.UTC(2026, 2, 28, 11));
	expect(instantOf(Date.UTC(2026, 2, 29, 12), "Europe/Berlin")).toBe(Date.UTC(2026, 2, 29, 10));
});

test("the written year decides, a thirteen-digit text is milliseconds, and an unknown zone refuses also behind an offset", () => {
	expect(parseTimestamp("2200-01-01T00:00:00+01:00", "UTC")).toBeNull();
	expect(parseTimestamp("1969-12-31T23:30:00-01:00", "UTC")).toBeNull();
	expect(parseTimestamp("0001000000000", "UTC")).toBe(1_000_000_000);
	expect(parseTimestamp("2026-01-07T02:00:00Z[Nope/Bad]", "UTC")).toBeNull();
	expect(parseTimestamp("2026-01-07T02:00:00Z[Europe/Berlin]", "UTC")).toBe(Date.UTC(2026, 0, 7, 2));
});
