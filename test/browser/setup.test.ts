// The setup page of the built monitor in a real browser: it fits, it is accessible, and shows a report as it comes in.
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Browser, BrowserContextOptions, Page } from "playwright-core";
import { setups } from "../../src/setup-snippets.ts";
import { cleanUp, type Started, startServer } from "../binary.ts";
import { violations } from "./axe.ts";
import { openPage, startBrowser } from "./harness.ts";

setDefaultTimeout(60_000);

let server: Started;
let browser: Browser;
let token: string;

beforeAll(async () => {
	server = await startServer();
	browser = await startBrowser();
	token = readFileSync(join(server.dataDir, "push-token"), "utf8").trim();
	await report("photos");
	await report("failed", "/fail");
	await fetch(`${server.url}/ping/wrong-token/photos`);
});
afterAll(async () => {
	await browser.close();
	await server.stop();
	await cleanUp();
});

const report = (slug: string, end = "") => fetch(`${server.url}/ping/${token}/${slug}${end}`);
const open = (path: string, options: BrowserContextOptions = {}) => openPage(browser, `${server.url}${path}`, options);
const phone: BrowserContextOptions = { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true };
/** As a reverse proxy would pass it on: the token is not shown. */
const away: BrowserContextOptions = { extraHTTPHeaders: { "x-forwarded-for": "192.168.1.7" } };
async function tick(page: Page): Promise<void> {
	const answered = page.waitForResponse((response) => response.request().headers()["hx-request"] === "true");
	await page.evaluate(() => document.body.dispatchEvent(new CustomEvent("bm:tick")));
	await answered;
}

describe("nothing to complain about", () => {
	const looks: [string, BrowserContextOptions][] = [
		["desktop, light", { colorScheme: "light" }],
		["desktop, dark, from elsewhere", { colorScheme: "dark", ...away }],
		["phone, light, from elsewhere", { ...phone, colorScheme: "light", ...away }],
		["phone, dark", { ...phone, colorScheme: "dark" }],
	];
	test.each(looks)("%s", async (_look, options) => {
		for (const path of ["/setup", "/setup?tool=borgmatic&job=photos", "/setup?tool=uptime-kuma&job=failed"]) {
			const { page, complaints, requests, close } = await open(path, options);
			expect([path, await violations(page)]).toEqual([path, []]);
			expect(complaints).toEqual([]);
			expect(requests.length).toBeLessThanOrEqual(8);
			await close();
		}
	});

	test("every tab fits every width from 360 to 1920, with names that never end", async () => {
		const { page, close } = await open("/setup");
		const endless = "x".repeat(300);
		const wide: string[] = [];
		for (const { id } of setups) {
			await page.goto(`${server.url}/setup?tool=${id}&job=${endless}&source=/${endless}&target=/${endless}`);
			for (const width of [360, 414, 600, 768, 895, 900, 1024, 1199, 1280, 1440, 1920]) {
				await page.setViewportSize({ width, height: 900 });
				const over = await page.evaluate(
					() => document.documentElement.scrollWidth - document.documentElement.clientWidth,
				);
				if (over > 0) wide.push(`${id} at ${width}: ${over}`);
			}
		}
		expect(wide).toEqual([]);
		await close();
	});

	test("targets on a phone are large enough, and the tab bar leads here and back", async () => {
		const { page, close } = await open("/setup", phone);
		const small = await page.$$eval("main a, main button, main input:not([type=hidden]), .mainnav a", (targets) =>
			targets
				.filter((target) => target.checkVisibility() && !target.closest("p"))
				.map((target) => ({ text: target.textContent?.trim().slice(0, 30), box: target.getBoundingClientRect() }))
				.filter(({ box }) => box.height < 24 || box.width < 24)
				.map(({ text, box }) => `${text}: ${box.width} x ${box.height}`),
		);
		expect(small).toEqual([]);
		expect(await page.textContent(".mainnav [aria-current]")).toBe("Setup");
		await page.click('.mainnav a[href="/"]');
		await page.click(".nav-more summary");
		await page.click('.nav-more a[href="/setup"]');
		expect(await page.textContent("h1")).toBe("Connect a backup");
		await close();
	});
});

