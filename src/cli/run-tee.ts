// Hands a command's output on, byte for byte, and gives what passes to a keeper.
import { write } from "node:fs";
import { codeOf } from "../errors.ts";
import type { StreamKeeper } from "../ingest/tool-text.ts";

/** What a command writes; `close` lets go of it. */
export type Source = { stream: ReadableStream<Uint8Array>; close: () => void };

/** `silentFor` is how long, in milliseconds, nothing came; 0 while it is us who are held up. */
export type Tee = { done: Promise<void>; isOver: () => boolean; silentFor: () => number; stop: () => void };

/** A background process may keep the output open after its parent ended: so long is waited for more of it. */
const quietMs = 500;
const lingerMs = 10_000;

/** Hands a stream on as it comes, reading no faster than it is taken from us. */
export function tee(source: Source | null, to: 1 | 2, keep: StreamKeeper): Tee {
	const nothing = { done: Promise.resolve(), isOver: () => true, silentFor: () => 0, stop: () => {} };
	if (source === null) return nothing;
	const reader = source.stream.getReader();
	let isStopped = false;
	const stop = () => {
		if (isStopped) return;
		isStopped = true;
		reader.cancel().catch(() => {});
		source.close();
	};
	let isOver = false;
	let readingSince: number | null = null;
	const done = (async () => {
		for (;;) {
			readingSince = performance.now();
			const { done: isEnd, value } = await reader.read();
			readingSince = null;
			if (isEnd) return;
			keep.push(value);
			await writeAll(to, value);
		}
	})()
		// Whoever read our output is gone: the command learns it as it would without us, by its next write.
		.catch(stop)
		.finally(() => {
			isOver = true;
		});
	return {
		done,
		isOver: () => isOver,
		silentFor: () => (readingSince === null ? 0 : performance.now() - readingSince),
		stop,
	};
}

/** On a thread of its own, so that signals are handled while a slow reader holds us up. */
function writeAll(fd: number, bytes: Uint8Array): Promise<void> {
	return new Promise((resolve, reject) => {
		const next = (at: number) => {
			write(fd, bytes, at, bytes.length - at, null, (error, written) => {
				if (error === null || error === undefined) {
					if (at + written < bytes.length) next(at + written);
					else resolve();
				} else if (codeOf(error) === "EAGAIN") setTimeout(next, 5, at);
				else if (codeOf(error) === "EPIPE") reject(error);
				// A full disk under a log file is no reason to end a backup: what does not fit is lost, as it is without us.
				else resolve();
			});
		};
		next(0);
	});
}

/** Waits for the rest of the output: as long as our reader needs, but not for a background process that says nothing. */
export async function drained(streams: Tee[], asked: Promise<void>): Promise<void> {
	const all = Promise.all(streams.map(({ done }) => done));
	const from = performance.now();
	let isAsked = false;
	asked.then(() => {
		isAsked = true;
	});
	for (;;) {
		await Promise.race([all, Bun.sleep(50)]);
		const open = streams.filter(({ isOver }) => !isOver());
		if (open.length === 0) return;
		const spent = performance.now() - from;
		if (isAsked && spent > quietMs) return;
		const patience = spent > lingerMs ? 0 : quietMs;
		if (open.every(({ silentFor }) => silentFor() > patience)) return;
	}
}
