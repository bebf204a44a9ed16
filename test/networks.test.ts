// Which addresses lie in which networks, and what is no network at all.
import { expect, test } from "bun:test";
import { isWithin, parseNetwork } from "../src/networks.ts";

const within = (network: string, address: string) => {
	const parsed = parseNetwork(network);
	return parsed === null ? null : isWithin([parsed], address);
};

test("an address lies in a network whose first bits it shares, and only there", () => {
	const cases: [network: string, address: string, isIn: boolean][] = [
		["192.168.1.0/24", "192.168.1.255", true],
		["192.168.1.0/24", "192.168.2.0", false],
		["192.168.1.7/24", "192.168.1.200", true],
		["172.16.0.0/12", "172.31.255.255", true],
		["172.16.0.0/12", "172.32.0.0", false],
		["10.0.0.1", "10.0.0.1", true],
		["10.0.0.1", "10.0.0.2", false],
		["10.0.0.0/31", "10.0.0.1", true],
		["10.0.0.0/31", "10.0.0.2", false],
		["0.0.0.0/0", "203.0.113.9", true],
		["0.0.0.0/0", "2001:db8::1", false],
		["::1", "::1", true],
		["::1", "::2", false],
		["fd00::/8", "fdff:1::2", true],
		["fd00::/8", "fe00::1", false],
		["2001:db8::/33", "2001:db8:7fff::1", true],
		["2001:db8::/33", "2001:db8:8000::1", false],
		["[2001:db8::5]", "2001:DB8:0:0::5", true],
		// A socket for both families gives IPv4 like this.
		["127.0.0.1", "::ffff:127.0.0.1", true],
		["::ffff:10.0.0.0/104", "10.9.9.9", true],
		["127.0.0.1", "", false],
		["127.0.0.1", "pi.lan", false],
	];
	for (const [network, address, isIn] of cases) {
		expect([network, address, within(network, address)]).toEqual([network, address, isIn]);
	}
});

test("what is no address or no length is no network", () => {
	const bad = ["", "pi.lan", "10.0.0.0/33", "10.0.0.256", "10.0.0", "::1/129", "1::2::3", "10.0.0.0/", "10.0.0.0/8/8"];
	for (const text of [...bad, "10.0.0.0/-1", ":::", "12345::", "g::1", "10.0.0.0/8x"]) {
		expect([text, parseNetwork(text)]).toEqual([text, null]);
	}
});
