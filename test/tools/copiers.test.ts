// What rclone, rsync, rsnapshot, tar and duplicity say beyond their captures: lost statuses, other versions, other locales.
import { expect, test } from "bun:test";
import { duplicity } from "../../src/tools/duplicity.ts";
import { rclone } from "../../src/tools/rclone.ts";
import { rsnapshot } from "../../src/tools/rsnapshot.ts";
import { rsync } from "../../src/tools/rsync.ts";
import { tar } from "../../src/tools/tar.ts";
import type { Tool, ToolOutput } from "../../src/tools/tool.ts";
import { capturesOf } from "./captured.ts";
import { told } from "./told.ts";

function firstRun(tool: Tool, stdout: string, about: Partial<ToolOutput> = {}) {
	const [run] = told(tool, stdout, about).runs;
	if (run === undefined) throw new Error("no run");
	return run;
}

function captured(folder: string, name: string): ToolOutput {
	const found = capturesOf(folder).find((capture) => capture.name === name);
	if (found === undefined) throw new Error(`no capture ${name}`);
	return found.output;
}

const block = captured("rsync", "3.5.0-stats-growth").stdout;
const vanished =
	'file has vanished: "/srv/a"\nrsync warning: some files vanished before they could be transferred (code 24) at main.c(1338) [sender=3.2.7]\n';

test("rsync 24 is a warning, 23 a failure, and both are known from rsync's own line when the status is lost", () => {
	expect(firstRun(rsync, block + vanished)).toMatchObject({
		outcome: "warning",
		exitCode: 24,
		errorCategory: "source_changed",
		toolVersion: "3.2.7",
	});
	expect(firstRun(rsync, block + vanished, { exit: 24 }).outcome).toBe("warning");
	const { stdout, stderr } = captured("rsync", "3.5.0-unreadable");
	expect(firstRun(rsync, stdout + stderr)).toMatchObject({
		outcome: "failure",
		exitCode: 23,
		errorCategory: "source_unreadable",
	});
	expect(firstRun(rsync, stdout + stderr, { exit: 0 }).outcome).toBe("failure");
});

test("rsync's statistics alone are no success: it prints the same after a partial transfer", () => {
	expect(firstRun(rsync, block).outcome).toBe("warning");
	expect(firstRun(rsync, block).warningMessages[0]).toContain("exit status was not told");
	expect(firstRun(rsync, block, { exit: 0 }).outcome).toBe("success");
});

test("an rsync that failed and came through on a later attempt is a warning when the last status is 0", () => {
	const broken = "rsync error: timeout in data send/receive (code 30) at io.c(200) [sender=3.2.7]\n";
	expect(firstRun(rsync, broken + block, { exit: 0 }).outcome).toBe("warning");
	expect(firstRun(rsync, block + broken, { exit: 0 })).toMatchObject({ outcome: "failure", errorCategory: "network" });
});

test("rsync's numbers are read with any thousands separator and with the headings of 2.6", () => {
	const german = block.replace(/(\d),(?=\d{3})/g, "$1.");
	expect(firstRun(rsync, german, { exit: 0 }).size).toBe(6_922_127);
	const old =
		"Number of files: 71\nNumber of files transferred: 8\nTotal file size: 6922127 bytes\nTotal transferred file size: 3116066 bytes\nLiteral data: 3116066 bytes\n";
	expect(firstRun(rsync, old, { exit: 0 })).toMatchObject({
		size: 6_922_127,
		bytesAdded: 3_116_066,
		filesTotal: 71,
		filesNew: null,
		filesChanged: null,
	});
	expect(firstRun(rsync, "Total file size: 9,08M bytes\n", { exit: 0 }).size).toBe(9_080_000);
});

test("rsync tells a full or read-only destination from an unreadable source by the number of the error", () => {
	const failed = (line: string) =>
		firstRun(
			rsync,
			`${line}\nrsync error: some files could not be transferred (code 23) at main.c(1) [sender=3.1.3]\n`,
			{ exit: 23 },
		);
	expect(failed('rsync: [receiver] mkstemp "/mnt/.a.x" failed: Permission denied (13)').errorCategory).toBe(
		"dest_unwritable",
	);
	expect(failed('rsync: mkdir "/mnt/a" failed: Dateisystem ist nur lesbar (30)').errorCategory).toBe("dest_unwritable");
	expect(failed('rsync: opendir "/srv/a" failed: Keine Berechtigung (13)').errorCategory).toBe("source_unreadable");
	expect(failed('rsync: [receiver] write failed on "/mnt/a": Kein Platz (28)').errorCategory).toBe("dest_full");
	expect(failed("pi@nas: Permission denied (publickey,password).").errorCategory).toBe("auth");
});

