// What stands around a tool's lines when they arrive: stamps of a journal, names of containers, JSON, colours, no line ends.
import { expect, test } from "bun:test";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { recogniseTool, toolNamed } from "../../src/tools/registry.ts";
import type { ToolOutput, ToolReading } from "../../src/tools/tool.ts";
import { capturesOf } from "./captured.ts";

const eachLine = (text: string, before: (index: number) => string) =>
	text
		.trimEnd()
		.split("\n")
		.map((line, index) => `${before(index)}${line}`)
		.join("\n");
const clock = (index: number) =>
	`03:${String(Math.trunc(index / 60) % 60).padStart(2, "0")}:${String(index % 60).padStart(2, "0")}`;

const ways: Record<string, (text: string) => string> = {
	"a journal's lines": (text) => eachLine(text, (index) => `Nov 23 ${clock(index)} raspberrypi backup.sh[1234]: `),
	"a journal's lines with a zone": (text) =>
		eachLine(text, (index) => `2026-11-23T${clock(index)}+01:00 raspberrypi backup.sh[1234]: `),
	"a journal's records": (text) =>
		text
			.trimEnd()
			.split("\n")
			.map((line) => JSON.stringify({ _PID: "1234", MESSAGE: line, PRIORITY: "6" }))
			.join("\n"),
	"a container's log file": (text) =>
		text
			.trimEnd()
			.split("\n")
			.map((line) => JSON.stringify({ log: `${line}\n`, stream: "stderr", time: "2026-11-23T03:00:00Z" }))
			.join("\n"),
	"docker compose logs": (text) => eachLine(text, () => "backup-1  | "),
	"docker logs -t": (text) => eachLine(text, (index) => `2026-11-23T${clock(index)}.123456789Z `),
	"docker compose logs -t": (text) => eachLine(text, (index) => `backup-1  | 2026-11-23T${clock(index)}.123456789Z `),
	"a script's own log": (text) => eachLine(text, (index) => `[2026-11-23 ${clock(index)}] `),
	"ts(1)": (text) => eachLine(text, (index) => `Nov 23 ${clock(index)} `),
	"a quotation": (text) => eachLine(text, () => "> "),
	"an indented block": (text) => eachLine(text, () => "    "),
	"a field of an object": (text) => JSON.stringify({ job: "nas", output: text }),
	"an array of lines": (text) => JSON.stringify({ lines: text.split("\n") }),
	"a JSON string": (text) => JSON.stringify(text),
	"line ends written out": (text) => text.trimEnd().replaceAll("\n", "\\n"),
	"no line ends": (text) => text.replaceAll(/[\r\n]/g, ""),
	"an unquoted $OUT": (text) => text.trim().replaceAll(/\s+/g, " "),
	"PowerShell's UTF-16": (text) => Buffer.from(`\ufeff${text}`, "utf16le").toString("utf8"),
	"UTF-16, the other way round": (text) => Buffer.from(text, "utf16le").swap16().toString("utf8"),
	"a form's field": (text) => `job=nas&log=${encodeURIComponent(text).replaceAll("%20", "+")}`,
	"a form without a field": (text) => encodeURIComponent(text),
	"a terminal's erasures": (text) => eachLine(text, () => "\x1b[2K\r\x1b[31m"),
	"returns alone": (text) => text.replaceAll("\n", "\r"),
};

const badness = { success: 0, running: 1, warning: 2, failure: 3 };
const worst = ({ runs }: ToolReading) => Math.max(-1, ...runs.map(({ outcome }) => badness[outcome]));
const folders = readdirSync(join(import.meta.dir, "../fixtures/tools"));

/** Both streams in one text, as a pipe makes it. */
function* spoiled(): Generator<{ name: string; own: number; output: ToolOutput }> {
	for (const folder of folders) {
		const tool = toolNamed(folder);
		if (tool === null) continue;
		for (const { name, output } of capturesOf(folder)) {
			const text = output.stdout + output.stderr;
			const own = worst(tool.read(output));
			if (own < badness.warning || text.trim() === "" || text.length > 60_000) continue;
			yield { name: `${folder}/${name}`, own, output: { ...output, stdout: text, stderr: "" } };
		}
	}
}

