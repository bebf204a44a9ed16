// The built monitor in a real browser: a folder, a file that scripts append to, and the page that shows it.
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, setDefaultTimeout, test } from "bun:test";
import { appendFileSync, existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Browser, Page } from "playwright-core";
import { type StartedMonitor, startMonitor } from "../deploy/monitor.ts";
import { drawn, openPage, policy, startBrowser } from "./harness.ts";

setDefaultTimeout(60_000);

const binary = process.env.MONITOR_BINARY ?? join(import.meta.dir, "../../dist/backup-monitor");
const dayMs = 86_400_000;

let browser: Browser;
let dir: string;
let file: string;
let monitor: StartedMonitor;

beforeAll(async () => {
	if (!existsSync(binary)) throw new Error(`${binary} is missing: bun run build`);
	browser = await startBrowser();
});

beforeEach(() => {
	dir = mkdtempSync(join(tmpdir(), "monitor-page-"));
	file = join(dir, "metrics.jsonl");
});

afterEach(async () => {
	await monitor.stop();
	rmSync(dir, { recursive: true });
});

afterAll(() => browser.close());

/** A night of a job, as its script writes it; without a size where it failed. */
function line(job: string, nightsAgo: number, over: Record<string, unknown> = {}): string {
	const startedAt = new Date(Math.floor(Date.now() / 1000) * 1000 - nightsAgo * dayMs - 3_600_000);
	return `${JSON.stringify({
		timestamp: startedAt.toISOString(),
		job,
		backup_id: `${job}-${nightsAgo}`,
		success: true,
		duration_total: 1300 + nightsAgo,
		duration_archive: 300,
		duration_upload: 900,
		size_bytes: 3_000_000_000 - nightsAgo * 10_000_000,
		...over,
	})}\n`;
}

const failure = { success: false, size_bytes: 0, error_category: "upload", error_message: "rclone: i/o timeout" };

/** Three weeks, so that no run stands at the edge of a period. */
function weeks(...jobs: string[]): string {
	const nights = Array.from({ length: 21 }, (_, i) => 20 - i);
	return nights.flatMap((night) => jobs.map((job, i) => line(job, night, night % 9 === 4 + i ? failure : {}))).join("");
}

async function open(text: string | null) {
	if (text !== null) writeFileSync(file, text);
	monitor = await startMonitor([binary], { DATA_DIR: dir, TZ: "Europe/Berlin" });
	return openPage(browser, monitor.url);
}

const figure = (page: Page) => page.textContent(".cards .figure");
const tick = (page: Page) => page.evaluate(() => document.body.dispatchEvent(new CustomEvent("bm:tick")));

/** Asks again, as the page does every half minute, until the condition holds. */
async function until(page: Page, condition: () => Promise<boolean>): Promise<void> {
	for (let i = 0; i < 60; i++) {
		await tick(page);
		await page.waitForTimeout(100);
		if (await condition()) return;
	}
	throw new Error("It did not appear within six seconds");
}

