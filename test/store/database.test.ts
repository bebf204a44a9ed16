// The SQLite file itself: its settings, its schema, and the traps of bun:sqlite that the store rests on.
import { Database } from "bun:sqlite";
import { afterAll, expect, test } from "bun:test";
import { statSync } from "node:fs";
import { join } from "node:path";
import {
	closeDatabase,
	findDamage,
	openDatabase,
	originOf,
	prepareDatabase,
	schemaVersion,
	transaction,
} from "../../src/store/database.ts";
import { cleanUp, makeFolder } from "../binary.ts";

afterAll(cleanUp);

function fresh(): { path: string; db: Database } {
	const path = join(makeFolder(), "backups.db");
	const db = openDatabase(path);
	prepareDatabase(db);
	return { path, db };
}

const pragma = (db: Database, name: string) => Object.values(db.query(`PRAGMA ${name}`).get() as object)[0];

test("a new database has every migration, and the settings that durability rests on", () => {
	const { db } = fresh();
	expect(pragma(db, "user_version")).toBe(schemaVersion);
	expect(pragma(db, "journal_mode")).toBe("wal");
	expect(pragma(db, "synchronous")).toBe(2);
	expect(pragma(db, "busy_timeout")).toBe(5000);
	expect(pragma(db, "foreign_keys")).toBe(1);
	expect(pragma(db, "trusted_schema")).toBe(0);
	expect(pragma(db, "cell_size_check")).toBe(1);
	expect(originOf(db)).toBe("ours");
	expect(findDamage(db)).toBeNull();
	closeDatabase(db);
});

test("little of the file is kept in memory, but a transaction writes its pages once, at its end", () => {
	const { path, db } = fresh();
	expect(pragma(db, "cache_size")).toBe(-400);
	const before = statSync(`${path}-wal`).size;
	transaction(db, () => {
		const put = db.prepare("INSERT INTO meta (key, value) VALUES ($key, $value)");
		for (let n = 0; n < 500; n++) put.run({ key: `key ${n}`, value: JSON.stringify("x".repeat(1000)) });
		expect(statSync(`${path}-wal`).size).toBe(before);
	});
	expect(statSync(`${path}-wal`).size).toBeGreaterThan(before + 500_000);
	closeDatabase(db);
});

test("every table is STRICT", () => {
	const { db } = fresh();
	const loose = db
		.query<{ name: string }, []>("SELECT name FROM pragma_table_list WHERE schema = 'main' AND NOT strict")
		.all()
		.map((row) => row.name)
		.filter((name) => !name.startsWith("sqlite_"));
	expect(loose).toEqual([]);
	closeDatabase(db);
});

test("an empty database is under 100 KB", () => {
	const { path, db } = fresh();
	closeDatabase(db);
	expect(statSync(path).size).toBeLessThanOrEqual(100_000);
});

test("preparing it again changes nothing", () => {
	const { path, db } = fresh();
	const schema = () => db.query("SELECT type, name, sql FROM sqlite_schema ORDER BY name").all();
	const before = schema();
	prepareDatabase(db);
	expect(schema()).toEqual(before);
	closeDatabase(db);
	const again = openDatabase(path);
	prepareDatabase(again);
	expect(again.query("SELECT type, name, sql FROM sqlite_schema ORDER BY name").all()).toEqual(before);
	closeDatabase(again);
});

test("a newer schema is refused, and not touched", () => {
	const { path, db } = fresh();
	db.run(`PRAGMA user_version = ${schemaVersion + 7}`);
	closeDatabase(db);
	const newer = openDatabase(path);
	expect(originOf(newer)).toBe("newer");
	expect(() => prepareDatabase(newer)).toThrow("newer version");
	expect(pragma(newer, "user_version")).toBe(schemaVersion + 7);
	newer.close();
});

test("a transaction that throws leaves nothing behind, and the next one works", () => {
	const { db } = fresh();
	const insert = () => db.run("INSERT INTO meta (key, value) VALUES ('a', '1')");
	expect(() =>
		transaction(db, () => {
			insert();
			throw new Error("no");
		}),
	).toThrow("no");
	expect(db.query("SELECT count(*) AS n FROM meta").get()).toEqual({ n: 0 });
	transaction(db, insert);
	expect(db.query("SELECT count(*) AS n FROM meta").get()).toEqual({ n: 1 });
	closeDatabase(db);
});

test("a name that a statement needs and does not get is an error, not a NULL", () => {
	const { db } = fresh();
	expect(() => db.query("INSERT INTO meta (key, value) VALUES ($key, $value)").run({ key: "x" } as never)).toThrow();
	closeDatabase(db);
});

test("closing folds the log into the file", () => {
	const { path, db } = fresh();
	transaction(db, () => db.run("INSERT INTO meta (key, value) VALUES ('a', '1')"));
	closeDatabase(db);
	expect(statSync(`${path}-wal`, { throwIfNoEntry: false })?.size ?? 0).toBe(0);
	const reader = new Database(path, { readonly: true });
	expect(reader.query("SELECT value FROM meta").get()).toEqual({ value: "1" });
	reader.close();
});
