// The routes that answer data: the original's, and the monitor's own state. Each says what it reads and answers JSON.
import type { Database } from "bun:sqlite";
import { failureRow, metricsRow, weekName } from "../original.ts";
import { limits } from "../report-fields.ts";
import { allJobs, readDays } from "../store/daily.ts";
import { findJob } from "../store/jobs.ts";
import { countRejected, readRejected } from "../store/rejected.ts";
import { readFailures, readFinished } from "../store/runs.ts";
import { readLegacy } from "../store/takeover.ts";
import { dayOf, parseTimestamp } from "../time.ts";

export type Query = { zone: string; now: number; search: URLSearchParams };

/** Answered when the job asked for does not exist. */
export const noSuchJob = Symbol("no such job");

/** Most runs one answer holds. */
const mostRuns = 365;

/** `/api/metrics?job=&limit=&since=`: the last finished backup runs by start, oldest first. */
export function readMetrics(db: Database, { zone, search }: Query): unknown[] | typeof noSuchJob {
	const job = askedJob(db, search);
	if (job === noSuchJob) return noSuchJob;
	const since = parseTimestamp(search.get("since") ?? "", zone) ?? 0;
	const runs = readFinished(db, job, limitOf(search.get("limit"), 30), since);
	return runs.reverse().map((run) => metricsRow(run, zone));
}

/** `/api/failures?job=&limit=`: the last failures, newest first. */
export function readFailureRows(db: Database, { zone, search }: Query): unknown[] | typeof noSuchJob {
	const job = askedJob(db, search);
	if (job === noSuchJob) return noSuchJob;
	return readFailures(db, job, limitOf(search.get("limit"), 10)).map((run) => failureRow(run, zone));
}

/** `/api/failure-trends?job=`: failures per week and category over 30 days, by week and category. */
export function readFailureTrends(db: Database, { zone, now, search }: Query): unknown[] | typeof noSuchJob {
	const job = askedJob(db, search);
	if (job === noSuchJob) return noSuchJob;
	const today = dayOf(now, zone);
	const cells = new Map<string, { count: number; error_category: string; week: string }>();
	for (const { day, totals } of readDays(db, job ?? allJobs, today - 30, today)) {
		for (const [category, count] of totals.failures) {
			if (count <= 0) continue;
			const key = `${weekName(day)} ${category}`;
			const cell = cells.get(key) ?? { count: 0, error_category: category, week: weekName(day) };
			cell.count += count;
			cells.set(key, cell);
		}
	}
	return [...cells.entries()].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, cell]) => cell);
}

/** `/api/rejected?limit=`: lines that could not be read, newest first, and rows of the original that could not become runs. */
export function readRejectedLines(db: Database, { search }: Query): unknown {
	const limit = limitOf(search.get("limit"), 100);
	return { total: countRejected(db), lines: readRejected(db, limit), legacy: readLegacy(db, limit) };
}

function askedJob(db: Database, search: URLSearchParams): number | null | typeof noSuchJob {
	const asked = search.get("job");
	if (asked === null || asked === "") return null;
	if (asked.length > limits.host) return noSuchJob;
	return findJob(db, asked)?.id ?? noSuchJob;
}

/** A limit as asked for, kept between 1 and 365; anything that is no number means the default. */
function limitOf(value: string | null, otherwise: number): number {
	const asked = value === null || value.trim() === "" ? Number.NaN : Number(value);
	return Number.isNaN(asked) ? otherwise : Math.trunc(Math.min(mostRuns, Math.max(1, asked)));
}
