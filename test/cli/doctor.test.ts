// `doctor`: each known trouble is made for real, found, and told with what mends it; a good place has none.
import { Database } from "bun:sqlite";
import { afterAll, describe, expect, test } from "bun:test";
import { appendFileSync, chmodSync, chownSync, mkdirSync, rmSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { cleanUp, makeFolder, runCommand, startServer, until, untilRead } from "../binary.ts";
import { someLines } from "../lines.ts";

afterAll(cleanUp);

const env = { RETENTION_DAYS: "36500", PORT: "1" };
const isRoot = process.getuid?.() === 0;
/** Mounts of one's own, without being root too. */
const namespace = isRoot ? ["unshare", "-m"] : ["unshare", "-rm"];
const stranger = 65_534;
const dayMs = 86_400_000;

type Doctored = { code: number; out: string };

async function doctor(dataDir: string, more: Record<string, string> = {}, prefix: string[] = []): Promise<Doctored> {
	const { code, out, err } = await runCommand(["doctor"], { dataDir, env: { ...env, ...more }, prefix });
	expect(err).toBe("");
	return { code, out: out.replaceAll("\u00a0", " ") };
}

const mounted = (commands: string) => [...namespace, "sh", "-c", `${commands} && exec "$@"`, "sh"];

/** A folder as a server leaves it. */
async function served(lines = someLines(0, 5)): Promise<string> {
	const dataDir = makeFolder();
	writeFileSync(join(dataDir, "metrics.jsonl"), lines);
	const server = await startServer({ dataDir, env: { ...env, PORT: "0" } });
	await until(async () => (await server.json("/api/health")).source.lines === lines.split("\n").length - 1);
	await server.stop();
	return dataDir;
}

function change(dataDir: string, ...statements: string[]): void {
	const db = new Database(join(dataDir, "backups.db"));
	for (const statement of statements) db.run(statement);
	db.close();
}

/** Finds it, says how it is mended, and ends with 1; "!!" stands before it. */
function tells({ code, out }: Doctored, trouble: RegExp, fix: RegExp): void {
	const line = out.split("\n").findIndex((text) => text.startsWith("!!") && trouble.test(text));
	expect([line >= 0, out]).toEqual([true, out]);
	expect(out.split("\n")[line + 1]).toMatch(fix);
	expect(code).toBe(1);
}

test("a folder that a server has served has nothing to mend; what should only be known ends with 0", async () => {
	const { code, out } = await doctor(await served());
	expect([code, out.includes("!!")]).toEqual([0, false]);
	expect(out).toContain("--  no channel is set up: nobody is told of a failure");
	expect(out).toContain("--  no server runs on port 1");
	expect(out).toContain("--  there is no copy of the database yet");
});

describe("paths", () => {
	test("a missing folder, also where ./data is the one", async () => {
		tells(await doctor("/nowhere/at/all"), /does not exist/, /mkdir -p \/nowhere\/at\/all/);
	});

	test("a folder that docker made in place of the metrics file", async () => {
		const dataDir = makeFolder();
		mkdirSync(join(dataDir, "metrics.jsonl"));
		tells(await doctor(dataDir), /is not a file but a folder/, /rmdir .*touch .*docker.*METRICS_FILE/);
	});

	test("a metrics file that nobody writes any more, unless reports come by another road", async () => {
		const dataDir = await served();
		const old = new Date(Date.now() - 12 * dayMs);
		utimesSync(join(dataDir, "metrics.jsonl"), old, old);
		change(dataDir, `UPDATE source SET read_at = ${old.getTime()}`);
		tells(
			await doctor(dataDir),
			/nothing was written to .*metrics\.jsonl for 12 d/,
			/do the scripts write to another file/,
		);
		change(dataDir, `INSERT INTO source (path, read_at) VALUES ('${dataDir}/received.jsonl', ${Date.now()})`);
		const { code, out } = await doctor(dataDir);
		expect([code, out]).toEqual([
			0,
			expect.stringMatching(/^-- {2}nothing was written .*reports come by other roads/m),
		]);
	});

	test("a file system that is mounted read-only", async () => {
		const dataDir = await served();
		const mount = `mount --bind "${dataDir}" "${dataDir}" && mount -o remount,ro,bind "${dataDir}"`;
		tells(await doctor(dataDir, {}, mounted(mount)), /mounted read-only/, /dmesg/);
	});

	test("a disk that is full", async () => {
		const dataDir = makeFolder();
		const mount = `mount -t tmpfs -o size=8m tmpfs "${dataDir}"`;
		tells(await doctor(dataDir, {}, mounted(mount)), /8\.\d+ MB free/, /free some space/);
	});
});

describe("owners", () => {
	test.if(isRoot)("a folder of somebody else: uid, path, and the chown", async () => {
		const dataDir = makeFolder();
		chmodSync(dataDir, 0o755);
		const as = ["setpriv", `--reuid=${stranger}`, `--regid=${stranger}`, "--clear-groups"];
		const found = await doctor(dataDir, {}, as);
		tells(
			found,
			new RegExp(`${dataDir} belongs to user 0; user ${stranger} may not write there`),
			/sudo chown -R 65534 .*compose: user: "0:0"/,
		);
	});

	test.if(isRoot)("files that a command made as root in the server's folder, seen by root too", async () => {
		const dataDir = await served();
		chownSync(dataDir, stranger, stranger);
		for (const name of ["spool", "serve.lock", "push-token", "job-key", "link-key", "inventory", "metrics.jsonl"])
			chownSync(join(dataDir, name), stranger, stranger);
		const found = await doctor(dataDir);
		tells(
			found,
			/backups\.db belongs to user 0; user 65534 may not write there/,
			new RegExp(`sudo chown -R ${stranger}:${stranger} ${dataDir}/backups.db$`),
		);
	});

	test.if(isRoot)("a metrics file that the server may not read, though root may", async () => {
		const dataDir = makeFolder();
		writeFileSync(join(dataDir, "metrics.jsonl"), someLines(0, 1), { mode: 0o600 });
		chownSync(dataDir, stranger, stranger);
		tells(await doctor(dataDir), /metrics\.jsonl cannot be read by user 65534/, /chmod a\+r/);
	});

	test("a token that others may read", async () => {
		const dataDir = await served();
		chmodSync(join(dataDir, "push-token"), 0o644);
		tells(await doctor(dataDir), /push-token may be read by others/, /chmod 600 .*push-token/);
	});
});

describe("the clock and the zone", () => {
	const at = (time: string) => ["faketime", "-f", `@${time}`];

	test("in 1970", async () => {
		tells(await doctor(makeFolder(), {}, at("1970-01-01 00:10:00")), /1970-.*in the past/, /timedatectl set-ntp true/);
	});

	test("before what was stored", async () => {
		const dataDir = await served();
		const ahead = Date.now() + 30 * dayMs;
		change(dataDir, `UPDATE source SET read_at = ${ahead}`);
		tells(await doctor(dataDir), /but something was stored at/, /timedatectl/);
	});

	test("that jumped while the monitor was off", async () => {
		const dataDir = await served();
		const doubt = JSON.stringify({ reason: "jump", seenAt: Date.now() - 40 * dayMs, now: Date.now() });
		change(dataDir, `INSERT INTO meta (key, value) VALUES ('clock-doubt', '${doubt}')`);
		tells(await doctor(dataDir), /the clock moved from .* while the monitor was off/, /prune --yes/);
	});

	test("that no server of time has set yet", async () => {
		const mount = "mkdir -p /run/systemd && mount -t tmpfs tmpfs /run/systemd && mkdir /run/systemd/timesync";
		if (!isRoot) return;
		tells(await doctor(makeFolder(), {}, mounted(mount)), /was not set by the network/, /timedatectl timesync-status/);
	});

	test("a TZ that names no zone", async () => {
		tells(
			await doctor(makeFolder(), { TZ: "Mars/Olympus" }),
			/"Mars\/Olympus", which is no time zone/,
			/Europe\/Berlin/,
		);
	});
});

test("limits of memory that the kernel does not keep, as Raspberry Pi OS starts it", async () => {
	const fakes = makeFolder();
	writeFileSync(
		join(fakes, "cgroups"),
		"#subsys_name\thierarchy\tnum_cgroups\tenabled\ncpu\t0\t60\t1\nmemory\t0\t60\t0\n",
	);
	writeFileSync(join(fakes, "cgroup.controllers"), "cpuset cpu io pids\n");
	const mount = `mount -t tmpfs tmpfs /sys/fs/cgroup && mount --bind "${fakes}/cgroups" /proc/cgroups`;
	const off = [/without the memory cgroup/, /cgroup_enable=memory.*restart the machine/] as const;
	tells(await doctor(makeFolder(), {}, mounted(mount)), ...off);
	// As newer kernels tell it.
	tells(
		await doctor(makeFolder(), {}, mounted(`${mount} && cp "${fakes}/cgroup.controllers" /sys/fs/cgroup/`)),
		...off,
	);
	writeFileSync(join(fakes, "cgroup.controllers"), "cpuset cpu io memory pids\n");
	const on = await doctor(makeFolder(), {}, mounted(`${mount} && cp "${fakes}/cgroup.controllers" /sys/fs/cgroup/`));
	expect(on.out).toContain("ok  limits of memory are kept to");
});

describe("the database", () => {
	test("damaged, and what will stand in for it", async () => {
		const dataDir = await served(someLines(0, 300));
		change(dataDir, "UPDATE run SET report = 'no json' WHERE id = 7");
		tells(await doctor(dataDir), /is damaged: the report of run 7/, /restart the server.*newest copy/);
	});

	test("locked by another program", async () => {
		const dataDir = await served();
		const db = new Database(join(dataDir, "backups.db"));
		db.run("PRAGMA locking_mode = EXCLUSIVE");
		db.run("BEGIN EXCLUSIVE");
		tells(await doctor(dataDir), /cannot be opened: database is locked/, /close the program/);
		db.close();
	}, 20_000);

	test("of a newer version", async () => {
		const dataDir = await served();
		change(dataDir, "PRAGMA user_version = 999");
		tells(await doctor(dataDir), /made by a newer version; this one knows schema/, /install that version again/);
	});

	test("whose copies are old, or dated in the future", async () => {
		const dataDir = await served();
		const copies = join(dataDir, "copies");
		mkdirSync(copies);
		const named = (at: number) =>
			join(copies, `backups-${new Date(at).toISOString().slice(0, 19).replaceAll(":", "")}Z.db`);
		writeFileSync(named(Date.now() - 6 * dayMs), "x");
		tells(await doctor(dataDir), /newest copy of the database is 6 d old/, /backup-monitor backup/);
		writeFileSync(named(Date.now() + 6 * dayMs), "x");
		tells(await doctor(dataDir), /newest copy of the database is dated/, /delete .*copies/);
		rmSync(copies, { recursive: true });
		expect((await runCommand(["backup"], { dataDir, env })).code).toBe(0);
		expect((await doctor(dataDir)).out).toMatch(/^ok {2}the newest copy of the database is .* old/m);
	});

	test("that was damaged lately, and lines that could not be read, are said and need no mending", async () => {
		const dataDir = await served(`${someLines(0, 5)}{"no": "report"}\n`);
		const rebuilt = JSON.stringify({ at: Date.now() - dayMs, folder: "/q", reason: "malformed", copy: null, runs: 5 });
		change(dataDir, `INSERT INTO meta (key, value) VALUES ('rebuilt', '${rebuilt}')`);
		const { code, out } = await doctor(dataDir);
		expect(code).toBe(0);
		expect(out).toMatch(
			/^-- {2}the database was damaged and built again .*malformed.*\n.*dmesg; the damaged one is in \/q/m,
		);
		expect(out).toMatch(/^-- {2}1 line could not be read; the last: .*metrics\.jsonl line 6/m);
	});
});

describe("messages and settings", () => {
	test("messages that no channel took", async () => {
		const dataDir = await served();
		change(
			dataDir,
			`INSERT INTO delivery (channel, event, body, severity, created_at, due_at, attempts, error)
			VALUES ('phone', 'digest', '{}', 'warning', ${Date.now() - dayMs}, 1, 4, 'it answered 403')`,
		);
		tells(
			await doctor(dataDir),
			/1 message could not be delivered since .*phone: it answered 403/,
			/notify --test phone/,
		);
	});

	test("each mistake of config.yaml with its line, and a channel that cannot be used", async () => {
		const dataDir = makeFolder();
		writeFileSync(join(dataDir, "config.yaml"), "jobs:\n  a:\n    max_runtime: 3\n  b:\n    colour: red\n");
		const found = await doctor(dataDir);
		tells(found, /config\.yaml line 3: jobs\.a\.max_runtime is 3, which has no unit/, /backup-monitor check/);
		tells(found, /config\.yaml line 5: .*colour/, /backup-monitor check/);
		writeFileSync(join(dataDir, "config.yaml"), "channels:\n  phone: { url_file: /nowhere }\n");
		tells(await doctor(dataDir), /phone/, /./);
		writeFileSync(join(dataDir, "config.yaml"), "channels:\n  phone: { url: 'ntfy://127.0.0.1/x' }\n");
		expect((await doctor(dataDir)).out).toContain("ok  1 channel set up");
	});
});

describe("the server", () => {
	test("that runs is asked; what it says is wrong is said, refused reports among it", async () => {
		const server = await startServer({ env: { ...env, PORT: "0" } });
		const here = { PORT: String(server.port) };
		expect((await doctor(server.dataDir, here)).out).toMatch(/^ok {2}a server answers on port \d+, version \d/m);
		await server.get("/api/runs", { method: "POST", body: "{}", headers: { authorization: "Bearer wrong" } });
		tells(
			await doctor(server.dataDir, here),
			/the server says: Reports from 127\.0\.0\.1 were refused/,
			/backup-monitor token/,
		);
		await server.stop();
	});

	test("of another folder on this port, or of this folder on another port", async () => {
		const server = await startServer({ env: { ...env, PORT: "0" } });
		tells(
			await doctor(makeFolder(), { PORT: String(server.port) }),
			/is another one: it serves .*backups\.db/,
			/DATA_DIR/,
		);
		tells(await doctor(server.dataDir), /a server uses .* and nothing answers on port 1/, /set PORT and HOST/);
		await server.stop();
	});

	test("whose port another program has, whether that speaks HTTP or not", async () => {
		const web = Bun.serve({ hostname: "127.0.0.1", port: 0, fetch: () => new Response("Welcome to nginx") });
		tells(
			await doctor(makeFolder(), { PORT: String(web.port) }),
			/taken by another program, which answers "Welcome to nginx"/,
			/PORT=N/,
		);
		web.stop(true);
		const mute = Bun.listen({
			hostname: "127.0.0.1",
			port: 0,
			socket: { data: () => {}, open: (socket) => void socket.end() },
		});
		tells(await doctor(makeFolder(), { PORT: String(mute.port) }), /another program, which speaks no HTTP/, /PORT=N/);
		mute.stop(true);
	});

	test("that does not take what is handed over to it", async () => {
		const server = await startServer({ env: { ...env, PORT: "0" } });
		const path = join(server.dataDir, "spool", "00000000000001-0000000a.report.jsonl");
		mkdirSync(path);
		const file = join(server.dataDir, "spool", "not-ours.txt");
		writeFileSync(file, "x");
		const old = new Date(Date.now() - 3_600_000);
		utimesSync(file, old, old);
		tells(
			await doctor(server.dataDir, { PORT: String(server.port) }),
			/1 file was handed over in .*spool and not taken/,
			/dashboard/,
		);
		await server.stop();
	});

	test("is asked without a word to it of what it keeps behind a login", async () => {
		const dataDir = makeFolder();
		const password = join(makeFolder(), "password");
		writeFileSync(password, "correct horse\n", { mode: 0o600 });
		const access = { AUTH_PASSWORD_FILE: password };
		const server = await startServer({ dataDir, env: { ...env, ...access, PORT: "0" } });
		const { code, out } = await doctor(dataDir, { ...access, PORT: String(server.port) });
		expect([code, out]).toEqual([0, expect.stringMatching(/^ok {2}a server answers on port/m)]);
		await server.stop();
	});
});

test("nothing is changed by looking, and a running server is not disturbed", async () => {
	const server = await startServer({ env: { ...env, PORT: "0" } });
	appendFileSync(join(server.dataDir, "metrics.jsonl"), someLines(0, 20));
	await untilRead(server, 20);
	const database = join(server.dataDir, "backups.db");
	const before = statSync(database).mtimeMs;
	await Promise.all(Array.from({ length: 3 }, () => doctor(server.dataDir, { PORT: String(server.port) })));
	expect(statSync(database).mtimeMs).toBe(before);
	await until(async () => (await server.json("/health")).status === "ok");
	await server.stop();
});
