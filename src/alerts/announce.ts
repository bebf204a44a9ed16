// Writes what happened to an alert into the outbox: one delivery for each channel that is to hear of it.
import type { Database } from "bun:sqlite";
import type { Alert, AlertEventName } from "../alert.ts";
import type { Job } from "../job.ts";
import type { AlertEvent } from "../message.ts";
import { isTold } from "../outbox.ts";
import { quietUntil } from "../quiet-hours.ts";
import { recipientsOf } from "../routing.ts";
import type { ChannelSettings, JobSettings, Settings } from "../settings.ts";
import { readWorstOpen } from "../store/alerts.ts";
import { insertDelivery, readChannelsOf } from "../store/deliveries.ts";
import { readJobById } from "../store/jobs.ts";
import { readNewestGood, readRun } from "../store/standings.ts";
import { readWatchedJob } from "../store/watched.ts";

/** Who may be told, and when; the same for all that is announced in one look. */
export type Audience = {
	channels: readonly ChannelSettings[];
	settings: Settings;
	settingsOf: (job: Job) => JobSettings | null;
	zone: string;
};

const logLines = 10;
const alsoOpenShown = 5;

/** Needs a transaction: the one in which the alert changed. How many deliveries were written. */
export function announce(db: Database, alert: Alert, event: AlertEventName, audience: Audience, now: number): number {
	if (!isTold(event, alert, now)) return 0;
	const job = alert.jobId === 0 ? null : readJobById(db, alert.jobId);
	const about = { event, kind: alert.kind, key: alert.key, severity: alert.severity };
	const routed = { ...about, job: job === null ? null : jobOf(job, audience) };
	const recipients = recipientsOf(routed, audience.channels, readChannelsOf(db, alert.id));
	const bodies = new Map<AlertEventName, string>();
	for (const recipient of recipients) {
		let body = bodies.get(recipient.event);
		body ??= JSON.stringify(eventOf(db, alert, recipient.event, audience, now));
		bodies.set(recipient.event, body);
		const heldUntil = quietUntil(audience.settings.quietHours, now, audience.zone, alert.severity);
		insertDelivery(db, {
			channel: recipient.channel,
			alertId: alert.id,
			event: recipient.event,
			body,
			severity: alert.severity,
			createdAt: now,
			dueAt: heldUntil ?? now,
			isHeld: heldUntil !== null,
		});
	}
	return recipients.length;
}

function jobOf(job: Job, audience: Audience): NonNullable<AlertEvent["job"]> {
	const settings = audience.settingsOf(job);
	const { name, slug, host } = job;
	return { name, slug, host, title: settings?.title ?? null, labels: settings?.labels ?? {} };
}

/** Everything that a message may tell, as it is at this moment. */
function eventOf(db: Database, alert: Alert, event: AlertEventName, audience: Audience, now: number): AlertEvent {
	const job = alert.jobId === 0 ? null : readJobById(db, alert.jobId);
	const run = alert.runId === null ? null : readRun(db, alert.runId);
	// Of an odd backup the last good one is the one before it.
	const before = run !== null && run.outcome !== "failure" ? run.startedAt : undefined;
	const good = job === null ? null : readNewestGood(db, job.id, before);
	return {
		event,
		alertId: alert.id,
		kind: alert.kind,
		key: alert.key,
		severity: alert.severity,
		job: job === null ? null : jobOf(job, audience),
		sentence: alert.sentence,
		at: now,
		openedAt: alert.openedAt,
		dueAt:
			alert.kind !== "missed" || job === null ? null : (readWatchedJob(db, job.id)?.judgement.missed?.firstAt ?? null),
		resolution: alert.resolution,
		run:
			run === null
				? null
				: {
						id: run.id,
						startedAt: run.startedAt,
						outcome: run.outcome,
						duration: run.duration,
						size: run.size,
						errorCategory: run.errorCategory,
						errorMessage: run.errorMessage?.slice(0, 1000) ?? null,
						log: run.log === null ? null : run.log.trimEnd().split("\n").slice(-logLines).join("\n").slice(-2000),
					},
		lastGood: good === null ? null : { runId: good.id, at: good.endedAt ?? good.startedAt },
		alsoOpen: alsoOpen(db, alert, audience),
	};
}

function alsoOpen(db: Database, alert: Alert, audience: Audience): string[] {
	const { worst, count } = readWorstOpen(db, alert, alsoOpenShown);
	const sentences = worst.map((other) => {
		const job = other.jobId === 0 ? null : readJobById(db, other.jobId);
		const name = job === null ? "Backup Monitor" : (audience.settingsOf(job)?.title ?? job.name);
		return `${name}: ${other.sentence}`;
	});
	const more = count - sentences.length;
	return more > 0 ? [...sentences, `and ${more} more`] : sentences;
}
