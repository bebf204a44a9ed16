// Command lines that only pretend, and those that look like it.
import { expect, test } from "bun:test";
import { isDryRun } from "../../src/tools/dry-run.ts";

test.each([
	"restic backup -n -q /srv",
	"/usr/bin/restic backup --dry-run /srv",
	"nice -n 10 borg create --dry-run ::a /srv",
	"rsync -avn /srv/ /mnt/",
	"rclone sync -n a b",
	"borgmatic --dry-run",
	"duplicity --dry-run a file:///b",
])("%s backs nothing up", (line) => expect(isDryRun(line.split(" "))).toBe(true));

test.each([
	"nice -n 10 restic backup /srv",
	"rsync -av --numeric-ids /srv/ /mnt/",
	"pg_dump -n public app",
	"duplicity -n a file:///b",
	"tar -n -cf a.tar b",
])("%s backs up", (line) => expect(isDryRun(line.split(" "))).toBe(false));

test("a shell may do more than its dry run", () => {
	expect(isDryRun(["sh", "-c", "restic forget -n; restic backup /srv"])).toBe(false);
	expect(isDryRun(["bash", "restic", "-n"])).toBe(false);
});
