// The address of a job's page, on a real store: found, not found, cached, as a fragment, and what it may show.
import { afterAll, describe, expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { cleanUp, makeFolder } from "../binary.ts";
import { openApp } from "./app.ts";
import { sampleLines, sampleNow } from "./sample.ts";

afterAll(cleanUp);

async function opened(lines = sampleLines(), env: Record<string, string> = {}) {
	const folder = makeFolder();
	writeFileSync(join(folder, "metrics.jsonl"), `${lines.join("\n")}\n`);
	return openApp(folder, () => sampleNow, env);
}

describe("the page of a job", () => {
	test("is there by its slug, with HEAD and 304, and led to by its name", async () => {
		const { get, monitor } = await opened();
		const first = await get("/jobs/photos");
		expect(first.status).toBe(200);
		expect(first.headers.get("content-security-policy")).toContain("default-src 'none'");
		const text = await first.text();
		expect(text).toContain("<h1><bdi>photos</bdi></h1>");
		expect(text).toContain("on <bdi>pi4</bdi>");
		const again = await get("/jobs/photos", { "if-none-match": first.headers.get("etag") ?? "" });
		expect(again.status).toBe(304);
		expect((await get("/jobs/photos", {}, "HEAD")).status).toBe(200);
		await monitor.stop();
	});

	test("an unknown one is a page of its own, with a way back, and status 404", async () => {
		const { get, monitor } = await opened();
		const missing = await get("/jobs/nothing-here");
		expect(missing.status).toBe(404);
		expect(await missing.text()).toContain('href="/">Back to the overview');
		await monitor.stop();
	});

	test("htmx is given the region alone, for the period and place it asks for", async () => {
		const { get, monitor } = await opened();
		const answer = await get("/jobs/photos?range=7", { "hx-request": "true" });
		const text = await answer.text();
		expect(text).toStartWith("<title>photos: ");
		expect(text).toContain('<div id="live"');
		expect(text).toContain('hx-get="/jobs/photos?range=7"');
		expect(answer.headers.get("vary")).toContain("HX-Request");
		for (const odd of ["range=8", "older=zzzzzzzzzzz-zzzzzzzzzzz", "newer=x", "older=%00&newer=1-1"]) {
			expect((await get(`/jobs/photos?${odd}`)).status).toBe(200);
		}
		await monitor.stop();
	});

	test("a job that failed says so, with its last good backup and the way to what went wrong", async () => {
		const lines = Array.from({ length: 10 }, (_, ago) =>
			JSON.stringify({
				job: "nas",
				backup_id: `nas-${ago}`,
				timestamp: new Date(sampleNow - ago * 86_400_000 - 3_600_000).toISOString(),
				duration_total: 600,
				success: ago > 0,
				...(ago === 0 && { error_message: "repository is already locked" }),
			}),
		);
		const { get, monitor } = await opened(lines.reverse());
		const text = await (await get("/jobs/nas")).text();
		expect(text).toContain("<title>nas: Failed");
		expect(text).toContain("repository is already locked");
		expect(text).toMatch(/The last good run was <time/);
		await monitor.stop();
	});

	test("its own addresses are told only where anybody may report", async () => {
		const closed = await opened();
		const hidden = await (await closed.get("/jobs/photos")).text();
		expect(hidden).not.toMatch(/\/ping\/[0-9a-f]{8}-|\/api\/push\//);
		expect(hidden).toContain("backup-monitor token --job photos");
		await closed.monitor.stop();
		const open = await opened(sampleLines(), { PUSH_TOKEN: "none" });
		const shown = await (await open.get("/jobs/photos")).text();
		expect(shown).toMatch(/http:\/\/localhost:5001\/ping\/[0-9a-f]{8}-/);
		expect(shown).toContain("http://localhost:5001/api/push/");
		await open.monitor.stop();
	});
});
