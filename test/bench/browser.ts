// The overview in Chromium at a quarter of its speed: what is fetched, in how many requests, and when the picture stands.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { chromium } from "playwright-core";
import { median, modes, monitorBinary, ninetyDays, report, scratch, start } from "./machine.ts";

const rounds = 5;

type Paint = { largest: number; requests: number; bytes: number; before: number };

export async function browser(): Promise<void> {
	const data = scratch();
	writeFileSync(join(data.path, "metrics.jsonl"), ninetyDays());
	const shipped = modes.find(({ isShipped }) => isShipped);
	const ours = await start([monitorBinary], "/health", { DATA_DIR: data.path, ...shipped?.env });
	await Bun.sleep(3000);
	const chrome = await chromium.launch({ executablePath: "/usr/bin/chromium", args: ["--no-sandbox"] });
	const paints: Paint[] = [];
	for (let round = 0; round < rounds; round++) paints.push(await paint(`http://127.0.0.1:${ours.port}/`));
	await chrome.close();
	await ours.stop();
	data.remove();
	const of = (read: (one: Paint) => number) => median(paints.map(read));
	const [largest, bytes, before] = [of((p) => p.largest), of((p) => p.bytes), of((p) => p.before)];
	const requests = of((p) => p.requests);
	report({
		what: "first load of the overview, 90 runs, over the wire",
		ours: `${(before / 1024).toFixed(1)} KB before the first picture, ${(bytes / 1024).toFixed(0)} KB in ${requests} requests`,
		reference: "the original 242 kB, Uptime Kuma 800 kB",
		ratio: "",
		target: "≤ 25 KB, ≤ 110 KB, ≤ 8 requests",
		reached: before <= 25 * 1024 && bytes <= 110 * 1024 && requests <= 8,
	});
	report({
		what: "largest contentful paint, processor slowed down 4 ×, as shipped",
		ours: `${largest.toFixed(0)} ms`,
		reference: "",
		ratio: "",
		target: "< 1 s",
		reached: largest < 1000,
	});

	/** One load by a browser that has nothing yet. */
	async function paint(url: string): Promise<Paint> {
		const context = await chrome.newContext();
		const page = await context.newPage();
		const devtools = await context.newCDPSession(page);
		await devtools.send("Network.enable");
		await devtools.send("Emulation.setCPUThrottlingRate", { rate: 4 });
		const types = new Map<string, string>();
		const seen: Paint = { largest: Number.NaN, requests: 0, bytes: 0, before: 0 };
		devtools.on("Network.responseReceived", ({ requestId, type }) => types.set(requestId, type));
		devtools.on("Network.loadingFinished", ({ requestId, encodedDataLength }) => {
			seen.requests++;
			seen.bytes += encodedDataLength;
			// Scripts are deferred: the picture waits for the page and its style alone.
			if (["Document", "Stylesheet"].includes(types.get(requestId) ?? "")) seen.before += encodedDataLength;
		});
		await page.goto(url, { waitUntil: "load" });
		await page.waitForTimeout(1500);
		seen.largest = await page.evaluate(
			() =>
				new Promise<number>((resolve) => {
					new PerformanceObserver((list) => resolve(list.getEntries().at(-1)?.startTime ?? Number.NaN)).observe({
						type: "largest-contentful-paint",
						buffered: true,
					});
				}),
		);
		await context.close();
		return seen;
	}
}
