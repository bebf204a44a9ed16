// Takes the entries out of JSON as it streams by: only one entry is ever held, however long the listing is.
import type { ListingFormat } from "../../inventory.ts";
import { type JsonObject, toObject } from "../text.ts";
import { broken, type ListingEnd, whole } from "./reader.ts";
import { strangerIn } from "./whose.ts";

/** Longest entry; a snapshot of a repository with thousands of paths is shorter. */
const longestEntry = 1024 * 1024;
const deepest = 64;
/** How many brackets are tried as the end of an entry, and how long one is that is tried. */
const attempts = 4;
const longestWhole = 16_384;

type Level = { isArray: boolean; key: string };

/**
 * Gives each object of an array that stands at the top or under one of `keys`, and objects at the top that hold no such
 * array (one a line, or a tool's error). Text before the first bracket is skipped, as tools print warnings there.
 */
export class JsonElements {
	readonly #keys: ReadonlySet<string>;
	readonly #words: readonly string[];
	readonly #format: ListingFormat;
	readonly #onElement: (object: JsonObject, isTop: boolean) => void;
	readonly #levels: Level[] = [];
	/** The text of the entry that is being read, and the depth at which it began; -1: none. */
	#kept = "";
	#keptFrom = -1;
	#isInString = false;
	#isEscaped = false;
	/** The string that was read last: a key, if a colon follows. */
	#string = "";
	#key = "";
	#seen = 0;
	#outside = "";
	#trouble: string | null = null;
	/** Whether an entry was found before the trouble: then it was cut, else it is none. */
	#wasBegun = false;

	constructor(format: ListingFormat, keys: readonly string[], onElement: (object: JsonObject, isTop: boolean) => void) {
		this.#format = format;
		this.#keys = new Set(keys);
		this.#words = keys.map((key) => JSON.stringify(key));
		this.#onElement = onElement;
	}

