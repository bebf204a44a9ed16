// The page of alerts in a real browser, on a real monitor: it can be read at every width, and its buttons work with and
// without a script.
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Browser, BrowserContextOptions } from "playwright-core";
import { readConfig } from "../../src/config.ts";
import { listen } from "../../src/web/app.ts";
import { openReceiver, openStation, type Receiver, type Station } from "../alerts/station.ts";
import { cleanUp, makeFolder } from "../binary.ts";
import { violations } from "./axe.ts";
import { openPage, startBrowser } from "./harness.ts";

setDefaultTimeout(60_000);

let lab: Station;
let receiver: Receiver;
let server: { port: number; stop: () => Promise<void> };
let browser: Browser;
const evil = `<img src=x onerror="window.__pwn=1">`;

beforeAll(async () => {
	const dataDir = makeFolder();
	receiver = openReceiver();
	writeFileSync(
		join(dataDir, "config.yaml"),
		`channels:\n  phone: { url: "${receiver.url}" }\n  dead: { url: "json://127.0.0.1:9/no" }\nquiet_hours: { from: "22:00", to: "07:00", critical_passes: true }\n`,
	);
	lab = await openStation({ dataDir });
	await lab.run("photos", { success: false, error_message: `repository is locked ${evil}`, log: "a\nb" });
	await lab.run("\u05d2\u05d9\u05d1\u05d5\u05d9", {
		success: false,
		error_message: "x".repeat(300),
		host: "y".repeat(120),
	});
	await lab.run("db", { success: false });
	await lab.pass(60_000);
	await lab.run("db");
	await lab.pass(15 * 60_000);
	const config = readConfig({ DATA_DIR: dataDir, HOST: "127.0.0.1", PORT: "0", TZ: "UTC" });
	server = listen(lab.app, config);
	browser = await startBrowser();
});

afterAll(async () => {
	await browser.close();
	await server.stop();
	await lab.stop();
	receiver.stop();
	await cleanUp();
});

const url = () => `http://127.0.0.1:${server.port}/alerts`;
const phone: BrowserContextOptions = { viewport: { width: 360, height: 780 }, hasTouch: true, isMobile: true };
const looks: [string, BrowserContextOptions][] = [
	["desktop, light", { colorScheme: "light" }],
	["desktop, dark", { colorScheme: "dark" }],
	["phone, light", { ...phone, colorScheme: "light" }],
	["phone, dark", { ...phone, colorScheme: "dark" }],
];

describe("the page of alerts", () => {
	test.each(looks)("gives nothing to complain about: %s", async (_look, options) => {
		const { page, complaints, requests, close } = await openPage(browser, url(), options);
		expect(await violations(page)).toEqual([]);
		expect(await page.evaluate(() => (window as { __pwn?: unknown }).__pwn)).toBeUndefined();
		expect(complaints).toEqual([]);
		expect(requests.length).toBeLessThanOrEqual(8);
		await close();
	});

	test("fits every width from 320 to 2560", async () => {
		const { page, close } = await openPage(browser, url());
		for (const width of [320, 360, 390, 480, 600, 768, 1024, 1440, 2560]) {
			await page.setViewportSize({ width, height: 900 });
			const over = await page.evaluate(
				() => document.documentElement.scrollWidth - document.documentElement.clientWidth,
			);
			expect([width, over]).toEqual([width, 0]);
		}
		await close();
	});

	test("says what is open, what was not delivered and by which channel, and what was", async () => {
		const { page, close } = await openPage(browser, url(), { javaScriptEnabled: false });
		const text = await page.textContent("main");
		expect(text).toContain("alerts are open");
		expect(text).toContain("repository is locked");
		expect(text).toContain("Not delivered");
		expect(text).toContain("dead");
		expect(text).toContain("The next run succeeded.");
		expect(text).toContain("Quiet hours 22:00\u201307:00, critical passes");
		await close();
	});

	test("a button acknowledges without a script", async () => {
		const { page, close } = await openPage(browser, url(), { javaScriptEnabled: false });
		const row = page.locator(".alert-item", { hasText: "repository is locked" }).first();
		await row.getByRole("button", { name: /Acknowledge/ }).click();
		await page.waitForURL("**/alerts");
		expect(await page.textContent("main")).toContain("acknowledged");
		await close();
	});

	test("and with one, in place, without leaving the page", async () => {
		const { page, complaints, close } = await openPage(browser, url());
		await page.evaluate(() => {
			(window as { mark?: number }).mark = 1;
		});
		const row = page.locator(".alert-item", { hasText: "xxxx" }).first();
		await row.getByRole("button", { name: /Snooze/ }).click();
		await page.waitForFunction(() => document.querySelector("main")?.textContent?.includes("snoozed until") === true);
		expect(await page.evaluate(() => (window as { mark?: number }).mark)).toBe(1);
		expect(complaints).toEqual([]);
		await close();
	});

	test("a test message says what came back", async () => {
		const { page, close } = await openPage(browser, url());
		await page
			.locator("#channel-phone")
			.getByRole("button", { name: /Send a test/ })
			.click();
		await page.waitForFunction(
			() => document.querySelector("#channel-phone")?.textContent?.includes("was taken") === true,
		);
		await page
			.locator("#channel-dead")
			.getByRole("button", { name: /Send a test/ })
			.click();
		await page.waitForFunction(
			() => document.querySelector("#channel-dead")?.textContent?.includes("not taken") === true,
		);
		expect(receiver.messages.at(-1)?.type).toBe("test");
		await close();
	});
});
