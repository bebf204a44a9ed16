// Takes a tool's output as it streams and keeps what matters of it in bounded memory: head, tail, no flood of progress.
import { limits } from "../report-fields.ts";

/** restic prints up to 60 of these a second: an hour is 30 MB in which the errors would be lost. */
const progressMarks = ['{"message_type":"status"', '{"message_type":"verbose_status"'].map((mark) => Buffer.from(mark));
const longestMark = Math.max(...progressMarks.map((mark) => mark.length));
const LF = 10;
const CR = 13;
const closing = 125;

/** The first and the last bytes of a stream. What was cut out between them leaves a line end. */
export class HeadAndTail {
	readonly #headSize: number;
	readonly #tailSize: number;
	readonly #head: Uint8Array[] = [];
	#headLength = 0;
	/** A ring once it has its full size; it grows there by doubling, since most outputs are short. */
	#tail = new Uint8Array();
	/** Bytes that ever went into the tail; the next one stands at this place, modulo its length. */
	#written = 0;

	constructor(headSize: number, tailSize: number) {
		this.#headSize = headSize;
		this.#tailSize = tailSize;
	}

	push(bytes: Uint8Array): void {
		const room = this.#headSize - this.#headLength;
		if (room <= 0) {
			this.#pushTail(bytes);
			return;
		}
		// A copy: of a Buffer `slice` is none, and a reader uses its buffer again.
		const part = new Uint8Array(bytes.subarray(0, room));
		this.#head.push(part);
		this.#headLength += part.length;
		if (bytes.length > room) this.#pushTail(bytes.subarray(room));
	}

