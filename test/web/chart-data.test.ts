// What the charts are given: failed runs are holes with a mark, missing days keep their place, weeks are dates.
import { describe, expect, test } from "bun:test";
import { chartConfig } from "../../public/chart-config.js";
import type { Point } from "../../src/overview.ts";
import { decimal } from "../../src/units.ts";
import { chartData, phaseData, seriesData, trendData } from "../../src/web/chart-data.ts";
import { aRun, emptyOverview, now, sampleOverview } from "./pages/sample-overview.ts";

const day = 86_400_000;
const job = { slug: "a", name: "a", host: "" };

function point(daysAgo: number, over: Partial<Point> = {}): Point {
	return { at: now - daysAgo * day, runs: 1, failed: 0, duration: 60, size: 1e9, throughput: 1e6, runId: 1, ...over };
}

const colours = {
	accent: "rgb(0, 0, 1)",
	text: "t",
	"text-2": "t2",
	"text-3": "t3",
	surface: "the-surface",
	line: "l",
	grid: "g",
	"failed-mark": "red",
	hues: ["h0", "h1", "h2", "h3", "h4", "h5", "h6"],
	font: "f",
};

describe("the series", () => {
	test("a failed run is a hole with a mark, never a small value", () => {
		const failed = point(1, { failed: 1, duration: null, size: null, throughput: null });
		const series = seriesData(
			emptyOverview({ jobs: [job], series: { per: "run", points: [point(2), failed, point(0)] } }),
		);
		expect(series).toMatchObject({ duration: [60, null, 60], size: [1e9, null, 1e9], failed: [0, 1, 0] });
	});

	test("days without a run keep their place, up to yesterday: silence is visible", () => {
		const series = seriesData(emptyOverview({ series: { per: "day", points: [point(9), point(8), point(5)] } }));
		expect(series.labels.map((label) => label.replace("\u00a0", " "))).toEqual([
			"14 Nov",
			"15 Nov",
			"16 Nov",
			"17 Nov",
			"18 Nov",
			"19 Nov",
			"20 Nov",
			"21 Nov",
			"22 Nov",
		]);
		expect(series.runs).toEqual([1, 1, 0, 0, 1, 0, 0, 0, 0]);
	});

	test("the daylight-saving night makes neither a hole nor a double day", () => {
		const from = Date.parse("2026-10-20T00:30:00Z");
		const points = Array.from({ length: 10 }, (_, i) => point(0, { at: from + i * day }));
		const series = seriesData(emptyOverview({ now: from + 9.2 * day, series: { per: "day", points } }));
		expect(series.runs).toEqual(Array(10).fill(1));
	});

	test("a single job's missed nights are holes too; several jobs' runs are not guessed at", () => {
		const points = [6, 5, 4, 2, 1, 0].map((ago) => point(ago));
		expect(seriesData(emptyOverview({ jobs: [job], series: { per: "run", points } })).runs).toEqual([
			1, 1, 1, 0, 1, 1, 1,
		]);
		const two = [job, { ...job, slug: "b" }];
		expect(seriesData(emptyOverview({ jobs: two, series: { per: "run", points } })).runs).toHaveLength(6);
	});
});

describe("the failure trend", () => {
	test("names every week by its date, with and without failures", () => {
		const trend = trendData(sampleOverview());
		expect(trend.titles.map((title) => title.replace("\u00a0", " "))).toEqual([
			"Week of 19 Oct",
			"Week of 26 Oct",
			"Week of 2 Nov",
			"Week of 9 Nov",
			"Week of 16 Nov",
			"Week of 23 Nov",
		]);
		expect(trend.categories.map(({ name, counts }) => [name, counts])).toEqual([
			["upload", [0, 2, 0, 0, 0, 1]],
			["archive", [0, 1, 0, 1, 0, 0]],
		]);
	});

	test("many categories become four and the rest, and no count is lost", () => {
		const names = ["a", "b", "c", "d", "e", "f", "g"];
		const cells = names.map((category, i) => ({ week: "2026-11-16", category, count: 10 - i }));
		const { categories } = trendData({ ...sampleOverview(), trend: cells });
		expect(categories.map((category) => category.name)).toEqual(["a", "b", "c", "d", "other"]);
		expect(categories.flatMap((category) => category.counts).reduce((a, b) => a + b)).toBe(49);
		expect(new Set(categories.map((category) => category.colour)).size).toBe(5);
	});
});

describe("phases", () => {
	test("time that no phase accounts for is its own, neutral part", () => {
		const parts = phaseData(aRun({ duration: 100, phases: [{ name: "upload", seconds: 60 }] }), { upload: 50 });
		expect(parts).toEqual([
			{ name: "upload", seconds: 60, share: 0.6, usual: 50, colour: 4 },
			{ name: "not in a phase", seconds: 40, share: 0.4, usual: null, colour: 0 },
		]);
	});

	test("overlapping phases and names of objects' own properties do no harm", () => {
		const phases = [
			{ name: "constructor", seconds: 80 },
			{ name: "upload", seconds: 80 },
		];
		const parts = phaseData(aRun({ duration: 100, phases }), {});
		expect(parts.map(({ share, usual }) => [share, usual])).toEqual([
			[0.5, null],
			[0.5, null],
		]);
	});
});

type Axis = {
	min: number;
	max: number;
	offset?: boolean;
	ticks: { stepSize: number; maxRotation: number; callback: (value: number) => string };
};
type Told = {
	type: string;
	data: { datasets: { data: (number | null)[]; backgroundColor: string[]; borderColor: string }[] };
	options: { scales: { x: Axis; y: Axis }; plugins: { failureMarks: { failed: number[] } } };
};

describe("what Chart.js is told", () => {
	const data = chartData(sampleOverview(), decimal);
	const told = (name: string) => chartConfig(name, data, colours) as unknown as Told;

	test("F1: each chart gets its own options, and size bars start at zero with whole bars at both ends", () => {
		const size = told("size");
		expect(size.options).not.toBe(told("size").options);
		expect(size.options.scales).not.toBe(told("duration").options.scales);
		expect(size.options.scales.y).toMatchObject({ min: 0, max: 300e9 });
		expect(size.type).toBe("bar");
		expect(size.options.scales.x.offset).toBeUndefined();
	});

	test("F3: failed nights are marked at the baseline and have no value", () => {
		for (const name of ["duration", "size", "throughput"]) {
			const { options, data } = told(name);
			expect(options.plugins.failureMarks.failed[20]).toBe(1);
			expect(data.datasets[0]?.data[20]).toBeNull();
		}
	});

	test("F9: axes count whole failures, round sizes and times, and dates stay level", () => {
		const y = (name: string) => told(name).options.scales.y.ticks;
		expect(y("trend").stepSize).toBe(1);
		expect(y("duration").stepSize).toBe(600);
		expect(y("duration").callback(600)).toBe("10\u00a0min");
		expect(told("duration").options.scales.x.ticks.maxRotation).toBe(0);
		expect(y("throughput").callback(60e6)).toBe("60\u00a0MB/s");
		expect(y("throughput").callback(2.5e6)).toBe("2.5\u00a0MB/s");
	});
});
