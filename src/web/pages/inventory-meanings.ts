// What the words of the page Inventory mean, on the page itself: "absent" and "unknown" are not the same news.
import { type Html, html } from "../html.ts";
import { icon } from "../icons.ts";

const meanings: [word: string, meaning: string][] = [
	[
		"Found again",
		"Reported, and in the newest good listing: by its id, else by its time, and its size among other files.",
	],
	[
		"Absent",
		"Reported as a success, and two good listings, ten minutes apart or more, do not have it although it should be there.",
	],
	["Not sure", "One listing does not have it; the next one decides."],
	[
		"Let go by retention",
		"Not there and not missed: older than what is promised (keep), or another of the same period is there.",
	],
	["Never reported", "In the remote, and nobody ever told of it."],
	["Not known", "No listing could tell: the newest one failed, was cut, or is empty. Nothing is called absent then."],
	[
		"Of other jobs",
		"Of another host, other paths or tags than this job\u2019s snapshots: jobs may share a repository.",
	],
	[
		"Restore points",
		"A box a day: filled where something is there, red where a reported one is absent, amber where it is not sure, dashed where nobody has looked yet, a line where nothing was made.",
	],
];

export function meaningsCard(): Html {
	const items = meanings.map(([word, meaning]) => html`<div><dt>${word}</dt><dd>${meaning}</dd></div>`);
	return html`<section class="card" aria-labelledby="inventory-meanings-title"><header><h2 id="inventory-meanings-title">What the words mean</h2></header><div class="body"><dl class="inventory-meanings">${items}</dl></div></section>`;
}

/** What stands behind a line: open where somebody should look. */
export function behind(slug: string, isOpen: boolean, content: Html): Html {
	return html`<details class="opens" id="inventory-${slug}-more"${isOpen && html` open`}><summary>${icon("chevron")}Restore points and counts</summary>${content}</details>`;
}
