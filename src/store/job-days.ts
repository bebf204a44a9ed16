// The daily sums of a job that goes on as another one, or not at all.
import type { Database } from "bun:sqlite";
import { emptyTotals, mergeTotals } from "../rollup.ts";
import { allJobs, type Day, readDayRows, readDaysOf, writeDay } from "./daily.ts";
import { prepared } from "./database.ts";
import { noteEverything } from "./written.ts";

/** Adds one job's sums to another's. Those of all jobs stay what they are. */
export function moveDays(db: Database, from: number, into: number): void {
	const there = new Map(readDaysOf(db, into).map(({ day, totals }) => [day, totals]));
	for (const { day, totals } of readDaysOf(db, from)) {
		const sum = there.get(day) ?? emptyTotals();
		mergeTotals(sum, totals);
		writeDay(db, day, into, sum);
	}
	noteEverything(db);
	prepared(db, "DELETE FROM daily WHERE job_id = $from").run({ from });
}

/** Takes a job's sums away. Those of all jobs are added up anew: what a day folded together cannot be taken out again. */
export function dropDays(db: Database, jobId: number): void {
	const days: Day["day"][] = readDaysOf(db, jobId).map(({ day }) => day);
	noteEverything(db);
	prepared(db, "DELETE FROM daily WHERE job_id = $jobId").run({ jobId });
	for (const day of days) {
		const rest = readDayRows(db, day).filter((row) => row.jobId !== allJobs);
		const sum = emptyTotals();
		for (const { totals } of rest) mergeTotals(sum, totals);
		if (rest.length > 0) writeDay(db, day, allJobs, sum);
		else prepared(db, "DELETE FROM daily WHERE day = $day").run({ day });
	}
}

/** Sums of before a day, of every job and of all. */
export function deleteDaysBefore(db: Database, day: number): void {
	noteEverything(db);
	prepared(db, "DELETE FROM daily WHERE day < $day").run({ day });
}
