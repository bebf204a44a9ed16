// Takes over the database of the original (a Flask app): copied beside first, then rebuilt in our form, no row lost.
import type { Database } from "bun:sqlite";
import { renameSync, rmSync } from "node:fs";
import { dirname } from "node:path";
import { AppError } from "../errors.ts";
import { parseReport } from "../report.ts";
import { addRun, type DayTotals, emptyTotals } from "../rollup.ts";
import { dayOf } from "../time.ts";
import { recordDay } from "./daily.ts";
import { closeDatabase, openDatabase, prepareDatabase, prepared, transaction } from "./database.ts";
import { syncFile, syncFolder } from "./files.ts";
import { recordJob } from "./jobs.ts";
import { writeMeta } from "./meta.ts";
import { countRuns, insertRun } from "./runs.ts";

type OriginalRow = Record<string, unknown>;

export type Takeover = { at: number; copy: string; runs: number; legacy: number };

/** What a table `backups` must have to be the original's; the newest version has three columns more. */
const needed = ["timestamp", "backup_id", "success", "duration_total", "size_bytes"];

export function isOriginal(db: Database): boolean {
	const columns = db.query<{ name: string }, []>("SELECT name FROM pragma_table_info('backups')").all();
	const names = new Set(columns.map((column) => column.name));
	return needed.every((name) => names.has(name));
}

/**
 * Replaces the file at `path` by our form of it. Until the last rename the original stays as it was, so a full disk or a
 * power cut in between costs nothing. `db` is closed.
 */
export function takeOver(db: Database, path: string, zone: string, now: number): Takeover {
	const copy = `${path}.original-${new Date(now).toISOString().slice(0, 19).replaceAll(":", "")}`;
	const fresh = `${path}.new`;
	// It has its name when all is done: else each attempt that is cut off would leave a copy, or half of one.
	const copying = `${path}.original.new`;
	const sides = [fresh, copying].flatMap((file) => [file, `${file}-wal`, `${file}-shm`, `${file}-journal`]);
	for (const leftover of sides) rmSync(leftover, { force: true });
	db.query("VACUUM INTO $copying").run({ copying });
	syncFile(copying);

	const next = openDatabase(fresh);
	let result: Takeover;
	try {
		prepareDatabase(next);
		result = transaction(next, () => copyRows(db, next, zone, now, copy));
	} finally {
		closeDatabase(next);
		db.close();
	}
	for (const side of [`${path}-wal`, `${path}-shm`, `${path}-journal`]) rmSync(side, { force: true });
	renameSync(copying, copy);
	// The copy is there under its name before the original is not.
	syncFolder(dirname(path));
	renameSync(fresh, path);
	syncFolder(dirname(path));
	return result;
}

function copyRows(from: Database, into: Database, zone: string, now: number, copy: string): Takeover {
	const days = new Map<number, DayTotals>();
	const job = recordJob(into, "default", "", now);
	if (job === null) throw new AppError("conflict", "The new database is not empty.");
	let rows = 0;
	let legacy = 0;
	for (const row of from.query<OriginalRow, []>("SELECT * FROM backups ORDER BY id").iterate()) {
		rows++;
		const text = JSON.stringify(reportOf(row));
		const parsed = parseReport(JSON.parse(text), zone);
		if (!parsed.ok) {
			legacy++;
			keepAside(into, `${parsed.field} ${parsed.reason}`, row);
			continue;
		}
		const day = dayOf(parsed.report.startedAt, zone);
		if (insertRun(into, { report: parsed.report, text, jobId: job.id, day, receivedAt: now }) === null) {
			legacy++;
			keepAside(into, "backup_id is the same as another row's", row);
			continue;
		}
		const totals = days.get(day) ?? emptyTotals();
		addRun(totals, parsed.report);
		days.set(day, totals);
	}
	for (const [day, totals] of days) recordDay(into, day, job.id, totals);
	const runs = countRuns(into);
	if (runs + legacy !== rows) throw new Error(`took over ${runs} + ${legacy} of ${rows} rows`);
	const result = { at: now, copy, runs, legacy };
	writeMeta(into, "takeover", result);
	return result;
}

/** The original stored what it did not know as 0 or NULL: a missing volume size, an error of a success. */
function reportOf(row: OriginalRow): Record<string, unknown> {
	const report: Record<string, unknown> = {};
	for (const [name, value] of Object.entries(row)) {
		if (name === "id" || name === "created_at" || value === null) continue;
		if (name === "volume_bytes" && value === 0) continue;
		// Read by the same rules as a line's: what is neither yes nor no goes aside, it is never guessed.
		report[name] = plain(value);
	}
	return report;
}

function plain(value: unknown): unknown {
	if (value instanceof Uint8Array) return Buffer.from(value).toString("utf8");
	return typeof value === "bigint" ? Number(value) : value;
}

function keepAside(db: Database, reason: string, row: OriginalRow): void {
	const text = JSON.stringify(row, (_, value) => plain(value));
	prepared(db, "INSERT INTO legacy (reason, row) VALUES ($reason, $text)").run({ reason, text });
}

export type LegacyRow = { id: number; reason: string; row: string };

/** Rows of the original that could not become runs. */
export function readLegacy(db: Database, limit: number): LegacyRow[] {
	return prepared<LegacyRow>(db, "SELECT id, reason, row FROM legacy ORDER BY id LIMIT $limit").all({ limit });
}
