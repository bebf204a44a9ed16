// Finding runs: what a filter finds, and pages that neither lose nor repeat a run while others arrive.
import type { Database } from "bun:sqlite";
import { afterAll, afterEach, beforeEach, expect, test } from "bun:test";
import { join } from "node:path";
import { Batch, readText } from "../../src/ingest/record.ts";
import { closeDatabase, openDatabase, prepareDatabase, transaction } from "../../src/store/database.ts";
import { readJob } from "../../src/store/jobs.ts";
import type { RunFilter } from "../../src/store/run-filter.ts";
import { anyRun, type Cursor, countFound, readTurns, searchNewer, searchRuns } from "../../src/store/run-search.ts";
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
		aLine(3, {
			job: "b",
			host: "nas",
			outcome: "warning",
			log: "line one\nÜber zwei",
			warning_messages: ["File vanished"],
		}),
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
	expect(find({ text: "file van" })).toEqual(["run-3"]);
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

test("a label of the report, with its value or with any", () => {
	record(
		aLine(0, { labels: { place: "attic", 'od"d.key': "x" } }),
		aLine(1, { labels: { place: "cellar" } }),
		aLine(2, { labels: { isCold: true, tier: 3 } }),
		aLine(3),
	);
	const label = (name: string, value: string | null) => find({ label: { name, value } });
	expect(label("place", "attic")).toEqual(["run-0"]);
	expect(label("place", null)).toEqual(["run-1", "run-0"]);
	expect(label('od"d.key', "x")).toEqual(["run-0"]);
	expect(label("isCold", "true")).toEqual(["run-2"]);
	expect(label("tier", "3")).toEqual(["run-2"]);
	expect(label("place", "' OR 1=1 --")).toEqual([]);
	expect(label("attic", null)).toEqual([]);
});

test.each([1, 3, 7])("pages of %i lead back to the newest over the same runs", (limit) => {
	record(
		...Array.from({ length: 40 }, (_, n) =>
			aLine(Math.floor(n / 3), { backup_id: `same-${n}`, host: n % 2 ? "a" : "b" }),
		),
	);
	for (const filter of [{}, { host: "a" }, { since: firstStart + 3 * hour, until: firstStart + 9 * hour }]) {
		const whole = find(filter);
		const oldest = searchRuns(db, { ...anyRun, ...filter }, 365).runs.at(-1);
		if (oldest === undefined) throw new Error("nothing was found");
		const back = [oldest.backupId];
		let cursor: Cursor | null = { at: oldest.startedAt, id: oldest.id };
		while (cursor !== null) {
			const page = searchNewer(db, { ...anyRun, ...filter }, limit, cursor);
			back.unshift(...page.runs.map((run) => run.backupId));
			cursor = page.next;
		}
		expect(back).toEqual(whole);
	}
});

test("counts what a filter finds, and says when it stopped counting", () => {
	const lines = Array.from({ length: 20_100 }, (_, n) =>
		aLine(n, { host: n < 3 ? "far" : "near", duration_archive: undefined }),
	);
	record(...lines, aLine(30_000, { host: "near", kind: "check", success: false }));
	const count = (filter: Partial<RunFilter>) => countFound(db, { ...anyRun, ...filter });
	expect(count({})).toEqual({ runs: 20_101, isMore: false });
	expect(count({ outcome: "failure" })).toEqual({ runs: 1, isMore: false });
	expect(count({ kind: "check", host: "near" })).toEqual({ runs: 1, isMore: true });
	expect(count({ until: firstStart + 2 * hour, host: "far" })).toEqual({ runs: 2, isMore: false });
	expect(count({ text: "near" })).toBeNull();
});
