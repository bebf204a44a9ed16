// The login as the one who sets it up meets it: making the hash, a start that is refused, one that says what is on.
import { afterAll, describe, expect, test } from "bun:test";
import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { binary, cleanUp, makeFolder, peakMemory, runCommand, type Started, startServer } from "../binary.ts";

afterAll(cleanUp);

const password = "correct horse battery";
const asShipped = { BUN_JSC_useJIT: "0" };

async function logIn(server: Started, typed = password): Promise<{ status: number; cookie: string }> {
	const body = new URLSearchParams({ password: typed });
	const response = await server.get("/login", { method: "POST", body });
	return { status: response.status, cookie: (response.headers.get("set-cookie") ?? "").split(";")[0] ?? "" };
}

const statusOf = async (server: Started, cookie: string) =>
	(await server.get("/api/jobs", { headers: { cookie } })).status;

describe("hash-password", () => {
	test("prints a hash of a line that comes through a pipe, which lets in as the program is shipped", async () => {
		for (const [args, form] of [
			[[], /^\$argon2id\$v=19\$m=19456,t=2,p=1\$/],
			[["--bcrypt"], /^\$2b\$10\$/],
		] as const) {
			const dataDir = makeFolder();
			const made = await runCommand(["hash-password", ...args], { dataDir, input: `${password}\n`, env: asShipped });
			expect([made.code, made.err]).toEqual([0, ""]);
			const hash = made.out.trim();
			expect(hash).toMatch(form);
			const server = await startServer({ dataDir, env: { ...asShipped, AUTH_PASSWORD_HASH: hash } });
			expect((await logIn(server, "wrong horse battery")).status).toBe(401);
			const before = peakMemory(server.pid);
			const { status, cookie } = await logIn(server);
			expect([status, await statusOf(server, cookie)]).toEqual([303, 200]);
			// 19 MiB for one at a time, and hardly anything with bcrypt: far from the 128 MB of unit and container.
			expect(peakMemory(server.pid)).toBeLessThan(96 * 1024 * 1024);
			await Promise.all(Array.from({ length: 8 }, () => logIn(server)));
			expect(peakMemory(server.pid) - before).toBeLessThan(12 * 1024 * 1024);
			await server.stop();
		}
	}, 60_000);

	test("asks twice at a terminal, and shows nothing of what is typed", async () => {
		const dataDir = makeFolder();
		// script gives it a terminal; what is typed comes once it was asked for.
		const typed = (second: string) => `(sleep 1; printf '${password}\\r'; sleep 1; printf '${second}\\r'; sleep 1)`;
		const terminal = async (second: string) => {
			const command = `${typed(second)} | script -qec 'DATA_DIR=${dataDir} ${binary} hash-password --bcrypt; echo "code $?"' /dev/null`;
			const child = Bun.spawn(["sh", "-c", command], { stdout: "pipe", stderr: "ignore" });
			return new Response(child.stdout).text();
		};
		const [same, other] = await Promise.all([terminal(password), terminal("another password")]);
		expect(same).toMatch(/Password: [\s\S]*Once more: [\s\S]*\$2b\$10\$[\s\S]*code 0/);
		expect(other).toMatch(/The two are not the same\.[\s\S]*code 2/);
		expect(same + other).not.toContain("correct horse");
	}, 30_000);

	test("refuses what is too short, more than a line, or a flag that there is not", async () => {
		for (const [input, said] of [
			["short\n", "8 to 1024 characters"],
			["", "8 to 1024 characters"],
			["correct horse\nbattery staple\n", "more than one line"],
		] as const) {
			const { code, out, err } = await runCommand(["hash-password"], { dataDir: makeFolder(), input });
			expect([code, out, err]).toEqual([2, "", expect.stringContaining(said)]);
		}
		expect((await runCommand(["hash-password", "--argon"], { dataDir: makeFolder() })).code).toBe(2);
	});
});

