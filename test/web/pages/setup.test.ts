// The setup page: who is shown the token, how values are quoted, and that nothing a reader or reporter writes can run.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { setups } from "../../../src/setup-snippets.ts";
import { jobNameOf, pathOf, pingSlugOf, shellUrl, shellWord, unitText } from "../../../src/setup-values.ts";
import { cleanUp } from "../../binary.ts";
import { openSender, type Sender, type Sent } from "../sender.ts";

let here: Sender;
let open: Sender;
let proxied: Sender;

beforeAll(async () => {
	here = await openSender();
	open = await openSender({ PUSH_TOKEN: "none" });
	proxied = await openSender({ PUBLIC_URL: "https://backup.example.org/", ALLOWED_HOSTS: "backup.example.org" });
});
afterAll(async () => {
	await Promise.all([here, open, proxied].map((sender) => sender.stop()));
	await cleanUp();
});

const ask = (sender: Sender, path: string, sent: Sent = {}) =>
	sender.send(path, { method: "GET", token: null, address: "127.0.0.1", ...sent });

async function read(sender: Sender, path = "/setup", sent: Sent = {}): Promise<string> {
	const response = await ask(sender, path, sent);
	expect([response.status, response.headers.get("cache-control")]).toEqual([200, "no-store"]);
	return (await response.text()).replaceAll("\u00a0", " ");
}

describe("the token", () => {
	test("is shown to whoever sits at the monitor's machine, with the reason", async () => {
		for (const address of ["127.0.0.1", "::1", "::ffff:127.0.0.1", "127.8.9.1"]) {
			const page = await read(here, "/setup", { address });
			expect(page).toContain(here.token);
			expect(page).toContain("because you opened this page on the monitor\u2019s own machine");
		}
		for (const host of ["localhost", "LOCALHOST:5001", "127.0.0.1:5001", "[::1]:5001"]) {
			expect(await read(here, "/setup", { headers: { host } })).toContain(here.token);
		}
	});

	test("is hidden from other machines, behind other names, and behind any proxy", async () => {
		const others: Sent[] = [
			{ address: "192.168.1.7" },
			{ address: "172.17.0.1" },
			{ address: "::ffff:192.168.1.7" },
			{ address: "127.0.0.1.example" },
			{ address: "" },
			{ headers: { host: "pi:5001" } },
			{ headers: { host: "192.168.1.2:5001" } },
			{ headers: { host: "localhost.lan" } },
			{ headers: { "x-forwarded-for": "192.168.1.7" } },
			{ headers: { "x-forwarded-proto": "https" } },
			{ headers: { "X-Forwarded-Server": "" } },
			{ headers: { forwarded: "for=192.168.1.7" } },
			{ headers: { via: "1.1 caddy" } },
			{ headers: { "x-real-ip": "192.168.1.7" } },
			{ headers: { connection: "close" } },
		];
		for (const setup of setups) {
			for (const sent of others) {
				const page = await read(here, `/setup?tool=${setup.id}`, sent);
				expect([setup.id, sent, page.includes(here.token)]).toEqual([setup.id, sent, false]);
			}
		}
		const page = await read(here, "/setup", { address: "192.168.1.7" });
		expect(page).toContain("PASTE-TOKEN-HERE");
		expect(page).toContain("backup-monitor token");
		expect(page).toContain("docker exec NAME /backup-monitor token");
		expect(await read(proxied)).not.toContain(proxied.token);
	});

	test("of a job for Uptime Kuma is hidden and shown by the same rule", async () => {
		await here.push({ job: "nas", timestamp: new Date(here.now()).toISOString(), backup_id: "1", success: true });
		const kuma = here.tokens.kumaTokenOf({ name: "nas", host: "" });
		expect(await read(here, "/setup?tool=uptime-kuma&job=nas")).toContain(kuma);
		expect(await read(here, "/setup?tool=uptime-kuma&job=other")).toContain("PASTE-KUMA-TOKEN-HERE");
		const away = await read(here, "/setup?tool=uptime-kuma&job=nas", { address: "192.168.1.7" });
		expect(away).not.toContain(kuma);
		expect(away).toContain("backup-monitor token --job nas");
	});

	test("is not asked for where anybody may report", async () => {
		for (const setup of setups) {
			const page = await read(open, `/setup?tool=${setup.id}`, { address: "192.168.1.7" });
			expect(page).toContain("PUSH_TOKEN=none");
			expect(page).not.toMatch(/PASTE-TOKEN|Authorization|export PUSH_TOKEN|[?&]token=/);
		}
	});
});

