// The API of the original, held against the answers that the original itself gave on the same file at the same time.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { appendFileSync, copyFileSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { cleanUp, makeFolder, startServer, untilRead } from "../binary.ts";
import { aLine, someLines } from "../lines.ts";
import { openApp, type TestApp } from "./app.ts";

const contract = join(import.meta.dir, "../fixtures/contract");
const recordedAt = Date.parse("2026-01-31T12:00:00Z");
const recorded = (name: string) => JSON.parse(readFileSync(join(contract, `${name}.json`), "utf8"));

let opened: TestApp;
let dataDir: string;

beforeAll(async () => {
	dataDir = makeFolder();
	copyFileSync(join(contract, "metrics.jsonl"), join(dataDir, "metrics.jsonl"));
	opened = await openApp(dataDir, () => recordedAt, { RETENTION_DAYS: "90" });
});
afterAll(async () => {
	await opened.monitor.stop();
	await cleanUp();
});

type Row = Record<string, unknown>;
type Difference = { at: string; original: unknown; ours: unknown };

/** Every place where two answers differ, as a path into them. */
function differences(original: unknown, ours: unknown, at = ""): Difference[] {
	if (typeof original !== "object" || original === null || typeof ours !== "object" || ours === null) {
		return Object.is(original, ours) ? [] : [{ at, original, ours }];
	}
	const names = new Set([...Object.keys(original), ...Object.keys(ours)]);
	return [...names].flatMap((name) => differences((original as Row)[name], (ours as Row)[name], `${at}/${name}`));
}

async function answer(path: string): Promise<unknown> {
	const response = await opened.get(path);
	expect(response.status).toBe(200);
	return response.json();
}

describe("what the original answered, we answer", () => {
	// No value differs. The original shows the last 30 days, we the last 30 runs (DECISIONS 21): with a daily job the same.
	test("/api/metrics: the same keys in the same order, the same values", async () => {
		const original: Row[] = recorded("metrics");
		const ours = (await answer(`/api/metrics?limit=${original.length}`)) as Row[];
		expect(differences(original, ours)).toEqual([]);
		expect(ours.map((run) => Object.keys(run))).toEqual(original.map((run) => Object.keys(run)));
		const unlimited = (await answer("/api/metrics")) as Row[];
		expect(unlimited.length).toBe(30);
		expect(unlimited.slice(-original.length)).toEqual(ours.slice(-30));
	});

	test("/api/failures", async () => {
		expect(differences(recorded("failures"), await answer("/api/failures"))).toEqual([]);
	});

	test("/api/failure-trends", async () => {
		expect(differences(recorded("failure-trends"), await answer("/api/failure-trends"))).toEqual([]);
	});

	test("/health", async () => {
		expect(await (await opened.get("/health")).text()).toBe('{"status":"ok"}\n');
		expect(await answer("/health")).toEqual(recorded("health"));
	});

	test("POST /api/import: nothing new, with the time of its clock", async () => {
		const response = await opened.get("/api/import", {}, "POST");
		expect(response.status).toBe(200);
		expect(differences(recorded("import"), await response.json())).toEqual([]);
	});
});

