// Real restores through the compiled program: what was said before each of them, and how long it then took.
import { afterAll, beforeAll, expect, test } from "bun:test";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Estimate } from "../../src/restore.ts";
import { checkedWords } from "../../src/restore-words.ts";
import { findJob } from "../../src/store/jobs.ts";
import { readCheckedDrills, readRestoreJob } from "../../src/store/restore.ts";
import { drillCommand } from "../../src/tools/restore-plan.ts";
import { binary, cleanUp, makeFolder } from "../binary.ts";
import { openApp } from "../web/app.ts";

afterAll(cleanUp);

const home = makeFolder();
const source = join(home, "source");
const bytes = 48 * 1_000_000;
const tools = {
	PATH: process.env.PATH ?? "",
	HOME: home,
	TZ: "UTC",
	RESTIC_PASSWORD: "of-the-test",
	RESTIC_REPOSITORY: join(home, "restic"),
	BORG_REPO: join(home, "borg"),
	BORG_PASSPHRASE: "",
	BORG_UNKNOWN_UNENCRYPTED_REPO_ACCESS_IS_OK: "yes",
};

function shell(script: string, dataDir: string) {
	const ended = Bun.spawnSync(["bash", "-c", `set -eo pipefail\n${script}`], {
		env: { ...tools, DATA_DIR: dataDir },
		cwd: home,
		stdin: "ignore",
		stdout: "pipe",
		stderr: "pipe",
	});
	if (!ended.success) throw new Error(`${script}\n${ended.stdout}${ended.stderr}`);
	return ended.stdout.toString();
}

beforeAll(() => {
	mkdirSync(source);
	// Of random bytes: nothing of it is compressed or found twice.
	for (let n = 0; n < 12; n++) {
		const parts = Array.from({ length: 62 }, () => crypto.getRandomValues(new Uint8Array(64_516)));
		writeFileSync(join(source, `file-${n}`), Buffer.concat(parts));
	}
	shell("restic init -q\nborg init --encryption=none", home);
}, 30_000);

type Told = { estimate: Estimate; words: string[]; inside: (boolean | null)[] };

/** What the monitor says of a job, after reading what the program left in its spool. */
async function ask(dataDir: string, job: string): Promise<Told> {
	const { monitor } = await openApp(dataDir, Date.now);
	try {
		const { db } = monitor;
		const found = db === null ? null : findJob(db, job);
		if (db === null || found === null) throw new Error(`${job} is not known`);
		const known = readRestoreJob(db, found, null, Date.now());
		const checked = readCheckedDrills(db, known);
		if (known.estimate === null) throw new Error(known.reason ?? "");
		return {
			estimate: known.estimate,
			words: checked.map(({ estimate, drill }) => checkedWords(estimate, drill.seconds)),
			inside: checked.map(({ isInside }) => isInside),
		};
	} finally {
		await monitor.stop();
	}
}

/** The command of the plan as it is shown, but that it restores into a folder of the test. */
function planned(tool: string, snapshotId: string | null, folder: string): string {
	const job = { name: tool, slug: tool, host: "", tool, repository: null, snapshotId };
	const { text } = drillCommand(job, { to: null, token: null });
	return text.replaceAll(`/var/tmp/drill-${tool}`, folder).replace("backup-monitor run", `${binary} run`);
}

function restored(folder: string): string[] {
	return readdirSync(folder, { recursive: true })
		.map(String)
		.filter((name) => /file-\d+$/.test(name));
}

const backups: Record<string, string> = {
	restic: "restic backup --json --quiet source",
	borg: "borg create --json ::'{now:%H%M%S%f}' source",
};

for (const [tool, backup] of Object.entries(backups)) {
	test(`${tool}: timed restores land inside the estimates that were shown before them`, async () => {
		const dataDir = makeFolder();
		const wrapped = `${binary} run --job ${tool}`;
		for (let n = 0; n < 2; n++) shell(`${wrapped} -- ${backup}`, dataDir);
		const before = await ask(dataDir, tool);
		expect(before.estimate.basis).toMatchObject({ from: "speeds" });
		expect(before.estimate.bytes).toBeGreaterThan(0.9 * bytes);

		let shown = before;
		for (let n = 0; n < 3; n++) {
			const folder = join(home, `drill-${tool}-${n}`);
			shell(planned(tool, null, folder), dataDir);
			expect(restored(folder)).toHaveLength(12);
			const [file = ""] = restored(folder).filter((name) => name.endsWith("file-7"));
			expect(readFileSync(join(folder, file)).equals(readFileSync(join(source, "file-7")))).toBe(true);
			rmSync(folder, { recursive: true });
			const after = await ask(dataDir, tool);
			console.log(`${tool}, restore ${n + 1}: ${after.words[0]}`);
			// What is shown of the past is what was shown then.
			expect(after.words[0]?.split(", took")[0]).toBe(checkedWords(shown.estimate, 1).split(", took")[0]);
			shown = after;
		}
		// The first range is wide, and has to be; of the others one may miss on a machine that does other things, too.
		expect(shown.inside.at(-1)).toBe(true);
		expect(shown.inside.filter((isInside) => isInside === true).length).toBeGreaterThanOrEqual(2);
		expect(shown.estimate.basis).toMatchObject({ from: "drills", drills: 3 });
	}, 60_000);
}

test("over a slow line, the first backup's speed tells how long the restore takes", async () => {
	const dataDir = makeFolder();
	const line = "-r slow --limit-upload 12000 --limit-download 12000";
	shell(`restic -r slow init -q\n${binary} run --job slow -- restic backup --json --quiet ${line} source`, dataDir);
	const before = await ask(dataDir, "slow");
	expect(before.estimate.basis).toMatchObject({ from: "speeds", speeds: ["full"] });
	const drill = (n: number) =>
		shell(
			`${binary} run --job slow --kind restore_test -- restic restore latest ${line} --target ${join(home, `slow-${n}`)}`,
			dataDir,
		);
	drill(1);
	const once = await ask(dataDir, "slow");
	console.log(`restic, slow line: ${once.words[0]}`);
	expect(once.inside).toEqual([true]);
	drill(2);
	const twice = await ask(dataDir, "slow");
	console.log(`restic, slow line: ${twice.words[0]}`);
	expect(twice.inside).toEqual([true, true]);
	// The line is what took the time: 48 MB at 12 MB/s, whatever else the machine does.
	expect(twice.estimate.seconds).toBeGreaterThan(3);
}, 120_000);

test("a restore that fails is a failed drill, and no estimate comes from it", async () => {
	const dataDir = makeFolder();
	shell(`${binary} run --job restic -- restic backup --json --quiet source`, dataDir);
	const folder = join(home, "drill-failed");
	expect(() => shell(`RESTIC_PASSWORD=wrong\n${planned("restic", null, folder)}`, dataDir)).toThrow();
	const { estimate, words } = await ask(dataDir, "restic");
	expect(estimate.basis).toMatchObject({ from: "speeds", hasFailed: true });
	expect(words).toEqual([]);
	expect(existsSync(join(folder, "source"))).toBe(false);
});
