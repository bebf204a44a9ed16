// Sends what waits in the outbox: gathered by channel, tried again until it is taken or refused for good.
import type { Database } from "bun:sqlite";
import type { Digest } from "../digest.ts";
import { messageOf } from "../errors.ts";
import { logGrouped } from "../log.ts";
import {
	type AlertEvent,
	composeDigest,
	composeMessage,
	composeSummary,
	type Message,
	type MessageContext,
} from "../message.ts";
import { givesUpAfter, nextTryAt, sendAt } from "../outbox.ts";
import { transaction } from "../store/database.ts";
import {
	type Delivery,
	markFailed,
	markSent,
	noteChannelFailed,
	noteChannelSent,
	readChannelHealth,
	readDueDeliveries,
	readWaitingChannels,
	reviveDeliveries,
} from "../store/deliveries.ts";
import type { Channel, Sent } from "./channels/channel.ts";

/** What breaks together is one message, whose words name the worst and count the others. */
const mostGathered = 2000;

export type DeliverOptions = {
	channels: () => ReadonlyMap<string, Channel>;
	context: () => MessageContext;
	clock: () => number;
	/** Called when something that a page shows has changed. */
	onChange: () => void;
};

export class Deliverer {
	readonly #options: DeliverOptions;
	readonly #underway = new Map<string, Promise<void>>();
	readonly #lastSent = new Map<string, number>();
	/** Until when a channel asked not to be asked. */
	readonly #blocked = new Map<string, number>();
	/** When to ask the database again; null: nothing waits. */
	#nextAt: number | null = Number.NEGATIVE_INFINITY;
	#isStopped = false;

	constructor(options: DeliverOptions) {
		this.#options = options;
	}

	/** Something was put into the outbox, or the channels are others. */
	wake(): void {
		this.#nextAt = Number.NEGATIVE_INFINITY;
	}

	/** A channel that refused something for good may be another one by now: what is still true is tried once more. */
	revive(db: Database, channel: string | null, now: number): void {
		if (reviveDeliveries(db, channel, now - givesUpAfter, now) > 0) this.wake();
	}

	/** Another database: what is known of the channels is read again. */
	forget(): void {
		this.#lastSent.clear();
		this.wake();
	}

