// Answers that are asked for over and over, kept whole: given again before anything is routed, for as long as they are right.
import type { Monitor } from "../ingest/monitor.ts";
import { freshnessOf } from "./respond.ts";

type Ready = {
	/** Bun's address has the host in it, but not as it was written. */
	host: string | null;
	/** The request's values of the headers that the answer's `Vary` names: it is the same for all that agree in them. */
	varied: [name: string, value: string | null][];
	revision: number;
	until: number;
	answer: Response;
};

const mostReady = 32;

/**
 * Without it three quarters of such an answer's time is the interpreting of gate, router and cache. It holds nothing that
 * the gate has not let pass for the same address, host and headers, and of every address only what was answered last.
 */
export class ReadyAnswers {
	readonly #monitor: Pick<Monitor, "revision">;
	readonly #ready = new Map<string, Ready>();

	constructor(monitor: Pick<Monitor, "revision">) {
		this.#monitor = monitor;
	}

	/** The answer as it was a moment ago; null where there is none, or it may have changed. */
	find(request: Request): Response | null {
		const ready = this.#ready.get(request.url);
		if (ready === undefined || ready.revision !== this.#monitor.revision || ready.until < performance.now())
			return null;
		const { headers } = request;
		if (request.method !== "GET" || headers.get("host") !== ready.host || isSpecial(headers)) return null;
		for (const [name, value] of ready.varied) if (headers.get(name) !== value) return null;
		// Shares the bytes: two hundred readers of a page cost one page.
		return ready.answer.clone() as Response;
	}

	/** Keeps an answer that was just given, if it is one that stays right for a while; gives it back. */
	keep(request: Request, response: Response): Response {
		const fresh = freshnessOf(response);
		if (fresh === null || request.method !== "GET" || isSpecial(request.headers)) return response;
		if (this.#ready.size >= mostReady) this.#ready.clear();
		const names = response.headers.get("vary")?.split(",") ?? [];
		const varied = names.map((name): Ready["varied"][number] => [name.trim(), request.headers.get(name.trim())]);
		this.#ready.set(request.url, {
			...fresh,
			host: request.headers.get("host"),
			varied,
			answer: response.clone() as Response,
		});
		return response;
	}
}

/** Whether more is to be done than to answer: a browser knows the answer, or tells under what address it reached us. */
function isSpecial(headers: Headers): boolean {
	return headers.get("if-none-match") !== null || headers.get("sec-fetch-mode") !== null;
}
