// The one gate: decides from method, route class, Host and Origin before anything is routed. What it does not know, it denies.
import type { Config } from "../config.ts";

/**
 * public: static and harmless. read: shows data. write: changes something, from our own pages or a shell. push: reports,
 * from whoever has a token.
 */
export type RouteClass = "public" | "read" | "write" | "push";
export const methods = ["GET", "POST", "PUT", "DELETE"] as const;
export type Method = (typeof methods)[number];
export type Declared = {
	method: Method;
	path: string;
	class: RouteClass;
	/** Where a push's token stands: in the request, judged by the gate, or in the path, judged in the protocol's words. */
	token?: "request" | "path";
	/** Largest body in bytes, where it is not the usual one. */
	bodyLimit?: number;
	/** A route of another class than push that wants to know who asks; the others are not told, which costs nothing. */
	seesPeer?: true;
	/**
	 * Of read and write, where a login is asked for: who else comes in. read-token: programs that show it. own-signature:
	 * whoever has the link, which the route judges. everybody: the login itself.
	 */
	opensTo?: "read-token" | "own-signature" | "everybody";
	/** Asked for by programs all day, and without a parameter: answered at the gate, so that no router need be there for it. */
	isDirect?: true;
	/** Its answers are kept whole (see ready.ts). Only for what is the same for whoever agrees in the headers of `Vary`. */
	isKeptReady?: true;
};

export type Verdict<Route = Declared> =
	| { pass: true; path: string; search: string; route: Route }
	| { pass: false; status: number; message: string; allow?: string };

type HostPolicy = Pick<Config, "allowedHosts"> & { ownNames: string[] };
type OriginPolicy = Pick<Config, "publicUrl">;

const lanSuffix = /\.(?:local|lan|home|home\.arpa|internal|localdomain|fritz\.box)$/;
const hostForm = /^(\[[0-9a-f:.]+\]|[a-z0-9_](?:[a-z0-9_.-]*[a-z0-9_])?\.?)(?::(\d{1,5}))?$/;

/** "ok", "malformed", or "foreign" for a name that only ALLOWED_HOSTS could let in. */
export function judgeHost(host: string, policy: HostPolicy): "ok" | "malformed" | "foreign" {
	const match = hostForm.exec(host.toLowerCase());
	if (match === null || Number(match[2] ?? 0) > 65_535) return "malformed";
	const name = (match[1] ?? "").replace(/\.$/, "");
	if (name.includes("..")) return "malformed";
	if (name.startsWith("[") || /^\d{1,3}(?:\.\d{1,3}){3}$/.test(name)) return "ok";
	// DNS rebinding needs a name that an attacker can own: single labels and the LAN's own suffixes are not such names.
	if (!name.includes(".") || lanSuffix.test(name) || policy.ownNames.includes(name)) return "ok";
	return policy.allowedHosts.includes("*") || policy.allowedHosts.includes(name) ? "ok" : "foreign";
}

/** Path and query of a request, whatever form its target had: Bun gives "/x" without origin where Host is bad or missing. */
export function splitTarget(url: string): { path: string; search: string } {
	const start = url.startsWith("/") ? 0 : url.indexOf("/", url.indexOf("://") + 3);
	const target = start === -1 ? "/" : url.slice(start);
	const mark = target.indexOf("?");
	return mark === -1 ? { path: target, search: "" } : { path: target.slice(0, mark), search: target.slice(mark) };
}

/**
 * Whether a state change comes from one of our own pages, or from no browser at all. `publicUrl`: the pages' own address
 * where a proxy asks under another name.
 */
export function isOwnOrigin(headers: Headers, publicUrl: string | null = null): boolean {
	const site = headers.get("sec-fetch-site");
	if (site !== null && site !== "same-origin" && site !== "none") return false;
	const origin = headers.get("origin");
	if (origin === null) return true;
	const host = headers.get("host");
	if (host !== null && (origin === `http://${host}` || origin === `https://${host}`)) return true;
	return publicUrl !== null && origin === URL.parse(publicUrl)?.origin;
}

export class Guard<Route extends Declared = Declared> {
	readonly #policy: HostPolicy & OriginPolicy;
	readonly #routes = new Map<string, Route>();
	readonly #patterns: { segments: string[]; route: Route }[] = [];
	readonly #hosts = new Map<string, "ok" | "malformed" | "foreign">();

	constructor(policy: HostPolicy & OriginPolicy, routes: readonly Route[]) {
		this.#policy = policy;
		for (const route of routes) {
			if (route.path.includes(":")) this.#patterns.push({ segments: route.path.split("/"), route });
			else this.#routes.set(`${route.method} ${route.path}`, route);
		}
	}

	judge(request: Request): Verdict<Route> {
		const { headers } = request;
		const host = headers.get("host");
		// HTTP/1.0 may leave Host out; a browser, the only thing that can be rebound, never does.
		if (host !== null) {
			const judged = this.#judgeHost(host);
			if (judged === "malformed") return deny(400, "The Host header is not a name or an address.");
			if (judged === "foreign") return deny(421, foreignHost(host));
		}
		const { path: asked, search } = splitTarget(request.url);
		// Clients write ping addresses with and without a slash at the end.
		const path = asked.startsWith("/ping/") && asked.length > 6 ? asked.replace(/\/$/, "") : asked;
		const method = request.method === "HEAD" ? "GET" : request.method;
		const route = this.#find(method, path);
		if (route === null) return this.#notFound(path);
		if (route.class === "write" && !isOwnOrigin(headers, this.#policy.publicUrl)) {
			return deny(403, "Changes are taken from this server's own pages and from a shell, not from other sites.");
		}
		return { pass: true, path, search, route };
	}

	#judgeHost(host: string): "ok" | "malformed" | "foreign" {
		const known = this.#hosts.get(host);
		if (known !== undefined) return known;
		if (this.#hosts.size >= 256) this.#hosts.clear();
		const judged = judgeHost(host, this.#policy);
		this.#hosts.set(host, judged);
		return judged;
	}

	#find(method: string, path: string): Route | null {
		const exact = this.#routes.get(`${method} ${path}`);
		if (exact !== undefined) return exact;
		if (this.#patterns.length === 0) return null;
		const segments = path.split("/");
		return this.#patterns.find(({ segments: s, route }) => route.method === method && fits(s, segments))?.route ?? null;
	}

	#notFound(path: string): Verdict<Route> {
		const allowed = methods.filter((method) => this.#find(method, path) !== null);
		if (allowed.length === 0) return deny(404, "There is nothing at this address.");
		const allow = allowed.flatMap((method) => (method === "GET" ? ["GET", "HEAD"] : [method])).join(", ");
		return { pass: false, status: 405, message: `This address takes ${allow}.`, allow };
	}
}

function fits(pattern: string[], segments: string[]): boolean {
	return (
		pattern.length === segments.length &&
		pattern.every((part, at) => (part.startsWith(":") ? segments[at] !== "" : part === segments[at]))
	);
}

function deny(status: number, message: string): Verdict<never> {
	return { pass: false, status, message };
}

function foreignHost(host: string): string {
	const name = host.replace(/:\d+$/, "");
	return `This server does not answer to the name ${name}. If it is yours, start the monitor with ALLOWED_HOSTS=${name}`;
}
