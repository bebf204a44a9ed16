// The compiled server over a file that writers append to, rotate and cut, while it is killed again and again.
import { Database } from "bun:sqlite";
import { afterAll, expect, test } from "bun:test";
import {
	appendFileSync,
	copyFileSync,
	existsSync,
	mkdirSync,
	readFileSync,
	renameSync,
	rmSync,
	truncateSync,
	unlinkSync,
	writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { cleanUp, isHard, makeFolder, type Started, startServer, until, untilRead } from "../binary.ts";
import { tell } from "../hard/tell.ts";
import { aLine, someLines } from "../lines.ts";

afterAll(cleanUp);

const env = { RETENTION_DAYS: "36500" };
const metrics = (dataDir: string) => join(dataDir, "metrics.jsonl");

function storedIds(dataDir: string): string[] {
	const db = new Database(join(dataDir, "backups.db"), { readonly: true });
	const rows = db.query<{ backup_id: string }, []>("SELECT backup_id FROM run ORDER BY started_at, id").all();
	db.close();
	return rows.map((row) => row.backup_id);
}

async function outcome(server: Started, id: string): Promise<boolean | undefined> {
	const runs: { backup_id: string; success: boolean }[] = await server.json("/api/metrics?limit=365");
	return runs.find((run) => run.backup_id === id)?.success;
}

test.concurrent("an appended line is seen within two seconds", async () => {
	const server = await startServer({ env });
	const waits: number[] = [];
	for (let n = 0; n < (isHard ? 200 : 4); n++) {
		const from = performance.now();
		appendFileSync(metrics(server.dataDir), someLines(n, n + 1));
		await until(async () => (await server.json("/api/metrics")).length === Math.min(30, n + 1), 5000);
		waits.push(performance.now() - from);
	}
	expect(Math.max(...waits)).toBeLessThan(2000);
	await server.stop();
});

test.concurrent("rotation by rename, copytruncate, tail and mv, deletion: every line is stored once", async () => {
	const server = await startServer({ env });
	const path = metrics(server.dataDir);
	appendFileSync(path, someLines(0, 200));
	await untilRead(server, 200);

	appendFileSync(path, someLines(200, 210));
	renameSync(path, `${path}.1`);
	writeFileSync(path, someLines(210, 220));
	await untilRead(server, 220);

	appendFileSync(path, someLines(220, 230));
	copyFileSync(path, `${path}.2`);
	truncateSync(path);
	appendFileSync(path, someLines(230, 340));
	await untilRead(server, 340);

	const lines = readFileSync(path, "utf8").trimEnd().split("\n");
	writeFileSync(`${path}.tmp`, `${lines.slice(-100).join("\n")}\n`);
	renameSync(`${path}.tmp`, path);
	appendFileSync(path, someLines(340, 341));
	await untilRead(server, 341);

	unlinkSync(path);
	await until(async () => (await server.json("/api/health")).source.state === "missing");
	writeFileSync(path, someLines(335, 345));
	await untilRead(server, 345);
	await server.stop();
	expect(storedIds(server.dataDir)).toEqual(Array.from({ length: 345 }, (_, n) => `run-${n}`));
	expect(server.log()).not.toContain("internal error");
});

test.concurrent("failure, success and the same failure again end red, also when the file was replaced in between", async () => {
	const server = await startServer({ env });
	const path = metrics(server.dataDir);
	const failure = `${aLine(1, { success: false })}\n`;
	const success = `${aLine(1)}\n`;
	for (const [line, wanted] of [
		[failure, false],
		[success, true],
		[failure, false],
		[success, true],
	] as const) {
		appendFileSync(path, line);
		await until(async () => (await outcome(server, "run-1")) === wanted, 3000);
	}
	writeFileSync(`${path}.tmp`, failure + success + failure + success + failure);
	renameSync(`${path}.tmp`, path);
	await until(async () => (await outcome(server, "run-1")) === false, 3000);
	await server.stop();
});

test.concurrent("a directory in the place of the file is said, and is no trouble once it is gone", async () => {
	const dataDir = makeFolder();
	mkdirSync(metrics(dataDir));
	const server = await startServer({ dataDir, env });
	await until(async () => (await server.json("/health")).status === "degraded");
	const { problems } = await server.json("/health");
	expect(problems[0]).toMatchObject({ id: "source-unreadable", title: expect.stringContaining("is a directory") });
	expect((await server.get("/")).status).toBe(200);
	rmSync(metrics(dataDir), { recursive: true });
	appendFileSync(metrics(dataDir), someLines(0, 2));
	await untilRead(server, 2);
	expect(await server.json("/health")).toEqual({ status: "ok" });
	await server.stop();
});

/** A script that appends lines `prefix-0`, `prefix-1`, … It opens the file for each, or for `held` of them at a time. */
function startWriter(dataDir: string, prefix: string, count: number, pauseMs: number, held = 1) {
	const program = `
		const { closeSync, openSync, writeSync } = require("node:fs");
		for (let n = 0, fd = -1; n < ${count}; n++) {
			if (n % ${held} === 0) {
				if (fd >= 0) closeSync(fd);
				fd = openSync(${JSON.stringify(metrics(dataDir))}, "a");
			}
			writeSync(fd, JSON.stringify({ timestamp: 1767225600 + n, backup_id: "${prefix}-" + n, success: n % 7 !== 0, duration_total: n, size_bytes: n * 1000 }) + "\\n");
			await Bun.sleep(Math.random() * ${pauseMs * 2});
		}`;
	return Bun.spawn([process.execPath, "-e", program], { stdio: ["ignore", "ignore", "inherit"] });
}

/** As logrotate does with `copytruncate`. What is written between the two is lost by it, so the writers wait that long. */
function copyTruncate(path: string, to: string, writers: Bun.Subprocess[]): void {
	for (const writer of writers) writer.kill("SIGSTOP");
	copyFileSync(path, to);
	truncateSync(path);
	for (const writer of writers) writer.kill("SIGCONT");
}

const kills = isHard ? 200 : 10;

test(`killed ${kills} times while two writers append: every line is stored exactly once`, async () => {
	const dataDir = makeFolder();
	const each = kills * 40;
	const writers = [startWriter(dataDir, "a", each, 4), startWriter(dataDir, "b", each, 4)];
	for (let n = 0; n < kills; n++) {
		const server = await startServer({ dataDir, env });
		await Bun.sleep(Math.random() * 300);
		await server.kill();
	}
	await Promise.all(writers.map(({ exited }) => exited));
	const server = await startServer({ dataDir, env });
	const wanted = Array.from({ length: each }, (_, n) => [`a-${n}`, `b-${n}`]).flat();
	await untilRead(server, wanted.length, 20_000);
	expect((await server.json("/api/health")).source.rejected).toBe(0);
	await server.stop();
	expect(storedIds(dataDir).sort()).toEqual(wanted.sort());
	checkSums(dataDir);
}, 3_600_000);

test(`killed ${kills} times while four scripts write and the file is rotated: every line is stored, none counted twice`, async () => {
	const dataDir = makeFolder();
	const each = kills * 50;
	const writers = [
		startWriter(dataDir, "a", each, 8),
		startWriter(dataDir, "b", each, 8),
		startWriter(dataDir, "c", each, 8),
		// Goes on writing into the file that was renamed away, for a second or so.
		startWriter(dataDir, "held", each, 8, 60),
	];
	const isOver = Promise.all(writers.map(({ exited }) => exited)).then(() => true);
	let part = 0;
	let killed = 0;
	while (!(await Promise.race([isOver, false])) || killed < kills) {
		const server = await startServer({ dataDir, env });
		await Bun.sleep(Math.random() * 300);
		const next = `${metrics(dataDir)}.${part + 1}`;
		if (killed % 4 === 1 && existsSync(metrics(dataDir))) {
			renameSync(metrics(dataDir), next);
			part++;
		} else if (killed % 4 === 3 && existsSync(metrics(dataDir))) {
			copyTruncate(metrics(dataDir), next, writers);
			part++;
		}
		await Bun.sleep(Math.random() * 300);
		await server.kill();
		killed++;
	}
	const server = await startServer({ dataDir, env });
	const prefixes = ["a", "b", "c", "held"];
	const wanted = Array.from({ length: each }, (_, n) => prefixes.map((prefix) => `${prefix}-${n}`)).flat();
	await until(async () => storedIds(dataDir).length === wanted.length, 10_000).catch(() => {});
	await server.stop();
	const stored = storedIds(dataDir).sort();
	const lost = wanted.filter((id) => !stored.includes(id));
	tell("R7 kill -9 while following", killed, lost.length + (stored.length - new Set(stored).size), {
		lines: wanted.length,
		stored: stored.length,
		rotations: part,
		lost: lost.slice(0, 20),
	});
	expect(stored).toEqual(wanted.sort());
	checkSums(dataDir);
}, 3_600_000);

/** The daily sums hold every run once. */
function checkSums(dataDir: string): void {
	const db = new Database(join(dataDir, "backups.db"), { readonly: true });
	const { runs, failed } = db
		.query<{ runs: number; failed: number }, []>("SELECT count(*) AS runs, sum(outcome = 'failure') AS failed FROM run")
		.get() ?? { runs: 0, failed: 0 };
	const sums = db
		.query<{ runs: number; failed: number }, []>(
			"SELECT sum(succeeded + warned + failed) AS runs, sum(failed) AS failed FROM daily WHERE job_id = 0",
		)
		.get();
	expect(db.query("PRAGMA integrity_check").get()).toEqual({ integrity_check: "ok" });
	db.close();
	expect(sums).toEqual({ runs, failed });
}
