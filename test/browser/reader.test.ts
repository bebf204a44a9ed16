// What a reader does with the built monitor by keyboard, without script, in print, with forced colours and less motion.
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import type { Browser, Page } from "playwright-core";
import { isHard } from "../binary.ts";
import { openPage, startBrowser } from "./harness.ts";
import { type Lab, openLab } from "./labs.ts";

setDefaultTimeout(isHard ? 900_000 : 240_000);

let browser: Browser;
let lab: Lab;

beforeAll(async () => {
	[browser, lab] = await Promise.all([startBrowser(), openLab("full")]);
});

afterAll(async () => {
	await browser.close();
	await lab.close();
});

type Stop = { what: string; trouble: string | null; isEnd: boolean };

/** Where the focus is, and what is wrong with how it is shown: no ring, off the screen, or behind something. */
function stopOf(page: Page): Promise<Stop> {
	return page.evaluate(() => {
		const at = document.activeElement;
		if (at === null || at === document.body) return { what: "body", trouble: null, isEnd: true };
		const what = at.outerHTML.replace(/\s+/g, " ").slice(0, 110);
		const ring = (one: Element) =>
			getComputedStyle(one).outlineStyle !== "none" && parseFloat(getComputedStyle(one).outlineWidth) > 0;
		// A field's frame, or the label of a hidden radio button, shows the ring in its place.
		const shown =
			at.closest(".field") ??
			(at instanceof HTMLInputElement && at.type === "radio" ? at.nextElementSibling : null) ??
			at;
		const beside = [...(at.parentElement?.querySelectorAll("label") ?? [])].some((label) => ring(label));
		if (!ring(at) && !ring(shown) && !beside) return { what, trouble: "no ring", isEnd: false };
		const box = at.getBoundingClientRect();
		if (at.matches("input[type=radio]")) return { what, trouble: null, isEnd: false };
		if (box.width === 0 || box.height === 0) return { what, trouble: "without size", isEnd: false };
		if (box.bottom < 0 || box.top > innerHeight) return { what, trouble: "off the screen", isEnd: false };
		const x = Math.min(Math.max(box.left + Math.min(box.width, 40) / 2, 1), innerWidth - 1);
		const y = Math.min(Math.max(box.top + box.height / 2, 1), innerHeight - 1);
		const top = document.elementFromPoint(x, y);
		const isSeen = top === null || at.contains(top) || top.contains(at) || top.closest("label")?.contains(at) === true;
		return { what, trouble: isSeen ? null : `behind ${top?.outerHTML.slice(0, 60)}`, isEnd: false };
	});
}

/** Tab by Tab through the whole page. */
async function walk(page: Page): Promise<{ stops: string[]; troubles: string[] }> {
	const stops: string[] = [];
	const troubles: string[] = [];
	for (let i = 0; i < 700; i++) {
		await page.keyboard.press("Tab");
		const { what, trouble, isEnd } = await stopOf(page);
		// The browser's own bar comes behind the last one.
		if (isEnd) return { stops, troubles };
		stops.push(what);
		if (trouble !== null) troubles.push(`${trouble}: ${what}`);
	}
	throw new Error(`no end of the page after ${stops.length} stops: ${stops.slice(-3).join("\n")}`);
}

describe("by keyboard", () => {
	const shown = isHard ? null : ["overview", "job-failed", "run-failure", "runs", "alerts", "restore", "setup"];
	const sizes = [
		{ width: 1280, height: 900 },
		{ width: 360, height: 780 },
	];

	test("every stop of every page is seen, and the walk comes to its end", async () => {
		const wrong: string[] = [];
		for (const [i, { path }] of lab.pages.filter((one) => shown?.includes(one.name) !== false).entries()) {
			for (const viewport of isHard ? sizes : [sizes[i % 2] ?? null]) {
				const { page, close } = await openPage(browser, lab.url + path, { viewport, reducedMotion: "reduce" });
				const { stops, troubles } = await walk(page);
				if (stops.length < 8) wrong.push(`${path}: only ${stops.length} stops`);
				if (!stops[0]?.includes("Skip to content")) wrong.push(`${path}: ${stops[0]} comes first`);
				wrong.push(...troubles.map((trouble) => `${path} ${viewport?.width}: ${trouble}`));
				await close();
			}
		}
		expect(wrong).toEqual([]);
	});

	test("an alert is acknowledged in place, and the focus is not lost", async () => {
		const { page, complaints, close } = await openPage(browser, lab.url);
		const before = await page.locator(".alert[data-quiet]").count();
		const loud = Number(await page.textContent("#nav-alerts span"));
		expect(loud).toBeGreaterThan(0);
		await page.focus('.alert button:has-text("Acknowledge")');
		await page.keyboard.press("Enter");
		await page.waitForFunction((count) => document.querySelectorAll(".alert[data-quiet]").length > count, before);
		expect(await page.evaluate(() => document.activeElement?.tagName)).not.toBe("BODY");
		expect(page.url()).toBe(`${lab.url}/`);
		// The figure in the navigation stands outside of what is swapped.
		await page.waitForFunction(
			(open) => document.querySelector("#nav-alerts span")?.textContent === open,
			String(loud - 1),
		);
		expect(complaints).toEqual([]);
		await close();
	});

	test("on a phone the menu of the lower edge closes by Escape and gives the focus back", async () => {
		const { page, close } = await openPage(browser, lab.url, { viewport: { width: 360, height: 780 } });
		await page.focus(".nav-more summary");
		await page.keyboard.press("Enter");
		await page.keyboard.press("Tab");
		expect(await page.evaluate(() => document.activeElement?.getAttribute("href"))).toBe("/restore");
		await page.keyboard.press("Escape");
		expect(await page.getAttribute(".nav-more", "open")).toBeNull();
		expect(await page.evaluate(() => document.activeElement?.tagName)).toBe("SUMMARY");
		await close();
	});
});

