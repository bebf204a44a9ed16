// The login: who comes in with what, for how long, and how often somebody may be wrong.
import { afterAll, describe, expect, test } from "bun:test";
import { existsSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { cleanUp, makeFolder } from "../binary.ts";
import { openSender, type Sender, type Sent } from "./sender.ts";

const password = "correct horse battery";
const day = 86_400;
const open: Sender[] = [];

afterAll(async () => {
	await Promise.all(open.map((sender) => sender.stop()));
	await cleanUp();
});

async function start(env: Record<string, string> = {}, dataDir = makeFolder()): Promise<Sender> {
	const file = join(dataDir, "password");
	if (!existsSync(file)) writeFileSync(file, `${password}\n`);
	// A folder has one server: the next one is a restart.
	await Promise.all(open.filter((one) => one.dataDir === dataDir).map((one) => one.stop()));
	const sender = await openSender({ AUTH_PASSWORD_FILE: file, ...env }, dataDir);
	open.push(sender);
	return sender;
}

const form = (fields: Record<string, string>, sent: Sent = {}): Sent => ({
	body: new URLSearchParams(fields).toString(),
	token: null,
	...sent,
	headers: { "content-type": "application/x-www-form-urlencoded", ...sent.headers },
});
const get = (sender: Sender, path: string, headers: Record<string, string> = {}, sent: Sent = {}) =>
	sender.send(path, { method: "GET", token: null, ...sent, headers });
const logIn = (sender: Sender, typed = password, sent: Sent = {}) =>
	sender.send("/login", form({ password: typed, to: "/runs?q=x" }, sent));
const cookieIn = (response: Response) => (response.headers.getSetCookie()[0] ?? "").split(";")[0] ?? "";

async function session(sender: Sender, sent: Sent = {}): Promise<string> {
	const response = await logIn(sender, password, sent);
	expect(response.status).toBe(303);
	return cookieIn(response);
}

const isIn = async (sender: Sender, cookie: string) => (await get(sender, "/api/jobs", { cookie })).status === 200;

describe("without a login", () => {
	test("a page leads to the login and back, and nowhere else", async () => {
		const sender = await start();
		const asked = await get(sender, "/runs?job=nas&q=a%20b");
		expect([asked.status, asked.headers.get("location")]).toEqual([303, "/login?to=%2Fruns%3Fjob%3Dnas%26q%3Da%2520b"]);
		expect((await get(sender, "/")).headers.get("location")).toBe("/login");
		const page = await get(sender, "/login?to=%2Fruns%3Fq%3Dx", { "sec-fetch-site": "same-origin" });
		expect([page.status, page.headers.get("cache-control")]).toEqual([200, "no-store"]);
		expect(await page.text()).toContain('name="to" value="/runs?q=x"');
		for (const evil of [
			"//evil.example/",
			"/\\evil.example",
			"https://evil.example/",
			"/%0d/evil",
			"/login?to=/x",
			"",
		]) {
			const answer = await sender.send("/login", form({ password, to: evil }));
			const location = answer.headers.get("location") ?? "";
			expect([evil, /^\/(?![/\\])/.test(location), location.startsWith("/login")]).toEqual([evil, true, false]);
		}
	});

	test("a page that is open already is led there by htmx, programs get a sentence, and a stream an end", async () => {
		const sender = await start();
		const fragment = await get(sender, "/", {
			"hx-request": "true",
			"hx-current-url": "http://localhost:5001/?range=90",
		});
		expect([fragment.status, fragment.headers.get("hx-redirect")]).toEqual([401, "/login?to=%2F%3Frange%3D90"]);
		const pressed = await sender.send("/refresh", form({ path: "/" }, { headers: { "hx-request": "true" } }));
		expect([pressed.status, pressed.headers.get("hx-redirect")]).toEqual([401, "/login"]);
		const plain = await sender.send(
			"/refresh",
			form({ path: "/" }, { headers: { accept: "text/html", referer: "http://localhost:5001/runs" } }),
		);
		expect([plain.status, plain.headers.get("location")]).toEqual([303, "/login?to=%2Fruns"]);
		for (const path of ["/api/jobs", "/metrics", "/api/metrics", "/badge/nas.svg", "/feed.xml"]) {
			const answer = await get(sender, path);
			expect([path, answer.status, answer.headers.get("www-authenticate")]).toEqual([
				path,
				401,
				'Bearer realm="backup-monitor"',
			]);
			expect((await answer.json()).error).toContain("read token");
		}
		const live = await get(sender, "/live", { accept: "text/event-stream" });
		expect([live.status, await live.json()]).toEqual([401, { error: "A login is needed." }]);
		expect((await sender.send("/api/import", { token: null })).status).toBe(401);
		expect(await (await get(sender, "/health")).json()).toEqual({ status: "ok" });
	});

	test("the login page shows nothing of the monitor, and carries the headers of every answer", async () => {
		const sender = await start();
		await sender.push({ job: "very-secret-job", timestamp: "2026-11-23T01:00:00Z", backup_id: "1", success: false });
		for (const path of ["/login", "/login?again=1"]) {
			const page = await get(sender, path);
			const text = await page.text();
			expect(text).not.toMatch(/very-secret-job|metrics\.jsonl|<script|mainnav/);
			expect(page.headers.get("content-security-policy")).toContain("default-src 'none'");
			expect(page.headers.get("x-content-type-options")).toBe("nosniff");
			expect(page.headers.get("cache-control")).toBe("no-store");
		}
	});
});

describe("a password", () => {
	test("opens a session that the browser alone knows, and leads back", async () => {
		const sender = await start();
		const response = await logIn(sender);
		const [cookie = "", ...parts] = (response.headers.getSetCookie()[0] ?? "").split("; ");
		expect([response.status, response.headers.get("location")]).toEqual([303, "/runs?q=x"]);
		expect(cookie).toMatch(/^backup-monitor-[\w-]{6}=[\w-]{43}$/);
		expect(parts.sort()).toEqual(["HttpOnly", "Max-Age=2592000", "Path=/", "SameSite=Strict"]);
		expect(await isIn(sender, cookie)).toBe(true);
		const kept = readFileSync(join(sender.dataDir, "sessions.json"), "utf8");
		expect(kept).not.toContain(cookie.split("=")[1] ?? "");
		expect(kept).not.toContain(password);
		expect(statSync(join(sender.dataDir, "sessions.json")).mode & 0o777).toBe(0o600);
		const page = await get(sender, "/", { cookie });
		expect([page.status, page.headers.get("cache-control")]).toEqual([200, "no-store"]);
		expect((await get(sender, "/login?to=/alerts", { cookie })).headers.get("location")).toBe("/alerts");
	});

	test("that is wrong, empty or a megabyte long says the same, and opens nothing", async () => {
		const sender = await start();
		for (const typed of ["wrong horse", "", `${password} `, "x".repeat(20_000)]) {
			const response = await logIn(sender, typed);
			expect([response.status, response.headers.get("set-cookie")]).toEqual([401, null]);
			expect(await response.text()).toContain("The password is wrong.");
		}
	});

	test("is not taken from another site's page", async () => {
		const sender = await start();
		const headers = { origin: "http://evil.example", "sec-fetch-site": "cross-site" };
		expect((await logIn(sender, password, { headers })).status).toBe(403);
	});

	test("may be a hash of either kind, as other tools make it too", async () => {
		const hashes = [
			"$argon2id$v=19$m=19456,t=2,p=1$c29tZXNhbHQxMjM0NTY3$M13j2yGNPm0a8zPnK9WtzSVsdn83J4TZFnqz98r3EYs",
			"$2y$10$3IXrriWF0ACmuQhO4aXuAO.CBAG3nEQfGv.VjerpnaWg8lX1ARwt6",
		];
		for (const AUTH_PASSWORD_HASH of hashes) {
			const sender = await start({ AUTH_PASSWORD_HASH });
			expect((await logIn(sender, "correct horse")).status).toBe(303);
			expect((await logIn(sender, "correct horsf")).status).toBe(401);
			expect((await logIn(sender, password)).status).toBe(401);
		}
	});
});

describe("a session", () => {
	test("ends when it was not used for 7 days, and after 30 in any case", async () => {
		const sender = await start();
		const [idle, used] = [await session(sender), await session(sender)];
		for (let passed = 0; passed < 29; passed++) {
			sender.pass(day);
			expect([passed, await isIn(sender, used)]).toEqual([passed, true]);
			if (passed === 7) expect(await isIn(sender, idle)).toBe(false);
		}
		sender.pass(day);
		expect(await isIn(sender, used)).toBe(false);
	});

	test("survives a restart, and is written once a day at most", async () => {
		const dataDir = makeFolder();
		const first = await start({}, dataDir);
		const cookie = await session(first);
		const file = join(dataDir, "sessions.json");
		const before = readFileSync(file, "utf8");
		for (let hour = 0; hour < 23; hour++) {
			first.pass(3600);
			expect(await isIn(first, cookie)).toBe(true);
		}
		expect(readFileSync(file, "utf8")).toBe(before);
		first.pass(2 * 3600);
		expect(await isIn(first, cookie)).toBe(true);
		expect(readFileSync(file, "utf8")).not.toBe(before);
		await first.stop();
		expect(await isIn(await start({}, dataDir), cookie)).toBe(true);
	});

	test("ends with another password, another mode, and does not come back with the old one", async () => {
		const dataDir = makeFolder();
		const other = join(makeFolder(), "other");
		writeFileSync(other, "another password\n");
		const trusted = { TRUSTED_PROXIES: "127.0.0.1" };
		for (const changed of [
			{ AUTH_PASSWORD_FILE: other },
			{ AUTH_PASSWORD_HASH: "$2y$10$3IXrriWF0ACmuQhO4aXuAO.CBAG3nEQfGv.VjerpnaWg8lX1ARwt6" },
			{ ...trusted, AUTH_HEADER: "Remote-User" },
		]) {
			const cookie = await session(await start({}, dataDir));
			expect(await isIn(await start({}, dataDir), cookie)).toBe(true);
			expect(await isIn(await start(changed, dataDir), cookie)).toBe(false);
			expect(await isIn(await start({}, dataDir), cookie)).toBe(false);
		}
	});

	test("ends by logging out, this one or all", async () => {
		const sender = await start();
		const [one, two, three] = [await session(sender), await session(sender), await session(sender)];
		const out = await sender.send("/logout", form({}, { headers: { cookie: one } }));
		expect([out.status, out.headers.get("location"), cookieIn(out)]).toEqual([303, "/login", `${one.split("=")[0]}=`]);
		expect([await isIn(sender, one), await isIn(sender, two)]).toEqual([false, true]);
		await sender.send("/logout", form({ all: "1" }, { headers: { cookie: two } }));
		expect([await isIn(sender, two), await isIn(sender, three)]).toEqual([false, false]);
	});

	test("ends the streams that were opened under it", async () => {
		const sender = await start();
		const cookie = await session(sender);
		const live = await get(sender, "/live", { cookie, accept: "text/event-stream" });
		const reader = live.body?.getReader();
		expect(new TextDecoder().decode((await reader?.read())?.value)).toContain("event: beat");
		const other = await session(sender);
		const others = (await get(sender, "/live", { cookie: other, accept: "text/event-stream" })).body?.getReader();
		await others?.read();
		await sender.send("/logout", form({}, { headers: { cookie } }));
		expect((await reader?.read())?.done).toBe(true);
		expect((await get(sender, "/live", { cookie, accept: "text/event-stream" })).status).toBe(401);
		sender.monitor.touch();
		expect(new TextDecoder().decode((await others?.read())?.value)).toContain("event: changed");
		await others?.cancel();
	});

	test("that is over, because nobody used it, ends its streams when there is something to tell", async () => {
		const sender = await start();
		const cookie = await session(sender);
		const live = await get(sender, "/live", { cookie, accept: "text/event-stream" });
		const reader = live.body?.getReader();
		const told = async () => new TextDecoder().decode((await reader?.read())?.value);
		expect(await told()).toContain("event: beat");
		sender.pass(6 * day);
		sender.monitor.touch();
		expect(await told()).toContain("event: changed");
		// Being told is not using it: the seventh day ends what the first began.
		sender.pass(day);
		sender.monitor.touch();
		expect((await reader?.read())?.done).toBe(true);
	});

	test("has its way out on every page, which nobody sees who came in without one", async () => {
		const sender = await start();
		const cookie = await session(sender);
		for (const path of ["/", "/runs", "/alerts", "/inventory", "/restore", "/setup", "/settings"]) {
			const page = await (await get(sender, path, { cookie })).text();
			expect([path, page.match(/<form[^>]* action="\/logout"/g)?.length]).toEqual([path, path === "/settings" ? 3 : 1]);
		}
		const proxied = { "remote-user": "ann", "x-forwarded-for": "192.0.2.7" };
		const trusting = await start({ AUTH_HEADER: "Remote-User", TRUSTED_PROXIES: "192.0.2.1" });
		const page = await get(trusting, "/runs", proxied);
		expect([page.status, (await page.text()).includes('action="/logout"')]).toEqual([200, false]);
	});

	test("is not made of a damaged file, of what somebody invents, or in a clock that was set back", async () => {
		const dataDir = makeFolder();
		for (const text of ["", "{", "null", '{"key":"00","mark":"0000","sessions":[null]}']) {
			writeFileSync(join(dataDir, "sessions.json"), text);
			const sender = await start({}, dataDir);
			const cookie = await session(sender);
			const [name = ""] = cookie.split("=");
			for (const id of ["", "x", "x".repeat(43), `${cookie.split("=")[1]}x`]) {
				expect(await isIn(sender, `${name}=${id}`)).toBe(false);
			}
			sender.pass(-3 * day);
			expect(await isIn(sender, cookie)).toBe(false);
			sender.pass(3 * day);
			expect(await isIn(sender, cookie)).toBe(true);
		}
	});

	test("a household has a hundred of them, and the one not used for longest goes first", async () => {
		const sender = await start();
		const first = await session(sender);
		sender.pass(60);
		const second = await session(sender);
		sender.pass(60);
		expect(await isIn(sender, first)).toBe(true);
		for (let count = 0; count < 99; count++) {
			sender.pass(1);
			await session(sender);
		}
		expect([await isIn(sender, first), await isIn(sender, second)]).toEqual([true, false]);
	}, 30_000);
});

describe("a proxy", () => {
	const env = { TRUSTED_PROXIES: "192.0.2.0/24 fd00::/8", AUTH_HEADER: "Remote-User" };
	const as = (name: string): Record<string, string> => ({ "remote-user": name });

	test("names who is in, and nobody else does", async () => {
		const sender = await start(env);
		const status = async (address: string, headers = as("anna")) =>
			(await get(sender, "/api/jobs", headers, { address })).status;
		expect([await status("192.0.2.9"), await status("::ffff:192.0.2.9"), await status("fd00::1")]).toEqual([
			200, 200, 200,
		]);
		expect([await status("192.0.3.9"), await status("127.0.0.1"), await status("")]).toEqual([401, 401, 401]);
		expect([await status("192.0.2.9", {}), await status("192.0.2.9", as(" "))]).toEqual([401, 401]);
		// Somebody behind the proxy who sends what only the proxy should: it is the proxy that speaks.
		const spoofed = { ...as("anna"), "x-forwarded-for": "192.0.2.9" };
		expect(await status("198.51.100.1", spoofed)).toBe(401);
		expect(await (await get(sender, "/login", as("anna"), { address: "192.0.2.9" })).text()).toContain("anna");
	});

	test("that says https gets a cookie for https alone", async () => {
		const sender = await start(env);
		const https = { "x-forwarded-proto": "https" };
		const given =
			(await logIn(sender, password, { address: "192.0.2.1", headers: https })).headers.getSetCookie()[0] ?? "";
		expect(given).toMatch(
			/^__Host-backup-monitor-[\w-]{6}=[\w-]{43}; Path=\/; Max-Age=2592000; HttpOnly; SameSite=Strict; Secure$/,
		);
		const cookie = given.split(";")[0] ?? "";
		expect((await get(sender, "/api/jobs", { cookie, ...https }, { address: "192.0.2.1" })).status).toBe(200);
		// The same cookie over plain http was put there by somebody else.
		expect((await get(sender, "/api/jobs", { cookie }, { address: "192.0.2.1" })).status).toBe(401);
		const untrusted = await logIn(sender, password, { address: "203.0.113.9", headers: https });
		expect(untrusted.headers.get("set-cookie")).not.toContain("Secure");
	});

	test("alone lets in, where there is no password, and the page says how", async () => {
		const sender = await openSender({ ...env, PUBLIC_URL: "https://backup.example.org" });
		open.push(sender);
		const page = await get(sender, "/login", {}, { address: "198.51.100.1" });
		expect(page.status).toBe(401);
		expect(await page.text()).toContain("https://backup.example.org");
		expect((await logIn(sender)).status).toBe(401);
		expect((await get(sender, "/", as("anna"), { address: "192.0.2.9" })).status).toBe(200);
	});
});

describe("wrong passwords", () => {
	const wrong = async (sender: Sender, address: string, headers: Record<string, string> = {}) =>
		logIn(sender, "wrong horse", { address, headers });

	test("are ten an hour from an address, and another address does not mind", async () => {
		const sender = await start();
		const many = await Promise.all(Array.from({ length: 14 }, () => wrong(sender, "198.51.100.1")));
		const count = (status: number) => many.filter((one) => one.status === status).length;
		expect([count(401), count(429)]).toEqual([10, 4]);
		const refused = await logIn(sender, password, { address: "198.51.100.1" });
		expect([refused.status, Number(refused.headers.get("retry-after")) > 300]).toEqual([429, true]);
		expect(await refused.text()).toContain("6 min");
		expect((await logIn(sender, password, { address: "198.51.100.2" })).status).toBe(303);
	}, 30_000);

	test("of somebody at the same address do not keep out a browser that has logged in before, nor one that says so", async () => {
		const sender = await start();
		const [, device = ""] = (await logIn(sender)).headers.getSetCookie();
		expect(device).toMatch(
			/^backup-monitor-[\w-]{6}-device=[\w-]{22}\.[\w-]{32}; Path=\/login; Max-Age=31536000; HttpOnly; SameSite=Strict$/,
		);
		const cookie = device.split(";")[0] ?? "";
		await Promise.all(Array.from({ length: 10 }, () => wrong(sender, "192.0.2.1")));
		expect((await logIn(sender)).status).toBe(429);
		expect((await logIn(sender, password, { headers: { cookie: `${cookie}x` } })).status).toBe(429);
		expect((await logIn(sender, password, { headers: { cookie } })).status).toBe(303);
		// It opens nothing, and has ten tries of its own.
		expect((await get(sender, "/api/jobs", { cookie })).status).toBe(401);
		await Promise.all(Array.from({ length: 10 }, () => wrong(sender, "192.0.2.1", { cookie })));
		expect((await logIn(sender, password, { headers: { cookie } })).status).toBe(429);
	}, 30_000);

	test("are counted for the client that a trusted proxy names, not for the proxy", async () => {
		const sender = await start({ TRUSTED_PROXIES: "192.0.2.1" });
		const via = (client: string) => wrong(sender, "192.0.2.1", { "x-forwarded-for": client });
		await Promise.all(Array.from({ length: 10 }, () => via("203.0.113.5")));
		// The client wrote the first of them itself: what the proxy saw stands last.
		expect((await via("198.51.100.99, 203.0.113.5")).status).toBe(429);
		expect((await via("203.0.113.5, 203.0.113.6")).status).toBe(401);
	}, 30_000);

	test("and wrong tokens are told with the client's address, where a trusted proxy names it", async () => {
		const sender = await start({ TRUSTED_PROXIES: "192.0.2.1" });
		const cookie = await session(sender);
		const report = (address: string) => {
			const headers = { "x-forwarded-for": "203.0.113.77" };
			return sender.send("/api/runs", { token: "a-wrong-one", body: "{}", address, headers });
		};
		expect([(await report("192.0.2.1")).status, (await report("198.51.100.8")).status]).toEqual([401, 401]);
		const page = await (await get(sender, "/settings", { cookie })).text();
		expect(page).toContain("203.0.113.77");
		expect(page).toContain("198.51.100.8");
		expect(page).not.toContain("192.0.2.1");
	});

	test("right ones cost nothing", async () => {
		const sender = await start();
		for (let time = 0; time < 12; time++) expect((await logIn(sender)).status).toBe(303);
	});
});

describe("the read token", () => {
	const token = "reads-and-nothing-else";

	test("opens what programs read, in each way that a program has, and nothing that acts or shows a page", async () => {
		const sender = await start({ READ_TOKEN: token });
		const basic = `Basic ${Buffer.from(`prometheus:${token}`).toString("base64")}`;
		for (const path of ["/metrics", "/api/metrics", "/api/summary", "/feed.xml", "/api/runs", "/api/health"]) {
			for (const authorization of [`Bearer ${token}`, basic]) {
				expect([path, (await get(sender, path, { authorization })).status]).toEqual([path, 200]);
			}
			expect([path, (await get(sender, `${path}?token=${token}`)).status]).toEqual([path, 200]);
		}
		const authorization = `Bearer ${token}`;
		expect((await get(sender, "/", { authorization })).status).toBe(303);
		expect((await get(sender, "/live", { authorization })).status).toBe(401);
		expect((await sender.send("/api/import", { token })).status).toBe(401);
		expect((await sender.push({})).status).toBe(422);
		expect((await sender.send("/api/runs", { token, body: "{}" })).status).toBe(401);
	});

	test("that is wrong is refused with a sentence, and after ten with a pause that a right one does not notice", async () => {
		const sender = await start({ READ_TOKEN: token });
		const status = async (given: string) => (await sender.send("/metrics", { method: "GET", token: given })).status;
		for (let time = 0; time < 10; time++) expect(await status("wrong-token")).toBe(401);
		expect([await status("wrong-token"), await status(token), await status(sender.token)]).toEqual([429, 200, 429]);
	});

	test("is not one that reports", async () => {
		await expect(start({ READ_TOKEN: "one-for-both", PUSH_TOKEN: "one-for-both" })).rejects.toThrow(
			"READ_TOKEN is a push token too",
		);
		await expect(start({ READ_TOKEN: "short" })).rejects.toThrow("READ_TOKEN must be 8 to 256 characters");
	});
});

describe("after a link on another site", () => {
	test("whoever has logged in gets there by one more step, for which browsers send the cookie", async () => {
		const sender = await start();
		const cookie = await session(sender);
		// Browsers hold a strict cookie back here…
		const first = await get(sender, "/jobs/nas", { "sec-fetch-site": "cross-site" });
		const login = first.headers.get("location") ?? "";
		const page = await (await get(sender, login, { "sec-fetch-site": "cross-site" })).text();
		const next = /http-equiv="refresh" content="0; url=([^"]+)"/.exec(page)?.[1]?.replaceAll("&amp;", "&") ?? "";
		expect(next).toBe("/login?again=1&to=%2Fjobs%2Fnas");
		// …and send it with what this page leads to.
		expect((await get(sender, next, { cookie })).headers.get("location")).toBe("/jobs/nas");
		expect(await (await get(sender, next)).text()).not.toContain("http-equiv");
	});
});
