// What happened, in order: begun, ended, reported, the alerts that it opened, and the run that worked again.
import type { RunAlert, RunPage } from "../../run-page.ts";
import { formatDuration } from "../../units.ts";
import { type Html, html } from "../html.ts";
import { icon } from "../icons.ts";
import { calendarTime } from "../time-element.ts";
import { button } from "./action-forms.ts";
import { runPath } from "./runs-path.ts";

/** A report that comes later than this says so: until then the job looked silent. */
const lateMs = 300_000;

type Happened = {
	at: number;
	state: "ok" | "failed" | "warning" | "running" | "old" | "unknown" | "none";
	word: string;
	text: Html;
};

export function whatHappened(data: RunPage): Html {
	const events = eventsOf(data).toSorted((a, b) => a.at - b.at);
	const rows = events.map(
		({ at, state, word, text }) =>
			html`<li><span class="state" data-state="${state}">${icon(state === "none" ? "old" : state, word)}</span><div><p class="hint">${calendarTime(at, data)}</p><p>${text}</p></div></li>`,
	);
	const open = data.alerts.filter((alert) => alert.resolvedAt === null);
	const waits = open.filter((alert) => alert.acknowledgedAt === null);
	// Where the button stood, the keyboard finds the link.
	const seen = waits.length === 0 && html`, and <a href="/alerts">acknowledged</a>`;
	const path = runPath(data.run.id);
	const waiting =
		open.length > 0 &&
		html`<li id="open-alerts"><span class="state" data-state="unknown">${icon("unknown", "Open:")}</span><div><p>${open.length === 1 ? "The alert is" : "The alerts are"} still open${seen}.</p>${waits.length > 0 && html`<div class="run-steps">${waits.map(({ id, sentence }) => button(`/alerts/${id}/acknowledge`, "Acknowledge", { path, about: sentence }))}</div>`}</div></li>`;
	return html`<section class="card" aria-labelledby="events-title"><header><h2 id="events-title">What happened</h2></header><div class="body"><ol class="run-events">${rows}${waiting}</ol></div></section>`;
}

function eventsOf({ run, receivedAt, alerts, recovery }: RunPage): Happened[] {
	const events: Happened[] = [{ at: run.startedAt, state: "running", word: "Began:", text: html`Began` }];
	if (run.endedAt !== null && run.outcome !== "running") {
		const took = run.duration === null ? "" : ` after ${formatDuration(run.duration)}`;
		const ended: Record<"success" | "warning" | "failure", Omit<Happened, "at">> = {
			success: { state: "ok", word: "OK:", text: html`Ended well${took}` },
			warning: { state: "warning", word: "Warning:", text: html`Ended with a warning${took}` },
			failure: { state: "failed", word: "Failed:", text: html`Failed${took}` },
		};
		events.push({ at: run.endedAt, ...ended[run.outcome] });
	}
	const late = receivedAt - (run.endedAt ?? run.startedAt);
	const text =
		late > lateMs
			? html`Its report arrived here, ${formatDuration(late / 1000)} after its ${run.endedAt === null ? "start" : "end"}`
			: html`Its report arrived here`;
	events.push({
		at: receivedAt,
		state: late > lateMs && run.endedAt !== null ? "old" : "none",
		word: "Reported:",
		text,
	});
	for (const alert of alerts) events.push(...ofAlert(alert));
	if (recovery !== null) {
		const text = html`<a href="${runPath(recovery.id)}">The next good backup</a> began`;
		events.push({ at: recovery.startedAt, state: "ok", word: "OK:", text });
	}
	return events;
}

function ofAlert({ severity, sentence, openedAt, resolvedAt }: RunAlert): Happened[] {
	const state = severity === "critical" ? "failed" : severity === "warning" ? "warning" : "unknown";
	const opened: Happened = { at: openedAt, state, word: "Alert:", text: html`Alert: ${sentence}` };
	if (resolvedAt === null) return [opened];
	const lasted = formatDuration((resolvedAt - openedAt) / 1000);
	return [opened, { at: resolvedAt, state: "ok", word: "Resolved:", text: html`Alert resolved after ${lasted}` }];
}
