// Reports to a monitor elsewhere: kept on disk until it has them, in order, with the times at which things happened.
import { afterAll, expect, test } from "bun:test";
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { queueLimits } from "../../src/ingest/outgoing.ts";
import { cleanUp, makeFolder, startServer, until } from "../binary.ts";
import { backupMonitor, type Received, receiver } from "./wrapper.ts";

afterAll(cleanUp);

/** An address at which nobody listens. */
function deadAddress(): string {
	const server = Bun.serve({ port: 0, hostname: "127.0.0.1", fetch: () => new Response() });
	const url = `http://127.0.0.1:${server.port}`;
	server.stop(true);
	return url;
}

/** `run --to URL` with a queue that outlives it. */
async function runTo(
	to: string,
	spool: string,
	command: string[],
	env: Record<string, string> = {},
	flags: string[] = [],
) {
	const words = ["run", "--job", "nas", "--to", to, ...flags, "--", ...command];
	return backupMonitor(words, { env: { BACKUP_MONITOR_SPOOL: spool, ...env } });
}

/** Files that wait for delivery, and those that were refused. */
function queued(spool: string): { waiting: string[]; refused: string[]; folder: string } {
	const folder = join(spool, readdirSync(spool)[0] ?? "");
	const names = (path: string) =>
		existsSync(path)
			? readdirSync(path)
					.filter((name) => name.endsWith(".jsonl"))
					.sort()
			: [];
	return { waiting: names(folder), refused: names(join(folder, "refused")), folder };
}

const reportsOf = (received: Received[]) => received.flatMap(({ reports }) => reports);

test("start and end arrive as two requests with the token, and nothing waits", async () => {
	const hub = receiver();
	const spool = makeFolder();
	const tokenFile = join(makeFolder(), "token");
	writeFileSync(tokenFile, "from-a-file\n");
	const { code, err } = await runTo(`${hub.url}/`, spool, ["sh", "-c", "exit 3"], { PUSH_TOKEN: "from-env" }, [
		"--token-file",
		tokenFile,
	]);
	expect([code, err]).toEqual([3, ""]);
	expect(hub.received.map(({ path, token }) => [path, token])).toEqual(
		Array(2).fill(["/api/runs", "Bearer from-a-file"]),
	);
	const [open, closed] = reportsOf(hub.received);
	expect([open?.outcome, closed?.outcome]).toEqual(["running", "failure"]);
	expect(closed?.backup_id).toBe(open?.backup_id);
	expect(queued(spool).waiting).toEqual([]);
	hub.stop();
});

test("the token comes from PUSH_TOKEN or PUSH_TOKEN_FILE, a sub-path is kept, a proxy is not asked", async () => {
	const hub = receiver();
	const tokenFile = join(makeFolder(), "token");
	writeFileSync(tokenFile, "from-a-file");
	const proxy = { HTTP_PROXY: deadAddress(), http_proxy: deadAddress(), ALL_PROXY: deadAddress() };
	const script = ["sh", "-c", 'test -n "$http_proxy" && test -n "$PUSH_TOKEN$PUSH_TOKEN_FILE"'];
	const ends = [
		await runTo(`${hub.url}/monitor`, makeFolder(), script, { ...proxy, PUSH_TOKEN: "from-env" }),
		await runTo(`${hub.url}/monitor/`, makeFolder(), script, { ...proxy, PUSH_TOKEN_FILE: tokenFile }),
	];
	expect(ends.map(({ code, err }) => [code, err])).toEqual(Array(2).fill([0, ""]));
	const seen = hub.received.map(({ path, token }) => `${path} ${token}`);
	expect([...new Set(seen)]).toEqual(["/monitor/api/runs Bearer from-env", "/monitor/api/runs Bearer from-a-file"]);
	hub.stop();
});

