// docs/api.md is true: every command in it is run by a shell against a listening server, and answered as it says.
import { afterAll, beforeAll, expect, test } from "bun:test";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { readConfig } from "../../src/config.ts";
import { listen, type Server } from "../../src/web/app.ts";
import { cleanUp, makeFolder } from "../binary.ts";
import { openApp, type TestApp } from "./app.ts";
import { sampleNow, writeSample } from "./sample.ts";

const docs = readFileSync(join(import.meta.dir, "../../docs/api.md"), "utf8");
const pushToken = "a-token-for-the-documentation";

let lab: TestApp;
let server: Server;
let home: string;

beforeAll(async () => {
	const dataDir = makeFolder();
	writeSample(dataDir);
	lab = await openApp(dataDir, () => sampleNow, { PUSH_TOKEN: pushToken });
	server = listen(lab.app, readConfig({ DATA_DIR: dataDir, TZ: "UTC", HOST: "127.0.0.1", PORT: "0" }));
	home = makeFolder();
	// The commands stay as they are; only where that name leads is decided here.
	writeFileSync(join(home, ".curlrc"), `connect-to = "pi.lan:5001:127.0.0.1:${server.port}"\nsilent\nmax-time = 10\n`);
});
afterAll(async () => {
	await server.stop();
	await lab.monitor.stop();
	await cleanUp();
});

const left = "…";

/** Every place where an answer is not what the documentation shows; "…" stands for anything, and for more of the same. */
function differences(shown: unknown, real: unknown, at = "$"): string[] {
	if (shown === left) return [];
	if (Array.isArray(shown)) {
		if (!Array.isArray(real)) return [`${at}: not a list`];
		const isWhole = shown.at(-1) !== left;
		const items = isWhole ? shown : shown.slice(0, -1);
		if (isWhole ? items.length !== real.length : items.length > real.length) return [`${at}: ${real.length} long`];
		return items.flatMap((item, n) => differences(item, real[n], `${at}[${n}]`));
	}
	if (typeof shown === "object" && shown !== null) {
		if (typeof real !== "object" || real === null) return [`${at}: not an object`];
		const fields = new Map(Object.entries(real));
		const wrong = Object.entries(shown).flatMap(([name, value]) => {
			if (name === left) return [];
			return fields.has(name) ? differences(value, fields.get(name), `${at}.${name}`) : [`${at}.${name}: not there`];
		});
		const isWhole = !(left in shown);
		return isWhole
			? [...wrong, ...[...fields.keys()].filter((n) => !(n in shown)).map((n) => `${at}.${n}: not shown`)]
			: wrong;
	}
	return Object.is(shown, real) ? [] : [`${at}: ${JSON.stringify(real)}`];
}

/** As above for text: a line "…" stands for any number of lines. */
function isLike(shown: string, real: string): boolean {
	const pattern = shown
		.split("\n")
		.map((line) => (line === left ? "(?:.*\n)*" : `${line.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")}\n`))
		.join("");
	return new RegExp(`^${pattern}$`).test(real.replaceAll("\r\n", "\n"));
}

const pairs = [...docs.matchAll(/^```sh\n([\s\S]*?)\n```\n```(\w+)\n([\s\S]*?)\n```$/gm)].map(
	([, command = "", kind = "", shown = ""]) => ({ command, kind, shown }),
);

test.each(pairs)("$command", async ({ command, kind, shown }) => {
	const child = Bun.spawn(["sh", "-ec", command], {
		env: { PATH: process.env.PATH, HOME: home, CURL_HOME: home, PUSH_TOKEN: pushToken },
		stdout: "pipe",
		stderr: "pipe",
	});
	const [out, err] = await Promise.all([new Response(child.stdout).text(), new Response(child.stderr).text()]);
	expect([await child.exited, err]).toEqual([0, ""]);
	if (kind === "json") expect(differences(JSON.parse(shown), JSON.parse(out))).toEqual([]);
	else expect([out, isLike(shown, out)]).toEqual([out, true]);
});

test("every example is one of those that are run", () => {
	expect(docs.match(/^```sh$/gm)?.length).toBe(pairs.length);
	expect(pairs.length).toBeGreaterThan(20);
});

test("every route that is described to programs has its part", async () => {
	const { paths } = await (await lab.get("/api/openapi.json")).json();
	const routes = Object.entries(paths as Record<string, object>).flatMap(([path, methods]) =>
		Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
	);
	const documented = [...docs.matchAll(/^## `([A-Z]+ \S+)`$/gm)].map(([, route]) => route);
	expect(documented.sort()).toEqual(routes.sort());
});
