// What the tests run besides Bun: each a command, the Debian package that has it, and the reason.
import { existsSync, rmSync, writeFileSync } from "node:fs";

/** `command` is looked for on PATH; one with a slash is a file. */
type Tool = { command: string; debianPackage: string; why: string };

const tools: Tool[] = [
	{ command: "chromium", debianPackage: "chromium", why: "the pages are tested in a real browser" },
	{
		command: "/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf",
		debianPackage: "fonts-dejavu-core",
		why: "without a font the browser's text has no width",
	},
	{ command: "sqlite3", debianPackage: "sqlite3", why: "an independent reader of our database" },
	{ command: "strace", debianPackage: "strace", why: "counts syncs and writes, makes them fail" },
	{ command: "faketime", debianPackage: "faketime", why: "daylight-saving nights in the real program" },
	{ command: "wrk", debianPackage: "wrk", why: "load for the memory and latency limits" },
	{ command: "slowhttptest", debianPackage: "slowhttptest", why: "an attacker that is not ours" },
	{ command: "promtool", debianPackage: "prometheus", why: "judges /metrics and the example rules" },
	{ command: "nginx", debianPackage: "nginx-light", why: "the proxy of docs/security.md, in front of the monitor" },
	{ command: "victoria-metrics", debianPackage: "victoria-metrics", why: "reads two monitors, as docs/scale.md says" },
	{ command: "restic", debianPackage: "restic", why: "real reports and snapshot lists" },
	{ command: "borg", debianPackage: "borgbackup", why: "real reports and archive lists" },
	{ command: "borgmatic", debianPackage: "borgmatic", why: "real reports of borg's usual wrapper" },
	{ command: "rclone", debianPackage: "rclone", why: "real reports and remote listings" },
	{ command: "rsync", debianPackage: "rsync", why: "real reports" },
	{ command: "rsnapshot", debianPackage: "rsnapshot", why: "real reports" },
	{ command: "duplicity", debianPackage: "duplicity", why: "real reports" },
	{ command: "rdiff-backup", debianPackage: "rdiff-backup", why: "the restore that the drill plan names" },
	{ command: "python3", debianPackage: "python3", why: "hears what is sent to systemd, which Bun cannot" },
	{ command: "curl", debianPackage: "curl", why: "the examples in the documentation use it" },
	{ command: "systemd-analyze", debianPackage: "systemd", why: "judges the unit file" },
	{ command: "systemd-sysusers", debianPackage: "systemd", why: "judges the unit's user" },
	{
		command: "qemu-aarch64-static",
		debianPackage: "qemu-user-static",
		why: "runs the arm64 binary as a Raspberry Pi 3 would",
	},
	{
		command: "/usr/aarch64-linux-gnu/lib/libc.so.6",
		debianPackage: "libc6-arm64-cross",
		why: "the C library of that arm64 program",
	},
	{ command: "buildah", debianPackage: "buildah", why: "builds the Dockerfile without a daemon" },
	{ command: "unshare", debianPackage: "util-linux", why: "runs the image's root as a container would" },
	{ command: "bindfs", debianPackage: "bindfs", why: "a data folder on a file system that is not the kernel's own" },
	{ command: "systemd-nspawn", debianPackage: "systemd-container", why: "boots the unit as a machine does" },
	{ command: "mmdebstrap", debianPackage: "mmdebstrap", why: "a clean Debian to install the package on" },
	{ command: "lintian", debianPackage: "lintian", why: "judges the package" },
	{ command: "shellcheck", debianPackage: "shellcheck", why: "judges the shell scripts" },
	{ command: "zsh", debianPackage: "zsh", why: "reads the completions made for it" },
	{ command: "fish", debianPackage: "fish", why: "reads the completions made for it" },
	{ command: "zstd", debianPackage: "zstd", why: "measures the image as registries compress it" },
	{ command: "xz", debianPackage: "xz-utils", why: "unpacks the package" },
	{ command: "git", debianPackage: "git", why: "the build asks it for the commit" },
];

/** Tools that are not on this machine. */
export function missingTools(): Tool[] {
	// Some of Debian's commands live where a plain user's PATH does not look.
	const path = `${process.env.PATH ?? ""}:/usr/sbin:/sbin`;
	return tools.filter(({ command }) =>
		command.includes("/") ? !existsSync(command) : Bun.which(command, { PATH: path }) === null,
	);
}

export function packageNames(missing: Tool[]): string[] {
	return [...new Set(missing.map((tool) => tool.debianPackage))];
}

/** Whether this process may install packages itself. */
export function canInstall(): boolean {
	return process.getuid?.() === 0 && Bun.which("apt-get") !== null;
}

/** Returns the packages that could not be had: their tests say so themselves, the others shall run. */
export function installTools(missing: Tool[]): string[] {
	const names = packageNames(missing);
	return withoutStartingServices(() => {
		apt("update");
		// One unknown name makes apt-get refuse the whole list, so what is left is tried one by one.
		if (!install(names)) for (const name of packageNames(missingTools())) install([name]);
		return packageNames(missingTools());
	});
}

function install(names: string[]): boolean {
	return apt("install", "-y", "--no-install-recommends", ...names);
}

function apt(...args: string[]): boolean {
	return Bun.spawnSync(["apt-get", "-q", ...args], {
		env: { ...process.env, DEBIAN_FRONTEND: "noninteractive" },
		stdin: "ignore",
		stdout: 2,
		stderr: "inherit",
	}).success;
}

/** The tests want promtool, nobody wants a Prometheus on port 9090: Debian asks this file before it starts a service. */
function withoutStartingServices<T>(work: () => T): T {
	const policy = "/usr/sbin/policy-rc.d";
	if (existsSync(policy)) return work();
	writeFileSync(policy, "#!/bin/sh\nexit 101\n", { mode: 0o755 });
	try {
		return work();
	} finally {
		rmSync(policy, { force: true });
	}
}
