// Why a run counts as plausible or not: the sentence, what was found, and each measure inside or outside its usual range.
import type { Run } from "../../run.ts";
import type { JudgedAs, UsualRange } from "../../run-page.ts";
import { formatBytes, formatCount, formatDuration, type Units } from "../../units.ts";
import { type Html, html } from "../html.ts";
import { icon } from "../icons.ts";

export function judgedCard(judged: JudgedAs | null, run: Run, units: Units): Html | null {
	if (judged === null) return null;
	const state = judged.findings.length > 0 ? "warning" : "ok";
	const word = state === "ok" ? "As usual:" : "Unusual:";
	const findings = judged.findings.map((text) => html`<li>${text}</li>`);
	const rows = judged.usual.map((range) => rangeRow(range, units));
	const table = html`<table class="run-ranges"><thead><tr><th scope="col">Measure</th><th scope="col" class="end">This run</th><th scope="col"><span class="sr">Within the usual range</span></th><th scope="col" class="end">Usual</th></tr></thead><tbody>${rows}</tbody></table>`;
	return html`<section class="card" aria-labelledby="judged-title"><header><h2 id="judged-title">Why it counts as ${run.outcome === "failure" ? "failed" : state === "ok" ? "plausible" : "unusual"}</h2></header>
<div class="body"><div class="run-judged"><span class="state" data-state="${state}">${icon(state, word)}</span><div class="words"><p><strong>${judged.sentence}</strong></p>${findings.length > 0 && html`<ul>${findings}</ul>`}</div></div>
${rows.length > 0 && table}</div></section>`;
}

function rangeRow({ name, unit, value, low, median, high }: UsualRange, units: Units): Html {
	const format = (number: number) => {
		if (unit === "bytes") return formatBytes(number, units);
		return unit === "seconds" ? formatDuration(number) : formatCount(number);
	};
	const isOutside = value < low || value > high;
	const from = Math.min(low, value);
	const span = Math.max(high, value) - from || 1;
	// A margin on both sides keeps the marks whole.
	const at = (number: number) => 4 + ((number - from) / span) * 92;
	const picture = html`<svg class="run-range"${isOutside && html` data-state="warning"`} role="img" aria-label="${isOutside ? "outside" : "inside"}"><rect class="track" y="6" width="100%" height="2" rx="1"/><rect class="run-band" x="${at(low).toFixed(1)}%" y="3" width="${(at(high) - at(low)).toFixed(1)}%" height="8" rx="3"/><rect class="run-middle" x="${at(median).toFixed(1)}%" y="3" width="2" height="8"/><circle cx="${at(value).toFixed(1)}%" cy="7" r="4.5"/></svg>`;
	return html`<tr><th scope="row"><bdi>${name}</bdi></th><td class="end"><b>${format(value)}</b></td><td class="c-range">${picture}</td><td class="end muted">${format(low)}\u2009\u2013\u2009${format(high)}</td></tr>`;
}
