// Every command of the compiled program: its help, what it says to wrong usage, its exit codes, what it does.
import { Database } from "bun:sqlite";
import { afterAll, describe, expect, test } from "bun:test";
import { appendFileSync, existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { commands } from "../../src/cli/commands.ts";
import {
	binary,
	childOf,
	cleanUp,
	importFile,
	makeFolder,
	runCommand,
	startServer,
	until,
	untilRead,
} from "../binary.ts";
import { aLine, firstStart, someLines } from "../lines.ts";

afterAll(cleanUp);

const env = { RETENTION_DAYS: "36500" };
const run = (args: string[], more: Record<string, string> = {}, dataDir = makeFolder()) =>
	runCommand(args, { dataDir, env: { ...env, ...more } });

function rowsOf(dataDir: string, sql: string): unknown[] {
	const db = new Database(join(dataDir, "backups.db"), { readonly: true });
	const rows = db.query(sql).all();
	db.close();
	return rows;
}

const everyRun = `SELECT job.name, job.host, slug, backup_id, outcome, started_at, ended_at, duration, size, error_category
	FROM run JOIN job ON job.id = job_id ORDER BY started_at, slug, backup_id`;
const everyDay = "SELECT * FROM daily ORDER BY day, job_id";

describe("help", () => {
	test("of the program names every command, and every variable it reads first", async () => {
		for (const args of [["--help"], ["-h"], ["help"]]) {
			const { code, out, err } = await run(args);
			expect([args, code, err]).toEqual([args, 0, ""]);
			for (const { name, isInner } of commands) if (!isInner) expect(out).toContain(`  ${name} `);
			for (const name of ["DATA_DIR", "METRICS_FILE", "PORT", "TZ", "RETENTION_DAYS"]) expect(out).toContain(name);
		}
	});

	for (const { name } of commands) {
		test(`of ${name} says how it is used and what its exit codes mean, and does nothing`, async () => {
			const dataDir = makeFolder();
			const { code, out, err } = await run([name, "--help"], {}, dataDir);
			expect(out).toMatch(/exit (?:codes?|status)/i);
			expect([code, err]).toEqual([0, ""]);
			expect(out).toContain(`Usage: backup-monitor ${name}`);
			expect(out.length).toBeGreaterThan(60);
			expect(readdirSync(dataDir)).toEqual([]);
		});
	}
});

describe("wrong usage ends with 2 and one sentence", () => {
	const wrong: [string[], RegExp][] = [
		[["frobnicate"], /no command "frobnicate".*serve/],
		[["--frobnicate"], /--frobnicate/],
		[["serve", "--prot", "80"], /--prot/],
		[["serve", "now"], /"now" is more than serve takes/],
		[["serve", "--port"], /port/],
		[["serve", "--port", "http"], /PORT is "http"; expected a whole number from 0 to 65535/],
		[["serve", "--port", "65536"], /PORT is "65536"/],
		[["serve", "--port=-1"], /PORT is "-1"/],
		[["import"], /needs a file/],
		[["import", "a", "b"], /"b" is more than import takes/],
		[["import", "a", "--yaml"], /--yaml/],
		[["rebuild", "all"], /"all"/],
		[["prune", "--force"], /--force/],
		[["healthcheck", "now"], /"now"/],
		[["doctor", "--fix"], /--fix/],
		[["version", "2"], /"2"/],
		[["demo", "--port", "x"], /PORT is "x"/],
	];
	for (const [args, sentence] of wrong) {
		test(args.join(" "), async () => {
			const { code, out, err } = await run(args);
			expect([code, out]).toEqual([2, ""]);
			expect(err).toMatch(sentence);
			expect(err.trim().split("\n").length).toBe(1);
		});
	}

	const variables: [string, string, RegExp][] = [
		["PORT", "5001x", /PORT is "5001x"; expected a whole number from 0 to 65535/],
		["PORT", "1e3", /PORT is "1e3"/],
		["RETENTION_DAYS", "0", /RETENTION_DAYS is "0"; expected a whole number from 1 to 36500/],
		["RETENTION_DAYS", "ninety", /RETENTION_DAYS is "ninety"/],
		["UNITS", "metric", /UNITS is "metric"; expected si or iec/],
		["IMPORT_INTERVAL_HOURS", "-3", /IMPORT_INTERVAL_HOURS is "-3"/],
	];
	for (const [name, value, sentence] of variables) {
		test(`${name}=${value}`, async () => {
			const { code, err } = await run(["serve"], { [name]: value });
			expect(code).toBe(2);
			expect(err).toMatch(sentence);
			expect(err.trim().split("\n").length).toBe(1);
		});
	}
});

describe("serve", () => {
	test("reads config.yaml anew at SIGHUP, and goes on", async () => {
		const server = await startServer({ env });
		writeFileSync(join(server.dataDir, "config.yaml"), "jobs:\n  photos: { schedule: { cron: '61 2 * * *' } }\n");
		process.kill(server.pid, "SIGHUP");
		await until(async () => {
			const { problems } = await server.json("/api/health");
			return problems.some(
				({ id, title }: { id: string; title: string }) => id === "config" && title.includes("line 2"),
			);
		});
		await server.stop();
	});

	test("stops at SIGTERM and SIGINT in less than two seconds, with 0, the log folded into the file", async () => {
		for (const signal of ["SIGTERM", "SIGINT"] as const) {
			const server = await startServer({ env });
			appendFileSync(join(server.dataDir, "metrics.jsonl"), someLines(0, 50));
			await untilRead(server, 50);
			const from = performance.now();
			process.kill(server.pid, signal);
			expect([signal, await server.exited]).toEqual([signal, 0]);
			expect(performance.now() - from).toBeLessThan(2000);
			const wal = statSync(join(server.dataDir, "backups.db-wal"), { throwIfNoEntry: false });
			expect(wal?.size ?? 0).toBe(0);
			expect(rowsOf(server.dataDir, "SELECT count(*) AS n FROM run")).toEqual([{ n: 50 }]);
		}
	});

	test("stops in time with a client that never reads, and one that never finishes its request", async () => {
		const server = await startServer({ env });
		appendFileSync(join(server.dataDir, "metrics.jsonl"), someLines(0, 400));
		await untilRead(server, 400);
		const sockets = [];
		for (const text of [
			"GET /api/metrics?limit=365 HTTP/1.1\r\nHost: localhost\r\n\r\n".repeat(50),
			"POST /api/import HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000\r\n\r\nhalf",
			"GET / HTTP/1.1\r\nHost: loc",
		]) {
			const socket = await Bun.connect({
				hostname: "127.0.0.1",
				port: server.port,
				socket: { data: (s) => s.pause(), error: () => {} },
			});
			socket.write(text);
			sockets.push(socket);
		}
		await Bun.sleep(100);
		const { code, ms } = await server.stop();
		for (const socket of sockets) socket.terminate();
		expect(code).toBe(0);
		expect(ms).toBeLessThan(2000);
	});

	test("stops in time as process 1 of a container", async () => {
		const isRoot = process.getuid?.() === 0;
		const prefix = ["unshare", ...(isRoot ? [] : ["-r"]), "--pid", "--fork", "--kill-child", "--mount-proc"];
		const server = await startServer({ env, prefix });
		const child = childOf(server);
		expect(readFileSync(`/proc/${child}/status`, "utf8")).toMatch(/NSpid:\s+\d+\s+1\n/);
		const from = performance.now();
		process.kill(child, "SIGTERM");
		expect(await server.exited).toBe(0);
		expect(performance.now() - from).toBeLessThan(2000);
	});

	test("takes --port over PORT, and serves without a word being a command", async () => {
		const server = await startServer({ env: { ...env, PORT: "1" }, args: ["--port", "0"] });
		expect((await server.get("/health")).status).toBe(200);
		await server.stop();
	});

	test("reads no .env and no bunfig.toml of the folder it is started in", async () => {
		const folder = makeFolder();
		writeFileSync(join(folder, ".env"), "PORT=nonsense\n");
		writeFileSync(join(folder, "bunfig.toml"), 'preload = ["./evil.ts"]\n');
		writeFileSync(join(folder, "evil.ts"), 'console.log("evil")');
		const child = Bun.spawnSync([binary, "version"], { cwd: folder, env: {} });
		expect([child.exitCode, child.stdout.toString()]).toEqual([0, expect.stringMatching(/^backup-monitor \d/)]);
	});
});

describe("TZ", () => {
	const line = `${aLine(0, { timestamp: "2026-07-01T02:00:00" })}\n`;
	for (const [zone, wanted] of [
		["Europe/Berlin", "2026-07-01T00:00:00.000Z"],
		[":Europe/Berlin", "2026-07-01T00:00:00.000Z"],
		["UTC", "2026-07-01T02:00:00.000Z"],
		["Australia/Lord_Howe", "2026-06-30T15:30:00.000Z"],
	] as const) {
		test(`${zone} is the wall clock of stamps without an offset`, async () => {
			const dataDir = makeFolder();
			const { code } = await runCommand(["import", "-"], { dataDir, env: { ...env, TZ: zone }, input: line });
			expect(code).toBe(0);
			expect(rowsOf(dataDir, "SELECT started_at AS at FROM run")).toEqual([{ at: Date.parse(wanted) }]);
		});
	}

	test("that names no zone is UTC, with a banner that names it", async () => {
		const server = await startServer({ env: { ...env, TZ: "Europe/Atlantis" } });
		const { zone, problems } = await server.json("/api/health");
		expect(zone).toBe("UTC");
		expect(problems.map(({ id }: { id: string }) => id)).toContain("bad-zone");
		expect(await (await server.get("/")).text()).toContain("Europe/Atlantis");
		expect(await server.json("/health")).toEqual({ status: "ok" });
		await server.stop();
	});
});

describe("import", () => {
	test("of what cannot be read ends with 1 and says why", async () => {
		const dataDir = makeFolder();
		const missing = await run(["import", join(dataDir, "nothing.jsonl")], {}, dataDir);
		expect(missing).toMatchObject({ code: 1, out: "" });
		expect(missing.err).toContain("cannot be read");
		expect((await run(["import", dataDir, "--json"], {}, dataDir)).code).toBe(1);
		const file = join(dataDir, "file");
		writeFileSync(file, "");
		const inFile = await run(["import", "-"], { DATA_DIR: join(file, "inside") }, dataDir);
		expect(inFile.code).toBe(1);
		expect(inFile.err.trim().split("\n").length).toBe(1);
	});

	test("of bad lines ends with 0: the file was read", async () => {
		const dataDir = makeFolder();
		const { code, out } = await runCommand(["import", "-"], { dataDir, env, input: `no\n${someLines(0, 2)}` });
		expect(code).toBe(0);
		expect(out).toBe(
			"standard input: 3 lines, 2 accepted (0 with something left out), 1 rejected, 0 pending. 2 runs are stored now.\n".replace(
				"standard input",
				"-",
			),
		);
	});

	test("counts what it rejected where rejected lines are shown", async () => {
		const dataDir = makeFolder();
		await runCommand(["import", "-"], { dataDir, env, input: `no\n{}\n${someLines(0, 2)}nor\n` });
		const server = await startServer({ dataDir, env });
		const { total, lines } = await server.json("/api/rejected");
		expect([total, lines.length]).toEqual([3, 3]);
		await server.stop();
	});

	test("reads standard input as it comes, a terminated or unterminated end alike", async () => {
		const dataDir = makeFolder();
		const chunks = [someLines(0, 2), aLine(2).slice(0, 30), aLine(2).slice(30)];
		const input = new ReadableStream({
			async pull(controller) {
				const chunk = chunks.shift();
				if (chunk === undefined) return controller.close();
				await Bun.sleep(50);
				controller.enqueue(new TextEncoder().encode(chunk));
			},
		});
		const { out } = await runCommand(["import", "-", "--json"], { dataDir, env, input });
		expect(JSON.parse(out)).toEqual({ lines: 3, accepted: 3, warned: 0, rejected: 0, pending: 0, runs: 3 });
		const half = await runCommand(["import", "-", "--json"], { dataDir, env, input: aLine(3).slice(0, 40) });
		expect(JSON.parse(half.out)).toMatchObject({ lines: 1, accepted: 0, pending: 1, runs: 3 });
	});

	test("of the followed file itself is a look at it: nothing twice when the server comes", async () => {
		const dataDir = makeFolder();
		const metrics = join(dataDir, "metrics.jsonl");
		writeFileSync(metrics, `${someLines(0, 5)}bad\n`);
		expect(await importFile(metrics, dataDir, env)).toMatchObject({ lines: 6, accepted: 5, rejected: 1, runs: 5 });
		expect(
			existsSync(join(dataDir, "received.jsonl")) ? readFileSync(join(dataDir, "received.jsonl"), "utf8") : "",
		).toBe("");
		appendFileSync(metrics, someLines(5, 6));
		const server = await startServer({ dataDir, env });
		await untilRead(server, 6);
		expect((await server.json("/api/rejected")).total).toBe(1);
		await server.stop();
		expect(rowsOf(dataDir, "SELECT sum(succeeded) AS n FROM daily WHERE job_id = 0")).toEqual([{ n: 6 }]);
	});

	test("while a server runs is handed over: the same counts, stored by the server, in the journal too", async () => {
		const server = await startServer({ env });
		const file = join(makeFolder(), "other.jsonl");
		writeFileSync(file, `${someLines(0, 40)}bad\n${"x".repeat(300_000)}\n`);
		const counts = await importFile(file, server.dataDir, env);
		expect(counts).toEqual({ lines: 42, accepted: 40, warned: 0, rejected: 2, pending: 0, runs: 40 });
		expect((await server.json("/api/metrics?limit=365")).length).toBe(40);
		expect((await server.json("/health")).status).toBe("ok");
		expect(readdirSync(join(server.dataDir, "spool"))).toEqual([]);
		expect(readFileSync(join(server.dataDir, "received.jsonl"), "utf8").trim().split("\n").length).toBe(40);
		await server.stop();
	});

	test("handed over to a server that is killed is stored by the next one", async () => {
		const server = await startServer({ env });
		const importing = runCommand(["import", "-", "--json"], {
			dataDir: server.dataDir,
			env,
			input: someLines(0, 20_000),
		});
		await until(() => readdirSync(join(server.dataDir, "spool")).some((name) => name.endsWith(".jsonl")));
		await server.kill();
		const next = await startServer({ dataDir: server.dataDir, env });
		await until(() => readdirSync(join(server.dataDir, "spool")).length === 0, 10_000);
		expect((await importing).code).toBe(0);
		await next.stop();
		expect(rowsOf(server.dataDir, "SELECT count(*) AS n FROM run")).toEqual([{ n: 20_000 }]);
		expect(rowsOf(server.dataDir, "SELECT sum(succeeded) AS n FROM daily WHERE job_id = 0")).toEqual([{ n: 20_000 }]);
	}, 30_000);
});

describe("rebuild", () => {
	test("gives the same runs and the same sums as before, and keeps the old file", async () => {
		const dataDir = makeFolder();
		const failures = someLines(0, 200, { success: false, error_category: "timeout", job: "photos", host: "pi4" });
		writeFileSync(join(dataDir, "metrics.jsonl"), `${someLines(0, 300)}${failures}`);
		const server = await startServer({ dataDir, env });
		await untilRead(server, 500);
		await server.stop();
		await runCommand(["import", "-"], { dataDir, env, input: someLines(250, 350) + someLines(0, 9, { job: "Öl" }) });
		const before = [rowsOf(dataDir, everyRun), rowsOf(dataDir, everyDay)];
		const { code, out } = await run(["rebuild"], {}, dataDir);
		expect(code).toBe(0);
		expect(out).toContain("559 runs are stored now");
		expect([rowsOf(dataDir, everyRun), rowsOf(dataDir, everyDay)]).toEqual(before);
		expect(readdirSync(join(dataDir, "quarantine")).length).toBe(1);
	});

	test("is refused while a server runs, with 1, and changes nothing", async () => {
		const server = await startServer({ env });
		appendFileSync(join(server.dataDir, "metrics.jsonl"), someLines(0, 5));
		await untilRead(server, 5);
		const { code, err } = await run(["rebuild"], {}, server.dataDir);
		expect(code).toBe(1);
		expect(err).toContain("Stop it first");
		expect((await server.json("/api/metrics")).length).toBe(5);
		await server.stop();
	});
});

describe("prune", () => {
	test("says that nothing is old; marks what is; --yes deletes it and keeps its sums", async () => {
		const dataDir = makeFolder();
		const recent = Math.floor(Date.now() / 1000) - 3600;
		await runCommand(["import", "-"], { dataDir, env, input: `${aLine(0, { timestamp: recent })}\n` });
		const days = { RETENTION_DAYS: "30" };
		expect((await run(["prune"], days, dataDir)).out).toMatch(/No run is older than 30\sdays/);
		await runCommand(["import", "-"], { dataDir, env, input: someLines(1, 6) });
		const first = await run(["prune"], days, dataDir);
		expect([first.code, rowsOf(dataDir, "SELECT count(*) AS n FROM run")]).toEqual([0, [{ n: 6 }]]);
		const sums = rowsOf(dataDir, everyDay);
		const second = await run(["prune", "--yes"], days, dataDir);
		expect(second).toMatchObject({
			code: 0,
			out: expect.stringMatching(/backups\.db: 5\sruns deleted; their daily sums stay\.\n$/),
		});
		expect(rowsOf(dataDir, "SELECT count(*) AS n FROM run")).toEqual([{ n: 1 }]);
		expect(rowsOf(dataDir, everyDay)).toEqual(sums);
	});

	test("--yes while a server runs is done by the server", async () => {
		const days = { RETENTION_DAYS: "30" };
		const server = await startServer({ env: days });
		appendFileSync(join(server.dataDir, "metrics.jsonl"), someLines(0, 700));
		await untilRead(server, 700);
		expect((await run(["prune"], days, server.dataDir)).code).toBe(0);
		const { code, out } = await run(["prune", "--yes"], days, server.dataDir);
		expect([code, out]).toEqual([0, "Done by the server.\n"]);
		expect(await server.json("/api/metrics")).toEqual([]);
		await server.stop();
		expect(rowsOf(server.dataDir, "SELECT sum(succeeded) AS n FROM daily WHERE job_id = 0")).toEqual([{ n: 700 }]);
		expect(firstStart).toBeLessThan(Date.now());
	});
});

describe("healthcheck", () => {
	test("ends with 0 for a server that is well, 1 for none and for a degraded one", async () => {
		const server = await startServer({ env });
		const port = { PORT: String(server.port) };
		expect((await run(["healthcheck"], port)).code).toBe(0);
		mkdirSync(join(server.dataDir, "metrics.jsonl"));
		await until(async () => (await server.json("/health")).status === "degraded");
		const degraded = await run(["healthcheck"], port);
		expect([degraded.code, degraded.err.includes("source-unreadable")]).toEqual([1, true]);
		await server.stop();
		const gone = await run(["healthcheck"], port);
		expect([gone.code, gone.err.includes("not reachable")]).toEqual([1, true]);
	});
});

describe("demo", () => {
	test("serves about six jobs over 120 days from a folder of its own, and removes it", async () => {
		const mine = makeFolder();
		const place = makeFolder();
		const server = await startServer({ dataDir: mine, env: { TMPDIR: place }, args: ["demo", "--port", "0"] });
		expect(readdirSync(place).length).toBe(1);
		expect(tmpdir()).not.toBe(place);
		await until(async () => (await server.json("/api/metrics?limit=365")).length === 365, 10_000);
		const page = await (await server.get("/?range=all")).text();
		expect(page).toContain("<select");
		expect(await server.json("/health")).toEqual({ status: "ok" });
		expect((await server.stop()).code).toBe(0);
		expect(readdirSync(place)).toEqual([]);
		expect(readdirSync(mine)).toEqual([]);
	}, 20_000);
});

describe("doctor", () => {
	test("finds nothing in a good place, and changes nothing", async () => {
		const dataDir = makeFolder();
		writeFileSync(join(dataDir, "metrics.jsonl"), someLines(0, 3));
		await importFile(join(dataDir, "metrics.jsonl"), dataDir, env);
		const before = readFileSync(join(dataDir, "backups.db"));
		const { code, out } = await run(["doctor"], { PORT: "1" }, dataDir);
		expect([code, out]).toEqual([0, expect.stringMatching(/holds 3\sruns/)]);
		expect(out).not.toContain("!!");
		expect(readFileSync(join(dataDir, "backups.db")).equals(before)).toBe(true);
	});

	test("names each thing that is wrong and what mends it, and ends with 1", async () => {
		const nothing = (_: unknown): Record<string, string> => ({});
		const troubles: [(dataDir: string) => Record<string, string>, RegExp, RegExp][] = [
			[() => ({ DATA_DIR: "/nowhere/at/all" }), /does not exist/, /mkdir -p/],
			[() => ({ TZ: "Mars/Olympus" }), /no time zone/, /Europe\/Berlin/],
			[(d) => nothing(mkdirSync(join(d, "metrics.jsonl"))), /is not a file/, /METRICS_FILE/],
			[(d) => nothing(writeFileSync(join(d, "backups.db"), "garbage".repeat(999))), /cannot be opened/, /set aside/],
			[
				(d) => {
					const db = new Database(join(d, "backups.db"), { create: true });
					db.run("CREATE TABLE recipe (id INTEGER)");
					db.close();
					return {};
				},
				/another program/,
				/DB_PATH/,
			],
		];
		for (const [make, trouble, fix] of troubles) {
			const dataDir = makeFolder();
			const { code, out } = await run(["doctor"], { PORT: "1", ...make(dataDir) }, dataDir);
			expect([code, out]).toEqual([1, expect.stringMatching(trouble)]);
			expect(out).toMatch(fix);
		}
	});
});

test("version says what this binary is", async () => {
	for (const args of [["version"], ["--version"], ["-V"]]) {
		const { code, out } = await run(args);
		expect([code, out]).toEqual([0, expect.stringMatching(/^backup-monitor \d+\.\d+\.\d+ \(\S+\), Bun \d/)]);
	}
});

test("a line that grows as it is decoded is kept by import, by the server it is handed to, and by a rebuild", async () => {
	const dataDir = makeFolder();
	const file = join(dataDir, "in.jsonl");
	const head = '{"backup_id":"x","timestamp":"2026-11-07T02:00:00Z","success":false,"error_message":"';
	writeFileSync(file, Buffer.concat([Buffer.from(head), Buffer.alloc(200_000, 0xff), Buffer.from('"}\n')]));
	const imported = await runCommand(["import", file, "--json"], { dataDir });
	expect(JSON.parse(imported.out)).toMatchObject({ accepted: 1, runs: 1 });
	expect((await runCommand(["rebuild"], { dataDir })).out).toMatch(/^1\s+runs? (?:is|are) stored now/m);
});
