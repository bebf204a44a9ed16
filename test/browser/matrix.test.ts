// Every page in every state, theme and width, by the built monitor: nothing to complain about, nothing wider than the
// screen, nothing that axe finds. Pictures of all of it stay in test/artefacts with SCREENSHOTS=1.
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import type { Browser, Page } from "playwright-core";
import { isHard } from "../binary.ts";
import { violations } from "./axe.ts";
import { openPage, startBrowser } from "./harness.ts";
import { type Lab, openLab } from "./labs.ts";
import { states } from "./states.ts";

const keepsPictures = isHard || process.env.SCREENSHOTS === "1";

setDefaultTimeout(keepsPictures ? 1_800_000 : 300_000);
const pictures = join(import.meta.dir, "../artefacts");
const themes = ["light", "dark"] as const;
/** 640 is 1280 at 200 % zoom. */
const widths = isHard ? [320, 360, 390, 480, 640, 768, 900, 1024, 1280, 1440, 1920, 2560] : [360, 640, 768, 1280, 2560];
/** Of the widths, those that are looked at. */
const pictured = [360, 768, 1280, 2560];

let browser: Browser;
let lab: Lab;

beforeAll(async () => {
	browser = await startBrowser();
});

afterAll(() => browser.close());

type Look = { colorScheme: (typeof themes)[number]; width: number; isLooked: boolean };

/**
 * All of them in the long version. Else every width in one theme, since colours take no room, and the other theme where
 * axe looks, too: every other page wide and dark, the rest narrow and dark.
 */
function looksAt(place: number): Look[] {
	const all = themes.flatMap((colorScheme) => widths.map((width) => ({ colorScheme, width })));
	if (isHard) return all.map((look) => ({ ...look, isLooked: [360, 1280].includes(look.width) }));
	const [dark, light] = place % 2 === 0 ? [1280, 360] : [360, 1280];
	const isAsked = ({ colorScheme, width }: Omit<Look, "isLooked">) => width === (colorScheme === "dark" ? dark : light);
	return all
		.filter((look) => keepsPictures || look.colorScheme === "light" || isAsked(look))
		.map((look) => ({ ...look, isLooked: isAsked(look) }));
}

/** Of the pages those that the state changes; all of them in the long version. */
function shownOf(state: string): Lab["pages"] {
	const { pages } = states.find(({ name }) => name === state) ?? {};
	const isAll = isHard || keepsPictures || pages === undefined;
	return lab.pages.filter(({ name }) => isAll || (pages ?? []).some((begin) => name.startsWith(begin)));
}

/** How far something sticks out, and what it is. */
function tooWide(page: Page): Promise<string | null> {
	return page.evaluate(() => {
		const { scrollWidth, clientWidth } = document.documentElement;
		if (scrollWidth <= clientWidth) return null;
		const out = [...document.querySelectorAll("main *")].find(
			(one) => one.getBoundingClientRect().right > clientWidth + 1,
		);
		return `${scrollWidth - clientWidth} px: ${out?.outerHTML.slice(0, 120)}`;
	});
}

/** Text that runs from right to left and would turn what stands around it. */
function turning(page: Page): Promise<string[]> {
	return page.evaluate(() => {
		const found: string[] = [];
		const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
		while (texts.nextNode()) {
			const { textContent, parentElement } = texts.currentNode;
			if (
				!/[\u0590-\u08ff\u202e]/.test(textContent ?? "") ||
				parentElement?.closest("script, option, pre, code, .sr, title")
			)
				continue;
			let at: Element | null = parentElement;
			while (at !== null && !/isolate|plaintext/.test(getComputedStyle(at).unicodeBidi))
				at = at.parentElement?.closest("main *") ?? null;
			// A block of its own turns nothing but itself.
			if (at === null && getComputedStyle(parentElement as Element).display.startsWith("inline"))
				found.push(parentElement?.outerHTML.slice(0, 160) ?? "");
		}
		return found;
	});
}

