// A folder or file of somebody else, or none: every command names user, path and what mends it, and never a stack.
import { afterAll, describe, expect, test } from "bun:test";
import { chmodSync, copyFileSync, mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { binary, cleanUp, makeFolder, runCommand, startServer, untilRead } from "../binary.ts";
import { someLines } from "../lines.ts";

afterAll(cleanUp);

const isRoot = process.getuid?.() === 0;
const stranger = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"];
const env = { RETENTION_DAYS: "36500", HOME: "/nonexistent" };
const copy = join(makeFolder(), "copy.db");
const writing: string[][] = [
	["record", "--job", "x", "--success"],
	["import", "-"],
	["rebuild"],
	["prune", "--yes"],
	["inventory", "default", "--from", "restic"],
];
const changing: string[][] = [["backup"], ["job", "delete", "default", "--yes"], ["restore-db", copy, "--yes"]];

async function served(): Promise<string> {
	const dataDir = makeFolder();
	chmodSync(dataDir, 0o755);
	writeFileSync(join(dataDir, "metrics.jsonl"), someLines(0, 3));
	const server = await startServer({ dataDir, env });
	await untilRead(server, 3);
	await server.stop();
	copyFileSync(join(dataDir, "backups.db"), copy);
	return dataDir;
}

async function refused(args: string[], dataDir: string): Promise<string> {
	const input = args[0] === "inventory" ? "[]" : "";
	const { code, out, err } = await runCommand(args, { dataDir, env, input, prefix: stranger });
	expect([args, code, err]).toEqual([args, 1, expect.not.stringMatching(/\$bunfs|errno|\bat .*:\d+:\d+/)]);
	return out + err;
}

describe.if(isRoot)("somebody else's folder", () => {
	test("is named with its owner, the user and what mends it, by every command that writes", async () => {
		const dataDir = await served();
		for (const args of [...writing, ...changing]) {
			const said = await refused(args, dataDir);
			expect([args, said]).toEqual([args, expect.stringMatching(/belongs to user 0, and this is user 65534\./)]);
			expect(said).toContain("Run it as that user: sudo backup-monitor");
			expect(said).toMatch(/sudo chown -R 65534 \S*\/monitor-test/);
		}
		expect(await refused(["token"], dataDir)).toMatch(/job-key belongs to user 0, and this is user 65534/);
	});

	test("is read all the same where reading is allowed, and nothing is left behind in it", async () => {
		const dataDir = await served();
		const before = readdirSync(dataDir).toSorted();
		const status = await runCommand(["status"], { dataDir, env, prefix: stranger });
		expect(status.out).toContain("default");
		const exported = await runCommand(["export"], { dataDir, env, prefix: stranger });
		expect([exported.code, exported.out.split("\n").length]).toEqual([0, 4]);
		expect(readdirSync(dataDir).toSorted()).toEqual(before);
	});

	test("tells a server's page the same", async () => {
		const dataDir = makeFolder();
		chmodSync(dataDir, 0o755);
		const server = await startServer({ dataDir, env, prefix: stranger });
		const { problems } = await server.json("/api/health");
		expect(JSON.stringify(problems)).toMatch(/user 65534 .*sudo chown -R 65534/);
		await server.stop();
	});
});

describe.if(isRoot)("no folder", () => {
	test("is said by every command with how to make it, where only root can", async () => {
		for (const args of [...writing, ["backup"], ["export"], ["job", "delete", "x", "--yes"]]) {
			const said = await refused(args, "/nowhere/at-all");
			const make = "sudo mkdir -p /nowhere/at-all && sudo chown 65534 /nowhere/at-all";
			expect([args, said]).toEqual([
				args,
				expect.stringContaining(`Set DATA_DIR to the folder of the server, or make it: ${make}`),
			]);
		}
	});
});

test.if(isRoot)("a disk that is mounted read-only is not taken for somebody else's", async () => {
	const dataDir = await served();
	const mount = `mount --bind "${dataDir}" "${dataDir}" && mount -o remount,ro,bind "${dataDir}" && exec "$@"`;
	const prefix = ["unshare", "-m", "sh", "-c", mount, "sh"];
	for (const args of [["record", "--job", "x", "--success"], ["rebuild"], ["backup"]]) {
		const { code, err } = await runCommand(args, { dataDir, env, prefix });
		expect([args, code, err]).toEqual([args, 1, expect.stringContaining("mounted read-only")]);
		expect(err).not.toContain("chown");
	}
});

test.if(isRoot)("a command beside ./data that looks into /data says so", async () => {
	const clone = makeFolder();
	mkdirSync(join(clone, "data"));
	writeFileSync(join(clone, "data", "push-token"), "x");
	// Where there is no /data there is nothing to confuse it with.
	const script = `[ -d /data ] || exit 77; mount -t tmpfs tmpfs /data && cd "${clone}"; "${binary}" status; "${binary}" run --job x -- true`;
	const ended = Bun.spawnSync(["unshare", "-m", "sh", "-c", script], {
		env: { PATH: process.env.PATH ?? "", TZ: "UTC" },
	});
	if (ended.exitCode === 77) return;
	const said = `This looks into /data. There is ${clone}/data as well: DATA_DIR=${clone}/data\n`;
	// Once: what a wrapped command prints is its own.
	expect(ended.stderr.toString().split(said).length).toBe(2);
});
