// By which schedule each job is judged, in words, and who said so.
import type { SettingsPage, ShownSchedule } from "../../settings-page.ts";
import { plural } from "../../units.ts";
import { type Html, html } from "../html.ts";
import { calendarTime } from "../time-element.ts";
import { jobHref } from "./overview-parts.ts";

/** Jobs that stand open; the others are one click away. */
const opened = 20;

export function schedules(data: SettingsPage): Html {
	const { schedules } = data;
	const list = (jobs: ShownSchedule[]) => html`<dl class="rows told">${jobs.map((job) => scheduleRow(job, data))}</dl>`;
	const rest = schedules.slice(opened);
	const body =
		schedules.length === 0
			? html`<p class="words">No job has reported yet. <a href="/setup">Set one up</a></p>`
			: html`${list(schedules.slice(0, opened))}${rest.length > 0 && html`<details class="more"><summary>and ${rest.length} more</summary>${list(rest)}</details>`}`;
	return html`<section class="card" id="schedules" aria-labelledby="schedules-title"><header><h2 id="schedules-title">Schedules</h2><p class="hint">${plural(schedules.length, "job")}</p></header><div class="body">${body}</div></section>`;
}

/** What is learned or assumed says so in its own words. */
const sourceWords = { file: "from config.yaml", stored: "fixed by a click", learned: null, assumed: null } as const;

function scheduleRow({ job, plan, dueAt }: ShownSchedule, data: SettingsPage): Html {
	const source = plan === null ? null : sourceWords[plan.source];
	const due = dueAt === null ? null : html`${dueAt < data.now ? "was due" : "due"} ${calendarTime(dueAt, data)}`;
	const hint = html`<span class="hint">${source}${source !== null && due !== null && ", "}${due}</span>`;
	return html`<div><dt><a href="${jobHref(job.slug)}"><bdi class="wraps">${job.name}</bdi></a>${job.host !== "" && html`<span class="hint">on <bdi>${job.host}</bdi></span>`}</dt><dd>${plan === null ? "not judged yet" : plan.words}${hint}</dd></div>`;
}
