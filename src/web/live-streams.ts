// The open pages that are told when something has changed: one listener and one heartbeat for all of them.
import type { Monitor } from "../ingest/monitor.ts";

/** Below the ten seconds after which a silent connection is closed. */
const beatMs = 8000;
/** Pages beyond these ask by themselves. */
export const mostStreams = 200;
/** Milliseconds: each page more gives all of them this much longer to come back, so that they do not come at once. */
const spreadPerStream = 4;
const longestSpread = 600;

type Told = "changed" | "beat";
type Listener = { send: (event: Told) => void; end: () => void; mayStay: () => boolean };

const encoder = new TextEncoder();

export class LiveStreams {
	readonly #monitor: Pick<Monitor, "revision" | "changedAt" | "subscribe">;
	readonly #listeners = new Set<Listener>();
	/** Tells this server's revisions from those of the one before it. */
	readonly #start = Date.now().toString(36);
	#unsubscribe: (() => void) | null = null;
	#timer: ReturnType<typeof setInterval> | null = null;

	constructor(monitor: Pick<Monitor, "revision" | "changedAt" | "subscribe">) {
		this.#monitor = monitor;
	}

	get count(): number {
		return this.#listeners.size;
	}

	/** What a page compares with what it shows. */
	event(name: Told): string {
		const { revision, changedAt } = this.#monitor;
		const spread = Math.min(longestSpread, (this.count - 1) * spreadPerStream);
		const data = { revision: `${this.#start}-${revision}`, at: changedAt, spread: Math.max(0, spread) };
		return `event: ${name}\ndata: ${JSON.stringify(data)}\n\n`;
	}

	/**
	 * Begins when it is first read: what nobody reads, such as the answer to HEAD, is no listener. `mayStay`: asked before
	 * anything is told, and where it says no the stream ends.
	 */
	open(mayStay: () => boolean = () => true): ReadableStream<Uint8Array> {
		let listener: Listener | null = null;
		/** Something to be sent once what was sent before has been taken. */
		let owed: Told | null = null;
		const leave = () => {
			if (listener !== null) this.#leave(listener);
		};
		return new ReadableStream<Uint8Array>(
			{
				pull: (controller) => {
					const write = (event: Told) => {
						owed = null;
						controller.enqueue(encoder.encode(this.event(event)));
					};
					if (listener !== null) {
						if (owed !== null) write(owed);
						return;
					}
					listener = {
						// A client that does not read is not written to: it gets the newest when it does.
						send: (event) => {
							if ((controller.desiredSize ?? 0) < 0) owed = owed === "changed" ? owed : event;
							else write(event);
						},
						end: () => controller.close(),
						mayStay,
					};
					this.#join(listener);
					write("beat");
				},
				cancel: leave,
			},
			{ highWaterMark: 0 },
		);
	}

	/** Ends those that may not stay. */
	sift(): void {
		for (const listener of [...this.#listeners]) {
			if (listener.mayStay()) continue;
			this.#leave(listener);
			try {
				listener.end();
			} catch {
				// Its client has gone at this very moment.
			}
		}
	}

	#join(listener: Listener): void {
		this.#listeners.add(listener);
		this.#unsubscribe ??= this.#monitor.subscribe(() => this.#tell("changed"));
		if (this.#timer !== null) return;
		this.#timer = setInterval(() => this.#tell("beat"), beatMs);
		// A page that is left open does not hold the program.
		this.#timer.unref();
	}

	#leave(listener: Listener): void {
		this.#listeners.delete(listener);
		if (this.#listeners.size > 0) return;
		this.#unsubscribe?.();
		this.#unsubscribe = null;
		if (this.#timer !== null) clearInterval(this.#timer);
		this.#timer = null;
	}

	#tell(event: Told): void {
		this.sift();
		for (const listener of [...this.#listeners]) {
			try {
				listener.send(event);
			} catch {
				// Its client has gone.
				this.#leave(listener);
			}
		}
	}
}
