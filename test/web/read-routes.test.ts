// The routes that other programs read: summary, jobs, runs, exports, badges, the feed, and their description.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { appendFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { schemas } from "../../src/web/openapi.ts";
import { otherOperations } from "../../src/web/other-operations.ts";
import type { Schema } from "../../src/web/schema.ts";
import { cleanUp, makeFolder } from "../binary.ts";
import { aLine, someLines } from "../lines.ts";
import { openApp, type TestApp } from "./app.ts";
import { deviations } from "./conforms.ts";
import { sampleLines, sampleNow, writeSample } from "./sample.ts";

let lab: TestApp;
let labDir: string;
const opened: TestApp[] = [];

async function open(dataDir: string, env: Record<string, string> = {}): Promise<TestApp> {
	const app = await openApp(dataDir, () => sampleNow, env);
	opened.push(app);
	return app;
}

async function labOf(lines: string, env: Record<string, string> = {}): Promise<TestApp> {
	const dataDir = makeFolder();
	writeFileSync(join(dataDir, "metrics.jsonl"), lines);
	return open(dataDir, env);
}

beforeAll(async () => {
	labDir = makeFolder();
	writeSample(labDir);
	lab = await open(labDir);
});
afterAll(async () => {
	for (const { monitor } of opened) await monitor.stop();
	await cleanUp();
});

type Fields = Record<string, unknown>;

async function json(path: string, app = lab): Promise<Fields> {
	const response = await app.get(path);
	expect([path, response.status]).toEqual([path, 200]);
	return response.json();
}

async function ids(query: string, app = lab): Promise<unknown[]> {
	const { runs } = (await json(`/api/runs${query}`, app)) as { runs: Fields[] };
	return runs.map((run) => run.backup_id);
}

describe("/api/summary", () => {
	test("says in one object how the lab is", async () => {
		const { items, ...flat } = await json("/api/summary");
		expect(flat).toMatchObject({
			status: "failed",
			sentence: "postgres-dump failed and mail ended with a warning",
			jobs: 5,
			ok: 2,
			warning: 1,
			failed: 1,
			running: 0,
			new: 1,
			last_success: "2026-01-31T03:01:28+00:00",
			last_success_job: "mail",
			last_success_age_seconds: 32312,
			last_size_bytes: 5_100_000_000,
			oldest_success_job: "etc",
			runs_30d: 32,
			failed_30d: 2,
			success_rate: 0.9375,
			rejected_lines: 1,
		});
		// Flat: what a dashboard shows of it is a word or a number.
		for (const value of Object.values(flat)) expect(["string", "number", "object"]).toContain(typeof (value ?? ""));
		expect((items as Fields[]).map((item) => [item.job, item.state])).toEqual([
			["postgres-dump", "failed"],
			["mail", "warning"],
			["restore drill", "new"],
			["etc", "ok"],
			["photos", "ok"],
		]);
	});

	test("of an empty monitor is new, and nothing in it is invented", async () => {
		const summary = await json("/api/summary", await labOf(""));
		expect(summary).toMatchObject({ status: "new", jobs: 0, last_success: null, last_success_age_seconds: null });
		expect(summary).toMatchObject({ success_rate: null, total_size_bytes: null, last_run: null, items: [] });
		expect(deviations(summary, schemas.Summary ?? {})).toEqual([]);
	});

	test("is in the zone of the monitor", async () => {
		const app = await labOf(`${sampleLines().join("\n")}\n`, { TZ: "Europe/Berlin" });
		expect((await json("/api/summary", app)).last_success).toBe("2026-01-31T04:01:28+01:00");
	});
});

