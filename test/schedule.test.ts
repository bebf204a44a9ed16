// Slots, above all in the nights on which clocks are changed; and what is said of a schedule that cannot be.
import { describe, expect, test } from "bun:test";
import { checkCron, checkZone, nextSlots, parseDurationText, period, slotAtOrBefore, slotOf } from "../src/schedule.ts";
import { scheduleWords } from "../src/schedule-words.ts";

const minute = 60_000;
const at = (text: string) => Date.parse(text);
const cron = (text: string, zone = "UTC") => ({ type: "cron", cron: text, zone }) as const;
const local = (instant: number, zone: string) =>
	Temporal.Instant.fromEpochMilliseconds(instant).toZonedDateTimeISO(zone).toString().slice(0, 22);
const slots = (text: string, zone: string, from: string, count: number) =>
	nextSlots(cron(text, zone), at(from), 0, count).map((slot) => local(slot, zone));

const zones = [
	"Europe/Berlin",
	"America/New_York",
	"Australia/Lord_Howe",
	"America/Santiago",
	"Africa/Cairo",
	"Asia/Tehran",
	"Pacific/Apia",
	"Asia/Kolkata",
	"Atlantic/Azores",
	"UTC",
];

/** Debian's cron, minute by minute as its main loop goes: the time it has worked off, and the time it is. */
function asDebianRuns(text: string, zone: string, from: number, to: number): number[] {
	const [minutes = "", hours = ""] = text.split(" ");
	const isWild = minutes.startsWith("*") || hours.startsWith("*");
	const wall = (instant: number) => {
		const { offsetNanoseconds } = Temporal.Instant.fromEpochMilliseconds(instant).toZonedDateTimeISO(zone);
		return (instant + offsetNanoseconds / 1e6) / minute;
	};
	const matches = (time: number) => fits(minutes, time % 60, 60) && fits(hours, Math.floor(time / 60) % 24, 24);
	const started = new Set<number>();
	let worked = wall(from - minute);
	for (let now = from; now < to; now += minute) {
		const time = wall(now);
		const ahead = time - worked;
		if (isWild) {
			if (matches(time)) started.add(now);
			worked = time;
		} else if (ahead > 180 || ahead < -180) {
			worked = time;
			if (matches(time)) started.add(now);
		} else {
			// What was skipped is run at once; what was run already waits until the clock has caught up.
			while (worked < time) if (matches(++worked)) started.add(now);
		}
	}
	return [...started];
}

function fits(field: string, value: number, size: number): boolean {
	return field.split(",").some((item) => {
		const step = /^\*(?:\/(\d+))?$/.exec(item);
		return step === null ? Number(item) % size === value : value % Number(step[1] ?? 1) === 0;
	});
}

/** The instants in some years at which a zone's clock changes. */
function changesOf(zone: string, from: number, to: number): number[] {
	const changes: number[] = [];
	let next = Temporal.Instant.fromEpochMilliseconds(from).toZonedDateTimeISO(zone).getTimeZoneTransition("next");
	while (next !== null && next.epochMilliseconds < to) {
		changes.push(next.epochMilliseconds);
		next = next.getTimeZoneTransition("next");
	}
	return changes;
}

