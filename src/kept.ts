// What is costly to make, kept for as long as everything it was made of is the same.

/** The same value, or the same object: what is compared by its content has to be kept itself. */
export function isSame(some: readonly unknown[], others: readonly unknown[]): boolean {
	if (some.length !== others.length) return false;
	for (let i = 0; i < some.length; i++) if (!Object.is(some[i], others[i])) return false;
	return true;
}

/** Kept by inputs that are named beside what makes it: `make` must depend on nothing else. */
export class KeptBy<Made> {
	readonly #most: number;
	readonly #known = new Map<string | number, { inputs: readonly unknown[]; made: Made }>();

	/** With more than `most` under different keys it begins anew. */
	constructor(most: number) {
		this.#most = most;
	}

	/** What is kept under the key, made again where an input has changed. */
	of(key: string | number, inputs: readonly unknown[], make: () => Made): Made {
		const known = this.#known.get(key);
		if (known !== undefined && isSame(known.inputs, inputs)) return known.made;
		const made = make();
		if (known === undefined && this.#known.size >= this.#most) this.#known.clear();
		this.#known.set(key, { inputs, made });
		return made;
	}
}

/**
 * `make` sees nothing but its inputs, and all of them are compared: so nothing can be kept that has become wrong. Pass a
 * function of a module, not one that closes over something else.
 */
export class Kept<Inputs extends readonly unknown[], Made> {
	readonly #make: (...inputs: Inputs) => Made;
	readonly #kept: KeptBy<Made>;

	constructor(most: number, make: (...inputs: Inputs) => Made) {
		this.#kept = new KeptBy(most);
		this.#make = make;
	}

	of(key: string | number, ...inputs: Inputs): Made {
		return this.#kept.of(key, inputs, () => this.#make(...inputs));
	}
}
