// Answers: the headers that every one of them carries, and bodies kept ready until what they show has changed.
import type { Config } from "../config.ts";
import { writtenFor } from "../reader.ts";
import { takesGzip } from "./assets.ts";
import { pageVary, readerKey, readerOf } from "./page-reader.ts";

/** On every answer. No inline script or style passes, nothing is loaded from elsewhere. */
export function securityHeaders({ frameAncestors }: Pick<Config, "frameAncestors">): Record<string, string> {
	return {
		"content-security-policy": `default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; font-src 'self'; manifest-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors ${frameAncestors}`,
		"x-content-type-options": "nosniff",
		// Nothing is told to other sites. "no-referrer" would make browsers send "Origin: null" with our own forms.
		"referrer-policy": "same-origin",
		"cross-origin-opener-policy": "same-origin",
		"cross-origin-resource-policy": "same-origin",
		"permissions-policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
	};
}

export const htmlType = "text/html; charset=utf-8";
export const jsonType = "application/json; charset=utf-8";

type Kept = {
	revision: number;
	/** Monotonic milliseconds until which the body is right; relative times in it grow old. */
	until: number;
	plain: Form;
	gzip: Form | null;
};
/** `ready`: made once, because a dozen headers cost more than the rest of an answer. */
type Form = { body: Uint8Array; etag: string; headers: Record<string, string>; ready: Headers };

/** Relative times in a page are rewritten by the browser; this bounds how old the rest may be. */
const pageForMs = 5000;

const mostKept = 64;

const freshness = new WeakMap<Response, Pick<Kept, "revision" | "until">>();

/** For how long an answer stays right that a cache gave; null for every other answer. */
export function freshnessOf(response: Response): Pick<Kept, "revision" | "until"> | null {
	return freshness.get(response) ?? null;
}

const worthCompressing = 1400;

/** Bodies by key, made again when the monitor's revision moves on or their time is over. */
export class BodyCache {
	readonly #kept = new Map<string, Kept>();
	readonly #headers: Record<string, string>;

	constructor(headers: Record<string, string>) {
		this.#headers = headers;
	}

	/** A page or a piece of one, made for whoever asks for it. */
	page(request: Request, key: string, revision: number, make: () => string | null): Response | null {
		const reader = readerOf(request);
		const kept = { revision, type: htmlType, forMs: pageForMs, vary: pageVary };
		return this.answer(request, `${key} ${readerKey(reader)}`, kept, () => writtenFor<string | null>(reader, make));
	}

	/** Answers from what is kept, or makes it; 304 where the client has it already. null when `make` finds nothing. */
	answer(
		request: Request,
		key: string,
		{
			revision,
			type,
			forMs,
			vary = "Accept-Encoding",
		}: { revision: number; type: string; forMs: number; vary?: string },
		make: () => string | null,
	): Response | null {
		const now = performance.now();
		let kept = this.#kept.get(key);
		if (kept === undefined || kept.revision !== revision || kept.until < now) {
			if (this.#kept.size >= mostKept) this.#kept.clear();
			const text = make();
			if (text === null) return null;
			kept = { revision, until: now + forMs, plain: this.#form(Buffer.from(text), type, vary, null), gzip: null };
			this.#kept.set(key, kept);
		}
		let form = kept.plain;
		if (form.body.length > worthCompressing && takesGzip(request.headers.get("accept-encoding"))) {
			kept.gzip ??= this.#form(Bun.gzipSync(form.body as Uint8Array<ArrayBuffer>, { level: 6 }), type, vary, "gzip");
			form = kept.gzip;
		}
		const known = request.headers.get("if-none-match");
		if (known !== null && hasTag(known, form.etag)) {
			return new Response(null, { status: 304, headers: withoutLength(form.headers) });
		}
		const response = new Response(form.body as Uint8Array<ArrayBuffer>, { headers: form.ready });
		freshness.set(response, { revision: kept.revision, until: kept.until });
		return response;
	}

	#form(body: Uint8Array, type: string, vary: string, encoding: string | null): Form {
		const etag = `"${Bun.hash.xxHash64(body).toString(36)}"`;
		const headers: Record<string, string> = {
			...this.#headers,
			"content-type": type,
			"cache-control": "no-cache",
			etag,
			vary,
		};
		if (encoding !== null) headers["content-encoding"] = encoding;
		return { body, etag, headers, ready: new Headers(headers) };
	}
}

function hasTag(list: string, etag: string): boolean {
	return list.split(",").some((tag) => tag.trim().replace(/^W\//, "") === etag || tag.trim() === "*");
}

function withoutLength(headers: Record<string, string>): Record<string, string> {
	const { "content-type": _type, "content-encoding": _encoding, ...rest } = headers;
	return rest;
}

/** A page that is not kept, made for whoever asks for it. */
export function answerPage(
	request: Request,
	headers: Record<string, string>,
	status: number,
	make: () => { toString: () => string },
	more: Record<string, string> = {},
): Response {
	const body = writtenFor<string>(readerOf(request), () => make().toString());
	return answer(headers, status, body, { "content-type": htmlType, vary: pageVary, ...more });
}

/** An answer that is not kept. */
export function answer(
	headers: Record<string, string>,
	status: number,
	body: string | null,
	more: Record<string, string> = {},
): Response {
	return new Response(body, { status, headers: { ...headers, "cache-control": "no-store", ...more } });
}

export function answerJson(
	headers: Record<string, string>,
	status: number,
	value: unknown,
	more: Record<string, string> = {},
): Response {
	return answer(headers, status, `${JSON.stringify(value)}\n`, { "content-type": jsonType, ...more });
}
