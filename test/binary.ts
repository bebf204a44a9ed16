// Runs the compiled program as its users do: a process with an environment of its own, on a temporary folder.
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

export const binary = process.env.MONITOR_BINARY ?? join(import.meta.dir, "../dist/backup-monitor");
/** The long versions of the tests (`bun run test:hard`). */
export const isHard = process.env.HARD === "1";

/** The long runs share their machine with others. */
const startMs = isHard ? 120_000 : 20_000;

const folders: string[] = [];
const running = new Set<Bun.Subprocess<"ignore", "ignore", "pipe">>();

export function makeFolder(): string {
	const folder = mkdtempSync(join(tmpdir(), "monitor-test-"));
	folders.push(folder);
	return folder;
}

/** For `afterAll`: ends what a failed test left running, and removes every folder. */
export async function cleanUp(): Promise<void> {
	for (const child of running) child.kill("SIGKILL");
	await Promise.all([...running].map((child) => child.exited));
	for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
}

type Environment = Record<string, string | undefined>;

function environment(dataDir: string, more: Environment): Record<string, string> {
	const all = { PATH: process.env.PATH, TZ: "UTC", HOST: "127.0.0.1", PORT: "0", DATA_DIR: dataDir, ...more };
	return Object.fromEntries(Object.entries(all).filter((entry): entry is [string, string] => entry[1] !== undefined));
}

export type Ended = { code: number; out: string; err: string };

/** One command from start to end. `prefix` is what stands before the binary (faketime, unshare, …). */
export async function runCommand(
	args: string[],
	{
		dataDir,
		env = {},
		input = "",
		prefix = [],
		onStart,
	}: {
		dataDir: string;
		env?: Environment;
		input?: string | Uint8Array | ReadableStream;
		prefix?: string[];
		/** To watch it while it runs. */
		onStart?: (pid: number) => void;
	},
): Promise<Ended> {
	const child = Bun.spawn([...prefix, binary, ...args], {
		env: environment(dataDir, env),
		cwd: "/",
		stdin: typeof input === "string" ? new TextEncoder().encode(input) : input,
		stdout: "pipe",
		stderr: "pipe",
	});
	onStart?.(child.pid);
	const [out, err] = await Promise.all([new Response(child.stdout).text(), new Response(child.stderr).text()]);
	return { code: await child.exited, out, err };
}

export type Counts = {
	lines: number;
	accepted: number;
	warned: number;
	rejected: number;
	pending: number;
	runs: number | null;
};

/** `import FILE --json`; throws with what was said when it did not work. */
export async function importFile(file: string, dataDir: string, env: Environment = {}): Promise<Counts> {
	const { code, out, err } = await runCommand(["import", file, "--json"], { dataDir, env });
	if (code !== 0) throw new Error(`import of ${file} ended with ${code}: ${err}`);
	return JSON.parse(out);
}

export type Started = {
	url: string;
	port: number;
	pid: number;
	dataDir: string;
	/** All that was written to standard error so far. */
	log: () => string;
	/** Ends by itself, or after a signal; resolves to the exit code. */
	exited: Promise<number>;
	/** SIGTERM; resolves to the exit code and how long it took. */
	stop: () => Promise<{ code: number; ms: number }>;
	/** SIGKILL: a power cut for the process. */
	kill: () => Promise<void>;
	get: (path: string, init?: RequestInit) => Promise<Response>;
	/** The JSON answer of a path. */
	// biome-ignore lint/suspicious/noExplicitAny: the answers of the API are what the tests are about
	json: (path: string) => Promise<any>;
};

/** `serve`, once it says where. Throws with its log when it ends before. */
export async function startServer({
	dataDir = makeFolder(),
	env = {},
	args = [],
	prefix = [],
	program = binary,
}: {
	dataDir?: string;
	env?: Environment;
	args?: string[];
	prefix?: string[];
	/** Another build of it. */
	program?: string;
} = {}): Promise<Started> {
	const child = Bun.spawn([...prefix, program, ...args], {
		env: environment(dataDir, env),
		cwd: "/",
		stdin: "ignore",
		stdout: "ignore",
		stderr: "pipe",
	});
	running.add(child);
	let log = "";
	const decoder = new TextDecoder();
	const reading = (async () => {
		for await (const chunk of child.stderr) log += decoder.decode(chunk, { stream: true });
	})();
	const exited = child.exited.then(async (code) => {
		running.delete(child);
		await reading;
		return code;
	});
	let port = 0;
	await until(() => {
		if (child.exitCode !== null || child.signalCode !== null) throw new Error(`ended with ${child.exitCode}: ${log}`);
		port = Number(/ serves http:\/\/\S+:(\d+) /.exec(log)?.[1] ?? 0);
		return port > 0;
	}, startMs).catch((error) => {
		// It may hold the folder still.
		child.kill("SIGKILL");
		throw error;
	});
	const url = `http://127.0.0.1:${port}`;
	const get = (path: string, init: RequestInit = {}) =>
		// An idle kept-alive connection would hold up every stop by a second.
		fetch(url + path, { redirect: "manual", keepalive: false, signal: AbortSignal.timeout(10_000), ...init });
	return {
		url,
		port,
		pid: child.pid,
		dataDir,
		log: () => log,
		exited,
		stop: async () => {
			const from = performance.now();
			child.kill("SIGTERM");
			const code = await exited;
			return { code, ms: performance.now() - from };
		},
		kill: async () => {
			child.kill("SIGKILL");
			await exited;
		},
		get,
		json: async (path) => (await get(path)).json(),
	};
}

/** Waits until something is so; throws when it is not in time. A throw of `check` ends the waiting. */
export async function until(check: () => boolean | Promise<boolean>, withinMs = 5000, what = ""): Promise<void> {
	const end = performance.now() + withinMs;
	while (!(await check())) {
		if (performance.now() > end) throw new Error(`not so within ${withinMs} ms: ${what || check}`);
		await Bun.sleep(10);
	}
}

/** Waits until the server has read the metrics file to its end as it is now. */
export async function untilRead(server: Started, accepted: number, withinMs = 10_000): Promise<void> {
	let last: unknown;
	await until(
		async () => {
			const { source } = await server.json("/api/health");
			last = source;
			return source.accepted === accepted;
		},
		withinMs,
		`${accepted} accepted`,
	).catch((error: Error) => {
		throw new Error(`${error.message}; last: ${JSON.stringify(last)}\n${server.log()}`);
	});
}

/** Of the first child of a process: the server where it was started through strace, unshare and the like; throws if there is none. */
export function childOf({ pid }: { pid: number }): number {
	const child = Number(readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").trim().split(" ")[0]);
	// A signal to 0 would be one to the tests themselves.
	if (!(child > 0)) throw new Error(`process ${pid} has no child`);
	return child;
}

/** Most memory a process ever had, in bytes (VmHWM). */
export function peakMemory(pid: number): number {
	return Number(/VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1] ?? 0) * 1024;
}

if (!existsSync(binary)) throw new Error(`${binary} does not exist: bun run build`);
