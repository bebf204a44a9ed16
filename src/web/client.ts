// Who is at the other end: the connection's address, or what a trusted proxy says of the client behind it.
import type { Config } from "../config.ts";
import { groupsOf, isWithin, type Network } from "../networks.ts";

export type Client = {
	/** "" where nobody knows. */
	readonly address: string;
	/** The connection comes from a proxy whose word is taken. */
	isProxied: boolean;
	isHttps: boolean;
};

const forwarded = ["x-forwarded-for", "x-forwarded-proto"];

/**
 * Takes what anybody but a trusted proxy says about itself out of the request: whatever reads those headers afterwards may
 * believe them. `address` is the connection's.
 */
export function clientOf({ headers }: Request, address: string, proxies: readonly Network[]): Client {
	if (!isWithin(proxies, address)) {
		dropForwarded(headers);
		return { address, isProxied: false, isHttps: false };
	}
	return {
		address: furthest(headers.get("x-forwarded-for"), address, proxies),
		isProxied: true,
		isHttps: isHttps(headers),
	};
}

/** As `clientOf` where no proxy is trusted. The connection is asked for its address by whoever wants to know it. */
export function directClient({ headers }: Request, addressOf: () => string): Client {
	dropForwarded(headers);
	return {
		get address() {
			return addressOf();
		},
		isProxied: false,
		isHttps: false,
	};
}

function dropForwarded(headers: Headers): void {
	for (const name of forwarded) if (headers.has(name)) headers.delete(name);
}

/** Where this server is reached, as whoever asks reaches it. */
export function ownAddress(request: Request, { publicUrl, port }: Pick<Config, "publicUrl" | "port">): string {
	return publicUrl ?? `${schemeOf(request)}://${request.headers.get("host") ?? `localhost:${port}`}`;
}

/** How a browser reached this server, as far as is known. */
export function schemeOf({ headers }: Request): "http" | "https" {
	return isHttps(headers) ? "https" : "http";
}

function isHttps(headers: Headers): boolean {
	return headers.get("x-forwarded-proto")?.split(",")[0]?.trim().toLowerCase() === "https";
}

/** From the nearest proxy on, the first address that is none of the trusted: what stands before it may be invented. */
function furthest(list: string | null, address: string, proxies: readonly Network[]): string {
	let known = address;
	for (const hop of (list ?? "").split(",").reverse()) {
		const named = hop
			.trim()
			.replace(/^\[(.+)\](?::\d+)?$/, "$1")
			.replace(/^([\d.]+):\d+$/, "$1");
		if (groupsOf(named) === null) return known;
		known = named;
		if (!isWithin(proxies, known)) return known;
	}
	return known;
}
