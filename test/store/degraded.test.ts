// Databases that cannot be written or are not ours: the compiled server answers, says so, and recovers by itself.
import { Database } from "bun:sqlite";
import { afterAll, expect, test } from "bun:test";
import { appendFileSync, existsSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { cleanUp, isHard, makeFolder, runCommand, type Started, startServer, until, untilRead } from "../binary.ts";
import { aLine, someLines } from "../lines.ts";
import { makeSmallDisk } from "../small-disk.ts";

afterAll(cleanUp);

const env = { RETENTION_DAYS: "36500" };
const database = (dataDir: string) => join(dataDir, "backups.db");
const metrics = (dataDir: string) => join(dataDir, "metrics.jsonl");
// Mounts of one's own without being root: a user namespace.
const namespace = process.getuid?.() === 0 ? ["unshare", "-m"] : ["unshare", "-rm"];

async function problemIds(server: Started): Promise<string[]> {
	const { problems = [] } = await server.json("/health");
	return problems.map(({ id }: { id: string }) => id);
}

/** Every address answers, none with an error page of its own, and the page shows what is wrong. */
async function answersWith(server: Started, problem: string): Promise<void> {
	await until(async () => (await problemIds(server)).includes(problem), 8000, problem);
	expect((await server.get("/health")).status).toBe(200);
	const page = await server.get("/");
	expect(page.status).toBe(200);
	const { problems } = await server.json("/health");
	const [first] = problems.filter(({ id }: { id: string }) => id === problem);
	const text = (await page.text()).replaceAll("&quot;", '"').replaceAll("&#39;", "'");
	expect(text).toContain(first.title.slice(0, 20));
	for (const path of ["/api/metrics", "/api/failures", "/api/failure-trends", "/api/rejected"]) {
		expect([200, 503]).toContain((await server.get(path)).status);
	}
}

async function filled(count: number): Promise<string> {
	const dataDir = makeFolder();
	writeFileSync(metrics(dataDir), someLines(0, count));
	const server = await startServer({ dataDir, env });
	await untilRead(server, count);
	await server.stop();
	return dataDir;
}

test.concurrent("locked by another program at the start: it answers, and goes on when the lock is gone", async () => {
	const dataDir = await filled(20);
	const other = new Database(database(dataDir));
	other.run("PRAGMA locking_mode = EXCLUSIVE");
	other.run("BEGIN EXCLUSIVE");
	const server = await startServer({ dataDir, env });
	await answersWith(server, "database-locked");
	other.close();
	await until(async () => (await server.json("/health")).status === "ok", 8000);
	expect((await server.json("/api/metrics")).length).toBe(20);
	await server.stop();
}, 20_000);

test.concurrent("locked by another program while it runs: what was stored is shown, what comes is stored afterwards", async () => {
	const dataDir = await filled(20);
	const server = await startServer({ dataDir, env });
	const other = new Database(database(dataDir));
	other.run("PRAGMA busy_timeout = 5000");
	other.run("BEGIN IMMEDIATE");
	appendFileSync(metrics(dataDir), someLines(20, 25));
	await answersWith(server, "write");
	expect((await server.json("/api/metrics")).length).toBe(20);
	other.close();
	await untilRead(server, 25);
	expect(await server.json("/health")).toEqual({ status: "ok" });
	await server.stop();
}, 20_000);

test.concurrent("mounted read-only: it shows what was stored, and stores again once it may", async () => {
	const dataDir = await filled(20);
	const mount = `mount --bind "${dataDir}" "${dataDir}" && mount -o remount,ro,bind "${dataDir}" && exec "$@"`;
	const server = await startServer({ dataDir, env, prefix: [...namespace, "sh", "-c", mount, "sh"] });
	await answersWith(server, "read-only");
	expect((await server.json("/api/metrics")).length).toBe(20);
	appendFileSync(metrics(dataDir), someLines(20, 25));
	const enter = [
		"nsenter",
		...(process.getuid?.() === 0 ? [] : ["-U", "--preserve-credentials"]),
		"-m",
		"-t",
		`${server.pid}`,
	];
	const remount = Bun.spawnSync([...enter, "mount", "-o", "remount,rw,bind", dataDir], { stderr: "pipe" });
	expect(remount.stderr.toString()).toBe("");
	await untilRead(server, 25, 15_000);
	expect(await server.json("/health")).toEqual({ status: "ok" });
	await server.stop();
}, 30_000);

test.concurrent("mounted read-only with an empty folder: it says what it needs", async () => {
	const dataDir = makeFolder();
	const mount = `mount --bind "${dataDir}" "${dataDir}" && mount -o remount,ro,bind "${dataDir}" && exec "$@"`;
	const server = await startServer({ dataDir, env, prefix: [...namespace, "sh", "-c", mount, "sh"] });
	await answersWith(server, "database-unavailable");
	expect((await server.stop()).code).toBe(0);
}, 20_000);

test.concurrent("a full disk: nothing is lost, it is said, and it goes on when there is room", async () => {
	const dataDir = makeFolder();
	const mount = `mount -t tmpfs -o size=40m tmpfs "${dataDir}" && exec "$@"`;
	const server = await startServer({ dataDir, env, prefix: [...namespace, "sh", "-c", mount, "sh"] });
	const inside = `/proc/${server.pid}/root${dataDir}`;
	const seen = existsSync(inside);
	expect(seen).toBe(true);
	appendFileSync(metrics(inside), someLines(0, 50));
	await untilRead(server, 50);
	// What is left of the disk goes to somebody else's file, byte by byte.
	const filler = join(inside, "filler");
	writeFileSync(filler, "");
	// It looks again only when the disk is full.
	process.kill(server.pid, "SIGSTOP");
	appendFileSync(metrics(inside), someLines(50, 450));
	for (const size of [65_536, 4096, 512, 1]) {
		try {
			for (;;) appendFileSync(filler, Buffer.alloc(size));
		} catch {
			// Full at this step.
		}
	}
	process.kill(server.pid, "SIGCONT");
	await until(async () => (await problemIds(server)).includes("write"), 8000);
	expect((await server.get("/")).status).toBe(200);
	expect((await server.json("/api/metrics")).length).toBeGreaterThanOrEqual(30);
	writeFileSync(filler, "");
	await untilRead(server, 450, 15_000);
	expect(await server.json("/health")).toEqual({ status: "ok" });
	await server.stop();
}, 40_000);

test.concurrent("started on a full disk: it answers, and goes on when there is room", async () => {
	const dataDir = makeFolder();
	const fill = `mount -t tmpfs -o size=40m tmpfs "${dataDir}" && { cat /dev/zero > "${dataDir}/filler" 2>/dev/null; exec "$@"; }`;
	const server = await startServer({ dataDir, env, prefix: [...namespace, "sh", "-c", fill, "sh"] });
	const inside = `/proc/${server.pid}/root${dataDir}`;
	await until(async () => (await server.json("/health")).status === "degraded", 8000);
	expect((await server.get("/")).status).toBe(200);
	expect(await problemIds(server)).toContain("disk-full");
	writeFileSync(join(inside, "filler"), "");
	await until(async () => (await server.json("/health")).status === "ok", 15_000);
	appendFileSync(metrics(inside), someLines(0, 5));
	await untilRead(server, 5);
	await server.stop();
}, 40_000);

test.concurrent("started where a few kilobytes are left: whatever fails for want of room, what was stored is shown", async () => {
	const filledDir = await filled(50);
	for (const left of isHard ? [0, 4, 32, 36, 40, 48, 64] : [0, 36]) {
		const disk = await makeSmallDisk(24 * 1024 * 1024, filledDir);
		try {
			disk.fill(left * 1024);
			const server = await startServer({ dataDir: disk.dataDir, env, prefix: disk.prefix });
			const shown = async () => {
				const runs = await server.json("/api/metrics?limit=365");
				return [left, Array.isArray(runs) ? runs.length : runs];
			};
			await Bun.sleep(300);
			expect(await shown()).toEqual([left, 50]);
			const { problems } = await server.json("/health");
			expect(problems[0].title).toMatch(/is full|cannot be stored/);
			expect((await server.get("/")).status).toBe(200);
			disk.free();
			appendFileSync(metrics(disk.inside), someLines(50, 60));
			await untilRead(server, 60, 15_000);
			await server.stop();
		} finally {
			await disk.remove();
		}
	}
}, 90_000);

test.concurrent("reports that a full disk refuses are told so each time, and make no job that would be counted", async () => {
	const disk = await makeSmallDisk(24 * 1024 * 1024);
	try {
		const token = "a-token-of-some-length";
		const server = await startServer({
			dataDir: disk.dataDir,
			env: { ...env, PUSH_TOKEN: token },
			prefix: disk.prefix,
		});
		const headers = { authorization: `Bearer ${token}` };
		const push = (n: number) =>
			n % 2 === 0
				? server.get("/api/runs", { method: "POST", body: aLine(n, { job: `job ${n}` }), headers })
				: server.get(`/ping/${token}/job-${n}`);
		disk.fill();
		const statuses = new Set<number>();
		// More than the jobs that one address may make at once.
		for (let n = 0; n < 450; n++) statuses.add((await push(n)).status);
		expect([...statuses].sort()).toEqual([503, 507]);
		disk.free();
		await until(async () => (await push(1000)).status === 200, 15_000, "a report is taken");
		await server.stop();
	} finally {
		await disk.remove();
	}
}, 60_000);

test.concurrent("made by a newer version: it is shown, and not written", async () => {
	const dataDir = await filled(20);
	const db = new Database(database(dataDir));
	db.run("PRAGMA user_version = 900");
	db.run("PRAGMA wal_checkpoint(TRUNCATE)");
	db.close();
	const before = readFileSync(database(dataDir));
	const server = await startServer({ dataDir, env });
	await answersWith(server, "newer-database");
	expect((await server.json("/api/metrics")).length).toBe(20);
	appendFileSync(metrics(dataDir), someLines(20, 25));
	await Bun.sleep(1500);
	await server.stop();
	expect(readFileSync(database(dataDir)).equals(before)).toBe(true);
});

test.concurrent("a database of another program: it is not touched", async () => {
	const dataDir = makeFolder();
	const db = new Database(database(dataDir), { create: true });
	db.run("CREATE TABLE recipe (id INTEGER PRIMARY KEY, text TEXT)");
	db.run("INSERT INTO recipe (text) VALUES ('soup')");
	db.close();
	const before = readFileSync(database(dataDir));
	appendFileSync(metrics(dataDir), someLines(0, 5));
	const server = await startServer({ dataDir, env });
	await answersWith(server, "foreign-database");
	await server.stop();
	expect(readFileSync(database(dataDir)).equals(before)).toBe(true);
	expect(existsSync(join(dataDir, "quarantine"))).toBe(false);
});

test.concurrent("a second server on the same folder is refused with one sentence, and the first goes on", async () => {
	const first = await startServer({ env });
	const second = await runCommand(["serve"], { dataDir: first.dataDir, env });
	expect(second.code).toBe(1);
	expect(second.err).toContain(`Another backup-monitor already serves ${first.dataDir}`);
	expect(second.err.trim().split("\n").length).toBe(1);
	appendFileSync(metrics(first.dataDir), someLines(0, 3));
	await untilRead(first, 3);
	await first.stop();
	// A dead server's lock is gone with it.
	const third = await startServer({ dataDir: first.dataDir, env });
	await third.kill();
	const fourth = await startServer({ dataDir: first.dataDir, env });
	expect((await fourth.stop()).code).toBe(0);
});

test.concurrent("two data folders with one database are told apart, whichever of them it lies in", async () => {
	for (const name of ["backups.db", "runs.db"]) {
		const [first, second] = [makeFolder(), makeFolder()];
		const path = join(first, name);
		const server = await startServer({ dataDir: first, env: { ...env, DB_PATH: path } });
		const other = await runCommand(["serve"], { dataDir: second, env: { ...env, DB_PATH: path } });
		expect(other).toMatchObject({ code: 1, out: "" });
		expect(other.err).toContain(`with another data folder, uses ${path}`);
		const imported = await runCommand(["import", "-"], {
			dataDir: second,
			env: { ...env, DB_PATH: path },
			input: someLines(0, 1),
		});
		expect(imported.code).toBe(1);
		expect(imported.err).toContain(path);
		await server.stop();
		const third = await startServer({ dataDir: second, env: { ...env, DB_PATH: path } });
		expect((await third.stop()).code).toBe(0);
	}
});

test.concurrent("a database that is removed while it runs is built again at once, and what is pushed then is kept", async () => {
	const dataDir = await filled(20);
	const server = await startServer({ dataDir, env });
	await until(async () => (await server.json("/api/metrics")).length === 20);
	const token = readFileSync(join(dataDir, "push-token"), "utf8").trim();
	const push = (id: string) =>
		server.get("/api/runs", {
			method: "POST",
			body: aLine(500, { backup_id: id, job: "pushed" }),
			headers: { authorization: `Bearer ${token}` },
		});
	expect((await push("before")).status).toBe(200);
	rmSync(database(dataDir));
	expect((await push("between")).status).toBe(200);
	await until(async () => (await problemIds(server)).length === 0 && existsSync(database(dataDir)), 8000);
	await until(async () => (await server.json("/api/metrics")).length === 22, 8000);
	expect((await push("after")).status).toBe(200);
	const { problems } = await server.json("/api/health");
	expect(problems.map(({ title }: { title: string }) => title).join()).toContain("was removed while the monitor ran");
	await server.kill();
	const again = await startServer({ dataDir, env });
	await until(async () => (await again.json("/api/metrics")).length === 23, 8000);
	await again.stop();
}, 30_000);

test.concurrent("a journal that is removed while it runs is begun anew: what is pushed then is in a file that has a name", async () => {
	const dataDir = makeFolder();
	const server = await startServer({ dataDir, env });
	const token = readFileSync(join(dataDir, "push-token"), "utf8").trim();
	const push = (id: string) =>
		server.get("/api/runs", {
			method: "POST",
			body: aLine(500, { backup_id: id, job: "pushed" }),
			headers: { authorization: `Bearer ${token}` },
		});
	expect((await push("before")).status).toBe(200);
	rmSync(join(dataDir, "received.jsonl"));
	for (const id of ["between", "after"]) expect((await push(id)).status).toBe(200);
	expect(readFileSync(join(dataDir, "received.jsonl"), "utf8").trim().split("\n").length).toBe(2);
	expect((await server.json("/api/runs")).runs.length).toBe(3);
	expect(await server.json("/health")).toEqual({ status: "ok" });
	await server.kill();
	rmSync(database(dataDir));
	const again = await startServer({ dataDir, env });
	await until(async () => (await again.json("/api/metrics")).length === 2, 8000);
	await again.stop();
}, 30_000);

test.concurrent("a database that is replaced by another one while it runs is opened in its place", async () => {
	const [dataDir, other] = [await filled(20), await filled(7)];
	const server = await startServer({ dataDir, env });
	await until(async () => (await server.json("/api/metrics")).length === 20);
	rmSync(metrics(dataDir));
	renameSync(database(other), database(dataDir));
	await until(async () => (await server.json("/api/metrics")).length === 7, 8000);
	expect(await server.json("/health")).toEqual({ status: "ok" });
	await server.stop();
	const db = new Database(database(dataDir), { readonly: true });
	expect(db.query("PRAGMA integrity_check").get()).toEqual({ integrity_check: "ok" });
	db.close();
}, 30_000);

test.concurrent("a taken port is refused with one sentence that says what to do", async () => {
	const first = await startServer({ env });
	const second = await runCommand(["serve", "--port", String(first.port)], { dataDir: makeFolder(), env });
	expect(second).toMatchObject({ code: 1, out: "" });
	expect(second.err).toContain(`Port ${first.port} is taken by another program.`);
	await first.stop();
});

test.concurrent("a folder that belongs to somebody else: it answers, and names the user and the folder", async () => {
	if (process.getuid?.() !== 0) return;
	const dataDir = makeFolder();
	const as = ["setpriv", "--reuid", "65532", "--regid", "65532", "--clear-groups"];
	const server = await startServer({ dataDir, env, prefix: as });
	await answersWith(server, "database-unavailable");
	const { problems } = await server.json("/api/health");
	expect(JSON.stringify(problems)).toContain("65532");
	expect(JSON.stringify(problems)).toContain(dataDir);
	expect(statSync(dataDir).uid).toBe(0);
	Bun.spawnSync(["chown", "65532:65532", dataDir]);
	await until(async () => (await server.json("/health")).status === "ok", 15_000);
	await server.stop();
}, 30_000);
