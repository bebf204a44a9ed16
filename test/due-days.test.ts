// On which days of the calendar a run was wanted.
import { expect, test } from "bun:test";
import { dueDaysOf } from "../src/due-days.ts";
import type { Schedule } from "../src/schedule.ts";

const zone = "Europe/Berlin";
const dayNumber = (date: string) => Date.parse(date) / 86_400_000;
const from = dayNumber("2026-03-23");
const week = { from, to: from + 13, zone };
const days = (schedule: Schedule, startGrace = 1800, anchor = 0) => dueDaysOf({ schedule, startGrace }, anchor, week);

test("a daily job is due every day, also in the night that lost an hour", () => {
	const found = days({ type: "cron", cron: "30 2 * * *", zone });
	expect([...(found ?? [])]).toEqual(Array.from({ length: 14 }, (_, i) => [from + i, from + i]));
});

test("a weekly one is due on its weekday, and one every three days on each third day", () => {
	expect([...(days({ type: "cron", cron: "0 4 * * 0", zone })?.keys() ?? [])]).toEqual([from + 6, from + 13]);
	const anchor = Date.parse("2026-03-24T12:00:00Z");
	const third = days({ type: "every", seconds: 3 * 86_400 }, 1800, anchor);
	expect([...(third?.keys() ?? [])]).toEqual([1, 4, 7, 10, 13].map((n) => from + n));
});

test("a run that may begin after midnight may come the day after", () => {
	const found = days({ type: "cron", cron: "50 23 * * 1", zone });
	expect([...(found ?? [])]).toEqual([
		[from, from + 1],
		[from + 7, from + 8],
	]);
});

test("a job that runs all day costs one look a day", () => {
	expect(days({ type: "every", seconds: 60 })?.size).toBe(14);
});

test("without slots there are no days", () => {
	expect(days({ type: "age", seconds: 86_400 })).toBeNull();
	expect(days({ type: "none" })).toBeNull();
});
