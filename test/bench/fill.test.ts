// The database that the benchmark of the pages is made with holds what an import of the same lines would.
import { Database } from "bun:sqlite";
import { afterAll, expect, test } from "bun:test";
import { join } from "node:path";
import { importStream } from "../../src/ingest/import-file.ts";
import { Journal } from "../../src/ingest/journal.ts";
import { closeDatabase } from "../../src/store/database.ts";
import { openStore } from "../../src/store/open.ts";
import { cleanUp, makeFolder } from "../binary.ts";
import { fillDatabase } from "./fill.ts";
import { line } from "./machine.ts";
import { createReadStreamOf } from "./stream.ts";

afterAll(cleanUp);

const now = Date.UTC(2026, 10, 28, 12);
const count = 3000;
const ofIndex = (index: number) => line(index, 50, 3_600_000, now - count * 3_600_000);

/** Every table but the places up to which files were read. Sums of rates depend on the portions in their last digits. */
function contents(dataDir: string): Record<string, unknown[]> {
	const db = new Database(join(dataDir, "backups.db"), { readonly: true });
	const tables = db
		.query<{ name: string }, []>("SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name")
		.all();
	const found = tables
		.filter(({ name }) => name !== "source")
		.map(({ name }) => {
			const rows = db.query(`SELECT * FROM ${name}`).values();
			return [
				name,
				rows.map((row) => JSON.stringify(row).replace(/\d+\.\d+/g, (n) => Number(n).toPrecision(10))),
			] as const;
		});
	db.close();
	return Object.fromEntries(found);
}

test("in large portions, without a journal, the same runs, sums, jobs and marks", async () => {
	const [imported, filled] = [makeFolder(), makeFolder()];
	const { db } = openStore(join(imported, "backups.db"), "UTC", now);
	if (db === null) throw new Error("no database");
	const journal = new Journal(imported);
	await importStream(createReadStreamOf(count, ofIndex), "bench", { db, journal, zone: "UTC", now: () => now });
	journal.close();
	closeDatabase(db);
	fillDatabase(filled, count, ofIndex, now);
	const [expected, made] = [contents(imported), contents(filled)];
	expect(made.run).toHaveLength(count);
	expect((made.daily ?? []).length).toBeGreaterThan(1000);
	expect((made.unjudged ?? []).length).toBeGreaterThan(10);
	for (const [table, rows] of Object.entries(expected)) expect([table, made[table]]).toEqual([table, rows]);
});
