// The databases that the original's first and newest version made: copied beside, taken over, no row lost.
import { Database } from "bun:sqlite";
import { afterAll, describe, expect, test } from "bun:test";
import { chmodSync, copyFileSync, existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { cleanUp, makeFolder, startServer } from "../binary.ts";

afterAll(cleanUp);

const contract = join(import.meta.dir, "../fixtures/contract");
const env = { RETENTION_DAYS: "36500" };

function folderWith(name: string): { dataDir: string; path: string } {
	const dataDir = makeFolder();
	const path = join(dataDir, "backups.db");
	copyFileSync(join(contract, name), path);
	chmodSync(path, 0o644);
	return { dataDir, path };
}

type OriginalRow = {
	backup_id: string;
	timestamp: string;
	success: number;
	duration_total: number;
	size_bytes: number;
};

function originalRows(path: string): OriginalRow[] {
	const db = new Database(path, { readonly: true });
	const rows = db.query<OriginalRow, []>("SELECT * FROM backups ORDER BY id").all();
	db.close();
	return rows;
}

for (const name of ["backups-head.db", "backups-first.db"]) {
	describe(name, () => {
		test("is taken over: every row is a run with its own values, and the copy beside is the old file's content", async () => {
			const { dataDir, path } = folderWith(name);
			const before = originalRows(path);
			expect(before.length).toBe(60);
			const server = await startServer({ dataDir, env });
			const shown: { backup_id: string; success: boolean; duration_total: number; size_bytes: number }[] =
				await server.json("/api/metrics?limit=365");
			expect(await server.json("/health")).toEqual({ status: "ok" });
			await server.stop();
			expect(shown.map((run) => [run.backup_id, run.success, run.duration_total, run.size_bytes])).toEqual(
				before.map((row) => [row.backup_id, row.success !== 0, row.duration_total, row.size_bytes]),
			);
			const copies = readdirSync(dataDir).filter((file) => file.startsWith("backups.db.original-"));
			expect(copies.length).toBe(1);
			expect(originalRows(join(dataDir, copies[0] ?? ""))).toEqual(before);
		});

		test("keeps rows whose stamp nobody can read, and lists them", async () => {
			const { dataDir, path } = folderWith(name);
			const db = new Database(path);
			const odd = ["yesterday", "", "2026-02-30T01:00:00Z", "07/01/2026", "0"];
			for (const [n, stamp] of odd.entries()) {
				db.query("UPDATE backups SET timestamp = ?, backup_id = ? WHERE id = ?").run(stamp, `odd-${n}`, n + 1);
			}
			db.close();
			const server = await startServer({ dataDir, env });
			expect((await server.json("/api/metrics?limit=365")).length).toBe(55);
			const { legacy } = await server.json("/api/rejected?limit=365");
			expect(legacy.map(({ row }: { row: string }) => JSON.parse(row).timestamp).sort()).toEqual([...odd].sort());
			for (const { reason } of legacy) expect(reason).toContain("timestamp");
			const { problems } = await server.json("/api/health");
			expect(problems.map(({ id }: { id: string }) => id)).toContain("takeover");
			expect(await (await server.get("/")).text()).toContain("5 rows of the original");
			await server.stop();
		});

		test("with its metrics file beside it: the same runs, none twice", async () => {
			const { dataDir } = folderWith(name);
			copyFileSync(join(contract, "metrics.jsonl"), join(dataDir, "metrics.jsonl"));
			chmodSync(join(dataDir, "metrics.jsonl"), 0o644);
			const server = await startServer({ dataDir, env });
			const deadline = performance.now() + 5000;
			while ((await server.json("/api/health")).source.accepted < 60 && performance.now() < deadline)
				await Bun.sleep(20);
			expect((await server.json("/api/metrics?limit=365")).length).toBe(60);
			await server.stop();
			const db = new Database(join(dataDir, "backups.db"), { readonly: true });
			expect(db.query("SELECT count(*) AS n FROM run").get()).toEqual({ n: 60 });
			expect(db.query("SELECT sum(succeeded + warned + failed) AS n FROM daily WHERE job_id = 0").get()).toEqual({
				n: 60,
			});
			db.close();
		});
	});
}

test("a take-over that is cut off begins again: the original stays until the new database is whole", async () => {
	const { dataDir, path } = folderWith("backups-head.db");
	const before = readFileSync(path);
	await Bun.write(`${path}.new`, "half a database");
	const server = await startServer({ dataDir, env });
	expect((await server.json("/api/metrics?limit=365")).length).toBe(60);
	await server.stop();
	expect(existsSync(`${path}.new`)).toBe(false);
	expect(readFileSync(path).equals(before)).toBe(false);
});

test("a table called backups of another program is foreign, not the original's", async () => {
	const dataDir = makeFolder();
	const path = join(dataDir, "backups.db");
	const db = new Database(path, { create: true });
	db.run("CREATE TABLE backups (id INTEGER PRIMARY KEY, tape TEXT)");
	db.close();
	const before = readFileSync(path);
	const server = await startServer({ dataDir, env });
	expect((await server.json("/health")).problems[0].id).toBe("foreign-database");
	await server.stop();
	expect(readFileSync(path).equals(before)).toBe(true);
});

test("a success that is neither yes nor no goes aside, and the word false is a failure", async () => {
	const { dataDir, path } = folderWith("backups-head.db");
	const db = new Database(path);
	for (const [id, success] of [
		["text-false", "false"],
		["text-empty", ""],
		["two", 2],
	] as const) {
		db.run("INSERT INTO backups (timestamp, backup_id, success, duration_total, size_bytes) VALUES (?, ?, ?, 1, 1)", [
			"2026-01-31T02:00:00Z",
			id,
			success,
		]);
	}
	db.close();
	const server = await startServer({ dataDir, env });
	const shown: { backup_id: string; success: boolean }[] = await server.json("/api/metrics?limit=365");
	const added = shown.filter(({ backup_id }) => ["text-false", "text-empty", "two"].includes(backup_id));
	expect(added.map(({ backup_id, success }) => [backup_id, success])).toEqual([["text-false", false]]);
	expect((await server.json("/api/rejected")).legacy.length).toBe(2);
	await server.stop();
});
