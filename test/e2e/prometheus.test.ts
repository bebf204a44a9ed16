// Debian's Prometheus reads the compiled monitor, by both addresses, and answers "which backup has not succeeded for 26 h?".
import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { cleanUp, makeFolder, runCommand, type Started, startServer, until, untilRead } from "../binary.ts";
import { freePort } from "../free-port.ts";

const hour = 3_600_000;
const readToken = "a-token-that-prometheus-has";
let server: Started;
let locked: Started;
let prometheus: Bun.Subprocess<"ignore", "ignore", "pipe"> | null = null;
let api: string;

function report(job: string, hoursAgo: number, fields: Record<string, unknown> = {}): string {
	const timestamp = new Date(Date.now() - hoursAgo * hour).toISOString();
	const measures = { duration_total: 60, size_bytes: 5_000_000_000, phases: { dump: 20, upload: 40 } };
	return `${JSON.stringify({ job, timestamp, backup_id: `${job}-${hoursAgo}`, success: true, ...measures, ...fields })}\n`;
}

type Result = { metric: Record<string, string>; value: [number, string] };

async function query(expression: string): Promise<Result[]> {
	const response = await fetch(`${api}/query?${new URLSearchParams({ query: expression })}`);
	const { status, data, error } = (await response.json()) as {
		status: string;
		data: { result: Result[] };
		error?: string;
	};
	if (status !== "success") throw new Error(`${expression}: ${error}`);
	return data.result;
}

const backups = async (expression: string) => (await query(expression)).map(({ metric }) => metric.backup).sort();

type Target = { labels: Record<string, string>; health: string; lastError: string; scrapeUrl: string };

async function targets(): Promise<Target[]> {
	const response = await fetch(`${api}/targets`).catch(() => null);
	if (response === null || !response.ok) return [];
	return ((await response.json()) as { data: { activeTargets: Target[] } }).data.activeTargets;
}

beforeAll(async () => {
	const dataDir = makeFolder();
	const lines = [
		report("fresh", 25),
		report("stale", 30, { host: "pi4" }),
		report("stale", 2, { host: "pi4", success: false, error_message: "no route", size_bytes: 0 }),
		report("never", 1, { success: false }),
		report('odd "name" \\ é', 3),
		'{"not": "a report"}\n',
	];
	writeFileSync(join(dataDir, "metrics.jsonl"), lines.join(""));
	server = await startServer({ dataDir });
	await untilRead(server, 5);
	// What the remote of one of them shows: copies have an age of their own.
	const listed = { input: `${(Date.now() - 25 * hour) / 1000} 5000000000 photos.tar\n`, dataDir };
	expect((await runCommand(["inventory", "fresh", "--from", "find"], listed)).code).toBe(0);

	const folder = makeFolder();
	mkdirSync(join(folder, "data"));
	writeFileSync(join(folder, "token"), `${readToken}\n`);
	writeFileSync(join(folder, "password"), "correct horse battery\n");
	locked = await startServer({ env: { AUTH_PASSWORD_FILE: join(folder, "password"), READ_TOKEN: readToken } });
	const job = (name: string, path: string, more: object = {}, { port }: Started = server) => ({
		job_name: name,
		metrics_path: path,
		static_configs: [{ targets: [`127.0.0.1:${port}`] }],
		...more,
	});
	const token = join(folder, "token");
	// As docs/metrics.md has it, and the other ways that it names.
	const withToken = [
		job("locked", "/metrics", { authorization: { credentials_file: token } }, locked),
		job("locked-bearer", "/api/metrics", { bearer_token_file: token }, locked),
		job("locked-basic", "/metrics", { basic_auth: { username: "prometheus", password: readToken } }, locked),
		job("locked-parameter", "/metrics", { params: { token: [readToken] } }, locked),
		job("refused", "/metrics", { authorization: { credentials: "another-token" } }, locked),
	];
	// YAML holds JSON. The example's rules are loaded too: Prometheus judges them over real samples.
	const configuration = {
		global: { scrape_interval: "1s", evaluation_interval: "1s" },
		rule_files: [join(import.meta.dir, "../../examples/alert-rules.yml")],
		scrape_configs: [job("backup-monitor", "/metrics"), job("by-accept", "/api/metrics"), ...withToken],
	};
	writeFileSync(join(folder, "prometheus.yml"), JSON.stringify(configuration));
	const port = await freePort();
	api = `http://127.0.0.1:${port}/api/v1`;
	prometheus = Bun.spawn(
		[
			"prometheus",
			`--config.file=${join(folder, "prometheus.yml")}`,
			`--storage.tsdb.path=${join(folder, "data")}`,
			`--web.listen-address=127.0.0.1:${port}`,
		],
		{ cwd: folder, stdin: "ignore", stdout: "ignore", stderr: "pipe" },
	);
	await until(
		async () => {
			const found = await targets();
			return found.length === 7 && found.every(({ health }) => health !== "unknown");
		},
		30_000,
		"all targets scraped",
	);
	await until(async () => (await query("count(backup_state)")).length > 0, 10_000, "samples");
}, 60_000);

afterAll(async () => {
	prometheus?.kill("SIGKILL");
	await prometheus?.exited;
	await cleanUp();
});

