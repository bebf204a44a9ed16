// The first things a newcomer does: the README's command, and the example script with a real restic.
import { afterAll, expect, test } from "bun:test";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { cleanUp, makeFolder, runCommand } from "../binary.ts";
import { freePort } from "../free-port.ts";

const root = join(import.meta.dir, "../..");
afterAll(cleanUp);

async function until<T>(what: () => Promise<T | null>, patienceMs = 20_000): Promise<T> {
	const end = performance.now() + patienceMs;
	for (;;) {
		const found = await what().catch(() => null);
		if (found !== null) return found;
		if (performance.now() > end) throw new Error("it did not happen in time");
		await Bun.sleep(100);
	}
}

for (const [name, more] of [
	["start serves the folder it is given", []],
	["start -- --demo serves sample data", ["--demo"]],
] as const) {
	test(`${name}, and ends cleanly`, async () => {
		const port = await freePort();
		const folder = join(makeFolder(), "data");
		const child = Bun.spawn([process.execPath, "scripts/start.ts", ...more], {
			cwd: root,
			env: { ...process.env, TZ: "UTC", HOST: "127.0.0.1", PORT: String(port), DATA_DIR: folder },
			stdio: ["ignore", "ignore", "ignore"],
		});
		const health = await until(async () => (await fetch(`http://127.0.0.1:${port}/health`)).text());
		expect(health.trim()).toBe('{"status":"ok"}');
		const runs = await until(async () => {
			const found = (await (await fetch(`http://127.0.0.1:${port}/api/metrics`)).json()) as unknown[];
			return more.length === 0 || found.length > 0 ? found : null;
		});
		expect(runs.length).toBe(more.length === 0 ? 0 : 30);
		child.kill("SIGTERM");
		expect(await child.exited).toBe(0);
	});
}

test("the example script reports a real restic run, and its failure with restic's words", async () => {
	const folder = makeFolder();
	const source = join(folder, "source");
	mkdirSync(source);
	writeFileSync(join(source, "letter.txt"), "x".repeat(200_000));
	const metrics = join(folder, "metrics.jsonl");
	const env = {
		...process.env,
		METRICS_FILE: metrics,
		JOB: 'nas "attic"',
		SOURCE_DIR: source,
		RESTIC_REPOSITORY: join(folder, "repository"),
		RESTIC_PASSWORD: "sample",
		HOME: folder,
	};
	const script = () => Bun.spawnSync(["bash", join(root, "examples/backup-integration.sh")], { env });
	expect(script().exitCode).not.toBe(0);
	expect(Bun.spawnSync(["restic", "init"], { env }).exitCode).toBe(0);
	expect(script().exitCode).toBe(0);
	const { out } = await runCommand(["import", metrics, "--json"], { dataDir: folder, env: { METRICS_FILE: metrics } });
	expect(JSON.parse(out)).toMatchObject({ lines: 2, accepted: 2, rejected: 0 });
	const [failed, good] = readFileSync(metrics, "utf8")
		.trim()
		.split("\n")
		.map((line) => JSON.parse(line));
	expect(failed).toMatchObject({ success: false, job: 'nas "attic"', error_category: "upload_failed" });
	expect(failed.error_message).toContain("repository");
	expect(good).toMatchObject({ success: true, size_bytes: 200_000, error_message: null });
}, 60_000);

test("the example script tells unread files as a warning, and a failure with the lines above the last one", async () => {
	const folder = makeFolder();
	const metrics = join(folder, "metrics.jsonl");
	const script = (status: number, printed: string) => {
		writeFileSync(join(folder, "restic"), `#!/bin/sh\ncat <<'END'\n${printed}\nEND\nexit ${status}\n`, { mode: 0o755 });
		const env = { ...process.env, PATH: `${folder}:${process.env.PATH}`, METRICS_FILE: metrics };
		return Bun.spawnSync(["bash", join(root, "examples/backup-integration.sh")], { env }).exitCode;
	};
	const unread = '{"message_type":"error","error":{"message":"open /srv/b: permission denied"},"item":"/srv/b"}';
	const summary = '{"message_type":"summary","total_bytes_processed":700,"snapshot_id":"ab"}';
	expect(script(3, `${unread}\n${summary}`)).toBe(3);
	const steps = Array.from({ length: 80 }, (_, n) => `step ${n} \\ "quoted"\tü`).join("\n");
	expect(script(1, `${steps}\nFatal: repository is locked\n\ntry again later`)).toBe(1);
	expect(script(0, summary)).toBe(0);
	const { out } = await runCommand(["import", metrics, "--json"], { dataDir: folder, env: { METRICS_FILE: metrics } });
	expect(JSON.parse(out)).toMatchObject({ lines: 3, accepted: 3, warned: 0, rejected: 0 });
	const [warned, failed, good] = readFileSync(metrics, "utf8")
		.trim()
		.split("\n")
		.map((line) => JSON.parse(line));
	expect(warned).toMatchObject({
		success: true,
		outcome: "warning",
		exit_code: 3,
		size_bytes: 700,
		error_category: "source_unreadable",
	});
	expect(warned.error_message).toBe("some files could not be read: open /srv/b: permission denied");
	expect(warned.log).toBe(`${unread}\n${summary}`);
	expect(failed).toMatchObject({ success: false, outcome: "failure", exit_code: 1, error_category: "upload_failed" });
	expect(failed.error_message).toBe("restic exit status 1: Fatal: repository is locked");
	expect(failed.log).toContain('step 79 \\ "quoted"\tü\nFatal: repository is locked\n\ntry again later');
	expect(failed.log).not.toContain("step 10 ");
	expect(good).toMatchObject({ success: true, outcome: "success", error_message: null, log: null });
}, 30_000);
