// What the watch reads and writes of a job: its newest runs as they are judged, what is not judged yet, what was found.
import type { Database, SQLQueryBindings } from "bun:sqlite";
import { maxJobs } from "../job.ts";
import type { JudgedRun, Judgement } from "../judge.ts";
import { Kept } from "../kept.ts";
import type { Measured, Plausibility } from "../plausibility.ts";
import type { Kind, Outcome, Run } from "../run.ts";
import { mask, secretsRevision } from "../secrets.ts";
import type { State } from "../state.ts";
import { prepared } from "./database.ts";
import { type RunRow, runOf, selectRun } from "./runs.ts";

/** Notes that a run was stored; run 0 stands for older ones of the job. */
export function markUnjudged(db: Database, jobId: number, runId: number): void {
	prepared(db, "INSERT OR IGNORE INTO unjudged (job_id, run_id) VALUES ($jobId, $runId)").run({ jobId, runId });
}

/** Jobs of which something was stored and not judged, with those runs (0 among them stands for older ones). */
export function readUnjudged(db: Database, limit: number): Map<number, number[]> {
	const rows = prepared<{ jobId: number; runId: number }>(
		db,
		"SELECT job_id AS jobId, run_id AS runId FROM unjudged ORDER BY job_id, run_id LIMIT $limit",
	).all({ limit });
	const jobs = new Map<number, number[]>();
	for (const { jobId, runId } of rows) jobs.set(jobId, [...(jobs.get(jobId) ?? []), runId]);
	return jobs;
}

export function clearUnjudged(db: Database, jobId: number, runIds: number[]): void {
	const statement = prepared(db, "DELETE FROM unjudged WHERE job_id = $jobId AND run_id = $runId");
	for (const runId of runIds) statement.run({ jobId, runId });
}

type JudgedRow = {
	id: number;
	kind: Kind;
	outcome: Outcome;
	startedAt: number;
	endedAt: number | null;
	duration: number | null;
	exitCode: unknown;
	errorMessage: unknown;
	receivedAt: number;
};

/**
 * The newest runs of every kind, newest first, as they are judged. A job that checks each hour and backs up each week is
 * judged by its backups: as many of these are among them.
 */
export function readJudgedRuns(db: Database, jobId: number, limit: number): JudgedRun[] {
	const newest = readNewestJudged(db, jobId, limit, "");
	const oldest = newest.at(-1);
	if (newest.length < limit || oldest === undefined || newest.every(({ kind }) => kind === "backup")) return newest;
	const known = new Set(newest.map(({ id }) => id));
	const backups = readNewestJudged(
		db,
		jobId,
		limit,
		`AND kind = 'backup' AND started_at > ${oldest.startedAt - reachMs}`,
	);
	return [...newest, ...backups.filter(({ id }) => !known.has(id))].sort(
		(a, b) => b.startedAt - a.startedAt || b.id - a.id,
	);
}

/**
 * The newest finished runs of a kind that began in a span, newest first: of checks and restore tests, which are rare,
 * the last one may lie behind many backups.
 */
export function readJudgedRunsOf(
	db: Database,
	jobId: number,
	kind: Kind,
	{ from, to }: { from: number; to: number },
): JudgedRun[] {
	return prepared<JudgedRow>(
		db,
		`${judgedColumns} WHERE job_id = $jobId AND kind = $kind AND outcome <> 'running' AND started_at BETWEEN $from AND $to
		ORDER BY started_at DESC, id DESC LIMIT 5`,
	)
		.all({ jobId, kind, from, to })
		.map(judgedOf);
}

/** How far back backups are looked for between other runs. */
const reachMs = 400 * 86_400_000;

function readNewestJudged(db: Database, jobId: number, limit: number, more: string): JudgedRun[] {
	const statement = `${judgedColumns} WHERE job_id = $jobId ${more} ORDER BY started_at DESC, id DESC LIMIT $limit`;
	// With an instant in its text it is another statement each time: not one to be held.
	const query = more === "" ? prepared<JudgedRow>(db, statement) : db.query<JudgedRow, SQLQueryBindings[]>(statement);
	return query.all({ jobId, limit }).map(judgedOf);
}

const judgedColumns = `SELECT id, kind, outcome, started_at AS startedAt, ended_at AS endedAt, duration, received_at AS receivedAt,
		CASE WHEN outcome = 'failure' THEN report ->> '$.exit_code' END AS exitCode,
		CASE WHEN outcome = 'failure' THEN report ->> '$.error_message' END AS errorMessage
	FROM run`;

function judgedOf(row: JudgedRow): JudgedRun {
	return {
		...row,
		exitCode: row.exitCode === null || !Number.isInteger(Number(row.exitCode)) ? null : Number(row.exitCode),
		errorMessage: typeof row.errorMessage === "string" ? mask(row.errorMessage) : null,
	};
}

/** Successful backups that began before a run (or at the same time, stored earlier), newest first. */
export function readPast(db: Database, run: Pick<Run, "id" | "startedAt">, jobId: number, limit: number): Run[] {
	return prepared<RunRow>(
		db,
		`${selectRun} WHERE job_id = $jobId AND kind = 'backup' AND (outcome = 'success' OR outcome = 'warning')
			AND (started_at < $startedAt OR started_at = $startedAt AND run.id < $id)
		ORDER BY started_at DESC, run.id DESC LIMIT $limit`,
	)
		.all({ jobId, id: run.id, startedAt: run.startedAt, limit })
		.map(runOf);
}

/** A finished backup as plausibility sees it; null for a run that goes on. */
export function measuredOf(run: Run): Measured | null {
	if (run.outcome === "running") return null;
	const { id, startedAt, outcome, size, bytesAdded, duration, filesTotal, phases } = run;
	return { runId: id, startedAt, outcome, size, bytesAdded, duration, filesTotal, phases };
}

