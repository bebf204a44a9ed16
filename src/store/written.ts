// Of which jobs runs and daily sums were written since when: what was read of the others may be used again. Whatever writes
// to `run` or `daily` says so here (a test looks for it); what another process wrote counts as all.
import type { Database } from "bun:sqlite";
import { prepared } from "./database.ts";

/** Numbers of writings, the later the larger. `past`: of the days that are not known one by one. */
type Days = { byDay: Map<number, number>; past: number; latest: number };
type Written = { last: number; everything: number; runs: Map<number, number>; days: Map<number, Days>; others: number };

const written = new WeakMap<Database, Written>();

/** Reports are of today, seldom of yesterday: more days of a job than these are told apart by nobody. */
const daysKnown = 4;

function writtenOf(db: Database): Written {
	let known = written.get(db);
	if (known === undefined) {
		known = { last: 0, everything: 0, runs: new Map(), days: new Map(), others: readOthers(db) };
		written.set(db, known);
	}
	return known;
}

/** Changes when another connection has written. */
function readOthers(db: Database): number {
	return prepared<{ data_version: number }>(db, "PRAGMA data_version").get()?.data_version ?? -1;
}

/** Runs of a job were stored, replaced or taken away. */
export function noteRuns(db: Database, jobId: number): void {
	const known = writtenOf(db);
	known.runs.set(jobId, ++known.last);
}

/** The sums of a day of a job were written. */
export function noteDay(db: Database, jobId: number, day: number): void {
	const known = writtenOf(db);
	let days = known.days.get(jobId);
	if (days === undefined) {
		days = { byDay: new Map(), past: 0, latest: 0 };
		known.days.set(jobId, days);
	}
	days.latest = ++known.last;
	days.byDay.set(day, days.latest);
	if (days.byDay.size <= daysKnown) return;
	const oldest = Math.min(...days.byDay.keys());
	days.past = Math.max(days.past, days.byDay.get(oldest) ?? known.last);
	days.byDay.delete(oldest);
}

/** More was written than can be said of single jobs. */
export function noteEverything(db: Database): void {
	const known = writtenOf(db);
	known.everything = ++known.last;
}

/**
 * To be asked before anything kept is used. null: nothing may be kept, for what is read now may be undone. Otherwise the
 * number of the last writing.
 */
export function lastWriting(db: Database): number | null {
	if (db.inTransaction) return null;
	const known = writtenOf(db);
	const others = readOthers(db);
	if (others !== known.others) {
		known.others = others;
		noteEverything(db);
	}
	return known.last;
}

/** The writing that last changed the runs of a job. */
export function runsWriting(db: Database, jobId: number): number {
	const { everything, runs } = writtenOf(db);
	return Math.max(everything, runs.get(jobId) ?? 0);
}

/** The writing that last changed the sums of a job, on days up to one. */
export function daysWriting(db: Database, jobId: number, upTo = Number.POSITIVE_INFINITY): number {
	const { everything, days } = writtenOf(db);
	const known = days.get(jobId);
	let last = Math.max(everything, known?.past ?? 0);
	for (const [day, writing] of known?.byDay ?? []) if (day <= upTo && writing > last) last = writing;
	return last;
}

/** The jobs whose sums were written after a writing; null: any may have been. */
export function jobsWithDaysSince(db: Database, writing: number): number[] | null {
	const { everything, days } = writtenOf(db);
	if (everything > writing) return null;
	const jobs: number[] = [];
	for (const [jobId, { latest }] of days) if (latest > writing) jobs.push(jobId);
	return jobs;
}
