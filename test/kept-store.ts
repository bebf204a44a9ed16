// One folder with a database and a file, for many thousands of cases in turn: to make a schema costs as much as the case.
import type { Database } from "bun:sqlite";
import { existsSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { averagesOf } from "../src/rollup.ts";
import { allJobs, readDaysOf } from "../src/store/daily.ts";
import { closeDatabase, openDatabase, prepareDatabase, prepared, transaction } from "../src/store/database.ts";

export type KeptStore = { folder: string; db: Database; path: string; tables: string[] };

/** In memory where there is room for it: what is asked is what is stored, not what a disk costs. */
const place = existsSync("/dev/shm") ? "/dev/shm" : tmpdir();

export function makeStore(): KeptStore {
	const folder = mkdtempSync(join(place, "monitor-test-"));
	const db = openDatabase(join(folder, "backups.db"));
	prepareDatabase(db);
	const tables = db.query<{ name: string }, []>("SELECT name FROM sqlite_schema WHERE type = 'table'").all();
	return { folder, db, path: join(folder, "metrics.jsonl"), tables: tables.map(({ name }) => name) };
}

export function discard({ folder, db }: KeptStore): void {
	closeDatabase(db);
	rmSync(folder, { recursive: true });
}

/** Everything but the database file and its schema. */
export function forget({ folder, db, tables }: KeptStore): void {
	prepared(db, "PRAGMA foreign_keys = OFF").run();
	transaction(db, () => {
		for (const table of tables) prepared(db, `DELETE FROM ${table}`).run();
	});
	prepared(db, "PRAGMA foreign_keys = ON").run();
	for (const name of readdirSync(folder)) if (!name.startsWith("backups.db")) rmSync(join(folder, name));
}

/** `report`: its JSON text. */
export type Contents = { runs: { report: string }[]; sums: unknown; rejected: number };

/** All that is stored: the runs, the daily sums, how many lines were rejected. */
export function contentsOf(db: Database): Contents {
	const runs = db
		.query<{ report: string }, []>(
			`SELECT job.name, job.host, backup_id, outcome, started_at, duration, size, report
			FROM run JOIN job ON job.id = job_id ORDER BY job.name, job.host, backup_id`,
		)
		.all();
	const sums = readDaysOf(db, allJobs).map(({ day, totals }) => {
		const { longestDuration: _, averageDuration, averageThroughput: __, phases: ___, ...exact } = averagesOf(totals);
		return { day, ...exact, averageDuration: averageDuration?.toFixed(3) };
	});
	const rejected = db.query<{ n: number }, []>("SELECT coalesce(sum(rejected), 0) AS n FROM source").get()?.n ?? 0;
	return { runs, sums: sums.filter((day) => day.runs > 0), rejected };
}
