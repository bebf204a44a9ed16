// `job rename|merge|delete` by the compiled program: with a server and without one, asked first, and kept by a rebuild.
import { afterAll, describe, expect, test } from "bun:test";
import { appendFileSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { cleanUp, makeFolder, runCommand, startServer, untilRead } from "../binary.ts";
import { someLines } from "../lines.ts";

afterAll(cleanUp);

const env = { RETENTION_DAYS: "36500" };
const run = (args: string[], dataDir: string) => runCommand(args, { dataDir, env });
const lines =
	someLines(0, 4, { job: "a" }) + someLines(0, 3, { job: "b", size_bytes: 7 }) + someLines(0, 2, { job: "c" });

async function jobsOf(dataDir: string): Promise<string[]> {
	const { out } = await run(["status", "--json"], dataDir);
	return (JSON.parse(out) as { jobs: { job: string }[] }).jobs.map(({ job }) => job).toSorted();
}

const everything: [string[], string][] = [
	[["job", "rename", "a", "Photos", "--yes"], "a is called Photos now.\n"],
	[["job", "merge", "b", "Photos", "--yes"], "b is part of Photos now.\n"],
	[["job", "delete", "c", "--yes"], "c is deleted.\n"],
];

test("a running server does it, goes on with reports of the old names, and a rebuild does the same", async () => {
	const server = await startServer({ env });
	const { dataDir } = server;
	appendFileSync(join(dataDir, "metrics.jsonl"), lines);
	await untilRead(server, 9);
	for (const [args, said] of everything) {
		const { code, out, err } = await run(args, dataDir);
		expect([args, code, out, err]).toEqual([args, 0, said, ""]);
	}
	expect(readdirSync(join(dataDir, "spool"))).toEqual([]);
	appendFileSync(
		join(dataDir, "metrics.jsonl"),
		someLines(9, 10, { job: "a" }) + someLines(9, 10, { job: "b", size_bytes: 7 }),
	);
	await untilRead(server, 11);
	const shown = async (url: string) => (await server.json(url)).runs.length;
	expect(await shown("/api/runs?job=photos&limit=100")).toBe(9);
	expect(await shown("/api/runs?limit=100")).toBe(9);
	expect((await server.json("/api/health")).problems).toEqual([]);
	await server.stop();
	expect(await jobsOf(dataDir)).toEqual(["Photos"]);
	expect((await run(["rebuild"], dataDir)).out).toContain("9 runs are stored now");
	expect(await jobsOf(dataDir)).toEqual(["Photos"]);
});

test("without a server the command does it itself", async () => {
	const dataDir = makeFolder();
	writeFileSync(join(dataDir, "metrics.jsonl"), lines);
	await run(["rebuild"], dataDir);
	for (const [args, said] of everything) expect([args, (await run(args, dataDir)).out]).toEqual([args, said]);
	expect(await jobsOf(dataDir)).toEqual(["Photos"]);
	await run(["rebuild"], dataDir);
	expect(await jobsOf(dataDir)).toEqual(["Photos"]);
});

describe("nothing is done", () => {
	test("before somebody says that it is meant; the question says what would be", async () => {
		const dataDir = makeFolder();
		writeFileSync(join(dataDir, "metrics.jsonl"), lines);
		await run(["rebuild"], dataDir);
		const asked = await run(["job", "delete", "a"], dataDir);
		expect(asked.code).toBe(1);
		expect(asked.err).toMatch(
			/^This deletes a \(4\sruns from 2026-01-01 to 2026-01-01, daily sums of 1\sday\) with its history/,
		);
		expect(asked.err).toContain("Nothing was done. To do it: backup-monitor job delete a --yes");
		const merged = await run(["job", "merge", "a", "b"], dataDir);
		expect(merged.err).toContain("It cannot be taken apart again.");
		expect(await jobsOf(dataDir)).toEqual(["a", "b", "c"]);
	});

	test("for wrong usage, an unknown job, a name that is taken, or a folder without a database", async () => {
		const dataDir = makeFolder();
		writeFileSync(join(dataDir, "metrics.jsonl"), lines);
		await run(["rebuild"], dataDir);
		const wrong: [string[], number, string][] = [
			[["job"], 2, "job needs rename JOB NAME"],
			[["job", "rename", "a"], 2, "job needs"],
			[["job", "remove", "a"], 2, "job needs"],
			[["job", "delete", "nobody", "--yes"], 1, 'No job is called "nobody"'],
			[["job", "rename", "a", "b", "--yes"], 1, "merge a into b"],
			[["job", "rename", "a", "", "--yes"], 2, "1 to 64 characters"],
			[["job", "merge", "a", "a", "--yes"], 2, "into itself"],
		];
		for (const [args, exit, said] of wrong) {
			const { code, err } = await run(args, dataDir);
			expect([args, code, err]).toEqual([args, exit, expect.stringContaining(said)]);
		}
		expect((await run(["job", "delete", "a", "--yes"], makeFolder())).err).toContain("there are no jobs yet");
		expect(await jobsOf(dataDir)).toEqual(["a", "b", "c"]);
	});
});

test("an entry of the configuration file that has the old name is pointed to", async () => {
	const dataDir = makeFolder();
	writeFileSync(join(dataDir, "metrics.jsonl"), lines);
	writeFileSync(join(dataDir, "config.yaml"), "jobs:\n  a:\n    title: Photos\n");
	await run(["rebuild"], dataDir);
	const { out } = await run(["job", "rename", "a", "photos", "--yes"], dataDir);
	expect(out).toBe("a is called photos now.\nconfig.yaml still has an entry for a: change or remove it there.\n");
});
