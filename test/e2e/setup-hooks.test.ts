// The setup page's lines for tools that call the monitor themselves: real borgmatic, and what the others are known to send.
import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Captured, job, newest, openSetup, readCaptured, replay, useSetupLab } from "./setup-page.ts";

setDefaultTimeout(60_000);

const { server, machine } = useSetupLab();

const tools = (path: string): [Captured, ...Captured[]] => {
	const [first, ...rest] = readCaptured(`tools/${path}.requests.jsonl`);
	if (first === undefined) throw new Error(`${path} is empty`);
	return [first, ...rest];
};

describe("borgmatic", () => {
	test("the real one, with the block for its version, tells size, files and duration; and a failure", async () => {
		const text = await openSetup(server, "borgmatic", { job: "nas" });
		const version = (await machine.run("borgmatic --version")).out.trim();
		const isOld = version.startsWith("1.7.");
		const repository = join(machine.home, "borgmatic");
		const folder = join(machine.home, ".config/borgmatic");
		mkdirSync(folder, { recursive: true });
		const config = (repository: string) => {
			const [sources, repositories] = [JSON.stringify([machine.source]), JSON.stringify([repository])];
			const own = isOld
				? `location:\n    source_directories: ${sources}\n    repositories: ${repositories}\nretention:\n    keep_daily: 7\n`
				: `source_directories: ${sources}\nrepositories: [{path: ${JSON.stringify(repository)}}]\nkeep_daily: 7\n`;
			writeFileSync(join(folder, "config.yaml"), `${own}${text(isOld ? "config-1.7" : "config")}\n`);
		};
		config(repository);
		const env = { BORG_UNKNOWN_UNENCRYPTED_REPO_ACCESS_IS_OK: "yes" };
		await machine.run(`borg init --encryption=none ${repository}`, env);
		const { code, out } = await machine.run(text("command"), env);
		expect([code, out]).toEqual([0, expect.any(String)]);
		const run = await newest(server);
		expect(run).toMatchObject({ job: "nas", outcome: "success" });
		// Where borgmatic itself has nothing to say, the words are borg's.
		expect(run.labels.tool).toMatch(/^borg(?:matic)?$/);
		expect(run.duration_total).toBeGreaterThan(0);
		expect(run.size_bytes).toBeGreaterThanOrEqual(5000);
		expect(run.files_total).toBeGreaterThanOrEqual(5);
		config(join(machine.home, "nowhere"));
		expect((await machine.run(text("command"), env)).code).not.toBe(0);
		expect((await newest(server)).outcome).toBe("failure");
	});

	test("both blocks are YAML and say the same; the old one stands under hooks", async () => {
		const text = await openSetup(server, "borgmatic");
		const block = Bun.YAML.parse(text("config"));
		expect(block).toEqual({
			healthchecks: {
				ping_url: expect.stringMatching(/^http:.*\/ping\/\w+\/[a-z0-9_-]+$/),
				send_logs: true,
				states: ["start", "finish", "fail"],
			},
		});
		expect(Bun.YAML.parse(text("config-1.7"))).toEqual({ hooks: block });
	});

	test("its Uptime Kuma hook has the job's own address once the job is known", async () => {
		expect((await openSetup(server, "borgmatic", { job: "unheard of" }))("uptime-kuma")).toContain("PASTE-KUMA-TOKEN");
		const yaml = Bun.YAML.parse((await openSetup(server, "borgmatic", { job: "nas" }))("uptime-kuma")) as {
			uptime_kuma: { push_url: string };
		};
		const before = (await newest(server)).id;
		for (const query of ["status=up&msg=start", "status=up&msg=finish"]) {
			expect((await fetch(`${yaml.uptime_kuma.push_url}?${query}`)).status).toBe(200);
		}
		const run = await newest(server);
		expect([run.id > before, run.job, run.outcome]).toEqual([true, "nas", "success"]);
	});
});

test("Kopia: its webhook's report, and its JSON by the wrapper", async () => {
	const text = await openSetup(server, "kopia", { job, source: machine.source });
	const manifest = join(import.meta.dir, "../fixtures/tools/kopia/snapshot-create.json");
	machine.install("kopia", `#!/bin/sh\ncase $1 in snapshot) cat ${manifest};; *) printf '%s\\n' "$@";; esac\n`);
	const words = (await machine.run(text("webhook"))).out.trim().split("\n");
	expect(words.slice(0, 4)).toEqual(["notification", "profile", "configure", "webhook"]);
	const endpoint = words[words.indexOf("--endpoint") + 1] ?? "";
	const body =
		"Path: /srv\n\n  Status:   success\n  Start:    Thu, 02 Jan 2020 03:04:05 +0000\n  Duration: 8.8s\n  Size:     6.9 MB (+1.6 MB)\n  Files:    100 (+1)\n\nGenerated at Thu, 02 Jan 2020 03:04:05 +0000 by Kopia v0.19.0.\n";
	// Kopia takes nothing but 200 for an answer.
	expect((await fetch(endpoint, { method: "POST", body, headers: { Subject: "Backup" } })).status).toBe(200);
	expect(await newest(server)).toMatchObject({ job, outcome: "success", size_bytes: 6900000 });
	expect((await machine.run(text("wrapper"))).code).toBe(0);
	expect(await newest(server)).toMatchObject({ job, outcome: "success", labels: { tool: "kopia" } });
});

test("Duplicati: the report of its source at the address of the option", async () => {
	const text = (await openSetup(server, "duplicati"))("options");
	const [, url = ""] = /^--send-http-json-urls=(\S+)$/m.exec(text) ?? [];
	expect(text).toContain("\n--send-http-level=All");
	expect((await replay(tools("duplicati/json-success")[0], url)).status).toBe(200);
	expect(await newest(server)).toMatchObject({ job, outcome: "success", size_bytes: 6922127 });
});

