// Runs `run` and `record` of the compiled program, and reads what they left in the spool, byte for byte.
import { mkdtempSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { binary } from "../binary.ts";

export type Wrapped = {
	/** As a shell's `$?`: 128 + n for a signal. */
	code: number | null;
	signal: string | null;
	out: Buffer;
	err: string;
};

type Options = {
	env?: Record<string, string>;
	input?: string | Uint8Array;
	prefix?: string[];
	cwd?: string;
	onStart?: (child: { pid: number; kill: (signal: NodeJS.Signals) => void }) => unknown;
};

export async function backupMonitor(
	words: string[],
	{ env = {}, input = "", prefix = [], cwd = "/", onStart }: Options = {},
): Promise<Wrapped> {
	const child = Bun.spawn([...prefix, binary, ...words], {
		env: { PATH: process.env.PATH ?? "", TZ: "UTC", ...env },
		cwd,
		stdin: typeof input === "string" ? new TextEncoder().encode(input) : input,
		stdout: "pipe",
		stderr: "pipe",
	});
	const going = onStart?.(child);
	const [out, err] = await Promise.all([new Response(child.stdout).arrayBuffer(), new Response(child.stderr).text()]);
	await child.exited;
	await going;
	const signal = child.signalCode === null ? null : String(child.signalCode);
	return { code: child.exitCode, signal, out: Buffer.from(out), err };
}

export type Line = Record<string, unknown> & { labels?: Record<string, string>; phases?: Record<string, number> };

/** What waits in the spool of a data folder, in its order. */
export function spooled(dataDir: string): Line[] {
	const folder = join(dataDir, "spool");
	return readdirSync(folder)
		.sort()
		.flatMap((name) => readFileSync(join(folder, name), "utf8").trim().split("\n"))
		.map((line) => JSON.parse(line));
}

/** The last report that waits there. */
export function lastOf(dataDir: string): Line {
	const line = spooled(dataDir).at(-1);
	if (line === undefined) throw new Error("nothing was recorded");
	return line;
}

export function folderIn(parent: string): string {
	return mkdtempSync(join(parent, "one-"));
}

export type Received = { path: string; token: string | null; reports: Line[] };

/** A monitor elsewhere that notes what it gets; `answer` decides what it says. */
export function receiver(answer: (count: number) => Response | Promise<Response> = () => Response.json({ runs: [] })) {
	const received: Received[] = [];
	const server = Bun.serve({
		port: 0,
		hostname: "127.0.0.1",
		fetch: async (request) => {
			const text = await request.text();
			const lines = text.split("\n").filter((line) => line !== "");
			received.push({
				path: new URL(request.url).pathname,
				token: request.headers.get("authorization"),
				reports: lines.map((line) => JSON.parse(line)),
			});
			return answer(received.length);
		},
	});
	return { url: `http://127.0.0.1:${server.port}`, port: server.port ?? 0, received, stop: () => server.stop(true) };
}
