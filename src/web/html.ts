// The only way from data to HTML: a template tag that escapes whatever is interpolated.

/** Finished HTML. Only `html`, `json` and `raw` make it, so a string is never mistaken for it. */
export class Html {
	constructor(readonly text: string) {}
	toString(): string {
		return this.text;
	}
}

export type HtmlValue = Html | string | number | bigint | boolean | null | undefined | HtmlValue[];

/** Where a value stands: text or quoted attribute, a whole URL attribute, or between attributes. */
type Slot = "text" | "url" | "tag";

// A template's fixed parts are looked at once; their array is the same object at every call.
const slotsOf = new WeakMap<TemplateStringsArray, Slot[]>();

/** Text is escaped; null, undefined and booleans leave nothing; lists are joined; Html stays as it is. */
export function html(strings: TemplateStringsArray, ...values: HtmlValue[]): Html {
	let slots = slotsOf.get(strings);
	if (slots === undefined) {
		slots = readSlots(strings);
		slotsOf.set(strings, slots);
	}
	let out = strings[0] ?? "";
	for (let i = 0; i < values.length; i++) {
		const value = values[i];
		if (slots[i] === "url") out += Bun.escapeHTML(safeUrl(value));
		else if (slots[i] === "tag") out += attributes(value);
		else out += render(value);
		out += strings[i + 1] ?? "";
	}
	return new Html(out);
}

function render(value: HtmlValue): string {
	if (typeof value === "string") return Bun.escapeHTML(value);
	if (value instanceof Html) return value.text;
	if (Array.isArray(value)) {
		let out = "";
		for (const part of value) out += render(part);
		return out;
	}
	// In a number there is nothing to escape.
	return value === null || value === undefined || typeof value === "boolean" ? "" : String(value);
}

/** For constants of our own, such as icons; never for anything that was read. */
export function raw(text: string): Html {
	return new Html(text);
}

/** The same in one piece, for what is kept: what is put together from hundreds would be put together again with every page. */
export function flat(made: Html): Html {
	made.text.charCodeAt(0);
	return made;
}

/** A data block that scripts read. `<` is written as an escape, so no text in it can end the element. */
export function json(id: string, value: unknown): Html {
	const text = JSON.stringify(value).replaceAll("<", "\\u003c");
	return raw(`<script type="application/json" id="${Bun.escapeHTML(id)}">${text}</script>`);
}

/** Own paths, fragments, queries, and http(s): `javascript:` and `data:` would run or show what was sent to us. */
function safeUrl(value: HtmlValue): string {
	const url = String(value ?? "");
	return /^(?:\/(?![/\\])|[#?]|https?:\/\/)/i.test(url) ? url : "#refused";
}

function attributes(value: HtmlValue): string {
	if (typeof value === "string" && value !== "") throw new Error("Between attributes only html`…` may stand");
	return render(value);
}

function readSlots(strings: TemplateStringsArray): Slot[] {
	let before = "";
	return strings.slice(0, -1).map((part) => {
		before += part;
		const tag = before.slice(before.lastIndexOf("<") + 1);
		const element = /<(?:script|style)\b[^>]*>[^<]*$/i.exec(before);
		if (element) throw new Error(`Nothing is interpolated into ${element[0].slice(0, 60)}`);
		if (tag.includes(">") || !before.includes("<")) return "text";
		if (tag.split('"').length % 2 === 0)
			return /\s(?:href|src|action|formaction|hx-get|hx-post)="$/.test(part) ? "url" : "text";
		// An unquoted value ends at its first space: whoever writes the value adds attributes.
		if (tag.endsWith("=")) throw new Error(`Put quotes around the attribute value after: <${tag}`);
		return "tag";
	});
}
