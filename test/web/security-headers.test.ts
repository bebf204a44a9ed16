// What every answer carries, whatever it answers: pages, files, errors, the login, and what is no request at all.
import { afterAll, beforeAll, expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { cleanUp, makeFolder, type Started, startServer } from "../binary.ts";

let server: Started;

beforeAll(async () => {
	const password = join(makeFolder(), "password");
	writeFileSync(password, "correct horse battery");
	server = await startServer({
		env: { AUTH_PASSWORD_FILE: password, READ_TOKEN: "a-token-to-read", PUSH_TOKEN: "a-token-to-push" },
	});
});
afterAll(async () => {
	await server.stop();
	await cleanUp();
});

const expected = {
	"content-security-policy":
		"default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; font-src 'self'; manifest-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'self'",
	"x-content-type-options": "nosniff",
	"referrer-policy": "same-origin",
	"cross-origin-opener-policy": "same-origin",
	"cross-origin-resource-policy": "same-origin",
	"permissions-policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
};

/** An answer to bytes as they are: what no client library would send. */
async function raw(text: string): Promise<{ status: number; headers: Headers }> {
	const { promise, resolve } = Promise.withResolvers<string>();
	let got = "";
	const socket = await Bun.connect({
		hostname: "127.0.0.1",
		port: server.port,
		socket: {
			data(_, chunk) {
				got += chunk.toString();
				if (got.includes("\r\n\r\n")) resolve(got);
			},
			close: () => resolve(got),
			error: () => resolve(got),
		},
	});
	socket.write(text);
	const [head = ""] = (await promise).split("\r\n\r\n");
	socket.end();
	const [first = "", ...lines] = head.split("\r\n");
	const pairs = lines.map((line): [string, string] => [
		line.slice(0, line.indexOf(":")),
		line.slice(line.indexOf(":") + 1).trim(),
	]);
	return { status: Number(first.split(" ")[1] ?? 0), headers: new Headers(pairs) };
}

const form = (fields: Record<string, string>): RequestInit => ({ method: "POST", body: new URLSearchParams(fields) });
const reading = { authorization: "Bearer a-token-to-read" };

test("pages, data, files and refusals of every kind have the same headers", async () => {
	const login = await server.get("/login");
	const text = await login.clone().text();
	const css = /href="(\/assets\/app-[^"]+\.css)"/.exec(text)?.[1] ?? "";
	const etag = (await server.get(css)).headers.get("etag") ?? "";
	const metrics = (await server.get("/api/metrics", { headers: reading })).headers.get("etag") ?? "";
	const answers: [what: string, status: number, answer: { status: number; headers: Headers }][] = [
		["the login", 200, login],
		["a page without a login", 303, await server.get("/")],
		["data without a token", 401, await server.get("/metrics")],
		["data", 200, await server.get("/metrics", { headers: reading })],
		[
			"data that is known",
			304,
			await server.get("/api/metrics", { headers: { ...reading, "if-none-match": metrics } }),
		],
		["HEAD", 200, await server.get("/api/metrics", { method: "HEAD", headers: reading })],
		["health", 200, await server.get("/health")],
		["a file", 200, await server.get(css)],
		["a file that is known", 304, await server.get(css, { headers: { "if-none-match": etag } })],
		["an icon", 200, await server.get("/favicon.svg")],
		["nothing", 404, await server.get("/nothing/here")],
		["a page that is not there, in a browser", 404, await server.get("/nothing", { headers: { accept: "text/html" } })],
		["another method", 405, await server.get("/api/metrics", { method: "POST" })],
		["a wrong password", 401, await server.get("/login", form({ password: "wrong horse" }))],
		["a right one", 303, await server.get("/login", form({ password: "correct horse battery" }))],
		[
			"another site's form",
			403,
			await server.get("/login", { ...form({ password: "x" }), headers: { origin: "http://evil.example" } }),
		],
		["a report without a token", 401, await server.get("/api/runs", { method: "POST", body: "{}" })],
		[
			"a report that is none",
			422,
			await server.get("/api/runs", {
				method: "POST",
				body: "{}",
				headers: { authorization: "Bearer a-token-to-push" },
			}),
		],
		["a body that is too long", 413, await server.get("/login", { method: "POST", body: "x".repeat(40_000) })],
		[
			"a body that is compressed",
			415,
			await server.get("/login", { method: "POST", body: "x", headers: { "content-encoding": "gzip" } }),
		],
		["a ping with a wrong key", 404, await server.get("/ping/a-wrong-key/nas")],
		["another name", 421, await raw("GET / HTTP/1.1\r\nHost: evil.example\r\n\r\n")],
		["no name", 400, await raw("GET / HTTP/1.1\r\nHost: a b\r\n\r\n")],
		["a path that is none", 404, await raw(`GET /%zz HTTP/1.1\r\nHost: localhost:${server.port}\r\n\r\n`)],
	];
	for (const [what, status, { status: got, headers }] of answers) {
		const found = Object.fromEntries(Object.keys(expected).map((name) => [name, headers.get(name)]));
		expect([what, got, found]).toEqual([what, status, expected]);
		// Neither a server's name nor a promise about https that only a proxy can make.
		expect([
			what,
			headers.get("server"),
			headers.get("x-powered-by"),
			headers.get("strict-transport-security"),
		]).toEqual([what, null, null, null]);
		const isFile = ["a file", "a file that is known", "an icon"].includes(what);
		expect([what, headers.get("cache-control")?.startsWith("public")]).toEqual([what, isFile]);
	}
});

test("a change is taken from the monitor's own pages, also under the name that a proxy has, and from a shell", async () => {
	const env = { PUBLIC_URL: "https://backup.example.org" };
	const proxied = await startServer({ env });
	const status = async (headers: Record<string, string>) =>
		(await proxied.get("/refresh", { method: "POST", headers })).status;
	expect(await status({})).toBe(303);
	expect(await status({ origin: proxied.url })).toBe(303);
	// The proxy asks under an address of its own, so the Host is not the name that the browser knows.
	expect(await status({ origin: "https://backup.example.org", "sec-fetch-site": "same-origin" })).toBe(303);
	for (const origin of [
		"https://evil.example",
		"https://backup.example.org.evil.example",
		"http://backup.example.org",
		"null",
	]) {
		expect([origin, await status({ origin })]).toEqual([origin, 403]);
	}
	expect(await status({ origin: "https://backup.example.org", "sec-fetch-site": "cross-site" })).toBe(403);
	await proxied.stop();
});
