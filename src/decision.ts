// What the operator decides about a job or an alert; kept in the journal, so that a rebuilt database still knows it.
import { type AlertKind, alertKinds } from "./alert.ts";
import type { Schedule } from "./schedule.ts";

type About = { job: string; host: string };

/** `until` null: until the next run (pause), until it is over (acknowledge). Instants are Unix milliseconds. */
export type Decision = About &
	(
		| { decision: "pause"; until: number | null }
		| { decision: "resume" | "archive" | "unarchive" }
		/** null: learned again. */
		| { decision: "schedule"; schedule: Schedule | null }
		/** Runs from this instant on are the new normal. */
		| { decision: "expected"; from: number }
		| { decision: "rename"; name: string }
		/** Everything of it goes to the job `into`; what reports it later goes there, too. */
		| { decision: "merge"; into: About }
		/** Everything of it that began before an instant is gone. */
		| { decision: "delete"; before: number }
		| { decision: "acknowledge" | "snooze"; kind: AlertKind; key: string; until: number | null }
	);

/** A line of the journal read back; null when it is no decision that this version knows. */
export function parseDecision(value: unknown): Decision | null {
	if (typeof value !== "object" || value === null || !("decision" in value)) return null;
	const { decision, job, host, until, schedule, from, kind, key, name, into, before } = value as Record<
		string,
		unknown
	>;
	if (typeof job !== "string" || typeof host !== "string") return null;
	const end = typeof until === "number" ? until : null;
	switch (decision) {
		case "pause":
			return { job, host, decision, until: end };
		case "resume":
		case "archive":
		case "unarchive":
			return { job, host, decision };
		case "schedule":
			return { job, host, decision, schedule: isSchedule(schedule) ? schedule : null };
		case "expected":
			return typeof from === "number" ? { job, host, decision, from } : null;
		case "rename":
			return typeof name === "string" && name !== "" ? { job, host, decision, name } : null;
		case "merge":
			return isAbout(into) ? { job, host, decision, into: { job: into.job, host: into.host } } : null;
		case "delete":
			return typeof before === "number" ? { job, host, decision, before } : null;
		case "acknowledge":
		case "snooze": {
			const known = alertKinds.find((word) => word === kind);
			if (known === undefined || typeof key !== "string") return null;
			return { job, host, decision, kind: known, key, until: end };
		}
		default:
			return null;
	}
}

function isAbout(value: unknown): value is About {
	if (typeof value !== "object" || value === null) return false;
	const { job, host } = value as Record<string, unknown>;
	return typeof job === "string" && typeof host === "string";
}

function isSchedule(value: unknown): value is Schedule {
	if (typeof value !== "object" || value === null || !("type" in value)) return false;
	const { type, cron, zone, seconds } = value as Record<string, unknown>;
	if (type === "cron") return typeof cron === "string" && typeof zone === "string";
	if (type === "every" || type === "age") return typeof seconds === "number" && seconds > 0;
	return type === "none";
}
