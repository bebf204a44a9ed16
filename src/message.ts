// What a message says: one or several events of alerts, with what a person needs to act, in plain text, HTML and JSON.
import { type AlertEventName, type AlertKind, compareSeverities, type Severity } from "./alert.ts";
import { type Digest, digestLines, digestSentence, needsSomebody } from "./digest.ts";
import { type Body, bodyOf, type Section, urlOf } from "./message-body.ts";
import { oneLine } from "./message-clean.ts";
import { dataOfEvent } from "./message-data.ts";
import { htmlOf } from "./message-html.ts";
import { combine, isOver, type Story, worstFirst } from "./message-story.ts";
import { textOf } from "./message-text.ts";
import { formatMoment } from "./message-time.ts";
import { titleOf } from "./message-title.ts";
import { type LinkAction, linkLifetimeMs, linkPath, signLink } from "./signed-link.ts";
import { plural, type Units } from "./units.ts";

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
	/** For `missed`: the slot that passed without a run. */
	dueAt?: number | null;
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
	/** One line without no-break spaces, at most 140 characters. */
	title: string;
	/** Plain text, no markup, at most 4,000 characters; ends in `url`, and leaves `actions` to the channel. */
	text: string;
	/** A whole HTML document for mail. */
	html: string;
	/** The worst that is open; `info` where all is over. */
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
	/** The message's plain text. */
	text?: string;
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

/** What a message needs to know beside what happened. */
export type MessageContext = {
	now: number;
	zone: string;
	units: Units;
	/** Where browsers reach this server, without a slash at the end; null: messages carry no links. */
	publicUrl: string | null;
	/** Signs the links that act; null: messages carry none. */
	linkKey: Uint8Array | null;
	/** The name of the monitor's own machine. */
	labName?: string | null;
};

/** One message for one event or for several that were gathered; what overtook each other is told as one. Throws on none. */
export function composeMessage(events: readonly AlertEvent[], context: MessageContext): Message {
	return composeEvents("alert", events, context);
}

/** What came up in the quiet hours, when they are over. */
export function composeSummary(events: readonly AlertEvent[], context: MessageContext): Message {
	return composeEvents("summary", events, context);
}

function composeEvents(type: "alert" | "summary", events: readonly AlertEvent[], context: MessageContext): Message {
	const stories = combine(events);
	const [first] = stories;
	if (first === undefined) throw new Error("A message needs at least one event");
	const sorted = worstFirst(stories);
	const isAlone = stories.length === 1;
	const open = stories.filter((story) => !isOver(story));
	const intro = type === "summary" ? "Held back during the quiet hours." : null;
	const url = isAlone ? urlOf(first.event, context.publicUrl) : pathUrl("/alerts", context);
	const actions = isAlone && open.length === 1 ? actionsOf(first, context) : null;
	return messageOf(type, {
		title: titleOf(sorted, context),
		body: { intro, ...bodyOf(sorted, context), url, actions },
		severity: open.map(({ event }) => event.severity).reduce(worse, "info"),
		isResolved: open.length === 0,
		// The id alone begins anew after a rebuild, and mail programs remember threads for years.
		threadId: `alert-${first.event.alertId}@${first.event.openedAt.toString(36)}.backup-monitor`,
		events: events.map((event) => dataOfEvent(event, context.publicUrl)),
	});
}

/** Says that a channel works, and what is still missing for messages to be useful. */
export function composeTest(channelName: string, context: MessageContext): Message {
	const { now, zone, publicUrl } = context;
	const lead = [
		`This is a test for the channel ${oneLine(channelName, 80)}. Alerts about your backups will come here.`,
	];
	if (publicUrl === null) lead.push("Set PUBLIC_URL to the address of the dashboard, and messages will link to it.");
	const sent: [string, string] = ["Sent", `${formatMoment(now, now, zone)} (${zone})`];
	const host = oneLine(context.labName ?? "", 64);
	const section = plainSection(lead, host === "" ? [sent] : [["From", host], sent]);
	return messageOf("test", {
		title: host === "" ? "Test: this channel works" : `Test: this channel works (${host})`,
		body: {
			intro: null,
			sections: [section],
			more: null,
			also: [],
			alsoHeading: "",
			url: pathUrl("/", context),
			actions: null,
		},
		severity: "info",
		isResolved: false,
		threadId: `test-${now.toString(36)}@backup-monitor`,
		events: [],
	});
}

export function composeDigest(digest: Digest, context: MessageContext): Message {
	const { now, zone, units } = context;
	const lines = digestLines(digest, now, zone, units);
	const facts: [string, string][] = [
		["Time", `${formatMoment(digest.from, now, zone)} to ${formatMoment(digest.to, now, zone)}`],
	];
	if (digest.undelivered > 0) facts.push(["Not delivered", plural(digest.undelivered, "message")]);
	const open = digest.openAlerts.map((text) => oneLine(text, 300)).filter((text) => text !== "");
	const also = open.length <= 11 ? open : [...open.slice(0, 10), `and ${open.length - 10} more`];
	const sentence = digestSentence(digest);
	const isBad = digest.openAlerts.length > 0 || digest.jobs.some(needsSomebody);
	return messageOf("digest", {
		title: `Digest: ${sentence.replace(/\.$/, "")}`.replaceAll("\u00a0", " "),
		body: {
			intro: sentence,
			sections: [plainSection(lines, []), plainSection([], facts)].filter(
				({ lead, facts }) => lead.length + facts.length > 0,
			),
			more: null,
			also,
			alsoHeading: "Open alerts",
			url: pathUrl("/", context),
			actions: null,
		},
		severity: isBad ? "warning" : "info",
		isResolved: false,
		threadId: `digest-${digest.to.toString(36)}@backup-monitor`,
		events: [],
	});
}

function plainSection(lead: string[], facts: Section["facts"]): Section {
	return { heading: null, lead, facts, log: [], severity: "info", isOver: false, url: null };
}

type Parts = Pick<Message, "title" | "severity" | "isResolved" | "threadId"> & { body: Body; events: EventData[] };

function messageOf(type: MessageData["type"], { body, events, ...parts }: Parts): Message {
	const { title, severity, isResolved } = parts;
	const { url, actions } = body;
	const text = textOf(body);
	const data: MessageData = { version: 1, type, title, text, severity, resolved: isResolved, url, events };
	return { ...parts, text, html: htmlOf(title, body), url, actions, data };
}

function worse(a: Severity, b: Severity): Severity {
	return compareSeverities(a, b) >= 0 ? a : b;
}

function pathUrl(path: string, { publicUrl }: MessageContext): string | null {
	return publicUrl === null ? null : publicUrl + path;
}

function actionsOf({ event }: Story, { now, publicUrl, linkKey }: MessageContext): Message["actions"] {
	if (publicUrl === null || linkKey === null) return null;
	const expiresAt = now + linkLifetimeMs;
	const link = (action: LinkAction) =>
		publicUrl + linkPath(signLink(linkKey, { alertId: event.alertId, action, expiresAt }));
	return { acknowledge: link("acknowledge"), snooze: link("snooze") };
}
