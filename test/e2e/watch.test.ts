// The watch as its users meet it: the compiled program, a clock that the test turns, and receivers that misbehave.
import { afterAll, afterEach, expect, test } from "bun:test";
import { appendFileSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Received, type Receiver, startReceiver } from "../alerts/receivers.ts";
import { cleanUp, makeFolder, runCommand, type Started, startServer, until } from "../binary.ts";

const [library = ""] = new Bun.Glob("*/faketime/libfaketimeMT.so.1").scanSync({ cwd: "/usr/lib", absolute: true });
const canary = "CANARYzq8x7Lk29";
const minute = 60;
const hour = 60 * minute;
const day = 24 * hour;
const receivers: Receiver[] = [];

afterEach(async () => {
	await Promise.all(receivers.splice(0).map((receiver) => receiver.stop()));
});
afterAll(cleanUp);

/** A clock that goes on by itself and is turned by hand; timers stay real. */
function makeClock(start: string) {
	const file = join(makeFolder(), "clock");
	let offset = 0;
	const turn = (to: number) => {
		offset = Math.round((to - Date.now()) / 1000);
		writeFileSync(file, `${offset < 0 ? "" : "+"}${offset}s\n`);
	};
	const now = () => Date.now() + offset * 1000;
	turn(Date.parse(start));
	return {
		now,
		iso: (agoSeconds = 0) => new Date(now() - agoSeconds * 1000).toISOString(),
		set: (to: string) => turn(Date.parse(to)),
		add: (seconds: number) => turn(now() + seconds * 1000),
		env: {
			LD_PRELOAD: library,
			FAKETIME_TIMESTAMP_FILE: file,
			FAKETIME_NO_CACHE: "1",
			FAKETIME_DONT_FAKE_MONOTONIC: "1",
			PUBLIC_URL: "http://192.0.2.9:5001",
		},
	};
}

function receive(service: (request: Received) => { status: number } = () => ({ status: 200 })): Receiver {
	const receiver = startReceiver(service);
	receivers.push(receiver);
	return receiver;
}

function configure(dataDir: string, receiver: Receiver, jobs = "{}", scheme = "json"): void {
	const text = `jobs: ${jobs}\nchannels:\n  hook: { url: "${scheme}://${receiver.host}/topic" }\n`;
	writeFileSync(join(dataDir, "config.yaml"), text);
}

function append(dataDir: string, reports: Record<string, unknown>[]): void {
	appendFileSync(join(dataDir, "metrics.jsonl"), reports.map((report) => `${JSON.stringify(report)}\n`).join(""));
}

async function push(server: Started, report: Record<string, unknown>): Promise<void> {
	const token = readFileSync(join(server.dataDir, "push-token"), "utf8").trim();
	const headers = { authorization: `Bearer ${token}` };
	const answer = await server.get("/api/runs", { method: "POST", headers, body: JSON.stringify(report) });
	expect(answer.status).toBe(200);
}

const titles = (receiver: Receiver) => receiver.accepted.map(({ json }) => String(json.title));

async function told(receiver: Receiver, count: number, withinMs = 6000): Promise<string[]> {
	const isTold = () => receiver.accepted.length >= count;
	await until(isTold, withinMs, `${count} messages`).catch((error: Error) => {
		throw new Error(`${error.message}; so far: ${JSON.stringify(titles(receiver))}`);
	});
	return titles(receiver);
}

/** Long enough for the watch to have looked at what there is, and for a message to have gone. */
const aLook = () => Bun.sleep(1800);

// biome-ignore lint/suspicious/noExplicitAny: the answers of the API are what the tests are about
async function openAlerts(server: Started): Promise<any[]> {
	return (await server.json("/api/alerts")).open;
}

function loseDatabase(dataDir: string): void {
	for (const file of readdirSync(dataDir)) if (file.startsWith("backups.db")) rmSync(join(dataDir, file));
}