for (const [way, change] of Object.entries(ways)) {
	test(`no failure and no warning of a capture becomes a success by ${way}`, () => {
		let seen = 0;
		for (const { name, output } of spoiled()) {
			const told = { ...output, stdout: change(output.stdout) };
			seen++;
			expect([name, worst(recogniseTool(told).read(told)) === badness.success]).toEqual([name, false]);
		}
		expect(seen).toBeGreaterThan(100);
	});
}

function read(text: string, exit: number | null = 0): ToolReading & { by: string } {
	const output = { stdout: text, stderr: "", exit, signal: null, receivedAt: Date.UTC(2026, 10, 23, 3), zone: "UTC" };
	const tool = recogniseTool(output);
	return { ...tool.read(output), by: tool.name };
}

test("figures, snapshot and files are read through whatever stands around the lines", () => {
	const capture = capturesOf("restic").find(({ name }) => name === "0.14.0-onemissing2-plain");
	const text = `${capture?.output.stdout}${capture?.output.stderr}`;
	const [plain] = read(text).runs;
	expect(plain).toMatchObject({ outcome: "warning", filesTotal: 8 });
	for (const [way, change] of Object.entries(ways)) {
		const { by, runs } = read(change(text));
		expect([way, by, runs[0]?.outcome, runs[0]?.filesTotal, runs[0]?.size, runs[0]?.snapshotId]).toEqual([
			way,
			"restic",
			"warning",
			8,
			plain?.size,
			plain?.snapshotId,
		]);
	}
});

test("a dry run in a journal is no backup", () => {
	const capture = capturesOf("restic").find(({ name }) => name.endsWith("backup-dryrun"));
	const { by, runs, ignored } = read(eachLine(capture?.output.stdout ?? "", () => "Nov 23 03:00:00 pi restic[7]: "));
	expect([by, runs, ignored.length]).toEqual(["restic", [], 1]);
});

test("stamps that are a tool's own are no frame: a log of rsnapshot keeps its runs and their instants", () => {
	const texts = capturesOf("rsnapshot").map(({ output }) => output.stdout || output.stderr);
	const text = texts.find((one) => read(one, null).runs.length > 1) ?? "";
	const plain = read(text, null);
	expect(plain.runs.every(({ startedAt }) => startedAt !== null)).toBeTrue();
	const framed = read(
		eachLine(text, (index) => `Nov 23 ${clock(index)} pi cat[3]: `),
		null,
	);
	expect(framed.runs.map(({ startedAt, outcome }) => [startedAt, outcome])).toEqual(
		plain.runs.map(({ startedAt, outcome }) => [startedAt, outcome]),
	);
});

test("a borgmatic that did not find a source is no success without its line ends", () => {
	const capture = capturesOf("borgmatic").find(({ name }) => name === "1.7.7-source-missing-v1");
	const { by, runs } = read((capture?.output.stdout ?? "").replaceAll("\n", ""));
	expect(by).toBe("borgmatic");
	expect(runs[0]).toMatchObject({ outcome: "warning", errorCategory: "source_missing" });
});

test("a tar that found nothing to pack, before a command that did not mind, is no success in any form", () => {
	const told =
		"tar: nope: Cannot stat: No such file or directory\ntar: Exiting with failure status due to previous errors\n45\n";
	for (const [way, change] of Object.entries(ways)) {
		expect([way, read(change(told)).runs[0]?.outcome]).toEqual([way, "failure"]);
	}
});

test("a hundred thousand signs of a frame or of a line's beginning cost a moment", () => {
	for (const sign of [
		"Nov 23 03:00:01 pi a[1]: ",
		"backup | ",
		"> ",
		"-",
		"Archive ",
		"tar: ",
		"[Errno 2] a: '",
		"\\n",
	]) {
		const begun = performance.now();
		read(sign.repeat(100_000 / sign.length));
		expect([sign, performance.now() - begun < 3000]).toEqual([sign, true]);
	}
});
