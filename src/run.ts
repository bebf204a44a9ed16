// One execution of a job, as every part of the program sees it once it has been read and validated.

export const kinds = ["backup", "check", "prune", "sync", "restore_test"] as const;
export type Kind = (typeof kinds)[number];

/** `running` is a run without an end; the same id closes it later. */
export const outcomes = ["success", "warning", "failure", "running"] as const;
export type Outcome = (typeof outcomes)[number];

export type Phase = { name: string; seconds: number };

/**
 * A validated report of one run. Sizes are bytes, durations seconds (fractions kept), instants Unix milliseconds.
 * null always means "unknown", never zero.
 */
export type RunReport = {
	job: string;
	host: string;
	backupId: string;
	kind: Kind;
	outcome: Outcome;
	/** As the reporter wrote it. */
	timestamp: string;
	startedAt: number;
	endedAt: number | null;
	duration: number | null;
	phases: Phase[];
	size: number | null;
	volumeBytes: number | null;
	bytesAdded: number | null;
	filesTotal: number | null;
	filesNew: number | null;
	filesChanged: number | null;
	snapshotId: string | null;
	repository: string | null;
	exitCode: number | null;
	warnings: number | null;
	warningMessages: string[];
	errorCategory: string | null;
	errorMessage: string | null;
	log: string | null;
	labels: Record<string, string>;
	metrics: Record<string, number>;
};

/** A stored run: the report, the store's key, and how its job is addressed. */
export type Run = RunReport & { id: number; slug: string };

/** The outcomes that count as "it worked": a warning is a success that needs a look. */
export function succeeded(run: Pick<RunReport, "outcome">): boolean {
	return run.outcome === "success" || run.outcome === "warning";
}

/** A clock that scripts use tells nothing shorter; sums of the rates of less would be infinite, or all rounding. */
const leastSeconds = 0.001;

/** Bytes per second, or null where either is unknown or the time is none. */
export function rate(bytes: number | null, seconds: number | null): number | null {
	return bytes === null || seconds === null || seconds < leastSeconds ? null : bytes / seconds;
}

export function phaseSeconds(run: Pick<RunReport, "phases">, name: string): number | null {
	return run.phases.find((phase) => phase.name === name)?.seconds ?? null;
}
