// Finds runs by what they are, newest first, page after page: a cursor names the run a page ended with, so that what
// arrives meanwhile moves nothing.
import type { Database } from "bun:sqlite";
import type { Run } from "../run.ts";
import { prepared } from "./database.ts";
import { conditions, type RunFilter, valuesOf } from "./run-filter.ts";
import { type RunRow, runColumns, runOf, selectRun } from "./runs.ts";

/** Where a page ended: the start of its last run and its key. */
export type Cursor = { at: number; id: number };

/** No filter. */
export const anyRun: RunFilter = {
	jobId: null,
	host: null,
	kind: null,
	outcome: null,
	label: null,
	since: null,
	until: null,
	text: null,
};

/** `next` is null when there is nothing more; a page that ended early has fewer runs, or none, and a `next`. */
export type Page = { runs: Run[]; next: Cursor | null };

// One question looks at no more runs than these: while it searches, nothing else is answered. Reading text is slow.
const mostRead = 200_000;
const mostSearched = 20_000;
/** Nearly always enough; what follows is four times as large each time. */
const firstWindow = 1000;
/** A text may be found in logs of 100 kB each: few runs at a time, and an end after this, also on a small machine. */
const textWindow = 250;
const patienceMs = 100;

const newest: Cursor = { at: Number.MAX_SAFE_INTEGER, id: Number.MAX_SAFE_INTEGER };

/** The runs behind a cursor, newest first; without one the newest. */
export function searchRuns(db: Database, filter: RunFilter, limit: number, after: Cursor | null = null): Page {
	return search(db, filter, limit, after, older);
}

/** The runs before a cursor, those next to it, newest first; `next` leads to what is newer still. */
export function searchNewer(db: Database, filter: RunFilter, limit: number, before: Cursor): Page {
	const { runs, next } = search(db, filter, limit, before, newer);
	return { runs: runs.reverse(), next };
}

/** Which way is read: a cursor, the filter's bound behind it, and the end of a window, as conditions. */
type Way = { order: "DESC" | "ASC"; beyond: string; upToEnd: string; from: Cursor; end: Cursor };

const older: Way = {
	order: "DESC",
	beyond: "started_at >= $bound AND started_at <= $at AND (started_at < $at OR run.id < $id)",
	upToEnd: "(started_at > $endAt OR started_at = $endAt AND run.id >= $endId)",
	from: newest,
	end: { at: 0, id: 0 },
};
const newer: Way = {
	order: "ASC",
	beyond: "started_at <= $bound AND started_at >= $at AND (started_at > $at OR run.id > $id)",
	upToEnd: "(started_at < $endAt OR started_at = $endAt AND run.id <= $endId)",
	from: { at: 0, id: 0 },
	end: newest,
};

function search(db: Database, filter: RunFilter, limit: number, after: Cursor | null, way: Way): Page {
	const isInside = filter.text !== null || filter.label !== null;
	const runs: Run[] = [];
	let next = after;
	let left = isInside ? mostSearched : mostRead;
	const until = performance.now() + patienceMs;
	let size = isInside ? textWindow : Math.max(firstWindow, limit + 1);
	while (left > 0) {
		const window = Math.min(size, left);
		const page = readWindow(db, filter, limit - runs.length, next ?? way.from, window, way);
		runs.push(...page.runs);
		next = page.next;
		if (next === null || runs.length >= limit || (isInside && performance.now() > until)) break;
		left -= window;
		if (!isInside) size *= 4;
	}
	return { runs, next };
}

const ofJob = (jobId: number | null) => (jobId === null ? "" : "job_id = $jobId AND ");

/** What is found among the next `window` runs behind a cursor. */
function readWindow(db: Database, filter: RunFilter, limit: number, from: Cursor, window: number, way: Way): Page {
	const question = { jobId: filter.jobId, ...startOf(filter, from, way) };
	const end = readEnd(db, filter.jobId, question, window, way);
	const rows = prepared<RunRow>(
		db,
		`SELECT ${runColumns} FROM run CROSS JOIN job ON job.id = run.job_id
		WHERE ${way.beyond} AND ${way.upToEnd}${conditions(filter)}
		ORDER BY started_at ${way.order}, run.id ${way.order} LIMIT $limit`,
	).all({
		...question,
		...valuesOf(filter),
		endAt: end?.at ?? way.end.at,
		endId: end?.id ?? way.end.id,
		// One more tells whether there is a next page.
		limit: limit + 1,
	});
	const page = rows.slice(0, limit);
	const last = page.at(-1);
	const next = rows.length > limit && last !== undefined ? { at: last.started_at, id: last.id } : end;
	return { runs: page.map(runOf), next };
}

