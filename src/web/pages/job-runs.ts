// The runs of a job with what became of them, a page at a time.
import type { JobPage } from "../../job-page.ts";
import { type Run, succeeded } from "../../run.ts";
import { formatChange, formatDuration, plural, type Units, unknown } from "../../units.ts";
import { type Html, html } from "../html.ts";
import { icon } from "../icons.ts";
import { phaseBar } from "../pictures.ts";
import { sized } from "../size-element.ts";
import { calendarTime } from "../time-element.ts";
import { jobPath } from "./job-parts.ts";
import { outcomePill } from "./overview-parts.ts";

export function jobRuns(data: JobPage, units: Units): Html {
	const { runs } = data.shown;
	const longest = Math.max(1, ...runs.map((run) => run.duration ?? 0));
	const all = `/runs?${new URLSearchParams({ job: data.job.slug })}`;
	const head = html`<header><h2 id="runs-title">Runs</h2><p class="hint">of every kind, newest first</p><span class="end"><a class="button" href="${all}">${icon("search")}<span>Search all runs</span></a></span></header>`;
	if (runs.length === 0) {
		return html`<section class="card runs" id="runs" aria-labelledby="runs-title">${head}<div class="body"><div class="box"><strong>No run is kept</strong><span>Runs are kept for ${plural(data.retentionDays, "day")}; the calendar and the charts reach further back.</span></div></div></section>`;
	}
	const column = (name: string, end = "") =>
		html`<th role="columnheader" scope="col"${end !== "" && html` class="end"`}>${name}</th>`;
	return html`<section class="card runs" id="runs" aria-labelledby="runs-title">${head}<table role="table"><thead role="rowgroup"><tr role="row">${column("Status")}${column("Started")}${column("Duration", "end")}${column("Phases")}${column("Size", "end")}${column("Change", "end")}${column("Backup ID", "end")}</tr></thead><tbody role="rowgroup">${runs.map((run, i) => row(run, runs.slice(i + 1), data, units, longest))}</tbody></table>${pager(data)}</section>`;
}

function row(run: Run, older: Run[], data: JobPage, units: Units, longest: number): Html {
	const isGood = succeeded(run);
	const size = isGood ? run.size : null;
	const before = older.find((other) => other.kind === run.kind && succeeded(other) && other.size !== null) ?? null;
	const kind = run.kind !== "backup" && html` <span class="tag">${run.kind.replace("_", " ")}</span>`;
	const middle =
		run.outcome === "failure" ? html`<span class="reason"><bdi>${reason(run)}</bdi></span>` : phaseBar(run, longest);
	return html`<tr role="row"><td role="cell" class="c-status">${outcomePill(run.outcome)}${kind}</td><th role="rowheader" scope="row" class="c-when"><a href="${`/runs/${run.id}`}">${calendarTime(run.startedAt, data)}</a></th><td role="cell" class="c-duration end">${formatDuration(run.duration)}</td><td role="cell" class="c-phases">${middle}</td><td role="cell" class="c-size end">${sized(size, units)}</td><td role="cell" class="c-rate end">${formatChange(size, before?.size ?? null) ?? unknown}</td><td role="cell" class="c-id end"><code><bdi>${run.backupId}</bdi></code></td></tr>`;
}

function reason(run: Run): string {
	const text = run.errorMessage ?? run.errorCategory ?? "no reason given";
	const [line = ""] = text.trim().split("\n");
	return line.length > 120 ? `${line.slice(0, 119)}\u2026` : line;
}

function pager(data: JobPage): Html | null {
	const { newer, older } = data.shown;
	if (newer === null && older === null) return null;
	const link = (word: string, asked: { newer?: string; older?: string } | null) => {
		if (asked === null) return html`<span class="button" aria-disabled="true">${word}</span>`;
		const path = jobPath(data.job.slug, { range: data.range, ...asked });
		return html`<a class="button" id="${word.toLowerCase()}" href="${`${path}#runs`}" hx-get="${path}" hx-target="#live" hx-swap="outerMorph" hx-push-url="true" hx-sync="#live:replace">${word}<span class="sr"> runs</span></a>`;
	};
	return html`<nav class="pager" aria-label="Pages of runs">${link("Newer", newer === null ? null : { newer })}${link("Older", older === null ? null : { older })}</nav>`;
}
