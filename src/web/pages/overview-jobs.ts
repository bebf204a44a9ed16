// The table of jobs: who is listed and why, a row for each, and what the marks mean.

import { troubleOf } from "../../needs.ts";
import { everyJob, type Overview, type OverviewJob, type ShownJobs } from "../../overview.ts";
import type { Units } from "../../units.ts";
import type { VerdictJob } from "../../verdict.ts";
import { type Html, html } from "../html.ts";
import { icon } from "../icons.ts";
import type { Listed } from "./overview-job-row.ts";
import { jobRows } from "./overview-job-rows.ts";
import { pathWith, swapped } from "./overview-parts.ts";
import { rungLegend } from "./overview-rungs.ts";
import { stripLegend } from "./overview-strip.ts";

/** Above this many, rows are drawn with fewer elements. */
const manyJobs = 30;
/** More than this at once make an old tablet wait; the worst are on top, and the rest is one click away. */
const rowsShown = 40;

export function jobsCard(data: Overview, told: VerdictJob[], units: Units): Html {
	const toldOf = new Map(told.map((job) => [job.slug, job]));
	const all = data.judged.flatMap((job): Listed[] => {
		const verdict = toldOf.get(job.slug);
		return verdict === undefined ? [] : [{ job, trouble: troubleOf(verdict), called: verdict.name || job.name }];
	});
	const matching = all.filter((row) => isListed(row, data.filter.show) && isMatching(row.job, data.filter));
	const isCut = !data.filter.isWhole && matching.length > rowsShown + 5;
	const rows = isCut ? matching.slice(0, rowsShown) : matching;
	const isLight = rows.length > manyJobs;
	const head = ["Job", "Proven", "Last 30 days", "Last good", "Next due", "Size", "Duration", "Restore"];
	const body =
		rows.length === 0
			? noMatch(data, all.length)
			: html`<div class="job-table" role="table" aria-label="Jobs"><div role="rowgroup"><div class="job-head-row" role="row">${head.map((word) => html`<span role="columnheader">${word}</span>`)}</div></div><div role="rowgroup">${jobRows(rows, data, units, isLight)}</div></div>`;
	const more =
		isCut &&
		html`<p class="job-more"><a class="button" id="all-rows" ${swapped(pathWith(data, { filter: { isWhole: true } }))}>Show all ${matching.length} jobs</a> <span class="hint">${restWords(matching.slice(rowsShown))}</span></p>`;
	return html`<section class="card jobs" id="jobs" aria-labelledby="jobs-title"><header><h2 id="jobs-title">Jobs</h2>${filters(data, all)}</header>
${body}${more}
<div class="job-legend">${stripLegend()}${rungLegend()}</div></section>`;
}

function restWords(rest: Listed[]): string {
	const needing = rest.filter(({ trouble }) => trouble !== null).length;
	return needing > 0
		? `${rest.length} more, ${needing} of them need you`
		: `${rest.length} more, none of them needs you`;
}

function isListed({ job, trouble }: Listed, show: ShownJobs): boolean {
	const { state } = job.judgement;
	if (show === "archived") return state === "archived";
	if (state === "archived") return false;
	if (show === "need") return trouble !== null;
	if (show === "running") return job.running !== null;
	if (show === "ok") return trouble === null && (state === "ok" || state === "running");
	return show === "all" || state === "paused";
}

function isMatching(job: OverviewJob, { host, label, text }: Overview["filter"]): boolean {
	if (host !== null && job.host !== host) return false;
	if (label !== null && !labelsOf(job).includes(label)) return false;
	if (text === null) return true;
	const wanted = text.toLowerCase();
	return [job.name, job.title ?? "", job.host, ...labelsOf(job)].some((word) => word.toLowerCase().includes(wanted));
}

/** "place=attic" */
function labelsOf({ labels }: OverviewJob): string[] {
	return Object.entries(labels).map(([name, value]) => `${name}=${value}`);
}

const showWords: Record<ShownJobs, string> = {
	all: "All",
	need: "Need you",
	running: "Running",
	ok: "OK",
	paused: "Paused",
	archived: "Archived",
};

function filters(data: Overview, all: Listed[]): Html | null {
	const { filter } = data;
	if (all.length < 2) return null;
	const counted = Object.entries(showWords).map(([show, word]) => {
		const count = all.filter((row) => isListed(row, show as ShownJobs)).length;
		return { show: show as ShownJobs, word, count };
	});
	const links = counted
		.filter(({ show, count }) => show === "all" || count > 0 || show === filter.show)
		.map(
			({ show, word, count }) =>
				html`<a id="show-${show}" ${swapped(pathWith(data, { filter: { show } }))}${show === filter.show && html` aria-current="true"`}>${word} <b>${count}</b></a>`,
		);
	const hosts = [...new Set(data.judged.map(({ host }) => host))].filter((host) => host !== "").sort();
	const labels = [...new Set(data.judged.flatMap(labelsOf))].sort();
	const isMany = all.length > 5;
	return html`<nav class="segments" aria-label="Which jobs">${links}</nav>
<form class="filter" role="search" aria-label="Jobs" method="get" action="/" autocomplete="off" hx-get="/" hx-trigger="submit, change, input changed delay:200ms target:.typed" hx-target="#live" hx-swap="outerMorph" hx-push-url="true" hx-sync="#live:replace">
${data.job !== null && html`<input type="hidden" name="job" value="${data.job.slug}">`}${data.range !== "30" && html`<input type="hidden" name="range" value="${data.range}">`}${filter.show !== "all" && html`<input type="hidden" name="show" value="${filter.show}">`}${filter.isWhole && html`<input type="hidden" name="rows" value="all">`}
${(hosts.length > 1 || filter.host !== null) && select("host", "Host", hosts, filter.host)}${(labels.length > 1 || filter.label !== null) && select("label", "Label", labels.slice(0, 100), filter.label)}
${(isMany || filter.text !== null) && html`<label class="field search">${icon("search", "Name, host or label")}<input class="typed" type="search" name="q" id="job-search" value="${filter.text ?? ""}" maxlength="256" placeholder="Filter jobs" spellcheck="false" dir="auto"></label>`}
<button class="button scripting-none" type="submit">Show</button></form>`;
}

function select(name: string, label: string, values: string[], chosen: string | null): Html {
	const known = chosen === null || values.includes(chosen) ? values : [...values, chosen];
	const options = known.map(
		(value) => html`<option value="${value}"${value === chosen && html` selected`}>${value}</option>`,
	);
	return html`<label class="field"><span class="field-name">${label}</span><select name="${name}" id="jobs-${name}"><option value="">All</option>${options}</select></label>`;
}

function noMatch(data: Overview, count: number): Html {
	const clear = pathWith(data, { filter: everyJob });
	return html`<div class="body"><div class="box"><strong>No job is like that</strong><span>${count}\u00a0jobs are hidden by the filter.</span><a class="button" ${swapped(clear)}>Show all jobs</a></div></div>`;
}
