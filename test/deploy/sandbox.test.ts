// Every recorded hostile request, to a server with less rights than the unit and the image leave it, all at once: a root
// that cannot be written, uid 65532, the unit's system calls, no writable code, a /proc of processes alone.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { chmodSync, chownSync, copyFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { binary, childOf, cleanUp, makeFolder, type Started, startServer } from "../binary.ts";
import { tell } from "../hard/tell.ts";
import { aLine, someLines } from "../lines.ts";
import { expectAnswered, httpCases } from "../web/http-cases.ts";

/** Another uid, a read-only root and a filter of system calls are root's to set; CI is root. */
const isRoot = process.getuid?.() === 0;
const deploy = join(import.meta.dir, "../../deploy");
afterAll(cleanUp);

/** What the unit's two lines of SystemCallFilter leave, as systemd itself reads their groups. */
function allowedCalls(): string[] {
	const unit = readFileSync(join(deploy, "backup-monitor.service"), "utf8");
	const words = (line: RegExp) => (line.exec(unit)?.[1] ?? "").split(" ").flatMap((group) => [...membersOf(group)]);
	const allowed = words(/^SystemCallFilter=(@.*)$/m);
	const refused = new Set(words(/^SystemCallFilter=~(.*)$/m));
	expect([allowed.length > 200, refused.size > 50]).toEqual([true, true]);
	return allowed.filter((name) => !refused.has(name));
}

function membersOf(group: string): Set<string> {
	const { stdout } = Bun.spawnSync(["systemd-analyze", "syscall-filter", "--no-pager", group]);
	const names = stdout
		.toString()
		.split("\n")
		.slice(1)
		.map((line) => line.trim())
		.filter((line) => line !== "" && !line.startsWith("#"));
	return new Set(names.flatMap((name) => (name.startsWith("@") ? [...membersOf(name)] : [name])));
}

describe.skipIf(!isRoot)("in the sandbox", () => {
	const root = makeFolder();
	const dataDir = makeFolder();
	const calls = join(makeFolder(), "calls");
	const launcher = ["python3", join(import.meta.dir, "sandbox.py"), calls];
	const token = "the-token-of-the-sandbox";
	let server: Started;
	let pid: number;

	beforeAll(async () => {
		writeFileSync(calls, allowedCalls().join("\n"));
		const made = Bun.spawnSync(["sh", join(deploy, "rootfs.sh"), "", root]);
		expect([made.stderr.toString(), made.exitCode]).toEqual(["", 0]);
		copyFileSync(binary, join(root, "backup-monitor"));
		mkdirSync(join(root, "data"));
		chmodSync(root, 0o755);
		writeFileSync(join(dataDir, "metrics.jsonl"), someLines(0, 20));
		chownSync(dataDir, 65532, 65532);
		const contain = ["unshare", "--mount", "--pid", "--fork", "--kill-child", join(import.meta.dir, "contain.sh")];
		server = await startServer({
			dataDir,
			prefix: [...contain, root, dataDir],
			program: "/backup-monitor",
			env: {
				DATA_DIR: "/data",
				PUSH_TOKEN: token,
				BUN_JSC_useJIT: "0",
				CONTAIN_PROC: "subset=pid,hidepid=invisible",
				CONTAIN_WITH: launcher.join(" "),
			},
		});
		pid = childOf(server);
	}, 60_000);

	test("it is one: filtered, without rights, without a place to write but its own", () => {
		const status = readFileSync(`/proc/${pid}/status`, "utf8");
		expect(status).toMatch(/^Seccomp:\t2$/m);
		expect(status).toMatch(/^NoNewPrivs:\t1$/m);
		expect(status).toMatch(/^CapEff:\t0+$/m);
		expect(status).toMatch(/^Uid:\t65532\t65532\t65532\t65532$/m);
		const mounts = readFileSync(`/proc/${pid}/mountinfo`, "utf8");
		expect(mounts).toMatch(/ \/ ro\b/);
		expect(mounts).toMatch(/ \/proc rw.*subset=pid/);
		expect(existsSync(`/proc/${pid}/root/proc/meminfo`)).toBe(false);
	});

	test("it bites: code cannot be written, a refused call is an error", () => {
		const tried = (program: string) => {
			const { exitCode, stdout, stderr } = Bun.spawnSync([...launcher, "/", "/usr/bin/python3", "-c", program]);
			return [exitCode, stdout.toString().trim(), stderr.toString().trim().split("\n").at(-1)];
		};
		expect(tried("import mmap; mmap.mmap(-1, 4096, prot=3); print('data')")).toEqual([0, "data", ""]);
		expect(tried("import mmap; mmap.mmap(-1, 4096, prot=7)")).toEqual([
			1,
			"",
			"PermissionError: [Errno 13] Permission denied",
		]);
		expect(tried("import os; os.nice(1)")).toEqual([1, "", "PermissionError: [Errno 1] Operation not permitted"]);
	});

	for (const wanted of httpCases) {
		test(`${wanted.id}: ${wanted.why}`, async () => expectAnswered(wanted, server.port, token));
	}

	test("it is well afterwards: reports, pages, lines, a stop in order", async () => {
		tell("R20 hostile requests in the sandbox", httpCases.length, 0);
		const headers = { authorization: `Bearer ${token}` };
		const sent = await server.get("/api/runs", { method: "POST", body: aLine(30, { job: "pushed" }), headers });
		expect(sent.status).toBe(200);
		for (const path of ["/", "/runs", "/alerts", "/settings", "/setup", "/inventory", "/metrics", "/api/health"])
			expect([path, (await server.get(path)).status]).toEqual([path, 200]);
		expect((await server.json("/api/metrics")).length).toBeGreaterThan(20);
		expect(await server.json("/health")).toEqual({ status: "ok" });
		expect(server.log()).not.toMatch(/internal error|uncaught|unhandled/);
		process.kill(pid, "SIGTERM");
		expect(await server.exited).toBe(0);
	});
});
