// Small pieces that the parts of the job page share: its addresses, marks of state, forms that change something.
import type { JobPage } from "../../job-page.ts";
import { type RungName, worstRung } from "../../ladder.ts";
import type { Range } from "../../overview.ts";
import type { State } from "../../state.ts";
import { type Html, html } from "../html.ts";
import { type IconName, icon } from "../icons.ts";

export const usualRange: Range = "90";

/** What of the page is asked for, apart from the job. */
export type JobAsked = { range: Range; older: string | null; newer: string | null };

/** "/jobs/{slug}" with what differs from the default. */
export function jobPath(slug: string, asked: Partial<JobAsked> = {}): string {
	const query = new URLSearchParams();
	if (asked.range !== undefined && asked.range !== usualRange) query.set("range", asked.range);
	if (asked.older) query.set("older", asked.older);
	else if (asked.newer) query.set("newer", asked.newer);
	const text = query.toString();
	return `/jobs/${encodeURIComponent(slug)}${text === "" ? "" : `?${text}`}`;
}

/** This page as it is shown. */
export function pathOfJob({ job, range, asked }: Pick<JobPage, "job" | "range" | "asked">): string {
	return jobPath(job.slug, { range, ...asked });
}

/** `look` is the colour's name in the stylesheet; the icon and the word say the same without any colour. */
export type StateMark = {
	look: "ok" | "warning" | "failed" | "old" | "running" | "none";
	icon: IconName;
	word: string;
};

const stateMarks: Record<State, StateMark> = {
	new: { look: "none", icon: "unknown", word: "New" },
	running: { look: "running", icon: "running", word: "Running" },
	ok: { look: "ok", icon: "ok", word: "OK" },
	warning: { look: "warning", icon: "warning", word: "Warning" },
	failed: { look: "failed", icon: "failed", word: "Failed" },
	late: { look: "old", icon: "old", word: "Late" },
	missed: { look: "failed", icon: "old", word: "Missed" },
	stuck: { look: "failed", icon: "running", word: "Running too long" },
	stale: { look: "failed", icon: "old", word: "Too old" },
	paused: { look: "none", icon: "paused", word: "Paused" },
	archived: { look: "none", icon: "archived", word: "Archived" },
};

const rungWords: Record<RungName, string> = {
	ran: "Failed",
	plausible: "Unusual",
	present: "Not in the remote",
	restorable: "Restore not proven",
};

/** The worse of the state and the ladder: a run that went well and is half as large as ever is no good news. */
export function jobMark({ judgement, ladder }: Pick<JobPage, "judgement" | "ladder">): StateMark {
	const mark = stateMarks[judgement.state];
	const { name, rung } = worstRung(ladder);
	const isWorse = rung.state === "failed" ? mark.look !== "failed" : rung.state === "warning" && isCalm(mark);
	if (!isWorse || name === "ran" || mark.look === "none") return mark;
	const look = rung.state === "failed" ? "failed" : "warning";
	return { look, icon: look, word: rungWords[name] };
}

const isCalm = ({ look }: StateMark) => look === "ok" || look === "running";

export function statePill(data: Pick<JobPage, "judgement" | "ladder">): Html {
	const { look, icon: picture, word } = jobMark(data);
	return html`<span class="pill" data-state="${look}">${icon(picture)}${word}</span>`;
}

/** A form that changes something: answered with the new region, or without script by a way back to this page. */
export function actionForm(action: string, data: JobPage, content: Html): Html {
	return html`<form method="post" action="${action}" hx-post="${action}" hx-target="#live" hx-swap="outerMorph" hx-sync="#live:replace" hx-disable="find button"><input type="hidden" name="path" value="${pathOfJob(data)}">${content}</form>`;
}

export function jobAction(data: JobPage, verb: string): string {
	return `/jobs/${encodeURIComponent(data.job.slug)}/${verb}`;
}

type UntilMenu = {
	id: string;
	data: JobPage;
	action: string;
	picture: IconName;
	/** On the button; the whole of it for screen readers is `word` and `about`. */
	word: string;
	about?: string;
	/** Whether "until its next run" may be chosen. */
	withNextRun: boolean;
};

/** A menu of ends: a day, a week, the next run, a date. */
export function untilMenu({ id, data, action, picture, word, about, withNextRun }: UntilMenu): Html {
	const choice = (until: string, text: string) =>
		html`<button type="submit" name="until" value="${until}">${text}</button>`;
	const choices = html`${choice("1d", "For a day")}${choice("7d", "For a week")}${withNextRun && choice("next-run", "Until its next run")}`;
	const today = new Date(data.now).toISOString().slice(0, 10);
	const date = html`<label for="${id}-date">Until a date</label><span class="date"><input type="date" id="${id}-date" name="until" min="${today}" required><button class="button" type="submit">${word}</button></span>`;
	return html`<details class="menu" id="${id}"><summary class="button">${icon(picture)}<span>${word}${about !== undefined && html`<span class="sr"> ${about}</span>`}</span></summary>
<div class="pop">${actionForm(action, data, choices)}${actionForm(action, data, date)}</div></details>`;
}
