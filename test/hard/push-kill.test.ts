// The server is killed in the middle of reports again and again: what it acknowledged is there afterwards, and nothing else.
import { Database } from "bun:sqlite";
import { afterAll, expect, test } from "bun:test";
import { closeSync, fdatasyncSync, openSync, readFileSync, writeSync } from "node:fs";
import { join } from "node:path";
import { cleanUp, isHard, makeFolder, type Started, startServer, until } from "../binary.ts";
import { percentile, rounded, tell } from "./tell.ts";

afterAll(cleanUp);

const env = { RETENTION_DAYS: "36500", BUN_JSC_useJIT: "0" };
const kills = isHard ? 500 : 40;
const seconds = isHard ? 20 : 3;

/** What a client knows of one of its runs: the newest state it sent, and the newest that was acknowledged. */
type Known = { sent: number; acknowledged: number };
type Client = { name: string; next: number; runs: Map<string, Known>; acknowledged: number };

const tokenOf = ({ dataDir }: Started) => readFileSync(join(dataDir, "push-token"), "utf8").trim();

/** A run goes through its states in this order, each told by a request of its own. */
const states = ["running", "failure", "success"];

function requestOf(client: Client, id: string, state: number, token: string): [string, RequestInit] {
	if (client.name === "pinger") {
		const action = ["/start", "/fail", ""][state];
		// After an end the same rid is a new end of the same run.
		return [`/ping/${token}/pinger${action}?rid=${id}`, { method: "POST", body: `state ${state}` }];
	}
	const timestamp = "2026-11-23T01:00:00Z";
	const report = { job: client.name, backup_id: id, timestamp, outcome: states[state], size_bytes: state };
	return ["/api/runs", { method: "POST", body: JSON.stringify(report), headers: { authorization: `Bearer ${token}` } }];
}

function idOf(client: Client, n: number): string {
	return client.name === "pinger"
		? `0bfda624-fc6a-4f58-a522-${n.toString(16).padStart(12, "0")}`
		: `${client.name} ${n}`;
}

/** Reports one run after the other until the server does not answer any more. */
async function report(client: Client, url: string, token: string, onAcknowledged: () => void): Promise<void> {
	for (;;) {
		const id = idOf(client, client.next++);
		const known: Known = { sent: -1, acknowledged: -1 };
		client.runs.set(id, known);
		for (const state of states.keys()) {
			const [path, init] = requestOf(client, id, state, token);
			known.sent = state;
			try {
				const response = await fetch(url + path, init);
				await response.text();
				if (response.status !== 200 && response.status !== 202) throw new Error(`${path}: ${response.status}`);
			} catch (error) {
				if (error instanceof Error && /: \d+$/.test(error.message)) throw error;
				return;
			}
			known.acknowledged = state;
			client.acknowledged++;
			onAcknowledged();
		}
	}
}

async function storedRuns(server: Started): Promise<{ job: string; backup_id: string; outcome: string }[]> {
	const response = await server.get("/api/runs.jsonl");
	expect(response.status).toBe(200);
	const lines = await response.text();
	return lines
		.split("\n")
		.filter(Boolean)
		.map((line) => JSON.parse(line));
}

