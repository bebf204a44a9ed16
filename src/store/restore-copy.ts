// Puts one of our own copies in the place of a database; what came since is then read from the journals.
import type { Database } from "bun:sqlite";
import { constants, copyFileSync, renameSync, rmSync } from "node:fs";
import { dirname } from "node:path";
import { log } from "../log.ts";
import { closeDatabase, openDatabase, openReadOnly, originOf, prepareDatabase, transaction } from "./database.ts";
import { forgetWaiting } from "./deliveries.ts";
import { remoteKind, syncFile, syncFolder } from "./files.ts";
import { deleteMeta, writeMeta } from "./meta.ts";
import { damageOf, listCopies, type OwnCopy } from "./own-copies.ts";
import { countRuns } from "./runs.ts";

/** Larger copies are not read whole before they are used: that is done beside the work, as with every large database. */
const checkedAtOnce = 64 * 1024 * 1024;

/** The newest copy that is sound, put in the place of the database that is gone; null where there is none. */
export function restoreNewest(path: string, known: ReadonlySet<string> = new Set()): OwnCopy | null {
	for (const copy of listCopies(path)) {
		if (known.has(copy.path)) continue;
		const damage = copy.size <= checkedAtOnce ? damageOf(copy.path) : null;
		if (damage === null && isOurs(copy.path)) {
			placeCopy(copy.path, path);
			return copy;
		}
		log(`${copy.path} is not used: ${damage ?? "it is no database of this program"}`);
	}
	return null;
}

function isOurs(path: string): boolean {
	try {
		const db = openReadOnly(path);
		try {
			return originOf(db) === "ours";
		} finally {
			db.close();
		}
	} catch {
		// What cannot be opened cannot stand in; the next older copy is tried.
		return false;
	}
}

/** Copies a file to the database's place, whole or not at all. */
export function placeCopy(from: string, path: string): void {
	const unfinished = `${path}.restoring`;
	try {
		copyFileSync(from, unfinished, constants.COPYFILE_FICLONE);
		syncFile(unfinished);
		renameSync(unfinished, path);
		syncFolder(dirname(path));
	} finally {
		rmSync(unfinished, { force: true });
	}
}

/** A restored database made ready for use; how many runs it holds. */
export function prepareRestored(path: string): number {
	const db = openDatabase(path);
	try {
		prepareDatabase(db, { wal: remoteKind(dirname(path)) === null });
		deleteMeta(db, "rebuilt");
		noteRestored(db, null);
		return countRuns(db);
	} finally {
		closeDatabase(db);
	}
}

/**
 * A copy knows nothing of what was sent since: nobody is told again at once, neither of what waited in its outbox nor of
 * what is found next, but a day later where it is still so. `wroteAt`: when the database that it stands in for was last
 * written, because the monitor was not off since the copy.
 */
export function noteRestored(db: Database, wroteAt: number | null): void {
	transaction(db, () => {
		deleteMeta(db, "watched");
		forgetWaiting(db);
		if (wroteAt !== null) writeMeta(db, "stopped", wroteAt);
	});
}
