// The overview in a real browser: it draws, refreshes, keeps what the reader does, and stays inside its policy.
import { afterAll, afterEach, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import type { Browser, BrowserContextOptions, Page } from "playwright-core";
import { everyJob, type Overview } from "../../src/overview.ts";
import { aFailure, aJob, anAlert, aRun, emptyOverview, now, sampleOverview } from "../web/pages/sample-overview.ts";
import { violations } from "./axe.ts";
import { drawn, openPage, type Site, startBrowser, startSite } from "./harness.ts";

setDefaultTimeout(60_000);

let site: Site;
let browser: Browser;

beforeAll(async () => {
	site = startSite();
	browser = await startBrowser();
});

afterEach(() => site.fail(null));

afterAll(async () => {
	await browser.close();
	await site.stop();
});

const evil = `</script><img src=x onerror="window.__pwn=1"><svg onload="window.__pwn=1">`;
const endless = "x".repeat(300);
const rightToLeft = "\u05d2\u05d9\u05d1\u05d5\u05d9 \u202etxt.exe";

function hostileOverview(): Overview {
	const jobs = [evil, endless, rightToLeft].map((name, i) => ({ slug: `job-${i}`, name, host: "" }));
	const runs = jobs.map((job, i) => {
		const base = {
			id: i,
			job: job.name,
			slug: job.slug,
			backupId: evil + endless,
			startedAt: now - (i + 1) * 3_600_000,
		};
		const phases = [
			{ name: evil, seconds: 5 },
			{ name: endless, seconds: 9 },
		];
		return i === 2
			? aRun({ ...base, phases })
			: aFailure({ ...base, errorCategory: endless, errorMessage: `${evil} ${endless}`.repeat(9) });
	});
	return sampleOverview({
		jobs,
		judged: jobs.map((job, i) =>
			aJob(job, i, {
				...(i < 2 && { state: "failed" as const }),
				host: i === 1 ? endless : "",
				reason: `${evil} ${endless}`,
				labels: { [evil]: endless },
			}),
		),
		alerts: [anAlert({ slug: "job-0", sentence: `${evil} ${endless} ${rightToLeft}` })],
		night: [],
		recent: runs,
		failures: runs.slice(0, 2),
		newest: runs[2] ?? null,
		trend: [
			{ week: "2026-11-16", category: evil, count: 1 },
			{ week: "2026-11-16", category: endless, count: 1 },
		],
		rejected: {
			total: 2,
			lines: [{ id: 1, source: `/data/${endless}`, line: 7, reason: evil, text: endless + evil, seenAt: now }],
		},
		problems: [{ id: "p", severity: "critical", title: `${endless}.`, detail: evil }],
		source: { path: `/${endless}/metrics.jsonl`, checkedAt: now, lines: 3 },
	});
}

const one = { slug: "postgres-dump", name: "postgres-dump", host: "" };

/** Every state at once, and nobody who is told of it. */
function troubledOverview(): Overview {
	const looks = [
		"failed",
		"missed",
		"stuck",
		"stale",
		"late",
		"warning",
		"running",
		"new",
		"paused",
		"archived",
	] as const;
	const jobs = looks.map((state) => ({ slug: state, name: state, host: "pi4" }));
	const judged = jobs.map((job, i) =>
		aJob(job, i, { state: looks[i] ?? "ok", missed: looks[i] === "missed" ? [0, 1] : [] }),
	);
	const odd = aJob({ slug: "odd", name: "odd", host: "nas" }, 3, {
		oddity: { kind: "size", severity: "critical", isLess: true },
	});
	const alerts = [
		anAlert({ slug: "failed" }),
		anAlert({ id: 2, slug: "missed", kind: "missed", runId: null }),
		anAlert({ id: 3, slug: "odd", kind: "size", sentence: "41 MB, usually 402 MB." }),
		anAlert({ id: 4, slug: null, kind: "channel_broken", severity: "warning", runId: null, acknowledgedAt: now }),
	];
	return sampleOverview({ jobs, judged: [...judged, odd], alerts, channels: 0 });
}

const shapes: [string, () => Overview][] = [
	["full", () => sampleOverview()],
	["empty", () => emptyOverview()],
	["hostile", hostileOverview],
	["fifty jobs", () => sampleOverview({}, 50)],
	["troubled", troubledOverview],
	["two hundred jobs, all of them", () => sampleOverview({ filter: { ...everyJob, isWhole: true } }, 200)],
	[
		"one job, no failures",
		() => sampleOverview({ trend: [], failures: [], judged: [aJob(one)], alerts: [], recent: [aRun()] }, 1),
	],
];

const overflow = (page: Page) =>
	page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
const phone: BrowserContextOptions = { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true };

describe.each(shapes)("%s", (name, read) => {
	const looks: [string, BrowserContextOptions][] = [
		["desktop, light", { colorScheme: "light" }],
		["desktop, dark", { colorScheme: "dark" }],
		["phone, light", { ...phone, colorScheme: "light" }],
		["phone, dark", { ...phone, colorScheme: "dark" }],
	];

	test.each(looks)("nothing to complain about: %s", async (_look, options) => {
		site.show(read);
		const { page, complaints, requests, close } = await openPage(browser, site.url, options);
		if (name !== "empty") await drawn(page);
		expect(await violations(page)).toEqual([]);
		expect(await page.evaluate(() => (window as { __pwn?: unknown }).__pwn)).toBeUndefined();
		expect(complaints).toEqual([]);
		expect(requests.length).toBeLessThanOrEqual(8);
		await close();
	});

	test("fits every width from 360 to 1920", async () => {
		site.show(read);
		const { page, close } = await openPage(browser, site.url);
		if (name !== "empty") await drawn(page);
		const wide: string[] = [];
		for (const width of [360, 390, 414, 480, 600, 700, 768, 820, 895, 900, 1024, 1199, 1280, 1440, 1920]) {
			await page.setViewportSize({ width, height: 900 });
			await page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))));
			const over = await overflow(page);
			if (over > 0) wide.push(`${width} px: ${over} px too wide`);
		}
		expect(wide).toEqual([]);
		await close();
	});
});

