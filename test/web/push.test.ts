// Reports pushed as JSON: every form a body can have, what is answered, and that nothing is ever half stored.
import { afterAll, afterEach, beforeEach, describe, expect, test } from "bun:test";
import { rmSync } from "node:fs";
import { join } from "node:path";
import { cleanUp } from "../binary.ts";
import { openSender, type Sender } from "./sender.ts";

let lab: Sender;
beforeEach(async () => {
	lab = await openSender();
});
afterEach(() => lab.stop());
afterAll(cleanUp);

const aReport = (id: string, more: Record<string, unknown> = {}) => ({
	timestamp: "2026-11-23T01:00:00Z",
	backup_id: id,
	success: true,
	...more,
});
const body = (value: unknown) => JSON.stringify(value);
const ids = async () => (await lab.runs()).map(({ backup_id }) => backup_id).sort();

describe("a body", () => {
	test("of one object is stored, journaled and answered as it was understood", async () => {
		const report = aReport("a", { job: "photos", duration_total: 12.5, size_bytes: 123, extra: { kept: true } });
		const response = await lab.push(report);
		expect(response.status).toBe(200);
		expect(response.headers.get("content-type")).toBe("application/json; charset=utf-8");
		const answer = await response.json();
		expect(answer).toMatchObject({
			runs: [
				{ job: "photos", backup_id: "a", outcome: "success", success: true, duration_total: 12.5, files_total: null },
			],
			ignored: [],
		});
		const [stored] = await lab.runs();
		for (const [name, value] of Object.entries(answer.runs[0])) expect([name, stored?.[name]]).toEqual([name, value]);
		expect(lab.journal().map((line) => JSON.parse(line))).toEqual([
			{ ...report, received_at: "2026-11-23T02:00:00.000Z", road: "push" },
		]);
	});

	const two = [aReport("a"), aReport("b")];
	const forms: Record<string, string> = {
		"an array": body(two),
		"an indented array": JSON.stringify(two, null, "\t"),
		"one object a line": `${two.map(body).join("\n")}\n`,
		"one object a line, Windows line ends and blank lines": `\r\n${two.map(body).join("\r\n\r\n")}\r\n`,
		"an array behind a byte order mark": `\ufeff${body(two)}`,
		"lines behind a byte order mark": `\ufeff${two.map(body).join("\n")}`,
	};
	for (const [form, text] of Object.entries(forms)) {
		test(`of ${form} is read as what it is`, async () => {
			const response = await lab.send("/api/runs", { body: text });
			expect(response.status).toBe(200);
			expect((await response.json()).runs.map((run: { backup_id: string }) => run.backup_id)).toEqual(["a", "b"]);
			expect(await ids()).toEqual(["a", "b"]);
		});
	}

	test("of one indented object is one report, not a line each", async () => {
		const response = await lab.send("/api/runs", { body: JSON.stringify(aReport("a"), null, 2) });
		expect(response.status).toBe(200);
		expect(await ids()).toEqual(["a"]);
	});

	for (const type of [
		"application/x-www-form-urlencoded",
		"text/plain",
		"multipart/form-data",
		"image/png",
		"nonsense",
	]) {
		test(`is read by its looks, though its content type says ${type}`, async () => {
			const response = await lab.send("/api/runs", { body: body(aReport("a=b&c")), headers: { "content-type": type } });
			expect(response.status).toBe(200);
			expect(await ids()).toEqual(["a=b&c"]);
		});
	}
});

