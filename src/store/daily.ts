// The daily sums: every figure and chart of a period comes from here, so its cost does not grow with the runs.
import type { Database } from "bun:sqlite";
import { type DayTotals, emptyTotals, formatDetail, mergeTotals, parseDetail } from "../rollup.ts";
import { prepared } from "./database.ts";
import { noteDay } from "./written.ts";

/** The row that holds all jobs together. */
export const allJobs = 0;

type DailyRow = {
	day: number;
	succeeded: number;
	warned: number;
	failed: number;
	durations: number;
	duration_sum: number;
	duration_max: number | null;
	sizes: number;
	size_sum: number;
	rates: number;
	rate_sum: number;
	detail: string | null;
};

const columns = `day, succeeded, warned, failed, durations, duration_sum, duration_max, sizes, size_sum, rates, rate_sum,
	detail`;

export type Day = { day: number; totals: DayTotals };

/** Adds sums to one day of one job and of all jobs. */
export function recordDay(db: Database, day: number, jobId: number, change: DayTotals): void {
	for (const id of [allJobs, jobId]) {
		const row = readDay(db, day, id);
		const totals = row === null ? emptyTotals() : totalsOf(row);
		mergeTotals(totals, change);
		writeDay(db, day, id, totals);
	}
}

function readDay(db: Database, day: number, jobId: number): DailyRow | null {
	return prepared<DailyRow>(db, `SELECT ${columns} FROM daily WHERE day = $day AND job_id = $jobId`).get({
		day,
		jobId,
	});
}

/** Writes the sums of one day of one job, in place of those that were there. */
export function writeDay(db: Database, day: number, jobId: number, totals: DayTotals): void {
	noteDay(db, jobId, day);
	prepared(
		db,
		`INSERT OR REPLACE INTO daily (job_id, ${columns})
		VALUES ($jobId, $day, $succeeded, $warned, $failed, $durations, $durationSum, $durationMax, $sizes, $sizeSum,
			$rates, $rateSum, $detail)`,
	).run({
		jobId,
		day,
		succeeded: totals.succeeded,
		warned: totals.warned,
		failed: totals.failed,
		durations: totals.durations,
		durationSum: totals.durationSum,
		durationMax: totals.durationMax,
		sizes: totals.sizes,
		sizeSum: totals.sizeSum,
		rates: totals.rates,
		rateSum: totals.rateSum,
		detail: formatDetail(totals),
	});
}

/**
 * The days `from` to `to` (inclusive) that have runs, oldest first. One seek a day rather than a scan: the rows of all
 * jobs lie between two days of one job.
 */
export function readDays(db: Database, jobId: number, from: number, to: number): Day[] {
	return prepared<DailyRow>(
		db,
		`WITH RECURSIVE days (d) AS (SELECT $from UNION ALL SELECT d + 1 FROM days WHERE d < $to)
		SELECT ${columns} FROM days CROSS JOIN daily ON daily.day = d AND daily.job_id = $jobId`,
	)
		.all({ jobId, from, to })
		.map((row) => ({ day: row.day, totals: totalsOf(row) }));
}

/** Every day of a job, oldest first. */
export function readDaysOf(db: Database, jobId: number): Day[] {
	return prepared<DailyRow>(db, `SELECT ${columns} FROM daily WHERE job_id = $jobId ORDER BY day`)
		.all({ jobId })
		.map((row) => ({ day: row.day, totals: totalsOf(row) }));
}

/** One day of every job, and of all together. */
export function readDayRows(db: Database, day: number): { jobId: number; totals: DayTotals }[] {
	return prepared<DailyRow & { jobId: number }>(db, `SELECT job_id AS jobId, ${columns} FROM daily WHERE day = $day`)
		.all({ day })
		.map((row) => ({ jobId: row.jobId, totals: totalsOf(row) }));
}

/** The first day that any run was folded into, or null when there is none. */
export function readFirstDay(db: Database): number | null {
	return prepared<{ day: number }>(db, "SELECT day FROM daily ORDER BY day LIMIT 1").get()?.day ?? null;
}

function totalsOf(row: DailyRow): DayTotals {
	const totals = emptyTotals();
	totals.succeeded = row.succeeded;
	totals.warned = row.warned;
	totals.failed = row.failed;
	totals.durations = row.durations;
	totals.durationSum = row.duration_sum;
	totals.durationMax = row.duration_max;
	totals.sizes = row.sizes;
	totals.sizeSum = row.size_sum;
	totals.rates = row.rates;
	totals.rateSum = row.rate_sum;
	parseDetail(row.detail, totals);
	return totals;
}
