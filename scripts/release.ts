// `bun run release [--without-images]`: everything that is published, under dist/release/, the same bytes each time.
import {
	chmodSync,
	copyFileSync,
	mkdirSync,
	mkdtempSync,
	readdirSync,
	readFileSync,
	renameSync,
	rmSync,
	writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import packageJson from "../package.json";
import { build } from "./build.ts";
import { installPackages } from "./install.ts";
import { type Architecture, packageDeb } from "./package-deb.ts";
import { packageImage, packTar, type Variant } from "./package-image.ts";
import { runTool } from "./run-tool.ts";
import { formatSbom } from "./sbom.ts";

const root = join(import.meta.dir, "..");
const architectures = ["amd64", "arm64"] as const satisfies Architecture[];

export type ReleaseOptions = {
	/** Is emptied first. */
	folder: string;
	commit: string;
	/** Seconds since 1970 that everything in it claims. */
	epoch: number;
	/** xz takes minutes and saves a third; a test has no use for that. */
	compression?: "xz" | "none";
	/** null: none. They need buildah and the base images. */
	images: { variants: Variant[]; store?: string[]; options?: string[] } | null;
};

/** Returns the names of what lies in the folder now. A failure leaves the folder as it was. */
export async function release(options: ReleaseOptions): Promise<string[]> {
	const { folder, commit, epoch, compression = "xz", images } = options;
	const { version } = packageJson;
	const { variants, ...builder } = images ?? { variants: [] };
	mkdirSync(join(folder, ".."), { recursive: true });
	const work = mkdtempSync(join(folder, "..", ".release-"));
	const out = join(work, "out");
	mkdirSync(out);
	// What the program says of itself, and what the image build is told.
	process.env.BUILD_COMMIT = commit;
	try {
		for (const architecture of architectures) {
			const target = architecture === "amd64" ? "linux-x64" : "linux-arm64";
			const binary = await build({ target, outfile: join(work, architecture, "backup-monitor") });
			packageDeb({ architecture, binary, version, folder: out, epoch, compression });
			packageTar({ architecture, binary, version, work, out, epoch, compression });
			for (const variant of variants) {
				packageImage({ architecture, variant, version, commit, epoch, folder: out, ...builder });
			}
		}
		writeFileSync(join(out, `backup-monitor_${version}.cdx.json`), formatSbom({ version, commit, epoch }));
		writeFileSync(join(out, "SHA256SUMS"), checksums(out));
		rmSync(folder, { recursive: true, force: true });
		renameSync(out, folder);
		return readdirSync(folder).toSorted();
	} finally {
		rmSync(work, { recursive: true });
	}
}

type TarOptions = {
	architecture: Architecture;
	binary: string;
	version: string;
	work: string;
	out: string;
	epoch: number;
	compression: "xz" | "none";
};

/** The program with its installer, for Linuxes without dpkg; returns the archive's path. */
export function packageTar({ architecture, binary, version, work, out, epoch, compression }: TarOptions): string {
	const name = `backup-monitor_${version}_linux-${architecture}`;
	const folder = join(work, name);
	mkdirSync(folder);
	copyFileSync(binary, join(folder, "backup-monitor"));
	const installed = ["service", "sysusers", "default", "sh"].map((suffix) => `backup-monitor.${suffix}`);
	for (const file of [...installed, "install.sh", "uninstall.sh"])
		copyFileSync(join(root, "deploy", file), join(folder, file));
	for (const file of ["LICENSE", "docs/install.md"])
		copyFileSync(join(root, file), join(folder, file.split("/").at(-1) ?? ""));
	// The installer looks at them before it touches anything.
	writeFileSync(join(folder, "SHA256SUMS"), checksums(folder));
	for (const file of readdirSync(folder)) {
		chmodSync(join(folder, file), /^backup-monitor$|\.sh$/.test(file) ? 0o755 : 0o644);
	}
	// Two threads on every machine: with one, xz cuts its blocks elsewhere.
	const packing = compression === "xz" ? ["--use-compress-program=xz -6 -T2"] : [];
	const suffix = compression === "xz" ? ".tar.xz" : ".tar";
	const archive = join(out, `${name}${suffix}`);
	packTar(archive, work, [name], epoch, packing);
	return archive;
}

/** As `sha256sum --check` reads it. */
function checksums(folder: string): string {
	const lines = readdirSync(folder)
		.toSorted()
		.map(
			(name) => `${new Bun.CryptoHasher("sha256").update(readFileSync(join(folder, name))).digest("hex")}  ${name}\n`,
		);
	return lines.join("");
}

/** The commit and its time. Outside a clone: "unknown", and the time of SOURCE_DATE_EPOCH, which must then be set. */
export function readOrigin(): { commit: string; epoch: number } {
	const git = (...args: string[]) => {
		const { success, stdout } = Bun.spawnSync(["git", ...args], { cwd: root, stderr: "ignore" });
		return success ? stdout.toString().trim() : "";
	};
	const isClone = Bun.which("git") !== null && git("rev-parse", "--git-dir") !== "";
	const head = isClone ? git("rev-parse", "--short=12", "HEAD") : "";
	const isDirty = isClone && git("status", "--porcelain", "--untracked-files=no") !== "";
	const commit = process.env.BUILD_COMMIT || (head === "" ? "unknown" : isDirty ? `${head}-dirty` : head);
	const epoch = Number(process.env.SOURCE_DATE_EPOCH || (isClone ? git("log", "-1", "--format=%ct") : ""));
	if (!Number.isInteger(epoch) || epoch <= 0) {
		throw new Error("This is no git clone: set SOURCE_DATE_EPOCH to the seconds since 1970 that the files shall claim");
	}
	return { commit, epoch };
}

async function main(): Promise<void> {
	const { values } = parseArgs({ args: process.argv.slice(2), options: { "without-images": { type: "boolean" } } });
	installPackages();
	// Before the minutes of building, not after them.
	for (const [name, debianPackage] of [
		["dpkg-deb", "dpkg"],
		["tar", "tar"],
		["xz", "xz-utils"],
		...(values["without-images"] ? [] : [["buildah", "buildah"]]),
	] as [string, string][]) {
		runTool(debianPackage, [name, "--version"]);
	}
	const folder = join(root, "dist/release");
	const images = values["without-images"] ? null : { variants: ["scratch", "distroless"] as Variant[] };
	const names = await release({ folder, ...readOrigin(), images });
	for (const name of names)
		console.log(`${join(folder, name)} ${(Bun.file(join(folder, name)).size / 1e6).toFixed(1)} MB`);
}

if (import.meta.main) {
	await main().catch((error) => {
		console.error(error instanceof Error ? error.message : error);
		process.exit(1);
	});
}
