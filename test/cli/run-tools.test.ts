// Real tools through the wrapper: their own words become the run's measures, whatever their exit status hides.
import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { cleanUp, makeFolder } from "../binary.ts";
import { backupMonitor, lastOf } from "./wrapper.ts";

afterAll(cleanUp);

const home = makeFolder();
const source = join(home, "source");
const tools = {
	HOME: home,
	RESTIC_PASSWORD: "of-the-test",
	RESTIC_REPOSITORY: join(home, "restic"),
	BORG_REPO: join(home, "borg"),
	BORG_PASSPHRASE: "",
};

beforeAll(async () => {
	mkdirSync(source);
	for (let n = 0; n < 5; n++) writeFileSync(join(source, `file-${n}`), `${n}`.repeat(1000));
	const options = { env: { ...process.env, ...tools }, stdio: ["ignore", "ignore", "inherit"] as const };
	for (const command of [
		["restic", "init"],
		["borg", "init", "--encryption=none"],
	]) {
		const made = Bun.spawnSync(command, { env: options.env, stdout: "ignore", stderr: "inherit" });
		if (!made.success) throw new Error(`${command.join(" ")} failed`);
	}
});

async function run(command: string[], flags: string[] = []) {
	const dataDir = makeFolder();
	const ended = await backupMonitor(["run", "--job", "nas", ...flags, "--", ...command], {
		env: { ...tools, DATA_DIR: dataDir },
	});
	return { ...ended, report: lastOf(dataDir) };
}

test("restic: size, files and snapshot id, from JSON and from its text", async () => {
	const json = await run(["restic", "backup", "--json", "--quiet", source]);
	expect(json.code).toBe(0);
	const summary = JSON.parse(json.out.toString().trim().split("\n").at(-1) ?? "");
	expect(json.report).toMatchObject({
		outcome: "success",
		size_bytes: 5000,
		files_total: 5,
		files_new: 5,
		snapshot_id: summary.snapshot_id,
		exit_code: 0,
		labels: { tool: "restic" },
	});
	const text = await run(["restic", "backup", source], ["--from", "restic"]);
	expect(text.report).toMatchObject({ outcome: "success", files_total: 5, files_new: 0 });
});

test("restic: a source that is missing is not a success, a wrong password is named", async () => {
	const missing = await run(["restic", "backup", "--json", source, join(home, "nowhere")]);
	expect(missing.report).toMatchObject({ outcome: "warning", error_category: "source_missing" });
	const wrong = await run(["env", "RESTIC_PASSWORD=wrong", "restic", "backup", source]);
	expect(wrong.code).not.toBe(0);
	expect(wrong.report).toMatchObject({ outcome: "failure", error_category: "auth", exit_code: wrong.code });
});

test("rsync: a dry run that says nothing is no backup, whatever it ended with", async () => {
	const dry = await run(["rsync", "-an", `${source}/`, join(makeFolder(), "copy")]);
	expect(dry.report).toMatchObject({ outcome: "success", kind: "check", exit_code: 0 });
	expect(dry.report.labels?.not_a_backup).toBeDefined();
});

test("restic: a dry run and a listing are kept as maintenance, never as a backup", async () => {
	const dry = await run(["restic", "backup", "--dry-run", "--json", source]);
	expect(dry.report).toMatchObject({ outcome: "success", kind: "check", exit_code: 0 });
	expect(dry.report.size_bytes).toBeUndefined();
	expect(dry.report.labels?.not_a_backup).toBeDefined();
});

test("restic in phases: the phase that made the snapshot gives the measures", async () => {
	const words = [
		"restic",
		"backup",
		"--json",
		source,
		"--phase",
		"forget",
		"--",
		"restic",
		"forget",
		"--keep-last",
		"1",
	];
	const { code, report } = await run(words, ["--phase", "backup"]);
	expect(code).toBe(0);
	expect(report).toMatchObject({ outcome: "success", kind: "backup", size_bytes: 5000, files_total: 5 });
	expect(Object.keys(report.phases ?? {})).toEqual(["backup", "forget"]);
});

test("borg: measures, and an archive in which every source is missing is a failure", async () => {
	const good = await run(["borg", "create", "--stats", "--json", "::one", source]);
	const { archive } = JSON.parse(good.out.toString());
	expect(good.report).toMatchObject({
		outcome: "success",
		size_bytes: archive.stats.original_size,
		bytes_added: archive.stats.deduplicated_size,
		files_total: 5,
		snapshot_id: archive.id,
		labels: { tool: "borg", archive: "one" },
	});
	const empty = await run(["borg", "create", "--json", "::two", join(home, "nowhere")]);
	expect(empty.code).toBe(1);
	expect(empty.report).toMatchObject({ outcome: "failure", error_category: "source_missing", exit_code: 1 });
	const again = await run(["borg", "create", "--json", "::one", source]);
	expect(again.report).toMatchObject({ outcome: "failure", error_category: "archive_exists", exit_code: 2 });
});

test("rsync and tar: sizes where they print them, silence where they do not", async () => {
	const stats = await run(["rsync", "-a", "--stats", `${source}/`, join(home, "copy")]);
	expect(stats.report).toMatchObject({
		outcome: "success",
		size_bytes: 5000,
		files_total: 5,
		labels: { tool: "rsync" },
	});
	const behind = await run(["nice", "-n", "5", "env", "A=b", "rsync", "-a", `${source}/`, join(home, "copy")]);
	expect(behind.report).toMatchObject({ outcome: "success", labels: { tool: "rsync" } });
	const silent = await run(["rsync", "-a", `${source}/`, join(home, "copy")]);
	expect(silent.report).toMatchObject({ outcome: "success", exit_code: 0 });
	expect(silent.report.size_bytes).toBeUndefined();
	const partial = await run(["rsync", "-a", join(home, "nowhere"), join(home, "copy")]);
	expect(partial.report).toMatchObject({ outcome: "failure", exit_code: 23, error_category: "source_missing" });
	const tar = await run(["tar", "--totals", "-czf", join(home, "a.tgz"), "-C", home, "source"]);
	expect(tar.report).toMatchObject({ outcome: "success", labels: { tool: "tar" } });
});
