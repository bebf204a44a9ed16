// The queue of reports for a monitor elsewhere: order, roots, and what patience has an end.
import { afterAll, expect, test } from "bun:test";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { enqueue, openQueue, queueRoots, waitingIn } from "../../src/ingest/outgoing.ts";
import { deliver } from "../../src/ingest/outgoing-send.ts";

const folder = mkdtempSync(join(tmpdir(), "monitor-test-"));
afterAll(() => rmSync(folder, { recursive: true }));

test("the order is that of arrival, also when the clock is set back", () => {
	const queue = openQueue([join(folder, "order")], "http://a");
	for (const [at, text] of [
		[5000, "one"],
		[5000, "two"],
		[1000, "three"],
		[6000, "four"],
	] as const) {
		enqueue(queue, text, at);
	}
	expect(waitingIn(queue).map(({ path }) => readFileSync(path, "utf8"))).toEqual(["one", "two", "three", "four"]);
});

test("each monitor has a queue of its own", () => {
	const one = openQueue([join(folder, "two")], "http://a");
	const other = openQueue([join(folder, "two")], "http://b");
	enqueue(one, "x", 1);
	expect(waitingIn(other)).toEqual([]);
	expect(readFileSync(join(one, "address"), "utf8")).toBe("http://a\n");
});

test("the first root that can be written is taken", () => {
	expect(queueRoots({ BACKUP_MONITOR_SPOOL: "/spool", HOME: folder, DATA_DIR: "/data" })).toEqual(["/spool"]);
	expect(queueRoots({ XDG_STATE_HOME: "/state", HOME: folder, DATA_DIR: "/data" })).toEqual([
		"/state/backup-monitor",
		join(folder, ".local/state/backup-monitor"),
		"/data/outgoing",
	]);
	const file = join(folder, "file");
	writeFileSync(file, "");
	expect(openQueue([join(file, "x"), join(folder, "roots")], "http://a").startsWith(join(folder, "roots"))).toBe(true);
	expect(() => openQueue([join(file, "x")], "http://a")).toThrow("no folder to keep reports in");
});

test("a token that stays wrong for a week ends the waiting; the report is kept aside", async () => {
	const server = Bun.serve({ port: 0, hostname: "127.0.0.1", fetch: () => new Response("no", { status: 401 }) });
	const queue = openQueue([join(folder, "token")], server.url.href);
	enqueue(queue, "{}\n", 1_000_000);
	const destination = { address: server.url, token: "wrong" };
	const send = (days: number) =>
		deliver(queue, destination, { signal: AbortSignal.timeout(5000), clock: () => 1_000_000 + days * 86_400_000 });
	expect(await send(6)).toMatchObject({ sent: 0, waiting: 1, trouble: expect.stringContaining("401") });
	expect(await send(8)).toMatchObject({
		sent: 0,
		waiting: 0,
		trouble: null,
		refused: [{ reason: expect.any(String) }],
	});
	expect(readdirSync(join(queue, "refused")).length).toBe(2);
	await server.stop(true);
});
