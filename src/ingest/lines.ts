// Cuts a stream of bytes into lines, as files really look after crashes, editors and other systems: LF, CRLF or lone
// CR, holes of NUL bytes, a byte order mark, a line without an end, a line without end. Holds no bytes of its own.

/** Longest line that is read, in bytes without its end. */
export const maxLine = 262_144;
/** A journaled line carries when and by which road it came; each byte that was not UTF-8 has become three. */
export const maxJournalLine = maxLine * 3 + 1024;

/**
 * What the bytes after the offset belong to: the start of a line; a line of which only NULs came so far; the rest of a
 * line that is too long; the rest of a line whose complete record was taken before its end came; the LF after a CR.
 */
export type Rest = "start" | "nul" | "overlong" | "taken" | "cr";

export type LineState = { rest: Rest /** Lines ended so far. */; line: number };

export type LineHandler = {
	/** One line's bytes [start, end) without blanks and NULs around it, never empty. */
	onLine: (start: number, end: number, line: number) => void;
	onBad: (reason: string, start: number, end: number, line: number) => void;
};

const LF = 10;
const CR = 13;

const isBlank = (byte: number | undefined) => byte === 32 || byte === 9;

/**
 * Handles every ended line in `bytes[0, length)` and moves `state` on. Returns how many bytes are done with: what lies
 * behind is an unfinished line, to be offered again with more bytes behind it. A line that cannot fit any more is done
 * with as it comes, so a caller with a buffer over `maxLine` always gets on.
 */
export function readLines(
	bytes: Buffer,
	length: number,
	state: LineState,
	handler: LineHandler,
	longest = maxLine,
): number {
	let at = 0;
	const hasCr = bytes.subarray(0, length).indexOf(CR) !== -1;
	while (at < length) {
		if (state.rest === "cr") {
			state.rest = "start";
			if (bytes[at] === LF) at++;
			continue;
		}
		if (state.rest === "start" || state.rest === "nul") at = skipLead(bytes, at, length, state);
		const end = lineEnd(bytes, at, length, hasCr);
		if (end === -1) return at + unfinished(length - at, state, longest);
		state.line++;
		endLine(bytes, at, end, state, handler, longest);
		state.rest = bytes[end] === CR ? "cr" : "start";
		at = end + 1;
	}
	return at;
}

/** What stands between line starts and their first character: blanks, one byte order mark, the NULs of a power cut. */
function skipLead(bytes: Buffer, from: number, length: number, state: LineState): number {
	let at = from;
	let hasMark = false;
	for (; at < length; at++) {
		if (bytes[at] === 0) state.rest = "nul";
		else if (!hasMark && bytes[at] === 0xef && bytes[at + 1] === 0xbb && bytes[at + 2] === 0xbf) {
			hasMark = true;
			at += 2;
		} else if (!isBlank(bytes[at])) break;
	}
	return Math.min(at, length);
}

function lineEnd(bytes: Buffer, from: number, length: number, hasCr: boolean): number {
	const lf = bytes.indexOf(LF, from);
	const end = lf === -1 || lf >= length ? -1 : lf;
	if (!hasCr) return end;
	const cr = bytes.subarray(0, end === -1 ? length : end).indexOf(CR, from);
	return cr === -1 ? end : cr;
}

/** How many of the bytes of an unfinished line need not be kept. */
function unfinished(size: number, state: LineState, longest: number): number {
	if (state.rest === "overlong" || state.rest === "taken") return size;
	if (size <= longest) return 0;
	state.rest = "overlong";
	return size;
}

function endLine(
	bytes: Buffer,
	from: number,
	to: number,
	state: LineState,
	handler: LineHandler,
	longest: number,
): void {
	if (state.rest === "overlong" || (to - from > longest && state.rest !== "taken")) {
		handler.onBad(`is longer than ${longest} bytes`, Math.max(from, to - 200), to, state.line);
		return;
	}
	const end = trimEnd(bytes, from, to);
	if (end > from) {
		if (state.rest === "taken") handler.onBad("has text after its JSON object", from, end, state.line);
		else handler.onLine(from, end, state.line);
	} else if (state.rest === "nul") handler.onBad("holds only NUL bytes", from, from, state.line);
}

/** The end of a line's text without the blanks and NULs behind it. */
export function trimEnd(bytes: Buffer, from: number, to: number): number {
	let end = to;
	while (end > from && (isBlank(bytes[end - 1]) || bytes[end - 1] === 0)) end--;
	return end;
}
