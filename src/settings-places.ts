// Where each key of a YAML text stands: Bun's parser gives values without lines, and takes the last of two equal keys silently.
import { Cursor, Stop } from "./settings-cursor.ts";

/** List items have numbers, keys text. */
export type Path = readonly (string | number)[];

export type Place = {
	line: number;
	/** The key as written, where it stands without quotes. */
	key: string | null;
	/** The value as written, where it is one line without quotes: 010 stays 010. */
	raw: string | null;
};

export type Places = {
	/** By `keyOf(path)`. */
	places: Map<string, Place>;
	repeated: { path: Path; line: number; first: number }[];
};

export type Misplaced = { line: number; reason: string };

/** Deeper than anything the file may say; Bun's parser overflows its stack at some thousand. */
const maxDepth = 12;
/** Merges copy: without a limit 170 KB of them fill the memory. */
const maxAliases = 100;
/** Enough for a person; each further key is compared with all of them. */
const mostRepeated = 50;

const plainKey = /(?:[^\n#:]|:(?=\S)|(?<=\S)#)+:(?=[ \t\n]|$)/y;
const quotedKey = /(?:"(?:[^"\\\n]|\\.)*"|'(?:[^'\n]|'')*')[ \t]*:(?=[ \t\n]|$)/y;
const quotedText = /"(?:[^"\\]|\\[\s\S])*"|'(?:[^']|'')*'/y;
const plainInFlow = /(?:[^\n,[\]{}#:]|:(?![\s,[\]{}]|$)|(?<=\S)#)+/y;
const name = /[^\s,[\]{}]+/y;

export function keyOf(path: Path): string {
	return JSON.stringify(path);
}

/** Walks a text with `\n` line ends. What it cannot walk has no right to be taken: the line, and what is wrong with it. */
export function findPlaces(text: string): Places | Misplaced {
	const scanner = new Scanner(text);
	try {
		scanner.document();
		return scanner;
	} catch (error) {
		if (error instanceof Stop) return { line: error.line, reason: error.message };
		throw error;
	}
}

class Scanner extends Cursor implements Places {
	readonly places = new Map<string, Place>();
	readonly repeated: Places["repeated"] = [];
	readonly #anchors = new Set<string>();
	#aliases = 0;

	document(): void {
		this.next();
		while (this.char === "%") {
			this.skipLine();
			this.next();
		}
		if (this.isMarker("---")) {
			this.at += 3;
			this.#value(-1, []);
		} else {
			const column = this.next();
			if (column !== -1) this.#node(column, []);
		}
		this.next();
		if (this.isMarker("...")) {
			this.at += 3;
			this.next();
		}
		if (this.isMarker("---")) this.stop("begins a second document (---); expected one");
		if (this.at < this.text.length) this.stop("is indented differently from the lines it belongs to");
	}

	#node(column: number, path: Path): void {
		if (this.#isDash()) this.#sequence(column, path);
		else if (this.#isKey()) this.#mapping(column, path);
		else this.#value(column - 1, path);
	}

	#mapping(column: number, path: Path): void {
		for (;;) {
			const start = this.at;
			const written = this.match(quotedKey) ?? this.match(plainKey);
			if (written === null) this.stop(this.#whyNoKey());
			this.#value(column, this.#record(path, written.slice(0, -1).trimEnd(), start), true);
			const next = this.next();
			if (next < column) return;
			if (next > column || this.#isDash()) this.stop("is indented differently from the lines it belongs to");
		}
	}

	#sequence(column: number, path: Path): void {
		for (let index = 0; ; index++) {
			const item = this.#item(path, index);
			this.at++;
			this.match(/[ \t]*/y);
			const start = this.text.lastIndexOf("\n", this.at - 1) + 1;
			if (this.#isDash() || this.#isKey()) this.#node(this.at - start, item);
			else this.#value(column, item);
			const next = this.next();
			if (next < column) return;
			if (next > column) this.stop("is indented differently from the lines it belongs to");
			// A list may stand as deep as the key it belongs to; the mapping around it judges what follows.
			if (!this.#isDash()) return;
		}
	}

	/** What stands behind a key or a dash. `column` is that of the key: what belongs to it is indented more. */
	#value(column: number, path: Path, isOfKey = false): void {
		this.#properties();
		if (this.match(/#[^\n]*/y) !== null || this.char === "\n" || this.char === "") {
			const next = this.next();
			if (next > column) this.#node(next, path);
			else if (isOfKey && next !== -1 && next === column && this.#isDash()) this.#sequence(column, path);
			return;
		}
		const char = this.char;
		if (char === "{" || char === "[") this.#flow(path);
		else if (char === '"' || char === "'") this.#quoted();
		else if (char === "*") this.#alias();
		else if (char === "|" || char === ">") this.#blockText(column);
		else this.#plain(column, path);
		const isWhole = /[{["'*]/.test(char);
		if (isWhole && this.match(/[ \t]*(?=\n|$)|[ \t]+#[^\n]*/y) === null) {
			this.stop(
				char === "*"
					? "has a value that begins with *; put it in quotes"
					: "has more behind its value; check the quotes",
			);
		}
	}

	#plain(column: number, path: Path): void {
		this.#checkStart();
		const place = this.places.get(keyOf(path));
		const line = this.match(/[^\n]*/y) ?? "";
		const raw = line.replace(/[ \t]#.*$/, "").trim();
		if (/:(?:\s|$)/.test(raw)) this.stop('has a value with ": " in it; put the value in quotes', this.at - 1);
		if (place) place.raw = raw;
		for (let next = this.next(); next > column; next = this.next()) {
			if (this.#isKey()) this.stop("is indented more than the key above it, which has its value already");
			this.skipLine();
			if (place) place.raw = null;
		}
	}

	#blockText(column: number): void {
		this.skipLine();
		while (this.at < this.text.length) {
			this.at++;
			const indent = this.match(/ */y)?.length ?? 0;
			if (indent <= column && this.char !== "\n") {
				this.at -= indent;
				return;
			}
			this.skipLine();
		}
	}

	#flow(path: Path): void {
		const start = this.at;
		const isMap = this.char === "{";
		const end = isMap ? "}" : "]";
		this.at++;
		for (let index = 0; ; index++) {
			this.#flowSpace(start);
			if (this.char === end) break;
			if (isMap) this.#flowEntry(path, start);
			else this.#flowItem(this.#item(path, index), start);
			this.#flowSpace(start);
			if (this.char === ",") this.at++;
			else if (this.char !== end) this.stop(`misses a comma or a ${end}`);
		}
		this.at++;
	}

	#flowEntry(path: Path, start: number): void {
		const keyStart = this.at;
		const isQuoted = this.char === '"' || this.char === "'";
		const written = isQuoted ? this.#quoted() : this.#flowPlain();
		const entry = this.#record(path, written, keyStart);
		this.#flowSpace(start);
		if (this.char !== ":") return;
		this.at++;
		this.#flowValue(entry, start);
	}

	/** `[a: b]` is a list of one mapping. */
	#flowItem(path: Path, start: number): void {
		const keyStart = this.at;
		this.#flowValue(path, start);
		const written = this.text.slice(keyStart, this.at);
		this.#flowSpace(start);
		if (this.char !== ":") return;
		this.at++;
		this.#flowValue(this.#record(path, written, keyStart), start);
	}

	#flowValue(path: Path, start: number): void {
		this.#flowSpace(start);
		this.#properties();
		this.#flowSpace(start);
		const char = this.char;
		if (char === "," || char === "}" || char === "]") return;
		if (char === "{" || char === "[") this.#flow(path);
		else if (char === '"' || char === "'") this.#quoted();
		else if (char === "*") this.#alias();
		else {
			const raw = this.#flowPlain();
			const place = this.places.get(keyOf(path));
			if (place) place.raw = raw.includes("\n") ? null : raw;
		}
	}

	#flowPlain(): string {
		this.#checkStart();
		const start = this.at;
		while (this.match(plainInFlow) !== null && /^\n[ \t]*[^\s,[\]{}#:]/.test(this.text.slice(this.at, this.at + 80))) {
			this.match(/\s*/y);
		}
		if (this.at === start) this.stop(`has a ${this.char} where a value is expected`);
		return this.text.slice(start, this.at).trimEnd();
	}

	#flowSpace(start: number): void {
		while (this.match(/\s+|(?<=\s)#[^\n]*/y) !== null);
		if (this.at >= this.text.length) this.stop(`opens a ${this.text[start]} that is never closed`, start);
	}

	#quoted(): string {
		const text = this.match(quotedText);
		if (text === null) this.stop("opens a quote that is never closed");
		return text;
	}

	#alias(): void {
		this.at++;
		const alias = this.match(name);
		if (alias === null || !this.#anchors.has(alias)) this.stop("has a value that begins with *; put it in quotes");
		this.#aliases++;
		if (this.#aliases > maxAliases) this.stop(`has one alias (*) too many; at most ${maxAliases} are taken`);
	}

	/** Anchors and tags before a value. */
	#properties(): void {
		for (;;) {
			this.match(/[ \t]*/y);
			if (this.char !== "&" && this.char !== "!") return;
			const word = this.match(name) ?? "";
			if (word.startsWith("&")) this.#anchors.add(word.slice(1));
			else if (word !== "!!str") this.stop("has a tag (!); tags are not taken, secrets go into a file (url_file)");
		}
	}

	#record(path: Path, written: string, start: number): Path {
		if (path.length >= maxDepth) this.stop(`is nested deeper than ${maxDepth} levels`);
		const isQuoted = written.startsWith('"') || written.startsWith("'");
		const text = isQuoted ? quotedKeyText(written) : plainKeyText(written);
		if (text === null) this.stop("has a key that cannot be read; check what stands behind its \\", start);
		const entry = [...path, text];
		const id = keyOf(entry);
		const line = this.lineOf(start);
		const known = this.places.get(id);
		const isInRepeated = this.repeated.some((one) => one.path.length < entry.length && startsWith(entry, one.path));
		if (known && !isInRepeated && this.repeated.length < mostRepeated)
			this.repeated.push({ path: entry, line, first: known.line });
		// The later one is what Bun's parser takes.
		this.places.set(id, { line, key: isQuoted ? null : written, raw: null });
		return entry;
	}

	#item(path: Path, index: number): Path {
		if (path.length >= maxDepth) this.stop(`is nested deeper than ${maxDepth} levels`);
		const item = [...path, index];
		this.places.set(keyOf(item), { line: this.lineOf(this.at), key: null, raw: null });
		return item;
	}

	#isDash(): boolean {
		return this.char === "-" && /^-(?:\s|$)/.test(this.text.slice(this.at, this.at + 2));
	}

	#isKey(): boolean {
		if (/[[\]{}&*!|>%@`,#]/.test(this.char)) return false;
		const pattern = this.char === '"' || this.char === "'" ? quotedKey : plainKey;
		pattern.lastIndex = this.at;
		return pattern.test(this.text);
	}

	#whyNoKey(): string {
		const line = this.text.slice(this.at).split("\n", 1)[0] ?? "";
		return /^[\w-]+:\S/.test(line) ? "misses a space after its colon" : 'is no "key: value"';
	}

	#checkStart(): void {
		if (/[@`%]/.test(this.char)) this.stop(`has a value that begins with ${this.char}; put it in quotes`);
		if (/[,[\]{}]/.test(this.char)) this.stop(`has a ${this.char} where a value is expected`);
		if (this.char === "?" && /\s/.test(this.text[this.at + 1] ?? "\n")) this.stop('has a key that begins with "?"');
		if (this.#isDash()) this.stop("has a list item behind a key; begin the list on a line of its own");
	}
}

function startsWith(path: Path, start: Path): boolean {
	return start.every((part, index) => part === path[index]);
}

function quotedKeyText(written: string): string | null {
	try {
		return String(Bun.YAML.parse(written));
	} catch {
		return null;
	}
}

/** A key as Bun reads it: 0123 is "123", 1.50 is "1.5". */
function plainKeyText(written: string): string {
	if (/^[a-z]/i.test(written) && !/^(?:null|true|false)$/i.test(written)) return written;
	try {
		const value: unknown = Bun.YAML.parse(`${written}: 0`);
		return typeof value === "object" && value !== null ? (Object.keys(value)[0] ?? written) : written;
	} catch {
		return written;
	}
}
