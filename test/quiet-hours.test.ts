// Quiet hours: held until their end by the wall clock, also over midnight and in the nights when the clock jumps.
import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { quietUntil } from "../src/quiet-hours.ts";
import { parseTimestamp } from "../src/time.ts";
import { day, hour, minute } from "./alert-events.ts";

const zone = "Europe/Berlin";
const night = { from: 22 * 60, to: 7 * 60, criticalPasses: true };
const at = (text: string) => parseTimestamp(text, zone) ?? Number.NaN;
const until = (text: string, quiet = night, severity: "warning" | "critical" = "warning") =>
	quietUntil(quiet, at(text), zone, severity);

test("a message waits for the end of the night, before and after midnight", () => {
	expect(until("2026-11-23T23:30:00+01:00")).toBe(at("2026-11-24T07:00:00+01:00"));
	expect(until("2026-11-24T03:00:00+01:00")).toBe(at("2026-11-24T07:00:00+01:00"));
	expect(until("2026-11-23T22:00:00+01:00")).toBe(at("2026-11-24T07:00:00+01:00"));
	expect(until("2026-11-24T07:00:00+01:00")).toBeNull();
	expect(until("2026-11-24T12:00:00+01:00")).toBeNull();
	expect(until("2026-11-24T21:59:59+01:00")).toBeNull();
});

test("quiet hours of one day do not reach over midnight, and equal ends are none", () => {
	const nap = { from: 13 * 60, to: 15 * 60, criticalPasses: false };
	expect(until("2026-11-23T13:00:00+01:00", nap)).toBe(at("2026-11-23T15:00:00+01:00"));
	expect(until("2026-11-23T12:59:00+01:00", nap)).toBeNull();
	expect(until("2026-11-23T23:00:00+01:00", nap)).toBeNull();
	expect(until("2026-11-23T13:00:00+01:00", { ...nap, to: nap.from })).toBeNull();
	expect(quietUntil(null, 0, zone, "info")).toBeNull();
});

test("what is critical passes where that is allowed", () => {
	expect(until("2026-11-23T23:30:00+01:00", night, "critical")).toBeNull();
	expect(until("2026-11-23T23:30:00+01:00", { ...night, criticalPasses: false }, "critical")).not.toBeNull();
});

describe("in the night when the clock jumps", () => {
	test("the end is by the wall clock, an hour earlier or later", () => {
		expect((until("2026-03-28T22:00:00+01:00") ?? 0) - at("2026-03-28T22:00:00+01:00")).toBe(8 * hour);
		expect((until("2026-10-24T22:00:00+02:00") ?? 0) - at("2026-10-24T22:00:00+02:00")).toBe(10 * hour);
	});

	test("an end that is skipped is where the clock goes on", () => {
		const short = { from: 22 * 60, to: 150, criticalPasses: false };
		expect(until("2026-03-29T01:30:00+01:00", short)).toBe(at("2026-03-29T03:00:00+02:00"));
		expect(until("2026-03-29T03:00:00+02:00", short)).toBeNull();
	});

	test("an end that is repeated counts the first time, and the night does not begin anew", () => {
		const short = { from: 22 * 60, to: 150, criticalPasses: false };
		expect(until("2026-10-25T02:10:00+02:00", short)).toBe(at("2026-10-25T02:30:00+02:00"));
		expect(until("2026-10-25T02:10:00+01:00", short)).toBeNull();
	});
});

test("in every zone and at every moment, the end lies ahead, within a day, and is not quiet itself", () => {
	const zones = [
		"UTC",
		zone,
		"America/St_Johns",
		"Australia/Lord_Howe",
		"America/Santiago",
		"Africa/Cairo",
		"Asia/Kolkata",
		"Pacific/Apia",
	];
	fc.assert(
		fc.property(
			fc.constantFrom(...zones),
			fc.integer({ min: Date.UTC(2024, 0, 1) / minute, max: Date.UTC(2028, 0, 1) / minute }),
			fc.integer({ min: 0, max: 1439 }),
			fc.integer({ min: 0, max: 1439 }),
			(place, minutes, from, to) => {
				const quiet = { from, to, criticalPasses: false };
				const end = quietUntil(quiet, minutes * minute, place, "critical");
				if (end === null) return;
				expect(end).toBeGreaterThan(minutes * minute);
				expect(end).toBeLessThanOrEqual(minutes * minute + day + hour);
				expect(quietUntil(quiet, end, place, "critical")).toBeNull();
			},
		),
		{ numRuns: 3000 },
	);
});