	/** UTF-8; bytes that are none become U+FFFD. */
	text(): string {
		const size = Math.min(this.#written, this.#tailSize);
		const tail = this.#tail.subarray(0, size);
		const at = this.#written > this.#tailSize ? this.#written % this.#tailSize : 0;
		const ordered = [tail.subarray(at), tail.subarray(0, at)];
		const decoder = new TextDecoder();
		if (this.#written <= this.#tailSize) return decoder.decode(Buffer.concat([...this.#head, ...ordered]));
		const head = decoder.decode(Buffer.concat(this.#head));
		const end = decoder.decode(Buffer.concat(ordered));
		return head === "" ? end : `${head}\n${end}`;
	}

	#pushTail(bytes: Uint8Array): void {
		this.#grow(this.#written + bytes.length);
		let rest = bytes;
		if (rest.length > this.#tailSize) {
			this.#written += rest.length - this.#tailSize;
			rest = rest.subarray(rest.length - this.#tailSize);
		}
		const at = this.#written % this.#tailSize;
		const first = Math.min(rest.length, this.#tailSize - at);
		this.#tail.set(rest.subarray(0, first), at);
		this.#tail.set(rest.subarray(first), 0);
		this.#written += rest.length;
	}

	#grow(needed: number): void {
		if (this.#tail.length >= Math.min(needed, this.#tailSize)) return;
		let size = Math.max(this.#tail.length, 4096);
		while (size < needed && size < this.#tailSize) size *= 2;
		const larger = new Uint8Array(Math.min(size, this.#tailSize));
		larger.set(this.#tail);
		this.#tail = larger;
	}
}

/**
 * Hands a stream on without the progress objects that tools print many times a second. `curl -d` takes line ends out:
 * behind a status the summary stands then, or the sentence that says why it failed. So only the object itself goes, where
 * a line end or more progress follows it; the last one before anything else stays and shows whose output it is.
 */
class ProgressFilter {
	readonly #sink: (bytes: Uint8Array) => void;
	/** From the beginning of what may be progress, until enough of it is there to tell. */
	#start: Uint8Array = new Uint8Array();
	/** Progress begins at the beginning of a line or behind a brace: nowhere else is looked for it. */
	#isWithin = false;

	constructor(sink: (bytes: Uint8Array) => void) {
		this.#sink = sink;
	}

	push(bytes: Uint8Array): void {
		let data = bytes;
		if (this.#start.length > 0) {
			data = Buffer.concat([this.#start, bytes]);
			this.#start = new Uint8Array();
		}
		const nextPlace = placeFinder(data);
		let keptFrom = 0;
		let at = 0;
		while (at < data.length) {
			if (this.#isWithin) {
				const place = nextPlace(at);
				this.#isWithin = place === -1;
				at = place === -1 ? data.length : place;
				continue;
			}
			const end = progressEnd(data, at);
			if (end === null) break;
			if (end === at) this.#isWithin = true;
			else {
				this.#pass(data, keptFrom, at);
				keptFrom = end;
				at = end;
			}
		}
		this.#pass(data, keptFrom, at);
		if (at < data.length) this.#start = new Uint8Array(data.subarray(at));
	}

	/** What was held back because it was not told yet what it is. */
	end(): void {
		this.#pass(this.#start, 0, this.#start.length);
		this.#start = new Uint8Array();
	}

	#pass(data: Uint8Array, from: number, to: number): void {
		if (to > from) this.#sink(data.subarray(from, to));
	}
}

/** A status with two paths of full length fits. What is longer is handed on. */
const longestProgress = 16 * 1024;

/** Finds the place behind the next line end or closing brace. Each is searched again only once it is passed: linear. */
function placeFinder(data: Uint8Array): (from: number) => number {
	const found = [LF, CR, closing].map((code) => ({ code, at: -2 }));
	return (from) => {
		let nearest = -1;
		for (const one of found) {
			if (one.at !== -1 && one.at < from) one.at = data.indexOf(one.code, from);
			if (one.at !== -1 && (nearest === -1 || one.at < nearest)) nearest = one.at;
		}
		return nearest + 1 || -1;
	};
}

/** Behind the progress that begins at `at`, with its line end; `at` where it is none or stays; null where more must come. */
function progressEnd(data: Uint8Array, at: number): number | null {
	const verdict = isProgress(data, at);
	if (verdict !== true) return verdict === null ? null : at;
	const end = objectEnd(data, at);
	if (end === null) return data.length - at > longestProgress ? at : null;
	if (end === at || !isJson(data, at, end)) return at;
	if (end === data.length) return null;
	if (data[end] === LF) return end + 1;
	if (data[end] === CR) return end + 1 === data.length ? null : data[end + 1] === LF ? end + 2 : end + 1;
	const next = isProgress(data, end);
	return next === null ? null : next ? end : at;
}

/** Behind the brace that closes the object at `at`; null where it is to come; `at` where the line or the length ends first. */
function objectEnd(data: Uint8Array, at: number): number | null {
	const last = Math.min(data.length, at + longestProgress);
	let depth = 0;
	let isInString = false;
	for (let place = at; place < last; place++) {
		const code = data[place];
		if (code === LF || code === CR) return at;
		if (code === 34) isInString = !isInString;
		else if (isInString) place += code === 92 ? 1 : 0;
		else if (code === 123) depth++;
		else if (code === closing && --depth === 0) return place + 1;
	}
	return last === data.length ? null : at;
}

/** Braces that balance are not enough: an error that was printed into a status must not go with it. */
function isJson(data: Uint8Array, from: number, to: number): boolean {
	try {
		JSON.parse(Buffer.from(data.buffer, data.byteOffset + from, to - from).toString("utf8"));
		return true;
	} catch {
		return false;
	}
}

/** Whether what begins at `at` is progress; null where too little of it is there. */
function isProgress(data: Uint8Array, at: number): boolean | null {
	if (data[at] !== 123) return false;
	let isOpen = false;
	for (const mark of progressMarks) {
		const length = Math.min(mark.length, data.length - at);
		let same = 0;
		while (same < length && data[at + same] === mark[same]) same++;
		if (same === mark.length) return true;
		if (same === data.length - at) isOpen = true;
	}
	return isOpen && data.length - at < longestMark ? null : false;
}

/** Both outputs of a command, apart for the adapter and together, in the order of their arrival, for the log. */
export class OutputKeeper {
	readonly stdout: StreamKeeper;
	readonly stderr: StreamKeeper;
	readonly #log = new HeadAndTail(0, 4 * limits.log);

	constructor(sizes: KeeperSizes = defaultSizes) {
		const log = (bytes: Uint8Array) => this.#log.push(bytes);
		this.stdout = new StreamKeeper(sizes, log);
		this.stderr = new StreamKeeper(sizes, log);
	}

	/** To be asked after both streams have ended. */
	log(): string {
		return this.#log.text();
	}
}

export type KeeperSizes = { head: number; tail: number };
/** A listing of 50,000 archives fits; what is larger loses its middle. */
const defaultSizes: KeeperSizes = { head: 1024 * 1024, tail: 3 * 1024 * 1024 };

/** One stream: give it bytes, end it, ask for its text. */
export class StreamKeeper {
	readonly #kept: HeadAndTail;
	readonly #filter: ProgressFilter;

	constructor({ head, tail }: KeeperSizes = defaultSizes, also: (bytes: Uint8Array) => void = () => {}) {
		this.#kept = new HeadAndTail(head, tail);
		this.#filter = new ProgressFilter((bytes) => {
			this.#kept.push(bytes);
			also(bytes);
		});
	}

	push(bytes: Uint8Array): void {
		this.#filter.push(bytes);
	}

	end(): void {
		this.#filter.end();
	}

	text(): string {
		return this.#kept.text();
	}
}
