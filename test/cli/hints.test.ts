// What the commands say when something is nearly right: the word that was meant, the folder, the next step.
import { afterAll, describe, expect, test } from "bun:test";
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { commands } from "../../src/cli/commands.ts";
import { cleanUp, makeFolder, runCommand, startServer } from "../binary.ts";

afterAll(cleanUp);

const run = (
	args: string[],
	env: Record<string, string | undefined> = {},
	prefix: string[] = [],
	dataDir = makeFolder(),
) => runCommand(args, { dataDir, env, prefix });

describe("did you mean", () => {
	const slips: [string[], string | null][] = [
		[["sevre"], "serve"],
		[["tokens"], "token"],
		[["frobnicate"], null],
		[["x"], null],
		[["serve", "--prot", "80"], "--port"],
		[["prune", "--yse"], "--yes"],
		[["record", "--sucess"], "--success"],
		[["demo", "--foo"], null],
	];
	for (const [args, meant] of slips) {
		test(args.join(" "), async () => {
			const { code, err } = await run(args);
			expect(code).toBe(2);
			if (meant === null) expect(err).not.toContain("Did you mean");
			else expect(err).toContain(`Did you mean ${meant}?`);
		});
	}

	test("demo points to its own help", async () => {
		expect((await run(["demo", "--foo"])).err).toContain("See: backup-monitor demo --help");
	});
});

test("no help ends a line with blanks", async () => {
	for (const { name } of commands) expect((await run([name, "--help"])).out).not.toMatch(/[ \t]$/m);
});

describe("healthcheck", () => {
	test("says in words that nobody listens, and that somebody else does", async () => {
		const none = await run(["healthcheck"], { PORT: "1" });
		expect([none.code, none.err]).toEqual([
			1,
			expect.stringMatching(/^not reachable at 127\.0\.0\.1:1: no server listens there\. Set/),
		]);
		const other = Bun.serve({ port: 0, hostname: "127.0.0.1", fetch: () => new Response("<html>hello") });
		const { code, err } = await run(["healthcheck"], { PORT: String(other.port) });
		await other.stop(true);
		expect([code, err]).toEqual([1, "unhealthy: <html>hello\n"]);
	});
});

describe("token --page", () => {
	test("prints an address that shows the token once, without asking the server", async () => {
		const server = await startServer();
		const token = (await run(["token"], {}, [], server.dataDir)).out.trim();
		const { code, out, err } = await run(
			["token", "--page", "--job", "nas"],
			{ PORT: String(server.port) },
			[],
			server.dataDir,
		);
		expect([code, out]).toEqual([0, expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+\/setup\?job=nas&code=\S+\n$/)]);
		expect(err).toStartWith("Good once, for 10 minutes.");
		expect(out + err).not.toContain(token);
		expect(await (await server.get("/setup")).text()).not.toContain(token);
		const entered = await server.get(out.trim().slice(server.url.length));
		expect([entered.status, entered.headers.get("location")]).toEqual([303, "/setup?job=nas"]);
		const cookie = entered.headers.get("set-cookie")?.split(";")[0] ?? "";
		expect(await (await server.get("/setup?job=nas", { headers: { cookie } })).text()).toContain(token);
		expect((await server.get(out.trim().slice(server.url.length))).status).toBe(200);
		await server.stop();
	});

	test("needs a folder that a server has used, and makes nothing", async () => {
		const { code, err } = await run(["token", "--page"]);
		expect([code, err]).toEqual([1, expect.stringContaining("holds no token yet. Start the server once")]);
	});
});

test("a command without DATA_DIR in a clone points to ./data", async () => {
	const folder = makeFolder();
	mkdirSync(join(folder, "data"));
	writeFileSync(join(folder, "data", "push-token"), "x");
	// Where there is a /data nobody is pointed anywhere else.
	const script = 'cd "$0" && [ ! -e /data ] || exit 77; exec "$@"';
	for (const args of [
		["token"],
		["token", "--page"],
		["prune"],
		["rebuild"],
		["record", "--job", "nas", "--success"],
	]) {
		const { code, err } = await run(args, { DATA_DIR: undefined }, ["sh", "-c", script, folder]);
		if (code === 77) return;
		expect([args, code, err]).toEqual([args, 1, expect.stringContaining(`set DATA_DIR=${join(folder, "data")}`)]);
	}
});

test("rebuild at a terminal names what it sets aside, and waits for --yes", async () => {
	const dataDir = makeFolder();
	await run(["import", "-"], {}, [], dataDir);
	const terminal = ["sh", "-c", 'script -qec "$0 $*" /dev/null'];
	const asked = await run(["rebuild"], {}, terminal, dataDir);
	expect([asked.code, asked.out]).toEqual([1, expect.stringContaining(`sets ${join(dataDir, "backups.db")} aside`)]);
	expect(asked.out).toContain("Nothing was done. To do it: backup-monitor rebuild --yes");
	expect(existsSync(join(dataDir, "quarantine"))).toBe(false);
	const told = await run(["rebuild", "--yes"], {}, terminal, dataDir);
	expect([told.code, told.out]).toEqual([0, expect.stringContaining("stored now")]);
	// A script or a timer is not asked.
	expect((await run(["rebuild"], {}, [], dataDir)).code).toBe(0);
});

test("prune names the database it is about", async () => {
	const dataDir = makeFolder();
	await run(["import", "-"], {}, [], dataDir);
	expect((await run(["prune"], {}, [], dataDir)).out).toStartWith(`${join(dataDir, "backups.db")}: No run is older`);
});

describe("a file where a folder has to be, and the other way round", () => {
	test("ends every command with 2 and what mends it, never with chown", async () => {
		const folder = makeFolder();
		const file = join(folder, "file");
		writeFileSync(file, "");
		for (const name of ["serve", "doctor", "token"]) {
			const asFile = await run([name], { DATA_DIR: file });
			expect([name, asFile.code, asFile.err]).toEqual([
				name,
				2,
				expect.stringMatching(/which is a file; expected a folder/),
			]);
			const asFolder = await run([name], { DB_PATH: folder });
			expect([name, asFolder.code, asFolder.err]).toEqual([
				name,
				2,
				expect.stringMatching(/which is a folder; expected a file/),
			]);
			expect(asFile.err + asFile.out + asFolder.err + asFolder.out).not.toMatch(/chown|chmod/);
		}
	});

	test("doctor does not advise permissions for what no permission mends", async () => {
		const folder = makeFolder();
		writeFileSync(join(folder, "file"), "");
		const { code, out } = await run(["doctor"], { PORT: "1", METRICS_FILE: join(folder, "file", "metrics.jsonl") });
		expect([code, out]).toEqual([1, expect.stringContaining("a part of its path is a file\n     set METRICS_FILE")]);
		expect(out).not.toMatch(/chown|chmod/);
	});
});
