// The real programs against the compiled server: Debian's borgmatic with its own hook, and tools that are piped into curl.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { cleanUp, makeFolder, runCommand, type Started, startServer } from "../binary.ts";

let server: Started;
let token: string;
let home: string;

beforeAll(async () => {
	for (const program of ["borgmatic", "borg", "restic", "rsync", "rclone", "curl"]) {
		if (Bun.which(program) === null)
			throw new Error(`${program} is not installed: apt-get install borgmatic restic rsync rclone curl`);
	}
	server = await startServer();
	token = (await runCommand(["token"], { dataDir: server.dataDir })).out.trim();
	home = makeFolder();
	mkdirSync(join(home, "source"));
	for (const name of ["a.txt", "b.txt", "c.txt"]) writeFileSync(join(home, "source", name), name.repeat(20_000));
});
afterAll(cleanUp);

type Ended = { code: number; out: string };

/** A script as a user would write it: $URL, $TOKEN and $HOME/source are there. */
async function shell(script: string, env: Record<string, string> = {}): Promise<Ended> {
	const child = Bun.spawn(["bash", "-c", script], {
		cwd: home,
		env: {
			PATH: process.env.PATH ?? "",
			HOME: home,
			LANG: "C.UTF-8",
			BORG_BASE_DIR: home,
			RESTIC_PASSWORD: "toy",
			RESTIC_CACHE_DIR: join(home, "cache"),
			RESTIC_REPOSITORY: join(home, "restic"),
			URL: server.url,
			TOKEN: token,
			...env,
		},
		stdin: "ignore",
		stdout: "pipe",
		stderr: "pipe",
	});
	const [out, err] = await Promise.all([new Response(child.stdout).text(), new Response(child.stderr).text()]);
	return { code: await child.exited, out: out + err };
}

async function runsOf(job: string) {
	const { runs = [] } = await server.json(`/api/runs?job=${job}`);
	return runs.reverse();
}

const ok = ({ code, out }: Ended) => expect([code, out]).toEqual([0, expect.any(String)]);

describe("borgmatic", () => {
	const borgmatic = (job: string, url = server.url, more = "") => {
		const file = join(home, `${job}.yaml`);
		writeFileSync(
			file,
			`location:
    source_directories:
        - ${home}/source
    repositories:
        - ${home}/borg
storage:
    unknown_unencrypted_repo_access_is_ok: true
retention:
    keep_daily: 7
hooks:
    healthchecks:
        ping_url: ${url}/ping/${token}/${job}
${more}`,
		);
		return shell(`borgmatic --config ${file} create --stats --verbosity 1 --monitoring-verbosity 1`);
	};

	test("reports its run, with what borg says of it", async () => {
		ok(await shell(`borg init --encryption none ${home}/borg`));
		ok(await borgmatic("nightly-borg"));
		const [run, ...others] = await runsOf("nightly-borg");
		expect(others).toEqual([]);
		expect(run).toMatchObject({ outcome: "success", kind: "backup", labels: { tool: "borgmatic" } });
		expect(run.duration_total).toBeGreaterThan(0);
		expect(run.snapshot_id).toMatch(/^[0-9a-f]{64}$/);
		expect(run.size_bytes).toBeGreaterThan(299_000);
		expect(run.files_total).toBeGreaterThanOrEqual(3);
	}, 20_000);

	test("reports its failure, and what a hook of its own broke", async () => {
		const { code } = await borgmatic(
			"failing",
			server.url,
			"    before_backup:\n        - sh -c 'echo no space; exit 3'\n",
		);
		expect(code).toBe(1);
		expect(await runsOf("failing")).toMatchObject([{ outcome: "failure", error_category: "hook_failed" }]);
	}, 20_000);

	test("makes its backup although the monitor is down, or does not know the key", async () => {
		ok(await borgmatic("down", "http://127.0.0.1:9"));
		const { token: right } = { token };
		token = "wrong-token";
		try {
			ok(await borgmatic("refused"));
		} finally {
			token = right;
		}
		expect(await runsOf("refused")).toEqual([]);
		const { refused } = await server.json("/api/health");
		expect(refused[0].count).toBeGreaterThan(0);
	}, 20_000);
});

