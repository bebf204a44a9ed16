// The first thing a run says: what failed in the tool's own words and what to restore from, or how far it has come.
import type { Run } from "../../run.ts";
import type { RunPage } from "../../run-page.ts";
import { formatBytes, formatDuration, plural, type Units } from "../../units.ts";
import { type Html, html } from "../html.ts";
import { type IconName, icon } from "../icons.ts";
import { ago, calendarTime } from "../time-element.ts";
import { longText } from "./overview-parts.ts";
import { runPath } from "./runs-path.ts";

/** Nothing for a run that simply worked. */
export function runNote(data: RunPage, units: Units): Html | null {
	const { run } = data;
	if (run.outcome === "failure") return failed(data, units);
	if (run.outcome === "running") return running(data);
	if (run.outcome === "warning") return warned(run);
	return null;
}

function note(state: IconName & ("failed" | "warning" | "running"), word: string, title: Html, body: Html): Html {
	return html`<section class="run-note" data-state="${state}" aria-label="Outcome"><span class="state">${icon(state, word)}</span><div class="words"><strong>${title}</strong>${body}</div></section>`;
}

function category(run: Run): Html | null {
	return run.errorCategory === null ? null : html` <span class="tag"><bdi>${run.errorCategory}</bdi></span>`;
}

function failed(data: RunPage, units: Units): Html {
	const { run } = data;
	const after = run.duration === null ? "" : ` after ${formatDuration(run.duration)}`;
	const words =
		run.errorMessage === null
			? html`<p>The tool gave no reason${run.exitCode !== null && `, only its exit code ${run.exitCode}`}.</p>`
			: html`<div class="run-words">${longText(run.errorMessage, 600)}</div>`;
	return note("failed", "Failed:", html`Failed${after}.${category(run)}`, html`${words}${restoreFrom(data, units)}`);
}

/** Of a backup only: a failed check loses nothing. */
function restoreFrom(data: RunPage, units: Units): Html | null {
	const { run, lastGood, recovery } = data;
	if (run.kind !== "backup") return null;
	const recovered =
		recovery !== null &&
		html` It worked again <a href="${runPath(recovery.id)}">${calendarTime(recovery.startedAt, data)}</a>.`;
	if (lastGood === null) {
		const none = html`No run before it that worked is on record: from this job nothing older can be restored for sure.`;
		return html`<p>${none}${recovered}</p>`;
	}
	const size = lastGood.size !== null && ` (${formatBytes(lastGood.size, units)})`;
	const snapshot = lastGood.snapshotId !== null && html`, snapshot <code><bdi>${lastGood.snapshotId}</bdi></code>`;
	const from = html`<a href="${runPath(lastGood.id)}">${calendarTime(lastGood.startedAt, data)}</a>${size}${snapshot}`;
	return recovery === null
		? html`<p>You can restore from ${from}.</p>`
		: html`<p>The last good run before it: ${from}.${recovered}</p>`;
}

function warned(run: Run): Html {
	const count = run.warnings ?? run.warningMessages.length;
	const title = count > 0 ? `Worked, with ${plural(count, "warning")}.` : "Worked, with a warning.";
	const text = run.errorMessage ?? run.warningMessages[0] ?? null;
	const words = text === null ? null : html`<div class="run-words">${longText(text, 400)}</div>`;
	return note("warning", "Warning:", html`${title}${category(run)}`, html`${words}`);
}

function running(data: RunPage): Html {
	const elapsed = Math.max(0, (data.now - data.run.startedAt) / 1000);
	const { duration: usual } = data.usual;
	const title = html`Began ${ago(data.run.startedAt, data)}, and has not ended.`;
	if (usual === null || usual <= 0)
		return note("running", "Running:", title, html`<p>How long it usually takes is not known yet.</p>`);
	const done = Math.min(1, elapsed / usual);
	const told =
		elapsed > usual
			? `${formatDuration(elapsed)} of usually ${formatDuration(usual)}: longer than usual by ${formatDuration(elapsed - usual)}.`
			: `${formatDuration(elapsed)} of \u2248\u00a0${formatDuration(usual)}: about ${formatDuration(usual - elapsed)} to go.`;
	const bar = html`<svg class="run-progress" role="img" aria-label="${told}"><rect class="track" width="100%" height="100%" rx="3"/><rect class="done" width="${(done * 100).toFixed(1)}%" height="100%" rx="3"/></svg>`;
	return note("running", "Running:", title, html`<p>${told}</p>${bar}`);
}
