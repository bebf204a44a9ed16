// Reads what is stored of a job and judges it: its state, and what the past says of a run.
import type { Database } from "bun:sqlite";
import type { Job } from "../job.ts";
import { type JudgedJob, type JudgedRun, type Judgement, judgeJob, type Outage } from "../judge.ts";
import { judgePlausibility, type Plausibility } from "../plausibility.ts";
import type { JobSettings } from "../settings.ts";
import { readDecision, type StoredDecision, untilNextRun } from "../store/decisions.ts";
import { readRun } from "../store/standings.ts";
import { measuredOf, readJudgedRuns, readPast, readRoad, readWatchedJob } from "../store/watched.ts";
import type { Units } from "../units.ts";

/** Enough for a rhythm of a job that checks and prunes between its backups. */
export const runsLookedAt = 40;
/** Six weeks of a daily job: what one weekday usually looks like. */
const pastLookedAt = 45;

export type JudgeOptions = { settings: JobSettings | null; zone: string; outages: readonly Outage[] };

/** How a job is judged; what a page or the command line asks for when no watch runs. */
export function readJudgement(
	db: Database,
	job: Job,
	options: JudgeOptions,
	now: number,
): { judgement: Judgement; runs: JudgedRun[]; decision: StoredDecision } {
	const runs = readJudgedRuns(db, job.id, runsLookedAt);
	const decision = readDecision(db, job.id);
	const tellsStart = readWatchedJob(db, job.id)?.tellsStart === true;
	return { judgement: judgeJob(judgedOf(db, job, decision, tellsStart, options), runs, now), runs, decision };
}

export function judgedOf(
	db: Database,
	job: Job,
	decision: StoredDecision,
	tellsStart: boolean,
	{ settings, zone, outages }: JudgeOptions,
): JudgedJob {
	return {
		id: job.id,
		createdAt: job.createdAt,
		settings,
		storedSchedule: decision.schedule,
		pausedAt: decision.pausedAt,
		pausedUntil: decision.pausedUntil === untilNextRun ? Number.POSITIVE_INFINITY : decision.pausedUntil,
		archivedAt: decision.archivedAt,
		zone,
		outages,
		tellsStart,
		reportsOnce: outages.length > 0 && isSentOnce(readRoad(db, job.id)),
	};
}

/** A file is read on and a spool is delivered later; a ping that met no monitor is gone. */
function isSentOnce(road: string | null): boolean {
	return road !== null && road !== "import" && road !== "spool" && road !== "run" && road !== "record";
}

/** What the past says of one finished backup; null where it is none. */
export function judgeRun(
	db: Database,
	job: Job,
	runId: number,
	decision: StoredDecision,
	{ settings, zone, units }: Pick<JudgeOptions, "settings" | "zone"> & { units: Units },
): Plausibility | null {
	const run = readRun(db, runId);
	const measured = run === null || run.kind !== "backup" ? null : measuredOf(run);
	if (run === null || measured === null) return null;
	const past = readPast(db, run, job.id, pastLookedAt).flatMap((earlier) => measuredOf(earlier) ?? []);
	return judgePlausibility(
		measured,
		past,
		{
			minSize: settings?.minSize ?? null,
			maxSize: settings?.maxSize ?? null,
			maxRuntime: settings?.maxRuntime ?? null,
			sensitivity: settings?.sensitivity ?? "balanced",
			baselineFrom: decision.expectedFrom,
			zone,
		},
		units,
	);
}
