// What a command says where the system refuses it a file: which user lacks what, at which path, and what mends it.
import { accessSync, constants, existsSync, statSync } from "node:fs";
import { basename, dirname } from "node:path";
import { type Config, nearbyFolder, readConfig } from "../config.ts";
import { AppError, codeOf, messageOf } from "../errors.ts";

const user = () => process.getuid?.() ?? "?";

/** That the data folder does not exist, and what to do; null: it does. */
export function missingFolder({ dataDir }: Pick<Config, "dataDir">): string | null {
	if (existsSync(dataDir)) return null;
	const nearby = nearbyFolder(process.env, dataDir);
	if (nearby !== "") return `${dataDir} does not exist.${nearby}`;
	// Most that is forbidden in a folder of the system root may do.
	const make = canWrite(nearestFolder(dataDir))
		? `mkdir -p ${dataDir}`
		: `sudo mkdir -p ${dataDir} && sudo chown ${user()} ${dataDir}`;
	const what = isHidden(dataDir)
		? `${dataDir} does not exist, or user ${user()} may not look there.`
		: `${dataDir} does not exist.`;
	return `${what} Set DATA_DIR to the folder of the server, or make it: ${make}`;
}

/** Whether this user cannot know if it exists: a folder above it is closed to him. */
function isHidden(path: string): boolean {
	try {
		statSync(path);
		return false;
	} catch (error) {
		return codeOf(error) === "EACCES";
	}
}

/** For a command that was refused a file of the data folder: names user, path and remedy. */
export function refusedBy({ dataDir }: Pick<Config, "dataDir">, error: unknown): AppError {
	return new AppError("unavailable", whyRefused(dataDir, error), error);
}

/** Of a file that only this user may not write; null: it is the disk, or nothing that can be seen. */
export function whyNotOurs(path: string): AppError | null {
	const place = [path, dirname(path)].find((known) => existsSync(known) && !canWrite(known));
	return place === undefined || isReadOnly(place) ? null : new AppError("unavailable", ownerWords(place));
}

function whyRefused(dataDir: string, error: unknown): string {
	const missing = missingFolder({ dataDir });
	if (missing !== null) return missing;
	const code = codeOf(error);
	const path = pathOf(error) ?? dataDir;
	if (code === "ENOSPC" || code === "EDQUOT" || code.startsWith("SQLITE_FULL"))
		return `The disk with ${dirname(path)} is full: free some space there.`;
	// What may not be written is the file, where there is one, or the nearest folder that there is.
	const culprit = existsSync(path) && !canWrite(path) ? path : nearestFolder(dirname(path));
	const refused = [culprit, dataDir].find((place) => !canWrite(place));
	if (refused === undefined) return `${path}: ${messageOf(error)}`;
	if (isReadOnly(refused)) return `${refused} lies on a file system that is mounted read-only.`;
	return ownerWords(refused);
}

function ownerWords(path: string): string {
	const { uid, gid } = statSync(path);
	if (uid === user()) return `${path} is write-protected for its owner, user ${uid}. Run: chmod u+rwX ${path}`;
	const whose = `${path} belongs to user ${uid}, and this is user ${user()}.`;
	if (isSystems(path)) return `${whose} Set DATA_DIR to a folder of its own.`;
	const as = uid === 0 ? "sudo backup-monitor …" : `sudo -u '#${uid}' backup-monitor …`;
	return `${whose} Run it as that user: ${as} (compose: user: "${uid}:${gid}"). If it is to be yours: sudo chown -R ${user()} ${path}`;
}

/** A folder that is the system's: no advice to hand it to a user. */
export function isSystems(folder: string): boolean {
	return folder.split("/").filter(Boolean).length < 2 && folder !== "/data";
}

/** Whether the system, and not a mistake of the program, refused something. */
export function isRefusal(error: unknown): boolean {
	return /^(?:EACCES|EPERM|EROFS|ENOSPC|EDQUOT|ENOENT|ENOTDIR|SQLITE_(?:CANTOPEN|READONLY|FULL|PERM)\w*)$/.test(
		codeOf(error),
	);
}

/** For the door of the program: what no command has put into words. null: it is a bug. */
export function toldRefusal(error: unknown): AppError | null {
	if (!isRefusal(error)) return null;
	try {
		return refusedBy(readConfig(process.env), error);
	} catch {
		return null;
	}
}

function pathOf(error: unknown): string | null {
	if (typeof error !== "object" || error === null) return null;
	const { path, dest } = error as { path?: unknown; dest?: unknown };
	const found = dest ?? path;
	return typeof found === "string" && basename(found) !== "" ? found : null;
}

function nearestFolder(path: string): string {
	let folder = path;
	while (!existsSync(folder) && folder !== dirname(folder)) folder = dirname(folder);
	return folder;
}

function canWrite(path: string): boolean {
	try {
		accessSync(path, constants.W_OK);
		return true;
	} catch {
		return false;
	}
}

function isReadOnly(path: string): boolean {
	try {
		accessSync(path, constants.W_OK);
		return false;
	} catch (error) {
		return codeOf(error) === "EROFS";
	}
}
