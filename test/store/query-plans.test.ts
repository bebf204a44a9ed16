// No question reads all runs: every statement that a server makes in its life is asked how SQLite would answer it.
import { Database } from "bun:sqlite";
import { afterAll, beforeAll, expect, spyOn, test } from "bun:test";
import { appendFileSync } from "node:fs";
import { join } from "node:path";
import { cleanUp, makeFolder } from "../binary.ts";
import { someLines } from "../lines.ts";
import { openApp, type TestApp } from "../web/app.ts";

/** Statements that walk along the runs on purpose, and why that ends soon. */
const bounded: [pattern: RegExp, why: string][] = [
	[/NOT json_valid\(report\) LIMIT 1$/, "the check of a whole file: of a large one in another process"],
	[/SELECT 1 FROM run LIMIT \$most\)$/, "a count that a server bounds"],
	[
		/ORDER BY started_at DESC, run\.id DESC LIMIT \$limit$/,
		"the newest of all jobs: in the order of the index, as many as are shown",
	],
	[/ORDER BY run\.id DESC LIMIT \$limit$/, "the last that arrived: from the end of the table"],
];

const asked = new Set<string>();
let plans: { sql: string; scans: string[]; sorts: string[] }[] = [];

beforeAll(async () => {
	const spies = (["prepare", "query", "run"] as const).map((name) => {
		const original = Database.prototype[name] as (...args: unknown[]) => unknown;
		return spyOn(Database.prototype, name).mockImplementation(function (this: Database, ...args: unknown[]) {
			asked.add(String(args[0]));
			return original.apply(this, args);
		} as never);
	});
	const dataDir = makeFolder();
	appendFileSync(
		join(dataDir, "metrics.jsonl"),
		someLines(0, 40) + someLines(0, 40, { job: "photos", success: false, outcome: undefined }),
	);
	const opened = await openApp(dataDir, Date.now, { RETENTION_DAYS: "36500" });
	for (const { method, path } of await opened.app.routes()) {
		for (const search of ["", "?job=photos", "?range=365&job=photos", "?outcome=failure&q=run", "?since=2026-01-01"]) {
			if (search !== "" && method !== "GET") continue;
			for (const name of ["photos", "1"]) {
				const filled = path.replace(/:[a-z]+/gi, name).replaceAll("*", "x");
				const response = await opened.get(`${filled}${search}`, {}, method);
				if (!path.includes("live")) await response.text().catch(() => "");
			}
		}
	}
	opened.alerting.open();
	await judge(opened);
	await opened.alerting.stop();
	await opened.monitor.stop();
	// After a day without a monitor more is asked before a job is called missed.
	const again = await openApp(dataDir, () => Date.now() + 86_400_000, { RETENTION_DAYS: "36500" });
	again.alerting.open();
	appendFileSync(
		join(dataDir, "metrics.jsonl"),
		someLines(40, 60, { job: "photos" }) + someLines(60, 61, { job: "photos", success: false, outcome: undefined }),
	);
	await judge(again);
	const { db } = again.monitor;
	if (db === null) throw new Error("no database");
	for (const spy of spies) spy.mockRestore();
	plans = [...asked]
		.filter((sql) => /\brun\b/.test(sql) && /^\s*(?:SELECT|WITH|INSERT|UPDATE|DELETE)/i.test(sql))
		.map((sql) => {
			const steps = db.prepare<{ detail: string }, []>(`EXPLAIN QUERY PLAN ${sql}`).all();
			const details = steps.map(({ detail }) => detail);
			return {
				sql,
				scans: details.filter((detail) => /^SCAN run\b/.test(detail)),
				sorts: details.some((detail) => /^SEARCH run\b/.test(detail))
					? details.filter((detail) => /TEMP B-TREE/.test(detail))
					: [],
			};
		});
	await again.alerting.stop();
	await again.monitor.stop();
});

/** Everything that was stored is judged. */
async function judge({ monitor, alerting }: TestApp): Promise<void> {
	await monitor.catchUp();
	for (let more = true; more; ) more = alerting.tick();
	await alerting.sent();
}
afterAll(cleanUp);

test("the pages, the API, a report and a followed file ask of runs", () => {
	expect(plans.length).toBeGreaterThan(20);
});

test("none of it reads all runs", () => {
	const scanning = plans.filter(
		({ scans, sql }) => scans.length > 0 && !bounded.some(([pattern]) => pattern.test(sql)),
	);
	expect(scanning.map(({ sql, scans }) => `${scans.join("; ")}: ${sql.replace(/\s+/g, " ")}`)).toEqual([]);
});

test("none of it sorts all runs of a job: to find the first of them it would read them all", () => {
	const sorting = plans.filter(({ sorts }) => sorts.length > 0);
	expect(sorting.map(({ sql, sorts }) => `${sorts.join("; ")}: ${sql.replace(/\s+/g, " ")}`)).toEqual([]);
});
