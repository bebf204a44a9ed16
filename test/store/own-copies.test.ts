// Our own copies of the database: made at night, checked, bounded in number, and what stands in for a damaged one.
import { Database } from "bun:sqlite";
import { afterAll, describe, expect, test } from "bun:test";
import {
	appendFileSync,
	existsSync,
	mkdirSync,
	readdirSync,
	readFileSync,
	statSync,
	utimesSync,
	writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { lastNight } from "../../src/ingest/nightly-copy.ts";
import { copyPath, keepNewest, listCopies } from "../../src/store/own-copies.ts";
import { cleanUp } from "../binary.ts";
import { someLines } from "../lines.ts";
import { idsOf, type Kept, makeData, withMonitor } from "./monitor.ts";

afterAll(cleanUp);

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;
const minuteMs = 60_000;

/** A monitor on a clock of its own, which begins now. `eachDay` says whether something was added. */
async function overDays(data: Kept, days: number, eachDay: (day: number) => boolean | undefined): Promise<void> {
	let now = Date.now();
	await withMonitor(
		data,
		async (monitor) => {
			for (let day = 0; day < days; day++) {
				const isWritten = eachDay(day) === true;
				await monitor.catchUp();
				// The machine dates files by its own clock, which stands.
				if (isWritten) utimesSync(data.database, now / 1000, now / 1000);
				now += dayMs;
				await monitor.catchUp();
			}
		},
		() => now,
	);
}

const rows = (path: string, sql: string) => {
	const db = new Database(path, { readonly: true });
	const found = db.query(sql).all();
	db.close();
	return found;
};

function damage({ database }: Kept): void {
	const bytes = readFileSync(database);
	bytes.fill(0x5a, 2048, Math.min(bytes.length, 40 * 2048));
	writeFileSync(database, bytes);
}

describe("a copy", () => {
	test("is made at four in the morning of the zone, and again only a night later", () => {
		const at = (text: string) => Date.parse(text);
		expect(lastNight(at("2026-01-10T03:59:00Z"), "UTC")).toBe(at("2026-01-09T04:00:00Z"));
		expect(lastNight(at("2026-01-10T04:00:00Z"), "UTC")).toBe(at("2026-01-10T04:00:00Z"));
		expect(lastNight(at("2026-01-10T03:59:00Z"), "Europe/Berlin")).toBe(at("2026-01-10T03:00:00Z"));
	});

	test("is whole, sound and readable by itself, and has a time in its name", async () => {
		const data = makeData(someLines(0, 50));
		await overDays(data, 1, () => false);
		const [copy, ...more] = listCopies(data.database);
		expect([more, statSync(copy?.path ?? "").size]).toEqual([[], copy?.size ?? 0]);
		expect(rows(copy?.path ?? "", "SELECT count(*) AS runs FROM run")).toEqual([{ runs: 50 }]);
		expect(rows(copy?.path ?? "", "PRAGMA integrity_check")).toEqual([{ integrity_check: "ok" }]);
		expect(readdirSync(join(data.folder, "copies"))).toEqual([
			expect.stringMatching(/^backups-\d{4}-\d\d-\d\dT\d{6}Z\.db$/),
		]);
	});

	test("is made of what changed alone: thirty idle days make one copy and write nothing else", async () => {
		const data = makeData(someLines(0, 20));
		const written = () => ["", "-wal"].map((side) => statSync(data.database + side).mtimeMs);
		let before: number[] = [];
		await overDays(data, 30, (day) => {
			if (day === 2) before = written();
			if (day > 2) expect(written()).toEqual(before);
			return false;
		});
		expect(listCopies(data.database).length).toBe(1);
	});

	test("is kept for seven nights; the oldest goes, and nothing that is not ours", async () => {
		const data = makeData(someLines(0, 5));
		mkdirSync(join(data.folder, "copies"));
		writeFileSync(join(data.folder, "copies", "backups-mine.db"), "mine");
		await overDays(data, 10, (day) => {
			appendFileSync(data.metrics, someLines(5 + day, 6 + day));
			return true;
		});
		const copies = listCopies(data.database);
		expect(copies.length).toBe(7);
		expect(existsSync(join(data.folder, "copies", "backups-mine.db"))).toBe(true);
	});

	test("dated in the future goes before those of now, and the one just made never", () => {
		const data = makeData();
		mkdirSync(join(data.folder, "copies"));
		const now = Date.UTC(2026, 10, 20);
		const make = (at: number, schema: number | null = null) => {
			const path = copyPath(data.database, at, schema);
			writeFileSync(path, "");
			return path;
		};
		for (let year = 1; year <= 7; year++) make(now + year * 365 * dayMs);
		for (let schema = 1; schema <= 5; schema++) make(now - schema * dayMs, schema);
		const made = make(now);
		keepNewest(data.database, made, now);
		const copies = listCopies(data.database);
		expect(copies.some(({ path }) => path === made)).toBe(true);
		expect(copies.filter(({ schema }) => schema === null).length).toBe(7);
		expect(copies.flatMap(({ schema }) => schema ?? [])).toEqual([1, 2, 3]);
	});
});

test("a copy that cannot be written is told with its reason, and no longer once one was made", async () => {
	const data = makeData(someLines(0, 5));
	// A file where the folder would be.
	writeFileSync(join(data.folder, "copies"), "");
	let now = Date.now();
	await withMonitor(
		data,
		async (monitor) => {
			await monitor.catchUp();
			now += 11 * minuteMs;
			await monitor.catchUp();
			const problem = monitor.problems().find(({ id }) => id === "own-copy");
			expect(problem?.title).toContain("own copy of its database could not be made");
			expect(problem?.detail).toMatch(/EEXIST.*There is none\. It tries again in an hour/);
			expect(problem?.severity).toBe("warning");
			const { unlinkSync } = await import("node:fs");
			unlinkSync(join(data.folder, "copies"));
			now += 61 * minuteMs;
			await monitor.catchUp();
			expect(monitor.problems().map(({ id }) => id)).not.toContain("own-copy");
			expect(monitor.ownCopy.newest?.size).toBeGreaterThan(0);
		},
		() => now,
	);
});

describe("a damaged database with a copy", () => {
	async function copied(lines: string): Promise<Kept> {
		const data = makeData(lines);
		await overDays(data, 1, () => false);
		expect(listCopies(data.database).length).toBe(1);
		return data;
	}

	test("is restored from it, and what came since is read from the file: also what the file has lost", async () => {
		const data = await copied(someLines(0, 40));
		// `tail > tmp; mv`: the first forty are nowhere but in the copy.
		writeFileSync(data.metrics, someLines(38, 45));
		damage(data);
		await withMonitor(data, async (monitor) => {
			expect(idsOf(monitor)).toEqual(Array.from({ length: 45 }, (_, n) => `run-${n}`));
			const banner = monitor.problems().find(({ id }) => id === "rebuilt");
			expect(banner?.title).toMatch(/^The database was damaged and has been restored from the copy of \d{4}-/);
			expect(banner?.detail).toMatch(/^40\sruns came from the copy, 5 since then from the journals\./);
			expect(banner?.detail).toContain(join(data.folder, "quarantine"));
		});
		// The counts are still told after the next start.
		await withMonitor(data, (monitor) => {
			expect(monitor.problems().find(({ id }) => id === "rebuilt")?.detail).toContain("5 since then");
		});
	});

	test("is not taken for a monitor that was off since the copy", async () => {
		const data = await copied(someLines(0, 10));
		damage(data);
		const later = Date.now() + 2 * hourMs;
		await withMonitor(
			data,
			(monitor) => {
				expect(monitor.outages.length).toBe(1);
				expect((monitor.outages[0]?.from ?? 0) > Date.now() - minuteMs).toBe(true);
			},
			() => later,
		);
	});

	test("is restored from the one before, where the newest is damaged too", async () => {
		const data = await copied(someLines(0, 10));
		const bad = copyPath(data.database, Date.now() + 2 * dayMs);
		writeFileSync(bad, readFileSync(listCopies(data.database)[0]?.path ?? "").subarray(0, 9000));
		damage(data);
		await withMonitor(data, (monitor) => {
			expect(idsOf(monitor).length).toBe(10);
			expect(monitor.problems().find(({ id }) => id === "rebuilt")?.title).toContain("restored from the copy");
		});
	});

	test("of no bytes is taken for lost, not for new; a deleted one is built from the journals", async () => {
		const data = await copied(someLines(0, 10));
		writeFileSync(data.metrics, someLines(9, 12));
		writeFileSync(data.database, "");
		await withMonitor(data, (monitor) => expect(idsOf(monitor).length).toBe(12));
	});

	test("tells nobody a second time of what was told, and nobody of what is found in it", async () => {
		const data = await copied(someLines(0, 10));
		const db = new Database(data.database);
		db.close();
		const copy = listCopies(data.database)[0]?.path ?? "";
		const inCopy = new Database(copy);
		inCopy.run(`INSERT INTO alert (id, job_id, kind, key, severity, sentence, since, opened_at)
			VALUES (7, 1, 'failed', '', 'critical', 'It failed.', 1, 1)`);
		inCopy.run(`INSERT INTO delivery (channel, alert_id, event, body, severity, created_at, due_at)
			VALUES ('phone', 7, 'opened', '{}', 'critical', 1, 1)`);
		inCopy.run("INSERT INTO meta (key, value) VALUES ('watched', '1')");
		inCopy.close();
		damage(data);
		await withMonitor(data, (monitor) => {
			expect(monitor.db?.query("SELECT count(*) AS n FROM delivery").get()).toEqual({ n: 0 });
			expect(monitor.db?.query("SELECT is_muted FROM alert WHERE id = 7").get()).toEqual({ is_muted: 1 });
			expect(monitor.db?.query("SELECT value FROM meta WHERE key = 'watched'").get()).toBeNull();
		});
	});
});

describe("a change of the schema", () => {
	/** A database as the version before this one left it. */
	async function older(data: Kept, spoil = ""): Promise<void> {
		await withMonitor(data, () => {});
		const db = new Database(data.database);
		db.run("DROP INDEX drill_by_job");
		db.run("DROP TABLE snapshot");
		db.run("DROP TABLE listing");
		db.run("DROP TABLE alias");
		if (spoil !== "") db.run(spoil);
		db.run("PRAGMA user_version = 2");
		db.close();
	}

	test("leaves a checked copy of the database as it was", async () => {
		const data = makeData(someLines(0, 10));
		await older(data);
		await withMonitor(data, (monitor) => expect(idsOf(monitor).length).toBe(10));
		const [copy, ...more] = listCopies(data.database);
		expect([more, copy?.schema]).toEqual([[], 2]);
		expect(rows(copy?.path ?? "", "PRAGMA user_version")).toEqual([{ user_version: 2 }]);
		expect(rows(copy?.path ?? "", "SELECT count(*) AS runs FROM run")).toEqual([{ runs: 10 }]);
	});

	test("that fails leaves the database and the old version working, says so, and copies it once", async () => {
		const data = makeData(someLines(0, 10));
		await older(data, "CREATE TABLE snapshot (what TEXT)");
		for (let start = 0; start < 3; start++) {
			await withMonitor(data, (monitor) => {
				expect(monitor.db).toBeNull();
				const [problem] = monitor.problems();
				expect(problem?.title).toMatch(/could not be brought from schema 2 to \d+: table snapshot already exists/);
				expect(problem?.title).toContain("the version of this program that was installed before works with it");
			});
		}
		expect(rows(data.database, "PRAGMA user_version")).toEqual([{ user_version: 2 }]);
		expect(rows(data.database, "SELECT count(*) AS runs FROM run")).toEqual([{ runs: 10 }]);
		expect(listCopies(data.database).length).toBe(1);
	});
});
