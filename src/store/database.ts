// Opens the SQLite file with the settings that durability rests on, and brings its schema up to date.
import { constants, Database, type Statement } from "bun:sqlite";
import { statSync } from "node:fs";
import { dirname } from "node:path";
import { AppError, codeOf, messageOf } from "../errors.ts";
import { syncFile, syncFolder } from "./files.ts";
import first from "./migrations/001-first.sql" with { type: "text" };
import watch from "./migrations/002-watch.sql" with { type: "text" };
import inventory from "./migrations/003-inventory.sql" with { type: "text" };
import alias from "./migrations/004-alias.sql" with { type: "text" };

/** In order; index 0 makes schema version 1. Append only. */
const migrations: string[] = [first, watch, inventory, alias];
export const schemaVersion = migrations.length;

/** "BMON": marks a file as ours, so that a foreign SQLite file is never written to. */
const applicationId = 0x424d4f4e;

// A small page: one stored run touches six or seven of them, and an SD card pays for each.
const pageSize = 2048;

export type Origin = "new" | "ours" | "newer" | "original" | "foreign";

// SQLite's own two megabytes fill over weeks, which looks like a leak, and are no faster: the system keeps the file's pages
// too. Only what a transaction has changed may take as much, or importing would write its pages over and over.
const cacheBytes = 400 * 1024;
const changedBytes = 2_000 * 1024;
const commandCacheBytes = 4_000 * 1024;

/** How long a command waits for another program's lock, in milliseconds. */
export const patience = 5000;
/** How long the server waits: while it waits it answers nobody, and it tries again a second later anyway. */
export const serverPatience = 250;

/** Opens for reading and writing; the schema is not touched yet. */
export function openDatabase(path: string, waitMs = patience): Database {
	const db = new Database(path, { create: true, readwrite: true, strict: true });
	try {
		db.run(`PRAGMA busy_timeout = ${waitMs}`);
		db.run("PRAGMA trusted_schema = OFF");
		db.run("PRAGMA cell_size_check = ON");
		db.run("PRAGMA foreign_keys = ON");
		db.run("PRAGMA temp_store = MEMORY");
		db.run(`PRAGMA cache_size = ${-cacheBytes / 1024}`);
		db.run(`PRAGMA cache_spill = ${changedBytes / pageSize}`);
	} catch (error) {
		db.close();
		throw error;
	}
	return db;
}

/** For a command that reads or writes the whole file and ends: a third less work for the system in an import of a million lines. */
export function widenCache(db: Database): void {
	db.run(`PRAGMA cache_size = ${-commandCacheBytes / 1024}`);
}

/** Opens a running server's database for questions only. */
export function openForQuestions(path: string): Database {
	const db = new Database(path, { readonly: true, strict: true });
	db.run(`PRAGMA busy_timeout = ${patience}`);
	return db;
}

/**
 * As `openForQuestions`, also where nobody serves it and this user may write nothing beside it: then there is no
 * write-ahead log that would have to be read.
 */
export function openForReading(path: string): Database {
	const db = openForQuestions(path);
	try {
		db.query("SELECT count(*) FROM sqlite_schema").get();
		return db;
	} catch (error) {
		db.close();
		if (!/^SQLITE_(?:CANTOPEN|READONLY)/.test(codeOf(error)) || logged(path) > 0) throw error;
		return openReadOnly(path);
	}
}

/** Bytes in the write-ahead log. */
function logged(path: string): number {
	return statSync(`${path}-wal`, { throwIfNoEntry: false })?.size ?? 0;
}

/**
 * Opens what cannot be written: a read-only file system, or a schema that a newer version made. Without `immutable`
 * SQLite refuses a write-ahead database there, because it cannot make the shared-memory file.
 */
export function openReadOnly(path: string): Database {
	const uri = `file:${path.replaceAll("%", "%25").replaceAll("?", "%3f").replaceAll("#", "%23")}?immutable=1`;
	const db = new Database(uri, constants.SQLITE_OPEN_READONLY | constants.SQLITE_OPEN_URI);
	db.run("PRAGMA temp_store = MEMORY");
	return db;
}

/** Whose database a file is. An empty one is new: SQLite calls zero bytes valid, and there is nothing in it to lose. */
export function originOf(db: Database): Origin {
	const tables = db.query<{ name: string }, []>("SELECT name FROM sqlite_schema WHERE type = 'table'").values();
	const names = new Set(tables.flat().map(String));
	if (names.size === 0) return "new";
	if (pragma(db, "application_id") === applicationId) {
		return pragma(db, "user_version") > schemaVersion ? "newer" : "ours";
	}
	return names.has("backups") && pragma(db, "user_version") === 0 ? "original" : "foreign";
}

