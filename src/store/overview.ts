// Everything the overview page shows, read in a handful of questions whose cost does not grow with the runs.

import type { Database } from "bun:sqlite";
import type { Alert } from "../alert.ts";
import type { Job } from "../job.ts";
import type { Ladder } from "../ladder.ts";
import type {
	JobRef,
	JobsFilter,
	Overview,
	OverviewAlert,
	Point,
	Range,
	Series,
	Totals,
	TrendCell,
} from "../overview.ts";
import { averagesOf, type DayTotals, emptyTotals, mergeTotals } from "../rollup.ts";
import { type Run, rate, succeeded } from "../run.ts";
import type { Settings } from "../settings.ts";
import { dayOf, dayStart, formatDay, weekOf } from "../time.ts";
import { compareNeeds, type VerdictJob, verdictJobs } from "../verdict.ts";
import { readOpenAlerts } from "./alerts.ts";
import { allJobs, type Day, readDays, readFirstDay } from "./daily.ts";
import { readPresentRungs } from "./inventory-look.ts";
import { findJob, readJobs } from "./jobs.ts";
import { readNight, readOverviewJobs } from "./overview-jobs.ts";
import { countRejected, readRejected } from "./rejected.ts";
import { restoreFact } from "./restore.ts";
import { readFailures, readFinished, readNewest } from "./runs.ts";
import { readSizeTotals } from "./size-totals.ts";
import { findSource } from "./sources.ts";

export type OverviewQuestion = {
	now: number;
	zone: string;
	/** Slug or name of the job that figures and charts are about; null for all jobs. */
	job: string | null;
	range: Range;
	metricsFile: string;
	/** Which jobs are listed. */
	filter: JobsFilter;
	settings: Pick<Settings, "jobs">;
};

/** What the store knows; the monitor adds what it knows about itself. */
export type StoredOverview = Omit<Overview, "problems" | "retentionDays" | "source" | "channels"> & { lines: number };

const recentRuns = 12;
const shownFailures = 10;
const shownRejected = 20;
const nightMs = 24 * 3_600_000;
const weeklyFrom = 400;
const mostRunPoints = 120;

/** null when the job asked for does not exist. */
export function readOverview(db: Database, question: OverviewQuestion): StoredOverview | null {
	const { now, zone, range, filter } = question;
	const job = question.job === null ? null : findJob(db, question.job);
	if (job === null && question.job !== null) return null;
	const all = readJobs(db);
	const jobs: JobRef[] = all.map(({ slug, name, host }) => ({ slug, name, host }));
	const { judged, alerts, restore } = readJudgedJobs(db, all, question);
	const today = dayOf(now, zone);
	const firstDay = range === "all" ? Math.min(readFirstDay(db) ?? today, today) : today - Number(range) + 1;
	const jobId = job?.id ?? allJobs;
	const days = readDays(db, jobId, firstDay, lastDay(today));
	const newest = newestWithPhases(readFinished(db, job?.id ?? null, 10));
	const isOneJob = job !== null || jobs.length <= 1;
	const archived = new Set(judged.flatMap((row) => (row.judgement.state === "archived" ? [row.slug] : [])));
	const kept = all.filter(({ slug }) => !archived.has(slug)).map(({ id }) => id);
	const sizes = isOneJob ? null : readSizeTotals(db, kept, { from: firstDay, to: lastDay(today), zone });
	const series = seriesOf(db, isOneJob, job?.id ?? null, days, firstDay, today, zone);
	return {
		now,
		zone,
		job: job === null ? null : { slug: job.slug, name: job.name, host: job.host },
		jobs,
		range,
		from: dayStart(firstDay, zone),
		totals: averagesOf(sumOf(days)),
		before: range === "all" ? null : readBefore(db, jobId, firstDay, Number(range)),
		series: sizes === null ? series : withTotals(series, sizes, today, zone),
		newest,
		usualPhases: newest === null ? {} : readUsualPhases(db, newest, today),
		judged,
		filter,
		alerts: alerts
			.filter(({ parentId }) => parentId === null || !alerts.some(({ id }) => id === parentId))
			.map((alert) => shownAlert(alert, alerts, all)),
		night: readNight(db, now - nightMs),
		totalSize: sizes?.get(today) ?? null,
		restore,
		recent: readNewest(db, job?.id ?? null, recentRuns),
		failures: readFailures(db, job?.id ?? null, shownFailures),
		trend: trendOf(days),
		rejected: { total: countRejected(db), lines: readRejected(db, shownRejected) },
		lines: findSource(db, question.metricsFile)?.line ?? 0,
	};
}

/** Every job in the order in which it needs somebody, with all open alerts. */
function readJudgedJobs(
	db: Database,
	jobs: readonly Job[],
	{ now, zone, settings }: Pick<OverviewQuestion, "now" | "zone" | "settings">,
) {
	const alerts = readOpenAlerts(db);
	const restore = restoreFact(db, settings, now);
	const present = readPresentRungs(db, jobs, settings, { zone }, now);
	const judged = readOverviewJobs(db, jobs, alerts, { now, zone, settings, restore, present });
	const told = new Map(verdictJobs(judged).map((job) => [job.slug, job]));
	const of = (slug: string) => told.get(slug) as VerdictJob;
	return { alerts, restore: restore.restore, judged: judged.sort((a, b) => compareNeeds(of(a.slug), of(b.slug))) };
}

