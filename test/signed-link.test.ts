// Links that act for a week without a login: nobody makes, changes or keeps one.
import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { linkPath, readLink, signLink } from "../src/signed-link.ts";
import { day, now } from "./alert-events.ts";

const key = new Uint8Array(32).fill(1);
const link = { alertId: 42, action: "acknowledge", expiresAt: now + 7 * day } as const;

test("a token says which alert and what to do, and stands in a path as it is", () => {
	fc.assert(
		fc.property(
			fc.integer({ min: 0, max: 2 ** 48 - 1 }),
			fc.constantFrom("acknowledge", "snooze"),
			fc.integer({ min: now + 1000, max: now + 1000 * day }),
			(alertId, action, expiresAt) => {
				const token = signLink(key, { alertId, action, expiresAt });
				expect(token).toMatch(/^[A-Za-z0-9_-]{38}$/);
				expect(encodeURI(linkPath(token))).toBe(`/alerts/link/${token}`);
				expect(readLink(key, token, now)).toEqual({ alertId, action });
			},
		),
		{ numRuns: 300 },
	);
});

describe("refused is", () => {
	const token = signLink(key, link);

	test("a token whose time is over", () => {
		expect(readLink(key, token, link.expiresAt - 1000)).not.toBeNull();
		expect(readLink(key, token, link.expiresAt)).toBeNull();
	});

	test("a token of another key", () => {
		expect(readLink(new Uint8Array(32).fill(2), token, now)).toBeNull();
	});

	test("a token of which any one character is another one", () => {
		const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
		for (let at = 0; at < token.length; at++) {
			for (const other of alphabet) {
				if (other === token[at]) continue;
				expect(readLink(key, token.slice(0, at) + other + token.slice(at + 1), now)).toBeNull();
			}
		}
	});

	test("anything else, whatever its length", () => {
		const odd = [
			"",
			"x",
			`${token}=`,
			`${token}A`,
			token.slice(1),
			` ${token}`,
			`${token}\n`,
			"ä".repeat(38),
			"/".repeat(38),
		];
		for (const text of odd) expect(readLink(key, text, now)).toBeNull();
		fc.assert(fc.property(fc.string({ unit: "binary", maxLength: 60 }), (text) => readLink(key, text, now) === null));
	});
});

test("a key that is too short to be one, and an alert that is none, are faults of ours", () => {
	expect(() => signLink(new Uint8Array(0), link)).toThrow("at least 16 bytes");
	expect(() => signLink(key, { ...link, alertId: -1 })).toThrow();
	expect(() => signLink(key, { ...link, alertId: 1.5 })).toThrow();
});
