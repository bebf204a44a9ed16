// Small pictures drawn on the server as SVG: strips of days, sparklines, bars of phases. They need no script and print.
import type { DayState } from "../job-days.ts";
import { type Phase, type Run, succeeded } from "../run.ts";
import { formatDuration, unknown } from "../units.ts";
import { phaseColours } from "./chart-data.ts";
import { type Html, html } from "./html.ts";
import { formatWeekday } from "./time-element.ts";

/** `title` is said for days that are not simply good; a year of titles nobody reads would be half of the page. */
export type DayMark = { state: DayState; title: string };

/** Where a cell stands and how large it is. */
type Box = { x: number; y: number; width: number; height: number };

const isPlain = (state: DayState) => state === "ok" || state === "none";

const cell = { width: 7, height: 22, gap: 2 };

/** One bar a day, oldest first: each state has its own shape, so that none is told by colour alone. */
export function strip(days: DayMark[], label: string): Html {
	const width = Math.max(1, days.length * (cell.width + cell.gap) - cell.gap);
	const boxes = days.map((day, i) => {
		return { ...day, box: { x: i * (cell.width + cell.gap), y: 0, width: cell.width, height: cell.height } };
	});
	const good = boxes.filter(({ state }) => state === "ok").map(({ box }) => rectPath(box));
	const none = boxes.filter(({ state }) => state === "none").map(({ box }) => tickPath(box));
	const marked = boxes.filter(({ state }) => !isPlain(state));
	return html`<svg class="strip" viewBox="0 0 ${width} ${cell.height}" width="${width}" height="${cell.height}" role="img" aria-label="${label}"><path data-state="ok" d="${good.join("")}"/><path data-state="none" d="${none.join("")}"/>${marked.map(({ state, title, box }) => html`<g data-state="${state}"><title>${title}</title>${stripMark(state, box)}</g>`)}</svg>`;
}

function stripMark(state: DayState, box: Box): Html {
	const middle = box.x + box.width / 2;
	if (state === "missed") return hollow(box);
	if (state === "running") {
		const half = { ...box, y: box.height / 2, height: box.height / 2 };
		return html`${hollow(box)}<path d="${rectPath(half)}"/>`;
	}
	const short = { ...box, y: 9, height: box.height - 9 };
	const sign =
		state === "failed"
			? html`<path class="sign" d="M${middle - 2.5} 1.5l5 5m0-5-5 5"/>`
			: html`<circle cx="${middle}" cy="4" r="2.2"/>`;
	return html`<path d="${rectPath(short)}"/>${sign}`;
}

function hollow({ x, y, width, height }: Box): Html {
	return html`<rect class="hollow" x="${x + 0.75}" y="${y + 0.75}" width="${width - 1.5}" height="${height - 1.5}" rx="1.5"/>`;
}

/** A whole cell as part of a path: hundreds of them are one element. */
function rectPath({ x, y, width, height }: Box, radius = 1.5): string {
	const [w, h] = [width - 2 * radius, height - 2 * radius];
	const turn = (dx: number, dy: number) => `a${radius} ${radius} 0 0 1 ${dx} ${dy}`;
	return `M${x + radius} ${y}h${w}${turn(radius, radius)}v${h}${turn(-radius, radius)}h${-w}${turn(-radius, -radius)}v${-h}${turn(radius, -radius)}z`;
}

function tickPath({ x, y, width, height }: Box): string {
	return rectPath({ x: x + width / 2 - 1, y: y + height / 2 - 2, width: 2, height: 4 }, 1);
}

const step = 14;
const side = 12;
/** Weekday names stand left of the cells, months above them. */
const margin = { left: 24, top: 16 };

export type CalendarMark = DayMark & {
	/** Where a click on it leads; null: nowhere. */
	href: string | null;
};

/** One part of a calendar: whole weeks, Monday first. `month` is set on the first week of each month. */
export type CalendarWeeks = { month: string | null; days: (CalendarMark | null)[] }[];

/** A Monday; every second row is named. */
const someMonday = 4 * 86_400_000;

function weekdayLabels(): Html[] {
	return [0, 2, 4, 6].map((row) => {
		const name = formatWeekday(someMonday + row * 86_400_000);
		return html`<text x="0" y="${margin.top + row * step + 9.5}">${name}</text>`;
	});
}

/** Hidden from screen readers: say what it shows beside it. Its links are short cuts for the mouse alone. */
export function calendar(weeks: CalendarWeeks, isBare = false): Html {
	const width = margin.left + weeks.length * step;
	const height = margin.top + 7 * step;
	const paths = new Map<DayState, string>();
	const marked: Html[] = [];
	for (const [column, { days }] of weeks.entries()) {
		for (const [row, day] of days.entries()) {
			if (day === null) continue;
			const box = { x: margin.left + column * step, y: margin.top + row * step, width: side, height: side };
			if (isPlain(day.state)) {
				const path = day.state === "ok" ? rectPath(box, 3) : dotPath(box);
				paths.set(day.state, (paths.get(day.state) ?? "") + path);
			} else marked.push(calendarCell(day, box));
		}
	}
	const months = weeks.map(({ month }, column) => {
		return month === null ? null : html`<text x="${margin.left + column * step}" y="9.5">${month}</text>`;
	});
	return html`<svg class="calendar"${isBare && html` data-bare`} viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" aria-hidden="true"><g class="weekdays">${weekdayLabels()}</g>${months}${[...paths].map(([state, path]) => html`<path data-state="${state}" d="${path}"/>`)}${marked}</svg>`;
}

