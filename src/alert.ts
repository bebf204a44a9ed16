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
	/** When the trouble began: the end of the run, the end of the wait. */
	since: number;
};

/** A stored alert. Instants are Unix milliseconds. */
export type Alert = Finding & {
	id: number;
	/** 0: it is about the monitor itself. */
	jobId: number;
	openedAt: number;
	/** When its severity last went up. */
	escalatedAt: number | null;
	resolvedAt: number | null;
	/** Why it ended, as a sentence; null while it is open. */
	resolution: string | null;
	remindedAt: number | null;
	reminders: number;
	acknowledgedAt: number | null;
	/** Until when nothing more is said of it; null while acknowledged: until it is over. */
	acknowledgedUntil: number | null;
	snoozedUntil: number | null;
	/** The alert that speaks for this one ("host nas is silent"); null: it speaks for itself. */
	parentId: number | null;
	/** Shown, never sent: it was there before the monitor was, or a rebuild found it again. */
	isMuted: boolean;
};

/** What happened to an alert, and so what a message tells. */
export const alertEvents = ["opened", "escalated", "reminder", "resolved"] as const;
export type AlertEventName = (typeof alertEvents)[number];

/** What must change so that the open alerts are what was found. */
export type AlertChanges = {
	open: Finding[];
	escalate: { alert: Alert; finding: Finding }[];
	/** The same problem in newer words: stored, and nobody is told. */
	reword: { alert: Alert; finding: Finding }[];
	resolve: Alert[];
};

/**
 * Compares what is open with what is found now. `isStillOpen` keeps an alert that this look cannot say anything about (a
 * failed run says nothing about sizes).
 */
export function changesOf(open: Alert[], findings: Finding[], isStillOpen: (alert: Alert) => boolean): AlertChanges {
	const changes: AlertChanges = { open: [], escalate: [], reword: [], resolve: [] };
	const found = new Map(findings.map((finding) => [nameOf(finding), finding]));
	for (const alert of open) {
		const finding = found.get(nameOf(alert));
		found.delete(nameOf(alert));
		if (finding === undefined) {
			if (!isStillOpen(alert)) changes.resolve.push(alert);
		} else if (compareSeverities(finding.severity, alert.severity) > 0) changes.escalate.push({ alert, finding });
		else if (finding.sentence !== alert.sentence || finding.runId !== alert.runId) {
			// It never becomes milder while it is open: it opens once, escalates at most, and is resolved.
			changes.reword.push({ alert, finding: { ...finding, severity: alert.severity } });
		}
	}
	changes.open.push(...found.values());
	return changes;
}

function nameOf({ kind, key }: Pick<Finding, "kind" | "key">): string {
	return `${kind} ${key}`;
}
