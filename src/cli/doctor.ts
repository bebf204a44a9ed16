// `doctor`: looks at each thing that is known to go wrong, and says what mends it. Changes nothing.
import { accessSync, constants, existsSync, type Stats, statSync } from "node:fs";
import { dirname } from "node:path";
import { asksForLogin, loginWords, refuseOpenDoor } from "../access-config.ts";
import { type Config, nearbyFolder, reachedAt, readConfig } from "../config.ts";
import { codeOf, messageOf } from "../errors.ts";
import { releasedAt } from "../retention.ts";
import { findDamage, originOf } from "../store/database.ts";
import { freeBytes, isOnNetwork } from "../store/files.ts";
import { isDamage } from "../store/open.ts";
import { countRuns } from "../store/runs.ts";
import { formatInstant } from "../time.ts";
import { formatBytes, plural } from "../units.ts";
import { readFlags } from "./flags.ts";
import { readOnlyStore } from "./store.ts";

type Finding = { isGood: boolean; text: string; fix?: string };

const roomNeeded = 16 * 1024 * 1024;

export async function doctor(args: string[]): Promise<number> {
	await readFlags(args, "doctor", {});
	const config = readConfig(process.env);
	const findings = [
		folder(config),
		metrics(config),
		...database(config),
		room(config),
		clock(config),
		zone(config),
		await login(config),
		await server(config),
	];
	for (const { isGood, text, fix } of findings) {
		process.stdout.write(`${isGood ? "ok " : "!! "} ${text}\n${fix === undefined ? "" : `     ${fix}\n`}`);
	}
	return findings.every((finding) => finding.isGood) ? 0 : 1;
}

const user = () => process.getuid?.() ?? "?";
const good = (text: string): Finding => ({ isGood: true, text });
const bad = (text: string, fix: string): Finding => ({ isGood: false, text, fix });

function folder({ dataDir }: Config): Finding {
	let stat: Stats;
	try {
		stat = statSync(dataDir);
	} catch (error) {
		const code = codeOf(error);
		if (code !== "ENOENT") return bad(`data folder ${dataDir} ${unreachable(code)}`, "set DATA_DIR to another folder");
		const fix = nearbyFolder(process.env, dataDir).trim() || `mkdir -p ${dataDir}, or set DATA_DIR`;
		return bad(`data folder ${dataDir} does not exist`, fix);
	}
	try {
		accessSync(dataDir, constants.W_OK | constants.X_OK);
	} catch (error) {
		if (codeOf(error) === "EROFS") {
			const fix = "mount it writable (an SD card at its end becomes read-only: see dmesg), or set DATA_DIR";
			return bad(`data folder ${dataDir} lies on a file system that is mounted read-only`, fix);
		}
		if (stat.uid === user()) return bad(`data folder ${dataDir} is write-protected`, `chmod u+rwx ${dataDir}`);
		// Nobody should hand a folder of the system to a user.
		const isSystems = dataDir.split("/").filter(Boolean).length < 2 && dataDir !== "/data";
		const own = `sudo chown -R ${user()} ${dataDir}, or run as user ${stat.uid} (compose: user: "${stat.uid}:${stat.gid}")`;
		const fix = isSystems ? "set DATA_DIR to a folder of its own" : own;
		return bad(`data folder ${dataDir} belongs to user ${stat.uid}; user ${user()} may not write there`, fix);
	}
	return good(`data folder ${dataDir} can be written by user ${user()}`);
}

/** What no change of owner or permission of the last name in a path mends. */
function unreachable(code: string): string {
	if (code === "ENOTDIR") return "cannot exist: a part of its path is a file";
	if (code === "ELOOP") return "is a symbolic link that leads to itself";
	if (code === "ENAMETOOLONG") return "has a name that is too long";
	if (code === "EACCES") return `lies in a folder that user ${user()} may not enter`;
	return `cannot be looked at (${code || "unknown error"})`;
}

