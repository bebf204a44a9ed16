// What restic says of a restore: how much came back, in JSON and in the line that people see.
import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { restic } from "../../src/tools/restic.ts";

function read(stdout: string, exit = 0) {
	return restic.read({ stdout, stderr: "", exit, signal: null, receivedAt: Date.UTC(2026, 10, 24), zone: "UTC" })
		.runs[0];
}

test.each(["0.18.0", "0.19.1"])("a captured restore of restic %s has its size", (version) => {
	const file = join(import.meta.dir, `../fixtures/tools/restic/${version}-restore.stdout.jsonl`);
	expect(read(readFileSync(file, "utf8"))).toMatchObject({
		kind: "restore_test",
		outcome: "success",
		size: 9_082_533,
		filesTotal: 79,
	});
});

test("what was there already and was not written again took no time, and is not counted", () => {
	const summary = { total_files: 9, files_restored: 2, files_skipped: 7, total_bytes: 1000, bytes_restored: 200 };
	expect(read(JSON.stringify({ message_type: "summary", ...summary }))).toMatchObject({ size: 200, filesTotal: 2 });
});

test("the line that people see has the same, with three digits", () => {
	const before = "restoring <Snapshot 6dc9982e of [/srv] at 2026-11-24 02:58:58 by root@pi> to /var/tmp/drill\n";
	expect(read(`${before}Summary: Restored 79 files/dirs (8.662 MiB) in 1:05\n`)).toMatchObject({
		kind: "restore_test",
		outcome: "success",
		size: Math.round(8.662 * 1024 * 1024),
		filesTotal: 79,
		duration: 65,
	});
	expect(
		read(`${before}Summary: Restored 2 / 5 files/dirs (1.000 KiB / 4.883 KiB) in 0:00, skipped 3 files\n`),
	).toMatchObject({
		size: 1024,
		filesTotal: 2,
	});
	expect(read(before)).toMatchObject({ kind: "restore_test", outcome: "success", size: null });
});
