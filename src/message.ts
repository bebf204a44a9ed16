// What a message says: one or several events of alerts, with what a person needs to act, in plain text, HTML and JSON.
import type { AlertEventName, AlertKind, Severity } from "./alert.ts";

/** One event of one alert with all that a message may tell of it. Written into the outbox as it was when it happened. */
export type AlertEvent = {
	event: AlertEventName;
	alertId: number;
	kind: AlertKind;
	key: string;
	severity: Severity;
	/** null: about the monitor itself. */
	job: { name: string; slug: string; host: string; title: string | null; labels: Record<string, string> } | null;
	/** Without the job's name: "No run since 02:00; the last good one was 26 h ago." */
	sentence: string;
	at: number;
	openedAt: number;
	/** For `resolved`: why it is over. */
	resolution: string | null;
	run: {
		id: number;
		startedAt: number;
		outcome: string;
		duration: number | null;
		size: number | null;
		errorCategory: string | null;
		errorMessage: string | null;
		/** Last lines of the log. */
		log: string | null;
	} | null;
	lastGood: { runId: number | null; at: number } | null;
	/** What else is open, as whole sentences with the job's name in front. */
	alsoOpen: string[];
};

/** What a channel sends. `threadId` is the same for all messages about one alert. */
export type Message = {
	title: string;
	/** Plain text, no markup, at most 4,000 characters. */
	text: string;
	/** A whole HTML document for mail. */
	html: string;
	severity: Severity;
	/** All alerts in it are over. */
	isResolved: boolean;
	threadId: string;
	/** Where to look; null where no address of this server is known. */
	url: string | null;
	/** Signed addresses that lead to a page that asks; null where there is nothing to act on. */
	actions: { acknowledge: string; snooze: string } | null;
	/** For machines: the documented JSON event. */
	data: MessageData;
};

export type MessageData = {
	version: 1;
	type: "alert" | "digest" | "summary" | "test";
	title: string;
	severity: Severity;
	resolved: boolean;
	url: string | null;
	events: EventData[];
};

/** One event as the webhook sends it; times are ISO 8601, sizes bytes, durations seconds. */
export type EventData = {
	event: AlertEventName;
	alert_id: number;
	kind: AlertKind;
	key: string;
	severity: Severity;
	job: string | null;
	host: string | null;
	title: string | null;
	labels: Record<string, string>;
	sentence: string;
	at: string;
	opened_at: string;
	resolution: string | null;
	run_id: number | null;
	last_success_at: string | null;
	url: string | null;
};
