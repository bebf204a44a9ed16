// The first card: one sentence, a ring with a piece per job, three facts, and a row per job that needs a look.
import type { Overview } from "../../overview.ts";
import { succeeded } from "../../run.ts";
import { formatAge, formatBytes, formatDuration, plural, type Units } from "../../units.ts";
import { type JobState, type JobVerdict, jobVerdicts, type Verdict, type VerdictPart } from "../../verdict.ts";
import { type Html, html } from "../html.ts";
import { icon } from "../icons.ts";
import { ago } from "../time-element.ts";
import { jobName, longText, overviewPath, showsJobs } from "./overview-parts.ts";

export function verdictCard(data: Overview, said: Verdict, units: Units): Html {
	const jobs = jobVerdicts(data.latest, data.now);
	return html`<section class="card verdict" data-state="${said.state}" aria-labelledby="verdict">
<div class="verdict-top">${ring(jobs, said)}
<div><h1 id="verdict" aria-live="polite">${sentence(said.sentence, data)}</h1><p class="lead">${sentence(said.lead, data)}</p></div></div>
${facts(data, jobs, units)}
${needing(data, jobs)}
</section>`;
}

function sentence(parts: VerdictPart[], data: Overview): Html[] {
	return parts.map((part) =>
		typeof part === "string"
			? html`${part}`
			: html`<a href="${overviewPath(part.slug, data.range)}"><bdi>${part.name}</bdi></a>`,
	);
}

const arcOrder: JobState[] = ["failed", "warning", "old", "running", "ok"];

/** Above two dozen jobs, one piece per state: slivers say nothing. */
function ring(jobs: JobVerdict[], said: Verdict): Html {
	const groups = arcOrder.map((state) => ({ state, weight: jobs.filter((job) => job.state === state).length }));
	const pieces =
		jobs.length > 24 ? groups.filter((group) => group.weight > 0) : jobs.map(({ state }) => ({ state, weight: 1 }));
	const isUnknown = said.state === "unknown";
	const good = jobs.filter((job) => job.state === "ok" || job.state === "running").length;
	let from = 0;
	const arcs = pieces.map(({ state, weight }) => {
		const to = from + weight / jobs.length;
		const path = arc(from, to, pieces.length > 1 ? 0.02 : 0);
		from = to;
		return html`<path data-state="${isUnknown ? "unknown" : state}" d="${path}"/>`;
	});
	return html`<svg class="ring" viewBox="0 0 72 72" aria-hidden="true">${arcs}
<text x="36" y="41" text-anchor="middle">${isUnknown ? "?" : html`${good}<tspan class="ring-of">/${jobs.length}</tspan>`}</text></svg>`;
}

function arc(from: number, to: number, gap: number): string {
	const point = (turn: number) => {
		const angle = (turn - 0.25) * 2 * Math.PI;
		return `${(36 + 29 * Math.cos(angle)).toFixed(2)} ${(36 + 29 * Math.sin(angle)).toFixed(2)}`;
	};
	// A whole turn would begin where it ends, and nothing would be drawn.
	const end = Math.max(from + 0.004, Math.min(to - gap / 2, from + 0.9999));
	return `M${point(from + gap / 2)}A29 29 0 ${end - from > 0.5 ? 1 : 0} 1 ${point(end)}`;
}

function facts(data: Overview, jobs: JobVerdict[], units: Units): Html | null {
	const finished = jobs.filter((job) => job.finishedAt !== null).sort((a, b) => b.run.startedAt - a.run.startedAt);
	const newest = finished[0];
	const oldest = finished.at(-1);
	if (!newest || !oldest) return null;
	const good = finished.filter((job) => succeeded(job.run) && job.run.size !== null);
	const together = good.length === 0 ? null : good.reduce((sum, job) => sum + (job.run.size ?? 0), 0);
	const { run } = newest;
	const isOne = jobs.length === 1;
	const rows = [
		fact("Newest run", ago(run.startedAt, data), html`${jobName(run, data)}, ${formatDuration(run.duration)}`),
		isOne
			? fact("Took", formatDuration(run.duration), html`usually ${formatDuration(data.totals.averageDuration)}`)
			: fact("Longest without a run", ago(oldest.run.startedAt, data), jobName(oldest.run, data), oldest.state),
		runningFact(data, jobs) ?? sizeFact(),
	];
	return html`<dl class="facts">${rows}</dl>`;

	function sizeFact(): Html {
		const average = formatBytes(data.totals.averageSize, units);
		if (isOne) return fact("Size", formatBytes(run.size, units), html`on average ${average}`);
		const note = html`${good.length} of ${plural(jobs.length, "job")}`;
		return fact("Newest backups together", formatBytes(together, units), note);
	}
}

function runningFact(data: Overview, jobs: JobVerdict[]): Html | null {
	const running = data.latest.filter((run) => run.outcome === "running");
	const [first] = running;
	if (!first) return null;
	const rest = running.length - 1;
	const note = html`since ${formatAge((data.now - first.startedAt) / 1000)}${rest > 0 && `, and ${plural(rest, "other")}`}`;
	return fact("Running now", jobs.length > 1 ? jobName(first, data) : "the job", note, "running");
}

function fact(label: string, value: Html | string, note: Html, state?: JobState): Html {
	const mark = (state === "old" || state === "running") && html` class="state" data-state="${state}"`;
	return html`<div><dt>${label}</dt><dd${mark}>${value}</dd><dd>${note}</dd></div>`;
}

const rowsShown = 6;

/** Failed and warned jobs, in the tool's own words. */
function needing(data: Overview, jobs: JobVerdict[]): Html | null {
	const rows = jobs.filter((job) => job.state === "failed" || job.state === "warning");
	if (rows.length === 0) return null;
	const rest = rows.length - rowsShown;
	return html`<ul class="alerts">${rows.slice(0, rowsShown).map((job) => alertRow(data, job))}${rest > 0 && html`<li class="alert" data-state="none"><p>and ${plural(rest, "other job")}</p></li>`}</ul>`;
}

function alertRow(data: Overview, { run, state }: JobVerdict): Html {
	const isFailed = state === "failed";
	const message = run.errorMessage ?? run.warningMessages[0] ?? null;
	const path = overviewPath(run.slug, data.range);
	const category = run.errorCategory === null ? null : html` <span class="tag"><bdi>${run.errorCategory}</bdi></span>`;
	return html`<li class="alert" data-state="${state}"><span class="state" data-state="${state}">${icon(isFailed ? "failed" : "warning")}</span>
<div class="words"><strong>${jobName(run, data)} ${isFailed ? "failed" : "ended with a warning"}</strong> ${ago(run.startedAt, data)}.${category} ${message !== null && longText(message)}</div>
${showsJobs(data) && html`<a class="button" href="${path}" hx-get="${path}" hx-target="#live" hx-swap="outerMorph" hx-push-url="true" hx-sync="#live:replace">Show <span class="sr">${run.job}</span></a>`}</li>`;
}