/** The jobs as the sentence on top of the overview sees them, for whoever repeats it elsewhere. */
export function readVerdictJobs(
	db: Database,
	question: Pick<OverviewQuestion, "now" | "zone" | "settings">,
): VerdictJob[] {
	return verdictJobs(readJudgedJobs(db, readJobs(db), question).judged);
}

/** The proof ladder of every job, by slug. */
export function readLadders(
	db: Database,
	question: Pick<OverviewQuestion, "now" | "zone" | "settings">,
): Map<string, Ladder> {
	return new Map(readJudgedJobs(db, readJobs(db), question).judged.map(({ slug, ladder }) => [slug, ladder]));
}

function shownAlert(alert: Alert, open: readonly Alert[], jobs: readonly Job[]): OverviewAlert {
	const { id, kind, severity, sentence, runId, openedAt, acknowledgedAt, acknowledgedUntil, snoozedUntil } = alert;
	const slug = jobs.find((job) => job.id === alert.jobId)?.slug ?? null;
	const speaksFor = open.filter(({ parentId }) => parentId === id).length;
	return {
		id,
		kind,
		severity,
		sentence,
		runId,
		openedAt,
		acknowledgedAt,
		acknowledgedUntil,
		snoozedUntil,
		slug,
		speaksFor,
	};
}

/** Sizes become what all last good backups were together; a day without a run has its total too. */
function withTotals(series: Series, sizes: ReadonlyMap<number, number>, today: number, zone: string): Series {
	if (series.per === "week") {
		// The last day of the week that has been.
		const of = (at: number) => sizes.get(Math.min(dayOf(at, zone) + 6, today)) ?? null;
		return { ...series, points: series.points.map((point) => ({ ...point, size: of(point.at) })) };
	}
	const points = new Map(series.points.map((point) => [dayOf(point.at, zone), point]));
	for (const [day, size] of sizes) {
		const point = points.get(day);
		if (point !== undefined) points.set(day, { ...point, size });
		else if (day <= today) {
			const at = dayStart(day, zone);
			points.set(day, { at, runs: 0, failed: 0, duration: null, size, throughput: null, runId: null });
		}
	}
	return { ...series, points: [...points].sort(([a], [b]) => a - b).map(([, point]) => point) };
}

// Reports from clocks that run ahead are dated tomorrow; they belong to what is seen today.
const lastDay = (today: number) => today + 1;

function sumOf(days: Day[]): DayTotals {
	const sum = emptyTotals();
	for (const { totals } of days) mergeTotals(sum, totals);
	return sum;
}

function readBefore(db: Database, jobId: number, firstDay: number, length: number): Totals | null {
	const days = readDays(db, jobId, firstDay - length, firstDay - 1);
	return days.length === 0 ? null : averagesOf(sumOf(days));
}

function newestWithPhases(runs: Run[]): Run | null {
	return (
		runs.find((run) => succeeded(run) && run.phases.length > 0) ?? runs.find((run) => run.phases.length > 0) ?? null
	);
}

/** What each phase of a run's job took on average over 30 days, in seconds. */
function readUsualPhases(db: Database, run: Run, today: number): Record<string, number> {
	const job = findJob(db, run.slug);
	if (job === null) return {};
	const { phases } = averagesOf(sumOf(readDays(db, job.id, today - 30, lastDay(today))));
	return Object.fromEntries(phases.flatMap(({ name, seconds }) => (seconds === null ? [] : [[name, seconds]])));
}

/** One job with few runs is drawn run by run; several jobs, or years, by day or week. */
function seriesOf(
	db: Database,
	isOneJob: boolean,
	jobId: number | null,
	days: Day[],
	firstDay: number,
	today: number,
	zone: string,
): Series {
	const runs = days.reduce((sum, { totals }) => sum + totals.succeeded + totals.warned + totals.failed, 0);
	if (isOneJob && runs <= mostRunPoints) {
		const since = dayStart(firstDay, zone);
		return { per: "run", points: readFinished(db, jobId, mostRunPoints, since).reverse().map(pointOfRun) };
	}
	if (today - firstDay < weeklyFrom) {
		return { per: "day", points: days.map(({ day, totals }) => pointOf(dayStart(day, zone), totals)) };
	}
	const weeks = new Map<number, DayTotals>();
	for (const { day, totals } of days) {
		const sum = weeks.get(weekOf(day)) ?? emptyTotals();
		mergeTotals(sum, totals);
		weeks.set(weekOf(day), sum);
	}
	return { per: "week", points: [...weeks].map(([day, totals]) => pointOf(dayStart(day, zone), totals)) };
}

function pointOfRun(run: Run): Point {
	const isGood = succeeded(run);
	return {
		at: run.startedAt,
		runs: 1,
		failed: isGood ? 0 : 1,
		duration: isGood ? run.duration : null,
		size: isGood ? run.size : null,
		throughput: isGood ? rate(run.size, run.duration) : null,
		runId: run.id,
	};
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

function trendOf(days: Day[]): TrendCell[] {
	const cells = new Map<string, TrendCell>();
	for (const { day, totals } of days) {
		const week = formatDay(weekOf(day));
		for (const [category, count] of totals.failures) {
			if (count <= 0) continue;
			const cell = cells.get(`${week} ${category}`) ?? { week, category, count: 0 };
			cell.count += count;
			cells.set(`${week} ${category}`, cell);
		}
	}
	return [...cells.values()];
}