describe("restic", () => {
	test("piped into /ingest/restic gives its measures", async () => {
		ok(await shell("restic init"));
		ok(
			await shell(
				`restic backup --json source | curl -fsS -H "Authorization: Bearer $TOKEN" --data-binary @- "$URL/ingest/restic?job=restic-piped"`,
			),
		);
		const [run] = await runsOf("restic-piped");
		expect(run).toMatchObject({ outcome: "success", size_bytes: 300_000, files_total: 3, files_new: 3 });
		const { out } = await shell("restic snapshots --json");
		expect(out).toContain(run.snapshot_id);
	}, 20_000);

	test("by the ping idiom gives its measures, newlines lost and all, and its failure its reason", async () => {
		const idiom = (job: string) =>
			`out=$(restic backup --json --quiet source 2>&1); code=$?; printf %s "$out" | curl -fsS -m 10 --retry 3 --data @- "$URL/ping/$TOKEN/${job}/$code"; exit $code`;
		ok(await shell(idiom("restic-pinged")));
		expect(await runsOf("restic-pinged")).toMatchObject([{ outcome: "success", size_bytes: 300_000, exit_code: 0 }]);
		const { code } = await shell(idiom("restic-failing"), { RESTIC_PASSWORD: "wrong" });
		expect(code).not.toBe(0);
		expect(await runsOf("restic-failing")).toMatchObject([
			{ outcome: "failure", error_category: "auth", exit_code: code },
		]);
	}, 20_000);

	test("between two pings with a rid of its own has their time", async () => {
		const script = `rid=$(cat /proc/sys/kernel/random/uuid); curl -fsS "$URL/ping/$TOKEN/restic-rid/start?rid=$rid"; restic backup --json --quiet source | curl -fsS -T - "$URL/ping/$TOKEN/restic-rid?rid=$rid"`;
		ok(await shell(script));
		const [run] = await runsOf("restic-rid");
		expect(run).toMatchObject({ outcome: "success", size_bytes: 300_000 });
		expect(run.backup_id).toMatch(/^[0-9a-f]{8}-/);
		expect(run.duration_total).toBeGreaterThan(0.1);
	}, 20_000);
});

test("rsync piped, with both streams in parts, says what it copied", async () => {
	const send = `curl -fsS -u ":$TOKEN" -F stdout=@out -F stderr=@err -F exit=$code "$URL/ingest/rsync?job=rsync"`;
	ok(await shell(`mkdir -p copy; rsync -a --stats source/ copy/ >out 2>err; code=$?; ${send}`));
	expect((await shell(`rsync -a --stats missing/ copy/ >out 2>err; code=$?; ${send}; exit $code`)).code).toBe(23);
	expect(await runsOf("rsync")).toMatchObject([
		{ outcome: "success", size_bytes: 300_000, files_total: 3 },
		{ outcome: "failure", exit_code: 23, error_category: "source_missing" },
	]);
});

test("rclone's JSON log, recognised by itself, says what it moved", async () => {
	const command = "rclone copy source rclone-copy --use-json-log --stats 1h --stats-log-level NOTICE";
	ok(await shell(`${command} 2>&1 | curl -fsS --data-binary @- "$URL/ingest/auto?job=rclone&exit=0&token=$TOKEN"`));
	expect(await runsOf("rclone")).toMatchObject([
		{ outcome: "success", bytes_added: 300_000, labels: { tool: "rclone" } },
	]);
});

test("a bare curl at the end of a script is enough, and a wrong token makes it fail loudly", async () => {
	ok(await shell(`true && curl -fsS "$URL/ping/$TOKEN/plain"`));
	expect(await runsOf("plain")).toMatchObject([{ outcome: "success", size_bytes: null, duration_total: null }]);
	expect((await shell(`curl -fsS "$URL/ping/wrong/plain"`)).code).toBe(22);
});
