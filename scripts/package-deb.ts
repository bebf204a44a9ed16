// One Debian package from one built executable: the same input gives the same bytes.
import {
	chmodSync,
	copyFileSync,
	mkdirSync,
	mkdtempSync,
	readdirSync,
	readFileSync,
	rmSync,
	statSync,
	writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, relative } from "node:path";
import { completionScript, type Shell } from "../src/cli/completions.ts";
import { runTool } from "./run-tool.ts";

const root = join(import.meta.dir, "..");

export type Architecture = "amd64" | "arm64";

export type DebOptions = {
	architecture: Architecture;
	/** The executable for that architecture. */
	binary: string;
	version: string;
	/** The folder that gets the package. */
	folder: string;
	/** Seconds since 1970 that every file in it claims. */
	epoch: number;
	/** "xz" for people: every dpkg reads it. "none" is there at once: for tests. */
	compression?: "xz" | "none";
};

/** Where a file comes from (below the repository) and what rights it gets. */
const files: Record<string, { from: string; mode: number }> = {
	"usr/bin/backup-monitor": { from: "deploy/backup-monitor.sh", mode: 0o755 },
	"usr/lib/systemd/system/backup-monitor.service": { from: "deploy/backup-monitor.service", mode: 0o644 },
	"usr/lib/sysusers.d/backup-monitor.conf": { from: "deploy/backup-monitor.sysusers", mode: 0o644 },
	"etc/default/backup-monitor": { from: "deploy/backup-monitor.default", mode: 0o644 },
	"usr/share/doc/backup-monitor/copyright": { from: "LICENSE", mode: 0o644 },
	"usr/share/doc/backup-monitor/upgrade-from-flask.md": { from: "docs/upgrade-from-flask.md", mode: 0o644 },
	"usr/share/doc/backup-monitor/install.md": { from: "docs/install.md", mode: 0o644 },
	"usr/share/doc/backup-monitor/examples/backup-integration.sh": {
		from: "examples/backup-integration.sh",
		mode: 0o644,
	},
};

/** Where each shell looks for what a package completes; as the program itself prints them. */
const completions: Record<Shell, string> = {
	bash: "usr/share/bash-completion/completions/backup-monitor",
	zsh: "usr/share/zsh/vendor-completions/_backup-monitor",
	fish: "usr/share/fish/vendor_completions.d/backup-monitor.fish",
};

/** Returns the path of the package. Throws where dpkg-deb is missing, with the package that brings it. */
export function packageDeb(options: DebOptions): string {
	const { architecture, binary, version, folder, epoch, compression = "xz" } = options;
	const work = mkdtempSync(join(tmpdir(), "deb-"));
	try {
		const tree = join(work, "tree");
		for (const [path, { from, mode }] of Object.entries(files)) put(join(tree, path), join(root, from), mode);
		put(join(tree, "usr/lib/backup-monitor/backup-monitor"), binary, 0o755);
		for (const [shell, path] of Object.entries(completions) as [Shell, string][])
			write(join(tree, path), completionScript(shell));
		writeDocuments(tree, version, epoch);
		writeControl(tree, architecture, version);
		// Nobody's umask decides what a package looks like.
		for (const path of foldersIn(tree)) chmodSync(path, 0o755);
		mkdirSync(folder, { recursive: true });
		const deb = join(folder, `backup-monitor_${version}_${architecture}.deb`);
		const packing = compression === "xz" ? ["-Zxz", "-z6", "--threads-max=2"] : ["-Znone"];
		runTool("dpkg", ["dpkg-deb", "--root-owner-group", ...packing, "--build", tree, deb], {
			SOURCE_DATE_EPOCH: String(epoch),
		});
		return deb;
	} finally {
		rmSync(work, { recursive: true });
	}
}

function put(to: string, from: string, mode: number): void {
	mkdirSync(dirname(to), { recursive: true });
	copyFileSync(from, to);
	chmodSync(to, mode);
}

function write(path: string, content: string | Uint8Array, mode = 0o644): void {
	mkdirSync(dirname(path), { recursive: true });
	writeFileSync(path, content);
	chmodSync(path, mode);
}

