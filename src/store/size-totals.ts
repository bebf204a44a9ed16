// How many bytes the last good backups of all jobs are together, day by day: a job that did not run still has its backup.
import type { Database } from "bun:sqlite";
import { dayStart } from "../time.ts";
import { allJobs } from "./daily.ts";
import { prepared } from "./database.ts";

type Closed = { key: string; totals: Map<number, number>; last: Map<number, number> };

// What past days came to is worked out once, and again only when the sums of all jobs say that one of them has changed.
const closedTotals = new WeakMap<Database, Map<string, Closed>>();
const mostKept = 8;

/** Bytes by day, `from` to `to` (inclusive), of the jobs asked for; days before the first size are left out. */
export function readSizeTotals(
	db: Database,
	jobIds: readonly number[],
	{ from, to, zone }: { from: number; to: number; zone: string },
): Map<number, number> {
	// Yesterday's runs may still be reported.
	const open = to - 2;
	const closed = closedOf(db, jobIds, from, open, zone);
	const since = Math.max(from, open);
	const { totals } = carry(new Map(closed.last), readSizes(db, since, to), jobIds, since, to);
	return new Map([...closed.totals, ...totals]);
}

function closedOf(db: Database, jobIds: readonly number[], from: number, before: number, zone: string): Closed {
	const kept = closedTotals.get(db) ?? new Map<string, Closed>();
	closedTotals.set(db, kept);
	const name = `${from} ${before} ${zone}`;
	const key = `${readMark(db, from, before)} ${jobIds.join(",")}`;
	const found = kept.get(name);
	if (found?.key === key) return found;
	const start = readSizesBefore(db, jobIds, dayStart(from, zone));
	const made = { key, ...carry(start, readSizes(db, from, before - 1), jobIds, from, before - 1) };
	if (kept.size >= mostKept) kept.clear();
	kept.set(name, made);
	return made;
}

type DaySize = { jobId: number; day: number; size: number };

function carry(
	last: Map<number, number>,
	sizes: DaySize[],
	jobIds: readonly number[],
	from: number,
	to: number,
): Omit<Closed, "key"> {
	const isAsked = new Set(jobIds);
	const totals = new Map<number, number>();
	let next = 0;
	for (let day = from; day <= to; day++) {
		for (let found = sizes[next]; found !== undefined && found.day <= day; found = sizes[++next]) {
			if (isAsked.has(found.jobId)) last.set(found.jobId, found.size);
		}
		if (last.size > 0) totals.set(day, sumOf(last));
	}
	return { totals, last };
}

function sumOf(sizes: Map<number, number>): number {
	let sum = 0;
	for (const size of sizes.values()) sum += size;
	return sum;
}

function readSizes(db: Database, from: number, to: number): DaySize[] {
	return prepared<DaySize>(
		db,
		`SELECT job_id AS jobId, day, size_sum / sizes AS size FROM daily
		WHERE day BETWEEN $from AND $to AND job_id <> ${allJobs} AND sizes > 0 ORDER BY day`,
	).all({ from, to });
}

/** What each job had when the period began; runs that retention has deleted are not looked for. */
function readSizesBefore(db: Database, jobIds: readonly number[], at: number): Map<number, number> {
	const statement = prepared<{ size: number }>(
		db,
		`SELECT size FROM (
			SELECT size, kind, outcome FROM run WHERE job_id = $jobId AND started_at < $at
			ORDER BY started_at DESC, id DESC LIMIT 30)
		WHERE kind = 'backup' AND outcome IN ('success', 'warning') AND size IS NOT NULL LIMIT 1`,
	);
	const sizes = new Map<number, number>();
	for (const jobId of jobIds) {
		const row = statement.get({ jobId, at });
		if (row !== null) sizes.set(jobId, row.size);
	}
	return sizes;
}

function readMark(db: Database, from: number, before: number): string {
	const row = prepared<{ mark: string | null }>(
		db,
		`WITH RECURSIVE days (d) AS (SELECT $from UNION ALL SELECT d + 1 FROM days WHERE d + 1 < $before)
		SELECT count(*) || ' ' || sum(succeeded) || ' ' || sum(warned) || ' ' || sum(failed) || ' ' || sum(size_sum) AS mark
		FROM days CROSS JOIN daily ON daily.day = d AND daily.job_id = ${allJobs} WHERE d < $before`,
	).get({ from, before });
	return row?.mark ?? "";
}
