// UTF-16 that was read as UTF-8. By itself, so that a ping does not load what reads tools. Pure.

/**
 * A text of two bytes a letter (PowerShell writes files so) that was read as one of one byte: every other one is a NUL.
 * Letters of other alphabets are lost.
 */
export function narrowed(text: string): string {
	if (!text.includes("\0")) return text;
	const letters = text.replaceAll("\0", "");
	return letters.length * 3 > text.length * 2 ? text : letters.replace(/^[\ufffd\ufeff]+/, "");
}
