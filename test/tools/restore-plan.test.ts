// The commands of drills: what a shell makes of them, whatever jobs are called, and what is only a trial.
import { expect, test } from "bun:test";
import { tools } from "../../src/tools/registry.ts";
import { drillCommand, drillFolder, isTrial } from "../../src/tools/restore-plan.ts";

const job = { name: "photos", slug: "photos", host: "", tool: "restic", repository: null, snapshotId: null };
const local = { to: null, token: null };
const command = (about: Partial<typeof job> | Record<string, string>, where = local) =>
	drillCommand({ ...job, ...about }, where);

/** The words that a shell passes to backup-monitor. */
function wordsOf(text: string): string[] {
	const script = `mkdir() { :; }; backup-monitor() { printf '%s\\0' "$@"; }\n${text}`;
	const { stdout, exitCode } = Bun.spawnSync(["bash", "-c", script]);
	expect(exitCode).toBe(0);
	return stdout.toString().split("\0").slice(0, -1);
}

test("restic restores the snapshot that was reported, else the latest", () => {
	expect(command({ snapshotId: "6dc9982e4f" }).text).toBe(
		"mkdir -p /var/tmp/drill-photos\nbackup-monitor run --job photos --kind restore_test \\\n  -- restic restore 6dc9982e --json --target /var/tmp/drill-photos",
	);
	expect(command({}).text).toContain("restic restore latest --json");
	expect(command({ snapshotId: "-x; rm" }).text).toContain("restic restore latest");
});

test("a host, a remote monitor and its token go along", () => {
	const { text } = drillCommand({ ...job, host: "pi4" }, { to: "http://pi4.lan:5001", token: "PASTE-TOKEN-HERE" });
	expect(text).toStartWith("export PUSH_TOKEN=PASTE-TOKEN-HERE\n");
	expect(wordsOf(text).slice(0, 9)).toEqual([
		"run",
		"--job",
		"photos",
		"--host",
		"pi4",
		"--kind",
		"restore_test",
		"--to",
		"http://pi4.lan:5001",
	]);
});

test("every tool has a command that a shell can read, whatever the job and its repository are called", () => {
	const name = 'it\'s $(date) "quoted" `x`';
	const repository = "/mnt/it's $(reboot)";
	for (const tool of [...tools.map((known) => known.name), null]) {
		const { text } = drillCommand({ ...job, name, tool, repository }, local);
		const words = wordsOf(text);
		expect(words.slice(0, 5)).toEqual(["run", "--job", name, "--kind", "restore_test"]);
		expect(words).toContain("--");
		if (tool !== "proxmox") expect(words.join(" ")).toContain(drillFolder(job));
	}
});

test("borg's archive is asked for when the command runs, in a shell of its own", () => {
	const words = wordsOf(command({ tool: "borg", repository: "/mnt/it's borg" }).text);
	expect(words.slice(-3, -1)).toEqual(["sh", "-c"]);
	expect(words.at(-1)).toBe(
		`cd /var/tmp/drill-photos && borg extract '/mnt/it'\\''s borg'::"$(borg list --short --last 1 '/mnt/it'\\''s borg')"`,
	);
	expect(command({ tool: "borg" }).note).toContain("--dry-run");
});

test("what only pretends to restore is told apart", () => {
	for (const line of [
		"borg extract --dry-run ::a",
		"/usr/bin/borg extract -n ::a",
		"restic restore latest --dry-run --target /tmp/x",
		"rclone copy --dry-run remote:backup /tmp/x",
		"rsync -an /mnt/backup/ /tmp/x/",
	]) {
		expect(isTrial(line.split(" "))).toBe(true);
	}
	expect(isTrial(["sh", "-c", "cd /tmp && borg extract --dry-run ::a"])).toBe(true);
	for (const line of [
		"borg extract ::a",
		"restic restore latest --target /tmp/x",
		"rsync -a --info=name /mnt/ /tmp/x/",
		"tar -xf a.tar",
		"pg_restore -n public a.dump",
	]) {
		expect(isTrial(line.split(" "))).toBe(false);
	}
});
