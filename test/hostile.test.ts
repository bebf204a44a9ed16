// Every hostile file through the compiled program, by both roads: `import`, and followed by a running server.
import { Database } from "bun:sqlite";
import { afterAll, describe, expect, test } from "bun:test";
import { appendFileSync, closeSync, existsSync, ftruncateSync, mkdirSync, openSync, writeSync } from "node:fs";
import { join } from "node:path";
import { parseReport } from "../src/report.ts";
import { cleanUp, importFile, makeFolder, peakMemory, runCommand, startServer, until, untilRead } from "./binary.ts";
import index from "./fixtures/hostile/index.json";
import { aLine, someLines } from "./lines.ts";

afterAll(cleanUp);

const fixtures = join(import.meta.dir, "fixtures/hostile");
const generated = makeFolder();
const retention = { RETENTION_DAYS: "36500" };

type Fixture = (typeof index.fixtures)[number];

/** The two big ones are made here: every cut of a record with a good line behind, and 20,000 good lines. */
async function fileOf({ name }: Fixture): Promise<string> {
	const stored = join(fixtures, name);
	if (existsSync(stored)) return stored;
	const path = join(generated, name);
	if (name === "volume-20000-good.jsonl") await Bun.write(path, someLines(0, 20_000));
	else if (name === "volume-4000-truncated.jsonl") {
		const record = aLine(0);
		let text = "";
		for (let cut = 0; cut < 4000; cut++) text += `${record.slice(0, 1 + (cut % (record.length - 1)))}\n`;
		await Bun.write(path, `${text}${aLine(1)}\n`);
	} else throw new Error(`There is no ${name}, and no way to make it.`);
	return path;
}

/** What the store holds of a run, in the fields of the fixtures' `rows`. */
function storedRows(dataDir: string): Map<string, Record<string, unknown>> {
	const db = new Database(join(dataDir, "backups.db"), { readonly: true });
	const rows = db.query<{ report: string; outcome: string }, []>("SELECT report, outcome FROM run").all();
	db.close();
	const found = new Map<string, Record<string, unknown>>();
	for (const { report, outcome } of rows) {
		const parsed = parseReport(JSON.parse(report), "UTC");
		if (!parsed.ok) throw new Error(`stored, but not readable: ${report.slice(0, 100)}`);
		const { backupId, duration, size } = parsed.report;
		found.set(backupId, {
			backup_id: backupId,
			success: outcome !== "failure",
			// Kept as it was sent; whole only where the original's answer is given.
			duration_total: duration === null ? null : Math.trunc(duration),
			size_bytes: size,
		});
	}
	return found;
}

const isFree = (fixture: Fixture) => fixture.either;

describe("import FILE --json", () => {
	for (const fixture of index.fixtures) {
		test(`${fixture.name} is counted as its rules say`, async () => {
			const dataDir = makeFolder();
			const counts = await importFile(await fileOf(fixture), dataDir, { ...retention, TZ: fixture.tz });
			expect(counts.lines).toBe(counts.accepted + counts.rejected + counts.pending);
			if (isFree(fixture)) {
				const neighbours = fixture.name.startsWith("poison-depth") ? 2 : 0;
				expect(counts.accepted).toBeGreaterThanOrEqual(neighbours);
				expect(counts.accepted).toBeLessThanOrEqual(fixture.accepted);
				return;
			}
			const { lines, accepted, rejected, pending, warned, runs } = counts;
			expect({ lines, accepted, rejected, pending, warned, runs }).toEqual({
				lines: fixture.lines ?? 0,
				accepted: fixture.accepted,
				rejected: fixture.rejected ?? 0,
				pending: fixture.pending,
				warned: fixture.warned,
				runs: fixture.unique_runs ?? 0,
			});
			const stored = storedRows(dataDir);
			for (const row of fixture.rows) expect(stored.get(row.backup_id)).toMatchObject(row);
		});
	}

	test("a second import of the same file changes nothing", async () => {
		const dataDir = makeFolder();
		for (const fixture of index.fixtures.slice(0, 12)) {
			const file = await fileOf(fixture);
			const env = { ...retention, TZ: fixture.tz };
			await importFile(file, dataDir, env);
			const first = [...storedRows(dataDir).entries()];
			await importFile(file, dataDir, env);
			expect([...storedRows(dataDir).entries()]).toEqual(first);
		}
	}, 30_000);
});

