// What is kept is given again while all that it was made of is the same, and no longer.
import { expect, test } from "bun:test";
import { Kept } from "../src/kept.ts";

const counted = () => {
	let made = 0;
	const sums = new Kept(2, (a: number, b: number | string | null) => ({ sum: `${a} ${b}`, made: ++made }));
	return sums;
};

test("the same inputs give the same object, and any other input another one", () => {
	const sums = counted();
	const first = sums.of("x", 1, "b");
	expect(sums.of("x", 1, "b")).toBe(first);
	expect(sums.of("x", 2, "b")).toEqual({ sum: "2 b", made: 2 });
	expect(sums.of("x", 2, null)).toEqual({ sum: "2 null", made: 3 });
	expect(sums.of("x", 1, "b")).toEqual({ sum: "1 b", made: 4 });
});

test("not a number is itself, and nought is not minus nought: an age that has just passed is another one", () => {
	const sums = counted();
	expect(sums.of("x", Number.NaN, null)).toBe(sums.of("x", Number.NaN, null));
	expect(sums.of("y", 0, null)).not.toBe(sums.of("y", -0, null));
});

test("it holds no more than it was told", () => {
	const sums = counted();
	const first = sums.of("a", 1, null);
	sums.of("b", 1, null);
	expect(sums.of("a", 1, null)).toBe(first);
	sums.of("c", 1, null);
	expect(sums.of("a", 1, null)).not.toBe(first);
});

test("what is not asked for any more goes, long before there is no room; what is in use stays", () => {
	let made = 0;
	const numbers = new Kept(10_000, (n: number) => ({ n, made: ++made }));
	const inUse = Array.from({ length: 20 }, (_, n) => numbers.of(n, n));
	for (let n = 20; n < 520; n++) {
		numbers.of(n, n);
		for (const one of inUse) numbers.of(one.n, one.n);
	}
	expect(made).toBe(520);
	expect(inUse.every((one, n) => numbers.of(n, n) === one)).toBe(true);
	// Those of the two last generations are there still, and are the same.
	expect(numbers.of(519, 519).made).toBe(520);
	expect(numbers.of(20, 20).made).toBe(521);
});
