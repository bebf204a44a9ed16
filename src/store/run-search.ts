// Finds runs by what they are, newest first, page after page: a cursor names the run a page ended with, so that what
// arrives meanwhile moves nothing.
import type { Database } from "bun:sqlite";
import type { Kind, Outcome, Run } from "../run.ts";
import { prepared } from "./database.ts";
import { type RunRow, runColumns, runOf, selectRun } from "./runs.ts";

/** Where a page ended: the start of its last run and its key. */
export type Cursor = { at: number; id: number };

export type RunFilter = {
	jobId: number | null;
	host: string | null;
	kind: Kind | null;
	outcome: Outcome | null;
	/** Unix milliseconds, inclusive. */
	since: number | null;
	/** Unix milliseconds, exclusive. */
	until: number | null;
	/** Part of the id, the job's name, the error, the repository, the snapshot or the log; letters of either case. */
	text: string | null;
};

/** `next` is null when there is nothing more; a page that ended early has fewer runs, or none, and a `next`. */
export type Page = { runs: Run[]; next: Cursor | null };

// One question looks at no more runs than these: while it searches, nothing else is answered. Reading text is slow.
const mostRead = 200_000;
const mostSearched = 20_000;
/** Nearly always enough; what follows is four times as large each time. */
const firstWindow = 1000;

const start: Cursor = { at: Number.MAX_SAFE_INTEGER, id: Number.MAX_SAFE_INTEGER };

export function searchRuns(db: Database, filter: RunFilter, limit: number, after: Cursor | null = null): Page {
	const runs: Run[] = [];
	let next = after;
	let left = filter.text === null ? mostRead : mostSearched;
	for (let size = Math.max(firstWindow, limit + 1); left > 0; size *= 4) {
		const window = Math.min(size, left);
		const page = readWindow(db, filter, limit - runs.length, next ?? start, window);
		runs.push(...page.runs);
		next = page.next;
		if (next === null || runs.length >= limit) break;
		left -= window;
	}
	return { runs, next };
}

const within = "started_at >= $since AND started_at <= $at AND (started_at < $at OR run.id < $id)";
const ofJob = (jobId: number | null) => (jobId === null ? "" : "job_id = $jobId AND ");

/** What is found among the next `window` runs behind a cursor. */
function readWindow(db: Database, filter: RunFilter, limit: number, from: Cursor, window: number): Page {
	const { jobId, host, kind, text, until } = filter;
	const isBefore = until !== null && until <= from.at;
	const at = isBefore ? until - 1 : from.at;
	const id = isBefore ? start.id : from.id;
	const question = { jobId, since: filter.since ?? 0, at, id };
	const end = prepared<Cursor>(
		db,
		`SELECT started_at AS at, id FROM run WHERE ${ofJob(jobId)}${within}
		ORDER BY started_at DESC, id DESC LIMIT 1 OFFSET $window`,
	).get({ ...question, window: window - 1 });
	const rows = prepared<RunRow>(db, searchSql(filter)).all({
		...question,
		endAt: end?.at ?? 0,
		endId: end?.id ?? 0,
		host,
		kind,
		pattern: text === null ? null : `%${text.replace(/[\\%_]/g, "\\$&")}%`,
		// One more tells whether there is a next page.
		limit: limit + 1,
	});
	const page = rows.slice(0, limit);
	const last = page.at(-1);
	const next = rows.length > limit && last !== undefined ? { at: last.started_at, id: last.id } : end;
	return { runs: page.map(runOf), next };
}

function searchSql({ jobId, host, kind, outcome, text }: RunFilter): string {
	const wanted = [
		`${ofJob(jobId)}${within}`,
		"(started_at > $endAt OR started_at = $endAt AND run.id >= $endId)",
		host === null ? "" : "job.host = $host",
		kind === null ? "" : "kind = $kind",
		// Written out, not bound: only so does SQLite know that the index of failures has them all.
		outcome === null ? "" : `outcome = '${outcome}'`,
		text === null ? "" : containsText,
	];
	return `SELECT ${runColumns} FROM run CROSS JOIN job ON job.id = run.job_id
		WHERE ${wanted.filter(Boolean).join(" AND ")}
		ORDER BY started_at DESC, run.id DESC LIMIT $limit`;
}

const searched = ["error_message", "repository", "log"].map((field) => `report ->> '$.${field}'`);
const containsText = `(${["backup_id", "job.name", "error_category", "snapshot_id", ...searched]
	.map((value) => `${value} LIKE $pattern ESCAPE '\\'`)
	.join(" OR ")})`;

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

export const anyRun: RunFilter = {
	jobId: null,
	host: null,
	kind: null,
	outcome: null,
	since: null,
	until: null,
	text: null,
};

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
