// What the data folder keeps for those who report: made once, kept in memory where the folder refuses, never guessed at.
import { Database } from "bun:sqlite";
import { afterAll, describe, expect, test } from "bun:test";
import { mkdirSync, readFileSync, renameSync, rmdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { readConfig } from "../../src/config.ts";
import { Entry } from "../../src/web/entry.ts";
import { JobDirectory } from "../../src/web/job-directory.ts";
import { hasTokens, opens, readTokens } from "../../src/web/tokens.ts";
import { cleanUp, makeFolder, startServer, until } from "../binary.ts";
import { openSender } from "./sender.ts";

afterAll(cleanUp);

const job = { name: "nas", host: "" };
const configOf = (dataDir: string, env: Record<string, string> = {}) => readConfig({ DATA_DIR: dataDir, ...env });

/** A folder in which neither secret can be written: whoever runs this may be root, whom no permission stops. */
function unwritable(): string {
	const dataDir = makeFolder();
	for (const name of ["push-token", "job-key"]) mkdirSync(join(dataDir, name));
	return dataDir;
}

const mend = (dataDir: string) => {
	for (const name of ["push-token", "job-key"]) rmdirSync(join(dataDir, name));
};

describe("a folder that cannot be written", () => {
	test("has the same secrets for as long as the server runs, and gets those as soon as it can", () => {
		const dataDir = unwritable();
		const config = configOf(dataDir);
		const first = readTokens(config);
		expect(first.trouble).toContain(join(dataDir, "push-token"));
		const second = readTokens(config, first.made);
		expect([second.token, second.uuidOf(job)]).toEqual([first.token, first.uuidOf(job)]);
		mend(dataDir);
		const kept = readTokens(config, second.made);
		expect([kept.trouble, kept.token, kept.uuidOf(job)]).toEqual([null, first.token, first.uuidOf(job)]);
		expect(readFileSync(join(dataDir, "push-token"), "utf8")).toBe(`${first.token}\n`);
		expect(readTokens(config).token).toBe(first.token);
	});

	test("takes what lies there once it can be read, rather than what was made meanwhile", () => {
		const dataDir = unwritable();
		const first = readTokens(configOf(dataDir));
		mend(dataDir);
		writeFileSync(join(dataDir, "push-token"), "from-another-start\n");
		expect(readTokens(configOf(dataDir), first.made).token).toBe("from-another-start");
	});

	test("is a problem that is shown, until it is mended", () => {
		const dataDir = unwritable();
		const entry = new Entry(readTokens(configOf(dataDir)), Date.now);
		expect(entry.problem(Date.now())).toMatchObject({ id: "tokens", title: expect.stringContaining("push token") });
		expect(JSON.stringify(entry.problem(Date.now()))).not.toContain(entry.tokens.token ?? "");
		mend(dataDir);
		entry.tokens = readTokens(configOf(dataDir), entry.tokens.made);
		expect(entry.problem(Date.now())).toBeNull();
	});
});

test("while the secrets cannot be read, a token that may be the right one is put off, not called wrong", async () => {
	const dataDir = makeFolder();
	const before = await openSender({}, dataDir);
	expect(
		(await before.push({ job: "nas", timestamp: "2026-11-23T01:00:00Z", backup_id: "1", success: true })).status,
	).toBe(200);
	const { token, tokens } = before;
	const [uuid, kuma] = [tokens.uuidOf(job), tokens.kumaTokenOf(job)];
	await before.stop();
	for (const name of ["push-token", "job-key"]) renameSync(join(dataDir, name), join(dataDir, `${name}.away`));
	for (const name of ["push-token", "job-key"]) mkdirSync(join(dataDir, name));
	const lab = await openSender({}, dataDir);
	const get = { method: "GET" };
	for (const answer of [
		await lab.send("/api/runs", { token, body: "{}" }),
		await lab.send(`/ping/${token}/nas`, get),
		await lab.send(`/ping/${uuid}`, get),
		await lab.send(`/api/push/${kuma}`, get),
		await lab.send("/api/v1/endpoints/_nas/external?success=true", { token }),
	]) {
		expect(answer.status).toBe(503);
		expect(answer.headers.get("retry-after")).toBe("5");
	}
	// Who gives none is told that one is needed, as ever.
	expect((await lab.send("/api/runs", { token: null, body: "{}" })).status).toBe(401);
	await lab.stop();
	mend(dataDir);
	for (const name of ["push-token", "job-key"]) renameSync(join(dataDir, `${name}.away`), join(dataDir, name));
	const after = await openSender({}, dataDir);
	for (const path of [`/ping/${token}/nas`, `/ping/${uuid}`, `/api/push/${kuma}`]) {
		expect((await after.send(path, get)).status).toBe(200);
	}
	await after.stop();
});

test("while the database never opened, the addresses of jobs are not called unknown", async () => {
	const dataDir = makeFolder();
	const before = await openSender({}, dataDir);
	await before.push({ job: "nas", timestamp: "2026-11-23T01:00:00Z", backup_id: "1", success: true });
	const [uuid, kuma] = [before.tokens.uuidOf(job), before.tokens.kumaTokenOf(job)];
	await before.stop();
	const other = new Database(join(dataDir, "backups.db"));
	other.run("PRAGMA locking_mode = EXCLUSIVE");
	other.run("BEGIN EXCLUSIVE");
	const lab = await openSender({}, dataDir);
	expect((await lab.send(`/ping/${uuid}`, { method: "GET" })).status).toBe(503);
	expect((await lab.send(`/api/push/${kuma}`, { method: "GET" })).status).toBe(503);
	other.close();
	await lab.stop();
});

test("a folder has its tokens when both files hold something, or the one that is not told otherwise", () => {
	const dataDir = makeFolder();
	expect(hasTokens(configOf(dataDir))).toBe(false);
	writeFileSync(join(dataDir, "job-key"), "\0\0\0");
	expect(hasTokens(configOf(dataDir, { PUSH_TOKEN: "a-token-told" }))).toBe(false);
	writeFileSync(join(dataDir, "job-key"), "a key\n");
	expect(hasTokens(configOf(dataDir))).toBe(false);
	expect(hasTokens(configOf(dataDir, { PUSH_TOKEN: "a-token-told" }))).toBe(true);
	writeFileSync(join(dataDir, "push-token"), "a-token-kept\n");
	expect(hasTokens(configOf(dataDir))).toBe(true);
});

test("one token on two lines opens both jobs, and no third", () => {
	const dataDir = makeFolder();
	const file = join(dataDir, "tokens");
	writeFileSync(file, "nas shared-token\nmail mail-token\nphotos shared-token\n");
	const { grant } = readTokens(configOf(dataDir, { PUSH_TOKENS_FILE: file }));
	const given = grant("shared-token");
	const opened = ["nas", "photos", "mail"].map((name) => opens(given, () => [name]));
	expect(opened).toEqual([true, true, false]);
	expect(grant("mail-token")).toEqual({ jobs: ["mail"] });
	expect(grant("other-token")).toBeNull();
});

test("the jobs' addresses follow the key: a folder that was mended has them at once", async () => {
	const lab = await openSender();
	await lab.push({ job: "nas", timestamp: "2026-11-23T01:00:00Z", backup_id: "1", success: true });
	const entry = new Entry(lab.tokens, lab.now);
	const directory = new JobDirectory({ monitor: lab.monitor, entry });
	const before = lab.tokens.uuidOf(job);
	expect(directory.byUuid(before)?.name).toBe("nas");
	entry.tokens = readTokens(configOf(makeFolder()));
	expect(directory.byUuid(before)).toBeNull();
	expect(directory.byUuid(entry.tokens.uuidOf(job))?.name).toBe("nas");
	expect(directory.byKumaToken(entry.tokens.kumaTokenOf(job))?.name).toBe("nas");
	await lab.stop();
});

test("of those who were refused the newest are kept: whoever knocks now is told about", () => {
	let at = 0;
	const entry = new Entry(readTokens(configOf(makeFolder())), () => at);
	for (at = 1; at <= 300; at++) entry.refuse(`192.0.2.${at}`);
	at = 301;
	entry.refuse("192.0.2.100");
	const kept = entry.refused();
	expect(kept).toHaveLength(256);
	expect(kept[0]).toEqual({ address: "192.0.2.100", count: 2, lastAt: 301 });
	const addresses = new Set(kept.map(({ address }) => address));
	expect(["192.0.2.300", "192.0.2.45", "192.0.2.44"].map((one) => addresses.has(one))).toEqual([true, true, false]);
});

test("a running server writes what it made as soon as its folder takes it, whatever else is wrong by then", async () => {
	const dataDir = unwritable();
	const file = join(makeFolder(), "tokens");
	writeFileSync(file, "nas a-token-of-nas\n");
	const server = await startServer({ dataDir, env: { PUSH_TOKENS_FILE: file } });
	const told = async () =>
		(await server.json("/api/health")).problems.find(({ id }: { id: string }) => id === "tokens");
	const push = (token: string) =>
		server.get("/api/runs", {
			method: "POST",
			body: JSON.stringify({ job: "nas", timestamp: "2026-11-23T01:00:00Z", backup_id: "1", success: true }),
			headers: { authorization: `Bearer ${token}` },
		});
	expect(await told()).toMatchObject({ detail: expect.stringContaining(join(dataDir, "push-token")) });
	expect((await push("a-token-of-nas")).status).toBe(200);
	// A bad file of tokens in the middle of it ends neither the server nor the trying.
	writeFileSync(file, "one-word\n");
	mend(dataDir);
	await until(() => server.log().includes("PUSH_TOKENS_FILE line 1"), 8000);
	expect((await push("a-token-of-nas")).status).toBe(200);
	writeFileSync(file, "nas another-token\n");
	await until(async () => (await told()) === undefined, 8000);
	expect((await push(readFileSync(join(dataDir, "push-token"), "utf8").trim())).status).toBe(200);
	expect([(await push("another-token")).status, (await push("a-token-of-nas")).status]).toEqual([200, 401]);
	await server.stop();
}, 30_000);
