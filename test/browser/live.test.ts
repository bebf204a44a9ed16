// A page that is left open: what is reported appears by itself, and nothing of the reader's is disturbed.
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, setDefaultTimeout, test } from "bun:test";
import { appendFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Browser, Page } from "playwright-core";
import { type Config, readConfig } from "../../src/config.ts";
import { type App, type AppOptions, createApp, listen, type Server } from "../../src/web/app.ts";
import { Entry } from "../../src/web/entry.ts";
import { readTokens } from "../../src/web/tokens.ts";
import { wire } from "../../src/web/wiring.ts";
import { cleanUp, makeFolder } from "../binary.ts";
import { drawn, openPage, startBrowser, type Watched } from "./harness.ts";

setDefaultTimeout(60_000);

const dayMs = 86_400_000;
let browser: Browser;
let file: string;
let config: Config;
let parts: AppOptions;
let app: App;
let server: Server;
let opened: Watched[] = [];

beforeAll(async () => {
	browser = await startBrowser();
});

beforeEach(async () => {
	const dataDir = makeFolder();
	file = join(dataDir, "metrics.jsonl");
	const jobs = ["photos", "db", "etc", "music", "mail", "vms"];
	writeFileSync(file, Array.from({ length: 12 }, (_, i) => jobs.map((job) => run(job, 11 - i)).join("")).join(""));
	config = readConfig({ DATA_DIR: dataDir, HOST: "127.0.0.1", PORT: "0", TZ: "UTC" });
	parts = wire(config, Date.now, new Entry(readTokens(config), Date.now));
	parts.monitor.start();
	await parts.monitor.catchUp();
	parts.alerting.start();
	app = createApp(parts);
	server = listen(app, config);
	config = { ...config, port: server.port };
});

afterEach(async () => {
	for (const { close } of opened) await close();
	opened = [];
	await Promise.all([server.stop(), parts.alerting.stop()]);
	await parts.monitor.stop();
});

afterAll(async () => {
	await browser.close();
	await cleanUp();
});

/** A run that ended an hour before now, so many nights ago. */
function run(job: string, nightsAgo: number, more: Record<string, unknown> = {}): string {
	const at = new Date(Date.now() - nightsAgo * dayMs - 3_600_000).toISOString();
	const measures = { duration_total: 600, duration_upload: 500, size_bytes: 3e9 + nightsAgo * 1e6 };
	return `${JSON.stringify({ job, timestamp: at, backup_id: `${job}-${nightsAgo}`, success: true, ...measures, ...more })}\n`;
}

/** Of a run beside the one of this night. */
const now = () => ({ timestamp: new Date().toISOString(), backup_id: "now", duration_total: 1 });

async function open(path: string): Promise<Watched> {
	const watched = await openPage(browser, `http://127.0.0.1:${server.port}${path}`);
	opened.push(watched);
	await watched.page.evaluate(() => {
		(window as { mark?: number }).mark = 1;
	});
	return watched;
}

async function until(condition: () => boolean | Promise<boolean>, patienceMs = 10_000): Promise<void> {
	const deadline = performance.now() + patienceMs;
	while (!(await condition())) {
		if (performance.now() > deadline) throw new Error("It did not happen in time");
		await Bun.sleep(20);
	}
}

const listens = () => until(() => parts.monitor.subscribers === 1);
const isSame = (page: Page) => page.evaluate(() => (window as { mark?: number }).mark === 1);

