// The setup page as a newcomer uses it: opened at the running monitor, its lines taken out and run as they stand.
import { afterAll, beforeAll, expect } from "bun:test";
import { chmodSync, existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { binary, cleanUp, makeFolder, runCommand, type Started, startServer } from "../binary.ts";

/** A name that every quoting has to survive: what runs of it leaves a file named "pwned". */
export const job = `it's "$(touch pwned)" \`touch pwned\` 100% \\ & ü`;

const entities: Record<string, string> = { "&lt;": "<", "&gt;": ">", "&quot;": '"', "&#x27;": "'", "&amp;": "&" };

/** Opens the address that the monitor's machine prints; the cookie with which the page shows the token then. */
export async function enterSetup({ url, dataDir }: Pick<Started, "url" | "dataDir">): Promise<string> {
	const { code, out, err } = await runCommand(["token", "--page"], { dataDir, env: { PORT: new URL(url).port } });
	if (code !== 0) throw new Error(`token --page ended with ${code}: ${err}`);
	const response = await fetch(out.trim(), { redirect: "manual" });
	const cookie = response.headers.get("set-cookie")?.split(";")[0];
	if (response.status !== 303 || cookie === undefined) throw new Error(`${out.trim()} answered ${response.status}`);
	return cookie;
}

/** The lines of a tool's tab by their name ("script"), as a reader would copy them. */
export async function openSetup(
	server: Pick<Started, "url" | "dataDir">,
	tool: string,
	fields: Record<string, string> = { job },
): Promise<(name: string) => string> {
	const cookie = await enterSetup(server);
	const response = await fetch(`${server.url}/setup?${new URLSearchParams({ tool, ...fields })}`, {
		headers: { cookie },
	});
	const page = await response.text();
	if (!response.ok) throw new Error(`/setup answered ${response.status}: ${page}`);
	const found = new Map<string, string>();
	for (const [, name = "", code = ""] of page.matchAll(
		/data-snippet="([^"]+)"><pre[^>]*><code>([\s\S]*?)<\/code><\/pre>/g,
	)) {
		found.set(
			name,
			code.replace(/&(?:lt|gt|quot|#x27|amp);/g, (entity) => entities[entity] ?? entity),
		);
	}
	return (name) => {
		const text = found.get(`${tool}/${name}`);
		if (text === undefined) throw new Error(`the tab ${tool} has ${[...found.keys()].join(", ")}, not ${name}`);
		return text;
	};
}

/** A machine with backups: a folder with a name that needs quotes, the monitor's program, and stand-ins for tools. */
export type Machine = {
	home: string;
	source: string;
	/** Puts a program of this name in front of PATH. */
	install: (name: string, script: string) => void;
	run: (text: string, env?: Record<string, string>, shell?: string) => Promise<{ code: number; out: string }>;
	/** The command of a crontab's line, as cron runs it. */
	cron: (text: string, env?: Record<string, string>) => Promise<{ code: number; out: string }>;
};

/** A server and a machine for all tests of a file; no line that was pasted may have run what a job's name says. */
export function useSetupLab(): { server: Started; machine: Machine } {
	const lab = { server: {} as Started, machine: {} as Machine };
	beforeAll(async () => {
		Object.assign(lab.server, await startServer());
		Object.assign(lab.machine, makeMachine());
	});
	afterAll(async () => {
		expect(existsSync(join(lab.machine.home, "pwned"))).toBe(false);
		await lab.server.stop();
		await cleanUp();
	});
	return lab;
}

function makeMachine(): Machine {
	const home = makeFolder();
	const bin = join(home, "bin");
	const source = join(home, "what's $HOME worth");
	mkdirSync(bin);
	mkdirSync(source);
	for (let n = 0; n < 5; n++) writeFileSync(join(source, `file-${n}`), `${n}`.repeat(1000));
	symlinkSync(binary, join(bin, "backup-monitor"));
	const run: Machine["run"] = async (text, env = {}, shell = "bash") => {
		const file = join(home, "snippet.sh");
		writeFileSync(file, text);
		const child = Bun.spawn([shell, file], {
			env: { PATH: `${bin}:${process.env.PATH}`, HOME: home, TZ: "UTC", LANG: "C.UTF-8", ...env },
			cwd: home,
			stdin: "ignore",
			stdout: "pipe",
			stderr: "pipe",
		});
		const [out, err] = await Promise.all([new Response(child.stdout).text(), new Response(child.stderr).text()]);
		return { code: await child.exited, out: `${out}${err}` };
	};
	return {
		home,
		source,
		install: (name, script) => {
			const file = join(bin, name);
			writeFileSync(file, script);
			chmodSync(file, 0o755);
		},
		run,
		cron: (text, env = {}) => {
			const set: Record<string, string> = {};
			let command = "";
			for (const line of text.split("\n")) {
				const assignment = /^(\w+)=(.*)$/.exec(line);
				if (assignment !== null) set[assignment[1] ?? ""] = assignment[2] ?? "";
				// crontab(5): an unescaped percent sign is a line end.
				else
					command = line
						.replace(/^(?:\S+\s+){5}/, "")
						.replace(/(?<!\\)%[\s\S]*/, "")
						.replaceAll("\\%", "%");
			}
			const { PATH: path, ...rest } = set;
			return run(command, { ...env, ...rest, PATH: `${bin}:${path}` }, "sh");
		},
	};
}

// biome-ignore lint/suspicious/noExplicitAny: what is stored is what the tests are about
export type Shown = Record<string, any>;

/** The newest stored run of a job, or of all. */
export async function newest(server: Started): Promise<Shown> {
	const { runs } = await server.json("/api/runs?limit=200");
	const ids = runs.map(({ id }: Shown) => id);
	return ids.length === 0 ? { id: 0 } : server.json(`/api/runs/${Math.max(...ids)}`);
}

export type Captured = { method: string; target: string; headers: [string, string][]; body: string };

/** Requests that a real client sent, or its source says it sends. */
export function readCaptured(path: string): Captured[] {
	return readFileSync(join(import.meta.dir, "../fixtures", path), "utf8")
		.split("\n")
		.filter(Boolean)
		.map((line) => JSON.parse(line));
}

/** Sends a captured request to another address, headers and body as they were. */
export function replay({ method, headers, body }: Captured, url: string): Promise<Response> {
	const kept = headers.filter(([name]) => !/^(?:host|content-length|accept-encoding)$/i.test(name));
	return fetch(url, { method, headers: kept, ...(method !== "GET" && method !== "HEAD" && { body }) });
}
