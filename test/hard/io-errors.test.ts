// System calls on the monitor's files are made to fail, one at a time or from one on: what it acknowledges is kept all the
// same, what it cannot keep is refused and said, it goes on living, and works again once the calls do.
import { Database } from "bun:sqlite";
import { afterAll, beforeAll, expect, test } from "bun:test";
import { appendFileSync, cpSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { cleanUp, isHard, makeFolder, type Started, startServer, until } from "../binary.ts";
import { aLine, someLines } from "../lines.ts";
import { inParallel, percentile, rounded, tell } from "./tell.ts";

afterAll(cleanUp);

if (Bun.which("strace") === null) throw new Error("strace is not installed: apt-get install strace");

const env = { RETENTION_DAYS: "36500", BUN_JSC_useJIT: "0" };

/**
 * What fails. SQLite flushes with fsync where the journal uses fdatasync: both are one kind. A file is cut back only after
 * a write that failed, so for `ftruncate` the k-th write fails as well.
 */
const kinds = {
	pwrite64: "pwrite64",
	fdatasync: "fdatasync,fsync",
	write: "write",
	openat: "openat",
	rename: "rename,renameat,renameat2,unlink,unlinkat",
	ftruncate: "ftruncate",
} as const;
type Kind = keyof typeof kinds;

/** `from`: the k-th call and all after it; else the k-th alone. `phase`: from the first call of the program, or once it serves. */
type Fault = { kind: Kind; k: number; isSticky: boolean; error: "ENOSPC" | "EIO"; phase: "serving" | "starting" };

/** How many calls of a kind a day without faults makes, from the beginning of a phase on, in the busiest thread. */
type Calls = Record<Kind, number>;

/**
 * `count` calls of each kind, each made to fail once and for good. While it serves they are spread over all that come;
 * at the start they are the first ones. What a day does not have often enough is done again, with the other error.
 */
function faults(phase: Fault["phase"], calls: Calls, count: number): Fault[] {
	const list: Fault[] = [];
	for (const kind of Object.keys(kinds) as Kind[]) {
		for (let n = 0; n < count; n++) {
			const most = calls[kind];
			// The last ones are left out: no two days are quite the same.
			const spread = phase === "serving" ? Math.floor((n * Math.floor(most * 0.9)) / count) : n;
			const k = 1 + (spread % most);
			const error = (n + Math.floor(n / most)) % 2 === 0 ? "EIO" : "ENOSPC";
			for (const isSticky of [false, true]) list.push({ kind, k, isSticky, error, phase });
		}
	}
	return list;
}

const files = [
	"",
	"backups.db",
	"backups.db-wal",
	"backups.db-shm",
	"received.jsonl",
	"metrics.jsonl",
	"push-token",
	"job-key",
	"link-key",
	"serve.lock",
	"spool",
];

const handedEach = 8;
/** Reports that commands of the shell put into the folder, each a file that is read and removed. */
const handed = (n: number) => `spool/20260101${String(n).padStart(6, "0")}-0000000${n % 8}.report.jsonl`;

/** strace with one fault, or with none, on the files of one folder only: what the runtime itself opens is not what this is about. */
function injector(dataDir: string, fault: Fault | null, log: string): string[] {
	const calls = fault === null ? Object.values(kinds).join() : kinds[fault.kind];
	const inject = (which: string, when: string) => ["-e", `inject=${which}:error=${fault?.error}:when=${when}`];
	const injected = () => {
		if (fault === null) return [];
		const { kind, k, isSticky } = fault;
		if (kind !== "ftruncate") return inject(calls, `${k}${isSticky ? "+" : ""}`);
		return [...inject("write", `${k}`), ...inject("ftruncate", isSticky ? "1+" : "1")];
	};
	const watched = [...files, ...Array.from({ length: states * handedEach }, (_, n) => handed(n))];
	const paths = watched.flatMap((file) => ["-P", join(dataDir, file).replace(/\/$/, "")]);
	const traced = fault?.kind === "ftruncate" ? `write,${calls}` : calls;
	return ["strace", "-f", ...paths, "-e", `trace=${traced}`, ...injected(), "-e", "signal=none", "-o", log];
}

/** strace counts each thread's calls for itself. */
function countCalls(log: string): Calls {
	const lines = readFileSync(log, "latin1").split("\n");
	const counted = (Object.keys(kinds) as Kind[]).map((kind) => {
		const ofThread = new Map<string, number>();
		for (const line of lines) {
			const [, thread = "", name = ""] = /^(\d+)\s+(\w+)\(/.exec(line) ?? [];
			if (kinds[kind].split(",").includes(name)) ofThread.set(thread, (ofThread.get(thread) ?? 0) + 1);
		}
		return [kind, Math.max(1, ...ofThread.values())] as const;
	});
	const all = Object.fromEntries(counted) as Calls;
	return { ...all, ftruncate: all.write };
}

/** The long run shares its machine with others. */
const patientMs = isHard ? 120_000 : 15_000;
const patience = () => AbortSignal.timeout(patientMs);
const lines = 6;
const states = 3;
/** Enough that the sixtieth call of most kinds is made. */
const ids = isHard ? 22 : 8;
type Known = { sent: number; acknowledged: number };

/** What was told to a monitor, and what it answered. */
type Told = { runs: Map<string, Known>; refused: number; wrong: string[]; isLastRefused: boolean; pauses: number };

const tokenOf = ({ dataDir }: Started) => readFileSync(join(dataDir, "push-token"), "utf8").trim();

async function push(server: Started, token: string, id: string, state: number, told: Told): Promise<void> {
	const known = told.runs.get(id) ?? { sent: -1, acknowledged: -1 };
	told.runs.set(id, known);
	known.sent = state;
	const body = JSON.stringify({
		job: "pushed",
		backup_id: id,
		timestamp: "2026-11-23T01:00:00Z",
		outcome: state === states - 1 ? "failure" : "success",
		size_bytes: state,
		log: "x".repeat(3000),
	});
	const headers = { authorization: `Bearer ${token}` };
	const response = await server.get("/api/runs", { method: "POST", body, headers, signal: patience() });
	const text = await response.text();
	if (response.status === 200 || response.status === 202) {
		known.acknowledged = state;
		told.isLastRefused = false;
	} else if (response.status === 507 || response.status === 503) {
		told.refused++;
		told.isLastRefused = true;
	} else told.wrong.push(`push answered ${response.status}: ${text.slice(0, 100)}`);
}

/** Pushes, lines in the file, a pause, the Refresh button: what a day brings, in two seconds. */
async function aDay(server: Started, told: Told): Promise<void> {
	const token = tokenOf(server);
	for (let state = 0; state < states; state++) {
		for (let id = 0; id < ids; id++) await push(server, token, `p${id}`, state, told);
		appendFileSync(join(server.dataDir, "metrics.jsonl"), someLines(10 + state * 2, 12 + state * 2));
		for (let n = state * handedEach; n < (state + 1) * handedEach; n++) {
			const path = join(server.dataDir, handed(n));
			writeFileSync(`${path}.tmp`, `${aLine(1000 + n, { backup_id: `h${n}`, job: "handed", size_bytes: 0 })}\n`);
			renameSync(`${path}.tmp`, path);
			told.runs.set(`h${n}`, { sent: 0, acknowledged: 0 });
		}
		if (state === 1) {
			const origin = { origin: server.url, "sec-fetch-site": "same-origin" };
			const response = await server.get("/jobs/default/pause", {
				method: "POST",
				body: new URLSearchParams({ until: "7d" }),
				headers: origin,
				signal: patience(),
			});
			if (response.status === 200) told.pauses++;
			else if (![503, 507].includes(response.status)) told.wrong.push(`pause answered ${response.status}`);
		}
		const refresh = await server.get("/api/import", { method: "POST", signal: patience() });
		if (refresh.status >= 500 && refresh.status !== 503) told.wrong.push(`import answered ${refresh.status}`);
		if ((await server.get("/", { signal: patience() })).status >= 500) told.wrong.push("the page did not answer");
	}
}

type Outcome = {
	fault: Fault;
	failures: string[];
	injected: number;
	isServing: boolean;
	refused: number;
	acknowledged: number;
	recoveredMs: number;
};

let template: string;

beforeAll(async () => {
	template = makeFolder();
	appendFileSync(join(template, "metrics.jsonl"), someLines(0, 10));
	const server = await startServer({ dataDir: template, env });
	await until(async () => (await server.json("/api/health")).source.accepted === 10);
	const told: Told = { runs: new Map(), refused: 0, wrong: [], isLastRefused: false, pauses: 0 };
	await push(server, tokenOf(server), "before", 0, told);
	expect(told.wrong).toEqual([]);
	await server.stop();
});

const tracerOf = (pid: number) =>
	Number(/TracerPid:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1] ?? 0);

type Traced = { server: Started; detach: () => Promise<void> };

/** A server under strace, from its first call on or once it serves; null where it ended. */
async function startTraced(dataDir: string, phase: Fault["phase"], command: string[]): Promise<Traced | null> {
	const server = await (phase === "starting"
		? // Not seized by a signal to the group: strace leaves its child alone when it is told to go.
			startServer({ dataDir, env, prefix: [...command, "-I", "1", "-D"] }).catch(() => null)
		: startServer({ dataDir, env }));
	if (server === null) return null;
	const { pid } = server;
	if (phase === "serving") Bun.spawn([...command, "-p", String(pid)], { stdio: ["ignore", "ignore", "ignore"] });
	await until(() => tracerOf(pid) !== 0, 5000, "strace is attached");
	const tracer = tracerOf(pid);
	const detach = async () => {
		if (tracerOf(pid) === tracer) process.kill(tracer, "SIGINT");
	};
	return { server, detach };
}

const fresh = (): Told => ({
	runs: new Map([["before", { sent: 0, acknowledged: 0 }]]),
	refused: 0,
	wrong: [],
	isLastRefused: false,
	pauses: 0,
});

function copyOfTemplate(): string {
	const dataDir = makeFolder();
	rmSync(dataDir, { recursive: true });
	cpSync(template, dataDir, { recursive: true });
	return dataDir;
}

async function callsOf(phase: Fault["phase"]): Promise<Calls> {
	const dataDir = copyOfTemplate();
	const log = join(makeFolder(), "calls");
	const traced = await startTraced(dataDir, phase, injector(dataDir, null, log));
	if (traced === null) throw new Error("it does not start under strace");
	await aDay(traced.server, fresh());
	await traced.detach();
	await traced.server.stop();
	return countCalls(log);
}

async function suffer(fault: Fault): Promise<Outcome> {
	const dataDir = copyOfTemplate();
	const log = join(makeFolder(), "calls");
	const told = fresh();
	const failures: string[] = [];
	let recoveredMs = 0;
	let traced: Traced | null = null;
	try {
		traced = await startTraced(dataDir, fault.phase, injector(dataDir, fault, log));
		if (traced !== null) {
			const { server } = traced;
			await aDay(server, told);
			if (told.isLastRefused) {
				// Reports are refused: whoever looks is told, for as long as it is so.
				const isSaidOrOver = async () => {
					if ((await server.json("/health")).status === "degraded") return true;
					await push(server, tokenOf(server), "again", 0, told);
					return !told.isLastRefused;
				};
				await until(isSaidOrOver, isHard ? 30_000 : 6000).catch(() =>
					failures.push("reports are refused, and /health says ok"),
				);
			}
			await traced.detach();
			const from = performance.now();
			const token = tokenOf(server);
			await until(
				async () => {
					const before = told.refused;
					await push(server, token, "after", 0, told);
					if (told.refused > before) await Bun.sleep(250);
					return told.refused === before;
				},
				patientMs,
				"a report is taken again",
			);
			await until(
				async () => (await server.json("/api/health")).source.accepted >= 10 + lines,
				patientMs,
				"lines are read on",
			);
			const isTaken = () => readdirSync(join(dataDir, "spool")).length === 0;
			await until(isTaken, patientMs, "what the shell handed over is taken");
			recoveredMs = performance.now() - from;
			if (fault.k % 2 === 0) await server.kill();
			else await server.stop();
		}
	} catch (error) {
		failures.push(
			`${error instanceof Error ? error.message : error}`.slice(0, 300) +
				(traced === null ? "" : `\n${traced.server.log().slice(-600)}`),
		);
		await traced?.detach().catch(() => {});
		await traced?.server.kill();
	}
	failures.push(...told.wrong, ...(await checkStored(dataDir, told, traced !== null)));
	const isIt = new RegExp(`^\\d+\\s+(?:${kinds[fault.kind].replaceAll(",", "|")})\\(.*\\(INJECTED\\)`);
	const injected = readFileSync(log, "latin1")
		.split("\n")
		.filter((line) => isIt.test(line)).length;
	if (failures.length === 0) rmSync(dataDir, { recursive: true });
	const acknowledged = [...told.runs.values()].filter((known) => known.acknowledged >= 0).length;
	return { fault, failures, injected, isServing: traced !== null, refused: told.refused, acknowledged, recoveredMs };
}

/** Starts without faults, and compares what is there with what was acknowledged. */
async function checkStored(dataDir: string, told: Told, wasServing: boolean): Promise<string[]> {
	const failures: string[] = [];
	const wanted = 10 + (wasServing ? lines : 0);
	const server = await startServer({ dataDir, env });
	await until(async () => (await server.json("/api/health")).source.accepted >= wanted, patientMs).catch((error) =>
		failures.push(`after a restart: ${error.message}`),
	);
	await server.get("/api/import", { method: "POST", signal: patience() });
	await server.stop();
	const db = new Database(join(dataDir, "backups.db"), { readonly: true });
	const rows = db.query<{ backup_id: string; size: number }, []>("SELECT backup_id, size FROM run").all();
	const integrity = db.query<{ integrity_check: string }, []>("PRAGMA integrity_check").get()?.integrity_check;
	const counts = db
		.query<{ runs: number; summed: number }, []>(
			"SELECT (SELECT count(*) FROM run) AS runs, (SELECT sum(succeeded + warned + failed) FROM daily WHERE job_id = 0) AS summed",
		)
		.get();
	const paused =
		db.query<{ n: number }, []>("SELECT count(*) AS n FROM decision WHERE paused_until IS NOT NULL").get()?.n ?? 0;
	db.close();
	for (const secret of ["push-token", "job-key", "link-key"]) {
		const now = readFileSync(join(dataDir, secret), "utf8");
		if (now !== readFileSync(join(template, secret), "utf8")) failures.push(`${secret} is another one`);
	}
	if (integrity !== "ok") failures.push(`integrity: ${integrity}`);
	if (counts?.runs !== counts?.summed) failures.push(`${counts?.runs} runs, ${counts?.summed} in the daily sums`);
	if (told.pauses > 0 && paused === 0) failures.push("an acknowledged pause is lost");
	const stored = new Map(rows.map(({ backup_id, size }) => [backup_id, size]));
	for (const [id, { sent, acknowledged }] of told.runs) {
		const state = stored.get(id) ?? -1;
		if (state < acknowledged) failures.push(`lost: ${id} acknowledged ${acknowledged}, stored ${state}`);
		if (state > sent) failures.push(`ghost: ${id} sent ${sent}, stored ${state}`);
		stored.delete(id);
	}
	for (let n = 0; n < wanted; n++) if (!stored.delete(`run-${n}`)) failures.push(`line ${n} is not stored`);
	for (const id of stored.keys()) failures.push(`${id} was never sent`);
	return failures;
}

async function sufferAll(name: string, phase: Fault["phase"], count: number): Promise<void> {
	const calls = await callsOf(phase);
	const list = faults(phase, calls, count);
	const outcomes = await inParallel(list, isHard ? 3 : 4, suffer);
	const failed = outcomes.filter(({ failures }) => failures.length > 0);
	const recovered = outcomes.map(({ recoveredMs }) => recoveredMs);
	const tookEffect = outcomes.filter(({ injected }) => injected > 0).length;
	tell(name, list.length, failed.length, {
		calls_of_a_day: calls,
		took_effect: tookEffect,
		calls_failed: outcomes.reduce((sum, { injected }) => sum + injected, 0),
		ended_at_the_start: outcomes.filter(({ isServing }) => !isServing).length,
		refused: outcomes.reduce((sum, { refused }) => sum + refused, 0),
		runs_acknowledged: outcomes.reduce((sum, { acknowledged }) => sum + acknowledged, 0),
		recovered_ms: { p50: rounded(percentile(recovered, 0.5)), max: rounded(Math.max(...recovered)) },
	});
	const told = failed.map(({ fault, failures }) => `${JSON.stringify(fault)}: ${failures.join("; ")}`);
	expect(told).toEqual([]);
	// The days differ by a few calls, so that the last ones may not come.
	expect(tookEffect).toBeGreaterThan(list.length * 0.9);
}

// 720 and 360 of them; a few where not HARD.
test("system calls that fail while it serves: nothing acknowledged is lost, and it recovers by itself", async () => {
	await sufferAll("R9 I/O errors while serving", "serving", isHard ? 60 : 2);
}, 10_800_000);

test("system calls that fail while it starts: it serves or ends, and the next start has everything", async () => {
	await sufferAll("R9 I/O errors while starting", "starting", isHard ? 30 : 1);
}, 10_800_000);
