// The new normal: odd runs in a row that are like each other are, after a while, what is usual.

import type { PlausibilityLimits } from "./plausibility.ts";
import { measureOf, type Past, pastOf } from "./plausibility-baseline.ts";
import { type Comparison, type Context, compareAfresh } from "./plausibility-rule.ts";
import { proposalWords } from "./plausibility-words.ts";
import { median } from "./statistics.ts";
import type { Units } from "./units.ts";

export type Proposal = {
	kind: "rebase";
	/** Start of the first of the runs that are alike. */
	from: number;
	sentence: string;
	/** Said once, by the run that makes it so; what was odd about it is not any more. */
	taken: boolean;
};

const proposedAt = 3;
const takenAt = 5;
const alike = 0.1;

/**
 * Nothing is proposed of empty runs, of drops while learning, and of what is only worth a note. Each run before is judged
 * by what came before it, as it was when it was new.
 */
export function proposalOf(
	lead: Comparison,
	{ runs, start }: Past,
	limits: PlausibilityLimits,
	context: Context,
	units: Units,
): Proposal | null {
	if (lead.isEmpty || !lead.isUsual || lead.severity === "info") return null;
	const values = [lead.value];
	let from = 0;
	for (let i = start; i < runs.length && values.length < takenAt; i++) {
		const run = runs[i];
		const value = run === undefined ? null : measureOf(run, lead.series);
		if (run === undefined || value === null || !areAlike([...values, value])) break;
		const past = pastOf(run.startedAt, runs, i + 1, limits.zone);
		const found = compareAfresh(lead.series, value, past, limits, context);
		if (found === null || found.severity === null || found.direction !== lead.direction) break;
		values.push(value);
		from = run.startedAt;
	}
	if (values.length < proposedAt) return null;
	const taken = values.length >= takenAt;
	const value = median(values) ?? lead.value;
	return {
		kind: "rebase",
		from,
		taken,
		sentence: proposalWords(lead, { value, count: values.length, isTaken: taken }, units),
	};
}

function areAlike(values: number[]): boolean {
	const middle = median(values) ?? 0;
	return values.every((value) => Math.abs(value - middle) <= alike * middle);
}
