// How jobs stand, and counters that only grow.
import type { Database } from "bun:sqlite";
import { afterAll, afterEach, beforeEach, expect, test } from "bun:test";
import { join } from "node:path";
import { Batch, readText } from "../../src/ingest/record.ts";
import { closeDatabase, openDatabase, prepareDatabase, transaction } from "../../src/store/database.ts";
import { deleteRunsBefore } from "../../src/store/runs.ts";
import { readStandings } from "../../src/store/standings.ts";
import { cleanUp, makeFolder } from "../binary.ts";
import { aLine, firstStart } from "../lines.ts";

afterAll(cleanUp);

const hour = 3_600_000;
const day = 24 * hour;
let db: Database;

beforeEach(() => {
	db = openDatabase(join(makeFolder(), "backups.db"));
	prepareDatabase(db);
});
afterEach(() => closeDatabase(db));

function record(...lines: string[]): void {
	transaction(db, () => {
		const batch = new Batch(db, "UTC", firstStart);
		for (const line of lines) {
			const read = readText(line, "UTC");
			if (!read.ok) throw new Error(read.reason);
			batch.add(read.report, line);
		}
		batch.finish();
	});
}

function only(now: number) {
	const [standing] = readStandings(db, "UTC", now);
	if (standing === undefined) throw new Error("There is no job");
	return standing;
}

test("the newest runs of backups, not of checks; durations and sizes of the newest that succeeded", () => {
	record(
		aLine(0, { duration_total: 10, size_bytes: 5 }),
		aLine(1, { success: false, duration_total: 99, size_bytes: 0 }),
		aLine(2, { kind: "check", duration_total: 7 }),
		aLine(3, { outcome: "running" }),
	);
	const standing = only(firstStart + day);
	expect(standing.state).toBe("failed");
	expect(standing.running?.backupId).toBe("run-3");
	expect(standing.finished?.backupId).toBe("run-1");
	expect(standing.good?.backupId).toBe("run-0");
	expect(standing.lastSuccessAt).toBe(firstStart + 10_000);
	expect(standing.counts).toEqual({ success: 1, warning: 0, failure: 1 });
});

test("a job that never succeeded has no time of success", () => {
	record(aLine(0, { success: false }));
	expect(only(firstStart).lastSuccessAt).toBeNull();
});

test("retention deletes runs: the counts stay, and the day of the last success is still known", () => {
	record(aLine(0), aLine(1, { outcome: "warning" }), aLine(2, { success: false }));
	const now = firstStart + 200 * day;
	const before = only(now).counts;
	expect(before).toEqual({ success: 1, warning: 1, failure: 1 });
	expect(deleteRunsBefore(db, now, 100)).toBe(3);
	const standing = only(now);
	expect(standing.counts).toEqual(before);
	expect([standing.finished, standing.good]).toEqual([null, null]);
	// Early rather than late: nobody shall believe that a copy is younger than it is.
	expect(standing.lastSuccessAt).toBe(Math.floor(firstStart / day) * day);
});

test("what arrives late for a day that was summed before is counted", () => {
	const now = firstStart + 30 * day;
	record(aLine(0), aLine(30 * 24));
	expect(only(now).counts.success).toBe(2);
	record(aLine(1), aLine(30 * 24 + 1));
	expect(only(now).counts.success).toBe(4);
	record(aLine(2, { success: false }));
	expect(only(now).counts).toEqual({ success: 4, warning: 0, failure: 1 });
	expect(only(now + 3 * day).counts).toEqual({ success: 4, warning: 0, failure: 1 });
});

test("a run is going on when it is the newest backup, not when one after it has ended", () => {
	record(aLine(0, { outcome: "running" }), aLine(1));
	expect(only(firstStart + day)).toMatchObject({ running: null, state: "ok" });
	record(aLine(2, { outcome: "running", kind: "check" }));
	expect(only(firstStart + day)).toMatchObject({ running: null, state: "ok" });
	record(aLine(3, { outcome: "running" }));
	expect(only(firstStart + day)).toMatchObject({ running: {}, state: "running" });
	record(aLine(3));
	expect(only(firstStart + day)).toMatchObject({ running: null, state: "ok" });
});

test("a job that has only ever checked, and one whose first backup goes on", () => {
	record(aLine(0, { kind: "check" }));
	expect(only(firstStart)).toMatchObject({ running: null, state: "new", finished: null, good: null });
	record(aLine(1, { outcome: "running" }));
	expect(only(firstStart)).toMatchObject({ running: {}, state: "running", finished: null, lastSuccessAt: null });
});