test("what could not be sent is sent next time: in order, with its times, once", async () => {
	const spool = makeFolder();
	let hub = receiver();
	const { port, url } = hub;
	hub.stop();
	const before = Date.now();
	for (let n = 0; n < 3; n++) {
		const { code, err } = await runTo(url, spool, ["sh", "-c", `exit ${n}`]);
		expect(code).toBe(n);
		expect(err).toMatch(
			/^backup-monitor: http:\/\/127\.0\.0\.1:\d+ cannot be reached \(ECONNREFUSED\); \d reports wait in [^\n]+\n$/,
		);
	}
	const after = Date.now();
	const { waiting, folder } = queued(spool);
	expect(waiting.length).toBe(6);
	expect(statSync(folder).mode & 0o777).toBe(0o700);
	expect(waiting.map((name) => statSync(join(folder, name)).mode & 0o777)).toEqual(Array(6).fill(0o600));

	const got: unknown[] = [];
	const again = Bun.serve({
		port,
		hostname: "127.0.0.1",
		fetch: async (request) => {
			for (const line of (await request.text()).trim().split("\n")) got.push(JSON.parse(line));
			return Response.json({}, { status: 202 });
		},
	});
	hub = { ...hub, stop: () => again.stop(true) };
	const { code, err } = await backupMonitor(["record", "--job", "nas", "--success", "--to", url], {
		env: { BACKUP_MONITOR_SPOOL: spool },
	});
	expect([code, err]).toEqual([0, ""]);
	expect(queued(spool).waiting).toEqual([]);
	const reports = got as { outcome: string; exit_code?: number; backup_id: string; started_at?: string }[];
	expect(reports.map(({ outcome, exit_code }) => `${outcome} ${exit_code ?? ""}`)).toEqual([
		"running ",
		"success 0",
		"running ",
		"failure 1",
		"running ",
		"failure 2",
		"success ",
	]);
	for (const { started_at = "" } of reports.slice(0, 6)) {
		expect(Date.parse(started_at)).toBeGreaterThanOrEqual(before);
		expect(Date.parse(started_at)).toBeLessThanOrEqual(after);
	}
	await again.stop(true);
});

test("a monitor that hangs delays the command's end by its timeout at most, and its start not at all", async () => {
	const hub = receiver(() => new Promise(() => {}));
	const spool = makeFolder();
	const from = performance.now();
	const { code, out, err } = await runTo(hub.url, spool, ["sh", "-c", "date +%s%N; exit 6"]);
	expect(code).toBe(6);
	expect(Number(out.toString()) / 1e6 - (performance.timeOrigin + from)).toBeLessThan(2000);
	expect(performance.now() - from).toBeLessThan(11_500);
	expect(err).toContain("gave no answer in time; 2 reports wait");
	expect(queued(spool).waiting.length).toBe(2);
	hub.stop();
}, 20_000);

test("a signal after the command has ended ends the waiting, with the command's status", async () => {
	const hub = receiver(() => new Promise(() => {}));
	const spool = makeFolder();
	const from = performance.now();
	const words = ["run", "--job", "nas", "--to", hub.url, "--", "sh", "-c", "exit 6"];
	const { code } = await backupMonitor(words, {
		env: { BACKUP_MONITOR_SPOOL: spool },
		onStart: async (child) => {
			await until(() => hub.received.length > 0 && queued(spool).waiting.length === 2);
			child.kill("SIGTERM");
		},
	});
	expect(code).toBe(6);
	expect(performance.now() - from).toBeLessThan(5000);
	expect(queued(spool).waiting.length).toBe(2);
	hub.stop();
}, 20_000);

test("what the monitor refuses is kept aside with the reason, and does not stop what follows", async () => {
	const spool = makeFolder();
	const hub = receiver((count) =>
		count === 2 ? Response.json({ error: "success is missing" }, { status: 422 }) : Response.json({}),
	);
	const first = await runTo(hub.url, spool, ["true"]);
	expect(first.code).toBe(0);
	expect(first.err).toMatch(/answered 422: \{"error":"success is missing"\}\. The report is kept aside in /);
	const { waiting, refused, folder } = queued(spool);
	expect([waiting.length, refused.length]).toEqual([0, 1]);
	expect(readFileSync(join(folder, "refused", `${refused[0]}.reason`), "utf8")).toContain("success is missing");
	const second = await runTo(hub.url, spool, ["true"]);
	expect(second.err).toBe("");
	expect(hub.received.length).toBe(4);
	hub.stop();
});

