// Everything the overview page shows, read in a handful of questions whose cost does not grow with the runs.

import type { Database } from "bun:sqlite";
import type { Alert } from "../alert.ts";
import type { Job } from "../job.ts";
import { Kept } from "../kept.ts";
import type { Ladder } from "../ladder.ts";
import { compareNeeds } from "../needs.ts";
import type { JobRef, JobsFilter, Overview, OverviewAlert, OverviewJob, Point, Range, Series } from "../overview.ts";
import { averagesOf } from "../rollup.ts";
import { type Run, rate, succeeded } from "../run.ts";
import type { Settings } from "../settings.ts";
import { dayOf, dayStart } from "../time.ts";
import { decimal } from "../units.ts";
import { type VerdictJob, verdictJobs } from "../verdict.ts";
import { readOpenAlerts } from "./alerts.ts";
import { allJobs, readFirstDay } from "./daily.ts";
import { readPresentRungs } from "./inventory-look.ts";
import { findJob, readJobs } from "./jobs.ts";
import { readNight, readOverviewJobs } from "./overview-jobs.ts";
import { type Period, readPeriod, readPhases, readTotals } from "./period.ts";
import { countRejected, readRejected } from "./rejected.ts";
import { restoreFact } from "./restore.ts";
import { readFailures, readFinished, readNewest } from "./runs.ts";
import { readSizeTotals, type SizeTotals } from "./size-totals.ts";
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
	const per = today - firstDay < weeklyFrom ? "day" : "week";
	const period = readPeriod(db, { jobId, from: firstDay, to: lastDay(today), per, zone });
	const newest = newestWithPhases(readFinished(db, job?.id ?? null, 10));
	const isOneJob = job !== null || jobs.length <= 1;
	const archived = new Set(judged.flatMap((row) => (row.judgement.state === "archived" ? [row.slug] : [])));
	const kept = all.filter(({ slug }) => !archived.has(slug)).map(({ id }) => id);
	const sizes = isOneJob
		? null
		: readSizeTotals(db, kept, { from: firstDay, today, to: lastDay(today), zone, newest: newestSizes(all, judged) });
	const series = isOneJob ? seriesOfJob(db, job?.id ?? null, period, dayStart(firstDay, zone)) : period.series;
	return {
		now,
		zone,
		job: job === null ? null : { slug: job.slug, name: job.name, host: job.host },
		jobs,
		range,
		from: dayStart(firstDay, zone),
		totals: averagesOf(period.sum),
		before: range === "all" ? null : readTotals(db, jobId, firstDay - Number(range), firstDay - 1),
		series: sizes === null ? series : withTotals(series, sizes, today, zone),
		newest,
		usualPhases: newest === null ? {} : readUsualPhases(db, newest, today),
		judged,
		filter,
		alerts: alerts
			.filter(({ parentId }) => parentId === null || !alerts.some(({ id }) => id === parentId))
			.map((alert) => shownAlert(alert, alerts, all)),
		night: readNight(db, now - nightMs),
		totalSize: sizes?.of(today) ?? null,
		restore,
		recent: readNewest(db, job?.id ?? null, recentRuns),
		failures: readFailures(db, job?.id ?? null, shownFailures),
		trend: period.trend,
		rejected: { total: countRejected(db), lines: readRejected(db, shownRejected) },
		lines: findSource(db, question.metricsFile)?.line ?? 0,
	};
}

/** Bytes of the newest good backup, by the id of its job. */
function newestSizes(jobs: readonly Job[], judged: readonly OverviewJob[]): Map<number, number> {
	const sizes = new Map(judged.flatMap(({ slug, good }) => (good?.size == null ? [] : [[slug, good.size]])));
	return new Map(
		jobs.flatMap(({ id, slug }) => {
			const size = sizes.get(slug);
			return size === undefined ? [] : [[id, size]];
		}),
	);
}

/** Every job in the order in which it needs somebody, with all open alerts. */
function readJudgedJobs(
	db: Database,
	jobs: readonly Job[],
	{ now, zone, settings }: Pick<OverviewQuestion, "now" | "zone" | "settings">,
) {
	const alerts = readOpenAlerts(db);
	const restore = restoreFact(db, settings, now, decimal, jobs);
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
function withTotals(series: Series, sizes: SizeTotals, today: number, zone: string): Series {
	if (series.per === "week") {
		// The last day of the week that has been.
		const of = (at: number) => sizes.of(Math.min(dayOf(at, zone) + 6, today));
		return { ...series, points: series.points.map((point) => withSize(point, of(point.at))) };
	}
	const points = new Map(series.points.map((point) => [dayOf(point.at, zone), point]));
	for (const day of sizes.days()) {
		const size = sizes.of(day);
		const point = points.get(day);
		if (point !== undefined) points.set(day, withSize(point, size));
		else if (day <= today) {
			const at = dayStart(day, zone);
			points.set(day, sizesAlone.of(at, at, size));
		}
	}
	return { ...series, points: [...points].sort(([a], [b]) => a - b).map(([, point]) => point) };
}

// Days that are over are the same objects from one answer to the next: what is drawn of them need not be drawn again.
const sizedPoints = new WeakMap<Point, Point>();
const sizesAlone = new Kept(
	1000,
	(at: number, size: number | null): Point => ({
		at,
		runs: 0,
		failed: 0,
		duration: null,
		size,
		throughput: null,
		runId: null,
	}),
);

function withSize(point: Point, size: number | null): Point {
	const known = sizedPoints.get(point);
	if (known !== undefined && known.size === size) return known;
	const made = { ...point, size };
	sizedPoints.set(point, made);
	return made;
}

// Reports from clocks that run ahead are dated tomorrow; they belong to what is seen today.
const lastDay = (today: number) => today + 1;

function newestWithPhases(runs: Run[]): Run | null {
	return (
		runs.find((run) => succeeded(run) && run.phases.length > 0) ?? runs.find((run) => run.phases.length > 0) ?? null
	);
}

/** What each phase of a run's job took on average over 30 days, in seconds. */
function readUsualPhases(db: Database, run: Run, today: number): Record<string, number> {
	const job = findJob(db, run.slug);
	if (job === null) return {};
	return readPhases(db, job.id, today - 30, lastDay(today));
}

/** One job with few runs is drawn run by run; with many, or of years, by day or week as several jobs are. */
function seriesOfJob(db: Database, jobId: number | null, { sum, series }: Period, since: number): Series {
	if (sum.succeeded + sum.warned + sum.failed > mostRunPoints) return series;
	return { per: "run", points: readFinished(db, jobId, mostRunPoints, since).reverse().map(pointOfRun) };
}

const runPoints = new WeakMap<Run, Point>();

function pointOfRun(run: Run): Point {
	const known = runPoints.get(run);
	if (known !== undefined) return known;
	const isGood = succeeded(run);
	const point: Point = {
		at: run.startedAt,
		runs: 1,
		failed: isGood ? 0 : 1,
		duration: isGood ? run.duration : null,
		size: isGood ? run.size : null,
		throughput: isGood ? rate(run.size, run.duration) : null,
		runId: run.id,
	};
	runPoints.set(run, point);
	return point;
}
