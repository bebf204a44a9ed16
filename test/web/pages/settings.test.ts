// The page Settings: what is in force and who said so, what is wrong with it and where, and never a secret.
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import { appendFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { readConfig } from "../../../src/config.ts";
import { noSettings, shownSettings } from "../../../src/settings.ts";
import type { SettingsPage } from "../../../src/settings-page.ts";
import { parseSettings } from "../../../src/settings-parse.ts";
import { audienceWords, digestWords, jobSettingsWords, quietHoursWords } from "../../../src/settings-words.ts";
import { decimal } from "../../../src/units.ts";
import { settingsLive, settingsPage } from "../../../src/web/pages/settings.ts";
import { variablesOf } from "../../../src/web/settings-variables.ts";
import { cleanUp, makeFolder } from "../../binary.ts";
import { aLine } from "../../lines.ts";
import { openApp, type TestApp } from "../app.ts";

const evil = `</script><img src=x onerror="window.__pwn=1">`;
const now = Date.UTC(2026, 10, 24, 3);

let dataDir: string;
let opened: TestApp;

beforeEach(() => {
	dataDir = makeFolder();
});
afterAll(cleanUp);

async function open(config: string | null, lines = "", env: Record<string, string> = {}): Promise<TestApp> {
	if (config !== null) writeFileSync(join(dataDir, "config.yaml"), config);
	appendFileSync(join(dataDir, "metrics.jsonl"), lines);
	opened = await openApp(dataDir, () => now, { RETENTION_DAYS: "36500", ...env });
	return opened;
}

const read = async (headers: Record<string, string> = {}) => {
	const response = await opened.get("/settings", headers);
	expect(response.status).toBe(200);
	return response.text();
};

/** With plain blanks. */
const plain = (text: string) => text.replace(/\s+/g, " ");
/** The words of a piece of HTML. */
const words = (text: string) => plain(text.replace(/<[^>]+>/g, " "));

describe("the page", () => {
	test("shows what the file says, in words", async () => {
		await open(`jobs:
  photos: { schedule: { cron: "7 2 * * *", zone: UTC }, start_grace: 45m, limits: { min_size: 10MB }, keep: { daily: 7 } }
channels:
  phone: { url: "ntfys://ntfy.example/very-secret", min_severity: critical, jobs: [photos] }
quiet_hours: { from: "22:00", to: "07:00", critical_passes: true }
digest: { weekly: mon 08:00 }
`);
		const text = words(await read());
		for (const said of [
			"daily at 02:07",
			"may begin late by 45 min",
			"at least 10.0 MB",
			"7 daily",
			"ntfys://ntfy.example",
			"from critical on, of photos",
			"22:00\u201307:00, critical passes",
			"Monday 08:00",
		])
			expect(text).toContain(said);
		expect(text).not.toContain("very-secret");
		await opened.monitor.stop();
	});

	test("lists every problem of the file with its line, and what is in force instead", async () => {
		await open(`jobs:\n  photos: { start_grace: 45 }\nquiet_hours: { from: "25:00", to: "07:00" }\n`);
		const text = words(await read());
		expect(text).toContain("2 problems.");
		expect(text).toContain("line 2 jobs.photos.start_grace is 45");
		expect(text).toContain("line 3 quiet_hours.from");
		expect(text).toContain("Nothing of it is in force.");
		await opened.monitor.stop();
	});

	test("says that no file is fine, and that no channel is not", async () => {
		await open(null);
		const text = words(await read());
		expect(text).toContain("There is none, which is fine");
		expect(text).toContain("No channel is set up: nobody is told of a failure.");
		expect(text).toContain("No job has reported yet.");
		await opened.monitor.stop();
	});

	test("lists rejected lines with number and reason, as text", async () => {
		await open(null, `null\n${aLine(1)}\n{"backup_id":${JSON.stringify(evil)},"success":"maybe"}\n`);
		const page = await read();
		expect(words(page)).toMatch(/2 lines could not be read.*line 3 .*timestamp is missing/);
		expect(words(page)).toContain("line 1 expected one JSON object, found null");
		expect(page).not.toContain("<img src=x");
		await opened.monitor.stop();
	});

	test("shows no secret that the environment holds", async () => {
		const secrets = {
			PUSH_TOKEN: "push-secret-value",
			NOTIFY_URLS: "ntfys://ntfy.example/topic-secret-value",
			HEARTBEAT_URL: "https://hc.example/ping-secret-value",
		};
		await open(null, "", secrets);
		const page = await read();
		for (const secret of Object.values(secrets)) expect(page).not.toContain(secret);
		expect(page).not.toContain("secret-value");
		expect(words(page)).toContain("1 channel is set up.");
		await opened.monitor.stop();
	});

	test("is a fragment for htmx, asks for itself again, and is a 304 while nothing has changed", async () => {
		await open(null);
		const fragment = await read({ "hx-request": "true" });
		expect(fragment).toStartWith("<title>Settings");
		expect(fragment).toContain('hx-get="/settings"');
		expect(fragment).not.toContain("<html");
		const etag = (await opened.get("/settings")).headers.get("etag") ?? "";
		expect((await opened.get("/settings", { "if-none-match": etag })).status).toBe(304);
		const dark = await read({ cookie: "theme=dark" });
		expect(dark).toMatch(/value="dark" aria-pressed="true"/);
		await opened.monitor.stop();
	});

	test("and answers when the database is not open", async () => {
		await open(null);
		await opened.monitor.stop();
		expect(words(await read())).toContain("The database is not open.");
		expect((await (await opened.get("/api/health")).json()).database.state).toBe("closed");
	});
});

test("/api/health tells of the database, the room that is left, outages and channels", async () => {
	await open(null, `${aLine(1)}\n`);
	const health = await (await opened.get("/api/health")).json();
	expect(health.database).toEqual({
		path: join(dataDir, "backups.db"),
		state: "writable",
		size_bytes: expect.any(Number),
	});
	expect(health).toMatchObject({ retention_days: 36500, outages: [], channels: { count: 0, failing: 0 } });
	expect(health.free_bytes).toBeGreaterThan(0);
	await opened.monitor.stop();
});

describe("a variable", () => {
	const sources = (env: Record<string, string>, flags: Record<string, string> = {}) =>
		Object.fromEntries(
			variablesOf(readConfig({ ...env, ...flags }), env, false).map(({ name, value, source }) => [
				name,
				plain(`${value}: ${source}`),
			]),
		);

	test("says who said it: a variable, a flag, another variable, the system, or nobody", () => {
		const shown = sources({ DATA_DIR: "/tmp/x", UNITS: "iec", HOST: "127.0.0.1", PORT: "80" }, { PORT: "81" });
		expect(shown.DATA_DIR).toBe("/tmp/x: variable");
		expect(shown.DB_PATH).toBe("/tmp/x/backups.db: derived");
		expect(shown.UNITS).toBe("iec: MiB, GiB: variable");
		expect(shown.HOST).toBe("127.0.0.1: variable");
		expect(shown.PORT).toBe("81: flag");
		expect(shown.RETENTION_DAYS).toBe("90 days: default");
		expect(shown.TZ).toEndWith(": system");
		expect(sources({ DB_PATH: "/tmp/y/z.db" }).DATA_DIR).toBe("/tmp/y: derived");
		expect(sources({ TZ: "Mars/Olympus" }).TZ).toBe("UTC: default");
	});

	test("that is a secret is set or not set", () => {
		const shown = sources({ PUSH_TOKEN: "0123456789abcdef", NOTIFY_URLS_FILE: "/run/secret" });
		expect([shown.PUSH_TOKEN, shown.NOTIFY_URLS_FILE, shown.NOTIFY_URLS]).toEqual([
			"set: variable",
			"set: variable",
			"not set: default",
		]);
	});
});

describe("words", () => {
	const { settings } = parseSettings(
		`jobs:
  a: { labels: { place: attic }, inventory: { from: restic, every: 24h, command: [restic, "--password=hunter2", snapshots] }, rpo: 26h, rto: 8h, max_runtime: 3h, parent: b }
  b: {}
channels:
  phone: { url: "ntfys://ntfy.example/x", labels: { place: attic } }
`,
		"UTC",
	);
	const shown = shownSettings(settings);

	test("for a job name what is said of it, and no argument of its command", () => {
		const [first, second] = shown.jobs.map((job) =>
			jobSettingsWords(job, "UTC", decimal).map(({ name, value }) => plain(`${name} ${value}`)),
		);
		expect(first).toEqual([
			"labels place: attic",
			"may run for 3 h",
			"needs b",
			"newest copy at most 1 d 2 h old",
			"restore within 8 h",
			"inventory restic, command restic and 2 arguments, every 1 d",
		]);
		expect(second).toEqual([]);
	});

	test("for times and audiences", () => {
		expect(quietHoursWords({ from: 1320, to: 425, criticalPasses: false })).toBe("22:00\u201307:05");
		expect(digestWords({ weekday: null, minute: 480 })).toBe("daily 08:00");
		expect(digestWords({ weekday: 7, minute: 0 })).toBe("Sunday 00:00");
		expect(shown.channels.map(audienceWords)).toEqual(["from warning on, with place: attic"]);
	});
});

describe("with much to show", () => {
	let data: SettingsPage;
	beforeAll(() => {
		data = {
			now,
			zone: "UTC",
			units: decimal,
			health: {
				version: "1",
				commit: "c",
				startedAt: now - 1000,
				memory: 4e7,
				database: { path: "/d", size: 1e5, state: "read-only" },
				ownCopy: null,
				free: null,
				dataDir: "/data",
				source: {
					path: "/m",
					state: "unreadable",
					reason: evil,
					checkedAt: null,
					readAt: null,
					lines: 0,
					accepted: 0,
					rejected: 0,
				},
				outages: Array.from({ length: 8 }, (_, i) => ({ from: now - (i + 1) * 9e7, to: now - (i + 1) * 9e7 + 3.6e6 })),
				channels: { count: 1, failing: 1 },
			},
			hints: [],
			login: { words: "not set", hasPassword: false },
			variables: [],
			file: { path: "/data/config.yaml", state: "unreadable", reason: "is not UTF-8 text; save it as UTF-8" },
			settings: shownSettings(noSettings),
			schedules: Array.from({ length: 200 }, (_, i) => ({
				job: { slug: `job-${i}`, name: i === 0 ? evil : `job-${i}`, host: "h" },
				plan: { words: "daily at 02:00", source: "stored" },
				dueAt: now + 1000,
			})),
			rejected: { total: 0, lines: [] },
			refused: [{ address: "", count: 2, lastAt: now }],
			problems: [],
			retentionDays: 90,
			source: { path: "/m", checkedAt: null, lines: 0 },
		};
	});

	test("twenty jobs stand open and the others a click away, without a script too", () => {
		const page = settingsPage(data, "auto").text;
		expect(page.match(/href="\/jobs\/job-/g)?.length).toBe(200);
		expect(words(page)).toContain("and 180 more");
		expect(words(page)).toContain("fixed by a click, due");
	});

	test("five outages are listed, the others counted; what is hostile is text", () => {
		const page = settingsLive(data, "auto").text;
		expect(words(page)).toContain("and 3 before");
		expect(words(page)).toContain("It is not UTF-8 text; save it as UTF-8.");
		expect(words(page)).toContain("unknown address");
		expect(page).not.toContain("<img");
	});
});