function metrics({ metricsFile }: Config): Finding {
	let stat: Stats;
	try {
		stat = statSync(metricsFile);
	} catch (error) {
		const code = codeOf(error);
		if (code === "ENOENT") return good(`metrics file ${metricsFile} does not exist yet; it is read once it does`);
		const fix = code === "EACCES" ? `chmod a+x ${dirname(metricsFile)}, or set METRICS_FILE` : "set METRICS_FILE";
		return bad(`metrics file ${metricsFile} ${unreachable(code)}`, fix);
	}
	if (!stat.isFile()) return bad(`${metricsFile} is not a file`, "put a plain file there, or set METRICS_FILE");

	try {
		accessSync(metricsFile, constants.R_OK);
		return good(`metrics file ${metricsFile} can be read (${formatBytes(stat.size)})`);
	} catch {
		return bad(`metrics file ${metricsFile} cannot be read by user ${user()}`, `chmod a+r ${metricsFile}`);
	}
}

function database(config: Config): Finding[] {
	const path = config.databasePath;
	if (!existsSync(path)) return [good(`database ${path} does not exist yet; it is made at the first start`)];
	const findings: Finding[] = [];
	if (isOnNetwork(dirname(path))) {
		findings.push(bad(`database ${path} lies on a network file system`, "set DB_PATH to a local disk"));
	}
	try {
		const db = readOnlyStore(config);
		try {
			findings.push(...openedDatabase(path, db));
		} finally {
			db.close();
		}
	} catch (error) {
		const fix = isDamage(codeOf(error))
			? "it is set aside and built again at the next start; or set DB_PATH"
			: `user ${user()} must be able to read and write it and ${dirname(path)}; or set DB_PATH`;
		findings.push(bad(`database ${path} cannot be opened: ${messageOf(error)}`, fix));
	}
	return findings;
}

function openedDatabase(path: string, db: ReturnType<typeof readOnlyStore>): Finding[] {
	const origin = originOf(db);
	if (origin === "original") return [good(`database ${path} is the original's; it is taken over at the next start`)];
	if (origin === "foreign") return [bad(`${path} is a database of another program`, "set DB_PATH to another file")];
	if (origin === "newer") return [bad(`${path} was made by a newer version`, "install that version again")];
	if (origin === "new") return [good(`database ${path} is empty`)];
	const damage = findDamage(db);
	if (damage !== null)
		return [bad(`database ${path} is damaged: ${damage}`, "stop the server, then: backup-monitor rebuild")];
	return [good(`database ${path} is sound and holds ${plural(countRuns(db), "run")}`)];
}

function room({ dataDir }: Config): Finding {
	const free = freeBytes(existsSync(dataDir) ? dataDir : dirname(dataDir));
	if (free === null) return good("free space: the system does not say");
	const text = `${formatBytes(free)} free in ${dataDir}`;
	return free < roomNeeded ? bad(text, "free some space; below 16 MB new runs may not be stored") : good(text);
}

function clock({ zone }: Config): Finding {
	const now = Date.now();
	const text = `clock says ${formatInstant(now, zone)}`;
	return now < releasedAt ? bad(`${text}, which is in the past`, "set it: timedatectl set-ntp true") : good(text);
}

function zone({ zone, badZone }: Config): Finding {
	if (badZone !== null)
		return bad(`TZ is "${badZone}", which is no time zone; UTC is used`, "set TZ to a name such as Europe/Berlin");
	return good(`time zone ${zone}`);
}

/** Loaded only where there is one to look at. */
async function login(config: Config): Promise<Finding> {
	try {
		refuseOpenDoor(process.env);
		if (!asksForLogin(config)) {
			return good(`login not set: whoever reaches port ${config.port} may read, and press buttons`);
		}
		const { checkAccess } = await import("../web/access.ts");
		checkAccess(config);
		return good(`login ${loginWords(config)}`);
	} catch (error) {
		return bad(`login: ${messageOf(error)}`, "the server does not start until this is mended");
	}
}

async function server({ host, port }: Config): Promise<Finding> {
	try {
		const response = await fetch(`http://${reachedAt(host)}:${port}/health`, {
			signal: AbortSignal.timeout(2000),
			redirect: "manual",
		});
		const text = (await response.text()).slice(0, 300).trim();
		return text === '{"status":"ok"}'
			? good(`a server answers on port ${port}`)
			: bad(`port ${port} answers ${text}`, `open http://localhost:${port}/`);
	} catch {
		return good(`no server runs on port ${port}`);
	}
}
