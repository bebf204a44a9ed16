// What estimates of restores rest on: the drills of a job and how its newest backups went.
import type { Database } from "bun:sqlite";
import type { Alert, Finding } from "../alert.ts";
import type { Job } from "../job.ts";
import type { Rung } from "../ladder.ts";
import type { RestoreTime } from "../overview.ts";
import { type BackupSpeed, type Drill, estimateRestore, isUsable, speedOf, whyUnknown } from "../restore.ts";
import { type CheckedDrill, checkEstimates } from "../restore-check.ts";
import {
	newestGood,
	type RestoreJudged,
	restorableRung,
	restoreCheckAt,
	restoreFindingsOf,
	restoreResolution,
} from "../restore-findings.ts";
import { estimateLab, linkOf } from "../restore-lab.ts";
import type { RestoreJob } from "../restore-page.ts";
import type { Run } from "../run.ts";
import { mask } from "../secrets.ts";
import { type JobSettings, type Settings, settingsOf } from "../settings.ts";
import { decimal, type Units } from "../units.ts";
import { prepared } from "./database.ts";
import { readDecisions } from "./decisions.ts";
import { readJobs } from "./jobs.ts";
import { type RunRow, runOf, selectRun } from "./runs.ts";

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
const newestGoods = `SELECT id, size, receivedAt FROM (
		SELECT id, kind, outcome, size, received_at AS receivedAt FROM run
		WHERE job_id = $jobId AND started_at < $before ORDER BY started_at DESC, id DESC LIMIT ${runsLookedAt})
	WHERE kind = 'backup' AND outcome IN ('success', 'warning') LIMIT $limit`;

type GoodRow = { id: number; size: number | null; receivedAt: number };

/** The newest good backups that began before an instant. */
function readGoods(db: Database, jobId: number, before: number, limit: number): GoodRow[] {
	return prepared<GoodRow>(db, newestGoods).all({ jobId, before, limit });
}

/** The size of the newest good backup before an instant, or null. */
function readSizeBefore(db: Database, jobId: number, before: number): number | null {
	return readGoods(db, jobId, before, 1)[0]?.size ?? null;
}

type Backup = Pick<Run, "size" | "repository" | "snapshotId"> & { tool: string | null; speed: BackupSpeed };
type Known = { receivedAt: number; backup: Backup };

// What a report tells of speed stands in its text, which may be long: each is looked into once.
const looked = new WeakMap<Database, Map<number, Known>>();
const mostLooked = 10_000;

/** The newest good backups that began before an instant, newest first. */
function readBackups(db: Database, jobId: number, before: number, limit: number): Backup[] {
	const known = looked.get(db) ?? new Map<number, Known>();
	looked.set(db, known);
	if (known.size > mostLooked) known.clear();
	return readGoods(db, jobId, before, limit).flatMap(({ id, receivedAt }) => {
		const found = known.get(id);
		if (found?.receivedAt === receivedAt) return [found.backup];
		const row = prepared<RunRow>(db, `${selectRun} WHERE run.id = $id`).get({ id });
		if (row === null) return [];
		const run = runOf(row);
		const { size, repository, snapshotId, labels } = run;
		const backup = { size, repository, snapshotId, tool: labels.tool ?? null, speed: speedOf(run) };
		known.set(id, { receivedAt, backup });
		return [backup];
	});
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
	const drills = readDrills(db, job.id);
	// Speeds matter only until the first drill that worked.
	const wanted = drills.some(isUsable) ? 1 : backupsRead;
	const backups = readBackups(db, job.id, Number.MAX_SAFE_INTEGER, wanted);
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

/** Each drill of a job beside what would have been said before it. */
export function readCheckedDrills(db: Database, { job, drills }: Pick<RestoreJob, "job" | "drills">): CheckedDrill[] {
	return checkEstimates(drills, (at) => readBackups(db, job.id, at, backupsRead).map(({ speed }) => speed));
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
): RestoreFact {
	const jobs = readRestoreJobs(db, settings, now, units);
	const lab = estimateLab(jobs.map(labJobOf), null);
	const times = jobs.flatMap(({ job, estimate, drills }): [string, RestoreTime][] =>
		estimate === null ? [] : [[job.slug, { seconds: estimate.seconds, testedAt: newestGood(drills)?.endedAt ?? null }]],
	);
	const tested = times.map(([, { testedAt }]) => testedAt);
	const testedAt = tested.some((at) => at === null) ? null : Math.min(...tested.map((at) => at ?? 0));
	return {
		restore: lab === null ? null : { ...lab.serial, testedAt, unknown: lab.unknown.length },
		jobs: new Map(times),
		rungs: new Map(jobs.map(({ job, rung }) => [job.slug, rung])),
	};
}

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
