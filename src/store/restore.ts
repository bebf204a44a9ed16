// What estimates of restores rest on: the drills of a job and how its newest backups went.
import type { Database } from "bun:sqlite";
import type { Alert, Finding } from "../alert.ts";
import { type Job, maxJobs } from "../job.ts";
import { Kept } from "../kept.ts";
import type { Rung } from "../ladder.ts";
import type { RestoreTime } from "../overview.ts";
import { type BackupSpeed, type Drill, estimateRestore, isUsable, speedOf, whyUnknown } from "../restore.ts";
import { type CheckedDrill, checkEstimates } from "../restore-check.ts";
import {
	isDrillOld,
	newestGood,
	type RestoreJudged,
	restorableRung,
	restoreCheckAt,
	restoreFindingsOf,
	restoreResolution,
	rungOfDrills,
} from "../restore-findings.ts";
import { estimateLab, type LabJob, linkOf } from "../restore-lab.ts";
import type { RestoreJob } from "../restore-page.ts";
import type { Run } from "../run.ts";
import { mask, secretsRevision } from "../secrets.ts";
import { type JobSettings, type Settings, settingsOf } from "../settings.ts";
import { decimal, type Units } from "../units.ts";
import { prepared } from "./database.ts";
import { readDecisions } from "./decisions.ts";
import { readJobs } from "./jobs.ts";
import { type RunRow, runOf, selectRun } from "./runs.ts";
import { lastWriting, runsWriting } from "./written.ts";

/** Of one job; two years of monthly drills. */
const drillsRead = 24;
/** Enough for a speed that one odd night does not move. */
const backupsRead = 6;
// A job that checks each minute has thousands of runs between two backups: beyond these nothing is looked for.
const runsLookedAt = 200;

type DrillRow = {
	runId: number;
	outcome: Drill["outcome"];
	startedAt: number;
	endedAt: number | null;
	duration: number | null;
	size: number | null;
	bytesAdded: unknown;
	message: unknown;
};

/** The finished restore tests of a job, newest first. */
export function readDrills(db: Database, jobId: number): Drill[] {
	const rows = prepared<DrillRow>(
		db,
		`SELECT id AS runId, outcome, started_at AS startedAt, ended_at AS endedAt, duration, size,
			report ->> '$.bytes_added' AS bytesAdded,
			CASE WHEN outcome <> 'success' THEN coalesce(report ->> '$.error_message', report ->> '$.warning_messages[0]')
				END AS message
		FROM run WHERE job_id = $jobId AND kind = 'restore_test' AND outcome <> 'running'
		ORDER BY started_at DESC, id DESC LIMIT ${drillsRead}`,
	).all({ jobId });
	return rows.map(({ runId, outcome, startedAt, endedAt, duration, size, bytesAdded, message }) => ({
		runId,
		outcome,
		startedAt,
		endedAt: endedAt ?? startedAt,
		seconds: duration ?? (endedAt === null ? null : (endedAt - startedAt) / 1000),
		// What a copying tool transferred is what took the time; the size of the whole may have been there already.
		bytes: typeof bytesAdded === "number" ? bytesAdded : (size ?? readSizeBefore(db, jobId, startedAt)),
		message: typeof message === "string" ? mask(message) : null,
	}));
}

/** Newest first; what is looked for ends the search, so this is a handful of rows for a job that only backs up. */
const newestGoods = `SELECT id, size FROM (
		SELECT id, kind, outcome, size FROM run
		WHERE job_id = $jobId AND started_at < $before ORDER BY started_at DESC, id DESC LIMIT ${runsLookedAt})
	WHERE kind = 'backup' AND outcome IN ('success', 'warning') LIMIT $limit`;

/** The newest good backups that began before an instant. */
function readGoods(db: Database, jobId: number, before: number, limit: number): number[] {
	return prepared<{ id: number }>(db, newestGoods)
		.all({ jobId, before, limit })
		.map(({ id }) => id);
}

/** The size of the newest good backup before an instant, or null. */
function readSizeBefore(db: Database, jobId: number, before: number): number | null {
	return prepared<{ size: number | null }>(db, newestGoods).get({ jobId, before, limit: 1 })?.size ?? null;
}

type Backup = Pick<Run, "size" | "repository" | "snapshotId"> & { tool: string | null; speed: BackupSpeed };