describe("a report that cannot be used", () => {
	const wrong: [string, string, RegExp][] = [
		["nothing", "", /^The body is empty/],
		["blanks", " \n ", /^The body is empty/],
		["an empty array", "[]", /array is empty/],
		["no JSON", "backup done", /^The body is not JSON/],
		["a form", "success=true&backup_id=a", /^The body is not JSON/],
		["a number", "5", /expected one JSON object, found 5/],
		["null", "null", /found null/],
		["an array in an array", "[[]]", /found an array/],
		["no backup_id", body({ ...aReport("a"), backup_id: undefined }), /^backup_id is missing/],
		["no timestamp", body({ ...aReport("a"), timestamp: undefined }), /^timestamp is missing/],
		[
			"a wrong timestamp",
			body(aReport("a", { timestamp: "yesterday" })),
			/^timestamp is "yesterday"; expected an ISO 8601/,
		],
		["no outcome", body(aReport("a", { success: undefined })), /^(?:success|outcome) is missing/],
		["an unknown outcome", body(aReport("a", { success: undefined, outcome: "perhaps" })), /^outcome is "perhaps"/],
		["success against outcome", body(aReport("a", { outcome: "failure" })), /outcome|success/],
		["a line that is none", `${body(aReport("a"))}\noops`, /^Line 2 is not JSON/],
		["lines that are cut", `${body(aReport("a"))}\n${body(aReport("b")).slice(0, 20)}`, /^Line 2 is not JSON/],
	];
	for (const [name, text, reason] of wrong) {
		test(`(${name}) is refused with 422 and the reason`, async () => {
			const response = await lab.send("/api/runs", { body: text });
			expect(response.status).toBe(422);
			expect((await response.json()).error).toMatch(reason);
			expect(await lab.runs()).toEqual([]);
			expect(lab.journal()).toEqual([]);
		});
	}

	test("is answered with its index, field and reason, each by itself", async () => {
		const answer = await (await lab.push([aReport("a"), { ...aReport("b"), timestamp: "yesterday" }])).json();
		expect(answer).toMatchObject({ index: 1, field: "timestamp" });
		expect(answer.reason).toContain("yesterday");
		expect(await (await lab.push({ ...aReport("a"), success: "maybe" })).json()).toMatchObject({ field: "success" });
	});

	test("takes the whole batch with it, and its index is named", async () => {
		const batch = [aReport("a"), aReport("b"), aReport("c", { timestamp: 7e99 }), aReport("d")];
		for (const text of [body(batch), batch.map(body).join("\n")]) {
			const response = await lab.send("/api/runs", { body: text });
			expect(response.status).toBe(422);
			expect((await response.json()).error).toMatch(/^element 2: timestamp is 7e\+99; expected /);
		}
		expect(await lab.runs()).toEqual([]);
		expect(lab.journal()).toEqual([]);
		expect((await (await lab.send("/api/jobs", { method: "GET" })).json()).jobs).toEqual([]);
	});

	test("because there are 1,000 jobs already says so, and its batch is refused whole", async () => {
		const many = Array.from({ length: 999 }, (_, n) => aReport("a", { job: `job ${n}` }));
		expect((await lab.push(many)).status).toBe(200);
		// Of two new jobs only one has room: neither is made.
		expect((await lab.push(["last", "one more"].map((job) => aReport("a", { job })))).status).toBe(422);
		expect((await (await lab.send("/api/jobs", { method: "GET" })).json()).jobs).toHaveLength(999);
		expect((await lab.push(aReport("a", { job: "last" }))).status).toBe(200);
		const response = await lab.push([aReport("b", { job: "job 1" }), aReport("b", { job: "one more" })]);
		expect(response.status).toBe(422);
		expect((await response.json()).error).toContain("at most 1000");
		expect((await lab.runs("job-1")).map(({ backup_id }) => backup_id)).toEqual(["a"]);
		expect(lab.journal()).toHaveLength(1000);
		// In the words of the other protocols, and never as an error of the server.
		expect((await lab.send(`/ping/${lab.token}/one-more`)).status).toBe(422);
		expect((await lab.send("/metrics/job/one-more", { body: "backup_success 1\n" })).status).toBe(422);
		expect((await lab.send("/api/v1/endpoints/_one-more/external?success=true")).status).toBe(422);
		expect((await lab.send("/ingest/generic?job=one-more&exit=0", { body: "done" })).status).toBe(422);
	});
});

