// The environment: what is taken, and the sentence that a bad variable gets.
import { afterAll, describe, expect, test } from "bun:test";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { asksForLogin, loginWords } from "../src/access-config.ts";
import { checkServed, nearbyFolder, reachedAt, readConfig, servedAt } from "../src/config.ts";
import { faultOfHash } from "../src/password-hash.ts";
import { judgeHost } from "../src/web/guard.ts";
import { cleanUp, makeFolder } from "./binary.ts";

afterAll(cleanUp);

describe("ALLOWED_HOSTS", () => {
	const hosts = (value: string) => readConfig({ ALLOWED_HOSTS: value }).allowedHosts;
	const judge = (host: string, value: string) => judgeHost(host, { allowedHosts: hosts(value), ownNames: [] });

	test("names what a Host header may hold besides the LAN's own names", () => {
		expect(hosts("")).toEqual([]);
		expect(hosts("Backup.Example.ORG, pi.example.net\nx_y.example.com.")).toEqual([
			"backup.example.org",
			"pi.example.net",
			"x_y.example.com",
		]);
		expect(judge("backup.example.org:8443", "backup.example.org")).toBe("ok");
		expect(judge("backup.example.org.", "backup.example.org.")).toBe("ok");
		expect(judge("evil.example.org", "backup.example.org")).toBe("foreign");
		expect(judge("a.b.example", "*")).toBe("ok");
		expect(hosts("192.168.1.2 [fd00::1] xn--bcher-kva.example")).toHaveLength(3);
	});

	const bad = [
		"https://backup.example.org",
		"backup.example.org:8443",
		"backup.example.org/backups",
		"*.example.org",
		"user@example.org",
		"a..b",
		"-a.example",
		".example.org",
		"b\u00fccher.example",
		"[fd00::zz]",
	];
	for (const word of bad) {
		test(`${word} could never match, and is refused`, () => {
			const expected = "expected names such as backup.example.org, without scheme, port and path, or * for all";
			expect(() => hosts(`good.example ${word}`)).toThrow(`ALLOWED_HOSTS has "${word}"; ${expected}.`);
		});
	}
});

describe("HOST", () => {
	test("is an address, with or without brackets", () => {
		for (const host of ["0.0.0.0", "127.0.0.1", "::", "[::1]", "fe80::1%eth0", "::ffff:10.0.0.1", "localhost"]) {
			expect(readConfig({ HOST: host }).host).toBe(host.replace(/[[\]]/g, ""));
		}
	});

	for (const host of [
		":",
		":::",
		"1:2:3",
		"fe80::1::2",
		"::12345",
		"g::1",
		"1:2:3:4:5:6:7:8:9",
		"[::1",
		"256.0.0.1",
		"pi",
	]) {
		test(`${host} is none`, () =>
			expect(() => readConfig({ HOST: host })).toThrow(`HOST is "${host}"; expected an address`));
	}

	test("stands in an address as a client reaches it", () => {
		expect(["0.0.0.0", "::", "fd00::1", "10.0.0.1"].map(reachedAt)).toEqual([
			"127.0.0.1",
			"[::1]",
			"[fd00::1]",
			"10.0.0.1",
		]);
	});

	test("a server on every address says so, not only the one that leads nowhere from elsewhere", () => {
		const everywhere = " (and at every other address of this machine)";
		expect(["0.0.0.0", "::", "10.0.0.1", "fd00::1"].map((host) => servedAt(host, 5001))).toEqual([
			`http://127.0.0.1:5001${everywhere}`,
			`http://[::1]:5001${everywhere}`,
			"http://10.0.0.1:5001",
			"http://[fd00::1]:5001",
		]);
	});
});

describe("a file where a folder has to be", () => {
	test("is said of DATA_DIR, and a folder in the place of a file of DB_PATH", () => {
		const folder = makeFolder();
		const file = join(folder, "file");
		writeFileSync(file, "");
		expect(() => readConfig({ DATA_DIR: file })).toThrow(`DATA_DIR is ${file}, which is a file; expected a folder.`);
		expect(() => readConfig({ DATA_DIR: folder, DB_PATH: folder })).toThrow(`DB_PATH is ${folder}, which is a folder`);
		expect(readConfig({ DATA_DIR: join(folder, "new") }).databasePath).toBe(join(folder, "new", "backups.db"));
	});
});

test("a clone's ./data is pointed to where the data folder does not exist, and nowhere else", () => {
	const folder = makeFolder();
	const before = process.cwd();
	process.chdir(folder);
	try {
		expect(nearbyFolder({}, "/nowhere/at/all")).toBe("");
		mkdirSync("data");
		expect(nearbyFolder({}, "/nowhere/at/all")).toBe("");
		writeFileSync("data/push-token", "x");
		expect(nearbyFolder({}, "/nowhere/at/all")).toContain(`DATA_DIR=${join(process.cwd(), "data")}`);
		expect(nearbyFolder({ DATA_DIR: "/nowhere/at/all" }, "/nowhere/at/all")).toBe("");
		expect(nearbyFolder({}, folder)).toBe("");
	} finally {
		process.chdir(before);
	}
});

