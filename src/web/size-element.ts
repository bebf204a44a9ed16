// Sizes on the page: three digits, and every byte on hover.
import { formatBytes, plural, type Units, unknown } from "../units.ts";
import { type Html, html } from "./html.ts";

/** "3,740,123,456 bytes"; null where the shown size says as much. */
export function exactBytes(bytes: number | null): string | null {
	return bytes === null || Math.abs(bytes) < 1000 ? null : plural(bytes, "byte");
}

/** "3.74 GB" */
export function sized(bytes: number | null, units: Units): Html {
	if (bytes === null) return html`${unknown}`;
	const exact = exactBytes(bytes);
	return html`<data value="${bytes}"${exact !== null && html` title="${exact}"`}>${formatBytes(bytes, units)}</data>`;
}