test("line ends that curl -d took away are found again", () => {
	const glued = block.replace(/\n/g, "");
	expect(firstRun(rsync, glued, { exit: 0 })).toMatchObject({
		size: 6_922_127,
		filesTotal: 62,
		filesNew: 6,
		bytesAdded: 3_116_066,
	});
	const log = captured("duplicity", "3.1.0-incr-logfile").stdout.replace(/\n/g, "");
	expect(firstRun(duplicity, log)).toMatchObject({ outcome: "success", size: 9_119_397, filesTotal: 79 });
	expect(firstRun(tar, captured("tar", "missing").stderr.replace(/\n/g, ""), { exit: 2 })).toMatchObject({
		size: 194_560,
		errorCategory: "source_missing",
	});
});

test("of an rsync log file with several runs the last one counts", () => {
	const { stdout } = captured("rsync", "3.5.0-logfile");
	const failed =
		'2026/11/22 02:00:00 [1] building file list\n2026/11/22 02:00:01 [1] rsync: [sender] opendir "/a" failed: Permission denied (13)\n2026/11/22 02:00:01 [1] rsync error: some files (code 23) at main.c(1) [sender=3.5.0]\n';
	expect(firstRun(rsync, failed + stdout, { exit: 0 })).toMatchObject({
		outcome: "success",
		startedAt: Date.UTC(2026, 10, 23, 1, 57, 51),
	});
	expect(firstRun(rsync, stdout + failed, { exit: 0 })).toMatchObject({
		outcome: "failure",
		startedAt: Date.UTC(2026, 10, 22, 1),
		duration: 1,
	});
});

test("a silent rsync, tar or rsnapshot is what its exit status says", () => {
	for (const tool of [rsync, tar, rsnapshot]) {
		expect(firstRun(tool, "", { exit: 0 }).outcome).toBe("success");
		expect(firstRun(tool, "", { exit: 3 })).toMatchObject({ outcome: "failure", errorMessage: "exit status 3" });
		expect(firstRun(tool, "").outcome).toBe("failure");
	}
});

test("rsnapshot 2 is a warning, a lock and a wrong configuration are named", () => {
	const read = (name: string) => rsnapshot.read(captured("rsnapshot", name)).runs[0];
	expect(read("daily-first")).toMatchObject({ outcome: "success", size: null });
	expect(read("daily-unreadable")).toMatchObject({
		outcome: "warning",
		errorCategory: "source_unreadable",
		warnings: 1,
	});
	expect(read("daily-locked")).toMatchObject({
		outcome: "failure",
		errorCategory: "repo_locked",
		labels: { interval: "daily" },
	});
	expect(read("daily-missing")).toMatchObject({ outcome: "failure", errorCategory: "config" });
	expect(read("daily-missing")?.errorMessage).toContain('Source directory "/srv/nonexistent/" doesn\'t exist');
	expect(rsnapshot.read(captured("rsnapshot", "du")).runs).toEqual([]);
});

test("rsnapshot's backup points are added up", () => {
	expect(rsnapshot.read(captured("rsnapshot", "daily-V")).runs[0]).toMatchObject({
		outcome: "success",
		size: 149_040 + 2_353_500,
		bytesAdded: 650_000,
		filesTotal: 43,
	});
});

test("rsnapshot's log file is a run for each start, each with its own end", () => {
	const { runs } = rsnapshot.read(captured("rsnapshot", "logfile"));
	expect(runs.map(({ outcome }) => outcome)).toEqual(["success", "success", "warning", "failure", "failure"]);
	expect(runs.map(({ errorCategory }) => errorCategory)).toEqual([
		null,
		null,
		"source_unreadable",
		"config",
		"repo_locked",
	]);
	const log = "[2026-11-23T02:00:00] /usr/bin/rsnapshot daily: started\n";
	expect(told(rsnapshot, log).runs[0]?.outcome).toBe("running");
	expect(told(rsnapshot, log + log.replace("23T", "24T")).runs.map(({ outcome }) => outcome)).toEqual([
		"failure",
		"running",
	]);
	expect(told(rsnapshot, log, { signal: "SIGTERM" }).runs[0]).toMatchObject({
		outcome: "failure",
		errorCategory: "interrupted",
	});
});

test("rclone never has a total size", () => {
	for (const { output } of capturesOf("rclone"))
		for (const run of rclone.read(output).runs) expect(run.size).toBeNull();
});

test("rclone's words for people are read with binary units, old ones too", () => {
	const run = firstRun(rclone, captured("rclone", "1.60.1-sync-plain-block").stderr, { exit: 0 });
	expect(run).toMatchObject({
		outcome: "success",
		bytesAdded: Math.round(8.662 * 2 ** 20),
		filesChanged: 70,
		duration: null,
	});
	const old =
		"Transferred:   \t    8.662M / 8.662 MBytes, 100%, 1 MBytes/s, ETA 0s\nErrors:                 0\nTransferred:           70 / 70, 100%\nElapsed time:       1m2.5s\n";
	expect(firstRun(rclone, old, { exit: 0 })).toMatchObject({ bytesAdded: Math.round(8.662 * 2 ** 20), duration: 62.5 });
});

