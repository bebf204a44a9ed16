// What the page of runs is asked for: the form's texts, what they mean to the store, and the same for the exports.
import type { Database } from "bun:sqlite";
import { type Kind, kinds, type Outcome, outcomes } from "../run.ts";
import { type RunsAsked, type RunsField, type RunsTrouble, runsFields } from "../runs-page.ts";
import { findJob } from "../store/jobs.ts";
import type { RunFilter } from "../store/run-filter.ts";
import { anyRun } from "../store/run-search.ts";
import { dayOf, dayStart, formatInstant, parseTimestamp } from "../time.ts";
import { nothingAsked } from "./pages/runs-path.ts";
import { parseLabel } from "./run-query.ts";

const mostText = 256;

/** The fields as they were typed; white space around them asks for nothing. */
export function readAsked(search: URLSearchParams): RunsAsked {
	const asked = { ...nothingAsked };
	for (const field of runsFields) asked[field] = (search.get(field) ?? "").trim().slice(0, mostText);
	return asked;
}

export type Understood = { ok: true; filter: RunFilter } | { ok: false; trouble: RunsTrouble };

/** What cannot be understood is said, never left out: a filter that does nothing would show the wrong runs. */
export function understand(db: Database, asked: RunsAsked, zone: string): Understood {
	const fail = (field: RunsField, reason: string): Understood => ({ ok: false, trouble: { field, reason } });
	const job = asked.job === "" ? null : findJob(db, asked.job);
	if (job === null && asked.job !== "") return fail("job", "No job has this name.");
	const kind = kinds.find((known): known is Kind => known === asked.kind) ?? null;
	if (kind === null && asked.kind !== "") return fail("kind", `It is not one of ${kinds.join(", ")}.`);
	const outcome = outcomes.find((known): known is Outcome => known === asked.outcome) ?? null;
	if (outcome === null && asked.outcome !== "") return fail("outcome", `It is not one of ${outcomes.join(", ")}.`);
	const label = parseLabel(asked.label === "" ? null : asked.label);
	if (label?.name === "") return fail("label", "A label has a name: place=attic, or place alone.");
	const from = dayNamed(asked.from);
	if (from === null && asked.from !== "") return fail("from", "It is not a day such as 2026-01-31.");
	const to = dayNamed(asked.to);
	if (to === null && asked.to !== "") return fail("to", "It is not a day such as 2026-01-31.");
	if (from !== null && to !== null && to < from) return fail("to", "It lies before the first day.");
	return {
		ok: true,
		filter: {
			...anyRun,
			jobId: job?.id ?? null,
			host: asked.host === "" ? null : asked.host,
			kind,
			outcome,
			label,
			since: from === null ? null : dayStart(from, zone),
			until: to === null ? null : dayStart(to + 1, zone),
			text: asked.q === "" ? null : asked.q,
		},
	};
}

/** Days since 1970. */
function dayNamed(text: string): number | null {
	const at = /^\d{4}-\d\d-\d\d$/.test(text) ? parseTimestamp(`${text}T00:00:00Z`, "UTC") : null;
	return at === null ? null : dayOf(at, "UTC");
}

/** The same question to /api/runs.csv and /api/runs.jsonl, which know instants instead of days. */
export function exportQueryOf(asked: RunsAsked, { since, until }: RunFilter, zone: string): string {
	const query = new URLSearchParams();
	for (const field of ["job", "host", "kind", "outcome", "label", "q"] as const) {
		if (asked[field] !== "") query.set(field, asked[field]);
	}
	if (since !== null) query.set("since", formatInstant(since, zone));
	if (until !== null) query.set("until", formatInstant(until, zone));
	const text = query.toString();
	return text === "" ? "" : `?${text}`;
}
