// Everything the job page shows of what is stored, read in a handful of questions whose cost does not grow with the runs.
import type { Database } from "bun:sqlite";
import type { Job } from "../job.ts";
import type { CalendarDay, JobPoint, JobSeries, StoredJobPage } from "../job-page.ts";
import type { Range } from "../overview.ts";
import { averagesOf, type DayTotals, emptyTotals, mergeTotals } from "../rollup.ts";
import { type Run, succeeded } from "../run.ts";
import { dayOf, dayStart, weekOf } from "../time.ts";
import { type Day, readDays, readFirstDay } from "./daily.ts";
import { anyRun, type Cursor, searchNewer, searchRuns } from "./run-search.ts";
import { readFinished } from "./runs.ts";
import { readStanding } from "./standings.ts";

export type JobPageQuestion = {
	now: number;
	zone: string;
	range: Range;
	/** Where the list of runs goes on; at most one of them is set. */
	older: Cursor | null;
	newer: Cursor | null;
};

/** The page with its cursors as they are, not yet written as text. */
export type ReadJobPage = Omit<StoredJobPage, "shown"> & {
	shown: { runs: Run[]; newer: Cursor | null; older: Cursor | null };
};

const runsOnPage = 12;
const mostRunPoints = 120;
const weeklyFrom = 400;
const monthDays = 30;
/** Weeks of the calendar: a year and the one that has begun, in three equal parts. */
const calendarWeeks = 54;

export function readJobPage(db: Database, job: Job, question: JobPageQuestion): ReadJobPage {
	const { now, zone, range } = question;
	const today = dayOf(now, zone);
	const newest = readFinished(db, job.id, mostRunPoints);
	const firstDay = range === "all" ? Math.min(readFirstDay(db) ?? today, today) : today - Number(range) + 1;
	const calendarFrom = weekOf(today) - (calendarWeeks - 1) * 7;
	// Reports from clocks that run ahead are dated tomorrow; they belong to what is seen today.
	const days = readDays(db, job.id, Math.min(firstDay, calendarFrom), today + 1);
	const ofPeriod = days.filter(({ day }) => day >= firstDay);
	const { running, finished, good, lastSuccessAt, counts } = readStanding(db, job, zone, now);
	const month = averagesOf(sumOf(days.filter(({ day }) => day > today - monthDays)));
	const shown = readShown(db, job, question);
	return {
		job,
		range,
		from: dayStart(firstDay, zone),
		counts,
		running,
		finished,
		good,
		lastGoodAt: lastSuccessAt,
		recentGood: newest.filter(succeeded).slice(0, 45),
		month: { runs: month.runs, succeeded: month.succeeded, failed: month.failed },
		series: seriesOf(newest, ofPeriod, dayStart(firstDay, zone), today - firstDay, zone),
		calendar: { from: calendarFrom, days: days.filter(({ day }) => day >= calendarFrom).map(calendarDay) },
		shown,
		labels: (running ?? finished ?? shown.runs[0])?.labels ?? {},
	};
}

function sumOf(days: Day[]): DayTotals {
	const sum = emptyTotals();
	for (const { totals } of days) mergeTotals(sum, totals);
	return sum;
}

type Place = Pick<JobPageQuestion, "older" | "newer">;

/** A page of runs of every kind. Each way of reading knows what follows it; one more look tells of the other side. */
function readShown(db: Database, job: Job, { older, newer }: Place): ReadJobPage["shown"] {
	const filter = { ...anyRun, jobId: job.id };
	if (newer !== null) {
		const page = searchNewer(db, filter, runsOnPage, newer);
		// Less than a page is left: the newest page, whole.
		if (page.runs.length < runsOnPage) return readShown(db, job, { older: null, newer: null });
		const last = page.runs.at(-1);
		return { runs: page.runs, newer: page.next, older: last === undefined ? null : cursorOf(last) };
	}
	const page = searchRuns(db, filter, runsOnPage, older);
	const first = page.runs[0];
	return { runs: page.runs, older: page.next, newer: older === null || first === undefined ? null : cursorOf(first) };
}

function cursorOf(run: Run): Cursor {
	return { at: run.startedAt, id: run.id };
}

function calendarDay({ day, totals }: Day): CalendarDay {
	return { day, succeeded: totals.succeeded, warned: totals.warned, failed: totals.failed };
}

/** Few runs are drawn one by one; many, or those that retention has deleted, by day or week. */
function seriesOf(newest: Run[], days: Day[], since: number, length: number, zone: string): JobSeries {
	const counted = days.reduce((sum, { totals }) => sum + totals.succeeded + totals.warned + totals.failed, 0);
	const runs = newest.filter((run) => run.startedAt >= since);
	if (counted <= mostRunPoints && runs.length >= counted) return { per: "run", points: runs.reverse().map(pointOfRun) };
	if (length < weeklyFrom) {
		return { per: "day", points: days.map(({ day, totals }) => pointOf(dayStart(day, zone), totals)) };
	}
	const weeks = new Map<number, DayTotals>();
	for (const { day, totals } of days) {
		const sum = weeks.get(weekOf(day)) ?? emptyTotals();
		mergeTotals(sum, totals);
		weeks.set(weekOf(day), sum);
	}
	return { per: "week", points: [...weeks].map(([day, totals]) => pointOf(dayStart(day, zone), totals)) };
}

function pointOfRun(run: Run): JobPoint {
	const isGood = succeeded(run);
	return {
		at: run.startedAt,
		runs: 1,
		failed: isGood ? 0 : 1,
		duration: isGood ? run.duration : null,
		size: isGood ? run.size : null,
		bytesAdded: isGood ? run.bytesAdded : null,
		phases: isGood ? run.phases : [],
	};
}

function pointOf(at: number, totals: DayTotals): JobPoint {
	const { runs, failed, averageDuration, averageSize, phases } = averagesOf(totals);
	return {
		at,
		runs,
		failed,
		duration: averageDuration,
		size: averageSize,
		bytesAdded: null,
		phases: phases.flatMap(({ name, seconds }) => (seconds === null ? [] : [{ name, seconds }])),
	};
}
