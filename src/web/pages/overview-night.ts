// Last night and tonight: what ran in the last 24 hours and what is expected in the next, a lane for each job.

import { KeptBy } from "../../kept.ts";
import { troubleOf } from "../../needs.ts";
import type { NightRun, Overview, OverviewJob } from "../../overview.ts";
import { currentReader } from "../../reader.ts";
import { nextSlot } from "../../schedule.ts";
import { dayOf, dayStart } from "../../time.ts";
import { formatDuration, plural } from "../../units.ts";
import type { VerdictJob } from "../../verdict.ts";
import { flat, type Html, html } from "../html.ts";
import { icon } from "../icons.ts";
import { calendarTime, formatCalendar, formatClock, formatDate, shownZone } from "../time-element.ts";
import { jobHref } from "./overview-parts.ts";

const lanesShown = 12;
/** So few leave room for the list below them. */
const fewLanes = 2;
const spanMs = 24 * 3_600_000;
const laneHeight = 26;
const expectedShown = 24;
const listed = 40;

/** `to` null: it goes on. */
type Mark = {
	look: "ok" | "warning" | "failed" | "running" | "expected" | "overdue";
	from: number;
	to: number;
	title: string;
};

type Lane = { job: OverviewJob; marks: Mark[] };

export function nightCard(data: Overview, told: VerdictJob[]): Html {
	const rank = new Map(told.map((job, i) => [job.slug, troubleOf(job) === null ? 1e6 : i]));
	const runs = Map.groupBy(data.night, ({ slug }) => slug);
	const soonest = ({ judgement: { dueAt } }: OverviewJob) =>
		dueAt !== null && dueAt > data.now && dueAt <= data.now + spanMs ? dueAt : Number.POSITIVE_INFINITY;
	const isInSight = (job: OverviewJob) =>
		runs.has(job.slug) || job.running !== null || soonest(job) < Number.POSITIVE_INFINITY;
	const order = (job: OverviewJob) => rank.get(job.slug) ?? 1e6;
	const jobs = data.judged
		.filter((job) => job.judgement.state !== "archived" && (order(job) < 1e6 || isInSight(job)))
		.sort((a, b) => order(a) - order(b) || soonest(a) - soonest(b) || 0);
	// Slots are worked out for the lanes that are drawn, not for every job there is.
	const shown: Lane[] = [];
	for (const job of jobs) {
		if (shown.length >= lanesShown) break;
		const marks = marksOf(job, runs.get(job.slug) ?? [], data);
		if (marks.length > 0) shown.push({ job, marks });
	}
	const isCut = shown.length >= lanesShown && jobs.length > shown.length;
	const more = isCut && html` \u00b7 ${shown.length} of ${plural(jobs.length, "job")}, the worst and soonest`;
	const body =
		shown.length === 0
			? html`<div class="box"><strong>Nothing ran in the last 24 hours, and nothing is expected</strong><span>Runs that are due show up here once a rhythm is known.</span></div>`
			: html`<div class="night"><ol>${shown.map(({ job }) => html`<li><a href="${jobHref(job.slug)}"><bdi>${job.title ?? job.name}</bdi></a></li>`)}</ol><div class="night-scroll" tabindex="0" role="group" aria-label="Timeline">${picture(shown, data)}</div></div>
<details class="opens night-zoom" id="night-zoom"><summary>${icon("search")}Zoom</summary></details>
<details class="as-table" id="night-list"${shown.length <= fewLanes && html` open`}><summary>${icon("chevron")}Show as a list</summary>${list(shown, data)}</details>`;
	return html`<section class="card night-card" aria-labelledby="night-title"><header><h2 id="night-title">Last night and tonight</h2><p class="hint">24 hours back, 24 hours ahead${more}</p></header><div class="body">${body}</div></section>`;
}

/** What grows with the clock is drawn by whole minutes, a fortieth of a pixel: a lane stays the same in between. */
function minuteOf(now: number): number {
	return Math.floor(now / 60_000) * 60_000;
}

function marksOf(job: OverviewJob, runs: NightRun[], data: Overview): Mark[] {
	const { now } = data;
	const minute = minuteOf(now);
	const { plan, dueAt, missed, state } = job.judgement;
	const usual = (job.usualDuration ?? 0) * 1000;
	const marks = runs.map((run): Mark => {
		const isRunning = run.outcome === "running";
		const to = isRunning ? minute : (run.endedAt ?? run.startedAt + (run.duration ?? 0) * 1000);
		const look = isRunning
			? state === "stuck"
				? "failed"
				: "running"
			: run.outcome === "failure"
				? "failed"
				: run.outcome === "warning"
					? "warning"
					: "ok";
		return { look, from: run.startedAt, to: Math.min(Math.max(to, run.startedAt), now), title: runTitle(run, data) };
	});
	if (job.running !== null && usual > 0) {
		const end = job.running.startedAt + usual;
		if (end > now)
			marks.push({ look: "expected", from: minute, to: end, title: `expected to end ${formatCalendar(end, data)}` });
	}
	if (state !== "paused" && state !== "archived") {
		const overdueAt = missed?.firstAt ?? (dueAt !== null && dueAt <= now ? dueAt : null);
		if (overdueAt !== null && job.running === null) {
			marks.push({
				look: "overdue",
				from: Math.max(overdueAt, minute - spanMs),
				to: Math.max(overdueAt, minute),
				title: `due ${formatCalendar(overdueAt, data)}, and none came`,
			});
		}
		const anchor = dueAt ?? (job.running ?? job.finished)?.startedAt ?? now;
		let slot = nextSlot(plan.schedule, now, anchor);
		const takes = job.usualDuration === null ? "" : `, usually ${formatDuration(job.usualDuration)}`;
		for (let n = 0; n < expectedShown && slot !== null && slot <= now + spanMs; n++) {
			marks.push({
				look: "expected",
				from: slot,
				to: slot + usual,
				title: `due ${formatCalendar(slot, data)}${takes}`,
			});
			slot = nextSlot(plan.schedule, slot, anchor);
		}
	}
	return marks;
}

