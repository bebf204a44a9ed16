// The head of the period (filter, range, refresh) and the six cards.
import { type Overview, type Range, ranges, type Totals } from "../../overview.ts";
import {
	formatChange,
	formatCount,
	formatDuration,
	formatSigned,
	percentOf,
	plural,
	quantityOfBytes,
	quantityOfRate,
	quantityOfSeconds,
	type Units,
	unknown,
} from "../../units.ts";
import { type Html, html } from "../html.ts";
import { icon } from "../icons.ts";
import { ago, formatDate } from "../time-element.ts";
import { figure, pathOf, pathWith, swapped } from "./overview-parts.ts";

const rangeWords: Record<Range, { short: string; long: string }> = {
	"7": { short: "7 d", long: "Last 7 days" },
	"30": { short: "30 d", long: "Last 30 days" },
	"90": { short: "90 d", long: "Last 90 days" },
	"365": { short: "1 y", long: "Last 365 days" },
	all: { short: "All", long: "Since the first run" },
};

export function periodHead(data: Overview): Html {
	const dates = `${formatDate(data.from, data)} \u2013 ${formatDate(data.now, data)}`;
	const compared = data.before === null ? "" : `, against the ${data.range} days before`;
	return html`<div class="section-head" id="period">
<h2>${rangeWords[data.range].long}</h2><p class="hint">${dates}${compared}</p>
<div class="tools">${data.jobs.length > 1 && jobFilter(data)}${rangeLinks(data)}${refreshForm(data)}</div>
</div>`;
}

function jobFilter(data: Overview): Html {
	const shared = new Set(data.jobs.map((job) => job.name).filter((name, i, names) => names.indexOf(name) !== i));
	const options = data.jobs.map((job) => {
		const label = shared.has(job.name) && job.host !== "" ? `${job.name} (${job.host})` : job.name;
		return html`<option value="${job.slug}"${job.slug === data.job?.slug && html` selected`}>${label}</option>`;
	});
	const { show, host, label, text, isWhole } = data.filter;
	const fields: [string, string | null][] = [
		["show", show === "all" ? null : show],
		["host", host],
		["label", label],
		["q", text],
		["rows", isWhole ? "all" : null],
	];
	const kept = fields.map(
		([name, value]) => value !== null && html`<input type="hidden" name="${name}" value="${value}">`,
	);
	return html`<form class="filter" method="get" action="/" hx-get="/" hx-trigger="change, submit" hx-target="#live" hx-swap="outerMorph" hx-push-url="true" hx-sync="#live:replace">
<label class="field"><span class="field-name">Job</span><select name="job" id="job-filter"><option value="">All ${data.jobs.length} jobs</option>${options}</select></label>
<input type="hidden" name="range" value="${data.range}">${kept}<button class="button scripting-none" type="submit">Show</button></form>`;
}

function rangeLinks(data: Overview): Html {
	const links = ranges.map((range) => {
		const current = range === data.range && html` aria-current="true"`;
		const { short, long } = rangeWords[range];
		return html`<a id="range-${range}" ${swapped(pathWith(data, { range }))}${current}>${short}<span class="sr">, ${long}</span></a>`;
	});
	return html`<nav class="segments" aria-label="Period">${links}</nav>`;
}

/** POST /refresh reads the sources now and answers with the region for `path`; without script it leads back there. */
function refreshForm(data: Overview): Html {
	return html`<form method="post" action="/refresh" hx-post="/refresh" hx-target="#live" hx-swap="outerMorph" hx-sync="#live:replace" hx-disable="find button">
<input type="hidden" name="path" value="${pathOf(data)}">
<button class="button" type="submit" id="refresh">${icon("refresh")}<span>Refresh</span></button></form>`;
}

export function cards(data: Overview, units: Units): Html {
	const { totals, before, totalSize } = data;
	// Unlike jobs have no size in common: what all of them protect together says more than their average.
	const whole =
		totalSize !== null &&
		card("Total protected size", figure(quantityOfBytes(totalSize, units)), html`newest good backup of each job`);
	const failed = card(
		"Failed",
		figure([[formatCount(totals.failed), ""]]),
		failedNote(data),
		totals.failed > 0 ? "failed" : undefined,
	);
	const size = card(
		"Average size",
		figure(quantityOfBytes(totals.averageSize, units)),
		change(totals.averageSize, before?.averageSize),
	);
	return html`<dl class="cards"${totalSize !== null && html` data-several`} aria-label="Figures of the period">
${card("Total backups", figure([[formatCount(totals.runs), ""]]), runsNote(totals, before))}
${card("Success rate", rateFigure(totals), rateNote(totals, before), rateState(totals))}
${card("Average duration", figure(quantityOfSeconds(totals.averageDuration)), durationNote(totals, before))}
${whole === false ? [size, failed] : [failed, whole, size]}
${card("Average throughput", figure(quantityOfRate(totals.averageThroughput, units)), change(totals.averageThroughput, before?.averageThroughput))}
</dl>`;
}

function card(label: string, value: Html, note: Html, state?: string): Html {
	return html`<div class="card stat"><dt>${label}</dt><dd class="figure"${state !== undefined && html` data-state="${state}"`}>${value}</dd><dd class="note">${note}</dd></div>`;
}

function runsNote(totals: Totals, before: Totals | null): Html {
	if (totals.runs === 0) return html`none in this period`;
	return html`${before !== null && html`<b>${formatSigned(totals.runs - before.runs)}</b> \u00b7 `}${formatCount(totals.succeeded)} succeeded`;
}

/** Nothing ran is not 0 %: it is unknown. */
function rateFigure({ succeeded, runs }: Totals): Html {
	const percent = percentOf(succeeded, runs);
	return percent === null ? html`<span class="muted">${unknown}</span>` : figure([[percent, "%"]]);
}

/** Green belongs to 100 % alone: one lost night in seven is not a good week. */
function rateState({ succeeded, runs }: Totals): string | undefined {
	if (runs === 0) return undefined;
	if (succeeded >= runs) return "ok";
	return succeeded / runs < 0.9 ? "failed" : "warning";
}

function rateNote(totals: Totals, before: Totals | null): Html {
	if (totals.runs === 0) return html`nothing to count`;
	const points =
		before === null || before.runs === 0
			? null
			: (totals.succeeded / totals.runs - before.succeeded / before.runs) * 100;
	return html`${points !== null && html`<b>${formatSigned(points, 1)}</b> points \u00b7 `}${formatCount(totals.succeeded)} of ${formatCount(totals.runs)}`;
}

function durationNote(totals: Totals, before: Totals | null): Html {
	const changed = formatChange(totals.averageDuration, before?.averageDuration ?? null);
	if (totals.longestDuration === null) return html`no successful run`;
	return html`${changed !== null && html`<b>${changed}</b> \u00b7 `}longest ${formatDuration(totals.longestDuration)}`;
}

function change(value: number | null, before: number | null | undefined): Html {
	if (value === null) return html`no successful run`;
	const text = formatChange(value, before ?? null);
	return text === null ? html`successful runs only` : html`<b>${text}</b> \u00b7 successful runs`;
}

function failedNote(data: Overview): Html {
	const { totals, before, failures } = data;
	const difference = before === null ? null : html`<b>${formatSigned(totals.failed - before.failed)}</b> \u00b7 `;
	const newest = failures.reduce((at, run) => Math.max(at, run.startedAt), 0);
	if (newest === 0) return html`${difference}of ${plural(totals.runs, "run")}`;
	return html`${difference}newest ${ago(newest, data)}`;
}
