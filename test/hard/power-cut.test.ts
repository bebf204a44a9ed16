// Whatever moment the power goes: every report that was acknowledged before is there after the next start.
import { Database } from "bun:sqlite";
import { afterAll, expect, test } from "bun:test";
import { cpSync, existsSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { readConfig } from "../../src/config.ts";
import { Monitor } from "../../src/ingest/monitor.ts";
import { findDamage } from "../../src/store/database.ts";
import { readTokens } from "../../src/web/tokens.ts";
import { childOf, cleanUp, isHard, makeFolder, type Started, startServer, until } from "../binary.ts";
import { chance, type Event, readRecording, recorder, writeCrash } from "./power-cut.ts";
import { tell } from "./tell.ts";

afterAll(cleanUp);

const states = isHard ? 3000 : 40;
/** As many of them are cut without the journal too, which must lose something. */
const controls = isHard ? 100 : 20;
const seed = Number(process.env.SEED ?? Date.now() % 1e9);

if (Bun.which("strace") === null) throw new Error("strace is not installed: apt-get install strace");

/** Pushes by number: every number is a version of one of a few runs. */
const idOf = (version: number) => `run ${version % 30}`;

async function push(server: Started, version: number): Promise<void> {
	const token = tokenIn(server.dataDir);
	const body = JSON.stringify({
		job: `job ${version % 3}`,
		host: version % 2 === 0 ? "nas" : "pi",
		backup_id: idOf(version),
		timestamp: "2026-11-23T01:00:00Z",
		outcome: version % 4 === 0 ? "failure" : "success",
		size_bytes: version,
		// Long enough that the write-ahead log is folded into the file in the middle of the pushes, by one of them.
		log: "x".repeat(30_000),
	});
	const response = await server.get("/api/runs", {
		method: "POST",
		body,
		headers: { authorization: `Bearer ${token}` },
	});
	if (response.status !== 200) throw new Error(`push ${version}: ${response.status}`);
}

/** Every event with the file it is about; "" for none. */
type FileEvent = Event & { file: string };

/** Two sessions on one folder, the first stopped in order: its checkpoint is among the moments that are cut. */
async function record(): Promise<{ events: FileEvent[]; token: string; slugsMade: Map<string, string> }> {
	const dataDir = makeFolder();
	const logs: string[] = [];
	for (const [from, to] of [
		[1, 60],
		[61, 120],
	] as const) {
		const log = join(makeFolder(), "calls");
		const server = await startServer({
			dataDir,
			env: { RETENTION_DAYS: "36500", BUN_JSC_useJIT: "0" },
			prefix: recorder(log),
		});
		for (let version = from; version <= to; version++) await push(server, version);
		await until(() => existsSync(log));
		process.kill(childOf(server), to === 60 ? "SIGTERM" : "SIGKILL");
		await server.exited;
		logs.push(log);
	}
	const events = readRecording(logs, dataDir, (text) => text.startsWith("HTTP/1.1 200"));
	const db = new Database(join(dataDir, "backups.db"), { readonly: true });
	const slugsMade = readSlugs(db);
	db.close();
	return { events: events.map((event) => ({ file: "", ...event })), token: tokenIn(dataDir), slugsMade };
}

const tokenIn = (dataDir: string) => readFileSync(join(dataDir, "push-token"), "utf8").trim();
const numbers = (upTo: number) => Array.from({ length: upTo }, (_, at) => at + 1);

function readSlugs(db: Database): Map<string, string> {
	const rows = db.query<{ slug: string; job: string }, []>("SELECT slug, name || ' on ' || host AS job FROM job").all();
	return new Map(rows.map(({ slug, job }) => [slug, job]));
}

test(`${states} power cuts: no acknowledged report is lost, no database is damaged`, async () => {
	const { events, token, slugsMade } = await record();
	const total = events.filter(({ kind }) => kind === "acknowledge").length;
	expect(total).toBe(120);
	const flushes = events.filter(({ kind }) => kind === "flush").length;
	// The empty database of the first start is made without flushes but the last: cut before that, it is made again.
	const made = events.findIndex((event) => event.kind === "flush" && event.file === "backups.db");
	const last = events.findLastIndex(({ kind }) => kind === "acknowledge");
	const folded = events.slice(made + 1, last).filter(({ kind, file }) => kind === "change" && file === "backups.db");
	expect(folded.length).toBeGreaterThan(0);
	// A push waits for its journal alone, so that what follows is about commits that nobody has flushed.
	const flushed = events
		.slice(made + 1, last)
		.filter(({ kind, file }) => kind === "flush" && file === "backups.db-wal");
	expect(flushed.length).toBeLessThan(total / 2);
	const random = chance(seed);
	const lost: string[] = [];
	const damaged: string[] = [];
	let lostWithoutJournal = 0;
	for (let state = 0; state < states; state++) {
		const folder = makeFolder();
		const count = Math.floor(random() * (events.length + 1));
		const acknowledged = writeCrash(events, count, folder, random);
		const where = `seed ${seed}, state ${state}, event ${count}`;
		const kept = readTokens(readConfig({ DATA_DIR: folder })).token;
		if (acknowledged > 0 && kept !== token) lost.push(`${where}: the token`);
		// Commits are really undone by these cuts: without the journal's help the same ones lose reports.
		if (state < controls) {
			const bare = makeFolder();
			cpSync(folder, bare, { recursive: true });
			rmSync(join(bare, "received.jsonl"), { force: true });
			const { versions } = await stored(bare);
			if (numbers(acknowledged).some((version) => (versions.get(idOf(version)) ?? 0) < version)) lostWithoutJournal++;
			rmSync(bare, { recursive: true });
		}
		const { versions, slugs, damage } = await stored(folder);
		if (damage !== null && count > made) damaged.push(`${where}: ${damage}`);
		for (const version of numbers(acknowledged)) {
			const found = versions.get(idOf(version)) ?? 0;
			if (found < version) lost.push(`${where}: ${version} of ${acknowledged} acknowledged, stored ${found}`);
		}
		for (const [id, version] of versions) {
			if (version > acknowledged + 1 || idOf(version) !== id) damaged.push(`${where}: ghost ${id} ${version}`);
		}
		// Addresses that were given out lead to the same jobs: a job made by an undone commit is made again as it was.
		for (const [slug, job] of slugs) if (slugsMade.get(slug) !== job) damaged.push(`${where}: ${slug} is ${job}`);
		rmSync(folder, { recursive: true });
	}
	tell("R8 power cuts under pushes", states, lost.length + damaged.length, {
		flushes,
		flushed_commits: flushed.length,
		acknowledged: total,
		lost_without_journal: lostWithoutJournal,
		seed,
	});
	expect(lost).toEqual([]);
	expect(damaged).toEqual([]);
	expect(lostWithoutJournal).toBeGreaterThan(0);
}, 1_800_000);

/** Starts on what the cut left, and reads what is there then. */
async function stored(
	folder: string,
): Promise<{ versions: Map<string, number>; slugs: Map<string, string>; damage: string | null }> {
	const monitor = new Monitor(readConfig({ DATA_DIR: folder, TZ: "UTC", RETENTION_DAYS: "36500" }), Date.now);
	monitor.start();
	try {
		await monitor.catchUp();
		const { db } = monitor;
		if (db === null)
			return { versions: new Map(), slugs: new Map(), damage: monitor.problems()[0]?.title ?? "not open" };
		const rows = db.query<{ backup_id: string; size: number }, []>("SELECT backup_id, size FROM run").all();
		const damage = existsSync(join(folder, "quarantine")) ? "set aside and built anew" : findDamage(db);
		const versions = new Map(rows.map(({ backup_id, size }) => [backup_id, size]));
		return { versions, slugs: readSlugs(db), damage };
	} finally {
		await monitor.stop();
	}
}

async function controlFailures(synchronous: string): Promise<{ lost: number; damaged: number }> {
	const folder = makeFolder();
	const log = join(makeFolder(), "calls");
	const control = join(import.meta.dir, "power-cut-control.ts");
	const command = [...recorder(log), process.execPath, control, join(folder, "control.db"), synchronous];
	await Bun.spawn(command, { cwd: folder, stdout: "ignore", stderr: "ignore" }).exited;
	const events = readRecording([log], folder, (text) => text.startsWith("acknowledged "));
	expect(events.filter(({ kind }) => kind === "acknowledge").length).toBe(80);
	const random = chance(seed);
	const failures = { lost: 0, damaged: 0 };
	for (let state = 0; state < Math.min(states, 300); state++) {
		const crashed = makeFolder();
		const acknowledged = writeCrash(events, Math.floor(random() * (events.length + 1)), crashed, random);
		const versions = readControl(join(crashed, "control.db"));
		if (versions === null) failures.damaged++;
		else if (Array.from({ length: acknowledged }, (_, at) => at + 1).some((n) => (versions.get(n % 50) ?? 0) < n))
			failures.lost++;
		rmSync(crashed, { recursive: true });
	}
	return failures;
}

/** null where SQLite finds damage. */
function readControl(path: string): Map<number, number> | null {
	try {
		const db = new Database(path, { create: true });
		try {
			if (db.query("PRAGMA integrity_check(1)").values()[0]?.[0] !== "ok") return null;
			if (db.query("SELECT 1 FROM sqlite_schema").all().length === 0) return new Map();
			const rows = db.query<{ id: number; version: number }, []>("SELECT id, version FROM run").all();
			return new Map(rows.map(({ id, version }) => [id, version]));
		} finally {
			db.close();
		}
	} catch {
		return null;
	}
}

test("the replay sees faults: rows acknowledged before a flush are lost, and without any flush the file breaks", async () => {
	const normal = await controlFailures("NORMAL");
	const off = await controlFailures("OFF");
	const full = await controlFailures("FULL");
	tell("R8 power cuts, controls", Math.min(states, 300), 0, { normal, off, full, seed });
	expect(normal.lost).toBeGreaterThan(0);
	expect(normal.damaged).toBe(0);
	expect(off.damaged).toBeGreaterThan(0);
	expect(full).toEqual({ lost: 0, damaged: 0 });
}, 300_000);
