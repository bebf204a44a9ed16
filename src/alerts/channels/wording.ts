// How a message is fitted into what a service takes: cut at a word, with a mark for its severity and links as plain lines.
import type { Message } from "../../message.ts";

/** Cuts at a word so that `measure` of what is left, with its "…", is within the limit. */
export function fit(text: string, limit: number, measure: (text: string) => number = (cut) => cut.length): string {
	if (measure(text) <= limit) return text;
	let [low, high] = [0, text.length];
	while (low < high) {
		const middle = Math.ceil((low + high) / 2);
		if (measure(`${cutAt(text, middle)}…`) <= limit) low = middle;
		else high = middle - 1;
	}
	const cut = cutAt(text, low);
	const atWord = cut.replace(/\s+\S*$/, "");
	// A single word of a thousand characters is cut where it must be.
	return `${(atWord.length > cut.length * 0.8 ? atWord : cut).trimEnd()}…`;
}

/** Never through a surrogate pair. */
function cutAt(text: string, length: number): string {
	const last = text.charCodeAt(length - 1);
	return text.slice(0, last >= 0xd800 && last <= 0xdbff ? length - 1 : length);
}

export function bytesOf(text: string): number {
	return Buffer.byteLength(text);
}

/** For a header or a title: one line without control characters. */
export function oneLine(text: string): string {
	return text
		.replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]+/g, " ")
		.toWellFormed()
		.trim();
}

/** Characters that no line of plain text needs and that turn what follows around. */
export function plain(text: string): string {
	return text.replace(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g, "").toWellFormed();
}

export type Look = "critical" | "warning" | "info" | "resolved";

export function lookOf({ severity, isResolved }: Message): Look {
	return isResolved ? "resolved" : severity;
}

const marks: Record<Look, string> = { critical: "🔴", warning: "🟠", info: "🔵", resolved: "✅" };

/** The title with a mark in front, for services that show no severity of their own. */
export function markedTitle(message: Message): string {
	const title = oneLine(message.title);
	return /^\p{Extended_Pictographic}/u.test(title) ? title : `${marks[lookOf(message)]} ${title}`;
}

/** Signed addresses that lead to a page that asks. */
export function actionsOf({ actions }: Message): { label: string; url: string }[] {
	if (actions === null) return [];
	return [
		{ label: "Acknowledge", url: actions.acknowledge },
		{ label: "Snooze", url: actions.snooze },
	];
}

/** The text without the address that it ends in, for services where the title leads there. */
export function bareText({ text, url }: Message): string {
	const all = plain(text);
	return url !== null && all.endsWith(url) ? all.slice(0, -url.length).trimEnd() : all;
}

/** The text with its links behind it, which no cut takes away; `omits` names those that the service shows by itself. */
export function textWithLinks(
	message: Message,
	limit: number,
	{ measure = (text) => text.length, omits = [] }: { measure?: (text: string) => number; omits?: string[] } = {},
): string {
	const text = bareText(message);
	const open = message.url === null || omits.includes("Open") ? [] : [message.url];
	const actions = actionsOf(message).filter(({ label }) => !omits.includes(label));
	const lines = [...open, ...actions.map(({ label, url }) => `${label}: ${url}`)].join("\n");
	const tail = lines === "" ? "" : `\n\n${lines}`;
	if (measure(tail) >= limit / 2) return fit(text, limit, measure);
	return fit(text, limit - measure(tail), measure) + tail;
}
