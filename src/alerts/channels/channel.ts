// What a channel is: one place that messages go to, with its secrets kept where nothing can print them.
import { AppError } from "../../errors.ts";
import type { Message } from "../../message.ts";
import { type Answer, clampWait, fetchOut, OutgoingError, type OutgoingRequest } from "../outgoing.ts";
import type { ChannelUrl } from "./channel-url.ts";

/** `reason` is a sentence for people; `retryAfter` are seconds that the other side asked for. */
export type Sent = { ok: true } | { ok: false; permanent: boolean; reason: string; retryAfter: number | null };

export type Channel = {
	name: string;
	type: string;
	/** Scheme and host, nothing else of its address. */
	shown: string;
	/** Never throws. One at a time for a channel: the caller sees to it. */
	send: (message: Message) => Promise<Sent>;
};

export type ChannelOptions = {
	/** Placeholders without logic; null: our own text. */
	template: string | null;
	/** Key of a webhook's signature. */
	secret: string | null;
	/** Another server that speaks as the service does, for tests and look-alikes: "http://127.0.0.1:8080". */
	baseUrl: string | null;
};

export type Send = (message: Message) => Promise<Sent>;

/** An address that was understood. What is secret in it lives in the closure of `sender` alone. */
export type Opened = { shown: string; sender: (options: ChannelOptions) => Send };

export type ChannelKind = {
	type: string;
	schemes: readonly string[];
	/** How its address is written, for error messages. */
	form: string;
	/** Throws AppError "usage" that says what is missing, without repeating what was there. */
	open: (url: ChannelUrl) => Opened;
};

/** What a status means for this service, as the end of "answered 401: …". */
export type Words = { denied: string; missing: string };

export const sent: Sent = { ok: true };

export function refused(reason: string): Sent {
	return { ok: false, permanent: true, reason, retryAfter: null };
}

export function delayed(reason: string, retryAfter: number | null = null): Sent {
	return { ok: false, permanent: false, reason, retryAfter };
}

export function usage(message: string): AppError {
	return new AppError("usage", message);
}

/**
 * Sends one request and judges the answer. `judge` looks first, for services that say "200, but no" or put the time to
 * wait into the body; null leaves it to the status.
 */
export async function request(
	address: string,
	outgoing: OutgoingRequest,
	words: Words,
	judge: (answer: Answer) => Sent | null = () => null,
): Promise<Sent> {
	try {
		const answer = await fetchOut(address, outgoing);
		return judge(answer) ?? judgeStatus(answer, words);
	} catch (error) {
		if (error instanceof OutgoingError) return (error.isPermanent ? refused : delayed)(error.message);
		throw error;
	}
}

export function postJson(
	address: string,
	body: unknown,
	{ headers, isUnverified = false, method = "POST" }: Pick<OutgoingRequest, "headers" | "isUnverified" | "method">,
	words: Words,
	judge?: (answer: Answer) => Sent | null,
): Promise<Sent> {
	const outgoing = {
		method,
		headers: { "content-type": "application/json", ...headers },
		body: JSON.stringify(body),
		isUnverified,
	};
	return request(address, outgoing, words, judge);
}

export function judgeStatus({ status, retryAfter }: Answer, { denied, missing }: Words): Sent {
	if (status >= 200 && status < 300) return sent;
	const answered = `answered ${status}`;
	if (status === 429) return delayed(`${answered}: too many messages in a short time`, retryAfter);
	if (status === 408 || status === 425 || status >= 500) return delayed(`${answered}: it has a problem`, retryAfter);
	if (status === 401 || status === 403) return refused(`${answered}: ${denied}`);
	// A reverse proxy says 404 for as long as what stands behind it starts.
	if (status === 404) return delayed(`${answered}: ${missing}`);
	if (status === 410) return refused(`${answered}: ${missing}`);
	if (status === 413) return refused(`${answered}: the message is too long for it`);
	return refused(`${answered}: it does not take the message`);
}

/** The answer as an object; an empty one where it is none. */
export function objectOf(text: string): Record<string, unknown> {
	try {
		const value: unknown = JSON.parse(text);
		return typeof value === "object" && value !== null ? { ...value } : {};
	} catch {
		return {};
	}
}

export function waitOf(value: unknown): number | null {
	return clampWait(value);
}

const mostRemembered = 32;

/**
 * For an address with several targets: the message is sent when all have it, and a repetition leaves out those that have
 * it already, for as long as this process lives.
 */
export function toEach(targets: readonly string[], send: (target: string, message: Message) => Promise<Sent>): Send {
	if (targets.length === 1) return (message) => send(targets[0] ?? "", message);
	const done = new Map<string, Set<string>>();
	return async (message) => {
		const id = messageId(message);
		const have = done.get(id) ?? new Set();
		done.set(id, have);
		let worst: Sent = sent;
		for (const target of targets) {
			if (have.has(target)) continue;
			const result = await send(target, message);
			// What can still be mended decides: a permanent refusal of one must not give up the others.
			if (result.ok) have.add(target);
			else if (worst.ok || !result.permanent) worst = result;
		}
		if (worst.ok) done.delete(id);
		for (const old of done.keys()) {
			if (done.size <= mostRemembered) break;
			done.delete(old);
		}
		return worst;
	};
}

/** The same for every attempt at one message, so that a receiver can tell a repetition. */
export function messageId({ threadId, title, text, data }: Message): string {
	// Title and text say how long ago it was, which is another thing at each attempt.
	const said = JSON.stringify([threadId, data.type, data.events.length > 0 ? data.events : [title, text]]);
	return new Bun.CryptoHasher("sha256").update(said).digest("hex").slice(0, 32);
}
