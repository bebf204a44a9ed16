// The sums of a period as the overview draws them. Days that are over are added up once, and again only when one of them was
// written to: of years, the days read with a page are those since yesterday.
import type { Database } from "bun:sqlite";
import type { Point, Series, Totals, TrendCell } from "../overview.ts";
import { averagesOf, copyTotals, type DayTotals, emptyTotals, mergeTotals } from "../rollup.ts";
import { dayStart, formatDay, weekOf } from "../time.ts";
import { type Day, readDays } from "./daily.ts";
import { daysWriting, lastWriting } from "./written.ts";

/** Days since 1970, inclusive. */
export type PeriodAsked = { jobId: number; from: number; to: number; per: "day" | "week"; zone: string };
export type Period = { sum: DayTotals; series: Series; trend: TrendCell[] };

/** Days not over yet, or over so lately that reports of them may still come, tomorrow with them: clocks run ahead. */
const openDays = 4;

/** `week`: the last one, to which open days may belong. */
type Closed = {
	sum: DayTotals;
	points: readonly Point[];
	week: { first: number; totals: DayTotals } | null;
	cells: ReadonlyMap<string, TrendCell>;
};

export function readPeriod(db: Database, asked: PeriodAsked): Period {
	const { jobId, from, to, per, zone } = asked;
	const firstOpen = Math.max(from, to - openDays + 1);
	const key = `period ${jobId} ${from} ${firstOpen} ${per} ${zone}`;
	const closed = keptUntilWritten(db, key, jobId, firstOpen - 1, () =>
		add(emptyPeriod, readDays(db, jobId, from, firstOpen - 1), asked),
	);
	const { sum, points, week, cells } = add(closed, readDays(db, jobId, firstOpen, to), asked);
	const last = week === null ? [] : [pointOf(dayStart(week.first, zone), week.totals)];
	return { sum, series: { per, points: [...points, ...last] }, trend: [...cells.values()] };
}

const emptyPeriod: Closed = { sum: emptyTotals(), points: [], week: null, cells: new Map() };

/** Leaves what is added to as it is. */
function add(before: Closed, days: readonly Day[], { per, zone }: PeriodAsked): Closed {
	const sum = copyTotals(before.sum);
	const points = [...before.points];
	const cells = new Map(before.cells);
	let week = before.week === null ? null : { ...before.week, totals: copyTotals(before.week.totals) };
	for (const { day, totals } of days) {
		mergeTotals(sum, totals);
		const first = weekOf(day);
		if (per === "day") points.push(pointOf(dayStart(day, zone), totals));
		else if (week !== null && week.first === first) mergeTotals(week.totals, totals);
		else {
			if (week !== null) points.push(pointOf(dayStart(week.first, zone), week.totals));
			week = { first, totals: copyTotals(totals) };
		}
		if (totals.failures.size > 0) addFailures(cells, formatDay(first), totals);
	}
	return { sum, points, week, cells };
}

function addFailures(cells: Map<string, TrendCell>, week: string, { failures }: DayTotals): void {
	for (const [category, count] of failures) {
		if (count <= 0) continue;
		const key = `${week} ${category}`;
		cells.set(key, { week, category, count: (cells.get(key)?.count ?? 0) + count });
	}
}

function pointOf(at: number, totals: DayTotals): Point {
	const { runs, failed, averageDuration, averageSize, averageThroughput } = averagesOf(totals);
	return {
		at,
		runs,
		failed,
		duration: averageDuration,
		size: averageSize,
		throughput: averageThroughput,
		runId: null,
	};
}

/** Figures of days that are all over; null: nothing is known of them. */
export function readTotals(db: Database, jobId: number, from: number, to: number): Totals | null {
	return keptUntilWritten(db, `totals ${jobId} ${from} ${to}`, jobId, to, () => {
		const days = readDays(db, jobId, from, to);
		return days.length === 0 ? null : averagesOf(sumOf(days));
	});
}

/** What the phases of a job took on average, in seconds. */
export function readPhases(db: Database, jobId: number, from: number, to: number): Record<string, number> {
	return keptUntilWritten(db, `phases ${jobId} ${from} ${to}`, jobId, to, () => {
		const { phases } = averagesOf(sumOf(readDays(db, jobId, from, to)));
		return Object.fromEntries(phases.flatMap(({ name, seconds }) => (seconds === null ? [] : [[name, seconds]])));
	});
}

function sumOf(days: readonly Day[]): DayTotals {
	const sum = emptyTotals();
	for (const { totals } of days) mergeTotals(sum, totals);
	return sum;
}

const kept = new WeakMap<Database, Map<string, { writing: number; made: unknown }>>();
const mostKept = 64;

/** What was made of days of a job up to one, as long as none of them is written to. `key` names all else it depends on. */
export function keptUntilWritten<Made>(db: Database, key: string, jobId: number, upTo: number, make: () => Made): Made {
	if (lastWriting(db) === null) return make();
	const known = kept.get(db) ?? new Map<string, { writing: number; made: unknown }>();
	kept.set(db, known);
	const writing = daysWriting(db, jobId, upTo);
	const found = known.get(key);
	if (found?.writing === writing) return found.made as Made;
	const made = make();
	if (found === undefined && known.size >= mostKept) known.clear();
	known.set(key, { writing, made });
	return made;
}
