// An exit status of 0 beside a text that complains: a script's status is its last command's, a pipe's is its last part's.
import { expect, test } from "bun:test";
import { readPingBody } from "../../src/tools/ping-body.ts";
import { recogniseTool, toolNamed } from "../../src/tools/registry.ts";
import type { ToolReading, ToolRun } from "../../src/tools/tool.ts";
import { capturesOf } from "./captured.ts";

const about = { receivedAt: Date.UTC(2026, 10, 23, 3), zone: "UTC" };

function read(text: string, exit: number | null = 0): ToolReading {
	const output = { stdout: text, stderr: "", exit, signal: null, ...about };
	return recogniseTool(output).read(output);
}

const first = (text: string): ToolRun | undefined => read(text).runs[0];

const complaints: Record<string, [string, string]> = {
	"a command that is not installed": ["/usr/local/bin/backup.sh: line 3: restic: command not found", "config"],
	"a command that a POSIX shell does not find": ["./backup.sh: 3: pg_dump: not found", "config"],
	"a shell in German": ["bash: restic: Befehl nicht gefunden.", "config"],
	"a dump without its server": [
		'pg_dump: error: connection to server at "localhost" (::1), port 5432 failed: Connection refused',
		"network",
	],
	"a copy without its source": ["cp: cannot stat '/srv/photos': No such file or directory", "source_missing"],
	"a copy in German": [
		"cp: Aufruf von stat für '/srv' nicht möglich: Datei oder Verzeichnis nicht gefunden",
		"source_missing",
	],
	"bash in German": ["bash: Zeile 1: resticc: Kommando nicht gefunden.", "config"],
	"a target that is not mounted": ["mount: /mnt/nas: can't find in /etc/fstab.", "unknown"],
	"a zip of nothing": ["zip error: Nothing to do! (try: zip -r x.zip . -i /nope)", "unknown"],
	"a shell in Chinese": ["bash: restic：未找到命令", "config"],
	"a copy in Chinese": ["cp: 无法获取'/srv' 的文件状态(stat): 没有那个文件或目录", "source_missing"],
	"a copy in Ukrainian": ["cp: не вдалося виконати stat для '/srv': Немає такого файла або каталогу", "source_missing"],
	"a full disk in Japanese": ["cp: '/b/x' の書き込みエラー: デバイスに空き領域がありません", "dest_full"],
	"a full disk": ["gzip: stdout: No space left on device", "dest_full"],
	"a host that is off": ["ssh: connect to host nas port 22: No route to host", "network"],
	"a key that is refused": ["root@nas: Permission denied (publickey,password).", "auth"],
	"a flag that does not exist": ["unknown flag: --jsn", "config"],
	"a usage error": [
		"usage: borg create [-h]\nborg create: error: the following arguments are required: ARCHIVE",
		"config",
	],
	"a script's own word": ["ERROR: upload failed", "unknown"],
	"a script's own sentence": ["!! Nightly backup of photos failed !!", "unknown"],
	"a script's own sentence in German": ["Sicherung fehlgeschlagen", "unknown"],
	"a file system that is not there": ["cannot open 'tank/data@x': dataset does not exist", "source_missing"],
	syncoid: [
		"CRITICAL ERROR:  zfs send  'tank/a'@'b' | zfs receive  'backup/a' failed: 256 at /usr/sbin/syncoid",
		"unknown",
	],
	"a container that does not run": ["Error response from daemon: No such container: db", "unknown"],
	"a key that is not there": ["gpg: encryption failed: No public key", "unknown"],
	"an upload that was refused": ["upload failed: ./a to s3://b/a An error occurred (AccessDenied)", "auth"],
	btrbk: ['!!! Target "/mnt/btr" aborted: Failed to fetch subvolume detail', "unknown"],
	"a process that the system ended": ["Killed", "interrupted"],
	"a crash": [
		'Traceback (most recent call last):\n  File "/opt/dump.py", line 3, in <module>\nOSError: [Errno 28] No space left on device',
		"dest_full",
	],
};

