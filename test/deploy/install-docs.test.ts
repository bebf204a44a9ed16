// docs/install.md, command by command as it stands there, in booted systems: package, archive, and the compose file.
import { afterAll, describe, expect, test } from "bun:test";
import { chmodSync, copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { packageDeb } from "../../scripts/package-deb.ts";
import { packageTar } from "../../scripts/release.ts";
import { binary } from "../binary.ts";
import { freePort } from "../free-port.ts";
import { bootMachine, layeredRoot, type Machine } from "./machine.ts";

const repository = join(import.meta.dir, "../..");
const guide = readFileSync(join(repository, "docs/install.md"), "utf8");
const dir = mkdtempSync(join(tmpdir(), "install-docs-"));
chmodSync(dir, 0o755);
afterAll(() => rmSync(dir, { recursive: true }));
const isRoot = process.getuid?.() === 0;
const name = "backup-monitor";

/** The shell blocks below a heading, in order. */
function blocksBelow(heading: string): string[] {
	const section = guide.split(/^## /m).find((text) => text.startsWith(heading));
	if (section === undefined) throw new Error(`the guide has no section "${heading}"`);
	return [...section.matchAll(/^```sh\n([\s\S]*?)^```$/gm)].map(([, block = ""]) => block);
}

/** What the page says in the middle of a sentence. */
function inlineBelow(heading: string, start: string): string {
	const section = guide.split(/^## /m).find((text) => text.startsWith(heading)) ?? "";
	const found = [...section.matchAll(/`([^`\n]+)`/g)]
		.map(([, code = ""]) => code)
		.find((code) => code.startsWith(start));
	if (found === undefined) throw new Error(`${heading} does not say ${start}…`);
	return found;
}

/** A booted system with a folder of what was downloaded, `/root/release`, and a person who installs. */
async function onMachine(
	use: (machine: Machine, sh: (block: string) => string) => Promise<void> | void,
): Promise<void> {
	const { root, discard } = layeredRoot();
	try {
		const release = join(root, "root/release");
		mkdirSync(release, { recursive: true });
		const options = { architecture: "amd64", version: "1.0.0", epoch: 1_790_000_000, compression: "none" } as const;
		packageDeb({ ...options, binary, folder: release });
		packageTar({ ...options, binary, work: mkdtempSync(join(dir, "work-")), out: release });
		// Root needs no sudo, and not every Debian has it.
		writeFileSync(join(root, "usr/local/bin/sudo"), '#!/bin/sh\nexec env "$@"\n', { mode: 0o755 });
		const machine = await bootMachine(root, "basic.target");
		try {
			machine.ok("cd /root/release && sha256sum backup-monitor* >SHA256SUMS");
			machine.ok("useradd --create-home anna");
			const sh = (block: string) =>
				machine.ok(`set -e; cd /root/release\n${block} </dev/null 2>&1`, {
					USER: "anna",
					DEBIAN_FRONTEND: "noninteractive",
				});
			await use(machine, sh);
		} finally {
			await machine.powerOff();
		}
	} finally {
		discard();
	}
}

const isWell = (machine: Machine) => machine.sh(`${name} healthcheck`).code === 0;

describe.skipIf(!isRoot)("docs/install.md", () => {
	test("Debian: check, install, share, look, remove, purge", async () => {
		const [install = "", share = "", purge = "", ...more] = blocksBelow("Debian");
		expect(more).toEqual([]);
		const [look = ""] = blocksBelow("What does not work?");
		await onMachine((machine, sh) => {
			sh(install);
			expect(isWell(machine)).toBe(true);
			sh(share);
			expect(machine.ok(`runuser -u anna -- ${name} run --job photos -- echo of anna`)).toBe("of anna");
			const looked = sh(look);
			expect(looked).toContain("a server answers on port 5001");
			expect(looked).toContain("serves http://");
			for (const place of ["/var/lib/backup-monitor", "/etc/default/backup-monitor", "/usr/bin/backup-monitor"]) {
				expect(guide).toContain(`| \`${place}\` |`);
				expect(machine.sh(`test -e ${place}`).code).toBe(0);
			}
			sh(inlineBelow("Debian", "sudo apt remove").replace(" remove ", " remove -y "));
			expect(isWell(machine)).toBe(false);
			expect(machine.ok("ls /var/lib/backup-monitor /etc/default")).toContain("backup-monitor");
			sh(install.replace("apt install", "apt install -y"));
			sh(inlineBelow("Debian", "sudo apt purge").replace(" purge ", " purge -y "));
			expect(machine.sh("test -e /etc/default/backup-monitor").code).not.toBe(0);
			expect(machine.ok("ls /var/lib/backup-monitor")).toContain("backups.db");
			sh(install);
			expect(machine.ok("curl -fsS http://127.0.0.1:5001/api/runs")).toContain('"job":"photos"');
			sh(purge.replace(" purge ", " purge -y "));
			expect(machine.sh("test -e /var/lib/backup-monitor").code).not.toBe(0);
		});
	}, 180_000);

	test("other Linuxes: unpack, install, again as the upgrade, uninstall", async () => {
		const [install = "", uninstall = "", ...more] = blocksBelow("Other Linuxes");
		expect(more).toEqual([]);
		await onMachine((machine, sh) => {
			for (let time = 0; time < 2; time++) {
				sh(install);
				expect(isWell(machine)).toBe(true);
			}
			sh(uninstall);
			expect(isWell(machine)).toBe(false);
			expect(machine.ok("ls /var/lib/backup-monitor")).toContain("backups.db");
		});
	}, 120_000);

	test("container: the folder's owner, and the compose file up and down", async () => {
		const [up = "", ...more] = blocksBelow("Container");
		expect(more).toEqual([]);
		const folder = mkdtempSync(join(dir, "compose-"));
		const tools = mkdtempSync(join(dir, "bin-"));
		for (const path of [folder, tools]) chmodSync(path, 0o755);
		writeFileSync(join(tools, "sudo"), '#!/bin/sh\nexec "$@"\n', { mode: 0o755 });
		const docker = `#!/bin/sh\nexec "${process.execPath}" "${join(import.meta.dir, "fake-docker.ts")}" "$@"\n`;
		writeFileSync(join(tools, "docker"), docker, { mode: 0o755 });
		const program = join(dir, name);
		copyFileSync(binary, program);
		chmodSync(program, 0o755);
		copyFileSync(join(repository, "docker-compose.yml"), join(folder, "docker-compose.yml"));
		const port = await freePort();
		const env = { PATH: `${tools}:/usr/sbin:/usr/bin:/sbin:/bin`, MONITOR_BINARY: program, PORT: String(port) };
		const sh = (block: string) => {
			const ended = Bun.spawnSync(["sh", "-euc", block], { cwd: folder, env, stdin: "ignore" });
			if (!ended.success) throw new Error(`${block}\nended with ${ended.exitCode}:\n${ended.stdout}${ended.stderr}`);
		};
		try {
			sh(up);
			expect((await fetch(`http://127.0.0.1:${port}/health`)).ok).toBe(true);
		} finally {
			sh(inlineBelow("Container", "docker compose down"));
		}
	}, 60_000);
});
