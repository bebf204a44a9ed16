// Beyond one machine, as docs/scale.md says it: fifty hosts report to one hub, and VictoriaMetrics reads two hubs.
import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { cleanUp, makeFolder, peakMemory, type Started, startServer, until } from "../binary.ts";
import { freePort } from "../free-port.ts";

const day = 86_400_000;
const hosts = 50;
const asShipped = { BUN_JSC_useJIT: "0" };

let hub: Started;
let second: Started;
let token: string;
let victoria: Bun.Subprocess<"ignore", "ignore", "ignore"> | null = null;
let query: (expression: string) => Promise<{ metric: Record<string, string>; value: [number, string] }[]>;

function reportOf(host: number, job: string, at: number, outcome = "success") {
	return {
		job: `${job}-${host}`,
		host: `host-${host}`,
		backup_id: new Date(at).toISOString(),
		timestamp: new Date(at).toISOString(),
		outcome,
		duration_total: 60 + host,
		size_bytes: 1e9 + host * 1e6,
	};
}

function send(server: Started, key: string, body: unknown): Promise<Response> {
	return server.get("/api/runs", {
		method: "POST",
		body: JSON.stringify(body),
		headers: { authorization: `Bearer ${key}` },
	});
}

const tokenOf = (server: Started) => readFileSync(join(server.dataDir, "push-token"), "utf8").trim();

beforeAll(async () => {
	[hub, second] = await Promise.all([startServer({ env: asShipped }), startServer({ env: asShipped })]);
	token = tokenOf(hub);
	const now = Date.now();
	// A fortnight of nights of each host: what the hub judges by.
	for (let host = 0; host < hosts; host++) {
		const past = Array.from({ length: 14 }, (_, nights) => now - (14 - nights) * day - 3 * 3_600_000);
		const answer = await send(
			hub,
			token,
			past.flatMap((at) => [reportOf(host, "files", at), reportOf(host, "database", at)]),
		);
		expect([host, answer.status]).toEqual([host, 200]);
	}
	await send(second, tokenOf(second), reportOf(99, "attic", now - 2 * day));

	const port = await freePort();
	const folder = makeFolder();
	mkdirSync(join(folder, "data"));
	const targets = [hub, second].map(({ port: at }) => `127.0.0.1:${at}`);
	writeFileSync(
		join(folder, "scrape.yml"),
		JSON.stringify({
			global: { scrape_interval: "1s" },
			scrape_configs: [{ job_name: "backup-monitor", static_configs: [{ targets }] }],
		}),
	);
	victoria = Bun.spawn(
		[
			"victoria-metrics",
			`-promscrape.config=${join(folder, "scrape.yml")}`,
			`-storageDataPath=${join(folder, "data")}`,
			`-httpListenAddr=127.0.0.1:${port}`,
			"-retentionPeriod=1y",
			"-search.latencyOffset=0s",
			"-memory.allowedBytes=64MB",
		],
		{ cwd: folder, stdin: "ignore", stdout: "ignore", stderr: "ignore" },
	);
	query = async (expression) => {
		const address = `http://127.0.0.1:${port}/api/v1/query?${new URLSearchParams({ query: expression })}`;
		const answer = await fetch(address).catch(() => null);
		if (answer === null || !answer.ok) return [];
		return ((await answer.json()) as { data: { result: Awaited<ReturnType<typeof query>> } }).data.result;
	};
}, 120_000);

afterAll(async () => {
	victoria?.kill("SIGKILL");
	await victoria?.exited;
	await cleanUp();
});

test("a hundred jobs of fifty hosts that end in the same second are all stored, each once, in the memory of a Pi", async () => {
	const now = Date.now();
	const ends = Array.from({ length: hosts }, (_, host) => [
		reportOf(host, "files", now - 90_000, host === 7 ? "failure" : "success"),
		reportOf(host, "database", now - 90_000),
	]).flat();
	const times: number[] = [];
	const answers = await Promise.all(
		ends.map(async (report) => {
			const from = performance.now();
			const { status } = await send(hub, token, report);
			times.push(performance.now() - from);
			return status;
		}),
	);
	expect(answers.filter((status) => status !== 200)).toEqual([]);
	const jobs = async () => (await hub.json("/api/jobs")).jobs as { job: string; state: string }[];
	expect(await jobs()).toHaveLength(2 * hosts);
	// They are acknowledged when they are stored, and judged right after it.
	const failed = async () => (await jobs()).filter(({ state }) => state === "failed").map(({ job }) => job);
	await until(async () => (await failed()).length > 0, 5_000, "the failure is judged");
	expect(await failed()).toEqual(["files-7"]);
	const lines = (await (await hub.get("/api/runs.csv")).text()).trim().split("\r\n");
	expect(lines).toHaveLength(1 + 2 * hosts * 15);
	times.sort((a, b) => a - b);
	const figures = { p50: times[49]?.toFixed(1), p99: times[98]?.toFixed(1), peakMb: peakMemory(hub.pid) / 1e6 };
	console.log(JSON.stringify({ test: "hub", n: 100, failures: 0, figures }));
	expect(figures.peakMb).toBeLessThan(128);
}, 60_000);

test("VictoriaMetrics reads two hubs and answers for both which backup is too old", async () => {
	await until(async () => (await query("count(up == 1)"))[0]?.value[1] === "2", 30_000, "both hubs are up");
	const tooOld = "time() - backup_last_success_timestamp_seconds > 26 * 3600";
	await until(async () => (await query(tooOld)).length > 1, 20_000, "the samples of both");
	// files-7 failed last night: its last success is a day older.
	const found = (await query(tooOld)).map(({ metric }) => `${metric.backup} ${metric.instance}`).sort();
	expect(found).toEqual([`attic-99 127.0.0.1:${second.port}`, `files-7 127.0.0.1:${hub.port}`]);
	expect((await query("sum(backup_runs_total)"))[0]?.value[1]).toBe(String(2 * hosts * 15 + 1));
}, 60_000);

test("its alert program takes the example's rules as they are", () => {
	const rules = join(import.meta.dir, "../../examples/alert-rules.yml");
	const checked = Bun.spawnSync(["vmalert", `-rule=${rules}`, "-dryRun", "-datasource.url=http://127.0.0.1:1"]);
	expect([checked.exitCode, checked.exitCode === 0 ? "" : checked.stderr.toString()]).toEqual([0, ""]);
});