describe("the address", () => {
	test("is PUBLIC_URL, else the one that the browser used", async () => {
		expect(await read(proxied, "/setup", { headers: { host: "backup.example.org" } })).toContain(
			"https://backup.example.org/api/runs",
		);
		expect(await read(here, "/setup", { headers: { host: "pi.lan:5001" } })).toContain("http://pi.lan:5001/api/runs");
		const tls = { host: "pi.lan", "x-forwarded-proto": "https" };
		expect(await read(here, "/setup", { headers: tls })).toContain("https://pi.lan/api/runs");
	});

	test("of this machine alone is said to be that", async () => {
		expect(await read(here)).toContain("It means this very machine everywhere");
		expect(await read(here, "/setup", { headers: { host: "pi:5001" } })).not.toContain("this very machine");
	});
});

describe("what a reader writes", () => {
	const evil = `</code><script>alert(1)</script>" onload="x`;

	test("stays text, in every tab", async () => {
		const query = new URLSearchParams({ job: evil, source: evil, target: evil });
		for (const { id } of setups) {
			const page = await read(here, `/setup?tool=${id}&${query}`);
			expect(page).not.toMatch(/<script>|" onload="|\sstyle=|<style|javascript:/i);
			expect(page.match(/<h1[ >]/g)?.length).toBe(1);
			const ids = [...page.matchAll(/\sid="([^"]+)"/g)].map(([, one]) => one);
			expect(new Set(ids).size).toBe(ids.length);
		}
	});

	test("an unknown tool is the first one; a job's name is one line of at most 64 characters", async () => {
		expect(await read(here, "/setup?tool=nonsense")).toContain("<title>Setup: Shell script");
		expect(jobNameOf(" a\nb\u0000c ")).toBe("a b c");
		expect(jobNameOf("x".repeat(99))).toHaveLength(64);
		expect(jobNameOf("  ")).toBe("nightly");
		expect(pathOf("\n", "/srv")).toBe("/srv");
		expect([pingSlugOf("Fotos \u00fc 1"), pingSlugOf("\u5199\u771f")]).toEqual(["fotos-u-1", "backup"]);
	});

	test("goes along to another tool, as far as that has a place for it", async () => {
		const page = await read(here, "/setup?tool=rsync&job=my+photos&target=/mnt/x");
		expect(page).toContain('href="/setup?tool=restic&amp;job=my+photos"');
		expect(page).toContain('hx-get="/setup?tool=rsync&amp;job=my+photos&amp;target=%2Fmnt%2Fx"');
	});
});

describe("what comes in", () => {
	test("is listed with its outcome, and the job that was waited for is connected", async () => {
		const at = new Date(here.now() - 3_600_000).toISOString();
		expect(await read(here, "/setup?job=photos")).toContain("Listening.");
		await here.push({ job: "photos", timestamp: at, backup_id: "2", success: false, error_category: "network" });
		const page = await read(here, "/setup?job=photos");
		expect(page).toContain("Connected.");
		expect(page).toMatch(/Failed<\/span><span><bdi>photos<\/bdi><small>.*network/);
	});

	test("and was refused is told with address and reason", async () => {
		await here.send("/api/runs", { body: "{}", token: "wrong", address: "192.168.1.9" });
		expect(await read(here)).toMatch(/1 report refused<small>from 192\.168\.1\.9, .*wrong or missing token/s);
	});
});

test("the fragment is the same region, and asks for itself with what was chosen", async () => {
	const fragment = await read(here, "/setup?tool=restic", { headers: { "hx-request": "true" } });
	expect(fragment).toStartWith("<title>Setup: restic");
	expect(fragment).toContain('hx-get="/setup?tool=restic"');
	expect(fragment).not.toContain("<html");
});

test("words for shells and units", () => {
	expect(shellWord("it's")).toBe("'it'\\''s'");
	expect(shellWord("")).toBe("''");
	expect(shellUrl("http://pi/x?a=$b", "$rc")).toBe("'http://pi/x?a=$b'\"$rc\"");
	expect(shellUrl("http://pi/x", "/$rc")).toBe('"http://pi/x/$rc"');
	expect(unitText("100% $x")).toBe("100%% $$x");
});
