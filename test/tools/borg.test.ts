// borg's archives, warnings and exit statuses, alone and under borgmatic.
import { describe, expect, test } from "bun:test";
import { borg } from "../../src/tools/borg.ts";
import { borgmatic } from "../../src/tools/borgmatic.ts";
import { readPingBody } from "../../src/tools/ping-body.ts";
import type { ToolOutput } from "../../src/tools/tool.ts";

const given = (stdout: string, over: Partial<ToolOutput> = {}): ToolOutput => ({
	stdout,
	stderr: "",
	exit: null,
	signal: null,
	receivedAt: Date.parse("2026-11-23T02:00:00Z"),
	zone: "UTC",
	...over,
});
const id = "a".repeat(64);
const archive = (files: number, repository = "/mnt/borg") => ({
	archive: {
		id,
		name: "pi-1",
		command_line: ["borg", "create", "::pi-1", "/srv"],
		start: "2026-11-23T01:00:00.000000",
		end: "2026-11-23T01:00:07.000000",
		duration: 6.5,
		stats: { nfiles: files, original_size: 5000, compressed_size: 4000, deduplicated_size: 300 },
	},
	repository: { location: repository },
});
const json = (value: unknown) => `${JSON.stringify(value, null, 4)}\n`;
const log = (levelname: string, message: string, time?: number) =>
	`${JSON.stringify({ type: "log_message", levelname, message, name: "borg.archiver", ...(time === undefined ? {} : { time }) })}\n`;
const block = (repository: string, fingerprint: string) =>
	`Repository: ${repository}\nArchive name: pi-1\nArchive fingerprint: ${fingerprint}\nTime (start): Mon, 2026-11-23 01:00:00\nTime (end):   Mon, 2026-11-23 01:01:03\nDuration: 1 minutes 3.50 seconds\nNumber of files: 1,072\nThis archive:                9.08 MB              8.94 MB                634 B\nAll archives:               37.33 MB             36.56 MB             11.06 MB\n`;

describe("borg", () => {
	test("exit 1 with files is a warning, with none a failure, and so is any unknown status", () => {
		const stderr = "/srv/gone: stat: [Errno 2] No such file or directory: '/srv/gone'\n";
		const read = (files: number, exit: number) => borg.read(given(json(archive(files)), { stderr, exit })).runs[0];
		expect(read(62, 1)).toMatchObject({ outcome: "warning", errorCategory: "source_missing", warnings: 1 });
		expect(read(0, 1)).toMatchObject({ outcome: "failure", errorCategory: "source_missing", size: 5000 });
		expect(read(62, 107)).toMatchObject({ outcome: "warning" });
		expect(read(62, 2)).toMatchObject({ outcome: "failure" });
		expect(read(62, 99)).toMatchObject({ outcome: "failure" });
	});

	test("a system error in another language is known by its number", () => {
		const stderr = "/srv/a: open: [Errno 13] Permission non accordée: 'a'\n";
		expect(borg.read(given(json(archive(3)), { stderr, exit: 1 })).runs[0]?.errorCategory).toBe("source_unreadable");
		const full = log(
			"ERROR",
			'Traceback (most recent call last):\n  File "x"\nOSError: [Errno 28] Auf dem Gerät ist kein Speicherplatz mehr verfügbar\n',
		);
		expect(borg.read(given("", { stderr: full, exit: 2 })).runs[0]).toMatchObject({
			errorCategory: "dest_full",
			errorMessage: "OSError: [Errno 28] Auf dem Gerät ist kein Speicherplatz mehr verfügbar",
		});
	});

	test("the host's wall clock is put right by a log line's time since 1970", () => {
		const stderr = log("INFO", "done", Date.parse("2026-11-23T00:00:07Z") / 1000);
		expect(borg.read(given(json(archive(3)), { stderr, exit: 0 })).runs[0]).toMatchObject({
			startedAt: Date.parse("2026-11-23T00:00:00Z"),
			endedAt: Date.parse("2026-11-23T00:00:07Z"),
		});
	});

	test("an end that would lie in the future is another zone's", () => {
		const receivedAt = Date.parse("2026-11-23T00:00:09Z");
		expect(borg.read(given(json(archive(3)), { exit: 0, receivedAt })).runs[0]?.endedAt).toBe(
			Date.parse("2026-11-23T00:00:07Z"),
		);
	});

	test("an archive is found although what follows it was cut off", () => {
		const cut = json(archive(3)).slice(0, -40);
		expect(borg.read(given(cut, { exit: 0 })).runs[0]).toMatchObject({
			outcome: "success",
			size: 5000,
			snapshotId: id,
		});
		expect(borg.read(given(json(archive(3)).slice(0, 120))).runs[0]).toMatchObject({ outcome: "failure", size: null });
	});

	test("a dry run is no backup, in whichever form it is told", () => {
		const status = `${JSON.stringify({ type: "file_status", status: "-", path: "/srv/a" })}\n`;
		for (const text of ["- /srv/a\n- /srv/b\n", status, '{"dry_run":true,"stats":{"nfiles":3,"original_size":9}}']) {
			expect(borg.read(given(text, { exit: 0 }))).toMatchObject({
				runs: [],
				ignored: [{ reason: "a dry run backs nothing up" }],
			});
		}
		expect(borgmatic.read(given("Creating archive (dry run; not making changes)\n", { exit: 0 })).runs).toEqual([]);
	});

	test("a check that finds errors is a failed check, and prune no backup", () => {
		const stdout =
			"Starting repository check\nData integrity error: Segment entry checksum mismatch [segment 69, offset 8]\nFinished full repository check, errors found.\n";
		expect(borg.read(given(stdout, { exit: 1 })).runs[0]).toMatchObject({
			kind: "check",
			outcome: "failure",
			errorCategory: "repo_corrupt",
		});
		expect(borg.read(given("compaction freed about 2.13 MB repository space.\n", { exit: 0 })).runs[0]).toMatchObject({
			kind: "prune",
			outcome: "success",
			size: null,
		});
	});
});

