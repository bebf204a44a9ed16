// Pings as healthchecks takes them: every path, method, status and word that its clients depend on, and what they mean here.
import { afterAll, afterEach, beforeEach, describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { cleanUp } from "../binary.ts";
import { openSender, type Sender, type Sent } from "./sender.ts";

let lab: Sender;
beforeEach(async () => {
	lab = await openSender();
});
afterEach(() => lab.stop());
afterAll(cleanUp);

const ping = (path: string, sent: Sent = {}) => lab.send(`/ping/${lab.token}/${path}`, sent);
const rid = (n: number) => `0bfda624-fc6a-4f58-a522-63483183300${n}`;
const fixture = (path: string) => readFileSync(join(import.meta.dir, "../fixtures/tools", path), "utf8");
/** A job that exists, and its uuid. */
const uuid = async (name = "photos") => {
	await ping(name, { method: "GET" });
	return lab.tokens.uuidOf({ name, host: "" });
};

async function expectAnswer(response: Response, status: number, text: string): Promise<void> {
	expect([response.status, await response.text()]).toEqual([status, text]);
	expect(response.headers.get("content-type")).toBe("text/plain; charset=utf-8");
	expect(response.headers.get("access-control-allow-origin")).toBe("*");
	expect(response.headers.get("ping-body-limit")).toBe("100000");
}

describe("the address", () => {
	test("takes HEAD, GET, POST and PUT, with and without a slash at its end, by slug and by uuid", async () => {
		const id = await uuid();
		for (const method of ["HEAD", "GET", "POST", "PUT"]) {
			for (const base of [`/ping/${lab.token}/photos`, `/ping/${id}`, `/ping/${id.toUpperCase()}`]) {
				for (const action of ["", "/start", "/fail", "/log", "/0", "/1", "/255"]) {
					for (const slash of ["", "/"]) {
						await expectAnswer(await lab.send(`${base}${action}${slash}`, { method }), 200, "OK");
					}
				}
			}
		}
	});

	test("takes a body that comes in pieces without a length, as curl -T - sends it", async () => {
		const pieces = ["one\n", "two\n", "three"];
		const body = new ReadableStream<Uint8Array>({
			pull: (controller) => {
				const piece = pieces.shift();
				if (piece === undefined) controller.close();
				else controller.enqueue(new TextEncoder().encode(piece));
			},
		});
		await expectAnswer(await ping("photos/1", { method: "PUT", body }), 200, "OK");
		expect(await lab.runs()).toMatchObject([{ log: "one\ntwo\nthree", exit_code: 1, outcome: "failure" }]);
	});

	test("with capitals in the slug, a bad action or too many parts is 400 invalid url format", async () => {
		const id = await uuid();
		for (const path of [
			"Photos",
			"pho.tos",
			"caf%C3%A9",
			"photos/256",
			"photos/999",
			"photos/-1",
			"photos/stop",
			"photos/1e2",
		]) {
			await expectAnswer(await ping(path), 400, "invalid url format");
		}
		for (const path of ["256", "Start", "0x1"])
			await expectAnswer(await lab.send(`/ping/${id}/${path}`), 400, "invalid url format");
		expect(await lab.runs()).toHaveLength(1);
	});

	test("with a rid that is no uuid is 400 invalid uuid format", async () => {
		for (const bad of ["1", "", "not-a-uuid", `${rid(1)}0`]) {
			await expectAnswer(await ping(`photos?rid=${bad}`), 400, "invalid uuid format");
		}
		await expectAnswer(await ping(`photos/start?rid=${rid(1).replaceAll("-", "")}`), 200, "OK");
		await expectAnswer(await ping(`photos?rid=${rid(1).toUpperCase()}`), 200, "OK");
		expect(await lab.runs()).toMatchObject([{ backup_id: rid(1) }]);
	});

	test("with a uuid or key that nobody has is 404 not found", async () => {
		await expectAnswer(await lab.send("/ping/0b7a3c52-11d2-4a0e-9d2a-0a3f7f7b8f10"), 404, "not found");
		await expectAnswer(await lab.send("/ping/0b7a3c52-11d2-4a0e-9d2a-0a3f7f7b8f10/start"), 404, "not found");
		await expectAnswer(await lab.send("/ping/wrong-key/photos"), 404, "not found");
		await expectAnswer(await lab.send("/ping/photos"), 404, "not found");
		expect(await lab.runs()).toEqual([]);
	});

	test("of a job that is not there yet makes it, with create=1 and without, and answers 200", async () => {
		await expectAnswer(await ping("new-one/start?create=1"), 200, "OK");
		await expectAnswer(await ping("new-two?create=0"), 200, "OK");
		await expectAnswer(await ping("new-three"), 200, "OK");
		expect((await lab.runs()).map(({ job }) => job).sort()).toEqual(["new-one", "new-three", "new-two"]);
	});

	test("of a page of another site answers it: a ping is for everybody who has the key", async () => {
		const headers = { origin: "http://dashboard.lan", "sec-fetch-site": "cross-site" };
		await expectAnswer(await ping("photos", { method: "GET", headers }), 200, "OK");
	});
});

describe("a run", () => {
	test("lasts from its start to its end", async () => {
		await ping("photos/start");
		expect(await lab.runs()).toMatchObject([{ outcome: "running", ended_at: null, duration_total: null }]);
		lab.pass(90.25);
		await ping("photos");
		expect(await lab.runs()).toMatchObject([
			{
				outcome: "success",
				started_at: "2026-11-23T02:00:00.000Z",
				ended_at: "2026-11-23T02:01:30.250Z",
				duration_total: 90.25,
			},
		]);
	});

	test("without a start has an end and no duration", async () => {
		await ping("photos");
		expect(await lab.runs()).toMatchObject([{ outcome: "success", duration_total: null, size_bytes: null }]);
	});

	test("without an end stays running, and the next start is another run", async () => {
		await ping("photos/start");
		lab.pass(86_400);
		expect(await lab.runs()).toMatchObject([{ outcome: "running" }]);
		await ping("photos/start");
		lab.pass(60);
		await ping("photos");
		expect(await lab.runs()).toMatchObject([{ outcome: "running" }, { outcome: "success", duration_total: 60 }]);
	});

	test("is told apart from others at the same time by its rid", async () => {
		await ping(`photos/start?rid=${rid(1)}`);
		lab.pass(10);
		await ping(`photos/start?rid=${rid(2)}`);
		lab.pass(10);
		await ping(`photos/7?rid=${rid(1)}`);
		lab.pass(10);
		await ping(`photos?rid=${rid(2)}`);
		expect(await lab.runs()).toMatchObject([
			{ backup_id: rid(1), outcome: "failure", exit_code: 7, duration_total: 20 },
			{ backup_id: rid(2), outcome: "success", duration_total: 20 },
		]);
	});

	test("is not ended by another one's rid", async () => {
		await ping(`photos/start?rid=${rid(1)}`);
		lab.pass(10);
		await ping(`photos?rid=${rid(2)}`);
		expect(
			(await lab.runs()).map(({ backup_id, outcome, duration_total }) => [backup_id, outcome, duration_total]),
		).toEqual([
			[rid(1), "running", null],
			[rid(2), "success", null],
		]);
	});

	test("is not made by /log, whose text is added to the open one", async () => {
		await expectAnswer(await ping("photos/log", { body: "nothing runs" }), 200, "OK");
		expect(await lab.runs()).toEqual([]);
		await ping("photos/start");
		lab.pass(5);
		await ping("photos/log", { body: "half way" });
		expect(await lab.runs()).toMatchObject([{ outcome: "running", log: "half way" }]);
		lab.pass(5);
		await ping("photos");
		expect(await lab.runs()).toMatchObject([{ outcome: "success", log: "half way", duration_total: 10 }]);
		await ping("photos/log", { body: "afterwards" });
		expect(await lab.runs()).toHaveLength(1);
	});

	test("that failed says why: the last line of its body, else its exit status", async () => {
		await ping("photos/fail", { body: "copying\ndisk on fire\n\n" });
		lab.pass(1);
		await ping("photos/3");
		lab.pass(1);
		await ping("photos/fail");
		expect(await lab.runs()).toMatchObject([
			{ outcome: "failure", error_message: "disk on fire", exit_code: null },
			{ outcome: "failure", error_message: "exit status 3", exit_code: 3 },
			{ outcome: "failure", error_message: null, exit_code: null },
		]);
	});

	test("sent eight times at once is eight runs, though they come in the same millisecond", async () => {
		const answers = await Promise.all(Array.from({ length: 8 }, (_, n) => ping("photos", { body: `number ${n}` })));
		expect(answers.map(({ status }) => status)).toEqual(new Array(8).fill(200));
		const stored = await lab.runs();
		expect(stored.map(({ log }) => log).sort()).toEqual(Array.from({ length: 8 }, (_, n) => `number ${n}`));
	});

	test("keeps the end of a body that is longer than is kept, by whole characters", async () => {
		const body = `first line\n${"é".repeat(150_000)}\nlast line`;
		await expectAnswer(await ping("photos", { body }), 200, "OK");
		const [stored] = await lab.runs();
		expect(stored?.log).not.toContain("first line");
		expect(stored?.log).toEndWith("\nlast line");
		expect(stored?.log).not.toContain("\ufffd");
		expect(Buffer.byteLength(stored?.log)).toBeGreaterThan(99_990);
		expect(Buffer.byteLength(stored?.log)).toBeLessThanOrEqual(100_000);
	});

	test("keeps a body of control characters, which take more room in the journal than a line has", async () => {
		await expectAnswer(await ping("photos/fail", { body: "\u0001".repeat(100_000) }), 200, "OK");
		expect(await lab.runs()).toMatchObject([{ outcome: "failure" }]);
		expect(lab.journal()).toHaveLength(1);
	});

	test("keeps a body that is no UTF-8", async () => {
		await expectAnswer(await ping("photos/fail", { body: Buffer.from([0x63, 0xe9, 0x00, 0xff]) }), 200, "OK");
		expect(await lab.runs()).toMatchObject([{ outcome: "failure" }]);
	});
});

describe("a body that is a tool's own output", () => {
	test("of restic, glued by curl -d, gives its measures", async () => {
		const glued = fixture("restic/0.18.0-backup-first.stdout.jsonl").replaceAll("\n", "");
		const headers = { "content-type": "application/x-www-form-urlencoded" };
		await ping("photos/0", { body: glued, headers });
		const [stored] = await lab.runs();
		expect(stored).toMatchObject({ outcome: "success", labels: { tool: "restic" } });
		expect(stored?.snapshot_id).toMatch(/^[0-9a-f]{64}$/);
		expect(stored?.size_bytes).toBeGreaterThan(1e6);
		expect(stored?.duration_total).toBeGreaterThan(0);
	});

	test("of rsync with --stats gives its measures, and its exit status its own meaning", async () => {
		const stats =
			"Number of files: 71 (reg: 62, dir: 9)\nNumber of regular files transferred: 3\nTotal file size: 6,922,127 bytes\nLiteral data: 1,000 bytes\ntotal size is 6,922,127  speedup is 1.00\n";
		await ping("photos/0", { body: stats });
		lab.pass(1);
		await ping("photos/24", {
			body: `rsync warning: some files vanished before they could be transferred (code 24) at main.c(1347) [sender=3.4.1]\n${stats}`,
		});
		lab.pass(1);
		await ping("photos/23", {
			body: `rsync error: some files/attrs were not transferred (see previous errors) (code 23) at main.c(1347) [sender=3.4.1]\n${stats}`,
		});
		expect(await lab.runs()).toMatchObject([
			{ outcome: "success", size_bytes: 6_922_127, files_total: 62, labels: { tool: "rsync" } },
			{ outcome: "warning", exit_code: 24 },
			{ outcome: "failure", exit_code: 23 },
		]);
	});

	test("that tells of a failure makes a good ping a failure, and never the other way round", async () => {
		await ping("photos", {
			body: '{"message_type":"exit_error","code":12,"message":"Fatal: wrong password or no key found"}\n',
		});
		lab.pass(1);
		await ping("photos/fail", { body: fixture("restic/0.18.0-backup-first.stdout.jsonl") });
		expect(await lab.runs()).toMatchObject([
			{ outcome: "failure", error_category: "auth", error_message: expect.stringContaining("wrong password") },
			{ outcome: "failure", error_category: "unknown" },
		]);
	});

	test("of borgmatic that only checked is maintenance: the size chart and the averages know nothing of it", async () => {
		const requests = fixture("borgmatic/2.0.11-hooks-check-only.requests.jsonl").trim().split("\n");
		const sent: { target: string; body: string }[] = requests.map((line) => JSON.parse(line));
		const log = sent.findLast(({ target }) => target.startsWith("/ping/"))?.body ?? "";
		await ping("photos/start");
		lab.pass(60);
		await ping("photos", { body: log });
		lab.pass(60);
		await ping("photos/start");
		lab.pass(60);
		await ping("photos");
		const stored = await lab.runs();
		expect(stored.map(({ size_bytes }) => size_bytes)).toEqual([null, null]);
		expect(stored[0]?.kind).toBe("check");
		const page = await (await lab.send("/", { method: "GET" })).text();
		expect(page).not.toContain("0 B");
	});

	test("of borgmatic that failed while it pruned is a failed backup, whatever step it was in", async () => {
		const log = [
			"/mnt/none: Running prune",
			"Repository /mnt/none does not exist.",
			"borg prune --keep-daily 7 /mnt/none: Command 'borg prune --keep-daily 7 /mnt/none' returned non-zero exit status 2.",
		].join("\n");
		await ping("nightly/start");
		await expectAnswer(await ping("nightly/fail", { body: log }), 200, "OK");
		expect(await lab.runs()).toMatchObject([{ kind: "backup", outcome: "failure" }]);
	});

	test("of no tool is the log and nothing else", async () => {
		await ping("photos", { body: "backed up 42 photos, 12 MB" });
		expect(await lab.runs()).toMatchObject([
			{ outcome: "success", log: "backed up 42 photos, 12 MB", size_bytes: null, error_message: null },
		]);
	});
});

describe("while the database cannot be written", () => {
	const busy = async (during: () => Promise<void>) => {
		const { Database } = await import("bun:sqlite");
		const other = new Database(join(lab.dataDir, "backups.db"));
		other.run("BEGIN IMMEDIATE");
		try {
			await during();
		} finally {
			other.close();
		}
		await lab.monitor.catchUp();
	};

	test("pings are journaled and answered, and each is stored afterwards", async () => {
		await uuid();
		lab.pass(1);
		await busy(async () => {
			const answers = await Promise.all(Array.from({ length: 8 }, (_, n) => ping("photos", { body: `number ${n}` })));
			expect(answers.map(({ status }) => status)).toEqual(new Array(8).fill(200));
		});
		const logs = (await lab.runs()).map(({ log }) => log).filter((log) => log !== null);
		expect(logs.sort()).toEqual(Array.from({ length: 8 }, (_, n) => `number ${n}`));
	});

	test("an end finds its start, whether that was stored before or not", async () => {
		await ping("photos/start");
		lab.pass(30);
		await busy(async () => {
			await ping("photos");
			lab.pass(30);
			await ping("photos/start");
			lab.pass(30);
			await ping("photos/1");
			lab.pass(30);
			await ping(`photos/start?rid=${rid(1)}`);
			await ping("other/start");
		});
		lab.pass(30);
		await ping(`photos?rid=${rid(1)}`);
		expect((await lab.runs("photos")).map(({ outcome, duration_total }) => [outcome, duration_total])).toEqual([
			["success", 30],
			["failure", 30],
			["success", 30],
		]);
		expect(await lab.runs("other")).toMatchObject([{ outcome: "running" }]);
	});

	test("text of two bytes a letter and a form's field are read as the tool's words that they are", async () => {
		const words =
			fixture("restic/0.14.0-onemissing2-plain.stdout.txt") + fixture("restic/0.14.0-onemissing2-plain.stderr.txt");
		const bodies = {
			windows: Buffer.from(`\ufeff${words}`, "utf16le"),
			form: Buffer.from(`log=${encodeURIComponent(words)}`),
		};
		for (const [job, body] of Object.entries(bodies)) {
			await expectAnswer(await ping(job, { method: "POST", body }), 200, "OK");
			expect([job, await lab.runs(job)]).toMatchObject([
				job,
				[{ outcome: "warning", error_category: "source_missing", files_total: 8 }],
			]);
		}
		expect(JSON.stringify(await lab.runs("windows"))).not.toContain("\\u0000");
	});

	test("a ping that says all went well is a warning where its body says otherwise", async () => {
		await ping("photos", {
			method: "POST",
			body: "pg_dump: error: connection to server failed: Connection refused\ndone\n",
		});
		await ping("other", { method: "POST", body: "12 files copied\ndone\n" });
		expect(await lab.runs("photos")).toMatchObject([
			{ outcome: "warning", error_category: "network", error_message: expect.stringContaining("pg_dump") },
		]);
		expect(await lab.runs("other")).toMatchObject([{ outcome: "success" }]);
	});

	test("what no ping may be is refused in plain text", async () => {
		for (const [status, sent] of [
			[405, { method: "DELETE" }],
			[415, { method: "POST", body: "x", headers: { "content-encoding": "gzip" } }],
		] as const) {
			const response = await ping("photos", sent);
			const text = await response.text();
			expect([response.status, response.headers.get("content-type")]).toEqual([status, "text/plain; charset=utf-8"]);
			expect(text).not.toContain("{");
		}
	});

	test("a ping that reached the journal before the commit failed is stored once", async () => {
		await uuid();
		lab.pass(1);
		const { db } = lab.monitor;
		// A constraint that is only looked at when a transaction ends.
		db?.run("CREATE TABLE parent (id INTEGER PRIMARY KEY)");
		db?.run("CREATE TABLE child (id INTEGER REFERENCES parent DEFERRABLE INITIALLY DEFERRED)");
		db?.run("CREATE TRIGGER spoil AFTER INSERT ON run BEGIN INSERT INTO child VALUES (1); END");
		await expectAnswer(await ping("photos/start"), 200, "OK");
		lab.pass(10);
		await expectAnswer(await ping("photos"), 200, "OK");
		db?.run("DROP TRIGGER spoil");
		await lab.monitor.catchUp();
		expect(await lab.runs()).toMatchObject([{ outcome: "success" }, { outcome: "success", duration_total: 10 }]);
	});
});