/** What each place says of the only job. */
async function saidOf(server: Started, env: Record<string, string>) {
	const [{ jobs }, metrics, status, summary] = await Promise.all([
		server.json("/api/jobs"),
		server.get("/metrics").then((answer) => answer.text()),
		runCommand(["status"], { dataDir: server.dataDir, env }),
		server.json("/api/summary"),
	]);
	return {
		api: jobs[0].state,
		metrics: /backup_state\{[^}]*state="(\w+)"\} 1\n/.exec(metrics)?.[1],
		status: /\n(\w+)/.exec(status.out)?.[1],
		summary: summary.status,
		exit: status.code,
	};
}

test("a job that stops is late, then missed, told once, and over with its next run; all places agree", async () => {
	const [receiver, dataDir, clock] = [receive(), makeFolder(), makeClock("2027-03-01T00:58:00Z")];
	configure(dataDir, receiver, '{ nas: { schedule: { cron: "0 * * * *" }, start_grace: 10m } }');
	const server = await startServer({ dataDir, env: clock.env });
	append(dataDir, [
		{ job: "nas", backup_id: "1", timestamp: "2027-03-01T00:00:05Z", duration_total: 60, success: true },
	]);
	await until(async () => (await server.json("/api/summary")).jobs === 1);
	const all = (state: string, exit: number) => ({ api: state, metrics: state, status: state, summary: state, exit });
	for (const [at, state, exit] of [
		["2027-03-01T01:05:00Z", "late", 1],
		["2027-03-01T01:11:00Z", "missed", 2],
		["2027-03-01T02:20:00Z", "missed", 2],
	] as const) {
		clock.set(at);
		await aLook();
		expect(await saidOf(server, clock.env)).toEqual(all(state, exit));
	}
	expect(titles(receiver)).toEqual(["nas missed its 01:00 run"]);
	append(dataDir, [
		{ job: "nas", backup_id: "2", timestamp: "2027-03-01T02:19:00Z", duration_total: 60, success: true },
	]);
	expect((await told(receiver, 2))[1]).toStartWith("Resolved: nas runs again");
	expect(await saidOf(server, clock.env)).toEqual(all("ok", 0));
	const feed = await (await server.get("/feed.xml")).text();
	expect([...feed.matchAll(/<title>(nas.*?)<\/title>/g)].map(([, title]) => title)).toEqual([
		"nas: over",
		"nas missed its run",
	]);
	await server.stop();
}, 30_000);

/** Every place that programs and people look at, as one word each; asked over and over, so that kept answers are kept. */
async function shownIn(server: Started): Promise<Record<string, boolean>> {
	const texts = await Promise.all(
		["/", "/jobs/nas", "/api/jobs", "/api/jobs/nas", "/api/summary", "/metrics", "/badge/nas.svg", "/feed.xml"].map(
			async (path) => [path, await (await server.get(path)).text()] as const,
		),
	);
	const isMissed =
		/"(?:state|status)":\s*"missed"|state="missed"[^\n]*\} 1\n|: missed<|missed its run|nas missed its|nas: Missed/;
	return Object.fromEntries(texts.map(([path, text]) => [path, isMissed.test(text)]));
}

test("time alone turns every place red within seconds, however often it was asked before", async () => {
	const [dataDir, clock] = [makeFolder(), makeClock("2027-03-01T01:05:00Z")];
	const jobs = '{ nas: { schedule: { cron: "0 * * * *" }, start_grace: 10m } }';
	writeFileSync(join(dataDir, "config.yaml"), `jobs: ${jobs}\n`);
	const server = await startServer({ dataDir, env: clock.env });
	append(dataDir, [
		{ job: "nas", backup_id: "1", timestamp: "2027-03-01T00:00:05Z", duration_total: 60, success: true },
	]);
	await until(async () => (await server.json("/api/summary")).jobs === 1);
	for (let round = 0; round < 5; round++) await shownIn(server);
	expect(Object.values(await shownIn(server))).not.toContain(true);
	clock.set("2027-03-01T01:11:00Z");
	let shown: Record<string, boolean> = {};
	await until(async () => {
		shown = await shownIn(server);
		return Object.values(shown).every(Boolean);
	}, 6000).catch(() => expect(shown).toEqual({}));
	await server.stop();
}, 30_000);

