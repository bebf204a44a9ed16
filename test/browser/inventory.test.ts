// The page of inventories in a real browser, on a real monitor: nothing to complain about at any width, in either theme.
import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import type { Browser, BrowserContextOptions } from "playwright-core";
import { readConfig } from "../../src/config.ts";
import { takeListing } from "../../src/ingest/inventory.ts";
import { openListing } from "../../src/ingest/listing.ts";
import { findJob } from "../../src/store/jobs.ts";
import { listen } from "../../src/web/app.ts";
import { hour, openStation, type Station } from "../alerts/station.ts";
import { cleanUp } from "../binary.ts";
import { idOf, resticEntry } from "../inventory/station.ts";
import { violations } from "./axe.ts";
import { openPage, startBrowser } from "./harness.ts";

setDefaultTimeout(60_000);

let lab: Station;
let server: { port: number; stop: () => Promise<void> };
let browser: Browser;
const evil = `<img src=x onerror="window.__pwn=1">`;

async function list(job: string, entries: Record<string, unknown>[]): Promise<void> {
	const { monitor } = lab;
	const found = monitor.db === null ? null : findJob(monitor.db, job);
	if (found === null) throw new Error("no job");
	const sink = openListing("restic", "UTC");
	sink.push(Buffer.from(JSON.stringify(entries)));
	const made = { job: found, at: lab.now(), format: "restic", source: "push" } as const;
	await takeListing((line, apply) => monitor.keepListing(line, apply), made, sink.finish());
	await lab.look();
}

beforeAll(async () => {
	lab = await openStation();
	const entries: Record<string, unknown>[] = [];
	for (let i = 0; i < 4; i++) {
		await lab.run("photos", { snapshot_id: idOf(i), host: "x".repeat(120) });
		entries.push(resticEntry(idOf(i), lab.now()));
		await lab.pass(2 * hour, hour);
	}
	await lab.run(`\u05d2\u05d9\u05d1\u05d5\u05d9 ${evil}`);
	await list("photos", entries);
	for (let i = 0; i < 2; i++) {
		await lab.pass(hour, hour);
		await list("photos", entries.slice(0, 3));
	}
	const config = readConfig({ DATA_DIR: lab.dataDir, HOST: "127.0.0.1", PORT: "0", TZ: "UTC" });
	server = listen(lab.app, config);
	browser = await startBrowser();
});

afterAll(async () => {
	await browser.close();
	await server.stop();
	await lab.stop();
	await cleanUp();
});

const url = () => `http://127.0.0.1:${server.port}/inventory`;
const phone: BrowserContextOptions = { viewport: { width: 360, height: 780 }, hasTouch: true, isMobile: true };
const looks: [string, BrowserContextOptions][] = [
	["desktop, light", { colorScheme: "light" }],
	["desktop, dark", { colorScheme: "dark" }],
	["phone, light", { ...phone, colorScheme: "light" }],
	["phone, dark", { ...phone, colorScheme: "dark" }],
];

test.each(looks)("the page of inventories gives nothing to complain about: %s", async (_look, options) => {
	const { page, complaints, requests, close } = await openPage(browser, url(), options);
	expect(await violations(page)).toEqual([]);
	expect(await page.evaluate(() => (window as { __pwn?: unknown }).__pwn)).toBeUndefined();
	expect(complaints).toEqual([]);
	expect(requests.length).toBeLessThanOrEqual(8);
	expect(await page.textContent("main")).toContain("is not in the remote any more");
	await close();
});

test("it fits every width from 320 to 2560", async () => {
	const { page, close } = await openPage(browser, url());
	for (const width of [320, 360, 390, 480, 600, 768, 1024, 1440, 2560]) {
		await page.setViewportSize({ width, height: 900 });
		const over = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
		expect([width, over]).toEqual([width, 0]);
	}
	await close();
});
