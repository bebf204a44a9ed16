// IP addresses and networks of them: what an address is, and whether it lies in one of those that were named.

/** The eight groups of an address, null where it is none. An IPv4 address is the IPv6 one that maps it. */
export function groupsOf(address: string): number[] | null {
	const bare = address.replace(/%.*$/, "");
	const dotted = /^(.*:)?(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/.exec(bare);
	const [, start = "::ffff:", ...quad] = dotted ?? [];
	const [a = 0, b = 0, c = 0, d = 0] = quad.map(Number);
	if (Math.max(a, b, c, d) > 255) return null;
	const text = dotted ? `${start}${((a << 8) | b).toString(16)}:${((c << 8) | d).toString(16)}` : bare;
	const halves = text.split("::").map((half) => (half === "" ? [] : half.split(":").map(groupOf)));
	const [left = [], right] = halves;
	if (halves.length > 2) return null;
	const missing = 8 - left.length - (right?.length ?? 0);
	if (right === undefined ? missing !== 0 : missing < 0) return null;
	const groups = right === undefined ? left : [...left, ...new Array<number>(missing).fill(0), ...right];
	return groups.every((group) => group >= 0 && group <= 0xffff) ? groups : null;
}

const groupOf = (text: string) => (/^[0-9a-f]{1,4}$/i.test(text) ? Number.parseInt(text, 16) : Number.NaN);

export type Network = { groups: number[]; bits: number };

/** "192.168.1.0/24", "fd00::/8", or a single address; null for anything else. What stands behind the bits does not count. */
export function parseNetwork(text: string): Network | null {
	const [address = "", length, ...more] = text.replace(/^\[(.+)\]/, "$1").split("/");
	const groups = groupsOf(address);
	if (groups === null || more.length > 0 || (length !== undefined && !/^\d{1,3}$/.test(length))) return null;
	const most = address.includes(":") ? 128 : 32;
	const bits = Number(length ?? most);
	return bits <= most ? { groups, bits: bits + 128 - most } : null;
}

export function isWithin(networks: readonly Network[], address: string): boolean {
	const groups = networks.length === 0 ? null : groupsOf(address);
	return groups !== null && networks.some((network) => holds(network, groups));
}

function holds({ groups: own, bits }: Network, groups: number[]): boolean {
	return groups.every((group, at) => {
		const counted = Math.min(16, Math.max(0, bits - at * 16));
		return ((group ^ (own[at] ?? 0)) & (0xffff << (16 - counted)) & 0xffff) === 0;
	});
}
