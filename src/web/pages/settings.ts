// The page "/settings": how the monitor does, what it was told, and what it understood. It is read here and changed in files.
import type { Hint, SettingsPage, ShownVariable } from "../../settings-page.ts";
import { plural } from "../../units.ts";
import { type Html, html } from "../html.ts";
import { icon } from "../icons.ts";
import { banners, footer, page, type Theme, themeButtons } from "../layout.ts";
import { logoutForm } from "./login.ts";
import { configFile } from "./settings-file.ts";
import { serviceHealth } from "./settings-health.ts";
import { refusedReports, rejectedInput } from "./settings-input.ts";
import { schedules } from "./settings-schedules.ts";

export function settingsPage(data: SettingsPage, theme: Theme): Html {
	return page({
		title,
		theme,
		now: data.now,
		openAlerts: data.openAlerts,
		path: "/settings",
		nav: "/settings",
		live: live(data, theme),
	});
}

export function settingsLive(data: SettingsPage, theme: Theme): Html {
	return html`<title>${title}</title>${live(data, theme)}`;
}

const title = "Settings \u00b7 Backup Monitor";

function live(data: SettingsPage, theme: Theme): Html {
	return html`<div id="live" data-now="${data.now}" hx-get="/settings" hx-trigger="bm:tick from:body" hx-swap="outerMorph" hx-target="this" hx-sync="this:drop">
${banners(data.problems)}
<main class="wrap settings-page" id="main" tabindex="-1">
<div class="settings-head"><h1 class="page-title">Settings</h1><p class="hint">What the monitor was told and what it understood. It is changed by variables, at a start, and by <code>config.yaml</code>, at once.</p></div>
<div class="columns">
${serviceHealth(data)}
<div class="stack">${checks(data)}${login(data)}${appearance(theme)}</div>
</div>
${configFile(data)}
<div class="columns">
${variables(data)}
<div class="stack">${schedules(data)}${rejectedInput(data)}${refusedReports(data)}</div>
</div>
</main>
${footer(data)}
</div>`;
}

const hintMarks = {
	bad: { state: "warning", word: "To be mended:" },
	note: { state: "unknown", word: "Good to know:" },
	good: { state: "ok", word: "Good:" },
} as const;

function checks({ hints }: SettingsPage): Html {
	const wrong = hints.filter(({ state }) => state === "bad").length;
	const items = hints.map((hint) => checkItem(hint));
	return html`<section class="card" id="checks" aria-labelledby="checks-title"><header><h2 id="checks-title">Checks</h2><p class="hint">${wrong === 0 ? "nothing to mend" : `${plural(wrong, "thing")} to mend`}</p></header>
<ul class="checks">${items}</ul>
<p class="hint after">The same from a shell, with permissions and the file\u2019s own state: <code>backup-monitor doctor</code></p></section>`;
}

function checkItem({ state, text, fix }: Hint): Html {
	const mark = hintMarks[state];
	return html`<li><span class="state" data-state="${mark.state}">${icon(mark.state, mark.word)}</span><p>${text}${fix && html` <span class="hint">${fix}</span>`}</p></li>`;
}

/** Of a browser; a proxy's login ends at the proxy. */
function login({ login: { words, hasPassword } }: SettingsPage): Html | null {
	if (!hasPassword) return null;
	return html`<section class="card appearance" id="login" aria-labelledby="login-title"><header><h2 id="login-title">Login</h2><p class="hint">${words}</p></header>
<div class="body logouts">${logoutForm("")}${logoutForm("all")}</div></section>`;
}

function appearance(theme: Theme): Html {
	return html`<section class="card appearance" id="appearance" aria-labelledby="appearance-title"><header><h2 id="appearance-title">Theme</h2><p class="hint">of this browser</p></header>
<div class="body">${themeButtons(theme, "/settings")}<p class="hint">There are no single-key shortcuts that could be hit by accident: Tab, Enter, Space and Escape do everything.</p></div></section>`;
}

const sourceWords: Record<ShownVariable["source"], string> = {
	variable: "variable",
	flag: "by the command",
	derived: "follows from another",
	system: "from the system",
	default: "default",
};

function variables(data: SettingsPage): Html {
	const items = data.variables.map(
		({ name, value, source, meaning }) =>
			html`<div><dt><code>${name}</code><span class="hint">${meaning}</span></dt><dd><bdi class="wraps">${value}</bdi><span class="hint">${sourceWords[source]}</span></dd></div>`,
	);
	return html`<section class="card" id="variables" aria-labelledby="variables-title"><header><h2 id="variables-title">Variables</h2><p class="hint">read at the start; secrets are not shown</p></header><div class="body"><dl class="rows told">${items}</dl></div></section>`;
}