/** Write-ahead log, and every schema change that this file has not seen, in one transaction. */
export function prepareDatabase(db: Database, { wal = true } = {}): void {
	const isNew = pragma(db, "user_version") === 0;
	if (isNew) {
		db.run(`PRAGMA page_size = ${pageSize}`);
		// Nothing is lost with a file that is being made; it is flushed once, when it is whole, instead of six times.
		db.run("PRAGMA synchronous = OFF");
	}
	db.run(wal ? "PRAGMA journal_mode = WAL" : "PRAGMA journal_mode = DELETE");
	migrate(db);
	if (isNew) {
		db.run("PRAGMA wal_checkpoint(TRUNCATE)");
		syncFile(db.filename);
		syncFolder(dirname(db.filename));
	}
	// FULL: an acknowledged report survives a power cut. It costs one more flush a commit, a few commits a day.
	db.run("PRAGMA synchronous = FULL");
	db.run("PRAGMA journal_size_limit = 1048576");
	// As many bytes as with the usual page: half the page, twice the pages between two foldings of the log.
	db.run("PRAGMA wal_autocheckpoint = 2000");
}

function migrate(db: Database): void {
	const version = pragma(db, "user_version");
	if (version > schemaVersion) {
		throw new AppError(
			"conflict",
			`The database was made by a newer version (schema ${version}, this one knows ${schemaVersion}).`,
		);
	}
	if (version === schemaVersion) return;
	try {
		transaction(db, () => {
			for (const [index, text] of migrations.entries()) if (index >= version) db.run(text);
			db.run(`PRAGMA application_id = ${applicationId}`);
			db.run(`PRAGMA user_version = ${schemaVersion}`);
		});
	} catch (error) {
		const code = codeOf(error);
		if (version === 0 || /^SQLITE_(?:BUSY|CORRUPT|NOTADB|READONLY)/.test(code)) throw error;
		throw new AppError("unavailable", failedMigration(db.filename, version, messageOf(error)), error);
	}
}

function failedMigration(path: string, version: number, reason: string): string {
	const what = `${path} could not be brought from schema ${version} to ${schemaVersion}: ${reason}.`;
	return `${what} It is as it was: the version of this program that was installed before works with it.`;
}

/** The schema that a database of ours has and that this version would change; null: it changes nothing. */
export function schemaToChange(db: Database): number | null {
	const version = pragma(db, "user_version");
	return version > 0 && version < schemaVersion ? version : null;
}

/** null when the file is sound, else what is wrong: in its structure, or in a report, which no structure protects. */
export function findDamage(db: Database): string | null {
	const row = db.query<{ integrity_check: string }, []>("PRAGMA integrity_check(1)").get();
	const result = row?.integrity_check ?? "no answer";
	if (result !== "ok") return result;
	const report = db.query<{ id: number }, []>("SELECT id FROM run WHERE NOT json_valid(report) LIMIT 1").get();
	return report === null ? null : `the report of run ${report.id} cannot be read`;
}

/** Size of the database file in bytes, without the write-ahead log. */
export function readDatabaseSize(db: Database): number {
	const sql = "SELECT page_count * page_size AS bytes FROM pragma_page_count(), pragma_page_size()";
	return prepared<{ bytes: number }>(db, sql).get()?.bytes ?? 0;
}

function pragma(db: Database, name: string): number {
	const row = db.query<Record<string, number>, []>(`PRAGMA ${name}`).get();
	return row?.[name] ?? 0;
}

/** One immediate transaction: it has the write lock from its first statement, or fails at once. */
export function transaction<T>(db: Database, work: () => T): T {
	prepared(db, "BEGIN IMMEDIATE").run();
	try {
		const result = work();
		prepared(db, "COMMIT").run();
		return result;
	} catch (error) {
		// A full disk may have ended the transaction already; the first error is the one that matters.
		if (db.inTransaction) prepared(db, "ROLLBACK").run();
		throw error;
	}
}

const held = new WeakMap<Database, Map<string, Statement>>();

/** A statement prepared once per database: Bun's own cache holds only twenty. */
export function prepared<Row = unknown>(db: Database, sql: string): Statement<Row> {
	let statements = held.get(db);
	if (statements === undefined) {
		statements = new Map();
		held.set(db, statements);
	}
	let statement = statements.get(sql);
	if (statement === undefined) {
		statement = db.prepare(sql);
		statements.set(sql, statement);
	}
	return statement as Statement<Row>;
}

/** Finalises every held statement, folds the write-ahead log into the file, and closes. */
export function closeDatabase(db: Database): void {
	for (const statement of held.get(db)?.values() ?? []) statement.finalize();
	held.delete(db);
	try {
		db.run("PRAGMA wal_checkpoint(TRUNCATE)");
	} catch {
		// Read-only, or another process still reads: the log stays and is read at the next start.
	}
	db.close();
}
