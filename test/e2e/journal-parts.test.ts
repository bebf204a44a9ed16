// The journal is cut off at eight megabytes behind a checked copy, packed, and read again wherever a database is built
// from less: nothing that was ever acknowledged is lost with the parts.
import { Database } from "bun:sqlite";
import { afterAll, expect, test } from "bun:test";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { cleanUp, makeFolder, runCommand, type Started, startServer, until } from "../binary.ts";
import { aLine, someLines } from "../lines.ts";

afterAll(cleanUp);

const [library = ""] = new Bun.Glob("*/faketime/libfaketimeMT.so.1").scanSync({ cwd: "/usr/lib", absolute: true });
const clockFile = join(makeFolder(), "now");
const env = {
	LD_PRELOAD: library,
	FAKETIME_TIMESTAMP_FILE: clockFile,
	FAKETIME_NO_CACHE: "1",
	FAKETIME_DONT_FAKE_MONOTONIC: "1",
	RETENTION_DAYS: "36500",
	PUSH_TOKEN: "none",
};
const setClock = (afterMs: number) =>
	writeFileSync(clockFile, `@${new Date(Date.now() + afterMs).toISOString().slice(0, 19).replace("T", " ")}`);
const minuteMs = 60_000;

/** Nine megabytes of reports. */
const many = 150;
const long = { log: "x".repeat(60_000) };

async function push(server: Started, from: number, to: number, fields: Record<string, unknown> = {}): Promise<void> {
	for (let n = from; n < to; n += 15) {
		const body = someLines(n, Math.min(to, n + 15), fields);
		const { status } = await server.get("/api/runs", { method: "POST", body });
		// 202: parts are being read, it is stored behind them.
		expect([200, 202]).toContain(status);
	}
}

function runsIn(dataDir: string): number {
	const db = new Database(join(dataDir, "backups.db"), { readonly: true });
	const found = db.query<{ n: number; size: number }, []>("SELECT count(*) AS n FROM run").get();
	db.close();
	return found?.n ?? -1;
}

async function runsAfterStart(dataDir: string, expected: number): Promise<unknown[]> {
	const server = await startServer({ dataDir, env });
	await until(() => runsIn(dataDir) >= expected, 30_000, `${expected} runs`);
	const { problems } = await server.json("/api/health");
	await server.stop();
	return problems;
}

function forget(dataDir: string): void {
	for (const side of ["", "-wal", "-shm"]) rmSync(join(dataDir, `backups.db${side}`), { force: true });
}

test("cut, packed, and read again by a start without a database, with a damaged one, by rebuild and by restore-db", async () => {
	setClock(0);
	const dataDir = makeFolder();
	const at = (name: string) => join(dataDir, name);
	// A part that a crash left unpacked; what it tells is told again below.
	writeFileSync(at("received.jsonl.1"), someLines(0, 3));
	const server = await startServer({ dataDir, env });
	await push(server, 0, many, long);
	await until(() => runsIn(dataDir) === many);
	const firstCopy = join(makeFolder(), "early.db");
	// A copy of before everything else.
	expect((await runCommand(["backup", firstCopy], { dataDir, env: { RETENTION_DAYS: "36500" } })).code).toBe(0);
	await push(server, many, many + 10);
	await until(() => runsIn(dataDir) === many + 10);
	expect(existsSync(at("received.jsonl.2"))).toBe(false);
	setClock(11 * minuteMs);
	const parts = () =>
		readdirSync(dataDir)
			.filter((name) => name.startsWith("received.jsonl."))
			.toSorted();
	await until(() => parts().join() === "received.jsonl.1.gz,received.jsonl.2.gz", 30_000);
	expect(existsSync(at("received.jsonl"))).toBe(false);
	expect(statSync(at("received.jsonl.2.gz")).size).toBeLessThan(1_000_000);
	// The same run again, told otherwise: what came last wins, in whichever file it stands.
	await push(server, many, many + 20, { size_bytes: 7 });
	expect(readFileSync(at("received.jsonl"), "utf8").split("\n").length).toBe(21);
	const live = (await server.json("/api/runs?limit=25")).runs;
	expect((await server.json("/api/health")).problems).toEqual([]);
	await server.stop();
	expect(runsIn(dataDir)).toBe(many + 20);

	const same = async () => {
		const next = await startServer({ dataDir, env });
		const { runs } = await next.json("/api/runs?limit=25");
		const bare = (list: { id: number }[]) => list.map(({ id: _id, ...run }) => run);
		expect(bare(runs)).toEqual(bare(live));
		await next.stop();
	};
	// Deleted: from the parts and the journal alone.
	forget(dataDir);
	await runsAfterStart(dataDir, many + 20);
	await same();
	// Damaged: from the copy, which was made before the cut.
	writeFileSync(at("backups.db"), readFileSync(at("backups.db")).fill(0x5a, 4096, 400_000));
	const problems = JSON.stringify(await runsAfterStart(dataDir, many + 20));
	expect(problems).toContain("has been restored from the copy");
	await same();
	// By hand.
	const rebuilt = await runCommand(["rebuild"], { dataDir, env: { RETENTION_DAYS: "36500" } });
	expect([rebuilt.code, rebuilt.out]).toEqual([0, expect.stringContaining(`${many + 20} runs are stored now`)]);
	await same();
	// From a copy that knows only a part of the first part.
	const restored = await runCommand(["restore-db", firstCopy, "--yes"], { dataDir, env: { RETENTION_DAYS: "36500" } });
	expect([restored.code, restored.out]).toEqual([0, expect.stringMatching(/; 20\sruns more came from the journals/)]);
	await same();
}, 120_000);

