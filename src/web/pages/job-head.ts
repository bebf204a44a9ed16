// The head of the job page: what it is called, how it stands and why, when it is due, and what can be done about it.
import type { JobPage } from "../../job-page.ts";
import type { ScheduleSource } from "../../schedule.ts";
import { dayOf } from "../../time.ts";
import { type Html, html } from "../html.ts";
import { icon } from "../icons.ts";
import { calendarTime, formatClock, shownZone } from "../time-element.ts";
import { actionForm, jobAction, statePill, untilMenu } from "./job-parts.ts";

export function jobHead(data: JobPage): Html {
	const { job, title, judgement, settings } = data;
	const labels = { ...data.labels, ...settings?.labels };
	const tags = Object.entries(labels).map(
		([name, value]) => html` <span class="tag"><bdi>${name}</bdi>: <bdi>${value}</bdi></span>`,
	);
	const called = title !== null && title !== job.name ? html`<bdi>${job.name}</bdi>` : null;
	const host = job.host === "" ? null : html`on <bdi>${job.host}</bdi>`;
	const isNamed = called !== null || host !== null || tags.length > 0;
	return html`<nav class="crumbs" aria-label="Where you are"><a href="/">Overview</a><span aria-hidden="true">/</span><bdi aria-current="page">${job.name}</bdi></nav>
<header class="job-head"><div class="job-title"><h1><bdi>${title ?? job.name}</bdi></h1><span id="job-state" aria-live="polite">${statePill(data)}</span></div>
<div class="job-actions">${actions(data)}</div>
<div class="job-words"><p class="lead">${judgement.reason}</p>
${isNamed && html`<p class="hint">${called}${called !== null && " "}${host}${tags}</p>`}
${schedule(data)}</div></header>`;
}

function actions(data: JobPage): Html {
	const button = (verb: string, picture: "archived" | "running", word: string) =>
		actionForm(
			jobAction(data, verb),
			data,
			html`<button class="button" type="submit" id="${verb}">${icon(picture)}<span>${word}</span></button>`,
		);
	if (data.archivedAt !== null) return button("unarchive", "archived", "Take out of the archive");
	const pause =
		data.pausedUntil === null
			? untilMenu({
					id: "pause",
					data,
					action: jobAction(data, "pause"),
					picture: "paused",
					word: "Pause",
					withNextRun: true,
				})
			: button("resume", "running", "Resume");
	return html`${pause}${button("archive", "archived", "Archive")}`;
}

const sourceWords: Record<ScheduleSource, string> = {
	file: "from the configuration",
	stored: "fixed here",
	learned: "learned",
	assumed: "assumed",
};

function schedule(data: JobPage): Html {
	const { judgement, nextDues, pausedUntil, archivedAt } = data;
	const { plan } = judgement;
	const isKept = archivedAt === null;
	const button = (verb: string, word: string, title: string) =>
		actionForm(
			jobAction(data, verb),
			data,
			html`<button class="button small" type="submit" id="${verb}" title="${title}">${icon("pin")}<span>${word}</span></button>`,
		);
	const choice =
		isKept && plan.source === "learned"
			? button("fix-schedule", "Fix this schedule", "Keep this schedule, whatever the next runs do")
			: isKept && plan.source === "stored"
				? button("learn-schedule", "Learn it again", "Take the schedule from the job\u2019s runs again")
				: null;
	const source = sourceWords[plan.source];
	const tag = plan.words.includes(source) ? null : html` <span class="tag">${source}</span>`;
	const [first, ...rest] = nextDues;
	const isWaiting = pausedUntil === null && archivedAt === null;
	const dues =
		isWaiting && first !== undefined
			? html`<p class="dues"><span class="muted">Next due</span> <span>${calendarTime(first, data)}</span>${rest.map((at, i) => html`<span>${later(at, rest[i - 1] ?? first, data)}</span>`)}</p>`
			: null;
	return html`<div class="schedule"><p>${icon("old")}<span>${capital(plan.words)}</span>${tag}</p>${choice}${dues}</div>`;
}

/** A day that was said already is not said again. */
function later(at: number, before: number, data: JobPage): Html {
	const zone = shownZone(data.zone);
	const isSameDay = dayOf(at, zone) === dayOf(before, zone);
	return isSameDay ? html`<time>${formatClock(at, data.zone)}</time>` : calendarTime(at, data);
}

function capital(words: string): string {
	return words.charAt(0).toUpperCase() + words.slice(1);
}
