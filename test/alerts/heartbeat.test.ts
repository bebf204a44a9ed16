import { expect, test } from "bun:test";
import { Heartbeat, heartbeatMs } from "../../src/alerts/heartbeat.ts";

test("an address is called every five minutes while all is well, and not otherwise", async () => {
	let calls = 0;
	const server = Bun.serve({
		hostname: "127.0.0.1",
		port: 0,
		fetch: () => {
			calls++;
			return new Response("ok");
		},
	});
	const heartbeat = new Heartbeat(`http://127.0.0.1:${server.port}/beat`);
	const tick = async (isWell: boolean, at: number) => {
		heartbeat.tick(isWell, at);
		await Bun.sleep(100);
	};
	await tick(true, 0);
	await tick(true, 1000);
	expect(calls).toBe(1);
	await tick(false, heartbeatMs);
	expect(calls).toBe(1);
	await tick(true, heartbeatMs + 1);
	expect(calls).toBe(2);
	expect(heartbeat.error).toBeNull();
	server.stop(true);
	await tick(true, 3 * heartbeatMs);
	expect(heartbeat.error).not.toBeNull();
});

test("without an address nothing is called", () => {
	const heartbeat = new Heartbeat(null);
	heartbeat.tick(true, 0);
	expect(heartbeat.error).toBeNull();
});