test("a job of the configuration that was never heard of is missed from its first slot on", async () => {
	const [receiver, dataDir, clock] = [receive(), makeFolder(), makeClock("2027-03-01T01:00:00Z")];
	configure(dataDir, receiver, '{ nas: { schedule: { cron: "0 2 * * *" }, start_grace: 10m } }');
	const server = await startServer({ dataDir, env: clock.env });
	await aLook();
	clock.set("2027-03-01T02:11:00Z");
	expect((await told(receiver, 1))[0]).toContain("nas");
	await server.stop();
}, 20_000);

test("an empty dump is told with the numbers, and no place calls the job well", async () => {
	const [receiver, dataDir, clock] = [receive(), makeFolder(), makeClock("2027-03-10T03:00:00Z")];
	configure(dataDir, receiver, "{ dump: { schedule: none } }");
	const server = await startServer({ dataDir, env: clock.env });
	const dump = (id: number, size: number) => ({
		...{ job: "dump", backup_id: `${id}`, timestamp: clock.iso((10 - id) * day + minute), duration_total: 30 },
		...{ size_bytes: size, success: true },
	});
	append(
		dataDir,
		[1, 2, 3, 4, 5, 6, 7, 8].map((id) => dump(id, 402_000_000 + id * 100_000)),
	);
	await until(async () => (await server.json("/api/summary")).runs_30d === 8);
	append(dataDir, [dump(9, 0)]);
	expect(await told(receiver, 1)).toEqual(["dump: Empty: 0 B, usually 402 MB"]);
	const [status, summary, badge] = [
		await runCommand(["status"], { dataDir, env: clock.env }),
		await server.json("/api/summary"),
		await (await server.get("/badge/dump.svg")).text(),
	];
	expect(status.code).toBe(2);
	expect(summary.status).not.toBe("ok");
	expect(summary.sentence).not.toContain("protected");
	expect(badge).not.toContain("dump: ok");
	await server.stop();
}, 20_000);

test("a job that had failed before the monitor came, and fails again, is told", async () => {
	const [receiver, dataDir, clock] = [receive(), makeFolder(), makeClock("2027-03-09T03:00:00Z")];
	configure(dataDir, receiver);
	const run = (night: number, success: boolean) => ({
		...{ timestamp: `2027-03-${String(night).padStart(2, "0")}T02:00:00Z`, backup_id: `${night}` },
		...{ duration_total: 60, success, ...(!success && { error_message: `night ${night}` }) },
	});
	append(
		dataDir,
		[1, 2, 3, 4, 5, 6, 7, 8, 9].map((night) => run(night, night < 9)),
	);
	const server = await startServer({ dataDir, env: clock.env });
	await aLook();
	expect(titles(receiver)).toEqual([]);
	clock.set("2027-03-10T02:01:30Z");
	append(dataDir, [run(10, false)]);
	expect((await told(receiver, 1))[0]).toContain("night 10");
	await server.stop();
}, 20_000);

test("a failure that nobody was told of is told after the database is lost", async () => {
	let status = 503;
	const receiver = receive(() => ({ status }));
	const [dataDir, clock] = [makeFolder(), makeClock("2027-03-10T03:00:00Z")];
	configure(dataDir, receiver);
	const first = await startServer({ dataDir, env: clock.env });
	await aLook();
	await push(first, { job: "a", backup_id: "1", timestamp: clock.iso(5), success: false, error_message: "boom" });
	await until(() => receiver.seen.length > 0);
	await first.kill();
	loseDatabase(dataDir);
	status = 200;
	const second = await startServer({ dataDir, env: clock.env });
	await aLook();
	// At the latest with the reminder of the next day.
	clock.add(25 * hour);
	expect((await told(receiver, 1)).join()).toContain("boom");
	await second.stop();
}, 30_000);

test("a failure is told although the run before it came with a clock that is ahead", async () => {
	const [receiver, dataDir, clock] = [receive(), makeFolder(), makeClock("2027-03-10T02:00:30Z")];
	configure(dataDir, receiver);
	const server = await startServer({ dataDir, env: clock.env });
	await push(server, { job: "a", backup_id: "1", timestamp: clock.iso(-2 * hour), duration_total: 1, success: true });
	await aLook();
	clock.add(minute);
	await push(server, { job: "a", backup_id: "2", timestamp: clock.iso(), duration_total: 1, success: false });
	expect((await told(receiver, 1, 3000))[0]).toStartWith("a failed");
	await server.stop();
}, 20_000);