describe("without script", () => {
	test("every page can be read: one heading, its numbers, no promise of a script", async () => {
		const { page, complaints, close } = await openPage(browser, lab.url, { javaScriptEnabled: false });
		const wrong: string[] = [];
		for (const { path } of lab.pages) {
			await page.goto(lab.url + path);
			if (!(await page.locator("h1").isVisible())) wrong.push(`${path}: no heading`);
			for (const hidden of ["canvas", ".scripting-only", "#live-state"]) {
				for (const one of await page.locator(hidden).all())
					if (await one.isVisible()) wrong.push(`${path}: ${hidden} is shown`);
			}
			const tables = page.locator(".as-table .table-frame");
			for (const one of await tables.all())
				if (!(await one.isVisible())) wrong.push(`${path}: a chart's table is hidden`);
		}
		expect(wrong).toEqual([]);
		expect(complaints.filter((text) => !text.includes("404"))).toEqual([]);
		await close();
	});

	test("every form can be sent, and a page answers", async () => {
		const { page, close } = await openPage(browser, lab.url, { javaScriptEnabled: false });
		const done = new Set<string>();
		const wrong: string[] = [];
		for (const { path } of lab.pages) {
			await page.goto(lab.url + path);
			const forms = await page.locator("form").evaluateAll((all) =>
				all.map((form, i) => ({
					i,
					action: form.getAttribute("action") ?? "",
					method: form.getAttribute("method") ?? "get",
				})),
			);
			for (const { i, action, method } of forms) {
				// The same form for another job or alert is the same form.
				const kind = `${method} ${action.replace(/[^/]*\d[^/]*|(?<=\/jobs\/)[^/]+/g, ":id")} ${action === "/theme" ? "" : path}`;
				const perPage = method === "get" ? kind : kind.replace(/ [^ ]*$/, "");
				if (done.has(perPage)) continue;
				await page.goto(lab.url + path);
				const form = page.locator("form").nth(i);
				// What was decided a moment ago takes its button away.
				if ((await form.getAttribute("action", { timeout: 1000 }).catch(() => null)) !== action) continue;
				// The choice of a zone is shown by the script that finds out that there is one.
				if (await form.evaluate((one) => one.closest("[hidden]") !== null)) continue;
				done.add(perPage);
				const button = form.locator("button[type=submit], button:not([type])").first();
				if ((await button.count()) === 0) {
					wrong.push(`${path}: ${method} ${action} has no button`);
					continue;
				}
				// A menu is opened first, as a reader would.
				const menu = form.locator("xpath=ancestor::details[not(@open)]/summary");
				for (const summary of await menu.all()) await summary.click();
				const [answer] = await Promise.all([
					page.waitForNavigation({ timeout: 15_000 }).catch(() => null),
					button.click({ timeout: 10_000 }),
				]);
				const type = answer?.headers()["content-type"] ?? "";
				if (answer?.status() !== 200 || !type.startsWith("text/html"))
					wrong.push(`${path}: ${method} ${action}: ${answer?.status()} ${type}`);
			}
		}
		expect(wrong).toEqual([]);
		expect([...done].filter((kind) => kind.startsWith("post")).length).toBeGreaterThanOrEqual(7);
		await close();
	});
});