const outcomeWords = { success: "succeeded", warning: "ended with a warning", failure: "failed", running: "running" };

/** As many runs as a night of many jobs has on its lanes. */
const runTitles = new KeptBy<string>(400);

function runTitle({ id, outcome, startedAt, duration }: NightRun, data: Overview): string {
	const when = formatCalendar(startedAt, data);
	return runTitles.of(id, [when, outcome, duration, currentReader().locale], () => {
		const took = duration === null ? "" : ` after ${formatDuration(duration)}`;
		return `${when}: ${outcomeWords[outcome]}${took}`;
	});
}

/** Places are parts of the width, sizes of text are not: nothing becomes unreadable when the card is narrow. */
function picture(lanes: Lane[], data: Overview): Html {
	const now = minuteOf(data.now);
	const height = lanes.length * laneHeight;
	const place = (at: number) => `${(((at - now + spanMs) / (2 * spanMs)) * 100).toFixed(2)}%`;
	const ticks = ticksOf(data).map(({ at, word, isFine }) => {
		const distance = Math.abs(at - now) / 3_600_000;
		// Beside "now" is room for a word only where the picture is drawn larger.
		const written = isFine || distance < 2.5 ? "fine" : "";
		const text =
			distance >= 0.6 &&
			html`<text${written !== "" && html` class="${written}"`} x="${place(at)}" y="${height + 17}">${word}</text>`;
		return html`<line class="tick${isFine ? " fine" : ""}" x1="${place(at)}" x2="${place(at)}" y2="${height}"/>${text}`;
	});
	const rows = lanes.map(({ marks }, i) => {
		const inputs = marks.flatMap(({ look, from, to, title }) => [look, from, to, title]);
		return drawnLanes.of(i, [now, ...inputs], () => drawLane(marks, i * laneHeight + laneHeight / 2, now));
	});
	const said = `Timeline of ${plural(lanes.length, "job")} from ${formatCalendar(now - spanMs, data)} to ${formatCalendar(now + spanMs, data)}; the list below says the same`;
	return html`<svg class="timeline" width="100%" height="${height + 24}" role="img" aria-label="${said}">${ticks}${rows}<line class="now" x1="50%" x2="50%" y2="${height}"/><text class="now-word" x="50%" y="${height + 17}">now</text></svg>`;
}

const drawnLanes = new KeptBy<Html>(lanesShown);

function drawLane(marks: readonly Mark[], y: number, now: number): Html {
	return flat(
		html`<line class="lane" x1="0" x2="100%" y1="${y}" y2="${y}"/>${marks.map((mark) => markShape(mark, y, now))}`,
	);
}

function markShape({ look, from, to, title }: Mark, y: number, now: number): Html {
	const part = (at: number) => Math.min(100, Math.max(0, ((at - now + spanMs) / (2 * spanMs)) * 100));
	const [start, end] = [part(from), part(to)];
	// A short run is still a mark: a hundredth of the width is a quarter of an hour.
	const width = Math.max(end - start, 0.6);
	const box = html`<rect x="${Math.min(start, 100 - width).toFixed(2)}%" y="${y - 7}" width="${width.toFixed(2)}%" height="14" rx="2.5"/>`;
	const sign =
		look === "failed" &&
		html`<svg class="sign" x="${Math.min(99, start + width).toFixed(2)}%" y="${y - 4}" width="16" height="8" overflow="visible"><path d="m5 0 7 7m0-7-7 7"/></svg>`;
	return html`<g data-mark="${look}"><title>${title}</title>${box}${sign}</g>`;
}

/** Every six hours of the wall clock, and finer ones every three for who looks closer; midnight is a date. */
function ticksOf({ now, zone: dataZone }: Overview): { at: number; word: string; isFine: boolean }[] {
	const zone = shownZone(dataZone);
	const ticks: { at: number; word: string; isFine: boolean }[] = [];
	const today = dayOf(now, zone);
	for (let day = today - 1; day <= today + 1; day++) {
		const start = dayStart(day, zone);
		for (let hours = 0; hours < 24; hours += 3) {
			const at = start + hours * 3_600_000;
			if (at <= now - spanMs + 3_600_000 || at >= now + spanMs - 3_600_000) continue;
			const word = hours === 0 ? formatDate(at, { now, zone }) : formatClock(at, zone);
			ticks.push({ at, word, isFine: hours % 6 !== 0 });
		}
	}
	return ticks;
}

const listWords: Record<Mark["look"], string> = {
	ok: "good",
	warning: "warning",
	failed: "failed",
	running: "running",
	expected: "expected",
	overdue: "overdue",
};

function list(lanes: Lane[], data: Overview): Html {
	const all = lanes
		.flatMap(({ job, marks }) => marks.map((mark) => ({ job, mark })))
		.sort((a, b) => a.mark.from - b.mark.from);
	const past = all.filter(({ mark }) => mark.from <= data.now);
	const ahead = all.filter(({ mark }) => mark.from > data.now).slice(0, listed);
	const rows = [...past.slice(-listed), ...ahead].map(
		({ job, mark }) =>
			html`<li data-mark="${mark.look}"><span>${calendarTime(mark.from, data)}</span><a href="${jobHref(job.slug)}"><bdi>${job.title ?? job.name}</bdi></a><span>${listWords[mark.look]}</span></li>`,
	);
	return html`<ol class="night-list">${rows}</ol>`;
}
