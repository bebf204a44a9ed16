// The page of alerts where there are many: a page of them at a time, the worst first, and what is asked for again is what is seen.
import { afterAll, beforeAll, expect, test } from "bun:test";
import { openStation, type Station } from "../../alerts/station.ts";
import { cleanUp } from "../../binary.ts";

let lab: Station;

beforeAll(async () => {
	lab = await openStation();
	for (let i = 0; i < 120; i++) await lab.run(`job-${i}`, { success: false, error_message: "disk full" });
});

afterAll(async () => {
	await lab.stop();
	await cleanUp();
});

async function read(path: string): Promise<string> {
	const url = `http://localhost:5001${path}`;
	return (await lab.app.fetch(new Request(url, { headers: { host: "localhost:5001", accept: "text/html" } }))).text();
}

const items = (text: string) => text.match(/<li class="alert-item" data-state/g)?.length ?? 0;

test("shows fifty of a hundred and twenty, counts all, and leads on", async () => {
	const first = await read("/alerts");
	expect(items(first)).toBe(50);
	expect(first).toContain("120\u00a0alerts are open</h1>");
	expect(first).toContain("page 1 of 3, the worst first");
	expect(first).toContain('href="/alerts?page=2"');
	const last = await read("/alerts?page=3");
	expect(items(last)).toBe(20);
	expect(last).toContain('hx-get="/alerts?page=3"');
	// A button's answer leads back to the page that it stood on.
	expect(last).toContain('name="path" value="/alerts?page=3"');
});

test("each is on one page, and a page that is none is the last", async () => {
	const pages = await Promise.all([1, 2, 3].map((page) => read(`/alerts?page=${page}`)));
	const ids = pages.flatMap((text) => [...text.matchAll(/id="alert-(\d+)"/g)].map(([, id]) => id));
	expect(new Set(ids).size).toBe(120);
	expect(ids).toHaveLength(120);
	expect(await read("/alerts?page=99")).toContain("page 3 of 3");
	expect(await read("/alerts?page=-1")).toContain("page 1 of 3");
});

test("what somebody has taken care of comes last", async () => {
	const first = /id="alert-(\d+)"/.exec(await read("/alerts"))?.[1];
	const acknowledge = new Request(`http://localhost:5001/alerts/${first}/acknowledge`, {
		method: "POST",
		headers: { host: "localhost:5001", "content-type": "application/x-www-form-urlencoded" },
		body: "path=/alerts",
	});
	expect((await lab.app.fetch(acknowledge)).status).toBe(303);
	expect(await read("/alerts")).not.toContain(`id="alert-${first}"`);
	expect(await read("/alerts?page=3")).toContain(`id="alert-${first}"`);
});

test("the API still lists all of them", async () => {
	const { open } = JSON.parse(await read("/api/alerts")) as { open: unknown[] };
	expect(open).toHaveLength(120);
});
