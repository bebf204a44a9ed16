// `backup` and `restore-db`: the monitor's own database, copied while it works and put back when it is gone.
import { Database } from "bun:sqlite";
import { afterAll, describe, expect, test } from "bun:test";
import { appendFileSync, copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { binary, cleanUp, makeFolder, runCommand, startServer, untilRead } from "../binary.ts";
import { aLine, someLines } from "../lines.ts";

afterAll(cleanUp);

const env = { RETENTION_DAYS: "36500" };
const run = (args: string[], dataDir: string) => runCommand(args, { dataDir, env });

function runsIn(path: string): number {
	const db = new Database(path, { readonly: true });
	const row = db.query<{ n: number }, []>("SELECT count(*) AS n FROM run").get();
	db.close();
	return row?.n ?? -1;
}

async function folderWith(lines: string): Promise<string> {
	const dataDir = makeFolder();
	writeFileSync(join(dataDir, "metrics.jsonl"), lines);
	const server = await startServer({ dataDir, env });
	await untilRead(server, lines.split("\n").length - 1);
	await server.stop();
	return dataDir;
}

describe("backup", () => {
	test("copies whole what a server is writing, to a file, to standard output, and among the nightly ones", async () => {
		const server = await startServer({ env });
		const metrics = join(server.dataDir, "metrics.jsonl");
		appendFileSync(metrics, someLines(0, 3000));
		await untilRead(server, 3000);
		let stop = false;
		const writing = (async () => {
			for (let n = 3000; !stop; n += 10) {
				appendFileSync(metrics, someLines(n, n + 10));
				await Bun.sleep(5);
			}
		})();
		const file = join(makeFolder(), "copy.db");
		const made = await run(["backup", file], server.dataDir);
		expect([made.code, made.err, made.out]).toEqual([
			0,
			"",
			expect.stringMatching(/copy\.db \([\d.]+\s[kM]B, checked\)\n$/),
		]);
		const own = await run(["backup"], server.dataDir);
		stop = true;
		await writing;
		expect([own.code, own.err]).toEqual([0, ""]);
		expect(own.out).toStartWith(join(server.dataDir, "copies", "backups-"));
		const piped = join(makeFolder(), "piped.db");
		const shell = Bun.spawn(["sh", "-c", `"${binary}" backup - > "${piped}"`], {
			env: { DATA_DIR: server.dataDir, PATH: process.env.PATH ?? "" },
		});
		expect(await shell.exited).toBe(0);
		for (const path of [file, own.out.split(" (")[0] ?? "", piped]) {
			expect([path, runsIn(path) >= 3000]).toEqual([path, true]);
			const db = new Database(path, { readonly: true });
			expect(db.query("PRAGMA integrity_check").get()).toEqual({ integrity_check: "ok" });
			db.close();
		}
		const { own_copy } = await server.json("/api/health");
		expect(own_copy.path).toStartWith(join(server.dataDir, "copies"));
		expect([own_copy.is_checked, own_copy.age_seconds < 60, own_copy.size_bytes > 0]).toEqual([true, true, true]);
		expect(await (await server.get("/settings")).text()).toContain("Own copy");
		await server.stop();
	}, 30_000);

	test("writes over nothing without --force, and says what a wrong target is", async () => {
		const dataDir = await folderWith(someLines(0, 3));
		const folder = makeFolder();
		const file = join(folder, "copy.db");
		writeFileSync(file, "precious");
		const refused = await run(["backup", file], dataDir);
		expect([refused.code, refused.err]).toEqual([1, `${file} exists. To write over it: --force\n`]);
		expect(readFileSync(file, "utf8")).toBe("precious");
		expect((await run(["backup", file, "--force"], dataDir)).code).toBe(0);
		expect(runsIn(file)).toBe(3);
		for (const [target, said] of [
			[folder, "is a folder; expected a file"],
			[join(folder, "no/copy.db"), `mkdir -p ${join(folder, "no")}`],
			[join(dataDir, "backups.db"), "exists. To write over it: --force"],
		] as const) {
			const { code, err } = await run(["backup", target], dataDir);
			expect([target, code > 0, err]).toEqual([target, true, expect.stringContaining(said)]);
		}
		expect((await run(["backup", "--force", join(dataDir, "backups.db")], dataDir)).err).toContain(
			"the database itself",
		);
		expect(readdirSync(folder)).toEqual(["copy.db"]);
	});

	test("of a damaged database fails, leaves no file, and says who mends it", async () => {
		const dataDir = await folderWith(someLines(0, 200));
		const path = join(dataDir, "backups.db");
		writeFileSync(path, readFileSync(path).fill(0x5a, 4096, 40_960));
		const into = join(makeFolder(), "copy.db");
		const { code, err } = await run(["backup", into], dataDir);
		expect([code, err]).toEqual([1, expect.stringMatching(/is damaged: .*restores the newest copy at its next start/)]);
		expect(existsSync(into)).toBe(false);
	});

	test("before the first start names what is missing", async () => {
		const empty = await run(["backup"], makeFolder());
		expect([empty.code, empty.err]).toEqual([1, expect.stringContaining("does not exist yet")]);
		const nowhere = await run(["backup"], join(makeFolder(), "none"));
		expect([nowhere.code, nowhere.err]).toEqual([
			1,
			expect.stringMatching(/none does not exist\. Set DATA_DIR .*mkdir -p/),
		]);
	});
});

describe("restore-db", () => {
	test("puts a copy back and adds what the file and the journal hold of the time since", async () => {
		const dataDir = await folderWith(someLines(0, 20));
		const copy = join(makeFolder(), "copy.db");
		expect((await run(["backup", copy], dataDir)).code).toBe(0);
		await runCommand(["import", "-"], { dataDir, env, input: someLines(20, 23) });
		// Cut as the README cuts it: only the copy knows the first ones.
		writeFileSync(join(dataDir, "metrics.jsonl"), someLines(18, 25));
		const asked = await run(["restore-db", copy], dataDir);
		expect([asked.code, asked.err]).toEqual([
			1,
			expect.stringContaining(`To do it: backup-monitor restore-db ${copy} --yes`),
		]);
		expect(asked.err).toMatch(/20\sruns up to 2026-01-02T03:00:00/);
		const { code, out } = await run(["restore-db", copy, "--yes"], dataDir);
		expect([code, out]).toEqual([0, expect.stringMatching(/Restored .*; 5\sruns more came from the journals\./)]);
		expect(runsIn(join(dataDir, "backups.db"))).toBe(25);
		const [aside] = readdirSync(join(dataDir, "quarantine"));
		expect(runsIn(join(dataDir, "quarantine", aside ?? "", "backups.db"))).toBe(23);
		expect(readdirSync(dataDir).filter((name) => /held|restoring|tmp/.test(name))).toEqual([]);
		const server = await startServer({ dataDir, env });
		await untilRead(server, 25);
		expect((await server.json("/api/runs?limit=200")).runs.length).toBe(25);
		await server.stop();
	});

	test("goes back to what it set aside itself, also when that is the oldest in the quarantine", async () => {
		const dataDir = await folderWith(someLines(0, 4));
		const copy = join(makeFolder(), "copy.db");
		await run(["backup", copy], dataDir);
		for (let n = 0; n < 3; n++) expect((await run(["restore-db", copy, "--yes"], dataDir)).code).toBe(0);
		const oldest = readdirSync(join(dataDir, "quarantine")).sort()[0] ?? "";
		const { code } = await run(["restore-db", join(dataDir, "quarantine", oldest, "backups.db"), "--yes"], dataDir);
		expect([code, runsIn(join(dataDir, "backups.db"))]).toEqual([0, 4]);
		expect(readdirSync(join(dataDir, "quarantine")).length).toBe(3);
	});

	test("is refused while a server runs, and changes nothing", async () => {
		const server = await startServer({ env });
		appendFileSync(join(server.dataDir, "metrics.jsonl"), `${aLine(1)}\n`);
		await untilRead(server, 1);
		const copy = join(makeFolder(), "copy.db");
		await run(["backup", copy], server.dataDir);
		const { code, err } = await run(["restore-db", copy, "--yes"], server.dataDir);
		expect([code, err]).toEqual([1, expect.stringContaining("Stop it first, then restore.")]);
		expect(existsSync(join(server.dataDir, "quarantine"))).toBe(false);
		await server.stop();
	});

	test("takes no damaged, foreign, newer, missing or original file, and leaves the database where it is", async () => {
		const dataDir = await folderWith(someLines(0, 200));
		const path = join(dataDir, "backups.db");
		const folder = makeFolder();
		const at = (name: string) => join(folder, name);
		writeFileSync(at("damaged.db"), readFileSync(path).fill(0x5a, 4096, 40_960));
		writeFileSync(at("text.db"), "not a database\n".repeat(100));
		const foreign = new Database(at("foreign.db"));
		foreign.run("CREATE TABLE notes (text TEXT)");
		foreign.close();
		copyFileSync(path, at("newer.db"));
		const newer = new Database(at("newer.db"));
		newer.run("PRAGMA user_version = 999");
		newer.close();
		mkdirSync(at("folder.db"));
		const wrong: [string, RegExp][] = [
			["damaged.db", /damaged|cannot be read/],
			["text.db", /cannot be read as a database/],
			["foreign.db", /is no database of this program/],
			["newer.db", /made by a newer version/],
			["none.db", /does not exist/],
			["folder.db", /is not a file/],
		];
		for (const [name, said] of wrong) {
			const { code, err } = await run(["restore-db", at(name), "--yes"], dataDir);
			expect([name, code > 0, err]).toEqual([name, true, expect.stringMatching(said)]);
		}
		expect([existsSync(join(dataDir, "quarantine")), runsIn(path)]).toEqual([false, 200]);
	});

	test("at a terminal asks, and takes only a yes for one", async () => {
		const dataDir = await folderWith(someLines(0, 2));
		const copy = join(makeFolder(), "copy.db");
		await run(["backup", copy], dataDir);
		const typed = async (answer: string) =>
			runCommand(["restore-db", copy], {
				dataDir,
				env,
				prefix: ["sh", "-c", 'printf "$1" | script -qec "$2 $3 $4" /dev/null', "sh", answer],
			});
		const no = await typed("n\\n");
		expect(no.out).toContain("Go on? [y/N]");
		expect([existsSync(join(dataDir, "quarantine")), no.out]).toEqual([
			false,
			expect.stringContaining("Nothing was done."),
		]);
		const yes = await typed("y\\n");
		expect([yes.code, yes.out]).toEqual([0, expect.stringContaining("Restored")]);
	});
});
