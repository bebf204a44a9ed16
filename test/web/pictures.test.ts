// The small pictures that the server draws: few elements, a shape for each state, and nothing of what was sent to us.
import { describe, expect, test } from "bun:test";
import {
	calendar,
	calendarSample,
	coloured,
	type DayMark,
	phaseBar,
	sparkline,
	strip,
} from "../../src/web/pictures.ts";
import { aFailure, aRun } from "./pages/sample-overview.ts";

const evil = `"><script>alert(1)</script>`;
const count = (text: string, what: RegExp) => text.match(what)?.length ?? 0;
const coordinates = (text: string) =>
	[...text.matchAll(/[ML](-?[\d.]+) (-?[\d.]+)/g)].map(([, x, y]) => [Number(x), Number(y)]);

describe("a strip of days", () => {
	const days: DayMark[] = Array.from({ length: 30 }, (_, i) => ({
		state: i === 20 ? "failed" : "ok",
		title: `day ${i}`,
	}));

	test("is a handful of elements however many days it has, and titles only what is not good", () => {
		const { text } = strip(days, "29 good; 1 failed");
		expect(count(text, /<path|<rect|<circle|<g /g)).toBeLessThan(8);
		expect(text.match(/<title>(.*?)<\/title>/g)).toEqual(["<title>day 20</title>"]);
		expect(text).toContain('aria-label="29 good; 1 failed"');
	});

	test("shows each state by a shape of its own", () => {
		const shape = (state: DayMark["state"]) => strip([{ state, title: "" }], "").text.replaceAll(state, "x");
		const shapes = (["ok", "warning", "failed", "missed", "running", "none"] as const).map(shape);
		expect(new Set(shapes).size).toBe(6);
	});

	test("escapes its words", () => {
		expect(strip([{ state: "failed", title: evil }], evil).text).not.toContain("<script");
	});
});

describe("a sparkline", () => {
	test("does not make drama of noise: its range is at least 4 % of the largest value", () => {
		const heights = coordinates(sparkline([1000, 1001, 1000], "").text).map(([, y]) => y ?? 0);
		expect(Math.max(...heights) - Math.min(...heights)).toBeLessThan(1);
		const steep = coordinates(sparkline([500, 1000], "").text).map(([, y]) => y ?? 0);
		expect(Math.max(...steep) - Math.min(...steep)).toBeGreaterThan(15);
	});

	test("leaves a gap where nothing is known, and says so where there are not two values", () => {
		expect(count(sparkline([1, 2, null, 3, 4], "").text, /M/g)).toBe(2);
		expect(sparkline([null, 7], "").text).not.toContain("<svg");
	});

	test("stays a picture for zeros and for huge values", () => {
		for (const values of [
			[0, 0, 0],
			[1e18, 2e18],
			[-5, 5],
		])
			expect(sparkline(values, "").text).not.toMatch(/NaN|Infinity/);
	});
});

describe("a calendar", () => {
	const week = (state: DayMark["state"], href: string | null = null) => ({
		month: "Nov",
		days: Array.from({ length: 7 }, () => ({ state, title: "1 Nov: 1 of 1 run failed", href })),
	});

	test("joins good days into one path, and gives days that are not good a title and a link out of the tab order", () => {
		const { text } = calendar([week("ok"), week("none"), week("failed", "/runs?job=a&from=2026-11-01")]);
		expect(count(text, /data-state="ok"/g)).toBe(1);
		expect(count(text, /<a /g)).toBe(7);
		expect(count(text, /tabindex="-1"/g)).toBe(7);
		expect(text).toContain('href="/runs?job=a&amp;from=2026-11-01"');
		expect(text).toContain('aria-hidden="true"');
	});

	test("draws nothing for days that are still to come", () => {
		const { text } = calendar([{ month: null, days: [null, null] }]);
		expect(text).not.toContain("data-state");
	});

	test("shows each state by a shape of its own in the legend", () => {
		const shapes = (["ok", "warning", "failed", "missed", "running", "none"] as const).map((state) =>
			calendarSample(state).text.replaceAll(state, "x"),
		);
		expect(new Set(shapes).size).toBe(6);
	});
});

describe("a bar of phases", () => {
	test("is as wide as the run was long beside the longest", () => {
		const widths = [
			...phaseBar(aRun({ duration: 100, phases: [{ name: "upload", seconds: 50 }] }), 200).text.matchAll(
				/width="([\d.]+)"/g,
			),
		];
		expect(widths.map(([, width]) => Number(width))).toEqual([150, 74]);
	});

	test("never leaves its frame, whatever was reported", () => {
		const { text } = phaseBar(aRun({ duration: 10, phases: [{ name: evil, seconds: 1e9 }] }), 10);
		const widths = [...text.matchAll(/width="([\d.]+)"/g)].map(([, width]) => Number(width));
		expect(Math.max(...widths)).toBeLessThanOrEqual(300);
		expect(text).not.toContain("<script");
		expect(phaseBar(aFailure({ duration: null }), 10).text).toContain("\u2013");
	});

	test("keeps a phase's colour from page to page", () => {
		const colours = coloured([
			{ name: "dump", seconds: 1 },
			{ name: "upload", seconds: 1 },
			{ name: "prune", seconds: 1 },
		]).map(({ colour }) => colour);
		expect(colours).toEqual([5, 4, 6]);
	});

	test("gives every phase of a run its own colour, whatever they are called", () => {
		for (const names of [["create", "prune", "compact"], ["scan", "a", "b", "c", "d", "upload"], ["x"]]) {
			const colours = coloured(names.map((name) => ({ name, seconds: 1 }))).map(({ colour }) => colour);
			expect(new Set(colours).size).toBe(names.length);
		}
	});
});
