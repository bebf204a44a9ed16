// Brings the alerts of silent hosts into line: who speaks for whom among the jobs that did not run.
import type { Database } from "bun:sqlite";
import type { Alert, AlertEventName } from "../alert.ts";
import type { Job } from "../job.ts";
import { type AlertName, groupMissed, hostOf, hostResolution, type SilentJob } from "../silence.ts";
import { adoptAlert, readAlert, readOpenAlerts } from "../store/alerts.ts";
import { findJob, readJobById, readLastReport } from "../store/jobs.ts";
import { readWatchedJob } from "../store/watched.ts";
import type { Audience } from "./announce.ts";
import { applyFindings } from "./apply-findings.ts";

export type Said = { alertId: number; event: AlertEventName };

/** Needs a transaction. What is to be announced besides what was opened already. */
export function groupSilent(db: Database, { settingsOf, zone }: Audience, now: number): Said[] {
	const open = readOpenAlerts(db);
	const silent = open.flatMap((alert) => silentJobOf(db, alert) ?? []);
	const openHosts = open.filter((alert) => hostOf(alert) !== null);
	if (silent.length === 0 && openHosts.length === 0) return [];

	const hosts = new Set([...silent.map(({ host }) => host), ...openHosts.flatMap((alert) => hostOf(alert) ?? [])]);
	const lastReports = new Map([...hosts].flatMap((host) => lastReport(db, host)));
	const parentOf = (jobId: number) => parentIdOf(db, readJobById(db, jobId), settingsOf);
	const groups = groupMissed(silent, open, lastReports, parentOf, zone, now);

	const said: Said[] = [];
	const how = {
		isHistory: false,
		isSilent: false,
		ended: (alert: Alert) => hostResolution(hostOf(alert) ?? "", alert, lastReports.get(hostOf(alert) ?? "") ?? null),
		announce: (alert: Alert, event: AlertEventName) => said.push({ alertId: alert.id, event }),
	};
	applyFindings(db, 0, openHosts, groups.hosts, how, now);

	const ids = new Map(readOpenAlerts(db).map((alert) => [nameOf(alert), alert]));
	for (const { job, under } of groups.placements) {
		const alert = ids.get(nameOf(job));
		if (alert === undefined || under === "as before") continue;
		const parentId = under === null ? null : (ids.get(nameOf(under))?.id ?? null);
		if (alert.parentId === parentId) continue;
		adoptAlert(db, alert.id, parentId);
		// It was spoken for until now: that it is open is news.
		if (parentId === null) said.push({ alertId: alert.id, event: "opened" });
	}
	return said;
}

function nameOf({ jobId, kind, key }: AlertName): string {
	return `${jobId} ${kind} ${key}`;
}

function silentJobOf(db: Database, alert: Alert): SilentJob | null {
	const { jobId, kind, key, severity } = alert;
	if (jobId === 0 || (kind !== "missed" && kind !== "stale")) return null;
	const job = readJobById(db, jobId);
	const judgement = readWatchedJob(db, jobId)?.judgement;
	if (job === null || judgement === undefined) return null;
	const slotAt = kind === "missed" ? (judgement.missed?.firstAt ?? judgement.dueAt) : judgement.deadlineAt;
	const newestSlotAt = kind === "missed" ? (judgement.dueAt ?? slotAt) : slotAt;
	const spokesman = alert.parentId === null ? null : readAlert(db, alert.parentId);
	return {
		jobId,
		kind,
		key,
		severity,
		name: job.name,
		host: job.host,
		slotAt: slotAt ?? alert.since,
		newestSlotAt: newestSlotAt ?? alert.since,
		hostBackAt: spokesman !== null && hostOf(spokesman) !== null ? spokesman.resolvedAt : null,
	};
}

function lastReport(db: Database, host: string): [string, number][] {
	const at = readLastReport(db, host);
	return at === null ? [] : [[host, at]];
}

function parentIdOf(db: Database, job: Job | null, settingsOf: Audience["settingsOf"]): number | null {
	const parent = job === null ? null : (settingsOf(job)?.parent ?? null);
	return parent === null ? null : (findJob(db, parent)?.id ?? null);
}
