// Buttons that change something: a plain form each, sent by htmx where there is a script, working without one.
import { type Html, html } from "../html.ts";

export type ButtonOptions = {
	/** Where the form leads back to: the page that it stands on. */
	path: string;
	/** What it acts on, for whoever only hears the button's name. */
	about?: string;
	fields?: Record<string, string>;
	/** A question to answer first; without a script the page that follows undoes it. */
	confirm?: string;
};

export function button(action: string, label: string, { path, about, fields = {}, confirm }: ButtonOptions): Html {
	const inputs = Object.entries(fields).map(
		([name, value]) => html`<input type="hidden" name="${name}" value="${value}">`,
	);
	return html`<form method="post" action="${action}" hx-post="${action}" hx-target="#live" hx-swap="outerMorph"${confirm !== undefined && html` hx-confirm="${confirm}"`}>${hiddenPath(path)}${inputs}<button class="button" type="submit">${label}${about !== undefined && html`<span class="sr">: ${about}</span>`}</button></form>`;
}

/** Where the answer leads back to. */
export function hiddenPath(path: string): Html {
	return html`<input type="hidden" name="path" value="${path}">`;
}
