// The followed file: whether it is one, may be read, and is still written.
import { accessSync, constants, type Stats, statSync } from "node:fs";
import { dirname } from "node:path";
import type { Config } from "../../config.ts";
import { codeOf } from "../../errors.ts";
import { formatAge, formatBytes } from "../../units.ts";
import { bad, type Finding, good, note, unreachable, user } from "./finding.ts";

const staleMs = 7 * 86_400_000;

/** `newestAt`: when anything was last reported, by whatever road; null: never, or it cannot be asked. */
export function lookAtMetricsFile({ metricsFile, dataDir }: Config, newestAt: number | null, now: number): Finding {
	let stat: Stats;
	try {
		stat = statSync(metricsFile);
	} catch (error) {
		const code = codeOf(error);
		if (code === "ENOENT") return good(`metrics file ${metricsFile} does not exist yet; it is read once it does`);
		const fix = code === "EACCES" ? `chmod a+x ${dirname(metricsFile)}, or set METRICS_FILE` : "set METRICS_FILE";
		return bad(`metrics file ${metricsFile} ${unreachable(code)}`, fix);
	}
	if (stat.isDirectory()) {
		// What docker makes of a file in `volumes:` that is not there.
		const fix = `rmdir ${metricsFile} && touch ${metricsFile} (docker makes a folder of a file that is missing), or set METRICS_FILE`;
		return bad(`${metricsFile} is not a file but a folder`, fix);
	}
	if (!stat.isFile()) return bad(`${metricsFile} is not a file`, "put a plain file there, or set METRICS_FILE");
	if (!mayRead(metricsFile, stat, dataDir))
		return bad(`metrics file ${metricsFile} cannot be read by ${reader(dataDir)}`, `chmod a+r ${metricsFile}`);
	const age = now - stat.mtimeMs;
	if (stat.size === 0 || age < staleMs)
		return good(`metrics file ${metricsFile} can be read (${formatBytes(stat.size)})`);
	const text = `nothing was written to ${metricsFile} for ${formatAge(age / 1000)}`;
	if (newestAt !== null && newestAt - stat.mtimeMs > 86_400_000)
		return note(`${text}; reports come by other roads`, "nothing, if that is meant");
	return bad(text, "do the scripts write to another file, or not run? set METRICS_FILE to where they write");
}

/** Root may read everything: then it is asked whether the folder's owner might, who is the server's user. */
function mayRead(path: string, stat: Stats, dataDir: string): boolean {
	const server = statSync(dataDir, { throwIfNoEntry: false });
	if (user() === 0 && server !== undefined && server.uid !== 0) {
		const bit = stat.uid === server.uid ? 0o400 : stat.gid === server.gid ? 0o040 : 0o004;
		return (stat.mode & bit) !== 0;
	}
	try {
		accessSync(path, constants.R_OK);
		return true;
	} catch {
		return false;
	}
}

function reader(dataDir: string): string {
	const owner = statSync(dataDir, { throwIfNoEntry: false })?.uid;
	return `user ${user() === 0 ? (owner ?? 0) : user()}`;
}
