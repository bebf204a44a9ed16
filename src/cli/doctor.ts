// `doctor`: looks at each thing that is known to go wrong, and says what mends it. Changes nothing.
import { accessSync, constants, existsSync, statSync } from "node:fs";
import { dirname } from "node:path";
import { type Config, readConfig } from "../config.ts";
import { codeOf, messageOf } from "../errors.ts";
import { releasedAt } from "../retention.ts";
import { findDamage, originOf } from "../store/database.ts";
import { freeBytes, isOnNetwork } from "../store/files.ts";
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
	if (!existsSync(dataDir)) return bad(`data folder ${dataDir} does not exist`, `mkdir -p ${dataDir}, or set DATA_DIR`);
	const stat = statSync(dataDir);
	if (!stat.isDirectory()) return bad(`${dataDir} is not a folder`, "set DATA_DIR to a folder");
	try {
		accessSync(dataDir, constants.W_OK | constants.X_OK);
	} catch {
		const fix = `sudo chown -R ${user()} ${dataDir}, or run as user ${stat.uid} (compose: user: "${stat.uid}:${stat.gid}")`;
		return bad(`data folder ${dataDir} belongs to user ${stat.uid}; user ${user()} may not write there`, fix);
	}
	return good(`data folder ${dataDir} can be written by user ${user()}`);
}

function metrics({ metricsFile }: Config): Finding {
	try {
		const stat = statSync(metricsFile);
		if (!stat.isFile()) return bad(`${metricsFile} is not a file`, "put a plain file there, or set METRICS_FILE");
		accessSync(metricsFile, constants.R_OK);
		return good(`metrics file ${metricsFile} can be read (${formatBytes(stat.size)})`);
	} catch (error) {
		if (codeOf(error) === "ENOENT")
			return good(`metrics file ${metricsFile} does not exist yet; it is read once it does`);
		return bad(`metrics file ${metricsFile} cannot be read by user ${user()}`, `chmod 644 ${metricsFile}`);
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
		const fix = "it is set aside and built again at the next start; or set DB_PATH";
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

async function server({ port }: Config): Promise<Finding> {
	try {
		const response = await fetch(`http://127.0.0.1:${port}/health`, {
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
