// Retention in the running program: two steps, a day apart, counted over starts; daily sums outlive the runs.
import { Database } from "bun:sqlite";
import { afterAll, afterEach, describe, expect, mock, spyOn, test } from "bun:test";
import { appendFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { keepWaiting, pruneStep } from "../../src/ingest/prune.ts";
import { waitMs } from "../../src/retention.ts";
import { closeDatabase, openDatabase, prepareDatabase } from "../../src/store/database.ts";
import { cleanUp, importFile, makeFolder, runCommand, startServer, untilRead } from "../binary.ts";
import { aLine, someLines } from "../lines.ts";
import { idsOf, makeData, withMonitor } from "../store/monitor.ts";

afterAll(cleanUp);

const day = 86_400_000;
const hour = 3_600_000;
const start = Date.UTC(2027, 0, 1);

/** A report of `daysAgo` days before `start`. */
const reported = (n: number, daysAgo: number) => {
	const timestamp = new Date(start - daysAgo * day).toISOString();
	return `${aLine(n, { timestamp, success: n % 5 !== 0 })}\n`;
};
const aYear = Array.from({ length: 100 }, (_, n) => reported(n, 99 - n)).join("");

const runsIn = (db: Database) => db.query<{ n: number }, []>("SELECT count(*) AS n FROM run").get()?.n;
const sumsIn = (db: Database) => db.query("SELECT * FROM daily ORDER BY day, job_id").all();

test("old runs are marked, wait a day of running over several starts, and go; their daily sums stay to the digit", async () => {
	const data = makeData(aYear);
	await withMonitor(
		data,
		() => {},
		() => start,
	);
	let db = openDatabase(data.database);
	prepareDatabase(db);
	const sums = sumsIn(db);
	expect(runsIn(db)).toBe(100);
	expect(pruneStep(db, 90, start + hour).decision.action).toBe("mark");
	for (let n = 0; n < 4; n++) {
		expect(pruneStep(db, 90, start + 2 * hour, { ranMs: 5 * hour }).decision.action).toBe("wait");
		keepWaiting(db, 5 * hour);
		closeDatabase(db);
		db = openDatabase(data.database);
		prepareDatabase(db);
	}
	expect(pruneStep(db, 90, start + 2 * hour, { ranMs: 3.9 * hour }).decision.action).toBe("wait");
	expect(runsIn(db)).toBe(100);
	const last = pruneStep(db, 90, start + 2 * hour, { ranMs: 4 * hour });
	expect(last).toMatchObject({ decision: { action: "delete" }, deleted: 10, more: false });
	expect(runsIn(db)).toBe(90);
	expect(sumsIn(db)).toEqual(sums);
	closeDatabase(db);
});

test("daily sums go after ten years, with the runs of that day's retention", async () => {
	const elevenYears = 11 * 365;
	const data = makeData([reported(1, elevenYears), reported(2, 9 * 365), reported(3, 200), reported(4, 1)].join(""));
	await withMonitor(
		data,
		() => {},
		() => start,
	);
	const db = openDatabase(data.database);
	prepareDatabase(db);
	const daysIn = () => db.query<{ n: number }, []>("SELECT count(DISTINCT day) AS n FROM daily").get()?.n;
	expect(daysIn()).toBe(4);
	pruneStep(db, 36_500, start, { isConfirmed: true });
	expect(daysIn()).toBe(4);
	expect(pruneStep(db, 90, start, { isConfirmed: true }).deleted).toBe(3);
	expect(daysIn()).toBe(3);
	closeDatabase(db);
});

describe("the running monitor", () => {
	afterEach(() => mock.restore());

	test("counts no waiting from before the mark was laid", async () => {
		const data = makeData(reported(0, 98.5) + reported(1, 1), { RETENTION_DAYS: "100" });
		let ran = 0;
		spyOn(performance, "now").mockImplementation(() => ran);
		let now = start;
		await withMonitor(
			data,
			async (monitor) => {
				let markedAt: number | null = null;
				let deletedAt: number | null = null;
				for (let n = 0; n < 100 && deletedAt === null; n++) {
					ran += hour + 1;
					now += hour + 1;
					await monitor.catchUp();
					const mark = monitor.db?.query("SELECT value FROM meta WHERE key = 'prune-mark'").get();
					if (mark !== null && markedAt === null) markedAt = ran;
					if (!idsOf(monitor).includes("run-0")) deletedAt = ran;
				}
				// It ran a day and a half before anything was old enough.
				expect(markedAt ?? 0).toBeGreaterThan(30 * hour);
				expect((deletedAt ?? 0) - (markedAt ?? 0)).toBeGreaterThanOrEqual(waitMs);
			},
			() => now,
		);
	});
});

describe("the compiled program on a clock that jumps", () => {
	// A release is never older than itself: the real year is where the tests' clock begins.
	const today = new Date();
	// Not by the faketime command: that one stays in between, and signals do not reach the program.
	const [library = ""] = new Bun.Glob("*/faketime/libfaketime.so.1").scanSync({ cwd: "/usr/lib", absolute: true });
	const at = (offset: string) => ({
		RETENTION_DAYS: "90",
		LD_PRELOAD: library,
		FAKETIME: offset,
		FAKETIME_DONT_FAKE_MONOTONIC: "1",
	});
	const runsOf = (dataDir: string) => {
		const db = new Database(join(dataDir, "backups.db"), { readonly: true });
		const count = runsIn(db);
		db.close();
		return count;
	};

	function recent(count: number): string {
		let text = "";
		for (let n = 0; n < count; n++) {
			text += `${aLine(n, { timestamp: new Date(today.getTime() - n * day).toISOString() })}\n`;
		}
		return text;
	}

	for (const [name, offset] of [
		["1970", "@1970-01-02 00:00:00"],
		["2036", "@2036-02-07 00:00:00"],
		["ten days on", "+10d"],
		["an hour back", "-1h"],
		["two hours back", "-2h"],
	] as const) {
		test(`started in (${name}) it deletes nothing, and shows what it has`, async () => {
			const dataDir = makeFolder();
			writeFileSync(join(dataDir, "metrics.jsonl"), recent(60));
			const first = await startServer({ dataDir, env: { RETENTION_DAYS: "90" } });
			await untilRead(first, 60);
			await first.stop();
			const second = await startServer({ dataDir, env: at(offset) });
			expect((await second.json("/api/metrics?limit=365")).length).toBe(60);
			const { problems } = await second.json("/api/health");
			const isDoubted = !name.includes("an hour");
			expect(problems.some(({ id }: { id: string }) => id === "clock")).toBe(isDoubted);
			await second.kill();
			const pruned = await runCommand(["prune"], { dataDir, env: at(offset) });
			expect(pruned.code).toBe(0);
			expect(runsOf(dataDir)).toBe(60);
		}, 20_000);
	}

	test("a jump that was doubted stays doubted after something was stored on the wrong clock", async () => {
		const dataDir = makeFolder();
		const file = join(dataDir, "metrics.jsonl");
		const env = { RETENTION_DAYS: "90" };
		writeFileSync(file, recent(60));
		await importFile(file, dataDir, env);
		const wrong = at("+400d");
		const server = await startServer({ dataDir, env: wrong });
		appendFileSync(file, someLines(5000, 5001));
		await untilRead(server, 61);
		await server.stop();
		const { out } = await runCommand(["prune"], { dataDir, env: wrong });
		expect(out).toContain("clock is in doubt");
		expect(runsOf(dataDir)).toBe(61);
		const sure = await runCommand(["prune", "--yes"], { dataDir, env: wrong });
		expect(sure.out).toContain("deleted");
		expect(runsOf(dataDir)).toBe(0);
	}, 20_000);
});