test("rclone's figures alone are no success: those in between look like the last ones", () => {
	const { stderr } = captured("rclone", "1.75.2-sync-first");
	expect(firstRun(rclone, stderr).outcome).toBe("warning");
	expect(firstRun(rclone, captured("rclone", "1.75.2-sync-sigkill").stderr).outcome).toBe("failure");
	expect(firstRun(rclone, captured("rclone", "1.75.2-sync-unreadable").stderr, { exit: 0 }).outcome).toBe("failure");
});

test("what a cut left of rclone's last record is read, not taken for a listing", () => {
	const { stderr } = captured("rclone", "1.75.2-sync-nochange");
	const cut = stderr.slice(stderr.indexOf("Elapsed"));
	expect(told(rclone, cut, { exit: 0 })).toMatchObject({ ignored: [], runs: [{ outcome: "success", bytesAdded: 0 }] });
});

test("rclone check is a check, and dry runs and listings are no runs", () => {
	expect(rclone.read(captured("rclone", "1.75.2-check-differs")).runs[0]).toMatchObject({
		kind: "check",
		outcome: "failure",
	});
	expect(told(rclone, "2026/11/23 02:00:00 NOTICE: a.txt: Not copying as --dry-run\n", { exit: 0 })).toMatchObject({
		runs: [],
		ignored: [{ reason: "dry run: nothing was copied" }],
	});
	expect(
		told(
			rclone,
			'{"level":"debug","msg":"rclone: Version \\"v1.60.1\\" starting with parameters [\\"rclone\\" \\"sync\\" \\"a\\" \\"b\\" \\"-n\\"]","time":"2026-11-23T02:00:00Z"}',
			{ exit: 0 },
		).runs,
	).toEqual([]);
	for (const name of ["1.60.1-about", "1.60.1-rc-core-stats", "1.60.1-lsjson-missing"])
		expect(rclone.read(captured("rclone", name)).runs).toEqual([]);
});

test("tar 1 is a warning and 2 a failure; its totals are read in any language", () => {
	const changed = "tar: /srv/db: file changed as we read it\nTotal bytes written: 5365760 (5.2MiB, 40MiB/s)\n";
	expect(firstRun(tar, changed, { exit: 1 })).toMatchObject({
		outcome: "warning",
		size: 5_365_760,
		warnings: 1,
		errorCategory: "source_changed",
	});
	expect(firstRun(tar, changed, { exit: 2 }).outcome).toBe("failure");
	const german =
		"tar: Entferne führende „/“ von Elementnamen\nGesamtzahl geschriebener Bytes: 5365760 (5,2MiB, 40MiB/s)\n";
	expect(firstRun(tar, german, { exit: 0 })).toMatchObject({ outcome: "success", size: 5_365_760 });
	const closed = "tar: /mnt/backup/t.tar: Cannot open: Permission denied\ntar: Error is not recoverable: exiting now\n";
	expect(firstRun(tar, closed, { exit: 2 }).errorCategory).toBe("dest_unwritable");
	expect(firstRun(tar, captured("tar", "totals").stderr).outcome).toBe("warning");
});

test("duplicity's statistics come behind the upload, so they are a success by its own words; its errors are a warning", () => {
	const { stdout } = captured("duplicity", "3.1.0-full");
	expect(firstRun(duplicity, stdout).outcome).toBe("success");
	expect(firstRun(duplicity, stdout.replace("Errors 0", "Errors 2"), { exit: 0 })).toMatchObject({
		outcome: "warning",
		warnings: 2,
		errorCategory: "source_unreadable",
	});
	expect(firstRun(duplicity, stdout.slice(0, 300)).outcome).toBe("failure");
	expect(firstRun(duplicity, stdout, { exit: 50 }).outcome).toBe("failure");
});

test("two duplicity backups in one output are two runs, the status belongs to the last", () => {
	const full = captured("duplicity", "3.1.0-full").stdout;
	const second = captured("duplicity", "3.1.0-incr").stdout;
	expect(told(duplicity, full + second, { exit: 30 }).runs.map(({ outcome, size }) => [outcome, size])).toEqual([
		["success", 5_349_306],
		["failure", 6_958_991],
	]);
});

test("duplicity's maintenance and listings are no backups", () => {
	expect(duplicity.read(captured("duplicity", "3.1.0-collection-status-log")).runs).toEqual([]);
	expect(duplicity.read(captured("duplicity", "0.8.22-list-files")).runs).toEqual([]);
	expect(
		firstRun(duplicity, "Last full backup date: none\nNo old backup sets found, nothing deleted.\n", { exit: 0 }).kind,
	).toBe("prune");
	expect(firstRun(duplicity, "Verify complete: 79 files compared, 3 differences found.\n", { exit: 1 })).toMatchObject({
		kind: "check",
		outcome: "failure",
	});
});

test("the shape of something else is kept as not understood, its exit status counts", () => {
	for (const tool of [rclone, rsync, rsnapshot, tar, duplicity]) {
		const ok = told(tool, "pg_dump: last built-in OID is 16383\n", { exit: tool === tar ? 5 : 0 });
		expect([tool.name, ok.understood]).toEqual([tool.name, false]);
	}
});
