// Tools and servers that report by themselves: Kopia, Duplicati, Duplicacy, Proxmox VE and Backup Server, from their source.
import { expect, test } from "bun:test";
import { duplicacy } from "../../src/tools/duplicacy.ts";
import { duplicati } from "../../src/tools/duplicati.ts";
import { kopia } from "../../src/tools/kopia.ts";
import { pbs } from "../../src/tools/pbs.ts";
import { proxmox } from "../../src/tools/proxmox.ts";
import { capturesOf } from "./captured.ts";
import { told } from "./told.ts";

function bodyOf(folder: string, name: string): string {
	const found = capturesOf(folder).find((capture) => capture.name === name);
	return found?.requests[0]?.body ?? found?.output.stdout ?? "";
}

const manifest = JSON.parse(bodyOf("kopia", "snapshot-create"));

test("Kopia's manifest: fatal errors fail, ignored ones warn, an incomplete one was interrupted", () => {
	const summary = (about: object) =>
		JSON.stringify({
			...manifest,
			rootEntry: { ...manifest.rootEntry, summ: { ...manifest.rootEntry.summ, ...about } },
		});
	const errors = [{ path: "/srv/a", error: "permission denied" }];
	expect(told(kopia, summary({})).runs[0]).toMatchObject({
		outcome: "success",
		bytesAdded: null,
		labels: { path: "/srv", user: "pi" },
	});
	expect(told(kopia, summary({ numIgnoredErrors: 1, errors })).runs[0]).toMatchObject({
		outcome: "warning",
		errorCategory: "source_unreadable",
		warnings: 1,
	});
	expect(told(kopia, summary({ numFailed: 1, errors })).runs[0]).toMatchObject({
		outcome: "failure",
		errorMessage: "/srv/a: permission denied",
	});
	expect(told(kopia, JSON.stringify({ ...manifest, incomplete: "canceled" }), { exit: 0 }).runs[0]).toMatchObject({
		outcome: "failure",
		errorCategory: "interrupted",
	});
	expect(told(kopia, JSON.stringify(manifest), { exit: 1 }).runs[0]?.outcome).toBe("failure");
	expect(told(kopia, JSON.stringify([manifest])).runs).toEqual([]);
	expect(told(kopia, JSON.stringify(manifest) + JSON.stringify({ ...manifest, id: "b" })).runs.length).toBe(2);
});

const report = `Path: /some/other/path

  Status:      fatal
  Start:       Thu, 01 Jan 1970 00:00:00 +0000
  Duration:    0s
  Size:        0 B
  Files:       0
  Directories: 0
  Error:       connect: connection refused

Path: /some/path

  Status:      success
  Start:       Thu, 02 Jan 2020 03:04:05 +0000
  Duration:    1m2.5s
  Size:        6.9 MB (+1.6 MB)
  Files:       1,123 (+23)
  Directories: 33 (+3)

Path: /some/path2

  Status:      warnings
  Start:       Thu, 02 Jan 2020 03:04:05 +0000
  Duration:    2s
  Size:        456 B
  Files:       123
  Directories: 33

  Failed Entries:

  - /some/path2/a: permission denied

Generated at Thu, 02 Jan 2020 03:04:05 +0000 by Kopia v0.19.0.
`;

test("Kopia's notification is a run for each source; what a failed one never counted is unknown", () => {
	const { runs } = told(kopia, report);
	expect(runs.map(({ outcome, labels }) => [outcome, labels.path])).toEqual([
		["failure", "/some/other/path"],
		["success", "/some/path"],
		["warning", "/some/path2"],
	]);
	expect(runs[0]).toMatchObject({ size: null, filesTotal: null, startedAt: null, errorCategory: "network" });
	expect(runs[1]).toMatchObject({
		size: 6_900_000,
		filesTotal: 1123,
		duration: 62.5,
		startedAt: Date.UTC(2020, 0, 2, 3, 4, 5),
	});
	expect(runs[2]).toMatchObject({ warnings: 1, errorCategory: "source_unreadable" });
});

