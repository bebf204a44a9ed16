// What the job is judged by, with where each rule comes from, and by which addresses it may report.
import type { JobPage } from "../../job-page.ts";
import type { Keep } from "../../settings.ts";
import { formatBytes, formatDuration, type Units } from "../../units.ts";
import { type Html, html } from "../html.ts";
import { icon } from "../icons.ts";
import { ago, calendarTime } from "../time-element.ts";
import { jobPath } from "./job-parts.ts";
import { snippet } from "./snippet.ts";

type Row = { name: string; value: Html | string; source: string };

export function jobSettings(data: JobPage, units: Units): Html {
	const rows = rowsOf(data, units).map(
		({ name, value, source }) => html`<div><dt>${name}</dt><dd>${value} <span class="hint">${source}</span></dd></div>`,
	);
	return html`<section class="card" aria-labelledby="settings-title"><header><h2 id="settings-title">How it is judged</h2></header><div class="body"><dl class="rows">${rows}</dl><p class="hint">To change a rule, write it into <code>config.yaml</code> in the data folder, under <code class="wraps">jobs</code>, <code class="wraps"><bdi>${data.job.name}</bdi></code>.</p><p class="hint"><a href="${`${jobPath(data.job.slug)}/change`}">Rename, merge or delete this job</a></p></div></section>`;
}

function rowsOf(data: JobPage, units: Units): Row[] {
	const { judgement, settings, storedSchedule, expectedFrom } = data;
	const { plan } = judgement;
	const said = (value: unknown, otherwise = "default") =>
		value === null || value === undefined ? otherwise : "configured";
	const learned = plan.source === "assumed" ? "default" : "from its runs";
	const scheduleSource = { file: "configured", stored: "fixed here", learned: "learned", assumed: "assumed" }[
		plan.source
	];
	const hasSlots = plan.schedule.type === "cron" || plan.schedule.type === "every";
	const low = settings?.minSize ?? null;
	const high = settings?.maxSize ?? null;
	const rows: (Row | null)[] = [
		{ name: "Schedule", value: scheduleText(data), source: scheduleSource },
		hasSlots
			? {
					name: "May begin late by",
					value: formatDuration(plan.startGrace),
					source: said(settings?.startGrace, learned),
				}
			: null,
		{ name: "May run for", value: formatDuration(plan.maxRuntime), source: said(settings?.maxRuntime, learned) },
		{
			name: "Size limits",
			value: low === null && high === null ? "none" : sizeLimits(low, high, units),
			source: low === null && high === null ? "only its past counts" : "configured",
		},
		{ name: "Sensitivity", value: settings?.sensitivity ?? "balanced", source: settings === null ? "default" : "" },
		(settings?.warningExitCodes.length ?? 0) > 0
			? { name: "Exit codes that warn", value: settings?.warningExitCodes.join(", ") ?? "", source: "configured" }
			: null,
		settings?.parent ? { name: "Needs", value: html`<bdi>${settings.parent}</bdi>`, source: "configured" } : null,
		settings?.keep ? { name: "Snapshots kept", value: keepWords(settings.keep), source: "configured" } : null,
		settings?.rpo
			? { name: "Newest copy at most", value: `${formatDuration(settings.rpo)} old`, source: "configured" }
			: null,
		settings?.rto ? { name: "Restore within", value: formatDuration(settings.rto), source: "configured" } : null,
		expectedFrom === null
			? null
			: { name: "Compared with runs since", value: calendarTime(expectedFrom, data), source: "marked as expected" },
		storedSchedule !== null && plan.source === "file"
			? { name: "Schedule fixed here", value: "not used", source: "the configuration stands before it" }
			: null,
	];
	return rows.filter((row) => row !== null);
}

function scheduleText({ judgement: { plan }, zone }: JobPage): Html | string {
	const { schedule } = plan;
	if (schedule.type === "cron") {
		const other = schedule.zone === zone ? null : ` (${schedule.zone})`;
		return html`<code>${schedule.cron}</code>${other}`;
	}
	if (schedule.type === "every") return `every ${formatDuration(schedule.seconds)}`;
	if (schedule.type === "age") return `a good one each ${formatDuration(schedule.seconds)}`;
	return "none";
}

function sizeLimits(low: number | null, high: number | null, units: Units): string {
	if (low === null) return `at most ${formatBytes(high, units)}`;
	return high === null
		? `at least ${formatBytes(low, units)}`
		: `${formatBytes(low, units)} to ${formatBytes(high, units)}`;
}

function keepWords(keep: Keep): string {
	return Object.entries(keep)
		.map(([period, count]) => `${count}\u00a0${period}`)
		.join(", ");
}

export function jobReports(data: JobPage): Html {
	const { finished, running, addresses, job } = data;
	const newest = running ?? finished;
	const setup = `/setup?${new URLSearchParams({ job: job.name })}`;
	const last = newest === null ? null : html`<p class="hint">newest run began ${ago(newest.startedAt, data)}</p>`;
	const body = addresses.isShown
		? html`<p class="words">Two addresses of its own, for tools that know only one URL. They are shown because anybody who reaches this monitor may report.</p>
${labelled("healthchecks, by UUID", addresses.uuidUrl)}${labelled("Uptime Kuma, by token", addresses.kumaUrl)}`
		: html`<p class="words">The job has a UUID and an Uptime Kuma token, for tools that know only one URL. Both are secret, so they are not shown here: on the monitor\u2019s machine, this prints them.</p>
${labelled("Prints the UUID and the token", addresses.command)}`;
	return html`<section class="card" id="reports" aria-labelledby="reports-title"><header><h2 id="reports-title">How it reports</h2>${last}<span class="end"><a class="button" href="${setup}">${icon("setup")}<span>Lines for your tool</span></a></span></header><div class="body reports">${body}</div></section>`;
}

function labelled(label: string, text: string): Html {
	return html`<div><p class="hint">${label}</p>${snippet(text, label)}</div>`;
}
