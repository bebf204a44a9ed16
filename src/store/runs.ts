// Runs: written once by report, read by job and by time. The report text is the record; columns are found again in it.
import type { Changes, Database } from "bun:sqlite";
import { Kept } from "../kept.ts";
import { parseReport } from "../report.ts";
import type { Kind, Outcome, Run, RunReport } from "../run.ts";
import { mask, secretsRevision } from "../secrets.ts";
import { prepared } from "./database.ts";
import { noteEverything, noteRuns } from "./written.ts";

export type RunRow = {
	id: number;
	job_id: number;
	job: string;
	host: string;
	slug: string;
	backup_id: string;
	kind: Kind;
	outcome: Outcome;
	started_at: number;
	ended_at: number | null;
	day: number;
	duration: number | null;
	report: string;
};

export type NewRun = { report: RunReport; text: string; jobId: number; day: number; receivedAt: number };

const insertSql = `INSERT INTO run (job_id, backup_id, kind, outcome, started_at, ended_at, day, duration, size,
		error_category, snapshot_id, received_at, report)
	VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)`;
const insertNewSql = `${insertSql} ON CONFLICT (job_id, backup_id) DO NOTHING`;
const replaceSql = `${insertSql} ON CONFLICT (job_id, backup_id) DO UPDATE SET kind = excluded.kind,
	outcome = excluded.outcome, started_at = excluded.started_at, ended_at = excluded.ended_at, day = excluded.day,
	duration = excluded.duration, size = excluded.size, error_category = excluded.error_category,
	snapshot_id = excluded.snapshot_id, received_at = excluded.received_at, report = excluded.report`;

/** Stores a run that is new and gives its id; null, and nothing changed, when its (job, backup_id) is there already. */
export function insertRun(db: Database, run: NewRun): number | null {
	const { changes, lastInsertRowid } = bindRun(db, insertNewSql, run);
	return changes > 0 ? Number(lastInsertRowid) : null;
}

/** Puts a run in the place of the one with the same (job, backup_id): the last report wins. */
export function replaceRun(db: Database, run: NewRun): void {
	bindRun(db, replaceSql, run);
}

// Positions instead of names: this is the one statement that runs a million times in a big import.
function bindRun(db: Database, sql: string, { report, text, jobId, day, receivedAt }: NewRun): Changes {
	noteRuns(db, jobId);
	return prepared(db, sql).run(
		jobId,
		report.backupId,
		report.kind,
		report.outcome,
		report.startedAt,
		report.endedAt,
		day,
		report.duration,
		report.size,
		report.errorCategory,
		report.snapshotId,
		receivedAt,
		text,
	);
}

/** The columns of a `RunRow`. */
export const runColumns = `run.id, job_id, job.name AS job, job.host, slug, backup_id, kind, outcome, started_at, ended_at,
	day, duration, report`;
export const selectRun = `SELECT ${runColumns} FROM run JOIN job ON job.id = run.job_id`;

export function readStored(db: Database, jobId: number, backupId: string): RunRow | null {
	return prepared<RunRow>(db, `${selectRun} WHERE job_id = $jobId AND backup_id = $backupId`).get({ jobId, backupId });
}

/** The newest run of a job that has begun and not ended, or null. */
export function readOpenRun(db: Database, jobId: number): Run | null {
	const row = prepared<RunRow>(
		db,
		`${selectRun} WHERE job_id = $jobId AND outcome = 'running' ORDER BY started_at DESC, run.id DESC LIMIT 1`,
	).get({ jobId });
	return row === null ? null : runOf(row);
}

/** The newest runs of any outcome and kind by start, newest first. `jobId` null is every job. */
export function readNewest(db: Database, jobId: number | null, limit: number): Run[] {
	const rows =
		jobId === null
			? prepared<RunRow>(db, `${selectRun} ORDER BY started_at DESC, run.id DESC LIMIT $limit`).all({ limit })
			: prepared<RunRow>(
					db,
					`${selectRun} WHERE job_id = $jobId ORDER BY started_at DESC, run.id DESC LIMIT $limit`,
				).all({ jobId, limit });
	return rows.map(sameRun);
}

/** The newest finished backup runs by start, newest first; `since` (Unix ms) is inclusive. */
export function readFinished(db: Database, jobId: number | null, limit: number, since = 0): Run[] {
	const finished = "kind = 'backup' AND outcome <> 'running' AND started_at >= $since";
	const order = "ORDER BY started_at DESC, run.id DESC LIMIT $limit";
	const rows =
		jobId === null
			? prepared<RunRow>(db, `${selectRun} WHERE ${finished} ${order}`).all({ limit, since })
			: prepared<RunRow>(db, `${selectRun} WHERE job_id = $jobId AND ${finished} ${order}`).all({
					jobId,
					limit,
					since,
				});
	return rows.map(sameRun);
}

