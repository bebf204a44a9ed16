// With 200 jobs no task of the page holds an old tablet for longer than a tenth of a second, at the first load and at a
// refresh. What a task costs is its processor time, taken four times, as a tablet is four times slower. Others at work on
// this machine make that dearer as well: a page of known cost is measured beside it, in the same seconds.
import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import { appendFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Browser, CDPSession, Page } from "playwright-core";
import { cleanUp, makeFolder, type Started, startServer, untilRead } from "../binary.ts";
import { startBrowser } from "./harness.ts";

setDefaultTimeout(120_000);

const jobs = 200;
const nights = 31;
const slowDown = 4;
const longestMs = 100;
/** The claim is about the program: a load that was disturbed, by a page fault or a cold cache, is tried again. */
const tries = 12;

/** 300 rows of text in a grid, and the milliseconds that they take on the machine that this was written on. */
const referencePage = `<!doctype html><style>li{display:grid;grid-template-columns:1fr 2fr 1fr;gap:4px}b{font-weight:600}</style><ol>${Array.from({ length: 300 }, (_, i) => `<li><b>Item ${i}</b><span>${"some words of it ".repeat(3)}${i * 7919}</span><small>${i * 31} MB</small></li>`).join("")}</ol>`;
const referenceMs = 17;

let browser: Browser;
let server: Started;
let file: string;

beforeAll(async () => {
	const dataDir = makeFolder();
	file = join(dataDir, "metrics.jsonl");
	const lines: string[] = [];
	for (let night = nights - 1; night >= 0; night--) {
		for (let job = 0; job < jobs; job++) lines.push(line(job, night));
	}
	writeFileSync(file, lines.join(""));
	server = await startServer({ dataDir });
	await untilRead(server, jobs * nights, 60_000);
	browser = await startBrowser();
});

afterAll(async () => {
	await browser.close();
	await server.stop();
	await cleanUp();
});

function line(job: number, night: number): string {
	const at = new Date(Date.now() - night * 86_400_000 - (job % 11) * 3_600_000 - 60_000).toISOString();
	const success = (job * 7 + night) % 23 !== 0;
	const report = {
		job: `job-${job}`,
		host: `host${job % 5}`,
		timestamp: at,
		backup_id: `job-${job}-${night}`,
		success,
	};
	const measures = {
		duration_total: 100 + (job % 37),
		duration_upload: 50,
		size_bytes: 1.2e9 * (1 + job) + night * 1e6,
	};
	return `${JSON.stringify({ ...report, ...(success ? measures : { error_message: "no route to host" }) })}\n`;
}

type TraceEvent = {
	name: string;
	ph: string;
	pid: number;
	tid: number;
	tdur?: number;
	args?: { beginData?: { url?: string } };
};

/** Processor time in milliseconds of the longest task on the page's main thread while `work` goes on. */
async function longestTask(page: Page, work: () => Promise<unknown>): Promise<number> {
	const cdp: CDPSession = await page.context().newCDPSession(page);
	const events: TraceEvent[] = [];
	cdp.on("Tracing.dataCollected", ({ value }) => events.push(...(value as unknown as TraceEvent[])));
	const complete = new Promise<void>((resolve) => cdp.once("Tracing.tracingComplete", () => resolve()));
	await cdp.send("Tracing.start", { categories: "toplevel,blink.user_timing", transferMode: "ReportEvents" });
	await work();
	await page.evaluate(() => performance.mark("main-thread"));
	await cdp.send("Tracing.end");
	await complete;
	await cdp.detach();
	const ofPage = events.find(({ name }) => name === "main-thread");
	if (ofPage === undefined) throw new Error("The trace does not show the page");
	const tasks = events.filter(({ name, ph, pid, tid }) => {
		return name === "ThreadControllerImpl::RunTask" && ph === "X" && pid === ofPage.pid && tid === ofPage.tid;
	});
	expect(tasks.length).toBeGreaterThan(20);
	return Math.max(...tasks.map(({ tdur }) => (tdur ?? 0) / 1000));
}

async function withPage<Result>(use: (page: Page) => Promise<Result>): Promise<Result> {
	const context = await browser.newContext({ viewport: { width: 1280, height: 900 } });
	try {
		return await use(await context.newPage());
	} finally {
		await context.close();
	}
}

/** What the longest task would take on a tablet, as far as this machine can say: the best of some tries. */
async function best(measure: () => Promise<number>): Promise<number> {
	let least = Number.POSITIVE_INFINITY;
	for (let i = 0; i < tries && least > longestMs; i++) {
		const known = await withPage((page) =>
			longestTask(page, async () => {
				await page.setContent(referencePage);
				await page.waitForTimeout(100);
			}),
		);
		const taken = await measure();
		least = Math.min(least, (slowDown * taken) / Math.max(1, known / referenceMs));
	}
	return least;
}

const settled = async (page: Page) => {
	if ((await page.locator("canvas[data-chart]").count()) > 0) await page.waitForSelector("html[data-charts=drawn]");
	// All that is laid out later has been.
	await page.waitForTimeout(1000);
};

test.each(["/", "/jobs/job-3", "/runs"])("the first load of %s", async (path) => {
	const least = await best(() =>
		withPage((page) =>
			longestTask(page, async () => {
				await page.goto(server.url + path);
				await settled(page);
			}),
		),
	);
	expect(least).toBeLessThanOrEqual(longestMs);
});

test("a refresh of the overview after a new run", async () => {
	const least = await withPage(async (page) => {
		await page.goto(server.url);
		await settled(page);
		let job = 0;
		return best(() =>
			longestTask(page, async () => {
				const before = await page.getAttribute("#live", "data-now");
				appendFileSync(file, line(job++, 0).replace('"backup_id":"', '"backup_id":"again-'));
				await page.waitForFunction((then) => document.getElementById("live")?.dataset.now !== then, before);
				await page.waitForTimeout(500);
			}),
		);
	});
	expect(least).toBeLessThanOrEqual(longestMs);
});
