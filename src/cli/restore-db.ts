// `restore-db FILE`: a copy in the place of the database, the present one set aside, and what came since read again.
import { constants, copyFileSync, existsSync, rmSync, statSync } from "node:fs";
import { resolve } from "node:path";
import { type Config, readConfig } from "../config.ts";
import { AppError, messageOf } from "../errors.ts";
import { closeDatabase, findDamage, openDatabase, openReadOnly, originOf, schemaVersion } from "../store/database.ts";
import { quarantine } from "../store/files.ts";
import { placeCopy, prepareRestored } from "../store/restore-copy.ts";
import { countRuns, readNewest } from "../store/runs.ts";
import { formatInstant } from "../time.ts";
import { plural } from "../units.ts";
import { confirm } from "./ask.ts";
import { readFlags } from "./flags.ts";
import { putBack, replayJournals, takeFolder } from "./rebuild.ts";

export async function restoreDbCommand(args: string[]): Promise<number> {
	const { flags, words } = await readFlags(args, "restore-db", { yes: { type: "boolean" } }, { words: 1 });
	const [file] = words;
	if (file === undefined)
		throw new AppError("usage", "restore-db needs the copy to restore. See: backup-monitor restore-db --help");
	const config = readConfig(process.env);
	const from = resolve(file);
	if (from === resolve(config.databasePath)) throw new AppError("usage", `${file} is the database itself.`);
	const copy = checkCopy(from, config.zone);
	const lock = takeFolder(config, "restore");
	try {
		const aside = existsSync(config.databasePath)
			? ` The present one is set aside in ${config.dataDir}/quarantine.`
			: "";
		const what = `This puts ${copy} in the place of ${config.databasePath}.${aside} What the journals hold of the time since is read again.`;
		await confirm(what, `restore-db ${file}`, flags.yes === true);
		await restore(from, copy, config);
		return 0;
	} finally {
		lock.release();
	}
}

/** Describes the copy in a few words. Throws what is wrong with it, or that it is none of ours. */
function checkCopy(path: string, zone: string): string {
	const stat = statSync(path, { throwIfNoEntry: false });
	if (stat === undefined) throw new AppError("missing", `${path} does not exist.`);
	if (!stat.isFile()) throw new AppError("usage", `${path} is not a file.`);
	try {
		const db = openReadOnly(path);
		try {
			const origin = originOf(db);
			if (origin === "newer") {
				throw new AppError(
					"conflict",
					`${path} was made by a newer version of this program; this one knows schema ${schemaVersion}.`,
				);
			}
			if (origin !== "ours") throw new AppError("conflict", `${path} is no database of this program.`);
			const damage = findDamage(db);
			if (damage !== null) throw new AppError("unavailable", `${path} is damaged: ${damage}`);
			const newest = readNewest(db, null, 1)[0];
			const until = newest === undefined ? "" : ` up to ${formatInstant(newest.startedAt, zone)}`;
			return `${path} (${plural(countRuns(db), "run")}${until})`;
		} finally {
			db.close();
		}
	} catch (error) {
		if (error instanceof AppError) throw error;
		throw new AppError("unavailable", `${path} cannot be read as a database: ${messageOf(error)}`);
	}
}

async function restore(from: string, copy: string, config: Config): Promise<void> {
	// First to our own place: the copy may lie in the quarantine, of which the oldest folder goes.
	const held = `${config.databasePath}.held`;
	copyFileSync(from, held, constants.COPYFILE_FICLONE);
	if (existsSync(`${from}-wal`)) {
		// A quarantined database may have its last transactions beside it: folded in.
		copyFileSync(`${from}-wal`, `${held}-wal`);
		closeDatabase(openDatabase(held));
	}
	let folder: string | null = null;
	try {
		folder = existsSync(config.databasePath) ? quarantine(config.databasePath, Date.now()) : null;
		placeCopy(held, config.databasePath);
		const before = prepareRestored(config.databasePath);
		const runs = await replayJournals(config);
		const added = Math.max(0, runs - before);
		process.stdout.write(`Restored ${copy}; ${plural(added, "run")} more came from the journals.\n`);
		if (folder !== null) process.stdout.write(`The database that was there is kept in ${folder}.\n`);
	} catch (error) {
		if (folder !== null) putBack(folder, config.databasePath);
		throw error instanceof AppError ? error : new AppError("unavailable", `Not restored: ${messageOf(error)}`, error);
	} finally {
		for (const side of ["", "-wal", "-shm"]) rmSync(held + side, { force: true });
	}
}