/** The newest good backups that began before an instant, newest first. */
function readBackups(db: Database, jobId: number, before: number, limit: number): Backup[] {
	return readGoods(db, jobId, before, limit).flatMap((id) => readBackup(db, id) ?? []);
}

/** What a report tells of speed stands in its text. */
function readBackup(db: Database, id: number): Backup | null {
	const row = prepared<RunRow>(db, `${selectRun} WHERE run.id = $id`).get({ id });
	if (row === null) return null;
	const run = runOf(row);
	const { size, repository, snapshotId, labels } = run;
	return { size, repository, snapshotId, tool: labels.tool ?? null, speed: speedOf(run) };
}

type Facts = { drills: Drill[]; backups: Backup[] };
/** `writing` and `secrets`: as of when. */
type KeptFacts = { writing: number; secrets: number; facts: Facts };

const keptFacts = new WeakMap<Database, Map<number, KeptFacts>>();

function readFacts(db: Database, jobId: number): Facts {
	const drills = readDrills(db, jobId);
	// Speeds matter only until the first drill that worked.
	const wanted = drills.some(isUsable) ? 1 : backupsRead;
	return { drills, backups: readBackups(db, jobId, Number.MAX_SAFE_INTEGER, wanted) };
}

/** What estimates rest on, read again only when the job's runs were written to. */
function factsOf(db: Database, jobId: number): Facts {
	if (lastWriting(db) === null) return readFacts(db, jobId);
	const jobs = keptFacts.get(db) ?? new Map<number, KeptFacts>();
	keptFacts.set(db, jobs);
	const writing = runsWriting(db, jobId);
	const secrets = secretsRevision();
	const known = jobs.get(jobId);
	if (known?.writing === writing && known.secrets === secrets) return known.facts;
	const facts = readFacts(db, jobId);
	if (known === undefined && jobs.size >= maxJobs) jobs.clear();
	jobs.set(jobId, { writing, secrets, facts });
	return facts;
}

type Configured = Pick<JobSettings, "rto" | "title"> | null;

/** One job with its estimate. */
export function readRestoreJob(
	db: Database,
	job: Job,
	settings: Configured,
	now: number,
	units: Units = decimal,
): RestoreJob {
	const { drills, backups } = factsOf(db, job.id);
	const [newest] = backups;
	const size = newest?.size ?? null;
	const facts = { size, drills, speeds: backups.map(({ speed }) => speed) };
	const estimate = estimateRestore(facts);
	const repository = newest?.repository ?? null;
	return {
		job,
		title: settings?.title ?? null,
		rto: settings?.rto ?? null,
		estimate,
		reason: estimate === null ? whyUnknown(facts) : null,
		rung: restorableRung(drills, now, units),
		drills,
		tool: newest?.tool ?? null,
		repository,
		snapshotId: newest?.snapshotId ?? null,
		size,
		link: linkOf(repository, job.host),
	};
}

/** Every job that is not archived, by name and host. */
export function readRestoreJobs(
	db: Database,
	settings: Pick<Settings, "jobs">,
	now: number,
	units: Units = decimal,
): RestoreJob[] {
	const decisions = readDecisions(db);
	return readJobs(db)
		.filter(({ id }) => (decisions.get(id)?.archivedAt ?? null) === null)
		.map((job) => readRestoreJob(db, job, settingsOf(settings, job), now, units));
}

type KeptSpeed = { writing: number; speed: BackupSpeed };

// Two years of drills have 144 backups before them: each is looked into once, until a run of its job is written.
const speeds = new WeakMap<Database, Map<number, KeptSpeed>>();
const mostSpeeds = 10_000;

/** Each drill of a job beside what would have been said before it. */
export function readCheckedDrills(db: Database, { job, drills }: Pick<RestoreJob, "job" | "drills">): CheckedDrill[] {
	const isKeeping = lastWriting(db) !== null;
	const writing = runsWriting(db, job.id);
	const known = speeds.get(db) ?? new Map<number, KeptSpeed>();
	speeds.set(db, known);
	return checkEstimates(drills, (at) =>
		readGoods(db, job.id, at, backupsRead).flatMap((id) => {
			const found = known.get(id);
			if (isKeeping && found?.writing === writing) return [found.speed];
			const speed = readBackup(db, id)?.speed;
			if (speed === undefined) return [];
			if (known.size >= mostSpeeds) known.clear();
			if (isKeeping) known.set(id, { writing, speed });
			return [speed];
		}),
	);
}

