// `record` stores a run that is over, told by flags or by a tool's output, and says what it stored.
import { afterAll, describe, expect, test } from "bun:test";
import { readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { toolNamed } from "../../src/tools/registry.ts";
import { cleanUp, makeFolder, startServer, until } from "../binary.ts";
import { capturesOf } from "../tools/captured.ts";
import { backupMonitor, lastOf, spooled } from "./wrapper.ts";

afterAll(cleanUp);

async function record(words: string[], input: string | Uint8Array = "", env: Record<string, string> = {}) {
	const dataDir = makeFolder();
	const ended = await backupMonitor(["record", "--job", "nas", ...words], {
		input,
		env: { DATA_DIR: dataDir, ...env },
	});
	return { ...ended, dataDir };
}

/** `record … --json` and its answer. */
async function answered(words: string[], input: string | Uint8Array = "", env: Record<string, string> = {}) {
	const { code, out, err, dataDir } = await record([...words, "--json"], input, env);
	if (code !== 0) throw new Error(`${code}: ${err}`);
	const { runs, ignored } = JSON.parse(out.toString());
	return { runs, run: runs[0], ignored, dataDir };
}

describe("by flags", () => {
	test("every flag is a field of the report, and what was not told is null", async () => {
		const { run, dataDir } = await answered(
			"--success --host pi --kind sync --started-at 2026-01-07T02:00:00+01:00 --duration 12.5 --size 1000 --bytes-added 10 --files-total 5 --snapshot-id abc --backup-id one --phase dump=2.5 --phase upload=10 --label place=attic --metric ratio=1.5".split(
				" ",
			),
		);
		expect(run).toMatchObject({
			job: "nas",
			host: "pi",
			kind: "sync",
			outcome: "success",
			success: true,
			backup_id: "one",
			timestamp: "2026-01-07T02:00:00+01:00",
			started_at: "2026-01-07T01:00:00.000Z",
			ended_at: "2026-01-07T01:00:12.500Z",
			duration_total: 12.5,
			size_bytes: 1000,
			bytes_added: 10,
			files_total: 5,
			files_new: null,
			files_changed: null,
			snapshot_id: "abc",
			repository: null,
			exit_code: null,
			error_category: null,
			error_message: null,
			warnings: null,
			phases: { dump: 2.5, upload: 10 },
			labels: { place: "attic" },
			metrics: { ratio: 1.5 },
		});
		expect(lastOf(dataDir)).toMatchObject({ backup_id: "one", outcome: "success", size_bytes: 1000 });
	});

	test("the smallest report says when it was, and nothing it does not know", async () => {
		const before = Date.now();
		const { run } = await answered(["--failure", "--error-message", "no space left on device"]);
		expect(run).toMatchObject({
			outcome: "failure",
			success: false,
			duration_total: null,
			size_bytes: null,
			ended_at: null,
		});
		expect(Date.parse(run.timestamp)).toBeGreaterThanOrEqual(before);
		expect(run.backup_id).toBe(run.timestamp);
	});

	test("an exit status or a signal alone is an outcome; running opens what the same id closes", async () => {
		expect((await answered(["--exit", "0"])).run.outcome).toBe("success");
		expect((await answered(["--exit", "3"])).run).toMatchObject({ outcome: "failure", exit_code: 3 });
		expect((await answered(["--signal", "9"])).run).toMatchObject({
			outcome: "failure",
			error_category: "interrupted",
			error_message: "ended by SIGKILL",
		});
		expect((await answered(["--running", "--backup-id", "x"])).run).toMatchObject({
			outcome: "running",
			success: null,
		});
	});

	test("wrong usage is refused with a sentence, and nothing is stored", async () => {
		const cases: [string[], RegExp][] = [
			[[], /How did it end\?/],
			[["--success", "--failure"], /contradict each other/],
			[["--success", "--size", "10MB"], /--size is "10MB"; expected a number/],
			[["--success", "--timestamp", "yesterday"], /timestamp is "yesterday"; expected an ISO 8601 time/],
			[["--exit", "256"], /--exit is "256"/],
			[["--success", "--phase", "dump"], /--phase is "dump"; expected name=value/],
			[["--success", "--frob"], /--frob/],
			[["--success", "more"], /"more" is more than record takes/],
			[["--from", "frob"], /--from is "frob"; expected auto or one of/],
			[["--success", "--stdout", "x"], /give --from TOOL/],
		];
		for (const [words, wanted] of cases) {
			const { code, err, out, dataDir } = await record(words);
			expect([code, out.toString(), readdirSync(dataDir)]).toEqual([2, "", []]);
			expect(err).toMatch(wanted);
		}
		const { code, err } = await record(["--from", "restic", "--stdout", "/no/such/file"]);
		expect([code, err]).toEqual([1, expect.stringContaining("/no/such/file cannot be read")]);
	});
});

describe("from a tool", () => {
	for (const tool of ["restic", "borg", "borgmatic", "rclone", "rsync"]) {
		test(`${tool}: what was captured, both streams apart or piped, named or found out`, async () => {
			const captures = capturesOf(tool).filter(({ expected }) => expected?.kind === "run");
			expect(captures.length).toBeGreaterThan(0);
			for (const { name, output } of captures.slice(0, 4)) {
				const folder = makeFolder();
				writeFileSync(join(folder, "out"), output.stdout);
				writeFileSync(join(folder, "err"), output.stderr);
				const how = [
					...(output.exit === null ? [] : ["--exit", String(output.exit)]),
					...(output.signal === null ? [] : ["--signal", output.signal]),
				];
				const files = ["--stdout", join(folder, "out"), "--stderr", join(folder, "err")];
				const { run } = await answered(["--from", tool, ...how, ...files], "", { TZ: output.zone });
				const told = toolNamed(tool)?.read(output).runs[0];
				expect([name, run?.outcome, run?.size_bytes]).toEqual([name, told?.outcome, told?.size]);
				if (run.snapshot_id !== null) expect(run.backup_id).toBe(run.snapshot_id);
				if (output.stdout + output.stderr === "") continue;
				const piped = await answered(["--from", "auto", ...how], output.stdout + output.stderr, { TZ: output.zone });
				expect([name, piped.run?.outcome]).toEqual([name, told?.outcome]);
			}
		});
	}

	test("a dry run stores nothing and says why", async () => {
		const dry =
			'{"message_type":"summary","dry_run":true,"files_new":1,"total_files_processed":1,"total_bytes_processed":5,"total_duration":0.1,"snapshot_id":"abcdef01"}';
		const { runs, ignored, dataDir } = await answered(["--from", "restic", "--exit", "0"], dry);
		expect([runs, ignored.length, readdirSync(dataDir)]).toEqual([[], 1, []]);
	});

	test("an output that is not understood is kept raw and marked", async () => {
		const { run, dataDir } = await answered(["--from", "restic", "--exit", "1"], "something new from restic 9\n");
		expect(run).toMatchObject({ outcome: "failure", labels: { tool: "restic", understood: "no" } });
		expect(lastOf(dataDir).log).toBe("something new from restic 9\n");
	});

	test("flags stand over what the tool says", async () => {
		const [capture] = capturesOf("restic").filter(({ expected }) => expected?.status === "success");
		const words = [
			"--from",
			"restic",
			"--exit",
			"0",
			"--backup-id",
			"mine",
			"--kind",
			"check",
			"--host",
			"pi",
			"--size",
			"7",
		];
		const { run } = await answered([...words, "--label", "a=b", "--no-log"], capture?.output.stdout);
		expect(run).toMatchObject({
			backup_id: "mine",
			kind: "check",
			host: "pi",
			size_bytes: 7,
			labels: { a: "b", tool: "restic" },
		});
	});

	test("64 MiB of progress are read in bounded memory, and the summary at the end counts", async () => {
		const [capture] = capturesOf("restic").filter(({ expected }) => expected?.status === "success");
		const status = '{"message_type":"status","percent_done":0.5,"current_files":["/srv/a"]}\n';
		const file = join(makeFolder(), "flood");
		const lines = status.repeat(Math.ceil(2 ** 26 / status.length));
		writeFileSync(file, lines + (capture?.output.stdout ?? ""));
		const dataDir = makeFolder();
		const { binary } = await import("../binary.ts");
		const script = `'${binary}' record --job nas --from restic --exit 0 --json < '${file}' & pid=$!; peak=0; while p=$(grep VmHWM /proc/$pid/status 2>/dev/null); do peak=$p; done; wait $pid; echo "$peak" >&2`;
		const child = Bun.spawn(["bash", "-c", script], {
			env: { PATH: process.env.PATH ?? "", DATA_DIR: dataDir },
			stderr: "pipe",
		});
		const { runs } = JSON.parse(await new Response(child.stdout).text());
		expect(runs[0]).toMatchObject({ outcome: "success", size_bytes: capture?.expected?.size_bytes });
		expect(Number(/VmHWM:\s+(\d+) kB/.exec(await new Response(child.stderr).text())?.[1])).toBeLessThan(80_000);
		expect(String(lastOf(dataDir).log)).not.toContain("percent_done");
	});

	test("one output with two repositories is two runs", async () => {
		const capture = capturesOf("borgmatic").find(({ name }) => name === "1.9.14-create-json-two-repos");
		const { runs, dataDir } = await answered(["--from", "borgmatic", "--exit", "0"], capture?.output.stdout);
		expect(runs.length).toBe(2);
		expect(new Set(runs.map(({ backup_id }: { backup_id: string }) => backup_id)).size).toBe(2);
		expect(spooled(dataDir).length).toBe(2);
	});
});

test("a running server takes it from the spool within two seconds; without one the next start does", async () => {
	const dataDir = makeFolder();
	const env = { DATA_DIR: dataDir };
	await backupMonitor(["record", "--job", "nas", "--success", "--size", "11", "--backup-id", "before"], { env });
	const server = await startServer({ dataDir });
	await until(async () => (await server.json("/api/metrics")).length === 1, 2500);
	await backupMonitor(["record", "--job", "nas", "--success", "--size", "12", "--backup-id", "while"], { env });
	await until(async () => (await server.json("/api/metrics")).length === 2, 2500);
	expect(readdirSync(join(dataDir, "spool"))).toEqual([]);
	await server.stop();
});