type Charts = Record<
	string,
	{
		scales: Record<string, { min: number; max: number }>;
		chartArea: { left: number; right: number };
		getDatasetMeta: (i: number) => { data: { x: number; width: number }[] };
	}
>;
type Charting = { backupCharts: () => Charts };

/** How many different colours a canvas shows: a blank one has one. */
const coloursOf = (page: Page, name: string) =>
	page.evaluate((chart) => {
		const canvas = document.querySelector<HTMLCanvasElement>(`canvas[data-chart="${chart}"]`);
		const pixels =
			canvas?.getContext("2d")?.getImageData(0, 0, canvas.width, canvas.height).data ?? new Uint8ClampedArray();
		return new Set(new Uint32Array(pixels.buffer)).size;
	}, name);

describe("charts", () => {
	test("are all drawn, and size bars stand on zero, whole at both ends (F1)", async () => {
		site.show(() => sampleOverview());
		const { page, close } = await openPage(browser, site.url);
		await drawn(page);
		for (const name of ["duration", "size", "throughput", "trend"]) {
			expect(await coloursOf(page, name)).toBeGreaterThan(3);
		}
		const { min, first, last, left, right } = await page.evaluate(() => {
			const { size } = (window as unknown as Charting).backupCharts();
			const bars = size?.getDatasetMeta(0).data ?? [];
			const half = (bars[0]?.width ?? 0) / 2;
			return {
				min: size?.scales.y?.min,
				first: (bars[0]?.x ?? 0) - half,
				last: (bars.at(-1)?.x ?? 0) + half,
				left: size?.chartArea.left ?? 0,
				right: size?.chartArea.right ?? 0,
			};
		});
		expect(min).toBe(0);
		expect(first).toBeGreaterThanOrEqual(left);
		expect(last).toBeLessThanOrEqual(right);
		await close();
	});

	test("follow the theme at once, and the choice is remembered", async () => {
		site.show(() => sampleOverview());
		const { page, complaints, close } = await openPage(browser, site.url, { colorScheme: "light" });
		await drawn(page);
		const corner = () =>
			page.evaluate(() => document.querySelector<HTMLCanvasElement>('canvas[data-chart="size"]')?.toDataURL());
		const light = await corner();
		await page.click("#theme summary");
		await page.click('#theme button[value="dark"]');
		expect(await page.getAttribute("html", "data-theme")).toBe("dark");
		expect(await corner()).not.toBe(light);
		expect(await page.evaluate(() => getComputedStyle(document.documentElement).backgroundColor)).toBe(
			"rgb(12, 14, 18)",
		);
		await page.waitForLoadState("networkidle");
		await page.reload();
		expect(await page.getAttribute("html", "data-theme")).toBe("dark");
		expect(complaints).toEqual([]);
		await close();
	});

	test("a canvas is kept over a refresh and redrawn only for new data", async () => {
		let size = 1e9;
		site.show(() =>
			sampleOverview({
				series: { per: "day", points: [{ at: now, runs: 1, failed: 0, duration: 5, size, throughput: 1, runId: 1 }] },
			}),
		);
		const { page, close } = await openPage(browser, site.url);
		await drawn(page);
		await page.evaluate(() => document.querySelector('canvas[data-chart="size"]')?.setAttribute("data-kept", "yes"));
		const max = () => page.evaluate(() => (window as unknown as Charting).backupCharts().size?.scales.y?.max);
		expect(await max()).toBe(1e9);
		size = 7e9;
		await tick(page);
		await page.waitForFunction(() => (window as unknown as Charting).backupCharts().size?.scales.y?.max === 8e9);
		expect(await page.getAttribute('canvas[data-chart="size"]', "data-kept")).toBe("yes");
		await close();
	});
});