describe("borgmatic", () => {
	test("two repositories are two runs", () => {
		const stdout = JSON.stringify([archive(3, "/a"), archive(4, "/b")]);
		expect(
			borgmatic.read(given(stdout, { exit: 0 })).runs.map(({ repository, filesTotal }) => [repository, filesTotal]),
		).toEqual([
			["/a", 3],
			["/b", 4],
		]);
	});

	test("the repository that failed is told apart from the one that did not", () => {
		const body = `${block("/a", id)}Error running actions for repository\nCommand 'borg create /b::{now}' returned non-zero exit status 13.\n`;
		expect(
			borgmatic
				.read(given(body, { exit: 1 }))
				.runs.map(({ repository, outcome, errorCategory }) => [repository, outcome, errorCategory]),
		).toEqual([
			["/a", "success", null],
			["/b", "failure", "repo_missing"],
		]);
	});

	test("sizes are decimal and durations in words", () => {
		expect(borgmatic.read(given(block("/a", id), { exit: 0 })).runs[0]).toMatchObject({
			size: 9_080_000,
			bytesAdded: 634,
			filesTotal: 1072,
			duration: 63.5,
			metrics: { compressed_size: 8_940_000, repository_size: 11_060_000 },
		});
	});

	test("a command that is not borg is a hook", () => {
		const body = "Error running actions for repository\nCommand 'pg_dump --all' returned non-zero exit status 1.\n";
		expect(borgmatic.read(given(body, { exit: 1 })).runs[0]?.errorCategory).toBe("hook_failed");
	});

	test("a monitor that could not be reached does not spoil the backup", () => {
		const stderr =
			"Healthchecks error: HTTPConnectionPool(host='pi', port=1): Max retries (Caused by [Errno 111] Connection refused)\n";
		expect(borgmatic.read(given("Creating archive\n", { stderr, exit: 0 })).runs[0]).toMatchObject({
			outcome: "success",
			warnings: null,
		});
	});
});

describe("a ping's body", () => {
	const at = { receivedAt: Date.parse("2026-11-23T02:00:00Z"), zone: "UTC" };

	test("never makes a failed ping better", () => {
		expect(readPingBody(block("/a", id), { failed: true, exit: null }, at)?.run).toMatchObject({
			outcome: "failure",
			size: 9_080_000,
		});
		expect(readPingBody(json(archive(3)), { failed: true, exit: 4 }, at)?.run.outcome).toBe("failure");
	});

	test("can make a good one worse", () => {
		const body = `${block("/a", id)}/srv/x: open: [Errno 13] Permission denied: 'x'\n`;
		expect(readPingBody(body, { failed: false, exit: null }, at)?.run).toMatchObject({
			outcome: "warning",
			warnings: 1,
		});
	});

	test("of several repositories is one run with the worst outcome", () => {
		const body = `Creating archive\n${block("/a", id)}${block("/b", "b".repeat(64))}`;
		expect(readPingBody(body, { failed: false, exit: null }, at)?.run).toMatchObject({
			outcome: "success",
			size: 9_080_000,
			bytesAdded: 1268,
		});
	});

	test("that is empty or nobody's leaves the ping its own word", () => {
		expect(readPingBody("", { failed: false, exit: null }, at)).toBeNull();
		expect(readPingBody("all is well", { failed: false, exit: null }, at)).toBeNull();
	});
});
