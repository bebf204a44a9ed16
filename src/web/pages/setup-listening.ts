// "Listening": what came in last, and what was refused, so that a newcomer sees why nothing appears.

import type { Arrival } from "../../store/arrivals.ts";
import { formatBytes, formatDuration, plural } from "../../units.ts";
import { type Html, html } from "../html.ts";
import { icon } from "../icons.ts";
import { ago } from "../time-element.ts";
import { outcomePill } from "./overview-parts.ts";
import type { SetupData } from "./setup.ts";

const dayMs = 86_400_000;
const shownAddresses = 3;

export function listening(data: SetupData): Html {
	return html`<section class="card" aria-labelledby="listening-title"><h2 id="listening-title">What came in</h2>
${status(data)}
${data.arrivals.length > 0 && html`<ul class="arrivals">${data.arrivals.map((arrival) => arrived(arrival, data))}</ul>`}
${troubles(data)}
</section>`;
}

function status({ arrivals, values }: SetupData): Html {
	const heard = arrivals.find(({ job, slug }) => job === values.job || slug === values.slug);
	if (heard === undefined) {
		return html`<div class="listening" role="status"><i class="pulse"></i><p><strong>Listening.</strong> Nothing from <bdi>${values.job}</bdi> ${arrivals.length > 0 ? "among the newest reports" : "yet"}. <span class="scripting-only">This page updates by itself.</span></p></div>`;
	}
	const state = heard.outcome === "failure" ? "warning" : "ok";
	return html`<div class="listening" data-state="${state}" role="status">${icon("ok")}<p><strong>Connected.</strong> <bdi>${heard.job}</bdi> reports. <a href="/">See it on the overview</a></p></div>`;
}

function arrived(
	{ job, host, outcome, kind, size, duration, errorCategory, receivedAt }: Arrival,
	data: SetupData,
): Html {
	const facts = [
		kind === "backup" ? null : kind.replace("_", " "),
		host === "" ? null : `on ${host}`,
		size === null ? null : formatBytes(size, data.units),
		duration === null ? null : formatDuration(duration),
		errorCategory,
	].filter((fact) => fact !== null);
	return html`<li>${outcomePill(outcome)}<span><bdi>${job}</bdi><small>${ago(receivedAt, data)}${facts.map((fact) => html` \u00b7 ${fact}`)}</small></span></li>`;
}

/** Reports that knocked and were not let in. */
function troubles(data: SetupData): Html | null {
	const refused = data.refused.filter(({ lastAt }) => data.now - lastAt < dayMs);
	if (refused.length === 0 && data.rejected === 0) return null;
	const addresses = refused
		.toSorted((a, b) => b.lastAt - a.lastAt)
		.slice(0, shownAddresses)
		.map(
			({ address, count, lastAt }) =>
				html`<li><span class="state" data-state="warning">${icon("warning", "Refused:")}</span><span>${plural(count, "report")} refused<small>from ${address || "an unknown address"}, ${ago(lastAt, data)}: wrong or missing token</small></span></li>`,
		);
	const lines =
		data.rejected > 0 &&
		html`<li><span class="state" data-state="warning">${icon("warning", "Warning:")}</span><span><a href="/#rejected">${plural(data.rejected, "line")} not understood</a><small>in the metrics file, each with its reason</small></span></li>`;
	return html`<ul class="checks">${addresses}${lines}</ul>`;
}
