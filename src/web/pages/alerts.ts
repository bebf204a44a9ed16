// The page "/alerts": what is open with what can be done about it, what was not delivered, channels, and history.
import type { Severity } from "../../alert.ts";
import type { AlertsPage, ShownAlert, ShownChannel, ShownDelivery } from "../../alerts-page.ts";
import { formatAge, formatCount, plural } from "../../units.ts";
import { type Html, html } from "../html.ts";
import { icon } from "../icons.ts";
import { banners, barePage, footer, page, type Theme } from "../layout.ts";
import { ago, calendarTime } from "../time-element.ts";
import { button, hiddenPath } from "./action-forms.ts";
import { snippet } from "./snippet.ts";

export function alertsPage(data: AlertsPage, theme: Theme): Html {
	return page({
		title: windowTitle(data),
		theme,
		now: data.now,
		openAlerts: data.openAlerts,
		path: pathOf(data),
		nav: "/alerts",
		live: live(data),
	});
}

export function alertsLive(data: AlertsPage): Html {
	return html`<title>${windowTitle(data)}</title>${live(data)}`;
}

function windowTitle({ openTotal }: AlertsPage): string {
	return `${openTotal === 0 ? "No open alerts" : plural(openTotal, "open alert")} \u00b7 Backup Monitor`;
}

/** "/alerts" with the pages that are shown: what is asked for again is what is seen. */
function pathOf({ openPage, before }: Pick<AlertsPage, "openPage" | "before">): string {
	const query = new URLSearchParams();
	if (openPage > 1) query.set("page", String(openPage));
	if (before !== null) query.set("before", String(before));
	return query.size === 0 ? "/alerts" : `/alerts?${query}`;
}

function live(data: AlertsPage): Html {
	return html`<div id="live" data-now="${data.now}" hx-get="${pathOf(data)}" hx-trigger="bm:tick from:body" hx-swap="outerMorph" hx-target="this" hx-sync="this:drop">
${banners(data.problems)}
<main class="wrap" id="main" tabindex="-1">
<h1 class="page-title">${data.openTotal === 0 ? "Nothing is wrong that the monitor knows of" : heading(data)}</h1>
${openAlerts(data)}
${data.channels.length === 0 && noChannel()}
${undelivered(data)}
${channels(data)}
${history(data)}
</main>
${footer(data)}
</div>`;
}

function heading({ openTotal, openCritical }: AlertsPage): string {
	const words = openTotal === 1 ? "1\u00a0alert is open" : `${formatCount(openTotal)}\u00a0alerts are open`;
	return openCritical === 0 || openCritical === openTotal
		? words
		: `${words}, ${formatCount(openCritical)}\u00a0critical`;
}

function openAlerts(data: AlertsPage): Html | null {
	if (data.open.length === 0) return null;
	return html`<section class="card" aria-labelledby="open-title"><header><h2 id="open-title">Open</h2></header>
<ul class="alert-list">${data.open.map((alert) => openAlert(alert, data))}</ul>
${data.openPages > 1 && openPager(data)}</section>`;
}

function openPager(data: AlertsPage): Html {
	const { openPage, openPages } = data;
	const link = (page: number, name: string) =>
		page < 1 || page > openPages
			? html`<span class="button" aria-disabled="true">${name}</span>`
			: html`<a class="button" id="${`open-${name.toLowerCase()}`}" href="${pathOf({ ...data, openPage: page })}">${name}</a>`;
	return html`<nav class="run-pager" aria-label="Pages of open alerts"><p class="hint">page ${openPage} of ${openPages}, the worst first</p>${link(openPage - 1, "Previous")}${link(openPage + 1, "Next")}</nav>`;
}

/** Names in a sentence; a silent host may have many. */
const namesShown = 20;

function openAlert(alert: ShownAlert, data: AlertsPage): Html {
	const state = stateOf(alert.severity);
	const { now } = data;
	const rebases = ["size", "duration", "phase", "files"].includes(alert.kind) && alert.job !== null;
	return html`<li class="alert-item" data-state="${state}" id="alert-${alert.id}"><span class="state" data-state="${state}">${icon(state === "ok" ? "unknown" : state, `${alert.severity}:`)}</span>
<div class="alert-words"><p><strong>${nameOf(alert)}</strong> <span class="tag">${kindWords[alert.kind]}</span> <span class="wraps"><bdi>${alert.sentence}</bdi></span></p>
<p class="hint">open for ${formatAge((now - alert.openedAt) / 1000)}, since ${calendarTime(alert.openedAt, data)}${silence(alert, data)}${alert.runId !== null && html` \u00b7 <a href="/runs/${alert.runId}">the run</a>`}</p>
${alert.spokenFor.length > 0 && html`<p class="hint">It speaks for ${alert.spokenFor.slice(0, namesShown).map(({ job }, i) => html`${i > 0 && ", "}${job === null ? "" : html`<a href="/jobs/${job.slug}"><bdi>${job.name}</bdi></a>`}`)}${alert.spokenFor.length > namesShown && ` and ${plural(alert.spokenFor.length - namesShown, "other")}`}.</p>`}</div>
<div class="alert-actions">${alert.acknowledgedAt === null && button(`/alerts/${alert.id}/acknowledge`, "Acknowledge", { path: pathOf(data), about: alert.sentence })}
${button(`/alerts/${alert.id}/snooze`, "Snooze 1\u00a0day", { path: pathOf(data), about: alert.sentence, fields: { until: "1d" } })}
${rebases && alert.job !== null && button(`/jobs/${alert.job.slug}/expected`, "Mark as expected", { path: pathOf(data), about: alert.sentence })}</div></li>`;
}

