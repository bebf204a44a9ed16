// Every job as a row of the overview: what the watch stored of it, its newest runs and its last thirty days. A handful of
// questions for all jobs together; nothing is judged here, and nothing that is read grows with the runs.
import type { Database } from "bun:sqlite";
import type { Alert, AlertKind } from "../alert.ts";
import { dueDaysOf } from "../due-days.ts";
import type { Job } from "../job.ts";
import { type DaySums, driftOfDays, jobDays, medianOf, weeklyChange } from "../job-days.ts";
import type { Judgement, Plan } from "../judge.ts";
import { ladderOf, type Rung } from "../ladder.ts";
import type { NightRun, Oddity, OverviewJob, ShortRun } from "../overview.ts";
import { type Settings, settingsOf } from "../settings.ts";
import { stateOf } from "../state.ts";
import { dayOf } from "../time.ts";
import { prepared } from "./database.ts";
import { readDecisions, undecided, untilNextRun } from "./decisions.ts";
import type { RestoreFact } from "./restore.ts";
import { readStandings } from "./standings.ts";
import { readWatched, type Watched } from "./watched.ts";

type Asked = {
	/** The third rung, by the job's id. */
	present: ReadonlyMap<number, Rung>;
	now: number;
	zone: string;
	settings: Pick<Settings, "jobs">;
	restore: Pick<RestoreFact, "jobs" | "rungs">;
};

/** Days of a strip. */
const stripDays = 30;
/** Days looked at for what is usual and what drifts. */
const pastDays = 45;

export function readOverviewJobs(
	db: Database,
	jobs: readonly Job[],
	open: readonly Alert[],
	asked: Asked,
): OverviewJob[] {
	const { now, zone, settings, restore, present } = asked;
	const watched = readWatched(db);
	const unjudged = readUnjudgedJobs(db);
	const newest = readNewestRuns(db, "newest");
	const isGood = (run: ShortRun | undefined) => run?.outcome === "success" || run?.outcome === "warning";
	const isAnyRunning = [...newest.values()].some(({ outcome }) => outcome === "running");
	const isAnyFailed = [...newest.values()].some((run) => !isGood(run));
	const finished = isAnyRunning ? readNewestRuns(db, "finished") : newest;
	const good = isAnyFailed ? readNewestRuns(db, "good") : newest;
	const decisions = readDecisions(db);
	const labels = readLabels(db, newest);
	const today = dayOf(now, zone);
	const days = readDaysOfJobs(db, today - pastDays + 1, today + 1);
	const alertsOf = Map.groupBy(open, ({ jobId }) => jobId);
	// Retention may have deleted the last good run; the sums of its day are still there.
	const isAnyLost = jobs.some(({ id }) => newest.has(id) && !good.has(id));
	const known = isAnyLost
		? new Map(readStandings(db, zone, now).map(({ job, lastSuccessAt }) => [job.id, lastSuccessAt]))
		: null;
	return jobs.map((job) => {
		const { id, slug, name, host } = job;
		const fixed = settingsOf(settings, job);
		const found = watched.get(id) ?? null;
		const newestRun = newest.get(id) ?? null;
		const finishedRun = finished.get(id) ?? null;
		const goodRun = good.get(id) ?? null;
		const decision = decisions.get(id) ?? undecided;
		const running = newestRun?.outcome === "running" ? newestRun : null;
		const judgement = judgementOf(job, found, unjudged.has(id), newestRun, finishedRun);
		const lastGoodAt = goodRun === null ? (known?.get(id) ?? null) : endOf(goodRun);
		const plausibility =
			found?.plausibility == null || goodRun === null
				? null
				: { at: endOf(goodRun), findings: found.plausibility.findings, learning: learningWords(found) };
		const sums = days.get(id) ?? [];
		const sized = sums.flatMap(({ day, size }) => (size === null || day <= today - stripDays ? [] : [{ day, size }]));
		const timed = sums.flatMap(({ duration }) => (duration === null ? [] : [duration]));
		const usualDuration = medianOf(timed.slice(-stripDays));
		const anchor = judgement.dueAt ?? (running ?? finishedRun)?.startedAt ?? job.createdAt;
		const from = today - stripDays + 1;
		const missedAt = judgement.missed?.firstAt ?? null;
		const { pausedUntil } = decision;
		const isPaused = pausedUntil !== null && pausedUntil > now;
		return {
			slug,
			name,
			host,
			title: fixed?.title ?? null,
			labels: { ...labels.get(id), ...fixed?.labels },
			judgement,
			ladder: ladderOf({
				judgement,
				lastGoodAt,
				plausibility,
				...rungOf("present", present.get(id)),
				...rungOf("restorable", restore.rungs.get(slug)),
			}),
			oddity: oddityOf(plausibility?.findings ?? [], alertsOf.get(id) ?? [], { goodRun, sized, usualDuration }),
			pausedUntil: !isPaused ? null : pausedUntil === untilNextRun ? Number.POSITIVE_INFINITY : pausedUntil,
			lastGoodAt,
			rpo: fixed?.rpo ?? null,
			rto: fixed?.rto ?? null,
			running,
			finished: finishedRun,
			good: goodRun,
			days: jobDays(sums, {
				from,
				today,
				firstDay: Math.min(dayOf(job.createdAt, zone), sums[0]?.day ?? Number.POSITIVE_INFINITY),
				dueDays: dueDays(judgement.plan, anchor, from, today, zone),
				missedDay: missedAt === null ? null : dayOf(missedAt, zone),
				isRunning: running !== null,
				usualDuration,
			}),
			sizes: sized.map(({ size }) => size),
			sizePerWeek: weeklyChange(sized),
			usualDuration,
			drift: driftOfDays(sums, today),
			restore: restore.jobs.get(slug) ?? null,
		};
	});
}

