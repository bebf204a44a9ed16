// Load by wrk: the paths of a visitor in turn, or one path, over many connections.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { makeFolder } from "../binary.ts";

/**
 * What wrk says of one stretch. `failed`: answers of 400 and more, and connections that broke. `late`: answers that took
 * more than ten seconds. Times in milliseconds.
 */
export type Load = { requests: number; failed: number; late: number; p99: number };

if (Bun.which("wrk") === null) throw new Error("wrk is not installed: apt-get install wrk");

/** Loads a server for some seconds, without holding up the event loop of the test. */
export async function load(
	url: string,
	{ paths, connections, seconds }: { paths: string[]; connections: number; seconds: number },
): Promise<Load> {
	const script = join(makeFolder(), "paths.lua");
	writeFileSync(script, luaOf(paths));
	const command = ["wrk", "-t1", `-c${connections}`, `-d${seconds}s`, "--timeout", "10s", "-s", script, url];
	const child = Bun.spawn(command, { stdio: ["ignore", "pipe", "inherit"] });
	const text = await new Response(child.stdout).text();
	const found = /FIGURES (\d+) (\d+) (\d+) ([\d.]+)/.exec(text);
	if (found === null) throw new Error(`wrk said: ${text}`);
	return { requests: Number(found[1]), failed: Number(found[2]), late: Number(found[3]), p99: Number(found[4]) };
}

function luaOf(paths: string[]): string {
	return `
local paths = { ${paths.map((path) => JSON.stringify(path)).join(", ")} }
local at = 0
request = function()
	at = at % #paths + 1
	return wrk.format("GET", paths[at])
end
done = function(summary, latency)
	local e = summary.errors
	print("FIGURES " .. summary.requests .. " " .. (e.connect + e.read + e.write + e.status) .. " " .. e.timeout .. " " .. latency:percentile(99) / 1000)
end
`;
}
