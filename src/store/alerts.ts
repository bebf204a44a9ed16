// Alerts as they are stored: opened once, escalated, acknowledged, resolved; the open ones and their history.
import type { Database } from "bun:sqlite";
import { type Alert, type AlertKind, compareSeverities, type Finding, type Severity } from "../alert.ts";
import { mask } from "../secrets.ts";
import { prepared } from "./database.ts";

type Row = {
	id: number;
	job_id: number;
	kind: AlertKind;
	key: string;
	severity: Severity;
	sentence: string;
	run_id: number | null;
	since: number;
	opened_at: number;
	escalated_at: number | null;
	resolved_at: number | null;
	resolution: string | null;
	reminded_at: number | null;
	reminders: number;
	acknowledged_at: number | null;
	acknowledged_until: number | null;
	snoozed_until: number | null;
	parent_id: number | null;
	is_muted: number;
};

function alertOf(row: Row): Alert {
	return {
		id: row.id,
		jobId: row.job_id,
		kind: row.kind,
		key: row.key,
		severity: row.severity,
		sentence: mask(row.sentence),
		runId: row.run_id,
		since: row.since,
		openedAt: row.opened_at,
		escalatedAt: row.escalated_at,
		resolvedAt: row.resolved_at,
		resolution: row.resolution,
		remindedAt: row.reminded_at,
		reminders: row.reminders,
		acknowledgedAt: row.acknowledged_at,
		acknowledgedUntil: row.acknowledged_until,
		snoozedUntil: row.snoozed_until,
		parentId: row.parent_id,
		isMuted: row.is_muted === 1,
	};
}

/** Every open alert, the oldest first. */
export function readOpenAlerts(db: Database): Alert[] {
	return prepared<Row>(db, "SELECT * FROM alert WHERE resolved_at IS NULL ORDER BY opened_at, id").all().map(alertOf);
}

/** Open ones that speak for themselves and that nobody has taken care of. */
export function countLoudAlerts(db: Database, now: number): number {
	const row = prepared<{ count: number }>(
		db,
		`SELECT count(*) AS count FROM alert WHERE resolved_at IS NULL AND parent_id IS NULL
			AND (acknowledged_at IS NULL OR acknowledged_until <= $now) AND (snoozed_until IS NULL OR snoozed_until <= $now)`,
	).get({ now });
	return row?.count ?? 0;
}

/** By job: how bad the worst of its open alerts is. */
export function readWorstAlerts(db: Database): Map<number, Severity> {
	const worst = new Map<number, Severity>();
	for (const { jobId, severity } of readOpenAlerts(db)) {
		const known = worst.get(jobId);
		if (known === undefined || compareSeverities(severity, known) > 0) worst.set(jobId, severity);
	}
	return worst;
}

/** The worst of those that are open besides one and speak for themselves, and how many there are of them. */
export function readWorstOpen(
	db: Database,
	{ id, parentId }: Pick<Alert, "id" | "parentId">,
	limit: number,
): { worst: Alert[]; count: number } {
	const others = "resolved_at IS NULL AND parent_id IS NULL AND id <> $id AND id <> $parent";
	const named = { id, parent: parentId ?? 0 };
	const worst = prepared<Row>(
		db,
		`SELECT * FROM alert WHERE ${others}
		ORDER BY CASE severity WHEN 'critical' THEN 0 WHEN 'warning' THEN 1 ELSE 2 END, opened_at LIMIT $limit`,
	).all({ ...named, limit });
	const count = prepared<{ count: number }>(db, `SELECT count(*) AS count FROM alert WHERE ${others}`).get(named);
	return { worst: worst.map(alertOf), count: count?.count ?? 0 };
}

export function readOpenAlertsOf(db: Database, jobId: number): Alert[] {
	return prepared<Row>(db, "SELECT * FROM alert WHERE job_id = $jobId AND resolved_at IS NULL ORDER BY opened_at, id")
		.all({ jobId })
		.map(alertOf);
}

/** Open and resolved ones of a job, newest first. */
export function readAlertsOf(db: Database, jobId: number, limit: number): Alert[] {
	return prepared<Row>(db, "SELECT * FROM alert WHERE job_id = $jobId ORDER BY opened_at DESC, id DESC LIMIT $limit")
		.all({ jobId, limit })
		.map(alertOf);
}

/** Resolved ones, the newest first; `before` is the id to go on behind. */
export function readResolvedAlerts(db: Database, limit: number, before = Number.MAX_SAFE_INTEGER): Alert[] {
	return prepared<Row>(
		db,
		"SELECT * FROM alert WHERE resolved_at IS NOT NULL AND id < $before ORDER BY id DESC LIMIT $limit",
	)
		.all({ limit, before })
		.map(alertOf);
}

