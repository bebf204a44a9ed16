// Takes a tool's output apart as it really arrives: JSON objects glued `}{`, cut at either end, between plain lines,
// with terminal escapes and carriage returns. Lazy, so memory is one piece, and linear in the length of the text.

/** A JSON object that one of our tools could have printed: at least one key, complete, wherever it stands. */
export type JsonObject = Record<string, unknown>;

/** What a text consists of, in its order. `start` and `end` are its place, so a reader can look around it. */
export type Piece =
	| { type: "object"; object: JsonObject; start: number; end: number }
	| { type: "line"; line: string; start: number; end: number };

/** Deepest nesting that is read. Real tools stay below ten; a hostile 100,000 would exhaust the stack of a parser. */
const maxDepth = 64;
/** Longest object that is parsed; a listing of 50,000 archives fits. */
const maxObject = 16 * 1024 * 1024;
/** Longest line that is looked at; the rest of a longer one is dropped. */
const maxLineLength = 16_384;
/** How many times its own length a text may be scanned again after a cut object, so that hostile text stays linear. */
const rescans = 4;

const escapes = /\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|[@-Z\\^_])/g;

/** A text without terminal colours, erasures and titles. */
export function stripEscapes(text: string): string {
	return text.includes("\x1b") ? text.replace(escapes, "") : text;
}

/** The lines of a text, without terminal escapes and blanks around them, without empty ones. A lone `\r` ends a line too. */
export function* readLines(text: string): Generator<string> {
	for (const { line } of linesBetween(text, 0, text.length)) yield line;
}

/** Objects and the lines between them. The brackets and commas of an array around objects are not lines. */
export function* readPieces(text: string): Generator<Piece> {
	let done = 0;
	for (const found of scanObjects(text)) {
		yield* plainPieces(text, done, found.start);
		yield found;
		done = found.end;
	}
	yield* plainPieces(text, done, text.length);
}

/** Only the objects. */
export function* readObjects(text: string): Generator<JsonObject> {
	for (const { object } of scanObjects(text)) yield object;
}

function* plainPieces(text: string, from: number, to: number): Generator<Piece> {
	for (const { line, start, end } of linesBetween(text, from, to)) {
		if (!/^[\s[\],]*$/.test(line)) yield { type: "line", line, start, end };
	}
}

function* linesBetween(
	whole: string,
	from: number,
	to: number,
): Generator<{ line: string; start: number; end: number }> {
	// Its own string, so that a search for an end never runs on through the rest of the text.
	const text = whole.slice(from, to);
	let start = 0;
	let lf = -2;
	let cr = -2;
	while (start < text.length) {
		// Each kind of end is looked for again only once it is passed: a text without `\r` is not searched to its end per line.
		if (lf !== -1 && lf < start) lf = text.indexOf("\n", start);
		if (cr !== -1 && cr < start) cr = text.indexOf("\r", start);
		let end = text.length;
		if (lf !== -1 && lf < end) end = lf;
		if (cr !== -1 && cr < end) end = cr;
		const line = stripEscapes(text.slice(start, Math.min(end, start + maxLineLength))).trim();
		if (line !== "") yield { line, start: from + start, end: from + end };
		start = end + 1;
	}
}

type Found = { type: "object"; object: JsonObject; start: number; end: number };

/** Outermost complete objects. A cut one is given up, and what is complete inside of it or glued behind it is found. */
function* scanObjects(text: string): Generator<Found> {
	let budget = rescans * text.length + maxLineLength;
	let at = text.indexOf("{");
	while (at !== -1) {
		// Most braces of hostile text are no beginning of an object: told by one look.
		if (!beginsObject(text, at)) {
			at = text.indexOf("{", at + 1);
			continue;
		}
		const end = objectEnd(text, at);
		let next = Math.abs(end);
		if (end > 0) {
			const object = parseObject(text, at, end);
			if (object !== null) yield { type: "object", object, start: at, end };
		} else if (budget > 0) {
			budget -= next - at;
			next = at + 1;
		}
		at = text.indexOf("{", Math.max(next, at + 1));
	}
}

