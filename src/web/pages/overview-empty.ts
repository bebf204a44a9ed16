// Before the first run: what to paste, whether the monitor listens, and what is set up already.
import type { Overview } from "../../overview.ts";
import { setupLine, setupScript } from "../../setup-commands.ts";
import { plural } from "../../units.ts";
import { type Html, html, raw } from "../html.ts";
import { icon } from "../icons.ts";
import { ago, formatClockIn, formatZone } from "../time-element.ts";
import { snippet } from "./snippet.ts";

export function emptyState(data: Overview, title: string): Html {
	const { source } = data;
	const looked = source.checkedAt === null ? "not looked yet" : html`looked ${ago(source.checkedAt, data)}`;
	return html`<div class="empty">
<section class="card hero" aria-labelledby="verdict"><div><h1 id="verdict" aria-live="polite">${title}</h1>
<p class="lead">The monitor is running and reads <span class="wraps">${source.path}</span>. Append one line to it, and this page turns into your dashboard.</p></div>
<div class="tabset" role="group" aria-label="Send a first run with">
<input type="radio" name="tool" id="tool-shell" checked><input type="radio" name="tool" id="tool-script">
<div class="tabs"><label for="tool-shell">Shell</label><label for="tool-script">In your own script</label></div>
<div class="panes">${pane("Paste this on the machine that runs the monitor. It adds one test run.", setupLine(source.path))}${pane("Around the command you already have: outcome, duration and size are real.", setupScript(source.path))}</div></div>
<div class="listening" role="status"><i class="pulse"></i><p><strong>Listening.</strong> Nothing received yet, ${looked}. <span class="scripting-only">This page updates by itself.</span></p></div>
<p class="onward"><a class="button" href="/setup">Connect restic, borgmatic, a cron job \u2026</a> <span class="hint">Sample data first: <code>backup-monitor demo</code></span></p>
</section>
<aside class="side" aria-label="Set-up check">
<section class="card" aria-labelledby="check-title"><h2 id="check-title">Set-up check</h2><ul class="checks">${checks(data)}</ul></section>
<section class="card" aria-labelledby="see-title"><h2 id="see-title">What you will see here</h2><p class="hint">Of every job: did it run, is it plausible, is it really there, could you restore it and how long would that take.</p>${preview}</section>
</aside></div>
<section class="afterwards" aria-labelledby="after-title"><h2 id="after-title">After the first run</h2><ul>${afterwards.map(({ href, title, text }) => html`<li class="card"><h3><a href="${href}">${title}</a></h3><p class="hint">${text}</p></li>`)}</ul></section>`;
}

const afterwards = [
	{
		href: "/alerts",
		title: "Be told",
		text: "An address for messages, and a night without a backup is no secret. When each job runs is learned from three runs.",
	},
	{
		href: "/inventory",
		title: "Let the remote speak",
		text: "What its own listing does not have is not there, whatever the backup said.",
	},
	{
		href: "/restore",
		title: "Restore something once",
		text: "It turns the estimate of a restore from a guess into a measurement.",
	},
];

function pane(hint: string, text: string): Html {
	return html`<div class="pane"><p class="hint">${hint}</p>${snippet(text, hint)}</div>`;
}

function checks(data: Overview): Html[] {
	const { source, problems, rejected } = data;
	const trouble = problems[0];
	const rows = [
		source.checkedAt === null
			? check("old", "To do", "Metrics file", html`<span class="wraps">${source.path}</span>, not looked at yet`)
			: check(
					"ok",
					"OK",
					"Metrics file",
					html`<span class="wraps">${source.path}</span>, ${plural(source.lines, "line")}`,
				),
		check("ok", "OK", "Time zone", html`${formatZone(data.now, data.zone)}, now ${formatClockIn(data.now, data.zone)}`),
		trouble
			? check("warning", "Warning", trouble.title, html`${trouble.detail}`)
			: check("ok", "OK", "The monitor itself", html`nothing to report`),
	];
	if (data.channels === 0)
		rows.push(
			check("old", "To do", "Messages", html`no channel yet: <a href="/alerts">nobody is told of failures</a>`),
		);
	if (rejected.total > 0)
		rows.push(check("warning", "Warning", "Lines that could not be read", html`${rejected.total}, shown below`));
	return rows;
}

function check(state: "ok" | "old" | "warning", word: string, title: string, note: Html): Html {
	return html`<li><span class="state" data-state="${state}">${icon(state, `${word}:`)}</span><span>${title}<small>${note}</small></span></li>`;
}

const bars = Array.from({ length: 30 }, (_, i) =>
	i === 11
		? `<path class="preview-cross" d="m${i * 9 + 0.5} 3 5 5m0-5-5 5"/><rect class="preview-failed" x="${i * 9}" y="11" width="6" height="11" rx="1.8"/>`
		: `<rect x="${i * 9}" y="2" width="6" height="20" rx="1.8"/>`,
).join("");
const preview = raw(`<svg class="preview" viewBox="0 0 267 24" aria-hidden="true">${bars}</svg>`);
