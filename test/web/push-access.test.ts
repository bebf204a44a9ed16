// Who may report: tokens in every place where clients put them, tokens for one job, and what a wrong one costs.
import { afterAll, afterEach, describe, expect, test } from "bun:test";
import { readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { cleanUp, makeFolder } from "../binary.ts";
import { openSender, type Sender, type Sent } from "./sender.ts";

let lab: Sender;
afterEach(() => lab.stop());
afterAll(cleanUp);

const open = async (env: Record<string, string> = {}) => {
	lab = await openSender(env);
	return lab;
};

const report = (job: string, id = "a") =>
	JSON.stringify({ job, timestamp: "2026-11-23T01:00:00Z", backup_id: id, success: true });
const push = (sent: Sent, job = "photos", path = "/api/runs") => lab.send(path, { body: report(job), ...sent });
const basic = (user: string, password: string) => `Basic ${btoa(`${user}:${password}`)}`;

describe("the server's token", () => {
	test("is made at the first start, for its owner alone, and stays", async () => {
		await open();
		expect(statSync(join(lab.dataDir, "push-token")).mode & 0o777).toBe(0o600);
		expect(statSync(join(lab.dataDir, "job-key")).mode & 0o777).toBe(0o600);
		expect(lab.token).toMatch(/^[0-9a-f]{48}$/);
		const { dataDir, token } = lab;
		await lab.stop();
		lab = await openSender({}, dataDir);
		expect(lab.token).toBe(token);
	});

	test("that a power cut left empty is made again, and so is the key of the jobs' addresses", async () => {
		const dataDir = makeFolder();
		for (const left of ["", "\n", "\0".repeat(49)]) {
			for (const file of ["push-token", "job-key"]) writeFileSync(join(dataDir, file), left);
			lab = await openSender({}, dataDir);
			expect(lab.token).toMatch(/^[0-9a-f]{48}$/);
			expect(readFileSync(join(dataDir, "job-key"), "utf8")).toMatch(/^[0-9a-f]{64}\n$/);
			expect(statSync(join(dataDir, "push-token")).mode & 0o777).toBe(0o600);
			await lab.stop();
		}
		await open();
	});

	test("is taken as Bearer, as the password of Basic, and from the query", async () => {
		await open();
		const { token } = lab;
		for (const authorization of [`Bearer ${token}`, `bearer  ${token}`, basic("", token), basic("anybody", token)]) {
			expect((await push({ token: null, headers: { authorization } })).status).toBe(200);
		}
		expect((await push({ token: null }, "photos", `/api/runs?token=${token}`)).status).toBe(200);
	});

	test("that is missing or wrong is 401, with the sentence that helps, and stores nothing", async () => {
		await open();
		const wrong: [Sent, string][] = [
			[{ token: null }, "A token is needed"],
			[{ token: "wrong" }, "The token is wrong"],
			[{ token: `${lab.token}0` }, "The token is wrong"],
			[{ token: lab.token.slice(0, -1) }, "The token is wrong"],
			[{ token: lab.token.toUpperCase() }, "The token is wrong"],
			[{ token: null, headers: { authorization: basic(lab.token, "") } }, "The token is wrong"],
			[{ token: null, headers: { authorization: `Digest ${lab.token}` } }, "A token is needed"],
			[{ token: "none" }, "The token is wrong"],
		];
		for (const [index, [sent, message]] of wrong.entries()) {
			const response = await push({ ...sent, address: `192.0.2.${index}` });
			expect([index, response.status]).toEqual([index, 401]);
			expect((await response.json()).error).toContain(message);
		}
		for (const path of ["/api/jobs/photos/runs", "/ingest/generic?job=photos", "/metrics/job/photos"]) {
			expect((await push({ token: "wrong", address: "192.0.2.99" }, "photos", path)).status).toBe(401);
		}
		expect(await lab.runs()).toEqual([]);
		expect(lab.journal()).toEqual([]);
	});

	test("with signs that a path must escape is decoded once", async () => {
		await open({ PUSH_TOKEN: "half%41/?#&token" });
		const { send, token } = lab;
		expect((await send(`/ping/${encodeURIComponent(token)}/photos`, { token: null })).status).toBe(200);
		expect((await send(`/ping/${encodeURIComponent("halfA/?#&token")}/photos`, { token: null })).status).toBe(404);
		expect((await send("/ping/half%ZZ/photos", { token: null })).status).toBe(404);
		expect((await send("/ping/%ff/%ff/%ff", { token: null })).status).toBe(400);
		expect((await send("/api/push/%ff", { token: null })).status).toBe(404);
		expect((await send("/api/v1/endpoints/%ff/external?success=true")).status).toBe(404);
	});

	test("can be given as a variable, or as a file", async () => {
		await open({ PUSH_TOKEN: "from-the-variable" });
		expect((await push({ token: "from-the-variable" })).status).toBe(200);
		expect((await push({ token: "from-the-file" })).status).toBe(401);
		await lab.stop();
		const file = join(makeFolder(), "token");
		writeFileSync(file, "from-the-file\n");
		await open({ PUSH_TOKEN_FILE: file });
		expect((await push({ token: "from-the-file" })).status).toBe(200);
	});

	test("can be none: then anybody reports, but no page of another site", async () => {
		await open({ PUSH_TOKEN: "none" });
		expect((await push({ token: null })).status).toBe(200);
		expect((await push({ token: "whatever" })).status).toBe(200);
		expect((await lab.send("/ping/anything/photos", { method: "GET", token: null })).status).toBe(200);
		const elsewhere = { origin: "http://evil.example", "sec-fetch-site": "cross-site" };
		expect((await push({ token: null, headers: elsewhere })).status).toBe(403);
		expect((await lab.send("/ping/anything/mail", { method: "GET", token: null, headers: elsewhere })).status).toBe(
			403,
		);
		expect((await lab.runs()).map(({ job }) => job)).toEqual(["photos", "photos"]);
	});
});

test("another site's page cannot report, whatever token it has", async () => {
	await open();
	for (const headers of [
		{ origin: "http://evil.example" },
		{ "sec-fetch-site": "cross-site" },
		{ "sec-fetch-site": "same-site" },
		{ origin: "null" },
	]) {
		expect((await push({ headers })).status).toBe(403);
	}
	expect((await push({ headers: { origin: "http://localhost:5001" } })).status).toBe(200);
	expect(await lab.runs()).toHaveLength(1);
});

describe("a token for one job", () => {
	const withTokens = async () => {
		const file = join(makeFolder(), "tokens");
		writeFileSync(
			file,
			"# who may report what\nphotos photos-token\nMy Documents documents-token # the laptop\n\nmail mail-token\n",
		);
		await open({ PUSH_TOKENS_FILE: file });
	};

	test("reports for that job by every road, and for no other by any", async () => {
		await withTokens();
		const token = "photos-token";
		const gatus = (job: string) => `/api/v1/endpoints/_${job}/external?success=true`;
		const roads: ((job: string) => Promise<Response>)[] = [
			(job) => push({ token }, job),
			(job) => push({ token, body: report(job).replace(`"job":"${job}",`, "") }, job, `/api/jobs/${job}/runs`),
			(job) => lab.send(`/ping/${token}/${job}`, { method: "GET" }),
			(job) => lab.send(gatus(job), { token }),
			(job) => lab.send(`/metrics/job/${job}`, { token, body: "backup_success 1\n" }),
			(job) => lab.send(`/ingest/generic?job=${job}&exit=0`, { token, body: "done" }),
		];
		for (const [index, road] of roads.entries()) {
			expect([index, (await road("photos")).status]).toEqual([index, 200]);
			expect([index, [403, 404]]).toEqual([index, expect.arrayContaining([(await road("mail")).status])]);
		}
		expect([...new Set((await lab.runs()).map(({ job }) => job))]).toEqual(["photos"]);
	});

	test("opens only its job also where that is called all, or everything", async () => {
		for (const name of ["all", "everything"]) {
			const file = join(makeFolder(), "tokens");
			writeFileSync(file, `${name} photos-token\n`);
			await open({ PUSH_TOKENS_FILE: file });
			expect((await push({ token: "photos-token", body: report(name) })).status).toBe(200);
			expect((await push({ token: "photos-token", body: report("mail") })).status).toBe(403);
		}
	});

	test("may hold a #, and is never the word none", async () => {
		const file = join(makeFolder(), "tokens");
		writeFileSync(file, "photos photos#token # the laptop\n");
		await open({ PUSH_TOKENS_FILE: file });
		expect((await push({ token: "photos#token" }, "photos")).status).toBe(200);
		writeFileSync(file, "photos none\n");
		await expect(open({ PUSH_TOKENS_FILE: file })).rejects.toThrow("none");
	});

	test("may look like a uuid: it is a ping key all the same", async () => {
		const token = "3f2b8f6e-1111-4222-8333-944444444444";
		await open({ PUSH_TOKEN: token });
		expect((await lab.send(`/ping/${token}/nas/start`, { method: "GET" })).status).toBe(200);
		expect((await lab.send(`/ping/${token}/nas`, { method: "GET" })).status).toBe(200);
		expect((await lab.runs()).map(({ job }) => job)).toEqual(["nas"]);
	});

	test("refuses a batch in which one report is for another", async () => {
		await withTokens();
		const response = await push({ token: "photos-token", body: `[${report("photos")},${report("mail")}]` });
		expect(response.status).toBe(403);
		expect(await lab.runs()).toEqual([]);
	});

	test("may name the job by its slug, though the job has another name", async () => {
		const file = join(makeFolder(), "tokens");
		writeFileSync(file, "my-photos photos-token\n");
		await open({ PUSH_TOKENS_FILE: file });
		expect((await push({}, "My Photos")).status).toBe(200);
		expect((await push({ token: "photos-token", body: report("My Photos", "b") })).status).toBe(200);
		expect((await lab.send("/ping/photos-token/my-photos", { method: "GET" })).status).toBe(200);
		expect(
			(await lab.send("/api/v1/endpoints/_my-photos/external?success=true", { token: "photos-token" })).status,
		).toBe(200);
		expect((await lab.runs()).map(({ job }) => job)).toEqual(["My Photos", "My Photos", "My Photos", "My Photos"]);
	});

	test("opens the job under all its names once it is renamed, and no job that takes its slug elsewhere", async () => {
		const file = join(makeFolder(), "tokens");
		writeFileSync(file, "photos old-token\nFamily Photos new-token\n");
		await open({ PUSH_TOKENS_FILE: file });
		expect((await push({ token: "old-token" })).status).toBe(200);
		expect((await push({ token: "new-token" })).status).toBe(403);
		const fields = new URLSearchParams({ to: "Family Photos", confirm: "yes" }).toString();
		const type = { "content-type": "application/x-www-form-urlencoded" };
		expect((await lab.send("/jobs/photos/rename", { body: fields, token: null, headers: type })).status).toBeLessThan(
			400,
		);
		const nameless = report("", "b").replace('"job":"",', "");
		for (const token of ["old-token", "new-token"]) {
			for (const name of ["photos", "Family Photos"]) {
				expect([token, name, (await push({ token }, name)).status]).toEqual([token, name, 200]);
			}
			for (const slug of ["photos", "family-photos"]) {
				const sent = await push({ token, body: nameless }, slug, `/api/jobs/${slug}/runs`);
				expect([token, slug, sent.status]).toEqual([token, slug, 200]);
				expect((await lab.send(`/ping/${token}/${slug}`, { method: "GET" })).status).toBe(200);
			}
			expect((await push({ token }, "mail")).status).toBe(403);
		}
		const elsewhere = report("family-photos").replace("{", '{"host":"elsewhere",');
		expect((await push({ token: "old-token", body: elsewhere })).status).toBe(403);
		expect([...new Set((await lab.runs()).map(({ job }) => job))]).toEqual(["Family Photos"]);
	});

	test("with blanks in the job's name is read to its last word", async () => {
		await withTokens();
		expect((await push({ token: "documents-token" }, "My Documents")).status).toBe(200);
		expect((await push({ token: "documents-token" }, "Documents")).status).toBe(403);
	});
});

describe("wrong tokens", () => {
	const address = "192.0.2.7";
	const untilTired = async (send: () => Promise<Response>) => {
		for (let tries = 0; tries < 30; tries++) {
			const response = await send();
			if (response.status === 429) return { tries, response };
		}
		throw new Error("never limited");
	};

	test("are limited by address, with the seconds to wait; reports that are valid are not, from there or elsewhere", async () => {
		await open();
		const { tries, response } = await untilTired(() => push({ token: "wrong", address }));
		expect(tries).toBe(10);
		expect(Number(response.headers.get("retry-after"))).toBeGreaterThan(0);
		for (let n = 0; n < 100; n++) expect((await push({ address })).status).toBe(200);
		expect((await push({ token: "wrong", address })).status).toBe(429);
		expect((await push({ token: "wrong", address: "192.0.2.8" })).status).toBe(401);
	});

	test("in the path of a ping, a Kuma or a Gatus address are limited too, and valid ones are not", async () => {
		await open();
		await push({});
		const job = { name: "photos", host: "" };
		const get = (path: string) => lab.send(path, { method: "GET", token: null, address });
		const { response } = await untilTired(() => get("/ping/wrong/photos"));
		expect(Number(response.headers.get("retry-after"))).toBeGreaterThan(0);
		for (const path of ["/ping/0b7a3c52-11d2-4a0e-9d2a-0a3f7f7b8f10", "/api/push/wrong"]) {
			expect((await get(path)).status).toBe(429);
		}
		const gatus = "/api/v1/endpoints/_photos/external?success=true";
		expect((await lab.send(gatus, { token: "wrong", address })).status).toBe(429);
		expect((await get(`/ping/${lab.token}/photos`)).status).toBe(200);
		expect((await get(`/ping/${lab.tokens.uuidOf(job)}`)).status).toBe(200);
		expect((await get(`/api/push/${lab.tokens.kumaTokenOf(job)}`)).status).toBe(200);
		expect((await lab.send(gatus, { address })).status).toBe(200);
	});

	test("are counted by address and told on the page and in /api/health, without the token", async () => {
		await open();
		for (let n = 0; n < 3; n++) await push({ token: "not-the-token", address });
		await lab.send("/ping/not-the-token/photos", { method: "GET", address: "192.0.2.8" });
		const health = await (await lab.send("/api/health", { method: "GET" })).json();
		expect(health.refused).toEqual([
			{ address, count: 3, last_at: "2026-11-23T02:00:00+00:00" },
			{ address: "192.0.2.8", count: 1, last_at: "2026-11-23T02:00:00+00:00" },
		]);
		const problem = health.problems.find(({ id }: { id: string }) => id === "refused-reports");
		expect(problem.title).toContain(`Reports from ${address} and 1 other`);
		const page = await (await lab.send("/", { method: "GET" })).text();
		expect(page).toContain(problem.title);
		expect(page + JSON.stringify(health)).not.toContain("not-the-token");
		// A warning about others is not a fault of the monitor.
		expect(await (await lab.send("/health", { method: "GET" })).json()).toEqual({ status: "ok" });
		lab.pass(25 * 3600);
		expect((await (await lab.send("/api/health", { method: "GET" })).json()).problems).toEqual([]);
	});
});

test("new jobs from one address are limited, and reports of known jobs are not", async () => {
	await open();
	let limited: Response | null = null;
	for (let n = 0; n < 260 && limited === null; n++) {
		const response = await lab.send(`/ping/${lab.token}/job-${n}`, { method: "GET" });
		if (response.status !== 200) limited = response;
	}
	expect(limited?.status).toBe(429);
	expect(Number(limited?.headers.get("retry-after"))).toBeGreaterThan(0);
	const refused = await push({}, "another-job");
	expect(refused.status).toBe(429);
	expect(Number(refused.headers.get("retry-after"))).toBeGreaterThan(0);
	expect((await push({}, "job-1")).status).toBe(200);
	expect((await lab.send(`/ping/${lab.token}/job-1`, { method: "GET" })).status).toBe(200);
	expect((await push({ address: "192.0.2.8" }, "another-job")).status).toBe(200);
});
