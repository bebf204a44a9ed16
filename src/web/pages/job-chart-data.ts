// What the job's charts draw and their tables repeat: columns of equal length, labels made in the server's zone.

import { quantile } from "../../drift.ts";
import type { JobPage, JobPoint } from "../../job-page.ts";
import { dayOf, dayStart } from "../../time.ts";
import type { Units } from "../../units.ts";
import { phaseColours } from "../chart-data.ts";
import { formatCalendar, formatDate, formatDateAt } from "../time-element.ts";

/** null where a run failed or nothing ran. */
export type JobColumns = {
	/** Short, for the axis. */
	labels: string[];
	/** Full, for the tooltip and the table. */
	titles: string[];
	runs: number[];
	failed: number[];
	duration: (number | null)[];
	/** Between these a run is as long as usual, judged by those before it; null while there are too few. */
	low: (number | null)[];
	high: (number | null)[];
	size: (number | null)[];
	added: (number | null)[];
	phases: { name: string; colour: number; seconds: (number | null)[] }[];
};

/** What the page's script reads; its twin is public/job-charts.js. */
export type JobChartData = { iec: boolean; job: JobColumns };

const phasesShown = 6;

export function jobChartData(data: Pick<JobPage, "series" | "now" | "zone">, units: Units): JobChartData {
	const points = withGaps(data);
	const { per } = data.series;
	const title = ({ at }: JobPoint) => {
		if (per === "run") return formatCalendar(at, data);
		return per === "day" ? formatDate(at, data) : `Week of ${formatDate(at, data)}`;
	};
	const duration = points.map((point) => point.duration);
	const band = usualBand(duration);
	return {
		iec: units.iec,
		job: {
			labels: points.map(({ at }) => (per === "run" ? formatDateAt(at, data) : formatDate(at, data))),
			titles: points.map(title),
			runs: points.map(({ runs }) => runs),
			failed: points.map(({ failed }) => failed),
			duration: duration.map(fourDigits),
			low: band.map((usual) => fourDigits(usual?.low ?? null)),
			high: band.map((usual) => fourDigits(usual?.high ?? null)),
			size: points.map(({ size }) => fourDigits(size)),
			added: points.map(({ bytesAdded }) => fourDigits(bytesAdded)),
			phases: phaseColumns(points),
		},
	};
}

/** More than a pixel or a label can show; averages would bring seventeen. */
function fourDigits(value: number | null): number | null {
	return value === null ? null : Number(value.toPrecision(4));
}

const lookBack = 20;
const fewestBefore = 5;

/** The middle four fifths of the runs before each one, at least 8 % to both sides: a steady job is not a thin line. */
export function usualBand(values: (number | null)[]): ({ low: number; high: number } | null)[] {
	const before: number[] = [];
	return values.map((value) => {
		const past = before.slice(-lookBack);
		if (value !== null) before.push(value);
		if (past.length < fewestBefore) return null;
		const middle = quantile(past, 0.5) ?? 0;
		return {
			low: Math.min(quantile(past, 0.1) ?? middle, middle * 0.92),
			high: Math.max(quantile(past, 0.9) ?? middle, middle * 1.08),
		};
	});
}

/** The phases that take the longest, the others together, and what no phase accounts for, in the order they ran. */
function phaseColumns(points: JobPoint[]): JobColumns["phases"] {
	const totals = new Map<string, number>();
	for (const { phases } of points) {
		for (const { name, seconds } of phases) totals.set(name, (totals.get(name) ?? 0) + seconds);
	}
	const longest = new Set(
		[...totals]
			.sort((a, b) => b[1] - a[1])
			.slice(0, phasesShown)
			.map(([name]) => name),
	);
	const names = [...totals.keys()].filter((name) => longest.has(name));
	const colours = phaseColours(names);
	const columns = names.map((name, i) => {
		return { name, colour: colours[i] ?? 0, seconds: points.map((point) => secondsOf(point, name)) };
	});
	const rest = totals.size > longest.size ? points.map((point) => fourDigits(otherSeconds(point, longest))) : [];
	const unnamed = points.map((point) => fourDigits(unnamedSeconds(point)));
	if (rest.some((seconds) => (seconds ?? 0) > 0)) columns.push({ name: "other phases", colour: 0, seconds: rest });
	if (unnamed.some((seconds) => (seconds ?? 0) > 0) && columns.length > 0) {
		columns.push({ name: "not in a phase", colour: 0, seconds: unnamed });
	}
	return columns;
}

function secondsOf({ phases }: JobPoint, name: string): number | null {
	const found = phases.filter((phase) => phase.name === name);
	return found.length === 0 ? null : fourDigits(found.reduce((sum, { seconds }) => sum + seconds, 0));
}

function otherSeconds({ phases }: JobPoint, shown: Set<string>): number | null {
	const others = phases.filter(({ name }) => !shown.has(name));
	return others.length === 0 ? null : others.reduce((sum, { seconds }) => sum + seconds, 0);
}

/** Under a hundredth of the run it is rounding, not something that nobody measured. */
function unnamedSeconds({ duration, phases }: JobPoint): number | null {
	if (duration === null) return null;
	const rest = duration - phases.reduce((sum, { seconds }) => sum + seconds, 0);
	return rest / duration >= 0.01 ? rest : null;
}

const dayMs = 86_400_000;
const mostHoles = 400;

/** What did not happen keeps its place, up to now: a hole must look like one. */
function withGaps({ series, now, zone }: Pick<JobPage, "series" | "now" | "zone">): JobPoint[] {
	const { per } = series;
	const points = series.points.toSorted((a, b) => a.at - b.at);
	const gaps = points.slice(1).map((point, i) => point.at - (points[i]?.at ?? point.at));
	const step = per === "day" ? dayMs : per === "week" ? 7 * dayMs : usualGap(gaps);
	if (step < 60_000) return points;
	const filled: JobPoint[] = [];
	for (const [i, point] of points.entries()) {
		filled.push(point);
		const next = points[i + 1]?.at;
		// What is due now may still come: the last hole begins where a whole step has passed.
		const steps = next === undefined ? Math.floor((now - point.at) / step) : Math.round((next - point.at) / step);
		for (let n = 1; n < Math.min(steps, mostHoles); n++) filled.push(hole(atStep(point.at, n)));
	}
	return filled;

	function atStep(at: number, n: number): number {
		if (per === "run") return at + n * step;
		return dayStart(dayOf(at, zone) + n * (per === "week" ? 7 : 1), zone);
	}
}

/** One that really was, not one between two: runs a day and two days apart are daily runs with one left out. */
function usualGap(gaps: number[]): number {
	return gaps.toSorted((a, b) => a - b)[Math.floor((gaps.length - 1) / 2)] ?? 0;
}

function hole(at: number): JobPoint {
	return { at, runs: 0, failed: 0, duration: null, size: null, bytesAdded: null, phases: [] };
}
