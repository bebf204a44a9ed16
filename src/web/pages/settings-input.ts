// What did not get in: lines that could not be read, and reports that were refused at the door.
import type { SettingsPage } from "../../settings-page.ts";
import { plural } from "../../units.ts";
import { type Html, html } from "../html.ts";
import { icon } from "../icons.ts";
import { ago } from "../time-element.ts";
import { longText } from "./overview-parts.ts";

export function rejectedInput(data: SettingsPage): Html {
	const { total, lines } = data.rejected;
	const state = total === 0 ? "ok" : "warning";
	const items = lines.map(
		({ source, line, reason, text, seenAt }) =>
			html`<li><p><span class="tag">line ${line}</span> <strong class="wraps">${reason}</strong></p><p class="hint"><bdi class="wraps">${source}</bdi>, ${ago(seenAt, data)}</p><div class="words"><bdi>${longText(text, 160)}</bdi></div></li>`,
	);
	const more = total > lines.length ? html` The newest ${lines.length} of ${total};` : null;
	const body =
		total === 0
			? html`<p class="words">Every line so far could be read.</p>`
			: html`<ul class="input-list">${items}</ul><p class="hint">${more} as JSON: <a href="/api/rejected">/api/rejected</a>. The lines around them were read as usual.</p>`;
	return html`<section class="card" id="rejected" aria-labelledby="rejected-title"><header><span class="state" data-state="${state}">${icon(state, total === 0 ? "Good:" : "Warning:")}</span><h2 id="rejected-title">${total === 0 ? "Rejected lines" : `${plural(total, "line")} could not be read`}</h2></header><div class="body">${body}</div></section>`;
}

export function refusedReports(data: SettingsPage): Html {
	const { refused } = data;
	const state = refused.length === 0 ? "ok" : "warning";
	const items = refused.map(
		({ address, count, lastAt }) =>
			html`<div><dt><bdi class="wraps">${address === "" ? "unknown address" : address}</bdi></dt><dd>${plural(count, "report")}<span class="hint">last ${ago(lastAt, data)}</span></dd></div>`,
	);
	const body =
		refused.length === 0
			? html`<p class="words">None was refused since the start.</p>`
			: html`<dl class="rows told">${items}</dl><p class="hint">Since the start; the token was wrong or missing. <code>backup-monitor token</code> prints the right one.</p>`;
	return html`<section class="card" id="refused" aria-labelledby="refused-title"><header><span class="state" data-state="${state}">${icon(state, refused.length === 0 ? "Good:" : "Warning:")}</span><h2 id="refused-title">Refused reports</h2></header><div class="body">${body}</div></section>`;
}
