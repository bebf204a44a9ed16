// The phases of a run, one bar each on one scale, with the usual length of each as an outline.
import type { RunPage } from "../../run-page.ts";
import { formatDuration, unknown } from "../../units.ts";
import { type PhaseData, phaseColours, phaseData } from "../chart-data.ts";
import { type Html, html } from "../html.ts";
import { formatCalendar, formatClock } from "../time-element.ts";

/** `start` and `usual` in seconds; `seconds` null: usual, and not reported this time. */
type Lane = {
	name: string;
	start: number;
	seconds: number | null;
	usual: number | null;
	colour: number;
	failed: boolean;
};

export function phasesCard(data: RunPage): Html | null {
	const isRunning = data.run.outcome === "running";
	if (data.run.phases.length === 0 && data.usual.phases.size === 0 && !isRunning) return null;
	const lanes = lanesOf(data);
	const elapsed = isRunning ? Math.max(0, (data.now - data.run.startedAt) / 1000) : null;
	const length = Math.max(
		data.run.duration ?? 0,
		elapsed ?? 0,
		...lanes.map((lane) => lane.start + Math.max(lane.seconds ?? 0, lane.usual ?? 0)),
	);
	if (length <= 0) return null;
	const rows = lanes.map((lane) => drawLane(lane, length, elapsed));
	const { startedAt, endedAt } = data.run;
	const isLong = endedAt !== null && endedAt - startedAt >= 86_400_000;
	const clock = (at: number) => (isLong ? formatCalendar(at, data) : formatClock(at, data.zone));
	const times =
		endedAt === null ? `from ${clock(startedAt)}` : `${clock(startedAt)}\u2009\u2013\u2009${clock(endedAt)}`;
	const hasUsual = lanes.some((lane) => lane.usual !== null);
	return html`<section class="card" aria-labelledby="phases-title"><header><h2 id="phases-title">Phases</h2><p class="hint">${times}${hasUsual && ", dashed outline: the usual length"}${isRunning && ", upright line: now"}</p></header>
<div class="body"><dl class="run-lanes">${rows}</dl></div></section>`;
}

/** One after the other, as they were reported; those that usually follow and were not reached at the end. */
function lanesOf({ run, usual, now }: RunPage): Lane[] {
	const reported = phaseData(run, Object.fromEntries(usual.phases)).map((phase) => lane(phase));
	let at = 0;
	for (const one of reported) {
		one.start = at;
		at += one.seconds ?? 0;
	}
	if (run.outcome === "running" && run.phases.length === 0 && usual.duration !== null && usual.phases.size === 0) {
		const seconds = Math.max(0, (now - run.startedAt) / 1000);
		return [{ name: "so far", start: 0, seconds, usual: usual.duration, colour: 2, failed: false }];
	}
	const names = new Set(run.phases.map((phase) => phase.name));
	const missing = [...usual.phases].filter(([name]) => !names.has(name));
	const colours = phaseColours([...names, ...missing.map(([name]) => name)]);
	for (const [i, [name, seconds]] of missing.entries()) {
		reported.push({
			name,
			start: at,
			seconds: null,
			usual: seconds,
			colour: colours[names.size + i] ?? 0,
			failed: false,
		});
		at += seconds;
	}
	return reported;

	function lane({ name, seconds, usual, colour }: PhaseData): Lane {
		// Only where the report itself names the phase: the last one need not be the one that failed.
		const failed = run.outcome === "failure" && run.errorCategory?.toLowerCase() === name.toLowerCase();
		return { name, start: 0, seconds, usual, colour, failed };
	}
}

function drawLane({ name, start, seconds, usual, colour, failed }: Lane, length: number, elapsed: number | null): Html {
	const percent = (value: number) => `${Math.max(0, Math.min(100, (value / length) * 100)).toFixed(2)}%`;
	// What took no time to speak of is still there to be seen.
	const width = (value: number) => percent(Math.max(value, length * 0.004));
	const told = `${seconds === null ? "not reported" : formatDuration(seconds)}${usual === null ? "" : `, usually ${formatDuration(usual)}`}`;
	const bar =
		seconds !== null &&
		html`<rect data-colour="${colour}"${failed && html` data-state="failed"`} x="${percent(start)}" width="${width(seconds)}" height="18" rx="4"/>`;
	const outline =
		usual !== null &&
		html`<rect class="run-usual" x="${percent(start)}" y="1" width="${width(usual)}" height="16" rx="4"/>`;
	const now = elapsed !== null && html`<rect class="run-now" x="${percent(elapsed)}" width="2" height="18"/>`;
	return html`<div><dt><bdi>${name}</bdi></dt><dd class="lane"><svg role="img" aria-label="${told}"><rect class="track" width="100%" height="18" rx="4"/>${bar}${outline}${now}</svg></dd><dd class="took"><b>${seconds === null ? unknown : formatDuration(seconds)}</b><small>${usual !== null && `usually ${formatDuration(usual)}`}</small></dd></div>`;
}