async function settle(page: Page): Promise<void> {
	await page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))));
}

async function picture(page: Page, state: string, name: string): Promise<void> {
	mkdirSync(join(pictures, state), { recursive: true });
	const { width } = page.viewportSize() ?? { width: 1280 };
	// Rows that were never on the screen are not drawn: the screen is made as high as the page.
	const height = await page.evaluate(() => document.documentElement.scrollHeight);
	await page.setViewportSize({ width, height: Math.min(height, 8000) });
	await settle(page);
	await page.screenshot({ path: join(pictures, state, `${name}.png`) });
	await page.setViewportSize({ width, height: 900 });
}

describe.each(states.map(({ name }) => name))("%s", (state) => {
	beforeAll(async () => {
		lab = await openLab(state);
	});

	afterAll(() => lab.close());

	test("every page, theme and width", async () => {
		const wrong: string[] = [];
		const { page, complaints, close } = await openPage(browser, `${lab.url}/settings`, { reducedMotion: "reduce" });
		let expected = 200;
		const { open } = (await (await fetch(`${lab.url}/api/alerts`)).json()) as { open: unknown[] };
		const hasAlerts = open.length > 0;
		page.on("response", (response) => {
			if (response.status() >= 400 && expected === 200) wrong.push(`${response.status()} ${response.url()}`);
		});
		page.on("requestfailed", (request) => {
			// The stream of changes, and what was still on its way, end with their page.
			const why = request.failure()?.errorText ?? "";
			if (why !== "net::ERR_ABORTED" && !request.url().endsWith("/live")) wrong.push(`${why}: ${request.url()}`);
		});
		for (const [i, { name, path }] of shownOf(state).entries()) {
			const isRefusal = name === "not-found" || name === "link-too-old";
			expected = isRefusal ? 404 : 200;
			await page.emulateMedia({ colorScheme: "light" });
			await page.setViewportSize({ width: 1280, height: 900 });
			await page.goto(lab.url + path);
			if ((await page.locator("canvas[data-chart]").count()) > 0) await page.waitForSelector("html[data-charts=drawn]");
			for (const { colorScheme, width, isLooked } of looksAt(i)) {
				const where = `${path} ${colorScheme} ${width}`;
				await page.emulateMedia({ colorScheme });
				await page.setViewportSize({ width, height: 900 });
				await settle(page);
				const over = await tooWide(page);
				if (over !== null) wrong.push(`${where}: ${over}`);
				if (isLooked) for (const found of await violations(page)) wrong.push(`${where}: ${found}`);
				if (keepsPictures && pictured.includes(width)) await picture(page, state, `${name}-${width}-${colorScheme}`);
			}
			for (const found of await turning(page)) wrong.push(`${path}: turns its surroundings: ${found}`);
			if ((await page.evaluate(() => (window as { __pwn?: unknown }).__pwn)) !== undefined)
				wrong.push(`${path}: script ran`);
			// What waits for somebody is told on every page that knows of it.
			const told = await page.evaluate(() => [
				document.querySelector("#nav-alerts span")?.textContent,
				document.querySelector("footer")?.dataset.alerts,
			]);
			if (!isRefusal && (told[0] !== told[1] || (hasAlerts && told[0] === "0")))
				wrong.push(`${path}: ${told[0]} alerts in the navigation`);
			if ((await page.locator("h1").count()) !== 1) wrong.push(`${path}: not one h1`);
			for (const complaint of complaints.splice(0)) {
				// A stream that a busy machine lets rest for too long is cut, and opened again by the page.
				const isStream = complaint.includes("ERR_INCOMPLETE_CHUNKED_ENCODING");
				if (!isStream && !(isRefusal && complaint.includes("status of 404"))) wrong.push(`${path}: ${complaint}`);
			}
		}
		await close();
		expect(wrong).toEqual([]);
	});
});
