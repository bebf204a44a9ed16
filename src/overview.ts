// What the overview page shows, as plain data: read by the store, drawn by the page, and nothing else.
import type { Run } from "./run.ts";

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
	/** Newest run of each job (any outcome), worst first, for the sentence on top. */
	latest: Run[];
	recent: Run[];
	failures: Run[];
	trend: TrendCell[];
	rejected: { total: number; lines: RejectedLine[] };
	/** When the metrics file was last looked at, and what it is called. */
	source: { path: string; checkedAt: number | null; lines: number };
	retentionDays: number;
	problems: Problem[];
};
