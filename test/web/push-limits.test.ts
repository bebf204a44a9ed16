// Reports that meet a limit: of size, of the disk, of a database that somebody else holds. The compiled server.
import { Database } from "bun:sqlite";
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { childOf, cleanUp, makeFolder, peakMemory, type Started, startServer, until } from "../binary.ts";

let server: Started;
beforeAll(async () => {
	server = await startServer();
});
afterAll(cleanUp);

const env = { RETENTION_DAYS: "36500" };
const tokenOf = ({ dataDir }: { dataDir: string }) => readFileSync(join(dataDir, "push-token"), "utf8").trim();
const report = (id: string, more: Record<string, unknown> = {}) => ({
	timestamp: "2026-11-23T01:00:00Z",
	backup_id: id,
	job: "photos",
	success: true,
	...more,
});
const send = (to: Started, path: string, body: BodyInit, headers: Record<string, string> = {}, token = tokenOf(to)) =>
	to.get(path, { method: "POST", body, headers: { authorization: `Bearer ${token}`, ...headers } });
const push = (to: Started, value: unknown, token = tokenOf(to)) =>
	send(to, "/api/runs", JSON.stringify(value), {}, token);
const ids = async (from: Started): Promise<string[]> =>
	(await from.json("/api/runs?limit=365")).runs.map(({ backup_id }: { backup_id: string }) => backup_id).sort();

/** A body without a length, of so many bytes. */
function streamed(bytes: number): ReadableStream<Uint8Array> {
	let left = bytes;
	return new ReadableStream({
		pull: (controller) => {
			if (left <= 0) controller.close();
			else controller.enqueue(new Uint8Array(Math.min(left, 65_536)).fill(32));
			left -= 65_536;
		},
	});
}

describe("a body", () => {
	const mebibyte = 1024 * 1024;
	const whole = (bytes: number) => {
		const [first, last] = [report("a"), report("b")].map((one) => JSON.stringify(one));
		return `[${first},${" ".repeat(bytes - (first?.length ?? 0) - (last?.length ?? 0) - 3)}${last}]`;
	};

	test("of exactly 1 MiB is taken", async () => {
		expect((await send(server, "/api/runs", whole(mebibyte))).status).toBe(200);
		expect(await ids(server)).toEqual(["a", "b"]);
	});

	test("of many senders at once that is large waits its turn: 503 to try again, while small ones are taken", async () => {
		const token = tokenOf(server);
		const head = `POST /api/runs HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ${token}\r\nContent-Length: ${mebibyte}\r\n\r\n[`;
		const ignored = { data: () => {}, error: () => {} };
		const slow = await Promise.all(
			Array.from({ length: 16 }, () =>
				Bun.connect({
					hostname: "127.0.0.1",
					port: server.port,
					socket: { ...ignored, open: (to) => void to.write(head) },
				}),
			),
		);
		let last = new Response();
		await until(async () => {
			last = await send(server, "/api/runs", whole(mebibyte));
			return last.status === 503;
		});
		expect(last.headers.get("retry-after")).toBe("5");
		expect((await push(server, report("a"))).status).toBe(200);
		for (const socket of slow) socket.terminate();
		await until(async () => (await send(server, "/api/runs", whole(mebibyte))).status === 200);
	});

	test("over 1 MiB is 413, whether its length is declared or comes in pieces", async () => {
		for (const body of [whole(mebibyte + 1), streamed(mebibyte + 1), streamed(8 * mebibyte)]) {
			const response = await send(server, "/api/jobs/photos/runs", body);
			expect(response.status).toBe(413);
			expect(await response.json()).toEqual({ error: "The body is over 1048576 bytes." });
		}
		expect((await server.get("/health")).status).toBe(200);
	});

	test("that is compressed is 415 on every road", async () => {
		const body = Bun.gzipSync(Buffer.from(JSON.stringify(report("c"))));
		for (const path of ["/api/runs", "/ingest/auto", `/ping/${tokenOf(server)}/photos`, "/metrics/job/photos"]) {
			expect([path, (await send(server, path, body, { "content-encoding": "gzip" })).status]).toEqual([path, 415]);
		}
		expect(await ids(server)).toEqual(["a", "b"]);
	});

	test("of a ping may be long: its end is kept and the rest is read and dropped, never held", async () => {
		const before = peakMemory(server.pid);
		const answers = await Promise.all(
			["long", "long/", "long/1"].map((path) =>
				send(server, `/ping/${tokenOf(server)}/${path}`, streamed(40 * mebibyte)),
			),
		);
		for (const answer of answers) expect([answer.status, await answer.text()]).toEqual([200, "OK"]);
		expect(peakMemory(server.pid) - before).toBeLessThan(80e6);
	});

	test("of a tool may be 60 MB of progress, and costs little memory", async () => {
		const before = peakMemory(server.pid);
		const line = `{"message_type":"status","percent_done":0.5,"current_files":["/srv/${"x".repeat(80)}"]}\n`;
		const summary = `{"message_type":"summary","files_new":1,"files_changed":0,"files_unmodified":0,"data_added":5,"total_files_processed":1,"total_bytes_processed":7,"total_duration":1.5,"snapshot_id":"${"ab".repeat(32)}"}\n`;
		let left = 60_000_000 / line.length;
		const block = Buffer.from(line.repeat(500));
		const body = new ReadableStream({
			pull: (controller) => {
				left -= 500;
				if (left > 0) return controller.enqueue(block);
				controller.enqueue(Buffer.from(summary));
				controller.close();
			},
		});
		const response = await send(server, "/ingest/restic?job=flood", body);
		expect(response.status).toBe(200);
		expect((await response.json()).runs).toMatchObject([{ size_bytes: 7, duration_total: 1.5, outcome: "success" }]);
		expect(peakMemory(server.pid) - before).toBeLessThan(60e6);
	});

	test("that is hostile to an adapter's reading of JSON costs nothing", async () => {
		for (const text of [
			'{"a":'.repeat(100_000),
			"[".repeat(500_000),
			`${'{"x":"'.repeat(50_000)}`,
			"}{".repeat(300_000),
		]) {
			const from = performance.now();
			expect((await send(server, "/ingest/auto?job=hostile&exit=0", text)).status).toBe(200);
			expect(performance.now() - from).toBeLessThan(2000);
		}
	});
});

