// The sums of the last weeks of every job, read again of those jobs alone whose sums were written.
import type { Database } from "bun:sqlite";
import type { DaySums } from "../job-days.ts";
import { allJobs } from "./daily.ts";
import { prepared } from "./database.ts";
import { jobsWithDaysSince, lastWriting } from "./written.ts";

type Row = [
	jobId: number,
	day: number,
	succeeded: number,
	warned: number,
	failed: number,
	duration: number | null,
	size: number | null,
];
type Known = { from: number; to: number; writing: number; jobs: Map<number, DaySums[]> };

const kept = new WeakMap<Database, Known>();

/** To read so many jobs one by one costs as much as to read all of them. */
const manyJobs = 12;

/** The days `from` to `to` (inclusive) by job, oldest first. The array of a job is the same one while nothing is new in it. */
export function readRecentDays(db: Database, from: number, to: number): ReadonlyMap<number, DaySums[]> {
	const writing = lastWriting(db);
	if (writing === null) return readAll(db, from, to);
	const known = kept.get(db);
	const isOther = known === undefined || known.from !== from || known.to !== to;
	const changed = isOther ? null : jobsWithDaysSince(db, known.writing);
	if (isOther || changed === null || changed.length > manyJobs) {
		const jobs = readAll(db, from, to);
		kept.set(db, { from, to, writing, jobs });
		return jobs;
	}
	for (const jobId of changed) {
		const sums = jobId === allJobs ? [] : readOne(db, jobId, from, to);
		if (sums.length > 0) known.jobs.set(jobId, sums);
		else known.jobs.delete(jobId);
	}
	known.writing = writing;
	return known.jobs;
}

const columns = `job_id, day, succeeded, warned, failed, CASE WHEN durations > 0 THEN duration_sum / durations END,
	CASE WHEN sizes > 0 THEN size_sum / sizes END`;

function readAll(db: Database, from: number, to: number): Map<number, DaySums[]> {
	const rows = prepared(
		db,
		`SELECT ${columns} FROM daily
		WHERE day BETWEEN $from AND $to AND job_id <> ${allJobs} AND succeeded + warned + failed > 0 ORDER BY day`,
	).values({ from, to }) as Row[];
	const jobs = new Map<number, DaySums[]>();
	for (const row of rows) {
		const days = jobs.get(row[0]);
		if (days === undefined) jobs.set(row[0], [sumsOf(row)]);
		else days.push(sumsOf(row));
	}
	return jobs;
}

/** One seek a day: the rows of all jobs lie between two days of one. */
function readOne(db: Database, jobId: number, from: number, to: number): DaySums[] {
	const rows = prepared(
		db,
		`WITH RECURSIVE days (d) AS (SELECT $from UNION ALL SELECT d + 1 FROM days WHERE d < $to)
		SELECT ${columns} FROM days CROSS JOIN daily ON daily.day = d AND daily.job_id = $jobId
		WHERE succeeded + warned + failed > 0`,
	).values({ jobId, from, to }) as Row[];
	return rows.map(sumsOf);
}

function sumsOf([, day, succeeded, warned, failed, duration, size]: Row): DaySums {
	return { day, succeeded, warned, failed, duration, size };
}
