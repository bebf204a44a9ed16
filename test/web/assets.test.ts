// What browsers load: named by its content, compressed once, and cached for good.
import { afterAll, describe, expect, test } from "bun:test";
import { assets } from "#assets";
import { assetPath, assetRoutes, takesGzip } from "../../src/web/assets.ts";

const server = Bun.serve({
	port: 0,
	hostname: "127.0.0.1",
	development: false,
	routes: assetRoutes({ "X-Content-Type-Options": "nosniff" }),
	fetch: () => new Response("not an asset", { status: 404 }),
});
afterAll(() => server.stop(true));

/** Without the client's own decompression: what comes is what was sent. */
const get = (path: string, headers: Record<string, string> = {}, method = "GET") =>
	fetch(new URL(path, server.url), {
		method,
		headers: { "Accept-Encoding": "identity", ...headers },
		decompress: false,
	});

for (const name of ["app.css", "app.js", "charts.js", "theme.js"]) {
	describe(name, () => {
		test("is served under a name with a hash, and may be kept for good", async () => {
			expect(assetPath(name)).toMatch(/^\/assets\/[a-z]+-[0-9a-f]{10}\.(css|js)$/);
			const response = await get(assetPath(name));
			expect(response.status).toBe(200);
			expect(response.headers.get("cache-control")).toBe("public, max-age=31536000, immutable");
			expect(response.headers.get("content-type")).toStartWith(name.endsWith(".css") ? "text/css" : "text/javascript");
			expect(response.headers.get("x-content-type-options")).toBe("nosniff");
		});

		test("is the same with gzip and without", async () => {
			const plain = await (await get(assetPath(name))).bytes();
			const response = await get(assetPath(name), { "Accept-Encoding": "gzip, br" });
			const bytes = await response.bytes();
			const isGzip = response.headers.get("content-encoding") === "gzip";
			expect(isGzip ? Bun.gunzipSync(bytes) : bytes).toEqual(plain);
			expect(isGzip).toBe(assets.find((asset) => asset.name === name)?.isGzipped ?? false);
		});

		test("is not sent again to a browser that has it", async () => {
			for (const encoding of ["gzip", "identity"]) {
				const headers = { "Accept-Encoding": encoding };
				const etag = (await get(assetPath(name), headers)).headers.get("etag") ?? "";
				// A proxy in between weakens the tag.
				for (const known of [etag, `W/${etag}`, `"other", ${etag}`]) {
					const again = await get(assetPath(name), { ...headers, "If-None-Match": known });
					expect([again.status, again.headers.get("etag"), (await again.bytes()).length]).toEqual([304, etag, 0]);
				}
				expect((await get(assetPath(name), { ...headers, "If-None-Match": '"other"' })).status).toBe(200);
			}
		});

		test("HEAD tells the length of what GET sends", async () => {
			for (const encoding of ["gzip", "identity"]) {
				const headers = { "Accept-Encoding": encoding };
				const head = await get(assetPath(name), headers, "HEAD");
				const body = await (await get(assetPath(name), headers)).bytes();
				expect(Number(head.headers.get("content-length"))).toBe(body.length);
				expect((await head.bytes()).length).toBe(0);
			}
		});
	});
}

test("two encodings of one file have different tags", async () => {
	const plain = await get(assetPath("app.js"));
	const gzip = await get(assetPath("app.js"), { "Accept-Encoding": "gzip" });
	expect(plain.headers.get("etag")).not.toBe(gzip.headers.get("etag"));
	expect(gzip.headers.get("vary")).toBe("Accept-Encoding");
});

test("a path whose content may change is not kept for good", async () => {
	for (const path of ["/favicon.svg", "/favicon.ico"]) {
		const response = await get(path);
		expect(response.status).toBe(200);
		expect(response.headers.get("cache-control")).toBe("public, max-age=86400");
		expect(response.headers.get("content-type")).toMatch(/^image\//);
	}
});

test("the stylesheet starts with the order of its layers, as it is written", async () => {
	const written = await Bun.file("public/app.css").text();
	const order = written.match(/@layer [^;{]+;/)?.[0] ?? "";
	const served = await (await get(assetPath("app.css"))).text();
	expect(served).toStartWith(order.replaceAll(", ", ","));
	expect(served).toContain("light-dark(");
});

test("a file that public/ does not have is a mistake in the page that names it", () => {
	expect(() => assetPath("nope.js")).toThrow("nope.js");
});

test("the first paint stays below 25 KB, everything below 110 KB", () => {
	const size = (name: string) =>
		Buffer.from(assets.find((asset) => asset.name === name)?.base64 ?? "", "base64").length;
	const first = size("app.css") + size("app.js") + size("theme.js");
	expect(first).toBeGreaterThan(0);
	expect(first).toBeLessThanOrEqual(25 * 1024);
	expect(first + size("charts.js")).toBeLessThanOrEqual(110 * 1024);
});

test.each([
	["gzip", true],
	["br, gzip;q=0.5", true],
	["GZIP", true],
	["*", true],
	["*;q=0", false],
	["gzip;q=0, *", false],
	["gzip; q=0.000", false],
	["br", false],
	["", false],
	[null, false],
])("Accept-Encoding %p takes gzip: %p", (header, isTaken) => {
	expect(takesGzip(header)).toBe(isTaken);
});
