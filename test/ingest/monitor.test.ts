// The running monitor goes on looking, whatever one file or one moment of the database does to it.
import { afterAll, expect, test } from "bun:test";
import { execFileSync } from "node:child_process";
import { appendFileSync, existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Monitor } from "../../src/ingest/monitor.ts";
import { makeSpool, spoolFolder } from "../../src/ingest/spool.ts";
import { openDatabase } from "../../src/store/database.ts";
import { writeMeta } from "../../src/store/meta.ts";
import { countRuns } from "../../src/store/runs.ts";
import { cleanUp } from "../binary.ts";
import { aLine, someLines } from "../lines.ts";
import { idsOf, makeData, withMonitor } from "../store/monitor.ts";

afterAll(cleanUp);

const spooled = (folder: string, at: number, kind: string) =>
	join(spoolFolder(folder), `${String(at).padStart(14, "0")}-0000000a.${kind}.jsonl`);

test("what cannot be taken from the spool does not hold up what lies behind it", async () => {
	const data = makeData();
	makeSpool(data.folder);
	mkdirSync(spooled(data.folder, 1, "import"));
	execFileSync("mkfifo", [spooled(data.folder, 2, "report")]);
	const good = spooled(data.folder, 3, "report");
	writeFileSync(good, aLine(1, { backup_id: "behind" }));
	await withMonitor(data, async (monitor) => {
		expect(idsOf(monitor)).toEqual(["behind"]);
		expect(existsSync(good)).toBe(false);
		expect(monitor.problems().map(({ id }) => id)).toEqual(["spool"]);
	});
});

test("who waits for a big file is answered in time, and the rest is read without him", async () => {
	const data = makeData(someLines(0, 20_000));
	const monitor = new Monitor(data.config, Date.now);
	monitor.start();
	try {
		const { changed } = await monitor.catchUpWithin(1);
		expect(changed).toBeLessThan(20_000);
		const countOf = () => (monitor.db === null ? 0 : countRuns(monitor.db));
		const until = Date.now() + 15_000;
		while (countOf() < 20_000 && Date.now() < until) await Bun.sleep(20);
		expect(countOf()).toBe(20_000);
		expect(await monitor.catchUpWithin(5000)).toEqual({ changed: 0 });
	} finally {
		await monitor.stop();
	}
}, 20_000);

test("a database that opens and then cannot be asked is opened again, and the looking goes on", async () => {
	const data = makeData(someLines(0, 3));
	await withMonitor(data, () => {});
	const db = openDatabase(data.database);
	writeMeta(db, "rebuilt", null);
	db.run("UPDATE meta SET value = 'no JSON' WHERE key = 'rebuilt'");
	db.close();
	const monitor = new Monitor(data.config, Date.now);
	monitor.start();
	try {
		expect(monitor.problems().map(({ id }) => id)).toContain("write");
		const mended = openDatabase(data.database);
		mended.run("DELETE FROM meta WHERE key = 'rebuilt'");
		mended.close();
		appendFileSync(data.metrics, someLines(3, 4));
		const until = Date.now() + 12_000;
		while (idsOf(monitor).length < 4 && Date.now() < until) await Bun.sleep(50);
		expect(idsOf(monitor)).toHaveLength(4);
		expect(monitor.problems()).toEqual([]);
	} finally {
		await monitor.stop();
	}
}, 20_000);

test("a decision that reached the journal before the commit failed is kept, and applied soon", async () => {
	const data = makeData(someLines(0, 3));
	await withMonitor(data, async (monitor) => {
		const { db } = monitor;
		const paused = () => db?.query<{ n: number }, []>("SELECT count(*) AS n FROM decision").get()?.n;
		// A constraint that is only looked at when a transaction ends.
		db?.run("CREATE TABLE parent (id INTEGER PRIMARY KEY)");
		db?.run("CREATE TABLE child (id INTEGER REFERENCES parent DEFERRABLE INITIALLY DEFERRED)");
		db?.run("CREATE TRIGGER spoil AFTER INSERT ON decision BEGIN INSERT INTO child VALUES (1); END");
		monitor.decide({ job: "default", host: "", decision: "pause", until: null });
		expect(paused()).toBe(0);
		db?.run("DROP TRIGGER spoil");
		await monitor.catchUp();
		expect(paused()).toBe(1);
	});
});

test("a look at the files that does not end is a critical problem after ten minutes", async () => {
	let monotonic = 0;
	const monitor = new Monitor(makeData(someLines(0, 3)).config, Date.now, () => monotonic);
	monitor.start();
	await monitor.catchUp();
	monotonic = 599_000;
	expect(monitor.problems()).toEqual([]);
	monotonic = 601_000;
	expect(monitor.problems()).toMatchObject([{ id: "standstill", severity: "critical" }]);
	await monitor.catchUp();
	expect(monitor.problems()).toEqual([]);
	await monitor.stop();
});

test("a line of ours that a bad sector has broken is rejected, and holds up nothing behind it", async () => {
	const data = makeData();
	const broken = ['{"decision":"pau', '{"listing":"nas","at":'].map((text, n) => {
		return `${text}\u0001","road":"${n === 0 ? "decision" : "listing"}"}`;
	});
	const odd = ['{"at":1,"road":"decision"}', '{"at":1,"road":"listing"}'];
	const lines = [aLine(1), ...broken, ...odd, aLine(2)];
	writeFileSync(join(data.folder, "received.jsonl"), lines.map((line) => `${line}\n`).join(""));
	await withMonitor(data, (monitor) => {
		expect(idsOf(monitor)).toHaveLength(2);
		expect(monitor.problems()).toEqual([]);
		expect(monitor.db?.query<{ n: number }, []>("SELECT count(*) AS n FROM rejected").get()?.n).toBe(2);
	});
});
