// The setup page's lines for service managers, containers, Windows and other monitors' protocols.
import { expect, setDefaultTimeout, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { setups } from "../../src/setup-snippets.ts";
import { startServer } from "../binary.ts";
import { job, newest, openSetup, useSetupLab } from "./setup-page.ts";

setDefaultTimeout(60_000);

const { server, machine } = useSetupLab();

/** The commands of a unit's lines as systemd.service(5) hands them on: quotes, `%%` and `$$` are read by systemd. */
function unitCommands(text: string, key: string): string[][] {
	return [...text.matchAll(new RegExp(`^${key}=-?(.*)$`, "gm"))].map(([, line = ""]) =>
		[...line.matchAll(/'((?:[^'\\]|\\.)*)'|(\S+)/g)].map(([, quoted, plain]) =>
			(quoted ?? plain ?? "").replaceAll("\\'", "'").replaceAll("%%", "%").replaceAll("$$", "$"),
		),
	);
}

async function runUnit(text: string, key: string, env: Record<string, string>): Promise<void> {
	const commands = unitCommands(text, key);
	expect(commands.length).toBe(1);
	for (const [shell, flag, command = ""] of commands) {
		expect([shell, flag]).toEqual(["/bin/sh", "-c"]);
		expect(await machine.run(command, env, "sh")).toEqual({ code: 0, out: "" });
	}
}

test("systemd: start and end of a unit, however it ends, in the environment that systemd gives", async () => {
	const text = (await openSetup(server, "systemd"))("drop-in");
	const ends: [string, string, string, string][] = [
		["success", "exited", "0", "success"],
		["exit-code", "exited", "12", "failure"],
		["oom-kill", "killed", "KILL", "failure"],
	];
	for (const [result, code, status, outcome] of ends) {
		await runUnit(text, "ExecStartPre", {});
		expect((await newest(server)).outcome).toBe("running");
		await runUnit(text, "ExecStopPost", { SERVICE_RESULT: result, EXIT_CODE: code, EXIT_STATUS: status });
		const run = await newest(server);
		expect([result, run.outcome]).toEqual([result, outcome]);
		expect(run.duration_total).toBeGreaterThan(0);
		if (outcome === "failure") expect(run.error_message).toBe(`systemd: ${result}, ${code} ${status}`);
	}
});

test("systemd: the unit for failures, and systemd itself finds no fault with both", async () => {
	const text = await openSetup(server, "systemd");
	await runUnit(text("on-failure"), "ExecStart", {
		MONITOR_UNIT: "nas.service",
		MONITOR_SERVICE_RESULT: "exit-code",
		MONITOR_EXIT_CODE: "exited",
		MONITOR_EXIT_STATUS: "3",
	});
	expect(await newest(server)).toMatchObject({
		outcome: "failure",
		error_message: "nas.service: exit-code, exited 3",
	});
	writeFileSync(join(machine.home, "backup-failed@.service"), text("on-failure"));
	const unit = "[Unit]\nDescription=x\n[Service]\nType=oneshot\nExecStart=/bin/true\n";
	writeFileSync(join(machine.home, "nas.service"), unit + text("drop-in").replace("[Service]\n", ""));
	const { out } = await machine.run("systemd-analyze verify --man=no ./backup-failed@.service ./nas.service", {
		SYSTEMD_LOG_LEVEL: "warning",
	});
	expect(out.split("\n").filter((line) => /nas\.service|backup-failed/.test(line))).toEqual([]);
});

test("Docker: around docker exec, and as a label of Ofelia", async () => {
	const text = await openSetup(server, "docker", { job, source: "db" });
	machine.install("docker", `#!/bin/sh\n[ "$1 $2" = "exec db" ] || exit 9\nshift 2; exec "$@"\n`);
	machine.install("pg_dumpall", `#!/bin/sh\nexit "\${FAILS:-0}"\n`);
	machine.install("wget", `#!/bin/sh\nexec curl -fsS "$2"\n`);
	expect((await machine.run(text("exec"))).code).toBe(0);
	expect(await newest(server)).toMatchObject({ job, outcome: "success" });
	const compose = Bun.YAML.parse(text("labels")) as { services: Record<string, { labels: Record<string, string> }> };
	const command = (compose.services.db?.labels["ofelia.job-exec.backup.command"] ?? "").replaceAll("$$", "$");
	for (const [fails, outcome] of [
		["0", "success"],
		["1", "failure"],
	] as const) {
		await machine.run(command, { FAILS: fails });
		const run = await newest(server);
		expect([run.outcome, run.duration_total > 0]).toEqual([outcome, true]);
	}
});

