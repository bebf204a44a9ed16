// What the page of one job shows, as plain data: read by the store and the watch, drawn by the page, and nothing else.
import type { Alert } from "./alert.ts";
import type { Job } from "./job.ts";
import type { Judgement } from "./judge.ts";
import type { Ladder } from "./ladder.ts";
import type { Problem, Range } from "./overview.ts";
import type { Phase, Run } from "./run.ts";
import type { Schedule } from "./schedule.ts";
import type { JobSettings } from "./settings.ts";

/** One mark on the job's charts: a run, or a day or week of runs. Failed runs have no duration, size or phases. */
export type JobPoint = {
	/** Start of the run or of the bucket, Unix milliseconds. */
	at: number;
	runs: number;
	failed: number;
	/** Seconds and bytes; averages where the point is a day or a week. */
	duration: number | null;
	size: number | null;
	/** Of single runs only: the daily sums do not have it. */
	bytesAdded: number | null;
	phases: Phase[];
};

export type JobSeries = { per: "run" | "day" | "week"; points: JobPoint[] };

/** One day of the calendar that has runs. `day` counts from 1 January 1970 in the job's zone. */
export type CalendarDay = { day: number; succeeded: number; warned: number; failed: number };

/** Cursors of the runs next to the page that is shown; null where there are none. */
export type RunsShown = { runs: Run[]; newer: string | null; older: string | null };

/** What the store knows of a job. */
export type StoredJobPage = {
	job: Job;
	range: Range;
	/** First instant of the period. */
	from: number;
	/** Backup runs that ended, ever. */
	counts: { success: number; warning: number; failure: number };
	running: Run | null;
	/** Newest backup that ended, and the newest that succeeded. */
	finished: Run | null;
	good: Run | null;
	/** When the newest good backup ended; the start of its day once that run is deleted. */
	lastGoodAt: number | null;
	/** Backups that succeeded, newest first: the newest few dozen, whatever the period is. */
	recentGood: Run[];
	/** Finished backups of the last 30 days. */
	month: { runs: number; succeeded: number; failed: number };
	series: JobSeries;
	/** First day shown, and the days since then that have runs. */
	calendar: { from: number; days: CalendarDay[] };
	shown: RunsShown;
	/** Labels of the newest report. */
	labels: Record<string, string>;
};

/** What the watch says of a job. */
export type JudgedJobPage = {
	title: string | null;
	judgement: Judgement;
	ladder: Ladder;
	/** The next slots, soonest first; empty where none is planned. */
	nextDues: number[];
	/** Days of the calendar on which a run was planned, as `dueDaysOf` gives them; null where the plan has no slots. */
	dueDays: ReadonlyMap<number, number> | null;
	/** Newest first, open and resolved ones. */
	alerts: Alert[];
	/** What the configuration file says of it; null: nothing. */
	settings: JobSettings | null;
	/** Fixed by a click; null: by the file, or learned. */
	storedSchedule: Schedule | null;
	/** `Infinity`: until the next run; null: it is not paused. */
	pausedUntil: number | null;
	archivedAt: number | null;
	/** Runs before this instant are no longer the past that a run is compared with. */
	expectedFrom: number | null;
};

/** How a job may report by an address of its own. */
export type JobAddresses =
	/** The reader may know them. */
	| { isShown: true; uuidUrl: string; kumaUrl: string }
	/** The command that prints them on the monitor's machine. */
	| { isShown: false; command: string };

export type JobPage = StoredJobPage &
	JudgedJobPage & {
		now: number;
		zone: string;
		/** Where the list of runs is read from; both null: from the newest. */
		asked: { older: string | null; newer: string | null };
		addresses: JobAddresses;
		problems: Problem[];
		retentionDays: number;
		openAlerts?: number;
		source: { path: string; checkedAt: number | null; lines: number };
	};
