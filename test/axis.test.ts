// Chart axes count as people do.
import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { type AxisUnit, axisEnd, axisStep } from "../src/axis.ts";

describe("the step of an axis", () => {
	const cases: [number, AxisUnit, number][] = [
		[1835, "seconds", 600],
		[3190, "seconds", 900],
		[8000, "seconds", 3600],
		[40, "seconds", 10],
		[4_000_000, "seconds", 20 * 86_400],
		[3.74e9, "bytes", 1e9],
		[262e9, "bytes", 100e9],
		[1.05e6, "iec", 500 * 1024],
		[3 * 1024 ** 3, "iec", 1024 ** 3],
		[3, "count", 1],
		[1, "count", 1],
		[17, "count", 5],
		[0, "count", 1],
		[0, "seconds", 1],
	];
	test.each(cases)("up to %p %s is %p", (max, unit, step) => {
		expect(axisStep(max, unit)).toBe(step);
	});

	test("always reaches the largest value in two to eight steps", () => {
		fc.assert(
			fc.property(
				fc.double({ min: 4, max: 1e16, noNaN: true }),
				fc.constantFrom("seconds", "bytes", "iec"),
				(max, unit) => {
					const step = axisStep(max, unit as AxisUnit);
					const end = axisEnd(max, step);
					return end >= max * 0.999 && end / step >= 1 && end / step <= 8;
				},
			),
		);
	});
});
