// One run with those around it: the neighbours of its job, what was usual before it, and what could be restored instead.
import type { Database } from "bun:sqlite";
import { type RestorePoint, type RunRef, type StoredRunPage, usualOf } from "../run-page.ts";
import { mask } from "../secrets.ts";
import { prepared } from "./database.ts";
import { type RunRow, runColumns, runOf, selectRun } from "./runs.ts";

/** As many as plausibility compares with. */
const comparedRuns = 14;
// A job that has failed for months is not searched through for its last good runs.
const mostSearched = 2000;

type Place = { jobId: number; at: number; id: number };

/** null when no run has this id. */
export function readRunPage(db: Database, id: number): StoredRunPage | null {
	const row = prepared<RunRow & { received_at: number }>(
		db,
		`SELECT ${runColumns}, received_at FROM run JOIN job ON job.id = run.job_id WHERE run.id = $id`,
	).get({ id });
	if (row === null) return null;
	const run = runOf(row);
	const place = { jobId: row.job_id, at: row.started_at, id };
	const isFailedBackup = run.kind === "backup" && run.outcome === "failure";
	return {
		job: { slug: row.slug, name: row.job, host: row.host },
		run,
		receivedAt: row.received_at,
		report: mask(row.report),
		usual: usualOf(readSucceededBefore(db, place, run.kind, comparedRuns)),
		previous: readNeighbour(db, place, "before"),
		next: readNeighbour(db, place, "after"),
		lastGood: isFailedBackup ? readLastGood(db, place) : null,
		recovery: isFailedBackup ? readRecovery(db, place) : null,
	};
}

/** The report as it was sent, or null. */
export function readReport(db: Database, id: number): string | null {
	const row = prepared<{ report: string }>(db, "SELECT report FROM run WHERE id = $id").get({ id });
	return row === null ? null : mask(row.report);
}

const before = "started_at <= $at AND (started_at < $at OR id < $id)";
const after = "started_at >= $at AND (started_at > $at OR id > $id)";
const succeeded = "(outcome = 'success' OR outcome = 'warning')";

function readNeighbour(db: Database, place: Place, side: "before" | "after"): RunRef | null {
	const [condition, order] = side === "before" ? [before, "DESC"] : [after, "ASC"];
	return prepared<RunRef>(
		db,
		`SELECT id, started_at AS startedAt, outcome FROM run WHERE job_id = $jobId AND ${condition}
		ORDER BY started_at ${order}, id ${order} LIMIT 1`,
	).get(place);
}

function readSucceededBefore(db: Database, place: Place, kind: string, limit: number) {
	return prepared<RunRow>(
		db,
		`${selectRun} WHERE run.id IN (
			SELECT id FROM (SELECT id, kind, outcome, started_at FROM run WHERE job_id = $jobId AND ${before}
				ORDER BY started_at DESC, id DESC LIMIT ${mostSearched})
			WHERE kind = $kind AND ${succeeded} ORDER BY started_at DESC, id DESC LIMIT $limit)`,
	)
		.all({ ...place, kind, limit })
		.map(runOf);
}

function readLastGood(db: Database, place: Place): RestorePoint | null {
	return prepared<RestorePoint>(
		db,
		`SELECT id, started_at AS startedAt, outcome, size, snapshot_id AS snapshotId FROM run
		WHERE job_id = $jobId AND ${before} AND kind = 'backup' AND ${succeeded}
		ORDER BY started_at DESC, id DESC LIMIT 1`,
	).get(place);
}

function readRecovery(db: Database, place: Place): RunRef | null {
	return prepared<RunRef>(
		db,
		`SELECT id, started_at AS startedAt, outcome FROM run
		WHERE job_id = $jobId AND ${after} AND kind = 'backup' AND ${succeeded}
		ORDER BY started_at, id LIMIT 1`,
	).get(place);
}
