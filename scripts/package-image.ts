// The container image as an OCI archive, made by buildah without an engine: the same tree gives the same bytes.
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Architecture } from "./package-deb.ts";
import { runTool } from "./run-tool.ts";

const root = join(import.meta.dir, "..");

/** What the image stands on. The distroless one brings CA certificates, time zones and a package list for scanners. */
export const bases = { scratch: "scratch", distroless: "gcr.io/distroless/base-debian12:nonroot" } as const;
export type Variant = keyof typeof bases;

export type ImageOptions = {
	architecture: Architecture;
	variant: Variant;
	version: string;
	commit: string;
	/** Seconds since 1970: when it claims to have been made. */
	epoch: number;
	folder: string;
	/** For buildah itself (where its store is), and for its build (what it may not pull). */
	store?: string[];
	options?: string[];
};

/** What an engine reads of it. Of the OCI format but for Healthcheck, which Docker and podman read all the same. */
export type ImageConfig = {
	Env: string[];
	User: string;
	Entrypoint: string[];
	Cmd: string[];
	WorkingDir: string;
	ExposedPorts: Record<string, unknown>;
	Volumes: Record<string, unknown>;
	Labels: Record<string, string>;
	Healthcheck: { Test: string[]; Interval: number; Timeout: number; StartPeriod: number; Retries: number };
};

/** Builds it into buildah's store; returns the tag. */
export function buildImage({ architecture, variant, commit, epoch, store = [], options = [] }: ImageOptions): string {
	const tag = `localhost/backup-monitor-${variant}-${architecture}`;
	// Else the health check is lost on the way: the OCI format has no word for it.
	const all = ["--isolation", "chroot", "--format", "docker", "--timestamp", String(epoch), ...options];
	// BuildKit sets these by itself, an older buildah only some.
	for (const argument of [
		`BUILDPLATFORM=linux/${builderArchitecture}`,
		`TARGETPLATFORM=linux/${architecture}`,
		`TARGETARCH=${architecture}`,
	]) {
		all.push("--build-arg", argument);
	}
	all.push("--build-arg", `BUILD_COMMIT=${commit}`, "--build-arg", `BASE=${bases[variant]}`);
	all.push("--platform", `linux/${architecture}`, "--tag", tag, root);
	runTool("buildah", ["buildah", ...store, "bud", ...all]);
	return tag;
}

const builderArchitecture = process.arch === "arm64" ? "arm64" : "amd64";

/** Builds it and writes `backup-monitor_VERSION_ARCHITECTURE[-distroless].oci.tar`; returns its path. */
export function packageImage(options: ImageOptions): string {
	const tag = buildImage(options);
	const work = mkdtempSync(join(tmpdir(), "oci-"));
	try {
		return archive(tag, work, options);
	} finally {
		rmSync(work, { recursive: true });
	}
}

type Manifest = { manifests: { digest: string }[]; config: { digest: string }; layers: { digest: string }[] };

