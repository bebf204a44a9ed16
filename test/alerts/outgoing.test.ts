// The one way out: where it goes, how long it waits, how much it reads, and what it never follows.
import { afterAll, afterEach, beforeAll, expect, spyOn, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { isRefusedAddress, resolveHost } from "../../src/alerts/addresses.ts";
import { fetchOut, OutgoingError, parseRetryAfter } from "../../src/alerts/outgoing.ts";
import { forgetSecrets, mask, registerSecret } from "../../src/secrets.ts";
import { type Fault, startFault, startReceiver } from "./receivers.ts";

// Words that are secrets here are words elsewhere.
beforeAll(forgetSecrets);
afterAll(forgetSecrets);

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
	for (const clean of cleanups.splice(0)) await clean();
});

function receiver(reply: Parameters<typeof startReceiver>[0] = () => ({ status: 200, body: "ok" })) {
	const server = startReceiver(reply);
	cleanups.push(server.stop);
	return server;
}

function fault(kind: Fault) {
	const server = startFault(kind);
	cleanups.push(server.stop);
	return server;
}

async function failureOf(promise: Promise<unknown>): Promise<OutgoingError> {
	const error = await promise.then(
		() => null,
		(reason: unknown) => reason,
	);
	if (!(error instanceof OutgoingError)) throw new Error(`expected an OutgoingError, got ${String(error)}`);
	return error;
}

test("only http and https addresses are called: no file, no data, no s3", async () => {
	for (const address of [
		"file:///etc/passwd",
		"data:text/plain,x",
		"s3://bucket/key",
		"blob:x",
		"nothing",
		"http://",
	]) {
		const error = await failureOf(fetchOut(address, { method: "GET" }));
		expect(error.isPermanent).toBe(true);
		expect(error.message).toContain("only http and https");
	}
});

test("user and password of an address go into a header, and are registered as secrets", async () => {
	const server = receiver();
	await fetchOut(`http://ann:s%40cret-pw@${server.host}/x?a=b`, { body: "hello" });
	expect(server.seen[0]?.headers.get("authorization")).toBe(`Basic ${btoa("ann:s@cret-pw")}`);
	expect(server.seen[0]?.path).toBe("/x");
	expect(server.seen[0]?.query.get("a")).toBe("b");
	expect(server.seen[0]?.body).toBe("hello");
	expect(mask("it was s@cret-pw")).toBe("it was •••");
});

test("the Host header names the host although the call goes to the address that was checked", async () => {
	const server = receiver();
	await fetchOut(`http://localhost:${server.host.split(":")[1]}/`);
	expect(server.seen[0]?.headers.get("host")).toBe(`localhost:${server.host.split(":")[1]}`);
});

test("a redirect is not followed, and the reason shows only where it leads", async () => {
	const elsewhere = receiver();
	const location = `http://user:hidden@${elsewhere.host}/?token=hidden`;
	for (const [status, isPermanent] of [
		[301, true],
		[302, false],
		[307, false],
		[308, true],
	] as const) {
		const server = receiver(() => ({ status, headers: { location } }));
		const error = await failureOf(fetchOut(server.base, { headers: { authorization: "Bearer hidden" } }));
		expect(error.message).toBe(
			`answered ${status} and points to http://${elsewhere.host}: enter the address it leads to`,
		);
		expect(error.isPermanent).toBe(isPermanent);
	}
	expect(elsewhere.seen).toHaveLength(0);
});

test("a server that hangs at any point is given up in time", async () => {
	for (const kind of ["hang", "hang-in-headers", "hang-in-body"] as const) {
		const startedAt = performance.now();
		const error = await failureOf(fetchOut(fault(kind).base, { timeoutMs: 300 }));
		expect(error.message).toBe("gave no answer within 0.3 s");
		expect(error.isPermanent).toBe(false);
		expect(performance.now() - startedAt).toBeLessThan(1500);
	}
});

