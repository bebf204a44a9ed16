// Events of alerts and the context of messages, for tests that name only what they are about.
import type { Alert } from "../src/alert.ts";
import type { AlertEvent, MessageContext } from "../src/message.ts";
import { decimal } from "../src/units.ts";

/** Monday 23 November 2026, 07:42 in Berlin. */
export const now = Date.UTC(2026, 10, 23, 6, 42);
export const minute = 60_000;
export const hour = 60 * minute;
export const day = 24 * hour;

export function aContext(some: Partial<MessageContext> = {}): MessageContext {
	return {
		now,
		zone: "Europe/Berlin",
		units: decimal,
		publicUrl: "https://backups.example",
		linkKey: new Uint8Array(32).fill(7),
		labName: "pi4",
		...some,
	};
}

export function aJob(name: string, some: Partial<NonNullable<AlertEvent["job"]>> = {}): NonNullable<AlertEvent["job"]> {
	return { name, slug: name, host: "", title: null, labels: {}, ...some };
}

export function aRun(some: Partial<NonNullable<AlertEvent["run"]>> = {}): NonNullable<AlertEvent["run"]> {
	return {
		id: 7,
		startedAt: now - 2 * minute,
		outcome: "failure",
		duration: 3,
		size: null,
		errorCategory: null,
		errorMessage: null,
		log: null,
		...some,
	};
}

export function anEvent(some: Partial<AlertEvent> = {}): AlertEvent {
	return {
		event: "opened",
		alertId: 1,
		kind: "failed",
		key: "",
		severity: "critical",
		job: aJob("photos"),
		sentence: "Failed after 3 s: repository is locked.",
		at: now - minute,
		openedAt: some.at ?? now - minute,
		resolution: null,
		run: aRun({ errorMessage: "Fatal: repository is locked" }),
		lastGood: { runId: 6, at: now - 29 * hour },
		alsoOpen: [],
		...some,
	};
}

export function anAlert(some: Partial<Alert> = {}): Alert {
	return {
		id: 1,
		jobId: 1,
		kind: "failed",
		key: "",
		severity: "critical",
		sentence: "Failed.",
		runId: null,
		since: now,
		openedAt: now,
		escalatedAt: null,
		resolvedAt: null,
		resolution: null,
		remindedAt: null,
		reminders: 0,
		acknowledgedAt: null,
		acknowledgedUntil: null,
		snoozedUntil: null,
		parentId: null,
		isMuted: false,
		...some,
	};
}