test("Kopia's JSON and HTML notifications say the same", () => {
	const json = {
		status: "Failed to create 1 of 2 snapshots",
		hostname: "pi",
		generatedAt: "x",
		kopiaVersion: "v0",
		snapshots: [
			{
				id: null,
				path: "/a",
				status: "fatal",
				start: "Thu, 01 Jan 1970 00:00:00 +0000",
				duration: "0s",
				totalSize: 0,
				totalFiles: 0,
				error: "no such file or directory",
			},
			{
				id: "9b74",
				path: "/b",
				status: "success",
				start: "Thu, 02 Jan 2020 03:04:05 +0000",
				duration: "1.1s",
				totalSize: 456,
				totalFiles: 123,
			},
		],
	};
	expect(told(kopia, JSON.stringify(json)).runs).toMatchObject([
		{ outcome: "failure", size: null, errorCategory: "source_missing" },
		{ outcome: "success", size: 456, snapshotId: "9b74", duration: 1.1 },
	]);
	const cell = (text: string) => `<td>${text}</td>\n`;
	const row = (status: string, path: string, rest: string[]) =>
		`<tr class="snapshotstatus-${status}">\n<td><span class="path">${path}</span></td>\n${rest.map(cell).join("")}</tr>\n`;
	const html =
		row("fatal", "/a &amp; b", ["Thu, 01 Jan 1970 00:00:00 +0000", "0s", "0 B", "0", "0"]) +
		row("ok", "/c", ["Thu, 02 Jan 2020 03:04:05 +0000", "1.1s", "456 B (+56 B)", "123 (+23)", "33"]);
	expect(told(kopia, `<html><table>${html}</table>`).runs).toMatchObject([
		{ outcome: "failure", labels: { path: "/a & b" } },
		{ outcome: "success", size: 456, filesTotal: 123 },
	]);
});

test("Kopia's words for people", () => {
	const text =
		"Snapshotting pi@host:/srv ...\r * 0 hashing, 8 hashed (3.1 MB), 54 cached (3.8 MB), uploaded 1.6 MB, estimated 6.9 MB (100.0%) 0s left\nCreated snapshot with root k5f0e and ID 7b1e0c5a9f3d2e4b6a8c in 17s\n";
	expect(told(kopia, text).runs[0]).toMatchObject({
		outcome: "success",
		snapshotId: "7b1e0c5a9f3d2e4b6a8c",
		bytesAdded: 1_600_000,
		filesTotal: 62,
		duration: 17,
	});
	expect(told(kopia, "ERROR error connecting: repository is not connected\n", { exit: 1 }).runs[0]).toMatchObject({
		outcome: "failure",
		errorCategory: "repo_missing",
	});
});

type Report = {
	Data: Record<string, unknown>;
	Extra: Record<string, unknown>;
	LogLines: string[];
	Exception: string | null;
};

function duplicatiReport(data: object, about: Partial<Report> = {}): string {
	const base = JSON.parse(bodyOf("duplicati", "json-success")) as Report;
	return JSON.stringify({ ...base, ...about, Data: { ...base.Data, ...data } });
}

test("Duplicati's result decides; interrupted, partial and unknown ones are no success", () => {
	const run = (data: object, about: Partial<Report> = {}) => told(duplicati, duplicatiReport(data, about)).runs[0];
	expect(run({})).toMatchObject({
		outcome: "success",
		toolVersion: "2.1.0.5",
		host: "raspberrypi",
		jobName: "Nightly docs",
	});
	expect(
		run(
			{ ParsedResult: "Warning", WarningsActualLength: 2, FilesWithError: 1 },
			{ LogLines: ["2026-11-23 02:00:03 +01 - [Warning-Duplicati.Library.Main.X]: Failed to open /srv/a"] },
		),
	).toMatchObject({ outcome: "warning", warnings: 2, warningMessages: ["Failed to open /srv/a"] });
	expect(run({ ParsedResult: "Error", ErrorsActualLength: 1 })?.outcome).toBe("failure");
	expect(
		run(
			{ ParsedResult: "Fatal" },
			{ Exception: "System.Exception: The passphrase is wrong: invalid password\n   at X" },
		),
	).toMatchObject({ outcome: "failure", errorCategory: "auth" });
	expect(run({ ParsedResult: "Splendid" })?.outcome).toBe("failure");
	expect(run({ Interrupted: true })).toMatchObject({ outcome: "failure", errorCategory: "interrupted" });
	expect(run({ PartialBackup: true })?.outcome).toBe("warning");
	expect(run({ ParsedResult: "Warning", ExaminedFiles: 0 })?.outcome).toBe("failure");
	expect(run({ BeginTime: "0001-01-01T00:00:00", EndTime: "0001-01-01T00:00:00" })).toMatchObject({
		startedAt: null,
		duration: null,
	});
});

test("a Duplicati run that broke before it counted has unknown sizes, not zeros", () => {
	const data = {
		ParsedResult: "Fatal",
		ExaminedFiles: 0,
		SizeOfExaminedFiles: 0,
		AddedFiles: 0,
		BackendStatistics: { BytesUploaded: 0, KnownFileSize: 0 },
	};
	expect(told(duplicati, duplicatiReport(data)).runs[0]).toMatchObject({
		outcome: "failure",
		size: null,
		filesTotal: null,
		bytesAdded: null,
	});
});

