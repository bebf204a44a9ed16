// Few findings from many odd measures: what shrank or grew together is one finding that names the rest.
import type { AlertKind, Finding, Severity } from "./alert.ts";
import { compareSeverities } from "./alert.ts";
import type { Measured, PlausibilityLimits } from "./plausibility.ts";
import { isTime, type Series } from "./plausibility-baseline.ts";
import type { Comparison } from "./plausibility-rule.ts";
import { findingWords, type Limit, limitAside, limitWords } from "./plausibility-words.ts";
import type { Units } from "./units.ts";

/** What moved the same way, and the measure that speaks for it. */
export type Group = { lead: Comparison & { severity: Severity }; others: Comparison[]; severity: Severity };

/** The earlier explains the later: fewer files make a smaller, a smaller a shorter run. */
const rank: Record<Series["of"], number> = { size: 0, files_total: 1, bytes_added: 2, duration: 3, phase: 4 };

export function groupsOf(comparisons: Comparison[]): Group[] {
	return [groupOf(comparisons, -1), groupOf(comparisons, 1)].filter((group) => group !== null);
}

function groupOf(comparisons: Comparison[], direction: -1 | 1): Group | null {
	const together = comparisons.filter((one) => one.direction === direction).sort(byRank);
	const lead = together.find(isOdd);
	if (lead === undefined) return null;
	const others = together.filter((one) => one !== lead && one.isUsual);
	return { lead, others: mentioned(lead, others), severity: severityOf(lead, others) };
}

function isOdd(one: Comparison): one is Comparison & { severity: Severity } {
	return one.severity !== null;
}

function byRank(a: Comparison, b: Comparison): number {
	return rank[a.series.of] - rank[b.series.of] || difference(b) - difference(a);
}

function difference({ value, against }: Comparison): number {
	return Math.abs(value - against);
}

/** More data takes more time: then the time makes it no worse. */
function severityOf(lead: Comparison & { severity: Severity }, others: Comparison[]): Severity {
	const isData = !isTime(lead.series);
	return others
		.filter(isOdd)
		.filter(({ series }) => !isData || !isTime(series))
		.reduce((worst, { severity }) => (compareSeverities(severity, worst) > 0 ? severity : worst), lead.severity);
}

/**
 * All that is data; of times the one that says most: the phase in which most of the difference lies, or the whole run. After
 * a phase, the other odd phases.
 */
function mentioned(lead: Comparison, others: Comparison[]): Comparison[] {
	const data = others.filter(({ series }) => !isTime(series));
	const phases = others.filter(({ series }) => series.of === "phase");
	const whole = others.find(({ series }) => series.of === "duration");
	if (isTime(lead.series)) return [...data, ...phases.slice(0, 3)];
	const [phase] = phases;
	const time =
		phase !== undefined && (whole === undefined || difference(phase) * 2 >= difference(whole)) ? phase : whole;
	return time === undefined ? data : [...data, time];
}

type Breach = { limit: Limit; value: number; severity: Severity; series: Series["of"]; direction: -1 | 1 };

export function limitFindings(run: Measured, { minSize, maxSize, maxRuntime }: PlausibilityLimits): Breach[] {
	const breaches: Breach[] = [];
	const add = (of: Limit["of"], value: number, limit: number, severity: Severity) => {
		const series = of === "max_runtime" ? "duration" : "size";
		breaches.push({ limit: { of, value: limit }, value, severity, series, direction: of === "min_size" ? -1 : 1 });
	};
	const { size, duration } = run;
	if (size !== null && minSize !== null && size < minSize) add("min_size", Math.max(0, size), minSize, "critical");
	if (size !== null && Number.isFinite(size) && maxSize !== null && size > maxSize)
		add("max_size", size, maxSize, "warning");
	if (duration !== null && Number.isFinite(duration) && maxRuntime !== null && duration > maxRuntime) {
		add("max_runtime", duration, maxRuntime, "warning");
	}
	return breaches;
}

const kindOf: Record<Series["of"], AlertKind> = {
	size: "size",
	bytes_added: "size",
	files_total: "files",
	duration: "duration",
	phase: "phase",
};

/** One finding for each group, and one for each limit that no group speaks of. `phases`: how many of them are judged. */
export function toFinding(run: Measured, groups: Group[], breaches: Breach[], phases: number, units: Units): Finding[] {
	const since = run.startedAt + 1000 * Math.max(0, finiteOr(run.duration, 0));
	const findings: Finding[] = [];
	const add = (kind: AlertKind, key: string, severity: Severity, sentence: string) =>
		findings.push({ kind, key, severity, sentence, runId: run.runId, since });
	for (const { lead, others, severity } of groups) {
		const { series, direction } = lead;
		const breach = breaches.find((one) => one.series === series.of && one.direction === direction);
		const limit = breach === undefined ? "" : limitAside(breach.limit, units);
		const aside = othersAsUsual(lead, others, phases);
		add(
			kindOf[series.of],
			keyOf(series),
			worse(severity, breach?.severity),
			findingWords(lead, others, { limit, aside, units }),
		);
	}
	for (const { limit, value, severity, series, direction } of breaches) {
		if (groups.some(({ lead }) => lead.series.of === series && lead.direction === direction)) continue;
		const sentence = limitWords(limit, value, units);
		const same = findings.find(({ kind, key }) => kind === kindOf[series] && key === "");
		// Grown in one way and shrunk in another: one alert of a kind is enough.
		if (same === undefined) add(kindOf[series], "", severity, sentence);
		else Object.assign(same, { severity: worse(same.severity, severity), sentence: `${same.sentence} ${sentence}` });
	}
	return findings;
}

/** What bytes were added is told apart from the size, which may be odd the other way. */
function keyOf(series: Series): string {
	if (series.of === "phase") return series.name;
	return series.of === "bytes_added" ? "added" : "";
}

function othersAsUsual({ series }: Comparison, others: Comparison[], phases: number): string {
	const odd = others.filter((other) => other.series.of === "phase").length + (series.of === "phase" ? 1 : 0);
	if (!isTime(series) || odd === 0 || phases <= odd) return "";
	return phases - odd === 1 ? "; the other phase was as usual" : "; the other phases were as usual";
}

function worse(a: Severity, b: Severity | undefined): Severity {
	return b !== undefined && compareSeverities(b, a) > 0 ? b : a;
}

function finiteOr(value: number | null, otherwise: number): number {
	return value !== null && Number.isFinite(value) ? value : otherwise;
}
