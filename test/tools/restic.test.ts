// restic says how it went in its exit status, its summary and its lines on stderr; none of them alone is enough.
import { describe, expect, test } from "bun:test";
import { restic } from "../../src/tools/restic.ts";
import type { ToolOutput } from "../../src/tools/tool.ts";

const now = Date.parse("2026-11-23T02:00:00Z");
const given = (stdout: string, over: Partial<ToolOutput> = {}): ToolOutput => ({
	stdout,
	stderr: "",
	exit: null,
	signal: null,
	receivedAt: now,
	zone: "Europe/Berlin",
	...over,
});
const summary = (over: Record<string, unknown> = {}) =>
	`${JSON.stringify({
		message_type: "summary",
		files_new: 1,
		files_changed: 2,
		data_added: 300,
		total_files_processed: 62,
		total_bytes_processed: 5000,
		total_duration: 1.5,
		snapshot_id: "d1a362b6",
		...over,
	})}\n`;
const only = (output: ToolOutput) => {
	const { runs, understood } = restic.read(output);
	expect(runs).toHaveLength(1);
	expect(understood).toBe(true);
	const [run] = runs;
	if (run === undefined) throw new Error("no run");
	return run;
};

describe("a backup", () => {
	test("with a summary and no complaint is a success, also where a pipe lost the exit status", () => {
		expect(only(given(summary()))).toMatchObject({
			outcome: "success",
			size: 5000,
			bytesAdded: 300,
			filesTotal: 62,
			filesNew: 1,
			filesChanged: 2,
			snapshotId: "d1a362b6",
			exitCode: null,
		});
	});

	test("prefers what was really stored over what was added before compression", () => {
		expect(only(given(summary({ data_added_packed: 120 }))).bytesAdded).toBe(120);
	});

	test("with a source missing is a warning though restic exits 0, and a failure if no file is in it", () => {
		const stderr = "/srv/gone does not exist, skipping\n";
		expect(only(given(summary(), { stderr, exit: 0 }))).toMatchObject({
			outcome: "warning",
			warnings: 1,
			errorCategory: "source_missing",
			errorMessage: "/srv/gone does not exist, skipping",
		});
		expect(only(given(summary({ total_files_processed: 0 }), { stderr, exit: 0 })).outcome).toBe("failure");
	});

	test("with exit 3 is a warning with a summary, a failure without", () => {
		const stderr = "Warning: at least one source file could not be read\n";
		expect(only(given(summary(), { stderr, exit: 3 }))).toMatchObject({
			outcome: "warning",
			errorCategory: "source_unreadable",
		});
		// 0.17 and older print this line in plain text; its status is known from it where it was lost.
		expect(only(given(summary(), { stderr }))).toMatchObject({ outcome: "warning", exitCode: 3 });
		expect(only(given("", { stderr, exit: 3 })).outcome).toBe("failure");
	});

	test("with an exit status that restic never documented is a failure, summary or not", () => {
		expect(only(given(summary(), { exit: 77 })).outcome).toBe("failure");
	});

	test("that was killed is interrupted, whoever says so", () => {
		for (const over of [{ signal: "SIGKILL" }, { exit: 137 }, { exit: 130 }]) {
			expect(only(given('{"message_type":"status","percent_done":0.5}\n', over))).toMatchObject({
				outcome: "failure",
				errorCategory: "interrupted",
			});
		}
	});

	test("whose output breaks off before the summary is no success", () => {
		const run = only(given('{"message_type":"status","percent_done":1}\n{"message_type":"summ'));
		expect(run).toMatchObject({ outcome: "failure", size: null, filesTotal: null });
		expect(run.errorMessage).toContain("ends without");
	});

	test("names a file's folder without being misled by it", () => {
		const error = {
			message_type: "error",
			error: { message: "open /srv/lockfile/corrupt: permission denied" },
			item: "/srv/lockfile/corrupt",
		};
		expect(only(given(`${JSON.stringify(error)}\n${summary()}`, { exit: 3 })).errorCategory).toBe("source_unreadable");
	});

	test("is read from restic's text for people, to three digits", () => {
		const text =
			"using parent snapshot e510c08f\n\nFiles:           3 new,     1 changed,    70 unmodified\nDirs:            0 new,     2 changed,     7 unmodified\nAdded to the repository: 1.426 KiB (729 B stored)\n\nprocessed 74 files, 8.662 MiB in 1:02:03\nsnapshot e510c08f saved\n";
		expect(only(given(text))).toMatchObject({
			outcome: "success",
			size: 9_082_765,
			bytesAdded: 729,
			filesTotal: 74,
			filesNew: 3,
			duration: 3723,
			snapshotId: "e510c08f",
		});
	});
});

describe("what is no backup", () => {
	test("a dry run is ignored although it names a snapshot", () => {
		expect(restic.read(given(summary({ dry_run: true })))).toMatchObject({
			runs: [],
			ignored: [{ reason: expect.stringContaining("dry run") }],
		});
	});

	test("check, forget and restore have their own kinds", () => {
		expect(only(given('{"message_type":"summary","num_errors":0,"broken_packs":null}')).kind).toBe("check");
		expect(only(given('{"message_type":"summary","num_errors":2,"broken_packs":["a"]}', { exit: 1 }))).toMatchObject({
			kind: "check",
			outcome: "failure",
		});
		expect(
			only(given('[{"tags":null,"host":"pi","paths":["/srv"],"keep":[],"remove":null,"reasons":[]}]', { exit: 0 }))
				.kind,
		).toBe("prune");
		expect(
			only(given('{"message_type":"summary","total_files":9,"files_restored":9,"total_bytes":10,"bytes_restored":10}'))
				.kind,
		).toBe("restore_test");
	});

	test("a forget that fails behind a backup leaves the backup its success", () => {
		const forget = '[{"tags":null,"host":"pi","paths":["/srv"],"keep":[],"remove":null,"reasons":[]}]\n';
		const { runs } = restic.read(
			given(summary() + forget, { stderr: "Fatal: unable to remove: connection refused\n", exit: 1 }),
		);
		expect(runs.map(({ kind, outcome }) => [kind, outcome])).toEqual([
			["backup", "success"],
			["prune", "failure"],
		]);
	});
});

test("an exit 0 after a repeated attempt is a success that remembers the first", () => {
	const stderr = '{"message_type":"exit_error","code":11,"message":"unable to create lock in backend"}\n';
	expect(only(given(summary(), { stderr, exit: 0 }))).toMatchObject({
		outcome: "success",
		warningMessages: ["unable to create lock in backend"],
	});
	expect(only(given(summary(), { stderr })).outcome).toBe("failure");
});
