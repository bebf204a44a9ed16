// deploy/install.sh on Linuxes without dpkg: what it refuses, and in a booted system what it does.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import {
	appendFileSync,
	chmodSync,
	copyFileSync,
	existsSync,
	mkdirSync,
	mkdtempSync,
	readFileSync,
	rmSync,
	statSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { packageTar } from "../../scripts/release.ts";
import { binary } from "../binary.ts";
import { bootMachine, layeredRoot } from "./machine.ts";

const dir = mkdtempSync(join(tmpdir(), "install-"));
afterAll(() => rmSync(dir, { recursive: true }));
const isRoot = process.getuid?.() === 0;
const name = "backup-monitor";
const top = `${name}_1.0.0_linux-amd64`;
let archive = "";

beforeAll(() => {
	const options = { architecture: "amd64", version: "1.0.0", epoch: 1_790_000_000, compression: "none" } as const;
	archive = packageTar({ ...options, binary, work: dir, out: dir });
	rmSync(join(dir, top), { recursive: true });
});

/** The archive unpacked anew, in a folder of its own. */
function unpacked(): string {
	const folder = mkdtempSync(join(dir, "unpacked-"));
	Bun.spawnSync(["tar", "-xf", archive, "-C", folder]);
	return join(folder, top);
}

function install(folder: string, args: string[], env: Record<string, string> = {}) {
	const { exitCode, stdout, stderr } = Bun.spawnSync([join(folder, "install.sh"), ...args], {
		env: { PATH: "/usr/sbin:/usr/bin:/sbin:/bin", ...env },
		stdin: "ignore",
	});
	return { code: exitCode, out: stdout.toString(), err: stderr.toString() };
}

test.skipIf(Bun.which("shellcheck") === null)("shellcheck has nothing to say about any script", () => {
	const deploy = join(import.meta.dir, "../../deploy");
	const scripts = ["*.sh", "debian/*"].flatMap((glob) => [
		...new Bun.Glob(glob).scanSync({ cwd: deploy, absolute: true }),
	]);
	expect(scripts.length).toBe(8);
	const { stdout, exitCode } = Bun.spawnSync(["shellcheck", ...scripts]);
	expect(stdout.toString()).toBe("");
	expect(exitCode).toBe(0);
});

test("with DESTDIR it only lays out files, below the prefix asked for", () => {
	const folder = unpacked();
	const root = mkdtempSync(join(dir, "root-"));
	mkdirSync(join(root, "etc/systemd/system"), { recursive: true });
	expect(install(folder, ["--prefix", "/opt/monitor"], { DESTDIR: root })).toMatchObject({ code: 0, err: "" });
	expect(statSync(join(root, "opt/monitor/lib", name, name)).mode & 0o777).toBe(0o755);
	const launcher = readFileSync(join(root, "opt/monitor/bin", name), "utf8");
	expect(launcher).toContain(`program=/opt/monitor/lib/${name}/${name}\n`);
	const unit = readFileSync(join(root, "etc/systemd/system", `${name}.service`), "utf8");
	expect(unit).toContain(`ExecStart=/opt/monitor/lib/${name}/${name} serve\n`);
	expect(existsSync(join(root, "var/lib"))).toBe(false);
	// Again is the upgrade: settings stay.
	appendFileSync(join(root, "etc/default", name), "PORT=5009\n");
	expect(install(folder, ["--prefix=/opt/monitor/"], { DESTDIR: root }).code).toBe(0);
	expect(readFileSync(join(root, "etc/default", name), "utf8")).toEndWith("PORT=5009\n");
}, 30_000);

test("what is not as it was released is refused before anything is touched", () => {
	const root = mkdtempSync(join(dir, "root-"));
	const altered = unpacked();
	appendFileSync(join(altered, name), "x");
	const missing = unpacked();
	rmSync(join(missing, `${name}.service`));
	for (const [folder, reason] of [
		[altered, "is not what SHA256SUMS says: nothing was installed"],
		[missing, `${name}.service is missing`],
	] as const) {
		const { code, err } = install(folder, [], { DESTDIR: root });
		expect(code).toBe(1);
		expect(err).toContain(reason);
	}
	expect([...new Bun.Glob("**").scanSync(root)]).toEqual([]);
}, 30_000);