function silence(
	{ acknowledgedAt, acknowledgedUntil, snoozedUntil, isMuted }: ShownAlert,
	data: AlertsPage,
): Html | null {
	if (snoozedUntil !== null && snoozedUntil > data.now)
		return html` \u00b7 snoozed until ${calendarTime(snoozedUntil, data)}`;
	if (acknowledgedAt !== null) {
		const end = acknowledgedUntil === null ? "until it is over" : html`until ${calendarTime(acknowledgedUntil, data)}`;
		return html` \u00b7 acknowledged ${ago(acknowledgedAt, data)}, silent ${end}`;
	}
	return isMuted ? html` \u00b7 was there before the monitor, so nobody was told` : null;
}

function nameOf({ job, title }: ShownAlert): Html {
	if (job === null) return html`Backup Monitor`;
	return html`<a href="/jobs/${job.slug}"><bdi>${title ?? job.name}</bdi></a>${job.host !== "" && html` <span class="muted">on <bdi>${job.host}</bdi></span>`}`;
}

export const kindWords: Record<ShownAlert["kind"], string> = {
	failed: "failed",
	missed: "missed",
	stuck: "stuck",
	stale: "too old",
	size: "size",
	duration: "duration",
	phase: "phase",
	files: "files",
	rejected_input: "rejected lines",
	refused_reports: "refused reports",
	channel_broken: "channel broken",
	absent: "absent",
	shrunk: "shrunk",
	stale_copy: "stale copy",
	drill_overdue: "drill overdue",
	rto_exceeded: "restore too slow",
};

function stateOf(severity: Severity): "failed" | "warning" | "ok" {
	return severity === "critical" ? "failed" : severity === "warning" ? "warning" : "ok";
}

function noChannel(): Html {
	return html`<section class="card" id="no-channel" aria-labelledby="no-channel-title"><header><span class="state" data-state="warning">${icon("warning", "Warning:")}</span><h2 id="no-channel-title">No channel is set up: nobody is told</h2></header>
<div class="body"><p>Give the monitor an address and start it again, or write it into <code>config.yaml</code> in the data folder, which is read at once:</p>
${snippet("NOTIFY_URLS=ntfys://ntfy.sh/your-secret-topic", "As a variable")}
${snippet('channels:\n  phone: { url: "ntfys://ntfy.sh/your-secret-topic" }', "In config.yaml")}
<p class="hint">ntfy, mail, webhook, Gotify, Discord, Slack, Telegram, Pushover, Matrix and Apprise are known.</p></div></section>`;
}

function channels(data: AlertsPage): Html | null {
	if (data.channels.length === 0) return null;
	return html`<section class="card" id="channels" aria-labelledby="channels-title"><header><h2 id="channels-title">Channels</h2>${data.quietHours !== null && html`<p class="hint">Quiet hours ${data.quietHours}</p>`}${data.digest !== null && html`<p class="hint">Digest ${data.digest}</p>`}</header>
<ul class="alert-list">${data.channels.map((channel) => channelItem(channel, data))}</ul></section>`;
}

function channelItem(channel: ShownChannel, data: AlertsPage): Html {
	const isBroken = channel.failingSince !== null;
	const state = isBroken ? "failed" : channel.sentAt === null ? "unknown" : "ok";
	const said = isBroken
		? html`fails since ${calendarTime(channel.failingSince ?? 0, data)}: <bdi>${channel.error ?? "no reason given"}</bdi>`
		: channel.sentAt === null
			? html`nothing sent yet`
			: html`last message ${ago(channel.sentAt, data)}`;
	return html`<li class="alert-item" id="channel-${channel.name}"><span class="state" data-state="${state}">${icon(state, isBroken ? "Broken:" : state === "ok" ? "Works:" : "Not known:")}</span>
<div class="alert-words"><p><strong><bdi>${channel.name}</bdi></strong> <span class="tag">${channel.type}</span> <span class="muted wraps">${channel.shown}</span></p>
<p class="hint">${said} \u00b7 from ${channel.minSeverity} on</p>${channel.test !== null && testResult(channel.test, data)}</div>
<div class="alert-actions">${button(`/channels/${encodeURIComponent(channel.name)}/test`, "Send a test", { path: pathOf(data), about: channel.name })}</div></li>`;
}