	push(text: string): void {
		if (this.#trouble !== null) return;
		const structure = /["\\{}[\]:,]/g;
		let from = 0;
		// What of this piece belongs to the entry being read begins here.
		let keptAt = this.#keptFrom === -1 ? -1 : 0;
		if (this.#isEscaped) {
			from = 1;
			this.#isEscaped = false;
		}
		const stringStart = { at: 0 };
		for (;;) {
			if (this.#isInString) {
				const end = stringEnd(text, from);
				if (end === -1 || end >= text.length) {
					this.#isEscaped = end > text.length;
					this.#noteString(text.slice(stringStart.at));
					break;
				}
				this.#noteString(text.slice(stringStart.at, end));
				this.#isInString = false;
				from = end + 1;
				continue;
			}
			structure.lastIndex = from;
			const found = structure.exec(text);
			if (found === null) {
				this.#noteOutside(text.slice(from));
				break;
			}
			const at = found.index;
			const char = found[0];
			if (this.#levels.length === 0) this.#noteOutside(text.slice(from, at));
			// The list that a tool prints holds entries; words in brackets are a table for people.
			if (this.#levels.length === 1 && this.#levels[0]?.isArray === true && isWord(text, from, at)) {
				this.#give(`is no JSON: ${firstLine(`${this.#outside}[${text.slice(from, at)}`)}`, this.#wasBegun);
				return;
			}
			from = at + 1;
			// Between values only brackets begin something: a warning may hold quotes and colons.
			if (this.#levels.length === 0 && char !== "{" && char !== "[") continue;
			if (char === '"') {
				this.#isInString = true;
				this.#string = "";
				stringStart.at = from;
			} else if (char === ":") this.#key = this.#string;
			else if (char === "{" || char === "[") {
				const isArray = char === "[";
				if (this.#begins(isArray)) {
					const end = this.#readWhole(text, at);
					if (this.#trouble !== null) return;
					if (end !== -1) {
						from = end;
						continue;
					}
					this.#kept = "";
					keptAt = at;
					this.#keptFrom = this.#levels.length;
				} else if (isArray && this.#keptFrom !== -1 && this.#keys.has(this.#key)) {
					// The entries stand in here: what was begun around them is none.
					this.#kept = "";
					keptAt = -1;
					this.#keptFrom = -1;
				}
				this.#levels.push({ isArray, key: this.#key });
				this.#key = "";
				if (this.#levels.length > deepest) {
					this.#give("is nested too deeply");
					return;
				}
			} else if (char === "}" || char === "]") {
				const level = this.#levels.pop();
				if (level === undefined || level.isArray !== (char === "]")) {
					this.#give("is no valid JSON");
					return;
				}
				if (this.#levels.length === 0) this.#seen++;
				if (this.#keptFrom === this.#levels.length) {
					this.#finish(this.#kept + text.slice(keptAt, from));
					if (this.#trouble !== null) return;
					keptAt = -1;
				}
			}
		}
		if (this.#keptFrom !== -1 && keptAt !== -1) this.#kept += text.slice(keptAt);
		if (this.#kept.length > longestEntry) this.#give("has an entry of more than a megabyte");
	}

	end(): ListingEnd {
		if (this.#trouble !== null) return broken(this.#trouble, this.#wasBegun);
		if (this.#levels.length > 0) return broken("ends in the middle of an entry: it was cut", true);
		if (this.#seen > 0) return whole;
		const text = this.#outside.trim();
		// What restic prints of a repository without snapshots.
		if (text === "null") return whole;
		return broken(text === "" ? "is empty" : `is no JSON: ${firstLine(text)}`, false);
	}

	/**
	 * Most entries stand whole in one piece and have few brackets: the parser finds the end of those faster than a look at
	 * each bracket, many times without a JIT. No object is the beginning of another one, so the first that parses is it.
	 * Gives the place behind it; -1: it has to be looked for.
	 */
	#readWhole(text: string, at: number): number {
		let end = at;
		for (let attempt = 0; attempt < attempts; attempt++) {
			end = text.indexOf("}", end) + 1;
			if (end === 0 || end - at > longestWhole) return -1;
			const whole = text.slice(at, end);
			const object = parsed(whole);
			if (object === null) continue;
			// What holds the list of entries is none.
			if (this.#words.some((word) => whole.includes(word))) return -1;
			const isTop = this.#levels.length === 0;
			if (isTop) this.#seen++;
			this.#take(object, isTop);
			return end;
		}
		return -1;
	}

	/** Whether an entry begins at this bracket. */
	#begins(isArray: boolean): boolean {
		if (isArray || this.#keptFrom !== -1) return false;
		const parent = this.#levels.at(-1);
		if (parent === undefined) return true;
		return parent.isArray && (this.#levels.length === 1 || this.#keys.has(parent.key));
	}

	#finish(text: string): void {
		const isTop = this.#levels.length === 0;
		this.#kept = "";
		this.#keptFrom = -1;
		const object = parsed(text);
		if (object === null) this.#give("is no valid JSON");
		else this.#take(object, isTop);
	}

	#take(object: JsonObject, isTop: boolean): void {
		const stranger = this.#wasBegun ? null : strangerIn(object, this.#format);
		if (stranger !== null) {
			this.#give(stranger, false);
			return;
		}
		this.#wasBegun = true;
		this.#onElement(object, isTop);
	}

	#noteString(piece: string): void {
		if (this.#string.length < 64) this.#string += piece.slice(0, 64);
	}

	#noteOutside(piece: string): void {
		if (this.#levels.length === 0 && this.#outside.length < 200) this.#outside += piece.slice(0, 200);
	}

	#give(trouble: string, wasBegun = true): void {
		this.#trouble = trouble;
		this.#wasBegun = wasBegun;
		this.#kept = "";
	}
}

function firstLine(text: string): string {
	return text.trim().split("\n", 1)[0]?.slice(0, 120) ?? "";
}

/** Whether something else than blanks and commas stands in a stretch. */
function isWord(text: string, from: number, to: number): boolean {
	return to > from && /[^\s,]/.test(text.slice(from, to));
}

function parsed(text: string): JsonObject | null {
	try {
		return toObject(JSON.parse(text));
	} catch {
		return null;
	}
}

/** The place of the closing quote; the length or more, where it is not in this text: more, if a backslash ended it. */
function stringEnd(text: string, from: number): number {
	let at = from;
	for (;;) {
		const quote = text.indexOf('"', at);
		const slash = text.indexOf("\\", at);
		if (slash === -1 || (quote !== -1 && quote < slash)) return quote === -1 ? text.length : quote;
		if (slash + 1 >= text.length) return text.length + 1;
		at = slash + 2;
	}
}