describe("a job in the path", () => {
	const push = (path: string, report: unknown) => lab.push(report, `/api/jobs/${path}/runs`);

	test("is found by slug, by name, and made when it is new", async () => {
		await lab.push(aReport("a", { job: "My Photos", host: "pi" }));
		for (const [address, id] of [
			["my-photos", "b"],
			["My%20Photos", "c"],
		] as const) {
			expect((await push(address, aReport(id))).status).toBe(200);
		}
		expect((await push("mail", aReport("d"))).status).toBe(200);
		const stored = await lab.runs();
		expect(stored.map(({ job, host, backup_id }) => [job, host, backup_id]).sort()).toEqual([
			["My Photos", "pi", "a"],
			["My Photos", "pi", "b"],
			["My Photos", "pi", "c"],
			["mail", "", "d"],
		]);
	});

	test("that cannot be read is no job at all, least of all the default one", async () => {
		for (const address of ["%ff", "%20", "%E0%A4%A"]) {
			expect([address, (await push(address, aReport("a"))).status]).toEqual([address, 404]);
		}
		expect(await lab.runs()).toEqual([]);
	});

	test("of blanks, or longer than a name may be, is refused: the run is nobody else's", async () => {
		const pushTo = async (job: string) =>
			(await lab.send(`/api/jobs/${job}/runs`, { body: body(aReport("a")) })).status;
		expect([await pushTo("%20"), await pushTo("n".repeat(65))]).toEqual([404, 422]);
		expect(await lab.runs()).toEqual([]);
	});

	test("may be repeated in the body by slug or name, and not contradicted", async () => {
		await lab.push(aReport("a", { job: "My Photos" }));
		for (const job of ["my-photos", "My Photos", null]) {
			expect((await push("my-photos", aReport("b", { job }))).status).toBe(200);
		}
		for (const job of ["mail", "", 5]) {
			const response = await push("my-photos", [aReport("c"), aReport("d", { job })]);
			expect(response.status).toBe(422);
			expect((await response.json()).error).toBe("element 1: job in the body is not the job of the path");
		}
		expect(await ids()).toEqual(["a", "b"]);
	});
});

describe("the same run again", () => {
	test("is an update: the last report wins, whether it is better or worse", async () => {
		await lab.push(aReport("a", { size_bytes: 1 }));
		await lab.push({ ...aReport("a"), success: false, error_message: "gone" });
		expect(await lab.runs()).toMatchObject([{ outcome: "failure", error_message: "gone", size_bytes: null }]);
		await lab.push(aReport("a", { size_bytes: 2 }));
		expect(await lab.runs()).toMatchObject([{ outcome: "success", error_message: null, size_bytes: 2 }]);
		expect(lab.journal()).toHaveLength(3);
	});

	test("byte by byte applies again after another report of it came between", async () => {
		for (const success of [false, true, false]) await lab.push({ ...aReport("a"), success });
		expect(await lab.runs()).toMatchObject([{ outcome: "failure" }]);
	});

	test("in one batch: the last one counts", async () => {
		await lab.push([aReport("a"), { ...aReport("a"), success: false }]);
		expect(await lab.runs()).toMatchObject([{ outcome: "failure" }]);
	});

	test("closes the run that was running", async () => {
		const started = { timestamp: "2026-11-23T01:00:00Z", backup_id: "a", outcome: "running" };
		expect((await (await lab.push(started)).json()).runs[0]).toMatchObject({ outcome: "running", success: null });
		expect(await lab.runs()).toMatchObject([{ outcome: "running", ended_at: null }]);
		await lab.push(aReport("a", { duration_total: 60 }));
		expect(await lab.runs()).toMatchObject([{ outcome: "success", ended_at: "2026-11-23T01:01:00.000Z" }]);
	});

	test("from another host is another run", async () => {
		await lab.push([aReport("a", { host: "pi" }), aReport("a", { host: "nas" }), aReport("a")]);
		expect((await lab.runs()).map(({ host }) => host).sort()).toEqual(["", "nas", "pi"]);
	});
});