for (const [what, [text, category]] of Object.entries(complaints)) {
	test(`an exit status of 0 beside ${what} is a warning, by run, by auto and by a ping`, () => {
		const script = `Starting backup\n${text}\nUploading\nAll done\n`;
		expect(first(script)).toMatchObject({ outcome: "warning", errorCategory: category });
		expect(first(script)?.errorMessage).toContain(text.split("\n").at(-1) ?? "");
		const asKopia = toolNamed("kopia")?.read({ stdout: script, stderr: "", exit: 0, signal: null, ...about });
		expect(asKopia?.runs[0]?.outcome).not.toBe("success");
		const ping = readPingBody(script, { failed: false, exit: null }, about);
		expect(ping?.run).toMatchObject({ outcome: "warning", errorCategory: category });
	});
}

test("what scripts say every night makes no warning of them", () => {
	for (const text of [
		"rm: cannot remove '/tmp/old.tar': No such file or directory",
		"ls: cannot access '/mnt/usb': No such file or directory",
		"mkdir: cannot create directory '/backup': File exists",
		"errors: 0",
		"ERROR: none",
		"Errors: 0, warnings: 0",
		"INFO: 0 errors found",
		"Error log: /var/log/backup.log",
		"mount: /mnt/usb: /dev/sdb1 already mounted on /mnt/usb.",
		"Backup finished, 0 failed, 12 ok",
		"No backup failed",
		"failed backups: 0",
		"Backup failed: 0",
		"notifying root if the backup failed",
		"Failed to stop foo.service: Unit foo.service not loaded.",
		"mysqldump: [Warning] Using a password on the command line interface can be insecure.",
		"pg_dump: reading extensions",
		"copied /srv/docs/error: how to.txt",
		"Skipping lost+found",
		"tar: Removing leading `/' from member names",
		"tar: Se está quitando la «/» inicial de los nombres",
		'tar: Rimozione di "/" iniziale dai nomi dei membri',
		"tar: /run/x.sock: socket ignored",
	]) {
		expect([text, first(`${text}\ndone\n`)?.outcome]).toEqual([text, "success"]);
		expect([
			text,
			readPingBody(`${text}\ndone\n`, { failed: false, exit: null }, about)?.run.outcome ?? "success",
		]).toEqual([text, "success"]);
	}
});

test("a dump that failed before a backup that did not is a warning of the backup, with the dump's words", () => {
	const restic = capturesOf("restic").find(({ name }) => name === "0.14.0-backup-quiet")?.output.stdout ?? "";
	const text = `mysqldump: Got error: 2002: "Can't connect to local server through socket" when trying to connect\n${restic}`;
	expect(first(restic)?.outcome).toBe("success");
	expect(first(text)).toMatchObject({ outcome: "warning", errorMessage: expect.stringContaining("Got error: 2002") });
	expect(first(`pg_dump: error: connection to server failed: Connection refused\n${restic}`)).toMatchObject({
		outcome: "warning",
		errorCategory: "network",
		errorMessage: expect.stringContaining("pg_dump: error"),
	});
});

test("a borgmatic that failed is a failure, whatever the script went on to", () => {
	for (const { name, output } of capturesOf("borgmatic")) {
		if (!/hooks-fail|json-fail|sigint/.test(name)) continue;
		const runs = read(output.stdout + output.stderr).runs;
		expect([
			name,
			runs.some(({ outcome }) => outcome === "success" || outcome === "warning") && runs.length === 1,
		]).toEqual([name, false]);
	}
});

test("restic and rclone that were cut in the middle are no success beside an exit status of 0", () => {
	for (const tool of ["restic", "rclone"])
		for (const { name, output } of capturesOf(tool)) {
			if (!/backup-sig|sync-sig/.test(name) || output.stdout + output.stderr === "") continue;
			expect([name, first(output.stdout + output.stderr)?.outcome === "success"]).toEqual([name, false]);
		}
});

test("a duplicity that complained and wrote no statistics is a failure beside an exit status of 0", () => {
	const text = "Local and Remote metadata are synchronized, no sync needed.\nLast full backup date: none\n";
	expect(first(`${text}Backup source directory "/nope" does not exist\n`)).toMatchObject({
		outcome: "failure",
		errorCategory: "source_missing",
	});
	expect(first(text)?.outcome).toBe("success");
});

