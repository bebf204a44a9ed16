// How often a password may be tried: ten wrong ones an hour from one address, one at a time, slower while many are wrong.
import { logGrouped } from "../log.ts";
import { Buckets } from "./buckets.ts";
import type { Password } from "./password.ts";

export type Tried =
	| { ok: true }
	/** 401 wrong, 429 too often from this address, 503 too many at once. */
	| { ok: false; status: 401 | 429 | 503; retryAfter: number | null };

const anHour = 3_600_000;
/** Tries that wait for their turn. */
const mostWaiting = 32;
/** Wrong ones of the last ten minutes, wherever from, that slow down nothing. */
const forgiven = 5;
const delayEach = 200;
const longestDelay = 3000;
const rememberedFor = 600_000;

export class PasswordDoor {
	readonly #password: Password;
	readonly #wrong = new Buckets(10, 10 / (anHour / 1000));
	#wrongAt: number[] = [];
	#turn: Promise<unknown> = Promise.resolve();
	#waiting = 0;
	/** For tests: how it waits. */
	readonly #sleep: (ms: number) => Promise<unknown>;

	constructor(password: Password, sleep: (ms: number) => Promise<unknown> = Bun.sleep) {
		this.#password = password;
		this.#sleep = sleep;
	}

	/** `at` is monotonic milliseconds. Nobody is ever locked out: an address has its next try after six minutes. */
	async attempt(typed: string, address: string, at: number): Promise<Tried> {
		// Taken before it is known to be wrong: whoever sends a hundred at once has ten as well.
		const wait = this.#wrong.take(address, at);
		if (wait > 0) return { ok: false, status: 429, retryAfter: wait };
		if (this.#waiting >= mostWaiting) {
			this.#wrong.giveBack(address, at);
			return { ok: false, status: 503, retryAfter: 5 };
		}
		this.#waiting++;
		try {
			await this.#sleep(this.#delay(at));
			if (await this.#inTurn(typed)) {
				this.#wrong.giveBack(address, at);
				return { ok: true };
			}
		} finally {
			this.#waiting--;
		}
		this.#wrongAt = [...this.#recent(at), at].slice(-100);
		logGrouped("wrong password", `a wrong password came from ${address || "an unknown address"}`);
		return { ok: false, status: 401, retryAfter: null };
	}

	/** Checking one takes memory on purpose, so two are never checked at once. */
	#inTurn(typed: string): Promise<boolean> {
		const checked = this.#turn.then(() => this.#password.isRight(typed));
		this.#turn = checked.catch(() => false).then(() => this.#sleep(this.#password.restMs));
		return checked;
	}

	/** For everybody alike, right or wrong: many addresses together are slow too, and the owner only waits. */
	#delay(at: number): number {
		return Math.min(longestDelay, Math.max(0, this.#recent(at).length - forgiven) * delayEach);
	}

	#recent(at: number): number[] {
		return this.#wrongAt.filter((one) => at - one < rememberedFor);
	}
}
