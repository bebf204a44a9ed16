// Damaged databases: noticed at the start, set aside, and built again from what they were made of.
import { Database } from "bun:sqlite";
import { afterAll, describe, expect, test } from "bun:test";
import { copyFileSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { cleanUp, isHard, runCommand, startServer, until } from "../binary.ts";
import { someLines } from "../lines.ts";
import { idsOf, type Kept, makeData, withMonitor } from "./monitor.ts";

afterAll(cleanUp);

const runs = 400;
const expected = Array.from({ length: runs }, (_, n) => `run-${n}`);

/** The same numbers for the same seed, so that a failure can be had again. */
function randomOf(seed: number): () => number {
	let state = seed * 2654435761;
	return () => {
		state = (Math.imul(state ^ (state >>> 15), 0x2c1b3c6d) + 0x9e3779b9) | 0;
		return ((state ^ (state >>> 13)) >>> 0) / 2 ** 32;
	};
}

type Damage = (bytes: Buffer, random: () => number) => Buffer;
const pageSize = 2048;

const kinds: Record<string, Damage> = {
	truncated: (bytes, random) => bytes.subarray(0, 100 + Math.floor(random() * (bytes.length - 200))),
	"cut to whole pages": (bytes, random) =>
		bytes.subarray(0, pageSize * (1 + Math.floor(random() * (bytes.length / pageSize - 2)))),
	"a zeroed page": (bytes, random) => {
		const at = pageSize * Math.floor(random() * (bytes.length / pageSize));
		return Buffer.from(bytes).fill(0, at, at + pageSize);
	},
	"a random page": (bytes, random) => {
		const damaged = Buffer.from(bytes);
		const at = pageSize * Math.floor(random() * (bytes.length / pageSize));
		for (let n = 0; n < pageSize; n++) damaged[at + n] = Math.floor(random() * 256);
		return damaged;
	},
	"a random header": (bytes, random) => {
		const damaged = Buffer.from(bytes);
		for (let n = 0; n < 100; n++) damaged[n] = Math.floor(random() * 256);
		return damaged;
	},
	garbage: (bytes, random) => Buffer.from(Array.from({ length: bytes.length / 8 }, () => Math.floor(random() * 256))),
	"no bytes at all": () => Buffer.alloc(0),
	"a text file": () => Buffer.from("<html>not found</html>\n".repeat(300)),
};

async function sound(): Promise<Kept> {
	const data = makeData(someLines(0, runs));
	await withMonitor(data, (monitor) => expect(idsOf(monitor)).toEqual(expected));
	return data;
}

function copyOf(from: Kept): Kept {
	const data = makeData();
	copyFileSync(from.database, data.database);
	copyFileSync(from.metrics, data.metrics);
	return data;
}

describe("a damaged database", () => {
	const seeds = isHard ? 63 : 4;
	for (const [name, damage] of Object.entries(kinds)) {
		test(`(${name}, ${seeds} times) is built again, and the damaged file is kept`, async () => {
			const whole = await sound();
			const bytes = readFileSync(whole.database);
			let unnoticed = 0;
			for (let seed = 1; seed <= seeds; seed++) {
				const data = copyOf(whole);
				const damaged = damage(bytes, randomOf(seed));
				writeFileSync(data.database, damaged);
				await withMonitor(data, (monitor) => {
					expect({ seed, ids: idsOf(monitor) }).toEqual({ seed, ids: expected });
					expect(monitor.isWritable).toBe(true);
					expect(monitor.db?.query("PRAGMA integrity_check").get()).toEqual({ integrity_check: "ok" });
					if (damaged.length === 0) return;
					if (!monitor.problems().some(({ id }) => id === "rebuilt")) {
						unnoticed++;
						return;
					}
					const [kept = ""] = readdirSync(join(data.folder, "quarantine"));
					expect(readFileSync(join(data.folder, "quarantine", kept, "backups.db")).length).toBe(damaged.length);
				});
				rmSync(data.folder, { recursive: true });
			}
			// One page of eighty holds nothing but hashes of lines: they differ, then, and SQLite cannot know.
			expect(unnoticed).toBeLessThanOrEqual(Math.ceil(seeds / 20));
		}, 600_000);
	}

	test("bigger than is checked before the first answer is noticed soon after, too", async () => {
		const data = makeData(someLines(0, 12_000));
		await withMonitor(data, (monitor) => expect(idsOf(monitor).length).toBe(12_000));
		const bytes = readFileSync(data.database);
		expect(bytes.length).toBeGreaterThan(2 * 1024 * 1024);
		// A page of the runs' own rows: nothing that the cards or the last thirty runs would ever read.
		const at = Math.floor(bytes.indexOf('"backup_id":"run-3000"') / pageSize) * pageSize;
		writeFileSync(data.database, bytes.fill(0, at, at + pageSize));
		const server = await startServer({ dataDir: data.folder, env: { RETENTION_DAYS: "36500" } });
		await until(async () => {
			const { problems } = await server.json("/api/health");
			return problems.some(({ id }: { id: string }) => id === "rebuilt");
		}, 10_000);
		await until(async () => (await server.json("/api/health")).source.accepted === 12_000, 10_000);
		await server.stop();
		const db = new Database(data.database, { readonly: true });
		expect(db.query("SELECT count(*) AS n FROM run").get()).toEqual({ n: 12_000 });
		db.close();
	}, 30_000);

	test("with a report that is no JSON any more is built again: structure alone would not tell", async () => {
		const data = await sound();
		const db = new Database(data.database);
		db.run("UPDATE run SET report = substr(report, 1, 40) || char(0, 0, 0) WHERE backup_id = 'run-390'");
		db.close();
		const server = await startServer({ dataDir: data.folder, env: { RETENTION_DAYS: "36500" } });
		await until(async () => (await server.json("/api/metrics?limit=365")).length === 365);
		const { problems } = await server.json("/api/health");
		expect(problems.map(({ id }: { id: string }) => id)).toContain("rebuilt");
		expect((await server.get("/")).status).toBe(200);
		await server.stop();
	});

	test("found while running is built again without a restart", async () => {
		const data = await sound();
		await withMonitor(data, async (monitor) => {
			monitor.db?.run("PRAGMA wal_checkpoint(TRUNCATE)");
			writeFileSync(data.database, Buffer.alloc(readFileSync(data.database).length, "x"), { flag: "r+" });
			monitor.db?.run("PRAGMA shrink_memory");
			writeFileSync(data.metrics, someLines(0, runs + 5));
			await monitor.catchUp();
			await monitor.catchUp();
			expect(idsOf(monitor).length).toBe(runs + 5);
			expect(monitor.problems().map(({ id }) => id)).toContain("rebuilt");
		});
	});

	test("keeps the three newest of many damaged files", async () => {
		const data = await sound();
		for (let n = 0; n < 5; n++) {
			writeFileSync(data.database, "garbage".repeat(1000));
			await withMonitor(data, (monitor) => expect(idsOf(monitor)).toEqual(expected));
		}
		expect(readdirSync(join(data.folder, "quarantine")).length).toBe(3);
	});

	test("is refilled from what was imported, too, with the last word about each run", async () => {
		const data = makeData(someLines(0, 10, { success: false }));
		const env = { RETENTION_DAYS: "36500" };
		await withMonitor(data, () => {});
		const imported = someLines(5, 15);
		expect((await runCommand(["import", "-"], { dataDir: data.folder, env, input: imported })).code).toBe(0);
		writeFileSync(data.database, "garbage".repeat(1000));
		await withMonitor(data, (monitor) => {
			const good = monitor.db
				?.query<{ n: number }, []>("SELECT count(*) AS n FROM run WHERE outcome = 'success'")
				.get();
			expect(idsOf(monitor).length).toBe(15);
			expect(good).toEqual({ n: 10 });
		});
	});
});
