// The metrics: what Prometheus' own linter says of them, and what they say of the jobs.
import { afterAll, beforeAll, expect, test } from "bun:test";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { cleanUp, makeFolder } from "../binary.ts";
import { aLine } from "../lines.ts";
import { openApp, type TestApp } from "./app.ts";
import { sampleNow, writeSample } from "./sample.ts";

let lab: TestApp;

beforeAll(async () => {
	const dataDir = makeFolder();
	writeSample(dataDir);
	lab = await openApp(dataDir, () => sampleNow);
});
afterAll(async () => {
	await lab.monitor.stop();
	await cleanUp();
});

const prometheusAccept =
	"application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1";

async function metrics(app = lab, accept = "text/plain"): Promise<string> {
	return (await app.get("/metrics", { accept })).text();
}

async function promtool(text: string): Promise<{ code: number; said: string }> {
	const child = Bun.spawn(["promtool", "check", "metrics"], {
		stdin: new TextEncoder().encode(text),
		stdout: "pipe",
		stderr: "pipe",
	});
	const [out, err] = await Promise.all([new Response(child.stdout).text(), new Response(child.stderr).text()]);
	return { code: await child.exited, said: out + err };
}

async function labOf(...lines: string[]): Promise<TestApp> {
	const dataDir = makeFolder();
	writeFileSync(join(dataDir, "metrics.jsonl"), lines.map((line) => `${line}\n`).join(""));
	return openApp(dataDir, () => sampleNow);
}

test("promtool finds nothing to say", async () => {
	expect(await promtool(await metrics())).toEqual({ code: 0, said: "" });
});

test("promtool finds nothing to say of an empty monitor, nor of one without a database", async () => {
	const empty = await labOf();
	expect(await promtool(await metrics(empty))).toEqual({ code: 0, said: "" });
	empty.monitor.database.db = null;
	empty.monitor.revision++;
	const text = await metrics(empty);
	expect(await promtool(text)).toEqual({ code: 0, said: "" });
	expect(text).toContain("backup_monitor_problems{");
	await empty.monitor.stop();
});

