// Secrets that are planted in every place that takes one turn up nowhere: not in pages, answers, messages, logs, output of
// commands, or any file but the one that they were written into.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { appendFileSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { cleanUp, makeFolder, runCommand, type Started, startServer, until } from "../binary.ts";
import { someLines } from "../lines.ts";

/** What is written into the places, by name. A few have what must be quoted in addresses, JSON and HTML. */
const canaries = {
	pushToken: "cnry-push-8f31c0aa",
	jobToken: "cnry-job-55d0b1f2",
	readToken: "cnry-read-0c97ee41",
	password: `cnry pass&"<71ab>'+/é`,
	hookPassword: "cnry-hook-4e1d&p@ss",
	hookQuery: "cnry-query-90aa12",
	hookSecret: "cnry-secret-5a5a77",
	hookPath: "cnry-path-33c1d9e0",
	ntfyToken: "tk_cnry0ntfy0token0abcdef0123456",
	ntfyTopic: "cnry-topic-3f7a90",
	gotifyToken: "Acnry-gotify9",
	discordToken: "cnry-discord-7c7c7c7c",
	slackToken: "cnryslack9d9d9d9d9d9d9d9d",
	telegramToken: "cnry-telegram-AAHdqTcvCH1vGWJxfSeofSAs",
	pushoverToken: "acnry0pushover0token0000000000",
	pushoverUser: "ucnry0pushover0user00000000000",
	matrixPassword: "cnry-matrix-61fe",
	appriseKey: "cnryapprise5e5e5e5e",
	smtpPassword: "cnry-smtp-2b2b+q/x",
	s3Secret: "cnry/s3+secret+0123456789abcdefghijklmno",
	s3Session: "cnry-s3-session-42",
	heartbeat: "cnry-heartbeat-1d0f6c",
	heartbeatPassword: "cnry-beatpass-7a7a",
} as const;

/** Every form in which a text may stand somewhere; of base64 the part that does not depend on its neighbours. */
function formsOf(text: string): string[] {
	const url = encodeURIComponent(text);
	const base64 = [0, 1, 2].map((before) => {
		const bytes = Buffer.concat([Buffer.alloc(before), Buffer.from(text)]);
		return bytes.toString("base64").slice(before === 0 ? 0 : 4, -4);
	});
	const forms = [text, JSON.stringify(text).slice(1, -1), Bun.escapeHTML(text), url, url.toLowerCase(), ...base64];
	return [
		...new Set([
			...forms,
			...base64.map((one) => one.replaceAll("+", "-").replaceAll("/", "_")),
			Buffer.from(text).toString("hex"),
		]),
	];
}
const forms = Object.entries(canaries).flatMap(([name, text]) => formsOf(text).map((form) => ({ name, form })));

/** The canaries in a text, with what stands around the first. */
function found(text: string, except: readonly string[] = []): string[] {
	return forms
		.filter(({ name, form }) => !except.includes(name) && text.includes(form))
		.map(({ name, form }) => `${name}: …${text.slice(Math.max(0, text.indexOf(form) - 60), text.indexOf(form) + 80)}`);
}

type Message = { path: string; body: string };
const messages: Message[] = [];
let receiver: ReturnType<typeof Bun.serve>;
let server: Started;
let dataDir: string;
let secrets: string;
let cookie = "";
let env: Record<string, string> = {};

const secret = (name: string, text: string) => {
	const path = join(secrets, name);
	writeFileSync(path, text, { mode: 0o600 });
	return path;
};

