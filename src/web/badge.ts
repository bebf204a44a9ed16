// A job's state as a small picture, for a README or a dashboard: drawn here, nothing loaded, the word as well as a colour.
import type { State } from "../state.ts";
import { html } from "./html.ts";

export type BadgeState = State | "unknown";

// Dark enough for white text on them (WCAG AA).
const colours: Record<BadgeState, string> = {
	ok: "#1a7f37",
	warning: "#9a6700",
	failed: "#c62828",
	running: "#0a5fb4",
	new: "#5c636b",
	late: "#9a6700",
	missed: "#c62828",
	stuck: "#c62828",
	stale: "#c62828",
	paused: "#5c636b",
	archived: "#5c636b",
	unknown: "#5c636b",
};

// One width for all states: whoever embeds the picture elsewhere must not read the state from its measures.
const stateWidth = 58;
const mostShown = 40;

export function drawBadge(name: string, state: BadgeState): string {
	const shown = name.length > mostShown ? `${name.slice(0, mostShown - 1).toWellFormed()}…` : name;
	const nameWidth = Math.round(widthOf(shown)) + 14;
	const width = nameWidth + stateWidth;
	const label = `${name}: ${state}`;
	return `${html`<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="20" viewBox="0 0 ${width} 20" role="img" aria-label="${label}">
<title>${label}</title>
<rect width="${width}" height="20" rx="3" fill="#3b4148"/>
<path d="M${nameWidth} 0h${stateWidth - 3}a3 3 0 0 1 3 3v14a3 3 0 0 1-3 3h-${stateWidth - 3}z" fill="${colours[state]}"/>
<g fill="#fff" font-family="Verdana,DejaVu Sans,Geneva,sans-serif" font-size="11" text-anchor="middle">
<text x="${nameWidth / 2}" y="14" textLength="${nameWidth - 14}" lengthAdjust="spacingAndGlyphs">${shown}</text>
<text x="${nameWidth + stateWidth / 2}" y="14">${state}</text>
</g>
</svg>`}\n`;
}

/** About what the text takes in 11 px Verdana; `textLength` fits the rest. */
function widthOf(text: string): number {
	let width = 0;
	for (const letter of text) width += /[iIlj.,:;'|!]/.test(letter) ? 4 : /[mwMW@%]/.test(letter) ? 10.5 : 7;
	return width;
}
