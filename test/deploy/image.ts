// Builds the Dockerfile with buildah, from a local stand-in of its base image that is made of this machine's files.
import { chmodSync, copyFileSync, cpSync, mkdirSync, readdirSync, readFileSync, symlinkSync } from "node:fs";
import { dirname, join } from "node:path";

const repository = join(import.meta.dir, "../..");
const baseName = "docker.io/oven/bun:1.4.5";

/** What the RUN lines of the builder stage call, with their libraries. */
const builderPackages = ["libc6", "libc-bin", "dash", "coreutils", "dpkg"];
const builderLibraries = ["libselinux1", "libpcre2-8-0", "libacl1", "libattr1", "libgmp10", "libmd0"];

export type Architecture = "amd64" | "arm64";

export type Image = {
	/** Its files, to be run in place. */
	root: string;
	config: {
		Env: string[];
		User: string;
		Entrypoint: string[];
		Cmd: string[];
		ExposedPorts: Record<string, unknown>;
		Volumes: Record<string, unknown>;
		Healthcheck: { Test: string[] };
	};
	/**
	 * Bytes of its layers as `gzip -6` packs them. Not what this buildah would push: its own compressor makes 6 % more.
	 */
	compressed: number;
};

export type Builder = { build: (architecture: Architecture, commit: string) => Image; remove: () => void };

/** `dir` gets a store of its own, so nothing is left on the machine. `arm64Bun` is Bun's executable for that processor. */
export function createBuilder(dir: string, arm64Bun: string): Builder {
	const store = ["--root", join(dir, "store"), "--runroot", join(dir, "run"), "--storage-driver", "vfs"];
	const buildah = (...args: string[]) => run(["buildah", ...store, ...args]);
	const packageCache = run([process.execPath, "pm", "cache"]);

	run(["buildah", ...store, "manifest", "create", baseName]);
	for (const [architecture, root] of [
		["amd64", amd64Root(join(dir, "amd64"))],
		["arm64", arm64Root(join(dir, "arm64"), arm64Bun)],
	] as const) {
		const container = buildah("from", "--arch", architecture, "scratch");
		buildah("add", "--quiet", container, root, "/");
		buildah("config", "--arch", architecture, "--env", "PATH=/usr/local/bin:/usr/bin:/bin", container);
		// The packages come from this machine's cache: a test needs no registry.
		buildah("config", "--env", "BUN_INSTALL_CACHE_DIR=/packages", container);
		buildah("commit", "--quiet", "--rm", container, `localhost/base-${architecture}`);
		buildah("manifest", "add", baseName, `localhost/base-${architecture}`);
	}

	return {
		build(architecture, commit) {
			const tag = `localhost/monitor-${architecture}`;
			const options = ["--isolation", "chroot", "--pull=never", "--volume", `${packageCache}:/packages`];
			// Else the health check is lost: the OCI format has no word for it.
			options.push("--format", "docker", "--platform", `linux/${architecture}`);
			// BuildKit sets both by itself, this buildah only the second.
			options.push("--build-arg", "BUILDPLATFORM=linux/amd64", "--build-arg", `TARGETARCH=${architecture}`);
			buildah("bud", ...options, "--build-arg", `BUILD_COMMIT=${commit}`, "--tag", tag, repository);
			const container = buildah("from", "--pull=never", "--arch", architecture, tag);
			const pushed = join(dir, `pushed-${architecture}`);
			buildah("push", "--quiet", tag, `oci:${pushed}:latest`);
			return {
				root: buildah("mount", container),
				config: JSON.parse(buildah("inspect", "--type", "image", tag)).Docker.config,
				compressed: gzipSize(pushed),
			};
		},
		remove: () => void buildah("rm", "--all"),
	};
}

/** A Debian with no more than a shell, files from this machine's packages, and this Bun where the image has it. */
function amd64Root(root: string): string {
	makeFolders(root);
	const files = run(["dpkg", "-L", ...builderPackages, ...builderLibraries])
		.split("\n")
		.filter((path) => /^\/[^/]+\/./.test(path) && !path.startsWith("/usr/share/"));
	const list = join(dirname(root), "files");
	run(["sh", "-c", 'sort -u >"$0"', list], `${files.join("\n")}\n`);
	run(["sh", "-c", 'tar --no-recursion -c -T "$0" | tar --keep-directory-symlink -x -C "$1"', list, root]);
	copyFileSync(process.execPath, join(root, "usr/local/bin/bun"));
	return root;
}

/** Only looked at by the build, never run: the C library and Bun. */
function arm64Root(root: string, bun: string): string {
	makeFolders(root);
	cpSync("/usr/aarch64-linux-gnu/lib", join(root, "usr/lib/aarch64-linux-gnu"), { recursive: true });
	symlinkSync("aarch64-linux-gnu/ld-linux-aarch64.so.1", join(root, "usr/lib/ld-linux-aarch64.so.1"));
	copyFileSync(bun, join(root, "usr/local/bin/bun"));
	chmodSync(join(root, "usr/local/bin/bun"), 0o755);
	return root;
}

function makeFolders(root: string): void {
	for (const name of ["tmp", "root", "usr/local/bin"]) mkdirSync(join(root, name), { recursive: true });
	for (const name of ["bin", "sbin", "lib", "lib64"]) {
		mkdirSync(join(root, "usr", name));
		symlinkSync(`usr/${name}`, join(root, name));
	}
}

function gzipSize(layout: string): number {
	const blobs = join(layout, "blobs/sha256");
	// The layers are the blobs that are gzip; the manifest and the configuration are text.
	const layers = readdirSync(blobs).filter((name) => readFileSync(join(blobs, name)).readUInt16BE() === 0x1f8b);
	const sizes = layers.map((name) => Number(run(["sh", "-c", 'zcat <"$0" | gzip -6 | wc -c', join(blobs, name)])));
	return sizes.reduce((sum, size) => sum + size, 0);
}

function run(command: string[], input = ""): string {
	const { exitCode, stdout, stderr } = Bun.spawnSync(command, { stdin: Buffer.from(input) });
	if (exitCode !== 0) throw new Error(`${command.join(" ")}\n${stdout}\n${stderr}`);
	return stdout.toString().trim();
}
