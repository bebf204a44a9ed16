// `run` wraps a command: nobody can tell from outside that it is there, and the run is recorded.
import { afterAll, describe, expect, test } from "bun:test";
import { chmodSync, mkdirSync, readdirSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { cleanUp, makeFolder, until } from "../binary.ts";
import { backupMonitor, lastOf, spooled } from "./wrapper.ts";

afterAll(cleanUp);

/** `run --job nas -- …` with a data folder of its own. */
async function run(command: string[], options: Parameters<typeof backupMonitor>[1] & { flags?: string[] } = {}) {
	const dataDir = makeFolder();
	const { flags = [], env, ...rest } = options;
	const words = ["run", "--job", "nas", ...flags, "--", ...command];
	const ended = await backupMonitor(words, { ...rest, env: { DATA_DIR: dataDir, ...env } });
	return { ...ended, dataDir };
}

describe("what passes through", () => {
	test("binary output comes out byte for byte, both streams apart", async () => {
		const bytes = crypto.getRandomValues(new Uint8Array(60_000));
		const folder = makeFolder();
		writeFileSync(join(folder, "bytes"), bytes);
		const { out, err, code } = await run(["sh", "-c", `cat ${folder}/bytes; echo to-stderr >&2`]);
		expect(out.equals(Buffer.from(bytes))).toBe(true);
		expect([err, code]).toEqual(["to-stderr\n", 0]);
	});

	test("standard input reaches the command", async () => {
		const { out } = await run(["wc", "-c"], { input: "x".repeat(300_000) });
		expect(out.toString().trim()).toBe("300000");
	});

	test("each exit status from 0 to 255 is the wrapper's", async () => {
		const dataDir = makeFolder();
		const wrong: string[] = [];
		for (let base = 0; base < 256; base += 8) {
			const codes = [...Array(8).keys()].map((n) => base + n);
			await Promise.all(
				codes.map(async (exit) => {
					const words = ["run", "--job", `exit-${exit}`, "--", "sh", "-c", `exit ${exit}`];
					const { code } = await backupMonitor(words, { env: { DATA_DIR: dataDir } });
					if (code !== exit) wrong.push(`${exit}: ${code}`);
				}),
			);
		}
		expect(wrong).toEqual([]);
		const exits = spooled(dataDir).filter(({ outcome }) => outcome !== "running");
		expect(exits.length).toBe(256);
		expect(exits.every(({ job, exit_code }) => job === `exit-${exit_code}`)).toBe(true);
		expect(exits.filter(({ outcome }) => outcome === "success").length).toBe(1);
	}, 60_000);

	test("environment, folder, umask and further descriptors are the command's as they were ours", async () => {
		const cwd = makeFolder();
		writeFileSync(join(cwd, ".env"), "FROM_DOTENV=1\n");
		const script = "env | sort | grep -v '^_=\\|^PWD=\\|^SHLVL=\\|^OLDPWD='; pwd; umask; cat <&3; cat <&9";
		const prefix = ["sh", "-c", 'umask 027; exec 3<<A 9<<B; exec "$@"\nthree\nA\nnine\nB\n', "sh"];
		const env = { SECRET: "s", HTTP_PROXY: "http://127.0.0.1:1" };
		const { out, dataDir } = await run(["sh", "-c", script], { cwd, prefix, env });
		const wanted = [
			`DATA_DIR=${dataDir}`,
			"HTTP_PROXY=http://127.0.0.1:1",
			`PATH=${process.env.PATH}`,
			"SECRET=s",
			"TZ=UTC",
		];
		expect(out.toString().trim().split("\n")).toEqual([...wanted, cwd, "0027", "three", "nine"]);
	});

	test("arguments reach the command as they are, --help and -- among them", async () => {
		const { out } = await run(["printf", "<%s>", "--help", "-h", "--", "--phase", "x", "--", "", "a b", "ü*$"]);
		expect(out.toString()).toBe("<--help><-h><--><--phase><x><--><><a b><ü*$>");
	});

	test("words and variables that are no UTF-8 come out byte for byte", async () => {
		const { binary } = await import("../binary.ts");
		const script = `export LATIN="$(printf 'gr\\374n')"; exec '${binary}' run --job nas -- sh -c 'printf "<%s>" "$@" "$LATIN"' sh "it's" "$(printf 'gr\\374\\337e')" ü`;
		const child = Bun.spawn(["sh", "-c", script], { env: { PATH: process.env.PATH ?? "", DATA_DIR: makeFolder() } });
		const out = Buffer.from(await new Response(child.stdout).arrayBuffer());
		expect(out.toString("latin1")).toBe(`<it's><gr\xfc\xdfe><${Buffer.from("ü").toString("latin1")}><gr\xfcn>`);
	});

	test("with 2>&1 both outputs keep their order, and the tool's words are still read", async () => {
		const { binary } = await import("../binary.ts");
		const loop = "i=0; while [ $i -lt 500 ]; do echo out$i; echo err$i >&2; i=$((i+1)); done";
		const dataDir = makeFolder();
		const child = Bun.spawn(["sh", "-c", `'${binary}' run --job nas -- sh -c '${loop}; exit 3' 2>&1`], {
			env: { PATH: process.env.PATH ?? "", DATA_DIR: dataDir },
		});
		const wanted = Array.from({ length: 500 }, (_, n) => `out${n}\nerr${n}\n`).join("");
		expect(await new Response(child.stdout).text()).toBe(wanted);
		expect(await child.exited).toBe(3);
		expect(lastOf(dataDir)).toMatchObject({ error_message: "err499", log: wanted.trim() });
	});

	test("a full disk under our output ends nothing", async () => {
		const { binary } = await import("../binary.ts");
		const script = `'${binary}' run --job nas -- sh -c 'printf one; sleep 0.1; printf two; exit 3' > /dev/full; echo $?`;
		const dataDir = makeFolder();
		const child = Bun.spawn(["sh", "-c", script], { env: { PATH: process.env.PATH ?? "", DATA_DIR: dataDir } });
		expect((await new Response(child.stdout).text()).trim()).toBe("3");
		expect(lastOf(dataDir).log).toBe("onetwo");
	});

	test("output is handed on while the command runs", async () => {
		const dataDir = makeFolder();
		const { binary } = await import("../binary.ts");
		const child = Bun.spawn([binary, "run", "--job", "nas", "--", "sh", "-c", "printf now; read x; printf later"], {
			env: { PATH: process.env.PATH ?? "", DATA_DIR: dataDir },
			stdin: "pipe",
			stdout: "pipe",
		});
		const reader = child.stdout.getReader();
		const first = await reader.read();
		expect(new TextDecoder().decode(first.value)).toBe("now");
		child.stdin.write("\n");
		child.stdin.end();
		expect(new TextDecoder().decode((await reader.read()).value)).toBe("later");
		expect(await child.exited).toBe(0);
	});

	test("50 MB of output pass in bounded memory, also to a slow reader, and the end is kept", async () => {
		const make = "head -c 50000000 /dev/urandom; echo; grep VmHWM /proc/$PPID/status >&2; echo the last line";
		const { out, err, dataDir } = await run(["sh", "-c", make]);
		expect(out.length).toBe(50_000_000 + 15);
		expect(Number(/VmHWM:\s+(\d+) kB/.exec(err)?.[1])).toBeLessThan(80_000);
		const { log } = lastOf(dataDir);
		expect(String(log).endsWith("the last line")).toBe(true);
		expect(String(log).length).toBeLessThanOrEqual(100_000);
		const file = readdirSync(join(dataDir, "spool")).at(-1) ?? "";
		expect(statSync(join(dataDir, "spool", file)).size).toBeLessThanOrEqual(262_144);

		const slow = makeFolder();
		const { binary } = await import("../binary.ts");
		const command = `'${binary}' run --job nas -- head -c 50000000 /dev/zero | (sleep 1.5; wc -c)`;
		const child = Bun.spawn(["sh", "-c", command], { env: { PATH: process.env.PATH ?? "", DATA_DIR: slow } });
		expect((await new Response(child.stdout).text()).trim()).toBe("50000000");
		expect(lastOf(slow).outcome).toBe("success");
	}, 60_000);

	test("a reader that goes away is felt by the command as without the wrapper", async () => {
		const dataDir = makeFolder();
		const { binary } = await import("../binary.ts");
		const command = `('${binary}' run --job nas -- yes; echo "rc $?" >&2) | head -n 2`;
		const child = Bun.spawn(["bash", "-c", command], {
			env: { PATH: process.env.PATH ?? "", DATA_DIR: dataDir },
			stderr: "pipe",
		});
		expect(await new Response(child.stdout).text()).toBe("y\ny\n");
		expect(await new Response(child.stderr).text()).toContain("rc 141");
		expect(lastOf(dataDir).error_message).toBe("ended by SIGPIPE");
	});

	test("/dev/stdout and /dev/stderr can be opened, as on a pipe", async () => {
		const { out, err, code } = await run([
			"sh",
			"-c",
			"echo one >/dev/stdout; echo two | tee /dev/stderr; test -p /dev/stdout",
		]);
		expect([out.toString(), err, code]).toEqual(["one\ntwo\n", "two\n", 0]);
	});

	test("a background process that keeps the output open does not keep the wrapper", async () => {
		const from = performance.now();
		const { out, code } = await run(["sh", "-c", "echo done; sleep 20 & exit 4"]);
		expect([out.toString(), code]).toEqual(["done\n", 4]);
		expect(performance.now() - from).toBeLessThan(5000);
	});
});

describe("on a terminal", () => {
	test("the command sees terminals where we had them, in colour and size", async () => {
		const dataDir = makeFolder();
		const { binary } = await import("../binary.ts");
		const inner = `${binary} run --job nas -- sh -c 'test -t 0 && test -t 1 && test -t 2 && stty size && echo all-terminals'`;
		const child = Bun.spawn(["script", "-qec", `stty rows 33 cols 77; ${inner}`, "/dev/null"], {
			env: { PATH: process.env.PATH ?? "", DATA_DIR: dataDir, TERM: "xterm" },
			stdin: "pipe",
			stdout: "pipe",
		});
		const out = await new Response(child.stdout).text();
		expect(out).toContain("33 77");
		expect(out).toContain("all-terminals");
		expect(await child.exited).toBe(0);
		const { outcome, log } = lastOf(dataDir);
		expect([outcome, log]).toEqual(["success", undefined]);
	});
});

describe("what is recorded", () => {
	test("an open run at the start, closed by the same id at the end", async () => {
		const dataDir = makeFolder();
		let atStart: unknown;
		const ended = await backupMonitor(
			["run", "--job", "nas", "--host", "pi", "--label", "place=attic", "--", "sleep", "0.5"],
			{
				env: { DATA_DIR: dataDir },
				onStart: () =>
					until(() => {
						try {
							atStart = spooled(dataDir)[0]?.outcome;
						} catch {}
						return atStart !== undefined;
					}),
			},
		);
		expect(ended.code).toBe(0);
		expect(atStart).toBe("running");
		const [open, closed] = spooled(dataDir);
		expect(closed).toMatchObject({ job: "nas", host: "pi", kind: "backup", outcome: "success", exit_code: 0 });
		expect(closed?.backup_id).toBe(open?.backup_id);
		expect(closed?.labels).toMatchObject({ place: "attic", tool: "generic" });
		expect(Number(closed?.duration_total)).toBeGreaterThan(0.49);
		expect(closed?.size_bytes).toBeUndefined();
	});

	test("a failure has its reason and the end of its output", async () => {
		const { dataDir, code } = await run(["sh", "-c", "echo begin; echo 'write: no space left on device' >&2; exit 9"]);
		expect(code).toBe(9);
		expect(lastOf(dataDir)).toMatchObject({
			outcome: "failure",
			exit_code: 9,
			error_category: "dest_full",
			error_message: "write: no space left on device",
		});
		expect(lastOf(dataDir).log).toContain("begin");
	});

	test("--no-log keeps nothing of the output, --kind says what it was, --warning-exit what is tolerated", async () => {
		const flags = ["--no-log", "--kind", "check", "--warning-exit", "1,3"];
		const { dataDir, code } = await run(["sh", "-c", "echo secret; exit 3"], { flags });
		expect(code).toBe(3);
		expect(lastOf(dataDir)).toMatchObject({ kind: "check", outcome: "warning", exit_code: 3 });
		expect(lastOf(dataDir).log).toBeUndefined();
	});

	describe("--size-of", () => {
		const dump = (script: string) => {
			const file = join(makeFolder(), "app.sql");
			return { file, ran: run(["sh", "-c", script, "sh", file], { flags: ["--size-of", file] }) };
		};

		test("is the size of what the shell of the command wrote", async () => {
			const { dataDir } = await dump('printf 12345 > "$1"').ran;
			expect(lastOf(dataDir)).toMatchObject({ outcome: "success", size_bytes: 5 });
		});

		test("makes a warning of a file that is not there, or that is yesterday's", async () => {
			const missing = dump("true");
			expect(lastOf((await missing.ran).dataDir)).toMatchObject({
				outcome: "warning",
				error_message: `${missing.file} is not there after the run`,
			});
			const old = dump('printf 12345 > "$1"; touch -d yesterday "$1"');
			const last = lastOf((await old.ran).dataDir);
			expect(last).toMatchObject({ outcome: "warning", error_message: `${old.file} was not written by this run` });
			expect(last?.size_bytes).toBeUndefined();
		});

		test("makes a failure of an empty dump, and changes nothing of one that failed", async () => {
			expect(lastOf((await dump(': > "$1"').ran).dataDir)).toMatchObject({
				outcome: "failure",
				error_category: "source_missing",
				size_bytes: 0,
			});
			const failed = lastOf((await dump('printf 12 > "$1"; echo "pg_dump: no route to host" >&2; exit 3').ran).dataDir);
			expect(failed).toMatchObject({ outcome: "failure", exit_code: 3, error_category: "network", size_bytes: 2 });
		});
	});

	test("a command that cannot run is a failure of the configuration, told in a sentence", async () => {
		const folder = makeFolder();
		writeFileSync(join(folder, "plain"), "text");
		chmodSync(join(folder, "plain"), 0o644);
		mkdirSync(join(folder, "dir"));
		const cases: [string, number, string][] = [
			["no-such-command", 127, "no-such-command: command not found"],
			[join(folder, "nowhere"), 127, `${folder}/nowhere: no such file`],
			[join(folder, "plain"), 126, `${folder}/plain: may not be executed`],
			[join(folder, "dir"), 126, `${folder}/dir: may not be executed`],
		];
		for (const [command, exit, sentence] of cases) {
			const { code, err, dataDir } = await run([command]);
			expect([code, err]).toEqual([exit, `backup-monitor: ${sentence}\n`]);
			const wanted = { outcome: "failure", exit_code: exit, error_category: "config", error_message: sentence };
			expect(lastOf(dataDir)).toMatchObject(wanted);
		}
	});

	test("a script without an interpreter's line runs, as in a shell", async () => {
		const file = join(makeFolder(), "script");
		writeFileSync(file, 'echo "ran with $1"\n', { mode: 0o755 });
		const { out, code } = await run([file, "this"]);
		expect([out.toString(), code]).toEqual(["ran with this\n", 0]);
	});
});

describe("a monitor in trouble", () => {
	test("a data folder that cannot be written costs one line, not the backup", async () => {
		const file = join(makeFolder(), "file");
		writeFileSync(file, "");
		const words = ["run", "--job", "nas", "--", "sh", "-c", "echo fine; exit 5"];
		const { code, out, err } = await backupMonitor(words, { env: { DATA_DIR: join(file, "data") } });
		expect([code, out.toString()]).toEqual([5, "fine\n"]);
		expect(err).toMatch(/^backup-monitor: the run is not recorded: [^\n]+\n$/);
	});

	test("a wrong variable or a missing folder costs one line, not the backup", async () => {
		for (const env of [{ DATA_DIR: makeFolder(), PORT: "many" }, { DB_PATH: "/no/such/folder/backups.db" }]) {
			const { code, out, err } = await backupMonitor(["run", "--job", "nas", "--", "echo", "fine"], { env });
			expect([code, out.toString()]).toEqual([0, "fine\n"]);
			expect(err.trim().split("\n").length).toBe(1);
		}
	});

	test("wrong usage runs nothing and says what was expected", async () => {
		const cases: [string[], RegExp][] = [
			[["--", "echo", "ran"], /--job is missing/],
			[["--job", "nas", "echo", "ran"], /"echo" stands before "--"/],
			[["--job", "nas"], /There is no command to run/],
			[["--job", "nas", "--frob", "--", "echo", "ran"], /--frob/],
			[["--job", "nas", "--kind", "tea", "--", "echo", "ran"], /--kind is "tea"/],
			[["--job", "nas", "--from", "tea", "--", "echo", "ran"], /--from is "tea"; expected auto or one of/],
			[["--job", "nas", "--to", "file:///etc", "--", "echo", "ran"], /--to is "file:\/\/\/etc"/],
			[["--job", "nas", "--warning-exit", "0", "--", "echo", "ran"], /--warning-exit is "0"/],
			[["--job", "nas", "--phase", "a", "--", "echo", "--phase", "b", "--"], /The phase b has no command/],
		];
		for (const [words, wanted] of cases) {
			const { code, out, err } = await backupMonitor(["run", ...words], { env: { DATA_DIR: makeFolder() } });
			expect([code, out.toString()]).toEqual([2, ""]);
			expect(err).toMatch(wanted);
		}
	});
});