describe("/api/jobs", () => {
	test("has every job, by name", async () => {
		const { jobs } = (await json("/api/jobs")) as { jobs: Fields[] };
		expect(jobs.map((job) => [job.job, job.slug, job.host, job.state, job.is_running])).toEqual([
			["etc", "etc", "", "ok", false],
			["mail", "mail", "nas", "warning", false],
			["photos", "photos", "pi4", "ok", false],
			["postgres-dump", "postgres-dump", "pi4", "failed", true],
			["restore drill", "restore-drill", "", "new", false],
		]);
		expect(jobs[3]).toMatchObject({
			last_run: "2026-01-31T01:00:30+00:00",
			last_outcome: "failure",
			last_error_category: "network",
			last_success: "2026-01-30T01:06:33+00:00",
			last_duration_seconds: 393,
			last_size_bytes: 1_720_000_000,
			last_phases: { dump: 231, upload: 158 },
			runs: { success: 9, warning: 0, failure: 1 },
		});
	});

	test("one job is found by its slug and by its name", async () => {
		const bySlug = await json("/api/jobs/restore-drill");
		expect(bySlug.job).toBe("restore drill");
		expect(await json("/api/jobs/restore%20drill")).toEqual(bySlug);
		const photos = (await json("/api/jobs/photos")) as { recent: Fields[]; last_30_days: Fields };
		expect(photos.recent.length).toBe(10);
		expect(photos.last_30_days).toMatchObject({ runs: 10, succeeded: 10, failed: 0, average_duration_seconds: 1720.5 });
	});

	test.each(["/api/jobs/nobody", "/api/jobs/%00", `/api/jobs/${"x".repeat(300)}`, "/api/jobs/%22"])(
		"%p: no such job",
		async (path) => {
			const response = await lab.get(path);
			expect([response.status, await response.json()]).toEqual([404, { error: "No job has this name." }]);
		},
	);
});

describe("/api/runs", () => {
	test("newest first, with each filter", async () => {
		expect((await ids("?limit=3")).slice(0, 3)).toEqual(["postgres-dump-again", "mail-0", "photos-0"]);
		expect(await ids("?job=etc")).toEqual(["etc-2", "etc-3"]);
		expect(await ids("?outcome=failure")).toEqual(["postgres-dump-0", "etc-3"]);
		expect(await ids("?kind=restore_test")).toEqual(["restore drill-5"]);
		expect(await ids("?host=nas&outcome=warning")).toEqual(["mail-0"]);
		expect(await ids("?host=nowhere")).toEqual([]);
		expect(await ids("?q=I/O%20TIMEOUT")).toEqual(["postgres-dump-0"]);
		expect(await ids("?since=2026-01-31T02:00:00Z&until=2026-01-31T03:00:00Z")).toEqual(["photos-0"]);
		expect(await ids(`?since=${Date.UTC(2026, 0, 31, 11) / 1000}`)).toEqual(["postgres-dump-again"]);
		expect((await ids("?job=&outcome=&limit=&anything=else")).length).toBe(34);
	});

	test("a page goes on where the one before ended", async () => {
		const found: unknown[] = [];
		let next: unknown = null;
		do {
			const page = await json(`/api/runs?limit=5${next === null ? "" : `&cursor=${next}`}`);
			found.push(...(page.runs as Fields[]).map((run) => run.backup_id));
			next = page.next;
		} while (next !== null);
		expect(found).toEqual(await ids("?limit=365"));
		expect(found.length).toBe(34);
	});

	test("never more than 365", async () => {
		const app = await labOf(someLines(0, 400), { RETENTION_DAYS: "36500" });
		expect((await ids("?limit=100000", app)).length).toBe(365);
	});

	test.each<[string, string]>([
		["limit=0", "limit is not a whole number from 1."],
		["limit=-5", "limit is not a whole number from 1."],
		["limit=1e3", "limit is not a whole number from 1."],
		["limit=99999999999999999999", "limit is not a whole number from 1."],
		["outcome=<script>", "outcome is not one of success, warning, failure, running."],
		["kind=Backup", "kind is not one of backup, check, prune, sync, restore_test."],
		["since=yesterday", "since is not a time such as 2026-01-07T02:00:00Z, or Unix seconds."],
		["until=2026-02-30", "until is not a time such as 2026-01-07T02:00:00Z, or Unix seconds."],
		["cursor=1%27%20OR%201", "cursor is not one that this server gave out."],
		[`q=${"x".repeat(257)}`, "q is not text of at most 256 characters."],
		["limit=1&limit=2", "limit is given more than once."],
	])("%p is refused, and not repeated", async (query, error) => {
		for (const path of ["/api/runs", "/api/runs.csv"]) {
			if (path.endsWith("csv") && /limit|cursor/.test(query)) continue;
			const response = await lab.get(`${path}?${query}`);
			expect([response.status, await response.json()]).toEqual([422, { error }]);
		}
	});

	test.each([
		"cursor=zzzzzzzzzzz-zzzzzzzzzzz",
		"cursor=0-0",
		"since=9999999999999&until=0000000001",
		"q=%25",
		"q=%ff%00",
	])("%p is odd and answered", async (query) => {
		expect((await lab.get(`/api/runs?${query}`)).status).toBeOneOf([200, 422]);
	});

	test("one run, with its log", async () => {
		const { runs } = (await json("/api/runs?job=postgres-dump&outcome=failure")) as { runs: Fields[] };
		const run = await json(`/api/runs/${runs[0]?.id}`);
		const { log, ...rest } = run;
		expect(log).toBe("NOTICE: retrying\nERROR: i/o timeout");
		expect(rest).toEqual(runs[0] ?? {});
		for (const id of ["0", "-1", "x", "99999999999999", "1e1", "%20"]) {
			expect([id, (await lab.get(`/api/runs/${id}`)).status]).toEqual([id, 404]);
		}
	});

	test("an unknown job is 404", async () => {
		for (const path of ["/api/runs", "/api/runs.csv", "/api/runs.jsonl"]) {
			expect((await lab.get(`${path}?job=nobody`)).status).toBe(404);
		}
	});
});