test("Duplicati's other operations are no backups, and a result inside a cut report is none", () => {
	for (const operation of ["Restore", "List", "Repair", "CreateReport"])
		expect(told(duplicati, duplicatiReport({ MainOperation: operation })).runs).toEqual([]);
	expect(told(duplicati, duplicatiReport({ MainOperation: "Test" })).runs[0]?.kind).toBe("check");
	expect(told(duplicati, duplicatiReport({ Dryrun: true })).runs).toEqual([]);
	const whole = duplicatiReport({ ParsedResult: "Fatal" });
	for (let at = 1; at < whole.length; at += 13)
		expect(told(duplicati, whole.slice(at)).runs.filter(({ outcome }) => outcome === "success")).toEqual([]);
});

test("a failed Duplicati report as a form", () => {
	const text =
		"Duplicati Backup report for Nightly docs\n\nFailed: No space left on device\nDetails: System.IO.IOException: No space left on device\n  at X\n";
	expect(told(duplicati, `message=${encodeURIComponent(text)}`).runs[0]).toMatchObject({
		outcome: "failure",
		errorCategory: "dest_full",
		jobName: "Nightly docs",
	});
});

const duplicacyLog = `2026-11-23 02:00:00.100 INFO STORAGE_SET Storage set to /mnt/backup
2026-11-23 02:00:00.300 INFO BACKUP_INDEXING Indexing /srv
2026-11-23 02:00:16.123 INFO BACKUP_END Backup for /srv at revision 2 completed
2026-11-23 02:00:16.123 INFO BACKUP_STATS Files: 62 total, 6,759K bytes; 8 new, 3,043K bytes
2026-11-23 02:00:16.123 INFO BACKUP_STATS All chunks: 9 total, 6,800K bytes; 5 new, 3,050K bytes, 3,047K bytes uploaded
2026-11-23 02:00:16.123 INFO BACKUP_STATS Total running time: 00:00:16
`;

test("Duplicacy's log with its header and without", () => {
	const measures = {
		outcome: "success",
		size: 6759 * 1024,
		bytesAdded: 3047 * 1024,
		filesTotal: 62,
		filesNew: null,
		snapshotId: "/srv@2",
	};
	expect(told(duplicacy, duplicacyLog).runs[0]).toMatchObject({
		...measures,
		duration: 16.023,
		startedAt: Date.UTC(2026, 10, 23, 1, 0, 0, 100),
	});
	const bare = duplicacyLog.replace(/^\S+ \S+ INFO [A-Z_]+ /gm, "");
	expect(told(duplicacy, bare).runs[0]).toMatchObject({ ...measures, duration: 16, startedAt: null });
});

test("Duplicacy's skipped files are a warning, its errors and statuses failures, its other commands other kinds", () => {
	const skipped = `${duplicacyLog}2026-11-23 02:00:16.200 WARN BACKUP_SKIPPED 1 file was not included due to access errors\n`;
	expect(told(duplicacy, skipped, { exit: 0 }).runs[0]).toMatchObject({
		outcome: "warning",
		errorCategory: "source_unreadable",
	});
	const failed =
		"Storage set to /mnt/backup\nFailed to download the configuration file from the storage: dial tcp: connection refused\n";
	expect(told(duplicacy, failed, { exit: 100 }).runs[0]).toMatchObject({
		outcome: "failure",
		errorCategory: "network",
	});
	expect(told(duplicacy, duplicacyLog, { exit: 101 }).runs[0]?.outcome).toBe("failure");
	expect(told(duplicacy, duplicacyLog.slice(0, 140)).runs[0]?.outcome).toBe("failure");
	expect(
		told(duplicacy, "Storage set to /x\nAll chunks referenced by snapshot a at revision 1 exist\n", { exit: 0 }).runs[0]
			?.kind,
	).toBe("check");
	expect(told(duplicacy, "Storage set to /x\nRestored /srv to revision 2\n", { exit: 0 }).runs).toEqual([]);
});

function vzdump(title: string, rows: string, severity: string): string {
	const message = `\nDetails\n=======\nVMID    Name        Status    Time    Size        Filename\n${rows}\nTotal running time: 1h 1m 41s\nTotal size: 2.150 GiB\n\nLogs\n====\nvzdump 100 101\n101: 2026-11-23 02:00:42 ERROR: Backup of VM 101 failed - VM is locked (backup)\n`;
	return JSON.stringify({
		title,
		message,
		severity,
		timestamp: 1_795_399_258,
		fields: { type: "vzdump", hostname: "pve1" },
	});
}

const okRow = "100     nextcloud   ok        41s     2.150 GiB   vm/100/2026-11-23T01:00:02Z\n";
const badRow = "101     web         err       1s      0 B         null\n";

