// An idle monitor writes nothing: an SD card lives from what is not written to it.
import { afterAll, expect, test } from "bun:test";
import { appendFileSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { cleanUp, isHard, startServer, untilRead } from "./binary.ts";
import { someLines } from "./lines.ts";

afterAll(cleanUp);

const seconds = isHard ? 3600 : 10;

/** Bytes that a process caused to be written to a disk, and bytes it gave to write calls. */
function written(pid: number): { disk: number; calls: number } {
	const text = readFileSync(`/proc/${pid}/io`, "utf8");
	const of = (name: string) => Number(new RegExp(`^${name}: (\\d+)$`, "m").exec(text)?.[1]);
	return { disk: of("write_bytes"), calls: of("wchar") };
}

function files(folder: string): Record<string, unknown> {
	const names = readdirSync(folder, { recursive: true, encoding: "utf8" }).sort();
	return Object.fromEntries(
		names.map((name) => {
			const { size, mtimeMs, ino } = statSync(join(folder, name));
			return [name, { size, mtimeMs, ino }];
		}),
	);
}

test(`a server that has read its file and is left alone for ${seconds} s writes no byte and touches no file`, async () => {
	const server = await startServer({ env: { RETENTION_DAYS: "36500" } });
	appendFileSync(join(server.dataDir, "metrics.jsonl"), someLines(0, 100));
	await untilRead(server, 100);
	expect((await server.get("/")).status).toBe(200);
	// Reports of long ago are judged three seconds after the last of them.
	await Bun.sleep(6000);
	const before = { ...written(server.pid), files: files(server.dataDir), log: server.log() };
	await Bun.sleep(seconds * 1000);
	const { disk, calls } = written(server.pid);
	expect(disk - before.disk).toBe(0);
	expect(files(server.dataDir)).toEqual(before.files);
	expect(server.log()).toBe(before.log);
	// The event loop wakes itself through an eventfd: eight bytes a time that no file sees.
	expect(calls - before.calls).toBeLessThan(seconds * 200);
	expect((await server.get("/health")).status).toBe(200);
	await server.stop();
}, 3_700_000);
