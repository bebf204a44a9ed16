// The page "/": one sentence, the jobs, last night and tonight, cards, charts with their tables, recent runs; one live region.
import type { Overview } from "../../overview.ts";
import type { Units } from "../../units.ts";
import { plainText, type Verdict, type VerdictJob, verdict, verdictJobs } from "../../verdict.ts";
import { chartsOf } from "../chart-data.ts";
import { type Html, html, json } from "../html.ts";
import { banners, footer, page, type Theme } from "../layout.ts";
import { cards, periodHead } from "./overview-cards.ts";
import { phasesCard, seriesCharts, trendCard } from "./overview-charts.ts";
import { emptyState } from "./overview-empty.ts";
import { jobsCard } from "./overview-jobs.ts";
import { nightCard } from "./overview-night.ts";
import { pathOf } from "./overview-parts.ts";
import { phaseAverages, recentFailures, recentRuns, rejectedLines } from "./overview-runs.ts";
import { verdictCard } from "./overview-verdict.ts";

export type OverviewOptions = { theme: Theme; units: Units };

/** The whole page, for a browser that has nothing yet. */
export function overviewPage(data: Overview, { theme, units }: OverviewOptions): Html {
	const { said, jobs } = judged(data);
	return page({
		title: windowTitle(said),
		theme,
		now: data.now,
		openAlerts: data.openAlerts,
		path: pathOf(data),
		isEmpty: data.jobs.length === 0,
		live: live(data, said, jobs, units),
	});
}

/** The piece that htmx puts in place of the old one; its title becomes the window's. */
export function overviewLive(data: Overview, { units }: Pick<OverviewOptions, "units">): Html {
	const { said, jobs } = judged(data);
	return html`<title>${windowTitle(said)}</title>${live(data, said, jobs, units)}`;
}

/** One set of jobs for the sentence, the ring, the counts and the rows, whatever the filter is. */
function judged({ now, judged, problems }: Overview): { said: Verdict; jobs: VerdictJob[] } {
	const jobs = verdictJobs(judged);
	return { jobs, said: verdict({ now, jobs, problems }) };
}

function windowTitle(said: Verdict): string {
	return `${said.short} \u00b7 Backup Monitor`;
}

/** Asks for itself with its own filter, so that a refresh never throws the reader's choice away. */
function live(data: Overview, said: Verdict, jobs: VerdictJob[], units: Units): Html {
	return html`<div id="live" data-now="${data.now}" data-favicon="${said.state}" hx-get="${pathOf(data)}" hx-trigger="bm:tick from:body" hx-swap="outerMorph" hx-target="this" hx-sync="this:drop">
${banners(data.problems)}
<main class="wrap" id="main" tabindex="-1">${data.jobs.length === 0 ? waiting(data, said) : dashboard(data, said, jobs, units)}</main>
${footer(data)}
</div>`;
}

function waiting(data: Overview, said: Verdict): Html {
	return html`${emptyState(data, plainText(said.sentence))}${rejectedLines(data)}`;
}

function dashboard(data: Overview, said: Verdict, jobs: VerdictJob[], units: Units): Html {
	const drawn = chartsOf(data, units);
	const shown = drawn.data;
	const charts = seriesCharts(data, drawn, units);
	return html`${verdictCard(data, said, jobs, units)}
${jobsCard(data, jobs, units)}
${rejectedLines(data)}
<div class="columns wide-narrow">${nightCard(data, jobs)}${phasesCard(data, drawn.phases)}</div>
${periodHead(data)}
${cards(data, units)}
<div class="columns">${charts.duration}${charts.size}</div>
<div class="columns">${charts.throughput}${trendCard(shown.trend)}</div>
<div class="columns">${recentFailures(data)}${phaseAverages(data, units)}</div>
${recentRuns(data, units)}
${json("chart-data", shown)}`;
}
