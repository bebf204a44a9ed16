// The alerts of a job: the open ones with what can be done about them, and those that are over.
import type { Alert, AlertKind } from "../../alert.ts";
import type { JobPage } from "../../job-page.ts";
import { formatDuration, plural } from "../../units.ts";
import { type Html, html } from "../html.ts";
import { icon } from "../icons.ts";
import { ago, calendarTime } from "../time-element.ts";
import { actionForm, untilMenu } from "./job-parts.ts";

const kindWords: Record<AlertKind, string> = {
	failed: "Failed run",
	missed: "Missed run",
	stuck: "Running too long",
	stale: "No good backup for too long",
	size: "Unusual size",
	duration: "Unusual duration",
	phase: "Unusual phase",
	files: "Unusual number of files",
	rejected_input: "Reports that cannot be read",
	refused_reports: "Refused reports",
	channel_broken: "Broken channel",
	absent: "Not in the remote",
	shrunk: "The remote shrank",
	stale_copy: "The newest copy is old",
	drill_overdue: "Restore not tried for long",
	rto_exceeded: "A restore would take too long",
};

const looks = { info: "unknown", warning: "warning", critical: "failed" } as const;

export function openAlerts(data: JobPage): Html | null {
	const open = data.alerts.filter((alert) => alert.resolvedAt === null);
	if (open.length === 0) return null;
	return html`<section class="card" id="open-alerts" aria-labelledby="open-alerts-title"><header><h2 id="open-alerts-title">${plural(open.length, "open alert")}</h2></header><ul class="alerts">${open.map((alert) => openAlert(alert, data))}</ul></section>`;
}

function openAlert(alert: Alert, data: JobPage): Html {
	const look = looks[alert.severity];
	const run = alert.runId !== null && html` <a href="${`/runs/${alert.runId}`}">See the run</a>.`;
	const about = `of the alert: ${alert.sentence}`;
	const acknowledge = html`<button class="button" type="submit" id="${`acknowledge-${alert.id}`}">${icon("check")}<span>Acknowledge<span class="sr"> the alert: ${alert.sentence}</span></span></button>`;
	const actions = html`${alert.acknowledgedAt === null && actionForm(`/alerts/${alert.id}/acknowledge`, data, acknowledge)}${untilMenu(
		{
			id: `snooze-${alert.id}`,
			data,
			action: `/alerts/${alert.id}/snooze`,
			picture: "snooze",
			word: "Snooze",
			about,
			withNextRun: false,
		},
	)}`;
	return html`<li class="alert" data-state="${look}" id="${`alert-${alert.id}`}"><span class="state" data-state="${look}">${icon(look, `${alert.severity}:`)}</span>
<div class="words"><strong>${kindWords[alert.kind]}</strong> ${calendarTime(alert.since, data)}. ${alert.sentence}${run}${quiet(alert, data)}</div>
<div class="alert-actions">${actions}</div></li>`;
}

/** Why nothing more is said of it for now. */
function quiet(alert: Alert, data: JobPage): Html | null {
	const words: Html[] = [];
	if (alert.acknowledgedAt !== null) {
		const until =
			alert.acknowledgedUntil === null
				? "until it is over"
				: html`until ${calendarTime(alert.acknowledgedUntil, data)}`;
		words.push(html`Acknowledged ${ago(alert.acknowledgedAt, data)}, ${until}.`);
	}
	if (alert.snoozedUntil !== null && alert.snoozedUntil > data.now) {
		const isNextRun = alert.snoozedUntil >= Number.MAX_SAFE_INTEGER;
		words.push(html`Snoozed until ${isNextRun ? "its next run" : calendarTime(alert.snoozedUntil, data)}.`);
	}
	if (alert.isMuted) words.push(html`Shown only: no message was sent.`);
	if (alert.parentId !== null) words.push(html`Another alert speaks for it.`);
	return words.length === 0 ? null : html`<span class="quiet">${words.map((word) => html`${word} `)}</span>`;
}

export function pastAlerts(data: JobPage): Html {
	const past = data.alerts.filter((alert) => alert.resolvedAt !== null);
	const rows = past.map((alert) => {
		const took = ((alert.resolvedAt ?? alert.openedAt) - alert.openedAt) / 1000;
		const over = html`over after ${formatDuration(took)}${alert.resolution !== null && html`: ${alert.resolution}`}`;
		return html`<li><span class="state" data-state="${looks[alert.severity]}">${icon(looks[alert.severity], `${alert.severity}:`)}</span><p><strong>${kindWords[alert.kind]}</strong> ${calendarTime(alert.openedAt, data)}, ${over}</p><div class="words">${alert.sentence}</div></li>`;
	});
	const body =
		rows.length === 0
			? html`<div class="box calm"><span class="state" data-state="ok">${icon("ok")}</span><strong>No earlier alert</strong></div>`
			: html`<ul class="failures">${rows}</ul>`;
	return html`<section class="card" id="past-alerts" aria-labelledby="past-alerts-title"><header><h2 id="past-alerts-title">Earlier alerts</h2></header><div class="body">${body}</div></section>`;
}
