// An upgrade that dies half way: the version before, built from this repository's past, works on with everything.
import { Database } from "bun:sqlite";
import { afterAll, beforeAll, expect, test } from "bun:test";
import { cpSync, existsSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { schemaVersion } from "../../src/store/database.ts";
import { childOf, cleanUp, isHard, makeFolder, type Started, startServer, until, untilRead } from "../binary.ts";
import { tell } from "../hard/tell.ts";
import { aLine, someLines } from "../lines.ts";
import { makeSmallDisk } from "../small-disk.ts";

const root = join(import.meta.dir, "../..");
const env = { RETENTION_DAYS: "36500", BUN_JSC_useJIT: "0" };
const lines = 400;

/** Commits with an older schema whose build needs nothing but what this one needs. */
const olderVersions = [
	{ schema: 3, commit: "31da99006c71790f88fe72cc32416ee0ed1d8473" },
	{ schema: 2, commit: "8aa94b3ccaffa7706fda7f85ffa38857fb6b89d0" },
];
/** A download without its history cannot build its past; CI has a clone, and with it all of this. */
const hasHistory = olderVersions.every(
	({ commit }) => Bun.spawnSync(["git", "cat-file", "-e", `${commit}^{commit}`], { cwd: root }).exitCode === 0,
);

type Older = { schema: number; program: string; template: string };
const older: Older[] = [];

beforeAll(async () => {
	if (!hasHistory) return;
	for (const { schema, commit } of isHard ? olderVersions : olderVersions.slice(0, 1)) {
		const source = makeFolder();
		const unpack = `git -C "$0" archive ${commit} | tar -x -C "$1"`;
		expect(Bun.spawnSync(["sh", "-c", unpack, root, source]).exitCode).toBe(0);
		symlinkSync(join(root, "node_modules"), join(source, "node_modules"));
		const built = Bun.spawnSync([process.execPath, "scripts/build.ts"], { cwd: source, stdout: "ignore" });
		expect(built.exitCode).toBe(0);
		const program = join(source, "dist/backup-monitor");
		older.push({ schema, program, template: await servedBy(program) });
	}
}, 120_000);
afterAll(cleanUp);

const tokenIn = (dataDir: string) => readFileSync(join(dataDir, "push-token"), "utf8").trim();

async function push(server: Started, token: string, id: string): Promise<number> {
	const headers = { authorization: `Bearer ${token}` };
	const body = aLine(1000, { backup_id: id, job: "pushed" });
	return (await server.get("/api/runs", { method: "POST", body, headers })).status;
}

/** A folder with runs by both roads, as the older version leaves it when it is stopped. */
async function servedBy(program: string): Promise<string> {
	const dataDir = makeFolder();
	writeFileSync(join(dataDir, "metrics.jsonl"), someLines(0, lines));
	const server = await startServer({ dataDir, env, program });
	await untilRead(server, lines);
	expect(await push(server, tokenIn(dataDir), "before")).toBe(200);
	await server.stop();
	return dataDir;
}

function copyOf(template: string): string {
	const dataDir = join(makeFolder(), "data");
	cpSync(template, dataDir, { recursive: true });
	return dataDir;
}

/** As the next program that opens it finds it: with what is in the log beside it. */
function schemaIn(dataDir: string): number {
	const copy = copyOf(dataDir);
	const db = new Database(join(copy, "backups.db"));
	const found = db.query<{ user_version: number }, []>("PRAGMA user_version").get();
	expect(db.query("PRAGMA integrity_check").get()).toEqual({ integrity_check: "ok" });
	db.close();
	rmSync(copy, { recursive: true });
	return found?.user_version ?? -1;
}

const idsIn = async (server: Started): Promise<string[]> => {
	const text = await (await server.get("/api/runs.jsonl")).text();
	const objects = text.split("\n").filter(Boolean);
	return objects.map((line) => String(JSON.parse(line).backup_id)).sort();
};
const allIds = (...more: string[]) => [...Array.from({ length: lines }, (_, n) => `run-${n}`), ...more].sort();

/** It serves as before: every run is shown, a report is taken, a new line is read, and there is nothing to complain of. */
async function expectServes(server: Started, ids: string[], id: string): Promise<void> {
	await until(async () => (await server.json("/health")).status === "ok", 10_000, `ok: ${server.log()}`);
	expect(await idsIn(server)).toEqual(ids);
	expect((await server.get("/")).status).toBe(200);
	expect(await push(server, tokenIn(server.dataDir), id)).toBe(200);
	expect(await idsIn(server)).toEqual([...ids, id].sort());
}

/** strace on the database's files alone; kills at the k-th call that writes or flushes. */
function killer(dataDir: string, k: number | null, log: string): string[] {
	const paths = ["backups.db", "backups.db-wal", "backups.db-shm"].flatMap((name) => ["-P", join(dataDir, name)]);
	const calls = "pwrite64,fdatasync,fsync,ftruncate";
	const kill = k === null ? [] : ["-e", `inject=${calls}:signal=SIGKILL:when=${k}`];
	return ["strace", "-f", ...paths, "-e", `trace=${calls}`, ...kill, "-o", log];
}

/** Killed meanwhile it has no child any more. */
async function endTraced(server: Started): Promise<void> {
	try {
		process.kill(childOf(server), "SIGTERM");
	} catch {
		// Gone, and strace with it.
	}
	await server.exited;
}

test.skipIf(!hasHistory)(
	"killed at any write of an upgrade: the old version has everything and goes on, or the new one has it",
	async () => {
		for (const { schema, program, template } of older) {
			const clean = copyOf(template);
			const log = join(makeFolder(), "calls");
			const upgraded = await startServer({ dataDir: clean, env, prefix: killer(clean, null, log) });
			await endTraced(upgraded);
			expect(schemaIn(clean)).toBe(schemaVersion);
			const calls = readFileSync(log, "latin1").split("\n").length - 1;
			expect(calls).toBeGreaterThan(8);
			const kills = Math.min(calls, isHard ? 200 : 8);
			let old = 0;
			for (let n = 0; n < kills; n++) {
				const k = 1 + Math.floor((n * calls) / kills);
				const dataDir = copyOf(template);
				const started = startServer({ dataDir, env, prefix: killer(dataDir, k, log) });
				// Where it had finished before that call it serves.
				await started.then(endTraced, () => {});
				const left = schemaIn(dataDir);
				const before = await startServer({ dataDir, env, program });
				const ids = allIds("before");
				if (left === schema) {
					old++;
					await expectServes(before, ids, "after");
					ids.push("after");
				} else {
					expect(left).toBe(schemaVersion);
					// The upgrade was done: the old version shows what it cannot write, and says that it cannot.
					await until(async () => (await before.json("/health")).problems?.[0]?.id === "newer-database");
					expect(await idsIn(before)).toEqual(ids);
				}
				await before.stop();
				const after = await startServer({ dataDir, env });
				await expectServes(after, ids.sort(), "last");
				await after.stop();
				rmSync(dataDir, { recursive: true });
			}
			tell(`upgrade from schema ${schema}, killed`, kills, 0, { writes: calls, old_schema_left: old });
			expect(old).toBeGreaterThan(0);
		}
	},
	3_600_000,
);

// Nothing is left, or too little for what the change writes.
for (const left of [0, 40 * 1024]) {
	const name = `a disk too full for an upgrade, ${left} bytes left: it says so, and the old version works on, then with room again`;
	test.skipIf(!hasHistory)(
		name,
		async () => {
			for (const { schema, program, template } of older) {
				const disk = await makeSmallDisk(40 * 1024 * 1024, template);
				try {
					const { dataDir, inside, prefix } = disk;
					disk.fill(left);
					const upgrade = await startServer({ dataDir, env, prefix });
					const told = async () => {
						const { problems = [] } = await upgrade.json("/health");
						return problems.map(({ title }: { title: string }) => title).join("; ");
					};
					const isSaid = async () => /could not be brought from schema|is full/.test(await told());
					await until(isSaid, 10_000, `it is said: ${upgrade.log()}`);
					expect((await upgrade.get("/")).status).toBe(200);
					await upgrade.stop();
					expect(schemaIn(inside)).toBe(schema);

					const full = await startServer({ dataDir, env, prefix, program });
					const whole = allIds("before").length;
					await until(async () => (await idsIn(full)).length === whole, 10_000).catch(async () => {
						throw new Error(`${JSON.stringify(await full.json("/health"))}\n${full.log()}`);
					});
					expect(await idsIn(full)).toEqual(allIds("before"));
					expect([503, 507]).toContain(await push(full, tokenIn(inside), "refused"));
					disk.free();
					await until(async () => (await push(full, tokenIn(inside), "after")) === 200, 20_000, "a report is taken");
					expect(await idsIn(full)).toEqual(allIds("before", "after"));
					await full.stop();

					const after = await startServer({ dataDir, env, prefix });
					await until(async () => (await after.json("/health")).status === "ok", 10_000);
					expect(await idsIn(after)).toEqual(allIds("before", "after"));
					await after.stop();
					expect(schemaIn(inside)).toBe(schemaVersion);
				} finally {
					await disk.remove();
				}
			}
		},
		120_000,
	);
}

test.skipIf(!hasHistory)(
	"back to the old version after an upgrade: the copy made before it is put back, and read on from the journals",
	async () => {
		for (const { schema, program, template } of older) {
			const dataDir = copyOf(template);
			const upgraded = await startServer({ dataDir, env });
			await expectServes(upgraded, allIds("before"), "after");
			await upgraded.stop();
			expect(existsSync(join(dataDir, "copies"))).toBe(true);
			const [copy = ""] = new Bun.Glob(`copies/*schema${schema}*.db`).scanSync({ cwd: dataDir, absolute: true });
			expect(copy).not.toBe("");
			for (const side of ["", "-wal", "-shm"]) rmSync(join(dataDir, `backups.db${side}`), { force: true });
			cpSync(copy, join(dataDir, "backups.db"));
			const again = await startServer({ dataDir, env, program });
			await until(async () => (await idsIn(again)).includes("after"), 10_000, "read on from the journal");
			await expectServes(again, allIds("before", "after"), "last");
			await again.stop();
		}
	},
	120_000,
);
