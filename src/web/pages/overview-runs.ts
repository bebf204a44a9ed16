// Lists of single things: recent runs, recent failures, averages by phase, and lines that could not be read.

import { KeptBy } from "../../kept.ts";
import type { Overview, RejectedLine } from "../../overview.ts";
import { currentReader } from "../../reader.ts";
import { type Run, rate } from "../../run.ts";
import { dayOf } from "../../time.ts";
import { formatDuration, formatRate, plural, type Units } from "../../units.ts";
import { phaseColours } from "../chart-data.ts";
import { flat, type Html, html } from "../html.ts";
import { icon } from "../icons.ts";
import { phaseBar } from "../pictures.ts";
import { sized } from "../size-element.ts";
import { ago, calendarTime, shownZone } from "../time-element.ts";
import { isSharedName, jobLink, longText, outcomePill, showsJobs } from "./overview-parts.ts";

export function recentRuns(data: Overview, units: Units): Html {
	const longest = Math.max(1, ...data.recent.map((run) => run.duration ?? 0));
	const withJob = showsJobs(data);
	const shown = shownZone(data.zone);
	const { locale } = currentReader();
	const rows = data.recent.map((run) => {
		const inputs = [run, longest, withJob && isSharedName(run, data), withJob, units.iec];
		const times = [dayOf(data.now, shown), data.zone, shown, locale];
		return drawnRuns.of(run.id, [...inputs, ...times], () => flat(runRow(run, data, units, longest, withJob)));
	});
	const body =
		rows.length === 0
			? html`<div class="body"><div class="box"><strong>No run yet</strong></div></div>`
			: html`<table role="table"><thead role="rowgroup"><tr role="row"><th role="columnheader" scope="col">Status</th>${withJob && html`<th role="columnheader" scope="col">Job</th>`}<th role="columnheader" scope="col">Started</th><th role="columnheader" scope="col" class="end">Duration</th><th role="columnheader" scope="col">Phases</th><th role="columnheader" scope="col" class="end">Size</th><th role="columnheader" scope="col" class="end">Throughput</th><th role="columnheader" scope="col" class="end">Backup ID</th></tr></thead><tbody role="rowgroup">${rows}</tbody></table>`;
	return html`<section class="card runs" id="runs" aria-labelledby="runs-title"><header><h2 id="runs-title">Recent runs</h2><p class="hint"><a href="${data.job === null ? "/runs" : `/runs?${new URLSearchParams({ job: data.job.slug })}`}">All runs</a></p></header>${body}</section>`;
}

/** Those of one page, and what is new on the next. */
const drawnRuns = new KeptBy<Html>(48);

function runRow(run: Run, data: Overview, units: Units, longest: number, withJob: boolean): Html {
	const failed = run.outcome === "failure";
	const size = failed ? null : run.size;
	const reason = failed && html`<span class="reason"><bdi>${shortReason(run)}</bdi></span>`;
	return html`<tr role="row"><td role="cell" class="c-status">${outcomePill(run.outcome)}</td>${withJob && html`<td role="cell" class="c-job">${jobLink(run, data)}</td>`}<th role="rowheader" scope="row" class="c-when"><a href="${`/runs/${run.id}`}">${calendarTime(run.startedAt, data)}</a></th><td role="cell" class="c-duration end">${formatDuration(run.duration)}</td><td role="cell" class="c-phases">${reason || phaseBar(run, longest)}</td><td role="cell" class="c-size end">${sized(size, units)}</td><td role="cell" class="c-rate end">${formatRate(rate(size, run.duration), units)}</td><td role="cell" class="c-id end"><code><bdi>${run.backupId}</bdi></code></td></tr>`;
}

function shortReason(run: Run): string {
	const text = run.errorMessage ?? run.errorCategory ?? "no reason given";
	const [line = ""] = text.trim().split("\n");
	return line.length > 120 ? `${line.slice(0, 119)}\u2026` : line;
}