/** A brace, and behind blanks a quote. */
function beginsObject(text: string, start: number): boolean {
	let at = start + 1;
	while (isBlank(text.charCodeAt(at))) at++;
	return text.charCodeAt(at) === quote;
}

function isBlank(code: number): boolean {
	return code === 32 || code === 10 || code === 13 || code === 9;
}

function parseObject(text: string, start: number, end: number): JsonObject | null {
	if (end - start > maxObject) return null;
	try {
		return toObject(JSON.parse(text.slice(start, end)));
	} catch {
		return null;
	}
}

/** A value as an object, or null: arrays are none. */
export function toObject(value: unknown): JsonObject | null {
	return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as JsonObject) : null;
}

const quote = 34;
const backslash = 92;

/**
 * Walks over the object that begins at `start` by JSON's grammar and stops where it ends or where the grammar breaks:
 * in the flow of a log a raw line end inside a string, or a word where a comma belongs, shows that an object was cut.
 * Returns the place behind it, or the place where it broke, negative.
 */
function objectEnd(text: string, start: number): number {
	const open: boolean[] = [];
	// What may come: the first key or the end, a key, a colon, a value, a value or the end of an array, a comma or an end.
	let expect: "first" | "key" | "colon" | "value" | "item" | "comma" = "value";
	let at = start;
	while (at < text.length) {
		const code = text.charCodeAt(at);
		if (isBlank(code)) {
			at++;
			continue;
		}
		const isValue: boolean = expect === "value" || expect === "item";
		if (code === quote) {
			if (!isValue && expect !== "first" && expect !== "key") return -at;
			const end = stringEnd(text, at + 1);
			if (end < 0) return end + 1;
			at = end;
			expect = isValue ? "comma" : "colon";
			continue;
		}
		if (code === 123 || code === 91) {
			if (!isValue || open.length >= maxDepth) return -at;
			open.push(code === 123);
			expect = code === 123 ? "first" : "item";
		} else if (code === 125 || code === 93) {
			const isObject = code === 125;
			const isAllowed = expect === "comma" || (isObject ? expect === "first" && open.length > 1 : expect === "item");
			if (!isAllowed || open.pop() !== isObject) return -at;
			if (open.length === 0) return at + 1;
			expect = "comma";
		} else if (code === 58) {
			if (expect !== "colon") return -at;
			expect = "value";
		} else if (code === 44) {
			if (expect !== "comma") return -at;
			expect = open.at(-1) ? "key" : "value";
		} else {
			const end = isValue ? scalarEnd(text, at) : at;
			if (end === at) return -at;
			at = end;
			expect = "comma";
			continue;
		}
		at++;
	}
	return -text.length;
}

/** The place behind a string's closing quote, or the complement of the place where it broke. */
function stringEnd(text: string, from: number): number {
	for (let at = from; at < text.length; at++) {
		const code = text.charCodeAt(at);
		if (code === quote) return at + 1;
		if (code < 32) return ~at;
		if (code === backslash) at++;
	}
	return ~text.length;
}

/** Numbers, true, false, null; JSON.parse judges them afterwards. */
function scalarEnd(text: string, from: number): number {
	let at = from;
	for (; at < text.length && at - from < 400; at++) {
		const code = text.charCodeAt(at);
		const isWord =
			(code >= 97 && code <= 122) || (code >= 48 && code <= 57) || code === 43 || code === 45 || code === 46;
		if (!isWord && code !== 69) break;
	}
	return at;
}

/** Whether a line is what is left of a cut object, and so nobody's sentence. */
export function isFragment(line: string): boolean {
	return /^[{}\]]|"\w+"\s*:/.test(line);
}

/** Both streams as one text, for tools whose words may stand in either. */
export function bothStreams({ stdout, stderr }: { stdout: string; stderr: string }): string {
	if (stderr === "") return stdout;
	return stdout === "" ? stderr : `${stdout}\n${stderr}`;
}

/** The head and the tail of a long text: enough to recognise whose it is, at a bounded cost. */
export function edgesOf(text: string, size = 32_768): string {
	return text.length <= 2 * size ? text : `${text.slice(0, size)}\n${text.slice(-size)}`;
}
