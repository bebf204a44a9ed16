// The container image: built from the Dockerfile, then run from its own files with the rights the compose file leaves.
import { expect, test } from "bun:test";
import { chownSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { build } from "../../scripts/build.ts";
import { childOf, isHard } from "../binary.ts";
import { freePort } from "../free-port.ts";
import { createBuilder, type Image } from "./image.ts";
import { answers } from "./monitor.ts";

const commit = "0123456789ab";
const isRoot = process.getuid?.() === 0;

const all = [
	["arm64", "scratch"],
	["amd64", "scratch"],
	["arm64", "distroless"],
	["amd64", "distroless"],
] as const;

// Mounts and other users need root; everybody else has the builds above it in this folder.
test.skipIf(!isRoot)(
	"the image is small, holds the released binary and runs with next to no rights",
	async () => {
		const dir = mkdtempSync(join(tmpdir(), "image-"));
		process.env.BUILD_COMMIT = commit;
		const released = {
			amd64: await build({ target: "linux-x64", outfile: join(dir, "x64", "backup-monitor") }),
			arm64: await build({ target: "linux-arm64", outfile: join(dir, "arm64-build", "backup-monitor") }),
		};
		const cache = Bun.spawnSync([process.execPath, "pm", "cache"]).stdout.toString().trim();
		// Where the build above has just put it.
		const builder = createBuilder(dir, join(cache, `bun-linux-aarch64-v${Bun.version}`));
		try {
			for (const [architecture, variant] of isHard ? all : all.slice(0, 3)) {
				const image = builder.build(architecture, variant, commit);
				expect(await sha256(join(image.root, "backup-monitor"))).toBe(await sha256(released[architecture]));
				console.log(`${variant} ${architecture}: gzip ${image.gzip}, zstd -19 ${image.zstd || "not measured"}`);
				if (variant === "scratch") {
					expect(image.gzip).toBeLessThanOrEqual(56e6);
					expect(image.zstd).toBeLessThanOrEqual(48e6);
					expect(image.layers.length).toBe(1);
				}
				expectConfig(image);
				const data = statSync(join(image.root, "data"));
				expect([data.uid, data.gid]).toEqual([65532, 65532]);
				if (architecture === "amd64") await expectContained(image, mkdtempSync(join(dir, "run-")));
				else expectRunsOnArm(image);
				if (isHard) {
					const sum = await sha256(image.archive);
					expect(await sha256(builder.build(architecture, variant, commit).archive)).toBe(sum);
				}
			}
		} finally {
			builder.remove();
			rmSync(dir, { recursive: true });
		}
	},
	isHard ? 1_200_000 : 300_000,
);

function expectConfig({ config }: Image): void {
	expect(config.User).toBe("65532:65532");
	expect([...config.Entrypoint, ...config.Cmd]).toEqual(["/backup-monitor", "serve"]);
	expect(config.Healthcheck.Test).toEqual(["CMD", "/backup-monitor", "healthcheck"]);
	expect(Object.keys(config.ExposedPorts)).toEqual(["5001/tcp"]);
	expect(Object.keys(config.Volumes)).toEqual(["/data"]);
	expect(config.Env).toContain("BUN_JSC_useJIT=0");
	expect(config.WorkingDir).toBe("/");
}

/** With the image's own loader and libraries, none of this machine's. */
function expectRunsOnArm({ root }: Image): void {
	for (const processor of ["cortex-a53", "cortex-a72", "cortex-a76"]) {
		const command = ["qemu-aarch64-static", "-cpu", processor, "-L", root, join(root, "backup-monitor"), "version"];
		const { exitCode, stdout, stderr } = Bun.spawnSync(command);
		expect(`${stdout}${stderr}`).toContain(commit);
		expect(exitCode).toBe(0);
	}
}

async function expectContained({ root, config }: Image, dir: string): Promise<void> {
	const data = join(dir, "data");
	mkdirSync(data);
	chownSync(data, 65532, 65532);
	const port = await freePort();
	const environment = [...config.Env, `PORT=${port}`];
	const contain = [
		"unshare",
		"--mount",
		"--pid",
		"--fork",
		"--kill-child",
		join(import.meta.dir, "contain.sh"),
		root,
		data,
	];
	// For the commands that contain it: a base image's own names other folders.
	const path = "PATH=/usr/sbin:/usr/bin:/sbin:/bin";
	// Set by the outermost command, so that nothing of this test's own environment gets in.
	const command = ["env", "-i", ...environment, path, ...contain];
	const monitor = Bun.spawn([...command, ...config.Entrypoint, ...config.Cmd], {
		stdin: "ignore",
		stdout: "ignore",
		stderr: "pipe",
	});
	await answers(`http://127.0.0.1:${port}/health`, monitor);
	const pid = childOf(monitor);

	const status = readFileSync(`/proc/${pid}/status`, "utf8");
	expect(status).toMatch(/^NSpid:\t\d+\t1$/m);
	expect(status).toMatch(/^Uid:\t65532\t65532\t65532\t65532$/m);
	expect(status).toMatch(/^CapEff:\t0+$/m);
	expect(status).toMatch(/^NoNewPrivs:\t1$/m);
	const writable = readFileSync(`/proc/${pid}/mountinfo`, "utf8")
		.split("\n")
		.map((line) => line.split(" "))
		.filter(([, , , , mountPoint = "", options]) => mountPoint.startsWith("/") && options?.startsWith("rw"))
		.map(([, , , , mountPoint]) => mountPoint)
		.filter((mountPoint) => !mountPoint?.startsWith("/dev/"));
	expect(writable.toSorted()).toEqual(["/data", "/proc"]);
	expect(existsSync(join(root, "bin/sh"))).toBe(false);
	expect(readdirSync(data)).toContain("backups.db");
	expect(statSync(join(data, "backups.db")).uid).toBe(65532);

	const inside = ["nsenter", "-t", String(pid), "--mount", "--pid", "--root", "--wd", "-S", "65532", "-G", "65532"];
	const [, ...healthcheck] = config.Healthcheck.Test;
	expect(Bun.spawnSync(["env", "-i", ...environment, path, ...inside, ...healthcheck]).exitCode).toBe(0);

	process.kill(pid, "SIGTERM");
	expect(await monitor.exited).toBe(0);
	// Nobody listens any more, and the check says so.
	const gone = Bun.spawnSync([join(root, "backup-monitor"), "healthcheck"], { env: { PORT: String(port) } });
	expect(gone.exitCode).toBe(1);
}

async function sha256(path: string): Promise<string> {
	return new Bun.CryptoHasher("sha256").update(await Bun.file(path).arrayBuffer()).digest("hex");
}
