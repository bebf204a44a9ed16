// The states in which a reader may find the monitor: each is what lies in its folder when it starts.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { demoLines } from "../../src/demo-data.ts";
import { demoConfig, demoListings } from "../../src/demo-files.ts";

export type LabState = {
	name: string;
	write: (dir: string, now: number) => void;
	env?: Record<string, string>;
	/** Runs that are there once it has read everything. */
	runs: number;
	/** How the names of its pages begin that look different in this state; the long version opens all of them. */
	pages?: string[];
};

const dayMs = 86_400_000;
export const evil = `<img src=x onerror="window.__pwn=1">`;
const endless = "x".repeat(64);
export const rightToLeft = "\u05d2\u05d9\u05d1\u05d5\u05d9 \u05d9\u05d5\u05de\u05d9 \u202etxt.exe";

function line(job: string, at: number, over: Record<string, unknown> = {}): string {
	return JSON.stringify({
		timestamp: new Date(at).toISOString(),
		job,
		backup_id: `${job}-${at}`,
		success: true,
		duration_total: 1300,
		duration_archive: 300,
		duration_upload: 900,
		size_bytes: 3_000_000_000,
		...over,
	});
}

const failure = {
	success: false,
	size_bytes: undefined,
	error_category: "network",
	error_message: "rclone: i/o timeout",
	log: "01:30:01 copying\n01:35:37 ERROR rclone: i/o timeout",
};

function nights(job: string, count: number, now: number, over: Record<string, unknown> = {}): string[] {
	return Array.from({ length: count }, (_, i) => line(job, now - (count - i) * dayMs + dayMs - 3_600_000, over));
}

function writeLines(dir: string, lines: string[]): void {
	writeFileSync(join(dir, "metrics.jsonl"), `${lines.join("\n")}\n`);
}

function writeFull(dir: string, now: number): void {
	writeLines(dir, demoLines(now));
	writeFileSync(
		join(dir, "config.yaml"),
		`${demoConfig}channels:\n  phone: { url: "ntfy://127.0.0.1:9/backups" }\nquiet_hours: { from: "00:00", to: "23:59" }\n`,
	);
	const drops = join(dir, "inventory");
	Bun.spawnSync(["mkdir", "-p", drops]);
	for (const { name, text } of demoListings(now)) writeFileSync(join(drops, name), text);
}

/** Every fourth of two hundred is in some trouble. */
function writeMany(dir: string, now: number): void {
	const lines: string[] = [];
	for (let i = 0; i < 200; i++) {
		const over = { host: `host-${i % 17}`, ...(i % 8 === 3 && failure) };
		const job = `job-${String(i).padStart(3, "0")}`;
		const runs = nights(job, 5, now, { host: over.host });
		lines.push(
			...(i % 8 === 5 ? runs.slice(0, 2) : runs.slice(0, 4)),
			...(i % 8 === 5 ? [] : [line(job, now - 3_500_000 - i * 1000, over)]),
		);
	}
	writeLines(dir, lines);
}

/** Texts that attack, names that never end or run the other way, lines that cannot be read. */
function writeHostile(dir: string, now: number): void {
	const fixture = (name: string) => readFileSync(join(import.meta.dir, "../fixtures/hostile", name), "utf8").trimEnd();
	const files = ["xss-all-fields", "text-long", "id-unicode", "text-log-injection", "shape-control-chars"];
	const odd = (job: string, over: Record<string, unknown>) => {
		const fields = {
			host: endless,
			labels: { [endless.slice(0, 40)]: evil, [rightToLeft]: rightToLeft },
			phases: { [evil]: 400, [endless]: 500, [rightToLeft]: 300 },
			metrics: { [endless]: 1e18 },
			repository: `s3:https://${endless.repeat(3)}`,
			log: `${endless.repeat(4)}\n${evil}\n${rightToLeft}`,
			...over,
		};
		return [...nights(job, 4, now, { host: endless }), line(job, now - 3_000_000, fields)];
	};
	writeLines(dir, [
		...files.map((name) => fixture(`${name}.jsonl`)),
		...odd(rightToLeft, {}),
		...odd(endless, { ...failure, error_message: `${evil} ${endless.repeat(8)}`, error_category: endless }),
		...odd(evil.slice(0, 64), {
			outcome: "warning",
			success: undefined,
			warning_messages: [evil, endless, rightToLeft],
		}),
		`{"backup_id":"${endless.repeat(20)}","success":"${rightToLeft}"}`,
	]);
}

export const states: LabState[] = [
	{ name: "full", write: writeFull, env: { RETENTION_DAYS: "365" }, runs: 600 },
	{ name: "empty", write: () => {}, runs: 0 },
	{
		name: "one",
		write: (dir, now) => writeLines(dir, [line("etc", now - 2 * dayMs)]),
		runs: 1,
		pages: ["overview", "job", "run", "restore"],
	},
	{
		name: "many",
		write: writeMany,
		runs: 900,
		pages: ["overview", "runs", "alerts", "inventory", "restore", "settings"],
	},
	{
		name: "failures",
		write: (dir, now) => writeLines(dir, nights("photos", 6, now, failure)),
		runs: 6,
		pages: ["overview", "job", "run-", "alerts"],
	},
	{
		name: "degraded",
		// A database that is none, a configuration that is wrong, lines that cannot be read.
		write: (dir, now) => {
			writeLines(dir, [...nights("photos", 6, now), "null", '{"success":true}', "not json"]);
			writeFileSync(join(dir, "backups.db"), "this was a database once ".repeat(400));
			writeFileSync(join(dir, "config.yaml"), "jobs:\n  photos: { schedule: sometimes }\n");
		},
		runs: 6,
		pages: ["overview", "job", "alerts", "settings"],
	},
	{ name: "hostile", write: writeHostile, env: { RETENTION_DAYS: "3650" }, runs: 30 },
];