test("history that is appended while the monitor runs tells nobody anything", async () => {
	const [receiver, dataDir, clock] = [receive(), makeFolder(), makeClock("2027-03-10T03:00:00Z")];
	configure(dataDir, receiver);
	const server = await startServer({ dataDir, env: clock.env });
	await aLook();
	const history = Array.from({ length: 10_000 }, (_, index) => ({
		...{ job: "old", backup_id: `${index}`, timestamp: clock.iso((10_000 - index) * 10 * minute) },
		...{ duration_total: 60 + (index % 5), size_bytes: 1e9, success: index % 50 !== 7 },
	}));
	append(dataDir, history);
	await until(async () => (await server.json("/api/health")).source.accepted === history.length, 20_000);
	await aLook();
	clock.add(61);
	await aLook();
	expect(titles(receiver)).toEqual([]);
	await server.stop();
}, 40_000);

test("every failure reaches a receiver that is down, with the power cut between, once or twice", async () => {
	let status = 200;
	const receiver = receive(() => ({ status }));
	const [dataDir, clock] = [makeFolder(), makeClock("2027-03-10T03:00:00Z")];
	configure(dataDir, receiver);
	let server = await startServer({ dataDir, env: clock.env });
	const names = ["one", "two", "three"];
	for (const [index, name] of names.entries()) {
		status = [503, 429, 302][index] ?? 500;
		clock.add(2 * minute);
		const before = receiver.seen.length;
		await push(server, { job: name, backup_id: "1", timestamp: clock.iso(), success: false, error_message: "boom" });
		await until(() => receiver.seen.length > before, 6000, `a try for ${name}`);
		await until(async () =>
			(await server.json("/api/alerts")).undelivered.some(({ error }: { error: unknown }) => error),
		);
		await server.kill();
		status = 200;
		server = await startServer({ dataDir, env: clock.env });
		clock.add(2 * hour);
		await until(() => receiver.accepted.some(({ body }) => body.includes(`"job":"${name}"`)), 6000, `${name} told`);
		// Before the clock is turned again: when it was sent is noted with the answer.
		await until(async () => (await server.json("/api/alerts")).undelivered.length === 0);
	}
	for (const name of names) {
		const times = receiver.accepted.filter(({ body }) => body.includes(`"job":"${name}"`)).length;
		expect(times).toBeWithin(1, 3);
	}
	await server.stop();
}, 40_000);

test("SIGTERM ends it within two seconds although a receiver hangs", async () => {
	const hanging = Bun.serve({
		port: 0,
		hostname: "127.0.0.1",
		idleTimeout: 30,
		fetch: () => new Promise<Response>(() => {}),
	});
	const dataDir = makeFolder();
	writeFileSync(join(dataDir, "config.yaml"), `channels: { hook: { url: "json://127.0.0.1:${hanging.port}/x" } }\n`);
	const server = await startServer({ dataDir });
	await aLook();
	await push(server, { job: "a", backup_id: "1", timestamp: new Date().toISOString(), success: false });
	await until(() => hanging.pendingRequests > 0);
	const { code, ms } = await server.stop();
	await hanging.stop(true);
	expect(code).toBe(0);
	expect(ms).toBeLessThan(2000);
}, 20_000);

test("five hundred jobs that fail at once are one message", async () => {
	const [receiver, dataDir, clock] = [receive(), makeFolder(), makeClock("2027-03-10T03:00:00Z")];
	configure(dataDir, receiver);
	const server = await startServer({ dataDir, env: clock.env });
	await aLook();
	const run = (id: string, success: boolean) =>
		Array.from({ length: 500 }, (_, index) => ({ job: `job${index}`, backup_id: id, timestamp: clock.iso(), success }));
	append(dataDir, run("1", true));
	await until(async () => (await server.json("/api/summary")).ok === 500, 15_000);
	append(dataDir, run("2", false));
	await until(async () => (await server.json("/api/summary")).failed === 500, 15_000);
	for (let minutes = 0; minutes < 2; minutes++) {
		clock.add(61);
		await aLook();
	}
	// The first may go before the rest is read; what follows is one.
	expect(titles(receiver).length).toBeLessThanOrEqual(2);
	await server.stop();
}, 50_000);

