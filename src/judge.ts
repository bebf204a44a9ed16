// What a job's runs and its schedule say at one moment: its state, the reason in a sentence, and when to look again.
import type { JobSettings } from "./settings.ts";
import type { Kind, Outcome } from "./run.ts";
import type { Schedule, ScheduleSource } from "./schedule.ts";
import type { State } from "./state.ts";

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
	createdAt: number;
	settings: JobSettings | null;
	/** Fixed by a click; stands behind the file. */
	storedSchedule: Schedule | null;
	/** `Infinity`: until the next run. */
	pausedUntil: number | null;
	archivedAt: number | null;
	/** Zone for schedules that name none. */
	zone: string;
	outages: readonly Outage[];
	/** Whether its reports are sent once only (a ping): what came while the monitor was off is lost. */
	reportsOnce: boolean;
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
