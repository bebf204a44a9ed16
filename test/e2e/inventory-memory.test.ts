// A listing of 100,000 files put to the real server, as shipped: what it takes beyond what an idle one has.
import { afterAll, expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { cleanUp, peakMemory, runCommand, startServer, until } from "../binary.ts";

afterAll(cleanUp);

const mebibyte = 1024 * 1024;

/** As `rclone lsjson` writes it: some 20 MB. */
function listing(from: number): string {
	const entries = Array.from({ length: 100_000 - from }, (_, i) => {
		const number = i + from;
		const Name = `a-name-as-long-as-those-of-cameras-are-${number}.jpeg`;
		const ModTime = new Date(Date.UTC(2020, 0, 1) + number * 600_000).toISOString();
		return JSON.stringify({
			Path: `photos/${number % 97}/${Name}`,
			Name,
			Size: number * 1000,
			MimeType: "image/jpeg",
			ModTime,
			IsDir: false,
		});
	});
	return `[${entries.join(",\n")}]\n`;
}

test("100,000 entries are read, stored and compared with less than 64 MiB more", async () => {
	const server = await startServer({ env: { PUSH_TOKEN: "none", BUN_JSC_useJIT: "0" } });
	const { code } = await runCommand(["run", "--job", "media", "--", "true"], { dataDir: server.dataDir });
	expect(code).toBe(0);
	await until(async () => (await server.json("/api/summary")).runs_30d === 1);
	await (await server.get("/inventory")).text();
	const put = async (text: string) => {
		const answer = await fetch(`${server.url}/api/jobs/media/inventory?from=rclone`, {
			method: "PUT",
			body: text,
			signal: AbortSignal.timeout(60_000),
		});
		expect(answer.status).toBe(200);
		return answer.json();
	};
	await put('[{"Path":"a","Size":1,"ModTime":"2026-11-01T00:00:00Z","IsDir":false}]');
	await until(async () => (await server.json("/api/inventory")).jobs[0]?.in_remote === 1);
	// From here on the highest is noted anew.
	writeFileSync(`/proc/${server.pid}/clear_refs`, "5");
	const before = peakMemory(server.pid);
	expect(await put(listing(0))).toMatchObject({ entries: 100_000, added: 100_000, gone: 1 });
	expect(await put(listing(3))).toMatchObject({ entries: 99_997, gone: 3 });
	const read = async (path: string) => (await fetch(server.url + path, { signal: AbortSignal.timeout(60_000) })).text();
	await until(async () => JSON.parse(await read("/api/inventory")).jobs[0].in_remote === 99_997, 60_000);
	for (const path of ["/", "/inventory", "/jobs/media", "/metrics"]) await read(path);
	const grown = (peakMemory(server.pid) - before) / mebibyte;
	console.log(`${(before / mebibyte).toFixed(0)} MiB before, ${grown.toFixed(0)} MiB more at its highest`);
	expect(grown).toBeLessThan(64);
	await server.stop();
}, 120_000);
