// How runs are asked for: the parameters of `/api/runs` and of the exports, and what they mean to the store.
import type { Database } from "bun:sqlite";
import { type Kind, kinds, type Outcome, outcomes } from "../run.ts";
import { findJob } from "../store/jobs.ts";
import type { Label, RunFilter } from "../store/run-filter.ts";
import type { Cursor } from "../store/run-search.ts";
import { parseTimestamp } from "../time.ts";
import { type Parameters, readQuery, type Values } from "./schema.ts";

/** Most runs one answer holds. */
export const mostRuns = 365;
const usualRuns = 50;

export const filterParameters: Parameters = {
	job: { type: "string", description: "Slug of a job, else its name." },
	host: { type: "string", description: "Exactly this host." },
	kind: { type: "string", enum: kinds, description: "What the run did." },
	outcome: { type: "string", enum: outcomes, description: "How it ended; `running` has not." },
	label: {
		type: "string",
		description: "A label of the report, `name=value`; `name` alone with any value.",
	},
	since: { type: "string", format: "instant", description: "Began at this time or later; ISO 8601 or Unix time." },
	until: { type: "string", format: "instant", description: "Began before this time." },
	q: {
		type: "string",
		description: "Text in the backup id, job, error, warnings, repository, snapshot id or log; capitals do not matter.",
	},
};

const cursorPattern = /^[0-9a-z]{1,11}-[0-9a-z]{1,11}$/;

export const pageParameters: Parameters = {
	...filterParameters,
	limit: {
		type: "integer",
		minimum: 1,
		maximum: mostRuns,
		default: usualRuns,
		description: `Most runs to answer; more than ${mostRuns} means ${mostRuns}.`,
	},
	cursor: {
		type: "string",
		pattern: cursorPattern.source,
		description: "`next` of the page before. It stays valid, whatever arrives meanwhile.",
	},
};

export type RunQuery = { filter: RunFilter; limit: number; after: Cursor | null };
export type ReadRunQuery = { ok: true; query: RunQuery } | { ok: false; status: 404 | 422; message: string };

export function readRunQuery(
	db: Database,
	parameters: Parameters,
	search: URLSearchParams,
	zone: string,
): ReadRunQuery {
	const read = readQuery(parameters, search, (text) => parseTimestamp(text, zone));
	if (!read.ok) return { ok: false, status: 422, message: read.message };
	const { values } = read;
	const address = textOf(values, "job");
	const job = address === null ? null : findJob(db, address);
	if (job === null && address !== null) return { ok: false, status: 404, message: "No job has this name." };
	const cursor = textOf(values, "cursor");
	return {
		ok: true,
		query: {
			filter: {
				jobId: job?.id ?? null,
				host: textOf(values, "host"),
				kind: kinds.find((kind): kind is Kind => kind === values.kind) ?? null,
				outcome: outcomes.find((outcome): outcome is Outcome => outcome === values.outcome) ?? null,
				label: parseLabel(textOf(values, "label")),
				since: numberOf(values, "since"),
				until: numberOf(values, "until"),
				text: textOf(values, "q"),
			},
			limit: numberOf(values, "limit") ?? usualRuns,
			after: cursor === null ? null : parseCursor(cursor),
		},
	};
}

function textOf(values: Values, name: string): string | null {
	const value = values[name] ?? null;
	return value === null ? null : String(value);
}

function numberOf(values: Values, name: string): number | null {
	const value = values[name] ?? null;
	return value === null ? null : Number(value);
}

/** "place=attic", or "place" for any value of it. */
export function parseLabel(text: string | null): Label | null {
	if (text === null) return null;
	const mark = text.indexOf("=");
	if (mark === -1) return { name: text.trim(), value: null };
	return { name: text.slice(0, mark).trim(), value: text.slice(mark + 1).trim() };
}

export function formatCursor({ at, id }: Cursor): string {
	return `${at.toString(36)}-${id.toString(36)}`;
}

/** What `formatCursor` wrote, or null. */
export function readCursor(text: string | null): Cursor | null {
	return text !== null && cursorPattern.test(text) ? parseCursor(text) : null;
}

function parseCursor(text: string): Cursor {
	const [at = "", id = ""] = text.split("-");
	return { at: bounded(at), id: bounded(id) };
}

// Eleven digits to the base 36 can be more than SQLite's whole numbers hold.
function bounded(text: string): number {
	return Math.min(Number.parseInt(text, 36), Number.MAX_SAFE_INTEGER);
}
