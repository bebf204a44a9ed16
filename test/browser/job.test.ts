// The page of one job in a real browser: it draws, refreshes, keeps what the reader does, and works without script.
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import type { Browser, BrowserContextOptions } from "playwright-core";
import type { JobPage } from "../../src/job-page.ts";
import { ladderOf } from "../../src/ladder.ts";
import { ranges } from "../../src/overview.ts";
import { type State, states } from "../../src/state.ts";
import { decimal } from "../../src/units.ts";
import { assetRoutes } from "../../src/web/assets.ts";
import { wantsFragment } from "../../src/web/fragment.ts";
import { parseTheme } from "../../src/web/layout.ts";
import { jobLive, jobPage } from "../../src/web/pages/job.ts";
import { aJudgement, anAlert, now, sampleJob } from "../web/pages/sample-job.ts";
import { aFailure, aRun } from "../web/pages/sample-overview.ts";
import { violations } from "./axe.ts";
import { drawn, openPage, policy, startBrowser } from "./harness.ts";

setDefaultTimeout(60_000);

let read: () => JobPage = sampleJob;
let posted: { path: string; form: URLSearchParams }[] = [];
let browser: Browser;
const headers = { "Content-Security-Policy": policy, "Referrer-Policy": "same-origin" };

const server = Bun.serve({
	port: 0,
	hostname: "127.0.0.1",
	development: false,
	routes: assetRoutes(headers),
	async fetch(request) {
		const { pathname, searchParams } = new URL(request.url);
		if (request.method === "POST") {
			const form = new URLSearchParams(await request.text());
			posted.push({ path: pathname, form });
			return new Response(null, { status: 303, headers: { ...headers, Location: form.get("path") ?? "/" } });
		}
		if (!pathname.startsWith("/jobs/")) return new Response("elsewhere", { status: 200, headers });
		const range = ranges.find((known) => known === searchParams.get("range")) ?? "90";
		const data = { ...read(), range, asked: { older: searchParams.get("older"), newer: null } };
		const theme = parseTheme(/theme=(\w+)/.exec(request.headers.get("cookie") ?? "")?.[1]);
		const body = wantsFragment(request.headers)
			? jobLive(data, { units: decimal })
			: jobPage(data, { theme, units: decimal });
		return new Response(body.text, { headers: { ...headers, "Content-Type": "text/html; charset=utf-8" } });
	},
});
const address = `${server.url.origin}/jobs/docker-volumes`;

beforeAll(async () => {
	browser = await startBrowser();
});
afterAll(async () => {
	await browser.close();
	await server.stop(true);
});

const evil = `</script><img src=x onerror="window.__pwn=1"><svg onload="window.__pwn=1">`;
const endless = "x".repeat(300);
const rightToLeft = "\u05d2\u05d9\u05d1\u05d5\u05d9 \u202etxt.exe";

function hostileJob(): JobPage {
	const phases = [evil, endless, rightToLeft].map((name) => ({ name, seconds: 100 }));
	const good = aRun({ phases, backupId: endless + evil });
	const failed = aFailure({ id: 2, errorMessage: `${evil} ${endless}`.repeat(5), backupId: rightToLeft });
	const base = sampleJob();
	return {
		...base,
		job: { ...base.job, name: `${rightToLeft} ${evil}`, host: endless },
		title: endless,
		labels: { [endless]: evil, [rightToLeft]: rightToLeft },
		judgement: aJudgement({ state: "failed", reason: `${evil} ${endless}` }),
		alerts: [
			anAlert({ sentence: endless + evil }),
			anAlert({ id: 3, sentence: evil, resolution: endless, resolvedAt: now }),
		],
		recentGood: [good],
		shown: { runs: [failed, good], newer: null, older: null },
		series: {
			per: "run",
			points: [{ at: now - 9e6, runs: 1, failed: 0, duration: 900, size: 5, bytesAdded: 5, phases }],
		},
		problems: [{ id: "p", severity: "critical", title: `${endless}.`, detail: evil }],
		addresses: { isShown: true, uuidUrl: `http://${endless}/ping/u`, kumaUrl: `http://pi/api/push/${endless}` },
	};
}