test("links in messages ask before they act, and cannot be forged, reused for the next alert, or posted from elsewhere", async () => {
	const [receiver, dataDir, clock] = [receive(), makeFolder(), makeClock("2027-03-10T03:00:00Z")];
	configure(dataDir, receiver, "{}", "ntfy");
	const server = await startServer({ dataDir, env: clock.env });
	const run = (id: string, success: boolean) =>
		push(server, { job: "a", backup_id: id, timestamp: clock.iso(), success });
	const linkOf = (index: number) =>
		/\/alerts\/link\/[\w-]+/.exec(receiver.accepted[index]?.headers.get("actions") ?? "")?.[0] ?? "";
	const post = async (path: string, headers: Record<string, string> = {}) =>
		(await server.get(path, { method: "POST", headers })).status;
	const acknowledged = async () => (await openAlerts(server))[0]?.acknowledged_at ?? null;
	await run("1", false);
	await told(receiver, 1);
	const link = linkOf(0);
	expect((await server.get(link)).status).toBe(200);
	const token = Buffer.from(link.slice("/alerts/link/".length), "base64url");
	for (const byte of [0, 7, 10, token.length - 1]) {
		const forged = Uint8Array.from(token, (value, index) => (index === byte ? value ^ 1 : value));
		expect(await post(`/alerts/link/${Buffer.from(forged).toString("base64url")}`)).toBe(404);
	}
	expect(await post(link, { origin: "http://evil.example", "sec-fetch-site": "cross-site" })).toBe(403);
	expect(await post(link, { origin: "null", "sec-fetch-site": "same-origin" })).toBe(403);
	expect(await acknowledged()).toBeNull();
	expect(await post(link, { origin: server.url, "sec-fetch-site": "same-origin" })).toBe(303);
	await until(async () => (await acknowledged()) !== null);
	clock.add(2 * minute);
	await run("2", true);
	await until(async () => (await openAlerts(server)).length === 0);
	clock.add(2 * minute);
	await run("3", false);
	await until(async () => (await openAlerts(server)).length === 1);
	expect(await post(link)).toBe(303);
	expect(await acknowledged()).toBeNull();
	clock.add(8 * day);
	expect((await server.get(link)).status).toBe(404);
	await server.stop();
}, 30_000);

test("paused and archived jobs are silent, and stay so when the database is lost", async () => {
	const [receiver, dataDir, clock] = [receive(), makeFolder(), makeClock("2027-03-10T03:00:00Z")];
	configure(dataDir, receiver);
	let server = await startServer({ dataDir, env: clock.env });
	const run = (job: string, id: string, success: boolean) =>
		push(server, { job, backup_id: id, timestamp: clock.iso(), success });
	for (const job of ["paused", "archived", "loud"]) await run(job, "1", true);
	for (const [job, action, body] of [
		["paused", "pause", "until=3d"],
		["archived", "archive", ""],
	] as const) {
		const headers = { "content-type": "application/x-www-form-urlencoded" };
		expect((await server.get(`/jobs/${job}/${action}`, { method: "POST", headers, body })).status).toBe(200);
	}
	clock.add(minute);
	for (const job of ["paused", "archived", "loud"]) await run(job, "2", false);
	expect((await told(receiver, 1))[0]).toContain("loud");
	await server.stop();
	loseDatabase(dataDir);
	server = await startServer({ dataDir, env: clock.env });
	await until(async () => (await server.json("/api/summary")).jobs === 3);
	clock.add(2 * minute);
	for (const job of ["paused", "archived"]) await run(job, "3", false);
	await aLook();
	const { jobs } = await server.json("/api/jobs");
	const states = Object.fromEntries(jobs.map(({ slug, state }: { slug: string; state: string }) => [slug, state]));
	expect(states).toEqual({ paused: "paused", archived: "archived", loud: "failed" });
	expect(receiver.accepted).toHaveLength(1);
	await server.stop();
}, 30_000);

