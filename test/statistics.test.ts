// Medians, which one odd value does not move.
import { expect, test } from "bun:test";
import fc from "fast-check";
import { median, sortFirst } from "../src/statistics.ts";

test("the median is the middle, or the mean of the middle two, and of nothing there is none", () => {
	expect(median([3])).toBe(3);
	expect(median([5, 1, 3])).toBe(3);
	expect(median([4, 1, 3, 2])).toBe(2.5);
	expect(median([])).toBeNull();
	expect(median([1.7e308, 1.7e308])).toBe(1.7e308);
});

test("one wild value does not move the middle far", () => {
	expect(median([10, 11, 12, 13, 1e9])).toBe(12);
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
