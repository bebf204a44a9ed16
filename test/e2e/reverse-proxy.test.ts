// nginx in front, as docs/security.md shows it: it logs in for the monitor, reports pass it, and nobody gets round it.
import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { cleanUp, makeFolder, type Started, startServer, until } from "../binary.ts";
import { freePort } from "../free-port.ts";

const pushToken = "reports-pass-the-proxy";
let server: Started;
let nginx: Bun.Subprocess;
let port: number;

/** The locations of the page, with the places of this machine. */
function locations(users: string): string {
	const page = readFileSync(join(import.meta.dir, "../../docs/security.md"), "utf8");
	const [, shown = ""] = /```text\n(location [\s\S]*?)```/.exec(page) ?? [];
	expect(shown).toContain("auth_basic_user_file /etc/nginx/backup-users;");
	return shown
		.replaceAll("/etc/nginx/backup-users", users)
		.replaceAll("127.0.0.1:5001", `127.0.0.1:${server.port}`)
		.replaceAll("$scheme", "https");
}

beforeAll(async () => {
	port = await freePort();
	const env = {
		AUTH_HEADER: "Remote-User",
		TRUSTED_PROXIES: "127.0.0.1",
		ALLOWED_HOSTS: "backup.example.org",
		PUBLIC_URL: "https://backup.example.org",
		PUSH_TOKEN: pushToken,
		READ_TOKEN: "what-programs-read-with",
	};
	server = await startServer({ env });
	const folder = makeFolder();
	mkdirSync(join(folder, "temp"));
	writeFileSync(join(folder, "users"), "anna:{PLAIN}secret-of-anna\n");
	const temps = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map((name) => `${name}_temp_path ${folder}/temp;`);
	writeFileSync(
		join(folder, "nginx.conf"),
		`daemon off; worker_processes 1; user root; pid ${folder}/pid; error_log ${folder}/error.log;
events { worker_connections 64; }
http { access_log off; ${temps.join(" ")}
server { listen 127.0.0.1:${port}; server_name backup.example.org;
${locations(join(folder, "users"))}
} }`,
	);
	nginx = Bun.spawn(["nginx", "-p", folder, "-c", join(folder, "nginx.conf"), "-e", join(folder, "error.log")], {
		stdio: ["ignore", "ignore", "ignore"],
		env: { PATH: `${process.env.PATH}:/usr/sbin` },
	});
	await until(async () => (await curl("/health")).status === 200, 10_000, "nginx answers");
}, 30_000);
afterAll(async () => {
	nginx.kill();
	await nginx.exited;
	await server.stop();
	await cleanUp();
});

/** As somebody with an address of his own asks: 127.0.0.1 alone is the proxy. */
async function curl(path: string, args: string[] = [], { from = "127.0.0.5", at = port } = {}) {
	const shown = ["-s", "-m", "8", "-i", "--interface", from, "-H", "Host: backup.example.org"];
	const child = Bun.spawn(["curl", ...shown, ...args, `http://127.0.0.1:${at}${path}`], {
		stdout: "pipe",
		stderr: "ignore",
	});
	const text = await new Response(child.stdout).text();
	return { status: Number(/^HTTP\/1\.1 (\d+)/.exec(text)?.[1] ?? 0), text };
}

const anna = ["-u", "anna:secret-of-anna"];
const bearer = (token: string) => ["-H", `Authorization: Bearer ${token}`];

test("whoever logs in at the proxy is in, under the name that the proxy says", async () => {
	expect((await curl("/")).status).toBe(401);
	expect((await curl("/", ["-u", "anna:wrong"])).status).toBe(401);
	expect((await curl("/", anna)).status).toBe(200);
	expect((await curl("/api/jobs", anna)).status).toBe(200);
	const named = await curl("/login", [...anna, "-H", "Remote-User: root"]);
	expect(named.text).toContain("anna");
	expect(named.text).not.toContain("root");
});

test("nobody gets in beside it, whatever he sends", async () => {
	const beside = (path: string, args: string[]) => curl(path, args, { at: server.port });
	expect((await beside("/api/jobs", ["-H", "Remote-User: anna"])).status).toBe(401);
	expect((await beside("/api/jobs", ["-H", "Remote-User: anna", "-H", "X-Forwarded-For: 127.0.0.1"])).status).toBe(401);
	expect((await beside("/", ["-H", "Remote-User: anna"])).text).toMatch(/^location: \/login/im);
	// Through what the proxy leaves open: a name that nobody checked is no name.
	for (const path of ["/ping/x/nas", "/api/runs", "/ingest/auto"]) {
		const unchecked = ["-X", "POST", "-u", "anna:anything", "-H", "Remote-User: anna"];
		expect([path, [401, 404].includes((await curl(path, unchecked)).status)]).toEqual([path, true]);
	}
	expect((await curl("/api/runs", ["-u", "anna:anything"])).status).toBe(401);
	expect((await curl("/api/import", ["-X", "POST", "-u", "anna:anything"])).status).toBe(401);
});

test("reports pass with their token, and who has a wrong one is told by his own address", async () => {
	const run = JSON.stringify({ job: "nas", timestamp: new Date().toISOString(), backup_id: "1", success: true });
	expect((await curl("/api/runs", [...bearer(pushToken), "-d", run])).status).toBe(200);
	expect((await curl(`/ping/${pushToken}/nas`)).status).toBe(200);
	expect((await curl("/api/runs", [...bearer("a-wrong-token"), "-d", run], { from: "127.0.0.9" })).status).toBe(401);
	const settings = (await curl("/settings", anna)).text;
	expect(settings).toContain("127.0.0.9");
});

test("buttons work under the proxy's name, the page is live, and its links are https", async () => {
	const origin = ["-H", "Origin: https://backup.example.org", "-H", "Sec-Fetch-Site: same-origin"];
	expect((await curl("/refresh", [...anna, ...origin, "-d", "path=/runs"])).text).toMatch(/^location: \/runs/im);
	expect((await curl("/refresh", [...anna, "-H", "Origin: https://evil.example", "-d", "path=/"])).status).toBe(403);
	const began = performance.now();
	const live = await curl("/live", [...anna, "-m", "2", "-N", "-H", "Accept: text/event-stream"]);
	expect([live.status, live.text.includes("event: beat"), performance.now() - began < 6000]).toEqual([200, true, true]);
	expect((await curl("/setup", anna)).text).toContain("https://backup.example.org/api/runs");
});

test("programs read through it with the read token, where the proxy lets them", async () => {
	expect((await curl("/metrics", bearer("what-programs-read-with"))).status).toBe(200);
	expect((await curl("/metrics", bearer("another-token"))).status).toBe(401);
	expect((await curl("/metrics")).status).toBe(401);
});
