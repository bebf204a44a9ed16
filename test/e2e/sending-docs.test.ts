// The table "Each tool" of docs/sending-runs.md: each line is run as it stands, with the real tool, and becomes a run.
import { afterAll, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { cleanUp } from "../binary.ts";
import { openMachine, root } from "../docs-machine.ts";

afterAll(cleanUp);

const docs = readFileSync(join(root, "docs/sending-runs.md"), "utf8");
const [, table = ""] = docs.split("\n## Each tool\n");
const lines = [...(table.split(/\n#/)[0] ?? "").matchAll(/^\| (.+?) \| `(backup-monitor run [^`]+)`/gm)].map(
	([, tool = "", command = ""]) => ({ tool, command }),
);

/** What a tool needs before its first backup, and what the table leaves to the reader. */
const before: Record<string, string> = {
	restic: "restic init",
	borg: "borg init --encryption=none",
	borgmatic: `printf '%s\\n' 'location:' "  source_directories: [$PWD/srv]" "  repositories: [$BORG_REPO]" >borgmatic.yaml`,
	rsnapshot: `printf '%s\\n' "config_version\t1.2" "snapshot_root\t$PWD/kept/" "retain\tdaily\t7" "cmd_rsync\t$(command -v rsync)" "backup\t$PWD/srv/\tlocalhost/" >rsnapshot.conf`,
	tar: "mkdir archives",
};
const completed: Record<string, (command: string) => string> = {
	borgmatic: (command) => command.replace("borgmatic", "borgmatic --config $PWD/borgmatic.yaml"),
	rsnapshot: (command) => command.replace("rsnapshot", "rsnapshot -c $PWD/rsnapshot.conf"),
	rsync: (command) => command.replace("host:/srv/", "$PWD/copy/"),
	duplicity: (command) => command.replace(" target", " --no-encryption file://$PWD/volumes"),
	tar: (command) => command.replace("/backup/", "$PWD/archives/"),
	"any other": (command) => command.replace("-- command", "-- cp -r $PWD/srv $PWD/copied"),
};

test("there is a line for each tool", () => {
	expect(lines.map(({ tool }) => tool)).toEqual([
		"restic",
		"borg",
		"borgmatic",
		"rclone",
		"rsync",
		"rsnapshot",
		"duplicity",
		"tar",
		"any other",
	]);
});

test("each works as it stands, and its run says what the tool said", async () => {
	const machine = await openMachine();
	try {
		for (const { tool, command } of lines) {
			const prepared = await machine.run(before[tool] ?? "true");
			expect([tool, prepared.code, prepared.code === 0 ? "" : prepared.err]).toEqual([tool, 0, ""]);
			const line = (completed[tool] ?? ((same: string) => same))(command).replace("NAME", tool.replace(" ", "-"));
			const { code, err } = await machine.run(line);
			expect([tool, code, code === 0 ? "" : err]).toEqual([tool, 0, ""]);
		}
		const { runs } = (await machine.server.json("/api/runs?limit=100")) as {
			runs: { job: string; outcome: string; kind: string; size_bytes: number | null; files_total: number | null }[];
		};
		const found = Object.fromEntries(runs.map((run) => [run.job, run]));
		for (const { tool } of lines) {
			expect(found[tool.replace(" ", "-")]).toMatchObject({
				outcome: "success",
				kind: expect.stringMatching(/backup|sync/),
			});
		}
		for (const tool of ["restic", "borg", "borgmatic", "rsync", "duplicity"]) {
			expect([tool, found[tool]?.size_bytes]).toEqual([tool, expect.any(Number)]);
			expect(found[tool]?.size_bytes).toBeGreaterThanOrEqual(50_000);
		}
	} finally {
		await machine.stop();
	}
}, 120_000);
