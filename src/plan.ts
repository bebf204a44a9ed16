// By which schedule a job is judged, and with which limits: the file's, a stored one, a learned one, or an assumption.
import type { CountedRun } from "./counted-runs.ts";
import { type Durations, durationsOf, earlyOfEvery, gridOf, latenessOf, mostOf } from "./history.ts";
import type { JudgedJob, Plan } from "./judge.ts";
import { KeptBy } from "./kept.ts";
import { defaultGrace, graceOf, learnRhythm, type Rhythm } from "./rhythm.ts";
import { period, type Schedule, type ScheduleSource } from "./schedule.ts";
import { scheduleWords } from "./schedule-words.ts";
import { formatDuration, plural } from "./units.ts";

export type Planned = Plan & {
	/** A slot of an `every` schedule: the newest start that kept to it; without runs when the job was first known. */
	anchor: number;
	/** What slots are taken from; narrower than the schedule while too little is known. */
	expected: Schedule;
	/** Seconds before its slot at which a start still belongs to it. */
	early: number;
	/** A start by hand after the anchor; null: none. */
	byHand: number | null;
	/** Seconds after a slot by which its run has been heard of: its end, where no start is told. */
	heardAfter: number;
};

/** Age limit after a single run, and the least of any assumption: two runs within an hour were made by hand. */
const firstAge = 129_600;
const startsLookedAt = 30;

/** `runs` are those that count, newest first. */
export function planFrom(job: JudgedJob, runs: readonly CountedRun[]): Planned {
	const { settings, storedSchedule } = job;
	const history = durationsOf(runs);
	const durations = { ...history, maxRuntime: settings?.maxRuntime ?? history.maxRuntime };
	const fixed = settings?.schedule ?? storedSchedule;
	if (fixed !== null) {
		return fixedPlan(job, runs, fixed, settings?.schedule == null ? "stored" : "file", durations);
	}
	const starts: number[] = [];
	for (const { start } of runs) if (starts.push(start) === startsLookedAt) break;
	const rhythm = learnRhythm(starts, job.zone, job.id);
	return rhythm === null ? assumedPlan(job, starts, durations) : learnedPlan(job, runs, rhythm, durations);
}

function fixedPlan(
	job: JudgedJob,
	runs: readonly CountedRun[],
	schedule: Schedule,
	source: ScheduleSource,
	durations: Durations,
): Planned {
	const { maxRuntime } = durations;
	const words = wordsOf(schedule, job.zone);
	const heardAfter = heardAfterOf(job, durations, 0);
	const anchor = job.createdAt;
	const plan = { schedule, source, maxRuntime, words, expected: schedule, byHand: null, anchor, heardAfter };
	const given = job.settings?.startGrace ?? null;
	if (schedule.type === "every") {
		const grid = gridOf(runs, schedule.seconds, job.zone);
		const late = mostOf(grid.deviations);
		return {
			...plan,
			startGrace: given ?? graceFrom(late, schedule.seconds, grid.deviations.length),
			anchor: grid.anchor ?? job.createdAt,
			byHand: grid.byHand,
			early: earlyOfEvery(schedule.seconds),
			heardAfter: heardAfterOf(job, durations, late),
		};
	}
	if (schedule.type !== "cron") return { ...plan, startGrace: given ?? 0, early: 0 };
	const seconds = period(schedule, runs[0]?.start ?? job.createdAt) ?? 86_400;
	const { late, early, slots } = latenessOf(runs, schedule, job.id);
	return {
		...plan,
		startGrace: given ?? graceFrom(late, seconds, slots),
		early: earlyOf(early, seconds),
		heardAfter: heardAfterOf(job, durations, late),
	};
}

/**
 * A job of an hour that only reports its end cannot have been heard of half an hour after its slot: twice its usual
 * lateness and one and a half times its longest duration are waited for, if that is more than the grace.
 */
function heardAfterOf(job: JudgedJob, { longest, maxRuntime }: Durations, late: number): number {
	return job.tellsStart === true ? 0 : 2 * late + Math.min(1.5 * longest, maxRuntime);
}

function graceFrom(late: number, seconds: number, slots: number): number {
	return slots < 3 ? defaultGrace(seconds) : graceOf(late, seconds, slots);
}

/** A quarter of an hour for clocks that are set a little ahead; more where a job is seen to start before its slot. */
function earlyOf(spread: number, seconds: number): number {
	return Math.min(seconds / 4, Math.max(900, 3 * spread));
}

function learnedPlan(job: JudgedJob, runs: readonly CountedRun[], rhythm: Rhythm, durations: Durations): Planned {
	const { schedule, expected, spread } = rhythm;
	const seconds = period(schedule, rhythm.anchor) ?? 86_400;
	const grid = schedule.type === "every" ? gridOf(runs, schedule.seconds, job.zone) : null;
	return {
		schedule,
		source: "learned",
		startGrace: job.settings?.startGrace ?? rhythm.startGrace,
		maxRuntime: durations.maxRuntime,
		heardAfter: heardAfterOf(job, durations, spread),
		words: `${rhythm.words}, learned from ${plural(rhythm.runs, "run")}`,
		anchor: grid?.anchor ?? rhythm.anchor,
		expected,
		early: schedule.type === "every" ? earlyOfEvery(schedule.seconds) : earlyOf(spread, seconds),
		byHand: grid?.byHand ?? null,
	};
}

/** Too few runs for a rhythm: only a long silence is told. */
function assumedPlan(job: JudgedJob, starts: readonly number[], { maxRuntime }: Durations): Planned {
	const seconds = assumedAge(starts);
	const schedule: Schedule = seconds === null ? { type: "none" } : { type: "age", seconds };
	const words = seconds === null ? "no rhythm known yet" : `assumed: at least every ${formatDuration(seconds)}`;
	const startGrace = job.settings?.startGrace ?? 0;
	const anchor = starts[0] ?? job.createdAt;
	const limits = { startGrace, maxRuntime, early: 0, byHand: null, heardAfter: 0 };
	return { ...limits, schedule, source: "assumed", words, anchor, expected: schedule };
}

function assumedAge(starts: readonly number[]): number | null {
	if (starts.length === 0) return null;
	let widest = 0;
	for (let index = 1; index < starts.length && index < 10; index++) {
		widest = Math.max(widest, (starts[index - 1] ?? 0) - (starts[index] ?? 0));
	}
	return Math.max(firstAge, Math.round((2 * widest) / 60_000) * 60);
}

const words = new KeptBy<string>(2000);

function wordsOf(schedule: Schedule, zone: string): string {
	if (schedule.type !== "cron") return scheduleWords(schedule, zone);
	return words.of(`${schedule.cron}\n${schedule.zone}\n${zone}`, [], () => scheduleWords(schedule, zone));
}