async function tick(page: Page): Promise<void> {
	const answered = page.waitForResponse((response) => response.request().headers()["hx-request"] === "true");
	await page.evaluate(() => document.body.dispatchEvent(new CustomEvent("bm:tick")));
	await answered;
}

/** Says whether the document is still the one that was opened. */
async function mark(page: Page): Promise<() => Promise<boolean>> {
	await page.evaluate(() => {
		(window as { opened?: boolean }).opened = true;
	});
	return () => page.evaluate(() => (window as { opened?: boolean }).opened === true);
}

describe("without a reload", () => {
	const byFilter = (job: string | null, range: Overview["range"]) =>
		sampleOverview({ range, job: job === null ? null : { slug: job, name: job, host: "" } });

	test("a range changes, focus and scroll stay, and the next refresh keeps it", async () => {
		site.show(byFilter);
		const { page, complaints, requests, close } = await openPage(browser, site.url);
		await drawn(page);
		const isSame = await mark(page);
		await page.evaluate(() => document.querySelector("#range-90")?.scrollIntoView({ block: "start" }));
		const before = await page.evaluate(() => scrollY);
		expect(before).toBeGreaterThan(0);
		await page.focus("#range-90");
		await page.keyboard.press("Enter");
		await page.waitForSelector("#range-90[aria-current]");
		expect(page.url()).toBe(`${site.url}/?range=90`);
		expect(await page.evaluate(() => [document.activeElement?.id, scrollY])).toEqual(["range-90", before]);
		await tick(page);
		expect(requests.at(-1)).toBe(`${site.url}/?range=90`);
		await page.waitForSelector("#range-90[aria-current]");
		expect(await isSame()).toBe(true);

		await page.goBack();
		await page.waitForSelector("#range-30[aria-current]");
		await drawn(page);
		expect(await coloursOf(page, "size")).toBeGreaterThan(3);
		expect(complaints).toEqual([]);
		await close();
	});

	test("a job is picked, and combines with the range", async () => {
		site.show(byFilter);
		const { page, complaints, close } = await openPage(browser, `${site.url}/?range=7`);
		await drawn(page);
		const isSame = await mark(page);
		await page.selectOption("#job-filter", "photos-borg");
		await page.waitForFunction(() => document.querySelector("#live")?.getAttribute("hx-get")?.includes("photos-borg"));
		expect(new URL(page.url()).searchParams.get("job")).toBe("photos-borg");
		await page.click("#range-365");
		await page.waitForSelector("#range-365[aria-current]");
		expect(new URL(page.url()).search).toBe("?job=photos-borg&range=365");
		expect(await page.inputValue("#job-filter")).toBe("photos-borg");
		expect(await isSame()).toBe(true);
		expect(complaints).toEqual([]);
		await close();
	});

	test("a new run appears, an opened table stays open, and the title follows", async () => {
		let runs = 10;
		site.show(() => {
			const base = sampleOverview({ judged: [aJob(one)], alerts: [] });
			return { ...base, totals: { ...base.totals, runs } };
		});
		const { page, complaints, close } = await openPage(browser, site.url);
		await drawn(page);
		expect(await page.title()).toBe("OK \u00b7 Backup Monitor");
		const tabIcon = () => page.getAttribute('link[rel="icon"]', "href");
		expect(await tabIcon()).toContain("favicon");
		await page.click("#duration-table summary");
		const isSame = await mark(page);
		runs = 11;
		site.show(() => {
			const base = sampleOverview({ judged: [aJob(one, 0, { state: "failed" })] });
			return { ...base, totals: { ...base.totals, runs } };
		});
		await tick(page);
		await page.waitForFunction(() => document.querySelector(".cards .figure")?.textContent?.trim() === "11");
		expect(await page.title()).toBe("1\u00a0failed \u00b7 Backup Monitor");
		expect(await tabIcon()).toStartWith("data:image/svg+xml,");
		expect(await page.getAttribute("#duration-table", "open")).toBe("");
		expect(await isSame()).toBe(true);
		expect(complaints).toEqual([]);
		await close();
	});

	test("the first run turns the empty page into the dashboard", async () => {
		site.show(() => emptyOverview());
		const { page, complaints, close } = await openPage(browser, site.url);
		const isSame = await mark(page);
		site.show(() => sampleOverview());
		await tick(page);
		await page.waitForSelector(".cards");
		await drawn(page);
		expect(await coloursOf(page, "size")).toBeGreaterThan(3);
		expect(await isSame()).toBe(true);
		expect(complaints).toEqual([]);
		await close();
	});

	test("Refresh asks the monitor, and says nothing it does not know (F2)", async () => {
		site.show(() => sampleOverview());
		const { page, complaints, close } = await openPage(browser, site.url);
		await drawn(page);
		const isSame = await mark(page);
		for (let i = 0; i < 2; i++) {
			const [answer] = await Promise.all([page.waitForResponse(`${site.url}/refresh`), page.click("#refresh")]);
			expect(answer.status()).toBe(200);
		}
		expect(await page.textContent("body")).not.toMatch(/imported/i);
		expect(await isSame()).toBe(true);
		expect(complaints).toEqual([]);
		await close();
	});

	test("ages stay true by themselves", async () => {
		site.show(() => emptyOverview());
		const { page, close } = await openPage(browser, site.url);
		await page.clock.install();
		await page.reload();
		expect(await page.textContent(".listening time")).toBe("3\u00a0s ago");
		await page.clock.runFor(21_000);
		expect(await page.textContent(".listening time")).toMatch(/^2[0-4]\u00a0s ago$/);
		await close();
	});
});

