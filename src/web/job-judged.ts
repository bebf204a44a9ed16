// What the watch says of a job, for its page: judged at this moment by the same rules, with what was decided about it.
import type { Database } from "bun:sqlite";
import { readJudgement } from "../alerts/judgement.ts";
import { dueDaysOf } from "../due-days.ts";
import type { JudgedJobPage } from "../job-page.ts";
import { ladderOf } from "../ladder.ts";
import { nextSlots } from "../schedule.ts";
import { settingsOf } from "../settings.ts";
import { readAlertsOf } from "../store/alerts.ts";
import { type StoredDecision, untilNextRun } from "../store/decisions.ts";
import { readInventoryFound } from "../store/inventory-look.ts";
import type { ReadJobPage } from "../store/job-page.ts";
import { readRestoreJob } from "../store/restore.ts";
import { readWatchedJob } from "../store/watched.ts";
import { dayOf } from "../time.ts";
import type { AppOptions } from "./app.ts";

/** The judged half of the page of a job; `stored` is the other half. */
export type ReadJudged = (db: Database, stored: ReadJobPage, now: number) => JudgedJobPage;

/** Fewer good backups than this are no past to compare with. */
const fewestCompared = 5;
const duesShown = 5;
const alertsShown = 20;

export function judgedReader({
	monitor,
	alerting,
	config,
}: Pick<AppOptions, "monitor" | "alerting" | "config">): ReadJudged {
	const { zone } = config;
	return (db, stored, now) => {
		const { job, calendar, good, finished, running, lastGoodAt } = stored;
		const settings = settingsOf(alerting.settings, job);
		const { judgement, decision } = readJudgement(db, job, { settings, zone, outages: monitor.outages }, now);
		const { plan } = judgement;
		const anchor = judgement.dueAt ?? (running ?? finished)?.startedAt ?? job.createdAt;
		const seen = readWatchedJob(db, job.id)?.plausibility ?? null;
		const plausibility =
			seen === null || good === null
				? null
				: { at: good.endedAt ?? good.startedAt, findings: seen.findings, learning: learningOf(stored, decision) };
		const restorable = readRestoreJob(db, job, settings, now, { iec: config.units === "iec" }).rung;
		const present = readInventoryFound(db, job, settings, { zone, units: { iec: config.units === "iec" } }, now)?.rung;
		const { pausedUntil } = decision;
		const isPaused = pausedUntil !== null && pausedUntil > now;
		return {
			title: settings?.title ?? null,
			judgement,
			ladder: ladderOf({ judgement, lastGoodAt, plausibility, restorable, ...(present && { present }) }),
			nextDues: nextSlots(plan.schedule, now, anchor, duesShown),
			dueDays: dueDaysOf(plan, anchor, { from: calendar.from, to: dayOf(now, zone), zone }),
			alerts: readAlertsOf(db, job.id, alertsShown),
			settings,
			storedSchedule: decision.schedule,
			pausedUntil: !isPaused ? null : pausedUntil === untilNextRun ? Number.POSITIVE_INFINITY : pausedUntil,
			archivedAt: decision.archivedAt,
			expectedFrom: decision.expectedFrom,
		};
	};
}

/** While there is too little to compare with: how much there is. null: there is enough. */
function learningOf({ recentGood }: ReadJobPage, { expectedFrom }: StoredDecision): string | null {
	const past = recentGood.slice(1).filter((run) => run.startedAt >= (expectedFrom ?? Number.NEGATIVE_INFINITY));
	if (past.length >= fewestCompared) return null;
	return `Still learning: ${past.length} of ${fewestCompared} good backups to compare with.`;
}
