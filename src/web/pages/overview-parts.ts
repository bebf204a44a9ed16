// Small pieces that several parts of the overview share: links with the current filter, names, figures, marks of state.
import type { JobsFilter, Overview, Range } from "../../overview.ts";
import type { Outcome, Run } from "../../run.ts";
import { type Quantity, unknown } from "../../units.ts";
import { type Html, html } from "../html.ts";
import { icon } from "../icons.ts";

type Asked = { job: string | null; range: Range; filter: JobsFilter };

/** "/" with what differs from the default. */
function overviewPath({ job, range, filter }: Asked): string {
	const query = new URLSearchParams();
	if (job !== null) query.set("job", job);
	if (range !== "30") query.set("range", range);
	if (filter.show !== "all") query.set("show", filter.show);
	if (filter.host !== null) query.set("host", filter.host);
	if (filter.label !== null) query.set("label", filter.label);
	if (filter.text !== null) query.set("q", filter.text);
	if (filter.isWhole) query.set("rows", "all");
	const text = query.toString();
	return text === "" ? "/" : `/?${text}`;
}

type Shown = Pick<Overview, "job" | "range" | "filter">;

/** The page as it is shown, with something changed. */
export function pathWith(
	data: Shown,
	change: Partial<Omit<Asked, "filter">> & { filter?: Partial<JobsFilter> },
): string {
	const { filter = {}, ...rest } = change;
	return overviewPath({
		job: data.job?.slug ?? null,
		range: data.range,
		...rest,
		filter: { ...data.filter, ...filter },
	});
}

export function pathOf(data: Shown): string {
	return pathWith(data, {});
}

/** Attributes of a link that changes what the page shows: the same address, without a reload where there is a script. */
export function swapped(path: string): Html {
	return html`href="${path}" hx-get="${path}" hx-target="#live" hx-swap="outerMorph" hx-push-url="true" hx-sync="#live:replace"`;
}

export function jobHref(slug: string): string {
	return `/jobs/${encodeURIComponent(slug)}`;
}

const alike = new WeakMap<Overview["jobs"], Set<string>>();

/** Names that more than one host uses. */
function namedAlike(jobs: Overview["jobs"]): Set<string> {
	let names = alike.get(jobs);
	if (names === undefined) {
		const seen = new Set<string>();
		names = new Set();
		for (const { name } of jobs) (seen.has(name) ? names : seen).add(name);
		alike.set(jobs, names);
	}
	return names;
}

/** Whether its host has to be told with the name of a run's job. */
export function isSharedName({ job }: Pick<Run, "job">, { jobs }: Pick<Overview, "jobs">): boolean {
	return namedAlike(jobs).has(job);
}

/** A name may be written from right to left or hold any sign: it never reorders the text around it. */
export function jobName(run: Pick<Run, "job" | "host">, data: Pick<Overview, "jobs">): Html {
	const host =
		isSharedName(run, data) && run.host !== "" ? html` <small class="muted">on <bdi>${run.host}</bdi></small>` : null;
	return html`<bdi>${run.job}</bdi>${host}`;
}

/** The name of a run's job, leading to its page. */
export function jobLink(run: Pick<Run, "job" | "host" | "slug">, data: Pick<Overview, "jobs">): Html {
	return html`<a href="${jobHref(run.slug)}">${jobName(run, data)}</a>`;
}

/** Where more than one job is shown, each row says whose it is. */
export function showsJobs(data: Pick<Overview, "job" | "jobs">): boolean {
	return data.job === null && data.jobs.length > 1;
}

const outcomeMarks: Record<Outcome, { state: "ok" | "warning" | "failed" | "running"; word: string }> = {
	success: { state: "ok", word: "OK" },
	warning: { state: "warning", word: "Warning" },
	failure: { state: "failed", word: "Failed" },
	running: { state: "running", word: "Running" },
};

export function outcomePill(outcome: Outcome): Html {
	const { state, word } = outcomeMarks[outcome];
	return html`<span class="pill" data-state="${state}">${icon(state)}${word}</span>`;
}

/** Large figures with small units: 23 min 40 s. */
export function figure(quantity: Quantity | null): Html {
	if (quantity === null) return html`<span class="muted">${unknown}</span>`;
	return html`${quantity.map(([value, unit], i) => html`${i > 0 && " "}${value}<small>\u00a0${unit}</small>`)}`;
}

/** Text of any length: its beginning, and the rest on demand. */
export function longText(text: string, limit = 220): Html {
	if (text.length <= limit) return html`<code class="wraps">${text}</code>`;
	return html`<details class="more"><summary><code class="wraps">${text.slice(0, limit)}\u2026</code></summary><code class="wraps">${text}</code></details>`;
}
