// Big files of six kinds by two roads: every line counted, in bounded memory, and /health is answered meanwhile.
import { Database } from "bun:sqlite";
import { afterAll, expect, test } from "bun:test";
import { closeSync, openSync, readFileSync, renameSync, rmSync, writeSync } from "node:fs";
import { join } from "node:path";
import { cleanUp, isHard, makeFolder, peakMemory, runCommand, type Started, startServer, until } from "../binary.ts";
import { aLine } from "../lines.ts";
import { isQuiet, machineLoad, percentile, rounded, tell } from "./tell.ts";

afterAll(cleanUp);

const lines = isHard ? 1_000_000 : 8000;
const megabytes = isHard ? 100 : 6;
const probedEveryMs = 100;
/** 1e6 lines on two cores that others use as well. */
const patientMs = isHard ? 1_800_000 : 60_000;
const env = { RETENTION_DAYS: "36500", BUN_JSC_useJIT: "0" };

type Kind = {
	name: string;
	accepted: number;
	rejected: number;
	runs: number;
	write: (fd: number) => void;
};

const bad = [
	"not json at all, but a line of a log that somebody appended to the wrong file",
	aLine(7).slice(0, -20),
	'{"timestamp":"yesterday","backup_id":"x","success":true}',
	'{"backup_id":"without-a-stamp","success":true}',
	'["an","array"]',
	"{}",
];

function writeLines(fd: number, lineOf: (n: number) => string): void {
	for (let at = 0; at < lines; at += 1000) {
		writeSync(fd, Array.from({ length: 1000 }, (_, n) => `${lineOf(at + n)}\n`).join(""));
	}
}

/** One line of many megabytes, between two reports. */
function writeLong(fd: number, byte: number): void {
	const block = Buffer.alloc(1024 * 1024, byte);
	writeSync(fd, `${aLine(0)}\n`);
	for (let written = 0; written < megabytes; written++) writeSync(fd, block);
	writeSync(fd, `\n${aLine(1)}\n`);
}

const first = Date.UTC(2020, 0, 1);
/** A report every three minutes: a million of them end before today. */
const good = (n: number) => aLine(n, { timestamp: `${new Date(first + n * 180_000).toISOString().slice(0, 19)}Z` });
const ofBad = (n: number) => bad[n % bad.length] ?? "";
const kinds: Kind[] = [
	{
		name: `${megabytes} MB in one line`,
		accepted: 2,
		rejected: 1,
		runs: 2,
		write: (fd) => writeLong(fd, 0x78),
	},
	{
		name: `${megabytes} MB of NULs`,
		accepted: 2,
		rejected: 1,
		runs: 2,
		write: (fd) => writeLong(fd, 0),
	},
	{ name: "good lines", accepted: lines, rejected: 0, runs: lines, write: (fd) => writeLines(fd, good) },
	{ name: "bad lines", accepted: 0, rejected: lines, runs: 0, write: (fd) => writeLines(fd, ofBad) },
	{
		name: "good and bad lines in turn",
		accepted: lines / 2,
		rejected: lines / 2,
		runs: lines / 2,
		write: (fd) => writeLines(fd, (n) => (n % 2 === 0 ? good(n) : ofBad((n - 1) / 2))),
	},
	{
		name: "lines of ten runs, over and over",
		accepted: lines,
		rejected: 0,
		runs: 10,
		write: (fd) => writeLines(fd, (n) => good(n % 10)),
	},
];

function madeFile({ write }: Kind): string {
	const path = join(makeFolder(), "big.jsonl");
	const fd = openSync(path, "w");
	write(fd);
	closeSync(fd);
	return path;
}

/** Milliseconds that a process was ready to run and had no processor, since it began: others were at work. */
function waited(pid: number): number {
	return Number(readFileSync(`/proc/${pid}/schedstat`, "utf8").split(" ")[1]) / 1e6;
}

/** What /health says, by a connection of this thread: `fetch` has one of its own, whose waiting would have to be asked too. */
function answerOf(port: number): Promise<string> {
	return new Promise((resolve, reject) => {
		let text = "";
		const socket = {
			open: (to: Bun.Socket) => void to.write("GET /health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"),
			data: (_: Bun.Socket, bytes: Buffer) => {
				text += bytes.toString();
			},
			close: () => resolve(text),
			error: (_: Bun.Socket, error: Error) => reject(error),
		};
		Bun.connect({ hostname: "127.0.0.1", port, socket }).catch(reject);
	});
}

type Probes = { all: number[]; own: number[] };

