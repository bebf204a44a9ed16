// Opens the database whatever state it is in: new, ours, the original's, damaged, locked, read-only, newer or foreign.
// What cannot be opened is told as a problem, for the banner and /health; nothing here ends the program.
import type { Database } from "bun:sqlite";
import { existsSync, mkdirSync, statSync } from "node:fs";
import { dirname } from "node:path";
import { AppError, codeOf, messageOf } from "../errors.ts";
import type { Problem } from "../overview.ts";
import {
	closeDatabase,
	findDamage,
	openDatabase,
	openReadOnly,
	originOf,
	patience,
	prepareDatabase,
	readDatabaseSize,
	schemaToChange,
	schemaVersion,
} from "./database.ts";
import { freeBytes, quarantine, remoteKind } from "./files.ts";
import { writeMeta } from "./meta.ts";
import { Damaged, lastWritten, listCopies, makeOwnCopy, whyNoRoom } from "./own-copies.ts";
import { noteRestored, restoreNewest } from "./restore-copy.ts";
import { countRuns } from "./runs.ts";
import { isOriginal, takeOver } from "./takeover.ts";

export type Opened = {
	/** null: there is nothing to show, `problem` says why. */
	db: Database | null;
	isWritable: boolean;
	problem: Problem | null;
	/** Too large to be checked before it is used: to be checked beside the work. */
	isUnchecked?: boolean;
};

/** `folder`: where the damaged file is kept; null where it was taken away under the running monitor. `copy`: our own copy that the new one began with, null where none was sound. `runs`: once the journals were read. */
export type Rebuilt = {
	at: number;
	folder: string | null;
	reason: string;
	copy: { path: string; at: number; runs: number } | null;
	runs: number | null;
};

// Up to this size a full check takes a few milliseconds and happens before anything is read. Larger: ingest/verify.ts.
const checkedAtOnce = 2 * 1024 * 1024;
export function openStore(path: string, zone: string, now: number, waitMs = patience): Opened {
	try {
		mkdirSync(dirname(path), { recursive: true });
	} catch (error) {
		return failed(cannotOpen(path, error));
	}
	try {
		// SQLite would wait at a pipe for ever.
		if (existsSync(path) && !isFile(path)) throw new Error("it is not a file");
		return openWritable(path, zone, now, waitMs);
	} catch (error) {
		const code = codeOf(error);
		if (error instanceof AppError) return failed(unusable(error.message));
		if (isDamage(code)) return rebuild(path, messageOf(error), now);
		if (code.startsWith("SQLITE_BUSY")) return failed(locked(path));
		if (code.startsWith("SQLITE_FULL")) return openOnFullDisk(path);
		if (isFile(path)) return withoutWriting(path);
		return failed(cannotOpen(path, error));
	}
}

function openWritable(path: string, zone: string, now: number, waitMs: number): Opened {
	const remote = remoteKind(dirname(path));
	// A deleted file is to be built from the journals. An empty one was not meant: a power cut leaves such.
	const wasEmptied = existsSync(path) && statSync(path).size === 0 && !existsSync(`${path}-wal`);
	let db = openDatabase(path, waitMs);
	try {
		const origin = originOf(db);
		if (origin === "newer") {
			db.close();
			return { db: openReadOnly(path), isWritable: false, problem: newer(path) };
		}
		if (origin === "foreign" || (origin === "original" && !isOriginal(db))) {
			db.close();
			return failed(foreign(path));
		}
		if (origin === "original") {
			takeOver(db, path, zone, now);
			db = openDatabase(path, waitMs);
		}
		if (wasEmptied && listCopies(path).length > 0) {
			db.close();
			return rebuild(path, "the file was empty", now);
		}
		const uncopied = copyBeforeMigration(db, path, now);
		prepareDatabase(db, { wal: remote === null });
		const isSmall = readDatabaseSize(db) <= checkedAtOnce;
		const damage = isSmall ? findDamage(db) : null;
		if (damage !== null) {
			closeDatabase(db);
			return rebuild(path, damage, now);
		}
		return {
			db,
			isWritable: true,
			problem: uncopied ?? (remote === null ? null : onRemote(path, remote)),
			isUnchecked: !isSmall,
		};
	} catch (error) {
		db.close();
		throw error;
	}
}

/** Before the schema is changed: what a new version makes of it, the old one cannot read. What is wrong with that, or null. */
function copyBeforeMigration(db: Database, path: string, now: number): Problem | null {
	const schema = schemaToChange(db);
	if (schema === null) return null;
	// A change that failed is tried again and again; the database is the same each time.
	const known = listCopies(path).find((copy) => copy.schema === schema);
	if (known !== undefined && known.at >= (lastWritten(path) ?? now) - 1000) return null;
	const noRoom = whyNoRoom(path, readDatabaseSize(db));
	if (noRoom !== null) return uncopied(schema, noRoom);
	try {
		makeOwnCopy(db, path, now, schema);
		return null;
	} catch (error) {
		if (error instanceof Damaged) throw error;
		return uncopied(schema, messageOf(error));
	}
}

function uncopied(schema: number, reason: string): Problem {
	return {
		id: "changed-uncopied",
		severity: "warning",
		title: `The database was brought from schema ${schema} to ${schemaVersion} without a copy of it as it was.`,
		detail: `${reason}. An older version of this program cannot read it any more.`,
	};
}

