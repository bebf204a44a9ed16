// Any command by its exit status, and the notices of machines that have none.
import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { generic } from "../../src/tools/generic.ts";
import type { ToolOutput } from "../../src/tools/tool.ts";
import { capturesOf } from "./captured.ts";

function told(stdout: string, about: Partial<ToolOutput> = {}) {
	return generic.read({ stdout, stderr: "", exit: null, signal: null, receivedAt: 0, zone: "UTC", ...about });
}

test("only exit 0 is a success; the last telling line of a failure is its reason", () => {
	expect(told("done\n", { exit: 0 }).runs[0]).toMatchObject({ outcome: "success", errorMessage: null, size: null });
	const dump =
		'pg_dump: error: connection to server at "db" (10.0.0.2), port 5432 failed: Connection refused\n\tIs the server running?\n';
	expect(told("", { stderr: dump, exit: 1 }).runs[0]).toMatchObject({
		outcome: "failure",
		errorCategory: "network",
		exitCode: 1,
	});
	expect(told("", { stderr: "sh: 1: backup.sh: not found\n", exit: 127 }).runs[0]?.errorCategory).toBe("config");
	expect(told("", { exit: 124 }).runs[0]?.errorCategory).toBe("interrupted");
	expect(told("", { exit: 23 }).runs[0]).toMatchObject({
		outcome: "failure",
		errorCategory: "unknown",
		errorMessage: "exit status 23",
	});
	expect(told("half", { signal: "SIGKILL" }).runs[0]).toMatchObject({
		outcome: "failure",
		errorCategory: "interrupted",
	});
});

test("without a status and without words nothing worked", () => {
	for (const text of ["", "hello", "copied 12 files\nto the disk", '{"a":1}']) {
		expect(told(text)).toMatchObject({ understood: false, runs: [{ outcome: "failure" }] });
	}
});

test("runitor's last line brings the status back", () => {
	expect(told("tar: x\n\n[runitor] exit status 2").runs[0]).toMatchObject({ outcome: "failure", exitCode: 2 });
});

test("DSM's sentences tell success and failure and the task", () => {
	const [{ requests } = { requests: [] }] = capturesOf("synology");
	expect(told(requests[0]?.body ?? "").runs[0]).toMatchObject({ outcome: "success", jobName: "Nightly to C2" });
	const query = new URL(requests[1]?.target ?? "", "http://localhost").searchParams.get("text") ?? "";
	expect(told(query).runs[0]).toMatchObject({ outcome: "failure", jobName: "Nightly to C2" });
	expect(told("Die Datensicherungsaufgabe [Foto] auf nas ist fehlgeschlagen.").runs[0]?.outcome).toBe("failure");
	expect(told("Backup task [a] was not successful").runs[0]?.outcome).toBe("failure");
	expect(told("Backup task [a] completed with 0 errors").runs[0]?.outcome).toBe("success");
	expect(told("Backup task [a] completed partially").runs[0]?.outcome).toBe("warning");
	expect(told("Successfully connected").runs[0]?.outcome).toBe("failure");
});

test("a TrueNAS alert is a failure with its sentence, a cleared one is nothing", () => {
	const [{ requests } = { requests: [] }] = capturesOf("truenas").filter(({ name }) => name === "alert-slack");
	const [run] = told(requests[0]?.body ?? "").runs;
	expect(run).toMatchObject({ outcome: "failure" });
	expect(run?.errorMessage).toContain("Replication");
	expect(told('{"text":"The following alert has been cleared:<ul><li>Replication failed</li></ul>"}').runs).toEqual([]);
});

test("sanoid's line is a check of freshness, other plugins' levels are kept", () => {
	const levels = capturesOf("sanoid").map(({ name, output }) => [
		name,
		generic.read(output).runs[0]?.kind,
		generic.read(output).runs[0]?.outcome,
	]);
	expect(levels.toSorted()).toEqual([
		["2.2.0-monitor-snapshots-crit", "check", "failure"],
		["2.2.0-monitor-snapshots-ok", "check", "success"],
	]);
	expect(told("WARNING - backup is 26 hours old", { exit: 1 }).runs[0]?.outcome).toBe("warning");
	expect(told("OK: backup is fresh", { exit: 2 }).runs[0]?.outcome).toBe("failure");
	expect(told("OK: starting\nCRIT: disk", { exit: 0 }).runs[0]).toMatchObject({ kind: "backup", outcome: "success" });
});

test("a unit that systemd stopped was interrupted, though systemd calls it a success", () => {
	expect(told("SERVICE_RESULT=success\nEXIT_CODE=exited\nEXIT_STATUS=0\n").runs[0]?.outcome).toBe("success");
	expect(told("SERVICE_RESULT=success\nEXIT_CODE=killed\nEXIT_STATUS=TERM\n").runs[0]).toMatchObject({
		outcome: "failure",
		errorCategory: "interrupted",
	});
	expect(told("SERVICE_RESULT=oom-kill\nEXIT_CODE=killed\nEXIT_STATUS=KILL\n").runs[0]?.errorCategory).toBe(
		"interrupted",
	);
	expect(told("SERVICE_RESULT=success\nEXIT_CODE=exited\nEXIT_STATUS=3\n").runs[0]?.outcome).toBe("warning");
	expect(
		told(
			"MONITOR_SERVICE_RESULT=exit-code\nMONITOR_EXIT_CODE=exited\nMONITOR_EXIT_STATUS=1\nMONITOR_UNIT=photos.service\n",
		).runs[0],
	).toMatchObject({ outcome: "failure", jobName: "photos" });
});

test("the secrets of a TrueNAS environment stay out of the run", () => {
	const [run] = told("CLOUD_SYNC_ID=4\nCLOUD_SYNC_DESCRIPTION=photos\nCLOUD_SYNC_PROVIDER_SECRET=hunter2\n").runs;
	expect(run).toMatchObject({ outcome: "success", jobName: "photos" });
	expect(JSON.stringify(run)).not.toContain("hunter2");
});

test("progress and listings are no runs", () => {
	const status = readFileSync(join(import.meta.dir, "../fixtures/tools/timemachine/tmutil-status.txt"), "utf8");
	expect(told(status, { exit: 0 }).runs).toEqual([]);
	for (const { output, name } of capturesOf("dar")) expect([name, generic.read(output).runs]).toEqual([name, []]);
});

test("bup tells by its status and its complaint", () => {
	const missing = capturesOf("bup").find(({ name }) => name === "missing");
	expect(missing === undefined ? null : generic.read(missing.output).runs[0]).toMatchObject({
		outcome: "failure",
		errorCategory: "source_missing",
	});
});
