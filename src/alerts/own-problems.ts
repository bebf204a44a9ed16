// What keeps alerts from being found or told, as problems of the monitor: an old verdict that nobody renews is worth nothing.
import type { Problem } from "../overview.ts";
import { formatAge, plural } from "../units.ts";

/** So long may a start take to read what is there, or another program hold the database. */
const unjudgedMs = 300_000;
const undeliveredMs = 86_400_000;

/** Jobs of which no verdict can be found. */
export function unjudgeable(jobs: ReadonlyMap<number, { name: string; reason: string }>): Problem[] {
	const [first] = jobs.values();
	if (first === undefined) return [];
	const others = jobs.size === 1 ? "" : ` and of ${plural(jobs.size - 1, "other job")}`;
	return [
		{
			id: "job-not-judged",
			severity: "critical",
			title: `The state of ${first.name}${others} cannot be worked out.`,
			detail: `What is shown of it is only how its newest run ended (${first.reason}). The log tells more; it is tried again each minute.`,
		},
	];
}

/** `silentMs`: since the jobs were looked at last. */
export function unjudgedFor(silentMs: number): Problem[] {
	if (silentMs <= unjudgedMs) return [];
	return [
		{
			id: "not-judged",
			severity: "critical",
			title: `No job has been judged for ${formatAge(silentMs / 1000)}.`,
			detail: "What is shown may be old, and nobody is told of anything. The log says why; if it does not, start anew.",
		},
	];
}

/** `error`: of the last call of HEARTBEAT_URL; null: it was taken, or there is none to be called. */
export function heartbeatUntaken(error: string | null): Problem[] {
	if (error === null) return [];
	return [
		{
			id: "heartbeat",
			severity: "warning",
			title: `HEARTBEAT_URL was called and did not take it: ${error}.`,
			detail: "Whoever waits for these calls will take this monitor for dead. It is called again every 5 minutes.",
		},
	];
}

/** `since`: when the oldest message was made that nobody took; null: there is none. */
export function undelivered(since: number | null, now: number): Problem[] {
	if (since === null || now - since <= undeliveredMs) return [];
	return [
		{
			id: "undelivered",
			severity: "critical",
			title: "Messages could not be delivered for more than 24 hours.",
			detail: "Nobody is told of failed backups. The page Alerts shows each channel with its last error.",
		},
	];
}
