// What needs somebody, one line each with what can be done about it: open alerts, jobs without one, slow drifts, hints.
import { isSilent } from "../../alerts-page.ts";
import { alertWords, troubleOf } from "../../needs.ts";
import type { Overview, OverviewAlert, OverviewJob } from "../../overview.ts";
import { formatBytes, formatDuration, formatPercent, plural, type Units } from "../../units.ts";
import type { VerdictJob } from "../../verdict.ts";
import { type Html, html } from "../html.ts";
import { type IconName, icon } from "../icons.ts";
import { ago, calendarTime } from "../time-element.ts";
import { button } from "./action-forms.ts";
import { jobHref, pathOf } from "./overview-parts.ts";

const rowsShown = 6;
const driftsShown = 2;

export function attention(data: Overview, jobs: VerdictJob[], units: Units): Html | null {
	const bySlug = new Map(data.judged.map((job) => [job.slug, job]));
	const alerted = new Set(data.alerts.map(({ slug }) => slug));
	const rankOf = new Map(jobs.map((job, i) => [job.slug, i]));
	// As the jobs below: the worst first, and what somebody has taken care of behind the rest.
	const rank = ({ slug }: OverviewAlert) => rankOf.get(slug ?? "") ?? jobs.length;
	const sorted = data.alerts.toSorted((a, b) => rank(a) - rank(b));
	const row = (alert: OverviewAlert) => () => alertRow(alert, bySlug.get(alert.slug ?? "") ?? null, data, units);
	const rows = [
		...sorted.filter((alert) => !isSilent(alert, data.now)).map(row),
		...jobs
			.filter((job) => troubleOf(job) !== null && !alerted.has(job.slug))
			.map((job) => () => troubleRow(job, bySlug.get(job.slug) ?? null, data)),
		...sorted.filter((alert) => isSilent(alert, data.now)).map(row),
	];
	const rest = rows.length - rowsShown;
	const drifting =
		rows.length > rowsShown ? [] : data.judged.filter((job) => isDrifting(job, alerted)).slice(0, driftsShown);
	const lines = [
		...rows.slice(0, rowsShown).map((draw) => draw()),
		rest > 0 &&
			html`<li class="alert" data-state="none">${icon("bell")}<p>and ${plural(rest, "other")}: <a href="/alerts">all alerts</a></p></li>`,
		...drifting.map(driftRow),
		data.channels === 0 && noChannel,
	].filter((line) => line !== false);
	return lines.length === 0 ? null : html`<ul class="alerts">${lines}</ul>`;
}

const noChannel = html`<li class="alert hint-row" id="no-channel" data-state="none">${icon("bell")}<div class="words">No channel is set up: nobody is told when a backup fails.</div><div class="alert-actions"><a class="button" href="/alerts">Set one up</a></div></li>`;

const looks = { info: "none", warning: "warning", critical: "failed" } as const;

function pictureOf({ kind, severity }: OverviewAlert): IconName {
	if (kind === "missed" || kind === "stale" || kind === "stale_copy" || kind === "drill_overdue") return "old";
	return severity === "critical" ? "failed" : severity === "warning" ? "warning" : "bell";
}

function alertRow(alert: OverviewAlert, job: OverviewJob | null, data: Overview, units: Units): Html {
	const { id, kind, severity, runId, openedAt, speaksFor } = alert;
	const path = pathOf(data);
	const about = `${job?.name ?? "Backup Monitor"}, ${kind}`;
	const isOver = isSilent(alert, data.now);
	const rebases = ["size", "duration", "phase", "files"].includes(kind) && job !== null;
	const lost = kind === "failed" && job !== null && lastGood(job, data, units);
	return html`<li class="alert" id="alert-${id}" data-state="${looks[severity]}"${isOver && html` data-quiet`}><span class="state" data-state="${looks[severity]}">${icon(pictureOf(alert), `${severity}:`)}</span>
<div class="words">${told(alert, job)}${speaksFor > 0 && html` It speaks for ${plural(speaksFor, "other alert")}.`} ${lost}<span class="since">${silence(alert, data) ?? html`open since ${calendarTime(openedAt, data)}`}</span></div>
<div class="alert-actions">${runId !== null && html`<a class="button" href="${`/runs/${runId}`}">View run<span class="sr"> of ${about}</span></a>`}${!isOver && button(`/alerts/${id}/snooze`, "Snooze 1\u00a0day", { path, about, fields: { until: "1d" } })}${rebases && button(`/jobs/${encodeURIComponent(job.slug)}/expected`, "Mark as expected", { path, about })}${!isOver && button(`/alerts/${id}/acknowledge`, "Acknowledge", { path, about })}</div></li>`;
}

