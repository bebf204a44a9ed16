// A data folder on another machine's or another program's file system: it is said wherever somebody may look, reports are
// kept through kills and a restart, and nothing is put into memory that only one machine shares.
import { Database } from "bun:sqlite";
import { afterAll, expect, test } from "bun:test";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { remoteKind } from "../../src/store/files.ts";
import { cleanUp, isHard, makeFolder, runCommand, type Started, startServer, until, untilRead } from "../binary.ts";
import { aLine, someLines } from "../lines.ts";

const mounts: string[] = [];
afterAll(async () => {
	for (const folder of mounts) Bun.spawnSync(["fusermount", "-uz", folder]);
	await cleanUp();
});

const env = { RETENTION_DAYS: "36500" };
/** Mounting needs root and a kernel with FUSE; CI has both. */
const canMount = existsSync("/dev/fuse") && process.getuid?.() === 0;

/** A folder that a program of its own shows, as sshfs, rclone and mergerfs do. */
function mountFuse(): { dataDir: string; behind: string } {
	const [behind, dataDir] = [join(makeFolder(), "behind"), join(makeFolder(), "mounted")];
	for (const folder of [behind, dataDir]) mkdirSync(folder);
	const mounted = Bun.spawnSync(["bindfs", behind, dataDir]);
	expect([mounted.stderr.toString(), mounted.exitCode]).toEqual(["", 0]);
	mounts.push(dataDir);
	return { dataDir, behind };
}

const tokenOf = ({ dataDir }: Started) => readFileSync(join(dataDir, "push-token"), "utf8").trim();

async function push(server: Started, id: string): Promise<number> {
	const headers = { authorization: `Bearer ${tokenOf(server)}` };
	const body = aLine(500, { backup_id: id, job: "pushed" });
	return (await server.get("/api/runs", { method: "POST", body, headers })).status;
}

test.skipIf(!canMount)(
	"on FUSE: said in the log of problems, by doctor and on the settings page; reports outlive kills",
	async () => {
		const { dataDir, behind } = mountFuse();
		expect(remoteKind(dataDir)).toContain("FUSE");
		writeFileSync(join(dataDir, "metrics.jsonl"), someLines(0, 20));
		const acknowledged: string[] = [];
		for (let n = 0; n < (isHard ? 100 : 5); n++) {
			const server = await startServer({ dataDir, env });
			expect(await push(server, `p${n}`)).toBe(200);
			acknowledged.push(`p${n}`);
			await server.kill();
		}
		const server = await startServer({ dataDir, env });
		await untilRead(server, 20);
		const { problems } = await server.json("/api/health");
		const told = problems.find(({ id }: { id: string }) => id === "network-database");
		expect(told).toMatchObject({ severity: "warning", title: expect.stringContaining("lies on a FUSE file system") });
		expect((await server.get("/health")).status).toBe(200);
		expect(await (await server.get("/")).text()).toContain("lies on a FUSE file system");
		expect(await (await server.get("/settings")).text()).toContain("The database lies on a FUSE file system");
		// No shared memory, no write-ahead log.
		expect(existsSync(join(behind, "backups.db-shm"))).toBe(false);
		expect(existsSync(join(behind, "backups.db-wal"))).toBe(false);
		const doctor = await runCommand(["doctor"], { dataDir, env: { ...env, PORT: String(server.port) } });
		expect(doctor.code).toBe(1);
		expect(doctor.out).toMatch(/!! {2}data folder \S+ lies on a FUSE file system.*\n.*local disk/);
		const copied = await runCommand(["backup"], { dataDir, env });
		expect([copied.code, copied.err]).toEqual([0, ""]);
		await server.stop();
		const db = new Database(join(behind, "backups.db"), { readonly: true });
		const rows = db.query<{ backup_id: string }, []>("SELECT backup_id FROM run WHERE backup_id LIKE 'p%'").all();
		expect(db.query("PRAGMA integrity_check").get()).toEqual({ integrity_check: "ok" });
		db.close();
		expect(rows.map(({ backup_id }) => backup_id).sort()).toEqual(acknowledged.sort());
	},
	120_000,
);

test.skipIf(!canMount)(
	"moved there from a local disk, and only the database there: the same",
	async () => {
		const { dataDir: mounted } = mountFuse();
		const local = makeFolder();
		writeFileSync(join(local, "metrics.jsonl"), someLines(0, 20));
		const before = await startServer({ dataDir: local, env });
		await untilRead(before, 20);
		// Killed: a write-ahead log is left, and has to be read on the other file system.
		await before.kill();
		expect(existsSync(join(local, "backups.db-wal"))).toBe(true);
		expect(Bun.spawnSync(["cp", "-a", `${local}/.`, mounted]).exitCode).toBe(0);
		const server = await startServer({ dataDir: mounted, env });
		await until(async () => (await server.json("/api/metrics")).length === 20);
		expect(await push(server, "after")).toBe(200);
		await server.stop();
		expect(existsSync(join(mounted, "backups.db-wal"))).toBe(false);

		const DB_PATH = join(mounted, "other.db");
		const beside = await startServer({ dataDir: makeFolder(), env: { ...env, DB_PATH } });
		expect(await push(beside, "beside")).toBe(200);
		const { problems } = await beside.json("/api/health");
		expect(problems[0].title).toContain(`${DB_PATH} lies on a FUSE file system`);
		const doctor = await runCommand(["doctor"], { dataDir: beside.dataDir, env: { ...env, DB_PATH } });
		expect(doctor.out).toMatch(/!! {2}database \S+other.db lies on a FUSE file system.*\n.*DB_PATH/);
		await beside.stop();
	},
	60_000,
);

test("a disk of this machine is none of these", () => {
	expect(remoteKind(makeFolder())).toBeNull();
	expect(remoteKind("/proc")).toBeNull();
	expect(remoteKind("/is/not/there")).toBeNull();
});
