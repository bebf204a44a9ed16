// What a script printed that called one tool several times: its exit status is the last command's, and no other's.
import { expect, test } from "bun:test";
import { borg } from "../../src/tools/borg.ts";
import { borgmatic } from "../../src/tools/borgmatic.ts";
import { errorCategory } from "../../src/tools/error-category.ts";
import { recogniseTool } from "../../src/tools/registry.ts";
import { restic } from "../../src/tools/restic.ts";
import type { Tool, ToolReading } from "../../src/tools/tool.ts";
import { capturesOf } from "./captured.ts";

function read(tool: Tool, name: string): ToolReading {
	const capture = capturesOf(tool.name).find((one) => one.name === name);
	if (capture === undefined) throw new Error(`no capture ${name}`);
	return tool.read(capture.output);
}

const told = ({ runs }: ToolReading) => runs.map(({ kind, outcome, exitCode }) => [kind, outcome, exitCode]);

test("a backup that failed before a forget that worked is a failed backup, whatever the script ended with", () => {
	expect(told(read(restic, "0.14.0-fail-then-forget-ok"))).toEqual([
		["backup", "failure", null],
		["prune", "success", 0],
	]);
});

test("restic's exit 3, handed on past a forget, is the backup's warning and no failure of the forget", () => {
	expect(told(read(restic, "0.14.0-backup-unread-forget"))).toEqual([
		["backup", "warning", 3],
		["prune", "success", null],
	]);
});

test("a repository that was never reached beside one that was is a warning, although the script ended with 0", () => {
	const [run] = restic.read({
		stdout: capturesOf("restic").find(({ name }) => name === "0.14.0-backup-quiet")?.output.stdout ?? "",
		stderr: "Fatal: wrong password or no key found\n",
		exit: 0,
		signal: null,
		receivedAt: 0,
		zone: "UTC",
	}).runs;
	expect(run).toMatchObject({
		outcome: "warning",
		errorCategory: "auth",
		errorMessage: expect.stringContaining("wrong password"),
	});
});

test("borg's refusal to create an archive is not made good by the prune behind it", () => {
	const [run] = read(borg, "1.2.4-script-createfail-pruneok").runs;
	expect(run).toMatchObject({ outcome: "failure", errorCategory: "archive_exists" });
});

test("colours and erasures of a terminal hide no tool", () => {
	const capture = capturesOf("restic").find(({ name }) => name === "0.14.0-onemissing2-plain");
	const text = `${capture?.output.stdout}${capture?.output.stderr}`.replaceAll("\n", "\x1b[0m\n\x1b[2K\x1b[33m");
	const output = { stdout: text, stderr: "", exit: 0, signal: null, receivedAt: 0, zone: "UTC" };
	const tool = recogniseTool(output);
	expect(tool.name).toBe("restic");
	expect(tool.read(output).runs[0]).toMatchObject({ outcome: "warning", filesTotal: 8 });
});

test("a copy of snapshots is a sync, a verified restore is a restore test", () => {
	expect(told(read(restic, "0.14.0-copy"))).toEqual([["sync", "success", 0]]);
	expect(told(read(restic, "0.14.0-restore-verify"))).toEqual([["restore_test", "success", 0]]);
});

test("the words of the system tell their category in any language", () => {
	expect(errorCategory("tar: x: Funktion open fehlgeschlagen: Keine Berechtigung")).toBe("source_unreadable");
	expect(errorCategory("cp: écriture : Aucun espace disponible sur le périphérique")).toBe("dest_full");
	expect(errorCategory("ssh: conectar al host: Conexión rehusada")).toBe("network");
});

test("a lock that could not be written is a destination that cannot be written, not a lock that is held", () => {
	const lock = "Failed to create/acquire the lock /mnt/backup/r/lock.exclusive";
	expect(errorCategory(`${lock} (timeout).`)).toBe("repo_locked");
	expect(errorCategory(`${lock} ([Errno 30] Read-only file system: '/mnt').`)).toBe("dest_unwritable");
	expect(errorCategory(`${lock} ([Errno 28] No space left on device: '/mnt').`)).toBe("dest_full");
	expect(errorCategory("Command 'pg_dump' exited with status 1")).toBe("hook_failed");
});

test("an exit 1 and a Python sentence about a file make no tool of a script, and no warning of its failure", () => {
	const stderr = "b'/srv/f1': [Errno 13] Permission denied: '/srv/f1'\nWARNING: 1 errors encountered while saving.\n";
	const output = { stdout: "", stderr, exit: 1, signal: null, receivedAt: 0, zone: "UTC" };
	const tool = recogniseTool(output);
	expect(tool.name).toBe("generic");
	expect(tool.read(output).runs[0]).toMatchObject({ outcome: "failure", errorCategory: "source_unreadable" });
	const own = { ...output, stderr: "srv/f1: open: [Errno 13] Permission denied: 'f1'\n" };
	expect(recogniseTool(own).name).toBe("borg");
});

test("a borgmatic that failed before one that did not leaves its failure beside the other's success", () => {
	const { runs } = read(borgmatic, "1.7.7-script-first-fails");
	expect(runs.map(({ outcome, errorCategory }) => [outcome, errorCategory])).toEqual([
		["success", null],
		["failure", "repo_missing"],
	]);
});
