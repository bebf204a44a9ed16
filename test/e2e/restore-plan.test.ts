// The drill plan is true: each tool that can run here backs up, and the command that the plan then shows for its job is
// pasted into a shell as it stands, brings everything back, and is a drill of that job.
import { afterAll, beforeAll, expect, test } from "bun:test";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { findJob } from "../../src/store/jobs.ts";
import { readDrills, readRestoreJob } from "../../src/store/restore.ts";
import { drillCommand } from "../../src/tools/restore-plan.ts";
import { cleanUp, makeFolder } from "../binary.ts";
import { openApp } from "../web/app.ts";
import { openDrillMachine } from "./drill-machine.ts";

afterAll(cleanUp);

const remote = makeFolder();
const { home, dataDir, mounted, shell } = openDrillMachine(["source", "mnt/backup", "drills", ".config/borgmatic"], {
	BORG_RELOCATED_REPO_ACCESS_IS_OK: "yes",
	RCLONE_CONFIG_REMOTE_TYPE: "alias",
	RCLONE_CONFIG_REMOTE_REMOTE: remote,
	PASSPHRASE: "of-the-test",
});

const content = (number: number) => `file ${number}\n`.repeat(3000);

beforeAll(() => {
	for (let n = 0; n < 3; n++) writeFileSync(join(home, "source", `file-${n}`), content(n));
	const borgmatic = `location:\n    source_directories:\n        - ${home}/source\n    repositories:\n        - ${home}/borg\n`;
	writeFileSync(join(home, ".config/borgmatic/config.yaml"), borgmatic);
	const lines = [
		["config_version", "1.2"],
		["snapshot_root", `${mounted}/backup/`],
		["cmd_rsync", "/usr/bin/rsync"],
		["retain", "daily", "3"],
		["backup", `${home}/source/`, "localhost/"],
	];
	writeFileSync(join(home, "rsnapshot.conf"), lines.map((words) => `${words.join("\t")}\n`).join(""));
	shell("restic init -q && borg init --encryption=none");
}, 60_000);

/** How each tool backs up; `stands` is what a person puts in place of the plan's placeholder, where its note says so. */
const tools: [tool: string, backup: string, stands?: readonly [string, string]][] = [
	["restic", "restic backup --json --quiet source"],
	["borg", "borg create --json ::{now} source"],
	["borgmatic", "borgmatic create --json"],
	["rclone", "rclone sync --use-json-log --stats-log-level NOTICE source remote:backup"],
	["rsync", `rsync -a --stats source/ ${mounted}/backup/rsync/`, ["/mnt/backup/", `${mounted}/backup/rsync/`]],
	[
		"tar",
		`tar --totals -czf ${mounted}/backup.tar.gz source`,
		["/mnt/backup/backup.tar.gz", `${mounted}/backup.tar.gz`],
	],
	["rsnapshot", `rsnapshot -v -c ${home}/rsnapshot.conf daily`, ["/mnt/backup", `${mounted}/backup`]],
	["duplicity", `duplicity full source file://${home}/duplicity`, ["file:///mnt/backup", `file://${home}/duplicity`]],
	["rdiff-backup", `rdiff-backup --print-statistics source ${home}/rdiff`, ["/mnt/backup", `${home}/rdiff`]],
];

for (const [tool, backup, stands = ["", ""] as const] of tools) {
	test(`${tool}: the plan's command brings everything back and is recorded`, async () => {
		if (Bun.which(tool) === null) throw new Error(`${tool} is not installed: scripts/debian-packages.ts names it`);
		// rsnapshot says nothing when all is well, so nothing of its words tells whose they are.
		const from = tool === "rsnapshot" ? " --from rsnapshot" : "";
		shell(`backup-monitor run --job "my ${tool}"${from} -- ${backup}`);
		const planned = await ask((db) => {
			const job = findJob(db, `my ${tool}`);
			if (job === null) throw new Error("no job");
			const { tool: known, repository, snapshotId } = readRestoreJob(db, job, null, Date.now());
			const { name, slug, host } = job;
			return drillCommand({ name, slug, host, tool: known, repository, snapshotId }, { to: null, token: null });
		});
		const isFilled = stands[0] === "" || !planned.text.includes(stands[0]);
		// Where something has to be filled in, the note says so.
		if (!isFilled) expect(planned.note).not.toBe("");
		const drills = join(home, "drills");
		shell((isFilled ? planned.text : planned.text.replace(stands[0], stands[1])).replaceAll("/var/tmp", drills));
		const folder = join(drills, `drill-my-${tool}`);
		const found = readdirSync(folder, { recursive: true })
			.map(String)
			.filter((name) => /(?:^|\/)file-\d$/.test(name));
		expect(found.map((name) => readFileSync(join(folder, name), "utf8")).sort()).toEqual([0, 1, 2].map(content));
		const recorded = await ask((db) => readDrills(db, findJob(db, `my ${tool}`)?.id ?? 0));
		expect(recorded).toMatchObject([{ outcome: "success", seconds: expect.any(Number) }]);
	}, 60_000);
}

async function ask<T>(
	question: (db: NonNullable<Awaited<ReturnType<typeof openApp>>["monitor"]["db"]>) => T,
): Promise<T> {
	const { monitor } = await openApp(dataDir, Date.now);
	try {
		if (monitor.db === null) throw new Error("the database is not open");
		return question(monitor.db);
	} finally {
		await monitor.stop();
	}
}
