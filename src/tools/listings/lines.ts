// Cuts text that arrives in pieces into lines; `find -print0` and its like end them with NUL instead.

export class LineCutter {
	readonly #onLine: (line: string) => void;
	#rest = "";
	/** Whether the text had a last line without an end. */
	isCut = false;

	constructor(onLine: (line: string) => void) {
		this.#onLine = onLine;
	}

	push(text: string): void {
		const whole = this.#rest + text;
		const end = whole.includes("\0") ? "\0" : "\n";
		let from = 0;
		for (let at = whole.indexOf(end); at !== -1; at = whole.indexOf(end, from)) {
			this.#line(whole.slice(from, at));
			from = at + 1;
		}
		this.#rest = whole.slice(from);
	}

	end(): void {
		this.isCut = this.#rest.trim() !== "";
		if (this.isCut) this.#line(this.#rest);
		this.#rest = "";
	}

	#line(line: string): void {
		const text = line.endsWith("\r") ? line.slice(0, -1) : line;
		if (text.trim() !== "") this.#onLine(text);
	}
}
