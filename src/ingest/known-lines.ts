// Remembers, as 16-byte hashes in order, the lines a followed file held, so that reading it again changes nothing.

const wordsPerHash = 2;
export const hashLength = 16;

/**
 * The hashes of a stretch of lines, in order. Two seeded 64-bit hashes stand for one line: accidents are excluded, and
 * a reporter who forges one only gets his own line ignored.
 */
export class LineHashes {
	#words = new BigUint64Array(64);
	length = 0;

	/** Appends a line's hash; returns its index. */
	add(line: string | Uint8Array): number {
		const at = this.length * wordsPerHash;
		if (at === this.#words.length) {
			const words = new BigUint64Array(at * 2);
			words.set(this.#words);
			this.#words = words;
		}
		this.#words[at] = Bun.hash.xxHash64(line, 0n);
		this.#words[at + 1] = Bun.hash.xxHash64(line, 1n);
		return this.length++;
	}

	word(index: number, part: 0 | 1): bigint {
		return this.#words[index * wordsPerHash + part] ?? 0n;
	}

	bytes(): Buffer {
		return Buffer.from(this.#words.buffer, 0, this.length * hashLength);
	}
}

/** One hash by itself, of a file's first bytes. */
export function hashOf(bytes: Uint8Array): Buffer {
	const hashes = new LineHashes();
	hashes.add(bytes);
	return hashes.bytes();
}

/**
 * The lines of the file as it was, asked one by one in the order in which they stand in the file as it is now. Matches
 * in order, not as a set: of a failure, a success and the same failure again, appended while nobody looked, the last is
 * new, because the only line like it stands before the success.
 */
export class KnownLines {
	readonly #words: BigUint64Array;
	readonly #next: Int32Array;
	readonly #first: Int32Array;
	readonly #mask: number;
	#after = -1;

	constructor(hashes: Uint8Array[]) {
		const bytes = Buffer.concat(hashes);
		const count = Math.floor(bytes.length / hashLength);
		this.#words = new BigUint64Array(count * wordsPerHash);
		new Uint8Array(this.#words.buffer).set(bytes.subarray(0, count * hashLength));
		let slots = 16;
		while (slots < count * 2) slots *= 2;
		this.#mask = slots - 1;
		this.#first = new Int32Array(slots).fill(-1);
		this.#next = new Int32Array(count);
		for (let at = count - 1; at >= 0; at--) {
			const slot = this.#slotOf(this.#words[at * wordsPerHash] ?? 0n);
			this.#next[at] = this.#first[slot] ?? -1;
			this.#first[slot] = at;
		}
	}

	/** Whether a line stood in the old file, behind the line that was found last. */
	has(hashes: LineHashes, index: number): boolean {
		const low = hashes.word(index, 0);
		const high = hashes.word(index, 1);
		const slot = this.#slotOf(low);
		let at = this.#first[slot] ?? -1;
		// Nothing before the last match is asked for again: dropped, or a file of one line over and over takes forever.
		while (at !== -1 && at <= this.#after) at = this.#next[at] ?? -1;
		this.#first[slot] = at;
		for (; at !== -1; at = this.#next[at] ?? -1) {
			if (this.#words[at * wordsPerHash] !== low || this.#words[at * wordsPerHash + 1] !== high) continue;
			this.#after = at;
			return true;
		}
		return false;
	}

	#slotOf(word: bigint): number {
		return Number(word & 0x7fffffffn) & this.#mask;
	}
}
