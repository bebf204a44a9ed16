// Calls an address every five minutes while all is well with the monitor itself, so that somebody else notices when not.
import { messageOf } from "../errors.ts";
import { logGrouped } from "../log.ts";
import { registerPartsOf, registerSecret } from "../secrets.ts";
import { fetchOut } from "./outgoing.ts";

export const heartbeatMs = 300_000;

export class Heartbeat {
	readonly #url: string | null;
	#lastAt = Number.NEGATIVE_INFINITY;
	#isUnderway = false;
	/** What went wrong at the last call; null: nothing. */
	error: string | null = null;

	constructor(url: string | null) {
		this.#url = url;
		registerSecret(url);
		if (url !== null) registerPartsOf(url);
	}

	/** `monotonicNow` in milliseconds of a clock that never jumps. */
	tick(isWell: boolean, monotonicNow: number): void {
		if (this.#url === null || !isWell || this.#isUnderway || monotonicNow - this.#lastAt < heartbeatMs) return;
		this.#lastAt = monotonicNow;
		this.#isUnderway = true;
		this.#call(this.#url).finally(() => {
			this.#isUnderway = false;
		});
	}

	async #call(url: string): Promise<void> {
		try {
			const { status } = await fetchOut(url, { method: "GET" });
			this.error = status < 400 ? null : `the address answered ${status}`;
		} catch (error) {
			this.error = messageOf(error);
		}
		if (this.error !== null) logGrouped("heartbeat", `heartbeat: ${this.error}`);
	}
}
