// `healthcheck`: asks the server on this machine, because a scratch image has no wget.
import { readConfig } from "../config.ts";
import { messageOf } from "../errors.ts";
import { log } from "../log.ts";
import { readFlags } from "./flags.ts";

const patienceMs = 5000;

export async function healthcheck(args: string[]): Promise<number> {
	await readFlags(args, "healthcheck", {});
	const { host, port } = readConfig(process.env);
	const reached = host === "0.0.0.0" ? "127.0.0.1" : host === "::" ? "[::1]" : host.includes(":") ? `[${host}]` : host;
	try {
		const response = await fetch(`http://${reached}:${port}/health`, {
			signal: AbortSignal.timeout(patienceMs),
			redirect: "manual",
			headers: { host: "localhost" },
		});
		const text = (await response.text()).slice(0, 4096);
		if (response.ok && JSON.parse(text).status === "ok") return 0;
		log(`unhealthy: ${text.trim()}`);
	} catch (error) {
		log(`not reachable at ${reached}:${port}: ${messageOf(error)}`);
	}
	return 1;
}
