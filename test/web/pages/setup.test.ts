// The setup page: who is shown the token, how values are quoted, and that nothing a reader or reporter writes can run.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { setups } from "../../../src/setup-snippets.ts";
import { jobNameOf, pathOf, pingSlugOf, shellUrl, shellWord, unitText } from "../../../src/setup-values.ts";
import { makeSetupCode } from "../../../src/web/setup-code.ts";
import { cleanUp } from "../../binary.ts";
import { openSender, type Sender, type Sent } from "../sender.ts";

let here: Sender;
let open: Sender;
let proxied: Sender;
let trusting: Sender;

beforeAll(async () => {
	here = await openSender();
	open = await openSender({ PUSH_TOKEN: "none" });
	proxied = await openSender({ PUBLIC_URL: "https://backup.example.org/", ALLOWED_HOSTS: "backup.example.org" });
	trusting = await openSender({ TRUSTED_PROXIES: "127.0.0.1" });
});
afterAll(async () => {
	await Promise.all([here, open, proxied, trusting].map((sender) => sender.stop()));
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
	const code = (sender = here) => makeSetupCode(sender.tokens, sender.now());

	test("is hidden from everybody who brings no code, wherever they ask from, and the page says how to get one", async () => {
		const anybody: Sent[] = [
			// A proxy, a tunnel or a container's port on the same machine makes everybody come from here.
			{ address: "127.0.0.1" },
			{ address: "::1", headers: { host: "localhost:5001" } },
			{ address: "192.168.1.7" },
			{ address: "" },
			{ headers: { host: "pi:5001" } },
			{ headers: { "x-forwarded-for": "127.0.0.1" } },
			{ headers: { cookie: "setup=" } },
			{ headers: { cookie: `setup=${code()}` } },
		];
		for (const setup of setups) {
			for (const sent of anybody) {
				const page = await read(here, `/setup?tool=${setup.id}`, sent);
				expect([setup.id, sent, page.includes(here.token)]).toEqual([setup.id, sent, false]);
			}
		}
		const page = await read(here);
		expect(page).toContain("PASTE-TOKEN-HERE");
		expect(page).toContain("backup-monitor token --page");
		expect(page).toContain("docker exec NAME /backup-monitor token");
		expect(await read(proxied)).not.toContain(proxied.token);
	});

	test("is shown to whoever brings a code, in every tab, for ten minutes", async () => {
		const response = await ask(here, `/setup?job=photos&code=${code()}`, { address: "192.168.1.7" });
		expect([response.status, response.headers.get("location")]).toEqual([303, "/setup?job=photos"]);
		const set = response.headers.get("set-cookie") ?? "";
		expect(set).toEndWith("; Path=/setup; Max-Age=600; HttpOnly; SameSite=Lax");
		expect(set).not.toContain(here.token);
		const cookie = `theme=dark; ${set.split(";")[0]}`;
		const sent = { address: "192.168.1.7", headers: { cookie } };
		for (const path of ["/setup", "/setup?tool=restic&job=photos"])
			expect(await read(here, path, sent)).toContain(here.token);
		expect(await read(here, "/setup", sent)).toContain("for 10 minutes, because");
		here.pass(590);
		expect(await read(here, "/setup", sent)).toContain("for 1 minute, because");
		here.pass(10);
		expect(await read(here, "/setup", sent)).not.toContain(here.token);
	});

	test("is not shown for a code that was used, is too old, of another folder, from the future, or made up", async () => {
		const used = code();
		expect((await ask(here, `/setup?code=${used}`)).status).toBe(303);
		const old = code();
		const future = makeSetupCode(here.tokens, here.now() + 3_600_000);
		here.pass(600);
		const [until = "", nonce = "", sign = ""] = code().split(".");
		const later = (Number.parseInt(until, 36) + 60_000).toString(36);
		const bad = [
			used,
			old,
			future,
			code(open),
			code(proxied),
			`${later}.${nonce}.${sign}`,
			`${until}.${nonce}`,
			"",
			"..",
			"x".repeat(5000),
		];
		for (const one of bad) {
			const page = await read(here, `/setup?code=${encodeURIComponent(one)}`);
			expect([one, page.includes(here.token)]).toEqual([one, false]);
			expect(page).toContain("was used before, or is more than 10 minutes old");
			// The page asks for itself, and goes on saying so.
			expect(page).toContain('hx-get="/setup?tool=shell&amp;code=old"');
		}
		expect(here.token).not.toBe("");
		expect(code()).not.toContain(here.token);
	});

	test("of a job for Uptime Kuma is hidden and shown by the same rule", async () => {
		await here.push({ job: "nas", timestamp: new Date(here.now()).toISOString(), backup_id: "1", success: true });
		const kuma = here.tokens.kumaTokenOf({ name: "nas", host: "" });
		const entered = await ask(here, `/setup?code=${code()}`);
		const shown = { headers: { cookie: entered.headers.get("set-cookie")?.split(";")[0] ?? "" } };
		expect(await read(here, "/setup?tool=uptime-kuma&job=nas", shown)).toContain(kuma);
		expect(await read(here, "/setup?tool=uptime-kuma&job=other", shown)).toContain("PASTE-KUMA-TOKEN-HERE");
		const away = await read(here, "/setup?tool=uptime-kuma&job=nas");
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
		// What a proxy says of the scheme counts where it is trusted, and from nobody else.
		const tls = { host: "pi.lan", "x-forwarded-proto": "https" };
		expect(await read(here, "/setup", { headers: tls })).toContain("http://pi.lan/api/runs");
		expect(await read(trusting, "/setup", { headers: tls })).toContain("https://pi.lan/api/runs");
		expect(await read(trusting, "/setup", { headers: tls, address: "192.0.2.7" })).toContain("http://pi.lan/api/runs");
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