describe("exports", () => {
	const parseCsv = (text: string) => text.split("\r\n").slice(0, -1);

	test("CSV: a head and every run that the filter finds", async () => {
		const response = await lab.get("/api/runs.csv?job=photos");
		expect(response.headers.get("content-type")).toBe("text/csv; charset=utf-8; header=present");
		expect(response.headers.get("content-disposition")).toBe('attachment; filename="runs.csv"');
		const rows = parseCsv(await response.text());
		expect(rows.length).toBe(11);
		expect(rows[0]).toStartWith("id,job,slug,host,kind,outcome,backup_id,timestamp,");
		expect(rows[1]).toContain(",1720.5,4.5,600,,1100,,41290000000,");
	});

	test("nothing in a CSV is a formula, whatever a report says", async () => {
		const texts = ["=cmd|' /C calc'!A0", "+1+1", "-2+3", "@SUM(A1)", "\t=1", "\r=1", '=HYPERLINK("http://x","y")'];
		const app = await labOf(
			texts.map((text, n) => `${aLine(n, { success: false, error_message: text, exit_code: -9 })}\n`).join(""),
			{ RETENTION_DAYS: "36500" },
		);
		const csv = await (await app.get("/api/runs.csv")).text();
		// Fields as a spreadsheet reads them: quotes undone.
		const fields = [...csv.matchAll(/(?:^|,|\r\n)(?:"((?:[^"]|"")*)"|([^,"\r\n]*))/g)].map(([, quoted, plain]) =>
			(quoted ?? plain ?? "").replaceAll('""', '"'),
		);
		for (const text of texts) expect(fields).toContain(`'${text}`);
		for (const field of fields) if (/^[=+\-@\t\r]/.test(field)) expect(field).toBe("-9");
	});

	test("JSONL: every line is a report again, and gives the same runs", async () => {
		const response = await lab.get("/api/runs.jsonl");
		expect(response.headers.get("content-type")).toBe("application/x-ndjson; charset=utf-8");
		const text = await response.text();
		const lines = text.trimEnd().split("\n");
		expect(lines.length).toBe(34);
		for (const line of lines) expect(deviations(JSON.parse(line), schemas.WholeRun ?? {})).toEqual([]);
		const again = await labOf(text);
		const without = (exported: string) =>
			exported
				.trimEnd()
				.split("\n")
				.map((line) => ({ ...JSON.parse(line), id: 0 }));
		const sorted = (runs: Fields[]) => runs.sort((a, b) => (String(a.backup_id) < String(b.backup_id) ? -1 : 1));
		expect(sorted(without(await (await again.get("/api/runs.jsonl")).text()))).toEqual(sorted(without(text)));
	});

	test("of many runs is written in portions, and one that is given up is given up", async () => {
		const app = await labOf(someLines(0, 5000), { RETENTION_DAYS: "36500" });
		const body = (await app.get("/api/runs.jsonl")).body;
		const reader = body?.getReader();
		const first = await reader?.read();
		const portion = new TextDecoder().decode(first?.value).trimEnd().split("\n").length;
		expect(portion).toBe(64);
		await reader?.cancel();
		const whole = await (await app.get("/api/runs.csv?q=run-")).text();
		expect(parseCsv(whole).length).toBe(5001);
	});
});