describe("when the monitor does not answer", () => {
	test("what was shown stays, the page says how old it is, and recovers by itself", async () => {
		site.show(() => sampleOverview());
		const { page, complaints, close } = await openPage(browser, site.url);
		await drawn(page);
		site.fail(503);
		await tick(page);
		await page.waitForSelector("#lost:not([hidden])");
		expect(await page.textContent("#lost")).toMatch(/No answer from the monitor.*error 503.*What you see is .* old/s);
		expect(await page.locator(".cards").count()).toBe(1);
		expect(await page.textContent("#live-state")).toContain("Not live");
		expect(await violations(page)).toEqual([]);
		site.fail(null);
		await page.click("[data-retry]");
		await page.waitForSelector("#lost", { state: "hidden" });
		expect(await page.textContent("#live-state")).toContain("Live, checked");
		expect(complaints.filter((text) => !text.includes("503"))).toEqual([]);
		await close();
	});
});

describe("without script", () => {
	const still: BrowserContextOptions = { javaScriptEnabled: false };

	test("every number is there to read", async () => {
		site.show(() => sampleOverview());
		const { page, complaints, close } = await openPage(browser, site.url, still);
		expect(await page.isVisible("#size-table td")).toBe(true);
		expect(await page.isVisible("canvas")).toBe(false);
		expect(await page.textContent("#size-table")).toContain("262\u00a0GB");
		expect(await page.isVisible(".phase-list")).toBe(true);
		expect(await page.isVisible("#live-state")).toBe(false);
		expect(complaints).toEqual([]);
		await close();
	});

	test("filter, range, refresh and theme work", async () => {
		site.show((job, range) => sampleOverview({ range, job: job === null ? null : { slug: job, name: job, host: "" } }));
		const { page, close } = await openPage(browser, site.url, still);
		await page.selectOption("#job-filter", "nas-restic");
		await page.click("#period .filter button");
		expect(page.url()).toBe(`${site.url}/?job=nas-restic&range=30`);
		await page.click("#range-7");
		expect(page.url()).toBe(`${site.url}/?job=nas-restic&range=7`);
		await page.click("#refresh");
		expect(page.url()).toBe(`${site.url}/?job=nas-restic&range=7`);
		await page.click("#theme summary");
		await page.click('#theme button[value="dark"]');
		expect(page.url()).toBe(`${site.url}/?job=nas-restic&range=7`);
		expect(await page.getAttribute("html", "data-theme")).toBe("dark");
		await close();
	});

	test("the empty page still gives the line", async () => {
		site.show(() => emptyOverview());
		const { page, close } = await openPage(browser, site.url, still);
		expect(await page.textContent(".snippet code")).toContain(">> /data/metrics.jsonl");
		expect(await page.isVisible("[data-copy]")).toBe(false);
		await page.click('label[for="tool-script"]');
		expect(await page.isVisible(".pane:nth-child(2) pre")).toBe(true);
		await close();
	});
});

