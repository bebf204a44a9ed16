// A place in a YAML text: moves over blanks and comments, knows its line, and stops with a reason.

/** Ends the walk through a text: the line, and what is wrong there. */
export class Stop extends Error {
	readonly line: number;

	constructor(line: number, reason: string) {
		super(reason);
		this.line = line;
	}
}

export class Cursor {
	readonly text: string;
	at = 0;
	/** A position whose line is known, so that lines are counted once. */
	#counted = { at: 0, line: 1 };

	constructor(text: string) {
		this.text = text;
	}

	get char(): string {
		return this.text[this.at] ?? "";
	}

	/** Moves over blank lines and comments; the column of what comes, or -1 at the end of the document. */
	next(): number {
		for (;;) {
			this.match(/[ \t\n]*/y);
			if (this.char !== "#") break;
			this.skipLine();
		}
		if (this.at >= this.text.length || this.isMarker("---") || this.isMarker("...")) return -1;
		const start = this.text.lastIndexOf("\n", this.at - 1) + 1;
		const before = this.text.slice(start, this.at);
		if (before.includes("\t") && before.trim() === "") this.stop("is indented with a tab; expected spaces");
		return this.at - start;
	}

	isMarker(marker: string): boolean {
		if (!this.text.startsWith(marker, this.at) || !/^(?:\s|$)/.test(this.text.charAt(this.at + 3))) return false;
		return this.at === 0 || this.text[this.at - 1] === "\n";
	}

	match(pattern: RegExp): string | null {
		pattern.lastIndex = this.at;
		const found = pattern.exec(this.text)?.[0];
		if (found === undefined) return null;
		this.at += found.length;
		return found;
	}

	skipLine(): void {
		const end = this.text.indexOf("\n", this.at);
		this.at = end === -1 ? this.text.length : end;
	}

	lineOf(at: number): number {
		if (at < this.#counted.at) this.#counted = { at: 0, line: 1 };
		let line = this.#counted.line;
		for (let i = this.text.indexOf("\n", this.#counted.at); i !== -1 && i < at; i = this.text.indexOf("\n", i + 1))
			line++;
		this.#counted = { at, line };
		return line;
	}

	stop(reason: string, at = this.at): never {
		throw new Stop(this.lineOf(at), reason);
	}
}
