// Charts as the server sees them: a canvas, the data, and the same numbers in a table for everyone without either.

import { Kept, KeptBy } from "../../kept.ts";
import type { Overview } from "../../overview.ts";
import { currentReader } from "../../reader.ts";
import {
	formatBytes,
	formatCount,
	formatDuration,
	formatPercent,
	formatRate,
	plural,
	type Units,
} from "../../units.ts";
import type { Charts, PhaseData, SeriesData, TrendData } from "../chart-data.ts";
import { flat, type Html, html } from "../html.ts";
import { icon } from "../icons.ts";
import { calendarTime } from "../time-element.ts";
import { jobLink, pathWith, showsJobs } from "./overview-parts.ts";

const perWords = { run: "each run", day: "average of each day", week: "average of each week" };

export function seriesCharts(
	data: Overview,
	{ data: { series }, stretches }: Charts,
	units: Units,
): { duration: Html; size: Html; throughput: Html } {
	const subject = data.job === null && data.jobs.length > 1 ? "all jobs, " : "";
	const hint = `${subject}${perWords[data.series.per]}`;
	const isEmpty = series.titles.length === 0;
	const marks = series.failed.some((count) => count > 0) ? html`<span class="legend">${cross} failed</span>` : null;
	const chart = (id: Column, title: string, format: (value: number | null) => string, words = hint) => {
		const column = series[id];
		const isBare = column.every((value) => value === null);
		const body = isEmpty ? noRuns(data) : isBare ? noFigures : canvas(id, summary(title, column, format));
		const table = isEmpty || isBare ? null : seriesTable(id, title, stretches, format, units);
		return chartCard({ id, title, hint: words, marks: isBare ? null : marks, body, table });
	};
	const sizes = data.totalSize === null ? hint : "all jobs together, the newest good backup of each";
	return {
		duration: chart("duration", "Backup duration", formatDuration),
		size: chart("size", "Backup size", (value) => formatBytes(value, units), sizes),
		throughput: chart("throughput", "Throughput", (value) => formatRate(value, units)),
	};
}

const cross = html`<svg class="cross" viewBox="0 0 10 10" aria-hidden="true"><path d="m1.5 1.5 7 7m0-7-7 7"/></svg>`;

type ChartCard = { id: string; title: string; hint: string; marks?: Html | null; body: Html; table: Html | null };

function chartCard({ id, title, hint, marks, body, table }: ChartCard): Html {
	return html`<section class="card" aria-labelledby="${id}-title"><header><h2 id="${id}-title">${title}</h2><p class="hint">${hint}</p><span class="end">${marks}</span></header>
<div class="body">${body}${table !== null && html`<details class="as-table" id="${id}-table"><summary>${icon("chevron")}Show as a table</summary>${table}</details>`}</div></section>`;
}

/** The script draws into the frame and keeps it: a refresh must not touch what is drawn. */
function canvas(id: string, label: string): Html {
	return html`<div class="chart" id="chart-${id}" hx-morph-skip><canvas data-chart="${id}" role="img" aria-label="${label}"></canvas></div>`;
}

function summary(title: string, column: (number | null)[], format: (value: number | null) => string): string {
	const known = column.filter((value) => value !== null);
	if (known.length === 0) return `${title}: no successful run`;
	const [low, high] = [Math.min(...known), Math.max(...known)];
	return `${title}: between ${format(low)} and ${format(high)}, last ${format(known.at(-1) ?? null)}`;
}

type Column = "duration" | "size" | "throughput";

const drawnRows = new KeptBy<Html>(160);

function seriesTable(
	id: Column,
	title: string,
	stretches: readonly SeriesData[],
	format: (value: number | null) => string,
	{ iec }: Units,
): Html {
	const { locale } = currentReader();
	const rows = stretches.map((stretch, i) => {
		const key = `${id} ${stretches.length} ${i} ${stretch.titles[0]}`;
		return drawnRows.of(key, [stretch, iec, locale], () => flat(html`${rowsOf(stretch, stretch[id], format)}`));
	});
	return html`<div class="table-frame" tabindex="0" role="region" aria-label="${title} as a table"><table class="plain"><thead><tr><th scope="col">When</th><th scope="col">${title}</th><th scope="col">Failed</th></tr></thead><tbody>${rows.reverse()}</tbody></table></div>`;
}

/** The newest first. */
function rowsOf(
	{ titles, runs, failed }: SeriesData,
	column: readonly (number | null)[],
	format: (value: number | null) => string,
): (Html | null)[] {
	const rows = titles.map((when, i) => {
		if (runs[i] === 0) return null;
		const count = failed[i] ?? 0;
		const note = count === 0 ? null : runs[i] === 1 ? "failed" : `${count} failed`;
		return html`<tr><th scope="row">${when}</th><td>${format(column[i] ?? null)}</td><td>${note}</td></tr>`;
	});
	return rows.reverse();
}

/** An axis without a line would look like zero. */
const noFigures = html`<div class="box"><strong>Nothing to draw yet</strong><span>No run that succeeded in this period said how much or how long.</span></div>`;

