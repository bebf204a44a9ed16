// `check`, as its users run it: from the sources, so that it needs no build.
import { afterAll, describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const main = join(import.meta.dir, "../../src/main.ts");
const folders: string[] = [];

afterAll(() => {
	for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

function makeFolder(): string {
	const folder = mkdtempSync(join(tmpdir(), "monitor-check-"));
	folders.push(folder);
	return folder;
}

async function check(
	text: string | null,
	env: Record<string, string> = {},
	args: string[] = [],
	dataDir = makeFolder(),
) {
	if (text !== null) writeFileSync(join(dataDir, "config.yaml"), text);
	const child = Bun.spawn([process.execPath, main, "check", ...args], {
		env: { PATH: process.env.PATH ?? "", TZ: "UTC", HOST: "127.0.0.1", DATA_DIR: dataDir, ...env },
		stdin: "ignore",
		stdout: "pipe",
		stderr: "pipe",
	});
	const [out, err] = await Promise.all([new Response(child.stdout).text(), new Response(child.stderr).text()]);
	return { code: await child.exited, out: out.replaceAll("\u00a0", " "), err };
}

const good = `jobs: { a: { rpo: 26h }, b: , c: { schedule: none } }
channels:
  phone: { url: "ntfys://ntfy.example/topic" }
`;

describe("check", () => {
	test("says that all is well, and counts the channels of the variables too", async () => {
		expect(await check(good)).toEqual({ code: 0, out: "config.yaml is fine: 3 jobs, 1 channel\n", err: "" });
		const { code, out } = await check(good, { NOTIFY_URLS: "gotify://gotify.example/AToken123" });
		expect([code, out]).toEqual([0, "config.yaml is fine: 3 jobs, 2 channels\n"]);
		expect(await check(null)).toMatchObject({ code: 0, out: expect.stringContaining("There is no config.yaml") });
	});

	test("says every problem on a line of its own: the file's, the channels', the variables'", async () => {
		const text = `jobs:
  a: { rpo: 26 }
channels:
  phone: { url: "ntfyy://hunter2@host/x" }
  mail: { url_file: /nonexistent/mail }
  hook: { url: "jsons://host/x", template: "{nothing}" }
  last: { url: 5, min_severity: loud }
`;
		const env = { PORT: "x", RETENTION_DAYS: "0", NOTIFY_URLS: "bogus://hunter2" };
		const { code, out, err } = await check(text, env);
		const lines = out.trimEnd().split("\n");
		expect([code, err]).toEqual([1, ""]);
		expect(lines.splice(0, 2)).toEqual([
			expect.stringMatching(/^PORT is /),
			expect.stringMatching(/^RETENTION_DAYS is /),
		]);
		expect(lines[0]).toStartWith("config.yaml:2: jobs.a.rpo is 26, which has no unit");
		expect(lines[1]).toStartWith("config.yaml:7: channels.last.min_severity");
		expect(lines[2]).toStartWith("config.yaml:4: Channel phone cannot be used: ");
		expect(lines[3]).toStartWith("config.yaml:5: Channel mail cannot be used: /nonexistent/mail cannot be read");
		expect(lines[4]).toStartWith("config.yaml:6: Channel hook cannot be used: ");
		expect(lines.at(-1)).toStartWith("NOTIFY_URLS cannot be used: ");
		expect(out).not.toContain("hunter2");
	});

	test("looks at another file when one is named, and says when that does not exist", async () => {
		const dataDir = makeFolder();
		const other = join(dataDir, "other.yaml");
		writeFileSync(other, "jobs: { a: { rpo: 1 } }\n");
		expect(await check(good, {}, [other], dataDir)).toMatchObject({
			code: 1,
			out: expect.stringContaining(`${other}:1: `),
		});
		const missing = await check(good, {}, ["/nonexistent.yaml"]);
		expect([missing.code, missing.out]).toEqual([1, "/nonexistent.yaml does not exist\n"]);
	});

	test("says that the data folder is none", async () => {
		const file = join(makeFolder(), "file");
		writeFileSync(file, "");
		const { code, out } = await check(null, { DATA_DIR: file });
		expect([code, out]).toEqual([
			1,
			`DATA_DIR is ${file}, which is a file; expected a folder. Set DATA_DIR to a folder.\n`,
		]);
	});

	test("takes one word and no flags", async () => {
		for (const args of [["a", "b"], ["--all"]]) expect(await check(null, {}, args)).toMatchObject({ code: 2, out: "" });
	});
});
