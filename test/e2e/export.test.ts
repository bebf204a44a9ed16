// A large export from the compiled monitor: bounded memory, nothing read ahead of the client, everybody else answered.
import { afterAll, beforeAll, expect, test } from "bun:test";
import { appendFileSync, readFileSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import { cleanUp, makeFolder, peakMemory, type Started, startServer, until, untilRead } from "../binary.ts";
import { someLines } from "../lines.ts";

const runs = 30_000;
const env = { RETENTION_DAYS: "36500", BUN_JSC_useJIT: "0" };
let server: Started;

beforeAll(async () => {
	const dataDir = makeFolder();
	const repository = "r".repeat(1000);
	for (let n = 0; n < runs; n += 5000) {
		appendFileSync(join(dataDir, "metrics.jsonl"), someLines(n, n + 5000, { repository }));
	}
	const first = await startServer({ dataDir, env });
	await untilRead(first, runs, 60_000);
	await first.stop();
	server = await startServer({ dataDir, env });
}, 90_000);
afterAll(cleanUp);

test("forty megabytes leave in portions: the memory for them does not grow with them", async () => {
	await (await server.get("/api/runs?limit=365")).text();
	const before = peakMemory(server.pid);
	let slowest = 0;
	let isDone = false;
	const others = (async () => {
		while (!isDone) {
			const asked = performance.now();
			await (await server.get("/health")).text();
			slowest = Math.max(slowest, performance.now() - asked);
			await Bun.sleep(10);
		}
	})();
	const response = await server.get("/api/runs.jsonl", { signal: AbortSignal.timeout(50_000) });
	let bytes = 0;
	for await (const chunk of response.body ?? []) bytes += chunk.length;
	isDone = true;
	await others;
	expect(bytes).toBeGreaterThan(40_000_000);
	expect((peakMemory(server.pid) - before) / 1e6).toBeLessThan(16);
	expect(slowest).toBeLessThan(500);
}, 60_000);

test("a client that does not read is waited for, not written for", async () => {
	const resident = () =>
		Number(/VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${server.pid}/status`, "utf8"))?.[1]) * 1024;
	const before = resident();
	const client = connect(server.port, "127.0.0.1");
	client.pause();
	client.write("GET /api/runs.csv HTTP/1.1\r\nHost: localhost\r\n\r\n");
	await Bun.sleep(2000);
	expect((resident() - before) / 1e6).toBeLessThan(12);
	expect((await server.get("/health")).status).toBe(200);
	client.destroy();
}, 30_000);

test("of sixty clients that read nothing, eight get an export, the others are told to come again, and they can", async () => {
	const answers: string[] = [];
	const clients = await Promise.all(
		Array.from({ length: 60 }, () => {
			const client = connect(server.port, "127.0.0.1");
			client.on("error", () => {});
			// The head of the answer, and not a byte more.
			client.once("readable", () => answers.push((client.read(12) ?? "").toString()));
			client.write("GET /api/runs.jsonl HTTP/1.1\r\nHost: localhost\r\n\r\n");
			return client;
		}),
	);
	await until(() => answers.length === 60, 20_000, "all are answered");
	expect(answers.filter((answer) => answer === "HTTP/1.1 200").length).toBe(8);
	expect(answers.filter((answer) => answer === "HTTP/1.1 503").length).toBe(52);
	const refused = await server.get("/api/runs.csv");
	expect([refused.status, refused.headers.get("retry-after")]).toEqual([503, "10"]);
	expect((await server.get("/api/runs")).status).toBe(200);
	// They are let go one after the other, ten seconds after the last byte that was taken from each.
	const head = { method: "HEAD" };
	await until(async () => (await server.get("/api/runs.csv", head)).status === 200, 25_000, "there is room again");
	for (const client of clients) client.destroy();
	await until(async () => (await server.get("/api/runs.csv", head)).status === 200);
	for (let n = 0; n < 20; n++) expect((await server.get("/api/runs.csv", head)).status).toBe(200);
	const whole = await server.get("/api/runs.jsonl", { signal: AbortSignal.timeout(30_000) });
	expect((await whole.text()).split("\n").length).toBe(runs + 1);
}, 60_000);