test("names and labels", async () => {
	const text = await metrics();
	for (const line of [
		'backup_last_success_timestamp_seconds{backup="etc",host=""} 1769659202',
		'backup_last_success_timestamp_seconds{backup="photos",host="pi4"} 1769826520.5',
		'backup_last_duration_seconds{backup="etc"} 2',
		'backup_last_duration_seconds{backup="photos",host="pi4"} 1720.5',
		'backup_last_phase_duration_seconds{backup="photos",host="pi4",phase="upload"} 1100',
		'backup_last_size_bytes{backup="mail",host="nas"} 5100000000',
		'backup_runs_total{backup="mail",host="nas",outcome="success"} 9',
		'backup_runs_total{backup="mail",host="nas",outcome="warning"} 1',
		'backup_runs_total{backup="mail",host="nas",outcome="failure"} 0',
		'backup_state{backup="photos",host="pi4",state="ok"} 1',
		'backup_state{backup="photos",host="pi4",state="failed"} 0',
		'backup_state{backup="postgres-dump",host="pi4",state="failed"} 1',
		"backup_monitor_rejected_lines_total 1",
		"backup_monitor_jobs 5",
		`backup_monitor_last_read_timestamp_seconds ${sampleNow / 1000}`,
	]) {
		expect(text.split("\n")).toContain(line);
	}
	expect(text).toMatch(/^process_resident_memory_bytes [1-9]\d+$/m);
	expect(text).toMatch(/^backup_monitor_database_size_bytes [1-9]\d+$/m);
	expect(text).toMatch(/^backup_monitor_build_info\{version="[^"]+",commit="[^"]+"\} 1$/m);
	expect(text).not.toMatch(/\b(?:null|NaN|undefined)\b/);
	expect(text).not.toMatch(/[{,](?:job|instance)="/);
});

test("every sample is there once, and each family in one piece", async () => {
	const lines = (await metrics()).trimEnd().split("\n");
	const series = lines.filter((line) => !line.startsWith("#")).map((line) => line.slice(0, line.lastIndexOf(" ")));
	expect(new Set(series).size).toBe(series.length);
	const families = series.map((name) => name.replace(/\{.*/, "")).filter((name, at, all) => name !== all[at - 1]);
	expect(new Set(families).size).toBe(families.length);
});

test("a job that never succeeded has no time of success, no size and no duration, rather than 0", async () => {
	const app = await labOf(aLine(0, { job: "bad", success: false, duration_total: 3, size_bytes: 0 }));
	const text = await metrics(app);
	expect(text).not.toContain("backup_last_success_timestamp_seconds{");
	expect(text).not.toContain("backup_last_size_bytes{");
	expect(text).not.toContain("backup_last_duration_seconds{");
	expect(text).toContain('backup_runs_total{backup="bad",outcome="failure"} 1');
	await app.monitor.stop();
});

test("names that would break the format, in labels and phases, do not; two hosts may share a name", async () => {
	const nasty = 'a"b\\c{d="e"} 1 é 🐘 </script>';
	const app = await labOf(
		aLine(0, { job: nasty, host: 'h"\\', phases: { [nasty]: 1, "line\nbreak": 2 } }),
		aLine(1, { job: "nas", host: "a" }),
		aLine(2, { job: "nas", host: "b" }),
	);
	const text = await metrics(app);
	expect(await promtool(text)).toEqual({ code: 0, said: "" });
	expect(text).toContain('backup="a\\"b\\\\c{d=\\"e\\"} 1 é 🐘 </script>",host="h\\"\\\\"');
	expect(text).toContain('backup_last_duration_seconds{backup="nas",host="a"} 1201');
	expect(text).toContain('backup_last_duration_seconds{backup="nas",host="b"} 1202');
	await app.monitor.stop();
});

test("at 1,000 jobs it is still clean, and between two reports it is not made again", async () => {
	const lines = Array.from({ length: 1000 }, (_, n) => aLine(n, { job: `job ${n}`, host: `host-${n % 50}` }));
	const app = await labOf(...lines);
	const first = await app.get("/metrics", { "accept-encoding": "gzip" });
	expect(first.headers.get("content-encoding")).toBe("gzip");
	const text = Bun.gunzipSync(await first.arrayBuffer());
	expect(await promtool(Buffer.from(text).toString())).toEqual({ code: 0, said: "" });
	// Whatever is asked of it now cannot be answered from the database.
	const { db } = app.monitor;
	app.monitor.database.db = null;
	expect(await metrics(app)).toContain('backup_state{backup="job 999",host="host-49",state="ok"} 1');
	app.monitor.database.db = db;
	await app.monitor.stop();
});

test("OpenMetrics where it is preferred: its type, counters named without _total, and an end", async () => {
	const response = await lab.get("/metrics", { accept: prometheusAccept });
	expect(response.headers.get("content-type")).toBe("application/openmetrics-text; version=1.0.0; charset=utf-8");
	const text = await response.text();
	expect(text.endsWith("\n# EOF\n")).toBe(true);
	expect(text).toContain("# TYPE backup_runs counter\nbackup_runs_total{");
	expect(text).not.toContain("# TYPE backup_runs_total");
	const plain = await lab.get("/metrics");
	expect(plain.headers.get("content-type")).toBe("text/plain; version=0.0.4; charset=utf-8");
	expect(await plain.text()).not.toContain("# EOF");
});

test("/api/metrics is JSON to everybody but those who prefer text, and caches can tell", async () => {
	const json = await lab.get("/api/metrics");
	expect(json.headers.get("content-type")).toBe("application/json; charset=utf-8");
	expect((await json.json()).length).toBe(30);
	const text = await lab.get("/api/metrics", { accept: "text/plain;version=0.0.4" });
	expect(text.headers.get("content-type")).toContain("text/plain");
	expect(await text.text()).toBe(await metrics());
	const om = await lab.get("/api/metrics", { accept: prometheusAccept });
	expect(om.headers.get("content-type")).toContain("openmetrics");
	for (const { headers } of [json, text, om]) expect(headers.get("vary")).toBe("Accept, Accept-Encoding");
});

test("docs/metrics.md has every metric, its type and its help, and none that is not there", async () => {
	const docs = readFileSync(join(import.meta.dir, "../../docs/metrics.md"), "utf8");
	const documented = [...docs.matchAll(/^\| `(\w+)` \| (\w+) \| ([^|]*) \| (.+) \|$/gm)].map(
		([, name = "", type = "", , help = ""]) => `${name} ${type} ${help}`,
	);
	const text = await metrics();
	const helps = new Map([...text.matchAll(/^# HELP (\w+) (.+)$/gm)].map(([, name = "", help = ""]) => [name, help]));
	const real = [...text.matchAll(/^# TYPE (\w+) (\w+)$/gm)].map(
		([, name = "", type = ""]) => `${name} ${type} ${helps.get(name)}`,
	);
	expect(documented).toEqual(real);
});