test("Proxmox: the template filled in as Proxmox does, and both servers' notifications", async () => {
	const text = await openSetup(server, "proxmox");
	for (const [name, outcome] of [
		["pve-vzdump-webhook-ok", "success"],
		["pbs-verify-failed", "failure"],
	] as const) {
		const [captured] = tools(`proxmox/${name}`);
		const told = JSON.parse(captured.body);
		const escaped = (value: string) => JSON.stringify(value).slice(1, -1);
		const filled = text("body")
			.replace("{{ escape title }}", () => escaped(told.title))
			.replace("{{ escape message }}", () => escaped(told.message))
			.replace("{{ severity }}", told.severity)
			.replace("{{ timestamp }}", told.timestamp)
			.replace("{{ json fields }}", () => JSON.stringify(told.fields));
		expect(JSON.parse(filled)).toEqual(told);
		const headers: [string, string][] = [["Content-Type", text("header")]];
		expect((await replay({ ...captured, headers, body: filled }, text("url"))).status).toBe(200);
		expect(await newest(server)).toMatchObject({ job, outcome });
	}
});

test("Backrest: its hook's requests at the ping URL", async () => {
	const url = (await openSetup(server, "backrest"))("url");
	for (const captured of tools("backrest/hc-success")) {
		const end = captured.target.replace(/^\/ping\/[^/]+/, "");
		expect((await replay(captured, url + end)).status).toBe(200);
	}
	expect(await newest(server)).toMatchObject({ outcome: "success", size_bytes: 6922000, labels: { tool: "backrest" } });
});

test("resticprofile: its hooks are YAML, and its requests go to their addresses", async () => {
	const text = await openSetup(server, "resticprofile");
	type Hook = { method: string; url: string; body?: string };
	const profiles = Bun.YAML.parse(text("hooks")) as Record<string, { backup: Record<string, Hook> }>;
	const hooks = profiles[job]?.backup ?? {};
	const [start, fail] = tools("resticprofile/send-after-fail");
	expect([hooks["send-before"]?.method, hooks["send-after-fail"]?.method]).toEqual([start.method, fail?.method]);
	// biome-ignore lint/suspicious/noTemplateCurlyInString: resticprofile fills these in
	expect(hooks["send-after-fail"]?.body).toBe("${ERROR}\n\n${ERROR_STDERR}");
	await replay(start, hooks["send-before"]?.url ?? "");
	expect((await newest(server)).outcome).toBe("running");
	if (fail !== undefined) await replay(fail, hooks["send-after-fail"]?.url ?? "");
	expect(await newest(server)).toMatchObject({ outcome: "failure", error_category: "auth" });
	await replay(start, hooks["send-before"]?.url ?? "");
	await replay({ ...start, method: "HEAD" }, hooks["send-after"]?.url ?? "");
	expect((await newest(server)).outcome).toBe("success");
	machine.install("resticprofile", `#!/bin/sh\n[ "$1" = --name ] && [ "$3" = backup ] && printf '%s' "$2" > named\n`);
	expect((await machine.run(text("wrapper"))).code).toBe(0);
	expect(readFileSync(join(machine.home, "named"), "utf8")).toBe(job);
});

test("autorestic: its hooks are YAML, and bash runs them with the variables that it gives", async () => {
	const config = Bun.YAML.parse((await openSetup(server, "autorestic"))("hooks")) as {
		locations: Record<string, { hooks: Record<string, string[]> }>;
	};
	const hooks = config.locations[job]?.hooks ?? {};
	const fixture = readFileSync(join(import.meta.dir, "../fixtures/tools/autorestic/success-env.env"), "utf8");
	const env = Object.fromEntries(
		fixture
			.split("\n")
			.flatMap((line) => [/^(\w+)=(.*)$/.exec(line)?.slice(1) ?? []])
			.filter((pair) => pair.length === 2),
	);
	for (const command of hooks.before ?? []) expect(await machine.run(command, env)).toEqual({ code: 0, out: "" });
	expect((await newest(server)).outcome).toBe("running");
	for (const command of hooks.success ?? []) expect(await machine.run(command, env)).toEqual({ code: 0, out: "" });
	const run = await newest(server);
	expect(run).toMatchObject({ outcome: "success", labels: { tool: "autorestic" } });
	expect(run.size_bytes).toBeGreaterThan(0);
	for (const command of hooks.failure ?? []) expect(await machine.run(command)).toEqual({ code: 0, out: "" });
	expect((await newest(server)).outcome).toBe("failure");
});

test("runitor: the requests of the real one at the address and key of the line", async () => {
	const text = await openSetup(server, "runitor", { job, source: machine.source });
	machine.install("runitor", `#!/bin/sh\nprintf '%s\\n' "$@"\n`);
	const words = (await machine.run(text("command"))).out.trim().split("\n");
	const flag = (name: string) => words[words.indexOf(name) + 1] ?? "";
	expect(words.slice(words.indexOf("--") + 1)).toEqual(["restic", "backup", "--json", "--quiet", machine.source]);
	for (const captured of readCaptured("setup/runitor-slug-create-fail.requests.jsonl")) {
		const end = captured.target.replace(/^\/ping\/[^/]+\/[^/]+/, "");
		const url = `${flag("-api-url")}/${flag("-ping-key")}/${flag("-slug")}${end}`;
		expect((await replay(captured, url)).status).toBe(200);
	}
	expect(await newest(server)).toMatchObject({ outcome: "failure", error_category: "auth", exit_code: 12 });
});