describe("the rows of jobs", () => {
	const slugs = (page: Page) => page.$$eval(".c-name > a", (links) => links.map((link) => link.textContent));

	test("are found by typing, and what is typed survives a refresh", async () => {
		site.show(() => sampleOverview());
		const { page, complaints, close } = await openPage(browser, site.url);
		await drawn(page);
		const isSame = await mark(page);
		const asked = page.waitForRequest((request) => request.url().includes("q=rest"));
		await page.focus("#job-search");
		await page.keyboard.type("rest");
		await asked;
		await tick(page);
		expect(await page.inputValue("#job-search")).toBe("rest");
		expect(await page.evaluate(() => document.activeElement?.id)).toBe("job-search");
		expect(await isSame()).toBe(true);
		expect(complaints).toEqual([]);
		await close();
	});

	test("tell what is proven and how long ago, on hover and on focus", async () => {
		site.show(() => sampleOverview());
		const { page, close } = await openPage(browser, site.url);
		const tip = page.locator(".rungs .tip").first();
		const size = async () => (await tip.boundingBox())?.width ?? 0;
		expect(await size()).toBeLessThan(5);
		await page.hover(".rungs a");
		expect(await size()).toBeGreaterThan(100);
		expect(await tip.textContent()).toContain("ran: not so, last good 30\u00a0h ago");
		await page.mouse.move(0, 0);
		expect(await size()).toBeLessThan(5);
		await page.focus(".c-name > a");
		await page.keyboard.press("Tab");
		expect(await size()).toBeGreaterThan(100);
		await close();
	});

	test("drop columns as the card narrows, and become cards with their labels", async () => {
		site.show(() => sampleOverview());
		const { page, close } = await openPage(browser, site.url);
		const seen = async (width: number) => {
			await page.setViewportSize({ width, height: 900 });
			return page.$$eval(".job-row:first-child > span", (cells) =>
				cells.filter((cell) => cell.checkVisibility()).map((cell) => cell.className.slice(2)),
			);
		};
		expect(await seen(1440)).toEqual(["name", "rungs", "strip", "good", "due", "size", "time", "restore"]);
		expect(await seen(1100)).not.toContain("time");
		expect(await seen(1024)).toEqual(["name", "rungs", "strip", "good", "due", "size"]);
		const label = () =>
			page.$eval(".job-row .c-good", (cell) => [
				getComputedStyle(cell, "::before").content,
				getComputedStyle(cell, "::before").display,
			]);
		expect(await label()).toEqual(["none", "block"]);
		await seen(700);
		expect(await label()).toEqual(['"Last good"', "block"]);
		expect(await slugs(page)).toHaveLength(6);
		await close();
	});

	test("the night is a timeline where there is room, and a list on a phone", async () => {
		site.show(() => sampleOverview());
		const { page, close } = await openPage(browser, site.url);
		expect([await page.isVisible(".timeline"), await page.isVisible(".night-list")]).toEqual([true, false]);
		await page.setViewportSize({ width: 390, height: 844 });
		expect([await page.isVisible(".timeline"), await page.isVisible(".night-list")]).toEqual([false, true]);
		await close();
	});
});

