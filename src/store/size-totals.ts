// How many bytes the last good backups of all jobs are together, day by day: a job that did not run still has its backup.
// Of today the newest one of each job counts, of a day before the average of its backups.
import type { Database } from "bun:sqlite";
import { dayStart } from "../time.ts";
import { allJobs } from "./daily.ts";
import { prepared } from "./database.ts";
import { keptUntilWritten } from "./period.ts";

type Carried = { totals: Map<number, number>; last: Map<number, number> };

/** Bytes of a day; null before the first size. */
export type SizeTotals = { of: (day: number) => number | null; days: () => number[] };

type Question = {
	from: number;
	today: number;
	/** Inclusive. */
	to: number;
	zone: string;
	/** Bytes of the newest good backup by job: of an earlier day only the average is known. */
	newest: ReadonlyMap<number, number>;
};

export function readSizeTotals(
	db: Database,
	jobIds: readonly number[],
	{ from, today, to, zone, newest }: Question,
): SizeTotals {
	// Yesterday's runs may still be reported.
	const open = to - 2;
	// Whatever changes the size of a day, or what was there before the period, changes the sums of all jobs as well.
	const key = `sizes ${from} ${open} ${zone} ${jobIds.join(",")}`;
	const closed = keptUntilWritten(db, key, allJobs, open - 1, () => {
		const start = readSizesBefore(db, jobIds, dayStart(from, zone));
		return carry(start, readSizes(db, from, open - 1), jobIds, from, open - 1);
	});
	const since = Math.max(from, open);
	const { totals, last } = carry(new Map(closed.last), readSizes(db, since, to), jobIds, since, to);
	for (const jobId of jobIds) {
		const size = newest.get(jobId);
		if (size !== undefined) last.set(jobId, size);
	}
	if (last.size > 0) for (let day = today; day <= to; day++) totals.set(day, sumOf(last));
	return {
		of: (day) => totals.get(day) ?? closed.totals.get(day) ?? null,
		days: () => [...closed.totals.keys(), ...totals.keys()],
	};
}

type DaySize = { jobId: number; day: number; size: number };

function carry(
	last: Map<number, number>,
	sizes: DaySize[],
	jobIds: readonly number[],
	from: number,
	to: number,
): Carried {
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
