// A booted Debian with a systemd of its own as PID 1, in a container: what only a real start can show.
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

export type Ended = { code: number; out: string; err: string };

export type Machine = {
	/** A shell line as root inside, to its end. */
	sh: (line: string, env?: Record<string, string>) => Ended;
	/** The same, throwing with all that was said when it fails. Returns what it printed, trimmed. */
	ok: (line: string, env?: Record<string, string>) => string;
	/** Off and on again, files kept. */
	reboot: () => Promise<void>;
	powerOff: () => Promise<void>;
};

/** This machine's own files under a layer that takes every change: nothing to download, a second to make. */
export function layeredRoot(): { root: string; discard: () => void } {
	const folder = mkdtempSync(join(tmpdir(), "machine-"));
	// In memory: dpkg flushes every file, and a program of 115 MB is unpacked some times.
	check(Bun.spawnSync(["mount", "-t", "tmpfs", "-o", "size=1500m", "tmpfs", folder]), "mount");
	for (const name of ["upper", "work", "root"]) mkdirSync(join(folder, name));
	const root = join(folder, "root");
	const layers = `lowerdir=/,upperdir=${join(folder, "upper")},workdir=${join(folder, "work")}`;
	check(Bun.spawnSync(["mount", "-t", "overlay", "-o", layers, "overlay", root]), "mount");
	// Debian asks it whether services may start; the machine of the tests may say no.
	rmSync(join(root, "usr/sbin/policy-rc.d"), { force: true });
	prepare(root);
	return {
		root,
		discard: () => {
			for (const path of [root, folder]) Bun.spawnSync(["umount", path]);
			rmSync(folder, { recursive: true, force: true });
		},
	};
}

/** A Debian as its installer leaves it, without anything of this machine. Needs the package mirror, and half a minute. */
export function cleanRoot(): { root: string; discard: () => void } {
	const folder = mkdtempSync(join(tmpdir(), "machine-"));
	const root = join(folder, "root");
	const packages = "systemd,systemd-sysv,dbus,apt,ca-certificates,curl,sqlite3,restic";
	const made = Bun.spawnSync(["mmdebstrap", "--variant=minbase", `--include=${packages}`, codename(), root]);
	check(made, "mmdebstrap");
	prepare(root);
	return { root, discard: () => rmSync(folder, { recursive: true, force: true }) };
}

function codename(): string {
	return /^VERSION_CODENAME=(\w+)$/m.exec(readFileSync("/etc/os-release", "utf8"))?.[1] ?? "stable";
}

function prepare(root: string): void {
	// Without an identity the first boot asks questions.
	rmSync(join(root, "etc/machine-id"), { force: true });
	writeFileSync(join(root, "etc/machine-id"), "0123456789abcdef0123456789abcdef\n");
	const units = join(root, "etc/systemd/system");
	rmSync(join(units, "systemd-firstboot.service"), { force: true });
	symlinkSync("/dev/null", join(units, "systemd-firstboot.service"));
}

/** `target` is how far it starts: of this machine's own services none belongs into a test. */
export async function bootMachine(root: string, target = "multi-user.target"): Promise<Machine> {
	let pid = 0;
	let exited: Promise<number> = Promise.resolve(0);

	const enter = (line: string, env: Record<string, string> = {}) => {
		const PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
		const given = Object.entries({ PATH, LC_ALL: "C.UTF-8", HOME: "/root", ...env }).map(([k, v]) => `${k}=${v}`);
		const command = ["nsenter", "-t", String(pid), "-a", "env", "-i", ...given, "sh", "-c", `cd /\n${line}`];
		const { exitCode, stdout, stderr } = Bun.spawnSync(command, { stdin: "ignore" });
		return { code: exitCode, out: stdout.toString(), err: stderr.toString() };
	};

	const start = async () => {
		const options = ["--register=no", "--keep-unit", "--private-network", "--console=pipe", "--quiet"];
		const container = Bun.spawn(
			["systemd-nspawn", ...options, `--directory=${root}`, "--boot", `systemd.unit=${target}`],
			{ stdin: "ignore", stdout: "ignore", stderr: "pipe" },
		);
		exited = container.exited;
		await within(30_000, async () => {
			if (container.exitCode !== null) throw new Error(`no start: ${await new Response(container.stderr).text()}`);
			const children = readFileSync(`/proc/${container.pid}/task/${container.pid}/children`, "utf8").trim();
			pid = Number(children.split(" ")[0]);
			return pid > 0 && /running|degraded/.test(enter("systemctl is-system-running").out);
		});
	};

	const powerOff = async () => {
		enter("systemctl poweroff");
		await exited;
	};

	await start();
	return {
		sh: enter,
		ok: (line, env) => {
			const { code, out, err } = enter(line, env);
			if (code !== 0) throw new Error(`${line}\nended with ${code}:\n${out}${err}`);
			return out.trim();
		},
		reboot: async () => {
			await powerOff();
			await start();
		},
		powerOff,
	};
}

/** Waits until something is so. */
export async function within(ms: number, check: () => boolean | Promise<boolean>): Promise<void> {
	const end = performance.now() + ms;
	while (!(await check())) {
		if (performance.now() > end) throw new Error(`not so within ${ms} ms: ${check}`);
		await Bun.sleep(100);
	}
}

function check({ success, stderr }: { success: boolean; stderr: Buffer }, what: string): void {
	if (!success) throw new Error(`${what}: ${stderr}`);
}
