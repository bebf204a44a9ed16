// Medians and spreads that one odd value does not move.
import { expect, test } from "bun:test";
import fc from "fast-check";
import { median, robustSpread, sortFirst } from "../src/statistics.ts";

test("the median is the middle, or the mean of the middle two, and of nothing there is none", () => {
	expect(median([3])).toBe(3);
	expect(median([5, 1, 3])).toBe(3);
	expect(median([4, 1, 3, 2])).toBe(2.5);
	expect(median([])).toBeNull();
	expect(median([1.7e308, 1.7e308])).toBe(1.7e308);
});

test("one wild value moves neither the middle nor the spread far", () => {
	expect(median([10, 11, 12, 13, 1e9])).toBe(12);
	expect(robustSpread([10, 11, 12, 13, 1e9], 12)).toBeCloseTo(1.4826);
	expect(robustSpread([7, 7, 7, 7, 1e9], 7)).toBe(0);
	expect(robustSpread([], 7)).toBeNull();
});

test("the spread of a normal distribution is about its standard deviation", () => {
	// Its quantiles, evenly.
	const quartiles = [-1.2816, -0.8416, -0.5244, -0.2533, 0, 0.2533, 0.5244, 0.8416, 1.2816];
	expect(robustSpread(quartiles, 0)).toBeGreaterThan(0.7);
	expect(robustSpread(quartiles, 0)).toBeLessThan(1.1);
});

test("only the first values are sorted", () => {
	fc.assert(
		fc.property(
			fc.array(fc.double({ noNaN: true, noDefaultInfinity: true }), { maxLength: 20 }),
			fc.nat(20),
			(list, n) => {
				const count = Math.min(n, list.length);
				const values = Float64Array.from(list);
				sortFirst(values, count);
				expect([...values.subarray(0, count)]).toEqual([...Float64Array.from(list.slice(0, count)).sort()]);
				expect([...values.subarray(count)]).toEqual(list.slice(count));
			},
		),
	);
});
