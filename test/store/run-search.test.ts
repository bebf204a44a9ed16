// Finding runs: what a filter finds, and pages that neither lose nor repeat a run while others arrive.
import type { Database } from "bun:sqlite";
import { afterAll, afterEach, beforeEach, expect, test } from "bun:test";
import { join } from "node:path";
import { Batch, readText } from "../../src/ingest/record.ts";
import { closeDatabase, openDatabase, prepareDatabase, transaction } from "../../src/store/database.ts";
import { readJob } from "../../src/store/jobs.ts";
import { anyRun, type Cursor, type RunFilter, readTurns, searchRuns } from "../../src/store/run-search.ts";
import { cleanUp, makeFolder } from "../binary.ts";
import { aLine, firstStart } from "../lines.ts";

afterAll(cleanUp);

const hour = 3_600_000;
let db: Database;

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

beforeEach(() => {
	db = openDatabase(join(makeFolder(), "backups.db"));
	prepareDatabase(db);
});
afterEach(() => closeDatabase(db));

function find(filter: Partial<RunFilter>, limit = 365): string[] {
	return searchRuns(db, { ...anyRun, ...filter }, limit).runs.map((run) => run.backupId);
}

test("newest first, each filter alone and together", () => {
	record(
		aLine(0, { job: "a", host: "pi" }),
		aLine(1, { job: "a", host: "pi", success: false, error_message: "Disk is 100% full", error_category: "disk" }),
		aLine(2, { job: "b", host: "nas", kind: "check", repository: "s3:bucket_1" }),
		aLine(3, { job: "b", host: "nas", outcome: "warning", log: "line one\nÜber zwei" }),
		aLine(4, { job: "b", host: "nas", outcome: "running" }),
	);
	const jobId = readJob(db, "a", "pi")?.id ?? 0;
	expect(find({})).toEqual(["run-4", "run-3", "run-2", "run-1", "run-0"]);
	expect(find({ jobId })).toEqual(["run-1", "run-0"]);
	expect(find({ host: "nas" })).toEqual(["run-4", "run-3", "run-2"]);
	expect(find({ kind: "check" })).toEqual(["run-2"]);
	expect(find({ outcome: "failure" })).toEqual(["run-1"]);
	expect(find({ outcome: "running" })).toEqual(["run-4"]);
	expect(find({ jobId, outcome: "failure", kind: "backup", host: "pi", text: "DISK" })).toEqual(["run-1"]);
	expect(find({ since: firstStart + 2 * hour })).toEqual(["run-4", "run-3", "run-2"]);
	expect(find({ until: firstStart + 2 * hour })).toEqual(["run-1", "run-0"]);
	expect(find({ since: firstStart + hour, until: firstStart + 3 * hour })).toEqual(["run-2", "run-1"]);
	expect(find({ text: "zwei" })).toEqual(["run-3"]);
});

test("in the text searched for, % and _ and \\ are themselves", () => {
	record(
		aLine(0, { success: false, error_message: "100% full" }),
		aLine(1, { success: false, error_message: "100 x full" }),
		aLine(2, { repository: "bucket_1" }),
		aLine(3, { repository: "bucketX1" }),
		aLine(4, { repository: "c:\\backup" }),
	);
	expect(find({ text: "100%" })).toEqual(["run-0"]);
	expect(find({ text: "bucket_1" })).toEqual(["run-2"]);
	expect(find({ text: "c:\\b" })).toEqual(["run-4"]);
	// A field's name is not what anybody looks for.
	expect(find({ text: "duration_total" })).toEqual([]);
});

function allPages(filter: Partial<RunFilter>, limit: number, between: () => void = () => {}): string[] {
	const ids: string[] = [];
	let cursor: Cursor | null = null;
	do {
		const page = searchRuns(db, { ...anyRun, ...filter }, limit, cursor);
		ids.push(...page.runs.map((run) => run.backupId));
		expect(page.runs.length).toBeLessThanOrEqual(limit);
		cursor = page.next;
		between();
	} while (cursor !== null && ids.length < 100_000);
	return ids;
}

test.each([1, 2, 7, 50])("pages of %i hold every run once, also those that began at the same time", (limit) => {
	const lines = Array.from({ length: 50 }, (_, n) => aLine(Math.floor(n / 5), { backup_id: `same-${n}` }));
	record(...lines);
	const whole = find({});
	expect(allPages({}, limit)).toEqual(whole);
	const until = firstStart + 5 * hour;
	expect(allPages({ until }, limit)).toEqual(find({ until }));
});

test("a run that arrives between two pages moves nothing", () => {
	record(...Array.from({ length: 20 }, (_, n) => aLine(n)));
	const before = find({});
	let next = 20;
	expect(allPages({}, 3, () => record(aLine(next++)))).toEqual(before);
});

test("a search that finds nothing near goes on to what is far, page by page", () => {
	const lines = Array.from({ length: 30_000 }, (_, n) => aLine(n, { duration_archive: undefined }));
	record(aLine(-1, { success: false, error_message: "needle" }), ...lines);
	const first = searchRuns(db, { ...anyRun, text: "needle" }, 10);
	expect(first.runs).toEqual([]);
	expect(first.next).not.toBeNull();
	expect(allPages({ text: "needle" }, 10)).toEqual(["run--1"]);
	// Looking at columns is quick enough to look at them all.
	expect(find({ kind: "prune" })).toEqual([]);
	expect(searchRuns(db, { ...anyRun, kind: "prune" }, 10).next).toBeNull();
});

test("failures and the first run that worked again, newest first", () => {
	record(
		aLine(0, { job: "a" }),
		aLine(1, { job: "a", success: false }),
		aLine(2, { job: "a", success: false }),
		aLine(3, { job: "b" }),
		aLine(4, { job: "a", outcome: "running" }),
		aLine(5, { job: "a", outcome: "warning" }),
		aLine(6, { job: "a" }),
		aLine(7, { job: "b", success: false }),
		aLine(8, { job: "b", kind: "check" }),
	);
	const turns = readTurns(db, 50).map(({ run, what }) => `${run.backupId} ${what}`);
	expect(turns).toEqual(["run-7 failure", "run-5 recovery", "run-2 failure", "run-1 failure"]);
	expect(readTurns(db, 2).map(({ run }) => run.backupId)).toEqual(["run-7", "run-5"]);
});
