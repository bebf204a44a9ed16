// Addresses of runs and of lists of them: what is asked for stands in the query, in one order, and only where it differs.
import { type RunsAsked, type RunsField, runsFields } from "../../runs-page.ts";

export const nothingAsked: RunsAsked = {
	q: "",
	job: "",
	host: "",
	kind: "",
	outcome: "",
	label: "",
	from: "",
	to: "",
	older: "",
	newer: "",
};

/** The same question with some fields changed; a changed filter begins at the newest run again. */
export function runsPath(asked: RunsAsked, changed: Partial<RunsAsked> = {}): string {
	const whole = { ...asked, older: "", newer: "", ...changed };
	const query = new URLSearchParams();
	for (const field of runsFields) if (whole[field] !== "") query.set(field, whole[field]);
	const text = query.toString();
	return text === "" ? "/runs" : `/runs?${text}`;
}

/** Exactly this question, with the place it is read from. */
export function pathOfRuns(asked: RunsAsked): string {
	return runsPath(asked, { older: asked.older, newer: asked.newer });
}

export function runPath(id: number): string {
	return `/runs/${id}`;
}

/** The filters among the fields: what can hide a run. */
export function filtersOf(asked: RunsAsked): RunsField[] {
	return runsFields.filter((field) => field !== "older" && field !== "newer" && asked[field] !== "");
}

/** Where a job's name leads. */
export function jobPath(slug: string): string {
	return `/jobs/${encodeURIComponent(slug)}`;
}
