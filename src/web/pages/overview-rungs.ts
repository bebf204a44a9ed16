// The proof ladder of a job as four small marks: ran, plausible, present, restorable, each with its own shape.
import { type Ladder, type Rung, type RungName, type RungState, rungNames } from "../../ladder.ts";
import type { OverviewJob } from "../../overview.ts";
import { formatAge } from "../../units.ts";
import { type Html, html } from "../html.ts";
import { jobHref } from "./overview-parts.ts";

// A disc that went round, a gauge, a box that is there, a copy that came back.
const shapes: Record<RungName, string> = {
	ran: "M13.6 8A5.6 5.6 0 1 1 2.4 8 5.6 5.6 0 0 1 13.6 8zM6.7 5.6v4.8l3.6-2.4z",
	plausible: "M2.4 11.6a5.7 5.7 0 1 1 11.2 0zM8 10.4l2.2-3.6",
	present: "M2.6 6.2 8 3.2l5.4 3v5.6L8 14.6l-5.4-2.8zM2.6 6.2 8 9l5.4-2.8M8 9v5.4",
	restorable: "M3.2 5.4A5.6 5.6 0 1 1 2.4 8M2.6 2.4v3.3h3.3M8 5.2v3l2 1.4",
};

const side = 16;
const gap = 2;

/** One drawing with one shape a rung: a symbol for each would be five times as many elements, in every row. */
function marks(rungs: readonly { name: RungName; state: RungState }[]): Html {
	const width = rungs.length * (side + gap) - gap;
	const drawn = rungs.map(({ name, state }, i) => {
		const place = i > 0 && html` transform="translate(${i * (side + gap)})"`;
		const back =
			(state === "warning" || state === "failed") &&
			html`<rect data-rung="${state}"${place} width="16" height="16" rx="4"/>`;
		return html`${back}<path data-rung="${state}"${place} d="${shapes[name]}"/>`;
	});
	return html`<svg class="rung-marks" viewBox="0 0 ${width} ${side}" width="${width}" height="${side}" aria-hidden="true">${drawn}</svg>`;
}

const words: Record<RungState, string> = {
	ok: "proven",
	warning: "needs a look",
	failed: "not so",
	unknown: "not known yet",
	not_set_up: "not set up",
};

const proofs: Record<RungName, string> = {
	ran: "last good",
	plausible: "looked at",
	present: "seen in the remote",
	restorable: "restored",
};

function line(name: RungName, { state, at }: Rung, now: number): string {
	const age = at === null ? "" : `, ${proofs[name]} ${formatAge((now - at) / 1000)} ago`;
	return `${name}: ${words[state]}${age}`;
}

/**
 * Always in their order. Those that are set up lead to the job, those that are not to the lines that set them up;
 * neighbours that lead to the same place are one link, whose words show on focus.
 */
export function rungs({ slug, name, ladder }: Pick<OverviewJob, "slug" | "name" | "ladder">, now: number): Html {
	const isHollow = (rung: RungName) => ladder[rung].state === "not_set_up";
	const setup = `/setup?${new URLSearchParams({ job: name })}`;
	const groups: RungName[][] = [];
	for (const rung of rungNames) {
		const last = groups.at(-1);
		if (last?.[0] !== undefined && isHollow(last[0]) === isHollow(rung)) last.push(rung);
		else groups.push([rung]);
	}
	const drawn = groups.map((names) => group(names, ladder, names.some(isHollow) ? setup : jobHref(slug), now));
	return html`<span class="rungs">${drawn}</span>`;
}

function group(names: readonly RungName[], ladder: Ladder, href: string, now: number): Html {
	const picture = marks(names.map((name) => ({ name, state: ladder[name].state })));
	const said = names.map((name) => line(name, ladder[name], now)).join("\n");
	return html`<a href="${href}">${picture}<span class="tip">${said}</span></a>`;
}

export function rungLegend(): Html {
	const items = rungNames.map((name) => html`<li class="legend">${marks([{ name, state: "ok" }])}${name}</li>`);
	return html`<ul class="legends">${items}<li class="legend">${marks([{ name: "present", state: "not_set_up" }])}not set up</li></ul>`;
}