describe("on a phone", () => {
	test("F5: cards stand two in a row, and nothing is wider than the screen", async () => {
		site.show(() => sampleOverview());
		const { page, close } = await openPage(browser, site.url, phone);
		await drawn(page);
		const tops = await page.$$eval(".cards > *", (cards) => cards.map((card) => card.getBoundingClientRect().top));
		expect(new Set(tops).size).toBe(4);
		expect(await overflow(page)).toBe(0);
		const small = await page.$$eval("a, button, select, summary, label", (targets) =>
			targets
				.filter((target) => target.checkVisibility() && !target.closest("h1, p:not(.hint), dd, .words, .skip"))
				.map((target) => ({ text: target.textContent?.trim().slice(0, 30), box: target.getBoundingClientRect() }))
				.filter(({ box }) => box.height < 24 || box.width < 24)
				.map(({ text, box }) => `${text}: ${box.width} x ${box.height}`),
		);
		expect(small).toEqual([]);
		await close();
	});
});

describe("by keyboard", () => {
	test("the skip link comes first, the theme menu closes by Escape and gives the focus back", async () => {
		site.show(() => sampleOverview());
		const { page, close } = await openPage(browser, site.url);
		await page.keyboard.press("Tab");
		expect(await page.evaluate(() => document.activeElement?.className)).toBe("skip");
		await page.focus("#theme summary");
		await page.keyboard.press("Enter");
		expect(await page.isVisible("#theme form")).toBe(true);
		await page.keyboard.press("Escape");
		expect(await page.isVisible("#theme form")).toBe(false);
		expect(await page.evaluate(() => document.activeElement?.tagName)).toBe("SUMMARY");
		await page.click("#theme summary");
		await page.click("h1");
		expect(await page.isVisible("#theme form")).toBe(false);
		await close();
	});

	test("the line is copied, or selected where the browser gives no clipboard", async () => {
		site.show(() => emptyOverview());
		const { page, close } = await openPage(browser, site.url);
		await page.evaluate(() => Object.defineProperty(navigator, "clipboard", { value: undefined }));
		await page.click("[data-copy]");
		expect(await page.textContent("[data-copy] span")).toBe("Press Ctrl+C");
		expect(await page.evaluate(() => getSelection()?.toString())).toContain(">> /data/metrics.jsonl");
		await close();
	});
});