/** A rung that nothing is known of is left to the ladder. */
function rungOf<Name extends "present" | "restorable">(
	name: Name,
	rung: Rung | undefined,
): Partial<Record<Name, Rung>> {
	const rungs: Partial<Record<Name, Rung>> = {};
	if (rung !== undefined) rungs[name] = rung;
	return rungs;
}

function learningWords({ plausibility }: Watched): string | null {
	const learning = plausibility?.learning ?? null;
	return learning === null
		? null
		: `Still learning: ${learning.have} of ${learning.need} good backups to compare with.`;
}

function endOf(run: ShortRun): number {
	return run.endedAt ?? run.startedAt;
}

const unplanned: Plan = {
	schedule: { type: "none" },
	source: "assumed",
	startGrace: 0,
	maxRuntime: 0,
	words: "no rhythm is known yet",
};

/** The stored judgement; where a newer report waits to be judged, the state is what that report says. */
function judgementOf(
	job: Job,
	found: Watched | null,
	isWaiting: boolean,
	newest: ShortRun | null,
	finished: ShortRun | null,
): Judgement {
	if (found !== null && !isWaiting) return found.judgement;
	const state = stateOf(newest, finished);
	const plan = found?.judgement.plan ?? unplanned;
	const since = finished?.startedAt ?? newest?.startedAt ?? job.createdAt;
	const reason = newest === null ? "It has not run yet." : "Its newest report has not been judged yet.";
	return { state, since, reason, plan, dueAt: null, deadlineAt: null, missed: null, checkAt: null };
}

/** Kinds that a state of the job tells already, or that are not about one. */
const toldByState: readonly AlertKind[] = [
	"failed",
	"missed",
	"stuck",
	"stale",
	"rejected_input",
	"refused_reports",
	"channel_broken",
];

type Seen = { goodRun: ShortRun | null; sized: { size: number }[]; usualDuration: number | null };

/** The worst thing that looks wrong: of the newest backup, or of an alert that is still open. */
function oddityOf(
	findings: readonly { kind: AlertKind; severity: Alert["severity"] }[],
	alerts: readonly Alert[],
	{ goodRun, sized, usualDuration }: Seen,
): Oddity | null {
	const odd = [...findings, ...alerts.filter(({ kind }) => !toldByState.includes(kind))];
	const worst =
		odd.find(({ severity }) => severity === "critical") ?? odd.find(({ severity }) => severity === "warning");
	if (worst === undefined || worst.severity === "info") return null;
	const { kind, severity } = worst;
	const isBelow = (value: number | null, usual: number | null) =>
		value === null || usual === null ? null : value < usual;
	if (kind === "size") {
		const isLess = isBelow(goodRun?.size ?? null, medianOf(sized.slice(0, -1).map(({ size }) => size)));
		return { kind, severity, isLess };
	}
	return { kind, severity, isLess: kind === "duration" ? isBelow(goodRun?.duration ?? null, usualDuration) : null };
}

/** Jobs of which something is stored that is not judged yet. */
function readUnjudgedJobs(db: Database): Set<number> {
	const rows = prepared<{ jobId: number }>(db, "SELECT DISTINCT job_id AS jobId FROM unjudged").all();
	return new Set(rows.map(({ jobId }) => jobId));
}

type ShortRow = ShortRun & { jobId: number; receivedAt: number };

// A job that only ever checks has thousands of runs and no backup: beyond these nothing is looked for.
const newestLookedAt = 200;

