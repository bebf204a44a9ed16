// A year of the job, the worst of each day, from the daily sums: they outlive the runs.

import type { DayState } from "../../job-days.ts";
import type { CalendarDay, JobPage } from "../../job-page.ts";
import { dayOf, formatDay, weekOf } from "../../time.ts";
import { formatAge, plural } from "../../units.ts";
import { type Html, html } from "../html.ts";
import { type CalendarMark, type CalendarWeeks, calendar, calendarSample } from "../pictures.ts";
import { formatDate, formatMonth } from "../time-element.ts";

const weeksOfPart = 18;

const legend: [DayState, string][] = [
	["ok", "good"],
	["warning", "with a warning"],
	["failed", "a run failed"],
	["missed", "due, and none came"],
	["none", "none due"],
];

export function calendarCard(data: JobPage): Html {
	const marks = marksOf(data);
	const parts: Html[] = [];
	for (let first = 0; first < marks.length; first += 7 * weeksOfPart) {
		const days = marks.slice(first, first + 7 * weeksOfPart);
		// Before the job's first day a narrow page leaves out what a wide one has room for.
		const isBare = marks.slice(0, first + days.length).every((mark) => mark === null || mark.state === "none");
		parts.push(calendar(weeksOf(days, data.calendar.from + first), isBare));
	}
	const words = html`<ul class="legends">${legend.map(([state, word]) => html`<li class="legend">${calendarSample(state)}${word}</li>`)}</ul>`;
	return html`<section class="card year" aria-labelledby="year-title"><header><h2 id="year-title">The year</h2><p class="hint">the worst of each day, by today\u2019s schedule</p></header>
<div class="body"><div class="year-days">${parts}<p class="sr">${spoken(marks)}</p>${words}</div>${streaks(data, marks)}</div></section>`;
}

/** One for each day up to today; null for days that are still to come. */
function marksOf(data: JobPage): (CalendarMark | null)[] {
	const { calendar: shown, now, zone, dueDays, job } = data;
	const today = dayOf(now, zone);
	const days = new Map(shown.days.map((day) => [day.day, day]));
	const firstDay = dayOf(job.createdAt, zone);
	const oldest = Math.min(firstDay, shown.days[0]?.day ?? firstDay);
	const marks: (CalendarMark | null)[] = [];
	// Whole weeks, so that the last column has seven places.
	for (let day = shown.from; day < weekOf(today) + 7; day++) {
		marks.push(day > today ? null : markOf(day, days.get(day), day >= oldest && day < today));
	}
	return marks;

	/** A run that was due before midnight may begin after it. */
	function isDue(day: number): boolean {
		const last = dueDays?.get(day);
		if (last === undefined) return false;
		for (let later = day + 1; later <= last; later++) if (days.has(later)) return false;
		return last < today;
	}

	function markOf(day: number, found: CalendarDay | undefined, isPast: boolean): CalendarMark {
		const date = formatDate(day * 86_400_000, { now, zone: "UTC" });
		if (found === undefined || found.succeeded + found.warned + found.failed === 0) {
			const isMissed = isPast && isDue(day);
			const running = day === today && data.running !== null;
			const state = running ? "running" : isMissed ? "missed" : "none";
			return { state, title: isMissed ? `${date}: due, and none came` : date, href: null };
		}
		const query = new URLSearchParams({ job: job.slug, from: formatDay(day), to: formatDay(day) });
		const count = found.succeeded + found.warned + found.failed;
		if (found.failed > 0) {
			const title = `${date}: ${found.failed} of ${plural(count, "run")} failed`;
			return { state: "failed", title, href: `/runs?${query}` };
		}
		if (found.warned > 0) {
			const title = `${date}: ${found.warned} of ${plural(count, "run")} with a warning`;
			return { state: "warning", title, href: `/runs?${query}` };
		}
		return { state: "ok", title: date, href: null };
	}
}

function weeksOf(marks: (CalendarMark | null)[], from: number): CalendarWeeks {
	const weeks: CalendarWeeks = [];
	for (let first = 0; first < marks.length; first += 7) {
		const monday = new Date((from + first) * 86_400_000);
		// The month is named where its first Monday stands.
		const month = monday.getUTCDate() <= 7 ? formatMonth(monday.getTime()) : null;
		weeks.push({ month, days: marks.slice(first, first + 7) });
	}
	return weeks;
}

function spoken(marks: (CalendarMark | null)[]): string {
	const count = (state: DayState) => marks.filter((mark) => mark?.state === state).length;
	const bad = marks.filter((mark) => mark !== null && (mark.state === "failed" || mark.state === "missed"));
	const named = bad.slice(-10).map((mark) => mark?.title ?? "");
	const list = named.length === 0 ? "" : ` The newest of them: ${named.reverse().join("; ")}.`;
	return `Of the last year, ${plural(count("ok"), "day")} good, ${count("warning")} with a warning, ${count("failed")} with a failure, ${count("missed")} missed.${list}`;
}

function streaks(data: JobPage, marks: (CalendarMark | null)[]): Html {
	const { counts } = data;
	const told = marks.filter((mark) => mark !== null && mark.state !== "none" && mark.state !== "running");
	const good = told.filter((mark) => mark?.state === "ok" || mark?.state === "warning").length;
	const lastBad = told.findLastIndex((mark) => mark?.state === "failed" || mark?.state === "missed");
	const rows: [string, string][] = [
		["Good days in a row", String(told.length - 1 - lastBad)],
		["Good days of the year", told.length === 0 ? "none yet" : `${good} of ${told.length}`],
		["Longest time without a good day", longestGap(marks)],
		["Runs ever", `${counts.success + counts.warning} good, ${counts.failure} failed`],
	];
	return html`<dl class="rows">${rows.map(([name, value]) => html`<div><dt>${name}</dt><dd>${value}</dd></div>`)}</dl>`;
}

/** Between two good days, or the last one and today. */
function longestGap(marks: (CalendarMark | null)[]): string {
	const days = marks.flatMap((mark, i) => (mark?.state === "ok" || mark?.state === "warning" ? [i] : []));
	const [first] = days;
	if (first === undefined) return "no good day yet";
	const today = marks.findLastIndex((mark) => mark !== null);
	const gaps = [...days.slice(1), today].map((day, i) => day - (days[i] ?? day));
	const longest = Math.max(0, ...gaps);
	return longest <= 1 ? "none" : formatAge(longest * 86_400);
}
