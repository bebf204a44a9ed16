// docs/upgrade-from-flask.md, command by command as it stands there, on what the original left behind.
import { afterAll, describe, expect, test } from "bun:test";
import {
	chmodSync,
	copyFileSync,
	cpSync,
	existsSync,
	mkdirSync,
	mkdtempSync,
	readdirSync,
	readFileSync,
	rmSync,
	writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { packageDeb } from "../../scripts/package-deb.ts";
import { binary } from "../binary.ts";
import { freePort } from "../free-port.ts";
import { bootMachine, layeredRoot } from "./machine.ts";

const repository = join(import.meta.dir, "../..");
const fixtures = join(repository, "test/fixtures");
const guide = readFileSync(join(repository, "docs/upgrade-from-flask.md"), "utf8");
const dir = mkdtempSync(join(tmpdir(), "flask-"));
// The containers' users have to get to their folders below it.
chmodSync(dir, 0o755);
afterAll(() => rmSync(dir, { recursive: true }));

const isRoot = process.getuid?.() === 0;
/** The fixtures' runs are from one day in January: they have to outlive this test's date. */
const keepAll = "RETENTION_DAYS=36500";

/** The shell blocks below a heading, in order. */
function blocksBelow(heading: string): string[] {
	const section = guide.split(/^## /m).find((text) => text.startsWith(heading));
	if (section === undefined) throw new Error(`the guide has no section "${heading}"`);
	return [...section.matchAll(/^```sh\n([\s\S]*?)^```$/gm)].map(([, block = ""]) => block);
}

/** The folder of the old compose file, with a volume of user 1000 as the original leaves it. */
function oldFolder(database: string | null, { metrics = true } = {}): string {
	const folder = mkdtempSync(join(dir, "old-"));
	chmodSync(folder, 0o755);
	copyFileSync(join(fixtures, "original/docker-compose.yml"), join(folder, "docker-compose.yml"));
	mkdirSync(join(folder, "data"));
	if (database !== null) copyFileSync(join(fixtures, "contract", database), join(folder, "data/backups.db"));
	if (metrics) copyFileSync(join(fixtures, "contract/metrics.jsonl"), join(folder, "data/metrics.jsonl"));
	Bun.spawnSync(["chmod", "-R", "u+rw,go+r", join(folder, "data")]);
	if (isRoot) Bun.spawnSync(["chown", "-R", "1000:1000", join(folder, "data")]);
	return folder;
}

const rowsOf = (text: string): { backup_id: string }[] => JSON.parse(text);
const expected = rowsOf(readFileSync(join(fixtures, "contract/metrics.json"), "utf8")).map((row) => row.backup_id);

describe.skipIf(!isRoot)("staying in a container", () => {
	const tools = join(dir, "bin");
	mkdirSync(tools);
	const fake = `#!/bin/sh\nexec "${process.execPath}" "${join(import.meta.dir, "fake-docker.ts")}" "$@"\n`;
	writeFileSync(join(tools, "docker"), fake, { mode: 0o755 });
	// The program where every user may run it.
	const program = join(dir, "backup-monitor");
	copyFileSync(binary, program);
	chmodSync(program, 0o755);

	for (const [what, database, metrics] of [
		["the newest version's database and its file", "backups-head.db", true],
		["the first version's database and its file", "backups-first.db", true],
		["a database alone", "backups-first.db", false],
		["a file alone", null, true],
	] as const) {
		test(`${what}: every run is there, and the way back works`, async () => {
			const folder = oldFolder(database, { metrics });
			const port = await freePort();
			const env = {
				PATH: `${tools}:/usr/sbin:/usr/bin:/sbin:/bin`,
				NEW: repository,
				MONITOR_BINARY: program,
				PORT: String(port),
			};
			const sh = (block: string) => {
				// The documented address is this test's port.
				const script = block.replaceAll("localhost:5001", `127.0.0.1:${port}`).replace("RETENTION_DAYS=90", keepAll);
				const ended = Bun.spawnSync(["sh", "-euc", script], { cwd: folder, env, stdin: "ignore" });
				if (!ended.success) throw new Error(`${script}\nended with ${ended.exitCode}:\n${ended.stdout}${ended.stderr}`);
				return ended.stdout.toString();
			};
			const [stop = "", move = "", look = "", ...more] = blocksBelow("Staying in a container");
			expect(more).toEqual([]);
			const before = existsSync(join(folder, "data/backups.db")) ? readFileSync(join(folder, "data/backups.db")) : null;
			try {
				sh(stop);
				sh(move);
				await Bun.sleep(database === null ? 3000 : 0);
				const said = sh(look);
				expect(said).toContain("a server answers");
				expect(said).not.toContain("!!");
				const shown = rowsOf(said.slice(said.indexOf("[{"))).map((row) => row.backup_id);
				expect(shown).toEqual(expected);
				if (before !== null) {
					const copy = readdirSync(join(folder, "data")).find((name) => name.startsWith("backups.db.original-"));
					expect(copy).toBeDefined();
				}
				const [back = ""] = blocksBelow("And back again");
				// The original itself is not here to be started: all but that.
				sh(back.replace("docker compose up -d\n", ""));
				expect(readFileSync(join(folder, "docker-compose.yml"), "utf8")).toContain("wget");
				if (before !== null) expect(readFileSync(join(folder, "data/backups.db")).equals(before)).toBe(true);
			} finally {
				Bun.spawnSync(["docker", "compose", "down"], { cwd: folder, env });
			}
		}, 60_000);
	}
});

describe.skipIf(!isRoot)("to the Debian package", () => {
	test("every run is there, from the database of both ages", async () => {
		const { root, discard } = layeredRoot();
		try {
			const options = { architecture: "amd64", version: "1.0.0", epoch: 1_790_000_000, compression: "none" } as const;
			const deb = packageDeb({ ...options, binary, folder: join(root, "root") });
			// Commands that are not in every Debian: root needs no sudo, and the old container is gone already.
			for (const [name, script] of [
				["sudo", 'exec "$@"'],
				["docker", "exit 0"],
			]) {
				await Bun.write(join(root, "usr/local/bin", name ?? ""), `#!/bin/sh\n${script}\n`);
				chmodSync(join(root, "usr/local/bin", name ?? ""), 0o755);
			}
			const machine = await bootMachine(root, "basic.target");
			try {
				machine.ok(`dpkg --install /root/${deb.split("/").at(-1)}`);
				machine.ok(`echo ${keepAll} >>/etc/default/backup-monitor; systemctl restart backup-monitor`);
				const [move = "", look = "", ...more] = blocksBelow("From the container to the Debian package");
				expect(more).toEqual([]);
				for (const database of ["backups-head.db", "backups-first.db"]) {
					const old = join(root, "srv/monitor", database);
					cpSync(oldFolder(database), old, { recursive: true });
					machine.ok("rm -rf /var/lib/backup-monitor/before-move");
					machine.ok(`set -eu; cd /srv/monitor/${database}\n${move}`);
					const said = machine.ok(`set -eu\n${look}`);
					expect(said).not.toContain("!!");
					const shown = rowsOf(said.slice(said.indexOf("[{"))).map((row) => row.backup_id);
					expect(shown).toEqual(expected);
				}
			} finally {
				await machine.powerOff();
			}
		} finally {
			discard();
		}
	}, 120_000);
});
