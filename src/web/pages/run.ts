// The page "/runs/{id}": one run, what failed in the tool's own words, how it differs from those before it, and its log.
import type { Outcome, Run } from "../../run.ts";
import type { RunPage, RunRef } from "../../run-page.ts";
import { formatDuration, plural, type Units } from "../../units.ts";
import { type Html, html } from "../html.ts";
import { icon } from "../icons.ts";
import { banners, type FooterData, footer, page, type Theme } from "../layout.ts";
import { calendarTime, formatCalendar } from "../time-element.ts";
import { outcomePill } from "./overview-parts.ts";
import { whatHappened } from "./run-events.ts";
import { measures, reported } from "./run-facts.ts";
import { judgedCard } from "./run-judged.ts";
import { logCard, rawReport, warningsCard } from "./run-log.ts";
import { runNote } from "./run-note.ts";
import { phasesCard } from "./run-phases.ts";
import { jobPath, nothingAsked, runPath, runsPath } from "./runs-path.ts";

export type RunOptions = { theme: Theme; units: Units };

/** The whole page, for a browser that has nothing yet. */
export function runPage(data: RunPage, { theme, units }: RunOptions): Html {
	return page({
		title: windowTitle(data),
		theme,
		now: data.now,
		openAlerts: data.openAlerts,
		path: runPath(data.run.id),
		nav: "/runs",
		live: live(data, units),
	});
}

/** The piece that htmx puts in place of the old one; its title becomes the window's. */
export function runLive(data: RunPage, { units }: Pick<RunOptions, "units">): Html {
	return html`<title>${windowTitle(data)}</title>${live(data, units)}`;
}

const outcomeWords: Record<Outcome, string> = {
	success: "OK",
	warning: "Warning",
	failure: "Failed",
	running: "Running",
};

function windowTitle({ run }: RunPage): string {
	return `${outcomeWords[run.outcome]}: ${run.job} \u00b7 Backup Monitor`;
}

function live(data: RunPage, units: Units): Html {
	const { run } = data;
	const path = runPath(run.id);
	return html`<div id="live" data-now="${data.now}" hx-get="${path}" hx-trigger="bm:tick from:body" hx-swap="outerMorph" hx-target="this" hx-sync="this:drop">
${banners(data.problems)}
<main class="wrap run-page" id="main" tabindex="-1">
${crumbs(run)}
${head(data)}
${runNote(data, units)}
${measures(data, units)}
${phasesCard(data)}
<div class="columns wide-narrow"><div class="stack">${warningsCard(run)}${judgedCard(data.judgedAs, run, units)}${logCard(run)}${whatHappened(data)}</div>
<div class="stack">${reported(data, units)}</div></div>
${rawReport(data)}
</main>
${footer(data)}
</div>`;
}

function crumbs(run: Run): Html {
	const slash = html`<span aria-hidden="true">/</span>`;
	const ofJob = runsPath({ ...nothingAsked, job: run.slug });
	return html`<nav class="crumbs" aria-label="Breadcrumb"><a href="/runs">Runs</a>${slash}<a href="${ofJob}"><bdi>${run.job}</bdi></a>${slash}<span aria-current="page"><bdi>${run.backupId}</bdi></span></nav>`;
}

const kindWords: Record<Run["kind"], string> = {
	backup: "Backup",
	check: "Check",
	prune: "Prune",
	sync: "Sync",
	restore_test: "Restore test",
};

function head(data: RunPage): Html {
	const { run } = data;
	const host = run.host !== "" && html` on <bdi>${run.host}</bdi>`;
	const took = run.duration !== null && run.outcome !== "running" && html`, took ${formatDuration(run.duration)}`;
	return html`<div class="run-head"><div><h1>${calendarTime(run.startedAt, data)} ${outcomePill(run.outcome)}</h1>
<p class="run-sub">${kindWords[run.kind]} of <a href="${jobPath(run.slug)}"><bdi>${run.job}</bdi></a>${host}${took}</p></div>
<nav class="run-steps" aria-label="Runs of this job">${step(data.previous, "prev", data)}${step(data.next, "next", data)}</nav></div>`;
}

/** The same job's run before or after; where there is none the place stays, so that the other does not jump. */
function step(ref: RunRef | null, side: "prev" | "next", data: RunPage): Html {
	const word = side === "prev" ? "Previous" : "Next";
	const name = side === "prev" ? html`${icon("back")}${word}` : html`${word}${icon("chevron")}`;
	if (ref === null) return html`<span class="button" aria-disabled="true" id="${`run-${side}`}">${name}</span>`;
	const told = `${formatCalendar(ref.startedAt, data)}, ${outcomeWords[ref.outcome]}`;
	return html`<a class="button" rel="${side}" id="${`run-${side}`}" href="${runPath(ref.id)}" title="${told}">${name}<span class="sr">: ${told}</span></a>`;
}

export type NoRun = FooterData & { id: string; problems: RunPage["problems"]; isOpen: boolean };

/** What stands where a run was, or never was; while the database is closed it asks again. */
export function noRunPage(data: NoRun, theme: Theme): Html {
	const path = data.isOpen ? "/runs" : `/runs/${encodeURIComponent(data.id)}`;
	const again =
		!data.isOpen &&
		html` hx-get="${path}" hx-trigger="bm:tick from:body" hx-swap="outerMorph" hx-target="this" hx-sync="this:drop"`;
	const words = data.isOpen
		? html`<h1>There is no run <bdi>${data.id.slice(0, 40)}</bdi></h1>
<span>Runs are kept for ${plural(data.retentionDays, "day")}, and get other numbers when the database is rebuilt.</span>
<a class="button" href="/runs">Show all runs</a>`
		: html`<h1>The run cannot be shown</h1>
<span>The database is not open; the trouble stands above. Your backups are not affected.</span>`;
	const live = html`<div id="live" data-now="${data.now}"${again}>
${banners(data.problems)}
<main class="wrap run-page" id="main" tabindex="-1">
<section class="card"><div class="body"><div class="box">${words}</div></div></section>
</main>
${footer(data)}
</div>`;
	return page({
		title: "No such run \u00b7 Backup Monitor",
		theme,
		now: data.now,
		openAlerts: data.openAlerts,
		path,
		nav: "/runs",
		live,
	});
}
