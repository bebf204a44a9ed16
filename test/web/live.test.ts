// What tells open pages that something has changed: one event for many changes, nothing left behind by those who go.
import { afterAll, afterEach, beforeAll, describe, expect, test } from "bun:test";
import { join } from "node:path";
import { readConfig } from "../../src/config.ts";
import { Changes } from "../../src/ingest/changes.ts";
import { listen, type Server } from "../../src/web/app.ts";
import { LiveStreams, mostStreams } from "../../src/web/live-streams.ts";
import { cleanUp, makeFolder } from "../binary.ts";
import { aLine } from "../lines.ts";
import { openApp, type TestApp } from "./app.ts";

let opened: TestApp;
let server: Server;
let file: string;

beforeAll(async () => {
	const dataDir = makeFolder();
	file = join(dataDir, "metrics.jsonl");
	opened = await openApp(dataDir, Date.now);
	server = listen(opened.app, readConfig({ DATA_DIR: dataDir, HOST: "127.0.0.1", PORT: "0", TZ: "UTC" }));
});

let readers: Reader[] = [];
afterEach(async () => {
	for (const { leave } of readers) leave();
	readers = [];
	await until(() => opened.monitor.subscribers === 0);
});

afterAll(async () => {
	await server.stop();
	await opened.monitor.stop();
	await cleanUp();
});

type Told = { name: string; revision: string; at: number; spread: number; after: number };
type Reader = { response: Response; told: Told[]; leave: () => void; ended: Promise<void> };

const events = { accept: "text/event-stream" };

/** A page that listens; what it is told is written down with the milliseconds since it came. */
async function listening(): Promise<Reader> {
	const abort = new AbortController();
	const began = performance.now();
	const response = await fetch(`http://127.0.0.1:${server.port}/live`, { headers: events, signal: abort.signal });
	const told: Told[] = [];
	const read = async () => {
		let text = "";
		for await (const chunk of (response.body ?? new ReadableStream()).pipeThrough(new TextDecoderStream())) {
			text += chunk;
			for (let end = text.indexOf("\n\n"); end !== -1; end = text.indexOf("\n\n")) {
				const [, name = "", data = "{}"] = /^event: (.*)\ndata: (.*)$/.exec(text.slice(0, end)) ?? [];
				told.push({ name, ...JSON.parse(data), after: performance.now() - began });
				text = text.slice(end + 2);
			}
		}
	};
	const reader = { response, told, leave: () => abort.abort(), ended: read().catch(() => {}) };
	readers.push(reader);
	return reader;
}

async function until(condition: () => boolean, patienceMs = 5000): Promise<void> {
	const deadline = performance.now() + patienceMs;
	while (!condition()) {
		if (performance.now() > deadline) throw new Error("It did not happen in time");
		await Bun.sleep(5);
	}
}

describe("an open page", () => {
	test("is told the revision at once, and of a stored run within a second", async () => {
		const { response, told } = await listening();
		expect(response.headers.get("content-type")).toBe("text/event-stream; charset=utf-8");
		expect(response.headers.get("content-encoding")).toBeNull();
		expect(response.headers.get("cache-control")).toBe("no-store");
		expect(response.headers.get("content-security-policy")).toContain("default-src 'none'");
		await until(() => told.length === 1);
		expect(told[0]).toMatchObject({ name: "beat", spread: 0 });
		await Bun.write(file, `${aLine(1)}\n`);
		const began = performance.now();
		await opened.monitor.catchUp();
		await until(() => told.length === 2);
		expect(performance.now() - began).toBeLessThan(1000);
		expect(told[1]?.name).toBe("changed");
		expect(told[1]?.revision).not.toBe(told[0]?.revision);
		expect(told[1]?.at).toBeGreaterThanOrEqual(told[0]?.at ?? Number.NaN);
	});

	test("is told once of many changes, with the last revision", async () => {
		const { told } = await listening();
		await until(() => told.length === 1);
		for (let i = 0; i < 50; i++) {
			opened.monitor.touch();
			await Bun.sleep(1);
		}
		await until(() => told.length === 2);
		await Bun.sleep(400);
		expect(told.length).toBe(2);
		expect(told[1]?.revision).toEndWith(`-${opened.monitor.revision}`);
	});

	test("hears a beat before the connection counts as idle, and stays", async () => {
		const { told } = await listening();
		await until(() => told.length === 3, 20_000);
		expect(told.map(({ name }) => name)).toEqual(["beat", "beat", "beat"]);
		expect(told[2]?.after).toBeGreaterThan(15_000);
	}, 30_000);

	test("that goes leaves nothing behind, and neither do five hundred", async () => {
		for (let i = 0; i < 500; i++) {
			const { told, leave } = await listening();
			if (i % 100 === 0) await until(() => told.length === 1);
			leave();
		}
		await until(() => opened.monitor.subscribers === 0);
	});
});