describe("a login that cannot be as it was meant", () => {
	const file = (text: string) => {
		const path = join(makeFolder(), "secret");
		writeFileSync(path, text);
		return path;
	};
	const cases: [env: Record<string, string>, said: string][] = [
		[{ AUTH_PASSWORD_HASH: "" }, "AUTH_PASSWORD_HASH is empty"],
		// A compose file takes $argon2id for a variable of its own.
		[{ AUTH_PASSWORD_HASH: "=19=19456,t=2,p=1" }, "In a compose file each $ is written $$"],
		[{ AUTH_PASSWORD_HASH_FILE: file("plain words\n") }, "AUTH_PASSWORD_HASH_FILE does not begin with $argon2"],
		[{ AUTH_PASSWORD_FILE: "/nowhere/at/all" }, "AUTH_PASSWORD_FILE names /nowhere/at/all, which cannot be read"],
		[{ AUTH_PASSWORD_FILE: file("") }, "AUTH_PASSWORD_FILE must hold one line of 8 to 1024 characters"],
		[{ AUTH_PASSWORD_FILE: file(`$2y$10$${"x".repeat(53)}\n`) }, "AUTH_PASSWORD_FILE holds a hash"],
		[{ AUTH_PASSWORD: "plain words" }, "AUTH_PASSWORD is not read"],
		[{ AUTH_HEADER: "Remote-User" }, "AUTH_HEADER needs TRUSTED_PROXIES"],
		[{ AUTH_PASSWORD_FILE: file(password), READ_TOKEN: "short" }, "READ_TOKEN must be 8 to 256 characters"],
		[{ ALLOWED_HOSTS: "good.example http://bad.example" }, 'ALLOWED_HOSTS has "http://bad.example"'],
		[{ HOST: "[::1" }, 'HOST is "[::1"'],
		[{ HOST: "fe80:::1" }, 'HOST is "fe80:::1"'],
	];
	for (const [env, said] of cases) {
		test(`ends the start with 2, and check and doctor say so: ${said}`, async () => {
			const dataDir = makeFolder();
			const served = await runCommand(["serve"], { dataDir, env });
			expect([served.code, served.err]).toEqual([2, expect.stringContaining(said)]);
			const checked = await runCommand(["check"], { dataDir, env });
			expect([checked.code, checked.out]).toEqual([1, expect.stringContaining(said)]);
			const looked = await runCommand(["doctor"], { dataDir, env });
			expect(looked.code).not.toBe(0);
			expect(looked.out + looked.err).toContain(said);
			expect(served.err + checked.out + looked.out).not.toContain("plain words");
		});
	}
});

test("sessions live through a kill, and not through another password or a time without a login", async () => {
	const dataDir = makeFolder();
	const file = join(dataDir, "password");
	writeFileSync(file, password);
	const start = (env: Record<string, string>) => startServer({ dataDir, env });
	let server = await start({ AUTH_PASSWORD_FILE: file });
	expect(server.log()).toContain("login: by password");
	const { cookie } = await logIn(server);
	await server.kill();
	server = await start({ AUTH_PASSWORD_FILE: file });
	expect(await statusOf(server, cookie)).toBe(200);
	await server.stop();
	server = await start({});
	expect(server.log()).toContain("login: not set");
	expect([await statusOf(server, cookie), existsSync(join(dataDir, "sessions.json"))]).toEqual([200, false]);
	await server.stop();
	server = await start({ AUTH_PASSWORD_FILE: file });
	expect(await statusOf(server, cookie)).toBe(401);
	const again = (await logIn(server)).cookie;
	await server.stop();
	writeFileSync(file, "another password");
	server = await start({ AUTH_PASSWORD_FILE: file });
	expect(await statusOf(server, again)).toBe(401);
	await server.stop();
}, 60_000);

test("an open page of somebody who is logged in writes nothing to the disk", async () => {
	const dataDir = makeFolder();
	const file = join(makeFolder(), "password");
	writeFileSync(file, password);
	const server = await startServer({ dataDir, env: { AUTH_PASSWORD_FILE: file } });
	const { cookie } = await logIn(server);
	await Bun.sleep(1000);
	const written = async () => Number(/write_bytes: (\d+)/.exec(await Bun.file(`/proc/${server.pid}/io`).text())?.[1]);
	const before = await written();
	for (let time = 0; time < 200; time++) expect(await statusOf(server, cookie)).toBe(200);
	expect((await written()) - before).toBe(0);
	await server.stop();
}, 30_000);
