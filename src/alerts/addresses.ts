// Where a host name leads, and which addresses nothing of ours may ever call: a channel must not reach the cloud's keys.
import { groupsOf } from "../networks.ts";

export type Destination = { address: string; family: 4 | 6 };

/** The name leads nowhere (temporary: a resolver can be down) or to a place that is refused (permanent). */
export class UnusableHost extends Error {
	readonly isRefused: boolean;

	constructor(message: string, isRefused: boolean) {
		super(message);
		this.isRefused = isRefused;
	}
}

const connectMs = 4000;

/**
 * One address of the host that is allowed and, where there are several, accepts connections: the caller goes to exactly
 * this one, so that a name which changes its mind after the check gains nothing. `host` may be a literal, v6 in brackets.
 */
export async function resolveHost(host: string, port: number, signal: AbortSignal): Promise<Destination> {
	const literal = host.replace(/^\[|\]$/g, "");
	const family = familyOf(literal);
	if (family !== null) {
		if (isRefusedAddress(literal)) throw new UnusableHost(refusal(literal), true);
		return { address: literal, family };
	}
	const found = await untilAborted(lookup(host), signal);
	const allowed = found.filter(({ address }) => !isRefusedAddress(address));
	const [first] = allowed;
	if (first === undefined) throw new UnusableHost(refusal(found[0]?.address ?? host), true);
	return allowed.length === 1 ? first : firstThatAnswers(allowed, first, port);
}

async function lookup(host: string): Promise<Destination[]> {
	try {
		// The system's resolver, not Bun's own: /etc/hosts, mDNS and search domains are how names work at home.
		const found = await Bun.dns.lookup(host, { backend: "getaddrinfo" });
		return found.map(({ address, family }) => ({ address, family: family === 6 ? 6 : 4 }));
	} catch {
		throw new UnusableHost(`cannot be found: the name ${host} cannot be resolved`, false);
	}
}

const refusal = (address: string) =>
	`leads to ${address}, a link-local, multicast or unspecified address, and nothing is sent there`;

/** A home with broken IPv6 has names with an address that swallows everything; a connection tells, and costs nothing. */
async function firstThatAnswers(addresses: Destination[], otherwise: Destination, port: number): Promise<Destination> {
	const tries = addresses.slice(0, 8).map(async (destination) => {
		const socket = await Bun.connect({
			hostname: destination.address,
			port,
			socket: { data() {}, error() {}, connectError() {} },
		});
		socket.end();
		return destination;
	});
	const { promise: late, resolve } = Promise.withResolvers<Destination>();
	const timer = setTimeout(() => resolve(otherwise), connectMs);
	const first = await Promise.race([Promise.any(tries).catch(() => otherwise), late]);
	clearTimeout(timer);
	return first;
}

async function untilAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
	signal.throwIfAborted();
	const { promise: aborted, reject } = Promise.withResolvers<never>();
	const stop = () => reject(signal.reason);
	signal.addEventListener("abort", stop, { once: true });
	try {
		return await Promise.race([promise, aborted]);
	} finally {
		signal.removeEventListener("abort", stop);
	}
}

function familyOf(text: string): 4 | 6 | null {
	if (/^\d{1,3}(\.\d{1,3}){3}$/.test(text)) return 4;
	return text.includes(":") ? 6 : null;
}

/** Private addresses are where a homelab lives and pass; link-local, multicast, broadcast and "this network" do not. */
export function isRefusedAddress(address: string): boolean {
	if (!address.includes(":")) return isRefusedV4(address.split(".").map(Number));
	const groups = groupsOf(address);
	if (groups === null) return true;
	const [first = 0] = groups;
	if ((first & 0xffc0) === 0xfe80 || (first & 0xff00) === 0xff00) return true;
	if (groups.every((group) => group === 0)) return true;
	// v4 inside v6: mapped (::ffff:a.b.c.d), compatible (::a.b.c.d) and translated (64:ff9b::a.b.c.d).
	const head = groups.slice(0, 6).join(",");
	const isEmbedded = ["0,0,0,0,0,65535", "0,0,0,0,0,0", "100,65435,0,0,0,0"].includes(head);
	const [high = 0, low = 0] = groups.slice(6);
	const isLoopback = head === "0,0,0,0,0,0" && high === 0 && low === 1;
	return isEmbedded && !isLoopback && isRefusedV4([high >> 8, high & 255, low >> 8, low & 255]);
}

function isRefusedV4([a = 0, b = 0]: number[]): boolean {
	return a === 0 || (a === 169 && b === 254) || a >= 224 || !Number.isInteger(a) || !Number.isInteger(b);
}
