// A message for machines, as docs/webhook.schema.json describes it.

import type { AlertEvent, EventData } from "./message.ts";
import { urlOf } from "./message-body.ts";
import { oneLine } from "./message-clean.ts";

const longest = 1000;

/** Every event, also those that a later one overtook: a machine keeps its own account. */
export function dataOfEvent(event: AlertEvent, publicUrl: string | null): EventData {
	const { job, resolution } = event;
	return {
		event: event.event,
		alert_id: event.alertId,
		kind: event.kind,
		key: oneLine(event.key, longest),
		severity: event.severity,
		job: job === null ? null : oneLine(job.name, longest),
		host: job === null || job.host === "" ? null : oneLine(job.host, longest),
		title: job === null || job.title === null ? null : oneLine(job.title, longest),
		labels: job?.labels ?? {},
		sentence: oneLine(event.sentence, longest),
		at: isoOf(event.at),
		opened_at: isoOf(event.openedAt),
		resolution: resolution === null ? null : oneLine(resolution, longest),
		run_id: event.run?.id ?? null,
		last_success_at: event.lastGood === null ? null : isoOf(event.lastGood.at),
		url: urlOf(event, publicUrl),
	};
}

function isoOf(instant: number): string {
	return new Date(instant).toISOString();
}
