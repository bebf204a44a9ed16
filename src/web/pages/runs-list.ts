// The runs of a page by day: a row each, and what stands there when there is none.
import type { Run } from "../../run.ts";
import type { RunsPage } from "../../runs-page.ts";
import { dayOf } from "../../time.ts";
import { formatAge, formatDuration, plural, type Units, unknown } from "../../units.ts";
import { phaseData } from "../chart-data.ts";
import { type Html, html } from "../html.ts";
import { sized } from "../size-element.ts";
import { formatClock, formatDateAt, formatDayAt, formatExact, shownZone } from "../time-element.ts";
import { jobName, outcomePill } from "./overview-parts.ts";
import { kindWords } from "./runs-filter.ts";
import { filtersOf, runPath, runsPath } from "./runs-path.ts";

const columns: [name: string, className: string][] = [
	["Time", "c-when"],
	["Status", "c-status"],
	["Job", "c-job"],
	["Phases, or what it said", "c-what"],
	["Duration", "c-duration end"],
	["Size", "c-size end"],
	["Backup ID", "c-id end"],
];

export function runsList(data: RunsPage, units: Units): Html {
	const body = data.runs.length === 0 ? nothingFound(data) : table(data, units);
	return html`<section class="card run-list" id="runs" aria-label="Runs found">${body}${pager(data)}</section>`;
}

function table(data: RunsPage, units: Units): Html {
	const longest = new Map<string, number>();
	for (const run of data.runs) {
		if (run.outcome === "success")
			longest.set(seriesOf(run), Math.max(longest.get(seriesOf(run)) ?? 1, run.duration ?? 0));
	}
	const places = new Map(data.runs.map(({ id }, i) => [id, Math.floor((i + rowsWithHead) / rowsAtOnce)]));
	const days = Map.groupBy(data.runs, (run) => dayOf(run.startedAt, shownZone(data.zone)));
	const bodies = [...days.values()].map((runs) => {
		const rows = runs.map((run) => row(run, data, units, longest.get(seriesOf(run)) ?? 1, places.get(run.id) ?? 0));
		const first = runs[0]?.startedAt ?? data.now;
		return html`<tbody role="rowgroup"><tr role="row" class="day"><th role="rowheader" scope="rowgroup" colspan="${columns.length}">${formatDayAt(first, data)}</th></tr>${rows}</tbody>`;
	});
	const head = columns.map(
		([name, className]) => html`<th role="columnheader" scope="col" class="${className}">${name}</th>`,
	);
	return html`<table role="table"><thead role="rowgroup"><tr role="row">${head}</tr></thead>${bodies}</table>`;
}

/** Runs that are alike: their bars share a scale. An hour beside a minute would leave nothing of the minute. */
function seriesOf({ slug, kind }: Run): string {
	return `${slug} ${kind}`;
}

/** Rows that are laid out in one go: the others come in portions, because an old tablet shows nothing meanwhile. */
const rowsAtOnce = 12;
/** With the first of them the page has its head to lay out, and the filters with every job there is. */
const rowsWithHead = 6;

function row(run: Run, data: RunsPage, units: Units, longest: number, portion: number): Html {
	const size = run.outcome === "failure" ? null : run.size;
	const time = html`<time datetime="${new Date(run.startedAt).toISOString()}" title="${formatExact(run.startedAt, data.zone)}">${formatClock(run.startedAt, data.zone)}</time>`;
	const kind = run.kind !== "backup" && html` <span class="tag">${kindWords[run.kind]}</span>`;
	const { q } = data.asked;
	return html`<tr role="row" id="${`run-${run.id}`}"${portion > 0 && html` data-portion="${portion}"`}><th role="rowheader" scope="row" class="c-when"><a href="${runPath(run.id)}">${time}<span class="sr">, ${run.job}</span></a></th><td role="cell" class="c-status">${outcomePill(run.outcome)}</td><td role="cell" class="c-job">${jobName(run, data)}${kind}</td><td role="cell" class="c-what">${what(run, q, longest)}</td><td role="cell" class="c-duration end">${took(run, data.now)}</td><td role="cell" class="c-size end">${sized(size, units)}</td><td role="cell" class="c-id end"><code><bdi>${marked(run.backupId, q)}</bdi></code></td></tr>`;
}

/** What has not ended has lasted until now. */
function took(run: Run, now: number): Html {
	if (run.outcome !== "running") return html`${formatDuration(run.duration)}`;
	return html`<span class="muted">${formatAge((now - run.startedAt) / 1000)}\u2026</span>`;
}

/** Where it was found, else why it failed, else how its time was spent. */
function what(run: Run, q: string, longest: number): Html {
	const found = q === "" ? null : foundIn(run, q);
	if (found !== null) return html`<span class="reason"><bdi>${found}</bdi></span>`;
	if (run.outcome === "running") return html`<span class="reason">has not ended</span>`;
	const said = run.outcome === "failure" ? (run.errorMessage ?? run.errorCategory ?? "no reason given") : null;
	const text = run.outcome === "warning" ? (run.warningMessages[0] ?? run.errorMessage) : said;
	if (text !== null) return html`<span class="reason"><bdi>${firstLine(text)}</bdi></span>`;
	return phaseBar(run, longest);
}

function firstLine(text: string): string {
	const [line = ""] = text.trim().split("\n");
	return line.length > 160 ? `${line.slice(0, 159)}\u2026` : line;
}