/** The newest failed runs of the kind `backup`, newest first. */
export function readFailures(db: Database, jobId: number | null, limit: number): Run[] {
	const order = "ORDER BY started_at DESC, run.id DESC LIMIT $limit";
	const rows =
		jobId === null
			? prepared<RunRow>(db, `${selectRun} WHERE outcome = 'failure' AND kind = 'backup' ${order}`).all({ limit })
			: prepared<RunRow>(
					db,
					`${selectRun} WHERE job_id = $jobId AND outcome = 'failure' AND kind = 'backup' ${order}`,
				).all({ jobId, limit });
	return rows.map(sameRun);
}

/** How many runs there are; counts no further than `most`. To count all of a million takes a twentieth of a second. */
export function countRuns(db: Database, most = -1): number {
	const sql = "SELECT count(*) AS runs FROM (SELECT 1 FROM run LIMIT $most)";
	return prepared<{ runs: number }>(db, sql).get({ most })?.runs ?? 0;
}

/**
 * What retention is over for: what began before an instant, but drills are kept two years longer. They are few, and what
 * estimates of restores and their accuracy rest on.
 */
const past = `started_at < $before AND (kind <> 'restore_test' OR started_at < $before - ${730 * 86_400_000})`;

/** How many runs retention is over for that ends at an instant (Unix ms). */
export function countRunsBefore(db: Database, before: number): number {
	return prepared<{ runs: number }>(db, `SELECT count(*) AS runs FROM run WHERE ${past}`).get({ before })?.runs ?? 0;
}

/** As `countRunsBefore`, without the runs that were past retention already when they arrived. */
export function countDue(db: Database, before: number, retentionDays: number): number {
	return (
		prepared<{ runs: number }>(
			db,
			`SELECT count(*) AS runs FROM run WHERE ${past} AND received_at - started_at < $retention`,
		).get({ before, retention: retentionDays * 86_400_000 })?.runs ?? 0
	);
}

/** Deletes at most `limit` of the runs that `countRunsBefore` counts; how many it were. */
export function deleteRunsBefore(db: Database, before: number, limit: number): number {
	noteEverything(db);
	return prepared(
		db,
		`DELETE FROM run WHERE id IN (SELECT id FROM run WHERE ${past} ORDER BY started_at LIMIT $limit)`,
	).run({ before, limit }).changes;
}

const longestKept = 8192;
const sameRuns = new Kept(256, makeRun);

/**
 * The same object while its row is the same: the newest runs are read with every page, and a page draws a run once. Long
 * reports are read again rather than held.
 */
function sameRun(row: RunRow): Run {
	if (row.report.length > longestKept) return runOf(row);
	const { id, job_id, job, host, slug, backup_id, kind, outcome, started_at, ended_at, day, duration, report } = row;
	const columns = [id, job_id, job, host, slug, backup_id, kind, outcome, started_at, ended_at, day] as const;
	return sameRuns.of(id, secretsRevision(), ...columns, duration, report);
}

function makeRun(_secrets: number, ...columns: Columns): Run {
	const [id, job_id, job, host, slug, backup_id, kind, outcome, started_at, ended_at, day, duration, report] = columns;
	return runOf({
		id,
		job_id,
		job,
		host,
		slug,
		backup_id,
		kind,
		outcome,
		started_at,
		ended_at,
		day,
		duration,
		report,
	});
}

type Columns = [
	id: number,
	jobId: number,
	job: string,
	host: string,
	slug: string,
	backupId: string,
	kind: Kind,
	outcome: Outcome,
	startedAt: number,
	endedAt: number | null,
	day: number,
	duration: number | null,
	report: string,
];

/** The stored report with the columns that were decided when it arrived (the zone may have changed since). */
export function runOf(row: RunRow): Run {
	const parsed = parseReport(JSON.parse(row.report), "UTC");
	if (!parsed.ok) throw new Error(`Stored report ${row.id} cannot be read: ${parsed.field} ${parsed.reason}`);
	const { errorMessage, log, repository, warningMessages } = parsed.report;
	return {
		...parsed.report,
		// A tool may have printed a channel's secret; what is stored stays as it was sent.
		errorMessage: errorMessage === null ? null : mask(errorMessage),
		log: log === null ? null : mask(log),
		repository: repository === null ? null : mask(repository),
		warningMessages: warningMessages.map(mask),
		id: row.id,
		slug: row.slug,
		backupId: row.backup_id,
		job: row.job,
		host: row.host,
		kind: row.kind,
		outcome: row.outcome,
		startedAt: row.started_at,
		endedAt: row.ended_at,
		duration: row.duration,
	};
}