test("while another program holds the database: 202, safe in the journal, stored by itself afterwards", async () => {
	const before = await ids(server);
	const other = new Database(join(server.dataDir, "backups.db"));
	// What came before may still be being stored.
	other.run("PRAGMA busy_timeout = 5000");
	other.run("BEGIN IMMEDIATE");
	const answers = await Promise.all(["l1", "l2", "l3"].map((id) => push(server, report(id))));
	expect(answers.map(({ status }) => status)).toEqual([202, 202, 202]);
	const [first] = await Promise.all(answers.map((answer) => answer.json()));
	expect(first.runs).toMatchObject([{ backup_id: "l1", outcome: "success" }]);
	const ping = await server.get(`/ping/${tokenOf(server)}/photos`, { method: "POST" });
	expect([ping.status, await ping.text()]).toEqual([200, "OK"]);
	expect((await send(server, "/metrics/job/photos", "backup_success 1\n")).status).toBe(200);
	expect((await push(server, report("bad", { timestamp: null }))).status).toBe(422);
	expect(await ids(server)).toEqual(before);
	const journal = readFileSync(join(server.dataDir, "received.jsonl"), "utf8");
	for (const id of ["l1", "l2", "l3"]) expect(journal).toContain(`"backup_id":"${id}"`);
	other.close();
	await until(async () => (await ids(server)).length === before.length + 5, 8000);
	expect((await push(server, report("after"))).status).toBe(200);
	expect(await ids(server)).toEqual(expect.arrayContaining(["l1", "l2", "l3", "after"]));
	expect(await server.json("/health")).toEqual({ status: "ok" });
}, 20_000);

test("killed between the journal and the database: what was answered is stored at the next start", async () => {
	const other = new Database(join(server.dataDir, "backups.db"));
	// What came before may still be being stored.
	other.run("PRAGMA busy_timeout = 5000");
	other.run("BEGIN IMMEDIATE");
	expect((await push(server, report("killed"))).status).toBe(202);
	await server.kill();
	other.close();
	server = await startServer({ dataDir: server.dataDir });
	await until(async () => (await ids(server)).includes("killed"), 5000);
}, 20_000);

