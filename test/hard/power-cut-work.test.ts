// Power cuts in the middle of the larger works on the folder: an import, a prune, a copy, a takeover, a new schema, a
// damaged database set aside, a rebuild, a restored copy, the journal cut off. The next start has every run, and no half copy has a name.
import { Database } from "bun:sqlite";
import { afterAll, expect, test } from "bun:test";
import { copyFileSync, cpSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { readConfig } from "../../src/config.ts";
import { longestJournal } from "../../src/ingest/journal-parts.ts";
import { Monitor } from "../../src/ingest/monitor.ts";
import { findDamage } from "../../src/store/database.ts";
import first from "../../src/store/migrations/001-first.sql" with { type: "text" };
import { damageOf, listCopies } from "../../src/store/own-copies.ts";
import {
	childOf,
	cleanUp,
	isHard,
	makeFolder,
	runCommand,
	type Started,
	startServer,
	until,
	untilRead,
} from "../binary.ts";
import { aLine, someLines } from "../lines.ts";
import { chance, type Event, readRecording, recorder, writeCrash } from "./power-cut.ts";
import { tell } from "./tell.ts";

afterAll(cleanUp);

if (Bun.which("strace") === null) throw new Error("strace is not installed: apt-get install strace");

const states = isHard ? 200 : 3;
const seed = Number(process.env.SEED ?? Date.now() % 1e9);
const contract = join(import.meta.dir, "../fixtures/contract");
const runs = 300;
const all = Array.from({ length: runs }, (_, n) => `run-${n}`);

type Found = { ids: Set<string>; summed: number; damage: string | null; copies: string[] };

type Work = {
	name: string;
	/** What lies in the folder before. */
	prepare: (folder: string) => Promise<void>;
	/** The command, or null for a server that is ended once it has read everything. */
	command: string[] | null;
	env?: Record<string, string>;
	/** What is done with the server before it is ended. */
	meanwhile?: (server: Started, folder: string) => Promise<void>;
	/** Says that the work is done. */
	word: RegExp;
	/** What is wrong with what the next start finds. */
	check: (found: Found, isDone: boolean) => string | null;
	/** What is found must be found again where the database is deleted, its copies too: in the journal and its parts. */
	isJournaled?: boolean;
	/** Half of the cuts are made around what is done to these files: it is a small part of all that is written. */
	near?: RegExp;
};

const days = 86_400_000;
const hasAll = ({ ids }: Found) => {
	const missing = all.filter((id) => !ids.has(id));
	return missing.length === 0 ? null : `${missing.length} runs are missing, ${missing[0]} first`;
};

const [fakeClock = ""] = new Bun.Glob("*/faketime/libfaketimeMT.so.1").scanSync({ cwd: "/usr/lib", absolute: true });
const clockFile = join(makeFolder(), "now");
const setClock = (afterMs: number) =>
	writeFileSync(clockFile, `@${new Date(Date.now() + afterMs).toISOString().slice(0, 19).replace("T", " ")}`);

/** A folder with runs by both roads, as a stopped server leaves it. */
async function filled(folder: string): Promise<void> {
	writeFileSync(join(folder, "metrics.jsonl"), someLines(0, 250));
	const server = await startServer({ dataDir: folder, env: { RETENTION_DAYS: "36500" } });
	await untilRead(server, 250, 60_000);
	const token = readFileSync(join(folder, "push-token"), "utf8").trim();
	const response = await server.get("/api/runs", {
		method: "POST",
		body: someLines(250, runs),
		headers: { authorization: `Bearer ${token}` },
		signal: AbortSignal.timeout(60_000),
	});
	expect(response.status).toBe(200);
	await server.stop();
}

const works: Work[] = [
	{
		name: "import",
		prepare: async (folder) => writeFileSync(join(folder, "..", "lines.jsonl"), someLines(0, runs)),
		command: ["import", "LINES", "--json"],
		word: /"accepted":300/,
		check: (found, isDone) => (isDone ? hasAll(found) : null),
	},
	{
		name: "prune",
		prepare: async (folder) => {
			const old = new Date(Date.now() - 200 * days).toISOString();
			const recent = new Date(Date.now() - days).toISOString();
			const lines = all.map((id, n) => aLine(n, { backup_id: id, timestamp: n < 40 ? old : recent }));
			writeFileSync(join(folder, "metrics.jsonl"), `${lines.join("\n")}\n`);
			const server = await startServer({ dataDir: folder, env: { RETENTION_DAYS: "36500" } });
			await untilRead(server, runs, 60_000);
			await server.stop();
		},
		command: ["prune", "--yes"],
		env: { RETENTION_DAYS: "90" },
		word: /deleted|runs/i,
		check: ({ ids, summed }) => {
			const missing = all.slice(40).filter((id) => !ids.has(id));
			if (missing.length > 0) return `${missing.length} runs inside retention are gone`;
			return summed === runs ? null : `the daily sums hold ${summed}`;
		},
	},
	{
		name: "copy",
		prepare: filled,
		command: ["backup"],
		word: /checked/,
		check: (found, isDone) => hasAll(found) ?? (isDone && found.copies.length === 0 ? "the copy is gone" : null),
	},
	{
		name: "restore of a copy",
		prepare: async (folder) => {
			await filled(folder);
			const copy = join(folder, "kept.db");
			expect((await runCommand(["backup", copy], { dataDir: folder })).code).toBe(0);
		},
		command: ["restore-db", "KEPT", "--yes"],
		word: /runs/,
		check: hasAll,
	},
	{ name: "rebuild", prepare: filled, command: ["rebuild", "--yes"], word: /runs are stored/, check: hasAll },
	{
		name: "takeover",
		prepare: async (folder) => {
			copyFileSync(join(contract, "backups-head.db"), join(folder, "backups.db"));
			// The fixture may be read-only.
			expect(Bun.spawnSync(["chmod", "644", join(folder, "backups.db")]).exitCode).toBe(0);
		},
		command: null,
		word: /HTTP\/1\.1 200/,
		check: ({ ids }) => (ids.size === 60 ? null : `${ids.size} of 60 runs`),
	},
	{
		name: "a new schema",
		prepare: async (folder) => {
			await filled(folder);
			const from = new Database(join(folder, "backups.db"), { readonly: true });
			const old = new Database(join(folder, "old.db"), { create: true });
			old.run("PRAGMA page_size = 2048");
			old.run("PRAGMA journal_mode = WAL");
			old.run(first);
			for (const table of ["job", "run", "daily", "source"]) {
				const columns = old.query<{ name: string }, []>(`SELECT name FROM pragma_table_info('${table}')`).all();
				const list = columns.map(({ name }) => `"${name}"`).join(", ");
				const marks = columns.map(() => "?").join(", ");
				for (const row of from.query(`SELECT ${list} FROM ${table}`).values()) {
					old.query(`INSERT INTO ${table} (${list}) VALUES (${marks})`).run(...(row as string[]));
				}
			}
			// "BMON", as ever.
			old.run("PRAGMA application_id = 1112362830");
			old.run("PRAGMA user_version = 1");
			old.run("PRAGMA wal_checkpoint(TRUNCATE)");
			old.close();
			from.close();
			for (const side of ["-wal", "-shm"]) rmSync(join(folder, `old.db${side}`), { force: true });
			cpSync(join(folder, "old.db"), join(folder, "backups.db"));
			rmSync(join(folder, "old.db"));
		},
		command: null,
		word: /HTTP\/1\.1 200/,
		check: hasAll,
	},
	{
		name: "damage set aside",
		prepare: async (folder) => {
			await filled(folder);
			const size = statSync(join(folder, "backups.db")).size;
			writeFileSync(join(folder, "backups.db"), Buffer.alloc(size, "damaged "));
		},
		command: null,
		word: /HTTP\/1\.1 200/,
		check: hasAll,
	},
	{
		name: "the journal cut off and packed",
		prepare: longJournal,
		command: null,
		env: {
			LD_PRELOAD: fakeClock,
			FAKETIME_TIMESTAMP_FILE: clockFile,
			FAKETIME_NO_CACHE: "1",
			FAKETIME_DONT_FAKE_MONOTONIC: "1",
			PUSH_TOKEN: "none",
		},
		meanwhile: async (server, folder) => {
			// Ten minutes after a start a copy may be made, and the journal be cut off behind it.
			setClock(11 * 60_000);
			const names = () => readdirSync(folder).filter((name) => name.startsWith("received.jsonl"));
			await until(() => names().join() === "received.jsonl.1.gz", 120_000, "the journal is cut off and packed");
			const late = await server.get("/api/runs", { method: "POST", body: `${aLine(runs)}\n` });
			expect(late.status).toBe(200);
		},
		word: /"backup_id":"run-300"/,
		check: (found, isDone) =>
			hasAll(found) ?? (isDone && !found.ids.has(`run-${runs}`) ? "the report behind the cut is gone" : null),
		isJournaled: true,
		near: /^received\.jsonl|^$/,
	},
];

/** A journal of more than eight megabytes, as reports with long logs make it in a year. */
async function longJournal(folder: string): Promise<void> {
	const server = await startServer({ dataDir: folder, env: { RETENTION_DAYS: "36500", PUSH_TOKEN: "none" } });
	for (let n = 0; n < runs; n += 15) {
		const body = someLines(n, n + 15, { log: "x".repeat(30_000) });
		const sent = await server.get("/api/runs", { method: "POST", body, signal: AbortSignal.timeout(60_000) });
		expect(sent.status).toBe(200);
	}
	await server.stop();
	expect(statSync(join(folder, "received.jsonl")).size).toBeGreaterThan(longestJournal);
	setClock(0);
}

/** Does the work once under the recorder; gives what lay there before, and what happened then. */
async function record(work: Work): Promise<{ before: string; events: Event[] }> {
	const folder = join(makeFolder(), "data");
	mkdirSync(folder);
	await work.prepare(folder);
	const before = join(makeFolder(), "before");
	cpSync(folder, before, { recursive: true });
	const log = join(makeFolder(), "calls");
	const env = { RETENTION_DAYS: "36500", BUN_JSC_useJIT: "0", ...work.env };
	if (work.command === null) {
		const server = await startServer({ dataDir: folder, env, prefix: recorder(log) });
		const response = await server.get("/api/metrics?limit=365", { signal: AbortSignal.timeout(60_000) });
		expect(response.status).toBe(200);
		await work.meanwhile?.(server, folder);
		await Bun.sleep(isHard ? 2500 : 1200);
		process.kill(childOf(server), "SIGTERM");
		await server.exited;
	} else {
		const words = { LINES: join(folder, "..", "lines.jsonl"), KEPT: join(folder, "kept.db") };
		const args = work.command.map((word) => words[word as keyof typeof words] ?? word);
		const ended = await runCommand(args, { dataDir: folder, env, prefix: recorder(log) });
		expect({ work: work.name, code: ended.code, err: ended.err }).toEqual({ work: work.name, code: 0, err: "" });
	}
	const events = readRecording([log], folder, (text) => work.word.test(text));
	// A folder that was moved, not copied: its files are known by what they hold.
	rmSync(folder, { recursive: true });
	return { before, events };
}

/** Starts on what the cut left, and says what is there then. */
async function restart(folder: string): Promise<Found> {
	const retention = { RETENTION_DAYS: "36500" };
	const copies = listCopies(join(folder, "backups.db")).map(({ path }) => path);
	const bad = copies.map((path) => damageOf(path)).find((damage) => damage !== null) ?? null;
	const monitor = new Monitor(readConfig({ DATA_DIR: folder, TZ: "UTC", ...retention }), Date.now);
	monitor.start();
	try {
		await monitor.catchUp();
		const { db } = monitor;
		if (db === null) {
			return { ids: new Set(), summed: 0, damage: monitor.problems()[0]?.title ?? "not open", copies };
		}
		const rows = db.query<{ backup_id: string }, []>("SELECT backup_id FROM run").all();
		const sums = db
			.query<{ n: number }, []>("SELECT sum(succeeded + warned + failed) AS n FROM daily WHERE job_id = 0")
			.get();
		const damage = bad === null ? findDamage(db) : `a copy: ${bad}`;
		return { ids: new Set(rows.map((row) => row.backup_id)), summed: sums?.n ?? 0, damage, copies };
	} finally {
		await monitor.stop();
	}
}

function chooseCut(events: Event[], near: RegExp | undefined, random: () => number): number {
	const anywhere = Math.floor(random() * (events.length + 1));
	if (near === undefined || random() < 0.5) return anywhere;
	const named = events.flatMap((event, at) => (event.kind !== "acknowledge" && near.test(event.file) ? [at] : []));
	const around = (named[Math.floor(random() * named.length)] ?? anywhere) + Math.floor(random() * 5) - 2;
	return Math.min(events.length, Math.max(0, around));
}

for (const work of works) {
	test(`${states} power cuts in the middle of this: ${work.name}`, async () => {
		const { before, events } = await record(work);
		expect(events.some(({ kind }) => kind === "acknowledge")).toBe(true);
		const changes = events.filter(({ kind }) => kind !== "acknowledge").length;
		expect(changes).toBeGreaterThan(4);
		const random = chance(seed);
		const failures: string[] = [];
		for (let state = 0; state < states; state++) {
			const folder = join(makeFolder(), "data");
			mkdirSync(folder);
			const count = chooseCut(events, work.near, random);
			const acknowledged = writeCrash(events, count, folder, random, before);
			const found = await restart(folder);
			let wrong = found.damage ?? work.check(found, acknowledged > 0);
			if (wrong === null && work.isJournaled === true) {
				for (const name of ["backups.db", "backups.db-wal", "backups.db-shm", "copies"])
					rmSync(join(folder, name), { recursive: true, force: true });
				const again = await restart(folder);
				wrong = again.damage ?? work.check(again, acknowledged > 0);
				if (wrong !== null) wrong = `from the journal: ${wrong}`;
			}
			if (wrong !== null) failures.push(`seed ${seed}, state ${state}, event ${count} of ${events.length}: ${wrong}`);
			rmSync(folder, { recursive: true });
		}
		tell(`R8 power cuts, ${work.name}`, states, failures.length, { events: events.length, seed });
		expect(failures).toEqual([]);
	}, 3_600_000);
}
