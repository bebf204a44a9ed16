// What the overview page shows, as plain data: read by the store, drawn by the page, and nothing else.
import type { Alert, AlertKind } from "./alert.ts";
import type { JobDay } from "./job-days.ts";
import type { Judgement } from "./judge.ts";
import type { Ladder } from "./ladder.ts";
import type { Outcome, Run } from "./run.ts";

/** Days shown; "all" reaches back to the first run. */
export const ranges = ["7", "30", "90", "365", "all"] as const;
export type Range = (typeof ranges)[number];

export type JobRef = { slug: string; name: string; host: string };

/** Something that is wrong with the monitor itself (not with a backup): said in a banner and in /health. */
export type Problem = {
	/** Stable word: "disk-full", "read-only", "database-locked", "foreign-database", "source-unreadable", "clock-jump", … */
	id: string;
	severity: "warning" | "critical";
	/** One sentence, what is wrong. */
	title: string;
	/** What it means for the reader, and the exact thing that mends it. */
	detail: string;
};

export type PhaseAverage = {
	name: string;
	seconds: number | null;
	/** Bytes per second of the phase. */
	throughput: number | null;
};

/** Finished backup runs of a period. Averages are over runs that succeeded; null = nothing to average. */
export type Totals = {
	runs: number;
	succeeded: number;
	failed: number;
	/** Seconds. */
	averageDuration: number | null;
	longestDuration: number | null;
	/** Bytes. */
	averageSize: number | null;
	/** Bytes per second. */
	averageThroughput: number | null;
	phases: PhaseAverage[];
};

/** One mark on the time charts: a run, or a day or week of runs. Failed runs never enter duration, size, throughput. */
export type Point = {
	/** Start of the run or of the bucket, Unix milliseconds. */
	at: number;
	runs: number;
	failed: number;
	duration: number | null;
	size: number | null;
	throughput: number | null;
	/** Set when the point is one run. */
	runId: number | null;
};

export type Series = { per: "run" | "day" | "week"; points: Point[] };

/** Failures of one week and category. `week` is the first day of it, "2026-01-26". */
export type TrendCell = { week: string; category: string; count: number };

export type RejectedLine = {
	id: number;
	source: string;
	line: number;
	reason: string;
	text: string;
	seenAt: number;
};

/** A run without its words: what lists of all jobs need of it. */
export type ShortRun = {
	id: number;
	outcome: Outcome;
	startedAt: number;
	endedAt: number | null;
	duration: number | null;
	size: number | null;
};

/** What looks wrong of a job that did run. `isLess`: smaller, shorter or fewer than usual; null: not known. */
export type Oddity = { kind: AlertKind; severity: "warning" | "critical"; isLess: boolean | null };

/** How long a restore would take, in seconds, and when that was last tried. */
export type RestoreTime = { seconds: number; testedAt: number | null };

/** A job as one row shows it. */
export type OverviewJob = JobRef & {
	title: string | null;
	labels: Record<string, string>;
	/** As the watch stored it; before it looked, made from the newest run. */
	judgement: Judgement;
	ladder: Ladder;
	oddity: Oddity | null;
	/** `Infinity`: until the next run. */
	pausedUntil: number | null;
	/** When the newest good backup ended; null: none is on record. */
	lastGoodAt: number | null;
	/** Seconds. */
	rpo: number | null;
	rto: number | null;
	running: ShortRun | null;
	finished: ShortRun | null;
	good: ShortRun | null;
	/** The last 30 days, oldest first. */
	days: JobDay[];
	/** Sizes of the days that have one, oldest first. */
	sizes: number[];
	/** Share by which the size changes in a week; null: too short a time. */
	sizePerWeek: number | null;
	/** Median of the last 30 days. */
	usualDuration: number | null;
	/** Seconds of the newest five days against those of some weeks before; null: no drift worth a word. */
	drift: { before: number; after: number } | null;
	restore: RestoreTime | null;
};

/** `job` null: about the monitor itself. `speaksFor`: how many other alerts it stands for. */
export type OverviewAlert = Pick<
	Alert,
	| "id"
	| "kind"
	| "severity"
	| "sentence"
	| "runId"
	| "openedAt"
	| "acknowledgedAt"
	| "acknowledgedUntil"
	| "snoozedUntil"
> & { slug: string | null; speaksFor: number };

/** A run of the last day, for the timeline. */
export type NightRun = ShortRun & { slug: string };

/** Which jobs are listed. */
export const shownJobs = ["all", "need", "running", "ok", "paused", "archived"] as const;
export type ShownJobs = (typeof shownJobs)[number];
/** `isWhole`: every row there is, however many; otherwise the worst of very many. */
export type JobsFilter = {
	show: ShownJobs;
	host: string | null;
	label: string | null;
	text: string | null;
	isWhole: boolean;
};
export const everyJob: JobsFilter = { show: "all", host: null, label: null, text: null, isWhole: false };

export type Overview = {
	now: number;
	/** IANA name. */
	zone: string;
	/** The job filtered by, or null for all. */
	job: JobRef | null;
	jobs: JobRef[];
	range: Range;
	/** First instant of the period. */
	from: number;
	totals: Totals;
	/** The same number of days before; null for "all" or when nothing is known of it. */
	before: Totals | null;
	series: Series;
	/** Newest finished backup run that has phases, with what each phase usually takes (seconds). */
	newest: Run | null;
	usualPhases: Record<string, number>;
	/** Every job, archived ones too, the worst first; the filter only chooses which of them are listed. */
	judged: OverviewJob[];
	filter: JobsFilter;
	/** Open alerts that speak for themselves, the oldest first. */
	alerts: OverviewAlert[];
	/** Backups that began in the last 24 hours, oldest first. */
	night: NightRun[];
	/** Bytes of the last good backup of all jobs together; null where one job is shown. The chart of sizes is of this then. */
	totalSize: number | null;
	/** Of everything together; null: no restore was ever tried. */
	restore: RestoreTime | null;
	/** How many channels are set up: without one nobody is told. */
	channels: number;
	recent: Run[];
	failures: Run[];
	trend: TrendCell[];
	rejected: { total: number; lines: RejectedLine[] };
	/** When the metrics file was last looked at, and what it is called. */
	source: { path: string; checkedAt: number | null; lines: number };
	retentionDays: number;
	openAlerts?: number;
	problems: Problem[];
};
