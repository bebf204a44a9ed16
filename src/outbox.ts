// What may be sent when: tries and their back-off, gathering, reminders, and who keeps silent for how long.
import type { Alert, AlertEventName } from "./alert.ts";

const second = 1000;
const minute = 60 * second;
const hour = 60 * minute;
const day = 24 * hour;

/** The first waits; from there on each is twice the one before, up to the longest. */
const firstWaits = [10 * second, 30 * second, 2 * minute];
const longestWait = hour;
/** A delivery that no channel took for so long is given up, and shown as undelivered. */
export const givesUpAfter = 3 * day;
/** A share of the wait, to either side: channels that broke together do not come back together. */
const jitter = 0.2;

/**
 * When to try again after the `attempts`-th try failed, or null: given up. The last try is at the very end of the three
 * days. `retryAfter`: seconds that the receiver asked for; it can lengthen the wait to an hour, never shorten it.
 */
export function nextTryAt(
	{ attempts, createdAt }: { attempts: number; createdAt: number },
	now: number,
	seed: number,
	retryAfter: number | null = null,
): number | null {
	// A clock that was set back must not keep a delivery for years.
	const endAt = Math.min(createdAt, now) + givesUpAfter;
	if (now >= endAt) return null;
	const own = waitOf(attempts) * (1 + jitter * (2 * shareOf(seed, attempts) - 1));
	const asked = (retryAfter ?? 0) * second;
	return Math.min(now + Math.round(Math.min(Math.max(own, asked), longestWait)), endAt);
}

function waitOf(attempts: number): number {
	const first = firstWaits[Math.max(0, attempts - 1)];
	if (first !== undefined) return first;
	// So that the longest is an hour with its jitter: cut behind it, half of them would come at the same moment.
	return Math.min(longestWait / (1 + jitter), 2 * minute * 2 ** Math.min(attempts - firstWaits.length, 16));
}

/** A share of one that looks random and is the same for the same numbers. */
function shareOf(seed: number, attempts: number): number {
	let mixed = (Math.imul(seed | 0, 0x9e3779b1) ^ Math.imul(attempts, 0x85ebca6b)) >>> 0;
	mixed = Math.imul(mixed ^ (mixed >>> 16), 0x7feb352d) >>> 0;
	mixed = Math.imul(mixed ^ (mixed >>> 15), 0x846ca68b) >>> 0;
	return ((mixed ^ (mixed >>> 16)) >>> 0) / 2 ** 32;
}

/** Nothing is put off for longer: quiet hours end within a day, tries are an hour apart. Later is another clock's word. */
export const longestPutOff = day + hour;

const gatherMs = minute;

/** When a channel may be sent to: the first message goes at once, what follows within a minute waits and goes as one. */
export function sendAt(lastSentAt: number | null, now: number): number {
	// That far ahead of `now` only after the clock was set back.
	if (lastSentAt === null || lastSentAt - now > gatherMs) return now;
	return Math.max(now, lastSentAt + gatherMs);
}

const dailyReminders = 7;

/**
 * When an open alert is told of again: each day for a week, then each week for as long as it lasts. It never falls silent by
 * itself, because a problem that nobody hears of any more is how backups are lost; acknowledging ends it. After a snooze or
 * a dated acknowledgement it comes up at their end. null: never.
 */
export function reminderAt(alert: Alert): number | null {
	const isOut = alert.resolvedAt !== null || alert.parentId !== null || alert.severity === "info";
	if (isOut || (alert.acknowledgedAt !== null && alert.acknowledgedUntil === null)) return null;
	const toldAt = Math.max(alert.openedAt, alert.escalatedAt ?? 0, alert.remindedAt ?? 0);
	const wait = alert.reminders < dailyReminders ? day : 7 * day;
	const silentUntil = Math.max(alert.acknowledgedUntil ?? 0, alert.snoozedUntil ?? 0);
	return silentUntil > toldAt ? silentUntil : toldAt + wait;
}

type Silence = Pick<Alert, "isMuted" | "parentId" | "acknowledgedAt" | "acknowledgedUntil" | "snoozedUntil">;

/** Whether nothing is said of an alert at present: muted, under another one, snoozed, or acknowledged. */
export function isSilent(alert: Silence, now: number): boolean {
	if (alert.isMuted || alert.parentId !== null || (alert.snoozedUntil ?? 0) > now) return true;
	return alert.acknowledgedAt !== null && (alert.acknowledgedUntil === null || alert.acknowledgedUntil > now);
}

/**
 * Whether an event makes deliveries. Worse news breaks a snooze and an acknowledgement: what was put aside was the milder
 * one. An end is told to all who were told of the opening, put aside or not.
 */
export function isTold(event: AlertEventName, alert: Silence, now: number): boolean {
	if (event === "resolved") return !alert.isMuted;
	if (event === "escalated") return !alert.isMuted && alert.parentId === null;
	return !isSilent(alert, now);
}
