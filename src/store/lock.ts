// One server per data folder: an exclusive SQLite transaction on a small file is a lock that dies with its holder.
import { Database } from "bun:sqlite";
import { basename, dirname, join } from "node:path";
import { AppError, codeOf } from "../errors.ts";

export type Lock = { release: () => void };

const lockName = "serve.lock";
/** `status` and its like look for a moment whether somebody serves: a server that starts then must not give up. */
const momentMs = 300;

/** The folder's lock, or null while another process holds it. Throws where the folder cannot be written. */
export function takeLock(dataDir: string, waitMs = 0): Lock | null {
	return lockFile(join(dataDir, lockName), waitMs);
}

/**
 * The folder's lock together with that of a database that lies elsewhere: two folders may name one database, which has
 * one writer, too. null while another process has the folder; throws `conflict` while one has the database.
 */
export function takeLocks(dataDir: string, databasePath: string): Lock | null {
	const own = takeLock(dataDir, momentMs);
	const path = databaseLock(databasePath);
	if (own === null || path === join(dataDir, lockName)) return own;
	let other: Lock | null;
	try {
		other = lockFile(path, momentMs);
	} catch {
		// A folder that cannot be written, or is not there yet: opening the database says so.
		return own;
	}
	if (other === null) {
		own.release();
		throw new AppError(
			"conflict",
			`Another backup-monitor, with another data folder, uses ${databasePath}. Stop it first, or set DB_PATH to another file.`,
		);
	}
	const held = other;
	return {
		release: () => {
			held.release();
			own.release();
		},
	};
}

/** A database of the usual name belongs to whoever serves its folder. */
function databaseLock(path: string): string {
	return basename(path) === "backups.db" ? join(dirname(path), lockName) : `${path}.lock`;
}

function lockFile(path: string, waitMs: number): Lock | null {
	const db = new Database(path, { create: true, readwrite: true });
	try {
		db.run(`PRAGMA busy_timeout = ${waitMs}`);
		db.run("BEGIN EXCLUSIVE");
	} catch (error) {
		db.close();
		if (codeOf(error).startsWith("SQLITE_BUSY")) return null;
		throw error;
	}
	return { release: () => db.close() };
}
