// What the page's script writes is written as the server wrote it: in the browser's locale, and in the zone that was chosen.
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Browser, Page } from "playwright-core";
import { cleanUp, makeFolder, type Started, startServer } from "../binary.ts";
import { drawn, openPage, startBrowser } from "./harness.ts";

setDefaultTimeout(60_000);

let browser: Browser;
let server: Started;
const plain = (text: string | null) => text?.replace(/[\u00a0\u202f]/g, " ") ?? "";

beforeAll(async () => {
	const dataDir = makeFolder();
	const lines = Array.from({ length: 12 }, (_, i) => {
		const at = new Date(Date.now() - i * 86_400_000 - 3 * 3_600_000).toISOString();
		const measures = { duration_total: 7.4, duration_upload: 3.2, size_bytes: 1_234_567_890 + i * 1e6 };
		return `${JSON.stringify({ job: "photos", timestamp: at, backup_id: `photos-${i}`, success: true, ...measures })}\n`;
	});
	writeFileSync(join(dataDir, "metrics.jsonl"), lines.join(""));
	server = await startServer({ dataDir, env: { TZ: "Europe/Berlin" } });
	browser = await startBrowser();
});

afterAll(async () => {
	await browser.close();
	await server.stop();
	await cleanUp();
});

type Charts = Record<string, { scales: { y: { ticks: { label: string }[] } } }>;

const axis = (page: Page, name: string) =>
	page.evaluate((chart) => {
		const charts = (window as unknown as { backupCharts: () => Charts }).backupCharts();
		return charts[chart]?.scales.y.ticks.map(({ label }) => label) ?? [];
	}, name);

describe("in the compiled program", () => {
	test("a German browser is shown decimal commas, its dates and 24 hours, in charts and their tables as well", async () => {
		const { page, complaints, close } = await openPage(browser, server.url, { locale: "de-DE" });
		await drawn(page);
		expect(await page.getAttribute("html", "data-locale")).toBe("de-DE");
		const main = plain(await page.textContent("main"));
		expect(main).toContain("1,23 GB");
		expect(main).toContain("7,4 s");
		expect(main).not.toMatch(/\d\.\d+ (?:GB|MB|s\b)/);
		const labels = (await axis(page, "size")).map(plain);
		expect(labels).toEqual(["0 B", "500 MB", "1 GB", "1,5 GB"]);
		expect(complaints).toEqual([]);
		await close();
	});

	test("an American one points and 12 hours", async () => {
		const { page, complaints, close } = await openPage(browser, server.url, { locale: "en-US" });
		await drawn(page);
		expect(plain(await page.textContent("#runs"))).toMatch(/(?:today|yesterday) \d+:\d\d [AP]M/);
		expect((await axis(page, "size")).map(plain)).toEqual(["0 B", "500 MB", "1 GB", "1.5 GB"]);
		expect(complaints).toEqual([]);
		await close();
	});

	test("dates written from right to left do not reorder the words around them", async () => {
		const { page, complaints, close } = await openPage(browser, `${server.url}/runs`, { locale: "ar-EG" });
		const order = await page.evaluate(() => {
			const time = document.querySelector("main time") as HTMLElement;
			const walker = document.createRange();
			walker.selectNodeContents(time.closest("tr") as HTMLElement);
			return { direction: getComputedStyle(time).direction, text: time.textContent };
		});
		expect(order.direction).toBe("ltr");
		expect(order.text).toMatch(/^\u2068.*\u2069$/);
		expect(complaints).toEqual([]);
		await close();
	});

	test("a browser in the server's zone, or one with the same clock, is offered no other", async () => {
		for (const timezoneId of ["Europe/Berlin", "Europe/Paris"]) {
			const { page, close } = await openPage(browser, server.url, { timezoneId });
			expect(await page.isVisible("#zones")).toBe(false);
			await close();
		}
	});

	test("one in another zone may choose its own time, on every page, and go back", async () => {
		const { page, complaints, close } = await openPage(browser, `${server.url}/runs?job=photos`, {
			timezoneId: "America/New_York",
		});
		const first = () => page.getAttribute("tbody time", "title");
		const before = await first();
		expect(before).toMatch(/ CES?T$/);
		// A refresh brings the foot anew: the choice stays offered.
		await page.evaluate(() => document.body.dispatchEvent(new CustomEvent("bm:tick")));
		await page.waitForResponse((response) => response.url().includes("/runs"));
		await page.getByRole("button", { name: "my time" }).click();
		await page.waitForURL("**/runs?job=photos");
		expect(await page.textContent("footer")).toMatch(/Times in America\/New_York \(E[SD]T, UTC\u2212[45]\)/);
		expect(await first()).toMatch(/ E[SD]T$/);
		const times = await page
			.locator("tbody time")
			.evaluateAll((all) => all.map((time) => [Date.parse((time as HTMLTimeElement).dateTime), time.textContent]));
		for (const [at, text] of times) {
			const expected = new Date(Number(at)).toLocaleTimeString("en-GB", {
				timeZone: "America/New_York",
				hour: "2-digit",
				minute: "2-digit",
			});
			expect(String(text)).toBe(expected);
		}
		await page.goto(server.url);
		expect(await page.textContent("footer")).toContain("Times in America/New_York");
		await page.getByRole("button", { name: "server time" }).click();
		await page.waitForLoadState();
		expect(await page.textContent("footer")).toContain("Times in Europe/Berlin");
		expect(complaints).toEqual([]);
		await close();
	});

	test("without a script the choice, once made, can be taken back", async () => {
		const context = await browser.newContext({ javaScriptEnabled: false });
		await context.addCookies([{ name: "zone", value: "Asia/Tokyo", url: server.url }]);
		const page = await context.newPage();
		await page.goto(`${server.url}/alerts`);
		expect(await page.textContent("footer")).toContain("Times in Asia/Tokyo");
		await page.getByRole("button", { name: "server time" }).click();
		expect(new URL(page.url()).pathname).toBe("/alerts");
		expect(await page.textContent("footer")).toContain("Times in Europe/Berlin");
		await context.close();
	});
});
