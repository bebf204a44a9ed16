// systemd's own tools judge the unit and its user.
import { afterAll, expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const deploy = join(import.meta.dir, "../../deploy");
const dir = mkdtempSync(join(tmpdir(), "unit-"));
afterAll(() => rmSync(dir, { recursive: true }));
const unit = readFileSync(join(deploy, "backup-monitor.service"), "utf8");
const directives = unit.split("\n").filter((line) => /^[A-Z]\w+=/.test(line));

test("systemd has nothing to say against the unit", async () => {
	// The program and its user are not installed here; everything else is judged as it is.
	const copy = join(dir, "backup-monitor.service");
	await Bun.write(copy, unit.replace(/^ExecStart=.*$/m, "ExecStart=/bin/true").replace(/^(User|Group)=.*\n/gm, ""));
	const { exitCode, stderr } = Bun.spawnSync(["systemd-analyze", "verify", copy]);
	// Unknown keys and bad values only make it talk: it still ends with 0.
	expect(stderr.toString()).toBe("");
	expect(exitCode).toBe(0);
});

test("the unit's exposure is at most 1.5", () => {
	const { stdout } = Bun.spawnSync([
		"systemd-analyze",
		"security",
		"--offline=yes",
		"--no-pager",
		join(deploy, "backup-monitor.service"),
	]);
	const exposure = stdout.toString().match(/Overall exposure level[^:]*: ([\d.]+)/)?.[1];
	expect(Number(exposure)).toBeLessThanOrEqual(1.5);
});

test("memory that is written and then run is forbidden only together with the compiler that needs it", () => {
	expect(directives).toContain("MemoryDenyWriteExecute=yes");
	expect(directives).toContain("Environment=BUN_JSC_useJIT=0");
});

test("systemd-sysusers makes the user that the unit names", () => {
	const root = join(dir, "root");
	mkdirSync(join(root, "etc"), { recursive: true });
	const made = Bun.spawnSync(["systemd-sysusers", `--root=${root}`, join(deploy, "backup-monitor.sysusers")]);
	expect(made.exitCode).toBe(0);
	const user = directives.find((line) => line.startsWith("User="))?.slice("User=".length);
	const line = readFileSync(join(root, "etc/passwd"), "utf8");
	expect(line).toMatch(new RegExp(`^${user}:[^\\n]*:/var/lib/backup-monitor:/usr/sbin/nologin$`, "m"));
});