describe("followed by serve", () => {
	for (const fixture of index.fixtures) {
		test(`${fixture.name} is read to the same counts, and its log cannot be told what to say`, async () => {
			const dataDir = makeFolder();
			await Bun.write(join(dataDir, "metrics.jsonl"), Bun.file(await fileOf(fixture)));
			const server = await startServer({ dataDir, env: { ...retention, TZ: fixture.tz } });
			const read = async () => (await server.json("/api/health")).source;
			await until(async () => (await read()).checkedAt !== null && (await (await server.get("/health")).text()) !== "");
			if (!isFree(fixture)) {
				await until(async () => {
					const { accepted, rejected } = await read();
					return accepted === fixture.accepted && rejected === fixture.rejected;
				}, 10_000).catch(async () => expect(await read()).toMatchObject({ accepted: fixture.accepted }));
				expect((await read()).rejected).toBe(fixture.rejected);
				const { total, lines } = await server.json("/api/rejected?limit=365");
				expect(total).toBe(fixture.rejected);
				expect(lines.length).toBe(Math.min(365, fixture.rejected ?? 0));
				for (const line of lines) expect(line.reason).not.toBe("");
			}
			expect(await server.json("/health")).toEqual({ status: "ok" });
			expect((await server.get("/")).status).toBe(200);
			const { code } = await server.stop();
			expect(code).toBe(0);
			if (!isFree(fixture)) {
				const stored = storedRows(dataDir);
				for (const row of fixture.rows) expect(stored.get(row.backup_id)).toMatchObject(row);
			}
			expect(server.log().length).toBeLessThan(64 * 1024);
			// Of all control characters only the line ends of the log itself.
			expect(server.log()).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/);
		});
	}

	test("a line that is still being written becomes one run when it is ended, and not before", async () => {
		const dataDir = makeFolder();
		const path = join(dataDir, "metrics.jsonl");
		await Bun.write(path, Bun.file(join(fixtures, "shape-partial-tail.jsonl")));
		const server = await startServer({ dataDir, env: retention });
		await untilRead(server, 5);
		await Bun.sleep(1200);
		expect((await server.json("/api/health")).source).toMatchObject({ accepted: 5, rejected: 0 });
		const partial = (await Bun.file(path).text()).split("\n").at(-1) ?? "";
		const whole = aLine(5, { backup_id: "completed" });
		// Its beginning stands there already; whatever it is, the rest makes it a record.
		appendFileSync(path, `${completionOf(partial, whole)}\n`);
		await untilRead(server, 6);
		expect((await server.json("/api/health")).source.rejected).toBe(0);
		expect((await server.json("/api/metrics")).length).toBe(6);
		await server.stop();
	});

	test("a rejected line quoted in the log stays one line of harmless text", async () => {
		const dataDir = makeFolder();
		await Bun.write(
			join(dataDir, "metrics.jsonl"),
			'{"timestamp":"\\u001b[2J\\r\\nfake: all is well","success":true}\n',
		);
		const server = await startServer({ dataDir });
		await until(() => server.log().includes("rejected"));
		const [line] = server
			.log()
			.split("\n")
			.filter((l) => l.includes("rejected"));
		expect(line).not.toMatch(/\u001b|\r/);
		expect(server.log()).not.toMatch(/^fake/m);
		await server.stop();
	});
});

/** What has to follow the cut record so that it becomes a whole one. */
function completionOf(partial: string, whole: string): string {
	for (let at = 0; at < 400; at++) {
		for (const rest of [whole.slice(at), `${whole.slice(at)}`]) {
			try {
				const value = JSON.parse(partial + rest);
				if (parseReport(value, "UTC").ok) return rest;
			} catch {
				// The next cut, then.
			}
		}
	}
	throw new Error(`cannot be completed: ${partial}`);
}

describe("files too big for memory", () => {
	const sizes = 100 * 1024 * 1024;
	const limit = 96 * 1024 * 1024;

	function bigFile(dataDir: string, fill: string): void {
		mkdirSync(dataDir, { recursive: true });
		const fd = openSync(join(dataDir, "metrics.jsonl"), "w");
		writeSync(fd, `${aLine(0)}\n`);
		if (fill === "nul") {
			ftruncateSync(fd, sizes);
			writeSync(fd, "\n", sizes);
			writeSync(fd, `${aLine(1)}\n`, sizes + 1);
		} else {
			const block = fill.repeat(1024 * 1024);
			for (let mb = 0; mb < 100; mb++) writeSync(fd, block);
			writeSync(fd, `\n${aLine(1)}\n`);
		}
		closeSync(fd);
	}

	for (const [name, fill] of [
		["one line of 100 MB", "x"],
		["100 MB of NULs", "nul"],
	] as const) {
		test(`${name} is one rejected line between two runs, in bounded memory, and /health answers meanwhile`, async () => {
			const dataDir = makeFolder();
			bigFile(dataDir, fill);
			const server = await startServer({ dataDir });
			const slow: number[] = [];
			await until(async () => {
				const from = performance.now();
				expect((await server.get("/health")).status).toBe(200);
				slow.push(performance.now() - from);
				const { source } = await server.json("/api/health");
				return source.accepted === 2 && source.rejected === 1;
			}, 20_000);
			expect(Math.max(...slow)).toBeLessThan(1000);
			expect(peakMemory(server.pid)).toBeLessThan(limit);
			expect((await server.json("/api/metrics")).length).toBe(2);
			await server.stop();
		}, 30_000);
	}

	test("/health answers while 100,000 lines are imported from a pipe and followed from the file", async () => {
		const dataDir = makeFolder();
		const server = await startServer({ dataDir });
		appendFileSync(join(dataDir, "metrics.jsonl"), someLines(0, 60_000));
		const importing = runCommand(["import", "-", "--json"], { dataDir, input: someLines(60_000, 100_000) });
		// The Refresh button reads to the end of the file, and must not hold up the others until then.
		const refreshing = server.get("/api/import", { method: "POST", signal: AbortSignal.timeout(30_000) });
		const waits: number[] = [];
		await until(async () => {
			const from = performance.now();
			expect((await server.get("/health")).status).toBe(200);
			waits.push(performance.now() - from);
			return (await server.json("/api/health")).source.accepted === 60_000;
		}, 20_000);
		expect(JSON.parse((await importing).out)).toMatchObject({ accepted: 40_000, rejected: 0 });
		expect((await refreshing).status).toBe(200);
		waits.sort((a, b) => a - b);
		expect(waits[Math.floor(waits.length * 0.9)] ?? 0).toBeLessThan(500);
		expect(peakMemory(server.pid)).toBeLessThan(limit);
		await server.stop();
		expect(storedRows(dataDir).size).toBe(100_000);
	}, 60_000);
});
