// Every job as a row of the overview: what the watch stored of it, its newest runs and its last thirty days. A handful of
// questions for all jobs together; nothing is judged here, and nothing that is read grows with the runs.
import type { Database } from "bun:sqlite";
import type { Alert, AlertKind } from "../alert.ts";
import { dueDaysOf } from "../due-days.ts";
import { type Job, maxJobs } from "../job.ts";
import { type DaySums, driftOfDays, jobDays, medianOf, weeklyChange } from "../job-days.ts";
import type { Judgement, Plan } from "../judge.ts";
import { Kept } from "../kept.ts";
import { ladderOf, type Rung } from "../ladder.ts";
import type { NightRun, Oddity, OverviewJob, RestoreTime, ShortRun } from "../overview.ts";
import { type JobSettings, type Settings, settingsOf } from "../settings.ts";
import { stateOf } from "../state.ts";
import { dayOf } from "../time.ts";
import { prepared } from "./database.ts";
import { readDecisions, undecided, untilNextRun } from "./decisions.ts";
import { readLastGood } from "./last-good.ts";
import { readRecentDays } from "./recent-days.ts";
import type { RestoreFact } from "./restore.ts";
import { readWatched, type Watched } from "./watched.ts";
import { lastWriting, runsWriting } from "./written.ts";

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
	const isAnyRunning = [...newest.values()].some(({ outcome }) => outcome === "running");
	const isAnyFailed = [...newest.values()].some((run) => !isGood(run));
	const finished = isAnyRunning ? readNewestRuns(db, "finished") : newest;
	const good = isAnyFailed ? readNewestRuns(db, "good") : newest;
	const decisions = readDecisions(db);
	const labels = readLabels(db, newest);
	const today = dayOf(now, zone);
	const days = readRecentDays(db, today - pastDays + 1, today + 1);
	const alertsOf = Map.groupBy(open, ({ jobId }) => jobId);
	return jobs.map((job) => {
		const { id, slug } = job;
		const { pausedUntil } = decisions.get(id) ?? undecided;
		const isPaused = pausedUntil !== null && pausedUntil > now;
		// Retention may have deleted the last good run; the sums of its day are still there.
		const isLost = newest.has(id) && !good.has(id);
		return overviewJobs.of(
			id,
			sameJobs.of(id, id, slug, job.name, job.host, job.createdAt),
			settingsOf(settings, job),
			watched.get(id) ?? null,
			unjudged.has(id),
			newest.get(id) ?? null,
			finished.get(id) ?? null,
			good.get(id) ?? null,
			isLost ? readLastGood(db, id, today, zone) : null,
			labels.get(id) ?? noLabels,
			openAlerts.of(id, ...(alertsOf.get(id) ?? []).flatMap(({ kind, severity }) => [kind, severity])),
			!isPaused ? null : pausedUntil === untilNextRun ? Number.POSITIVE_INFINITY : pausedUntil,
			sameRung("present", id, present.get(id)),
			sameRung("restorable", id, restore.rungs.get(slug)),
			restore.jobs.get(slug) ?? null,
			days.get(id) ?? noDays,
			today,
			zone,
		);
	});
}

const isGood = (run: ShortRun) => run.outcome === "success" || run.outcome === "warning";

const noLabels: Record<string, string> = {};
const noDays: DaySums[] = [];

// What is read anew each time is put back to the same object while its values are the same, so that what was made of it
// need not be made again.
const sameJobs = new Kept(maxJobs, (id: number, slug: string, name: string, host: string, createdAt: number): Job => {
	return { id, slug, name, host, createdAt };
});
const sameRungs = new Kept(2 * maxJobs, (state: Rung["state"], at: number | null, sentence: string): Rung => {
	return { state, at, sentence };
});
type OpenAlert = { kind: AlertKind; severity: Alert["severity"] };
const openAlerts = new Kept(maxJobs, (...words: readonly string[]): OpenAlert[] => {
	const alerts: OpenAlert[] = [];
	for (let i = 0; i < words.length; i += 2) {
		alerts.push({ kind: words[i] as AlertKind, severity: words[i + 1] as Alert["severity"] });
	}
	return alerts;
});

function sameRung(name: string, jobId: number, rung: Rung | undefined): Rung | null {
	return rung === undefined ? null : sameRungs.of(`${name} ${jobId}`, rung.state, rung.at, rung.sentence);
}

/** Everything that a row is made of. Of the moment it is asked at it knows the day alone. */
type JobFacts = readonly [
	job: Job,
	fixed: JobSettings | null,
	found: Watched | null,
	isWaiting: boolean,
	newest: ShortRun | null,
	finished: ShortRun | null,
	good: ShortRun | null,
	/** Set where no good run is there. */
	lostGoodAt: number | null,
	labels: Record<string, string>,
	alerts: readonly OpenAlert[],
	pausedUntil: number | null,
	present: Rung | null,
	restorable: Rung | null,
	restore: RestoreTime | null,
	sums: readonly DaySums[],
	today: number,
	zone: string,
];

const overviewJobs = new Kept<JobFacts, OverviewJob>(maxJobs, makeOverviewJob);