export type Watched = {
	jobId: number;
	state: State;
	dueAt: number | null;
	checkAt: number | null;
	judgement: Judgement;
	plausibility: Plausibility | null;
	/** Its beginnings are reported too, not only its ends. */
	tellsStart: boolean;
};

type WatchRow = {
	job_id: number;
	state: State;
	due_at: number | null;
	check_at: number | null;
	judgement: string;
	plausibility: string | null;
	tells_start: number;
};

/** A reason repeats what a tool said. */
function masked(judgement: Judgement): Judgement {
	return { ...judgement, reason: mask(judgement.reason) };
}

function watchedOf(row: WatchRow): Watched {
	return found.of(
		row.job_id,
		row.job_id,
		row.state,
		row.due_at,
		row.check_at,
		row.judgement,
		row.plausibility,
		row.tells_start,
		secretsRevision(),
	);
}

/** The same object while its row is the same: it is read with every page, and changes with a report. */
const found = new Kept(
	maxJobs,
	(
		jobId: number,
		state: State,
		dueAt: number | null,
		checkAt: number | null,
		judgement: string,
		plausibility: string | null,
		tellsStart: number,
		_secrets: number,
	): Watched => ({
		jobId,
		state,
		dueAt,
		checkAt,
		judgement: masked(JSON.parse(judgement) as Judgement),
		plausibility: plausibility === null ? null : (JSON.parse(plausibility) as Plausibility),
		tellsStart: tellsStart === 1,
	}),
);

/** What the watch last found of every job. */
export function readWatched(db: Database): Map<number, Watched> {
	const rows = prepared<WatchRow>(db, "SELECT * FROM watch").all();
	return new Map(rows.map((row) => [row.job_id, watchedOf(row)]));
}

export function readWatchedJob(db: Database, jobId: number): Watched | null {
	const row = prepared<WatchRow>(db, "SELECT * FROM watch WHERE job_id = $jobId").get({ jobId });
	return row === null ? null : watchedOf(row);
}

/**
 * The state of every judged job, without the rest: for whatever is asked often. A job whose newest report waits to be
 * judged is left out.
 */
export function readStates(db: Database): Map<number, { state: State; dueAt: number | null }> {
	const rows = prepared<{ jobId: number; state: State; dueAt: number | null }>(
		db,
		`SELECT job_id AS jobId, state, due_at AS dueAt FROM watch
		WHERE is_postponed = 1 OR NOT EXISTS (SELECT 1 FROM unjudged WHERE unjudged.job_id = watch.job_id)`,
	).all();
	return new Map(rows.map(({ jobId, state, dueAt }) => [jobId, { state, dueAt }]));
}

/** Writes what was found; nothing where it is what is stored. True when something was written. */
export function writeWatched(
	db: Database,
	jobId: number,
	{ judgement, plausibility, tellsStart }: Pick<Watched, "judgement" | "plausibility" | "tellsStart">,
	isPostponed = false,
): boolean {
	const found = {
		jobId,
		state: judgement.state,
		dueAt: judgement.dueAt,
		checkAt: judgement.checkAt,
		judgement: JSON.stringify(judgement),
		plausibility: plausibility === null ? null : JSON.stringify(plausibility),
		tellsStart: tellsStart ? 1 : 0,
		isPostponed: isPostponed ? 1 : 0,
	};
	return (
		prepared(
			db,
			`INSERT INTO watch (job_id, state, due_at, check_at, judgement, plausibility, tells_start, is_postponed)
			VALUES ($jobId, $state, $dueAt, $checkAt, $judgement, $plausibility, $tellsStart, $isPostponed)
			ON CONFLICT (job_id) DO UPDATE SET state = excluded.state, due_at = excluded.due_at,
				check_at = excluded.check_at, judgement = excluded.judgement, plausibility = excluded.plausibility,
				tells_start = excluded.tells_start, is_postponed = excluded.is_postponed
			WHERE judgement <> excluded.judgement OR plausibility IS NOT excluded.plausibility
				OR check_at IS NOT excluded.check_at OR tells_start <> excluded.tells_start
				OR is_postponed <> excluded.is_postponed`,
		).run(found).changes > 0
	);
}

/** Forgets what was found of a job: an old verdict is worse than none. */
export function deleteWatched(db: Database, jobId: number): void {
	prepared(db, "DELETE FROM watch WHERE job_id = $jobId").run({ jobId });
}

/** Jobs to look at because a moment has come. */
export function readDueChecks(db: Database, now: number, limit: number): number[] {
	return prepared<{ jobId: number }>(
		db,
		"SELECT job_id AS jobId FROM watch WHERE check_at <= $now ORDER BY check_at LIMIT $limit",
	)
		.all({ now, limit })
		.map(({ jobId }) => jobId);
}

/** The next such moment, or null. */
export function readNextCheck(db: Database): number | null {
	return prepared<{ at: number | null }>(db, "SELECT min(check_at) AS at FROM watch").get()?.at ?? null;
}

/** A report older than so many others of its job is not its newest, whenever it came. */
const roadsLookedAt = 100;

/** By what road the newest report of a job came ("push", "ping", …); null: from the metrics file. */
export function readRoad(db: Database, jobId: number): string | null {
	return (
		prepared<{ road: string | null }>(
			db,
			`SELECT report ->> '$.road' AS road FROM run WHERE id = (SELECT max(id) FROM (
				SELECT id FROM run WHERE job_id = $jobId ORDER BY started_at DESC LIMIT ${roadsLookedAt}))`,
		).get({ jobId })?.road ?? null
	);
}