/** What Debian expects beside a program: the changes in its own form, and why lintian is wrong about our executable. */
function writeDocuments(tree: string, version: string, epoch: number): void {
	const news = readFileSync(join(root, "CHANGELOG.md"), "utf8");
	const ours = /^## .*\n([\s\S]*?)(?=^## |(?![\s\S]))/m.exec(news)?.[1] ?? "";
	const changes = fold(ours.trim());
	const date = new Date(epoch * 1000).toUTCString().replace("GMT", "+0000");
	const changelog = `backup-monitor (${version}) stable; urgency=medium\n\n${changes}\n\n -- ${maintainer}  ${date}\n`;
	write(join(tree, "usr/share/doc/backup-monitor/changelog.gz"), gzip(changelog));
	write(join(tree, "usr/share/lintian/overrides/backup-monitor"), overrides);
}

/** Debian's changelog has at most 80 columns. */
function fold(text: string): string {
	const lines = text.split(/\n(?=\* )/).flatMap((item) => {
		const folded = [""];
		for (const word of item.split(/\s+/)) {
			const line = folded.at(-1) ?? "";
			if (line.length + word.length > 75) folded.push(`  ${word}`);
			else folded.splice(-1, 1, line === "" ? word : `${line} ${word}`);
		}
		return folded;
	});
	return lines.map((line) => `  ${line}`).join("\n");
}

const maintainer = "Homelab Backup Monitor <backup-monitor@localhost.localdomain>";

// Stripping makes the program a bare Bun; what Bun is linked with cannot be taken out of it.
const overrides = `# The program is a runtime with our code appended: stripped, it is the bare runtime. Its libraries are inside it.
backup-monitor: unstripped-binary-or-object
backup-monitor: embedded-library
backup-monitor: hardening-no-pie
backup-monitor: hardening-no-relro
# There is no address of the project yet.
backup-monitor: bogus-mail-host
backup-monitor: bogus-mail-host-in-debian-changelog
# Only behind a look whether systemd runs: debhelper's helpers do the same, and cannot wait for an answer.
backup-monitor: maintainer-script-calls-systemctl
# backup-monitor --help and /usr/share/doc/backup-monitor say it all.
backup-monitor: no-manual-page
`;

function writeControl(tree: string, architecture: Architecture, version: string): void {
	const paths = [...filesIn(tree)].sort();
	const kibibytes = paths.reduce((sum, path) => sum + Math.ceil(statSync(path).size / 1024), 0);
	const control = `Package: backup-monitor
Version: ${version}
Architecture: ${architecture}
Maintainer: ${maintainer}
Installed-Size: ${kibibytes}
Depends: libc6 (>= 2.17), passwd
Suggests: restic | borgbackup | rclone
Section: admin
Priority: optional
Description: did the backups run, are they plausible, could I restore?
 A small server with a page that answers for every backup job of a homelab:
 did it run, does it look like it always does, is the copy really there, and
 could it be restored. It reads what backup scripts write, takes what backup
 tools already send, and tells when a backup does not come.
`;
	write(join(tree, "DEBIAN/control"), control);
	write(join(tree, "DEBIAN/conffiles"), "/etc/default/backup-monitor\n");
	const sums = paths.map((path) => ({ path: relative(tree, path), sum: md5(path) }));
	const checked = sums.filter(({ path }) => !path.startsWith("etc/"));
	write(join(tree, "DEBIAN/md5sums"), checked.map(({ path, sum }) => `${sum}  ${path}\n`).join(""));
	for (const script of ["preinst", "postinst", "prerm", "postrm"]) {
		put(join(tree, "DEBIAN", script), join(root, "deploy/debian", script), 0o755);
	}
}

function* filesIn(folder: string): Generator<string> {
	for (const entry of readdirSync(folder, { withFileTypes: true })) {
		const path = join(folder, entry.name);
		if (entry.isDirectory()) yield* filesIn(path);
		else yield path;
	}
}

function foldersIn(tree: string): Set<string> {
	const found = new Set([tree]);
	for (const path of filesIn(tree)) {
		for (let folder = dirname(path); folder.length > tree.length; folder = dirname(folder)) found.add(folder);
	}
	return found;
}

/** dpkg's own form for `dpkg --verify`: against decay, not against attackers. */
function md5(path: string): string {
	return new Bun.CryptoHasher("md5").update(readFileSync(path)).digest("hex");
}

/** Without a name and a time in it. */
function gzip(text: string): Uint8Array {
	return Bun.gzipSync(Buffer.from(text), { level: 9 });
}
