// Raw requests as browsers, proxies, scanners and attackers send them, over TCP to the compiled server.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { cleanUp, type Started, startServer, until } from "../binary.ts";
import cases from "../fixtures/hostile/http-cases.json";

let server: Started;
let token: string;

beforeAll(async () => {
	server = await startServer();
	token = readFileSync(join(server.dataDir, "push-token"), "utf8").trim();
});
afterAll(cleanUp);

type Answer = { status: number | null; head: string; body: string };

/** Sends bytes as they are, and reads until the server closes or has nothing more to say. */
async function send(raw: string): Promise<Answer> {
	const chunks: Buffer[] = [];
	const ended = Promise.withResolvers<void>();
	let waiting = Buffer.from(raw, "latin1");
	const push = (socket: Bun.Socket) => {
		waiting = waiting.subarray(Math.max(0, socket.write(waiting)));
	};
	let quiet: ReturnType<typeof setTimeout> | undefined;
	const socket = await Bun.connect({
		hostname: "127.0.0.1",
		port: server.port,
		socket: {
			open: push,
			drain: push,
			data: (_, data) => {
				chunks.push(Buffer.from(data));
				clearTimeout(quiet);
				quiet = setTimeout(ended.resolve, 300);
			},
			close: () => ended.resolve(),
			end: () => ended.resolve(),
			error: () => ended.resolve(),
		},
	});
	const limit = setTimeout(ended.resolve, 4000);
	await ended.promise;
	clearTimeout(limit);
	clearTimeout(quiet);
	socket.terminate();
	const text = Buffer.concat(chunks).toString("latin1");
	const end = text.indexOf("\r\n\r\n");
	const status = Number(/^HTTP\/1\.[01] (\d{3})/.exec(text)?.[1] ?? 0);
	return {
		status: status || null,
		head: end === -1 ? text : text.slice(0, end),
		body: end === -1 ? "" : text.slice(end + 4),
	};
}

/**
 * Differences from the recorded list, each with its reason: asking for one job's runs where there is no such job is a
 * 404 that says so, not an empty list that looks like a job without runs.
 */
const alsoGood: Record<string, number> = { "query-6": 404, "query-9": 404 };

/** A push goes where ours is; the length of the head does not count. */
const addressed = (raw: string) => raw.replace("/@PUSH@", `/api/runs?token=${token}`);

describe("every recorded request", () => {
	for (const wanted of cases.cases) {
		test(`${wanted.id}: ${wanted.why}`, async () => {
			const { status, head, body } = await send(addressed(wanted.raw));
			if (status === null) {
				expect({ id: wanted.id, mayClose: wanted.closed_ok }).toEqual({ id: wanted.id, mayClose: true });
				return;
			}
			expect({ status, isWanted: wanted.status.includes(status) || alsoGood[wanted.id] === status }).toEqual({
				status,
				isWanted: true,
			});
			expect(status).toBeLessThan(500);
			const lower = head.toLowerCase();
			for (const pattern of wanted.header_has) expect(lower).toMatch(new RegExp(pattern, "m"));
			for (const pattern of wanted.header_not) expect(lower).not.toMatch(new RegExp(`^${pattern}`, "m"));
			for (const text of wanted.body_has) expect(body).toContain(text);
			for (const text of wanted.body_not) expect(body).not.toContain(text);
		});
	}

	test("a pushed report that could not be read again from the journal is refused, and one that just can is kept", async () => {
		const push = (log: string) => {
			const report = { timestamp: "2026-01-07T02:00:00Z", backup_id: `long-${log.length}`, success: true, note: log };
			return server.get(`/api/runs?token=${token}`, { method: "POST", body: JSON.stringify(report) });
		};
		expect((await push("x".repeat(262_144))).status).toBe(422);
		expect((await push("x".repeat(262_000))).status).toBe(200);
		await server.kill();
		await Bun.write(join(server.dataDir, "backups.db"), "damaged");
		server = await startServer({ dataDir: server.dataDir, env: { RETENTION_DAYS: "36500" } });
		await until(async () => (await server.json("/api/metrics")).length === 2);
	});

	test("leaves the server well", async () => {
		expect(cases.cases.length).toBe(89);
		await until(async () => (await server.get("/health")).status === 200);
		expect(server.log()).not.toContain("internal error");
		expect(server.log()).not.toContain("uncaught");
	});
});
