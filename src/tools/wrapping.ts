// Takes a tool's lines out of what carried them: a field of an object, a journal's or a container's records. Pure.
import { readObject, readText } from "./fields.ts";
import { type JsonObject, readPieces } from "./text.ts";

/** What scripts, workflows and chat webhooks call the text that they hand on. */
const carriers = [
	"stdout",
	"stderr",
	"output",
	"log",
	"logs",
	"text",
	"message",
	"msg",
	"body",
	"content",
	"data",
	"lines",
	"result",
];
/** A record of `journalctl -o json`, and of a container's log file. */
const recordFields = ["MESSAGE", "log"];
const longest = 2_000_000;
const mostRecords = 100_000;

/** The lines that a text carries within, or null where it carries none. */
export function unwrap(text: string): string | null {
	const trimmed = text.trim();
	if (trimmed === "" || trimmed.length > longest) return null;
	if (trimmed.startsWith("{")) return ofRecords(trimmed) ?? ofObject(trimmed) ?? withLineEnds(trimmed);
	if (trimmed.startsWith('"')) return ofString(trimmed);
	return ofForm(trimmed) ?? withLineEnds(trimmed);
}

/** `curl --data-urlencode out@FILE`, the body of a form: what its fields say. */
function ofForm(text: string): string | null {
	if (/[\s"<>{}]/.test(text) || !/%(?:0A|20)|\+/i.test(text) || !/%[0-9A-F]{2}/i.test(text)) return null;
	const parts: string[] = [];
	for (const [name, value] of new URLSearchParams(text)) {
		if (value === "") parts.push(name);
		else if (/\s/.test(value)) parts.push(value);
	}
	return parts.length === 0 ? null : parts.join("\n");
}

/** Line ends that a shell or a template wrote out. */
function withLineEnds(text: string): string | null {
	if (/[\n\r]/.test(text) || !/\\n/.test(text)) return null;
	// Within an object they are its own.
	if (text.includes('{"')) return text.replace(/(?:\\r)?\\n(?=\{"|$)|(?<=\})(?:\\r)?\\n/g, "\n");
	return text
		.replace(/\\r\\n|\\n|\\r/g, "\n")
		.replaceAll("\\t", "\t")
		.replaceAll('\\"', '"');
}

function ofString(text: string): string | null {
	try {
		return readText(JSON.parse(text));
	} catch {
		return null;
	}
}

/** One object around everything: its fields in the order in which they stand here. */
function ofObject(text: string): string | null {
	let object: JsonObject | null;
	try {
		object = readObject(JSON.parse(text));
	} catch {
		return null;
	}
	if (object === null) return null;
	const fields = new Map(Object.entries(object).map(([name, value]) => [name.toLowerCase(), value]));
	const parts = carriers.map((name) => linesIn(fields.get(name))).filter((part) => part !== null);
	return parts.length === 0 ? null : parts.join("\n");
}

function linesIn(value: unknown): string | null {
	if (!Array.isArray(value)) return readText(value);
	const lines = value.filter((line): line is string => typeof line === "string");
	return lines.length === 0 || lines.length < value.length ? null : lines.join("\n");
}

/** One object a line, each with one line of the tool's. */
function ofRecords(text: string): string | null {
	if (!/"MESSAGE"\s*:|"stream"\s*:/.test(text.slice(0, 4000))) return null;
	const lines: string[] = [];
	for (const piece of readPieces(text)) {
		if (piece.type === "line" || lines.length >= mostRecords) return null;
		const field = recordFields.find((name) => typeof piece.object[name] === "string");
		const isRecord = field === "MESSAGE" || (field !== undefined && "stream" in piece.object);
		if (!isRecord || field === undefined) return null;
		lines.push(String(piece.object[field]).replace(/\n$/, ""));
	}
	return lines.length === 0 ? null : lines.join("\n");
}
