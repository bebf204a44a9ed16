// The gate knows every route, and every route it knows answers.
import { afterAll, beforeAll, expect, test } from "bun:test";
import { appendFileSync } from "node:fs";
import { join } from "node:path";
import { cleanUp, makeFolder } from "../binary.ts";
import { someLines } from "../lines.ts";
import { openApp, type TestApp } from "./app.ts";

let opened: TestApp;

beforeAll(async () => {
	const dataDir = makeFolder();
	appendFileSync(join(dataDir, "metrics.jsonl"), someLines(0, 10));
	opened = await openApp(dataDir, Date.now, { RETENTION_DAYS: "36500" });
});
afterAll(async () => {
	await opened.monitor.stop();
	await cleanUp();
});

const key = (route: { method: string; path: string }) => `${route.method} ${route.path}`;

test("every route that Elysia has is declared with a class, once, and none is declared that it has not", async () => {
	const declared = (await opened.app.routes()).map(key).sort();
	const elysias = await opened.app.elysias();
	expect(
		elysias
			.flatMap((elysia) => elysia.routes)
			.map(key)
			.sort(),
	).toEqual(declared);
	expect(new Set(declared).size).toBe(declared.length);
	for (const route of await opened.app.routes()) expect(["public", "read", "write", "push"]).toContain(route.class);
});

test("what changes something is no GET of class read or public, and what is no GET is never public or read", async () => {
	for (const { method, path, class: kind } of await opened.app.routes()) {
		if (method !== "GET") expect([path, kind === "write" || kind === "push"]).toEqual([path, true]);
		else expect([path, kind]).not.toEqual([path, "write"]);
	}
});

test("every declared route answers, and never with a 5xx", async () => {
	for (const { method, path } of await opened.app.routes()) {
		const filled = path.replace(/:[a-z]+/gi, "default").replaceAll("*", "x");
		const response = await opened.get(filled, {}, method);
		expect([key({ method, path }), response.status < 500]).toEqual([key({ method, path }), true]);
		if (!path.includes(":") && !path.includes("*")) {
			expect([path, response.status]).not.toEqual([path, 404]);
			expect([path, response.status]).not.toEqual([path, 405]);
		}
	}
});

test("every write route refuses another site's page, and takes our own and a shell", async () => {
	for (const { method, path, class: kind } of await opened.app.routes()) {
		if (kind !== "write") continue;
		for (const headers of [
			{ origin: "http://evil.example", "sec-fetch-site": "cross-site" },
			{ "sec-fetch-site": "same-site" },
			{ origin: "null" },
		]) {
			expect([path, (await opened.get(path, headers, method)).status]).toEqual([path, 403]);
		}
		const own = { origin: "http://localhost:5001", "sec-fetch-site": "same-origin" };
		const { status } = await opened.get(path, own, method);
		// Where the path names a job or an alert that is not there, it is looked for, and not found.
		expect([path, path.includes(":") ? status === 404 : status < 400]).toEqual([path, true]);
	}
});

test("every answer carries the security headers, errors too", async () => {
	const paths = ["/", "/health", "/api/metrics", "/api/nothing", "/%", "/api/metrics?job=nobody"];
	for (const path of paths) {
		const { headers } = await opened.get(path);
		expect([path, headers.get("content-security-policy")]).toEqual([
			path,
			expect.stringContaining("default-src 'none'"),
		]);
		expect([path, headers.get("x-content-type-options")]).toEqual([path, "nosniff"]);
		expect([path, headers.get("referrer-policy")]).toEqual([path, "same-origin"]);
	}
	const refused = await opened.get("/", { host: "evil.example" });
	expect(refused.status).toBe(421);
	expect(refused.headers.get("content-security-policy")).toContain("default-src 'none'");
	expect(await refused.text()).toContain("ALLOWED_HOSTS=evil.example");
});

test("another method on a known path is a 405 that names what is allowed", async () => {
	const response = await opened.get("/api/metrics", {}, "POST");
	expect([response.status, response.headers.get("allow")]).toEqual([405, "GET, HEAD"]);
	expect((await opened.get("/api/import")).headers.get("allow")).toBe("POST");
});

test("what a handler throws is a number in the log, and never the error's own text in the answer", async () => {
	const dataDir = makeFolder();
	const broken = await openApp(dataDir, Date.now);
	broken.monitor.db?.close();
	for (const { method, path, class: kind } of await broken.app.routes()) {
		if (path.includes(":") || path.includes("*")) continue;
		const response = await broken.get(path, {}, method);
		// A download that has begun can only be cut off.
		const text = await response.text().catch(() => "");
		expect([path, text]).not.toEqual([path, expect.stringMatching(/closed database|RangeError|SQLite|at .*\.ts/i)]);
		if (response.status !== 500) continue;
		expect([path, kind, text]).toEqual([path, kind, expect.stringMatching(/^\{"error":"Internal error [0-9a-f]{8}; /)]);
		expect(response.headers.get("content-security-policy")).toContain("default-src 'none'");
	}
	expect((await broken.get("/api/metrics")).status).toBe(500);
});