function noRuns(data: Overview): Html {
	const path = pathWith(data, { range: "all" });
	const wider = data.range !== "all" && html`<a class="button" href="${path}">Show all time</a>`;
	return html`<div class="box"><strong>No finished run in this period</strong><span>The job has not reported, or its runs are older.</span>${wider}</div>`;
}

export function phasesCard(data: Overview, phases: PhaseData[]): Html {
	const { newest } = data;
	if (newest === null || phases.length === 0) {
		const line = html`<code class="wraps">"duration_upload": 503</code>`;
		const body = html`<div class="box"><strong>No phases reported yet</strong><span>A run may say how long its parts took, such as ${line}.</span></div>`;
		return chartCard({ id: "phases", title: "Phases of the newest run", hint: "", body, table: null });
	}
	const total = Math.max(
		newest.duration ?? 0,
		phases.reduce((sum, phase) => sum + phase.seconds, 0),
	);
	const label = `Phases: ${phases.map((phase) => `${phase.name} ${formatDuration(phase.seconds)}`).join(", ")}`;
	return html`<section class="card" aria-labelledby="phases-title"><header><h2 id="phases-title">Phases of the newest run</h2><p class="hint">${showsJobs(data) && html`${jobLink(newest, data)}, `}<a href="${`/runs/${newest.id}`}">${calendarTime(newest.startedAt, data)}</a></p></header>
<div class="body phases"><div class="doughnut">${doughnut(phases, label)}<p aria-hidden="true"><strong>${formatDuration(total)}</strong><span>total</span></p></div>
<ul class="phase-list">${phases.map(phaseRow)}</ul></div></section>`;
}

/** Of the whole ring, between two phases: they are told apart where colours are not. */
const ringGap = 0.7;

/** Drawn here, not by the script: it is there with the page, on paper and without a script, and weighs next to nothing. */
function doughnut(phases: PhaseData[], label: string): Html {
	const whole = phases.reduce((sum, { seconds }) => sum + seconds, 0);
	const gap = phases.length > 1 ? ringGap : 0;
	let from = 0;
	const arcs = phases.map(({ name, seconds, share, colour }) => {
		const part = whole > 0 ? (100 * seconds) / whole : 0;
		const arc = html`<circle cx="50" cy="50" r="43" pathLength="100" data-colour="${colour}" stroke-dasharray="${Math.max(0.3, part - gap).toFixed(2)} 100" stroke-dashoffset="${(-from).toFixed(2)}"><title>${name}: ${formatDuration(seconds)}, ${formatPercent(share)}</title></circle>`;
		from += part;
		return arc;
	});
	return html`<svg viewBox="0 0 100 100" role="img" aria-label="${label}">${arcs}</svg>`;
}

function phaseRow({ name, seconds, share, usual, colour }: PhaseData): Html {
	return html`<li><i class="swatch" data-colour="${colour}"></i><bdi>${name}</bdi><b>${formatDuration(seconds)}</b><small>${formatPercent(share)}${usual !== null && ` \u00b7 usually ${formatDuration(usual)}`}</small></li>`;
}

const drawnTrends = new Kept(8, (trend: TrendData, _locale: string | null): Html => flat(drawTrend(trend)));

export function trendCard(trend: TrendData): Html {
	const { locale } = currentReader();
	return drawnTrends.of(`${trend.titles[0]} ${trend.titles.length}`, trend, locale);
}

function drawTrend(trend: TrendData): Html {
	const total = trend.categories.reduce((sum, { counts }) => sum + counts.reduce((a, b) => a + b, 0), 0);
	const id = "trend";
	const title = "Failures by week";
	if (total === 0) {
		const body = html`<div class="box calm"><span class="state" data-state="ok">${icon("ok")}</span><strong>No failures in this period</strong></div>`;
		return chartCard({ id, title, hint: "", body, table: null });
	}
	const legend = trend.categories.map(
		({ name, colour }) =>
			html`<span class="legend"><i class="swatch" data-colour="${colour}"></i><bdi>${name}</bdi></span>`,
	);
	const body = html`${canvas(id, `${title}: ${plural(total, "failure")} in ${plural(trend.titles.length, "week")}`)}<p class="legends">${legend}</p>`;
	return chartCard({ id, title, hint: plural(total, "failure"), body, table: trendTable(trend) });
}

function trendTable({ titles, categories }: TrendData): Html {
	const rows = titles.map(
		(week, i) =>
			html`<tr><th scope="row">${week}</th>${categories.map(({ counts }) => html`<td>${formatCount(counts[i] ?? 0)}</td>`)}</tr>`,
	);
	const head = categories.map(({ name }) => html`<th scope="col"><bdi>${name}</bdi></th>`);
	return html`<div class="table-frame" tabindex="0" role="region" aria-label="Failures by week as a table"><table class="plain"><thead><tr><th scope="col">Week</th>${head}</tr></thead><tbody>${rows.reverse()}</tbody></table></div>`;
}
