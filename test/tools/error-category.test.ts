// One sentence, one category: what stands in the sentence of another failure must not win over it.
import { expect, test } from "bun:test";
import fc from "fast-check";
import { errorCategories, errorCategory, sourceCategory } from "../../src/tools/error-category.ts";

const sentences: [string, string][] = [
	["Fatal: wrong password or no key found", "auth"],
	["Fatal: unable to open config file: unexpected HTTP response (401): 401 Unauthorized", "auth"],
	[
		"Fatal: unable to open config file: stat /x/config: no such file or directory\nIs there a repository at the following location?",
		"repo_missing",
	],
	["Fatal: unable to open config file: dial tcp 10.0.0.1:22: connect: connection refused", "network"],
	["Failed to create/acquire the lock /mnt/borg/lock.exclusive (timeout).", "repo_locked"],
	["repository is already locked exclusively by PID 22317 on pi by pi (UID 1000, GID 1000)", "repo_locked"],
	["Fatal: unable to save snapshot: write /mnt/x: no space left on device", "dest_full"],
	["OSError: [Errno 28] Espace insuffisant sur le périphérique", "dest_full"],
	["Fatal: unable to save snapshot: context canceled", "interrupted"],
	["Repository /mnt/backup/no-such does not exist.", "repo_missing"],
	["Archive dup already exists", "archive_exists"],
	["Fatal: repository contains errors", "repo_corrupt"],
	["mkdir /mnt/nas/data: permission denied", "dest_unwritable"],
	["mkdir /mnt/nas/data: read-only file system", "dest_unwritable"],
	["/srv/x: open: [Errno 13] Zugriff verweigert: 'x'", "source_unreadable"],
	["/srv/x does not exist, skipping", "source_missing"],
	["/srv/db: file changed while we backed it up", "source_changed"],
	["failed to save /dump.sql: Fatal: command failed: exit status 7", "hook_failed"],
	["Command 'borg create' returned non-zero exit status 2.", "unknown"],
	["", "unknown"],
];
for (const [sentence, category] of sentences) {
	test(`"${sentence.slice(0, 60)}" is ${category}`, () =>
		expect(errorCategory(sentence)).toBe(category as ReturnType<typeof errorCategory>));
}

test("a file's own name does not decide about it", () => {
	expect(sourceCategory("/srv/no space left on device/lockfile: open: [Errno 13] Permission denied: 'lockfile'")).toBe(
		"source_unreadable",
	);
});

test("any text has a category, soon", () => {
	const words = fc.constantFrom(
		"repository ",
		"/mnt/backup",
		"open ",
		"archive ",
		"hook ",
		"a",
		"\n",
		"mkdir ",
		"permission denied",
		"lockfile ",
		"Fatal: ",
	);
	fc.assert(
		fc.property(fc.array(words, { maxLength: 3000 }), (parts) => {
			const start = performance.now();
			expect(errorCategories).toContain(errorCategory(parts.join("")));
			expect(performance.now() - start).toBeLessThan(1000);
		}),
		{ numRuns: 60 },
	);
});