test("a crash between cutting and the database, and one between packing and removing, lose and double nothing", async () => {
	setClock(0);
	const dataDir = makeFolder();
	const at = (name: string) => join(dataDir, name);
	const server = await startServer({ dataDir, env });
	await push(server, 0, 30);
	await server.stop();
	// The file has its number, the database has not heard of it.
	const text = readFileSync(at("received.jsonl"));
	rmSync(at("received.jsonl"));
	writeFileSync(at("received.jsonl.1"), text);
	await runsAfterStart(dataDir, 30);
	expect(runsIn(dataDir)).toBe(30);
	// Reports go on in a new file; then packing was cut off: half a packed one beside the plain one.
	const next = await startServer({ dataDir, env });
	await push(next, 30, 40);
	await next.stop();
	writeFileSync(at("received.jsonl.1.gz"), Bun.gzipSync(text).subarray(0, 100));
	forget(dataDir);
	await runsAfterStart(dataDir, 40);
	expect(runsIn(dataDir)).toBe(40);
	const parts = readdirSync(dataDir)
		.filter((name) => name.startsWith("received.jsonl"))
		.toSorted();
	expect(parts).toEqual(["received.jsonl", "received.jsonl.1", "received.jsonl.1.gz"]);
}, 60_000);

test("while parts are read, reports are acknowledged as journaled, and stored behind them", async () => {
	setClock(0);
	const dataDir = makeFolder();
	const lines = someLines(0, 20_000, { road: "x" }).replaceAll(
		'"road":"x"',
		'"received_at":"2026-11-01T00:00:00.000Z","road":"push"',
	);
	writeFileSync(join(dataDir, "received.jsonl.1.gz"), Bun.gzipSync(Buffer.from(lines)));
	const server = await startServer({ dataDir, env: { ...env, BUN_JSC_useJIT: "0" } });
	const { status } = await server.get("/api/runs", { method: "POST", body: aLine(19_999, { size_bytes: 7 }) });
	expect([200, 202]).toContain(status);
	await until(() => runsIn(dataDir) === 20_000, 30_000);
	await until(async () => (await server.json("/api/runs?limit=1")).runs[0].size_bytes === 7, 10_000);
	await server.stop();
}, 60_000);

test("where the first parts are gone, rebuild begins with the newest copy", async () => {
	setClock(0);
	const dataDir = makeFolder();
	const server = await startServer({ dataDir, env });
	await push(server, 0, 12);
	expect((await runCommand(["backup"], { dataDir })).code).toBe(0);
	await push(server, 12, 15);
	await server.stop();
	// As if sixty-four parts had been cut off since.
	writeFileSync(join(dataDir, "received.jsonl.9.gz"), Bun.gzipSync(Buffer.from(aLine(20))));
	writeFileSync(join(dataDir, "received.jsonl"), `${aLine(21)}\n`);
	const rebuilt = await runCommand(["rebuild"], { dataDir, env: { RETENTION_DAYS: "36500" } });
	expect([rebuilt.code, rebuilt.err]).toEqual([0, ""]);
	expect(runsIn(dataDir)).toBe(14);
}, 30_000);

/** Starts beside a first part that is not what was packed, and ten reports in the journal; how many runs there are then. */
async function startDamaged(dataDir: string, packed: Uint8Array): Promise<number> {
	writeFileSync(join(dataDir, "received.jsonl.1.gz"), packed);
	writeFileSync(join(dataDir, "received.jsonl"), someLines(400, 410));
	const server = await startServer({ dataDir, env });
	const titles = async () =>
		(await server.json("/api/health")).problems.map(({ title }: { title: string }) => title).join();
	await until(async () => (await titles()) !== "", 20_000, "a problem");
	expect(await titles()).toBe(`${dataDir}/received.jsonl.1.gz is damaged: what it told from some place on is missing.`);
	const last = JSON.parse(someLines(409, 410)).backup_id;
	await until(async () => (await (await server.get("/api/runs.jsonl")).text()).includes(last), 20_000, "the journal");
	await server.stop();
	return runsIn(dataDir);
}

test("a packed part that ends too early is told, and holds up nothing of what stands behind it", async () => {
	setClock(0);
	const dataDir = makeFolder();
	const packed = Bun.gzipSync(Buffer.from(someLines(0, 400)));
	const runs = await startDamaged(dataDir, packed.subarray(0, packed.length / 2));
	expect(runs).toBeGreaterThan(100);
	expect(runs).toBeLessThan(410);
	const rebuilt = await runCommand(["rebuild"], { dataDir, env: { RETENTION_DAYS: "36500" } });
	expect([rebuilt.code, rebuilt.err]).toEqual([0, expect.stringContaining("received.jsonl.1.gz is damaged")]);
}, 60_000);

test("a packed part with other bytes in its middle is told, and holds up nothing either", async () => {
	setClock(0);
	const packed = Bun.gzipSync(Buffer.from(someLines(0, 400)));
	packed.fill(0x5a, packed.length / 2, packed.length / 2 + 40);
	expect(await startDamaged(makeFolder(), packed)).toBeGreaterThanOrEqual(10);
}, 60_000);

test("a rebuild without a file that is there and cannot be read is none: the old database stays", async () => {
	const dataDir = makeFolder();
	writeFileSync(join(dataDir, "received.jsonl"), someLines(0, 5));
	await runsAfterStart(dataDir, 5);
	mkdirSync(join(dataDir, "metrics.jsonl"));
	const { code, err } = await runCommand(["rebuild"], { dataDir, env: { RETENTION_DAYS: "36500" } });
	expect([code, err]).toEqual([1, expect.stringContaining("metrics.jsonl is a directory, not a file")]);
	expect(runsIn(dataDir)).toBe(5);
});
