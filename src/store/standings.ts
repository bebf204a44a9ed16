// How every job stands: its newest runs and how often it ran. What the metrics, the summary and the badges are made of.
import type { Database } from "bun:sqlite";
import type { Severity } from "../alert.ts";
import type { Job } from "../job.ts";
import type { Totals } from "../overview.ts";
import { averagesOf, emptyTotals, mergeTotals } from "../rollup.ts";
import type { Run } from "../run.ts";
import { type State, stateOf } from "../state.ts";
import { dayOf, dayStart } from "../time.ts";
import { readWorstAlerts } from "./alerts.ts";
import { allJobs, readDays } from "./daily.ts";
import { prepared } from "./database.ts";
import { readJobs } from "./jobs.ts";
import { type RunRow, runOf, selectRun } from "./runs.ts";
import { readStates } from "./watched.ts";

export type Standing = {
	job: Job;
	/** As the watch has judged it; before it did, as its newest runs are. */
	state: State;
	/** How bad the worst open alert about it is; null: none is open. */
	worstAlert: Severity | null;
	/** The slot that is waited for or was missed; null: none, or not known. */
	dueAt: number | null;
	/** The newest backup run, where it has not ended. */
	running: Run | null;
	/** Newest backup run that has ended. */
	finished: Run | null;
	/** Newest backup run that succeeded, warnings included. */
	good: Run | null;
	/** When that one ended, Unix milliseconds; where retention has deleted it, the start of its day. */
	lastSuccessAt: number | null;
	/** Backup runs that ended, ever. */
	counts: Counts;
};

export type Counts = { success: number; warning: number; failure: number };

/** Every job by name and host. */
export function readStandings(db: Database, zone: string, now: number): Standing[] {
	const sums = readSums(db, dayOf(now, zone));
	const states = readStates(db);
	const alerts = readWorstAlerts(db);
	return readJobs(db).map((job) => {
		const judged = states.get(job.id) ?? null;
		return standingOf(db, job, sums.get(job.id) ?? noSums, judged, alerts.get(job.id) ?? null, zone);
	});
}

export function readStanding(db: Database, job: Job, zone: string, now: number): Standing {
	const sums = readSums(db, dayOf(now, zone)).get(job.id) ?? noSums;
	const worstAlert = readWorstAlerts(db).get(job.id) ?? null;
	return standingOf(db, job, sums, readStates(db).get(job.id) ?? null, worstAlert, zone);
}

type Judged = { state: State; dueAt: number | null } | null;

function standingOf(
	db: Database,
	job: Job,
	sums: Sums,
	judged: Judged,
	worstAlert: Severity | null,
	zone: string,
): Standing {
	const { success, warning, failure, goodDay } = sums;
	// The sums tell what there is to look for: a job that only ever checks has thousands of runs and no backup.
	const finished = success + warning + failure > 0 ? readNewestBackup(db, job.id, "finished") : null;
	const isGood = finished === null || finished.outcome !== "failure";
	const good = isGood || success + warning === 0 ? null : readNewestBackup(db, job.id, "good");
	const lastGood = isGood ? finished : good;
	const running = readRunningBackup(db, job.id, finished?.startedAt ?? 0, finished?.id ?? 0);
	const dayBegan = goodDay === null ? null : dayStart(goodDay, zone);
	return {
		job,
		state: judged?.state ?? stateOf(running ?? finished, finished),
		worstAlert,
		dueAt: judged?.dueAt ?? null,
		running,
		finished,
		good: lastGood,
		lastSuccessAt: lastGood === null ? dayBegan : (lastGood.endedAt ?? lastGood.startedAt),
		counts: { success, warning, failure },
	};
}

const newestBackup = {
	finished: `${selectRun} WHERE run.id = (
		SELECT id FROM run WHERE job_id = $jobId AND kind = 'backup' AND outcome <> 'running'
		ORDER BY started_at DESC, id DESC LIMIT 1)`,
	good: `${selectRun} WHERE run.id = (
		SELECT id FROM run WHERE job_id = $jobId AND kind = 'backup' AND outcome IN ('success', 'warning')
		ORDER BY started_at DESC, id DESC LIMIT 1)`,
};

function readNewestBackup(db: Database, jobId: number, which: keyof typeof newestBackup): Run | null {
	const row = prepared<RunRow>(db, newestBackup[which]).get({ jobId });
	return row === null ? null : runOf(row);
}