test("of a gigabyte four kilobytes are read, at once and without the memory for it", async () => {
	const server = fault("flood");
	const before = process.memoryUsage.rss();
	const startedAt = performance.now();
	const answer = await fetchOut(server.base);
	expect(answer.text.length).toBe(4096);
	expect(performance.now() - startedAt).toBeLessThan(2000);
	await Bun.sleep(200);
	const stoppedAt = server.sentBytes();
	await Bun.sleep(200);
	expect(server.sentBytes()).toBe(stoppedAt);
	expect(stoppedAt).toBeLessThan(64e6);
	expect(process.memoryUsage.rss() - before).toBeLessThan(100e6);
});

test("compressed answers stay compressed: a bomb does not go off", async () => {
	const bomb = Bun.gzipSync(new Uint8Array(50e6));
	const server = Bun.serve({
		hostname: "127.0.0.1",
		port: 0,
		fetch: (request) =>
			new Response(bomb, {
				headers: { "content-encoding": "gzip", "x-accept": request.headers.get("accept-encoding") ?? "" },
			}),
	});
	cleanups.push(() => server.stop(true));
	const answer = await fetchOut(`http://127.0.0.1:${server.port}/`);
	expect(answer.status).toBe(200);
	expect(answer.text.length).toBeLessThanOrEqual(4096);
});

test("a dropped connection, a closed port and another protocol are temporary, each with its sentence", async () => {
	expect((await failureOf(fetchOut(fault("reset").base))).message).toBe("closed the connection without an answer");
	const closed = startFault("hang");
	closed.stop();
	const refusedError = await failureOf(fetchOut(closed.base));
	expect(refusedError.message).toBe("refuses the connection: nothing listens at this address and port");
	expect(refusedError.isPermanent).toBe(false);
	const garbage = await failureOf(fetchOut(fault("garbage").base));
	expect(garbage.isPermanent).toBe(false);
	expect(garbage.message).not.toContain("127.0.0.1");
	const plain = receiver();
	expect((await failureOf(fetchOut(plain.base.replace("http:", "https:")))).message).toContain("does not speak TLS");
});

test("a name that does not exist is temporary: resolvers can be down", async () => {
	const error = await failureOf(fetchOut("http://no-such-host.invalid/"));
	expect(error.message).toBe("cannot be found: the name no-such-host.invalid cannot be resolved");
	expect(error.isPermanent).toBe(false);
});

test("a certificate of one's own is refused with what to do, and taken where the address says so", async () => {
	const tls = join(import.meta.dir, "../fixtures/tls");
	const server = Bun.serve({
		hostname: "127.0.0.1",
		port: 0,
		tls: { key: readFileSync(join(tls, "key.pem")), cert: readFileSync(join(tls, "cert.pem")) },
		fetch: () => new Response("ok"),
	});
	cleanups.push(() => server.stop(true));
	const address = `https://127.0.0.1:${server.port}/`;
	expect((await failureOf(fetchOut(address))).message).toContain("NODE_EXTRA_CA_CERTS");
	expect((await fetchOut(address, { isUnverified: true })).status).toBe(200);
});

test("proxies of the environment are ignored, but for the one that is meant", async () => {
	const server = receiver();
	const proxy = receiver(() => ({ status: 200, body: "by proxy" }));
	const kept = { ...process.env };
	cleanups.push(() => {
		for (const name of ["HTTP_PROXY", "http_proxy", "ALL_PROXY", "WEBHOOK_PROXY"]) {
			if (kept[name] === undefined) delete process.env[name];
			else process.env[name] = kept[name];
		}
	});
	process.env.HTTP_PROXY = proxy.base;
	process.env.http_proxy = proxy.base;
	process.env.ALL_PROXY = proxy.base;
	expect((await fetchOut(server.base)).text).toBe("ok");
	process.env.WEBHOOK_PROXY = proxy.base;
	expect((await fetchOut("http://somewhere.invalid/x")).text).toBe("by proxy");
	const refused = await failureOf(fetchOut("http://169.254.169.254/"));
	expect(refused.isPermanent).toBe(true);
});