describe("the built monitor", () => {
	test("shows three weeks of two jobs, obeys its own policy, and stays within eight requests", async () => {
		const { page, complaints, requests, close } = await open(weeks("docker-volumes", "photos"));
		await drawn(page);
		expect(await figure(page)).toContain("42");
		expect(await page.textContent("footer")).toContain(file);
		expect(await page.textContent("footer")).toContain("Europe/Berlin");
		expect(complaints).toEqual([]);
		expect(requests.length).toBeLessThanOrEqual(8);
		const answer = await fetch(monitor.url);
		expect(answer.headers.get("content-security-policy")).toBe(policy);
		for (const asset of requests.filter((url) => url.includes("/assets/"))) {
			expect((await fetch(asset)).headers.get("cache-control")).toContain("immutable");
		}
		await close();
	});

	test("turns from empty to full by the very line it offers, without a reload", async () => {
		const { page, complaints, close } = await open(null);
		const command = (await page.textContent(".snippet code")) ?? "";
		expect(command).toContain(file);
		await Bun.$`sh -c ${command}`.quiet();
		await until(page, async () => (await page.locator(".cards").count()) > 0);
		await drawn(page);
		expect(await figure(page)).toContain("1");
		expect(complaints).toEqual([]);
		await close();
	});

	test("shows an appended run without a reload, and keeps the range and job that were picked", async () => {
		const { page, complaints, close } = await open(weeks("docker-volumes", "photos"));
		await drawn(page);
		await page.selectOption("#job-filter", "photos");
		await page.waitForFunction(() => document.querySelector("#live")?.getAttribute("hx-get")?.includes("job=photos"));
		await page.click("#range-7");
		await page.waitForSelector("#range-7[aria-current]");
		const before = Number((await figure(page))?.trim());
		expect(before).toBeLessThanOrEqual(8);
		appendFileSync(file, line("photos", 0, { backup_id: "new", timestamp: new Date().toISOString() }));
		await until(page, async () => Number((await figure(page))?.trim()) === before + 1);
		expect(new URL(page.url()).search).toBe("?job=photos&range=7");
		expect(complaints).toEqual([]);
		await close();
	});

	test("draws a night four times as wide where somebody asks for it, scrolls by keyboard, and stays so", async () => {
		const { page, complaints, close } = await open(weeks("docker-volumes", "photos"));
		await drawn(page);
		const scroll = page.locator(".night-scroll");
		const widths = () => scroll.evaluate((one) => [one.scrollWidth, one.clientWidth, one.scrollLeft]);
		const words = () => page.locator(".timeline text:visible").count();
		const [whole = 0, shown = 0] = await widths();
		expect(whole).toBe(shown);
		const few = await words();
		await page.focus("#night-zoom > summary");
		await page.keyboard.press("Enter");
		expect((await widths())[0]).toBeGreaterThan(3.9 * shown - 20);
		expect(await words()).toBeGreaterThan(few + 4);
		// The first thing that happened is in sight.
		await page.waitForFunction(() => (document.querySelector(".night-scroll")?.scrollLeft ?? 0) > 0);
		const [place, mark] = [
			await scroll.boundingBox(),
			await page.locator(".timeline [data-mark=ok] rect").first().boundingBox(),
		];
		expect((mark?.x ?? 0) - (place?.x ?? 0)).toBeGreaterThanOrEqual(0);
		expect((mark?.x ?? 0) - (place?.x ?? 0)).toBeLessThan(place?.width ?? 0);
		await scroll.evaluate((one) => one.scrollTo(0, 0));
		await scroll.focus();
		await page.keyboard.press("ArrowRight");
		await page.waitForFunction(() => (document.querySelector(".night-scroll")?.scrollLeft ?? 0) > 0);
		const [, , left = 0] = await widths();
		appendFileSync(file, line("photos", 0, { backup_id: "new", timestamp: new Date().toISOString() }));
		await until(page, async () => (await page.locator(".timeline [data-mark=ok]").count()) > 2);
		expect((await widths())[2]).toBeGreaterThanOrEqual(left);
		expect(complaints).toEqual([]);
		await close();
	});

	test("Refresh twice adds nothing, also for lines older than what is kept (F2)", async () => {
		const { page, complaints, close } = await open(weeks("a") + line("a", 400));
		await drawn(page);
		const before = await figure(page);
		for (let i = 0; i < 2; i++) {
			await Promise.all([
				page.waitForResponse((response) => response.url().endsWith("/refresh")),
				page.click("#refresh"),
			]);
			await page.waitForTimeout(2100);
			expect(await figure(page)).toBe(before);
		}
		expect(complaints).toEqual([]);
		await close();
	});

	test("shows what could not be read, as text", async () => {
		const evil = '{"backup_id":"<img src=x onerror=window.__pwn=1>","success":"maybe"}\n';
		const { page, complaints, close } = await open(`null\n${evil}${line("a", 0)}`);
		expect(await page.textContent("#rejected")).toContain("<img src=x onerror=window.__pwn=1>");
		expect(await page.evaluate(() => (window as { __pwn?: unknown }).__pwn)).toBeUndefined();
		expect(complaints).toEqual([]);
		await close();
	});

	test("a failure is named, listed and acknowledged where it stands", async () => {
		const { page, complaints, close } = await open(weeks("docker-volumes", "photos"));
		await drawn(page);
		appendFileSync(file, line("photos", 0, { backup_id: "new", timestamp: new Date().toISOString(), ...failure }));
		await until(page, async () => (await page.textContent("h1"))?.includes("photos failed") === true);
		await until(page, async () => (await page.locator('.alert button:has-text("Acknowledge")').count()) > 0);
		expect(await page.title()).toBe("1\u00a0failed \u00b7 Backup Monitor");
		expect(await page.getAttribute('link[rel="icon"]', "href")).toStartWith("data:image/svg+xml,");
		await page.click("#show-need");
		await page.waitForSelector("#show-need[aria-current]");
		expect(await page.$$eval(".c-name > a", (links) => links.map((link) => link.textContent))).toEqual(["photos"]);
		await page.click('.alert button:has-text("Acknowledge")');
		await page.waitForSelector(".alert[data-quiet]");
		expect(await page.textContent(".alert")).toContain("acknowledged until it is over");
		expect(await page.getAttribute("#show-need", "aria-current")).toBe("true");
		expect(complaints).toEqual([]);
		await close();
	});

	test("remembers the theme", async () => {
		const { page, complaints, close } = await open(line("a", 0));
		await page.click("#theme summary");
		await Promise.all([
			page.waitForResponse((response) => response.url().endsWith("/theme")),
			page.click('#theme [value="dark"]'),
		]);
		await page.reload();
		expect(await page.getAttribute("html", "data-theme")).toBe("dark");
		expect(complaints).toEqual([]);
		await close();
	});

	test("takes its forms without JavaScript too", async () => {
		writeFileSync(file, line("a", 0));
		monitor = await startMonitor([binary], { DATA_DIR: dir, TZ: "UTC" });
		const context = await browser.newContext({ javaScriptEnabled: false });
		const page = await context.newPage();
		await page.goto(monitor.url);
		await page.click("#theme summary");
		await page.click('#theme [value="dark"]');
		expect(await page.getAttribute("html", "data-theme")).toBe("dark");
		await page.click('form[action="/refresh"] button');
		expect(await page.textContent("h1")).not.toContain("error");
		await context.close();
	});
});
