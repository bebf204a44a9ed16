// The configuration file on disk: noticed when it changes, the last good one kept, everything odd in its place said.
import { afterAll, beforeEach, describe, expect, test } from "bun:test";
import { chmodSync, mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readSettingsText, SettingsFile } from "../../src/alerts/settings-file.ts";

const folders: string[] = [];
let dataDir = "";
let path = "";

beforeEach(() => {
	dataDir = mkdtempSync(join(tmpdir(), "monitor-settings-"));
	folders.push(dataDir);
	path = join(dataDir, "config.yaml");
});
afterAll(() => {
	for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

const titles = (file: SettingsFile) => file.settings.jobs.map(({ title }) => title);
const job = (title: string) => `jobs:\n  photos: { title: ${title} }\n`;
const bad = 'jobs:\n  photos:\n    schedule: { cron: "61 2 * * *" }\n    rpo: 5\n';

describe("the file", () => {
	test("need not exist", () => {
		const file = new SettingsFile(dataDir, "UTC");
		expect([file.settings.jobs, file.problem, file.look(10_000)]).toEqual([[], null, false]);
	});

	test("is read at the start, when it appears, changes, is replaced by one of the same size, and when it goes", () => {
		const file = new SettingsFile(dataDir, "UTC");
		writeFileSync(path, job("one"));
		expect([file.look(10_000), titles(file)]).toEqual([true, ["one"]]);
		expect(titles(new SettingsFile(dataDir, "UTC"))).toEqual(["one"]);
		writeFileSync(path, job("three"));
		expect([file.look(11_000), titles(file)]).toEqual([true, ["three"]]);
		writeFileSync(`${path}.new`, job("seven"));
		utimesSync(`${path}.new`, 1, 1);
		renameSync(`${path}.new`, path);
		expect([file.look(12_000), titles(file)]).toEqual([true, ["seven"]]);
		expect(file.look(13_000)).toBe(false);
		rmSync(path);
		expect([file.look(14_000), titles(file), file.problem]).toEqual([true, [], null]);
	});

	test("is looked at once a second at most, or when it is asked for", () => {
		const file = new SettingsFile(dataDir, "UTC");
		expect(file.look(10_000)).toBe(false);
		writeFileSync(path, job("one"));
		expect([file.look(10_900), titles(file)]).toEqual([false, []]);
		expect([file.reload(), titles(file)]).toEqual([true, ["one"]]);
		writeFileSync(path, job("after the clock went back"));
		expect(file.look(5_000)).toBe(true);
	});

	test("keeps what it said when it was last good, and says where it is bad, until it is mended", () => {
		writeFileSync(path, job("good"));
		const file = new SettingsFile(dataDir, "UTC");
		writeFileSync(path, bad);
		expect([file.look(10_000), titles(file)]).toEqual([true, ["good"]]);
		expect(file.problem).toMatchObject({ id: "config", severity: "warning" });
		expect(file.problem?.title).toStartWith(
			'config.yaml line 3: jobs.photos.schedule.cron is "61 2 * * *": the minute',
		);
		expect(file.problem?.detail).toStartWith("What it said when it was last good stays in force. It is the first of 2");
		writeFileSync(path, job("mended"));
		expect([file.look(12_000), titles(file), file.problem]).toEqual([true, ["mended"], null]);
	});

	test("that is bad from the start leaves nothing in force, and says so", () => {
		writeFileSync(path, "jobs:\n\tphotos:\n");
		const file = new SettingsFile(dataDir, "UTC");
		expect(file.settings.jobs).toEqual([]);
		expect(file.problem?.title).toBe("config.yaml line 2 is indented with a tab; expected spaces");
		expect(file.problem?.detail).toStartWith("Nothing of it is in force");
	});
});

describe("in its place", () => {
	const reasonOf = () => {
		const file = new SettingsFile(dataDir, "UTC");
		expect(file.problem?.title).toStartWith("config.yaml ");
		return file.problem?.title;
	};

	test("a folder, a pipe, a device are no file, and nobody waits for them", async () => {
		mkdirSync(path);
		expect(reasonOf()).toContain("not a plain file");
		rmSync(path, { recursive: true });
		await Bun.$`mkfifo ${path}`.quiet();
		expect(reasonOf()).toContain("not a plain file");
		rmSync(path);
		symlinkSync("/dev/zero", path);
		expect(reasonOf()).toContain("not a plain file");
		rmSync(path);
		symlinkSync(path, path);
		expect(reasonOf()).toContain("ELOOP");
	});

	test("what is too large, binary, or another encoding is said", () => {
		writeFileSync(path, "#".repeat(256 * 1024 + 1));
		expect(reasonOf()).toContain("larger than 256 KiB");
		writeFileSync(path, new Uint8Array([0xff, 0xfe, 0x6a, 0]));
		expect(reasonOf()).toContain("UTF-8");
		writeFileSync(path, new Uint8Array([0, 1, 2, 3]));
		expect(reasonOf()).toContain("control characters");
	});

	test.skipIf(process.getuid?.() === 0)("what may not be read names the user", () => {
		writeFileSync(path, job("one"));
		chmodSync(path, 0);
		expect(reasonOf()).toContain(`user ${process.getuid?.()}`);
	});

	test("a link to a file is followed: that is how Kubernetes mounts one", () => {
		writeFileSync(join(dataDir, "real"), "\ufeffjobs:\n");
		symlinkSync(join(dataDir, "real"), path);
		expect(readSettingsText(path)).toMatchObject({ ok: true });
		expect(new SettingsFile(dataDir, "UTC").problem).toBeNull();
	});
});
