// The login in a real browser: in and out, with a script and without, back to where somebody wanted to go.
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, setDefaultTimeout, test } from "bun:test";
import { appendFileSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Browser, Page } from "playwright-core";
import { cleanUp, makeFolder, type Started, startServer } from "../binary.ts";
import { someLines } from "../lines.ts";
import { openPage, startBrowser, type Watched } from "./harness.ts";

setDefaultTimeout(60_000);

// Of "correct horse", by htpasswd.
const hash = "$2y$10$3IXrriWF0ACmuQhO4aXuAO.CBAG3nEQfGv.VjerpnaWg8lX1ARwt6";
const password = "correct horse";
const pages = ["/", "/runs", "/alerts", "/inventory", "/restore", "/setup", "/settings", "/jobs/default"];

let browser: Browser;
let server: Started;
const opened: Watched[] = [];

beforeAll(async () => {
	browser = await startBrowser();
	const dataDir = makeFolder();
	appendFileSync(join(dataDir, "metrics.jsonl"), someLines(0, 10));
	server = await startServer({ dataDir, env: { AUTH_PASSWORD_HASH: hash, PUSH_TOKEN: "reports-of-runs" } });
	expect(server.log()).toContain("login: by password");
});
beforeEach(() => {
	opened.length = 0;
});
afterEach(() => Promise.all(opened.map((one) => one.close())));
afterAll(async () => {
	await browser.close();
	await server.stop();
	await cleanUp();
});

async function visit(path: string, options = {}): Promise<Watched> {
	const watched = await openPage(browser, `${server.url}${path}`, options);
	opened.push(watched);
	return watched;
}

async function enter(page: Page, typed = password): Promise<void> {
	await page.fill("#password", typed);
	await page.click("button[type=submit]");
}

const pathOf = (page: Page) => page.url().slice(server.url.length);

for (const javaScriptEnabled of [true, false]) {
	describe(javaScriptEnabled ? "with a script" : "without a script", () => {
		test("a page asks for the password, says when it is wrong, and comes when it is right", async () => {
			const { page, complaints } = await visit("/runs?outcome=failure", { javaScriptEnabled });
			expect(pathOf(page)).toBe("/login?to=%2Fruns%3Foutcome%3Dfailure");
			await enter(page, "wrong horse");
			expect(await page.locator("[role=alert]").textContent()).toContain("The password is wrong.");
			// The browser itself says that an answer was a 401.
			complaints.length = 0;
			await enter(page);
			expect(pathOf(page)).toBe("/runs?outcome=failure");
			// The way out is on the page where one happens to be, and on the settings for all browsers at once.
			for (const [path, button] of [
				["/runs", ".topbar [aria-label='Log out']"],
				["/settings", "#login button"],
			] as const) {
				await page.goto(`${server.url}${path}`);
				await page.locator(button).last().click();
				await page.waitForURL(/\/login$/);
				await page.goto(`${server.url}/runs`);
				expect(pathOf(page)).toBe("/login?to=%2Fruns");
				if (path === "/runs") await enter(page);
			}
			expect(complaints).toEqual([]);
		});
	});
}

test("no page breaks the policy, with a login on, and none is kept by the browser", async () => {
	const { page, complaints } = await visit("/login");
	await enter(page);
	for (const path of pages) {
		const response = await page.goto(`${server.url}${path}`);
		expect([path, response?.status(), response?.headers()["cache-control"]]).toEqual([path, 200, "no-store"]);
		await page.waitForLoadState("load");
		// With the way out there is one thing more in the bar.
		for (const width of [320, 1280]) {
			await page.setViewportSize({ width, height: 900 });
			const over = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
			expect([path, width, over]).toEqual([path, width, 0]);
		}
	}
	await page.goto(`${server.url}/login`);
	expect(await page.textContent("main")).toContain("This browser is logged in.");
	expect(complaints).toEqual([]);
});

test("an open page whose login is over leads to the login, and back to where it was", async () => {
	const { page } = await visit("/login");
	await enter(page);
	await page.goto(`${server.url}/?range=90`, { waitUntil: "commit" });
	// Its stream is open: else the refusal of that would lead it away at once.
	await page.waitForResponse((response) => response.url().endsWith("/live"));
	await page.context().clearCookies();
	// Something comes in, and the page asks for it.
	await untilTold(page);
	await page.waitForURL(/\/login\?to=/);
	await enter(page);
	expect(pathOf(page)).toBe("/?range=90");
});

test("a page that stands open leads to the login by itself when its session ends elsewhere", async () => {
	const { page } = await visit("/login");
	await enter(page);
	await page.waitForResponse((response) => response.url().endsWith("/live"));
	await page.context().request.post(`${server.url}/logout`, { form: { all: "1" } });
	await page.waitForURL(/\/login$/);
});

/** As the server's word that something has changed does. */
async function untilTold(page: Page): Promise<void> {
	await page.evaluate(() => document.body.dispatchEvent(new CustomEvent("bm:tick")));
}

test("a link on another site leads there, for whoever has logged in, and others see the login", async () => {
	const elsewhere = Bun.serve({
		hostname: "127.0.0.1",
		port: 0,
		fetch: () =>
			new Response(`<!doctype html><a id="there" href="${server.url}/jobs/default?x=1">the job</a>`, {
				headers: { "content-type": "text/html" },
			}),
	});
	// Another name is another site, whatever it leads to.
	const mail = `http://localhost:${elsewhere.port}/`;
	try {
		const { page } = await visit("/login");
		await page.goto(mail);
		await page.click("#there");
		await page.waitForURL(/again=1/);
		expect(await page.locator("#password").isVisible()).toBe(true);
		await enter(page);
		expect(pathOf(page)).toBe("/jobs/default?x=1");
		await page.goto(mail);
		await page.click("#there");
		await page.waitForURL(`${server.url}/jobs/default?x=1`);
	} finally {
		await elsewhere.stop(true);
	}
});

test("the login page is read by everybody: labels, contrast, a phone, the dark", async () => {
	const axe = readFileSync(Bun.resolveSync("axe-core/axe.min.js", import.meta.dir), "utf8");
	for (const colorScheme of ["light", "dark"] as const) {
		const { page } = await visit("/login", { colorScheme, viewport: { width: 360, height: 640 } });
		await enter(page, "wrong horse");
		await page.evaluate(axe);
		const found = await page.evaluate(async () => {
			const { axe } = window as unknown as { axe: { run: () => Promise<{ violations: { id: string }[] }> } };
			return (await axe.run()).violations.map(({ id }) => id);
		});
		expect([colorScheme, found]).toEqual([colorScheme, []]);
		expect(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth)).toBe(true);
		if (process.env.SHOTS) await page.screenshot({ path: `${process.env.SHOTS}/login-${colorScheme}.png` });
	}
	if (process.env.SHOTS) {
		const { page } = await visit("/login");
		await page.screenshot({ path: `${process.env.SHOTS}/login-wide.png` });
		await enter(page);
		await page.goto(`${server.url}/settings`);
		await page.screenshot({ path: `${process.env.SHOTS}/settings.png`, fullPage: true });
		await page.goto(`${server.url}/login`);
		await page.screenshot({ path: `${process.env.SHOTS}/logged-in.png` });
	}
});
