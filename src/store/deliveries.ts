// The outbox: what goes to which channel, when it is tried again, and what became of it.
import type { Database } from "bun:sqlite";
import type { AlertEventName, Severity } from "../alert.ts";
import { prepared } from "./database.ts";

export type DeliveryEvent = AlertEventName | "digest";

export type Delivery = {
	id: number;
	channel: string;
	/** null: a digest. */
	alertId: number | null;
	event: DeliveryEvent;
	/** JSON of what happened. */
	body: string;
	severity: Severity;
	createdAt: number;
	dueAt: number;
	isHeld: boolean;
	attempts: number;
	triedAt: number | null;
	error: string | null;
	sentAt: number | null;
	givenUpAt: number | null;
};

const columns = `id, channel, alert_id AS alertId, event, body, severity, created_at AS createdAt, due_at AS dueAt,
	is_held AS isHeld, attempts, tried_at AS triedAt, error, sent_at AS sentAt, given_up_at AS givenUpAt`;
type Row = Omit<Delivery, "isHeld"> & { isHeld: number };

function deliveryOf(row: Row): Delivery {
	return { ...row, isHeld: row.isHeld === 1 };
}

export type NewDelivery = Pick<
	Delivery,
	"channel" | "alertId" | "event" | "body" | "severity" | "createdAt" | "dueAt" | "isHeld"
>;

export function insertDelivery(db: Database, delivery: NewDelivery): void {
	prepared(
		db,
		`INSERT INTO delivery (channel, alert_id, event, body, severity, created_at, due_at, is_held)
		VALUES ($channel, $alertId, $event, $body, $severity, $createdAt, $dueAt, $isHeld)`,
	).run({ ...delivery, isHeld: delivery.isHeld ? 1 : 0 });
}

const waiting = "sent_at IS NULL AND given_up_at IS NULL";

/** The first instant at which something is to be sent, with its channel; each channel once. */
export function readWaitingChannels(db: Database): { channel: string; dueAt: number }[] {
	return prepared<{ channel: string; dueAt: number }>(
		db,
		`SELECT channel, min(due_at) AS dueAt FROM delivery WHERE ${waiting} GROUP BY channel`,
	).all();
}

/**
 * What waits for a channel and is due, the oldest first. What was tried before goes along with what is new, and so does
 * whatever else waits about the same alert: its end must not overtake its beginning.
 */
export function readDueDeliveries(db: Database, channel: string, now: number, limit: number): Delivery[] {
	return prepared<Row>(
		db,
		`SELECT ${columns} FROM delivery WHERE ${waiting} AND channel = $channel
			AND (due_at <= $now OR attempts > 0 OR alert_id IN (
				SELECT alert_id FROM delivery WHERE ${waiting} AND channel = $channel AND due_at <= $now))
		ORDER BY id LIMIT $limit`,
	)
		.all({ channel, now, limit })
		.map(deliveryOf);
}

/** Everything that is not delivered: waiting, or given up within the time that is kept; newest first. */
export function readUndelivered(db: Database, limit: number): Delivery[] {
	return prepared<Row>(
		db,
		`SELECT ${columns} FROM delivery WHERE sent_at IS NULL AND (given_up_at IS NOT NULL OR attempts > 0 OR is_held = 1
			OR due_at > created_at + 120000) ORDER BY id DESC LIMIT $limit`,
	)
		.all({ limit })
		.map(deliveryOf);
}

/** Channels that were told, or are being told, that an alert is open. */
export function readChannelsOf(db: Database, alertId: number): string[] {
	return prepared<{ channel: string }>(
		db,
		"SELECT DISTINCT channel FROM delivery WHERE alert_id = $alertId AND given_up_at IS NULL",
	)
		.all({ alertId })
		.map(({ channel }) => channel);
}

/** Open alerts of which nobody was told, and nobody will be: what told of them waited for channels that are gone. */
export function readUntold(db: Database, channels: readonly string[]): number[] {
	return prepared<{ alertId: number }>(
		db,
		`SELECT DISTINCT alert_id AS alertId FROM delivery WHERE sent_at IS NULL AND event IN ('opened', 'escalated')
			AND alert_id IN (SELECT id FROM alert WHERE resolved_at IS NULL)
			AND NOT EXISTS (SELECT 1 FROM delivery AS other WHERE other.alert_id = delivery.alert_id
				AND (other.sent_at IS NOT NULL OR other.channel IN (SELECT value FROM json_each($channels))))
		ORDER BY alert_id`,
	)
		.all({ channels: JSON.stringify(channels) })
		.map(({ alertId }) => alertId);
}

/** After the clock was set back: what waited for an instant of the wrong one waits no longer. How many. */
export function bringDueBack(db: Database, latest: number, now: number): number {
	return prepared(
		db,
		`UPDATE delivery SET due_at = $now, created_at = min(created_at, $now) WHERE ${waiting} AND due_at > $latest`,
	).run({ latest, now }).changes;
}