describe("an open page", () => {
	test("shows a new run, its state and its alert within two seconds, without a reload", async () => {
		const { page, complaints } = await open("/");
		await drawn(page);
		await listens();
		expect(await page.textContent("h1")).not.toContain("photos");
		const began = performance.now();
		appendFileSync(file, run("photos", 0, { ...now(), success: false, error_message: "no route to host" }));
		await page.waitForFunction(() => document.querySelector("h1")?.textContent?.includes("photos"));
		await page.waitForFunction(() => document.querySelector("main")?.textContent?.includes("no route to host"));
		// The file is looked at once a second: that is part of the two.
		expect(performance.now() - began).toBeLessThan(2000);
		expect(await isSame(page)).toBe(true);
		expect(complaints).toEqual([]);
	});

	test("and one that is pushed, in a small part of that", async () => {
		const { page } = await open("/runs");
		await listens();
		await Bun.sleep(1200);
		const url = `http://127.0.0.1:${server.port}/api/runs`;
		const headers = { authorization: `Bearer ${parts.entry.tokens.token}`, "content-type": "application/json" };
		const began = performance.now();
		expect((await fetch(url, { method: "POST", headers, body: run("pushed-job", 0) })).status).toBeLessThan(300);
		await page.waitForFunction(() => document.querySelector("main")?.textContent?.includes("pushed-job"));
		expect(performance.now() - began).toBeLessThan(1200);
	});

	test("keeps focus, scroll, what is typed, what is open, and its charts", async () => {
		const { page, complaints } = await open("/");
		await drawn(page);
		await listens();
		await page.setViewportSize({ width: 1000, height: 400 });
		await page.locator("input[name=q]").fill("pho");
		await page.evaluate(() => {
			const details = document.querySelector<HTMLDetailsElement>("main details.as-table");
			if (details) details.open = true;
			const canvas = document.querySelector("canvas");
			if (canvas) canvas.dataset.mine = "yes";
			scrollTo(0, 240);
		});
		await page.locator("input[name=q]").focus({ timeout: 1000 });
		const scroll = await page.evaluate(() => {
			scrollTo(0, 240);
			return scrollY;
		});
		appendFileSync(file, run("third", 0));
		await page.waitForFunction(() => document.querySelector("main")?.textContent?.includes("third"));
		expect(await page.inputValue("input[name=q]")).toBe("pho");
		expect(await page.evaluate(() => (document.activeElement as HTMLInputElement).name)).toBe("q");
		expect(await page.evaluate(() => scrollY)).toBe(scroll);
		expect(await page.evaluate(() => document.querySelector<HTMLDetailsElement>("main details.as-table")?.open)).toBe(
			true,
		);
		expect(await page.evaluate(() => document.querySelector("canvas")?.dataset.mine)).toBe("yes");
		expect(await isSame(page)).toBe(true);
		expect(complaints).toEqual([]);
	});

	test("asks once for fifty reports, and a second time at most for what came meanwhile", async () => {
		const { page, requests } = await open("/");
		await drawn(page);
		await listens();
		await Bun.sleep(1200);
		const before = requests.length;
		for (let i = 0; i < 50; i++) appendFileSync(file, run(`many-${i}`, 0));
		await page.waitForFunction(() => document.querySelector("main")?.textContent?.includes("many-49"));
		await Bun.sleep(1500);
		expect(requests.length - before).toBeLessThanOrEqual(3);
	});

	test("that nobody sees does not listen, and shows what it missed when it is seen again", async () => {
		const { page, complaints } = await open("/");
		await drawn(page);
		await listens();
		await seen(page, false);
		await until(() => parts.monitor.subscribers === 0);
		appendFileSync(file, run("unseen", 0));
		await parts.monitor.catchUp();
		await Bun.sleep(700);
		expect(await page.textContent("main")).not.toContain("unseen");
		await seen(page, true);
		await listens();
		await page.waitForFunction(() => document.querySelector("main")?.textContent?.includes("unseen"));
		expect(complaints).toEqual([]);
	});

	test("says when the monitor is gone, and is right again by itself when it is back", async () => {
		const { page } = await open("/");
		await drawn(page);
		await listens();
		await server.stop();
		await page.waitForSelector("#lost:not([hidden])", { timeout: 15_000 });
		expect(await page.textContent("#live-state")).toContain("Not live");
		server = listen(createApp(parts), config);
		appendFileSync(file, run("back-again", 0));
		await page.waitForSelector("#lost[hidden]", { state: "attached", timeout: 30_000 });
		await page.waitForFunction(() => document.querySelector("main")?.textContent?.includes("back-again"));
		expect(await page.textContent("#live-state")).toContain("Live, checked");
		expect(await isSame(page)).toBe(true);
	});

	test("leaves connections to the other windows of its browser, and tells them what it hears", async () => {
		const context = await browser.newContext();
		const pages: Page[] = [];
		for (let i = 0; i < 9; i++) {
			const page = await context.newPage();
			await page.goto(`http://127.0.0.1:${server.port}/runs`);
			pages.push(page);
		}
		await listens();
		await Bun.sleep(1500);
		appendFileSync(file, run("for-all", 0));
		const began = performance.now();
		await Promise.all(
			pages.map((page) => page.waitForFunction(() => document.querySelector("main")?.textContent?.includes("for-all"))),
		);
		expect(performance.now() - began).toBeLessThan(4000);
		await context.close();
	});

	test("asks by itself where nothing comes, and does not ask for the connection all the time", async () => {
		const context = await browser.newContext();
		const page = await context.newPage();
		let asked = 0;
		await page.route("**/live", (route) => {
			asked++;
			return route.fulfill({ status: 503, body: "full" });
		});
		await page.clock.install();
		await page.goto(`http://127.0.0.1:${server.port}/`);
		appendFileSync(file, run("polled", 0));
		await parts.monitor.catchUp();
		await page.clock.runFor(31_000);
		await page.waitForFunction(() => document.querySelector("main")?.textContent?.includes("polled"));
		expect(await page.isVisible("#lost")).toBe(false);
		await page.clock.runFor(120_000);
		expect(asked).toBeGreaterThanOrEqual(2);
		expect(asked).toBeLessThanOrEqual(10);
		await context.close();
	});
});

test("a server with open pages ends in less than two seconds", async () => {
	for (let i = 0; i < 5; i++) await open("/");
	await until(async () => parts.monitor.subscribers === 1);
	const began = performance.now();
	await server.stop();
	expect(performance.now() - began).toBeLessThan(2000);
	await until(() => parts.monitor.subscribers === 0);
});

/** What a browser says when a tab comes to the front or goes to the back. */
function seen(page: Page, isVisible: boolean): Promise<void> {
	return page.evaluate(
		(state) => {
			Object.defineProperty(document, "visibilityState", { value: state, configurable: true });
			document.dispatchEvent(new Event("visibilitychange"));
		},
		isVisible ? "visible" : "hidden",
	);
}
