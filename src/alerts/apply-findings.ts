// Brings the open alerts of a job into line with what was found, and announces what has changed.
import type { Database } from "bun:sqlite";
import { type Alert, type AlertEventName, changesOf, type Finding } from "../alert.ts";
import { escalateAlert, openAlert, resolveAlert, rewordAlert, unmuteAlert } from "../store/alerts.ts";
import { readAcknowledgement } from "../store/decisions.ts";

/** A report this much later than its run is history that is told again, or was kept while nobody could be reached. */
export const lateMs = 3_600_000;

export type Applying = {
	announce: (alert: Alert, event: AlertEventName) => void;
	/** What is found now was there before the monitor was: shown, not sent. */
	isHistory: boolean;
	/** Why an alert that is not found any more is over, as a sentence. */
	ended: (alert: Alert) => string;
	/** What ends, ends without a word: the job was paused or archived. */
	isSilent: boolean;
};

/** Opens, escalates, rewords and resolves so that the open alerts are the findings. */
export function applyFindings(
	db: Database,
	jobId: number,
	open: Alert[],
	findings: Finding[],
	{ announce, isHistory, ended, isSilent }: Applying,
	now: number,
): void {
	const changes = changesOf(open, findings, () => false);
	for (const alert of changes.resolve) {
		const resolution = ended(alert);
		resolveAlert(db, alert.id, resolution, now);
		if (!isSilent) announce({ ...alert, resolvedAt: now, resolution }, "resolved");
	}
	for (const { alert, finding } of changes.reword) {
		rewordAlert(db, alert.id, finding);
		// It was there before the monitor was, so nobody was told; that it happened once more is news.
		if (!alert.isMuted || isHistory || finding.runId === alert.runId) continue;
		unmuteAlert(db, alert.id);
		announce({ ...alert, ...finding, isMuted: false }, "opened");
	}
	for (const { alert, finding } of changes.escalate) {
		escalateAlert(db, alert.id, finding, now);
		const { severity, sentence, runId } = finding;
		announce({ ...alert, severity, sentence, runId, acknowledgedAt: null, isMuted: false }, "escalated");
	}
	for (const finding of changes.open) {
		const said = readAcknowledgement(db, jobId, finding);
		// Said of this very trouble, before a rebuild forgot the alert.
		const isKnown = isHistory && said !== null && said.at >= finding.since - lateMs;
		const alert = openAlert(db, jobId, finding, now, {
			isMuted: isHistory && finding.runId !== null,
			acknowledgedAt: isKnown && said.snoozed_until === null ? said.at : null,
			acknowledgedUntil: isKnown ? said.until : null,
			snoozedUntil: isKnown ? said.snoozed_until : null,
			parentId: null,
		});
		announce(alert, "opened");
	}
}