describe("a newcomer", () => {
	test("finds the page from the empty overview", async () => {
		const empty = await startServer();
		const { page, complaints, close } = await openPage(browser, empty.url);
		expect(await violations(page)).toEqual([]);
		await page.click('main a[href="/setup"]');
		expect(await page.textContent("h1")).toBe("Connect a backup");
		expect(await page.textContent(".listening")).toContain("Nothing from nightly yet");
		expect(complaints).toEqual([]);
		await close();
		await empty.stop();
	});

	test("picks tool and job, and sees the first report without a reload, within seconds and untouched", async () => {
		const { page, complaints, close } = await open("/setup");
		await page.evaluate(() => {
			(window as { opened?: boolean }).opened = true;
		});
		await page.click("#way-restic");
		await page.waitForSelector("#way-restic[aria-current]");
		await page.fill("#setup-job", "my laptop");
		await page.press("#setup-job", "Enter");
		await page.waitForFunction(() =>
			document.querySelector("code")?.closest("main")?.textContent?.includes("/my-laptop"),
		);
		expect(new URL(page.url()).searchParams.get("job")).toBe("my laptop");
		expect(await page.title()).toContain("restic");
		expect(await page.textContent(".listening")).toContain("Nothing from my laptop");
		await report("my-laptop");
		await page.waitForFunction(() => document.querySelector(".listening")?.textContent?.includes("Connected."), null, {
			timeout: 9000,
		});
		expect(await page.textContent(".arrivals li")).toContain("my-laptop");
		expect(await page.textContent(".side")).toContain("1\u00a0report refused");
		expect(await page.evaluate(() => (window as { opened?: boolean }).opened)).toBe(true);
		await page.goBack();
		await page.waitForSelector("#way-restic[aria-current]");
		expect(complaints).toEqual([]);
		await close();
	});

	test("keeps what is half typed while the page refreshes itself", async () => {
		const { page, close } = await open("/setup?tool=borg");
		await page.focus("#setup-source");
		await page.keyboard.press("End");
		await page.keyboard.type("/half ty");
		await report("another");
		await tick(page);
		await page.waitForFunction(() => document.querySelector(".arrivals")?.textContent?.includes("another"));
		await page.keyboard.type("ped");
		expect(await page.inputValue("#setup-source")).toBe("/srv/half typed");
		expect(await page.evaluate(() => document.activeElement?.id)).toBe("setup-source");
		await close();
	});

	test("copies a snippet, or has it selected where the browser gives no clipboard", async () => {
		const { page, close } = await open("/setup?tool=borgmatic");
		await page.evaluate(() => Object.defineProperty(navigator, "clipboard", { value: undefined }));
		await page.click("[data-copy]");
		expect(await page.textContent("[data-copy] span")).toBe("Press Ctrl+C");
		expect(await page.evaluate(() => getSelection()?.toString())).toStartWith("healthchecks:");
		await close();
	});
});

test("without script the tabs are links and the form is a form", async () => {
	const { page, complaints, close } = await open("/setup", { javaScriptEnabled: false });
	await page.click("#way-rsync");
	await page.fill("#setup-job", "nas");
	await page.fill("#setup-target", "/mnt/x");
	await page.click(".chosen button");
	expect(new URL(page.url()).search).toBe("?tool=rsync&job=nas&source=%2Fsrv&target=%2Fmnt%2Fx");
	expect(await page.textContent('[data-snippet="rsync/script"]')).toContain("/srv/ /mnt/x/");
	expect(await page.isVisible("[data-copy]")).toBe(false);
	await page.click("#way-restic");
	expect(new URL(page.url()).searchParams.get("job")).toBe("nas");
	expect(complaints).toEqual([]);
	await close();
});