function testResult({ at, error }: NonNullable<ShownChannel["test"]>, data: AlertsPage): Html {
	const state = error === null ? "ok" : "failed";
	return html`<p class="test-result" role="status"><span class="state" data-state="${state}">${icon(state)}</span> ${error === null ? "The test was taken" : html`The test was not taken: <bdi>${error}</bdi>`}, ${ago(at, data)}</p>`;
}

function undelivered(data: AlertsPage): Html | null {
	if (data.undelivered.length === 0) return null;
	const items = data.undelivered.map(
		(delivery) => html`<li class="alert-item"><span class="state" data-state="warning">${icon("warning")}</span>
<div class="alert-words"><p><strong><bdi>${delivery.channel}</bdi></strong> <span class="tag">${delivery.event}</span> <bdi>${delivery.about}</bdi></p>
<p class="hint">from ${calendarTime(delivery.createdAt, data)} \u00b7 ${fate(delivery, data)}</p></div></li>`,
	);
	return html`<section class="card" id="undelivered" aria-labelledby="undelivered-title"><header><h2 id="undelivered-title">Not delivered</h2></header>
<ul class="alert-list">${items}</ul></section>`;
}

function fate({ attempts, error, heldUntil, nextTryAt }: ShownDelivery, data: AlertsPage): Html {
	if (heldUntil !== null) return html`held until ${calendarTime(heldUntil, data)} (quiet hours)`;
	const why = error === null ? null : html`: <bdi>${error}</bdi>`;
	if (nextTryAt === null) return html`given up after ${plural(attempts, "try", "tries")}${why}`;
	if (attempts === 0) return html`waits to be sent`;
	return html`${plural(attempts, "try", "tries")}${why}; next ${ago(nextTryAt, data)}`;
}

function history(data: AlertsPage): Html | null {
	if (data.history.length === 0) return null;
	const items = data.history.map(
		(alert) => html`<li class="alert-item past"><span class="state" data-state="ok">${icon("check", "Over:")}</span>
<div class="alert-words"><p><strong>${nameOf(alert)}</strong> <span class="tag">${kindWords[alert.kind]}</span> <bdi>${alert.sentence}</bdi></p>
<p class="hint">${alert.resolution ?? ""} Open for ${formatAge(((alert.resolvedAt ?? data.now) - alert.openedAt) / 1000)}, since ${calendarTime(alert.openedAt, data)}</p></div></li>`,
	);
	return html`<section class="card" id="history" aria-labelledby="history-title"><header><h2 id="history-title">History</h2></header>
<ul class="alert-list">${items}</ul>
${data.next !== null && html`<p class="alert-more"><a href="${pathOf({ ...data, before: data.next })}#history">Older</a></p>`}</section>`;
}

/** The page that a link in a message leads to: it asks, and its form acts. Without `data` it shows nothing else. */
export function linkPage(
	asked: { alert: ShownAlert; action: "acknowledge" | "snooze"; token: string } | null,
	data: Pick<AlertsPage, "now" | "zone" | "problems" | "retentionDays" | "openAlerts" | "source"> | null,
	theme: Theme,
): Html {
	const title =
		asked === null
			? "This link does not work any more"
			: asked.action === "snooze"
				? "Snooze for a day?"
				: "Acknowledge?";
	const body =
		asked === null
			? html`<p>It is older than 7 days, or was not made by this monitor. <a href="/alerts">All alerts</a></p>`
			: asked.alert.resolvedAt !== null
				? html`<p>It is over already: <bdi>${asked.alert.resolution ?? "resolved"}</bdi> <a href="/alerts">All alerts</a></p>`
				: html`<p><strong>${nameOf(asked.alert)}</strong>: <bdi>${asked.alert.sentence}</bdi></p>
<form method="post" action="/alerts/link/${asked.token}">${hiddenPath(`/alerts#alert-${asked.alert.id}`)}<button class="button primary" type="submit">${asked.action === "snooze" ? "Snooze for 1\u00a0day" : "Acknowledge"}</button> <a href="/alerts">Do nothing</a></form>`;
	const main = linkMain(title, body);
	const named = `${title} \u00b7 Backup Monitor`;
	if (data === null) return barePage({ title: named, theme, main });
	const live = html`<div id="live" data-now="${data.now}">${banners(data.problems)}${main}${footer(data)}</div>`;
	return page({
		title: named,
		theme,
		now: data.now,
		openAlerts: data.openAlerts,
		path: "/alerts",
		nav: "/alerts",
		live,
	});
}

/** What whoever acted without a login gets: the list of alerts would ask for one. */
export function linkDonePage(action: "acknowledge" | "snooze", theme: Theme): Html {
	const title = action === "snooze" ? "Snoozed for 1\u00a0day" : "Acknowledged";
	const main = linkMain(title, html`<p>There is nothing more to do here. <a href="/alerts">All alerts</a></p>`);
	return barePage({ title: `${title} \u00b7 Backup Monitor`, theme, main });
}

function linkMain(title: string, body: Html): Html {
	return html`<main class="wrap" id="main" tabindex="-1"><section class="card" aria-labelledby="link-title"><header><h1 id="link-title" class="page-title">${title}</h1></header><div class="body">${body}</div></section></main>`;
}
