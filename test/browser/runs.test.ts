// The pages of runs in a real browser: they filter while one types, refresh in place, fit every width, and obey the policy.
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import type { Browser, BrowserContextOptions, Page } from "playwright-core";
import { cleanUp } from "../binary.ts";
import { labLines, labNow, night, openRunLab, type RunLab } from "../web/pages/run-lab.ts";
import { violations } from "./axe.ts";
import { openPage, startBrowser } from "./harness.ts";

setDefaultTimeout(90_000);

let lab: RunLab;
let server: { url: string; stop: () => Promise<void> };
let browser: Browser;

const evil = `</script><img src=x onerror="window.__pwn=1"><svg onload="window.__pwn=1">`;
const endless = "x".repeat(300);
const rightToLeft = "\u05d2\u05d9\u05d1\u05d5\u05d9 \u202etxt.exe";

/** Everything that a report can hold, as long and as odd as it may be. */
function hostile(id: string, fields: Record<string, unknown>): string {
	return night(rightToLeft, 32, {
		host: endless.slice(0, 200),
		backup_id: id,
		duration_total: 86_400,
		phases: { [endless.slice(0, 60)]: 50_000, [evil.slice(0, 60)]: 0 },
		snapshot_id: endless,
		repository: `s3:${endless}`,
		labels: { [endless]: endless, [evil]: rightToLeft },
		metrics: { [endless]: 1e18 },
		log: `${endless}\n${evil}\n${rightToLeft}`,
		unknown_field: evil,
		...fields,
	});
}

beforeAll(async () => {
	const odd = [
		hostile("odd-failed", {
			success: false,
			error_category: endless.slice(0, 64),
			error_message: evil + endless.repeat(4),
		}),
		hostile(`odd-${endless}`, { outcome: "warning", warnings: 999_999, warning_messages: [evil, endless] }),
	];
	lab = await openRunLab([...odd, ...labLines()], {
		aboutRun: (_db, { run }) => ({
			judgedAs: {
				sentence: "The upload took twice as long as usual.",
				findings: ["Upload: 15 min, usually 8 to 9 min."],
				usual: [
					{ name: "Size", unit: "bytes", value: 3.7e9, low: 3.5e9, median: 3.7e9, high: 3.9e9 },
					{ name: endless, unit: "seconds", value: 917, low: 500, median: 540, high: 580 },
				],
			},
			alerts: [
				{
					id: 1,
					kind: "phase",
					severity: "warning",
					sentence: endless,
					openedAt: run.startedAt,
					resolvedAt: null,
					acknowledgedAt: null,
				},
			],
		}),
	});
	server = lab.listen();
	browser = await startBrowser();
});

afterAll(async () => {
	await browser.close();
	await server.stop();
	await lab.close();
	await cleanUp();
});

const phone: BrowserContextOptions = { viewport: { width: 360, height: 780 }, hasTouch: true, isMobile: true };
const run = (backupId: string) => `/runs/${lab.idOf(backupId)}`;
const pages: [name: string, path: () => string][] = [
	["all runs", () => "/runs"],
	["filtered runs", () => "/runs?q=timeout&outcome=failure&from=2026-11-01"],
	["no match", () => "/runs?q=posgres"],
	["the oldest page, with odd runs", () => `/runs?to=2026-10-25`],
	["a failed run", () => run("postgres-dump-0")],
	["a good run", () => run("docker-volumes-0")],
	["a warned run", () => run("mail-0")],
	["a running run", () => run("media-now")],
	["an odd failed run", () => run("odd-failed")],
	["an odd warned run", () => run(`odd-${endless}`)],
];

