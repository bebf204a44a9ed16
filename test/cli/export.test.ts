// `export`: runs by the filters of the page, as they are read, and back again through import.
import { afterAll, beforeAll, expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { binary, cleanUp, makeFolder, runCommand, startServer } from "../binary.ts";
import { aLine, someLines } from "../lines.ts";

let dataDir: string;
const env = { RETENTION_DAYS: "36500" };
const run = (args: string[]) => runCommand(["export", ...args], { dataDir, env });

beforeAll(async () => {
	dataDir = makeFolder();
	const lines = [
		someLines(0, 10, { job: "photos", host: "pi4", labels: { place: "attic" } }),
		`${aLine(10, { job: "mail", success: false, error_category: "network", error_message: "=cmd()", log: "no route" })}\n`,
		`${aLine(11, { job: "mail", kind: "check" })}\n`,
	];
	writeFileSync(join(dataDir, "metrics.jsonl"), lines.join(""));
	await runCommand(["rebuild"], { dataDir, env });
});
afterAll(cleanUp);

test("JSON lines are what import reads, and give the same runs", async () => {
	const { code, out, err } = await run([]);
	expect([code, err, out.trim().split("\n").length]).toEqual([0, "", 12]);
	const other = makeFolder();
	await runCommand(["import", "-"], { dataDir: other, env, input: out });
	expect((await runCommand(["export"], { dataDir: other, env })).out.replace(/"id":\d+/g, "")).toBe(
		out.replace(/"id":\d+/g, ""),
	);
});

test("CSV has a head, and no cell that a spreadsheet would execute", async () => {
	const { out } = await run(["--format", "csv", "--job", "mail", "--outcome", "failure"]);
	const [head, row, ...rest] = out.split("\r\n");
	expect([head?.split(",")[1], rest]).toEqual(["job", [""]]);
	expect(row).toContain(",'=cmd()");
});

test("every filter filters", async () => {
	const filters: [string[], number][] = [
		[["--job", "photos"], 10],
		[["--host", "pi4"], 10],
		[["--kind", "check"], 1],
		[["--outcome", "failure"], 1],
		[["--label", "place=attic"], 10],
		[["--since", "2026-01-01T17:00:00Z"], 3],
		[["--until", "2026-01-01T09:00:00Z"], 1],
		[["--text", "no route"], 1],
		[["--job", "mail", "--kind", "prune"], 0],
	];
	for (const [args, count] of filters) {
		const { out } = await run(args);
		expect([args, out.split("\n").length - 1]).toEqual([args, count]);
	}
});

test("wrong usage ends with 2, an unknown job or folder with 1, each with a sentence", async () => {
	const wrong: [string[], number, RegExp][] = [
		[["--format", "xml"], 2, /expected csv or jsonl/],
		[["--kind", "cook"], 2, /kind/],
		[["--since", "yesterday"], 2, /since/],
		[["--frmat", "csv"], 2, /--format/],
		[["--job", "nobody"], 1, /No job has this name/],
	];
	for (const [args, exit, said] of wrong) {
		const { code, err } = await run(args);
		expect([args, code, err]).toEqual([args, exit, expect.stringMatching(said)]);
	}
	expect((await runCommand(["export"], { dataDir: makeFolder() })).err).toContain("there are no runs yet");
});

test("is read while a server runs, in portions, and a reader who leaves ends it quietly", async () => {
	const folder = makeFolder();
	writeFileSync(join(folder, "metrics.jsonl"), someLines(0, 20_000, { repository: "r".repeat(500) }));
	await runCommand(["rebuild"], { dataDir: folder, env });
	const server = await startServer({ dataDir: folder, env });
	const counted = Bun.spawnSync(["sh", "-c", `"${binary}" export | wc -l; "${binary}" export | head -n 3 | wc -l`], {
		env: { PATH: process.env.PATH ?? "", DATA_DIR: folder, TZ: "UTC" },
	});
	expect([counted.stdout.toString().split(/\s+/), counted.stderr.toString()]).toEqual([["20000", "3", ""], ""]);
	await server.stop();
}, 30_000);
