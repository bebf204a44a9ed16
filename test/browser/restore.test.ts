// The page Restore in a real browser: it fits every width, obeys the policy, counts what is ticked, and works without script.
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import type { Browser, BrowserContextOptions, Page } from "playwright-core";
import { type Lab, sampleLab } from "../web/restore-lab.ts";
import { violations } from "./axe.ts";
import { openPage, policy, startBrowser } from "./harness.ts";

setDefaultTimeout(90_000);

let lab: Lab;
let server: { url: string; stop: () => Promise<void> };
let browser: Browser;

const endless = "x".repeat(60);
const config = `jobs:
  photos: { rto: 30m, title: Photos of everybody to the NAS in the attic }
  nas: { rto: 8h }
`;

beforeAll(async () => {
	lab = await sampleLab(config, { "Content-Security-Policy": policy, "Referrer-Policy": "same-origin" });
	const { station } = lab;
	await station.run(endless, {
		size_bytes: 5e12,
		duration_total: 90_000,
		repository: `s3:https://${endless}.example/b`,
	});
	await station.run(endless, { kind: "restore_test", success: false, error_message: endless.repeat(9) });
	server = lab.listen();
	browser = await startBrowser();
});

afterAll(async () => {
	await browser.close();
	await server.stop();
	await lab.close();
});

const heading = (page: Page) => page.locator("h1").textContent();
const phone: BrowserContextOptions = { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true };

describe("nothing to complain about", () => {
	const looks: [string, BrowserContextOptions][] = [
		["desktop, light", { colorScheme: "light" }],
		["desktop, dark", { colorScheme: "dark" }],
		["phone, light", { ...phone, colorScheme: "light" }],
		["phone, dark", { ...phone, colorScheme: "dark" }],
	];

	test.each(looks)("%s", async (look, options) => {
		const { page, complaints, close } = await openPage(browser, `${server.url}/restore?job=nas`, options);
		const folder = process.env.PICTURES;
		if (folder !== undefined)
			await page.screenshot({ path: `${folder}/restore-${look.replace(", ", "-")}.png`, fullPage: true });
		expect(await violations(page)).toEqual([]);
		expect(complaints).toEqual([]);
		await close();
	});
});

test("no width scrolls sideways", async () => {
	const { page, close } = await openPage(browser, `${server.url}/restore`);
	for (const width of [320, 360, 390, 480, 640, 768, 900, 960, 1024, 1280, 1920]) {
		await page.setViewportSize({ width, height: 900 });
		const over = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
		expect([width, Math.max(0, over)]).toEqual([width, 0]);
	}
	await close();
});

test("a ticked box counts that job at once, stands in the address, and survives the next refresh", async () => {
	const { page, complaints, close } = await openPage(browser, `${server.url}/restore`);
	expect(await heading(page)).toStartWith("Everything back in");
	await page.locator("#pick-nas").check();
	await page.waitForFunction(() => document.querySelector("h1")?.textContent?.startsWith("nas back in"));
	expect(page.url()).toEndWith("/restore?job=nas");
	await page.locator("#pick-photos").check();
	await page.waitForFunction(() => document.querySelector("h1")?.textContent?.startsWith("2"));
	const answered = page.waitForResponse((response) => response.url().includes("/restore?"));
	await page.evaluate(() => document.body.dispatchEvent(new CustomEvent("bm:tick")));
	expect((await answered).url()).toContain("job=nas");
	expect(await page.locator("#pick-nas").isChecked()).toBe(true);
	expect(await page.locator("#pick-photos").isChecked()).toBe(true);
	await page.locator("#pick-nas").uncheck();
	await page.waitForFunction(() => document.querySelector("h1")?.textContent?.startsWith("Photos of"));
	await page.getByRole("link", { name: "All jobs" }).click();
	await page.waitForFunction(() => document.querySelector("h1")?.textContent?.startsWith("Everything"));
	expect(await page.locator("#pick-photos").isChecked()).toBe(false);
	expect(complaints).toEqual([]);
	await close();
});

test("a command that is open stays open over a refresh, and can be copied", async () => {
	const { page, close } = await openPage(browser, `${server.url}/restore`);
	const step = page.locator("#plan-nas");
	await step.locator("summary").click();
	const isOpen = () => step.locator("details").evaluate((details) => (details as HTMLDetailsElement).open);
	const before = await isOpen();
	const answered = page.waitForResponse((response) => response.url().includes("/restore"));
	await page.evaluate(() => document.body.dispatchEvent(new CustomEvent("bm:tick")));
	await answered;
	await page.waitForTimeout(300);
	expect(await isOpen()).toBe(before);
	expect(await page.locator("#plan [data-copy]").count()).toBeGreaterThan(0);
	await close();
});

test("without script the form has a button, and everything is read", async () => {
	const { page, close } = await openPage(browser, `${server.url}/restore`, { javaScriptEnabled: false });
	await page.locator("#pick-photos").check();
	await page.getByRole("button", { name: "Count these" }).click();
	expect(page.url()).toEndWith("/restore?job=photos");
	expect(await heading(page)).toStartWith("Photos of everybody to the NAS in the attic back in");
	expect(await page.locator("#pick-photos").isChecked()).toBe(true);
	expect(await page.locator("#accuracy").textContent()).toContain("took 47");
	await close();
});