describe("/badge/{job}.svg", () => {
	test("says the state in a word and a colour, and may be shown elsewhere", async () => {
		const response = await lab.get("/badge/postgres-dump.svg");
		expect(response.headers.get("content-type")).toBe("image/svg+xml; charset=utf-8");
		expect(response.headers.get("cross-origin-resource-policy")).toBe("cross-origin");
		const svg = await response.text();
		expect(svg).toContain("<title>postgres-dump: failed</title>");
		expect(svg).toContain(">failed</text>");
		expect(svg).toContain("#c62828");
		expect(Bun.XML.parse(svg)).toBeObject();
		const other = await (await lab.get("/badge/photos.svg")).text();
		expect(other).toContain(">ok</text>");
		expect(other).not.toContain("#c62828");
	});

	test("is as wide for one state as for another: a site that shows it cannot measure the state", async () => {
		const width = async (outcome: string) => {
			const app = await labOf(`${aLine(0, { job: "x", outcome, success: undefined })}\n`, { RETENTION_DAYS: "36500" });
			return /width="(\d+)"/.exec(await (await app.get("/badge/x.svg")).text())?.[1];
		};
		expect(new Set([await width("success"), await width("failure"), await width("warning")]).size).toBe(1);
	});

	test("of a job with a name full of marks is escaped", async () => {
		const job = "\"><script>alert(1)</script>&'";
		const app = await labOf(`${aLine(0, { job })}\n`, { RETENTION_DAYS: "36500" });
		const response = await app.get(`/badge/${encodeURIComponent(job)}.svg`);
		expect(response.status).toBe(200);
		const svg = await response.text();
		expect(svg).not.toContain("<script");
		expect(svg).toContain("&lt;script&gt;");
		expect(Bun.XML.parse(svg)).toBeObject();
	});

	test("of no job is a picture that says so, and repeats nothing", async () => {
		for (const path of ["/badge/evil%3Cscript%3E.svg", "/badge/photos", "/badge/photos.png"]) {
			const response = await lab.get(path);
			expect([path, response.status, response.headers.get("content-type")]).toEqual([
				path,
				404,
				"image/svg+xml; charset=utf-8",
			]);
			expect(await response.text()).toContain("no such job: unknown");
		}
	});
});

describe("/feed.xml", () => {
	test("has failures and recoveries, newest first, each with an id that stays", async () => {
		const response = await lab.get("/feed.xml");
		expect(response.headers.get("content-type")).toBe("application/atom+xml; charset=utf-8");
		const xml = await response.text();
		expect(Bun.XML.parse(xml)).toBeObject();
		expect([...xml.matchAll(/<title>(.*?)<\/title>/g)].map(([, title]) => title).slice(1)).toEqual([
			"postgres-dump (pi4) failed",
			"etc works again",
			"etc failed",
		]);
		const idsOf = (text: string) => [...text.matchAll(/<id>(.*?)<\/id>/g)].map(([, id]) => id);
		expect(new Set(idsOf(xml)).size).toBe(4);
		const rebuilt = await labOf(`${sampleLines().reverse().join("\n")}\n`);
		expect(idsOf(await (await rebuilt.get("/feed.xml")).text()).slice(1)).toEqual(idsOf(xml).slice(1));
	});

	test("its links are PUBLIC_URL's; without it they are the request's, and it says so", async () => {
		const xml = await (await lab.get("/feed.xml", { host: "pi4.lan:8080" })).text();
		expect(xml).toContain('href="http://pi4.lan:8080/?job=etc"');
		expect(xml).toContain("set PUBLIC_URL");
		const app = await labOf(`${sampleLines().join("\n")}\n`, { PUBLIC_URL: "https://backup.example.org/lab/" });
		const fixed = await (await app.get("/feed.xml", { host: "pi4.lan:8080" })).text();
		expect(fixed).toContain('href="https://backup.example.org/lab/?job=etc"');
		expect(fixed).not.toContain("PUBLIC_URL");
		expect(fixed).not.toContain("pi4.lan");
	});

	test("what a report says stays text, also what XML cannot say", async () => {
		const message = 'bad \u0000\u001b[31m\uffff </content><script>alert("1")</script> ]]>';
		const app = await labOf(`${aLine(0, { success: false, error_message: message })}\n`, { RETENTION_DAYS: "36500" });
		const xml = await (await app.get("/feed.xml")).text();
		expect(xml).not.toContain("<script");
		expect(xml).not.toMatch(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\uffff]/);
		expect(Bun.XML.parse(xml)).toBeObject();
	});

	test("of an empty monitor is a feed without entries", async () => {
		const xml = await (await (await labOf("")).get("/feed.xml")).text();
		expect(Bun.XML.parse(xml)).toBeObject();
		expect(xml).not.toContain("<entry>");
	});
});