describe.each(pages)("%s", (_name, path) => {
	const looks: [string, BrowserContextOptions][] = [
		["desktop, light", { colorScheme: "light" }],
		["desktop, dark", { colorScheme: "dark" }],
		["phone, light", { ...phone, colorScheme: "light" }],
		["phone, dark", { ...phone, colorScheme: "dark" }],
	];

	test.each(looks)("nothing to complain about: %s", async (_look, options) => {
		const { page, complaints, requests, close } = await openPage(browser, server.url + path(), options);
		expect(await violations(page)).toEqual([]);
		expect(await page.evaluate(() => (window as { __pwn?: unknown }).__pwn)).toBeUndefined();
		expect(complaints).toEqual([]);
		expect(requests.length).toBeLessThanOrEqual(8);
		await close();
	});

	test("fits every width from 320 to 1920", async () => {
		const { page, close } = await openPage(browser, server.url + path());
		await page.evaluate(() => {
			for (const details of document.querySelectorAll("main details")) details.setAttribute("open", "");
		});
		const wide: string[] = [];
		for (const width of [320, 360, 390, 480, 600, 700, 768, 820, 895, 1024, 1199, 1440, 1920]) {
			await page.setViewportSize({ width, height: 900 });
			await page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))));
			const over = await page.evaluate(
				() => document.documentElement.scrollWidth - document.documentElement.clientWidth,
			);
			if (over > 0) wide.push(`${width} px: ${over} px too wide`);
		}
		expect(wide).toEqual([]);
		await close();
	});
});

const tick = (page: Page) => page.evaluate(() => document.body.dispatchEvent(new CustomEvent("bm:tick")));
const found = (page: Page) => page.textContent("#found");

async function settled(page: Page, words: string): Promise<void> {
	await page.waitForFunction((text) => document.querySelector("#found")?.textContent?.includes(text), words);
}

describe("the form", () => {
	test("finds while one types, keeps the focus and the cursor, and the address says it", async () => {
		const { page, complaints, close } = await openPage(browser, `${server.url}/runs`);
		await page.focus("#filter-q");
		await page.keyboard.type("time", { delay: 20 });
		await settled(page, "2 of");
		await page.keyboard.type("out", { delay: 300 });
		await settled(page, "2 of");
		await page.waitForFunction(() => location.search === "?q=timeout");
		expect(await page.evaluate(() => document.activeElement?.id)).toBe("filter-q");
		expect(await page.inputValue("#filter-q")).toBe("timeout");
		expect(await page.locator(".run-list mark").count()).toBeGreaterThanOrEqual(2);
		// One step back is the list before the search, however many letters it had.
		await page.goBack();
		await page.waitForFunction(
			() => location.search === "" && document.querySelectorAll(".run-list mark").length === 0,
		);
		expect(complaints).toEqual([]);
		await close();
	});

	test("is not disturbed by a refresh while one types", async () => {
		const { page, close } = await openPage(browser, `${server.url}/runs?job=mail`);
		await page.focus("#filter-q");
		await page.keyboard.type("file ch", { delay: 5 });
		await tick(page);
		await page.waitForTimeout(150);
		expect(await page.inputValue("#filter-q")).toBe("file ch");
		await page.keyboard.type("anged");
		await settled(page, "1 of");
		expect(await page.inputValue("#filter-q")).toBe("file changed");
		await close();
	});

	test("each choice is kept over a refresh, and taken back by its word", async () => {
		const { page, close } = await openPage(browser, `${server.url}/runs`);
		await page.check('input[name="outcome"][value="failure"]');
		await settled(page, "of 127");
		await page.waitForFunction(() => location.search === "?outcome=failure");
		await page.selectOption("#filter-job", "postgres-dump");
		await page.waitForFunction(() => location.search === "?job=postgres-dump&outcome=failure");
		await settled(page, "2 of");
		await tick(page);
		await page.waitForTimeout(200);
		expect(await found(page)).toContain("2 of");
		expect(await page.inputValue("#filter-job")).toBe("postgres-dump");
		await page.click('.chip:has-text("outcome")');
		await page.waitForURL("**/runs?job=postgres-dump");
		expect(await page.isChecked('input[name="outcome"][value=""]')).toBe(true);
		await close();
	});

	test("works without JavaScript, with everything in it to be seen", async () => {
		const { page, close } = await openPage(browser, `${server.url}/runs`, { javaScriptEnabled: false });
		await page.fill("#filter-q", "timeout");
		await page.selectOption("#filter-kind", "backup");
		await page.click("#filter button");
		await page.waitForURL("**/runs?q=timeout&kind=backup");
		expect(await page.locator(".run-list tbody tr:not(.day)").count()).toBe(2);
		await page.click(".run-list .c-when a");
		expect(await page.textContent("h1")).toContain("Failed");
		await page.click("#raw summary");
		expect(await page.isVisible("#raw pre")).toBe(true);
		await close();
	});
});

