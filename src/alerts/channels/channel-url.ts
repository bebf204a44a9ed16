// Takes a channel's address apart as Apprise writes them: tokens stand where hosts do, "#room" is no fragment.
import { AppError } from "../../errors.ts";
import { registerSecret } from "../../secrets.ts";

export type ChannelUrl = {
	/** In lower case, without "://". */
	scheme: string;
	user: string | null;
	password: string | null;
	/** Host and port as they were written, decoded: some services keep a token there. */
	authority: string;
	/** v6 in brackets. */
	host: string;
	port: number | null;
	/** Decoded, without empty ones. */
	path: string[];
	/** Names in lower case. "+" is no space here: mail addresses have it. */
	query: Map<string, string>;
	/** As it was given. */
	text: string;
};

export function parseUrlText(text: string): ChannelUrl | null {
	const match = /^([a-z][a-z0-9+.-]*):\/\/([^?]*)(?:\?(.*))?$/is.exec(text.trim());
	if (match === null) return null;
	const [, scheme = "", before = "", question = ""] = match;
	const slash = before.indexOf("/");
	const whole = slash === -1 ? before : before.slice(0, slash);
	const path = slash === -1 ? "" : before.slice(slash);
	// The last one: a password may have an @ that nobody encoded.
	const at = whole.lastIndexOf("@");
	const [user, password] = at === -1 ? [null, null] : credentialsOf(whole.slice(0, at));
	const authority = whole.slice(at + 1);
	const [, host = authority, port] = /^(\[[^\]]*\]|[^:]*)(?::(\d{1,5}))?$/.exec(authority) ?? [];
	return {
		scheme: scheme.toLowerCase(),
		user,
		password,
		authority: decode(authority),
		host: decode(host),
		port: port === undefined || Number(port) > 65_535 ? null : Number(port),
		path: path
			.split("/")
			.filter((part) => part !== "")
			.map(decode),
		query: queryOf(question),
		text: text.trim(),
	};
}

function credentialsOf(text: string): [string | null, string | null] {
	const colon = text.indexOf(":");
	if (colon === -1) return [decode(text), null];
	return [colon === 0 ? null : decode(text.slice(0, colon)), decode(text.slice(colon + 1))];
}

function queryOf(text: string): Map<string, string> {
	const query = new Map<string, string>();
	for (const pair of text.split("&")) {
		const [, name = "", value = ""] = /^([^=]*)=?(.*)$/s.exec(pair) ?? [];
		if (name !== "") query.set(decode(name).toLowerCase(), decode(value));
	}
	return query;
}

function decode(text: string): string {
	try {
		return decodeURIComponent(text);
	} catch {
		return text;
	}
}

/** Apprise's `verify=no`: the certificate is not checked. */
export function isUnverified({ query }: ChannelUrl): boolean {
	return /^(?:no|false|0|off|n|f)$/i.test(query.get("verify") ?? "");
}

/** "https://host:port" of an address whose scheme says by an s at its end whether there is TLS. */
export function baseOf({ host, port }: ChannelUrl, isSecure: boolean): string {
	return `http${isSecure ? "s" : ""}://${host}${port === null ? "" : `:${port}`}`;
}

export function shownOf({ scheme, host, port }: ChannelUrl): string {
	return `${scheme}://${host}${port === null ? "" : `:${port}`}`;
}

/** A host that can stand in an address; what else may be there instead is a token, and must not be shown. */
export function isHost(text: string): boolean {
	return /^(?:\[[0-9a-f:.]+\]|[\p{L}\p{N}](?:[\p{L}\p{N}._-]*[\p{L}\p{N}_.])?)$/iu.test(text) && text.length <= 255;
}

export function registerAll(...secrets: (string | null | undefined)[]): void {
	for (const secret of secrets) registerSecret(secret);
}

/**
 * Where a service of the net is called: at its own address, or at a server that speaks as it does (`base=`, which is also
 * what is put there for an address such as https://chat.example/api/webhooks/…).
 */
export function serviceOf(url: ChannelUrl, own: string): { base: string; shown: string } {
	const { host } = new URL(own);
	const given = url.query.get("base");
	if (given === undefined) return { base: own, shown: `${url.scheme}://${host}` };
	const base = URL.parse(given);
	if (base === null || !/^https?:$/.test(base.protocol)) {
		throw new AppError("usage", "base= takes the address of a server: https://host or http://host:port");
	}
	return { base: base.origin, shown: base.origin };
}
