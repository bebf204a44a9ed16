// `rebuild`: the database anew from what it was made of, the old one kept aside.
import { existsSync, readdirSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { isatty } from "node:tty";
import { type Config, nearbyFolder, readConfig } from "../config.ts";
import { AppError, messageOf } from "../errors.ts";
import { FollowedFile } from "../ingest/follow.ts";
import { journalName } from "../ingest/journal.ts";
import { isCutOff, replayParts } from "../ingest/journal-parts.ts";
import { closeDatabase, widenCache } from "../store/database.ts";
import { quarantine } from "../store/files.ts";
import { takeLocks } from "../store/lock.ts";
import { openStore } from "../store/open.ts";
import { prepareRestored, restoreNewest } from "../store/restore-copy.ts";
import { countRuns } from "../store/runs.ts";
import { readFlags } from "./flags.ts";
import { refusedBy } from "./places.ts";

export async function rebuildCommand(args: string[]): Promise<number> {
	const { flags } = await readFlags(args, "rebuild", { yes: { type: "boolean" } });
	const config = readConfig(process.env);
	const { dataDir, databasePath, metricsFile } = config;
	if (flags.yes !== true && existsSync(databasePath) && isatty(0)) {
		const what = `This sets ${databasePath} aside and builds it again from ${metricsFile} and ${join(dataDir, journalName)}.`;
		throw new AppError("conflict", `${what} Nothing was done. To do it: backup-monitor rebuild --yes`);
	}
	const lock = takeFolder(config, "rebuild");
	const folder = existsSync(databasePath) ? quarantine(databasePath, Date.now()) : null;
	try {
		// What the first parts of the journal told is in the copies alone, once those are dropped.
		const copy = isCutOff(dataDir) ? restoreNewest(databasePath) : null;
		if (copy !== null) prepareRestored(databasePath);
		const runs = await replayJournals(config);
		process.stdout.write(
			`${runs} runs are stored now.${folder === null ? "" : ` The old database is kept in ${folder}.`}\n`,
		);
		return 0;
	} catch (error) {
		if (folder !== null) putBack(folder, databasePath);
		throw error instanceof AppError ? error : new AppError("unavailable", `Not built: ${messageOf(error)}`, error);
	} finally {
		lock.release();
	}
}

/** Reads what the database has not seen of the metrics file and the journal; how many runs there are then. */
export async function replayJournals({ databasePath, metricsFile, dataDir, zone }: Config): Promise<number> {
	const { db, isWritable, problem } = openStore(databasePath, zone, Date.now());
	if (db === null || !isWritable) throw new AppError("unavailable", problem?.title ?? "The database cannot be made.");
	try {
		widenCache(db);
		// What was sent by hand wins over the file where both tell of the same run: it comes last.
		readOn(new FollowedFile(db, metricsFile, zone));
		const onDamage = (path: string, reason: string) =>
			process.stderr.write(`${path} is damaged (${reason}); what it told from some place on is missing\n`);
		await replayParts({ db, dataDir, zone, now: Date.now, onDamage });
		readOn(new FollowedFile(db, join(dataDir, journalName), zone, { isOurs: true }));
		return countRuns(db);
	} finally {
		closeDatabase(db);
	}
}

function readOn(followed: FollowedFile): void {
	let look = followed.look(Date.now());
	while (look.more) look = followed.look(Date.now());
	// Without it runs would be missing, and nobody would know.
	if (look.state === "unreadable") throw new AppError("unavailable", `${followed.path} ${look.reason}.`);
	process.stdout.write(`${followed.path}: ${look.reason ?? "read to its end"}\n`);
}

/** The database that was set aside, back in its place. */
export function putBack(folder: string, databasePath: string): void {
	for (const side of ["", "-wal", "-shm"]) rmSync(databasePath + side, { force: true });
	for (const name of readdirSync(folder)) renameSync(join(folder, name), join(databasePath, "..", name));
}

/** The folder's lock. `verb`: what is to be done with it. */
export function takeFolder({ dataDir, databasePath }: Config, verb: string) {
	const nearby = nearbyFolder(process.env, dataDir);
	if (nearby !== "") throw new AppError("missing", `${dataDir} does not exist.${nearby}`);
	let lock: ReturnType<typeof takeLocks>;
	try {
		lock = takeLocks(dataDir, databasePath);
	} catch (error) {
		if (error instanceof AppError) throw error;
		throw refusedBy({ dataDir }, error);
	}
	if (lock === null) throw new AppError("conflict", `A server uses ${dataDir}. Stop it first, then ${verb}.`);
	return lock;
}
