// Phases: several commands in a row, or the marked lines of one shell script.
import { afterAll, expect, test } from "bun:test";
import { existsSync, readdirSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { cleanUp, makeFolder, until } from "../binary.ts";
import { backupMonitor, lastOf } from "./wrapper.ts";

afterAll(cleanUp);

async function run(words: string[], env: Record<string, string> = {}) {
	const dataDir = makeFolder();
	const ended = await backupMonitor(["run", "--job", "nas", ...words], { env: { DATA_DIR: dataDir, ...env } });
	return { ...ended, dataDir };
}

test("each phase is timed, in order", async () => {
	const words = ["--phase", "dump", "--", "sh", "-c", "echo one; sleep 0.3", "--phase", "upload", "--", "echo", "two"];
	const { code, out, dataDir } = await run(words);
	expect([code, out.toString()]).toEqual([0, "one\ntwo\n"]);
	const { outcome, phases = {} } = lastOf(dataDir);
	expect([outcome, Object.keys(phases)]).toEqual(["success", ["dump", "upload"]]);
	expect(phases.dump).toBeGreaterThan(0.29);
	expect(phases.upload).toBeLessThan(0.25);
});

test("the first failure ends it, with its status, and later phases are not run", async () => {
	const words = [
		"--phase",
		"dump",
		"--",
		"sh",
		"-c",
		"echo no space left on device >&2; exit 6",
		"--phase",
		"upload",
		"--",
		"echo",
		"two",
	];
	const { code, out, dataDir } = await run(words);
	expect([code, out.toString()]).toEqual([6, ""]);
	expect(lastOf(dataDir)).toMatchObject({
		outcome: "failure",
		exit_code: 6,
		error_category: "dest_full",
		error_message: "dump: no space left on device",
		labels: { failed_phase: "dump" },
	});
	expect(Object.keys(lastOf(dataDir).phases ?? {})).toEqual(["dump"]);
});

test("a --phase that is not followed by a name and -- belongs to its command", async () => {
	const words = ["--phase", "one", "--", "printf", "<%s>", "--phase", "2", "file", "--phase=two", "--", "echo", "!"];
	const { out } = await run(words);
	expect(out.toString()).toBe("<--phase><2><file>!\n");
});

test("a tolerated status is a warning, and the next phase runs", async () => {
	const words = [
		"--warning-exit",
		"1",
		"--phase",
		"a",
		"--",
		"sh",
		"-c",
		"exit 1",
		"--phase",
		"b",
		"--",
		"echo",
		"two",
	];
	const { code, out, dataDir } = await run(words);
	expect([code, out.toString()]).toEqual([1, "two\n"]);
	expect(lastOf(dataDir)).toMatchObject({ outcome: "warning", exit_code: 1 });
});

test("a signal ends the phase and what would follow", async () => {
	const dataDir = makeFolder();
	const ready = join(dataDir, "ready");
	const words = [
		"run",
		"--job",
		"nas",
		"--phase",
		"a",
		"--",
		"sh",
		"-c",
		`trap 'exit 0' TERM; touch ${ready}; while :; do sleep 0.05; done`,
	];
	const ended = await backupMonitor([...words, "--phase", "b", "--", "echo", "two"], {
		env: { DATA_DIR: dataDir },
		onStart: async (child) => {
			await until(() => existsSync(ready));
			child.kill("SIGTERM");
		},
	});
	expect([ended.signal, ended.out.toString()]).toEqual(["SIGTERM", ""]);
	expect(lastOf(dataDir)).toMatchObject({ outcome: "failure", error_category: "interrupted" });
});

test("a script is one process; its marked lines begin phases, and the rest of it works as always", async () => {
	const file = join(makeFolder(), "nightly.sh");
	const lines = [
		"#!/bin/bash -eu",
		"x=before",
		"#phase: dump",
		"sleep 0.3; x=inside",
		"  # phase: upload",
		'echo "$0 $1 $x line $LINENO"',
		"for i in 1 2; do",
		"#phase: loop",
		"sleep 0.1",
		"done",
		"exit 3",
	];
	writeFileSync(file, `${lines.join("\n")}\n`);
	const { code, out, dataDir } = await run(["--script", file, "--", "argument"]);
	expect([code, out.toString()]).toEqual([3, `${file} argument inside line 6\n`]);
	const { phases = {}, outcome } = lastOf(dataDir);
	expect([outcome, Object.keys(phases)]).toEqual(["failure", ["dump", "upload", "loop"]]);
	expect(phases.dump).toBeGreaterThan(0.28);
	expect(phases.upload).toBeLessThan(0.2);
	expect(phases.loop).toBeGreaterThan(0.19);
	expect(readdirSync(tmpdir()).filter((name) => name.startsWith("backup-monitor-run-"))).toEqual([]);
});

test("a script for /bin/sh runs without an interpreter's line, also with set -eu", async () => {
	const file = join(makeFolder(), "plain");
	writeFileSync(file, "set -eu\n#phase: only\necho ok\n");
	const { code, out, dataDir } = await run(["--script", file]);
	expect([code, out.toString(), Object.keys(lastOf(dataDir).phases ?? {})]).toEqual([0, "ok\n", ["only"]]);
});

test("a script that cannot be read or is none runs nothing", async () => {
	const python = join(makeFolder(), "x.py");
	writeFileSync(python, "#!/usr/bin/env python3\nprint(1)\n");
	for (const [file, wanted] of [
		["/no/such/script", /cannot be read/],
		[python, /is a script for python3, not for a shell/],
	] as const) {
		const { code, err } = await run(["--script", file]);
		expect(code).toBe(2);
		expect(err).toMatch(wanted);
	}
});