describe("a hostile body", () => {
	const deep = (depth: number) => `${'{"a":'.repeat(depth)}1${"}".repeat(depth)}`;
	const cases: [string, string, number][] = [
		["120,000 levels deep", `{"x":${deep(120_000)}}`, 422],
		["120,000 arrays deep", "[".repeat(120_000) + "]".repeat(120_000), 422],
		["only brackets", "[".repeat(500_000), 422],
		["of 300 KB in one field", body(aReport("a", { log: "x".repeat(300_000) })), 422],
		["with NUL bytes", "\0".repeat(1000), 422],
		["of 50,000 broken lines", "{\n".repeat(50_000), 422],
	];
	for (const [name, text, status] of cases) {
		test(`${name} costs nothing and stores nothing`, async () => {
			const from = performance.now();
			const response = await lab.send("/api/runs", { body: text });
			expect(response.status).toBe(status);
			expect((await response.json()).error.length).toBeLessThan(300);
			expect(performance.now() - from).toBeLessThan(1500);
			expect(await lab.runs()).toEqual([]);
			expect(lab.journal()).toEqual([]);
		});
	}

	test("with the keys of prototypes changes no prototype", async () => {
		const text = `{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}},"timestamp":"2026-11-23T01:00:00Z","backup_id":"a","success":true,"labels":{"__proto__":"x","toString":"y"},"phases":{"__proto__":1,"hasOwnProperty":2},"metrics":{"__proto__":3}}`;
		expect((await lab.send("/api/runs", { body: text })).status).toBe(200);
		expect(Object.hasOwn(Object.prototype, "polluted")).toBe(false);
		const [stored] = await lab.runs();
		expect(stored?.backup_id).toBe("a");
		expect((await lab.send("/", { method: "GET" })).status).toBe(200);
	});

	test("with bytes that are no UTF-8 is stored with their places marked", async () => {
		const [head = "", tail = ""] = body(
			aReport("a", { error_message: "caf?", success: undefined, outcome: "failure" }),
		).split("?");
		const bytes = Buffer.concat([Buffer.from(head), Buffer.from([0xe9, 0xff]), Buffer.from(tail)]);
		expect((await lab.send("/api/runs", { body: bytes })).status).toBe(200);
		expect(await lab.runs()).toMatchObject([{ error_message: "caf\ufffd\ufffd" }]);
	});

	test("with a key twice is read as JSON has it: the last one", async () => {
		const text = `{"success":true,${body(aReport("a", { success: false })).slice(1)}`;
		expect((await lab.send("/api/runs", { body: text })).status).toBe(200);
		expect(await lab.runs()).toMatchObject([{ outcome: "failure" }]);
	});

	test("is taken up to the length that the journal can read again, with what it adds", async () => {
		const ofLength = (bytes: number) =>
			body(aReport("a", { extra: "x".repeat(bytes - body(aReport("a", { extra: "" })).length) }));
		expect((await lab.send("/api/runs", { body: ofLength(262_144) })).status).toBe(422);
		expect((await lab.send("/api/runs", { body: ofLength(262_090) })).status).toBe(422);
		expect(lab.journal()).toEqual([]);
		expect((await lab.send("/api/runs", { body: ofLength(262_089) })).status).toBe(200);
		expect(lab.journal()[0]?.length).toBe(262_144);
		await lab.stop();
		for (const end of ["", "-wal", "-shm"]) rmSync(join(lab.dataDir, `backups.db${end}`), { force: true });
		lab = await openSender({}, lab.dataDir);
		expect(await ids()).toEqual(["a"]);
	});

	test("cannot write the journal's own fields, nor a second line", async () => {
		const report = aReport("a", { received_at: "1999-01-01T00:00:00Z", road: "file", log: 'one\n{"two":2}\u2028' });
		expect((await lab.push(report)).status).toBe(200);
		expect(lab.journal()).toHaveLength(1);
		expect(JSON.parse(lab.journal()[0] ?? "")).toMatchObject({ received_at: "2026-11-23T02:00:00.000Z", road: "push" });
	});
});
