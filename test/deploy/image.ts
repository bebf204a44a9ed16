// Builds the Dockerfile with buildah, from a local stand-in of its base image that is made of this machine's files.
import { chmodSync, copyFileSync, cpSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { Architecture } from "../../scripts/package-deb.ts";
import { bases, type ImageConfig, packageImage, type Variant } from "../../scripts/package-image.ts";

const isHard = process.env.HARD === "1";

const builderBase = "docker.io/oven/bun:1.4.5";

/** What the RUN lines of the builder stage call, with their libraries. */
const builderPackages = ["libc6", "libc-bin", "dash", "coreutils", "dpkg"];
const builderLibraries = ["libselinux1", "libpcre2-8-0", "libacl1", "libattr1", "libgmp10", "libmd0"];

export type Image = {
	/** Its files, to be run in place. */
	root: string;
	/** As the archive has it. */
	config: ImageConfig;
	/** The OCI archive, as it is released. */
	archive: string;
	/** Bytes of its layers, as gzip packs them and as zstd does. */
	gzip: number;
	zstd: number;
	layers: string[];
};

export type Builder = {
	build: (architecture: Architecture, variant: Variant, commit: string) => Image;
	/** Where it builds, for `release`. */
	place: { store: string[]; options: string[] };
	remove: () => void;
};

/** `dir` gets a store of its own, so nothing is left on the machine. `arm64Bun` is Bun's executable for that processor. */
export function createBuilder(dir: string, arm64Bun: string): Builder {
	const store = ["--root", join(dir, "store"), "--runroot", join(dir, "run"), "--storage-driver", "vfs"];
	const buildah = (...args: string[]) => run(["buildah", ...store, ...args]);
	const packageCache = run([process.execPath, "pm", "cache"]);
	const options = ["--pull=never", "--volume", `${packageCache}:/packages`];

	for (const [name, roots] of [
		[builderBase, { amd64: amd64Root(join(dir, "amd64")), arm64: arm64Root(join(dir, "arm64"), arm64Bun) }],
		[
			bases.distroless,
			{
				amd64: distrolessRoot(join(dir, "plain-amd64"), "/"),
				arm64: distrolessRoot(join(dir, "plain-arm64"), join(dir, "arm64")),
			},
		],
	] as const) {
		buildah("manifest", "create", name);
		for (const architecture of ["amd64", "arm64"] as const) {
			const container = buildah("from", "--arch", architecture, "scratch");
			buildah("add", "--quiet", container, roots[architecture], "/");
			buildah("config", "--arch", architecture, "--env", "PATH=/usr/local/bin:/usr/bin:/bin", container);
			// The packages come from this machine's cache: a test needs no registry.
			if (name === builderBase) buildah("config", "--env", "BUN_INSTALL_CACHE_DIR=/packages", container);
			else buildah("config", "--user", "65532", "--workingdir", "/home/nonroot", container);
			const tag = `localhost/base-${name === builderBase ? "builder" : "distroless"}-${architecture}`;
			buildah("commit", "--quiet", "--rm", container, tag);
			buildah("manifest", "add", name, tag);
		}
	}

	return {
		place: { store, options },
		build(architecture, variant, commit) {
			const given = { architecture, variant, commit, version: "1.0.0", epoch: 1_790_000_000, store, options };
			const archive = packageImage({ ...given, folder: join(dir, "archives") });
			const tag = `localhost/backup-monitor-${variant}-${architecture}`;
			const container = buildah("from", "--pull=never", "--arch", architecture, tag);
			return { root: buildah("mount", container), archive, ...readArchive(archive, isHard && variant === "scratch") };
		},
		remove: () => void buildah("rm", "--all"),
	};
}

/** What an engine finds that knows nothing but the OCI format. To pack as zstd does at its best takes a minute: only where
 * there is a limit to compare with. */
function readArchive(archive: string, isMeasured: boolean): Pick<Image, "config" | "gzip" | "zstd" | "layers"> {
	const read = (name: string) => run(["tar", "-xOf", archive, `./${name}`]);
	const blob = (digest: string) => `blobs/${digest.replace(":", "/")}`;
	const index = JSON.parse(read("index.json"));
	const manifest = JSON.parse(read(blob(index.manifests[0].digest)));
	const { config, rootfs } = JSON.parse(read(blob(manifest.config.digest)));
	const layers: { digest: string; size: number }[] = manifest.layers;
	const packed = ({ digest }: { digest: string }) =>
		Number(run(["sh", "-c", 'tar -xOf "$0" "$1" | zcat | zstd -19 -T2 -q | wc -c', archive, `./${blob(digest)}`]));
	const sum = (sizes: number[]) => sizes.reduce((all, size) => all + size, 0);
	return {
		config,
		gzip: sum(layers.map(({ size }) => size)),
		zstd: isMeasured ? sum(layers.map(packed)) : 0,
		layers: rootfs.diff_ids,
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

/** What the distroless image is by its own description: the C library, certificates, zones, two names; no shell. */
function distrolessRoot(root: string, from: string): string {
	makeFolders(root);
	run(["sh", "deploy/rootfs.sh", from, root]);
	mkdirSync(join(root, "etc"), { recursive: true });
	writeFileSync(
		join(root, "etc/passwd"),
		"root:x:0:0:root:/root:/sbin/nologin\nnonroot:x:65532:65532:nonroot:/home/nonroot:/sbin/nologin\n",
	);
	writeFileSync(join(root, "etc/group"), "root:x:0:\nnonroot:x:65532:\n");
	mkdirSync(join(root, "home/nonroot"), { recursive: true });
	return root;
}

function makeFolders(root: string): void {
	for (const name of ["tmp", "root", "usr/local/bin"]) mkdirSync(join(root, name), { recursive: true });
	for (const name of ["bin", "sbin", "lib", "lib64"]) {
		mkdirSync(join(root, "usr", name));
		symlinkSync(`usr/${name}`, join(root, name));
	}
}

function run(command: string[], input = ""): string {
	const { exitCode, stdout, stderr } = Bun.spawnSync(command, {
		stdin: Buffer.from(input),
		cwd: join(import.meta.dir, "../.."),
	});
	if (exitCode !== 0) throw new Error(`${command.join(" ")}\n${stdout}\n${stderr}`);
	return stdout.toString().trim();
}
