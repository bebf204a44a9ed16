// The nightly copy as the compiled server makes it, on a clock that is moved on: in another process where the database is
// large, and not at all, with the reason, where the disk has no room for it.
import { afterAll, expect, test } from "bun:test";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { cleanUp, makeFolder, runCommand, type Started, startServer, until, untilRead } from "../binary.ts";
import { someLines } from "../lines.ts";

afterAll(cleanUp);

const [library = ""] = new Bun.Glob("*/faketime/libfaketimeMT.so.1").scanSync({ cwd: "/usr/lib", absolute: true });
const minuteMs = 60_000;

/** A server on a clock that this test sets; it begins now. */
function clocked(): { env: Record<string, string>; set: (at: number) => void } {
	const file = join(makeFolder(), "now");
	const set = (at: number) => writeFileSync(file, `@${new Date(at).toISOString().slice(0, 19).replace("T", " ")}`);
	set(Date.now());
	return {
		set,
		env: {
			LD_PRELOAD: library,
			FAKETIME_TIMESTAMP_FILE: file,
			FAKETIME_NO_CACHE: "1",
			FAKETIME_DONT_FAKE_MONOTONIC: "1",
			RETENTION_DAYS: "36500",
		},
	};
}

async function serverWith(
	lines: number,
	logLength: number,
	env: Record<string, string>,
	prefix: string[],
	dataDir: string,
): Promise<Started> {
	const server = await startServer({ dataDir, env, prefix });
	const inside = prefix.length === 0 ? dataDir : `/proc/${server.pid}/root${dataDir}`;
	writeFileSync(join(inside, "metrics.jsonl"), someLines(0, lines, { log: "x".repeat(logLength) }));
	await untilRead(server, lines);
	return server;
}

test("of a large database is made by another process, and the server answers meanwhile", async () => {
	const clock = clocked();
	const dataDir = makeFolder();
	const server = await serverWith(6000, 300, clock.env, [], dataDir);
	clock.set(Date.now() + 11 * minuteMs);
	const copies = join(dataDir, "copies");
	await until(() => existsSync(copies) && readdirSync(copies).some((name) => name.endsWith("Z.db")), 15_000);
	expect((await server.json("/api/metrics")).length).toBe(30);
	const { own_copy, problems } = await server.json("/api/health");
	expect([problems, own_copy.size_bytes > 2 * 1024 * 1024]).toEqual([[], true]);
	await server.stop();
	expect((await runCommand(["verify", own_copy.path], { dataDir })).out).toBe("sound\n");
	expect(readdirSync(copies).length).toBe(1);
}, 40_000);

test("on a disk without room for it is left out, and the dashboard says why", async () => {
	const clock = clocked();
	const dataDir = makeFolder();
	const mount = `mount -t tmpfs -o size=42m tmpfs "${dataDir}" && exec "$@"`;
	const prefix = ["unshare", "--user", "--map-root-user", "--mount", "sh", "-c", mount, "sh"];
	const server = await serverWith(3000, 3000, clock.env, prefix, dataDir);
	const inside = `/proc/${server.pid}/root${dataDir}`;
	clock.set(Date.now() + 11 * minuteMs);
	await until(async () => (await server.json("/api/health")).problems.length > 0, 10_000);
	const [problem] = (await server.json("/api/health")).problems;
	expect([problem.id, problem.severity]).toEqual(["own-copy", "warning"]);
	expect(problem.detail).toMatch(
		/^\d\d MB are free in .*, [23]\d MB are needed: three times its size\. There is none\./,
	);
	expect(await (await server.get("/")).text()).toContain("own copy of its database could not be made");
	expect(existsSync(join(inside, "copies"))).toBe(false);
	expect(readFileSync(join(inside, "metrics.jsonl")).length).toBeGreaterThan(0);
	await server.stop();
}, 40_000);
