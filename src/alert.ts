// Alerts: the open problems of a job or of the monitor itself, their kinds, and what happens to them.

/** One list for the code, the API and the pages, in the order in which they are listed. */
export const alertKinds = [
	"failed",
	"missed",
	"stuck",
	"stale",
	"size",
	"duration",
	"phase",
	"files",
	"rejected_input",
	"refused_reports",
	"channel_broken",
	"absent",
	"shrunk",
	"stale_copy",
	"drill_overdue",
	"rto_exceeded",
] as const;
export type AlertKind = (typeof alertKinds)[number];

/** From the mildest to the worst. */
export const severities = ["info", "warning", "critical"] as const;
export type Severity = (typeof severities)[number];

export function compareSeverities(a: Severity, b: Severity): number {
	return severities.indexOf(a) - severities.indexOf(b);
}

/** What a judgement finds wrong at one moment. At most one for each `key` of a job. */
export type Finding = {
	kind: AlertKind;
	/** What tells two findings of one kind apart: the phase's name; "" where there can be only one. */
	key: string;
	severity: Severity;
	/** A whole sentence with its numbers, ready for a person, without the job's name: "Failed after 3 s: repository is locked." */
	sentence: string;
	/** The run that it was found in, where there is one. */
	runId: number | null;
};

/** A stored alert. Instants are Unix milliseconds. */
export type Alert = Finding & {
	id: number;
	/** null: it is about the monitor itself. */
	jobId: number | null;
	openedAt: number;
	/** When its severity last went up. */
	escalatedAt: number | null;
	resolvedAt: number | null;
	/** Why it ended, as a sentence; null while it is open. */
	resolution: string | null;
	remindedAt: number | null;
	reminders: number;
	/** Until when nothing more is said of it; `Infinity` is stored as the largest instant: until the next success. */
	acknowledgedAt: number | null;
	acknowledgedUntil: number | null;
	snoozedUntil: number | null;
	/** The alert that speaks for this one ("host nas is silent"); null: it speaks for itself. */
	parentId: number | null;
};

/** What happened to an alert, and so what a message tells. */
export const alertEvents = ["opened", "escalated", "reminder", "resolved"] as const;
export type AlertEventName = (typeof alertEvents)[number];
