// The note about slow changes: the last five runs against those 15 to 45 back.
import { describe, expect, test } from "bun:test";
import { driftOf, quantile } from "../src/drift.ts";
import { decimal } from "../src/units.ts";

const day = 86_400_000;
const now = Date.parse("2026-11-23T02:00:00Z");

/** Newest first; `of` gives duration, size and upload of the run that many days ago. */
const runs = (of: (i: number) => { duration?: number; size?: number; upload?: number }, count = 45) =>
	Array.from({ length: count }, (_, i) => {
		const { duration = 600, size = 4e9, upload } = of(i);
		const phases = upload === undefined ? [] : [{ name: "upload", seconds: upload }];
		return { startedAt: now - i * day, duration, size, phases };
	});
const said = (...args: Parameters<typeof runs>) => driftOf(runs(...args), 3600, decimal);

describe("drift", () => {
	test("a steady job drifts nowhere, and neither does one with a short past", () => {
		expect(said(() => ({}))).toBeNull();
		expect(said((i) => ({ duration: i < 5 ? 900 : 600 }), 18)).toBeNull();
		expect(driftOf([], null, decimal)).toBeNull();
	});

	test("one odd run is no drift", () => {
		expect(said((i) => ({ duration: i === 0 ? 6000 : 600, size: i === 1 ? 1 : 4e9 }))).toBeNull();
	});

	test("names the phase that makes a run longer, and says whether size explains it", () => {
		const slower = (i: number) => (i < 10 ? { duration: 1100, upload: 1000 } : { duration: 600, upload: 500 });
		const drift = said(slower);
		expect(drift?.title).toBe(
			"Upload went from 8\u00a0min\u00a020\u00a0s to 16\u00a0min\u00a040\u00a0s in 4\u00a0weeks.",
		);
		expect(drift?.detail).toContain("Size did not grow in the same time");
		expect(drift?.detail).toContain("It may take 41\u00a0min\u00a040\u00a0s more before it counts as stuck.");
		const both = said((i) => ({ ...slower(i), size: i < 10 ? 8e9 : 4e9 }));
		expect(both?.detail).toContain("more data is the likely reason");
	});

	test("without phases the run itself is named", () => {
		expect(said((i) => ({ duration: i < 5 ? 900 : 600 }))?.title).toStartWith(
			"A run went from 10\u00a0min to 15\u00a0min",
		);
	});

	test("what shrinks is said before what slows down", () => {
		const drift = said((i) => (i < 5 ? { duration: 900, size: 2e9 } : {}));
		expect(drift?.title).toStartWith("Backups shrank from 4.00\u00a0GB to 2.00\u00a0GB");
	});

	test("growth is told with what a year of it would be", () => {
		const drift = said((i) => ({ size: i < 5 ? 6e9 : 4e9 }));
		expect(drift?.title).toStartWith("Backups grew from 4.00\u00a0GB to 6.00\u00a0GB");
		expect(drift?.detail).toContain("a year adds about 27.0\u00a0GB");
	});

	test("seconds and kilobytes are no news, however many percent they are", () => {
		expect(said((i) => ({ duration: i < 5 ? 4 : 2, size: i < 5 ? 90_000 : 30_000 }))).toBeNull();
	});
});

test("a quantile lies between two values by proportion, and of nothing there is none", () => {
	expect(quantile([1, 2, 3, 4], 0.5)).toBe(2.5);
	expect(quantile([5, null], 0.9)).toBe(5);
	expect(quantile([null], 0.5)).toBeNull();
});