/** One seek a job. */
const newestOf = (condition: string) => `
	SELECT run.id, run.job_id AS jobId, outcome, started_at AS startedAt, ended_at AS endedAt, duration, size,
		received_at AS receivedAt
	FROM job JOIN run ON run.id = (
		SELECT id FROM (
			SELECT id, kind, outcome FROM run WHERE job_id = job.id ORDER BY started_at DESC, id DESC LIMIT ${newestLookedAt})
		WHERE kind = 'backup'${condition} LIMIT 1)`;
const newestQueries = {
	newest: newestOf(""),
	finished: newestOf(" AND outcome <> 'running'"),
	good: newestOf(" AND outcome IN ('success', 'warning')"),
};

function readNewestRuns(db: Database, which: keyof typeof newestQueries): Map<number, ShortRow> {
	const rows = prepared<ShortRow>(db, newestQueries[which]).all();
	return new Map(rows.map((row) => [row.jobId, row]));
}

type Labelled = { runId: number; receivedAt: number; labels: Record<string, string> };

// Labels stand in the report, which may be long: each report is looked into once.
const labelled = new WeakMap<Database, Map<number, Labelled>>();

/** What the newest report of each job is labelled with. */
function readLabels(db: Database, newest: ReadonlyMap<number, ShortRow>): Map<number, Record<string, string>> {
	const known = labelled.get(db) ?? new Map<number, Labelled>();
	labelled.set(db, known);
	for (const [jobId, { id, receivedAt }] of newest) {
		const before = known.get(jobId);
		if (before?.runId === id && before.receivedAt === receivedAt) continue;
		const row = prepared<{ labels: unknown }>(db, "SELECT report -> '$.labels' AS labels FROM run WHERE id = $id").get({
			id,
		});
		known.set(jobId, { runId: id, receivedAt, labels: labelsOf(row?.labels) });
	}
	return new Map([...known].map(([jobId, { labels }]) => [jobId, labels]));
}

function labelsOf(text: unknown): Record<string, string> {
	const value: unknown = typeof text === "string" ? JSON.parse(text) : null;
	if (value === null || typeof value !== "object" || Array.isArray(value)) return {};
	return Object.fromEntries(
		Object.entries(value).filter((pair): pair is [string, string] => typeof pair[1] === "string"),
	);
}

type DayRow = [
	jobId: number,
	day: number,
	succeeded: number,
	warned: number,
	failed: number,
	duration: number | null,
	size: number | null,
];

/** The sums of every job on the days `from` to `to` (inclusive), oldest first. */
function readDaysOfJobs(db: Database, from: number, to: number): Map<number, DaySums[]> {
	const rows = prepared(
		db,
		`SELECT job_id, day, succeeded, warned, failed, CASE WHEN durations > 0 THEN duration_sum / durations END,
			CASE WHEN sizes > 0 THEN size_sum / sizes END
		FROM daily WHERE day BETWEEN $from AND $to AND job_id <> 0 AND succeeded + warned + failed > 0 ORDER BY day`,
	).values({ from, to }) as DayRow[];
	const jobs = new Map<number, DaySums[]>();
	for (const [jobId, day, succeeded, warned, failed, duration, size] of rows) {
		const sums = { day, succeeded, warned, failed, duration, size };
		const days = jobs.get(jobId);
		if (days === undefined) jobs.set(jobId, [sums]);
		else days.push(sums);
	}
	return jobs;
}

// The slots of a schedule on thirty days are the same all day long, and working them out is most of the cost of a page.
const slotDays = new Map<string, Map<number, number> | null>();

function dueDays(plan: Plan, anchor: number, from: number, to: number, zone: string): Map<number, number> | null {
	const { schedule, startGrace } = plan;
	if (schedule.type !== "cron" && schedule.type !== "every") return null;
	const phase = schedule.type === "every" ? anchor % (schedule.seconds * 1000) : 0;
	const key = `${JSON.stringify(schedule)} ${startGrace} ${phase} ${from} ${zone}`;
	let days = slotDays.get(key);
	if (days === undefined) {
		if (slotDays.size > 2000) slotDays.clear();
		days = dueDaysOf(plan, anchor, { from, to, zone });
		slotDays.set(key, days);
	}
	return days;
}

// A job of every minute has 1,440 of them; more than this shows nothing more.
const nightRuns = 800;

/** Backups that began since an instant, oldest first. */
export function readNight(db: Database, since: number): NightRun[] {
	return prepared<NightRun>(
		db,
		`SELECT run.id, job.slug, outcome, started_at AS startedAt, ended_at AS endedAt, duration, size
		FROM run JOIN job ON job.id = run.job_id WHERE started_at >= $since AND kind = 'backup'
		ORDER BY started_at DESC, run.id DESC LIMIT ${nightRuns}`,
	)
		.all({ since })
		.reverse();
}
