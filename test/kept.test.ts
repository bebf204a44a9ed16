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
