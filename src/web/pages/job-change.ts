// The page on which a job is renamed, merged into another or deleted: first what, then whether it is meant, by plain forms.
import type { Job } from "../../job.ts";
import type { Problem } from "../../overview.ts";
import { plural } from "../../units.ts";
import { type Html, html } from "../html.ts";
import { banners, type FooterData, footer, page, type Theme } from "../layout.ts";
import { calendarTime } from "../time-element.ts";
import { jobPath } from "./job-parts.ts";

/** What is about to be done, to be said yes to. */
export type AskedChange =
	| { verb: "rename"; name: string }
	| { verb: "merge"; into: Job; joined: Extent }
	| { verb: "delete" };

type Extent = { runs: number; days: number; oldest: number | null; newest: number | null };

export type JobChangePage = FooterData & {
	zone: string;
	problems: Problem[];
	job: Job;
	extent: Extent;
	/** Jobs that it may be merged into. */
	others: Job[];
	/** Former names, whose reports are this job's. */
	former: { name: string; host: string }[];
	/** null: nothing is asked yet. */
	asked: AskedChange | null;
	/** Why what was asked cannot be done. */
	error: string | null;
	/** Whether config.yaml has an entry for it, which would have to be changed too. */
	isConfigured: boolean;
};

export function jobChangePage(data: JobChangePage, theme: Theme): Html {
	const { job, asked } = data;
	const title = asked === null ? `Change ${job.name}` : questionOf(data, asked);
	const content = asked === null ? choices(data) : question(data, asked);
	const live = html`<div id="live" data-now="${data.now}">${banners(data.problems)}
<main class="wrap" id="main" tabindex="-1">
<nav class="crumbs" aria-label="Where you are"><a href="/">Overview</a><span aria-hidden="true">/</span><a href="${jobPath(job.slug)}"><bdi>${job.name}</bdi></a><span aria-hidden="true">/</span><span aria-current="page">Change</span></nav>
<h1 class="page-title">${title}</h1>
${data.error !== null && html`<p class="box" role="alert"><strong>Nothing was changed.</strong> <bdi>${data.error}</bdi></p>`}
${content}
</main>${footer(data)}</div>`;
	return page({
		title: `${title} \u00b7 Backup Monitor`,
		theme,
		now: data.now,
		openAlerts: data.openAlerts,
		path: changePath(job),
		live,
	});
}

function changePath({ slug }: Pick<Job, "slug">): string {
	return `${jobPath(slug)}/change`;
}

function choices(data: JobChangePage): Html {
	const { job, others, former } = data;
	const path = changePath(job);
	const known = former.map((alias, index) => html`${index > 0 && ", "}<bdi>${shown(alias)}</bdi>`);
	return html`${former.length > 0 && html`<p class="words">Reports of ${known} belong to this job too: it was called so before, or that was merged into it.</p>`}
<section class="card change" aria-labelledby="rename-title"><header><h2 id="rename-title">Rename</h2></header><div class="body"><p class="words">History, alerts, addresses and tokens stay. What reports the old name goes on here.</p>
<form class="change-form" method="get" action="${path}"><input type="hidden" name="do" value="rename"><label for="change-to">New name</label><input type="text" id="change-to" name="to" value="${data.asked === null ? job.name : ""}" maxlength="64" required autocomplete="off"><button class="button" type="submit">Rename\u2026</button></form></div></section>
${
	others.length > 0 &&
	html`<section class="card change" aria-labelledby="merge-title"><header><h2 id="merge-title">Merge into another job</h2></header><div class="body"><p class="words">All its runs, sums and past alerts go there, and what reports it later.</p>
<form class="change-form" method="get" action="${path}"><input type="hidden" name="do" value="merge"><label for="change-into">Into</label><select id="change-into" name="into">${others.map((other) => html`<option value="${other.slug}">${shown(other)}</option>`)}</select><button class="button" type="submit">Merge\u2026</button></form></div></section>`
}
<section class="card change" aria-labelledby="delete-title"><header><h2 id="delete-title">Delete</h2></header><div class="body"><p class="words">The job and its history are gone; a later report makes it anew. To keep the history and be silent, archive it instead.</p>
<form class="change-form" method="get" action="${path}"><input type="hidden" name="do" value="delete"><button class="button" type="submit">Delete\u2026</button></form></div></section>`;
}

function question(data: JobChangePage, asked: AskedChange): Html {
	const { job } = data;
	const answer = {
		rename: { word: "Rename", fields: asked.verb === "rename" ? hidden("to", asked.name) : null },
		merge: { word: "Merge", fields: asked.verb === "merge" ? hidden("into", asked.into.slug) : null },
		delete: { word: "Delete", fields: null },
	}[asked.verb];
	const configured =
		data.isConfigured &&
		html`<p class="words"><code>config.yaml</code> has an entry for <bdi>${job.name}</bdi>: change or remove it there as well.</p>`;
	return html`<section class="card change" aria-label="What happens"><div class="body"><p>${consequence(data, asked)}</p>${configured}
<form class="change-form" method="post" action="${`${jobPath(job.slug)}/${asked.verb}`}">${hidden("path", changePath(job))}${hidden("confirm", "yes")}${answer.fields}<button class="button primary" type="submit">${answer.word}</button> <a class="button" href="${jobPath(job.slug)}">Do nothing</a></form></div></section>`;
}

function hidden(name: string, value: string): Html {
	return html`<input type="hidden" name="${name}" value="${value}">`;
}

function questionOf({ job }: JobChangePage, asked: AskedChange): string {
	if (asked.verb === "rename") return `Rename ${shown(job)} to ${asked.name}?`;
	if (asked.verb === "merge") return `Merge ${shown(job)} into ${shown(asked.into)}?`;
	return `Delete ${shown(job)}?`;
}

function consequence(data: JobChangePage, asked: AskedChange): Html {
	const own = extentWords(data, data.extent);
	if (asked.verb === "rename")
		return html`Its ${own} stay with it. What reports <bdi>${data.job.name}</bdi> goes on here.`;
	if (asked.verb === "merge")
		return html`Its ${own} go to <bdi>${shown(asked.into)}</bdi>, which has ${extentWords(data, asked.joined)}. What reports <bdi>${data.job.name}</bdi> goes on there. This cannot be taken apart again.`;
	return html`Its ${own} are gone, and its alerts end without a message. This cannot be undone.`;
}

function extentWords(data: JobChangePage, { runs, days, oldest, newest }: Extent): Html {
	const span =
		oldest === null || newest === null
			? null
			: html` from ${calendarTime(oldest, data)} to ${calendarTime(newest, data)}`;
	return html`${plural(runs, "run")}${span} and sums of ${plural(days, "day")}`;
}

function shown({ name, host }: { name: string; host: string }): string {
	return host === "" ? name : `${name} on ${host}`;
}