/** Asks for /health every tenth of a second until told to end. `own`: without the time both waited for a processor. */
function probing(server: Started): { end: () => Promise<Probes> } {
	const probes: Probes = { all: [], own: [] };
	let isOver = false;
	const run = (async () => {
		while (!isOver) {
			const waitedBefore = waited(server.pid) + waited(process.pid);
			const from = performance.now();
			expect(await answerOf(server.port)).toStartWith("HTTP/1.1 200");
			const ms = performance.now() - from;
			probes.all.push(ms);
			probes.own.push(Math.max(0, ms - (waited(server.pid) + waited(process.pid) - waitedBefore)));
			await Bun.sleep(Math.max(0, probedEveryMs - ms));
		}
	})();
	return {
		end: async () => {
			isOver = true;
			await run;
			return probes;
		},
	};
}

function countRuns(dataDir: string): number {
	const db = new Database(join(dataDir, "backups.db"), { readonly: true });
	const found = db.query<{ n: number }, []>("SELECT count(*) AS n FROM run").get()?.n ?? 0;
	db.close();
	return found;
}

function tellProbes(road: string, kind: Kind, { all, own }: Probes, seconds: number, peak: number): void {
	tell(`R5 ${kind.name}, ${road}`, all.length, 0, {
		seconds: rounded(seconds),
		peak_mb: rounded(peak / 1e6),
		health_ms: {
			p50: rounded(percentile(all, 0.5)),
			p99: rounded(percentile(all, 0.99)),
			most: rounded(Math.max(...all)),
		},
		health_own_ms: { p50: rounded(percentile(own, 0.5)), p99: rounded(percentile(own, 0.99)) },
		load: machineLoad(),
	});
}

for (const kind of kinds) {
	const { name, accepted, rejected, runs } = kind;
	test(
		`${name}: counted by import, and followed by a server that answers meanwhile`,
		async () => {
			const file = madeFile(kind);

			const alone = makeFolder();
			let peak = 0;
			let begun = performance.now();
			const watching = { isOver: false };
			const { code, out, err } = await runCommand(["import", file, "--json"], {
				dataDir: alone,
				env,
				onStart: (pid) => {
					void until(() => {
						peak = peakMemory(pid) || peak;
						return watching.isOver;
					}, patientMs).catch(() => {});
				},
			});
			watching.isOver = true;
			tell(`R5 ${name}, import`, 1, 0, {
				seconds: rounded((performance.now() - begun) / 1000),
				peak_mb: rounded(peak / 1e6),
			});
			expect({ code, err }).toEqual({ code: 0, err: "" });
			expect(JSON.parse(out)).toMatchObject({ lines: accepted + rejected, accepted, rejected, pending: 0, runs });
			expect(peak).toBeLessThan(96 * 1024 * 1024);
			rmSync(alone, { recursive: true });

			const follower = await startServer({ env });
			await until(async () => (await follower.json("/api/health")).source.checkedAt !== null);
			const probes = probing(follower);
			begun = performance.now();
			renameSync(file, join(follower.dataDir, "metrics.jsonl"));
			await until(async () => {
				await Bun.sleep(isHard ? 1000 : 50);
				const { source } = await follower.json("/api/health");
				return source.accepted === accepted && source.rejected === rejected;
			}, patientMs);
			const found = await probes.end();
			tellProbes("followed", kind, found, (performance.now() - begun) / 1000, peakMemory(follower.pid));
			expect(peakMemory(follower.pid)).toBeLessThan(96 * 1024 * 1024);
			if (isHard && isQuiet) expect(percentile(found.own, 0.99)).toBeLessThan(50);
			await follower.stop();
			expect(countRuns(follower.dataDir)).toBe(runs);
		},
		2 * patientMs,
	);
}

test(
	"what is imported while a server runs is handed over to it, and counted alike",
	async () => {
		const [kind] = kinds.filter(({ name }) => name.startsWith("good and bad"));
		if (kind === undefined) throw new Error("there is no such kind");
		const { accepted, rejected, runs } = kind;
		const file = madeFile(kind);
		const server = await startServer({ env });
		await until(async () => (await server.json("/api/health")).source.checkedAt !== null);
		const probes = probing(server);
		const begun = performance.now();
		const handed = JSON.parse((await runCommand(["import", file, "--json"], { dataDir: server.dataDir, env })).out);
		expect(handed).toMatchObject({ lines: accepted + rejected, accepted, rejected, pending: 0 });
		await until(() => server.log().includes("lines handed over by the shell"), patientMs);
		tellProbes("handed over", kind, await probes.end(), (performance.now() - begun) / 1000, peakMemory(server.pid));
		expect(server.log()).toContain(`took ${accepted} of ${accepted + rejected} lines`);
		expect(peakMemory(server.pid)).toBeLessThan(96 * 1024 * 1024);
		await server.stop();
		expect(countRuns(server.dataDir)).toBe(runs);
		rmSync(server.dataDir, { recursive: true });
	},
	2 * patientMs,
);
