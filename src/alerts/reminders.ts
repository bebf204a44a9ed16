// Open alerts that are to be told of again, and when the next one is.
import type { Database } from "bun:sqlite";
import type { Alert } from "../alert.ts";
import { reminderAt } from "../outbox.ts";
import { readOpenAlerts, remindAlert, unmuteAlert } from "../store/alerts.ts";

/** Counts a reminder of each alert that is due for one; as they are to be told. Needs a transaction. */
export function remindDue(db: Database, now: number): Alert[] {
	const due = readOpenAlerts(db).filter((alert) => (reminderAt(alert) ?? Number.POSITIVE_INFINITY) <= now);
	return due.map((alert) => {
		remindAlert(db, alert.id, now);
		// What was there before the monitor is news only while it is new: a day later it is still open.
		if (alert.isMuted) unmuteAlert(db, alert.id);
		return { ...alert, isMuted: false };
	});
}

/** Never before `now`; null: nothing is to be told of again. */
export function nextReminder(db: Database, now: number): number | null {
	const moments = readOpenAlerts(db).flatMap((alert) => reminderAt(alert) ?? []);
	return moments.length === 0 ? null : Math.max(now, Math.min(...moments));
}
