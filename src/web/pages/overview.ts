// The page "/": one sentence, six cards, charts with their tables, recent runs and failures; live in one region.
import type { Overview } from "../../overview.ts";
import type { Units } from "../../units.ts";
import { plainText, type Verdict, verdict } from "../../verdict.ts";
import { chartData } from "../chart-data.ts";
import { type Html, html, json } from "../html.ts";
import { banners, footer, page, type Theme } from "../layout.ts";
import { cards, periodHead } from "./overview-cards.ts";
import { phasesCard, seriesCharts, trendCard } from "./overview-charts.ts";
import { emptyState } from "./overview-empty.ts";
import { pathOf } from "./overview-parts.ts";
import { phaseAverages, recentFailures, recentRuns, rejectedLines } from "./overview-runs.ts";
import { verdictCard } from "./overview-verdict.ts";

export type OverviewOptions = { theme: Theme; units: Units };

/** The whole page, for a browser that has nothing yet. */
export function overviewPage(data: Overview, { theme, units }: OverviewOptions): Html {
	const said = verdict(data);
	return page({ title: windowTitle(said), theme, now: data.now, path: pathOf(data), live: live(data, said, units) });
}

/** The piece that htmx puts in place of the old one; its title becomes the window's. */
export function overviewLive(data: Overview, { units }: Pick<OverviewOptions, "units">): Html {
	const said = verdict(data);
	return html`<title>${windowTitle(said)}</title>${live(data, said, units)}`;
}

function windowTitle(said: Verdict): string {
	return `${said.short} \u00b7 Backup Monitor`;
}

/** Asks for itself with its own filter, so that a refresh never throws the reader's choice away. */
function live(data: Overview, said: Verdict, units: Units): Html {
	return html`<div id="live" data-now="${data.now}" hx-get="${pathOf(data)}" hx-trigger="bm:tick from:body" hx-swap="outerMorph" hx-target="this" hx-sync="this:drop">
${banners(data.problems)}
<main class="wrap" id="main" tabindex="-1">${data.jobs.length === 0 ? waiting(data, said) : dashboard(data, said, units)}</main>
${footer(data)}
</div>`;
}

function waiting(data: Overview, said: Verdict): Html {
	return html`${emptyState(data, plainText(said.sentence))}${rejectedLines(data)}`;
}

function dashboard(data: Overview, said: Verdict, units: Units): Html {
	const shown = chartData(data, units);
	const charts = seriesCharts(data, shown, units);
	return html`${verdictCard(data, said, units)}
${rejectedLines(data)}
${periodHead(data)}
${cards(data, units)}
<div class="columns wide-narrow">${charts.duration}${phasesCard(data, shown.phases)}</div>
<div class="columns">${charts.size}${charts.throughput}</div>
<div class="columns">${trendCard(shown.trend)}${phaseAverages(data, units)}</div>
${recentFailures(data)}
${recentRuns(data, units)}
${json("chart-data", shown)}`;
}