describe("questions", () => {
	test("?limit= is clamped to 1 and 365; what is no number means 30", async () => {
		const count = async (limit: string) => ((await answer(`/api/metrics?limit=${limit}`)) as Row[]).length;
		expect(await count("5")).toBe(5);
		expect(await count("0")).toBe(1);
		expect(await count("-7")).toBe(1);
		expect(await count("99999999")).toBe(60);
		expect(await count("1e999")).toBe(60);
		expect(await count("many")).toBe(30);
		expect(await count("")).toBe(30);
		expect(await count("7.9")).toBe(7);
	});

	test("?limit= counts the newest, oldest of them first", async () => {
		const runs = (await answer("/api/metrics?limit=3")) as Row[];
		expect(runs.map((run) => run.backup_id)).toEqual(["2026-01-28_020000", "2026-01-29_020000", "2026-01-30_020000"]);
	});

	test("?since= is inclusive, and takes ISO or epoch", async () => {
		const from = async (since: string) =>
			((await answer(`/api/metrics?limit=365&since=${encodeURIComponent(since)}`)) as Row[]).map(
				(run) => run.backup_id,
			);
		const stamp = "2026-01-28T02:00:00-08:00";
		const wanted = ["2026-01-28_020000", "2026-01-29_020000", "2026-01-30_020000"];
		expect(await from(stamp)).toEqual(wanted);
		expect(await from(String(Date.parse(stamp)))).toEqual(wanted);
		expect(await from(String(Date.parse(stamp) / 1000))).toEqual(wanted);
		expect(await from("2026-01-28T10:00:01Z")).toEqual(wanted.slice(1));
		expect(await from("2027-01-01")).toEqual([]);
	});

	test("?job= takes a slug or a name; a job that is not there is a 404 with a sentence", async () => {
		const all = (await answer("/api/metrics")) as Row[];
		expect(await answer("/api/metrics?job=default")).toEqual(all);
		for (const path of ["/api/metrics", "/api/failures", "/api/failure-trends"]) {
			const response = await opened.get(`${path}?job=nobody`);
			expect(response.status).toBe(404);
			expect(await response.json()).toEqual({ error: expect.stringContaining("job") });
			expect((await opened.get(`${path}?job=default`)).status).toBe(200);
			expect((await opened.get(`${path}?job=`)).status).toBe(200);
		}
	});

	test("an unchanged answer is a 304 to whoever has it, and a new one when something was stored", async () => {
		const folder = makeFolder();
		appendFileSync(join(folder, "metrics.jsonl"), someLines(0, 3));
		const { get, monitor } = await openApp(folder, () => recordedAt);
		for (const path of ["/api/metrics", "/api/failures", "/api/failure-trends", "/api/rejected", "/"]) {
			const first = await get(path);
			const etag = first.headers.get("etag") ?? "";
			expect(etag).toMatch(/^"[^"]+"$/);
			const second = await get(path, { "if-none-match": etag });
			expect([second.status, await second.text()]).toEqual([304, ""]);
			expect(second.headers.get("etag")).toBe(etag);
			expect((await get(path, { "if-none-match": `W/${etag}, "other"` })).status).toBe(304);
			expect((await get(path, { "if-none-match": '"other"' })).status).toBe(200);
		}
		const etag = (await get("/api/metrics")).headers.get("etag") ?? "";
		appendFileSync(join(folder, "metrics.jsonl"), someLines(3, 4));
		await monitor.catchUp();
		const changed = await get("/api/metrics", { "if-none-match": etag });
		expect(changed.status).toBe(200);
		expect(((await changed.json()) as Row[]).length).toBe(4);
		await monitor.stop();
	});

	test("/api/rejected lists lines with source, number and reason, the newest first", async () => {
		const folder = makeFolder();
		appendFileSync(join(folder, "metrics.jsonl"), `one\n${aLine(1)}\n{"backup_id":"x"}\n`);
		const { get, monitor } = await openApp(folder, () => recordedAt);
		const { total, lines } = (await (await get("/api/rejected")).json()) as { total: number; lines: Row[] };
		expect(total).toBe(2);
		expect(lines.map(({ line, text }) => [line, text])).toEqual([
			[3, '{"backup_id":"x"}'],
			[1, "one"],
		]);
		expect(lines[0]?.reason).toContain("timestamp is missing");
		expect(lines[1]?.reason).toContain("not JSON");
		expect(((await (await get("/api/rejected?limit=1")).json()) as { lines: Row[] }).lines.length).toBe(1);
		await monitor.stop();
	});

	test("a failure in /api/metrics that knows no measures shows 0 where the original's clients want a number", async () => {
		const folder = makeFolder();
		const line = JSON.stringify({ timestamp: "2026-01-30T02:00:00Z", backup_id: "bare", success: false });
		appendFileSync(join(folder, "metrics.jsonl"), `${line}\n`);
		const { get, monitor } = await openApp(folder, () => recordedAt);
		const [run] = (await (await get("/api/metrics")).json()) as Row[];
		expect(run).toMatchObject({ success: false, duration_total: 0, size_bytes: 0, throughput_mb_per_sec: 0 });
		await monitor.stop();
	});
});

describe("HEAD", () => {
	test("is GET without its body: the same status, type, tag and length", async () => {
		const server = await startServer({ env: { RETENTION_DAYS: "36500" } });
		appendFileSync(join(server.dataDir, "metrics.jsonl"), someLines(0, 20));
		await untilRead(server, 20);
		for (const path of ["/api/metrics", "/api/failures", "/health", "/", "/nothing", "/api/metrics?job=nobody"]) {
			const headers = { "accept-encoding": "identity" };
			const got = await server.get(path, { headers });
			const head = await server.get(path, { method: "HEAD", headers });
			const body = await got.arrayBuffer();
			expect([path, head.status, await head.text()]).toEqual([path, got.status, ""]);
			for (const name of ["content-type", "etag", "content-length"]) {
				expect([path, name, head.headers.get(name)]).toEqual([path, name, got.headers.get(name)]);
			}
			expect(got.headers.get("content-length")).toBe(String(body.byteLength));
		}
		await server.stop();
	});
});