test("every link of every page leads to something, and its anchor is there", async () => {
	const texts = new Map<string, string>();
	const read = async (path: string) => {
		let text = texts.get(path);
		if (text === undefined) {
			const answer = await fetch(lab.url + path, { headers: { accept: "text/html" } });
			text = answer.status === 200 ? await answer.text() : "";
			texts.set(path, text);
		}
		return text;
	};
	const wrong = new Set<string>();
	const asked = new Set<string>();
	for (const { path } of lab.pages) {
		const page = await (await fetch(lab.url + path, { headers: { accept: "text/html" } })).text();
		for (const [, found = ""] of page.matchAll(/<a\b[^>]*?\shref="([^"]*)"/g)) {
			const href = found.replaceAll("&amp;", "&");
			// Runs are alike: the first ones of a page stand for all of them.
			const kind = href.replace(/^\/runs\/\d+$/, "/runs/:id").replace(/(from|to|before|older|newer)=[^&]*/g, "$1=");
			if (asked.has(kind)) continue;
			asked.add(kind);
			if (href === "#") wrong.add(`${path}: a link to nowhere`);
			if (!href.startsWith("/") && !href.startsWith("#")) wrong.add(`${path}: ${href} leads elsewhere`);
			const [target = "", anchor] = href.split("#");
			const text = await read(target === "" ? path : target);
			if (text === "") wrong.add(`${path}: nothing at ${href}`);
			if (anchor !== undefined && anchor !== "" && !text.includes(`id="${anchor}"`))
				wrong.add(`${path}: no ${anchor} at ${href}`);
		}
	}
	expect([...wrong]).toEqual([]);
	expect(asked.size).toBeGreaterThan(60);
});

describe("as the reader's system wants it", () => {
	test("a chosen theme stands from the first frame on, whatever the system prefers", async () => {
		for (const [theme, colorScheme, colour] of [
			["dark", "light", "rgb(12, 14, 18)"],
			["light", "dark", "rgb(245, 246, 248)"],
		] as const) {
			const { page, close } = await openPage(browser, `${lab.url}/nothing`, { colorScheme });
			await page.context().addCookies([{ name: "theme", value: theme, url: lab.url }]);
			await page.addInitScript(() => {
				const frames: string[] = [];
				(window as { frames_?: string[] }).frames_ = frames;
				const look = () => {
					if (document.body) frames.push(getComputedStyle(document.documentElement).backgroundColor);
					if (frames.length < 12) requestAnimationFrame(look);
				};
				requestAnimationFrame(look);
			});
			for (const path of ["/", "/settings"]) {
				await page.goto(lab.url + path);
				await page.waitForFunction(() => (window as { frames_?: string[] }).frames_?.length === 12);
				const frames = await page.evaluate(() => (window as { frames_?: string[] }).frames_);
				expect([...new Set(frames)]).toEqual([colour]);
			}
			await close();
		}
	});

	test("nothing moves where less motion is asked for", async () => {
		const { page, close } = await openPage(browser, lab.url, { reducedMotion: "reduce" });
		for (const { path } of lab.pages) {
			await page.goto(lab.url + path);
			const moving = await page.evaluate(
				() => document.getAnimations().filter((one) => one.playState === "running").length,
			);
			expect([path, moving]).toEqual([path, 0]);
		}
		await close();
	});

	test("in forced colours the marks keep their shape, and buttons and cards their edge", async () => {
		const { page, close } = await openPage(browser, lab.url, { forcedColors: "active" });
		expect(await page.evaluate(() => getComputedStyle(document.querySelector(".card") as Element).borderTopStyle)).toBe(
			"solid",
		);
		expect(
			await page.evaluate(() => getComputedStyle(document.querySelector(".button") as Element).borderTopStyle),
		).toBe("solid");
		const bars = await page.evaluate(() => getComputedStyle(document.querySelector(".strip path") as Element).fill);
		expect(bars).not.toBe("rgba(0, 0, 0, 0)");
		// Where one is, and what the phases of a run are, is told there too.
		const shownAs = (place: string) =>
			page.evaluate(
				(one) => getComputedStyle(document.querySelector(one) as Element, "::after").backgroundColor,
				place,
			);
		expect(await shownAs(".mainnav [aria-current]")).toBe(
			await page.evaluate(() => getComputedStyle(document.body).color),
		);
		const hues = await page.evaluate(() =>
			[...document.querySelectorAll(".doughnut circle")].map((one) => getComputedStyle(one).stroke),
		);
		expect(new Set(hues).size).toBe(hues.length);
		expect(hues.length).toBeGreaterThan(1);
		await close();
	});

	test("paper is light, without bars and buttons, and no wider than itself", async () => {
		const { page, close } = await openPage(browser, lab.url, { colorScheme: "dark" });
		await page.setViewportSize({ width: 794, height: 1123 });
		await page.emulateMedia({ media: "print" });
		for (const { path } of lab.pages) {
			await page.goto(lab.url + path);
			const { paper, over, shown } = await page.evaluate(() => ({
				paper: getComputedStyle(document.body).color,
				over: document.documentElement.scrollWidth - document.documentElement.clientWidth,
				shown: [...document.querySelectorAll(".mainnav, .button, #theme, .skip")].filter(
					(one) => one.getBoundingClientRect().height > 0,
				).length,
			}));
			expect([path, paper, over, shown]).toEqual([path, "rgb(18, 22, 28)", 0, 0]);
		}
		await close();
	});
});
