// The job's charts as the server sees them: a canvas, and the same numbers in a table for everyone without it.
import type { JobPage } from "../../job-page.ts";
import { ranges } from "../../overview.ts";
import { usualOf } from "../../run-page.ts";
import { formatBytes, formatDuration, formatPercent, plural, type Units } from "../../units.ts";
import { phaseData } from "../chart-data.ts";
import { type Html, html } from "../html.ts";
import { icon } from "../icons.ts";
import { phaseBar } from "../pictures.ts";
import { calendarTime, formatDate } from "../time-element.ts";
import type { JobColumns } from "./job-chart-data.ts";
import { jobPath } from "./job-parts.ts";

const rangeWords = {
	"7": ["7 d", "Last 7 days"],
	"30": ["30 d", "Last 30 days"],
	"90": ["90 d", "Last 90 days"],
	"365": ["1 y", "Last 365 days"],
	all: ["All", "Since the first run"],
} as const;

export function periodHead(data: JobPage): Html {
	const from = data.range === "all" ? (data.series.points[0]?.at ?? data.from) : data.from;
	const links = ranges.map((range) => {
		// The list of runs below stays where it is.
		const path = jobPath(data.job.slug, { range, ...data.asked });
		const [short, long] = rangeWords[range];
		return html`<a id="range-${range}" href="${path}"${range === data.range && html` aria-current="true"`} hx-get="${path}" hx-target="#live" hx-swap="outerMorph" hx-push-url="true" hx-sync="#live:replace">${short}<span class="sr">, ${long}</span></a>`;
	});
	return html`<div class="section-head" id="period"><h2>${rangeWords[data.range][1]}</h2><p class="hint">${formatDate(from, data)} \u2013 ${formatDate(data.now, data)}</p><div class="tools"><nav class="segments" aria-label="Period">${links}</nav></div></div>`;
}

const perWords = { run: "each run", day: "average of each day", week: "average of each week" };

const cross = html`<svg class="cross" viewBox="0 0 10 10" aria-hidden="true"><path d="m1.5 1.5 7 7m0-7-7 7"/></svg>`;
const failedLegend = html`<span class="legend">${cross}failed</span>`;

type Column = { name: string; values: (number | null)[]; format: (value: number | null) => string };
type ChartCard = { id: string; title: string; hint: string; legend: Html | null; columns: Column[]; body: Html };

export function jobCharts(
	data: JobPage,
	columns: JobColumns,
	units: Units,
): { duration: Html; phases: Html; size: Html } {
	const hint = perWords[data.series.per];
	const failed = columns.failed.some((count) => count > 0) ? failedLegend : null;
	const bytes = (value: number | null) => formatBytes(value, units);
	const hasBand = columns.low.some((value) => value !== null);
	const band = hasBand && html`<span class="legend"><i class="band"></i>usual</span>`;
	const usually = {
		name: "Usually",
		values: columns.high,
		format: () => "",
	};
	const hasAdded = columns.added.some((value) => value !== null);
	const added: Column = { name: "Added", values: columns.added, format: bytes };
	const size: Column = { name: "Size", values: columns.size, format: bytes };
	const swatches = columns.phases.map(({ name, colour }) => {
		return html`<span class="legend"><i class="swatch" data-colour="${colour}"></i><bdi>${name}</bdi></span>`;
	});
	return {
		duration: chart({
			id: "job-duration",
			title: "Duration",
			hint,
			legend: html`${band}${failed}`,
			columns: [
				{ name: "Duration", values: columns.duration, format: formatDuration },
				...(hasBand ? [{ ...usually, format: formatDuration, name: "Usually up to" }] : []),
			],
			body: canvas("job-duration", `Duration: ${spread(columns.duration, formatDuration)}`),
		}),
		phases: chart({
			id: "job-phases",
			title: "Duration by phase",
			hint,
			legend: html`${swatches}${failed}`,
			columns: columns.phases.map(({ name, seconds }) => ({ name, values: seconds, format: formatDuration })),
			body:
				columns.phases.length === 0
					? noPhases
					: canvas("job-phases", `Duration by phase: ${columns.phases.map((phase) => phase.name).join(", ")}`),
		}),
		size: chart({
			id: "job-size",
			title: hasAdded ? "Size and what was added" : "Size",
			hint,
			legend: failed,
			columns: hasAdded ? [size, added] : [size],
			body: html`${canvas("job-size", `Size: ${spread(columns.size, bytes)}`)}${hasAdded && html`<p class="chart-name" aria-hidden="true">Added by each run</p>${canvas("job-added", `Added: ${spread(columns.added, bytes)}`, " low")}`}`,
		}),
	};

	function chart(card: ChartCard): Html {
		const isEmpty = columns.titles.length === 0;
		const isBare =
			card.columns.length > 0 && card.columns.every(({ values }) => values.every((value) => value === null));
		const table = isEmpty || isBare || card.columns.length === 0 ? null : asTable(card, columns);
		return html`<section class="card" aria-labelledby="${card.id}-title"><header><h2 id="${card.id}-title">${card.title}</h2><p class="hint">${card.hint}</p><span class="end legends">${isEmpty || isBare ? null : card.legend}</span></header><div class="body">${isEmpty ? noRuns(data) : isBare ? noFigures : card.body}${table}</div></section>`;
	}
}