beforeAll(async () => {
	// Refuses everything, and throws all that it was told back at whoever told it.
	receiver = Bun.serve({
		hostname: "127.0.0.1",
		port: 0,
		fetch: async (request) => {
			const body = await request.text();
			messages.push({ path: new URL(request.url).pathname, body });
			const told = `${request.url} ${JSON.stringify(Object.fromEntries(request.headers))} ${body}`;
			return new Response(told, {
				status: 400,
				statusText: "no",
				headers: { "x-told": encodeURIComponent(told).slice(0, 4000) },
			});
		},
	});
	const at = `127.0.0.1:${receiver.port}`;
	dataDir = makeFolder();
	secrets = makeFolder();
	const c = canaries;
	const quoted = (text: string) => encodeURIComponent(text);
	writeFileSync(
		join(dataDir, "config.yaml"),
		`channels:
  hook: { url: "http://${at}/h/${c.hookPath}?key=${c.hookQuery}", secret: "${c.hookSecret}", min_severity: info }
  ntfy: { url: "ntfy://${c.ntfyToken}@${at}/${c.ntfyTopic}", min_severity: info }
  gotify: { url_file: "${secret("gotify", `gotify://${at}/${c.gotifyToken}\n`)}", min_severity: info }
  discord: { url: "discord://123456789012345678/${c.discordToken}?base=http://${at}", min_severity: info }
  slack: { url: "slack://T00000000/B00000000/${c.slackToken}?base=http://${at}", min_severity: info }
  telegram: { url: "tgram://123456789:${c.telegramToken}/12315544?base=http://${at}", min_severity: info }
  pushover: { url: "pover://${c.pushoverUser}@${c.pushoverToken}?base=http://${at}", min_severity: info }
  matrix: { url: "matrix://user:${c.matrixPassword}@${at}/!room:matrix.example", min_severity: info }
  apprise: { url: "apprise://${at}/${c.appriseKey}", min_severity: info }
  mail: { url: "mailto://user:${quoted(c.smtpPassword)}@${at}?to=anna@example.com", min_severity: info }
jobs:
  default: { inventory: { every: 12h, s3: { bucket: backups, endpoint: "http://${at}", region: eu-central-1 } } }
`,
	);
	appendFileSync(join(dataDir, "metrics.jsonl"), someLines(0, 5));
	env = {
		PUSH_TOKEN: c.pushToken,
		PUSH_TOKENS_FILE: secret("tokens", `default ${c.jobToken}\n`),
		READ_TOKEN_FILE: secret("read", `${c.readToken}\n`),
		AUTH_PASSWORD_FILE: secret("password", `${c.password}\n`),
		NOTIFY_URLS: `json://hooked:${quoted(c.hookPassword)}@${at}/notified`,
		HEARTBEAT_URL: `http://beat:${c.heartbeatPassword}@${at}/${c.heartbeat}`,
		S3_ACCESS_KEY_ID: "an-access-key",
		S3_SECRET_ACCESS_KEY: c.s3Secret,
		S3_SESSION_TOKEN: c.s3Session,
		RETENTION_DAYS: "36500",
	};
	server = await startServer({ dataDir, env });
	await logIn(c.password);
	await until(async () => (await json("/api/health")).source.accepted === 5, 10_000, "five lines read");
}, 60_000);
afterAll(async () => {
	await server.stop();
	await receiver.stop(true);
	await cleanUp();
});

async function logIn(password: string): Promise<void> {
	const response = await server.get("/login", { method: "POST", body: new URLSearchParams({ password }) });
	expect(response.status).toBe(303);
	cookie = (response.headers.get("set-cookie") ?? "").split(";")[0] ?? "";
}

const ask = (path: string, init: RequestInit = {}) =>
	server.get(path, { ...init, headers: { cookie, ...(init.headers as Record<string, string>) } });
// biome-ignore lint/suspicious/noExplicitAny: answers of the API
const json = async (path: string): Promise<any> => (await ask(path)).json();

/** All that an answer says: status line, headers and body. */
async function whole(response: Response): Promise<string> {
	return `${response.status} ${JSON.stringify([...response.headers])} ${await response.text()}`;
}

const pages = [
	"/",
	"/runs",
	"/alerts",
	"/inventory",
	"/restore",
	"/setup",
	"/settings",
	"/jobs/default",
	"/login",
	"/live",
];
const data = [
	"/health",
	"/metrics",
	"/feed.xml",
	"/badge/default.svg",
	...["metrics", "summary", "health", "jobs", "jobs/default", "runs", "runs.csv", "runs.jsonl", "failures"].map(inApi),
	...["failure-trends", "rejected", "alerts", "inventory", "restore", "openapi.json"].map(inApi),
];
function inApi(name: string): string {
	return `/api/${name}`;
}

async function everythingShown(): Promise<[from: string, text: string][]> {
	const runs: { id: number }[] = (await json("/api/runs?limit=50")).runs;
	const ofRuns = runs.flatMap(({ id }) => [`/runs/${id}`, `/runs/${id}/log`, `/runs/${id}/report`, `/api/runs/${id}`]);
	const setups = ["restic", "borg", "systemd", "uptime-kuma", "gatus", "pushgateway"].map(
		(tool) => `/setup?tool=${tool}`,
	);
	const shown: [string, string][] = [];
	for (const path of [...pages, ...data, ...ofRuns, ...setups]) shown.push([path, await whole(await ask(path))]);
	for (const path of pages)
		shown.push([`${path} for htmx`, await whole(await ask(path, { headers: { "hx-request": "true" } }))]);
	return shown;
}

const run = (over: object) => ({
	job: "default",
	timestamp: new Date().toISOString(),
	backup_id: crypto.randomUUID(),
	...over,
});
const push = (token: string, over: object = { success: false, error_message: "disk full" }) =>
	ask("/api/runs", { method: "POST", body: JSON.stringify(run(over)), headers: { authorization: `Bearer ${token}` } });

