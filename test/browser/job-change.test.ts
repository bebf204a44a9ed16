// The page that renames, merges and deletes a job, in a real browser: for everybody, on a phone, and without a script.
import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Browser } from "playwright-core";
import { cleanUp, makeFolder, type Started, startServer, untilRead } from "../binary.ts";
import { aLine, someLines } from "../lines.ts";
import { violations } from "./axe.ts";
import { openPage, startBrowser } from "./harness.ts";

setDefaultTimeout(60_000);

const evil = `<img src=x onerror="window.__pwn=1">`;
let browser: Browser;
let server: Started;

beforeAll(async () => {
	browser = await startBrowser();
	const dataDir = makeFolder();
	const jobs = [
		someLines(0, 5, { job: "photos" }),
		someLines(0, 5, { job: "mail", host: "x".repeat(200) }),
		aLine(0, { job: evil }),
	];
	writeFileSync(join(dataDir, "metrics.jsonl"), `${jobs.join("")}\n`);
	server = await startServer({ dataDir, env: { RETENTION_DAYS: "36500" } });
	await untilRead(server, 11);
});
afterAll(async () => {
	await browser.close();
	await server.stop();
	await cleanUp();
});

test("is readable by everybody, never wider than a small phone, and executes no name", async () => {
	for (const path of ["", "?do=merge&into=mail", `?do=rename&to=${encodeURIComponent(evil)}`]) {
		for (const [width, colorScheme] of [
			[320, "light"],
			[1280, "dark"],
		] as const) {
			const view = { viewport: { width, height: 800 }, colorScheme };
			const { page, complaints, close } = await openPage(browser, `${server.url}/jobs/photos/change${path}`, view);
			expect([path, width, await violations(page)]).toEqual([path, width, []]);
			const wide = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
			expect([path, width, wide <= 0, complaints.filter((text) => !text.includes("422"))]).toEqual([
				path,
				width,
				true,
				[],
			]);
			expect(await page.evaluate(() => "__pwn" in window)).toBe(false);
			await close();
		}
	}
});

test("works without a script: from the job's page to the question, to the job's new address", async () => {
	const { page, close } = await openPage(browser, `${server.url}/jobs/photos`, { javaScriptEnabled: false });
	await page.getByRole("link", { name: "Rename, merge or delete this job" }).click();
	await page.getByLabel("New name").fill("Family photos");
	await page.getByRole("button", { name: "Rename\u2026" }).click();
	expect(await page.getByRole("heading", { level: 1 }).textContent()).toBe("Rename photos to Family photos?");
	await page.getByRole("button", { name: "Rename", exact: true }).click();
	await page.waitForURL("**/jobs/family-photos");
	expect(await page.getByRole("heading", { level: 1 }).textContent()).toBe("Family photos");
	await page.goto(`${server.url}/jobs/family-photos/change?do=delete`);
	await page.getByRole("link", { name: "Do nothing" }).click();
	await page.waitForURL("**/jobs/family-photos");
	await page.goto(`${server.url}/jobs/family-photos/change?do=delete`);
	await page.getByRole("button", { name: "Delete", exact: true }).click();
	await page.waitForURL(`${server.url}/`);
	expect(await page.getByText("Family photos").count()).toBe(0);
	await close();
});
