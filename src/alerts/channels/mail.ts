// A mail as it goes over the wire: text and HTML, a subject that stays one line, and threads of what belongs together.
import type { Message } from "../../message.ts";
import { fit, oneLine, textWithLinks } from "./wording.ts";

export type Mailbox = { name: string; address: string };
export type Mail = { from: Mailbox; to: string[]; cc: string[] };

/** The whole message with its headers; the same message gives the same Message-ID, so that a repetition shows as one. */
export function composeMail({ from, to, cc }: Mail, message: Message, now: number): string {
	const boundary = `=_${hash(`${message.threadId}${now}`).slice(0, 24)}`;
	const { id, root } = threadOf(message, from.address.replace(/^.*@/, ""), now);
	const headers: [name: string, value: string][] = [
		["From", `${displayName(from.name)} <${from.address}>`],
		["To", to.join(",\r\n ")],
		["Subject", encodeWords(fit(oneLine(message.title), 200))],
		["Date", new Date(now).toUTCString().replace("GMT", "+0000")],
		["Message-ID", id],
		// No out-of-office reply, please, and no mailing list that takes it for a person's.
		["Auto-Submitted", "auto-generated"],
		["X-Auto-Response-Suppress", "All"],
		["MIME-Version", "1.0"],
		["Content-Type", `multipart/alternative; boundary="${boundary}"`],
	];
	if (cc.length > 0) headers.push(["Cc", cc.join(",\r\n ")]);
	if (id !== root) headers.push(["In-Reply-To", root], ["References", root]);
	if (message.severity === "critical" && !message.isResolved) headers.push(["Importance", "high"], ["X-Priority", "1"]);
	const head = headers.map(([name, value]) => `${name}: ${value}`).join("\r\n");
	const parts = [part("text/plain", textWithLinks(message, 100_000)), part("text/html", message.html)];
	return `${head}\r\n\r\n${parts.map((text) => `--${boundary}\r\n${text}`).join("")}--${boundary}--\r\n`;
}

/**
 * What opens an alert begins the thread; reminders, escalations and its end answer it. Messages that are about no alert
 * stand alone: a second test with the first one's number would be thrown away as a copy.
 */
function threadOf({ threadId, data, text }: Message, domain: string, now: number): { id: string; root: string } {
	const thread = hash(threadId).slice(0, 24);
	const root = `<${thread}@${domain}>`;
	if (data.type !== "alert") return { id: `<${thread}.${now}@${domain}>`, root: `<${thread}.${now}@${domain}>` };
	const [first] = data.events;
	if (first === undefined || data.events.every(({ event }) => event === "opened")) return { id: root, root };
	const rest = hash(JSON.stringify([data.events.map(({ event, at }) => [event, at]), text])).slice(0, 12);
	return { id: `<${thread}.${first.event}.${rest}@${domain}>`, root };
}

function hash(text: string): string {
	return new Bun.CryptoHasher("sha256").update(text).digest("hex");
}

/** Base64: no line is too long, and nothing in a log's last lines is taken for the end of the mail. */
function part(type: string, text: string): string {
	const body = Buffer.from(text.toWellFormed()).toString("base64").replace(/.{76}/g, "$&\r\n");
	return `Content-Type: ${type}; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\n${body}\r\n`;
}

function displayName(name: string): string {
	const safe = oneLine(name);
	return /^[\x20-\x7e]*$/.test(safe) ? `"${safe.replace(/["\\]/g, "\\$&")}"` : encodeWords(safe);
}

/** RFC 2047: words of at most 75 characters, never through a character, on folded lines. */
function encodeWords(text: string): string {
	if (/^[\x20-\x7e]*$/.test(text) && !text.includes("=?") && text.length <= 70) return text;
	const words: string[] = [];
	let word = "";
	for (const character of text) {
		if (Buffer.byteLength(word + character) > 45) {
			words.push(word);
			word = "";
		}
		word += character;
	}
	return [...words, word].map((piece) => `=?UTF-8?B?${Buffer.from(piece).toString("base64")}?=`).join("\r\n ");
}