function archive(tag: string, work: string, options: ImageOptions): string {
	const { architecture, variant, version, epoch, folder, store = [] } = options;
	const pushed = join(work, "pushed");
	runTool("buildah", ["buildah", ...store, "push", "--quiet", tag, `oci:${pushed}:latest`]);
	const blob = (digest: string) => readFileSync(join(pushed, "blobs", digest.replace(":", "/")));
	const index: Manifest = JSON.parse(readFileSync(join(pushed, "index.json"), "utf8"));
	const manifest: Manifest = JSON.parse(blob(index.manifests[0]?.digest ?? "").toString());

	const layout = join(work, "layout");
	mkdirSync(join(layout, "blobs/sha256"), { recursive: true });
	const put = (content: Uint8Array | string) => {
		const digest = new Bun.CryptoHasher("sha256").update(content).digest("hex");
		const path = join(layout, "blobs/sha256", digest);
		writeFileSync(path, content);
		return { digest: `sha256:${digest}`, size: statSync(path).size };
	};

	// Packed anew: how buildah packs depends on its version and on the number of processors, and is larger.
	const diffs: string[] = [];
	const layers = manifest.layers.map(({ digest }) => {
		const plain = Bun.gunzipSync(new Uint8Array(blob(digest)));
		diffs.push(`sha256:${new Bun.CryptoHasher("sha256").update(plain).digest("hex")}`);
		return { mediaType: "application/vnd.oci.image.layer.v1.tar+gzip", ...put(pack(plain)) };
	});
	const created = new Date(epoch * 1000).toISOString().replace(".000Z", "Z");
	const config = put(
		JSON.stringify({
			architecture,
			os: "linux",
			created,
			config: readConfig(tag, store, version),
			rootfs: { type: "layers", diff_ids: diffs },
			history: layers.map(() => ({ created, created_by: "Dockerfile" })),
		}),
	);
	const image = put(
		JSON.stringify({
			schemaVersion: 2,
			mediaType: "application/vnd.oci.image.manifest.v1+json",
			config: { mediaType: "application/vnd.oci.image.config.v1+json", ...config },
			layers,
		}),
	);
	const name = `backup-monitor:${version}${variant === "scratch" ? "" : `-${variant}`}`;
	writeFileSync(join(layout, "oci-layout"), '{"imageLayoutVersion":"1.0.0"}');
	const annotations = { "org.opencontainers.image.ref.name": name.split(":")[1], "io.containerd.image.name": name };
	const entry = { mediaType: "application/vnd.oci.image.manifest.v1+json", ...image, annotations };
	writeFileSync(
		join(layout, "index.json"),
		JSON.stringify({ schemaVersion: 2, manifests: [{ ...entry, platform: { architecture, os: "linux" } }] }),
	);
	// For `docker load` before version 25, which does not look into index.json.
	const path = ({ digest }: { digest: string }) => `blobs/${digest.replace(":", "/")}`;
	const old = [{ Config: path(config), RepoTags: [name], Layers: layers.map(path) }];
	writeFileSync(join(layout, "manifest.json"), JSON.stringify(old));

	mkdirSync(folder, { recursive: true });
	const suffix = variant === "scratch" ? "" : `-${variant}`;
	const tar = join(folder, `backup-monitor_${version}_${architecture}${suffix}.oci.tar`);
	packTar(tar, layout, ["."], epoch);
	return tar;
}

/** Its levels above 6 gain a hundredth and take four times as long. */
function pack(plain: Uint8Array<ArrayBuffer>): Uint8Array {
	return Bun.gzipSync(plain, { library: "libdeflate", level: 9 });
}

function readConfig(tag: string, store: string[], version: string): ImageConfig {
	const inspected = runTool("buildah", ["buildah", ...store, "inspect", "--type", "image", tag]);
	const { config } = JSON.parse(inspected).Docker as { config: ImageConfig };
	const { Env, User, Entrypoint, Cmd, WorkingDir, ExposedPorts, Volumes, Healthcheck } = config;
	// Less buildah's own version.
	const labels = Object.entries(config.Labels).filter(([name]) => name.startsWith("org.opencontainers."));
	const Labels = Object.fromEntries([...labels, ["org.opencontainers.image.version", version]].toSorted());
	return { Env, User, Entrypoint, Cmd, WorkingDir, ExposedPorts, Volumes, Labels, Healthcheck };
}

/** A tar that does not tell who packed it when, in which order the disk had the files, and on which machine. */
export function packTar(to: string, folder: string, names: string[], epoch: number, packing: string[] = []): void {
	const same = ["--sort=name", "--format=ustar", `--mtime=@${epoch}`, "--owner=0", "--group=0", "--numeric-owner"];
	// Nobody's umask either.
	const mode = "--mode=u=rwX,go=rX";
	runTool("tar", ["tar", ...same, mode, ...packing, "--create", `--file=${to}`, `--directory=${folder}`, ...names]);
}