test("link-local, multicast and unspecified addresses are refused in every spelling", async () => {
	const refused = [
		"169.254.169.254",
		"0.0.0.0",
		"0.1.2.3",
		"224.0.0.1",
		"239.255.255.250",
		"255.255.255.255",
		"fe80::1",
		"febf::1",
		"ff02::1",
		"::",
		"::ffff:169.254.169.254",
		"::ffff:a9fe:a9fe",
		"64:ff9b::a9fe:a9fe",
		"::169.254.169.254",
		"fe80::1%eth0",
		"1:2:3",
	];
	expect(refused.filter((address) => !isRefusedAddress(address))).toEqual([]);
	const allowed = [
		"127.0.0.1",
		"192.168.1.5",
		"10.0.0.1",
		"172.16.0.1",
		"100.64.0.1",
		"1.1.1.1",
		"::1",
		"fd00::1",
		"2a01:4f8::1",
		"::ffff:192.168.1.5",
	];
	expect(allowed.filter(isRefusedAddress)).toEqual([]);
	for (const host of ["169.254.169.254", "2852039166", "0xA9FEA9FE", "[fe80::1]", "[::ffff:169.254.169.254]"]) {
		const error = await failureOf(fetchOut(`http://${host}/latest/meta-data`));
		expect(error.isPermanent).toBe(true);
		expect(error.message).toContain("nothing is sent there");
	}
});

function resolvesTo(...addresses: string[]) {
	const spy = spyOn(Bun.dns, "lookup");
	cleanups.push(() => spy.mockRestore());
	spy.mockImplementation(async () =>
		addresses.map((address) => ({ address, family: address.includes(":") ? (6 as const) : (4 as const), ttl: 0 })),
	);
}

test("where a name has several addresses, one that answers is taken, and never one that is refused", async () => {
	const server = receiver();
	const port = Number(server.host.split(":")[1]);
	resolvesTo("203.0.113.9", "fe80::1", "127.0.0.1");
	expect(await resolveHost("nas.example", port, AbortSignal.timeout(5000))).toEqual({
		address: "127.0.0.1",
		family: 4,
	});
	expect((await fetchOut(`http://nas.example:${port}/`)).text).toBe("ok");
	expect(server.seen[0]?.headers.get("host")).toBe(`nas.example:${port}`);
	resolvesTo("169.254.169.254", "::ffff:169.254.169.254");
	const error = await failureOf(fetchOut("http://harmless.example/"));
	expect(error.isPermanent).toBe(true);
	expect(error.message).toStartWith("leads to 169.254.169.254, a link-local");
});

test("Retry-After is read as seconds or as a date, and never as nonsense", () => {
	const now = Date.parse("2026-11-24T02:00:00Z");
	expect(parseRetryAfter("120", now)).toBe(120);
	expect(parseRetryAfter("0.3", now)).toBe(1);
	expect(parseRetryAfter("Tue, 24 Nov 2026 02:05:00 GMT", now)).toBe(300);
	expect(parseRetryAfter("Tue, 24 Nov 2026 01:00:00 GMT", now)).toBe(0);
	expect(parseRetryAfter("99999999999", now)).toBe(86_400);
	expect([null, "", "soon", "-5", "1e9"].map((value) => parseRetryAfter(value, now))).not.toContain(Number.NaN);
});

test("a secret is masked in every form in which it may turn up", () => {
	const secret = 'canary/4711+"key"&ü';
	registerSecret(secret);
	const forms = [
		secret,
		encodeURIComponent(secret),
		encodeURIComponent(secret).toLowerCase(),
		JSON.stringify({ secret }),
		Bun.escapeHTML(secret),
		Buffer.from(secret).toString("hex"),
	];
	for (const form of forms) expect(mask(form)).not.toContain("4711");
	for (const before of ["", "a:", "ab:", "abc:", "abcd:"]) {
		const encoded = Buffer.from(`${before}${secret}${before}`).toString("base64");
		expect(mask(encoded)).toContain("•••");
	}
	registerSecret("abc");
	expect(mask("abc")).toBe("abc");
});