/** A cell alone, for the legend. */
export function calendarSample(state: DayState): Html {
	const box = { x: 0, y: 0, width: side, height: side };
	const plain = html`<path data-state="${state}" d="${state === "ok" ? rectPath(box, 3) : dotPath(box)}"/>`;
	const shape = isPlain(state) ? plain : html`<g data-state="${state}">${cellShapes(state, box)}</g>`;
	return html`<svg class="calendar sample" viewBox="0 0 ${side} ${side}" width="${side}" height="${side}" aria-hidden="true">${shape}</svg>`;
}

function dotPath({ x, y, width, height }: Box): string {
	return rectPath({ x: x + width / 2 - 1.5, y: y + height / 2 - 1.5, width: 3, height: 3 }, 1.5);
}

function calendarCell({ state, title, href }: CalendarMark, box: Box): Html {
	const shapes = html`<title>${title}</title>${cellShapes(state, box)}`;
	if (href === null) return html`<g data-state="${state}">${shapes}</g>`;
	return html`<a data-state="${state}" href="${href}" tabindex="-1">${shapes}</a>`;
}

function cellShapes(state: DayState, box: Box): Html {
	const { x, y } = box;
	if (state === "missed") return hollow(box);
	if (state === "running") return html`${hollow(box)}<path d="${rectPath({ ...box, y: y + 6, height: 6 }, 2)}"/>`;
	const sign =
		state === "failed"
			? `M${x + 3.75} ${y + 3.75}l4.5 4.5m0-4.5-4.5 4.5`
			: `M${x + 6} ${y + 3}v3.5M${x + 6} ${y + 9}v.05`;
	return html`<path d="${rectPath(box, 3)}"/><path class="cut" d="${sign}"/>`;
}

/**
 * A line without axes. Its range is at least 4 % of the largest value, or noise would look like drama; null leaves a gap.
 */
export function sparkline(values: (number | null)[], label: string): Html {
	const [width, height] = [96, 24];
	const known = values.filter((value) => value !== null);
	if (known.length < 2) return html`<span class="muted">${unknown}</span>`;
	const top = Math.max(...known);
	const low = Math.min(...known);
	const range = Math.max(top - low, Math.abs(top) * 0.04, Number.MIN_VALUE);
	const bottom = (top + low) / 2 - range / 2;
	const x = (i: number) => (values.length === 1 ? 0 : (i / (values.length - 1)) * (width - 4)) + 1;
	const y = (value: number) => height - 3 - ((value - bottom) / range) * (height - 6);
	let path = "";
	let isDown = false;
	for (const [i, value] of values.entries()) {
		if (value !== null) path += `${isDown ? "L" : "M"}${x(i).toFixed(1)} ${y(value).toFixed(1)}`;
		isDown = value !== null;
	}
	const lastAt = values.findLastIndex((value) => value !== null);
	const last = values[lastAt] ?? 0;
	return html`<svg class="sparkline" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-label="${label}"><path d="${path}"/><circle cx="${x(lastAt).toFixed(1)}" cy="${y(last).toFixed(1)}" r="2.2"/></svg>`;
}

/** The phases of a run side by side, as wide as it was long beside the longest one shown. */
export function phaseBar(run: Pick<Run, "outcome" | "duration" | "phases">, longest: number): Html {
	if (run.duration === null) return html`<span class="muted">${unknown}</span>`;
	const whole = Math.max(longest, 0.001);
	const width = (seconds: number) => Math.min(300, Math.max(0, (seconds / whole) * 300));
	let x = 0;
	const parts = coloured(run.phases).map(({ seconds, colour }) => {
		const length = Math.max(0, Math.min(width(seconds), 300 - x) - 1);
		const part = html`<rect data-colour="${colour}" x="${x.toFixed(1)}" width="${length.toFixed(1)}" height="8"/>`;
		x += width(seconds);
		return part;
	});
	const words = run.phases.map(({ name, seconds }) => `${name} ${formatDuration(seconds)}`).join(", ");
	const ground = succeeded(run)
		? html`<rect data-colour="0" width="${width(run.duration).toFixed(1)}" height="8"/>`
		: null;
	return html`<svg class="bar" viewBox="0 0 300 8" preserveAspectRatio="none" role="img" aria-label="${words === "" ? "No phases" : words}">${ground}${parts}</svg>`;
}

/** Phases with the colours they keep on every page: the known ones by name, others by their place among the unknown. */
export function coloured(phases: Phase[]): (Phase & { colour: number })[] {
	const colours = phaseColours(phases.map(({ name }) => name));
	return phases.map((phase, i) => ({ ...phase, colour: colours[i] ?? 0 }));
}
