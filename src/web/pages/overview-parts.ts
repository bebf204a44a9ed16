// Small pieces that several parts of the overview share: links with the current filter, names, figures, marks of state.
import type { Overview, Range } from "../../overview.ts";
import type { Outcome, Run } from "../../run.ts";
import { type Quantity, unknown } from "../../units.ts";
import { type Html, html } from "../html.ts";
import { type IconName, icon } from "../icons.ts";

/** "/" with the filter that differs from the default. */
export function overviewPath(job: string | null, range: Range): string {
	const query = new URLSearchParams();
	if (job !== null) query.set("job", job);
	if (range !== "30") query.set("range", range);
	const text = query.toString();
	return text === "" ? "/" : `/?${text}`;
}

export function pathOf(data: Pick<Overview, "job" | "range">): string {
	return overviewPath(data.job?.slug ?? null, data.range);
}

/** A name may be written from right to left or hold any sign: it never reorders the text around it. */
export function jobName(run: Pick<Run, "job" | "host">, data: Pick<Overview, "jobs">): Html {
	const isShared = data.jobs.filter((job) => job.name === run.job).length > 1;
	const host = isShared && run.host !== "" ? html` <small class="muted">on <bdi>${run.host}</bdi></small>` : null;
	return html`<bdi>${run.job}</bdi>${host}`;
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

export function stateIcon(state: IconName, word: string): Html {
	return html`<span class="state" data-state="${state}">${icon(state, word)}</span>`;
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
