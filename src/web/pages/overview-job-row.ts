// One job in one row: how it stands, what is proven, its last thirty days, and the figures of its newest good backup.

import type { Trouble } from "../../needs.ts";
import type { OverviewJob } from "../../overview.ts";
import { estimated } from "../../restore-words.ts";
import {
	formatAge,
	formatBytes,
	formatChange,
	formatDuration,
	formatSigned,
	type Units,
	unknown,
} from "../../units.ts";
import { type Html, html } from "../html.ts";
import { icon } from "../icons.ts";
import { sparkline } from "../pictures.ts";
import { exactBytes } from "../size-element.ts";
import { ago, type Clock, calendarTime, formatCalendar } from "../time-element.ts";
import { jobMark } from "./job-parts.ts";
import { jobHref } from "./overview-parts.ts";
import { rungs } from "./overview-rungs.ts";
import { daysStrip } from "./overview-strip.ts";

export type Listed = { job: OverviewJob; trouble: Trouble | null; called: string };

export function jobRow({ job, trouble, called }: Listed, data: Clock, units: Units, isLight: boolean): Html {
	const { look, icon: picture, word } = markOf(job, trouble);
	const tags = Object.entries(job.labels).map(
		([name, value]) => html` <span class="tag"><bdi>${name}</bdi>: <bdi>${value}</bdi></span>`,
	);
	const host = job.host !== "" && html`<bdi>${job.host}</bdi>`;
	const strip = daysStrip(job.days, job.usualDuration, data, isLight);
	return html`<div class="job-row" role="row" data-state="${look}"><span class="c-name" role="rowheader"><span class="state" data-state="${look}">${icon(picture, `${word}:`)}</span><a href="${jobHref(job.slug)}"><bdi>${job.title ?? called}</bdi></a><small>${look !== "ok" && html`<b class="state" data-state="${look}">${word}</b> `}${host}${tags}</small></span>
<span class="c-rungs" role="cell">${rungs(job, data.now)}</span><span class="c-strip" role="cell">${strip}</span>
${cell("good", "Last good", lastGood(job, data))}${cell("due", "Next due", nextDue(job, data))}${cell("size", "Size", size(job, units, isLight))}${cell("time", "Duration", duration(job))}${cell("restore", "Restore", restore(job, data))}</div>`;
}

/** The mark of the job's own page, unless something else that is wrong with it is worse. */
function markOf(job: OverviewJob, trouble: Trouble | null) {
	const mark = jobMark(job);
	if (trouble === null || mark.look === "failed" || mark.look === trouble.look || mark.look === "old") return mark;
	return { look: trouble.look, icon: trouble.look, word: "Unusual" } as const;
}

/** `exact`: what the value says in full, on hover. */
type Two = { value: Html | string; note: Html | string | null; picture?: Html; state?: string; exact?: string | null };

/** Two lines; the column's name is read on a phone, where there is no head. */
function cell(name: string, label: string, { value, note, picture, state, exact = null }: Two): Html {
	const mark = state !== undefined && html` class="state" data-state="${state}"`;
	return html`<span class="c-${name}" role="cell" data-label="${label}">${picture}<span${mark}${exact !== null && html` title="${exact}"`}>${value}</span><small>${note}</small></span>`;
}

const nothing = html`<span class="muted">${unknown}</span>`;

function lastGood({ lastGoodAt, good, finished }: OverviewJob, data: Clock): Two {
	if (lastGoodAt === null) return { value: nothing, note: finished === null ? "not run yet" : "none on record" };
	if (good === null) return { value: ago(lastGoodAt, data), note: "its run is deleted" };
	return {
		value: ago(lastGoodAt, data),
		note: html`<a href="${`/runs/${good.id}`}">${formatCalendar(good.startedAt, data)}</a>`,
	};
}

function nextDue(job: OverviewJob, data: Clock): Two {
	const { state, dueAt, deadlineAt, missed, plan } = job.judgement;
	if (state === "archived") return { value: "never", note: "archived" };
	if (state === "paused") {
		const until = job.pausedUntil;
		const note =
			until === null ? null : Number.isFinite(until) ? html`until ${calendarTime(until, data)}` : "until its next run";
		return { value: html`<span class="muted">paused</span>`, note };
	}
	if (job.running !== null) {
		const elapsed = formatAge((data.now - job.running.startedAt) / 1000);
		const usual = job.usualDuration === null ? "the first one" : `usually ${formatDuration(job.usualDuration)}`;
		return { value: `running ${elapsed}`, note: usual, state: state === "stuck" ? "failed" : "running" };
	}
	const wasDue = missed?.firstAt ?? (dueAt !== null && dueAt <= data.now ? dueAt : null);
	if (wasDue !== null && (state === "missed" || state === "late" || dueAt === null || dueAt <= data.now)) {
		const overdue = formatAge((data.now - wasDue) / 1000);
		return {
			value: `${overdue} overdue`,
			note: `due ${formatCalendar(wasDue, data)}`,
			state: state === "late" ? "old" : "failed",
		};
	}
	if (dueAt !== null) return { value: ago(dueAt, data), note: formatCalendar(dueAt, data) };
	if (deadlineAt !== null && deadlineAt > data.now) return { value: ago(deadlineAt, data), note: "at the latest" };
	if (deadlineAt !== null) return { value: ago(deadlineAt, data), note: "was wanted", state: "failed" };
	return {
		value: nothing,
		note: plan.schedule.type === "none" && plan.source !== "assumed" ? "no schedule" : "rhythm not known yet",
	};
}

function size({ good, sizes, sizePerWeek }: OverviewJob, units: Units, isLight: boolean): Two {
	const newest = good?.size ?? sizes.at(-1) ?? null;
	if (newest === null) return { value: nothing, note: null };
	const percent = sizePerWeek === null ? null : sizePerWeek * 100;
	const words =
		percent === null ? null : `${formatSigned(percent, Math.abs(percent) < 9.95 ? 1 : 0)}\u00a0%\u00a0/\u00a0wk`;
	const label = `Size in 30 days${words === null ? "" : `, ${words}`}`;
	const picture = sizes.length < 2 ? undefined : sparkline(isLight ? everyThird(sizes) : sizes, label);
	return {
		value: formatBytes(newest, units),
		exact: exactBytes(newest),
		note: words,
		...(picture !== undefined && { picture }),
	};
}

/** Every third value, the newest among them. */
function everyThird(values: number[]): number[] {
	return values.filter((_, i) => (values.length - 1 - i) % 3 === 0);
}

function duration({ good, usualDuration }: OverviewJob): Two {
	if (good?.duration == null) return { value: nothing, note: null };
	const change = formatChange(good.duration, usualDuration);
	const isMarked =
		usualDuration !== null && good.duration >= usualDuration * 1.2 && good.duration - usualDuration >= 30;
	return { value: formatDuration(good.duration), note: isMarked ? html`<b>${change}</b>` : change };
}

function restore({ restore: time, rto }: OverviewJob, { now }: Clock): Two {
	if (time === null) return { value: html`<span class="muted">${unknown}</span>`, note: "not set up" };
	const isOver = rto !== null && time.seconds > rto;
	const note = time.testedAt === null ? "never tested" : `tested ${formatAge((now - time.testedAt) / 1000)} ago`;
	return { value: estimated(time.seconds), note, ...(isOver && { state: "failed" }) };
}