describe("the monitor", () => {
	test("is listened to once, however many pages there are", async () => {
		const pages = await Promise.all(Array.from({ length: 20 }, listening));
		await until(() => pages.every(({ told }) => told.length === 1));
		expect(opened.monitor.subscribers).toBe(1);
		opened.monitor.touch();
		await until(() => pages.every(({ told }) => told.length === 2));
		expect(pages.every(({ told }) => (told[1]?.spread ?? 0) > 0)).toBe(true);
	});

	test("tells only so many pages: the next is asked to come back, and to ask itself meanwhile", async () => {
		const pages: Reader[] = [];
		for (let i = 0; i < mostStreams; i++) pages.push(await listening());
		await until(() => pages.every(({ told }) => told.length === 1));
		const { response } = await listening();
		expect([response.status, response.headers.get("retry-after")]).toEqual([503, "60"]);
		expect(response.headers.get("content-security-policy")).toContain("default-src 'none'");
		pages[0]?.leave();
		await pages[0]?.ended;
		for (let i = 0; i < 100; i++) {
			const again = await listening();
			if (again.response.status === 200) return;
			await Bun.sleep(10);
		}
		throw new Error("A place that became free was not given to another page");
	}, 20_000);
});

describe("who does not ask for events", () => {
	test("gets the newest one and the end", async () => {
		const text = await (await opened.get("/live")).text();
		expect(text).toMatch(/^event: beat\ndata: \{"revision":"[a-z0-9]+-\d+","at":\d+,"spread":0\}\n\n$/);
		expect(opened.monitor.subscribers).toBe(0);
	});

	test("but for the headers alone is no listener", async () => {
		const url = `http://127.0.0.1:${server.port}/live`;
		const response = await fetch(url, { method: "HEAD", headers: events });
		expect([response.status, await response.text()]).toEqual([200, ""]);
		expect(response.headers.get("content-type")).toStartWith("text/event-stream");
		await Bun.sleep(50);
		expect(opened.monitor.subscribers).toBe(0);
	});

	test("from a foreign name is refused like everywhere", async () => {
		expect((await opened.get("/live", { ...events, host: "evil.example" })).status).toBe(421);
		expect((await opened.get("/live", events, "POST")).status).toBe(405);
	});
});

describe("streams", () => {
	const still = { revision: 1, changedAt: 5, subscribe: (_: () => void) => () => {} };

	test("end where their reader may not stay, before he is told anything more; the others go on", async () => {
		let tell = () => {};
		const subscribe = (listener: () => void) => {
			tell = listener;
			return () => {};
		};
		const streams = new LiveStreams({ ...still, subscribe });
		let mayStay = true;
		const leaving = streams.open(() => mayStay).getReader();
		const staying = streams.open().getReader();
		for (const reader of [leaving, staying]) expect((await reader.read()).done).toBe(false);
		expect(streams.count).toBe(2);
		mayStay = false;
		tell();
		expect((await leaving.read()).done).toBe(true);
		expect(new TextDecoder().decode((await staying.read()).value)).toContain("event: changed");
		expect(streams.count).toBe(1);
		await staying.cancel();
		expect(streams.count).toBe(0);
	});

	test("owe a slow client the newest event alone", async () => {
		let tell = () => {};
		const monitor = {
			...still,
			subscribe: (listener: () => void) => {
				tell = listener;
				return () => {};
			},
		};
		const streams = new LiveStreams(monitor);
		const reader = streams.open().getReader();
		await reader.read();
		for (let i = 0; i < 1000; i++) {
			monitor.revision++;
			tell();
		}
		const read = async () => new TextDecoder().decode((await reader.read()).value);
		const texts = [await read(), await read()];
		expect(texts.join("").match(/event: /g)?.length).toBeLessThanOrEqual(2);
		expect(texts.at(-1)).toContain("-1001");
		await reader.cancel();
		expect(streams.count).toBe(0);
	});
});

test("a listener that ends is not called, and the same one may listen twice", async () => {
	const changes = new Changes();
	let calls = 0;
	const listener = () => calls++;
	const first = changes.subscribe(listener);
	const second = changes.subscribe(listener);
	expect(changes.listeners).toBe(2);
	changes.note();
	await until(() => calls === 2);
	first();
	changes.note();
	await until(() => calls === 3);
	second();
	changes.note();
	await Bun.sleep(300);
	expect([calls, changes.listeners]).toEqual([3, 0]);
});
