// What to restore next, with the command to paste, and what past estimates were worth.
import { accuracyOf, type CheckedDrill } from "../../restore-check.ts";
import { drillDays } from "../../restore-findings.ts";
import type { RestoreJob, RestorePage, ShownRestoreJob } from "../../restore-page.ts";
import { checkedWords } from "../../restore-words.ts";
import { drillCommand, drillFolder } from "../../tools/restore-plan.ts";
import { formatBytes, formatDuration } from "../../units.ts";
import { type Html, html } from "../html.ts";
import { icon } from "../icons.ts";
import { sized } from "../size-element.ts";
import { ago, calendarTime } from "../time-element.ts";
import { jobName, stateOfRung } from "./restore-parts.ts";
import { snippet } from "./snippet.ts";

/** Commands that stand open; the others are one click away. */
const opened = 1;
const mostPlanned = 20;

export function planCard(data: RestorePage): Html {
	const steps = data.plan.slice(0, mostPlanned).map((job, i) => step(job, i < opened, data));
	const rest = data.plan.length - mostPlanned;
	return html`<section class="card" id="plan" aria-labelledby="plan-title"><header><h2 id="plan-title">Restore next</h2><p class="hint">What is proven least comes first, and among those what has to be back soonest. A drill counts for ${drillDays} days.</p></header>
<ol class="restore-plan">${steps}</ol>
${rest > 0 && html`<p class="hint body">and ${rest} more, all proven better than these</p>`}
<p class="hint body restore-words">The commands run where the job runs, with its repository and password set as for the backup, and need the program <a href="/setup">from the setup page</a>; on the monitor\u2019s own machine leave out --to${data.token !== null && " and the token"}. A listing, a check, or a trial run such as <code>borg extract --dry-run</code> brings nothing back: it is no drill. Look into the folder afterwards, then delete it.</p></section>`;
}

function step(job: RestoreJob, isOpen: boolean, data: RestorePage): Html {
	const { rung, size, rto } = job;
	const state = stateOfRung(rung.state);
	const { name, slug, host } = job.job;
	const { tool, repository, snapshotId } = job;
	const { text, note } = drillCommand(
		{ name, slug, host, tool, repository, snapshotId },
		{ to: data.address, token: data.token },
	);
	const facts = [
		size === null ? null : formatBytes(size, data.units),
		rto === null ? null : `must be back in ${formatDuration(rto)}`,
	].filter((fact) => fact !== null);
	const room =
		size === null
			? null
			: html` It needs ${formatBytes(size, data.units)} free in <code>${drillFolder({ slug })}</code>.`;
	return html`<li class="restore-step" id="${`plan-${slug}`}"><div class="restore-why"><span class="state" data-state="${state.look}">${icon(state.icon, `${state.word}:`)}</span><p><strong>${jobName(job)}</strong> ${reason(job, data)}${facts.length > 0 && html` <span class="hint">${facts.join(", ")}</span>`}</p></div>
<details class="opens"${isOpen && html` open`}><summary>${icon("chevron")}Command <span class="sr">for ${name}</span></summary>
${snippet(text, `Command that restores ${name}`)}
<p class="hint">${note}${room}</p></details></li>`;
}

function reason({ rung, drills }: RestoreJob, data: RestorePage): Html {
	const [newest] = drills;
	if (newest === undefined) return html`was never restored`;
	if (rung.state === "failed") return html`did not come back ${ago(Math.min(newest.endedAt, data.now), data)}`;
	return html`was restored ${ago(Math.min(newest.endedAt, data.now), data)}`;
}

const mostShown = 30;

export function accuracyCard({ jobs, selection, ...data }: RestorePage): Html | null {
	const chosen = jobs.filter(({ job }) => selection === null || selection.has(job.slug));
	const all = chosen.flatMap((job) => job.checked.map((checked) => ({ job, checked })));
	if (all.length === 0) return null;
	const { estimated, inside } = accuracyOf(all.map(({ checked }) => checked));
	const rows = all
		.toSorted((a, b) => b.checked.drill.endedAt - a.checked.drill.endedAt)
		.slice(0, mostShown)
		.map(({ job, checked }) => drillRow(job, checked, data));
	const said =
		estimated === 0
			? "No drill had an estimate before it yet."
			: `${inside} of ${estimated} within the range that was shown before them.`;
	return html`<section class="card" id="accuracy" aria-labelledby="accuracy-title"><header><h2 id="accuracy-title">How good the estimates were</h2><p class="hint">${said}</p></header>
<div class="body table-frame"><table class="plain restore-drills" role="table"><thead role="rowgroup"><tr role="row"><th role="columnheader" scope="col">Job</th><th role="columnheader" scope="col">Drill</th><th role="columnheader" scope="col">Restored</th><th role="columnheader" scope="col">Estimate and truth</th></tr></thead><tbody role="rowgroup">${rows}</tbody></table></div></section>`;
}

type Shown = Pick<RestorePage, "now" | "zone" | "units">;

function drillRow(job: ShownRestoreJob, { drill, estimate, isInside }: CheckedDrill, data: Shown): Html {
	const mark =
		isInside === null
			? null
			: html`<span class="state" data-state="${isInside ? "ok" : "warning"}">${icon(isInside ? "ok" : "warning", isInside ? "Inside the range:" : "Outside the range:")}</span>`;
	return html`<tr role="row"><th role="rowheader" scope="row">${jobName(job)}</th><td role="cell"><a href="/runs/${drill.runId}">${calendarTime(drill.endedAt, data)}</a></td><td role="cell">${sized(drill.bytes, data.units)}</td><td role="cell"><div class="restore-why">${mark}<span class="wraps">${checkedWords(estimate, drill.seconds)}</span></div></td></tr>`;
}
