// What comes between an open page and the compiled monitor: a restart, a proxy that holds answers back, a connection that
// is not allowed, a laptop that slept.
import { afterAll, afterEach, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { appendFileSync, writeFileSync } from "node:fs";
import { connect, createServer, type Server, type Socket } from "node:net";
import { join } from "node:path";
import type { Browser, Page } from "playwright-core";
import { cleanUp, makeFolder, type Started, startServer } from "../binary.ts";
import { startBrowser } from "./harness.ts";

setDefaultTimeout(90_000);

let browser: Browser;
let server: Started;
let dataDir: string;

beforeAll(async () => {
	browser = await startBrowser();
});

afterAll(async () => {
	await browser.close();
	await cleanUp();
});

const port = () => 20_000 + Math.floor(Math.random() * 12_000);

async function start(): Promise<void> {
	dataDir = makeFolder();
	writeFileSync(join(dataDir, "metrics.jsonl"), run("photos"));
	server = await startServer({ dataDir, env: { PORT: String(port()), TZ: "Europe/Berlin" } });
}

const add = (job: string) => appendFileSync(join(dataDir, "metrics.jsonl"), run(job));

function run(job: string): string {
	const timestamp = new Date().toISOString();
	return `${JSON.stringify({ job, timestamp, backup_id: job, success: true, duration_total: 5, size_bytes: 1e9 })}\n`;
}

/** Bytes both ways, until it is told to treat connections otherwise. */
type Proxy = {
	url: string;
	/** What has not been answered in full is kept back, as a proxy with buffers does. */
	isBuffering: boolean;
	/** Connections of now go quiet without an end, as when a laptop sleeps. */
	freeze: () => void;
	stop: () => void;
};

async function startProxy(to: number): Promise<Proxy> {
	const open = new Set<{ client: Socket; upstream: Socket; isFrozen: boolean }>();
	const proxy: Proxy = {
		url: "",
		isBuffering: false,
		freeze: () => {
			for (const pair of open) pair.isFrozen = true;
		},
		stop: () => {
			for (const { client, upstream } of open) {
				client.destroy();
				upstream.destroy();
			}
			listening.close();
		},
	};
	const listening: Server = createServer((client) => {
		const upstream = connect(to, "127.0.0.1");
		const pair = { client, upstream, isFrozen: false };
		open.add(pair);
		let isLive = false;
		client.on("data", (bytes) => {
			// The other end has forgotten it, and says so when it is spoken to.
			if (pair.isFrozen) {
				client.resetAndDestroy();
				return;
			}
			isLive = bytes.toString("latin1").startsWith("GET /live ");
			upstream.write(bytes);
		});
		upstream.on("data", (bytes) => {
			if (!pair.isFrozen && !(proxy.isBuffering && isLive)) client.write(bytes);
		});
		const end = () => {
			open.delete(pair);
			client.destroy();
			upstream.destroy();
		};
		for (const socket of [client, upstream]) {
			socket.on("error", () => {});
			socket.on("close", () => !pair.isFrozen && end());
		}
	});
	await new Promise<void>((resolve) => listening.listen(0, "127.0.0.1", resolve));
	const address = listening.address();
	if (address === null || typeof address === "string") throw new Error("The proxy has no port");
	proxy.url = `http://127.0.0.1:${address.port}`;
	return proxy;
}

const shows = (page: Page, job: string, timeout = 30_000) =>
	page.waitForFunction((name) => document.querySelector("main")?.textContent?.includes(name), job, { timeout });

/** Loaded once, and never again. */
async function mark(page: Page): Promise<() => Promise<boolean>> {
	await page.evaluate(() => {
		(window as { mark?: number }).mark = 1;
	});
	return () => page.evaluate(() => (window as { mark?: number }).mark === 1);
}

/** The server has said something to the page: it need not ask by itself. */
const told = (page: Page, proxyUrl: string) =>
	page.waitForResponse((response) => response.url() === `${proxyUrl}/live` && response.status() === 200);

describe("a page that stays open", () => {
	afterEach(async () => {
		await server.kill();
	});

	test("over a restart of the monitor: says of when it is and when it tries again, and is right by itself", async () => {
		await start();
		const context = await browser.newContext({ locale: "en-GB", timezoneId: "Asia/Tokyo" });
		const page = await context.newPage();
		const heard = told(page, server.url);
		await page.goto(server.url);
		await heard;
		const isSame = await mark(page);
		const { port: same } = server;
		await server.stop();
		await page.waitForSelector("#lost:not([hidden])");
		const text = (await page.textContent("#lost-text")) ?? "";
		const [, clock = ""] =
			/What you see is of (\d\d:\d\d), \d+.(?:s|min) old\. (?:Next try in \d+.s|Trying now)\./.exec(text) ?? [];
		// The page's times are the server's: a browser elsewhere says the same.
		const berlin = (at: number) =>
			new Date(at).toLocaleTimeString("en-GB", { timeZone: "Europe/Berlin", hour: "2-digit", minute: "2-digit" });
		expect([berlin(Date.now()), berlin(Date.now() - 60_000)]).toContain(clock);
		expect(await page.textContent("#live-state")).toContain("Not live");
		add("while-it-was-off");
		server = await startServer({ dataDir, env: { PORT: String(same), TZ: "Europe/Berlin" } });
		await shows(page, "while-it-was-off", 60_000);
		await page.waitForSelector("#lost[hidden]", { state: "attached" });
		add("after-it");
		await shows(page, "after-it");
		expect(await isSame()).toBe(true);
		await context.close();
	});

	test("behind a proxy that holds the connection's answer back: asks by itself, and says nothing is lost", async () => {
		await start();
		const proxy = await startProxy(server.port);
		proxy.isBuffering = true;
		const context = await browser.newContext();
		const page = await context.newPage();
		await page.clock.install();
		await page.goto(proxy.url);
		const isSame = await mark(page);
		add("behind-a-proxy");
		await Bun.sleep(2500);
		await page.clock.runFor(31_000);
		await shows(page, "behind-a-proxy");
		expect(await page.isVisible("#lost")).toBe(false);
		// Once the proxy lets it through, the page is told again.
		proxy.isBuffering = false;
		const heard = told(page, proxy.url);
		await page.clock.runFor(90_000);
		await heard;
		expect(await isSame()).toBe(true);
		await context.close();
		proxy.stop();
	});

	test("where the connection is blocked: asks by itself, and says nothing is lost", async () => {
		await start();
		const context = await browser.newContext();
		const page = await context.newPage();
		await page.route("**/live", (route) => route.abort("blockedbyclient"));
		await page.clock.install();
		await page.goto(server.url);
		add("blocked");
		await Bun.sleep(2500);
		await page.clock.runFor(31_000);
		await shows(page, "blocked");
		expect(await page.isVisible("#lost")).toBe(false);
		await context.close();
	});

	test("on a laptop that slept for a night: shows what it missed as soon as it wakes", async () => {
		await start();
		const proxy = await startProxy(server.port);
		const context = await browser.newContext();
		const page = await context.newPage();
		await page.clock.install();
		const heard = told(page, proxy.url);
		await page.goto(proxy.url);
		await page.clock.runFor(1000);
		await heard;
		const isSame = await mark(page);
		proxy.freeze();
		add("while-it-slept");
		await Bun.sleep(2500);
		const began = performance.now();
		await page.clock.fastForward("08:00:00");
		await shows(page, "while-it-slept");
		expect(performance.now() - began).toBeLessThan(5000);
		await page.clock.runFor(30_000);
		add("awake");
		await Bun.sleep(2000);
		await page.clock.runFor(10_000);
		await shows(page, "awake");
		expect(await isSame()).toBe(true);
		await context.close();
		proxy.stop();
	});
});
