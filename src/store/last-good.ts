// When a job last succeeded whose newest runs did not: the run may lie far back, or be deleted.
import type { Database } from "bun:sqlite";
import { dayStart } from "../time.ts";
import { readFirstDay } from "./daily.ts";
import { prepared } from "./database.ts";
import { readNewestGood } from "./standings.ts";
import { daysWriting, lastWriting, runsWriting } from "./written.ts";

type Found = { runs: number; days: number; before: string; at: number | null };

const kept = new WeakMap<Database, Map<number, Found>>();

/** When its newest good backup ended; where retention has deleted that one, the start of its day. null: none is on record. */
export function readLastGood(db: Database, jobId: number, today: number, zone: string): number | null {
	if (lastWriting(db) === null) return lookFor(db, jobId, today, zone);
	const jobs = kept.get(db) ?? new Map<number, Found>();
	kept.set(db, jobs);
	const [runs, days, before] = [runsWriting(db, jobId), daysWriting(db, jobId), `${today} ${zone}`];
	const known = jobs.get(jobId);
	if (known?.runs === runs && known.days === days && known.before === before) return known.at;
	const at = lookFor(db, jobId, today, zone);
	jobs.set(jobId, { runs, days, before, at });
	return at;
}

function lookFor(db: Database, jobId: number, today: number, zone: string): number | null {
	const day = readLastGoodDay(db, jobId, today);
	if (day === null) return null;
	const run = readNewestGood(db, jobId);
	return run === null ? dayStart(day, zone) : (run.endedAt ?? run.startedAt);
}

/** Day by day backwards: the sums do not shrink when retention deletes runs. */
function readLastGoodDay(db: Database, jobId: number, today: number): number | null {
	const first = readFirstDay(db);
	if (first === null) return null;
	const row = prepared<{ day: number }>(
		db,
		`WITH RECURSIVE days (d) AS (SELECT $from UNION ALL SELECT d - 1 FROM days WHERE d > $first)
		SELECT day FROM days CROSS JOIN daily ON daily.day = d AND daily.job_id = $jobId
		WHERE succeeded + warned > 0 LIMIT 1`,
	).get({ jobId, first, from: Math.max(today + 1, first) });
	return row?.day ?? null;
}
