// Five facts of a job, and one note in plain words where it slowly drifts away from what it was.
import { driftOf, quantile } from "../../drift.ts";
import type { JobPage } from "../../job-page.ts";
import { formatChange, formatDuration, percentOf, plural, type Units, unknown } from "../../units.ts";
import { type Html, html } from "../html.ts";
import { icon } from "../icons.ts";
import { sparkline } from "../pictures.ts";
import { sized } from "../size-element.ts";
import { ago, calendarTime, formatClock, formatDateAt } from "../time-element.ts";

export function jobFacts(data: JobPage, units: Units): Html {
	return html`<dl class="card facts five" aria-label="The job in figures">${lastGood(data)}${nextDue(data)}${usualDuration(data)}${size(data, units)}${success(data)}</dl>`;
}

function fact(label: string, value: Html | string, note: Html | string | null, state?: string): Html {
	const mark = state === undefined ? null : html` class="state" data-state="${state}"`;
	return html`<div><dt>${label}</dt><dd${mark}>${value}</dd><dd>${note}</dd></div>`;
}

const nothing = html`<span class="muted">${unknown}</span>`;

function lastGood(data: JobPage): Html {
	const { lastGoodAt, good, finished } = data;
	if (lastGoodAt === null) {
		const note = finished === null ? "no backup has ended yet" : "no backup has succeeded yet";
		return fact("Last good backup", nothing, note, finished === null ? undefined : "failed");
	}
	const note =
		good === null
			? html`on ${formatDateAt(lastGoodAt, data)}; the run itself is deleted`
			: calendarTime(good.startedAt, data);
	return fact("Last good backup", ago(lastGoodAt, data), note);
}

function nextDue(data: JobPage): Html {
	const { judgement, pausedUntil, archivedAt, now } = data;
	const { dueAt, deadlineAt, plan } = judgement;
	if (archivedAt !== null) return fact("Next due", "never", "archived");
	if (pausedUntil !== null) {
		const until = Number.isFinite(pausedUntil) ? html`until ${calendarTime(pausedUntil, data)}` : "until its next run";
		return fact("Next due", "paused", until);
	}
	const next = dueAt !== null && dueAt > now ? dueAt : (data.nextDues.find((at) => at > now) ?? null);
	if (dueAt !== null && dueAt <= now) {
		const isOver = deadlineAt !== null && deadlineAt <= now;
		const note =
			deadlineAt === null || isOver
				? html`it was due ${calendarTime(dueAt, data)}`
				: html`counts as missed after ${formatClock(deadlineAt, data.zone)}`;
		return fact("Was due", ago(dueAt, data), note, isOver ? "failed" : "old");
	}
	if (next !== null) {
		const late = next === dueAt && deadlineAt !== null && html`, missed after ${formatClock(deadlineAt, data.zone)}`;
		return fact("Next due", ago(next, data), html`${calendarTime(next, data)}${late}`);
	}
	if (deadlineAt !== null) {
		const isOver = deadlineAt <= now;
		const label = isOver ? "Was wanted" : "Wanted";
		return fact(label, ago(deadlineAt, data), "at the latest, whenever it runs", isOver ? "failed" : undefined);
	}
	return fact("Next due", nothing, plan.schedule.type === "none" ? "no schedule" : "not known yet");
}

function usualDuration(data: JobPage): Html {
	if (data.running !== null) {
		const usual = quantile(
			data.recentGood.map((run) => run.duration),
			0.5,
		);
		const note = usual === null ? "the first one" : html`usually ${formatDuration(usual)}`;
		return fact("Running", html`since ${formatClock(data.running.startedAt, data.zone)}`, note, "running");
	}
	const seconds = data.recentGood.slice(0, 30).map((run) => run.duration);
	const known = seconds.filter((value) => value !== null).length;
	const usual = quantile(seconds, 0.5);
	if (usual === null) return fact("Usual duration", nothing, "no run that succeeded");
	const high = quantile(seconds, 0.95);
	const note = known < 5 ? `of ${plural(known, "run")}` : html`95\u00a0% below ${formatDuration(high)}`;
	return fact("Usual duration", formatDuration(usual), note);
}

const trendDays = 30;

function size(data: JobPage, units: Units): Html {
	const withSize = data.recentGood.filter((run) => run.size !== null);
	const [newest] = withSize;
	if (newest === undefined) return fact("Size", nothing, "not reported");
	const from = newest.startedAt - trendDays * 86_400_000;
	const first = withSize.find((run) => run.startedAt <= from) ?? withSize.at(-1) ?? newest;
	const days = Math.round((newest.startedAt - first.startedAt) / 86_400_000);
	const change = formatChange(newest.size, first.size);
	const words = days === 0 || change === null ? "" : `${change} in ${plural(days, "day")}`;
	const picture = withSize.length < 2 ? null : sparkline(withSize.map((run) => run.size).reverse(), `Size: ${words}`);
	const note = html`<span>${words === "" ? "no earlier one" : words}</span>`;
	return fact("Size", html`<span class="with-line">${sized(newest.size, units)}${picture}</span>`, note);
}

function success({ month }: JobPage): Html {
	const percent = percentOf(month.succeeded, month.runs);
	if (percent === null) return fact("Success, 30 days", nothing, "no run ended");
	const failed = month.failed === 0 ? "" : `, ${month.failed}\u00a0failed`;
	const state = month.failed === 0 ? "ok" : month.succeeded / month.runs < 0.9 ? "failed" : "warning";
	const note = `${month.succeeded} of ${plural(month.runs, "run")}${failed}`;
	return fact("Success, 30 days", `${percent}\u00a0%`, note, state);
}

export function driftNote(data: JobPage, units: Units): Html | null {
	const drift = driftOf(data.recentGood, data.judgement.plan.maxRuntime, units);
	if (drift === null) return null;
	return html`<section class="card note" data-state="warning" aria-label="A slow change">${icon("warning")}<div><p><strong>${drift.title}</strong></p><p class="words">${drift.detail}</p></div></section>`;
}
