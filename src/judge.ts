// What a job's runs and its schedule say at one moment: its state, the reason in a sentence, and when to look again.
import { type CountedRun, type CountedRuns, countedRuns } from "./counted-runs.ts";
import { reasonOf } from "./judge-words.ts";
import { deadlineAfter, outageIn } from "./outages.ts";
import { type Planned, planFrom } from "./plan.ts";
import type { Kind, Outcome } from "./run.ts";
import type { Schedule, ScheduleSource } from "./schedule.ts";
import type { JobSettings } from "./settings.ts";
import type { State } from "./state.ts";
import { type Waiting, waitFor } from "./waiting.ts";

/** What judging needs of a run; newest first wherever there are several. */
export type JudgedRun = {
	id: number;
	kind: Kind;
	outcome: Outcome;
	startedAt: number;
	endedAt: number | null;
	duration: number | null;
	exitCode: number | null;
	errorMessage: string | null;
	receivedAt: number;
};

/** A span in which the monitor was off: [from, to), Unix milliseconds. */
export type Outage = { from: number; to: number };

/** The job apart from its runs. */
export type JudgedJob = {
	/** Under which what its runs show is kept until there is another. */
	id?: number;
	createdAt: number;
	settings: JobSettings | null;
	/** Fixed by a click; stands behind the file. */
	storedSchedule: Schedule | null;
	/** When the pause began; null: not paused. */
	pausedAt: number | null;
	/** `Infinity`: until the next run. A date that has passed still counts: no slot before it is asked for. */
	pausedUntil: number | null;
	archivedAt: number | null;
	/** Zone for schedules that name none. */
	zone: string;
	outages: readonly Outage[];
	/** Whether its reports are sent once only (a ping): what came while the monitor was off is lost. */
	reportsOnce: boolean;
	/** Whether it tells its start too. Otherwise a run that is under way is heard of when it ends, so that is waited for. */
	tellsStart?: boolean;
};

/** The schedule that is judged by, with its two limits in seconds. */
export type Plan = {
	schedule: Schedule;
	source: ScheduleSource;
	startGrace: number;
	maxRuntime: number;
	/** "daily at 02:00 ± 6 min, learned from 9 runs" */
	words: string;
};

export type Judgement = {
	state: State;
	/** When the state began, as far as runs and slots tell. */
	since: number | null;
	/** A whole sentence: why it is in this state. */
	reason: string;
	plan: Plan;
	/** The slot that is waited for, or that has passed without a run; null where none is expected. */
	dueAt: number | null;
	/** When the wait is over: dueAt and the grace (or the age limit). */
	deadlineAt: number | null;
	/** Slots without a run since the last run that counted: the first, and how many. */
	missed: { firstAt: number; count: number } | null;
	/** The next instant at which this judgement changes although nothing is reported; null: never. */
	checkAt: number | null;
};

/** What the judge found, before it is put into words. */
export type Facts = {
	job: JudgedJob;
	plan: Planned;
	/** Newest first. */
	runs: readonly CountedRun[];
	/** The newest run, where it goes on. */
	running: CountedRun | null;
	/** The newest that has ended. */
	finished: CountedRun | null;
	/** The newest that ended well, with or without a warning. */
	good: CountedRun | null;
	waiting: Waiting;
	/** When the running one exceeds its limit; null: never, or none runs. */
	stuckAt: number | null;
	/** When the silence exceeds the age limit; null: there is none. */
	staleAt: number | null;
	now: number;
};

/** By which schedule and limits a job is judged: the file's, else the stored one, else learned, else assumed. */
export function planOf(job: JudgedJob, runs: readonly JudgedRun[], now: number): Planned {
	return planFrom(job, countedRuns(runs, job.settings?.warningExitCodes ?? [], now).runs);
}

/** `runs` newest first, of all kinds; some forty are enough. */
export function judgeJob(job: JudgedJob, runs: readonly JudgedRun[], now: number): Judgement {
	const counted = countedRuns(runs, job.settings?.warningExitCodes ?? [], now);
	const facts = factsOf(job, counted, now);
	const state = stateFrom(facts);
	const { waiting, plan } = facts;
	const { schedule, source, startGrace, maxRuntime, words } = plan;
	const isSilent = state === "paused" || state === "archived";
	return {
		state,
		since: sinceOf(state, facts),
		reason: reasonOf(state, facts),
		plan: { schedule, source, startGrace, maxRuntime, words },
		dueAt: isSilent ? null : waiting.dueAt,
		deadlineAt: isSilent ? null : (waiting.deadlineAt ?? facts.staleAt),
		missed: isSilent ? null : waiting.missed,
		checkAt: checkAtOf(state, facts, counted.believedAt),
	};
}