export function markSent(db: Database, ids: number[], now: number): void {
	const statement = prepared(
		db,
		"UPDATE delivery SET sent_at = $now, tried_at = $now, attempts = attempts + 1, error = NULL WHERE id = $id",
	);
	for (const id of ids) statement.run({ id, now });
}

/** `dueAt` null: never again. */
export function markFailed(db: Database, ids: number[], error: string, dueAt: number | null, now: number): void {
	const statement = prepared(
		db,
		`UPDATE delivery SET attempts = attempts + 1, tried_at = $now, error = $error,
			due_at = coalesce($dueAt, due_at), given_up_at = CASE WHEN $dueAt IS NULL THEN $now END WHERE id = $id`,
	);
	for (const id of ids) statement.run({ id, now, error, dueAt });
}

export function deleteDeliveriesBefore(db: Database, before: number): number {
	return prepared(db, "DELETE FROM delivery WHERE coalesce(sent_at, given_up_at) < $before").run({ before }).changes;
}

/**
 * Tries again what a channel refused for good, where it is still true: its alert is open and nothing else told of it.
 * `channel` null: of all channels. How many.
 */
export function reviveDeliveries(db: Database, channel: string | null, since: number, now: number): number {
	return prepared(
		db,
		`UPDATE delivery SET given_up_at = NULL, due_at = $now WHERE given_up_at IS NOT NULL AND sent_at IS NULL
			AND created_at > $since AND event <> 'reminder' AND ($channel IS NULL OR channel = $channel)
			AND alert_id IN (SELECT id FROM alert WHERE resolved_at IS NULL)`,
	).run({ channel, since, now }).changes;
}

/** Forgets what waits, which may have been sent long ago; its alerts are as those that were there before the monitor. */
export function forgetWaiting(db: Database): void {
	prepared(
		db,
		`UPDATE alert SET is_muted = 1 WHERE resolved_at IS NULL AND id IN (
			SELECT alert_id FROM delivery WHERE ${waiting} AND event IN ('opened', 'escalated'))`,
	).run();
	prepared(db, `DELETE FROM delivery WHERE ${waiting}`).run();
}

/** How a channel does: when it last took a message, and since when it does not. */
export type ChannelHealth = {
	name: string;
	sentAt: number | null;
	failingSince: number | null;
	error: string | null;
	/** It said never, not "not now". */
	isRefused: boolean;
};

export function readChannelHealth(db: Database): ChannelHealth[] {
	return prepared<Omit<ChannelHealth, "isRefused"> & { isRefused: number }>(
		db,
		`SELECT name, sent_at AS sentAt, failing_since AS failingSince, error, is_refused AS isRefused
		FROM channel ORDER BY name`,
	)
		.all()
		.map((row) => ({ ...row, isRefused: row.isRefused === 1 }));
}

export function noteChannelSent(db: Database, name: string, now: number): void {
	prepared(
		db,
		`INSERT INTO channel (name, sent_at) VALUES ($name, $now)
		ON CONFLICT (name) DO UPDATE SET sent_at = $now, failing_since = NULL, error = NULL, is_refused = 0`,
	).run({ name, now });
}

export function noteChannelFailed(db: Database, name: string, error: string, isRefused: boolean, now: number): void {
	prepared(
		db,
		`INSERT INTO channel (name, failing_since, error, is_refused) VALUES ($name, $now, $error, $refused)
		ON CONFLICT (name) DO UPDATE SET failing_since = coalesce(failing_since, $now), error = $error,
			is_refused = $refused`,
	).run({ name, now, error, refused: isRefused ? 1 : 0 });
}

/**
 * When the oldest delivery was made that was tried and nobody took; null: none. One that was given up counts while its
 * alert is open and no later message about it was taken.
 */
export function readOldestUndelivered(db: Database): number | null {
	return (
		prepared<{ at: number | null }>(
			db,
			`SELECT min(created_at) AS at FROM delivery WHERE sent_at IS NULL AND is_held = 0 AND attempts > 0
				AND (given_up_at IS NULL OR (alert_id IN (SELECT id FROM alert WHERE resolved_at IS NULL)
					AND NOT EXISTS (SELECT 1 FROM delivery AS later WHERE later.alert_id = delivery.alert_id
						AND later.id > delivery.id AND later.sent_at IS NOT NULL)))`,
		).get()?.at ?? null
	);
}

/** Deliveries made since an instant that were given up. */
export function countUndelivered(db: Database, since: number): number {
	return (
		prepared<{ count: number }>(
			db,
			"SELECT count(*) AS count FROM delivery WHERE given_up_at IS NOT NULL AND created_at >= $since",
		).get({ since })?.count ?? 0
	);
}
