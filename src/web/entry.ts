// The door for reports: who may come in, for which jobs, and how often somebody may try the wrong key.
import type { Finding } from "../alert.ts";
import type { Problem } from "../overview.ts";
import { formatRelative } from "../units.ts";
import { Buckets } from "./buckets.ts";
import type { Client } from "./client.ts";
import { isOwnOrigin } from "./guard.ts";
import type { Grant, Tokens } from "./tokens.ts";

export type Admission =
	| { ok: true; grant: Exclude<Grant, null> }
	| { ok: false; status: 401 | 403 | 429 | 503; message: string; retryAfter: number | null };

export type Refused = { address: string; count: number; lastAt: number };

const mostAddresses = 256;
/** The folder's secrets are tried again every few seconds. */
const triedAgainSeconds = 5;

export class Entry {
	/** Read again where the data folder could not be written at first. */
	tokens: Tokens;
	readonly #failures = new Buckets(10, 0.2);
	readonly #newJobs = new Buckets(200, 1);
	/** Called when reports of an address are refused that were not for a day. */
	onRefused: () => void = () => {};
	readonly #refused = new Map<string, Refused>();
	readonly #clock: () => number;

	constructor(tokens: Tokens, clock: () => number) {
		this.tokens = tokens;
		this.#clock = clock;
	}

	/** Decides on a key, from wherever in the request it was taken. `fromPage`: a browser may send it from any site. */
	admit(request: Request, token: string | null, client: Pick<Client, "address">, { fromPage = false } = {}): Admission {
		// Where anybody may report, a web page in the same network must not be able to: that is all an Origin is good for.
		if ((!fromPage || this.tokens.isOpen) && !isOwnOrigin(request.headers)) {
			return { ok: false, status: 403, message: "Reports are not taken from other sites' pages.", retryAfter: null };
		}
		// Before the limit: behind a proxy all senders share an address, and one broken script must not silence the others.
		const grant = this.tokens.grant(token);
		if (grant !== null) return { ok: true, grant };
		// A disk that did not answer for a moment: to call a good token wrong would make its sender give up.
		if (token !== null && !this.tokens.isTokenKnown) {
			const message = "The monitor cannot read its push token at the moment. Try again in a few seconds.";
			return { ok: false, status: 503, message, retryAfter: triedAgainSeconds };
		}
		const wait = this.refuse(client.address);
		if (wait > 0) {
			return { ok: false, status: 429, message: "Too many wrong tokens from this address.", retryAfter: wait };
		}
		const message =
			token === null
				? "A token is needed: Authorization: Bearer TOKEN. On the server, backup-monitor token prints it."
				: "The token is wrong. On the server, backup-monitor token prints it.";
		return { ok: false, status: 401, message, retryAfter: null };
	}

	/** Seconds to wait before another job may be made from an address; 0 when it may. */
	newJobWait(address: string): number {
		return this.#newJobs.take(address, performance.now());
	}

	/** The report of a new job could not be kept: its sender comes again, and the job is not there yet. */
	jobNotMade(address: string): void {
		this.#newJobs.giveBack(address, performance.now());
	}

	/** Counts a report that knew no key; the seconds to wait where there were too many from the address, else 0. */
	refuse(address: string): number {
		this.#count(address);
		return this.#failures.take(address, performance.now());
	}

	#count(address: string): void {
		const known = this.#refused.get(address) ?? { address, count: 0, lastAt: 0 };
		const isNews = this.#clock() - known.lastAt >= 86_400_000;
		known.count++;
		known.lastAt = this.#clock();
		// The map's order is that of the last refusal: whoever knocks now is told, and the one not heard of longest forgotten.
		this.#refused.delete(address);
		const [oldest] = this.#refused.keys();
		if (oldest !== undefined && this.#refused.size >= mostAddresses) this.#refused.delete(oldest);
		this.#refused.set(address, known);
		if (isNews) this.onRefused();
	}

	/** Refused reports by address since the start, most first. */
	refused(): Refused[] {
		return [...this.#refused.values()].sort((a, b) => b.count - a.count);
	}

	/** As an alert has it, in words that stay the same while it goes on. */
	findings(now: number): Finding[] {
		const refused = this.refused().filter(({ lastAt }) => now - lastAt < 86_400_000);
		const [most] = refused;
		if (most === undefined) return [];
		const sentence = `Reports from ${most.address}${othersOf(refused.length - 1)} were refused: wrong or missing token.`;
		return [{ kind: "refused_reports", key: "", severity: "warning", sentence, runId: null, since: most.lastAt }];
	}

	/** The worst that is wrong between the monitor and those who report. */
	problem(now: number): Problem | null {
		const { trouble, isOpen } = this.tokens;
		if (trouble !== null) {
			return {
				id: "tokens",
				// Reports are refused meanwhile: whoever watches the watcher has to hear of it.
				severity: "critical",
				title: `${isOpen ? "The jobs\u2019 addresses" : "The push token"} cannot be kept in the data folder.`,
				detail: `${trouble}. Until it can be, reports over HTTP are put off, and a restart makes new ones. It is tried again every few seconds.`,
			};
		}
		const refused = this.refused().filter(({ lastAt }) => now - lastAt < 86_400_000);
		const [most] = refused;
		if (most === undefined) return null;
		const others = othersOf(refused.length - 1);
		return {
			id: "refused-reports",
			severity: "warning",
			title: `Reports from ${most.address}${others} were refused: wrong or missing token.`,
			detail: `${most.count} from ${most.address}, the last ${formatRelative(most.lastAt, now)}. If it is one of your scripts, give it the token that backup-monitor token prints.`,
		};
	}
}

function othersOf(more: number): string {
	return more === 0 ? "" : ` and ${more} other ${more === 1 ? "address" : "addresses"}`;
}
