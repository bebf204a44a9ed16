// The one way out over HTTP: to where it was told and nowhere else, for ten seconds at most, and four kilobytes back.
import { codeOf } from "../errors.ts";
import { mask, registerSecret } from "../secrets.ts";
import { resolveHost, UnusableHost } from "./addresses.ts";

export type OutgoingRequest = {
	method?: "POST" | "PUT" | "GET";
	headers?: Record<string, string>;
	body?: string;
	signal?: AbortSignal;
	/** The certificate is not checked: said in the channel's address, for a server with one of its own making. */
	isUnverified?: boolean;
	/** Only for tests of the limit itself. */
	timeoutMs?: number;
};

/** `text` is the beginning of what came back, to judge by and never to show. */
export type Answer = { status: number /** Seconds. */; retryAfter: number | null; text: string };

/** Nothing was delivered, or nobody can tell. The message is a reason for people: it has no address in it but the host. */
export class OutgoingError extends Error {
	readonly isPermanent: boolean;

	constructor(reason: string, isPermanent: boolean) {
		super(mask(reason));
		this.isPermanent = isPermanent;
	}
}

export const timeoutMs = 10_000;
export const mostRead = 4096;
const longestWait = 86_400;

/** Calls an address once. Throws OutgoingError and nothing else. */
export async function fetchOut(address: string, request: OutgoingRequest = {}): Promise<Answer> {
	const limitMs = request.timeoutMs ?? timeoutMs;
	const stop = new AbortController();
	const timer = setTimeout(() => stop.abort(new DOMException("", "TimeoutError")), limitMs);
	const signals = request.signal === undefined ? [stop.signal] : [stop.signal, request.signal];
	try {
		return await call(urlOf(address), request, AbortSignal.any(signals));
	} catch (error) {
		if (error instanceof OutgoingError) throw error;
		if (error instanceof UnusableHost) throw new OutgoingError(error.message, error.isRefused);
		if (stop.signal.aborted) throw new OutgoingError(`gave no answer within ${limitMs / 1000} s`, false);
		if (request.signal?.aborted) throw new OutgoingError("was not waited for: the monitor is stopping", false);
		throw new OutgoingError(reasonOf(error), false);
	} finally {
		clearTimeout(timer);
		// Whatever still comes is not read.
		stop.abort();
	}
}

function urlOf(address: string): URL {
	const url = URL.parse(address);
	// Bun's fetch would also read file:, data:, blob: and s3: addresses.
	if (url === null || (url.protocol !== "http:" && url.protocol !== "https:") || url.hostname === "") {
		throw new OutgoingError("has no address that can be called: only http and https are", true);
	}
	return url;
}

