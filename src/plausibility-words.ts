// The sentences in which an odd run is told: numbers and what they usually are, never a measure of oddness.
import type { Baseline, Series } from "./plausibility-baseline.ts";
import type { Comparison } from "./plausibility-rule.ts";
import { decimal, formatBytes, formatCount, formatDuration, plural, type Units } from "./units.ts";

function amount(series: Series, value: number, units: Units): string {
	switch (series.of) {
		case "size":
		case "bytes_added":
			return formatBytes(value, units);
		case "files_total":
			return value < 0.5 ? "no files" : plural(Math.round(value), "file");
		default:
			return formatDuration(value);
	}
}

/** The same without the noun, where it was just said. */
function usualAmount(series: Series, value: number, units: Units): string {
	return series.of === "files_total" ? formatCount(value) : amount(series, value, units);
}

function phaseName(name: string): string {
	return name.length > 40 ? `${name.slice(0, 39)}…` : name;
}

/**
 * "41.0 MB, usually 402 MB; the dump phase took 2 s instead of 1 min 40 s." `limit` is a further clause, `aside` what else
 * was as it always is.
 */
export function findingWords(
	lead: Comparison,
	others: Comparison[],
	{ limit = "", aside = "", units = decimal }: { limit?: string; aside?: string; units?: Units },
): string {
	const also = others.map((other) => mention(other, units)).join(", ");
	return `${opening(lead, units)}${limit}${also === "" ? "" : `; ${also}`}${aside}.`;
}

function opening({ series, value, against, isUsual, direction, isEmpty }: Comparison, units: Units): string {
	const usual = isUsual
		? `usually ${usualAmount(series, against, units)}`
		: `${amount(series, against, units)} the time before`;
	const now = amount(series, value, units);
	switch (series.of) {
		case "size":
			return isEmpty ? `Empty: ${now}, ${usual}` : `${now}, ${usual}`;
		case "bytes_added":
			return isEmpty ? `Nothing was added, ${usual}` : `${now} added, ${usual}`;
		case "files_total":
			return isEmpty ? `No files, ${usual}` : `${now}, ${usual}`;
		case "duration":
			return direction < 0 ? `Finished suspiciously fast: ${now}, ${usual}` : `Took ${now}, ${usual}`;
		case "phase":
			return `The ${phaseName(series.name)} phase took ${direction < 0 ? "only " : ""}${now}, ${usual}`;
	}
}

function mention({ series, value, against }: Comparison, units: Units): string {
	const words = `${amount(series, value, units)} instead of ${usualAmount(series, against, units)}`;
	switch (series.of) {
		case "size":
			return `the size was ${words}`;
		case "bytes_added":
			return `it added ${words}`;
		case "files_total":
			return `it had ${words}`;
		case "duration":
			return `it took ${words}`;
		case "phase":
			return `the ${phaseName(series.name)} phase took ${words}`;
	}
}

export type Limit = { of: "min_size" | "max_size" | "max_runtime"; value: number };

/** "less than the 100 MB set as its smallest size" */
function limitClause({ of, value }: Limit, units: Units): string {
	if (of === "max_runtime") return `longer than the ${formatDuration(value)} set as its longest run`;
	const [comparison, noun] = of === "min_size" ? ["less", "smallest"] : ["more", "largest"];
	return `${comparison} than the ${formatBytes(value, units)} set as its ${noun} size`;
}

export function limitAside(limit: Limit, units: Units): string {
	return `, and ${limitClause(limit, units)}`;
}

export function limitWords(limit: Limit, value: number, units: Units): string {
	const now = limit.of === "max_runtime" ? `Took ${formatDuration(value)}` : formatBytes(value, units);
	return `${now}, ${limitClause(limit, units)}.`;
}

export function variableWords(series: Series, { n, lowest, highest }: Baseline, units: Units): string {
	const what = series.of === "size" ? "Its size" : "What it adds";
	const between = `between ${formatBytes(lowest, units)} and ${formatBytes(highest, units)} in ${plural(n, "run")}`;
	return `${what} varies too much to be judged: ${between}. Only empty runs and limits that are set count.`;
}

/** `value` is the middle of the `count` runs that are alike. */
export function proposalWords(
	{ series, against }: Comparison,
	{ value, count, isTaken }: { value: number; count: number; isTaken: boolean },
	units: Units,
): string {
	const now = amount(series, value, units) + (series.of === "bytes_added" ? " added" : "");
	const phase = series.of === "phase" ? ` in the ${phaseName(series.name)} phase` : "";
	const seen = `${plural(count, "run")} in a row had about ${now}${phase} instead of ${usualAmount(series, against, units)}`;
	return isTaken ? `${seen}: that counts as usual from now on.` : `${seen}. If it will stay so, mark it as expected.`;
}
