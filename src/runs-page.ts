// What the page of all runs shows, as plain data: what was asked for, as the form holds it, and what was found.
import type { JobRef, Problem } from "./overview.ts";
import type { Run } from "./run.ts";

/** The fields of the form, as text; "" asks for nothing. `older` and `newer` say from which run on to read. */
export const runsFields = ["q", "job", "host", "kind", "outcome", "label", "from", "to", "older", "newer"] as const;
export type RunsField = (typeof runsFields)[number];
export type RunsAsked = Record<RunsField, string>;

/** A field whose value cannot be used, and why, for people. */
export type RunsTrouble = { field: RunsField; reason: string };

export type RunsPage = {
	now: number;
	zone: string;
	asked: RunsAsked;
	/** The first field that cannot be used; then nothing was looked for. */
	trouble: RunsTrouble | null;
	jobs: JobRef[];
	hosts: string[];
	runs: Run[];
	/** How many there are; null where only reading all of them could tell. */
	count: { runs: number; isMore: boolean } | null;
	/** How many there are without any filter; null: the database is not open. */
	total: { runs: number; isMore: boolean } | null;
	/** Cursors. `newer` is null on the first page. */
	newer: string | null;
	older: string | null;
	/** The search stopped at this instant with less than a page: the next one goes on there. */
	searchedTo: number | null;
	/** Parameters of /api/runs.csv and /api/runs.jsonl for the same runs; null where nothing can be asked. */
	exportQuery: string | null;
	problems: Problem[];
	retentionDays: number;
	openAlerts?: number;
	source: { path: string; checkedAt: number | null; lines: number };
};
