// Which commits wait for the disk: all but those that a journal repeats, and all of them again afterwards.
import type { Database } from "bun:sqlite";
import { afterAll, expect, test } from "bun:test";
import { join } from "node:path";
import { closeDatabase, openDatabase, prepareDatabase } from "../../src/store/database.ts";
import { replayableTransaction } from "../../src/store/replayable.ts";
import { cleanUp, makeFolder } from "../binary.ts";

afterAll(cleanUp);

const [normal, full] = [1, 2];

function open(wal: boolean): Database {
	const db = openDatabase(join(makeFolder(), "backups.db"));
	prepareDatabase(db, { wal });
	return db;
}

const levelOf = (db: Database) => db.query<{ synchronous: number }, []>("PRAGMA synchronous").get()?.synchronous;

test("the one transaction is not flushed, the next one is, also after a failure", () => {
	const db = open(true);
	expect(levelOf(db)).toBe(full);
	expect(replayableTransaction(db, () => levelOf(db))).toBe(normal);
	expect(levelOf(db)).toBe(full);
	const fail = () =>
		replayableTransaction(db, () => {
			throw new Error("not today");
		});
	expect(fail).toThrow("not today");
	expect([levelOf(db), db.inTransaction]).toEqual([full, false]);
	closeDatabase(db);
});

test("without a write-ahead log every commit is flushed: half a page could be left else", () => {
	const db = open(false);
	expect(replayableTransaction(db, () => levelOf(db))).toBe(full);
	expect(levelOf(db)).toBe(full);
	closeDatabase(db);
});