/**
 * Sets a damaged file aside and puts the newest sound copy in its place, or an empty database; following the journals
 * from where that was fills it again. `bad`: copies that are known to be damaged.
 */
export function rebuild(path: string, reason: string, now: number, bad: ReadonlySet<string> = new Set()): Opened {
	try {
		const wroteAt = lastWritten(path);
		const folder = quarantine(path, now);
		const copy = restoreNewest(path, bad);
		const db = openDatabase(path);
		prepareDatabase(db, { wal: remoteKind(dirname(path)) === null });
		if (copy !== null) noteRestored(db, wroteAt);
		const from = copy === null ? null : { path: copy.path, at: copy.at, runs: countRuns(db) };
		const rebuilt: Rebuilt = { at: now, folder, reason: reason.slice(0, 300), copy: from, runs: null };
		writeMeta(db, "rebuilt", rebuilt);
		return { db, isWritable: true, problem: null, isUnchecked: readDatabaseSize(db) > checkedAtOnce };
	} catch (error) {
		return failed(cannotOpen(path, error));
	}
}

function isFile(path: string): boolean {
	try {
		return statSync(path, { throwIfNoEntry: false })?.isFile() === true;
	} catch {
		return false;
	}
}

export function isDamage(code: string): boolean {
	return code.startsWith("SQLITE_CORRUPT") || code === "SQLITE_NOTADB";
}

/** What was stored is shown as it lies in the file. */
export function openOnFullDisk(path: string): Opened {
	const { db, problem } = withoutWriting(path);
	return { db, isWritable: false, problem: db === null ? problem : diskFull(path) };
}

/** What the log's index takes, before anything can be asked: without it SQLite does not say that the disk is full. */
const leastRoom = 32 * 1024;

function withoutWriting(path: string): Opened {
	const trouble = (freeBytes(dirname(path)) ?? leastRoom) < leastRoom ? diskFull(path) : readOnly(path);
	try {
		const db = openReadOnly(path);
		const schema = schemaToChange(db);
		if (originOf(db) === "ours" && schema === null) return { db, isWritable: false, problem: trouble };
		db.close();
		return failed(schema === null ? trouble : unchanged(trouble, schema));
	} catch (error) {
		return failed(cannotOpen(path, error));
	}
}

/** An older schema cannot even be shown. */
function unchanged(trouble: Problem, schema: number): Problem {
	const detail = `It has schema ${schema} and has to be brought to ${schemaVersion} before anything is shown: that needs a disk that can be written. It is as it was: the version of this program that was installed before works with it. It tries again by itself.`;
	return { ...trouble, detail };
}

function failed(problem: Problem): Opened {
	return { db: null, isWritable: false, problem };
}

const user = () => process.getuid?.() ?? "?";

function cannotOpen(path: string, error: unknown): Problem {
	const folder = dirname(path);
	return {
		id: "database-unavailable",
		severity: "critical",
		title: `The database ${path} cannot be opened or made.`,
		detail: `This program runs as user ${user()} and needs to write in ${folder} (${messageOf(error)}). ${adviceFor(folder)} It tries again by itself.`,
	};
}

/** Never to hand a system's own folder to a user: that advice is for a folder of ours. */
function adviceFor(folder: string): string {
	if (folder.split("/").filter(Boolean).length < 2 && folder !== "/data") {
		return "Set DATA_DIR to a folder of its own.";
	}
	return `On the host: sudo chown -R ${user()} ${folder}, or run it as the folder's owner (compose: user: "1000:1000").`;
}

function unusable(message: string): Problem {
	return {
		id: "database-unavailable",
		severity: "critical",
		title: message,
		detail: "Nothing was changed in the file.",
	};
}

function locked(path: string): Problem {
	return {
		id: "database-locked",
		severity: "critical",
		title: `The database ${path} is locked by another program.`,
		detail: "Close the program that has it open (a database browser, a copy that hangs). It tries again by itself.",
	};
}

export function diskFull(path: string): Problem {
	const free = freeBytes(dirname(path));
	return {
		id: "disk-full",
		severity: "critical",
		title: `The disk with ${dirname(path)} is full.`,
		detail: `New runs cannot be stored${free === null ? "" : ` (${Math.floor(free / 1e6)} MB free)`}. Free some space there; what is in the metrics file is read as soon as there is room.`,
	};
}

export function readOnly(path: string): Problem {
	return {
		id: "read-only",
		severity: "critical",
		title: `The database ${path} cannot be written.`,
		detail: `What you see is what was stored before; new runs are not. Its file system is mounted read-only (often an SD card at its end: see dmesg), or user ${user()} may not write there. It tries again by itself.`,
	};
}

function newer(path: string): Problem {
	return {
		id: "newer-database",
		severity: "critical",
		title: `The database ${path} was made by a newer version of this program.`,
		detail: `It is only read, new runs are not stored: this version knows schema ${schemaVersion}. Install the newer version again, or set DB_PATH to a new file: it is filled from the metrics file.`,
	};
}

function foreign(path: string): Problem {
	return {
		id: "foreign-database",
		severity: "critical",
		title: `${path} is a database of another program.`,
		detail: "It was not touched. Set DB_PATH to another file name; it is made and filled from the metrics file.",
	};
}

function onRemote(path: string, kind: string): Problem {
	return {
		id: "network-database",
		severity: "warning",
		title: `The database ${path} lies on ${kind}.`,
		detail: "It works, but more slowly, and a lost connection can hold it up. A local disk is better.",
	};
}