export function recentFailures(data: Overview): Html {
	const rows = data.failures.map((run) => {
		const category = run.errorCategory === null ? null : html`<span class="tag"><bdi>${run.errorCategory}</bdi></span>`;
		const message =
			run.errorMessage === null ? html`<span class="muted">No message was given.</span>` : longText(run.errorMessage);
		return html`<li><span class="state" data-state="failed">${icon("failed")}</span><p>${showsJobs(data) && html`<strong>${jobLink(run, data)}</strong> `}<a href="${`/runs/${run.id}`}">${calendarTime(run.startedAt, data)}</a>, after ${formatDuration(run.duration)} ${category}</p><div class="words">${message}</div></li>`;
	});
	const body =
		rows.length === 0
			? html`<div class="box calm"><span class="state" data-state="ok">${icon("ok")}</span><strong>No failure on record</strong></div>`
			: html`<ul class="failures">${rows}</ul>`;
	return html`<section class="card" id="failures" aria-labelledby="failures-title"><header><h2 id="failures-title">Recent failures</h2></header><div class="body">${body}</div></section>`;
}

export function phaseAverages(data: Overview, units: Units): Html {
	const { phases } = data.totals;
	const fastest = Math.max(1, ...phases.map((phase) => phase.throughput ?? 0));
	const colours = phaseColours(phases.map(({ name }) => name));
	const rows = phases.map(({ name, seconds, throughput }, i) => {
		const width = ((throughput ?? 0) / fastest) * 300;
		const bar = html`<svg class="bar" viewBox="0 0 300 8" preserveAspectRatio="none" aria-hidden="true"><rect class="track" width="300" height="8"/><rect data-colour="${colours[i]}" width="${width.toFixed(1)}" height="8"/></svg>`;
		return html`<tr><th scope="row"><bdi>${name}</bdi></th><td class="c-bar">${bar}</td><td class="end">${formatRate(throughput, units)}</td><td class="end muted">${formatDuration(seconds)}</td></tr>`;
	});
	const body =
		rows.length === 0
			? html`<div class="box"><strong>No phases reported in this period</strong></div>`
			: html`<table class="averages"><thead><tr><th scope="col">Phase</th><th scope="col"><span class="sr">Compared</span></th><th scope="col" class="end">Throughput</th><th scope="col" class="end">Duration</th></tr></thead><tbody>${rows}</tbody></table>`;
	return html`<section class="card" aria-labelledby="averages-title"><header><h2 id="averages-title">Averages by phase</h2><p class="hint">successful runs</p></header><div class="body">${body}</div></section>`;
}

/** Grouped by reason: a script that writes one bad line writes it every night. */
export function rejectedLines(data: Overview): Html | null {
	const { total, lines } = data.rejected;
	if (total === 0) return null;
	const groups = Map.groupBy(lines, (line) => line.reason);
	return html`<section class="card" id="rejected" aria-labelledby="rejected-title"><header><span class="state" data-state="warning">${icon("warning", "Warning:")}</span><h2 id="rejected-title">${plural(total, "line")} could not be read</h2><p class="hint">The lines around them were read as usual.</p></header>
<div class="body"><ul class="failures">${[...groups].map(([reason, found]) => rejectedGroup(reason, found, data))}</ul></div></section>`;
}

function rejectedGroup(reason: string, lines: RejectedLine[], data: Overview): Html | null {
	const newest = lines.reduce((a, b) => (b.seenAt > a.seenAt || (b.seenAt === a.seenAt && b.line > a.line) ? b : a));
	const count = lines.length > 1 && html`<span class="tag">${lines.length} lines</span>`;
	const where = html`<span class="wraps">${newest.source}</span>, line ${newest.line}`;
	return html`<li><span class="state" data-state="warning">${icon("warning")}</span><p><strong>${reason}</strong> ${count}<br><span class="hint">${lines.length > 1 && "newest: "}${where}, ${ago(newest.seenAt, data)}</span></p><div class="words">${longText(newest.text)}</div></li>`;
}