/** A cursor outside the filter's period is moved to the edge of it: SQLite takes one bound a side to its index. */
function startOf({ since, until }: RunFilter, from: Cursor, way: Way): { bound: number; at: number; id: number } {
	if (way === older) {
		const at = until !== null && until <= from.at ? { at: until - 1, id: newest.id } : from;
		return { bound: since ?? 0, ...at };
	}
	const at = since !== null && since > from.at ? { at: since, id: 0 } : from;
	return { bound: until === null ? newest.at : until - 1, ...at };
}

/** The last run of a window, or null where it reaches to the end. */
function readEnd(
	db: Database,
	jobId: number | null,
	question: { jobId: number | null; bound: number; at: number; id: number },
	window: number,
	{ beyond, order }: Way,
): Cursor | null {
	return prepared<Cursor>(
		db,
		`SELECT started_at AS at, id FROM run WHERE ${ofJob(jobId)}${beyond}
		ORDER BY started_at ${order}, id ${order} LIMIT 1 OFFSET $window`,
	).get({ ...question, window: window - 1 });
}

/** `isMore`: counting stopped there. */
export type Count = { runs: number; isMore: boolean };

// Counting along an index is quick; looking into each run is not.
const mostCounted = 200_000;
const mostCountedInside = 20_000;

/** How many runs a filter finds; null where only reading every text could tell. */
export function countFound(db: Database, filter: RunFilter): Count | null {
	if (filter.text !== null || filter.label !== null) return null;
	// Failures have an index of their own.
	const inside = filter.outcome === "failure" ? "outcome = 'failure' AND " : "";
	const isByIndex = filter.host === null && filter.kind === null && (filter.outcome === null || inside !== "");
	const window = isByIndex ? mostCounted : mostCountedInside;
	const question = { jobId: filter.jobId, ...startOf(filter, newest, older) };
	if (isByIndex) {
		const one = `SELECT 1 FROM run WHERE ${inside}${ofJob(filter.jobId)}${older.beyond} LIMIT $most`;
		const row = prepared<{ runs: number }>(db, `SELECT count(*) AS runs FROM (${one})`).get({
			...question,
			most: window + 1,
		});
		const runs = row?.runs ?? 0;
		return { runs: Math.min(runs, window), isMore: runs > window };
	}
	const end = readEnd(db, filter.jobId, question, window, older);
	const found = prepared<{ runs: number }>(
		db,
		`SELECT count(*) AS runs FROM run CROSS JOIN job ON job.id = run.job_id
		WHERE ${older.beyond} AND ${older.upToEnd}${conditions(filter)}`,
	).get({ ...question, ...valuesOf(filter), endAt: end?.at ?? 0, endId: end?.id ?? 0 });
	return { runs: found?.runs ?? 0, isMore: end !== null };
}

/** A run that failed, or the first one that succeeded after a failure. */
export type Turn = { run: Run; what: "failure" | "recovery" };

/** The newest failures of backup runs and the recoveries from them, newest first. */
export function readTurns(db: Database, limit: number): Turn[] {
	const failures = searchRuns(db, { ...anyRun, kind: "backup", outcome: "failure" }, limit).runs;
	const turns = new Map<string, Turn>();
	for (const run of failures) {
		turns.set(`failure ${run.id}`, { run, what: "failure" });
		const next = readNextFinished(db, run);
		if (next !== null && next.outcome !== "failure") turns.set(`recovery ${next.id}`, { run: next, what: "recovery" });
	}
	return [...turns.values()].sort((a, b) => b.run.startedAt - a.run.startedAt).slice(0, limit);
}

function readNextFinished(db: Database, { slug, startedAt, id }: Run): Run | null {
	const row = prepared<RunRow>(
		db,
		`${selectRun}
		WHERE job_id = (SELECT id FROM job WHERE slug = $slug) AND kind = 'backup' AND outcome <> 'running'
			AND started_at >= $startedAt AND (started_at > $startedAt OR run.id > $id)
		ORDER BY started_at, run.id LIMIT 1`,
	).get({ slug, startedAt, id });
	return row === null ? null : runOf(row);
}