test("Windows: the shape of the script, and its requests with restic's output", async () => {
	const text = (await openSetup(server, "windows", { job, source: `C:\\Users\\it\u2019s 'me'` }))("script");
	expect(text).toContain(`'C:\\Users\\it\u2019\u2019s ''me'''`);
	const [, ping = ""] = /^\$ping = '([^']+)'$/m.exec(text) ?? [];
	expect((await fetch(`${ping}/start`)).status).toBe(200);
	const summary = { message_type: "summary", files_new: 5, files_changed: 0, total_files_processed: 5 };
	const body = `${JSON.stringify({ ...summary, total_bytes_processed: 5000, total_duration: 1.5, snapshot_id: "0123abcd", data_added: 9 })}\r\n`;
	const headers = { "content-type": "text/plain; charset=utf-8", "user-agent": "Mozilla/5.0 (Windows NT) PowerShell" };
	expect((await fetch(`${ping}/0`, { method: "POST", body, headers })).status).toBe(200);
	expect(await newest(server)).toMatchObject({ outcome: "success", size_bytes: 5000, files_total: 5 });
});

test("Uptime Kuma: the push address and the script around a command", async () => {
	expect((await openSetup(server, "uptime-kuma", { job: "unheard of" }))("url")).toContain("PASTE-KUMA-TOKEN-HERE");
	const source = machine.source;
	const text = await openSetup(server, "uptime-kuma", { job, source });
	expect((await fetch(text("url"))).status).toBe(200);
	expect(await newest(server)).toMatchObject({ job, outcome: "success" });
	expect((await machine.run(text("script"))).code).toBe(0);
	const good = await newest(server);
	expect([good.job, good.outcome, good.duration_total > 0]).toEqual([job, "success", true]);
	const gone = await openSetup(server, "uptime-kuma", { job, source: join(machine.home, "nowhere") });
	await machine.run(gone("script"));
	expect(await newest(server)).toMatchObject({ job, outcome: "failure" });
});

test("Gatus and Pushgateway: the lines as they are", async () => {
	expect((await machine.run((await openSetup(server, "gatus", { job: "my photos" }))("curl"))).code).toBe(0);
	expect(await newest(server)).toMatchObject({ job: "my-photos", outcome: "success", duration_total: 42 });
	const ended = await machine.run((await openSetup(server, "pushgateway", { job: `${job} a/b` }))("curl"));
	expect(ended).toEqual({ code: 0, out: "" });
	expect(await newest(server)).toMatchObject({ job: `${job} a/b`, duration_total: 42, size_bytes: 1048576 });
});

test("a token with every sign that a token may have works in every place of it", async () => {
	const token = `'"$(id)\`%41&#?/\\;!~+=*`;
	const odd = await startServer({ env: { PUSH_TOKEN: token } });
	for (const [tool, names] of [
		["shell", ["curl", "script", "wrapper"]],
		["restic", ["pipe"]],
		["gatus", ["curl"]],
		["pushgateway", ["curl"]],
	] as const) {
		const text = await openSetup(odd, tool, { job, source: machine.source });
		for (const name of names) {
			const before = (await newest(odd)).id;
			const { out } = await machine.run(text(name), { RESTIC_REPOSITORY: "/nowhere", RESTIC_PASSWORD: "x" });
			expect([tool, name, (await newest(odd)).id > before, out]).toEqual([tool, name, true, expect.any(String)]);
		}
	}
	const shell = await openSetup(odd, "shell", { job, source: machine.source });
	const before = (await newest(odd)).id;
	await machine.cron(shell("cron"));
	expect((await newest(odd)).id).toBeGreaterThan(before);
	expect((await odd.json("/api/health")).refused).toEqual([]);
	await odd.stop();
});

test("no tab is without a test that runs its lines", async () => {
	const files = new Bun.Glob("setup-*.test.ts").scanSync({ cwd: import.meta.dir });
	const tests = (await Promise.all([...files].map((file) => Bun.file(join(import.meta.dir, file)).text()))).join("");
	expect(setups.map(({ id }) => id).filter((id) => !tests.includes(`"${id}"`))).toEqual([]);
});
