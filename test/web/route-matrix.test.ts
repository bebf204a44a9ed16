// Who may do what: every route there is, asked by every kind of visitor, against one table. A route without a line fails.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { cleanUp, makeFolder } from "../binary.ts";
import { openApp, type TestApp } from "./app.ts";

/** Lines of the table by who comes in where a login is asked for. Without one, everybody comes in but to reports. */
const table = {
	/** Anybody. */
	everybody: ["GET /health", "GET /login", "POST /login"],
	/** Whoever has logged in, here or at the proxy: pages. */
	pages: [
		"GET /",
		"GET /runs",
		"GET /runs/:id",
		"GET /runs/:id/log",
		"GET /runs/:id/report",
		"GET /jobs/:slug",
		"GET /jobs/:slug/change",
		"GET /alerts",
		"GET /inventory",
		"GET /restore",
		"GET /setup",
		"GET /settings",
		"GET /live",
	],
	/** And the same: what changes something. */
	changes: [
		"POST /api/import",
		"POST /refresh",
		"POST /theme",
		"POST /zone",
		"POST /logout",
		"POST /alerts/:id/acknowledge",
		"POST /alerts/:id/snooze",
		"POST /channels/:name/test",
		"POST /jobs/:slug/archive",
		"POST /jobs/:slug/delete",
		"POST /jobs/:slug/expected",
		"POST /jobs/:slug/fix-schedule",
		"POST /jobs/:slug/learn-schedule",
		"POST /jobs/:slug/merge",
		"POST /jobs/:slug/pause",
		"POST /jobs/:slug/rename",
		"POST /jobs/:slug/resume",
		"POST /jobs/:slug/unarchive",
	],
	/** And the same, or whoever has the read token. */
	data: [
		"GET /metrics",
		"GET /api/metrics",
		"GET /api/summary",
		"GET /api/health",
		"GET /api/jobs",
		"GET /api/jobs/:job",
		"GET /api/runs",
		"GET /api/runs/:id",
		"GET /api/runs.csv",
		"GET /api/runs.jsonl",
		"GET /api/failures",
		"GET /api/failure-trends",
		"GET /api/rejected",
		"GET /api/alerts",
		"GET /api/inventory",
		"GET /api/restore",
		"GET /api/openapi.json",
		"GET /badge/:file",
		"GET /feed.xml",
	],
	/** Whoever has a link of a message: the path is its own key, and a wrong one finds nothing. */
	links: ["GET /alerts/link/:token", "POST /alerts/link/:token"],
	/** Whoever has a push token, and nobody else, with a login or without. */
	reports: [
		"POST /api/runs",
		"POST /api/jobs/:job/runs",
		"PUT /api/jobs/:job/inventory",
		"GET /ingest/:tool",
		"POST /ingest/:tool",
		...["POST", "PUT", "DELETE"].flatMap((method) => [
			`${method} /metrics/:job/:name`,
			`${method} /metrics/:job/:name/:l1/:v1`,
			`${method} /metrics/:job/:name/:l1/:v1/:l2/:v2`,
			`${method} /metrics/:job/:name/:l1/:v1/:l2/:v2/:l3/:v3`,
		]),
	],
	/** The same, in the protocol's own words: the key stands in the path or in the protocol's header. */
	pings: [
		...["GET", "POST", "PUT"].flatMap((method) => [`${method} /ping/:a/:b`, `${method} /ping/:a/:b/:c`]),
		"POST /api/v1/endpoints/:key/external",
	],
	/** Whoever has a job's own address; none of the tokens here is one. */
	addresses: ["GET", "POST", "PUT"].flatMap((method) => [`${method} /ping/:a`, `${method} /api/push/:token`]),
};
type Group = keyof typeof table;

const visitors = [
	"nobody",
	"a wrong token",
	"the read token",
	"the push token",
	"a session",
	"a proxy's header",
] as const;
type Visitor = (typeof visitors)[number];

const logged: Visitor[] = ["a session", "a proxy's header"];
/** Who comes in where a login is asked for. */
const comesIn: Record<Group, readonly Visitor[]> = {
	everybody: visitors,
	pages: logged,
	changes: logged,
	data: [...logged, "the read token"],
	links: visitors,
	reports: ["the push token"],
	pings: ["the push token"],
	addresses: [],
};

const readToken = "the-token-that-reads";
const pushToken = "the-token-that-reports";
const proxy = "192.0.2.1";
const password = "correct horse battery";

let closed: TestApp;
let open: TestApp;
let cookie = "";

