// What the page Alerts shows, as plain data: what is open, what was, what nobody heard of, and where messages go.
import type { Alert, Severity } from "./alert.ts";
import type { JobRef, Problem } from "./overview.ts";

/** `job` null: about the monitor itself. `spokenFor`: alerts that this one speaks for, each with its job's name. */
export type ShownAlert = Alert & {
	job: JobRef | null;
	title: string | null;
	spokenFor: { job: JobRef | null; alert: Alert }[];
};

export type ShownDelivery = {
	id: number;
	channel: string;
	event: string;
	/** What it tells of, as a sentence with the job's name in front. */
	about: string;
	createdAt: number;
	attempts: number;
	error: string | null;
	/** Held by quiet hours until then. */
	heldUntil: number | null;
	/** null once given up. */
	nextTryAt: number | null;
};

export type ShownChannel = {
	name: string;
	type: string;
	/** Scheme and host, no secret. */
	shown: string;
	minSeverity: Severity;
	sentAt: number | null;
	failingSince: number | null;
	error: string | null;
	/** The newest test since the start. */
	test: { at: number; error: string | null } | null;
};

/** Silent until a date or until it is over. */
export function isSilent(
	{
		acknowledgedAt,
		acknowledgedUntil,
		snoozedUntil,
	}: Pick<Alert, "acknowledgedAt" | "acknowledgedUntil" | "snoozedUntil">,
	now: number,
): boolean {
	if (snoozedUntil !== null && snoozedUntil > now) return true;
	return acknowledgedAt !== null && (acknowledgedUntil === null || acknowledgedUntil > now);
}

const severities = { critical: 0, warning: 1, info: 2 };

/** From the one that needs somebody most; of equals the oldest first, as they come. */
export function worstFirst<A extends Alert>(open: readonly A[], now: number): A[] {
	const rank = (alert: A) => severities[alert.severity] + (isSilent(alert, now) ? 3 : 0);
	return open.toSorted((a, b) => rank(a) - rank(b));
}

export type AlertsPage = {
	now: number;
	zone: string;
	/** A page of the open ones: the worst first, what somebody has taken care of last. */
	open: ShownAlert[];
	openTotal: number;
	openCritical: number;
	/** Which page of the open ones is shown, from 1, and how many there are. */
	openPage: number;
	openPages: number;
	/** The id behind which the history begins; null: at its newest. */
	before: number | null;
	history: ShownAlert[];
	/** Id to go on behind; null: that is all. */
	next: number | null;
	undelivered: ShownDelivery[];
	channels: ShownChannel[];
	/** In words, or null where there are none. */
	quietHours: string | null;
	digest: string | null;
	problems: Problem[];
	retentionDays: number;
	openAlerts?: number;
	source: { path: string; checkedAt: number | null; lines: number };
};