describe("slots", () => {
	test.each(zones)("%s: fall as Debian's cron starts jobs, in the nights that change the clock too", (zone) => {
		const changes = changesOf(zone, at("2020-01-01T00:00Z"), at("2024-01-01T00:00Z"));
		const nights = changes.length === 0 ? [at("2022-03-27T01:00Z")] : changes;
		for (const text of [
			"30 2 * * *",
			"0 0 * * *",
			"15 1 * * *",
			"0,30 2,3 * * *",
			"0 */2 * * *",
			"20 * * * *",
			"*/15 2 * * *",
			"30 0 * * *",
		]) {
			for (const night of nights) {
				const from = night - 1560 * minute;
				const to = night + 1560 * minute;
				const expected = asDebianRuns(text, zone, from, to).map((slot) => local(slot, zone));
				const found = nextSlots(cron(text, zone), from - 1, 0, 400).filter((slot) => slot < to);
				expect(found.map((slot) => local(slot, zone))).toEqual(expected);
			}
		}
	});

	test("a job in the skipped hour runs once, at the gap's end", () => {
		expect(slots("30 2 * * *", "Europe/Berlin", "2026-03-28T12:00Z", 2)).toEqual([
			"2026-03-29T03:00:00+02",
			"2026-03-30T02:30:00+02",
		]);
		expect(slots("15 2 * * *", "Australia/Lord_Howe", "2026-10-03T03:00Z", 1)).toEqual(["2026-10-04T02:30:00+11"]);
		expect(slots("0 0 * * *", "America/Santiago", "2026-09-05T12:00Z", 1)).toEqual(["2026-09-06T01:00:00-03"]);
	});

	test("a job in the repeated hour runs once; one of every hour in both", () => {
		expect(slots("30 2 * * *", "Europe/Berlin", "2026-10-24T12:00Z", 2)).toEqual([
			"2026-10-25T02:30:00+02",
			"2026-10-26T02:30:00+01",
		]);
		expect(slots("30 */2 * * *", "Europe/Berlin", "2026-10-25T00:00Z", 2)).toEqual([
			"2026-10-25T02:30:00+02",
			"2026-10-25T02:30:00+01",
		]);
	});

	test("a day that a zone skips has no slot", () => {
		expect(slots("0 12 * * *", "Pacific/Apia", "2011-12-29T12:00Z", 2)).toEqual([
			"2011-12-29T12:00:00-10",
			"2011-12-31T12:00:00+14",
		]);
	});

	test("a slot is strictly after, the one before may be at the instant", () => {
		const noon = at("2026-05-01T12:00Z");
		expect(nextSlots(cron("0 12 * * *"), noon, 0, 1)).toEqual([at("2026-05-02T12:00Z")]);
		expect(slotAtOrBefore(cron("0 12 * * *"), noon, 0)).toBe(noon);
		expect(slotAtOrBefore(cron("0 0 29 2 *"), noon, 0)).toBe(at("2024-02-29T00:00Z"));
		expect(nextSlots({ type: "every", seconds: 3600 }, noon, noon - 10 * minute, 2)).toEqual([
			noon + 50 * minute,
			noon + 110 * minute,
		]);
		expect(nextSlots({ type: "age", seconds: 3600 }, noon, noon, 2)).toEqual([]);
		expect(nextSlots(cron("0 0 30 2 *"), noon, 0, 1)).toEqual([]);
	});

	test("a start a little early belongs to the slot that comes", () => {
		const start = at("2026-05-01T11:58Z");
		expect(slotOf(cron("0 12 * * *"), start, 0, 300)).toBe(at("2026-05-01T12:00Z"));
		expect(slotOf(cron("0 12 * * *"), start, 0, 60)).toBe(at("2026-04-30T12:00Z"));
	});

	test("both day fields must hold where one begins with a star, as in Debian's cron", () => {
		expect(slots("0 0 */2 * 1", "UTC", "2026-04-22T12:00Z", 2)).toEqual([
			"2026-04-27T00:00:00+00",
			"2026-05-11T00:00:00+00",
		]);
		expect(slots("0 0 13 * 5", "UTC", "2026-05-09T12:00Z", 2)).toEqual([
			"2026-05-13T00:00:00+00",
			"2026-05-15T00:00:00+00",
		]);
	});

	test("the period is the usual distance", () => {
		const now = at("2026-03-29T00:00Z");
		expect(period(cron("0 2 * * *", "Europe/Berlin"), now)).toBe(86_400);
		expect(period(cron("0 2 * * 1-5"), now)).toBe(86_400);
		expect(period(cron("0 3 * * 0"), now)).toBe(604_800);
		expect(period({ type: "every", seconds: 7 }, now)).toBe(7);
		expect(period({ type: "none" }, now)).toBeNull();
	});
});

