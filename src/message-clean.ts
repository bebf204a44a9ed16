// Makes text of strangers fit for a message: no control, no terminal colour, no reversed reading, bounded, on one line.

const escapes = /\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|[@-Z\\^_])|\x9b[0-?]*[ -/]*[@-~]/g;
const breaks = /[\t\n\v\f\r\u0085\u2028\u2029]/g;
/**
 * Controls, lone surrogates, and what is not seen but changes how the rest reads (U+202E turns "exe.gpj" round). The two
 * joiners and the two selectors of an emoji's look stay: Persian, Indic scripts and many emoji need them.
 */
const unseen = /(?!\u200c|\u200d|\ufe0e|\ufe0f)[\p{Cc}\p{Cf}\p{Cs}\p{Default_Ignorable_Code_Point}]/gu;
/** More marks on one letter than any script uses climb over the lines above. */
const piledMarks = /(\p{M}{4})\p{M}+/gu;

/** One line of at most `max` characters; what is cut ends in "…". */
export function oneLine(text: string, max: number): string {
	// Looked at only as far as it can matter, so that ten megabytes of log cost no more than ten lines.
	const examined = text.length > 8 * max ? text.slice(0, 8 * max) : text;
	const clean = examined
		.replace(escapes, "")
		.replace(breaks, " ")
		.replace(unseen, "")
		.replace(piledMarks, "$1")
		.replace(/ {2,}/g, " ")
		.trim();
	return cut(examined === text ? clean : `${clean}…`, max);
}

/** At most `max` UTF-16 units, never half of a character. */
export function cut(text: string, max: number): string {
	if (text.length <= max) return text;
	const kept = text.slice(0, Math.max(0, max - 1));
	return `${/[\ud800-\udbff]$/.test(kept) ? kept.slice(0, -1) : kept}…`;
}

const longestLine = 200;

/** The last lines of a log that say something, as a terminal would have left them. */
export function lastLines(log: string | null, maxLines = 10, maxCharacters = 800): string[] {
	const lines: string[] = [];
	let length = 0;
	for (const line of (log ?? "").slice(-65_536).split("\n").reverse()) {
		// A progress bar writes over itself: only what it wrote last was ever left to be seen.
		const shown = oneLine(line.replace(/\r+$/, "").replace(/^.*\r/s, ""), longestLine);
		if (shown === "") continue;
		length += shown.length + 1;
		if (lines.length >= maxLines || length > maxCharacters + 1) break;
		lines.unshift(shown);
	}
	return lines;
}

/** The first clause of a sentence, for titles: up to a semicolon or the full stop behind a word. */
export function firstClause(sentence: string, max: number): string {
	const line = oneLine(sentence, 1000);
	const end = /;\s|[.!]\s+(?=\p{Lu})|[.!]$/u.exec(line);
	return cut(end === null ? line : line.slice(0, end.index), max);
}