function makeOverviewJob(...facts: JobFacts): OverviewJob {
	const [job, fixed, found, isWaiting, newest, finished, good, lostGoodAt, labels, alerts, pausedUntil, ...more] =
		facts;
	const [present, restorable, restore, sums, today, zone] = more;
	const { slug, name, host } = job;
	const running = newest?.outcome === "running" ? newest : null;
	const judgement = judgementOf(job, found, isWaiting, newest, finished);
	const lastGoodAt = good === null ? lostGoodAt : endOf(good);
	const plausibility =
		found?.plausibility == null || good === null
			? null
			: { at: endOf(good), findings: found.plausibility.findings, learning: learningWords(found) };
	const sized = sums.flatMap(({ day, size }) => (size === null || day <= today - stripDays ? [] : [{ day, size }]));
	const timed = sums.flatMap(({ duration }) => (duration === null ? [] : [duration]));
	const usualDuration = medianOf(timed.slice(-stripDays));
	const anchor = judgement.dueAt ?? (running ?? finished)?.startedAt ?? job.createdAt;
	const from = today - stripDays + 1;
	const missedAt = judgement.missed?.firstAt ?? null;
	return {
		slug,
		name,
		host,
		title: fixed?.title ?? null,
		labels: { ...labels, ...fixed?.labels },
		judgement,
		ladder: ladderOf({
			judgement,
			lastGoodAt,
			plausibility,
			...(present !== null && { present }),
			...(restorable !== null && { restorable }),
		}),
		oddity: oddityOf(plausibility?.findings ?? [], alerts, { goodRun: good, sized, usualDuration }),
		pausedUntil,
		lastGoodAt,
		rpo: fixed?.rpo ?? null,
		rto: fixed?.rto ?? null,
		running,
		finished,
		good,
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
		restore,
	};
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
	findings: readonly OpenAlert[],
	alerts: readonly OpenAlert[],
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

type ShortRow = [
	id: number,
	jobId: number,
	outcome: ShortRun["outcome"],
	startedAt: number,
	endedAt: number | null,
	duration: number | null,
	size: number | null,
];

const sameRuns = new Kept(
	3 * maxJobs,
	(
		id: number,
		outcome: ShortRun["outcome"],
		startedAt: number,
		endedAt: number | null,
		duration: number | null,
		size: number | null,
	): ShortRun => ({ id, outcome, startedAt, endedAt, duration, size }),
);

// A job that only ever checks has thousands of runs and no backup: beyond these nothing is looked for.
const newestLookedAt = 200;

/** One seek a job. */
const newestOf = (condition: string) => `
	SELECT run.id, run.job_id, outcome, started_at, ended_at, duration, size
	FROM job JOIN run ON run.id = (
		SELECT id FROM (
			SELECT id, kind, outcome FROM run WHERE job_id = job.id ORDER BY started_at DESC, id DESC LIMIT ${newestLookedAt})
		WHERE kind = 'backup'${condition} LIMIT 1)`;
const newestQueries = {
	newest: newestOf(""),
	finished: newestOf(" AND outcome <> 'running'"),
	good: newestOf(" AND outcome IN ('success', 'warning')"),
};

function readNewestRuns(db: Database, which: keyof typeof newestQueries): Map<number, ShortRun> {
	const rows = prepared(db, newestQueries[which]).values() as ShortRow[];
	return new Map(rows.map(([id, jobId, ...rest]) => [jobId, sameRuns.of(id, id, ...rest)]));
}

type Labelled = { runId: number; writing: number; labels: Record<string, string> };

// Labels stand in the report, which may be long: each report is looked into once.
const labelled = new WeakMap<Database, Map<number, Labelled>>();

/** What the newest report of each job is labelled with. */
function readLabels(db: Database, newest: ReadonlyMap<number, ShortRun>): Map<number, Record<string, string>> {
	const isKeeping = lastWriting(db) !== null;
	const known = labelled.get(db) ?? new Map<number, Labelled>();
	labelled.set(db, known);
	const labels = new Map<number, Record<string, string>>();
	for (const [jobId, { id }] of newest) {
		const writing = runsWriting(db, jobId);
		let found = known.get(jobId);
		if (!isKeeping || found?.runId !== id || found.writing !== writing) {
			found = { runId: id, writing, labels: readLabelsOf(db, id) };
			if (isKeeping) known.set(jobId, found);
		}
		labels.set(jobId, found.labels);
	}
	return labels;
}

function readLabelsOf(db: Database, runId: number): Record<string, string> {
	const sql = "SELECT report -> '$.labels' AS labels FROM run WHERE id = $runId";
	return labelsOf(prepared<{ labels: unknown }>(db, sql).get({ runId })?.labels);
}

function labelsOf(text: unknown): Record<string, string> {
	const value: unknown = typeof text === "string" ? JSON.parse(text) : null;
	if (value === null || typeof value !== "object" || Array.isArray(value)) return {};
	return Object.fromEntries(
		Object.entries(value).filter((pair): pair is [string, string] => typeof pair[1] === "string"),
	);
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
