// Reads request bodies with bounded memory: whole up to a limit, or only their end.
import { AppError } from "../errors.ts";

export class TooLarge extends AppError {
	constructor(limit: number) {
		super("invalid", `The body is over ${limit} bytes.`);
	}
}

/** Bodies up to this length are always taken, as everywhere. */
const small = 32 * 1024;
/** Bytes of larger ones that are received at the same time, all together: each alone is bounded, four hundred are not. */
const mostAtOnce = 16 * 1024 * 1024;
let held = 0;

/** Too many large bodies at once. */
export class TooMuch extends AppError {
	constructor() {
		super("unavailable", "Too much is being received at the moment. Try again in a few seconds.");
	}
}

/** Receives a body of about this length. Throws `TooMuch` where there is no room for it. */
export async function receiving<T>(length: number, receive: () => Promise<T>): Promise<T> {
	const bytes = length > small ? length : 0;
	if (held + bytes > mostAtOnce) throw new TooMuch();
	held += bytes;
	try {
		return await receive();
	} finally {
		held -= bytes;
	}
}

/** What to expect of a body that comes in pieces and does not say how long it is: most are short. */
const unknownLength = 256 * 1024;

/** The length that a request gives its body, or what to expect of one that gives none. */
export function lengthOf(request: Request): number {
	const length = request.headers.get("content-length");
	return length === null ? unknownLength : Number(length);
}

/** The whole body. Throws `TooLarge` as soon as it is over `limit` bytes. */
export async function readBody(request: Request, limit: number): Promise<Buffer> {
	const chunks: Uint8Array[] = [];
	let size = 0;
	for await (const chunk of chunksOf(request)) {
		size += chunk.length;
		if (size > limit) throw new TooLarge(limit);
		chunks.push(chunk);
	}
	return chunks.length === 1 && chunks[0] !== undefined ? Buffer.from(chunks[0]) : Buffer.concat(chunks);
}

/** The last `keep` bytes; what comes before them is read and dropped. A cut character at the front is dropped too. */
export async function readTail(request: Request, keep: number): Promise<string> {
	let chunks: Uint8Array[] = [];
	let size = 0;
	for await (const chunk of chunksOf(request)) {
		chunks.push(chunk);
		size += chunk.length;
		if (size > keep * 4) {
			const tail = Buffer.concat(chunks).subarray(-keep);
			chunks = [tail];
			size = tail.length;
		}
	}
	const all = Buffer.concat(chunks);
	if (all.length <= keep) return all.toString("utf8");
	let start = all.length - keep;
	while (start < all.length && ((all[start] ?? 0) & 0xc0) === 0x80) start++;
	return all.toString("utf8", start);
}

const originals = new WeakMap<Request, Request>();

/** A request as it is routed, under another address. Its body stays with the original: Bun would hold a copied one whole. */
export function routedAs(request: Request, method: string, url: string): Request {
	const routed = new Request(url, { method, headers: request.headers });
	originals.set(routed, request);
	return routed;
}

export async function* chunksOf(request: Request): AsyncGenerator<Uint8Array> {
	const { body } = originals.get(request) ?? request;
	if (body === null) return;
	const reader = body.getReader();
	try {
		for (;;) {
			const { done, value } = await reader.read();
			if (done) return;
			yield value;
		}
	} finally {
		reader.releaseLock();
	}
}
