// Signals go through the wrapper in both directions.
import { afterAll, expect, test } from "bun:test";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { cleanUp, makeFolder, until } from "../binary.ts";
import { backupMonitor, lastOf, spooled } from "./wrapper.ts";

afterAll(cleanUp);

const signals = ["SIGTERM", "SIGINT", "SIGHUP", "SIGQUIT", "SIGUSR1"] as const;

test("a signal to the wrapper reaches the command, which may end in its own way", async () => {
	for (const signal of signals) {
		const dataDir = makeFolder();
		const ready = join(dataDir, "ready");
		const script = `trap 'echo caught; exit 42' ${signal.slice(3)}; touch ${ready}; while :; do sleep 0.05; done`;
		const { code, out } = await backupMonitor(["run", "--job", "nas", "--", "sh", "-c", script], {
			env: { DATA_DIR: dataDir },
			onStart: async (child) => {
				await until(() => existsSync(ready));
				child.kill(signal);
			},
		});
		expect([signal, code, out.toString()]).toEqual([signal, 42, "caught\n"]);
		expect(lastOf(dataDir)).toMatchObject({ outcome: "failure", exit_code: 42 });
	}
});

test("what the command dies of, the wrapper dies of", async () => {
	for (const signal of ["SIGTERM", "SIGINT", "SIGHUP", "SIGKILL", "SIGPIPE", "SIGALRM", "SIGUSR2"]) {
		const dataDir = makeFolder();
		const script = `kill -${signal.slice(3)} $$`;
		const ended = await backupMonitor(["run", "--job", "nas", "--", "sh", "-c", script], {
			env: { DATA_DIR: dataDir },
		});
		expect(ended.signal).toBe(signal);
		expect(lastOf(dataDir)).toMatchObject({
			outcome: "failure",
			error_category: "interrupted",
			error_message: `ended by ${signal}`,
			labels: { signal },
		});
	}
});

test("a crash is told by the exit status of a shell, without a second core", async () => {
	const ended = await backupMonitor(["run", "--job", "nas", "--", "sh", "-c", "ulimit -c 0; kill -SEGV $$"], {
		env: { DATA_DIR: makeFolder() },
	});
	expect([ended.code, ended.signal, ended.err]).toEqual([139, null, ""]);
});

test("kill -9 of the wrapper leaves an open run behind", async () => {
	const dataDir = makeFolder();
	const pidFile = join(dataDir, "pid");
	const ended = await backupMonitor(["run", "--job", "nas", "--", "sh", "-c", `echo $$ > ${pidFile}; exec sleep 30`], {
		env: { DATA_DIR: dataDir },
		onStart: async (child) => {
			await until(() => existsSync(pidFile) && readFileSync(pidFile, "utf8").endsWith("\n"));
			child.kill("SIGKILL");
			process.kill(Number(readFileSync(pidFile, "utf8")), "SIGKILL");
		},
	});
	expect(ended.signal).toBe("SIGKILL");
	expect(spooled(dataDir).map(({ outcome }) => outcome)).toEqual(["running"]);
});

test("what nohup ignores stays ignored in the command", async () => {
	const script = "kill -HUP $$; echo survived";
	const { out, code } = await backupMonitor(["run", "--job", "nas", "--", "sh", "-c", script], {
		env: { DATA_DIR: makeFolder() },
		prefix: ["nohup"],
	});
	expect([out.toString(), code]).toEqual(["survived\n", 0]);
});

test("on a terminal Ctrl-C reaches the command once", async () => {
	const dataDir = makeFolder();
	const { binary } = await import("../binary.ts");
	const ready = join(dataDir, "ready");
	const script = `n=0; trap "n=\\$((n+1))" INT; touch ${ready}; i=0; while [ $i -lt 10 ]; do sleep 0.1; i=$((i+1)); done; echo "caught $n"`;
	const file = join(dataDir, "script");
	await Bun.write(file, script);
	const child = Bun.spawn(["script", "-qec", `${binary} run --job nas -- sh ${file}`, "/dev/null"], {
		env: { PATH: process.env.PATH ?? "", DATA_DIR: dataDir, TERM: "xterm" },
		stdin: "pipe",
		stdout: "pipe",
	});
	await until(() => existsSync(ready));
	child.stdin.write("\x03");
	child.stdin.flush();
	expect(await new Response(child.stdout).text()).toContain("caught 1");
	child.stdin.end();
});