beforeAll(async () => {
	const dataDir = makeFolder();
	const file = join(dataDir, "password");
	writeFileSync(file, password);
	const shared = { PUSH_TOKEN: pushToken, READ_TOKEN: readToken };
	const proxied = { AUTH_HEADER: "Remote-User", TRUSTED_PROXIES: proxy };
	closed = await openApp(dataDir, Date.now, { ...shared, ...proxied, AUTH_PASSWORD_FILE: file });
	open = await openApp(makeFolder(), Date.now, shared);
	const login = await ask(closed, "POST /login", "nobody", new URLSearchParams({ password }).toString());
	cookie = (login.headers.get("set-cookie") ?? "").split(";")[0] ?? "";
	expect(cookie).not.toBe("");
});
afterAll(async () => {
	await Promise.all([closed.monitor.stop(), open.monitor.stop()]);
	await cleanUp();
});

function headersOf(visitor: Visitor, key: string): Record<string, string> {
	if (visitor === "a session") return { cookie };
	if (visitor === "a proxy's header") return { "remote-user": "anna" };
	return key === "" ? {} : { authorization: `Bearer ${key}` };
}

const keys: Partial<Record<Visitor, string>> = {
	"a wrong token": "a-token-that-is-wrong",
	"the read token": readToken,
	"the push token": pushToken,
};

/** A request as the visitor makes it. A new address each time: those that are wrong too often are another test's matter. */
let asked = 0;
async function ask(app: TestApp, line: string, visitor: Visitor, body?: string): Promise<Response> {
	const [method = "", path = ""] = line.split(" ");
	const key = keys[visitor] ?? "";
	const isPing = [...table.pings, ...table.addresses].includes(line);
	const inPath: Record<string, string> = {
		":key": "nas_photos",
		...(isPing && { ":a": key || "none", ":token": key || "none" }),
	};
	const filled = path.replace(/:[a-z]+\d?/gi, (name) => inPath[name] ?? "1");
	const search = path.startsWith("/api/v1/endpoints") ? "?success=true" : "";
	asked++;
	const address = visitor === "a proxy's header" ? proxy : `10.${asked >> 16}.${(asked >> 8) & 255}.${asked & 255}`;
	const type = body === undefined ? {} : { "content-type": "application/x-www-form-urlencoded" };
	const request = new Request(`http://localhost:5001${filled}${search}`, {
		method,
		headers: { host: "localhost:5001", ...type, ...headersOf(visitor, key) },
		...(body !== undefined && { body }),
	});
	return app.app.fetch(request, { requestIP: () => ({ address }) });
}

/** Groups with a door of their own, which a login does not open. */
const isKeyed = (group: Group) => group === "reports" || group === "pings" || group === "addresses";

/** Whether an answer is one of the gate's, or of a protocol that knows no such key. */
function isRefused({ status, headers }: Response, group: Group): boolean {
	const isLogin = status === 303 && (headers.get("location") ?? "").startsWith("/login");
	// The login's own page is one too when a password is wrong.
	const isGates = (headers.get("content-type") ?? "").startsWith("application/json") || group !== "everybody";
	return (
		(status === 401 && isGates) ||
		status === 429 ||
		isLogin ||
		(group !== "reports" && isKeyed(group) && status === 404)
	);
}

const lines = Object.entries(table).flatMap(([group, all]) => all.map((line) => ({ line, group: group as Group })));

test("every route there is stands in the table, once, and the table names none that is not", async () => {
	const declared = (await closed.app.routes()).map(({ method, path }) => `${method} ${path}`);
	expect(lines.map(({ line }) => line).sort()).toEqual(declared.sort());
});

for (const visitor of visitors) {
	describe(visitor, () => {
		test("comes in where the table says, where a login is asked for", async () => {
			for (const { line, group } of lines) {
				// The end of all sessions is tried last.
				if (line === "POST /logout") continue;
				const response = await ask(closed, line, visitor);
				const isIn = !isRefused(response, group);
				await response.body?.cancel();
				expect([line, visitor, isIn, response.status]).toEqual([
					line,
					visitor,
					comesIn[group].includes(visitor),
					response.status,
				]);
				const isOpen = line === "GET /health" || isKeyed(group);
				if (!isOpen) expect([line, response.headers.get("cache-control")]).toEqual([line, "no-store"]);
				expect([line, response.headers.get("content-security-policy")?.slice(0, 18)]).toEqual([
					line,
					"default-src 'none'",
				]);
			}
		});

		test("comes in everywhere but to reports, where none is asked for", async () => {
			for (const { line, group } of lines) {
				const response = await ask(open, line, visitor);
				const isIn = !isRefused(response, group);
				await response.body?.cancel();
				const expected = !isKeyed(group) || comesIn[group].includes(visitor);
				expect([line, visitor, isIn, response.status]).toEqual([line, visitor, expected, response.status]);
			}
		});
	});
}

test("only a session can end itself", async () => {
	for (const visitor of visitors) {
		const response = await ask(closed, "POST /logout", visitor);
		expect([visitor, response.status === 303]).toEqual([visitor, logged.includes(visitor)]);
	}
	expect((await ask(closed, "GET /api/jobs", "a session")).status).toBe(401);
});