test(`${kills} times killed while three clients report: nothing acknowledged is lost, nothing is there that was not sent`, async () => {
	const dataDir = makeFolder();
	const clients = ["pusher", "other", "pinger"].map(
		(name): Client => ({ name, next: 0, runs: new Map(), acknowledged: 0 }),
	);
	const restarts: number[] = [];
	for (let kill = 0; kill < kills; kill++) {
		const from = performance.now();
		const server = await startServer({ dataDir, env });
		const token = tokenOf(server);
		const first = Promise.withResolvers<void>();
		const reporting = clients.map((client) =>
			report(client, server.url, token, () => first.resolve()).catch((error) => first.reject(error)),
		);
		await first.promise;
		restarts.push(performance.now() - from);
		await Bun.sleep(Math.random() * 150);
		await server.kill();
		await Promise.all(reporting);
	}

	const server = await startServer({ dataDir, env });
	const journal = readFileSync(join(dataDir, "received.jsonl"), "utf8");
	await until(async () => (await server.json("/health")).status === "ok");
	await server.get("/api/import", { method: "POST" });
	const stored = new Map((await storedRuns(server)).map((run) => [`${run.job}\n${run.backup_id}`, run.outcome]));
	const lost: string[] = [];
	const ghosts = new Set(stored.keys());
	for (const { name, runs } of clients) {
		for (const [id, { sent, acknowledged }] of runs) {
			const outcome = stored.get(`${name}\n${id}`);
			ghosts.delete(`${name}\n${id}`);
			const state = states.indexOf(outcome ?? "");
			if (state < acknowledged) lost.push(`${name} ${id}: acknowledged ${acknowledged}, stored ${outcome}`);
			if (state > sent) ghosts.add(`${name} ${id}: sent ${sent}, stored ${outcome}`);
		}
	}
	await server.stop();
	const db = new Database(join(dataDir, "backups.db"), { readonly: true });
	const integrity = db.query<{ integrity_check: string }, []>("PRAGMA integrity_check").get()?.integrity_check;
	db.close();
	const torn = journal.split("\n").filter((line) => line !== "" && !isJson(line));
	const acknowledged = clients.reduce((sum, client) => sum + client.acknowledged, 0);
	tell("R6 kill -9 under reports", kills, lost.length + ghosts.size, {
		acknowledged,
		runs: stored.size,
		torn_lines: torn.length,
		start_to_first_acknowledged_ms: {
			p50: rounded(percentile(restarts, 0.5)),
			p99: rounded(percentile(restarts, 0.99)),
		},
	});
	expect(lost).toEqual([]);
	expect([...ghosts]).toEqual([]);
	expect(integrity).toBe("ok");
	expect(acknowledged).toBeGreaterThan(kills * 3);
	// At most the line that each kill cut, ended at the next start.
	expect(torn.length).toBeLessThanOrEqual(kills);
}, 900_000);

function isJson(line: string): boolean {
	try {
		JSON.parse(line);
		return true;
	} catch {
		return false;
	}
}

test("a durable push beside one flush of this disk", async () => {
	const server = await startServer({ env });
	const token = tokenOf(server);
	const fd = openSync(join(server.dataDir, "probe"), "a");
	const flushes: number[] = [];
	const pushes: number[] = [];
	const line = `${"x".repeat(300)}\n`;
	const headers = { authorization: `Bearer ${token}` };
	for (let n = 0; n < 300; n++) {
		const from = performance.now();
		writeSync(fd, line);
		fdatasyncSync(fd);
		const flushed = performance.now();
		flushes.push(flushed - from);
		const body = `{"job":"photos","backup_id":${n},"timestamp":"2026-11-23T01:00:00Z","success":true,"size_bytes":5}`;
		const response = await fetch(`${server.url}/api/runs`, { method: "POST", body, headers });
		await response.text();
		expect(response.status).toBe(200);
		pushes.push(performance.now() - flushed);
	}
	closeSync(fd);
	await server.stop();
	const [flush, push] = [percentile(flushes, 0.5), percentile(pushes, 0.5)];
	tell("durable push", pushes.length, 0, {
		push_p50_ms: rounded(push),
		push_p99_ms: rounded(percentile(pushes, 0.99)),
		fdatasync_p50_ms: rounded(flush),
		ratio: rounded(push / flush),
	});
}, 60_000);

test("a thousand pings a second", async () => {
	const server = await startServer({ env: { RETENTION_DAYS: "36500" } });
	const token = tokenOf(server);
	for (let job = 0; job < 20; job++) expect((await server.get(`/ping/${token}/job-${job}`)).status).toBe(200);
	const times: number[] = [];
	const failed: unknown[] = [];
	const pending: Promise<void>[] = [];
	const ping = async (n: number) => {
		const from = performance.now();
		try {
			const response = await fetch(`${server.url}/ping/${token}/job-${n % 20}`);
			await response.text();
			if (response.status !== 200) failed.push(response.status);
		} catch (error) {
			failed.push(error);
		}
		times.push(performance.now() - from);
	};
	const count = seconds * 1000;
	const from = performance.now();
	// By the clock, whether the ones before were answered or not.
	for (let n = 0; n < count; ) {
		const due = Math.min(count, Math.floor(performance.now() - from));
		while (n < due) pending.push(ping(n++));
		await Bun.sleep(2);
	}
	await Promise.all(pending);
	const took = (performance.now() - from) / 1000;
	tell("pings a second", count, failed.length, {
		per_second: Math.round(count / took),
		p50_ms: rounded(percentile(times, 0.5)),
		p99_ms: rounded(percentile(times, 0.99)),
	});
	expect(failed).toEqual([]);
	expect((await storedRuns(server)).length).toBe(count + 20);
	await server.stop();
}, 120_000);
