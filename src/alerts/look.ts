// One look at one job: reads its runs, judges them, and brings its alerts into line with what was found.
import type { Database } from "bun:sqlite";
import type { Alert } from "../alert.ts";
import { findingsOf, isSilenced, judgedKinds } from "../findings.ts";
import { inventoryKinds } from "../inventory-findings.ts";
import type { Job } from "../job.ts";
import { type JudgedJob, type JudgedRun, type Judgement, judgeJob } from "../judge.ts";
import type { Plausibility } from "../plausibility.ts";
import { restoreKinds } from "../restore-findings.ts";
import { kinds } from "../run.ts";
import { readOpenAlertsOf } from "../store/alerts.ts";
import { readDecision, recordBaseline, type StoredDecision } from "../store/decisions.ts";
import { readInventoryFound } from "../store/inventory-look.ts";
import { lookAtRestore, type RestoreLook } from "../store/restore.ts";
import { readNewestGood, readRun } from "../store/standings.ts";
import { readJudgedRuns, readJudgedRunsOf, readWatchedJob, writeWatched } from "../store/watched.ts";
import type { Units } from "../units.ts";
import { type Applying, applyFindings, lateMs } from "./apply-findings.ts";
import { type JudgeOptions, judgedOf, judgeRun, runsLookedAt } from "./judgement.ts";

const aheadMs = 600_000;
/** More of it is to be expected for so long after each: only then is told what it amounts to. */
const replayMs = 3000;

export type LookOptions = JudgeOptions & Pick<Applying, "announce" | "isHistory"> & { units: Units };

/** Judges a job and stores what was found. `fresh`: its runs that were not judged yet. Needs a transaction. */
export function lookAt(db: Database, job: Job, fresh: number[], options: LookOptions, now: number): Looked {
	const runs = readJudgedRuns(db, job.id, runsLookedAt);
	const decision = readDecision(db, job.id);
	const stored = readWatchedJob(db, job.id);
	const tellsStart = stored?.tellsStart === true || runs.some(({ outcome }) => outcome === "running");
	const judged = judgedOf(db, job, decision, tellsStart, options);
	const replayedUntil = options.isHistory ? null : replayEnd(runs, now);
	if (replayedUntil !== null) {
		const judgement = { ...judgeJob(judged, runs, now), checkAt: replayedUntil };
		const plausibility = stored?.plausibility ?? null;
		return { changed: writeWatched(db, job.id, { judgement, plausibility, tellsStart }, true), isPostponed: true };
	}
	if (!options.isHistory)
		for (const step of stepsOf(runs, fresh)) takeStep(db, job, judged, decision, step, options, now);
	const judgement = judgeJob(judged, runs, now);
	const isNew = fresh.length > 0 || stored === null;
	const plausibility = isNew ? judgeNewest(db, job, decision, options, now) : stored.plausibility;
	reconcile(db, job, judgement, plausibility, runs, options, now);
	const restore = lookAtDrills(db, job, judgement, options, now);
	const checkAt = earliest(judgement.checkAt, restore.checkAt, lookAtInventory(db, job, judgement, options, now));
	const found = { judgement: { ...judgement, checkAt }, plausibility, tellsStart };
	return { changed: writeWatched(db, job.id, found), isPostponed: false };
}

/** `isPostponed`: its runs are to be judged a little later, all together. */
export type Looked = { changed: boolean; isPostponed: boolean };

/** Until when more runs of long ago may follow the one that was just reported; null: none was. */
function replayEnd(runs: readonly JudgedRun[], now: number): number | null {
	const [first] = runs;
	if (first === undefined) return null;
	const last = runs.reduce((a, b) => (b.receivedAt > a.receivedAt ? b : a), first);
	const end = last.receivedAt + replayMs;
	const isLate = last.outcome !== "running" && last.receivedAt - (last.endedAt ?? last.startedAt) > lateMs;
	return isLate && now >= last.receivedAt && now < end ? end : null;
}

/** Drills and the time a restore would take have findings of their own, whatever the newest backup was. */
function lookAtDrills(db: Database, job: Job, judgement: Judgement, options: LookOptions, now: number): RestoreLook {
	const open = readOpenAlertsOf(db, job.id).filter(({ kind }) => restoreKinds.includes(kind));
	const look = lookAtRestore(db, job, options.settings, open, now, options.units);
	const isSilent = isSilenced(judgement);
	const ended = isSilent ? () => `The job is ${judgement.state}.` : look.ended;
	applyFindings(db, job.id, open, isSilent ? [] : look.findings, { ...options, ended, isSilent }, now);
	return look;
}

/** What the remote's own listings say; the next moment to look at them. */
function lookAtInventory(
	db: Database,
	job: Job,
	judgement: Judgement,
	options: LookOptions,
	now: number,
): number | null {
	const found = readInventoryFound(db, job, options.settings, options, now);
	const open = readOpenAlertsOf(db, job.id).filter(({ kind }) => inventoryKinds.includes(kind));
	if (found === null && open.length === 0) return null;
	const isSilent = isSilenced(judgement);
	const notAsked = () => "No listing is asked for any more.";
	const ended = isSilent ? () => `The job is ${judgement.state}.` : (found?.ended ?? notAsked);
	applyFindings(db, job.id, open, isSilent ? [] : (found?.findings ?? []), { ...options, ended, isSilent }, now);
	return found?.checkAt ?? null;
}