async function call(url: URL, request: OutgoingRequest, signal: AbortSignal): Promise<Answer> {
	const headers = new Headers(request.headers);
	takeCredentials(url, headers);
	if (!headers.has("user-agent")) headers.set("user-agent", "backup-monitor");
	// What is compressed can be a thousand times as large as what was read.
	headers.set("accept-encoding", "identity");
	const proxy = process.env.WEBHOOK_PROXY;
	const isSecure = url.protocol === "https:";
	const port = Number(url.port) || (isSecure ? 443 : 80);
	const name = url.hostname;
	let target = url.href;
	let serverName: string | null = null;
	if (proxy) {
		registerSecret(URL.parse(proxy)?.password);
		// The proxy resolves names; only what is written as an address can be checked here.
		if (/^[[\d]/.test(name)) await resolveHost(name, port, signal);
	} else {
		const { address, family } = await resolveHost(name, port, signal);
		headers.set("host", url.host);
		if (name !== address && name !== `[${address}]`) serverName = name;
		const pinned = new URL(url);
		pinned.hostname = family === 6 ? `[${address}]` : address;
		target = pinned.href;
	}
	const response = await fetch(target, {
		method: request.method ?? "POST",
		headers,
		...(request.body !== undefined && { body: request.body }),
		redirect: "manual",
		signal,
		// Messages are rare: a connection that waited for an hour is more likely dead than useful.
		keepalive: false,
		decompress: false,
		// Without this, Bun would go where HTTP_PROXY says.
		proxy: proxy ? { url: proxy, respectNoProxy: false } : false,
		...(isSecure && {
			tls: { rejectUnauthorized: !request.isUnverified, ...(serverName !== null && { serverName }) },
		}),
	});
	if (response.status >= 300 && response.status < 400) throw redirected(response, url);
	return {
		status: response.status,
		retryAfter: parseRetryAfter(response.headers.get("retry-after"), Date.now()),
		text: await beginning(response),
	};
}

/** User and password of an address go into a header: addresses are written into logs on the way. */
function takeCredentials(url: URL, headers: Headers): void {
	if (url.username === "" && url.password === "") return;
	const [user = "", password = ""] = [url.username, url.password].map((part) => {
		try {
			return decodeURIComponent(part);
		} catch {
			return part;
		}
	});
	url.username = "";
	url.password = "";
	registerSecret(password === "" ? user : password);
	if (!headers.has("authorization")) headers.set("authorization", basicAuth(user, password));
}

export function basicAuth(user: string, password: string): string {
	return `Basic ${Buffer.from(`${user}:${password}`).toString("base64")}`;
}

/** A redirect would carry the message and its token to an address that nobody entered. */
function redirected({ status, headers }: Response, from: URL): OutgoingError {
	const to = URL.parse(headers.get("location") ?? "", from.href);
	const where = to === null || to.origin === from.origin ? "another path" : `${to.protocol}//${to.host}`;
	// 301 and 308 say "for ever"; the others may be a login page or a proxy that is being looked after.
	const isPermanent = status === 301 || status === 308;
	return new OutgoingError(`answered ${status} and points to ${where}: enter the address it leads to`, isPermanent);
}

/** Seconds from `Retry-After`, which is a number or a date; null where it says nothing usable. */
export function parseRetryAfter(value: string | null, now: number): number | null {
	if (value === null || value.trim() === "") return null;
	const seconds = /^\s*\d+(\.\d+)?\s*$/.test(value) ? Number(value) : (Date.parse(value) - now) / 1000;
	return clampWait(seconds);
}

export function clampWait(seconds: unknown): number | null {
	if (typeof seconds !== "number" || !Number.isFinite(seconds)) return null;
	return Math.min(Math.max(Math.ceil(seconds), 0), longestWait);
}

async function beginning(response: Response): Promise<string> {
	const reader = response.body?.getReader();
	const chunks: Uint8Array[] = [];
	let length = 0;
	while (reader !== undefined && length < mostRead) {
		const { done, value } = await reader.read();
		if (done) break;
		chunks.push(value.subarray(0, mostRead - length));
		length += value.length;
	}
	await reader?.cancel().catch(() => {});
	return new TextDecoder().decode(Buffer.concat(chunks));
}

const selfSigned =
	"has a certificate that no authority known here has signed: name the authority's file in NODE_EXTRA_CA_CERTS, or add ?verify=no to the channel's address in a network that you trust";

/** By the code of Bun, Node or OpenSSL. */
const reasons: Record<string, string> = {
	ECONNREFUSED: "refuses the connection: nothing listens at this address and port",
	ConnectionRefused: "refuses the connection: nothing listens at this address and port",
	ECONNRESET: "closed the connection without an answer",
	ConnectionClosed: "closed the connection without an answer",
	EHOSTUNREACH: "cannot be reached: there is no way to this host",
	ENETUNREACH: "cannot be reached: there is no way to this network",
	ETIMEDOUT: "cannot be reached: the connection was not answered",
	ENOTFOUND: "cannot be found: the name cannot be resolved",
	EPROTO: "does not speak TLS on this port: use the form of the address without TLS (no s), or its TLS port",
	ERR_SSL_WRONG_VERSION_NUMBER:
		"does not speak TLS on this port: use the form of the address without TLS (no s), or its TLS port",
	DEPTH_ZERO_SELF_SIGNED_CERT: selfSigned,
	SELF_SIGNED_CERT_IN_CHAIN: selfSigned,
	UNABLE_TO_VERIFY_LEAF_SIGNATURE: selfSigned,
	UNABLE_TO_GET_ISSUER_CERT: selfSigned,
	UNABLE_TO_GET_ISSUER_CERT_LOCALLY: selfSigned,
	CERT_HAS_EXPIRED: "has a certificate that has expired: renew it there",
	CERT_NOT_YET_VALID: "has a certificate that is not valid yet: check the clocks of both machines",
	ERR_TLS_CERT_ALTNAME_INVALID: "has a certificate for another name: use the name that its certificate is for",
	ERR_PROXY_TUNNEL: "cannot be reached: the proxy of WEBHOOK_PROXY refuses the way",
};

/** A sentence for an error of the network or of TLS. The error's own text is not shown: it may hold the address. */
export function reasonOf(error: unknown): string {
	const code = codeOf(error);
	const known = reasons[code];
	if (known !== undefined) return known;
	return /^[A-Z][A-Za-z0-9_]{2,60}$/.test(code) ? `cannot be reached (${code})` : "cannot be reached";
}
