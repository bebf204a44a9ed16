// What a command says about the folder that it works in: which user lacks what, where, and what mends it.
import { accessSync, constants, existsSync, statSync } from "node:fs";
import { dirname } from "node:path";
import { type Config, nearbyFolder } from "../config.ts";
import { AppError, codeOf, messageOf } from "../errors.ts";

const user = () => process.getuid?.() ?? "?";

/** That the data folder does not exist, and what to do; null: it does. */
export function missingFolder({ dataDir }: Pick<Config, "dataDir">): string | null {
	if (existsSync(dataDir)) return null;
	const nearby = nearbyFolder(process.env, dataDir);
	const fix = nearby === "" ? ` Set DATA_DIR to the folder of the server, or make it: mkdir -p ${dataDir}` : nearby;
	return `${dataDir} does not exist.${fix}`;
}

/** What keeps this user from writing there, with the command that mends it; null: nothing that can be seen. */
export function whyNotWritable(folder: string): string | null {
	try {
		accessSync(folder, constants.W_OK | constants.X_OK);
		return null;
	} catch (error) {
		if (codeOf(error) === "EROFS") return `${folder} lies on a file system that is mounted read-only.`;
		const stat = statSync(folder, { throwIfNoEntry: false });
		if (stat === undefined)
			return `${folder} does not exist and cannot be made by user ${user()} in ${dirname(folder)}.`;
		const whose = `${folder} belongs to user ${stat.uid}; user ${user()} may not write there.`;
		return `${whose} ${ownershipFix(folder, stat)}`;
	}
}

/** Never to hand a folder of the system to a user: that advice is for a folder of ours. */
export function ownershipFix(folder: string, owner: { uid: number; gid: number }): string {
	if (isSystems(folder)) return "Set DATA_DIR to a folder of its own.";
	if (owner.uid === user()) return `Run: chmod u+rwx ${folder}`;
	return `Run: sudo chown -R ${user()} ${folder}, or run this as user ${owner.uid} (sudo -u '#${owner.uid}', compose: user: "${owner.uid}:${owner.gid}").`;
}

export function isSystems(folder: string): boolean {
	return folder.split("/").filter(Boolean).length < 2 && folder !== "/data";
}

/** For a command that could not write: names user, path and remedy where they are known. */
export function cannotWrite(folder: string, error: unknown): AppError {
	const why = whyNotWritable(folder) ?? `${folder} cannot be written by user ${user()}: ${messageOf(error)}`;
	return new AppError("unavailable", why, error);
}
