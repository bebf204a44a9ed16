// What the run wrote: the tail of its log, its warnings, and the report as it was sent. Bounded, and with nothing hidden.
import type { Run } from "../../run.ts";
import type { RunPage } from "../../run-page.ts";
import { formatBytes, formatCount, plural } from "../../units.ts";
import { type Html, html } from "../html.ts";
import { icon } from "../icons.ts";
import { longText } from "./overview-parts.ts";
import { runPath } from "./runs-path.ts";
import { copyButton } from "./snippet.ts";

const shownLines = 200;
const shownText = 16_000;

export function logCard(run: Run): Html {
	if (run.log === null || run.log.trim() === "") {
		return html`<section class="card" aria-labelledby="log-title"><header><h2 id="log-title">Log</h2></header><div class="body"><p class="words">No log came with this run. The wrapper and pings send its last lines by themselves; a report may have a field <code>log</code>.</p></div></section>`;
	}
	const { lines, hidden } = tailOf(run.log);
	const hint = `${formatBytes(new TextEncoder().encode(run.log).length)} kept${hidden > 0 ? `, the last ${formatCount(lines.length)} lines are shown` : ""}`;
	const marks = run.outcome === "failure" || run.outcome === "warning";
	const whole = html`<a href="${`${runPath(run.id)}/log`}">Whole log</a>`;
	return html`<section class="card" aria-labelledby="log-title"><header><h2 id="log-title">${hidden > 0 ? "Log, last lines" : "Log"}</h2><p class="hint">${hint}</p><span class="end hint">${whole}</span></header>
<div class="body"><div class="snippet"><pre class="run-log" id="log" tabindex="0" role="region" aria-label="Lines of the log" dir="auto"><code>${lines.map((line, i) => html`${i > 0 && "\n"}${marks ? markedLine(line) : line}`)}</code></pre>${copyButton}</div></div></section>`;
}

/** The last lines; a line alone may be cut at its front. */
function tailOf(log: string): { lines: string[]; hidden: number } {
	const text = visibleText(log).trimEnd();
	const all = text.slice(-shownText).split("\n").slice(-shownLines);
	return { lines: all, hidden: text.length - all.join("\n").length };
}

const colours = /\u001b\[[\d;]*m/g;
// Line ends and tabs stay. The others could hide or reorder what is written around them, in a terminal and on a page.
const controls = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;

/** Text with several lines: control characters written out, a progress line's rewrites below each other, no colours. */
function visibleText(text: string): string {
	return text
		.toWellFormed()
		.replace(colours, "")
		.replace(/\r\n?/g, "\n")
		.replace(controls, (sign) => {
			const code = sign.charCodeAt(0).toString(16);
			return code.length <= 2 ? `\\x${code.padStart(2, "0")}` : `\\u${code.padStart(4, "0")}`;
		});
}

const trouble = /\b(?:error|fatal|failed|failure|panic|critical|denied|refused|timeout|timed out|no space left)\b/i;

function markedLine(line: string): Html {
	const found = trouble.exec(line);
	if (found === null) return html`${line}`;
	return html`${line.slice(0, found.index)}<mark>${line.slice(found.index)}</mark>`;
}

export function warningsCard(run: Run): Html | null {
	const { warningMessages } = run;
	if (warningMessages.length === 0) return null;
	const count = run.warnings ?? warningMessages.length;
	const hint =
		count > warningMessages.length
			? `the first ${warningMessages.length} of ${formatCount(count)}`
			: plural(count, "message");
	const rows = warningMessages.map(
		(text) =>
			html`<li><span class="state" data-state="warning">${icon("warning")}</span><div class="words"><bdi>${longText(visibleText(text))}</bdi></div></li>`,
	);
	return html`<section class="card" aria-labelledby="warnings-title"><header><h2 id="warnings-title">Warnings</h2><p class="hint">${hint}</p></header><div class="body"><ul class="run-warnings">${rows}</ul></div></section>`;
}

/** The report without its log, which stands above; the whole one is a file. */
export function rawReport({ run, report }: RunPage): Html {
	const text = prettyReport(report);
	const isCut = text.length > shownText;
	const file = `${runPath(run.id)}/report`;
	return html`<section class="card run-raw"><details id="raw"><summary>${icon("chevron")}<h2>Report as it was sent</h2><span class="hint">${formatBytes(new TextEncoder().encode(report).length)} of JSON</span></summary>
<div class="body"><div class="snippet"><pre class="run-log" tabindex="0" role="region" aria-label="Report as JSON" dir="ltr"><code>${isCut ? `${text.slice(0, shownText)}\u2026` : text}</code></pre>${!isCut && copyButton}</div><p class="hint"><a href="${file}">Exactly as it was sent</a>${isCut && ": here it is cut"}</p></div></details></section>`;
}

function prettyReport(report: string): string {
	const value: unknown = JSON.parse(report);
	const shown = JSON.stringify(
		value,
		(key, part) => (key === "log" && typeof part === "string" && part.length > 80 ? "(shown above)" : part),
		2,
	);
	return visibleText(shown);
}
