// The page "/jobs/{slug}": how one job stands and why, what is proven, its year, its runs, and what it is judged by.
import type { JobPage } from "../../job-page.ts";
import type { Problem } from "../../overview.ts";
import type { Units } from "../../units.ts";
import { type Html, html, json } from "../html.ts";
import { icon } from "../icons.ts";
import { banners, type FooterData, footer, page, type Theme } from "../layout.ts";
import { openAlerts, pastAlerts } from "./job-alerts.ts";
import { calendarCard } from "./job-calendar.ts";
import { jobChartData } from "./job-chart-data.ts";
import { jobCharts, newestPhases, periodHead } from "./job-charts.ts";
import { driftNote, jobFacts } from "./job-facts.ts";
import { jobHead } from "./job-head.ts";
import { ladderCards } from "./job-ladder.ts";
import { jobMark, pathOfJob } from "./job-parts.ts";
import { jobRuns } from "./job-runs.ts";
import { jobReports, jobSettings } from "./job-settings.ts";

export type JobPageOptions = { theme: Theme; units: Units };

export function jobPage(data: JobPage, { theme, units }: JobPageOptions): Html {
	return page({
		title: windowTitle(data),
		theme,
		now: data.now,
		openAlerts: data.openAlerts,
		path: pathOfJob(data),
		live: live(data, units),
	});
}

/** The piece that htmx puts in place of the old one; its title becomes the window's. */
export function jobLive(data: JobPage, { units }: Pick<JobPageOptions, "units">): Html {
	return html`<title>${windowTitle(data)}</title>${live(data, units)}`;
}

function windowTitle(data: JobPage): string {
	return `${data.title ?? data.job.name}: ${jobMark(data).word} \u00b7 Backup Monitor`;
}

function live(data: JobPage, units: Units): Html {
	return html`<div id="live" data-now="${data.now}" hx-get="${pathOfJob(data)}" hx-trigger="bm:tick from:body" hx-swap="outerMorph" hx-target="this" hx-sync="this:drop">
${banners(data.problems)}
<main class="wrap" id="main" tabindex="-1">
${jobHead(data)}
${openAlerts(data)}
${ladderCards(data)}
${hasBackups(data) ? past(data, units) : waiting(data)}
${jobRuns(data, units)}
<div class="columns">${pastAlerts(data)}${jobSettings(data, units)}</div>
${jobReports(data)}
</main>
${footer(data)}
</div>`;
}

function hasBackups({ counts, series }: JobPage): boolean {
	return counts.success + counts.warning + counts.failure + series.points.length > 0;
}

/** What the job's backups were: figures, charts, the year. */
function past(data: JobPage, units: Units): Html {
	const shown = jobChartData(data, units);
	const charts = jobCharts(data, shown.job, units);
	return html`${jobFacts(data, units)}
${driftNote(data, units)}
${periodHead(data)}
<div class="columns">${charts.duration}${charts.phases}</div>
<div class="columns wide-narrow">${charts.size}${newestPhases(data)}</div>
${calendarCard(data)}
${json("chart-data", shown)}`;
}

/** Empty charts and a row of dashes would tell nobody what to do. */
function waiting({ job, running }: JobPage): Html {
	const setup = `/setup?${new URLSearchParams({ job: job.name })}`;
	const what = running === null ? "No backup of this job has ended yet" : "Its first backup is running";
	return html`<section class="box nowhere" aria-label="No backup yet">${icon(running === null ? "unknown" : "running")}<strong>${what}</strong><span>Figures, charts and the calendar appear with the first one that ends.</span><a class="button" href="${setup}">Lines that report this job</a></section>`;
}

export type NoJob = FooterData & { problems: Problem[] };

/** Where nothing is: said on a page, with a way back. */
export function noJobPage(data: NoJob, theme: Theme): Html {
	const title = "No such job";
	return page({
		title: `${title} \u00b7 Backup Monitor`,
		theme,
		now: data.now,
		openAlerts: data.openAlerts,
		path: "/",
		live: noJobLive(data),
	});
}

function noJobLive(data: NoJob): Html {
	return html`<div id="live" data-now="${data.now}">
${banners(data.problems)}
<main class="wrap" id="main" tabindex="-1"><div class="box nowhere">${icon("unknown")}<h1>No job has this address</h1><span>It may have been renamed, or it has not reported yet: a job appears with its first report.</span><a class="button" href="/">Back to the overview</a></div></main>
${footer(data)}
</div>`;
}