	/** Begins what is due; never waits for it. Throws what SQLite throws. */
	tick(db: Database, now: number): void {
		if (this.#isStopped || this.#nextAt === null || now < this.#nextAt) return;
		if (this.#lastSent.size === 0) {
			for (const { name, sentAt } of readChannelHealth(db)) if (sentAt !== null) this.#lastSent.set(name, sentAt);
		}
		const times: number[] = [];
		for (const { channel: name, dueAt } of readWaitingChannels(db)) {
			if (this.#underway.has(name)) continue;
			const at = Math.max(dueAt, sendAt(this.#lastSent.get(name) ?? null, now), this.#blockedUntil(name, now));
			if (at > now) times.push(at);
			else this.#start(db, name, now);
		}
		this.#nextAt = times.length === 0 ? null : Math.min(...times);
	}

	/** An hour at most: longer only after the clock was set back. */
	#blockedUntil(name: string, now: number): number {
		const until = this.#blocked.get(name) ?? 0;
		return until - now > 3_600_000 ? now : until;
	}

	/** Resolves when nothing is being sent. */
	async sent(): Promise<void> {
		await Promise.all(this.#underway.values());
	}

	/** Waits for what is being sent, at most so long. */
	async stop(patienceMs: number): Promise<void> {
		this.#isStopped = true;
		const patience = Promise.withResolvers<void>();
		const timer = setTimeout(patience.resolve, patienceMs);
		await Promise.race([this.sent(), patience.promise]);
		clearTimeout(timer);
	}

	#start(db: Database, name: string, now: number): void {
		const due = readDueDeliveries(db, name, now, mostGathered);
		const channel = this.#options.channels().get(name);
		// A digest is a message of its own.
		const deliveries = due[0]?.event === "digest" ? due.slice(0, 1) : due.filter(({ event }) => event !== "digest");
		if (channel === undefined) {
			const ids = due.map(({ id }) => id);
			transaction(db, () => markFailed(db, ids, "There is no channel of this name that can be used.", null, now));
			this.#options.onChange();
			return;
		}
		const work = this.#send(db, channel, deliveries)
			.catch((error: unknown) => {
				// The database was closed or is locked: what was sent may be sent again, what was not will be.
				logGrouped(`outbox ${name}`, `cannot note what became of a message: ${messageOf(error)}`);
			})
			.finally(() => {
				this.#underway.delete(name);
				this.wake();
			});
		this.#underway.set(name, work);
	}

	async #send(db: Database, channel: Channel, waiting: Delivery[]): Promise<void> {
		const { clock, onChange, context } = this.#options;
		const { message, deliveries, torn } = write(waiting, context());
		if (torn.length > 0) this.#keepTorn(db, torn, clock());
		const sent = message === null ? taken : await send(channel, message);
		const now = clock();
		const ids = deliveries.map(({ id }) => id);
		if (sent.ok) {
			this.#lastSent.set(channel.name, now);
			transaction(db, () => {
				markSent(db, ids, now);
				noteChannelSent(db, channel.name, now);
			});
			onChange();
			return;
		}
		logGrouped(`channel ${channel.name}`, `channel ${channel.name} did not take a message: ${sent.reason}`, now);
		if (sent.retryAfter !== null) this.#blocked.set(channel.name, now + Math.min(sent.retryAfter, 3600) * 1000);
		transaction(db, () => {
			for (const delivery of deliveries) {
				const next = sent.permanent ? null : tryAgainAt(delivery, now, sent.retryAfter);
				markFailed(db, [delivery.id], sent.reason, next, now);
			}
			noteChannelFailed(db, channel.name, sent.reason, sent.permanent, now);
		});
		onChange();
	}

	/** Shown as undelivered like what no channel takes; tried again, because the next version may know how to write it. */
	#keepTorn(db: Database, torn: Torn[], now: number): void {
		transaction(db, () => {
			for (const { delivery, reason } of torn) {
				markFailed(db, [delivery.id], reason, tryAgainAt(delivery, now, null), now);
			}
		});
		this.#options.onChange();
	}
}

function tryAgainAt(delivery: Delivery, now: number, retryAfter: number | null): number | null {
	return nextTryAt({ ...delivery, attempts: delivery.attempts + 1 }, now, delivery.id, retryAfter);
}

const taken: Sent = { ok: true };

/** A channel answers what became of a message; what it throws is a bug of ours, and no reason to forget the message. */
async function send(channel: Channel, message: Message): Promise<Sent> {
	try {
		return await channel.send(message);
	} catch (error) {
		return { ok: false, permanent: false, retryAfter: null, reason: `could not be sent: ${messageOf(error)}` };
	}
}

type Torn = { delivery: Delivery; reason: string };

/** One message of all that can be written; one that cannot does not hold up the others. */
function write(
	waiting: Delivery[],
	context: MessageContext,
): { message: Message | null; deliveries: Delivery[]; torn: Torn[] } {
	try {
		return { message: messageFor(waiting, context), deliveries: waiting, torn: [] };
	} catch {
		// Each is tried by itself.
	}
	const torn: Torn[] = [];
	const deliveries = waiting.filter((delivery) => {
		try {
			messageFor([delivery], context);
			return true;
		} catch (error) {
			const reason = `The message could not be written: ${messageOf(error)}.`;
			logGrouped(`write ${delivery.channel}`, `message ${delivery.id} could not be written: ${messageOf(error)}`);
			torn.push({ delivery, reason });
			return false;
		}
	});
	return { message: messageFor(deliveries, context), deliveries, torn };
}

/** What a channel is told of several deliveries; null where all of it has become void. */
function messageFor(deliveries: Delivery[], context: MessageContext): Message | null {
	const [first] = deliveries;
	if (first === undefined) return null;
	if (first.event === "digest") return composeDigest(JSON.parse(first.body) as Digest, context);
	const events = deliveries.map(({ body }) => JSON.parse(body) as AlertEvent);
	const held = deliveries.filter(({ isHeld }) => isHeld).length;
	return held > 1 ? composeSummary(events, context) : composeMessage(events, context);
}
