// What the overview's charts draw and their tables repeat: labels made on the server, in the server's zone.
import { Kept, KeptBy } from "../kept.ts";
import type { Overview, Point } from "../overview.ts";
import { currentReader } from "../reader.ts";
import type { Run } from "../run.ts";
import { dayOf, dayStart, formatDay, weekOf } from "../time.ts";
import type { Units } from "../units.ts";
import { formatCalendar, formatDate, formatDateAt, shownZone } from "./time-element.ts";

/** Columns of equal length; null where a run failed or nothing ran. */
export type SeriesData = {
	/** Short, for the axis; several runs of a day share one. */
	labels: string[];
	/** Full, for the tooltip and the table. */
	titles: string[];
	duration: (number | null)[];
	size: (number | null)[];
	throughput: (number | null)[];
	failed: number[];
	runs: number[];
};

export type TrendData = {
	labels: string[];
	titles: string[];
	categories: { name: string; colour: number; counts: number[] }[];
};

/** `colour` is a place in the palette of phases; 0 is the neutral one for time that no phase accounts for. */
export type PhaseData = { name: string; seconds: number; share: number; usual: number | null; colour: number };

/** What the page's script reads; its twin is public/charts.js. */
export type ChartData = { iec: boolean; series: SeriesData; trend: TrendData };

/** `stretches`: the series in pieces, each the same object while nothing in it has changed. */
export type Charts = { data: ChartData; stretches: SeriesData[]; phases: PhaseData[] };

export function chartsOf(data: Overview, units: Units): Charts {
	const { newest } = data;
	const stretches = seriesStretches(data);
	return {
		data: {
			iec: units.iec,
			series: joined(stretches),
			trend: keptTrend(data),
		},
		stretches,
		phases: newest === null ? [] : phaseData(newest, data.usualPhases),
	};
}

export function chartData(data: Overview, units: Units): ChartData {
	return chartsOf(data, units).data;
}

type Drawn = Pick<Overview, "series" | "now" | "zone" | "jobs" | "job">;

export function seriesData(data: Drawn): SeriesData {
	return joined(seriesStretches(data));
}

const stretchLength = 30;
const drawnStretches = new KeptBy<SeriesData>(80);

/** A year has a dozen, of which a new report changes the last. */
function seriesStretches(data: Drawn): SeriesData[] {
	const points = withGaps(data);
	const { now, zone, series, job } = data;
	const shown = shownZone(zone);
	const times = [series.per, dayOf(now, shown), dayOf(now, zone), zone, shown, currentReader().locale];
	const stretches: SeriesData[] = [];
	for (let from = 0; from < points.length; from += stretchLength) {
		const some = points.slice(from, from + stretchLength);
		const key = `${job?.slug ?? ""} ${points.length} ${from}`;
		stretches.push(drawnStretches.of(key, [...times, ...some], () => stretchOf(some, data)));
	}
	return stretches;
}

function stretchOf(points: readonly Point[], data: Drawn): SeriesData {
	const { per } = data.series;
	const title = (point: Point) => {
		if (per === "run") return formatCalendar(point.at, data);
		return per === "day" ? formatDate(point.at, data) : `Week of ${formatDate(point.at, data)}`;
	};
	return {
		labels: points.map(({ at }) => (per === "run" ? formatDateAt(at, data) : formatDate(at, data))),
		titles: points.map(title),
		duration: points.map(({ duration }) => fourDigits(duration)),
		size: points.map(({ size }) => fourDigits(size)),
		throughput: points.map(({ throughput }) => fourDigits(throughput)),
		failed: points.map(({ failed }) => failed),
		runs: points.map(({ runs }) => runs),
	};
}

function joined(stretches: readonly SeriesData[]): SeriesData {
	return {
		labels: stretches.flatMap(({ labels }) => labels),
		titles: stretches.flatMap(({ titles }) => titles),
		duration: stretches.flatMap(({ duration }) => duration),
		size: stretches.flatMap(({ size }) => size),
		throughput: stretches.flatMap(({ throughput }) => throughput),
		failed: stretches.flatMap(({ failed }) => failed),
		runs: stretches.flatMap(({ runs }) => runs),
	};
}

/** More than a pixel or a label can show; averages would bring seventeen. */
function fourDigits(value: number | null): number | null {
	return value === null ? null : Number(value.toPrecision(4));
}

const dayMs = 86_400_000;

/** Days, weeks or a single job's runs that did not happen keep their place, up to now: a hole must look like one. */
function withGaps({ series, now, zone, jobs, job }: Drawn): Point[] {
	const { per } = series;
	const points = series.points.toSorted((a, b) => a.at - b.at);
	const isOneJob = job !== null || jobs.length === 1;
	if (points.length === 0 || (per === "run" && !isOneJob)) return points;
	const gaps = points.slice(1).map((point, i) => point.at - (points[i]?.at ?? point.at));
	const step = per === "day" ? dayMs : per === "week" ? 7 * dayMs : median(gaps);
	if (step < 60_000) return points;

	const filled: Point[] = [];
	for (const [i, point] of points.entries()) {
		filled.push(point);
		const next = points[i + 1]?.at ?? now;
		// What is due today may still come: the last hole begins where a whole step has passed.
		const holes = Math.min(400, (points[i + 1] ? Math.round : Math.floor)((next - point.at) / step) - 1);
		for (let n = 1; n <= holes; n++) filled.push(holeAt(atStep(point.at, n)));
	}
	return filled;

	function atStep(at: number, n: number): number {
		if (per === "run") return at + n * step;
		return dayStart(dayOf(at, zone) + n * (per === "week" ? 7 : 1), zone);
	}
}

