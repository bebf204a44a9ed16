// Puts line ends back into a text that lost all of them: `curl -d` strips them, an unquoted `$OUT` makes them blanks. Pure.

/** Where a tool's lines begin and, where nothing tells that, where they end. */
export type Seams = { before: RegExp; after: RegExp | null };

/** Sources of expressions. `initials` are the first letters of all of `before`: what is none of them costs next to nothing. */
export function seamsOf(initials: string, before: readonly string[], after: readonly string[] = []): Seams {
	return {
		before: new RegExp(`(?=[${initials}])(?:${before.join("|")})`, "g"),
		after: after.length === 0 ? null : new RegExp(after.join("|"), "g"),
	};
}

/** `-d "$OUT"` is one argument, of at most 128 KiB. */
const longest = 131_072;

export function withSeams(text: string, seams: Seams | undefined): string {
	if (seams === undefined || text.length < 20 || text.length > longest) return text;
	const line = text.trim();
	// Objects end by themselves.
	if (/[\n\r]/.test(line) || line.includes('{"')) return text;
	const begun = line.replace(seams.before, "\n$&");
	return seams.after === null ? begun : begun.replace(seams.after, "$&\n");
}
