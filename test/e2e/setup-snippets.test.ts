// Every line of the setup page that stands around a command, run as it is pasted, with the real tools.
import { beforeEach, describe, expect, setDefaultTimeout, test } from "bun:test";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { until } from "../binary.ts";
import { job, newest, openSetup, type Shown, useSetupLab } from "./setup-page.ts";

setDefaultTimeout(60_000);

const { server, machine } = useSetupLab();

let before = 0;
beforeEach(async () => {
	before = (await newest(server)).id;
});

/** The run that the lines reported, once it has ended. */
async function reported(): Promise<Shown> {
	let run: Shown = { id: 0 };
	await until(
		async () => {
			run = await newest(server);
			return run.id > before && run.outcome !== "running";
		},
		5000,
		"a run came in",
	);
	before = run.id;
	return run;
}

/** Runs the script, the wrapper and the crontab's line of a tool; what each of them reported. */
async function allThree(
	tool: string,
	fields: Record<string, string>,
	env: (name: string) => Record<string, string> = () => ({}),
): Promise<Shown[]> {
	const text = await openSetup(server, tool, { job, ...fields });
	const runs: Shown[] = [];
	for (const name of ["script", "wrapper", "cron"]) {
		const { code, out } =
			name === "cron" ? await machine.cron(text(name), env(name)) : await machine.run(text(name), env(name), "sh");
		expect([name, code, out]).toEqual([name, 0, expect.any(String)]);
		const run = await reported();
		// A ping's address has no room for the name itself.
		if (name !== "script") expect(run.job).toBe(job);
		expect([name, run.outcome]).toEqual([name, "success"]);
		expect(run.duration_total).toBeGreaterThan(0);
		runs.push(run);
	}
	return runs;
}

describe("a script of one's own", () => {
	test("one report by curl, and the answer says what was stored", async () => {
		const text = await openSetup(server, "shell");
		const { code, out } = await machine.run(text("curl"));
		expect([code, JSON.parse(out).runs[0].job]).toEqual([0, job]);
		expect(await reported()).toMatchObject({ job, outcome: "success", duration_total: 42, size_bytes: 1048576 });
	});

	test("script, wrapper and crontab around tar", async () => {
		for (const run of await allThree("shell", { source: machine.source })) expect(run.labels.tool).toBe("tar");
	});

	test("a command that fails keeps its exit status, and is a failure; so is one without a monitor", async () => {
		const text = await openSetup(server, "shell", { job, source: join(machine.home, "nowhere") });
		for (const name of ["script", "wrapper"]) {
			expect((await machine.run(text(name))).code).toBe(2);
			expect(await reported()).toMatchObject({ outcome: "failure", exit_code: 2, error_category: "source_missing" });
		}
		const gone = text("script").replaceAll(server.url, "http://127.0.0.1:1");
		expect((await machine.run(gone)).code).toBe(2);
	});

	test("a line in the metrics file", async () => {
		// A job of its own: these lines name a run by its second.
		const own = `${job} %d`;
		const text = await openSetup(server, "shell", { job: own, source: machine.source });
		expect((await machine.run(text("file"))).code).toBe(0);
		expect(readFileSync(join(server.dataDir, "metrics.jsonl"), "utf8")).toContain(JSON.stringify(own));
		const run = await reported();
		expect(run).toMatchObject({ job: own, outcome: "success" });
		expect(run.size_bytes).toBeGreaterThan(0);
	});
});

describe("restic", () => {
	const env = () => ({ RESTIC_REPOSITORY: join(machine.home, "restic"), RESTIC_PASSWORD: "of-the-test" });

	test("script, wrapper, crontab and pipe tell size, files and snapshot", async () => {
		await machine.run("restic init", env());
		const runs = await allThree("restic", { source: machine.source }, env);
		const text = await openSetup(server, "restic", { job, source: machine.source });
		expect((await machine.run(text("pipe"), env())).code).toBe(0);
		for (const run of [...runs, await reported()]) {
			expect(run).toMatchObject({ size_bytes: 5000, files_total: 5, labels: { tool: "restic" } });
			expect(run.snapshot_id).toMatch(/^[0-9a-f]{8}/);
		}
	});

	test("a wrong password is a failure with its reason, and the pipe's status is not 0", async () => {
		const text = await openSetup(server, "restic", { job, source: machine.source });
		const wrong = { ...env(), RESTIC_PASSWORD: "wrong" };
		for (const name of ["script", "wrapper", "pipe"]) {
			expect([name, (await machine.run(text(name), wrong)).code]).not.toEqual([name, 0]);
			expect(await reported()).toMatchObject({ outcome: "failure", error_category: "auth" });
		}
	});
});