const holes = new Kept(1000, (at: number): Point => {
	return { at, runs: 0, failed: 0, duration: null, size: null, throughput: null, runId: null };
});

function holeAt(at: number): Point {
	return holes.of(at, at);
}

function median(values: number[]): number {
	return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
}

const knownPhases = ["snapshot", "archive", "volumes", "upload"];
const categoriesShown = 4;

const keptTrends = new KeptBy<TrendData>(8);

/** A failure is rare, and so is a new week. */
function keptTrend({ trend, from, now, zone, range, job }: Overview): TrendData {
	const weeks = [range === "all" ? null : weekOf(dayOf(from, zone)), weekOf(dayOf(now, zone)), dayOf(now, "UTC")];
	const inputs = [JSON.stringify(trend), ...weeks, zone, currentReader().locale];
	return keptTrends.of(`${job?.slug ?? ""} ${range}`, inputs, () => trendData({ trend, from, now, zone, range }));
}

/** Every week of the period, with or without failures; the four largest categories and the rest. */
export function trendData({
	trend,
	from,
	now,
	zone,
	range,
}: Pick<Overview, "trend" | "from" | "now" | "zone" | "range">): TrendData {
	const totals = new Map<string, number>();
	for (const { category, count } of trend) totals.set(category, (totals.get(category) ?? 0) + count);
	const byCount = [...totals].sort((a, b) => b[1] - a[1]).map(([name]) => name);
	const shown = byCount.length > categoriesShown + 1 ? byCount.slice(0, categoriesShown) : byCount;
	const names = shown.length < byCount.length ? [...shown, "other"] : shown;

	const weeks = weeksOf(
		range === "all" ? null : from,
		trend.map((cell) => cell.week),
		now,
		zone,
	);
	const counts = names.map(() => weeks.map(() => 0));
	for (const cell of trend) {
		const row = counts[shown.includes(cell.category) ? shown.indexOf(cell.category) : names.length - 1];
		const column = weeks.indexOf(cell.week);
		if (row) row[column] = (row[column] ?? 0) + cell.count;
	}
	const clock = { now, zone: "UTC" };
	const colours = categoryColours(names);
	return {
		labels: weeks.map((week) => formatDate(Date.parse(week), clock)),
		titles: weeks.map((week) => `Week of ${formatDate(Date.parse(week), clock)}`),
		categories: names.map((name, i) => ({ name, colour: colours[i] ?? 0, counts: counts[i] ?? [] })),
	};
}

/** A category named like a phase has the phase's colour; "other" is neutral; the rest take what is free. */
function categoryColours(names: string[]): number[] {
	const free = [2, 3, 4, 6, 1, 5].filter((colour) => !names.some((name) => knownPhases.indexOf(name) + 1 === colour));
	return names.map((name) => {
		const known = knownPhases.indexOf(name);
		return known >= 0 ? known + 1 : name === "other" ? 0 : (free.shift() ?? 0);
	});
}

function weeksOf(from: number | null, named: string[], now: number, zone: string): string[] {
	const weeks = new Set(named);
	const last = weekOf(dayOf(now, zone));
	const firstNamed = named.length === 0 ? last : Math.min(...named.map((week) => Date.parse(week) / dayMs));
	const first = Math.max(from === null ? firstNamed : weekOf(dayOf(from, zone)), last - 7 * 520);
	for (let week = first; week <= last; week += 7) weeks.add(formatDay(week));
	return [...weeks].sort();
}

/** Phases keep their colour from run to run: the four of the contract have their own, the others take what is free. */
export function phaseColours(names: readonly string[]): number[] {
	const free = [5, 6, 2, 4, 3, 1].filter((colour) => !names.some((name) => knownPhases.indexOf(name) + 1 === colour));
	let others = 0;
	return names.map((name) => {
		const known = knownPhases.indexOf(name);
		return known >= 0 ? known + 1 : (free[others++ % free.length] ?? 0);
	});
}

export function phaseData(run: Run, usual: Record<string, number>): PhaseData[] {
	const measured = run.phases.reduce((sum, phase) => sum + phase.seconds, 0);
	// Phases may overlap, and a run may do things that no phase names: the whole is whichever is longer.
	const whole = Math.max(measured, run.duration ?? 0);
	const colours = phaseColours(run.phases.map(({ name }) => name));
	const phases = run.phases.map(({ name, seconds }, i) => ({
		name,
		seconds,
		share: whole > 0 ? seconds / whole : 0,
		usual: Object.hasOwn(usual, name) ? (usual[name] ?? null) : null,
		colour: colours[i] ?? 0,
	}));
	const rest = whole - measured;
	if (whole > 0 && rest / whole >= 0.01) {
		phases.push({ name: "not in a phase", seconds: rest, share: rest / whole, usual: null, colour: 0 });
	}
	return phases;
}
