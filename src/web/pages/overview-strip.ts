// The last thirty days of a job as one strip: what is said of each day, and a lighter drawing for very many jobs.
import type { JobDay } from "../../job-days.ts";
import { formatDuration } from "../../units.ts";
import { type Html, html } from "../html.ts";
import { formatDate } from "../time-element.ts";

type Clock = { now: number; zone: string };

/** Days have no clock of their own: their number counts from 1970. */
function dateOf(day: number, { now }: Clock): string {
	return formatDate(day * 86_400_000, { now, zone: "UTC" });
}

function titleOf({ day, state, runs, failed, slow }: JobDay, usual: number | null, clock: Clock): string {
	const date = dateOf(day, clock);
	if (state === "failed") return `${date}: ${runs === 1 ? "failed" : `${failed} of ${runs} runs failed`}`;
	if (state === "missed") return `${date}: due, and none came`;
	if (state === "running") return `${date}: running`;
	if (slow !== null) return `${date}: took ${formatDuration(slow)}, usually ${formatDuration(usual)}`;
	return `${date}: ended with a warning`;
}

/** "28 good; 1 failed (13 Nov)" */
function spokenDays(days: JobDay[], clock: Clock): string {
	const good = days.filter(({ state }) => state === "ok").length;
	const parts = [`Last ${days.length} days: ${good} good`];
	for (const [state, word] of [
		["failed", "failed"],
		["missed", "missed"],
		["warning", "slow or with a warning"],
	] as const) {
		const found = days.filter((day) => day.state === state);
		if (found.length === 0) continue;
		const dates = found.slice(-3).map(({ day }) => dateOf(day, clock));
		parts.push(`${found.length} ${word} (${found.length > 3 ? "newest " : ""}${dates.join(", ")})`);
	}
	return parts.join("; ");
}

/** A bar with round corners: its line is two wide, so this is a seventh of what a path with arcs would be. */
const bar = (x: number, from: number) => `M${x + 1} ${from}h5v${21 - from}h-5z`;

/** What fills a cell, and what is drawn as a thin line in it. */
const shapes: Record<JobDay["state"], (x: number) => { full?: string; thin?: string }> = {
	ok: (x) => ({ full: bar(x, 1) }),
	none: (x) => ({ full: `M${x + 3.5} 10v2` }),
	failed: (x) => ({ full: bar(x, 10), thin: `M${x + 1} 1.5l5 5m0-5-5 5` }),
	warning: (x) => ({ full: `${bar(x, 10)}M${x + 3} 3.5h1v1h-1z` }),
	missed: (x) => ({ thin: `M${x + 1} 1h5v20h-5z` }),
	running: (x) => ({ full: bar(x, 12), thin: `M${x + 1} 1h5v10` }),
};

type Cell = { state: JobDay["state"]; x: number; title: string };

function drawn(cells: Cell[]): Html {
	const found = cells.map(({ state, x }) => shapes[state](x));
	const full = found.map((shape) => shape.full ?? "").join("");
	const thin = found.map((shape) => shape.thin ?? "").join("");
	return html`${full !== "" && html`<path d="${full}"/>`}${thin !== "" && html`<path class="thin" d="${thin}"/>`}`;
}

/** All cells of a state are one drawing; those that are not simply good have a title, unless there are too many strips. */
export function daysStrip(days: JobDay[], usual: number | null, clock: Clock, isLight: boolean): Html {
	const cells = days.map((day, i): Cell => {
		const isPlain = isLight || day.state === "ok" || day.state === "none";
		return { state: day.state, x: i * 9, title: isPlain ? "" : titleOf(day, usual, clock) };
	});
	const plain = Map.groupBy(
		cells.filter(({ title }) => title === ""),
		({ state }) => state,
	);
	const told = cells.filter(({ title }) => title !== "");
	const width = days.length * 9 - 2;
	return html`<svg class="strip" viewBox="0 0 ${width} 22" width="${width}" height="22" role="img" aria-label="${spokenDays(days, clock)}">${[...plain].map(([state, group]) => html`<g data-state="${state}">${drawn(group)}</g>`)}${told.map((cell) => html`<g data-state="${cell.state}"><title>${cell.title}</title>${drawn([cell])}</g>`)}</svg>`;
}

const samples: [JobDay["state"], string][] = [
	["ok", "good"],
	["warning", "warning or slower than usual"],
	["failed", "failed"],
	["missed", "missed"],
	["running", "running"],
	["none", "none due"],
];

export function stripLegend(): Html {
	return html`<ul class="legends">${samples.map(([state, word]) => html`<li class="legend"><span aria-hidden="true"><svg class="strip" viewBox="0 0 7 22" width="7" height="22"><g data-state="${state}">${drawn([{ state, x: 0, title: "" }])}</g></svg></span>${word}</li>`)}</ul>`;
}
