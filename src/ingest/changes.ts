// That something has changed, told to whoever listens: many changes at once are told as one.

/** Milliseconds: what belongs together (a run, its judgement, the alert about it) comes within it. */
const gatherMs = 250;

export class Changes {
	readonly #listeners = new Set<() => void>();
	#timer: ReturnType<typeof setTimeout> | null = null;

	/** Called once after the changes of a quarter of a second. Returns what ends it. */
	subscribe(listener: () => void): () => void {
		// A function of its own: the same listener may come twice, and each of the two ends alone.
		const own = () => listener();
		this.#listeners.add(own);
		return () => {
			this.#listeners.delete(own);
		};
	}

	/** Costs nothing while nobody listens. */
	note(): void {
		if (this.#listeners.size === 0 || this.#timer !== null) return;
		this.#timer = setTimeout(() => {
			this.#timer = null;
			for (const listener of [...this.#listeners]) listener();
		}, gatherMs);
		// Nobody is told of anything by a program that is about to end.
		this.#timer.unref();
	}

	get listeners(): number {
		return this.#listeners.size;
	}
}
