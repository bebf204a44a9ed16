// The tables of the documentation say what the code says: variables with their defaults, keys, alerts, channels, placeholders.
import { afterAll, beforeAll, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { alertKinds } from "../src/alert.ts";
import { channelKinds, parseChannelUrl } from "../src/alerts/channels/registry.ts";
import { parseTemplate } from "../src/alerts/channels/template.ts";
import { commands } from "../src/cli/commands.ts";
import { readConfig } from "../src/config.ts";
import { messageOf } from "../src/errors.ts";
import { nextTryAt } from "../src/outbox.ts";
import { forgetSecrets } from "../src/secrets.ts";
import { parseSettings } from "../src/settings-parse.ts";
import { linkLifetimeMs } from "../src/signed-link.ts";

// Words that are secrets here are words elsewhere.
beforeAll(forgetSecrets);
afterAll(forgetSecrets);

const root = join(import.meta.dir, "..");
const read = (path: string) => readFileSync(join(root, path), "utf8");
const configuration = read("docs/configuration.md");
const alerts = read("docs/alerts.md");

/** Rows of the tables below a heading, as cells. */
function rowsBelow(page: string, heading: string): string[][] {
	const [, rest = ""] = page.split(`\n${heading}\n`);
	const part = rest.split(/\n#/)[0] ?? "";
	const rows = [...part.matchAll(/^\| (.*) \|$/gm)].map(([, row = ""]) =>
		row.split(/ ?\| ?/).map((cell) => cell.trim()),
	);
	return rows.slice(1);
}

const codes = (cell = "") => [...cell.matchAll(/`([^`]+)`/g)].map(([, code = ""]) => code);

test("the variables are those of src/config.ts, each once", () => {
	const source = read("src/config.ts") + read("src/access-config.ts") + read("src/alerts/outgoing.ts");
	const named = [
		...source.matchAll(/\benv\.([A-Z][A-Z_]+)\b/g),
		...source.matchAll(/(?:whole|oneOf)\(env, "([A-Z_]+)"/g),
	].map(([, name = ""]) => name);
	const documented = rowsBelow(configuration, "## Variables").flatMap(([name]) => codes(name));
	expect(documented.toSorted()).toEqual([...new Set(named)].sort());
});

test("their defaults are those of the program", () => {
	const config = readConfig({});
	const defaults = new Map(
		rowsBelow(configuration, "## Variables").map(([name = "", value]) => [codes(name)[0], value]),
	);
	const { port, host, retentionDays, units, frameAncestors, databasePath, metricsFile, dataDir } = config;
	expect({
		PORT: codes(defaults.get("PORT"))[0],
		HOST: codes(defaults.get("HOST"))[0],
		RETENTION_DAYS: codes(defaults.get("RETENTION_DAYS"))[0],
		UNITS: codes(defaults.get("UNITS"))[0],
		FRAME_ANCESTORS: codes(defaults.get("FRAME_ANCESTORS"))[0],
		DATA_DIR: codes(defaults.get("DATA_DIR")).at(-1),
		DB_PATH: codes(defaults.get("DB_PATH")).at(-1),
		METRICS_FILE: codes(defaults.get("METRICS_FILE")).at(-1),
	}).toEqual({
		PORT: String(port),
		HOST: host,
		RETENTION_DAYS: String(retentionDays),
		UNITS: units,
		FRAME_ANCESTORS: frameAncestors,
		DATA_DIR: dataDir,
		DB_PATH: databasePath,
		METRICS_FILE: metricsFile,
	});
	expect(configuration).toContain("kept, 1 to 36500 days");
	for (const days of ["0", "36501"]) expect(() => readConfig({ RETENTION_DAYS: days })).toThrow("from 1 to 36500");
	for (const name of ["ALLOWED_HOSTS", "PUBLIC_URL", "NOTIFY_URLS", "HEARTBEAT_URL"])
		expect(defaults.get(name)).toBe("");
});

/** Keys that the parser knows at a place, from what it says of one that it does not know. */
function keysAt(yaml: string): string[] {
	const message = parseSettings(yaml, "UTC").problems[0]?.message ?? "";
	return /expected (.*)$/.exec(message)?.[1]?.split(", ") ?? [];
}

test("the keys of config.yaml are those that the parser knows", () => {
	const keys = (heading: string) => rowsBelow(configuration, heading).flatMap(([key]) => codes(key));
	expect(keys("### A job")).toEqual(keysAt("jobs: { a: { zzz: 1 } }"));
	expect(keys("### A channel").toSorted()).toEqual(keysAt("channels: { a: { url: 'ntfy://a', zzz: 1 } }").sort());
	expect(["jobs", "channels", ...keys("### quiet_hours, digest")]).toEqual(keysAt("zzz: 1"));
});

test("every kind of alert that judging can open is told of, and none that there is not", () => {
	const documented = new Set(rowsBelow(alerts, "## Of what?").flatMap(([kind]) => codes(kind)));
	expect([...documented].filter((kind) => !alertKinds.some((known) => known === kind))).toEqual([]);
	const judged = alertKinds.slice(0, alertKinds.indexOf("channel_broken") + 1);
	expect(judged.filter((kind) => !documented.has(kind))).toEqual([]);
});

test("every channel has its addresses, and each of them is understood", () => {
	const addresses = rowsBelow(alerts, "## The address of each channel").flatMap(([, cell]) => codes(cell));
	const opened = addresses.map((address) => parseChannelUrl(address).type);
	expect(new Set(opened)).toEqual(new Set(channelKinds.map(({ type }) => type)));
	expect(addresses.length).toBeGreaterThan(20);
});

test("the placeholders are all there are", () => {
	const [, listed = ""] = /^Placeholders: ([\s\S]*?)\. In other/m.exec(alerts) ?? [];
	let known: string[] = [];
	try {
		parseTemplate("{nothing}");
	} catch (error) {
		known = messageOf(error).split(": ")[1]?.split(", ") ?? [];
	}
	expect(codes(listed).map((code) => code.slice(1, -1))).toEqual(known);
	expect(known.length).toBeGreaterThan(10);
});

test("messages are tried again as often, and links live as long, as is said", () => {
	const wait = (attempts: number) => (nextTryAt({ attempts, createdAt: 0 }, 0, 7) ?? 0) / 1000;
	[10, 30, 120, 240, 480].forEach((seconds, index) => {
		expect(Math.abs(wait(index + 1) / seconds - 1)).toBeLessThanOrEqual(0.2);
	});
	expect(wait(50)).toBeLessThanOrEqual(3600);
	const said = alerts.replace(/\s+/g, " ");
	expect(said).toContain("after 10 s, 30 s, 2 min, then twice as long each time up to an hour, for 3 days");
	expect(nextTryAt({ attempts: 90, createdAt: 0 }, 3 * 86_400_000, 7)).toBeNull();
	expect(linkLifetimeMs).toBe(7 * 86_400_000);
	expect(said).toContain("work for 7 days");
});

test("README lists the commands there are, and the pages there are", () => {
	const readme = read("README.md");
	const [, listed = ""] = /`backup-monitor --help` lists the commands: ([\s\S]*?)\./.exec(readme) ?? [];
	const shown = commands.filter(({ isInner }) => isInner !== true).map(({ name }) => name);
	expect(codes(listed).toSorted()).toEqual(shown.toSorted());
	const linked = [...readme.matchAll(/\]\(docs\/([\w-]+\.md)\)/g)].map(([, page = ""]) => page);
	const there = [...new Bun.Glob("*.md").scanSync({ cwd: join(root, "docs") })];
	expect(there.filter((page) => !linked.includes(page))).toEqual([]);
});

test("every page that shows a command is read by a test that runs it", () => {
	const tests = [...new Bun.Glob("test/**/*.test.ts").scanSync({ cwd: root })];
	const sources = tests.filter((path) => !path.endsWith("docs-facts.test.ts")).map(read);
	const listed = /const pages = \[([\s\S]*?)\];/.exec(read("test/docs.test.ts"))?.[1] ?? "";
	const pages = [...new Bun.Glob("*.md").scanSync({ cwd: join(root, "docs") })];
	const untried = pages.filter((page) => {
		if (!read(`docs/${page}`).includes("\n```sh\n")) return false;
		const isListed = listed.includes(`"${page.replace(".md", "")}"`);
		return !isListed && !sources.some((source) => source.includes(`docs/${page}`) && /blocksOf|```/.test(source));
	});
	expect(untried).toEqual([]);
});
