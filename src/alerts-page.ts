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

export type AlertsPage = {
	now: number;
	zone: string;
	open: ShownAlert[];
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
	source: { path: string; checkedAt: number | null; lines: number };
};