test("a bad configuration keeps the last good one, and the line is on the page and in the log", async () => {
	const [receiver, dataDir] = [receive(), makeFolder()];
	configure(dataDir, receiver);
	const server = await startServer({ dataDir });
	await aLook();
	configure(dataDir, receiver, '\n  a: { schedule: { cron: "99 * * * *" } }');
	const problems = async () => (await server.json("/api/health")).problems as { title: string }[];
	await until(async () => (await problems()).some(({ title }) => title.includes("config.yaml line 2")), 6000);
	expect((await server.json("/api/alerts")).channels).toHaveLength(1);
	expect(await (await server.get("/")).text()).toContain("config.yaml line 2");
	expect(server.log()).toContain("config.yaml line 2");
	await server.stop();
}, 20_000);

test("status is UNKNOWN where schedules cannot be read, and says which line", async () => {
	const dataDir = makeFolder();
	const report = { job: "nas", backup_id: "1", timestamp: new Date().toISOString(), duration_total: 6, success: true };
	append(dataDir, [report]);
	const server = await startServer({ dataDir });
	await until(async () => (await server.json("/api/summary")).jobs === 1);
	const asked = () => runCommand(["status"], { dataDir });
	expect((await asked()).code).toBe(0);
	writeFileSync(join(dataDir, "config.yaml"), 'jobs: { nas: { schedule: { cron: "0 2 * *" } } }\n');
	const { code, out } = await asked();
	expect([code, out]).toEqual([3, expect.stringMatching(/^UNKNOWN: the job is well .*\nconfig.yaml line 1: .*cron/)]);
	await server.stop();
});

test("no secret of a channel is on a page, in an answer, in a message, in the log or in the database", async () => {
	const [receiver, dataDir] = [receive(), makeFolder()];
	writeFileSync(join(dataDir, "secret"), `mailto://user:${canary}M@127.0.0.1:1?to=me@example.org`);
	const channels = [
		`hook: { url: "json://user:${canary}P@${receiver.host}/${canary}U?+X-Key=${canary}H", secret: ${canary}S }`,
		`dead: { url: "json://127.0.0.1:1/${canary}D?token=${canary}T" }`,
		`mail: { url_file: ${join(dataDir, "secret")} }`,
		`bad: { url: "nope://${canary}B" }`,
	];
	writeFileSync(join(dataDir, "config.yaml"), `channels:\n  ${channels.join("\n  ")}\n`);
	const env = { NOTIFY_URLS: `gotify://127.0.0.1:1/${canary}G` };
	const server = await startServer({ dataDir, env });
	await aLook();
	// A tool that prints what it was given.
	const log = `posting to json://user:${canary}P@host\n`;
	await push(server, { job: "a", backup_id: "1", timestamp: new Date().toISOString(), success: false, log });
	await told(receiver, 1);
	expect(receiver.accepted[0]?.headers.get("x-key")).toBe(`${canary}H`);
	expect(receiver.accepted[0]?.body).not.toContain(canary);
	await server.get("/channels/dead/test", { method: "POST" });
	const pages = ["/", "/alerts", "/runs", "/setup", "/jobs/a", "/feed.xml", "/metrics"];
	const apis = ["/api/alerts", "/api/jobs", "/api/jobs/a", "/api/health", "/api/summary", "/api/openapi.json"];
	for (const path of [...pages, ...apis])
		expect([path, await (await server.get(path)).text()].join()).not.toContain(canary);
	for (const args of [["notify"], ["notify", "--test", "dead"], ["check"], ["status"], ["doctor"]]) {
		const { out, err } = await runCommand(args, { dataDir, env });
		expect(`${args}: ${out}${err}`).not.toContain(canary);
	}
	await server.stop();
	expect(server.log()).not.toContain(canary);
	const stored = readFileSync(join(dataDir, "backups.db"), "latin1");
	for (const letter of "UHSDTMBG") expect(stored).not.toContain(canary + letter);
}, 30_000);
