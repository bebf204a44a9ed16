// The data folder: whether it is there, whose it is, and whose the files in it are.
import { accessSync, constants, existsSync, readdirSync, type Stats, statSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { type Config, nearbyFolder } from "../../config.ts";
import { codeOf } from "../../errors.ts";
import { freeBytes, remoteKind } from "../../store/files.ts";
import { formatBytes } from "../../units.ts";
import { isSystems } from "../places.ts";
import { bad, type Finding, good, unreachable, user } from "./finding.ts";

const roomNeeded = 16 * 1024 * 1024;
/** Made by the server, and written or read by it alone. */
const secrets = ["push-token", "job-key", "link-key"];
const own = ["received.jsonl", "serve.lock", "spool", "copies", "quarantine", "inventory", ...secrets];

export function lookAtFolder(config: Config): Finding[] {
	const { dataDir } = config;
	let stat: Stats;
	try {
		stat = statSync(dataDir);
	} catch (error) {
		const code = codeOf(error);
		if (code !== "ENOENT")
			return [bad(`data folder ${dataDir} ${unreachable(code)}`, "set DATA_DIR to another folder"), room(dataDir)];
		const fix = nearbyFolder(process.env, dataDir).trim() || `mkdir -p ${dataDir}, or set DATA_DIR`;
		return [bad(`data folder ${dataDir} does not exist`, fix), room(dataDir)];
	}
	const kind = remoteKind(dataDir);
	const remote =
		kind === null ? [] : [bad(`data folder ${dataDir} lies on ${kind}`, "set DATA_DIR to a folder on a local disk")];
	return [writable(dataDir, stat), ...owners(config, stat), ...openSecrets(dataDir), ...remote, room(dataDir)];
}

function writable(dataDir: string, stat: Stats): Finding {
	try {
		accessSync(dataDir, constants.W_OK | constants.X_OK);
		return good(`data folder ${dataDir} can be written by user ${user()}`);
	} catch (error) {
		if (codeOf(error) === "EROFS") {
			const fix = "mount it writable (an SD card at its end becomes read-only: see dmesg), or set DATA_DIR";
			return bad(`data folder ${dataDir} lies on a file system that is mounted read-only`, fix);
		}
		if (stat.uid === user()) return bad(`data folder ${dataDir} is write-protected`, `chmod u+rwx ${dataDir}`);
		// Nobody should hand a folder of the system to a user.
		const chown = `sudo chown -R ${user()} ${dataDir}, or run as user ${stat.uid} (compose: user: "${stat.uid}:${stat.gid}")`;
		const fix = isSystems(dataDir) ? "set DATA_DIR to a folder of its own" : chown;
		return bad(`data folder ${dataDir} belongs to user ${stat.uid}; user ${user()} may not write there`, fix);
	}
}

/** Files that a command made as another user, root mostly: the server cannot write them. */
function owners({ dataDir, databasePath }: Config, folder: Stats): Finding[] {
	const paths = [...["", "-wal", "-shm"].map((side) => databasePath + side), ...own.map((name) => join(dataDir, name))];
	const foreign = paths.flatMap((path) => {
		const stat = statSync(path, { throwIfNoEntry: false });
		return stat === undefined || mayWrite(path, stat, folder) ? [] : [{ path, uid: stat.uid }];
	});
	if (foreign.length === 0) return [];
	const [first] = foreign;
	const others = foreign.length === 1 ? "" : ` and ${foreign.length - 1} more`;
	const whose = user() === 0 ? folder.uid : user();
	const fix = `sudo chown -R ${whose}:${folder.gid} ${foreign.map(({ path }) => path).join(" ")}`;
	const text = `${first?.path}${others} ${foreign.length === 1 ? "belongs" : "belong"} to user ${first?.uid}; user ${whose} may not write there`;
	return [bad(text, fix)];
}

/** Root may write everything: then it is asked whether the folder's owner might. */
function mayWrite(path: string, stat: Stats, folder: Stats): boolean {
	if (user() === 0) {
		const isGroups = stat.gid === folder.gid && (stat.mode & 0o020) !== 0;
		return folder.uid === 0 || stat.uid === folder.uid || isGroups || (stat.mode & 0o002) !== 0;
	}
	try {
		accessSync(path, constants.W_OK);
		return true;
	} catch (error) {
		// A disk that cannot be written at all is told of the folder.
		return codeOf(error) === "EROFS";
	}
}

function openSecrets(dataDir: string): Finding[] {
	const open = secrets
		.map((name) => join(dataDir, name))
		.filter((path) => ((statSync(path, { throwIfNoEntry: false })?.mode ?? 0) & 0o077) !== 0);
	if (open.length === 0) return [];
	const names = open.map((path) => basename(path)).join(", ");
	return [bad(`${names} may be read by others than its owner`, `chmod 600 ${open.join(" ")}`)];
}

function room(dataDir: string): Finding {
	const free = freeBytes(existsSync(dataDir) ? dataDir : dirname(dataDir));
	if (free === null) return good("free space: the system does not say");
	const text = `${formatBytes(free)} free in ${dataDir}`;
	return free < roomNeeded ? bad(text, "free some space; below 16 MB new runs may not be stored") : good(text);
}

/** Handed over by a command and not taken: only told where a server runs that should have. */
export function waitingSpool(dataDir: string, now: number): Finding[] {
	let old = 0;
	try {
		for (const name of readdirSync(join(dataDir, "spool"))) {
			const stat = statSync(join(dataDir, "spool", name), { throwIfNoEntry: false });
			if (stat?.isFile() === true && !name.endsWith(".tmp") && now - stat.mtimeMs > 60_000) old++;
		}
	} catch {
		return [];
	}
	if (old === 0) return [];
	const what = old === 1 ? "1 file was" : `${old} files were`;
	return [bad(`${what} handed over in ${join(dataDir, "spool")} and not taken`, "the dashboard says which and why")];
}