describe("/api/openapi.json", () => {
	type Described = { parameters: { name: string; in: string }[]; responses: Record<string, { content?: Fields }> };
	type Document = { openapi: string; paths: Record<string, Record<string, Described>>; components: unknown };
	const described = async () => (await json("/api/openapi.json")) as unknown as Document;

	test("describes every route that is read, and no other", async () => {
		const { openapi, paths } = await described();
		expect(openapi).toBe("3.1.0");
		const shown = Object.entries(paths).flatMap(([path, methods]) => Object.keys(methods).map((m) => `${m} ${path}`));
		const served = (await lab.app.routes())
			.filter(({ class: kind, method }) => (kind === "read" || kind === "public") && method === "GET")
			.map(({ path }) => `get ${path.replace("/badge/:file", "/badge/{job}.svg").replace(/:(\w+)/g, "{$1}")}`)
			.filter((route) => /^get \/(?:api|badge|feed|health|metrics)/.test(route));
		expect(shown.filter((route) => route.startsWith("get ")).sort()).toEqual(served.sort());
		const taken = new Set((await lab.app.routes()).map(({ method, path }) => `${method.toLowerCase()} ${path}`));
		for (const route of shown.filter((one) => one.startsWith("post "))) {
			expect(taken).toContain(route.replace(/\{(\w+)\}/g, ":$1"));
		}
	});

	test("every reference leads somewhere, every operation has a name of its own", async () => {
		const document = await described();
		const text = JSON.stringify(document);
		for (const [, name = ""] of text.matchAll(/#\/components\/schemas\/(\w+)/g)) expect(schemas).toHaveProperty(name);
		const names = [...text.matchAll(/"operationId":"(\w+)"/g)].map(([, name]) => name);
		expect(new Set(names).size).toBe(names.length);
		expect(names.length).toBeGreaterThan(15);
	});

	test("what it says of an answer is so", async () => {
		const { paths } = await described();
		for (const [path, { get }] of Object.entries(paths)) {
			const content = get?.responses["200"]?.content?.["application/json"] as { schema: Schema } | undefined;
			if (content === undefined) continue;
			const answer = await json(path.replace("{job}", "photos").replace("{id}", "1"));
			expect([path, deviations(answer, content.schema)]).toEqual([path, []]);
		}
		const failed = await lab.get("/api/runs?limit=x");
		expect(deviations(await failed.json(), schemas.Error ?? {})).toEqual([]);
	});

	test("the original's routes are there with what they take", () => {
		const metrics = otherOperations.find(({ path }) => path === "/api/metrics");
		expect(Object.keys(metrics?.parameters ?? {})).toEqual(["job", "limit", "since"]);
	});
});

describe("every one of them", () => {
	const paths = [
		"/metrics",
		"/api/summary",
		"/api/jobs",
		"/api/jobs/photos",
		"/api/runs",
		"/api/runs/1",
		"/api/runs.csv",
		"/api/runs.jsonl?job=photos",
		"/badge/photos.svg",
		"/feed.xml",
		"/api/openapi.json",
	];

	test.each(paths)("%s has a tag, and answers 304 to whoever has it", async (path) => {
		const response = await lab.get(path);
		const etag = response.headers.get("etag");
		expect(response.status).toBe(200);
		expect(etag).not.toBeNull();
		expect(response.headers.get("cache-control")).toBe("no-cache");
		expect(response.headers.get("content-security-policy")).toContain("default-src 'none'");
		await response.body?.cancel();
		for (const known of [etag ?? "", `"other", ${etag}`]) {
			const again = await lab.get(path, { "if-none-match": known });
			expect([again.status, await again.text()]).toEqual([304, ""]);
			expect(again.headers.get("etag")).toBe(etag);
		}
		const other = await lab.get(path, { "if-none-match": '"other"' });
		expect(other.status).toBe(200);
		await other.body?.cancel();
	});

	test.each(paths)("%s takes HEAD, and refuses POST", async (path) => {
		const head = await lab.get(path, {}, "HEAD");
		expect(head.status).toBe(200);
		await head.body?.cancel();
		if (!path.startsWith("/api/runs")) expect((await lab.get(path, {}, "POST")).status).toBe(405);
	});

	test("whatever is asked is answered, never with an error of ours", async () => {
		const anything = fc.oneof(
			fc.string({ unit: "binary", maxLength: 40 }),
			fc.constantFrom("photos", "1", "-1", "%", "'\"", "0x1"),
		);
		const names = ["job", "host", "kind", "outcome", "since", "until", "q", "limit", "cursor"];
		const query = fc.array(fc.tuple(fc.constantFrom(...names), anything), { maxLength: 4 });
		const ask = async (path: string) => {
			const response = await lab.get(path);
			await response.text();
			expect([path, response.status, [200, 404, 422].includes(response.status)]).toEqual([path, response.status, true]);
		};
		await fc.assert(
			fc.asyncProperty(query, anything, async (pairs, word) => {
				const search = new URLSearchParams(pairs);
				for (const route of ["/api/runs", "/api/runs.csv", "/api/runs.jsonl", "/metrics", "/api/summary"]) {
					await ask(`${route}?${search}`);
				}
				const name = encodeURIComponent(word.toWellFormed());
				for (const path of [`/api/jobs/${name}x`, `/api/runs/${name}x`, `/badge/${name}.svg`]) await ask(path);
			}),
			{ numRuns: 100 },
		);
		for (const odd of [
			"/api/jobs/%E0%A4%A",
			"/api/jobs/%ff",
			"/badge/%ff.svg",
			"/badge/%",
			"/api/runs/%2e%2e",
			"/api/runs?%ff=%ff&q=%f0%28",
		]) {
			await ask(odd);
		}
	});

	test("a new run changes what is about it, at once", async () => {
		const dataDir = makeFolder();
		writeSample(dataDir);
		const app = await open(dataDir);
		const about = [
			"/metrics",
			"/api/summary",
			"/api/jobs",
			"/api/jobs/photos",
			"/api/runs",
			"/api/runs.csv",
			"/badge/photos.svg",
			"/feed.xml",
		];
		const tags = new Map<string, string | null>();
		for (const path of about) tags.set(path, (await app.get(path)).headers.get("etag"));
		const report = { job: "photos", host: "pi4", timestamp: "2026-01-31T11:30:00Z", backup_id: "new", success: false };
		appendFileSync(join(dataDir, "metrics.jsonl"), `${JSON.stringify(report)}\n`);
		await app.monitor.catchUp();
		for (const path of about) {
			const response = await app.get(path, { "if-none-match": tags.get(path) ?? "" });
			expect([path, response.status]).toEqual([path, 200]);
			await response.body?.cancel();
		}
	});

	test("without a database there is a sentence, and the metrics of the monitor itself", async () => {
		const app = await labOf("");
		app.monitor.database.db = null;
		app.monitor.revision++;
		for (const path of paths) {
			const response = await app.get(path);
			const isAnswered = path === "/metrics" || path === "/api/openapi.json";
			expect([path, response.status]).toEqual([path, isAnswered ? 200 : 503]);
		}
	});
});
