// Token buckets by address: how often somebody may fail, or make something new, before he has to wait.

const most = 1024;

export class Buckets {
	readonly #size: number;
	readonly #perSecond: number;
	readonly #levels = new Map<string, { level: number; at: number }>();

	/** `size` at once, then `perSecond`. */
	constructor(size: number, perSecond: number) {
		this.#size = size;
		this.#perSecond = perSecond;
	}

	/** Takes one; the seconds to wait when there is none, else 0. `at` is monotonic milliseconds. */
	take(address: string, at: number): number {
		const key = networkOf(address);
		const level = this.#levelAt(key, at);
		if (level < 1) return Math.ceil((1 - level) / this.#perSecond);
		this.#set(key, level - 1, at);
		return 0;
	}

	/** What was taken was not needed after all. */
	giveBack(address: string, at: number): void {
		const key = networkOf(address);
		this.#set(key, Math.min(this.#size, this.#levelAt(key, at) + 1), at);
	}

	#levelAt(key: string, at: number): number {
		const known = this.#levels.get(key);
		if (known === undefined) return this.#size;
		return Math.min(this.#size, known.level + ((at - known.at) / 1000) * this.#perSecond);
	}

	#set(key: string, level: number, at: number): void {
		this.#levels.delete(key);
		if (this.#levels.size >= most) {
			const oldest = this.#levels.keys().next().value;
			if (oldest !== undefined) this.#levels.delete(oldest);
		}
		this.#levels.set(key, { level, at });
	}
}

/** One home has a /64 of IPv6 addresses: they share a bucket. */
function networkOf(address: string): string {
	if (!address.includes(":") || address.includes(".")) return address.replace(/^::ffff:/i, "");
	const [head = "", tail = ""] = address.split("::", 2);
	const groups = head.split(":").filter(Boolean);
	const rest = address.includes("::") ? tail.split(":").filter(Boolean) : [];
	const zeros: string[] = new Array(Math.max(0, 8 - groups.length - rest.length)).fill("0");
	return [...groups, ...zeros, ...rest].slice(0, 4).join(":");
}