/** An axis without a line would look like zero. */
const noFigures = html`<div class="box"><strong>Nothing to draw yet</strong><span>No backup that succeeded in this period said how much or how long.</span></div>`;

const noPhases = html`<div class="box"><strong>No phases reported in this period</strong><span>A run may say how long its parts took, such as <code class="wraps">"duration_upload": 503</code>.</span></div>`;

/** The script draws into the frame and keeps it: a refresh must not touch what is drawn. */
function canvas(id: string, label: string, shape = ""): Html {
	return html`<div class="chart${shape}" id="chart-${id}" hx-morph-skip><canvas data-chart="${id}" role="img" aria-label="${label}"></canvas></div>`;
}

function spread(values: (number | null)[], format: (value: number | null) => string): string {
	const known = values.filter((value) => value !== null);
	if (known.length === 0) return "no successful run";
	return `between ${format(Math.min(...known))} and ${format(Math.max(...known))}, last ${format(known.at(-1) ?? null)}`;
}

function asTable({ id, title, columns }: ChartCard, { titles, runs, failed }: JobColumns): Html {
	const rows = titles.map((when, i) => {
		if (runs[i] === 0) return null;
		const count = failed[i] ?? 0;
		const note = count === 0 ? null : runs[i] === 1 ? "failed" : `${count} failed`;
		return html`<tr><th scope="row">${when}</th>${columns.map(({ values, format }) => html`<td>${format(values[i] ?? null)}</td>`)}<td>${note}</td></tr>`;
	});
	const head = columns.map(({ name }) => html`<th scope="col"><bdi>${name}</bdi></th>`);
	return html`<details class="as-table" id="${id}-table"><summary>${icon("chevron")}Show as a table</summary><div class="table-frame" tabindex="0" role="region" aria-label="${title} as a table"><table class="plain"><thead><tr><th scope="col">When</th>${head}<th scope="col">Failed</th></tr></thead><tbody>${rows.reverse()}</tbody></table></div></details>`;
}

function noRuns(data: JobPage): Html {
	const path = jobPath(data.job.slug, { range: "all" });
	const wider = data.range !== "all" && html`<a class="button" href="${path}">Show all time</a>`;
	return html`<div class="box"><strong>No finished backup in this period</strong><span>The job has not reported, or its runs are older.</span>${wider}</div>`;
}

/** The newest good backup, phase by phase, beside what is usual. */
export function newestPhases(data: JobPage): Html {
	const run = data.recentGood.find((good) => good.phases.length > 0) ?? null;
	if (run === null) {
		return html`<section class="card" aria-labelledby="newest-title"><header><h2 id="newest-title">Newest run by phase</h2></header><div class="body">${noPhases}</div></section>`;
	}
	const usual = usualOf(data.recentGood.filter(({ id }) => id !== run.id)).phases;
	const phases = phaseData(run, Object.fromEntries(usual));
	const total = phases.reduce((sum, phase) => sum + phase.seconds, 0);
	const rows = phases.map(({ name, seconds, share, usual: before, colour }) => {
		return html`<li><i class="swatch" data-colour="${colour}"></i><bdi>${name}</bdi><b>${formatDuration(seconds)}</b><small>${formatPercent(share)}${before !== null && ` \u00b7 usually ${formatDuration(before)}`}</small></li>`;
	});
	return html`<section class="card" aria-labelledby="newest-title"><header><h2 id="newest-title">Newest run by phase</h2><p class="hint"><a href="${`/runs/${run.id}`}">${calendarTime(run.startedAt, data)}</a></p></header>
<div class="body newest"><p class="total"><strong>${formatDuration(run.duration ?? total)}</strong> <span class="muted">in ${plural(run.phases.length, "phase")}</span></p>${phaseBar(run, Math.max(run.duration ?? 0, total))}<ul class="phase-list">${rows}</ul></div></section>`;
}
