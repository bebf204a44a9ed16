// The figures of a run beside what is usual, and the list of everything else that was reported.
import { type Run, rate, succeeded } from "../../run.ts";
import type { RunPage } from "../../run-page.ts";
import {
	formatBytes,
	formatChange,
	formatCount,
	formatDuration,
	formatPercent,
	type Quantity,
	quantityOfBytes,
	quantityOfRate,
	quantityOfSeconds,
	type Units,
} from "../../units.ts";
import { type Html, html } from "../html.ts";
import { exactBytes, sized } from "../size-element.ts";
import { ago, formatExact } from "../time-element.ts";
import { figure } from "./overview-parts.ts";

/** What is known, and nothing else: a run without a size has no place for one. */
export function measures(data: RunPage, units: Units): Html | null {
	const { run, usual } = data;
	const isRunning = run.outcome === "running";
	// A run that stopped half way has the size of half: beside a whole one it would look like a loss.
	const compared = succeeded(run) ? usual : null;
	const facts = [
		isRunning
			? null
			: fact(
					"Duration",
					quantityOfSeconds(run.duration),
					against(run.duration, compared?.duration ?? null, formatDuration),
				),
		fact(
			"Size",
			quantityOfBytes(run.size, units),
			against(run.size, compared?.size ?? null, (size) => formatBytes(size, units)),
			exactBytes(run.size),
		),
		fact("Added", quantityOfBytes(run.bytesAdded, units), added(run), exactBytes(run.bytesAdded)),
		fact("Files", run.filesTotal === null ? null : [[formatCount(run.filesTotal), ""]], files(run)),
		isRunning ? null : fact("Throughput", quantityOfRate(rate(run.size, run.duration), units), html`of the whole run`),
	].filter((fact) => fact !== null);
	// The head says the duration already.
	return facts.length < 2 ? null : html`<dl class="card run-measures" aria-label="Figures">${facts}</dl>`;
}

function fact(label: string, value: Quantity | null, note: Html | null, exact: string | null = null): Html | null {
	if (value === null) return null;
	return html`<div><dt>${label}</dt><dd${exact !== null && html` title="${exact}"`}>${figure(value)}</dd><dd>${note}</dd></div>`;
}

function against(value: number | null, usual: number | null, format: (value: number) => string): Html | null {
	if (value === null || usual === null) return null;
	const change = formatChange(value, usual);
	return html`${change !== null && html`<b>${change}</b>, `}usually ${format(usual)}`;
}

function added(run: Run): Html | null {
	if (run.bytesAdded === null || run.size === null || run.size <= 0) return null;
	return html`${formatPercent(run.bytesAdded / run.size)} of the whole`;
}

function files(run: Run): Html | null {
	const parts = [
		run.filesNew === null ? null : `${formatCount(run.filesNew)} new`,
		run.filesChanged === null ? null : `${formatCount(run.filesChanged)} changed`,
	].filter((part) => part !== null);
	return parts.length === 0 ? null : html`${parts.join(", ")}`;
}

/** Everything that was reported and has no picture. */
export function reported(data: RunPage, units: Units): Html {
	const { run, zone } = data;
	const code = (text: string | null) => text !== null && html`<code class="wraps"><bdi>${text}</bdi></code>`;
	const rows = [
		row("Backup ID", code(run.backupId)),
		row("Snapshot", code(run.snapshotId)),
		row("Repository", code(run.repository)),
		row("Exit code", run.exitCode !== null && html`${run.exitCode}`),
		row("Volumes", run.volumeBytes !== null && sized(run.volumeBytes, units)),
		row("Began", html`${formatExact(run.startedAt, zone)}`),
		row("Ended", run.endedAt !== null && html`${formatExact(run.endedAt, zone)}`),
		row("Reported", received(data)),
		row("Time stamp", code(run.timestamp)),
		...Object.entries(run.metrics).map(([name, value]) => row(name, html`${formatMetric(value)}`)),
	];
	const labels = Object.entries(run.labels).map(
		([name, value]) => html`<li class="tag"><bdi>${name}</bdi>=<bdi>${value}</bdi></li>`,
	);
	return html`<section class="card" aria-labelledby="reported-title"><header><h2 id="reported-title">Reported</h2></header><div class="body"><dl class="run-details">${rows}</dl>
${labels.length > 0 && html`<ul class="run-labels" aria-label="Labels">${labels}</ul>`}</div></section>`;
}

function row(name: string, value: Html | false): Html | null {
	return value === false ? null : html`<div><dt><bdi>${name}</bdi></dt><dd>${value}</dd></div>`;
}

/** A report that came long after the run says so: until then the job looked silent. */
function received({ run, receivedAt, ...clock }: RunPage): Html {
	const late = run.endedAt === null ? 0 : (receivedAt - run.endedAt) / 1000;
	return html`${ago(receivedAt, clock)}${late > 300 && html`, ${formatDuration(late)} after its end`}`;
}

function formatMetric(value: number): string {
	return Number.isInteger(value) && Math.abs(value) < 1e15 ? formatCount(value) : String(value);
}
