// The executable: the same bytes each time, no larger than promised, and running on the smallest Raspberry Pi's processor.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { build } from "../../scripts/build.ts";
import { isHard } from "../binary.ts";
import { startMonitor } from "./monitor.ts";

const repository = join(import.meta.dir, "../..");
const dir = mkdtempSync(join(tmpdir(), "build-"));
beforeAll(() => {
	// A commit made while this runs shall not look like a difference.
	process.env.BUILD_COMMIT = "0123456789ab";
});
afterAll(() => rmSync(dir, { recursive: true }));

async function sha256(path: string): Promise<string> {
	return new Bun.CryptoHasher("sha256").update(await Bun.file(path).arrayBuffer()).digest("hex");
}

for (const target of ["linux-x64", "linux-arm64"] as const) {
	describe(target, () => {
		const first = join(dir, target, "first", "backup-monitor");

		test("two builds give the same bytes and leave nothing else behind", async () => {
			await build({ target, outfile: first });
			const second = await build({ target, outfile: join(dir, target, "elsewhere", "second", "backup-monitor") });
			expect(await sha256(second)).toBe(await sha256(first));
			expect(readdirSync(join(dir, target, "first"))).toEqual(["backup-monitor"]);
			rmSync(second);
		}, 120_000);

		// Of it 107 are Bun. What people download is a third of it, and has its own limit in image.test.ts.
		test("the executable is at most 118 MB", () => {
			expect(Bun.file(first).size).toBeLessThanOrEqual(118e6);
		});
	});
}

test("a build knows its version and commit", () => {
	const { stdout } = Bun.spawnSync([join(dir, "linux-x64/first/backup-monitor"), "version"]);
	expect(stdout.toString()).toContain("0123456789ab");
});

test("the lock file names no registry, so it holds behind any mirror", async () => {
	expect(await Bun.file(join(repository, "bun.lock")).text()).not.toMatch(/https?:/);
});

test("image, CI and types are of one version of Bun", async () => {
	const read = (name: string) => Bun.file(join(repository, name)).text();
	const versions = new Set(
		[
			...(await read("Dockerfile")).matchAll(/oven\/bun:([\d.]+)/g),
			...(await read(".ci/run")).matchAll(/^bun_version=(\S+)/gm),
			...(await read("package.json")).matchAll(/"@types\/bun": "([^"]+)"/g),
		].map(([, version]) => version),
	);
	expect([...versions]).toEqual([Bun.version]);
});

test("an unknown target is refused in one sentence", () => {
	const { exitCode, stderr } = Bun.spawnSync([
		process.execPath,
		join(repository, "scripts/build.ts"),
		"--target",
		"windows-x64",
	]);
	expect(exitCode).toBe(2);
	expect(stderr.toString()).toMatch(/^There is no target "windows-x64"\. Expected: [^\n]*\n$/);
});

// Bun has twice shipped instructions that this processor, a Raspberry Pi 3's, does not have.
for (const processor of isHard ? ["cortex-a53", "cortex-a72", "cortex-a76"] : ["cortex-a53"])
	test(`the arm64 executable starts, answers and ends on a ${processor}`, async () => {
		const binary = join(dir, "linux-arm64/first/backup-monitor");
		const emulated = ["qemu-aarch64-static", "-cpu", processor, "-L", "/usr/aarch64-linux-gnu", binary];
		const version = Bun.spawnSync([...emulated, "version"]);
		expect(version.stdout.toString()).toContain("0123456789ab");
		expect(version.exitCode).toBe(0);
		for (const environment of [{}, { BUN_JSC_useJIT: "0" }]) {
			const monitor = await startMonitor([...emulated, "serve"], {
				DATA_DIR: mkdtempSync(join(dir, "data-")),
				...environment,
			});
			expect(await (await fetch(`${monitor.url}/health`)).json()).toEqual({ status: "ok" });
			const health = Bun.spawnSync([...emulated, "healthcheck"], { env: monitor.env });
			expect(health.exitCode).toBe(0);
			expect(await monitor.stop()).toBe(0);
		}
	}, 120_000);
