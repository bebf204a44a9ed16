// Our own copies of the database: whole, checked, named by when they were made. One stands in for a damaged database.
import type { Database } from "bun:sqlite";
import { mkdirSync, renameSync, rmSync, statSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { AppError, codeOf, messageOf } from "../errors.ts";
import { findDamage, openReadOnly } from "./database.ts";
import { freeBytes, namesIfReadable, syncFile, syncFolder } from "./files.ts";

/** `schema`: made before a database of that schema was changed; null: made in a night, or by hand. */
export type OwnCopy = { path: string; at: number; size: number; schema: number | null };

const keptNightly = 7;
const keptSchemas = 3;
/** Below this much free space no copy is made, however small: new runs need it more. */
const leastRoom = 16 * 1024 * 1024;

/** Beside the database, as the quarantine. */
export function copiesFolder(databasePath: string): string {
	return join(dirname(databasePath), "copies");
}

/** Where a copy made now goes. */
export function copyPath(databasePath: string, now: number, schema: number | null = null): string {
	const stamp = new Date(now).toISOString().slice(0, 19).replaceAll(":", "");
	const why = schema === null ? "" : `schema${schema}-`;
	return join(copiesFolder(databasePath), `${stemOf(databasePath)}-${why}${stamp}Z.db`);
}

const stemOf = (databasePath: string) => basename(databasePath).replace(/\.(?:db|sqlite3?)$/, "");

/** Every copy there is, the newest first. */
export function listCopies(databasePath: string): OwnCopy[] {
	const folder = copiesFolder(databasePath);
	const stem = stemOf(databasePath);
	const copies: OwnCopy[] = [];
	for (const name of namesIfReadable(folder)) {
		if (!name.startsWith(`${stem}-`)) continue;
		const parts = /^(?:schema(\d+)-)?(\d{4}-\d\d-\d\dT)(\d\d)(\d\d)(\d\dZ)\.db$/.exec(name.slice(stem.length + 1));
		const at = parts === null ? Number.NaN : Date.parse(`${parts[2]}${parts[3]}:${parts[4]}:${parts[5]}`);
		const stat = statSync(join(folder, name), { throwIfNoEntry: false });
		if (Number.isNaN(at) || stat?.isFile() !== true) continue;
		const schema = parts?.[1] === undefined ? null : Number(parts[1]);
		copies.push({ path: join(folder, name), at, size: stat.size, schema });
	}
	return copies.sort((a, b) => b.at - a.at);
}

/** Why there is no room for a copy of so many bytes, as a sentence; null: there is. */
export function whyNoRoom(databasePath: string, size: number): string | null {
	const free = freeBytes(dirname(databasePath));
	const needed = Math.max(leastRoom, 3 * size);
	if (free === null || free >= needed) return null;
	const megabytes = (bytes: number) => `${Math.ceil(bytes / 1e6)} MB`;
	return `${megabytes(free)} are free in ${dirname(databasePath)}, ${megabytes(needed)} are needed: three times its size`;
}

/** A database that cannot be copied because it is damaged: what was found. */
export class Damaged extends Error {
	readonly code = "SQLITE_CORRUPT";
}

/**
 * Copies an open database into a new file: whole, checked page by page, flushed, and only then under its name. Others
 * may go on reading and writing. Throws `Damaged`, and what the disk throws; then there is no file.
 */
export function copyDatabase(db: Database, into: string): void {
	const unfinished = `${into}.tmp`;
	rmSync(unfinished, { force: true });
	try {
		db.query("VACUUM INTO $unfinished").run({ unfinished });
		const damage = damageOf(unfinished);
		if (damage !== null) {
			// A bad block under the copy, or a report of the database itself that cannot be read.
			const own = findDamage(db);
			throw own === null ? new AppError("unavailable", `The copy cannot be read back: ${damage}`) : new Damaged(own);
		}
		syncFile(unfinished);
		renameSync(unfinished, into);
		syncFolder(dirname(into));
	} catch (error) {
		rmSync(unfinished, { force: true });
		const code = codeOf(error);
		if (code.startsWith("SQLITE_CORRUPT") || code === "SQLITE_NOTADB") throw new Damaged(messageOf(error));
		throw error;
	}
}

/** What is wrong with a database file that nobody writes; null: it is sound. */
export function damageOf(path: string): string | null {
	try {
		const db = openReadOnly(path);
		try {
			return findDamage(db);
		} finally {
			db.close();
		}
	} catch (error) {
		return messageOf(error);
	}
}

/** Makes a copy among our own ones, and deletes those that are too many. */
export function makeOwnCopy(
	db: Database,
	databasePath: string,
	now: number,
	schema: number | null = null,
): OwnCopy | null {
	const path = copyPath(databasePath, now, schema);
	mkdirSync(copiesFolder(databasePath), { recursive: true });
	copyDatabase(db, path);
	return keepNewest(databasePath, path, now);
}

/** Deletes what is too many, never the one at `made`; returns that one. What is dated in the future goes first. */
export function keepNewest(databasePath: string, made: string, now: number): OwnCopy | null {
	const copies = listCopies(databasePath);
	const isAhead = (copy: OwnCopy) => copy.at > now + 86_400_000;
	const ordered = [...copies.filter((copy) => !isAhead(copy)), ...copies.filter(isAhead)];
	const nightly = ordered.filter(({ schema }) => schema === null).slice(keptNightly);
	const older = ordered.filter(({ schema }) => schema !== null).slice(keptSchemas);
	for (const { path } of [...nightly, ...older]) if (path !== made) rmSync(path, { force: true });
	for (const name of namesIfReadable(copiesFolder(databasePath))) {
		// Left behind by a power cut in the middle of a copy.
		if (name.startsWith(`${stemOf(databasePath)}-`) && name.endsWith(".tmp"))
			rmSync(join(copiesFolder(databasePath), name), { force: true });
	}
	return copies.find(({ path }) => path === made) ?? null;
}

/** When the database was last written, the write-ahead log included; null where it cannot be seen. */
export function lastWritten(databasePath: string): number | null {
	const times = ["", "-wal"].flatMap((side) => {
		const stat = statSync(databasePath + side, { throwIfNoEntry: false });
		return stat === undefined || (side !== "" && stat.size === 0) ? [] : [stat.mtimeMs];
	});
	return times.length === 0 ? null : Math.max(...times);
}
