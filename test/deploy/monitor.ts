// Starts a built monitor as a process of its own, the way a service manager does, and waits until it answers.
import { freePort } from "../free-port.ts";

export type StartedMonitor = {
	url: string;
	/** What the process was started with; its `healthcheck` needs the same. */
	env: Record<string, string>;
	/** Sends SIGTERM and gives the exit code. */
	stop: () => Promise<number>;
};

export async function startMonitor(command: string[], environment: Record<string, string>): Promise<StartedMonitor> {
	const port = await freePort();
	const env = { PATH: process.env.PATH ?? "", HOST: "127.0.0.1", PORT: String(port), TZ: "UTC", ...environment };
	const child = Bun.spawn(command, { env, cwd: "/", stdin: "ignore", stdout: "ignore", stderr: "pipe" });
	const url = `http://127.0.0.1:${port}`;
	await answers(`${url}/health`, child);
	return {
		url,
		env,
		stop: () => {
			child.kill("SIGTERM");
			return child.exited;
		},
	};
}

/** Resolves when the address answers 200; throws with what the process said when that ends first. */
export async function answers(url: string, child: Bun.Subprocess<"ignore", "ignore", "pipe">): Promise<void> {
	for (;;) {
		if (child.exitCode !== null)
			throw new Error(`Ended with ${child.exitCode}: ${await new Response(child.stderr).text()}`);
		try {
			if ((await fetch(url, { signal: AbortSignal.timeout(5000) })).ok) return;
		} catch {
			// Not listening yet.
		}
		await Bun.sleep(20);
	}
}