test("a new run appears in place: what is open and where one reads stays", async () => {
	const { page, complaints, close } = await openPage(browser, `${server.url}/runs`);
	await page.evaluate(() => window.scrollTo(0, 400));
	const started = new Date(labNow - 60_000).toISOString();
	await lab.report(JSON.stringify({ job: "fresh", backup_id: "fresh-1", timestamp: started, success: true }));
	await tick(page);
	await page.waitForFunction(() => document.querySelector(".run-list")?.textContent?.includes("fresh-1"));
	expect(await page.evaluate(() => scrollY)).toBeGreaterThan(300);
	await page.goto(server.url + run("media-now"));
	await page.click("#raw summary");
	const ended = { job: "media", host: "nas", backup_id: "media-now", outcome: "success", duration_total: 2500 };
	await lab.report(JSON.stringify({ ...ended, timestamp: new Date(labNow - 42 * 60_000).toISOString() }));
	await tick(page);
	await page.waitForFunction(() => document.querySelector("h1")?.textContent?.includes("OK"));
	expect(await page.isVisible("#raw pre")).toBe(true);
	expect(await page.title()).toBe("OK: media \u00b7 Backup Monitor");
	expect(complaints).toEqual([]);
	await close();
});

test("the whole row leads to its run, and the keyboard reaches it by its time", async () => {
	const { page, close } = await openPage(browser, `${server.url}/runs?job=postgres-dump&outcome=failure`);
	await page.click(".run-list tbody tr:not(.day) .c-duration", { force: true });
	await page.waitForURL(`**${run("postgres-dump-0")}`);
	await page.focus("#run-prev");
	await page.keyboard.press("Enter");
	await page.waitForURL(`**${run("postgres-dump-1")}`);
	await page.focus("#run-next");
	await page.keyboard.press("Enter");
	await page.waitForURL(`**${run("postgres-dump-0")}`);
	await close();
});

test("every stop of the keyboard can be seen", async () => {
	for (const path of ["/runs", run("postgres-dump-0")]) {
		const { page, close } = await openPage(browser, server.url + path);
		const unseen: string[] = [];
		for (let n = 0; n < 40; n++) {
			await page.keyboard.press("Tab");
			const at = await page.evaluate(() => {
				const here = document.activeElement;
				if (here === null || here === document.body) return null;
				const ringed = [here, here.nextElementSibling, here.parentElement].filter((one) => one !== null);
				const isSeen = ringed.some((one) => getComputedStyle(one).outlineStyle !== "none");
				return { what: here.outerHTML.slice(0, 100), isSeen };
			});
			if (at !== null && !at.isSeen) unseen.push(at.what);
		}
		expect(unseen).toEqual([]);
		await close();
	}
});

test("the log and the report can be copied", async () => {
	const options = { permissions: ["clipboard-read", "clipboard-write"] };
	const { page, close } = await openPage(browser, server.url + run("postgres-dump-9"), options);
	await page.click("#log + .button");
	await page.waitForFunction(() => document.querySelector("#log + .button")?.textContent?.includes("Copied"));
	expect(await page.evaluate(() => navigator.clipboard.readText())).toContain(
		"pg_dump: dumping 14 databases\n01:33:31",
	);
	await close();
});

test("on paper there are no buttons, and the log is whole", async () => {
	const { page, close } = await openPage(browser, server.url + run("postgres-dump-0"));
	await page.emulateMedia({ media: "print" });
	expect(await page.isVisible(".run-steps")).toBe(false);
	expect(await page.isVisible(".run-raw")).toBe(false);
	expect(await page.isVisible("#log")).toBe(true);
	await page.goto(`${server.url}/runs`);
	expect(await page.isVisible("#filter")).toBe(false);
	await close();
});
