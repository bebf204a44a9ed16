// How much of a big file is read at a time: nobody is answered while one portion is stored, and a Pi needs longer for it.

/** Milliseconds that an answer may have to wait for a portion. */
const portionMs = 20;
const least = 32 * 1024;

/** Lives as long as its file is read on. */
export class Pace {
	readonly #most: number;
	/** Bytes of the next portion. */
	length: number;

	constructor(most: number) {
		this.#most = most;
		this.length = Math.min(most, 4 * least);
	}

	/** After a portion that took this long. */
	took(ms: number): void {
		if (ms > portionMs) this.length = Math.max(least, this.length / 2);
		else if (ms < portionMs / 3) this.length = Math.min(this.#most, this.length * 2);
	}
}