const before = 40;
const behind = 110;

/** The first text of the run that holds what was searched for, around that place. */
function foundIn(run: Run, q: string): Html | null {
	const { errorMessage, errorCategory, warningMessages, repository, snapshotId, log } = run;
	for (const text of [errorMessage, errorCategory, ...warningMessages, repository, snapshotId, log]) {
		const at = text === null ? -1 : text.toLowerCase().indexOf(q.toLowerCase());
		if (text === null || at === -1) continue;
		const start = Math.max(0, at - before);
		const part = text.slice(start, at + q.length + behind).replace(/\s+/g, " ");
		return html`${start > 0 && "\u2026"}${marked(part, q)}${at + q.length + behind < text.length && "\u2026"}`;
	}
	return null;
}

function marked(text: string, q: string): Html {
	const at = q === "" ? -1 : text.toLowerCase().indexOf(q.toLowerCase());
	if (at === -1) return html`${text}`;
	return html`${text.slice(0, at)}<mark>${text.slice(at, at + q.length)}</mark>${text.slice(at + q.length)}`;
}

/** As wide as the run was long beside the longest of its job that is shown. */
function phaseBar(run: Run, longest: number): Html {
	if (run.duration === null) return html`<span class="muted">${unknown}</span>`;
	const width = (seconds: number) => Math.max(0, (seconds / longest) * 300);
	const phases = phaseData(run, {});
	let x = 0;
	const parts = phases.map(({ seconds, colour }) => {
		const part = html`<rect data-colour="${colour}" x="${x.toFixed(1)}" width="${Math.max(0, Math.min(width(seconds), 300 - x) - 1).toFixed(1)}" height="8"/>`;
		x += width(seconds);
		return part;
	});
	const whole =
		parts.length === 0 &&
		html`<rect data-colour="0" width="${Math.min(300, width(run.duration)).toFixed(1)}" height="8"/>`;
	const words = phases.map(({ name, seconds }) => `${name} ${formatDuration(seconds)}`).join(", ");
	return html`<svg class="bar" viewBox="0 0 300 8" preserveAspectRatio="none" role="img" aria-label="${words === "" ? "No phases" : words}">${whole}${parts}</svg>`;
}

function nothingFound(data: RunsPage): Html {
	const { total, trouble, asked, searchedTo } = data;
	if (total === null)
		return box(
			html`Runs cannot be shown`,
			html`The database is not open; the trouble stands above. Your backups are not affected.`,
		);
	const clear = html`<a class="button" href="/runs">Clear all filters</a>`;
	if (trouble !== null) {
		const title = html`\u201c<bdi>${asked[trouble.field]}</bdi>\u201d cannot be looked for`;
		return box(title, html`${trouble.reason}`, clear);
	}
	const filters = filtersOf(asked);
	if (total.runs === 0)
		return box(
			html`No run yet`,
			html`The first report of a job stands here within seconds.`,
			html`<a class="button" href="/setup">How a job reports</a>`,
		);
	if (filters.length === 0)
		return box(
			html`Nothing older`,
			html`This is the end of what is kept.`,
			html`<a class="button" href="/runs">Newest runs</a>`,
		);
	if (searchedTo !== null) {
		const further = html`<a class="button" href="${runsPath(asked, { older: data.older ?? "" })}">Search further back</a>`;
		return box(
			html`Nothing found since ${formatDateAt(searchedTo, data)}`,
			html`Older runs were not looked at yet.`,
			html`${further}${clear}`,
		);
	}
	const hidden = `${total.isMore ? "More than " : ""}${plural(total.runs, "run")} ${total.runs === 1 ? "is" : "are"} hidden by ${filters.length === 1 ? "this filter" : `these ${filters.length} filters`}.`;
	return box(html`No run matches${asked.q !== "" && html` \u201c<bdi>${asked.q}</bdi>\u201d`}`, html`${hidden}`, clear);
}

function box(title: Html, words: Html, ways: Html | null = null): Html {
	return html`<div class="body"><div class="box"><strong>${title}</strong><span>${words}</span><div class="run-steps">${ways}</div></div></div>`;
}

/** Plain links: each page has an address, and begins at its top. */
function pager(data: RunsPage): Html | null {
	const { asked, newer, older, runs, searchedTo } = data;
	if (newer === null && older === null) return null;
	const first = runs[0];
	const last = runs.at(-1);
	const span =
		first !== undefined &&
		last !== undefined &&
		`${plural(runs.length, "run")}, ${formatDateAt(last.startedAt, data)} to ${formatDateAt(first.startedAt, data)}`;
	const further = searchedTo !== null && runs.length > 0 && `; searched back to ${formatDateAt(searchedTo, data)}`;
	const link = (name: string, cursor: "newer" | "older", at: string | null) =>
		at === null
			? html`<span class="button" aria-disabled="true">${name}</span>`
			: html`<a class="button" id="${`page-${cursor}`}" rel="${cursor === "older" ? "next" : "prev"}" href="${runsPath(asked, { [cursor]: at })}">${name}</a>`;
	return html`<nav class="run-pager" aria-label="Pages"><p class="hint">${span}${further}</p>${newer !== null && html`<a class="button ghost" href="${runsPath(asked)}">Newest</a>`}${link("Newer", "newer", newer)}${link("Older", "older", older)}</nav>`;
}