export function readAlertsOfRun(db: Database, runId: number): Alert[] {
	return prepared<Row>(
		db,
		`SELECT * FROM alert WHERE job_id = (SELECT job_id FROM run WHERE id = $runId) AND run_id = $runId
		ORDER BY opened_at`,
	)
		.all({ runId })
		.map(alertOf);
}

export function readAlert(db: Database, id: number): Alert | null {
	const row = prepared<Row>(db, "SELECT * FROM alert WHERE id = $id").get({ id });
	return row === null ? null : alertOf(row);
}

type Opening = Pick<Alert, "isMuted" | "acknowledgedAt" | "acknowledgedUntil" | "snoozedUntil" | "parentId">;

/** Opens an alert. Throws where one of the same job, kind and key is open. */
export function openAlert(db: Database, jobId: number, finding: Finding, now: number, opening: Opening): Alert {
	const row = prepared<Row>(
		db,
		`INSERT INTO alert (job_id, kind, key, severity, sentence, run_id, since, opened_at, acknowledged_at,
			acknowledged_until, snoozed_until, parent_id, is_muted)
		VALUES ($jobId, $kind, $key, $severity, $sentence, $runId, $since, $now, $acknowledgedAt, $acknowledgedUntil,
			$snoozedUntil, $parentId, $muted) RETURNING *`,
	).get({
		jobId,
		now,
		kind: finding.kind,
		key: finding.key,
		severity: finding.severity,
		sentence: finding.sentence,
		runId: finding.runId,
		since: finding.since,
		acknowledgedAt: opening.acknowledgedAt,
		acknowledgedUntil: opening.acknowledgedUntil,
		snoozedUntil: opening.snoozedUntil,
		parentId: opening.parentId,
		muted: opening.isMuted ? 1 : 0,
	});
	if (row === null) throw new Error("SQLite returned no row for an alert it inserted");
	return alertOf(row);
}

export function rewordAlert(db: Database, id: number, { severity, sentence, runId }: Finding): void {
	prepared(db, "UPDATE alert SET severity = $severity, sentence = $sentence, run_id = $runId WHERE id = $id").run({
		id,
		severity,
		sentence,
		runId,
	});
}

export function unmuteAlert(db: Database, id: number): void {
	prepared(db, "UPDATE alert SET is_muted = 0 WHERE id = $id").run({ id });
}

/** It became worse: what was acknowledged was the milder one. */
export function escalateAlert(db: Database, id: number, finding: Finding, now: number): void {
	rewordAlert(db, id, finding);
	prepared(
		db,
		`UPDATE alert SET escalated_at = $now, acknowledged_at = NULL, acknowledged_until = NULL, is_muted = 0
		WHERE id = $id`,
	).run({ id, now });
}

export function resolveAlert(db: Database, id: number, resolution: string, now: number): void {
	prepared(db, "UPDATE alert SET resolved_at = $now, resolution = $resolution WHERE id = $id").run({
		id,
		resolution,
		now,
	});
}

/** After the clock was set back: reminders are counted from instants that have been. */
export function bringAlertsBack(db: Database, now: number): void {
	prepared(
		db,
		`UPDATE alert SET opened_at = min(opened_at, $now), escalated_at = min(escalated_at, $now),
			reminded_at = min(reminded_at, $now)
		WHERE resolved_at IS NULL AND max(opened_at, ifnull(escalated_at, 0), ifnull(reminded_at, 0)) > $now`,
	).run({ now });
}

export function remindAlert(db: Database, id: number, now: number): void {
	prepared(db, "UPDATE alert SET reminded_at = $now, reminders = reminders + 1 WHERE id = $id").run({ id, now });
}

/** The alert that speaks for this one from now on; null: it speaks for itself. */
export function adoptAlert(db: Database, id: number, parentId: number | null): void {
	prepared(db, "UPDATE alert SET parent_id = $parentId WHERE id = $id").run({ id, parentId });
}

type About = { jobId: number; kind: string; key: string };
const openOf = "job_id = $jobId AND kind = $kind AND key = $key AND resolved_at IS NULL";

export function acknowledgeOpen(db: Database, about: About, at: number, until: number | null): void {
	prepared(
		db,
		`UPDATE alert SET acknowledged_at = $at, acknowledged_until = $until, snoozed_until = NULL WHERE ${openOf}`,
	).run({ ...about, at, until });
}

export function snoozeOpen(db: Database, about: About, until: number | null): void {
	prepared(db, `UPDATE alert SET snoozed_until = $until WHERE ${openOf}`).run({ ...about, until });
}

/** Deletes what was resolved before an instant; how many. */
export function deleteResolvedBefore(db: Database, before: number): number {
	return prepared(db, "DELETE FROM alert WHERE resolved_at < $before").run({ before }).changes;
}
