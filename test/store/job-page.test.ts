// What the store answers for the page of one job: bounded questions, pages of runs both ways, the year from daily sums.
import type { Database } from "bun:sqlite";
import { afterAll, afterEach, beforeEach, expect, test } from "bun:test";
import { join } from "node:path";
import { Batch, readText } from "../../src/ingest/record.ts";
import type { Job } from "../../src/job.ts";
import type { Range } from "../../src/overview.ts";
import { closeDatabase, openDatabase, prepareDatabase, transaction } from "../../src/store/database.ts";
import { type JobPageQuestion, readJobPage } from "../../src/store/job-page.ts";
import { findJob } from "../../src/store/jobs.ts";
import { deleteRunsBefore } from "../../src/store/runs.ts";
import { dayOf } from "../../src/time.ts";
import { cleanUp, makeFolder } from "../binary.ts";

afterAll(cleanUp);

const hour = 3_600_000;
const day = 24 * hour;
const now = Date.UTC(2026, 10, 23, 7);
let db: Database;

beforeEach(() => {
	db = openDatabase(join(makeFolder(), "backups.db"));
	prepareDatabase(db);
});
afterEach(() => closeDatabase(db));

type Fields = Record<string, unknown>;

/** One report for each start, the newest first; `fields` says what differs. */
function record(starts: number[], fields: (i: number) => Fields = () => ({}), job = "nas"): Job {
	transaction(db, () => {
		const batch = new Batch(db, "UTC", now);
		for (const [i, at] of starts.entries()) {
			const line = JSON.stringify({
				job,
				timestamp: new Date(at).toISOString(),
				backup_id: `${job}-${at}`,
				success: true,
				duration_total: 600,
				duration_upload: 500,
				size_bytes: 1e9,
				...fields(i),
			});
			const read = readText(line, "UTC");
			if (!read.ok) throw new Error(read.reason);
			batch.add(read.report, line);
		}
		batch.finish();
	});
	const found = findJob(db, job);
	if (found === null) throw new Error("There is no job");
	return found;
}

const nights = (count: number, step = day) => Array.from({ length: count }, (_, i) => now - 5 * hour - i * step);
const read = (job: Job, over: Partial<JobPageQuestion> = {}) =>
	readJobPage(db, job, { now, zone: "UTC", range: "90" as Range, older: null, newer: null, ...over });

test("few runs are points of their own, with phases and added bytes; a failure has neither size nor duration", () => {
	const job = record(nights(3), (i) => (i === 1 ? { success: false, error_message: "disk full" } : { bytes_added: 7 }));
	record(nights(3), undefined, "other");
	const { series, month, counts, good, finished } = read(job);
	expect(series.per).toBe("run");
	expect(series.points.map(({ duration, size, bytesAdded, failed }) => [duration, size, bytesAdded, failed])).toEqual([
		[600, 1e9, 7, 0],
		[null, null, null, 1],
		[600, 1e9, 7, 0],
	]);
	expect(series.points[0]?.phases).toEqual([{ name: "upload", seconds: 500 }]);
	expect(month).toEqual({ runs: 3, succeeded: 2, failed: 1 });
	expect(counts).toEqual({ success: 2, warning: 0, failure: 1 });
	expect(good?.id).toBe(finished?.id);
});

test("many runs are points of days, years are points of weeks", () => {
	const job = record(nights(500, 12 * hour));
	expect(read(job).series.per).toBe("day");
	expect(read(job).series.points.length).toBe(90);
	expect(read(job, { range: "7" }).series).toMatchObject({ per: "run" });
	record(nights(100).map((at) => at - 500 * day));
	expect(read(job, { range: "all" }).series.per).toBe("week");
});

test("what retention has deleted stays in the charts and in the year", () => {
	const job = record(nights(60), (i) => (i === 50 ? { success: false } : {}));
	deleteRunsBefore(db, now - 30 * day, 1000);
	const { series, calendar } = read(job);
	expect(series).toMatchObject({ per: "day" });
	expect(series.points.length).toBe(60);
	expect(calendar.days.length).toBe(60);
	expect(calendar.days.filter(({ failed }) => failed > 0).map((found) => found.day)).toEqual([dayOf(now, "UTC") - 50]);
	expect(calendar.from).toBeLessThan(dayOf(now, "UTC") - 365);
});

test("runs come in pages, forwards and back, and a new run moves nothing", () => {
	const job = record(nights(30));
	const ids = (page: ReturnType<typeof read>) => page.shown.runs.map((run) => run.backupId);
	const first = read(job);
	expect(ids(first).length).toBe(12);
	expect(first.shown.newer).toBeNull();
	const second = read(job, { older: first.shown.older });
	record([now - hour]);
	const third = read(job, { older: second.shown.older });
	expect(ids(third).length).toBe(6);
	expect(third.shown.older).toBeNull();
	expect(ids(read(job, { newer: third.shown.newer }))).toEqual(ids(second));
	expect(new Set([...ids(first), ...ids(second), ...ids(third)]).size).toBe(30);
	// Less than a page is newer: the newest page is shown whole.
	const back = read(job, { newer: second.shown.newer });
	expect(ids(back).length).toBe(12);
});

test("a job that only checks has no backups, and its page shows its runs all the same", () => {
	const job = record(nights(2), () => ({ kind: "check" }));
	const { good, finished, lastGoodAt, recentGood, series, shown } = read(job);
	expect([good, finished, lastGoodAt]).toEqual([null, null, null]);
	expect([recentGood.length, series.points.length, shown.runs.length]).toEqual([0, 0, 2]);
});

test("its cost does not grow with the runs of a job", () => {
	const job = record(nights(20_000, hour / 6));
	const took = () => {
		const started = performance.now();
		read(job);
		return performance.now() - started;
	};
	took();
	const times = Array.from({ length: 9 }, took).sort((a, b) => a - b);
	expect(times[4]).toBeLessThan(40);
});