describe("planted secrets", () => {
	test("are used as they should be: tokens open, and every channel is called", async () => {
		expect((await push(canaries.pushToken)).status).toBe(200);
		expect((await push(canaries.jobToken)).status).toBe(200);
		expect((await ask(`/ping/${canaries.pushToken}/default/fail`)).status).toBe(200);
		expect((await server.get(`/metrics?token=${canaries.readToken}`)).status).toBe(200);
		const names = ["hook", "ntfy", "gotify", "discord", "slack", "telegram", "pushover", "matrix", "apprise", "mail"];
		for (const [index, name] of names.entries()) {
			// Three a minute: the rest is called by the alert of the runs above.
			if (index < 3) expect((await ask(`/channels/${name}/test`, { method: "POST" })).status).toBe(502);
		}
		await until(
			async () => {
				const { channels } = await json("/api/alerts");
				return channels.length === 11 && channels.every(({ error }: { error: string | null }) => error !== null);
			},
			40_000,
			"every channel has failed",
		);
		await until(async () => server.log().includes("heartbeat"), 10_000, "the heartbeat was refused");
		const inventory = async () => JSON.stringify(await json("/api/inventory"));
		await until(async () => (await inventory()).includes("cannot be listed"), 30_000, "the bucket was asked");
	}, 90_000);

	test("are in no page and no answer, whoever asks", async () => {
		for (const [from, text] of await everythingShown()) expect([from, found(text)]).toEqual([from, []]);
		const strangers: [string, RequestInit][] = [
			[`/api/runs?token=${canaries.pushToken}x`, { method: "POST", body: "{}" }],
			[`/metrics?token=${canaries.readToken}x`, {}],
			["/api/runs", { method: "POST", body: "{", headers: { authorization: `Bearer ${canaries.pushToken}` } }],
			[
				"/api/runs",
				{
					method: "POST",
					body: JSON.stringify(run({ success: "maybe" })),
					headers: { authorization: `Bearer ${canaries.pushToken}` },
				},
			],
			[`/ping/${canaries.pushToken}/default/nonsense`, {}],
			[`/nothing/${canaries.pushToken}`, {}],
			["/login", { method: "POST", body: new URLSearchParams({ password: `${canaries.password}x` }) }],
			[
				"/api/metrics",
				{ headers: { authorization: `Basic ${Buffer.from(`x:${canaries.password}`).toString("base64")}` } },
			],
		];
		for (const [path, init] of strangers)
			expect([path, found(await whole(await server.get(path, init)))]).toEqual([path, []]);
	}, 60_000);

	test("are in no message, but where a service takes its own in the body", async () => {
		const own: [form: RegExp, names: string[]][] = [
			[/_matrix\/client\/v3\/login/, ["matrixPassword"]],
			[/\/1\/messages\.json/, ["pushoverToken", "pushoverUser"]],
		];
		expect(messages.length).toBeGreaterThan(10);
		for (const { path, body } of messages) {
			const allowed = own.find(([form]) => form.test(path))?.[1] ?? [];
			expect([path, found(body, allowed)]).toEqual([path, []]);
		}
	});

	test("are in no output of a command", async () => {
		const copy = join(makeFolder(), "copy.db");
		for (const args of [
			["check"],
			["doctor"],
			["status"],
			["status", "--json"],
			["notify"],
			["notify", "--test"],
			["backup", copy],
			["--help"],
			["serve"],
			["prune"],
		]) {
			const { out, err } = await runCommand(args, { dataDir, env });
			expect([args, found(out + err)]).toEqual([args, []]);
		}
		expect(found(readFileSync(copy, "latin1"))).toEqual([]);
	}, 60_000);

	test("are in no file but those that they were written into", () => {
		const sources = ["config.yaml", ".config.good.yaml"];
		const files = readdirSync(dataDir, { recursive: true, encoding: "utf8" }).filter((name) =>
			statSync(join(dataDir, name)).isFile(),
		);
		expect(files).toContain("backups.db");
		for (const name of files) {
			if (sources.includes(name))
				expect([name, statSync(join(dataDir, name)).mode & 0o004]).toEqual([name, name.startsWith(".") ? 0 : 4]);
			else expect([name, found(readFileSync(join(dataDir, name), "latin1"))]).toEqual([name, []]);
		}
	});

	test("that a backup command prints are shown to nobody, in whatever form it prints them", async () => {
		const printed = Object.values(canaries).flatMap((text) => [
			`+ curl http://pi/${text}`,
			encodeURIComponent(text),
			Buffer.from(`user:${text}`).toString("base64"),
		]);
		const log = printed.join("\n");
		const told = { error_message: printed.slice(0, 30).join(" "), warning_messages: [printed[0]] };
		const over = {
			success: false,
			log,
			...told,
			repository: printed[0],
		};
		expect((await push(canaries.pushToken, over)).status).toBe(200);
		expect((await push(canaries.pushToken, { ...over, kind: "restore_test", duration_total: 9 })).status).toBe(200);
		appendFileSync(join(dataDir, "metrics.jsonl"), `no JSON at all: ${printed.slice(0, 20).join(" ")}\n`);
		const before = messages.length;
		await Bun.sleep(1500);
		for (const [from, text] of await everythingShown()) expect([from, found(text)]).toEqual([from, []]);
		const allowed = ["matrixPassword", "pushoverToken", "pushoverUser"];
		for (const { path, body } of messages.slice(before)) expect([path, found(body, allowed)]).toEqual([path, []]);
		const status = await runCommand(["status"], { dataDir, env });
		expect(found(status.out + status.err)).toEqual([]);
	}, 60_000);

	test("are in no complaint about a configuration that has them in the wrong place", async () => {
		const good = readFileSync(join(dataDir, "config.yaml"), "utf8");
		const bad = `${good}  broken: { url: "ntfy//${canaries.gotifyToken}", secrett: "${canaries.hookSecret}" }\nnotify: "${canaries.slackToken}"\n`;
		writeFileSync(
			join(dataDir, "config.yaml"),
			bad.replace(/^jobs:/m, "jobs:\n  other: { max_runtime: CNRY }").replace("CNRY", canaries.hookPath),
		);
		await until(() => server.log().includes("config.yaml line"), 10_000, "the mistake is told");
		for (const [from, text] of await everythingShown()) expect([from, found(text)]).toEqual([from, []]);
		const { out, err } = await runCommand(["check"], { dataDir, env });
		expect(found(out + err)).toEqual([]);
		writeFileSync(join(dataDir, "config.yaml"), good);
	}, 60_000);

	test("are in no line of the log", () => {
		expect(server.log()).toContain("serves http://");
		expect(found(server.log())).toEqual([]);
	});

	test("may be a hash instead of a password, and the tokens that the folder keeps: the same holds", async () => {
		const folder = makeFolder();
		// Of "correct horse".
		const hash = "$2y$10$3IXrriWF0ACmuQhO4aXuAO.CBAG3nEQfGv.VjerpnaWg8lX1ARwt6";
		const other = await startServer({ dataDir: folder, env: { AUTH_PASSWORD_HASH: hash } });
		const body = new URLSearchParams({ password: "correct horse" });
		const login = await other.get("/login", { method: "POST", body });
		const own = { cookie: (login.headers.get("set-cookie") ?? "").split(";")[0] ?? "" };
		const kept = ["push-token", "job-key", "link-key"].map((name) => readFileSync(join(folder, name), "utf8").trim());
		for (const path of [...pages, ...data]) {
			const text = await whole(await other.get(path, { headers: own }));
			expect([path, [hash, ...kept].filter((one) => formsOf(one).some((form) => text.includes(form)))]).toEqual([
				path,
				[],
			]);
		}
		for (const args of [["doctor"], ["check"], ["status"]]) {
			const { out, err } = await runCommand(args, { dataDir: folder, env: { AUTH_PASSWORD_HASH: hash } });
			expect([args, [hash, ...kept].some((one) => (out + err).includes(one))]).toEqual([args, false]);
		}
		await other.stop();
		expect([hash, ...kept].filter((one) => other.log().includes(one))).toEqual([]);
	}, 60_000);

	test("are not repeated by a start that refuses them", async () => {
		const elsewhere = makeFolder();
		for (const [name, value] of [
			["PUBLIC_URL", `https://me:${canaries.hookPath}@pi.example`],
			["PUBLIC_URL", `https//me:${canaries.hookPath}@pi.example`],
			["AUTH_PASSWORD_HASH", canaries.hookPath],
			["PUSH_TOKEN", `${canaries.hookPath} and more`],
			["READ_TOKEN", `${canaries.hookPath} and more`],
			["HEARTBEAT_URL", `htp://${canaries.hookPath}`],
			["PUSH_TOKENS_FILE", secret("bad-tokens", canaries.hookPath)],
		] as const) {
			const auth = name === "READ_TOKEN" ? { AUTH_PASSWORD_FILE: secret("password", canaries.password) } : {};
			for (const command of ["serve", "check", "doctor"]) {
				const { code, out, err } = await runCommand([command], { dataDir: elsewhere, env: { ...auth, [name]: value } });
				expect([name, command, code === 0, found(out + err)]).toEqual([name, command, false, []]);
			}
		}
	}, 60_000);
});