describe("who may come in", () => {
	const served = (env: Record<string, string>) => {
		checkServed(env);
		return readConfig(env);
	};

	test("is nobody's business without a word of it", () => {
		expect([asksForLogin(readConfig({})), loginWords(readConfig({}))]).toEqual([false, "not set"]);
		expect(asksForLogin(readConfig({ TRUSTED_PROXIES: "127.0.0.1", READ_TOKEN: "a-token-to-read" }))).toBe(false);
	});

	test("is never everybody because a variable is empty, or another one was meant", () => {
		for (const name of ["AUTH_PASSWORD_HASH", "AUTH_PASSWORD_HASH_FILE", "AUTH_PASSWORD_FILE", "AUTH_HEADER"]) {
			expect(() => served({ [name]: " " })).toThrow(`${name} is empty: there would be no login.`);
		}
		expect(() => served({ AUTH_PASSWORD: "secret" })).toThrow("Set AUTH_PASSWORD_HASH to what");
		// A script's own variable does not stop the wrapper around it.
		expect(asksForLogin(readConfig({ AUTH_PASSWORD: "secret" }))).toBe(false);
	});

	test("is what a proxy says only where it is known which proxy", () => {
		const header = { AUTH_HEADER: "Remote-User" };
		expect(() => served(header)).toThrow("AUTH_HEADER needs TRUSTED_PROXIES");
		for (const all of ["0.0.0.0/0", "::/0", "127.0.0.1 ::ffff:0:0/96"]) {
			expect(() => served({ ...header, TRUSTED_PROXIES: all })).toThrow("names every address there is");
		}
		const { authHeader, trustedProxies } = served({ ...header, TRUSTED_PROXIES: "127.0.0.1, fd00::/8" });
		expect([authHeader, trustedProxies.length]).toEqual(["remote-user", 2]);
		expect(() => served({ TRUSTED_PROXIES: "proxy.lan" })).toThrow(
			'TRUSTED_PROXIES has "proxy.lan"; expected addresses',
		);
		for (const bad of ["Remote User", "Host", "Cookie", "X-Forwarded-For", "Authorization", "Remote-User:"]) {
			expect(() => served({ AUTH_HEADER: bad, TRUSTED_PROXIES: "127.0.0.1" })).toThrow("AUTH_HEADER is");
		}
	});
});

test("a hash that no password fits is told with what mends it, and never repeated", () => {
	const good = [
		"$argon2id$v=19$m=19456,t=2,p=1$c29tZXNhbHQxMjM0NTY3$M13j2yGNPm0a8zPnK9WtzSVsdn83J4TZFnqz98r3EYs",
		"$2y$10$3IXrriWF0ACmuQhO4aXuAO.CBAG3nEQfGv.VjerpnaWg8lX1ARwt6",
	];
	for (const hash of good) expect(faultOfHash(hash)).toBeNull();
	const [argon = "", bcrypt = ""] = good;
	const bad: [hash: string, said: string][] = [
		// What a compose file leaves of it.
		["=19=19456,t=2,p=1", "each $ is written $$"],
		["correct horse battery", "does not begin with $argon2"],
		["", "does not begin"],
		[argon.slice(0, 40), "is no whole hash"],
		[bcrypt.slice(0, -1), "is no whole hash"],
		[argon.replace("19456", "1048576"), "takes 1024 MiB of memory"],
		[argon.replace("t=2", "t=900"), "too much work"],
		[bcrypt.replace("$10$", "$19$"), "has the cost 19"],
		["$6$rounds=1000$salt$hash", "is no whole hash of argon2 or bcrypt"],
	];
	for (const [hash, said] of bad) {
		const fault = faultOfHash(hash) ?? "";
		expect([hash, fault]).toEqual([hash, expect.stringContaining(said)]);
		expect(fault).toContain("backup-monitor hash-password makes one");
		if (hash !== "") expect(fault).not.toContain(hash);
	}
});

test("PUBLIC_URL holds no password, and one that does is not repeated", () => {
	for (const url of ["https://me:hunter22@pi.example", "https://:hunter22@pi.example", "htps//me:hunter22@pi"]) {
		expect(() => readConfig({ PUBLIC_URL: url })).toThrow("PUBLIC_URL holds a user or a password");
		expect(() => readConfig({ PUBLIC_URL: url })).not.toThrow("hunter22");
	}
});