test("borg: size, new bytes, files and archive", async () => {
	const env = (name: string) => ({ BORG_REPO: join(machine.home, `borg-${name}`), BORG_PASSPHRASE: "" });
	for (const name of ["script", "wrapper", "cron"]) await machine.run("borg init --encryption=none", env(name));
	for (const run of await allThree("borg", { source: machine.source }, env)) {
		expect(run).toMatchObject({ size_bytes: expect.any(Number), files_total: 5, labels: { tool: "borg" } });
		expect(run.snapshot_id).toMatch(/^[0-9a-f]{64}$/);
	}
});

test("rclone: what was transferred", async () => {
	const target = join(machine.home, "rclone's copy");
	const runs = await allThree("rclone", { source: machine.source, target });
	expect(runs.map((run) => run.labels.tool)).toEqual(["rclone", "rclone", "rclone"]);
	expect(runs[0]?.bytes_added).toBe(5000);
});

test("rsync: the size of the whole and what was new", async () => {
	const target = join(machine.home, "rsync's copy");
	const runs = await allThree("rsync", { source: machine.source, target });
	for (const run of runs) expect(run).toMatchObject({ size_bytes: 5000, files_total: 5, labels: { tool: "rsync" } });
	expect(runs[0]?.bytes_added).toBe(5000);
	expect(existsSync(join(target, "file-0"))).toBe(true);
});

test("rsnapshot: with the line of its configuration, sizes too", async () => {
	const target = join(machine.home, "rsnapshot.conf");
	const from = join(machine.home, "plain");
	mkdirSync(from);
	writeFileSync(join(from, "file"), "x".repeat(3000));
	const text = await openSetup(server, "rsnapshot", { job, target });
	const lines = [
		"config_version\t1.2",
		`snapshot_root\t${join(machine.home, "snapshots")}/`,
		"cmd_rsync\t/usr/bin/rsync",
		"retain\tdaily\t7",
		"verbose\t2",
		`lockfile\t${join(machine.home, "rsnapshot.pid")}`,
		text("config"),
		`backup\t${from}/\tlocalhost/`,
	];
	writeFileSync(target, `${lines.join("\n")}\n`);
	for (const run of await allThree("rsnapshot", { target })) {
		expect(run).toMatchObject({ size_bytes: 3000, labels: { tool: "rsnapshot" } });
	}
});

test("duplicity: its statistics", async () => {
	const target = `file://${join(machine.home, "duplicity")}`;
	// Not the folder of the others: duplicity itself puts variables into its paths, quoted or not.
	const source = join(machine.home, "it's here");
	mkdirSync(source);
	writeFileSync(join(source, "file"), "x".repeat(5000));
	for (const run of await allThree("duplicity", { source, target }, () => ({ PASSPHRASE: "test" }))) {
		expect(run.labels.tool).toBe("duplicity");
		expect(run.size_bytes).toBeGreaterThanOrEqual(5000);
	}
});

test("Duplicacy: the words that its source prints, by a stand-in", async () => {
	machine.install(
		"duplicacy",
		`#!/bin/sh
[ "$*" = "-log backup -stats" ] || exit 9
cat <<'END'
2026-11-23 02:00:00.100 INFO STORAGE_SET Storage set to /mnt/backup
2026-11-23 02:00:16.123 INFO BACKUP_END Backup for $PWD at revision 2 completed
2026-11-23 02:00:16.123 INFO BACKUP_STATS Files: 62 total, 6,759K bytes; 8 new, 3,043K bytes
2026-11-23 02:00:16.123 INFO BACKUP_STATS All chunks: 9 total, 6,800K bytes; 5 new, 3,050K bytes, 3,047K bytes uploaded
2026-11-23 02:00:16.123 INFO BACKUP_STATS Total running time: 00:00:16
END
`,
	);
	for (const run of await allThree("duplicacy", { source: machine.source })) {
		expect(run).toMatchObject({ size_bytes: 6759 * 1024, files_total: 62, labels: { tool: "duplicacy" } });
	}
});