/** What the overview says of restores. */
export type RestoreFact = {
	/** Of all jobs one after the other; null: nothing is known of any. */
	restore: (RestoreTime & { low: number; high: number; unknown: number }) | null;
	/** By slug. */
	jobs: Map<string, RestoreTime>;
	/** By slug: the highest rung of the ladder. */
	rungs: Map<string, Rung>;
};

/** `testedAt` of all together is that of the job whose last good drill is the oldest; null where one was never tested. */
export function restoreFact(
	db: Database,
	settings: Pick<Settings, "jobs">,
	now: number,
	units: Units = decimal,
	jobs: readonly Job[] = readJobs(db),
): RestoreFact {
	const decisions = readDecisions(db);
	const isKept = ({ id }: Job) => (decisions.get(id)?.archivedAt ?? null) === null;
	const parts = jobs.filter(isKept).map((job): JobFact => {
		const facts = factsOf(db, job.id);
		const rto = settingsOf(settings, job)?.rto ?? null;
		return jobFacts.of(job.id, job.slug, job.host, facts, rto, isDrillOld(facts.drills, now), units.iec);
	});
	return restoreFacts.of("", ...parts);
}

/** One job as the overview needs it, made again when its runs or what was decided of it have changed. */
type JobFact = { slug: string; lab: LabJob; time: RestoreTime | null; rung: Rung };

const jobFacts = new Kept(maxJobs, makeJobFact);

function makeJobFact(
	slug: string,
	host: string,
	{ drills, backups }: Facts,
	rto: number | null,
	isOld: boolean,
	iec: boolean,
): JobFact {
	const [newest] = backups;
	const estimate = estimateRestore({
		size: newest?.size ?? null,
		drills,
		speeds: backups.map(({ speed }) => speed),
	});
	const testedAt = newestGood(drills)?.endedAt ?? null;
	return {
		slug,
		lab: { slug, estimate, link: linkOf(newest?.repository ?? null, host), rto },
		time: estimate === null ? null : { seconds: estimate.seconds, testedAt },
		rung: rungOfDrills(drills, isOld, { iec }),
	};
}

const restoreFacts = new Kept(1, (...jobs: readonly JobFact[]): RestoreFact => {
	const lab = estimateLab(
		jobs.map((job) => job.lab),
		null,
	);
	const times = jobs.flatMap(({ slug, time }): [string, RestoreTime][] => (time === null ? [] : [[slug, time]]));
	const tested = times.map(([, { testedAt }]) => testedAt);
	const testedAt = tested.some((at) => at === null) ? null : Math.min(...tested.map((at) => at ?? 0));
	return {
		restore: lab === null ? null : { ...lab.serial, testedAt, unknown: lab.unknown.length },
		jobs: new Map(times),
		rungs: new Map(jobs.map(({ slug, rung }) => [slug, rung])),
	};
});

export function labJobOf({ job, estimate, link, rto }: RestoreJob) {
	return { slug: job.slug, estimate, link, rto };
}

/** What the watch needs of one job: what is wrong, the rung, and when to look again although nothing is reported. */
export type RestoreLook = {
	findings: Finding[];
	rung: Rung;
	checkAt: number | null;
	/** Why an open alert that is not among the findings any more is over. */
	ended: (alert: Pick<Alert, "kind">) => string;
};

/** `open`: the open alerts of the job. Of a paused or archived job nothing is said: leave its findings out. */
export function lookAtRestore(
	db: Database,
	job: Job,
	settings: JobSettings | null,
	open: readonly Pick<Alert, "kind">[],
	now: number,
	units: Units = decimal,
): RestoreLook {
	const { drills, estimate, rto, rung } = readRestoreJob(db, job, settings, now, units);
	const isSlowOpen = open.some(({ kind }) => kind === "rto_exceeded");
	const judged: RestoreJudged = { drills, estimate, rto, createdAt: job.createdAt, isSlowOpen };
	return {
		findings: restoreFindingsOf(judged, now, units),
		rung,
		checkAt: restoreCheckAt(judged, now),
		ended: ({ kind }) => restoreResolution(kind, judged),
	};
}