describe("what is written in a file", () => {
	test.each(["0 2 * * *", "@daily", "*/5 * * * *", "0 0 * JAN-MAR mon", "5/10 1-5/2,7 * * 0-7", " 0  2 * * * "])(
		"%p is a schedule",
		(text) => expect(checkCron(text)).toEqual({ ok: true }),
	);

	const wrong: [string, string, string | null][] = [
		["60 2 * * *", 'The minute "60"', "0 2 * * *"],
		["0 24 * * *", 'The hour "24"', "0 0 * * *"],
		["0 2 32 * *", 'The day of the month "32"', "0 2 31 * *"],
		["0 2 * jann *", 'The month "jann"', "0 2 * jan *"],
		["0 2 * * mondey", 'The weekday "mondey"', "0 2 * * mon"],
		["0 22-2 * * *", 'The hour "22-2"', "0 22-23,0-2 * * *"],
		["*/0 * * * *", 'The minute "*/0"', "* * * * *"],
		["-5 * * * *", 'The minute "-5"', "5 * * * *"],
		["0 0 L * *", "day of the month", "0 0 28 * *"],
		["0 2 * *", "has 4 fields", "0 2 * * *"],
		["0 0 2 * * ?", "has 6 fields", "0 2 * * *"],
		["0 0 30 2 *", "never comes", "0 0 28 2 *"],
		["@dayly", "is not known here", "@daily"],
		["@every 5m", "{ every: 5m }", "*/5 * * * *"],
		["@reboot", "is not known here", null],
		["", "is empty", null],
	];
	test.each(wrong)("%p is refused with the field, what is allowed, and the nearest", (text, reason, nearest) => {
		const checked = checkCron(text);
		expect(checked).toMatchObject({ ok: false, nearest });
		expect(checked.ok ? "" : checked.reason).toContain(reason);
		if (nearest !== null) expect(checkCron(nearest)).toEqual({ ok: true });
	});

	test("no text makes the check throw, and what passes can be scheduled", () => {
		const parts = [
			"*",
			"0",
			"59",
			"60",
			"*/7",
			"1-5",
			"5-1",
			"mon",
			"L",
			"?",
			"jan",
			"1,2",
			",",
			"-",
			"/",
			"1/0",
			"x",
			"é",
		];
		for (let seed = 0; seed < 3000; seed++) {
			const text = Array.from(
				{ length: 5 },
				(_, index) => parts[(seed * (index + 3) + (seed >> index)) % parts.length],
			).join(" ");
			const checked = checkCron(text);
			if (checked.ok) expect(nextSlots(cron(text), 0, 0, 1)).toHaveLength(1);
			else if (checked.nearest !== null) expect(checkCron(checked.nearest)).toEqual({ ok: true });
		}
	});

	const wrongZones: [string, string | null][] = [
		["Europe/Berlni", "Europe/Berlin"],
		["berlin", "Europe/Berlin"],
		["New York", "America/New_York"],
		["CEST", "Europe/Berlin"],
		["UTC+2", "Etc/GMT-2"],
		["+02:00", "Etc/GMT-2"],
		["xyzzy", null],
		["", null],
	];
	test.each(wrongZones)("%p is no zone; the nearest is %p", (text, nearest) => {
		expect(checkZone(text)).toMatchObject({ ok: false, nearest });
	});

	test("a zone may be written in any case, or by an older name", () => {
		for (const zone of ["Europe/Berlin", "europe/berlin", "UTC", "US/Pacific", "Asia/Calcutta"]) {
			expect(checkZone(zone)).toEqual({ ok: true });
		}
	});

	const durations: [string, number | null][] = [
		["90s", 90],
		["5m", 300],
		["6h", 21_600],
		["3d", 259_200],
		["1h30m", 5400],
		["1h 30min", 5400],
		["2w", 1_209_600],
		["30m1h", null],
		["0s", null],
		["5", null],
		["-5m", null],
		["", null],
	];
	test.each(durations)("%p lasts %p seconds", (text, seconds) => expect(parseDurationText(text)).toBe(seconds));
});

describe("in words", () => {
	const words: [string, string][] = [
		["0 2 * * *", "daily at 02:00"],
		["@daily", "daily at 00:00"],
		["30 3 * * 0", "every Sunday at 03:30"],
		["0 22 * * 1-5", "on weekdays at 22:00"],
		["0 2 * * sat,sun", "on weekends at 02:00"],
		["15 1 * * 1,3,5", "every Monday, Wednesday and Friday at 01:15"],
		["0 2,14 * * *", "daily at 02:00 and 14:00"],
		["0 */6 * * *", "every 6 h"],
		["5 * * * *", "every hour at :05"],
		["*/15 * * * *", "every 15 min"],
		["0 4 1 * *", "on the 1st of every month at 04:00"],
		["0 2 13 * 5", "0 2 13 * 5"],
	];
	test.each(words)("%p reads %p", (text, expected) => {
		expect(scheduleWords(cron(text), "UTC").replaceAll("\u00a0", " ")).toBe(expected);
	});

	test("another zone is named; intervals and ages are durations", () => {
		expect(scheduleWords(cron("0 2 * * *", "Europe/Berlin"), "UTC")).toBe("daily at 02:00 (Europe/Berlin)");
		expect(scheduleWords({ type: "every", seconds: 21_600 }, "UTC")).toBe("every 6\u00a0h");
		expect(scheduleWords({ type: "age", seconds: 259_200 }, "UTC")).toBe("at least every 3\u00a0d");
	});
});