function earliest(...moments: (number | null)[]): number | null {
	const at = Math.min(...moments.map((moment) => moment ?? Number.POSITIVE_INFINITY));
	return at === Number.POSITIVE_INFINITY ? null : at;
}

/**
 * The runs that came together with newer ones and would be passed over if only the newest were judged, oldest first:
 * each with the runs as they were then. A late report of a run before the last known one is history.
 */
function stepsOf(runs: JudgedRun[], fresh: number[]): JudgedRun[][] {
	const isFresh = new Set(fresh);
	const finished = runs.filter(({ outcome }) => outcome !== "running");
	const known = finished.find(({ id }) => !isFresh.has(id));
	const steps = finished.filter(({ id, startedAt }) => isFresh.has(id) && startedAt >= (known?.startedAt ?? 0));
	return steps
		.slice(1)
		.reverse()
		.map((step) => runs.slice(runs.indexOf(step)));
}

function takeStep(
	db: Database,
	job: Job,
	judged: JudgedJob,
	decision: StoredDecision,
	runs: JudgedRun[],
	options: LookOptions,
	now: number,
): void {
	const [newest] = runs;
	if (newest === undefined) return;
	const then = Math.min(now, newest.endedAt ?? newest.startedAt);
	const judgement = judgeJob(judged, runs, then);
	// A failed run says nothing about sizes: what the last good one showed goes on.
	const good = runs.find(({ kind, outcome }) => kind === "backup" && (outcome === "success" || outcome === "warning"));
	const plausibility = good === undefined ? null : judgeRun(db, job, good.id, decision, options);
	keepBaseline(db, job, plausibility);
	reconcile(db, job, judgement, plausibility, runs, options, now);
}

function judgeNewest(
	db: Database,
	job: Job,
	decision: StoredDecision,
	options: LookOptions,
	now: number,
): Plausibility | null {
	// One that is dated ahead would stand before all that follow.
	const newest = readNewestGood(db, job.id, now + aheadMs);
	if (newest === null) return null;
	const plausibility = judgeRun(db, job, newest.id, decision, options);
	keepBaseline(db, job, plausibility);
	return plausibility;
}

/** A new normal that was taken is what later runs are compared with. */
function keepBaseline(db: Database, job: Job, plausibility: Plausibility | null): void {
	if (plausibility?.proposal?.taken === true) recordBaseline(db, job.id, plausibility.proposal.from);
}

function reconcile(
	db: Database,
	job: Job,
	judgement: Judgement,
	plausibility: Plausibility | null,
	runs: JudgedRun[],
	options: LookOptions,
	now: number,
): void {
	const open = readOpenAlertsOf(db, job.id).filter(({ kind }) => judgedKinds.includes(kind));
	const findings = findingsOf(
		judgement,
		plausibility,
		withRareRuns(db, job, runs, open),
		options.settings?.warningExitCodes ?? [],
		options.zone,
		now,
	);
	const silenced = isSilenced(judgement);
	const ended = silenced
		? () => `The job is ${judgement.state}.`
		: (alert: Alert) =>
				resolutionOf(alert, judgement, plausibility, runs.find(({ outcome }) => outcome !== "running") ?? null);
	applyFindings(db, job.id, open, findings, { ...options, ended, isSilent: silenced }, now);
}

/**
 * With the runs behind the newest ones that an open alert is about, and those of their kind since: a restore test that
 * failed is not well because forty backups have run since.
 */
function withRareRuns(db: Database, job: Job, runs: JudgedRun[], open: readonly Alert[]): JudgedRun[] {
	const [newest] = runs;
	const oldest = runs.at(-1);
	if (newest === undefined || oldest === undefined) return runs;
	const known = new Set(runs.map(({ id }) => id));
	const rare = kinds
		.filter((kind) => kind !== "backup" && open.some((alert) => alert.kind === "failed" && alert.key === kind))
		.flatMap((kind) => {
			const since = open.find((alert) => alert.kind === "failed" && alert.key === kind)?.runId ?? null;
			const from = since === null || known.has(since) ? null : (readRun(db, since)?.startedAt ?? null);
			return from === null ? [] : readJudgedRunsOf(db, job.id, kind, { from, to: newest.startedAt });
		})
		.filter(({ id }) => !known.has(id));
	return rare.length === 0 ? runs : [...runs, ...rare].sort((a, b) => b.startedAt - a.startedAt || b.id - a.id);
}

/** Why an alert is over, as a sentence. */
function resolutionOf(
	alert: Alert,
	judgement: Judgement,
	plausibility: Plausibility | null,
	newest: JudgedRun | null,
): string {
	const succeeded = newest !== null && newest.outcome !== "failure";
	switch (alert.kind) {
		case "failed":
			return succeeded ? "The next run succeeded." : "It does not count as a failure any more.";
		case "missed":
		case "stale":
			if (newest !== null && newest.startedAt <= alert.since && newest.receivedAt > alert.openedAt) {
				return "It had run in time; the report came late.";
			}
			return newest === null || newest.receivedAt < alert.openedAt ? "Nothing is expected any more." : "It has run.";
		case "stuck":
			return judgement.state === "running" ? "The next run has begun." : "The run has ended.";
		default:
			if (plausibility?.proposal?.taken === true) return plausibility.proposal.sentence;
			return newest?.id === alert.runId ? "It was marked as expected." : "The newest run looks usual again.";
	}
}