test("both targets are up: /metrics, and /api/metrics without a word of configuration more", async () => {
	for (const { scrapeUrl, health, lastError } of await targets()) {
		if (!scrapeUrl.includes(`:${server.port}/`)) continue;
		expect([scrapeUrl, health, lastError]).toEqual([scrapeUrl, "up", ""]);
	}
	const up = await query('up{job=~"backup-monitor|by-accept"}');
	expect(up.map(({ value }) => value[1])).toEqual(["1", "1"]);
	expect(await query('scrape_samples_scraped{job="backup-monitor"} > 30')).toHaveLength(1);
});

test("a monitor that asks for a login is read with the token, in each way, and with no other", async () => {
	const up = await query('up{job=~"locked.*|refused"}');
	const states = Object.fromEntries(up.map(({ metric, value }) => [metric.job, value[1]]));
	expect(states).toEqual({
		locked: "1",
		"locked-bearer": "1",
		"locked-basic": "1",
		"locked-parameter": "1",
		refused: "0",
	});
	const refused = (await targets()).find(({ labels }) => labels.job === "refused");
	expect(refused?.lastError).toMatch(/HTTP status (?:401 Unauthorized|429 Too Many Requests)/);
	expect(locked.log()).not.toContain(readToken);
});

test("no success for 26 h: the stale one, not the fresh one, nor one that never had a success to be old", async () => {
	const ours = '{job="backup-monitor"}';
	expect(await backups(`time() - backup_last_success_timestamp_seconds${ours} > 26 * 3600`)).toEqual(["stale"]);
	expect(await backups(`time() - backup_last_success_timestamp_seconds${ours} > 24 * 3600`)).toEqual([
		"fresh",
		"stale",
	]);
	expect(await backups(`backup_state${ours} == 1 and backup_state{state="failed"}`)).toEqual(["never", "stale"]);
	expect(await backups(`backup_last_size_bytes${ours} == 5e9`)).toContain('odd "name" \\ é');
	const [age] = await query('time() - backup_last_success_timestamp_seconds{backup="stale",job="backup-monitor"}');
	expect(age?.metric).toMatchObject({ host: "pi4", job: "backup-monitor" });
	// It began 30 h ago and took a minute.
	expect(Math.abs(Number(age?.value[1]) - (30 * 3600 - 60))).toBeLessThan(60);
});

test("the example's alert fires for it, within the evaluation", async () => {
	const firing = async () => backups('ALERTS{alertname="BackupTooOld",alertstate="firing",job="backup-monitor"}');
	await until(async () => (await firing()).length > 0, 20_000, "BackupTooOld");
	expect(await firing()).toEqual(["stale"]);
}, 30_000);

test("a success that is reported now is in Prometheus with its next scrape", async () => {
	const path = join(server.dataDir, "metrics.jsonl");
	writeFileSync(path, report("stale", 0, { host: "pi4", backup_id: "again" }), { flag: "a" });
	const stale = () => backups('time() - backup_last_success_timestamp_seconds{job="backup-monitor"} > 26 * 3600');
	await until(async () => (await stale()).length === 0, 15_000, "the stale one is fresh");
	const [total] = await query('backup_runs_total{job="backup-monitor",backup="stale",outcome="success"}');
	expect(total?.value[1]).toBe("2");
}, 30_000);

test("every expression of the dashboard is answered", async () => {
	const path = join(import.meta.dir, "../../examples/grafana-dashboard.json");
	const { panels } = JSON.parse(readFileSync(path, "utf8")) as {
		panels: { title: string; targets: { expr: string }[] }[];
	};
	for (const { title, targets: asked } of panels) {
		for (const { expr } of asked) {
			const found = await query(expr.replaceAll(/\$(?:backup|host|instance)/g, ".*"));
			expect([title, found.length > 0]).toEqual([title, true]);
		}
	}
});

test("promtool has nothing to say of the compiled monitor's metrics", async () => {
	const text = await (await server.get("/metrics")).text();
	const child = Bun.spawn(["promtool", "check", "metrics"], {
		stdin: new TextEncoder().encode(text),
		stdout: "pipe",
		stderr: "pipe",
	});
	const said = await new Response(child.stdout).text();
	expect([await child.exited, said + (await new Response(child.stderr).text())]).toEqual([0, ""]);
	expect(text).toMatch(/^process_resident_memory_bytes \d{8}/m);
});

test("HEAD, 304 and the exports work in the compiled monitor too, and an export is a file to import", async () => {
	for (const path of [
		"/metrics",
		"/api/summary",
		"/api/runs.csv",
		"/api/runs.jsonl",
		"/badge/fresh.svg",
		"/feed.xml",
	]) {
		const head = await server.get(path, { method: "HEAD" });
		expect([path, head.status, await head.text()]).toEqual([path, 200, ""]);
		// The summary grows older every second, the metrics every five.
		if (path === "/metrics" || path === "/api/summary") continue;
		const got = await server.get(path);
		await got.body?.cancel();
		expect([path, head.headers.get("etag")]).toEqual([path, got.headers.get("etag")]);
	}
	const runs = await server.get("/api/runs.csv");
	const etag = runs.headers.get("etag") ?? "";
	expect((await runs.text()).split("\r\n").length).toBe(8);
	expect((await server.get("/api/runs.csv", { headers: { "if-none-match": etag } })).status).toBe(304);

	const file = join(makeFolder(), "runs.jsonl");
	writeFileSync(file, await (await server.get("/api/runs.jsonl")).text());
	const imported = await runCommand(["import", file, "--json"], { dataDir: makeFolder() });
	expect([imported.code, JSON.parse(imported.out).accepted]).toEqual([0, 6]);
});
