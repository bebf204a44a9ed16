// Raw requests as browsers, proxies, scanners and attackers send them, over TCP to the compiled server.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { cleanUp, type Started, startServer, until } from "../binary.ts";
import { expectAnswered, httpCases } from "./http-cases.ts";

let server: Started;
let token: string;

beforeAll(async () => {
	server = await startServer();
	token = readFileSync(join(server.dataDir, "push-token"), "utf8").trim();
});
afterAll(cleanUp);

describe("every recorded request", () => {
	for (const wanted of httpCases) {
		test(`${wanted.id}: ${wanted.why}`, async () => {
			await expectAnswered(wanted, server.port, token);
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
		expect(httpCases.length).toBe(89);
		await until(async () => (await server.get("/health")).status === 200);
		expect(server.log()).not.toContain("internal error");
		expect(server.log()).not.toContain("uncaught");
	});
});
