// Uptime Kuma pushes, the Gatus external endpoint and the Prometheus Pushgateway: each as its own server answers.
import { afterAll, afterEach, beforeEach, describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { cleanUp } from "../binary.ts";
import { openSender, type Sender } from "./sender.ts";

let lab: Sender;
beforeEach(async () => {
	lab = await openSender();
});
afterEach(() => lab.stop());
afterAll(cleanUp);

describe("Uptime Kuma", () => {
	const makeJob = async () => {
		await lab.push({ timestamp: "2026-11-01T00:00:00Z", backup_id: "first", job: "photos", success: true });
		return lab.tokens.kumaTokenOf({ name: "photos", host: "" });
	};
	const newer = async () => (await lab.runs()).slice(1);

	test("msg=start opens a run and the next push closes it", async () => {
		const token = await makeJob();
		const get = (search: string) => lab.send(`/api/push/${token}${search}`, { method: "GET", token: null });
		const response = await get("?status=up&msg=start");
		expect([response.status, await response.json()]).toEqual([200, { ok: true }]);
		expect(response.headers.get("content-type")).toStartWith("application/json");
		expect(await newer()).toMatchObject([{ outcome: "running", job: "photos" }]);
		lab.pass(40);
		expect((await get("?status=up&msg=finish")).status).toBe(200);
		expect(await newer()).toMatchObject([{ outcome: "success", duration_total: 40 }]);
		lab.pass(1);
		await get("?status=up&msg=start");
		lab.pass(5);
		await get("?status=down&msg=fail");
		expect(await newer()).toMatchObject([
			{ outcome: "success" },
			{ outcome: "failure", error_message: "fail", duration_total: 5 },
		]);
	});

	test("takes every method, no status as up, an empty ping, and the milliseconds of one", async () => {
		const token = await makeJob();
		for (const [method, search] of [
			["GET", ""],
			["POST", "?status=up&msg=OK&ping="],
			["PUT", "?ping=12.5"],
			["HEAD", "?status=nonsense&msg=rsync+failed%3a+exit+23"],
		] as const) {
			lab.pass(1);
			expect((await lab.send(`/api/push/${token}${search}`, { method, token: null })).status).toBe(200);
		}
		expect(await newer()).toMatchObject([
			{ outcome: "success", duration_total: null, error_message: null, metrics: {} },
			{ outcome: "success", metrics: {} },
			{ outcome: "success", metrics: { ping_ms: 12.5 } },
			{ outcome: "failure", error_message: "rsync failed: exit 23" },
		]);
	});

	test("answers 404 in its own words for a token that nobody has, and for a ping that is no number", async () => {
		const token = await makeJob();
		const unknown = await lab.send("/api/push/AbC123dEf4?status=up", { method: "GET" });
		expect(unknown.status).toBe(404);
		expect(await unknown.json()).toEqual({ ok: false, msg: "Monitor not found or not active." });
		for (const ping of ["fast", "-1", "1e12", "NaN"]) {
			const response = await lab.send(`/api/push/${token}?ping=${ping}`, { method: "GET" });
			expect([ping, response.status, (await response.json()).ok]).toEqual([ping, 404, false]);
		}
		expect(await newer()).toEqual([]);
	});
});

describe("Gatus", () => {
	const report = (search: string, token: string | null = lab.token, key = "home_photos") =>
		lab.send(`/api/v1/endpoints/${key}/external${search}`, { token });

	test("takes success, error and duration, and answers 200 with nothing", async () => {
		const response = await report("?success=true&duration=1m30s");
		expect([response.status, await response.text()]).toEqual([200, ""]);
		lab.pass(200);
		expect((await report("?success=false&error=disk%20full")).status).toBe(200);
		expect(await lab.runs()).toMatchObject([
			{ job: "home_photos", outcome: "success", duration_total: 90, started_at: "2026-11-23T01:58:30.000Z" },
			{ outcome: "failure", error_message: "disk full", error_category: "unknown", duration_total: null },
		]);
	});

	test("reports of a job that is there already go to it, and several in one millisecond are several", async () => {
		await lab.push({ timestamp: "2026-11-01T00:00:00Z", backup_id: "a", job: "My Photos", host: "pi", success: true });
		const answers = await Promise.all([1, 2, 3].map(() => report("?success=true", lab.token, "_my-photos")));
		expect(answers.map(({ status }) => status)).toEqual([200, 200, 200]);
		expect((await lab.runs()).map(({ job, host }) => `${job}@${host}`)).toEqual(new Array(4).fill("My Photos@pi"));
	});

	test("refuses in its words what it cannot use", async () => {
		for (const [search, token, status, words] of [
			["", lab.token, 400, "missing or invalid success query parameter"],
			["?success=1", lab.token, 400, "missing or invalid success query parameter"],
			["?success=true&duration=soon", lab.token, 400, "invalid duration"],
			["?success=true", null, 401, "invalid Authorization header"],
			["?success=true", "wrong", 401, "invalid token"],
		] as const) {
			const response = await report(search, token);
			expect([response.status, await response.text()]).toEqual([status, words]);
		}
		expect(await lab.runs()).toEqual([]);
	});
});

describe("the Pushgateway", () => {
	const push = (path: string, body: string, method = "POST", headers: Record<string, string> = {}) =>
		lab.send(`/metrics/job/${path}`, { method, body, headers });

	// Exchanges with the real 1.5.1: the request on the first lines, then status, type, length, and the text.
	const text = readFileSync(join(import.meta.dir, "../fixtures/prometheus/1.5.1-pushgateway-responses.txt"), "utf8");
	const exchanges = [
		...text.matchAll(
			/^--- -X (\w+)(?: --data-binary ([\s\S]*?))? http:\/\/[^/]+(\/metrics\/\S+)\n(\d+) (\S.*?)? ?len=(\d+)\n([\s\S]*?)(?=^---|(?![\s\S]))/gm,
		),
	];
	test("answers as the captured one does", async () => {
		expect(exchanges.length).toBeGreaterThanOrEqual(5);
		for (const [, method = "", body = "", path = "", status, , length, said = ""] of exchanges) {
			if (body.includes("/dev/fd/")) continue;
			const response = await lab.send(path, { method, body: method === "DELETE" ? null : body });
			expect([path, method, response.status]).toEqual([path, method, Number(status)]);
			const answered = await response.text();
			expect(answered.trim()).toBe(said.trim());
			if (length === "0") expect(answered).toBe("");
		}
	});

	test("makes a run of the usual names, and keeps the rest beside it", async () => {
		const body = [
			"# HELP backup_duration_seconds How long it took.",
			"# TYPE backup_duration_seconds gauge",
			"backup_duration_seconds 6.15e+01",
			'backup_size_bytes{dir="/srv, with } and \\"quotes\\""} 5312442',
			`backup_last_success_timestamp_seconds ${lab.now() / 1000 - 10}`,
			"backup_success 1",
			"backup_temperature_celsius 41.5",
			"",
		].join("\n");
		expect((await push("backup/instance/pi/name/nightly", body)).status).toBe(200);
		const wanted = {
			job: "backup",
			host: "pi",
			outcome: "success",
			duration_total: 61.5,
			size_bytes: 5_312_442,
			ended_at: "2026-11-23T01:59:50.000Z",
			labels: { name: "nightly" },
			metrics: { backup_temperature_celsius: 41.5 },
		};
		expect(await lab.runs()).toMatchObject([wanted]);
		// Scripts push the same again and again: it is the same run.
		expect((await push("backup/instance/pi/name/nightly", body, "PUT")).status).toBe(200);
		expect(await lab.runs()).toMatchObject([wanted]);
	});

	test("reads resticprofile's status, exit codes and failures", async () => {
		await push("a", "resticprofile_backup_status 0\n");
		await push("b", "resticprofile_backup_status 1\n");
		await push("c", "resticprofile_backup_status 2\nresticprofile_backup_processed_bytes 3.141625e+06\n");
		await push("d", "backup_exit_code 23\n");
		await push("e", "backup_failed 0\n");
		await push("f", "backup_success 0\n");
		const stored = (await lab.runs()).sort((a, b) => a.job.localeCompare(b.job));
		expect(stored.map(({ job, outcome }) => `${job} ${outcome}`)).toEqual([
			"a failure",
			"b warning",
			"c success",
			"d failure",
			"e success",
			"f failure",
		]);
		expect(stored[2]?.size_bytes).toBe(3_141_625);
		expect(stored[3]?.error_message).toBe("exit status 23");
	});

	test("makes no run, and no job, of what says nothing about success", async () => {
		for (const body of ["", "backup_duration_seconds 5\n", "up NaN\n", "backup_success NaN\n", "# nothing\n"]) {
			expect((await push("quiet", body)).status).toBe(200);
		}
		expect((await push("quiet", "", "DELETE")).status).toBe(202);
		expect(await lab.runs()).toEqual([]);
		expect((await (await lab.send("/api/jobs", { method: "GET" })).json()).jobs).toEqual([]);
	});

	test("reads labels in base 64, with and without padding, and escapes in the path", async () => {
		const encoded = Buffer.from("my/job ü").toString("base64url");
		for (const path of [
			`/metrics/job@base64/${encoded}`,
			`/metrics/job@base64/${encoded}==`,
			`/metrics/job/my%2Fjob%20%C3%BC/instance@base64/${Buffer.from("pi").toString("base64")}`,
			`/metrics/job/my%2Fjob%20%C3%BC/instance@base64/=`,
		]) {
			expect([path, (await lab.send(path, { body: "backup_success 1\n" })).status]).toEqual([path, 200]);
			lab.pass(1);
		}
		expect((await lab.runs()).map(({ job, host }) => [job, host])).toEqual([
			["my/job ü", ""],
			["my/job ü", ""],
			["my/job ü", "pi"],
			["my/job ü", ""],
		]);
	});

	test("refuses what is no text format, what is compressed and what is too long", async () => {
		for (const body of [
			"backup_success\n",
			"backup success 1\n",
			"1 2\n",
			"{}\n",
			'a{b="c} 1\n',
			"backup_success one\n",
		]) {
			const response = await push("photos", body);
			expect([body, response.status, await response.text()]).toEqual([
				body,
				400,
				expect.stringContaining("text format parsing error in line 1"),
			]);
		}
		expect((await push("photos", "x", "POST", { "content-encoding": "gzip" })).status).toBe(415);
		expect((await push("photos", "a 1\n".repeat(300_000))).status).toBe(413);
		expect((await lab.send("/metrics/job/", { body: "backup_success 1\n" })).status).toBeGreaterThanOrEqual(400);
		expect(await lab.runs()).toEqual([]);
	});
});