function factsOf(job: JudgedJob, { runs, believedAt }: CountedRuns, now: number): Facts {
	const plan = planFrom(job, runs);
	const newest = runs[0] ?? null;
	const running = newest?.outcome === "running" ? newest : null;
	const finished = runs.find(({ outcome }) => outcome !== "running") ?? null;
	const good = runs.find(({ outcome }) => outcome === "success" || outcome === "warning") ?? null;
	const waiting = waitFor(job, plan, runs, askedSince(job, newest, believedAt, now), now);
	const stuckAt = running === null ? null : stuckAtOf(job, plan, running);
	return { job, plan, runs, running, finished, good, waiting, stuckAt, staleAt: staleAtOf(job, plan, good), now };
}

/** No slot before this instant is asked for. */
function askedSince(job: JudgedJob, newest: CountedRun | null, believedAt: number | null, now: number): number {
	const { pausedUntil, createdAt } = job;
	// All its runs lie in the future: the clock went back, and nothing is known of what should have been by now.
	const known = newest !== null ? Number.NEGATIVE_INFINITY : believedAt === null ? createdAt : Math.max(createdAt, now);
	return pausedUntil === null || pausedUntil > now ? known : Math.max(known, pausedUntil);
}

function stuckAtOf(job: JudgedJob, plan: Planned, { start }: CountedRun): number | null {
	const limit = start + plan.maxRuntime * 1000;
	// Its end may have been told to nobody; the next slot says whether the job is well.
	if (job.reportsOnce && outageIn(job.outages, start, limit) !== null) return null;
	return deadlineAfter(job.outages, start, limit);
}

function staleAtOf(job: JudgedJob, { schedule }: Planned, good: CountedRun | null): number | null {
	if (schedule.type !== "age") return null;
	const since = good === null ? job.createdAt : (good.end ?? good.start);
	const { pausedUntil } = job;
	const from = pausedUntil !== null && pausedUntil !== Number.POSITIVE_INFINITY ? Math.max(since, pausedUntil) : since;
	return deadlineAfter(job.outages, from, from + schedule.seconds * 1000);
}

/**
 * The first that holds. A run that goes on hides nothing that went wrong before it; a failure stays one however late the
 * next run is; and what did not run at all is worse than a warning of what did.
 */
function stateFrom(facts: Facts): State {
	const { job, finished, running, waiting, stuckAt, staleAt, now } = facts;
	if (job.archivedAt !== null) return "archived";
	if (isPaused(facts)) return "paused";
	if (stuckAt !== null && now >= stuckAt) return "stuck";
	if (finished?.outcome === "failure") return "failed";
	if (waiting.missed !== null) return "missed";
	if (staleAt !== null && now >= staleAt) return "stale";
	if (waiting.lateAt !== null) return "late";
	if (finished?.outcome === "warning") return "warning";
	if (running !== null) return "running";
	return finished === null ? "new" : "ok";
}

function isPaused({ job: { pausedUntil, pausedAt }, runs, now }: Facts): boolean {
	if (pausedUntil === null || pausedUntil <= now) return false;
	if (pausedUntil !== Number.POSITIVE_INFINITY || pausedAt === null) return true;
	const newest = runs[0];
	return newest === undefined || newest.start <= pausedAt;
}

function sinceOf(state: State, { job, runs, running, finished, waiting, stuckAt, staleAt }: Facts): number | null {
	switch (state) {
		case "new":
			return job.createdAt;
		case "running":
			return running?.start ?? null;
		case "late":
			return waiting.lateAt;
		case "missed":
			return waiting.deadlineAt;
		case "stuck":
			return stuckAt;
		case "stale":
			return staleAt;
		case "paused":
			return job.pausedAt;
		case "archived":
			return job.archivedAt;
		default:
			return finished === null ? null : streakSince(runs, finished);
	}
}

/** When the first of the newest runs with the same outcome ended. */
function streakSince(runs: readonly CountedRun[], finished: CountedRun): number {
	let since = finished.end ?? finished.start;
	for (const { outcome, start, end } of runs) {
		if (outcome === "running") continue;
		if (outcome !== finished.outcome) break;
		since = end ?? start;
	}
	return since;
}

function checkAtOf(
	state: State,
	{ job, waiting, stuckAt, staleAt, now }: Facts,
	believedAt: number | null,
): number | null {
	if (state === "archived") return null;
	if (state === "paused") return job.pausedUntil === Number.POSITIVE_INFINITY ? null : job.pausedUntil;
	let at = Number.POSITIVE_INFINITY;
	for (const instant of [waiting.checkAt, stuckAt, staleAt, believedAt]) {
		if (instant !== null && instant > now && instant < at) at = instant;
	}
	return at === Number.POSITIVE_INFINITY ? null : at;
}
