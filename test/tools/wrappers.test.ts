// resticprofile, autorestic and Backrest: known from their source, so every field is optional and zero is often unknown.
import { expect, test } from "bun:test";
import { autorestic } from "../../src/tools/autorestic.ts";
import { backrest } from "../../src/tools/backrest.ts";
import { resticprofile } from "../../src/tools/resticprofile.ts";
import type { ToolOutput } from "../../src/tools/tool.ts";
import { capturesOf, differences } from "./captured.ts";

const given = (stdout: string, over: Partial<ToolOutput> = {}): ToolOutput => ({
	stdout,
	stderr: "",
	exit: null,
	signal: null,
	receivedAt: Date.parse("2026-11-23T02:00:00Z"),
	zone: "UTC",
	...over,
});

test("a status file tells of check and retention beside the backup", () => {
	const file = capturesOf("resticprofile").find(({ name }) => name === "status-file-ok");
	const { runs } = resticprofile.read(file?.output ?? given(""));
	expect(runs.map(({ kind, outcome, errorCategory }) => [kind, outcome, errorCategory])).toEqual([
		["backup", "success", null],
		["prune", "success", null],
		["check", "failure", "repo_locked"],
	]);
});

test("restic's exit 3 under resticprofile is a warning only where single files are named", () => {
	const body = (stderr: string) =>
		JSON.stringify({
			profile: "home",
			command: "backup",
			exit_code: "3",
			message: "backup on profile 'home': exit status 3",
			stderr,
		});
	expect(resticprofile.read(given(body("error: open /srv/x: permission denied"))).runs[0]).toMatchObject({
		outcome: "warning",
		jobName: "home",
	});
	expect(
		resticprofile.read(given(body("/srv does not exist, skipping\nFatal: all source directories/files do not exist")))
			.runs[0],
	).toMatchObject({
		outcome: "failure",
		errorCategory: "source_missing",
	});
});

test("an empty exit code without a message is resticprofile's success", () => {
	const body = JSON.stringify({ profileName: "home", profileCommand: "backup", exitCode: "", message: "" });
	expect(resticprofile.read(given(body)).runs[0]).toMatchObject({ outcome: "success", exitCode: null });
});

test("autorestic's backends are a run each, by their own exit status", () => {
	const text = ["0", "1"]
		.map(
			(index) =>
				`AUTORESTIC_PROCESSED_FILES_${index}="62"\nAUTORESTIC_PROCESSED_SIZE_${index}="6.601 MiB"\nAUTORESTIC_EXIT_CODE_${index}="${index === "0" ? 0 : 12}"\n`,
		)
		.join("");
	expect(
		autorestic
			.read(given(`AUTORESTIC_LOCATION=home\n${text}`))
			.runs.map(({ outcome, size, jobName }) => [outcome, size, jobName]),
	).toEqual([
		["success", 6_921_650, "home"],
		["failure", 6_921_650, "home"],
	]);
});

test("autorestic without its exit status is no success", () => {
	expect(autorestic.read(given("AUTORESTIC_LOCATION=home\nAUTORESTIC_SNAPSHOT_ID_0=d1a362b6\n")).runs[0]?.outcome).toBe(
		"failure",
	);
});

test("Backrest's events are what they say; the end beside them counts for nothing", () => {
	const read = (event: string, rest = "") =>
		backrest.read(
			given(
				`\nBackrest Notification\nTask: backup for plan "home" at 2026-11-23T02:00:03+01:00\nEvent: ${event}\n${rest}`,
			),
		);
	expect(read("snapshot start").runs[0]).toMatchObject({
		outcome: "running",
		startedAt: Date.parse("2026-11-23T01:00:03Z"),
		jobName: "home",
	});
	expect(read("snapshot end").runs).toEqual([]);
	expect(read("snapshot warning", "Error: some files could not be read\n").runs[0]).toMatchObject({
		outcome: "warning",
		errorCategory: "source_unreadable",
	});
	expect(read("snapshot skipped").runs[0]).toMatchObject({ outcome: "success", size: null });
	expect(read("prune error", "Error: prune failed: repository is already locked by PID 4\n").runs[0]).toMatchObject({
		kind: "prune",
		outcome: "failure",
		errorCategory: "repo_locked",
	});
	expect(read("snapshot dreamt").understood).toBe(false);
});

test("a size of which Backrest printed the whole part twice is only known where that is enough", () => {
	const size = (text: string) =>
		backrest.read(
			given(
				`Task: backup for plan "home" at 2026-11-23T02:00:03Z\nEvent: snapshot success\n- Total bytes processed: ${text}\n`,
			),
		).runs[0]?.size;
	expect([size("3.142 MB"), size("3.003 MB"), size("148.148 GB"), size("729.729 B")]).toEqual([
		3_142_000,
		null,
		148_500_000_000,
		729,
	]);
});

test("Backrest's success reads the numbers of its template", () => {
	const capture = capturesOf("backrest").find(({ name }) => name === "hc-success");
	const body = capture?.requests.at(-1)?.body ?? "";
	expect(differences(backrest.read(given(body)).runs[0], capture?.expected ?? { kind: "run" }, "UTC")).toEqual([]);
});
