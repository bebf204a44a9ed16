// The environment: what is taken, and the sentence that a bad variable gets.
import { afterAll, describe, expect, test } from "bun:test";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { nearbyFolder, reachedAt, readConfig } from "../src/config.ts";
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
