// Lines to paste: shown as they are, read by their name, scrolled by keyboard, copied by a button where there is a script.
import { type Html, html } from "../html.ts";
import { icon } from "../icons.ts";

export const copyButton = html`<button class="button scripting-only" type="button" data-copy>${icon("copy")}<span>Copy</span></button>`;

/** `label` names it for a screen reader; `id` is for whoever looks for it in the page. */
export function snippet(text: string, label: string, id: string | null = null): Html {
	return html`<div class="snippet"${id !== null && html` data-snippet="${id}"`}><pre tabindex="0" role="region" aria-label="${label}"><code>${text}</code></pre>${copyButton}</div>`;
}