test("on a full disk: 507 and 503, nothing half stored, and it goes on when there is room", async () => {
	const namespace = process.getuid?.() === 0 ? ["unshare", "-m"] : ["unshare", "-rm"];
	const dataDir = makeFolder();
	const mount = `mount -t tmpfs -o size=24m tmpfs "${dataDir}" && exec "$@"`;
	const full = await startServer({ dataDir, env, prefix: [...namespace, "sh", "-c", mount, "sh"] });
	const inside = `/proc/${full.pid}/root${dataDir}`;
	const token = tokenOf({ dataDir: inside });
	expect((await push(full, report("before"), token)).status).toBe(200);
	const journal = () => readFileSync(join(inside, "received.jsonl"), "utf8");
	const kept = journal();

	// None at all, noticed while writing; then too little for safety.
	for (const size of [30_000_000, 10_000_000]) {
		try {
			writeFileSync(join(inside, "filler"), Buffer.alloc(size));
		} catch {
			// Full.
		}
		await until(async () => (await push(full, report("before"), token)).status === 507, 5000);
		expect((await (await push(full, report("during"), token)).json()).error).toMatch(/disk is full|cannot be written/);
		expect((await send(full, "/ingest/generic?job=photos&exit=0", "done", {}, token)).status).toBe(507);
		const ping = await full.get(`/ping/${token}/photos`, { method: "POST" });
		expect([ping.status, await ping.text()]).toEqual([503, "the report could not be stored"]);
		expect((await send(full, "/metrics/job/photos", "backup_success 1\n", {}, token)).status).toBe(503);
		expect((await send(full, "/api/v1/endpoints/_photos/external?success=true", "", {}, token)).status).toBe(503);
		expect(await ids(full)).toEqual(["before"]);
		expect((await full.get("/")).status).toBe(200);
		expect(journal().startsWith(kept)).toBe(true);
		expect(journal()).not.toContain("during");
	}

	writeFileSync(join(inside, "filler"), "");
	await until(async () => (await push(full, report("after"), token)).status === 200, 8000);
	expect(await ids(full)).toEqual(["after", "before"]);
	await full.stop();
}, 30_000);

test("a journal that cannot be written though there is room is said with its reason, and no longer once it can", async () => {
	const dataDir = makeFolder();
	const log = join(makeFolder(), "calls");
	const journal = join(dataDir, "received.jsonl");
	// A quota: the first report is taken, the next two writes to the journal fail, those after them do not.
	const quota = ["-P", journal, "-e", "trace=write,pwrite64", "-e", "inject=write,pwrite64:error=EDQUOT:when=2..3"];
	const limited = await startServer({ dataDir, env, prefix: ["strace", "-f", "-o", log, ...quota] });
	const told = async () =>
		(await limited.json("/api/health")).problems.find(({ id }: { id: string }) => id === "disk-full");
	expect((await push(limited, report("before"))).status).toBe(200);
	expect(await told()).toBeUndefined();
	const refused = await push(limited, report("during"));
	expect(refused.status).toBe(507);
	expect((await refused.json()).error).toContain("EDQUOT");
	await until(async () => (await told()) !== undefined, 5000, "told");
	expect(await told()).toMatchObject({
		title: expect.stringContaining(dataDir),
		detail: expect.stringContaining("EDQUOT"),
	});
	expect(await limited.json("/health")).toMatchObject({ status: "degraded" });
	// Nobody sends anything: it is found out all the same.
	await until(async () => (await told()) === undefined, 20_000, "gone");
	expect(await limited.json("/health")).toEqual({ status: "ok" });
	expect((await push(limited, report("after"))).status).toBe(200);
	expect(await ids(limited)).toEqual(["after", "before"]);
	expect(readFileSync(journal, "utf8").trim().split("\n")).toHaveLength(2);
	process.kill(childOf(limited), "SIGTERM");
	await limited.exited;
}, 40_000);
