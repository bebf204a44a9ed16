// Guessing: one at a time, slower for everybody while many are wrong, and never for longer than seconds.
import { expect, test } from "bun:test";
import { PasswordDoor } from "../../src/web/password-door.ts";

const hour = 3_600_000;

function openDoor({ restMs = 0 } = {}) {
	const waits: number[] = [];
	let running = 0;
	let most = 0;
	const isRight = async (typed: string) => {
		most = Math.max(most, ++running);
		await Promise.resolve();
		running--;
		return typed === "right";
	};
	const door = new PasswordDoor({ isRight, restMs, text: "" }, async (ms) => {
		waits.push(ms);
	});
	return { door, waits, most: () => most };
}

test("two are never checked at once", async () => {
	const { door, most } = openDoor();
	const tries = Array.from({ length: 30 }, (_, i) => door.attempt("wrong", `10.0.0.${i}`, 0));
	expect((await Promise.all(tries)).every((tried) => !tried.ok && tried.status === 401)).toBe(true);
	expect(most()).toBe(1);
});

test("many wrong ones from anywhere make everybody wait, three seconds at most, and half an hour later nobody", async () => {
	const { door, waits } = openDoor();
	for (let i = 0; i < 40; i++) await door.attempt("wrong", `10.0.0.${i}`, i);
	const delays = waits.filter((_, i) => i % 2 === 0);
	expect(delays.slice(0, 8)).toEqual([0, 0, 0, 0, 0, 0, 200, 400]);
	expect(Math.max(...delays)).toBe(3000);
	waits.length = 0;
	expect(await door.attempt("right", "192.168.1.2", 1000)).toEqual({ ok: true });
	expect(waits[0]).toBe(3000);
	waits.length = 0;
	await door.attempt("right", "192.168.1.2", hour / 2);
	expect(waits[0]).toBe(0);
});

test("who has used up ten waits six minutes for the next, and has all ten again after an hour", async () => {
	const { door } = openDoor();
	const wrong = (at: number) => door.attempt("wrong", "10.0.0.1", at);
	for (let i = 0; i < 10; i++) await wrong(0);
	expect(await wrong(0)).toEqual({ ok: false, status: 429, retryAfter: 360 });
	expect(await door.attempt("right", "10.0.0.1", 359_000)).toMatchObject({ status: 429 });
	expect(await door.attempt("right", "10.0.0.1", 361_000)).toEqual({ ok: true });
	for (let i = 0; i < 10; i++) expect(await wrong(2 * hour)).toMatchObject({ status: 401 });
	// One home has many IPv6 addresses, and one budget.
	for (let i = 0; i < 10; i++) await door.attempt("wrong", `2001:db8::${i}`, 0);
	expect(await door.attempt("wrong", "2001:db8::ffff", 0)).toMatchObject({ status: 429 });
});

test("more than thirty-two at once are asked to come again, which costs them none of their ten", async () => {
	const { door } = openDoor();
	const tries = await Promise.all(Array.from({ length: 40 }, (_, i) => door.attempt("wrong", `10.0.0.${i}`, 0)));
	expect(tries.filter((tried) => !tried.ok && tried.status === 503)).toHaveLength(8);
	for (let i = 0; i < 10; i++) expect(await door.attempt("wrong", "10.0.0.39", 0)).toMatchObject({ status: 401 });
});
