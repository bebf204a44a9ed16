// What is costly to make, kept for as long as everything it was made of is the same.

/** The same value, or the same object: what is compared by its content has to be kept itself. */
export function isSame(some: readonly unknown[], others: readonly unknown[]): boolean {
	if (some.length !== others.length) return false;
	for (let i = 0; i < some.length; i++) if (!Object.is(some[i], others[i])) return false;
	return true;
}

type Entry<Made> = { inputs: readonly unknown[]; made: Made };

/** So often a generation is asked before it may end. */
const leastAsked = 64;

/**
 * Kept by inputs that are named beside what makes it: `make` must depend on nothing else. In two generations: what is not
 * asked for during one of them goes. With each run there are other instants and rows, and those before are not seen again.
 */
export class KeptBy<Made> {
	readonly #most: number;
	#young = new Map<string | number, Entry<Made>>();
	#old = new Map<string | number, Entry<Made>>();
	/** Since the generation began. */
	#asked = 0;

	/** With more than `most` under different keys it begins anew. */
	constructor(most: number) {
		this.#most = most;
	}

	/** What is kept under the key, made again where an input has changed. */
	of(key: string | number, inputs: readonly unknown[], make: () => Made): Made {
		this.#asked++;
		const young = this.#young.get(key);
		const known = young ?? this.#old.get(key);
		const entry = known !== undefined && isSame(known.inputs, inputs) ? known : { inputs, made: make() };
		if (entry === young) return entry.made;
		this.#old.delete(key);
		if (young === undefined) this.#age();
		this.#young.set(key, entry);
		return entry.made;
	}

	/** Before one more key is among the young. */
	#age(): void {
		const { size } = this.#young;
		if (size + this.#old.size >= this.#most) this.#old = new Map();
		// Whatever is in use was asked for three times by then.
		const isOver = this.#asked >= Math.max(leastAsked, 3 * size);
		if (size < this.#most && !isOver) return;
		if (size < this.#most) this.#old = this.#young;
		this.#young = new Map();
		this.#asked = 0;
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
