// Takes a tool's output as it streams and keeps what matters of it in bounded memory: head, tail, no progress lines.
import { limits } from "../report.ts";

/** restic prints up to 60 of these a second: an hour is 30 MB in which the errors would be lost. */
const progressMarks = ['{"message_type":"status"', '{"message_type":"verbose_status"'].map((mark) => Buffer.from(mark));
const longestMark = Math.max(...progressMarks.map((mark) => mark.length));
const LF = 10;

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

/** Hands a stream on without the progress lines that tools print many times a second. */
export class ProgressFilter {
	readonly #sink: (bytes: Uint8Array) => void;
	/** The beginning of a line, until it is long enough to tell. */
	#start: Uint8Array = new Uint8Array();
	#isInKeptLine = false;

	constructor(sink: (bytes: Uint8Array) => void) {
		this.#sink = sink;
	}

	push(bytes: Uint8Array): void {
		let data = bytes;
		if (this.#start.length > 0) {
			data = Buffer.concat([this.#start, bytes]);
			this.#start = new Uint8Array();
		}
		let keptFrom = 0;
		let at = 0;
		while (at < data.length) {
			const verdict = this.#isInKeptLine ? false : isProgress(data, at);
			const end = data.indexOf(LF, at);
			if (end === -1) {
				// Not told yet, or progress whose end is to come: held back, unless it is far too long for that.
				if (verdict !== false && data.length - at <= longestProgress) break;
				this.#isInKeptLine = true;
				at = data.length;
				break;
			}
			if (verdict === true && isOneObject(data, at, end)) {
				this.#pass(data, keptFrom, at);
				keptFrom = end + 1;
			}
			at = end + 1;
			this.#isInKeptLine = false;
		}
		this.#pass(data, keptFrom, at);
		if (at < data.length) this.#start = new Uint8Array(data.subarray(at));
	}

	/** What was held back because its line had not told yet what it is. */
	end(): void {
		this.#pass(this.#start, 0, this.#start.length);
		this.#start = new Uint8Array();
	}

	#pass(data: Uint8Array, from: number, to: number): void {
		if (to > from) this.#sink(data.subarray(from, to));
	}
}

const longestProgress = 64 * 1024;

/**
 * Whether a line is one JSON object and nothing else. `curl -d` takes line ends out: behind a status the summary stands
 * then, or the sentence that says why it failed.
 */
function isOneObject(data: Uint8Array, from: number, to: number): boolean {
	if (to - from > longestProgress) return false;
	try {
		JSON.parse(Buffer.from(data.buffer, data.byteOffset + from, to - from).toString("utf8"));
		return true;
	} catch {
		return false;
	}
}

/** Whether a line that begins at `at` is progress; null where too little of it is there. */
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