/** The newest backup that began after a run and has not ended; the index of open runs holds hardly any. */
function readRunningBackup(db: Database, jobId: number, startedAt: number, id: number): Run | null {
	const row = prepared<RunRow>(
		db,
		`${selectRun} WHERE job_id = $jobId AND outcome = 'running' AND kind = 'backup'
			AND (started_at > $startedAt OR started_at = $startedAt AND run.id > $id)
		ORDER BY started_at DESC, run.id DESC LIMIT 1`,
	).get({ jobId, startedAt, id });
	return row === null ? null : runOf(row);
}

/** The newest backup that succeeded, warnings included, and began before an instant. */
export function readNewestGood(db: Database, jobId: number, before = Number.MAX_SAFE_INTEGER): Run | null {
	const row = prepared<RunRow>(
		db,
		`${selectRun} WHERE run.id = (
			SELECT id FROM run WHERE job_id = $jobId AND kind = 'backup' AND outcome IN ('success', 'warning')
				AND started_at < $before
			ORDER BY started_at DESC, id DESC LIMIT 1)`,
	).get({ jobId, before });
	return row === null ? null : runOf(row);
}

export function readRun(db: Database, id: number): Run | null {
	const row = prepared<RunRow>(db, `${selectRun} WHERE run.id = $id`).get({ id });
	return row === null ? null : runOf(row);
}

type Sums = Counts & { goodDay: number | null };
const noSums: Sums = { success: 0, warning: 0, failure: 0, goodDay: null };
type Closed = { before: number; mark: string; sums: Map<number, Sums> };

// Ten years of a hundred jobs are a third of a million rows: those of past days are summed once, and again only when
// the row of all jobs together says that one of them has changed.
const closedSums = new WeakMap<Database, Closed>();

/** Runs by job over all days, from the daily sums: they do not shrink when retention deletes runs. */
function readSums(db: Database, today: number): Map<number, Sums> {
	const before = today - 1;
	const mark = readMark(db, before);
	let closed = closedSums.get(db);
	if (closed === undefined || closed.before !== before || closed.mark !== mark) {
		closed = { before, mark, sums: sumDays(db, -1_000_000, before - 1) };
		closedSums.set(db, closed);
	}
	const sums = new Map(closed.sums);
	for (const [job, open] of sumDays(db, before, 1_000_000)) {
		const past = sums.get(job);
		sums.set(job, {
			success: open.success + (past?.success ?? 0),
			warning: open.warning + (past?.warning ?? 0),
			failure: open.failure + (past?.failure ?? 0),
			goodDay: open.goodDay ?? past?.goodDay ?? null,
		});
	}
	return sums;
}

function readMark(db: Database, before: number): string {
	const row = prepared<{ mark: string | null }>(
		db,
		`WITH RECURSIVE days (d) AS (
			SELECT (SELECT day FROM daily ORDER BY day LIMIT 1) UNION ALL SELECT d + 1 FROM days WHERE d + 1 < $before)
		SELECT count(*) || ' ' || sum(succeeded) || ' ' || sum(warned) || ' ' || sum(failed) AS mark
		FROM days CROSS JOIN daily ON daily.day = d AND daily.job_id = ${allJobs}
		WHERE d < $before`,
	).get({ before });
	return row?.mark ?? "";
}

function sumDays(db: Database, from: number, to: number): Map<number, Sums> {
	const rows = prepared<Sums & { job_id: number }>(
		db,
		`SELECT job_id, sum(succeeded) AS success, sum(warned) AS warning, sum(failed) AS failure,
			max(CASE WHEN succeeded + warned > 0 THEN day END) AS goodDay
		FROM daily WHERE day BETWEEN $from AND $to AND job_id <> ${allJobs} GROUP BY job_id`,
	).all({ from, to });
	return new Map(rows.map(({ job_id, ...sums }) => [job_id, sums]));
}

const recentDays = 30;

/** Sums and averages of the last 30 days, today included. `jobId` may be `allJobs`. */
export function readRecentTotals(db: Database, jobId: number, zone: string, now: number): Totals {
	const today = dayOf(now, zone);
	const sum = emptyTotals();
	// Reports from clocks that run ahead are dated tomorrow.
	for (const { totals } of readDays(db, jobId, today - recentDays + 1, today + 1)) mergeTotals(sum, totals);
	return averagesOf(sum);
}