test("a vzdump job with one failed guest failed, and the log tells why", () => {
	const { runs } = told(
		proxmox,
		vzdump("vzdump backup status (pve1.lan): backup failed: multiple problems", okRow + badRow, "error"),
	);
	expect(runs).toMatchObject([
		{
			outcome: "failure",
			errorCategory: "repo_locked",
			errorMessage: "Backup of VM 101 failed - VM is locked (backup)",
			duration: 3701,
			metrics: { guests: 2, guests_failed: 1 },
		},
	]);
	expect(runs[0]?.phases).toEqual([
		{ name: "nextcloud (100)", seconds: 41 },
		{ name: "web (101)", seconds: 1 },
	]);
	// The rows are believed even where the title is not there.
	expect(told(proxmox, vzdump("", okRow + badRow, "info")).runs[0]?.outcome).toBe("failure");
	const down = vzdump(
		"vzdump backup status (pve1.lan): backup failed: could not activate storage 'nas': Connection timed out",
		"",
		"error",
	);
	expect(told(proxmox, down).runs[0]).toMatchObject({
		outcome: "failure",
		errorCategory: "network",
		errorMessage: "could not activate storage 'nas': Connection timed out",
	});
});

test("a vzdump message without its title counts only with its whole table", () => {
	const message = JSON.parse(vzdump("x", okRow, "info")).message as string;
	const text = message.replace(/101: .*\n/, "");
	expect(told(proxmox, text).runs[0]).toMatchObject({
		outcome: "success",
		size: Math.round(2.15 * 2 ** 30),
		snapshotId: "vm/100/2026-11-23T01:00:02Z",
	});
	expect(told(proxmox, text.slice(text.indexOf("100  "))).runs[0]?.outcome).toBe("failure");
});

test("the mail of older Proxmox versions and vzdump's own log", () => {
	const mail =
		"VMID       NAME                 STATUS       TIME       SIZE  FILENAME\n100        nextcloud            ok       00:00:41     2.15GB  /mnt/dump/vzdump-qemu-100.vma.zst\n101        web                  failed   00:00:01     0.00MB  -\n";
	expect(told(proxmox, mail).runs[0]).toMatchObject({ outcome: "failure", metrics: { guests: 2, guests_failed: 1 } });
	const log =
		"INFO: starting new backup job: vzdump 100 --storage local\nINFO: Starting Backup of VM 100 (qemu)\nINFO: VM Name: nextcloud\nINFO: archive file size: 2.15GB\nINFO: Finished Backup of VM 100 (00:00:41)\nINFO: Backup job finished successfully\n";
	expect(told(proxmox, log).runs[0]).toMatchObject({
		outcome: "success",
		size: Math.round(2.15 * 2 ** 30),
		phases: [{ name: "nextcloud (100)", seconds: 41 }],
	});
	expect(told(proxmox, log.slice(0, 150)).runs[0]?.outcome).toBe("failure");
});

test("a failed verification is heard as a failed check, never as a backup; other notices are nothing", () => {
	const body = bodyOf("proxmox", "pbs-verify-failed");
	for (const tool of [proxmox, pbs])
		expect(told(tool, body).runs).toMatchObject([
			{ kind: "check", outcome: "failure", errorCategory: "repo_corrupt", repository: "main" },
		]);
	const job = (type: string, title: string, severity: string) =>
		JSON.stringify({
			title,
			message: "Datastore: main\nSynchronization failed: connection refused\n",
			severity,
			fields: { type, datastore: "main" },
		});
	expect(told(pbs, job("sync", "Sync remote 'a' datastore 'b' failed", "error")).runs[0]).toMatchObject({
		kind: "sync",
		outcome: "failure",
		errorCategory: "network",
	});
	expect(told(pbs, job("gc", "Garbage Collect Datastore 'main' successful", "info")).runs[0]).toMatchObject({
		kind: "prune",
		outcome: "success",
	});
	expect(told(proxmox, job("package-updates", "New software packages available", "info")).runs).toEqual([]);
});

test("proxmox-backup-client's output", () => {
	const text =
		"Starting backup: host/raspberrypi/2026-11-23T01:21:40Z\nClient name: raspberrypi\nUpload directory '/' to 'root@pam@pbs:main' as root.pxar.didx\nroot.pxar: had to backup 1.5 MiB of 6 MiB (compressed 500 KiB) in 0.50s\nDuration: 1.23s\nEnd Time: Mon Nov 23 02:21:42 2026\n";
	expect(told(pbs, text).runs[0]).toMatchObject({
		outcome: "success",
		snapshotId: "host/raspberrypi/2026-11-23T01:21:40Z",
		size: 6 * 2 ** 20,
		bytesAdded: 500 * 1024,
		duration: 1.23,
		host: "raspberrypi",
	});
	expect(told(pbs, text.slice(0, 200)).runs[0]?.outcome).toBe("failure");
	expect(
		told(pbs, "Error: error trying to connect: tcp connect error: No route to host\n", { exit: 255 }).runs[0],
	).toMatchObject({ outcome: "failure", errorCategory: "network" });
});