function newJob(): JobPage {
	const judgement = aJudgement({ state: "new", reason: "No run has ended yet.", dueAt: null, deadlineAt: null });
	return {
		...sampleJob(),
		judgement,
		ladder: ladderOf({ judgement, lastGoodAt: null, plausibility: null }),
		finished: null,
		good: null,
		lastGoodAt: null,
		recentGood: [],
		alerts: [],
		nextDues: [],
		month: { runs: 0, succeeded: 0, failed: 0 },
		counts: { success: 0, warning: 0, failure: 0 },
		series: { per: "run", points: [] },
		calendar: { ...sampleJob().calendar, days: [] },
		shown: { runs: [], newer: null, older: null },
	};
}

const shapes: [string, () => JobPage][] = [
	["a job that got slower", sampleJob],
	["a new job", newJob],
	["hostile data", hostileJob],
];
const phone: BrowserContextOptions = { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true };

describe.each(shapes)("%s", (name, shape) => {
	const looks: [string, BrowserContextOptions][] = [
		["desktop, light", { colorScheme: "light" }],
		["desktop, dark", { colorScheme: "dark" }],
		["phone, light", { ...phone, colorScheme: "light" }],
		["phone, dark", { ...phone, colorScheme: "dark" }],
	];

	test.each(looks)("nothing to complain about: %s", async (_look, options) => {
		read = shape;
		const { page, complaints, requests, close } = await openPage(browser, address, options);
		if (name !== "a new job") await drawn(page);
		expect(await violations(page)).toEqual([]);
		expect(await page.evaluate(() => (window as { __pwn?: unknown }).__pwn)).toBeUndefined();
		expect(complaints).toEqual([]);
		expect(requests.length).toBeLessThanOrEqual(8);
		await close();
	});

	test("fits every width from 360 to 2560", async () => {
		read = shape;
		const { page, close } = await openPage(browser, address);
		const wide: string[] = [];
		for (const width of [360, 390, 480, 600, 700, 768, 820, 895, 1024, 1199, 1280, 1440, 1920, 2560]) {
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

test("every state has a look without a complaint, dark and light", async () => {
	const { page, complaints, close } = await openPage(browser, address);
	const found: string[] = [];
	for (const state of states) {
		read = () => inState(state);
		await page.emulateMedia({ colorScheme: states.indexOf(state) % 2 === 0 ? "dark" : "light" });
		await page.reload();
		found.push(...(await violations(page)).map((violation) => `${state}: ${violation}`));
	}
	expect(found).toEqual([]);
	expect(complaints).toEqual([]);
	await close();
});

function inState(state: State): JobPage {
	const judgement = aJudgement({ state });
	const paused = state === "paused" ? Number.POSITIVE_INFINITY : null;
	const archivedAt = state === "archived" ? now - 9e8 : null;
	const running = state === "running" || state === "stuck" ? aRun({ outcome: "running", duration: null }) : null;
	const ladder = ladderOf({ judgement, lastGoodAt: now - 9e7, plausibility: null });
	return sampleJob({ judgement, ladder, pausedUntil: paused, archivedAt, running });
}

type Charts = Record<string, { scales: Record<string, { min: number; left: number }>; chartArea: { left: number } }>;
type Charting = { backupCharts: () => Charts };

describe("charts", () => {
	test("all four are drawn, from zero, and size and what was added stand on the same columns", async () => {
		read = sampleJob;
		const { page, close } = await openPage(browser, address);
		await drawn(page);
		const charts = await page.evaluate(() => {
			const all = (window as unknown as Charting).backupCharts();
			return Object.entries(all).map(([name, chart]) => [name, chart.scales.y?.min, chart.chartArea.left] as const);
		});
		const byName = new Map(charts.map(([name, min, left]) => [name, { min, left }]));
		expect([...byName.keys()].sort()).toEqual(["job-added", "job-duration", "job-phases", "job-size"]);
		for (const { min } of byName.values()) expect(min).toBe(0);
		expect(byName.get("job-size")?.left).toBe(byName.get("job-added")?.left);
		for (const name of byName.keys()) {
			const colours = await page.evaluate((chart) => {
				const canvas = document.querySelector<HTMLCanvasElement>(`canvas[data-chart="${chart}"]`);
				const pixels = canvas?.getContext("2d")?.getImageData(0, 0, canvas.width, canvas.height).data;
				return new Set(new Uint32Array(pixels?.buffer ?? new ArrayBuffer(0))).size;
			}, name);
			expect(colours).toBeGreaterThan(4);
		}
		await close();
	});

	test("another period is drawn in place and stays in the address", async () => {
		read = sampleJob;
		const { page, complaints, close } = await openPage(browser, address);
		await drawn(page);
		await page.click("#range-30");
		await page.waitForSelector('#range-30[aria-current="true"]');
		expect(page.url()).toBe(`${address}?range=30`);
		expect(complaints).toEqual([]);
		await close();
	});
});

describe("living with it", () => {
	test("a refresh keeps focus, an open menu and what was typed, and brings what is new", async () => {
		read = sampleJob;
		const { page, complaints, close } = await openPage(browser, address);
		await drawn(page);
		await page.click("#pause > summary");
		await page.fill("#pause-date", "2026-12-24");
		read = () => sampleJob({ alerts: [] });
		await page.evaluate(() => document.body.dispatchEvent(new CustomEvent("bm:tick")));
		await page.waitForSelector("#open-alerts", { state: "detached" });
		expect(await page.inputValue("#pause-date")).toBe("2026-12-24");
		expect(await page.evaluate(() => document.activeElement?.id)).toBe("pause-date");
		expect(complaints).toEqual([]);
		await close();
	});

	test("a pause is one form: its menu closes, and the page shows what has become of it", async () => {
		read = sampleJob;
		posted = [];
		const { page, complaints, close } = await openPage(browser, address);
		await drawn(page);
		await page.click("#pause > summary");
		read = () => inState("paused");
		await page.click('#pause button[value="7d"]');
		await page.waitForSelector("#resume");
		expect(posted.map(({ path, form }) => [path, form.get("until"), form.get("path")])).toEqual([
			["/jobs/docker-volumes/pause", "7d", "/jobs/docker-volumes"],
		]);
		expect(complaints).toEqual([]);
		await close();
	});

	test("the keyboard reaches every action, with a ring that can be seen", async () => {
		read = sampleJob;
		const { page, close } = await openPage(browser, address);
		await drawn(page);
		const seen: string[] = [];
		for (let presses = 0; presses < 70; presses++) {
			await page.keyboard.press("Tab");
			const stop = await page.evaluate(() => {
				const active = document.activeElement;
				if (active === null || active === document.body) return null;
				const { outlineStyle, outlineWidth } = getComputedStyle(active);
				const name =
					active.id || active.getAttribute("href") || active.textContent?.trim().slice(0, 30) || active.tagName;
				return { name, hasRing: outlineStyle !== "none" && Number.parseFloat(outlineWidth) > 0 };
			});
			if (stop === null) break;
			expect(stop).toMatchObject({ hasRing: true });
			seen.push(stop.name);
		}
		for (const id of ["archive", "fix-schedule", "acknowledge-7", "expected", "range-7", "older"]) {
			expect(seen).toContain(id);
		}
		await close();
	});

	test("without script everything is there: numbers as tables, and forms that post", async () => {
		read = sampleJob;
		posted = [];
		const { page, complaints, close } = await openPage(browser, address, { javaScriptEnabled: false });
		expect(await page.isVisible("#job-duration-table table")).toBe(true);
		expect(await page.isVisible("svg.calendar")).toBe(true);
		await page.click("#archive");
		expect(page.url()).toBe(address);
		expect(posted.map(({ path }) => path)).toEqual(["/jobs/docker-volumes/archive"]);
		expect(complaints).toEqual([]);
		await close();
	});

	test("forced colours and print keep the year readable", async () => {
		read = sampleJob;
		const { page, close } = await openPage(browser, address, { forcedColors: "active" });
		await drawn(page);
		const fill = () =>
			page.evaluate(() => getComputedStyle(document.querySelector(".calendar [data-state=ok]") ?? document.body).fill);
		expect(await fill()).not.toBe("rgb(0, 0, 0)");
		await page.emulateMedia({ media: "print", forcedColors: "none" });
		expect(await page.isVisible("#pause")).toBe(false);
		expect(await page.isVisible("svg.calendar")).toBe(true);
		await close();
	});
});
