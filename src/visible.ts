// What somebody else wrote, made fit to be shown: in a log, a terminal, a message, an attribute.

const controls = /[\u0000-\u001f\u007f-\u009f\ud800-\udfff]/;
const allControls = /[\u0000-\u001f\u007f-\u009f]/g;

/** Control characters written as `\xNN`, lone surrogates as U+FFFD: safe in a log, a terminal and an attribute. */
export function visible(text: string): string {
	if (!controls.test(text)) return text;
	return text.toWellFormed().replace(allControls, (c) => `\\x${c.charCodeAt(0).toString(16).padStart(2, "0")}`);
}

/** A value as a short piece of text for a message; control characters made visible. */
export function describe(value: unknown): string {
	if (value === null) return "null";
	if (Array.isArray(value)) return "an array";
	if (typeof value === "object") return "an object";
	if (typeof value !== "string") return String(value);
	const shown = value.length > 40 ? `${value.slice(0, 40)}…` : value;
	return value.trim() === "" ? "empty" : `"${visible(shown)}"`;
}
