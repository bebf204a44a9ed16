// How a command gets at the database: as the only writer when no server runs, else for reading.
import type { Database } from "bun:sqlite";
import { mkdirSync } from "node:fs";
import { type Config, nearbyFolder } from "../config.ts";
import { AppError } from "../errors.ts";
import { closeDatabase, openForReading, widenCache } from "../store/database.ts";
import { takeLocks } from "../store/lock.ts";
import { openStore } from "../store/open.ts";
import { refusedBy, whyNotOurs } from "./places.ts";

export type Writer = { db: Database; close: () => void };

/** The database with the folder's lock, or null while a server holds it. Throws a sentence where it cannot be written. */
export function writeStore(config: Config): Writer | null {
	// Rather than to make a folder that nobody meant.
	const nearby = nearbyFolder(process.env, config.dataDir);
	if (nearby !== "") throw new AppError("missing", `${config.dataDir} does not exist.${nearby}`);
	let lock: ReturnType<typeof takeLocks>;
	try {
		mkdirSync(config.dataDir, { recursive: true });
		lock = takeLocks(config.dataDir, config.databasePath);
	} catch (error) {
		if (error instanceof AppError) throw error;
		throw refusedBy(config, error);
	}
	if (lock === null) return null;
	const { db, isWritable, problem } = openStore(config.databasePath, config.zone, Date.now());
	if (db === null || !isWritable) {
		db?.close();
		lock.release();
		const refused = problem?.id === "read-only" ? whyNotOurs(config.databasePath) : null;
		if (refused !== null) throw refused;
		throw new AppError("unavailable", `${problem?.title ?? "The database cannot be opened."} ${problem?.detail ?? ""}`);
	}
	widenCache(db);
	return {
		db,
		close: () => {
			closeDatabase(db);
			lock.release();
		},
	};
}

/** The database of a running server, for questions only. */
export function readOnlyStore(config: Config): Database {
	return openForReading(config.databasePath);
}
