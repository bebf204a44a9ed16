// The page that says no: what was asked for is not there, not allowed, or could not be made.
import { cookieOf } from "../forms.ts";
import { splitTarget } from "../guard.ts";
import { type Html, html } from "../html.ts";
import { icon } from "../icons.ts";
import { page, parseTheme } from "../layout.ts";

const titles: Partial<Record<number, string>> = {
	401: "Who are you?",
	403: "Not from there",
	404: "There is nothing here",
	405: "That is not how this is asked for",
	421: "Not under this name",
	429: "Too often",
	500: "Something went wrong in the monitor",
	503: "The monitor cannot answer that now",
};

export function refusalPage(status: number, message: string, request: Request, now: number): Html {
	const title = titles[status] ?? (status >= 500 ? "The monitor could not do that" : "That did not work");
	const isOurs = status >= 500;
	const state = isOurs ? "failed" : "warning";
	const calm =
		isOurs && html`<p>Your backups are not affected: they run by themselves, and the monitor only watches.</p>`;
	const live = html`<div id="live" data-now="${now}">
<main class="wrap" id="main" tabindex="-1"><section class="card refusal" aria-labelledby="refusal-title"><header><span class="state" data-state="${state}">${icon(state)}</span><h1 class="page-title" id="refusal-title">${title}</h1></header>
<div class="body"><p class="wraps">${message}</p>${calm}<p class="refusal-way"><a class="button" href="/">To the overview</a></p></div></section></main></div>`;
	// Where the choice of a theme leads back to; never that of the overview, which has less style.
	const asked = splitTarget(request.url).path;
	const path = asked === "/" ? "/refused" : asked;
	const theme = parseTheme(cookieOf(request, "theme"));
	return page({ title: `${title} \u00b7 Backup Monitor`, theme, now, path, nav: null, live });
}
