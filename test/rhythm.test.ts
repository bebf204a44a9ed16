// The rhythm that starts show: with runs by hand, missed and late ones in between, and over the clock's changes.
import { heapStats } from "bun:jsc";
import { describe, expect, test } from "bun:test";
import { learnRhythm } from "../src/rhythm.ts";

const zone = "Europe/Berlin";
const minute = 60_000;
const hour = 60 * minute;

/** The instant of a wall-clock time, so many days after a Friday in spring. */
function on(day: number, clock: string, offset = 0): number {
	const date = Temporal.PlainDate.from("2026-03-20").add({ days: day });
	return Temporal.PlainDateTime.from(`${date}T${clock}`).toZonedDateTime(zone).epochMilliseconds + offset;
}

const days = (count: number, start: (day: number) => number) => Array.from({ length: count }, (_, day) => start(day));

function liveArrays(): number {
	Bun.gc(true);
	return heapStats().objectTypeCounts.Array ?? 0;
}

function learned(starts: number[]) {
	const rhythm = learnRhythm(starts, zone);
	if (rhythm === null) return null;
	const { schedule, words } = rhythm;
	return [schedule.type === "cron" ? schedule.cron : schedule.seconds, words.replaceAll("\u00a0", " ")];
}

const nights = (count: number, from = 0, clock = "02:00") => days(count, (day) => on(day + from, clock, 4000));
const weekday = (day: number) => (day + 5) % 7;

describe("a rhythm", () => {
	const cases: [string, number[], (string | number)[] | null][] = [
		["is learned from three nights", nights(3), ["0 2 * * *", "daily at 02:00"]],
		["is not learned from two", nights(2), null],
		["keeps its hour over the clock's change", nights(20), ["0 2 * * *", "daily at 02:00"]],
		["is found in the hour that is skipped", nights(20, 0, "02:30"), ["30 2 * * *", "daily at 02:30"]],
		["may be weekly", days(3, (week) => on(week * 7 + 2, "03:30")), ["30 3 * * 0", "every Sunday at 03:30"]],
		[
			"may leave out weekends",
			days(20, (day) => day)
				.filter((day) => weekday(day) > 0 && weekday(day) < 6)
				.map((day) => on(day, "22:00")),
			["0 22 * * 1-5", "on weekdays at 22:00"],
		],
		[
			"may be monthly",
			[12, 42, 73, 103].map((day) => on(day, "04:00")),
			["0 4 1 * *", "on the 1st of every month at 04:00"],
		],
		[
			"may be several times a day",
			days(20, (run) => on(Math.floor(run / 4) + 20, `${["00", "06", "12", "18"][run % 4]}:00`)),
			["0 */6 * * *", "every 6 h"],
		],
		[
			"may be uneven times",
			days(18, (run) => on(Math.floor(run / 3) + 20, `${["08", "12", "20"][run % 3]}:00`)),
			["0 8,12,20 * * *", "daily at 08:00, 12:00 and 20:00"],
		],
		[
			"may be a timer that drifts",
			days(20, (run) => on(20, "00:03") + run * (6 * hour + 4 * minute)),
			[21_840, "every 6 h 4 min"],
		],
		["may be half-hourly", days(20, (run) => on(20, "00:03") + run * 30 * minute), [1800, "every 30 min"]],
		["may be every second day", days(8, (run) => on(run * 2, "02:00")), [172_800, "every 2 d"]],
		[
			"is not seen in chance",
			days(16, (day) => on(day * 2, `${String((day * 7 + 3) % 24).padStart(2, "0")}:${((day * 13) % 50) + 10}`)),
			null,
		],
		["is not seen in three tries of one afternoon", [on(0, "14:00"), on(0, "14:20"), on(0, "14:45")], null],
	];
	test.each(cases)("%s", (_, starts, expected) => expect(learned(starts)).toEqual(expected));

	test("outlasts runs by hand", () => {
		const byHand = [on(4, "10:13"), on(6, "17:40"), on(9, "12:21"), on(11, "20:05"), on(11, "20:15")];
		expect(learned([...nights(14), ...byHand])).toEqual(["0 2 * * *", "daily at 02:00"]);
		expect(learned([...nights(6), on(5, "14:00"), on(5, "15:00"), on(5, "16:00")])).toEqual([
			"0 2 * * *",
			"daily at 02:00",
		]);
	});

	test("outlasts nights that were missed, a late one, and a month off", () => {
		expect(learned(nights(20).filter((_, day) => ![3, 7, 8, 15].includes(day)))).toEqual([
			"0 2 * * *",
			"daily at 02:00",
		]);
		expect(learned(nights(12).map((start, day) => (day === 6 ? start + 5 * hour : start)))?.[0]).toBe("0 2 * * *");
		expect(learned([...nights(8), ...nights(6, 40)])?.[0]).toBe("0 2 * * *");
	});

	test("is given up after three runs of another", () => {
		expect(learned([...nights(20), ...nights(3, 20, "14:00")])?.[0]).toBe("0 14 * * *");
		expect(learned([...nights(20), ...nights(3, 20, "04:00")])?.[0]).toBe("0 4 * * *");
		expect(learned([...nights(17), ...days(3, (week) => on(week * 7 + 23, "02:00"))])?.[0]).toBe("0 2 * * 0");
	});

	test("is told with its spread, and its grace comes from it", () => {
		const spread = learnRhythm(
			days(20, (day) => on(day, "02:00", ((day * 7) % 13) * minute)),
			zone,
		);
		expect(spread?.words.replaceAll("\u00a0", " ")).toMatch(/^daily at 02:0[05] ± \d+ min$/);
		expect(spread?.startGrace).toBeGreaterThanOrEqual(1800);
		expect(learnRhythm(nights(20), zone)?.startGrace).toBe(1800);
		// Few runs show little of the spread.
		expect(learnRhythm(nights(3), zone)?.startGrace).toBe(7200);
		const wide = learnRhythm(
			days(20, (day) => on(day, "02:00", ((day * 7) % 13) * 10 * minute)),
			zone,
		);
		expect(wide?.startGrace).toBeGreaterThan(5400);
		expect(wide?.startGrace).toBeLessThanOrEqual(21_600);
	});

	test("of Monday to Friday expects nothing of the first weekend", () => {
		expect(learnRhythm(nights(4, 3), zone)?.expected).toEqual({ type: "cron", cron: "0 2 * * 1-5", zone });
		expect(learnRhythm(nights(7, 3), zone)?.expected).toEqual({ type: "cron", cron: "0 2 * * *", zone });
	});

	test("of a job only the last one is kept, however many runs it has", () => {
		const learnedOf = (run: number) => learnRhythm(nights(20, run), zone, 1);
		for (let run = 0; run < 100; run++) learnedOf(run);
		const before = liveArrays();
		for (let run = 100; run < 1100; run++) learnedOf(run);
		expect(liveArrays() - before).toBeLessThan(100);
	});

	test("does not depend on the order of the starts", () => {
		expect(learned(nights(9).reverse())).toEqual(learned(nights(9)));
	});
});
