// The page "/runs": every run, newest first, found by what it is and what it says, and taken away as a file.
import type { RunsPage } from "../../runs-page.ts";
import { formatCount, plural, type Units } from "../../units.ts";
import { type Html, html } from "../html.ts";
import { icon } from "../icons.ts";
import { banners, footer, page, type Theme } from "../layout.ts";
import { runsFilter, shownFilters } from "./runs-filter.ts";
import { runsList } from "./runs-list.ts";
import { filtersOf, pathOfRuns } from "./runs-path.ts";

export type RunsOptions = { theme: Theme; units: Units };

/** The whole page, for a browser that has nothing yet. */
export function runsPage(data: RunsPage, { theme, units }: RunsOptions): Html {
	return page({
		title,
		theme,
		now: data.now,
		openAlerts: data.openAlerts,
		path: pathOfRuns(data.asked),
		nav: "/runs",
		live: live(data, units),
	});
}

/** The piece that htmx puts in place of the old one. */
export function runsLive(data: RunsPage, { units }: Pick<RunsOptions, "units">): Html {
	return html`<title>${title}</title>${live(data, units)}`;
}

const title = "Runs \u00b7 Backup Monitor";

/** Asks for itself with its own filter, so that a refresh never throws the reader's choice away. */
function live(data: RunsPage, units: Units): Html {
	return html`<div id="live" data-now="${data.now}" hx-get="${pathOfRuns(data.asked)}" hx-trigger="bm:tick from:body" hx-swap="outerMorph" hx-target="this" hx-sync="this:drop">
${banners(data.problems)}
<main class="wrap" id="main" tabindex="-1">
<div class="run-head"><div><h1>Runs</h1><p class="run-sub" id="found" role="status">${found(data)}</p></div>${exports(data)}</div>
${runsFilter(data)}
${shownFilters(data)}
${runsList(data, units)}
</main>
${footer(data)}
</div>`;
}

function found({ total, count, asked, runs, trouble, newer, older }: RunsPage): string {
	if (total === null) return "The database is not open.";
	const whole = `${total.isMore ? "more than " : ""}${plural(total.runs, "run")}`;
	if (trouble !== null) return `0 of ${whole} shown`;
	if (filtersOf(asked).length === 0) return `${whole} kept, newest first`;
	if (count === null && newer === null && older === null) return `${formatCount(runs.length)} of ${whole}`;
	if (count === null) return `${formatCount(runs.length)} shown of ${whole}`;
	return `${count.isMore ? "at least " : ""}${formatCount(count.runs)} of ${whole}`;
}

/** What is shown, all pages of it. */
function exports({ exportQuery, runs }: RunsPage): Html | null {
	if (exportQuery === null || runs.length === 0) return null;
	const link = (name: string, file: string) =>
		html`<a class="button" download href="${`/api/${file}${exportQuery}`}">${icon("download")}<span class="sr">Download what is found as </span>${name}</a>`;
	return html`<div class="run-steps">${link("CSV", "runs.csv")}${link("JSONL", "runs.jsonl")}</div>`;
}
