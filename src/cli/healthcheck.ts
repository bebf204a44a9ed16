// `healthcheck`: asks the server on this machine, because a scratch image has no wget.
import { reachedAt, readConfig } from "../config.ts";
import { codeOf, messageOf } from "../errors.ts";
import { log } from "../log.ts";
import { readFlags } from "./flags.ts";

const patienceMs = 5000;

export async function healthcheck(args: string[]): Promise<number> {
	await readFlags(args, "healthcheck", {});
	const { host, port } = readConfig(process.env);
	const reached = `${reachedAt(host)}:${port}`;
	try {
		const response = await fetch(`http://${reached}/health`, {
			signal: AbortSignal.timeout(patienceMs),
			redirect: "manual",
			headers: { host: "localhost" },
		});
		const text = (await response.text()).slice(0, 4096);
		if (response.ok && isWell(text)) return 0;
		log(`unhealthy: ${text.trim()}`);
	} catch (error) {
		log(`not reachable at ${reached}: ${whyNot(error)}`);
	}
	return 1;
}

function isWell(text: string): boolean {
	try {
		return JSON.parse(text).status === "ok";
	} catch {
		// Another program has the port.
		return false;
	}
}

function whyNot(error: unknown): string {
	if (error instanceof Error && error.name === "TimeoutError") return `no answer within ${patienceMs / 1000} seconds`;
	if (/refused/i.test(codeOf(error))) return "no server listens there. Set HOST and PORT as the server has them";
	return messageOf(error);
}
