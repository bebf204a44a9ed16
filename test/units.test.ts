// How numbers read: sizes, durations, ages, shares.
import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import {
	ageStep,
	formatAge,
	formatBytes,
	formatChange,
	formatCount,
	formatDuration,
	formatPercent,
	formatRate,
	formatRelative,
	formatSigned,
	percentOf,
	plural,
} from "../src/units.ts";

/** With plain spaces, so that the expectations can be read. */
const plain = (text: string | null) => text?.replaceAll("\u00a0", " ") ?? null;

describe("sizes", () => {
	const cases: [number | null, string][] = [
		[null, "\u2013"],
		[0, "0 B"],
		[999, "999 B"],
		[1000, "1.00 kB"],
		[1048576, "1.05 MB"],
		[43_400_000, "43.4 MB"],
		[999_400, "999 kB"],
		[999_600, "1.00 MB"],
		[3_740_000_000, "3.74 GB"],
		[259e9, "259 GB"],
		[1.57e12, "1.57 TB"],
		[9e18, "9.00 EB"],
		[-1500, "\u22121.50 kB"],
	];
	test.each(cases)("%p bytes read %p", (bytes, text) => {
		expect(plain(formatBytes(bytes))).toBe(text);
	});

	test("UNITS=iec counts in 1024 and says so", () => {
		expect(plain(formatBytes(1048576, { iec: true }))).toBe("1.00 MiB");
		expect(plain(formatBytes(1023, { iec: true }))).toBe("1023 B");
		expect(plain(formatBytes(1000 * 1024, { iec: true }))).toBe("1000 KiB");
	});

	test("a number never parts from its unit", () => {
		expect(formatBytes(3.74e9)).toBe("3.74\u00a0GB");
		expect(formatRate(6.4e6)).toBe("6.40\u00a0MB/s");
	});
});

describe("durations", () => {
	const cases: [number | null, string][] = [
		[null, "\u2013"],
		[Number.NaN, "\u2013"],
		[0, "0 s"],
		[0.0004, "1 ms"],
		[0.43, "430 ms"],
		[0.9999, "1 s"],
		[7.44, "7.4 s"],
		[9.97, "10 s"],
		[59.6, "1 min"],
		[1623, "27 min 3 s"],
		[3599.7, "1 h"],
		[22_380, "6 h 13 min"],
		[86_399, "1 d"],
		[212_400, "2 d 11 h"],
		[-90, "\u22121 min 30 s"],
	];
	test.each(cases)("%p seconds read %p", (seconds, text) => {
		expect(plain(formatDuration(seconds))).toBe(text);
	});
});

describe("ages", () => {
	const cases: [number, string][] = [
		[12, "12 s"],
		[59.9, "59 s"],
		[42 * 60 + 59, "42 min"],
		[5 * 3600 + 42 * 60, "5 h 42 min"],
		[9 * 3600 + 59 * 60, "9 h 59 min"],
		[10 * 3600 + 30 * 60, "10 h"],
		[47.9 * 3600, "47 h"],
		[48 * 3600, "2 d"],
		[59 * 3600, "2 d 11 h"],
		[6 * 86_400 - 1, "5 d 23 h"],
		[8.9 * 86_400, "8 d"],
	];
	test.each(cases)("%p seconds are %p", (seconds, text) => {
		expect(plain(formatAge(seconds))).toBe(text);
	});

	test("the past is ago, the future is ahead, this moment is now", () => {
		expect(plain(formatRelative(0, 20_520_000))).toBe("5 h 42 min ago");
		expect(plain(formatRelative(64_800_000, 0))).toBe("in 18 h");
		expect(plain(formatRelative(1000, 1900))).toBe("just now");
	});
});

describe("shares and changes", () => {
	test("only all is 100 % and only none is 0 %", () => {
		expect(percentOf(1999, 2000)).toBe("99.9");
		expect(percentOf(1, 9000)).toBe("0.1");
		expect(percentOf(26, 30)).toBe("86.7");
		expect(percentOf(30, 30)).toBe("100");
		expect(percentOf(0, 3)).toBe("0");
		expect(percentOf(0, 0)).toBeNull();
	});

	test("a change has a sign, a true minus, and no meaning without a past", () => {
		expect(plain(formatChange(103.2, 100))).toBe("+3.2 %");
		expect(plain(formatChange(86, 100))).toBe("\u221214 %");
		expect(plain(formatChange(100, 100))).toBe("\u00b10 %");
		expect(formatChange(5, 0)).toBeNull();
		expect(formatChange(null, 5)).toBeNull();
		expect(formatSigned(-7)).toBe("\u22127");
	});

	test("counts", () => {
		expect(formatCount(1234567)).toBe("1,234,567");
		expect(formatCount(999)).toBe("999");
		expect(plain(plural(1, "job"))).toBe("1 job");
		expect(plain(plural(2000, "day"))).toBe("2,000 days");
		expect(plain(formatPercent(0.004))).toBe("< 1 %");
	});
});

test("as long as the step of an instant is the same, so is what is said of it", () => {
	const someAge = fc.oneof(
		fc.integer({ min: -70_000, max: 70_000 }),
		fc.integer({ min: -11 * 3_600_000, max: 11 * 3_600_000 }),
		fc.integer({ min: -9 * 86_400_000, max: 9 * 86_400_000 }),
		fc.integer({ min: -1e11, max: 1e11 }),
	);
	const someLater = fc.oneof(fc.integer({ min: 0, max: 2000 }), fc.integer({ min: 0, max: 90_000_000 }));
	const at = 1_700_000_000_000;
	fc.assert(
		fc.property(someAge, someLater, (age, later) => {
			const [now, then] = [at + age, at + age + later];
			if (!Object.is(ageStep(at, now), ageStep(at, then))) return;
			expect(formatRelative(at, now)).toBe(formatRelative(at, then));
			expect(formatAge((now - at) / 1000)).toBe(formatAge((then - at) / 1000));
			expect(at <= now).toBe(at <= then);
		}),
		{ numRuns: 20_000 },
	);
});
