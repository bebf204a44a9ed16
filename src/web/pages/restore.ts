// The page "/restore": how long it takes to get everything back, what to try next, and how good the estimates were.
import { basisWords, type Estimate } from "../../restore.ts";
import { newestGood } from "../../restore-findings.ts";
import type { RestorePage, ShownRestoreJob } from "../../restore-page.ts";
import { choiceWords, estimated, labSentence, rangeWords } from "../../restore-words.ts";
import { formatBytes, formatDuration, plural } from "../../units.ts";
import { type Html, html } from "../html.ts";
import { icon } from "../icons.ts";
import { banners, footer, page, type Theme } from "../layout.ts";
import { ago } from "../time-element.ts";
import { accuracyCard, planCard } from "./restore-drills.ts";
import { jobName, stateOfRung } from "./restore-parts.ts";

export function restorePage(data: RestorePage, theme: Theme): Html {
	return page({
		title: windowTitle(data),
		theme,
		now: data.now,
		openAlerts: data.openAlerts,
		path: pathOf(data),
		nav: "/restore",
		live: live(data),
	});
}

export function restoreLive(data: RestorePage): Html {
	return html`<title>${windowTitle(data)}</title>${live(data)}`;
}

function windowTitle({ lab }: RestorePage): string {
	return `${lab === null ? "Restore" : `${estimated(lab.serial.seconds)} to restore`} \u00b7 Backup Monitor`;
}

/** "/restore" with the jobs that are chosen. */
function pathOf({ selection }: RestorePage): string {
	if (selection === null) return "/restore";
	return `/restore?${new URLSearchParams([...selection].map((slug) => ["job", slug]))}`;
}

function live(data: RestorePage): Html {
	const body = data.jobs.length === 0 ? nothing() : html`${jobsForm(data)}${planCard(data)}${accuracyCard(data)}`;
	return html`<div id="live" data-now="${data.now}" hx-get="${pathOf(data)}" hx-trigger="bm:tick from:body" hx-swap="outerMorph" hx-target="this" hx-sync="this:drop">
${banners(data.problems)}
<main class="wrap" id="main" tabindex="-1">
<h1 class="page-title" id="restore-title">${heading(data)}</h1>
${data.jobs.length > 0 && html`<p class="restore-lead">${lead(data)}</p>`}
${body}
</main>
${footer(data)}
</div>`;
}

function heading({ lab, jobs, selection }: RestorePage): string {
	if (jobs.length === 0) return "Nothing to restore yet";
	const chosen = jobs.filter(({ job }) => selection?.has(job.slug));
	return labSentence(lab, choiceWords(selection === null ? null : chosen.map(({ job, title }) => title ?? job.name)));
}

function chosenOf({ jobs, selection }: RestorePage): ShownRestoreJob[] {
	return jobs.filter(({ job }) => selection === null || selection.has(job.slug));
}

/** Range, when it was last tried, and what is not in it. */
function lead(data: RestorePage): Html {
	const { lab } = data;
	if (lab === null)
		return html`Neither drills nor the speed of backups are on record. The plan below is a way to begin.`;
	const { serial, parallel, unknown, late, counted } = lab;
	const range =
		counted.length === 1 ? html`${rangeWords(serial)}` : html`${rangeWords(serial)}, at once ${rangeWords(parallel)}`;
	const without =
		unknown.length === 0 ? null : html` Without ${plural(unknown.length, "job")} of which nothing is known.`;
	const slow =
		late.length === 0
			? null
			: html` <strong class="state" data-state="failed">${plural(late.length, "job")} would take longer than the target.</strong>`;
	return html`${range}; ${tested(data)}.${without}${slow}`;
}

function tested(data: RestorePage): Html {
	const counted = chosenOf(data).filter(({ estimate }) => estimate !== null);
	const ends = counted.flatMap(({ drills }) => newestGood(drills)?.endedAt ?? []);
	if (ends.length === 0) return html`<span class="state" data-state="warning">never tested</span>`;
	if (ends.length < counted.length) return html`${ends.length} of ${plural(counted.length, "job")} tested`;
	return html`${ends.length === 1 ? "tested" : "the oldest test"} ${ago(Math.min(...ends), data)}`;
}

function nothing(): Html {
	return html`<section class="card" aria-labelledby="none-title"><header><h2 id="none-title">No job is known</h2></header><div class="body"><p>With the first backup its restore is estimated here. <a href="/setup">Connect a backup</a></p></div></section>`;
}

/** A plain form: the boxes that are ticked stand in the address. */
function jobsForm(data: RestorePage): Html {
	const rows = data.jobs.map((job) => row(job, data));
	return html`<form class="card restore-form" method="get" action="/restore" autocomplete="off" hx-get="/restore" hx-trigger="submit, change" hx-target="#live" hx-swap="outerMorph" hx-push-url="true" hx-sync="#live:replace" aria-labelledby="jobs-title">
<header><h2 id="jobs-title">Job by job</h2><p class="hint">Tick jobs to see how long those take together.</p><div class="restore-buttons"><button class="button scripting-none" type="submit">Count these</button>${data.selection !== null && html`<a class="button ghost" href="/restore">All jobs</a>`}</div></header>
<ul class="restore-list">${rows}</ul></form>`;
}

function row(job: ShownRestoreJob, data: RestorePage): Html {
	const { slug } = job.job;
	const isChosen = data.selection?.has(slug) === true;
	const state = stateOfRung(job.rung.state);
	return html`<li class="restore-row" id="${`job-${slug}`}" data-over="${isOver(job) ? "yes" : "no"}"><label class="restore-pick"><input type="checkbox" name="job" id="${`pick-${slug}`}" value="${slug}"${isChosen && html` checked`}><span class="sr">Count ${job.job.name}</span></label>
<p class="restore-name"><strong>${jobName(job)}</strong></p>
${time(job, data)}
<p class="restore-target"><span class="hint">Target</span> ${target(job)}</p>
<p class="restore-proof"><span class="state" data-state="${state.look}">${icon(state.icon, `${state.word}:`)}</span> <span class="wraps"><bdi>${job.rung.sentence}</bdi>${job.rung.at !== null && html` <span class="hint">${job.rung.state === "ok" ? "" : "worked "}${ago(job.rung.at, data)}</span>`}</span></p></li>`;
}

function isOver({ estimate, rto }: ShownRestoreJob): boolean {
	return estimate !== null && rto !== null && estimate.seconds > rto;
}

function time({ estimate, reason }: ShownRestoreJob, data: RestorePage): Html {
	if (estimate === null)
		return html`<p class="restore-time"><span class="muted">not known</span> <span class="hint wraps">${reason}</span></p>`;
	return html`<p class="restore-time"><strong>${estimated(estimate.seconds)}</strong> <span class="muted">${rangeWords(estimate)}</span> <span class="hint">${formatBytes(estimate.bytes, data.units)}, ${basis(estimate, data)}</span></p>`;
}

function basis({ basis: of }: Estimate, { now }: RestorePage): Html {
	const words = basisWords(of, now);
	return of.from === "drills" ? html`${words}` : html`<span class="state" data-state="warning">${words}</span>`;
}

function target(job: ShownRestoreJob): Html {
	if (job.rto === null) return html`<span class="muted">none</span>`;
	const words = formatDuration(job.rto);
	return isOver(job) ? html`<strong class="state" data-state="failed">${words}, exceeded</strong>` : html`${words}`;
}