test("wrong words, another processor and another system are each refused in one sentence", () => {
	const folder = unpacked();
	const fake = mkdtempSync(join(dir, "fake-"));
	const uname = async (system: string, machine: string) => {
		await Bun.write(join(fake, "uname"), `#!/bin/sh\n[ "$1" = -m ] && echo ${machine} || echo ${system}\n`);
		chmodSync(join(fake, "uname"), 0o755);
	};
	const refused = (args: string[], env: Record<string, string>) => {
		const { code, out, err } = install(folder, args, env);
		expect(out).toBe("");
		expect(err).toMatch(/^install\.sh: [^\n]*\n$/);
		return { code, err };
	};
	const root = { DESTDIR: mkdtempSync(join(dir, "root-")) };
	expect(refused(["--force"], root)).toMatchObject({ code: 2, err: expect.stringContaining("no option --force") });
	expect(refused(["--prefix"], root)).toMatchObject({ code: 2, err: expect.stringContaining("needs a value") });
	expect(refused(["--prefix", "here"], root).code).toBe(2);
	expect(refused(["--prefix", "/a b"], root).code).toBe(2);
	return (async () => {
		const PATH = `${fake}:/usr/bin:/bin`;
		await uname("Linux", "armv7l");
		expect(refused([], { ...root, PATH }).err).toContain("64-bit system is needed");
		await uname("FreeBSD", "x86_64");
		expect(refused([], { ...root, PATH }).err).toContain("for Linux, not for FreeBSD");
	})();
});

describe.skipIf(!isRoot)("in a booted system", () => {
	test("installs, shares, upgrades, takes a bad upgrade back, downloads and uninstalls", async () => {
		const { root, discard } = layeredRoot();
		try {
			const folder = join(root, "srv/release");
			mkdirSync(folder, { recursive: true });
			copyFileSync(archive, join(folder, `${top}.tar`));
			Bun.spawnSync(["tar", "-xf", archive, "-C", join(root, "root")]);
			const machine = await bootMachine(root, "basic.target");
			try {
				const installed = machine.ok(`/root/${top}/install.sh`);
				expect(installed).toContain("Installed and started: http://");
				expect(machine.sh(`${name} healthcheck`).code).toBe(0);
				expect(machine.ok(`systemctl is-enabled ${name}`)).toBe("enabled");
				machine.ok(`useradd --groups ${name} anna; runuser -u anna -- ${name} run --job wrapped -- true`);
				machine.ok(`echo PORT=5002 >>/etc/default/${name}; /root/${top}/install.sh`);
				expect(machine.ok("curl -fsS http://127.0.0.1:5002/api/runs")).toContain('"slug":"wrapped"');

				// A program that cannot serve, with sums that are right.
				machine.ok(
					`cp -r /root/${top} /root/bad; cd /root/bad; printf '#!/bin/sh\\n[ $1 = version ]\\n' >${name}; sha256sum $(ls | grep -v SUMS) >SHA256SUMS`,
				);
				const bad = machine.sh("/root/bad/install.sh");
				expect(bad.code).toBe(1);
				expect(bad.err).toContain("the one from before is in its place again");
				expect(machine.sh(`${name} healthcheck`).code).toBe(0);

				// Asked to, it fetches; what does not fit its sum is not even unpacked.
				machine.ok(
					`cd /srv/release; sha256sum *.tar >SHA256SUMS; ${inBackground("python3 -m http.server 8000")}; sleep 1`,
				);
				expect(machine.ok(`/root/${top}/install.sh --download http://127.0.0.1:8000`)).toContain(
					"Installed and started",
				);
				machine.ok(`cd /srv/release; sed -i 's/^......../00000000/' SHA256SUMS`);
				const wrong = machine.sh(`/root/${top}/install.sh --download http://127.0.0.1:8000`);
				expect(wrong.err).toContain("is not what SHA256SUMS says: nothing was installed");
				expect(machine.sh(`/root/${top}/install.sh --download http://127.0.0.1:9`).err).toContain("could not fetch");
				expect(
					machine.sh(
						`runuser -u anna -- sh -c 'cp -r /srv/release/*.tar /tmp/x.tar && cd /tmp && tar xf x.tar && ./${top}/install.sh'`,
					).err,
				).toContain("root is needed");

				machine.ok(`/usr/local/lib/${name}/uninstall.sh`);
				expect(machine.sh("curl -fsS http://127.0.0.1:5002/health").code).not.toBe(0);
				expect(machine.ok(`ls /var/lib/${name}`)).toContain("backups.db");
				machine.ok(`/root/${top}/install.sh --no-start`);
				expect(machine.sh(`systemctl is-active ${name}`).out.trim()).toBe("inactive");
				machine.ok(`/usr/local/lib/${name}/uninstall.sh --purge`);
				expect(machine.sh(`find /etc /usr /var/lib -xdev -name '${name}*'`).out).toBe("");
				expect(machine.sh(`id ${name}`).code).not.toBe(0);
				expect(machine.sh(`/root/${top}/uninstall.sh`).code).toBe(1);
			} finally {
				await machine.powerOff();
			}
		} finally {
			discard();
		}
	}, 120_000);
});

const inBackground = (command: string) => `setsid ${command} >/dev/null 2>&1 </dev/null &\ntrue`;