test("a damaged repository and a passphrase that nobody gave are a failed borg beside an exit status of 0", () => {
	expect(
		first("Starting repository check\nIndex object count mismatch.\nFinished full repository check, errors found.\n"),
	).toMatchObject({
		kind: "check",
		outcome: "failure",
		errorCategory: "repo_corrupt",
	});
	expect(
		first(
			"Enter passphrase for key /mnt/r: can not acquire a passphrase: BORG_PASSPHRASE is not set. BORG_PASSCOMMAND is not set.\n",
		)?.outcome,
	).toBe("failure");
});

test("a script's own lines make no warning of a restic that brought nothing to complain of", () => {
	const copy = capturesOf("restic").find(({ name }) => name === "0.14.0-restore-verify")?.output;
	expect(first(`=== restore begins ===\n${copy?.stdout}${copy?.stderr}\n=== done ===\n`)).toMatchObject({
		kind: "restore_test",
		outcome: "success",
	});
});

test("what Kopia's console says of files is the run's: fatal errors fail it, ignored ones warn", () => {
	const text = (lines: string) =>
		`Snapshotting root@pi:/srv ...\n${lines}Created snapshot with root k0123456789abcdef and ID 0123456789abcdef0123456789abcdef in 1s\n`;
	expect(first(text(""))?.outcome).toBe("success");
	const ignored = text(' ! Ignored error when processing "f1": unable to open file: permission denied\n');
	expect(first(ignored)).toMatchObject({ outcome: "warning", errorCategory: "source_unreadable" });
	const fatal = text(' ! Error when processing "f1": unable to open file: permission denied\n');
	expect(first(`${fatal}Found 1 fatal error(s) while snapshotting root@pi:/srv.\n`)).toMatchObject({
		outcome: "failure",
		errorCategory: "source_unreadable",
	});
});

test("a check or a prune that failed behind a good backup is a warning of a ping that says all went well", () => {
	const status = (success: boolean) => ({
		success,
		time: "2026-11-23T02:00:00+01:00",
		error: success ? "" : "exit status 1",
		stderr: "",
		duration: 1,
	});
	const body = JSON.stringify({ profiles: { nightly: { backup: status(true), check: status(false) } } });
	const ping = readPingBody(body, { failed: false, exit: null }, about);
	expect(ping?.run).toMatchObject({
		kind: "backup",
		outcome: "warning",
		errorMessage: expect.stringContaining("check: "),
	});
});

test("the one line of a check that says CRITICAL is no success of the ping that brings it", () => {
	const line = "CRITICAL: tank/data newest daily snapshot is 4d old (should be < 1d 8h)";
	expect(readPingBody(line, { failed: false, exit: null }, about)?.run.outcome).toBe("failure");
});

test("Duplicati's success beside an error in its own log is a warning, as text and as JSON", () => {
	const logged =
		"2026-11-23 02:00:00 +01 - [Error-Duplicati.Library.Main.Controller-FailedOperation]: The operation failed";
	const data = {
		MainOperation: "Backup",
		ParsedResult: "Success",
		BeginTime: "2026-11-23T01:00:00Z",
		EndTime: "2026-11-23T01:00:05Z",
		ExaminedFiles: 12,
	};
	const json = JSON.stringify({ Data: data, Extra: { "backup-name": "nas" }, LogLines: [logged], Exception: null });
	expect(read(json, null).runs[0]).toMatchObject({ outcome: "warning", errorMessage: "The operation failed" });
	expect(read(json.replace(logged, ""), null).runs[0]).toMatchObject({ outcome: "success" });
	const text = `Duplicati Backup report for nas\nMainOperation: Backup\nParsedResult: Success\nExaminedFiles: 12\nLog data:\n${logged}\n`;
	expect(read(text, null).runs[0]).toMatchObject({ outcome: "warning" });
});

test("what Proxmox says of updates and fences is no run, and no failed one", () => {
	const body = {
		title: "New software packages available (pve)",
		message: "3 updates",
		severity: "info",
		timestamp: 1764000000,
		fields: { type: "package-updates", hostname: "pve" },
	};
	expect(read(JSON.stringify(body), null).runs).toEqual([]);
});
