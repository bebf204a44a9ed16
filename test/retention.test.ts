// When runs may be deleted: never on a clock in doubt, never many at once without a word, and only after a day's wait.
import { describe, expect, test } from "bun:test";
import { cutoffOf, decidePrune, doubtClock, type PruneInput, releasedAt, waitMs } from "../src/retention.ts";

const day = 86_400_000;
const now = Date.UTC(2027, 0, 31, 12);

const input = (more: Partial<PruneInput> = {}): PruneInput => ({
	now,
	retentionDays: 90,
	retentionDaysBefore: 90,
	doubt: null,
	mark: null,
	runs: 1000,
	due: 10,
	old: 10,
	isConfirmed: false,
	...more,
});

const cutoff = cutoffOf(now, 90);

describe("what is decided", () => {
	const table: [string, Partial<PruneInput>, ReturnType<typeof decidePrune>][] = [
		["nothing old: nothing", { old: 0, due: 0 }, { action: "nothing", reason: "none" }],
		["something old, no mark: marked", {}, { action: "mark", mark: { cutoff, waited: 0 } }],
		[
			"marked, less than a day waited: waits",
			{ mark: { cutoff: cutoff - day, waited: waitMs - 1 } },
			{ action: "wait", mark: { cutoff: cutoff - day, waited: waitMs - 1 } },
		],
		[
			"marked, a day waited: what was marked is deleted, and no more",
			{ mark: { cutoff: cutoff - day, waited: waitMs } },
			{ action: "delete", cutoff: cutoff - day },
		],
		[
			"a clock in doubt: nothing, whatever has waited",
			{ doubt: { reason: "jump", seenAt: 0, now }, mark: { cutoff, waited: waitMs } },
			{ action: "nothing", reason: "clock" },
		],
		[
			"a mark from the future (the clock was ahead): laid anew",
			{ mark: { cutoff: cutoff + 1, waited: waitMs } },
			{ action: "mark", mark: { cutoff, waited: 0 } },
		],
		[
			"a mark from long ago: laid anew",
			{ mark: { cutoff: cutoff - 8 * day, waited: waitMs } },
			{ action: "mark", mark: { cutoff, waited: 0 } },
		],
		["more than a fifth at once: nothing", { due: 201, old: 201 }, { action: "nothing", reason: "many" }],
		["exactly a fifth: marked", { due: 200, old: 200 }, { action: "mark", mark: { cutoff, waited: 0 } }],
		["a fifth of a few runs: marked", { runs: 30, due: 20, old: 20 }, { action: "mark", mark: { cutoff, waited: 0 } }],
		[
			"many, after RETENTION_DAYS was changed: marked",
			{ due: 900, old: 900, retentionDaysBefore: 365 },
			{ action: "mark", mark: { cutoff, waited: 0 } },
		],
		[
			"many that were too old already when they came: marked",
			{ due: 0, old: 900 },
			{ action: "mark", mark: { cutoff, waited: 0 } },
		],
		[
			"confirmed by hand: deleted at once, whatever else",
			{ isConfirmed: true, due: 900, old: 900, doubt: { reason: "back", seenAt: 0, now } },
			{ action: "delete", cutoff },
		],
	];
	for (const [name, more, decision] of table) test(name, () => expect(decidePrune(input(more))).toEqual(decision));
});

describe("the clock is in doubt", () => {
	const hour = 3_600_000;
	const table: [string, number, number | null, boolean | null, "back" | "jump" | null][] = [
		["on a first start: not", now, null, null, null],
		["in 1970", 0, now, null, "back"],
		["before this program was made", releasedAt - 2 * hour, null, true, "back"],
		["an hour before what was stored: not (daylight saving, small corrections)", now - hour, now, null, null],
		["more than an hour before what was stored", now - hour - 1, now, true, "back"],
		["a week after what was stored: not", now + 7 * day, now, null, null],
		["more than a week after, nobody says that it is set", now + 7 * day + 1, now, null, "jump"],
		["more than a week after, and it says that it is not set", now + 30 * day, now, false, "jump"],
		["more than a week after, and it says that it is set: not", now + 30 * day, now, true, null],
		["in 2036", Date.UTC(2036, 1, 7), now, null, "jump"],
	];
	for (const [name, at, seenAt, isSynced, reason] of table) {
		test(name, () => expect(doubtClock(at, seenAt, releasedAt, isSynced)?.reason ?? null).toBe(reason));
	}
});
