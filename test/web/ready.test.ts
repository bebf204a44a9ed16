// Answers that are kept whole are the very answers that the router gave, to the same question, and only while they are right.
import { afterAll, beforeAll, expect, spyOn, test } from "bun:test";
import { appendFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { cleanUp, makeFolder } from "../binary.ts";
import { someLines } from "../lines.ts";
import { openApp, type TestApp } from "./app.ts";

let opened: TestApp;
const dataDir = makeFolder();
const metricsFile = join(dataDir, "metrics.jsonl");

beforeAll(async () => {
	appendFileSync(metricsFile, someLines(0, 3));
	opened = await openApp(dataDir, Date.now, { RETENTION_DAYS: "36500" });
});
afterAll(async () => {
	await opened.monitor.stop();
	await cleanUp();
});

async function whole(response: Response) {
	return { status: response.status, headers: [...response.headers].sort(), body: await response.text() };
}

const runs = async (path = "/api/metrics") => ((await (await opened.get(path)).json()) as unknown[]).length;

const kept = ["/", "/?range=7d", "/api/metrics", "/api/metrics?limit=2", "/metrics"];

test.each(kept)("%s is the same a second and a third time, headers and all", async (path) => {
	opened.monitor.touch();
	const first = await whole(await opened.get(path));
	expect(first.status).toBe(200);
	expect(await whole(await opened.get(path))).toEqual(first);
	expect(await whole(await opened.get(path))).toEqual(first);
});

test("what was stored since is in the next answer", async () => {
	for (const more of [1, 2, 3]) {
		const before = await runs();
		expect(await runs()).toBe(before);
		appendFileSync(metricsFile, someLines(2 + more, 3 + more));
		await opened.monitor.catchUp();
		expect(await runs()).toBe(before + 1);
	}
});

test("an answer whose time is over is made anew, though nothing was stored", async () => {
	const told = "Only an answer that was made anew can tell";
	await opened.get("/");
	const problems = spyOn(opened.monitor, "problems").mockImplementation(() => [
		{ id: "late", severity: "warning", title: told, detail: "" },
	]);
	const now = performance.now.bind(performance);
	const later = spyOn(performance, "now");
	try {
		expect(await (await opened.get("/")).text()).not.toContain(told);
		later.mockImplementation(() => now() + 6000);
		expect(await (await opened.get("/")).text()).toContain(told);
	} finally {
		later.mockRestore();
		problems.mockRestore();
		opened.monitor.touch();
	}
});

test("another host is judged, whatever was answered to this address", async () => {
	await opened.get("/api/metrics");
	await opened.get("/api/metrics");
	expect((await opened.get("/api/metrics", { host: "evil.example" })).status).toBe(421);
	expect((await opened.get("/api/metrics", { host: "a b" })).status).toBe(400);
	expect((await opened.get("/api/metrics")).status).toBe(200);
});

test("who asks for another form gets it, and so does who asks next", async () => {
	const asked: [Record<string, string>, string, RegExp][] = [
		[{}, "/api/metrics", /^\[/],
		[{ accept: "text/plain;version=0.0.4" }, "/api/metrics", /^# HELP/],
		[{ accept: "application/json" }, "/api/metrics", /^\[/],
		[{}, "/", /^<!doctype html>/i],
		[{ cookie: "theme=dark" }, "/", /^<!doctype html>[\s\S]*data-theme="dark"/i],
		[{ "hx-request": "true", "hx-request-type": "partial" }, "/", /^(?!<!doctype)/i],
		[{ "hx-request": "true", "hx-request-type": "full" }, "/", /^<!doctype html>/i],
	];
	for (let round = 0; round < 3; round++) {
		for (const [headers, path, form] of asked) {
			for (let again = 0; again < 2; again++) {
				expect([path, headers, await (await opened.get(path, headers)).text()]).toEqual([
					path,
					headers,
					expect.stringMatching(form),
				]);
			}
		}
	}
	const packed = await opened.get("/", { "accept-encoding": "gzip" });
	expect(packed.headers.get("content-encoding")).toBe("gzip");
	expect((await opened.get("/", { "accept-encoding": "identity" })).headers.get("content-encoding")).toBeNull();
});

test("a browser that has the answer is told so, HEAD has no body of another method, and POST is refused", async () => {
	const first = await opened.get("/api/metrics");
	await opened.get("/api/metrics");
	const etag = first.headers.get("etag") ?? "";
	expect((await opened.get("/api/metrics", { "if-none-match": etag })).status).toBe(304);
	expect((await opened.get("/api/metrics", {}, "POST")).status).toBe(405);
	expect((await opened.get("/api/metrics", {}, "HEAD")).status).toBe(200);
});

test("behind a login nothing is given that the gate has not let pass", async () => {
	const folder = makeFolder();
	writeFileSync(join(folder, "password"), "correct horse battery\n");
	const env = { AUTH_PASSWORD_FILE: join(folder, "password"), READ_TOKEN: "a-token-to-read-with" };
	const closed = await openApp(folder, Date.now, env);
	const bearer = { authorization: "Bearer a-token-to-read-with" };
	for (let round = 0; round < 3; round++) {
		expect((await closed.get("/api/metrics", bearer)).status).toBe(200);
		expect((await closed.get("/api/metrics", bearer)).headers.get("cache-control")).toBe("no-store");
		expect((await closed.get("/api/metrics")).status).toBe(401);
	}
	await closed.monitor.stop();
});

test("a kept answer costs at most two thirds of one that is routed", async () => {
	const url = "http://localhost:5001";
	const request = (path: string) => new Request(url + path, { headers: { host: "localhost:5001" } });
	const cost = async (path: string) => {
		let least = Number.POSITIVE_INFINITY;
		for (let round = 0; round < 15; round++) {
			const begun = performance.now();
			for (let n = 0; n < 300; n++) await opened.app.fetch(request(path));
			least = Math.min(least, performance.now() - begun);
		}
		return least;
	};
	// Both are kept as bodies, small ones; only the first is kept whole.
	const [kept, routed] = [await cost("/api/metrics?limit=1"), await cost("/api/failures?limit=1")];
	expect(kept / routed).toBeLessThan(0.67);
});
