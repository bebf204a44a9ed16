// What is wrong with the monitor now: each problem once, until it is over.
import type { Problem } from "../overview.ts";

export class Problems {
	readonly #byId = new Map<string, Problem>();
	readonly #onChange: () => void;

	/** `onChange` is called when something that people are shown has changed. */
	constructor(onChange: () => void) {
		this.#onChange = onChange;
	}

	list(): Problem[] {
		return [...this.#byId.values()];
	}

	has(id: string): boolean {
		return this.#byId.has(id);
	}

	say(problem: Problem): void {
		const known = this.#byId.get(problem.id);
		if (known?.title === problem.title && known.detail === problem.detail) return;
		this.#byId.set(problem.id, problem);
		this.#onChange();
	}

	clear(id: string): void {
		if (this.#byId.delete(id)) this.#onChange();
	}
}