/** What is wrong in a few bold words, then the whole sentence, as the mail has it. */
function told({ kind, sentence }: OverviewAlert, job: OverviewJob | null): Html {
	if (job === null) return html`<strong>Backup Monitor</strong> <span class="wraps"><bdi>${sentence}</bdi></span>`;
	const name = nameOf(job);
	// "Failed Sat 28 Nov 02:30 after 4 min: …" goes on from the name.
	if (kind === "failed" && sentence.startsWith("Failed "))
		return html`<strong>${name} failed</strong> <span class="wraps"><bdi>${sentence.slice("Failed ".length)}</bdi></span>`;
	const words = alertWords(kind, job.oddity);
	return html`<strong>${name}${words !== null && ` ${words}.`}</strong> <span class="wraps"><bdi>${sentence}</bdi></span>`;
}

function lastGood({ lastGoodAt, good }: OverviewJob, data: Overview, units: Units): Html {
	if (lastGoodAt === null) return html`No good backup is on record. `;
	const size = good?.size == null ? null : html`, ${formatBytes(good.size, units)}`;
	return html`The last good one ended ${ago(lastGoodAt, data)}${size}. `;
}

function silence(alert: OverviewAlert, data: Overview): Html | null {
	const { acknowledgedUntil, snoozedUntil } = alert;
	if (!isSilent(alert, data.now)) return null;
	if (snoozedUntil !== null && snoozedUntil > data.now) return html`snoozed until ${calendarTime(snoozedUntil, data)}`;
	if (acknowledgedUntil === null) return html`acknowledged until it is over`;
	return html`acknowledged until ${calendarTime(acknowledgedUntil, data)}`;
}

function nameOf({ slug, name, title }: OverviewJob): Html {
	return html`<a href="${jobHref(slug)}"><bdi>${title ?? name}</bdi></a>`;
}

/** A job in trouble that no alert is open of: it is late, or ended with a warning. */
function troubleRow(told: VerdictJob, job: OverviewJob | null, data: Overview): Html {
	const trouble = troubleOf(told);
	const look = trouble?.look ?? "warning";
	const picture = told.state === "late" ? "old" : look;
	const run = job?.finished ?? null;
	const isOfRun = told.state === "warning" || told.state === "failed";
	const view =
		isOfRun && run !== null
			? html`<a class="button" href="${`/runs/${run.id}`}">View run<span class="sr"> of ${told.name}</span></a>`
			: html`<a class="button" href="${jobHref(told.slug)}">View job<span class="sr"> ${told.name}</span></a>`;
	const since = isOfRun && run !== null && html`<span class="since">${ago(run.endedAt ?? run.startedAt, data)}</span>`;
	return html`<li class="alert" data-state="${look}"><span class="state" data-state="${look}">${icon(picture)}</span>
<div class="words"><strong>${job === null ? told.name : nameOf(job)} ${trouble?.one}.</strong> <bdi>${job?.judgement.reason}</bdi> ${since}</div><div class="alert-actions">${view}</div></li>`;
}

function isDrifting(job: OverviewJob, alerted: ReadonlySet<string | null>): boolean {
	const { state } = job.judgement;
	return job.drift !== null && !alerted.has(job.slug) && (state === "ok" || state === "running" || state === "warning");
}

/** Slower than it was, and nothing is wrong yet: no colour of alarm. */
function driftRow(job: OverviewJob): Html {
	const { before, after } = job.drift ?? { before: 1, after: 1 };
	return html`<li class="alert" data-state="none">${icon("warning", "Watch:")}
<div class="words"><strong>${nameOf(job)} takes ${formatPercent(after / before - 1)} longer</strong> than some weeks ago: ${formatDuration(after)} instead of ${formatDuration(before)}.</div><div class="alert-actions"><a class="button" href="${jobHref(job.slug)}">View trend<span class="sr"> of ${job.name}</span></a></div></li>`;
}
