// The page "/setup": pick how a backup runs, paste the lines, and see the report come in.
import type { Problem } from "../../overview.ts";
import { setupGroups } from "../../setup-snippets.ts";
import type { PathField, Setup, SetupValues, Snippet } from "../../setup-values.ts";
import type { Arrival } from "../../store/arrivals.ts";
import type { Units } from "../../units.ts";
import type { Refused } from "../entry.ts";
import { type Html, html } from "../html.ts";
import { banners, type FooterData, footer, page, type Theme } from "../layout.ts";
import { listening } from "./setup-listening.ts";
import { tokenCard } from "./setup-token.ts";
import { snippet } from "./snippet.ts";

/** open: anybody may report. shown: the reader brought a code from the monitor's machine. hidden: a placeholder stands for it. */
export type TokenAccess = "open" | "shown" | "hidden";

export type SetupData = FooterData & {
	setup: Setup;
	values: SetupValues;
	isDefaultJob: boolean;
	/** Whether the job has reported before. */
	isKnownJob: boolean;
	access: TokenAccess;
	/** Until when, where it is shown. */
	shownUntil: number | null;
	/** The address has a code that is wrong, too old or used up. */
	hasOldCode: boolean;
	/** The address means this machine to every machine. */
	isLocalAddress: boolean;
	dataDir: string;
	arrivals: Arrival[];
	refused: Refused[];
	/** Lines that could not be read. */
	rejected: number;
	problems: Problem[];
	units: Units;
};

export function setupPage(data: SetupData, theme: Theme): Html {
	const path = setupPath(data);
	return page({
		title: windowTitle(data),
		theme,
		now: data.now,
		openAlerts: data.openAlerts,
		path,
		nav: "/setup",
		live: live(data),
	});
}

/** The piece that htmx puts in place of the old one. */
export function setupLive(data: SetupData): Html {
	return html`<title>${windowTitle(data)}</title>${live(data)}`;
}

function windowTitle({ setup }: SetupData): string {
	return `Setup: ${setup.name} \u00b7 Backup Monitor`;
}

/** "/setup" with what differs from the defaults. Another tool has other paths, so only the job goes along to it. */
function setupPath({ setup, values, isDefaultJob, hasOldCode }: SetupData, other: Setup = setup): string {
	const query = new URLSearchParams({ tool: other.id });
	// So that the page goes on saying so.
	if (hasOldCode) query.set("code", "old");
	if (!isDefaultJob) query.set("job", values.job);
	if (other === setup) {
		if (setup.source !== null && values.source !== setup.source.value) query.set("source", values.source);
		if (setup.target !== null && values.target !== setup.target.value) query.set("target", values.target);
	}
	return `/setup?${query}`;
}

/** Asks for itself often: somebody is waiting for a report to come in. */
function live(data: SetupData): Html {
	const { setup, values } = data;
	return html`<div id="live" data-now="${data.now}" data-every="5" hx-get="${setupPath(data)}" hx-trigger="bm:tick from:body" hx-swap="outerMorph" hx-target="this" hx-sync="this:drop">
${banners(data.problems)}
<main class="wrap" id="main" tabindex="-1">
<div class="setup-head"><h1>Connect a backup</h1><p>Pick how it runs, paste the lines, and watch the first report come in. Address and job are filled in already.</p></div>
<div class="setup">
<nav class="card ways" aria-label="Ways to report">${setupGroups.map((group) => html`<h2>${group.title}</h2><ul>${group.setups.map((other) => way(data, other))}</ul>`)}</nav>
<section class="card way" aria-labelledby="way-title">
<header><h2 id="way-title">${setup.name}</h2><p class="words">${setup.lead}</p></header>
${chosenForm(data)}
${setup.snippets(values).map((one) => paste(setup, one))}
</section>
<aside class="side" aria-label="What came in, and the token">${listening(data)}${tokenCard(data)}</aside>
</div>
</main>
${footer(data)}
</div>`;
}

function way(data: SetupData, other: Setup): Html {
	const path = setupPath(data, other);
	const current = other === data.setup && html` aria-current="true"`;
	return html`<li><a id="${`way-${other.id}`}" href="${path}"${current} hx-get="${path}" hx-target="#live" hx-swap="outerMorph" hx-push-url="true" hx-sync="#live:replace">${other.name}</a></li>`;
}

function chosenForm({ setup, values, isLocalAddress }: SetupData): Html {
	const local =
		isLocalAddress &&
		html` It means this very machine everywhere: for backups of other machines and of containers open this page under the monitor\u2019s name or address.`;
	return html`<form class="chosen" method="get" action="/setup" hx-get="/setup" hx-trigger="change, submit" hx-target="#live" hx-swap="outerMorph" hx-push-url="true" hx-sync="#live:replace">
<input type="hidden" name="tool" value="${setup.id}">
${textField("job", "Job", values.job, 64)}
${pathField("source", setup.source, values.source)}${pathField("target", setup.target, values.target)}
<button class="button" type="submit">Fill in</button>
<p class="hint">The monitor\u2019s address: <code class="wraps">${values.address}</code>.${local}</p>
</form>`;
}

function pathField(name: string, field: PathField | null, value: string): Html | null {
	return field === null ? null : textField(name, field.label, value, 1024);
}

function textField(name: string, label: string, value: string, longest: number): Html {
	return html`<label class="field"><span class="field-name">${label}</span><input type="text" id="${`setup-${name}`}" name="${name}" value="${value}" maxlength="${longest}" autocomplete="off" autocapitalize="off" spellcheck="false"></label>`;
}

function paste(setup: Setup, { id, title, text, note }: Snippet): Html {
	return html`<div class="paste"><h3>${title}</h3>${snippet(text, title, `${setup.id}/${id}`)}${note !== "" && html`<p class="hint">${note}</p>`}</div>`;
}
