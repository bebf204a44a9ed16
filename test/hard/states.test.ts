// Every file of the data folder as something it should not be: a folder, a pipe, a link to itself, a file nobody may
// read. The server answers all the same, says what is wrong, acknowledges nothing it cannot keep, and recovers.
import { afterAll, expect, test } from "bun:test";
import {
	existsSync,
	mkdirSync,
	readdirSync,
	readFileSync,
	renameSync,
	rmSync,
	symlinkSync,
	writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { cleanUp, isHard, makeFolder, type Started, startServer, until } from "../binary.ts";
import { someLines } from "../lines.ts";
import { inParallel, tell } from "./tell.ts";

afterAll(cleanUp);

const files = [
	"backups.db",
	"received.jsonl",
	"metrics.jsonl",
	"serve.lock",
	"push-token",
	"job-key",
	"link-key",
	"spool",
	"inventory",
	"config.yaml",
];

/** Whatever is in their place, something is not seen or not kept. */
const alwaysTold = new Set(["backups.db", "serve.lock", "push-token", "spool", "config.yaml"]);

const states = {
	"a folder": (path: string) => mkdirSync(path),
	"a pipe": (path: string) => void Bun.spawnSync(["mkfifo", path]),
	"a link to itself": (path: string) => symlinkSync(path, path),
	"a text": (path: string) => writeFileSync(path, "this is not what you think\n"),
	"not to be read": (path: string) => {
		writeFileSync(path, "secret");
		Bun.spawnSync(["chmod", "0000", path]);
	},
} as const;
type State = keyof typeof states;

type Case = { file: string; state: State };
const all: Case[] = files.flatMap((file) => (Object.keys(states) as State[]).map((state) => ({ file, state })));
const chosen = isHard ? all : all.filter((_, at) => at % 7 === 1);

/** The user of the image: root may read everything. */
const asUser = process.getuid?.() === 0 ? ["setpriv", "--reuid", "65532", "--regid", "65532", "--clear-groups"] : [];
const own = (folder: string) => {
	if (asUser.length > 0) Bun.spawnSync(["chown", "-R", "-h", "65532:65532", folder]);
};
const env = { RETENTION_DAYS: "36500", BUN_JSC_useJIT: "0" };
const patience = isHard ? 60_000 : 20_000;

async function filled(): Promise<string> {
	const dataDir = makeFolder();
	writeFileSync(join(dataDir, "metrics.jsonl"), someLines(0, 20));
	own(dataDir);
	const server = await startServer({ dataDir, env, prefix: asUser });
	await until(async () => (await server.json("/api/health")).source.accepted === 20, patience);
	expect(await push(server, tokenIn(dataDir), "before")).toBe(200);
	await server.stop();
	return dataDir;
}

const tokenIn = (dataDir: string) => readFileSync(join(dataDir, "push-token"), "utf8").trim();

async function push(server: Started, token: string, id: string): Promise<number> {
	const body = JSON.stringify({ job: "pushed", backup_id: id, timestamp: "2026-11-23T01:00:00Z", success: true });
	const headers = { authorization: `Bearer ${token}` };
	return (await server.get("/api/runs", { method: "POST", body, headers })).status;
}

async function live({ file, state }: Case): Promise<string[]> {
	const failures: string[] = [];
	const dataDir = await filled();
	const token = tokenIn(dataDir);
	const path = join(dataDir, file);
	const away = join(makeFolder(), "away");
	if (existsSync(path)) renameSync(path, away);
	states[state](path);
	if (state !== "a link to itself") own(path);
	const acknowledged = ["before"];
	const server = await startServer({ dataDir, env, prefix: asUser }).catch((error: Error) => error);
	// A variable that names a folder is a wrong variable: it ends with 2 and the sentence.
	if (server instanceof Error && /ended with 2: DB_PATH is .* which is a folder/.test(server.message)) return [];
	if (server instanceof Error) return [`it does not start: ${server.message}`];
	const isTold = () =>
		until(async () => (await server.json("/api/health")).problems.length > 0, patience).then(
			() => true,
			() => false,
		);
	try {
		for (const address of ["/health", "/", "/api/metrics", "/api/health", "/alerts", "/settings"]) {
			const { status } = await server.get(address);
			if (status >= 500 && status !== 503) failures.push(`${address} answered ${status}`);
			if (status === 503 && (address === "/health" || address === "/")) failures.push(`${address} answered 503`);
		}
		await Bun.sleep(1500);
		const status = await push(server, token, "meanwhile");
		if (status === 200 || status === 202) acknowledged.push("meanwhile");
		else if (status === 401) failures.push("a good token was called wrong");
		else if (!(await isTold())) failures.push(`push ${status}, and no problem is told`);
		const isAsItShould = file === "spool" && state === "a folder";
		if (alwaysTold.has(file) && !isAsItShould && !(await isTold())) failures.push("no problem is told");
		rmSync(path, { recursive: true, force: true });
		if (existsSync(away)) renameSync(away, path);
		await until(
			async () => {
				const answered = await push(server, token, "after");
				if (answered === 200) acknowledged.push("after");
				return answered === 200;
			},
			patience,
			"a report is taken again",
		);
		if (/internal error|uncaught|unhandled/.test(server.log())) failures.push(server.log().slice(-400));
		await server.kill();
		const again = await startServer({ dataDir, env, prefix: asUser });
		const ids = async () => {
			const { runs } = await again.json("/api/runs?limit=365");
			return runs.map(({ backup_id }: { backup_id: string }) => backup_id);
		};
		const wanted = [...acknowledged, ...Array.from({ length: 20 }, (_, n) => `run-${n}`)];
		await until(async () => {
			const found = await ids();
			return wanted.every((id) => found.includes(id));
		}, patience).catch(async () =>
			failures.push(`stored: ${(await ids()).join(" ")}; acknowledged: ${acknowledged.join(" ")}`),
		);
		await again.stop();
	} catch (error) {
		failures.push(
			`${error instanceof Error ? error.message : error}; ${readdirSync(dataDir).join(" ")}; ${server.log().slice(-500)}`,
		);
		await server.kill();
	}
	return failures;
}

test(`${chosen.length} files that are something else: it answers, says so, and recovers`, async () => {
	const found = (await inParallel(chosen, 4, live)).map((failures, at) => ({ ...chosen[at], failures }));
	const failed = found.filter(({ failures }) => failures.length > 0);
	tell("R12 states of the folder", chosen.length, failed.length);
	expect(failed).toEqual([]);
}, 3_600_000);
