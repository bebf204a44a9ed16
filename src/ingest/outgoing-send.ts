// Sends what waits in a queue to its monitor: one file at a time, in order, until one cannot be delivered.
import { codeOf, messageOf } from "../errors.ts";
import { type Lock, takeLock } from "../store/lock.ts";
import { readWaiting, remove, setAside, type Waiting, waitingIn } from "./outgoing.ts";

export type Destination = {
	/** Where the monitor is, with the path of a reverse proxy where there is one. */
	address: URL;
	token: string | null;
};

/** `sent` and `refused` count files. `trouble` says why the rest waits; null when nothing does. */
export type Delivery = {
	sent: number;
	refused: { reason: string; name: string }[];
	waiting: number;
	trouble: string | null;
};

type Answer = "sent" | { refused: string } | { later: string };

const requestMs = 10_000;
/** A wrong token is mended by a person: the report is not to blame, and waits so long. */
const tokenPatienceMs = 7 * 86_400_000;
const shownAnswer = 4096;

/** Delivers until everything is sent, one fails, or `signal` ends it. Throws nothing. */
export async function deliver(
	folder: string,
	destination: Destination,
	{ signal, clock }: { signal: AbortSignal; clock: () => number },
): Promise<Delivery> {
	const delivery: Delivery = { sent: 0, refused: [], waiting: 0, trouble: null };
	const lock = await onlySender(folder, signal);
	if (lock === null)
		return { ...delivery, waiting: waitingIn(folder).length, trouble: "another process is sending them" };
	try {
		for (const file of waitingIn(folder)) {
			const lines = readWaiting(file);
			if (lines === null) continue;
			const answer = await send(lines, file, destination, signal, clock());
			if (answer === "sent") {
				remove(file.path);
				delivery.sent++;
			} else if ("refused" in answer) {
				setAside(folder, file, answer.refused);
				delivery.refused.push({ reason: answer.refused, name: file.name });
			} else {
				delivery.trouble = answer.later;
				break;
			}
		}
	} finally {
		lock.release();
	}
	delivery.waiting = waitingIn(folder).length;
	return delivery;
}

/** Two senders at once would deliver twice and out of order. */
async function onlySender(folder: string, signal: AbortSignal): Promise<Lock | null> {
	for (;;) {
		try {
			const lock = takeLock(folder);
			if (lock !== null) return lock;
		} catch {
			// No lock is to be had on this file system; the monitor takes a report that comes twice as one.
			return { release: () => {} };
		}
		if (signal.aborted) return null;
		await Bun.sleep(50);
	}
}

async function send(
	lines: string,
	{ queuedAt }: Waiting,
	destination: Destination,
	signal: AbortSignal,
	now: number,
): Promise<Answer> {
	const answer = await post(lines, destination, signal);
	if (typeof answer === "string") return { later: answer };
	const { status, text } = answer;
	if (status >= 200 && status < 300) return "sent";
	const said = `answered ${status}${text === "" ? "" : `: ${text}`}`;
	if (status >= 300 && status < 400) return { later: `${said}. Give the address it leads to` };
	if (status === 401 || status === 403) {
		const reason = `${said}. The token is missing or wrong: --token-file or PUSH_TOKEN`;
		return now - queuedAt > tokenPatienceMs ? { refused: reason } : { later: reason };
	}
	if (status === 408 || status === 425 || status === 429 || status >= 500) return { later: said };
	return { refused: said };
}

/** One request; the answer's status and its beginning, or the sentence that says why there was none. */
export async function post(
	lines: string,
	{ address, token }: Destination,
	signal: AbortSignal,
): Promise<{ status: number; text: string } | string> {
	try {
		const request: RequestInit = {
			method: "POST",
			body: lines,
			headers: {
				"content-type": "application/x-ndjson",
				...(token !== null && { authorization: `Bearer ${token}` }),
			},
			redirect: "manual",
			signal: AbortSignal.any([signal, AbortSignal.timeout(requestMs)]),
		};
		const response = await withoutProxies(() => fetch(runsAddress(address), request));
		return { status: response.status, text: await beginning(response) };
	} catch (error) {
		if (error instanceof DOMException) return "gave no answer in time";
		return `cannot be reached (${codeOf(error) || messageOf(error)})`;
	}
}

function runsAddress(address: URL): string {
	const url = new URL(address);
	url.pathname = `${url.pathname.replace(/\/+$/, "")}/api/runs`;
	url.search = "";
	url.hash = "";
	return url.href;
}

async function beginning(response: Response): Promise<string> {
	const reader = response.body?.getReader();
	let text = "";
	const decoder = new TextDecoder();
	while (reader !== undefined && text.length < shownAnswer) {
		const { done, value } = await reader.read();
		if (done) break;
		text += decoder.decode(value, { stream: true });
	}
	await reader?.cancel();
	return text.replace(/\s+/g, " ").trim().slice(0, 300);
}

/**
 * The address is meant as given: what the environment says about proxies is for others. Bun looks there while `fetch` is
 * called, and the variables are back before anything else runs: a command that is started gets them all.
 */
function withoutProxies<T>(call: () => T): T {
	const { env } = process;
	const proxies = Object.entries(env).filter(([name]) => /^(?:https?|all)_proxy$/i.test(name));
	for (const [name] of proxies) delete env[name];
	try {
		return call();
	} finally {
		for (const [name, value] of proxies) env[name] = value;
	}
}