test("5xx, a redirect and a wrong token are no verdict on the report: it waits", async () => {
	for (const [answer, said] of [
		[() => new Response("busy", { status: 503 }), "answered 503: busy"],
		[() => Response.redirect("http://127.0.0.1:9/elsewhere", 307), "answered 307. Give the address it leads to"],
		[() => new Response("no", { status: 401 }), "answered 401: no. The token is missing or wrong"],
		[() => new Response(null, { status: 429 }), "answered 429"],
	] as const) {
		const spool = makeFolder();
		let isUp = false;
		const hub = receiver(() => (isUp ? Response.json({}) : answer()));
		const { code, err } = await runTo(hub.url, spool, ["true"]);
		expect([code, queued(spool).waiting.length]).toEqual([0, 2]);
		expect(err).toContain(said);
		isUp = true;
		await runTo(hub.url, spool, ["true"]);
		expect(queued(spool).waiting.length).toBe(0);
		expect(new Set(reportsOf(hub.received.slice(-4)).map(({ backup_id }) => backup_id)).size).toBe(2);
		hub.stop();
	}
});

test("the queue is bounded: the oldest go, and that is said", async () => {
	const spool = makeFolder();
	const url = deadAddress();
	await runTo(url, spool, ["true"]);
	const { folder, waiting } = queued(spool);
	const example = readFileSync(join(folder, waiting[0] ?? ""), "utf8");
	for (let n = 0; n < queueLimits.files; n++) {
		writeFileSync(join(folder, `${String(n).padStart(14, "0")}-0000-00000000.jsonl`), example);
	}
	const { err } = await runTo(url, spool, ["true"]);
	expect(queued(spool).waiting.length).toBe(queueLimits.files);
	expect(queued(spool).waiting[0]).toBe("00000000000004-0000-00000000.jsonl");
	expect(err).toContain("old reports dropped");
});

test("several at once send each report once", async () => {
	const spool = makeFolder();
	const url = deadAddress();
	for (let n = 0; n < 3; n++) await runTo(url, spool, ["true"]);
	const got: string[] = [];
	const again = Bun.serve({
		port: Number(new URL(url).port),
		hostname: "127.0.0.1",
		fetch: async (request) => {
			const { backup_id, outcome } = JSON.parse(await request.text());
			await Bun.sleep(20);
			got.push(`${backup_id} ${outcome}`);
			return Response.json({});
		},
	});
	await Promise.all(Array.from({ length: 4 }, () => runTo(url, spool, ["sleep", "0.2"])));
	expect(got.length).toBe(14);
	expect(new Set(got).size).toBe(14);
	expect(queued(spool).waiting).toEqual([]);
	await again.stop(true);
});

test("without a folder to wait in, a report is sent from memory, or lost with a word", async () => {
	const file = join(makeFolder(), "file");
	writeFileSync(file, "");
	const hub = receiver();
	const spool = join(file, "spool");
	const good = await runTo(hub.url, spool, ["sh", "-c", "exit 2"]);
	expect(good.code).toBe(2);
	expect(reportsOf(hub.received).map(({ outcome }) => outcome)).toEqual(["running", "failure"]);
	hub.stop();
	const bad = await runTo(hub.url, spool, ["sh", "-c", "exit 2"]);
	expect(bad.code).toBe(2);
	expect(bad.err).toContain("what cannot be sent now is lost");
});

test("the compiled server takes what run and record send, by both roads", async () => {
	const server = await startServer({ env: { PUSH_TOKEN: "a-token-of-the-test" } });
	const env = { PUSH_TOKEN: "a-token-of-the-test" };
	const remote = await runTo(server.url, makeFolder(), ["sh", "-c", "exit 4"], env);
	expect([remote.code, remote.err]).toEqual([4, ""]);
	const local = await backupMonitor(["run", "--job", "local", "--", "true"], { env: { DATA_DIR: server.dataDir } });
	expect([local.code, local.err]).toEqual([0, ""]);
	await until(async () => (await server.json("/api/metrics")).length === 2);
	const failures = await server.json("/api/failures");
	expect(failures.length).toBe(1);
	expect(readdirSync(join(server.dataDir, "spool"))).toEqual([]);
	await server.stop();
});
