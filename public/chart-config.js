// What each chart is told: pure functions from data and colours to a Chart.js configuration, new at every call.
import { axisEnd, axisStep } from "../src/axis.ts";
import { decimalSign } from "../src/reader.ts";
import { formatBytes, formatDuration, formatRate, plural } from "../src/units.ts";

/** @typedef {import("../src/web/chart-data.ts").ChartData} ChartData */
/** @typedef {Record<string, string | string[]>} Colours `hues` is the palette of phases and categories, the others are tokens. */

/**
 * @param {string} name of the chart: duration, size, throughput or trend
 * @param {ChartData} data
 * @param {Colours} colours resolved for the current theme
 */
export function chartConfig(name, data, colours) {
	if (name === "trend") return trend(data, colours);
	const units = { iec: data.iec };
	const sizeUnit = data.iec ? "iec" : "bytes";
	if (name === "duration") return line(data.series, "duration", "seconds", formatDuration, colours);
	if (name === "throughput") {
		return line(data.series, "throughput", sizeUnit, (value) => formatRate(value, units), colours);
	}
	return bars(data.series, "size", sizeUnit, (value) => formatBytes(value, units), colours);
}

function line(series, column, unit, format, colours) {
	const values = series[column];
	const isDense = values.length > 60;
	// A run between two holes has no line to stand on: it needs its dot.
	const isAlone = values.map(
		(value, i) => value !== null && (values[i - 1] ?? null) === null && (values[i + 1] ?? null) === null,
	);
	return {
		type: "line",
		data: {
			labels: series.labels,
			datasets: [
				{
					data: values,
					borderColor: colours.accent,
					borderWidth: 2,
					tension: 0.25,
					cubicInterpolationMode: "monotone",
					spanGaps: false,
					pointRadius: isAlone.map((alone) => (alone ? 3 : isDense ? 0 : 2)),
					pointHoverRadius: 4,
					pointHitRadius: 12,
					pointBackgroundColor: colours.accent,
					pointBorderWidth: 0,
				},
			],
		},
		options: seriesOptions(series, values, unit, format, colours),
	};
}

function bars(series, column, unit, format, colours) {
	const values = series[column];
	return {
		type: "bar",
		data: {
			labels: series.labels,
			datasets: [
				{
					data: values,
					backgroundColor: fade(colours.accent, 0.78),
					hoverBackgroundColor: colours.accent,
					borderRadius: 2,
					maxBarThickness: 34,
					categoryPercentage: 0.9,
					barPercentage: 0.9,
				},
			],
		},
		options: seriesOptions(series, values, unit, format, colours),
	};
}

function seriesOptions(series, values, unit, format, colours) {
	return {
		...base(colours),
		interaction: { mode: "index", intersect: false },
		scales: { x: categories(series.labels, colours), y: measure(Math.max(0, ...values), unit, format, colours) },
		plugins: {
			failureMarks: { failed: series.failed, colour: colours["failed-mark"], rim: colours.surface },
			tooltip: {
				...tooltip(colours),
				callbacks: {
					title: (items) => (items[0] ? series.titles[items[0].dataIndex] : ""),
					label: (item) => format(item.parsed.y),
					afterBody: (items) => failedWords(series, items[0]?.dataIndex ?? 0),
				},
			},
		},
	};
}

export function failedWords(series, i) {
	const failed = series.failed[i] ?? 0;
	if (failed === 0) return "";
	return series.runs[i] === 1 ? "failed" : `${failed} of ${series.runs[i]} failed`;
}

function trend({ trend: { labels, titles, categories: parts } }, colours) {
	const sums = labels.map((_, i) => parts.reduce((sum, part) => sum + (part.counts[i] ?? 0), 0));
	return {
		type: "bar",
		data: {
			labels,
			datasets: parts.map((part) => ({
				label: part.name,
				data: part.counts,
				backgroundColor: colours.hues[part.colour],
				maxBarThickness: 34,
				categoryPercentage: 0.8,
				barPercentage: 0.9,
				borderColor: colours.surface,
				borderWidth: { top: 1 },
			})),
		},
		options: {
			...base(colours),
			interaction: { mode: "index", intersect: false },
			scales: {
				x: { ...categories(labels, colours), stacked: true },
				y: { ...measure(Math.max(0, ...sums), "count", String, colours), stacked: true },
			},
			plugins: {
				tooltip: {
					...tooltip(colours),
					filter: (item) => item.parsed.y > 0,
					callbacks: {
						title: (items) => (items[0] ? titles[items[0].dataIndex] : ""),
						label: (item) => `${item.dataset.label}: ${plural(item.parsed.y, "failure")}`,
					},
				},
			},
		},
	};
}

export function base(colours) {
	return {
		animation: false,
		// Room for a mark on the first and the last day.
		layout: { padding: { left: 0, right: 6, top: 4, bottom: 0 } },
		responsive: true,
		maintainAspectRatio: false,
		color: colours["text-3"],
		font: { family: colours.font, size: 11 },
	};
}

/** Dates along the foot: level, each day once, as many as have room. */
export function categories(labels, colours) {
	return {
		grid: { display: false },
		border: { color: colours.line },
		ticks: {
			color: colours["text-3"],
			font: { family: colours.font, size: 11 },
			maxRotation: 0,
			autoSkip: false,
		},
		afterBuildTicks(axis) {
			const firsts = labels.flatMap((label, i) => (label === labels[i - 1] ? [] : [i]));
			const room = Math.max(2, Math.floor(axis.chart.width / 72));
			const every = Math.ceil(firsts.length / room);
			axis.ticks = firsts.filter((_, n) => n % every === 0).map((value) => ({ value }));
		},
	};
}

/** From zero, in steps that people count in, ending at a line. */
export function measure(max, unit, format, colours) {
	const step = axisStep(max, unit);
	return {
		min: 0,
		max: axisEnd(max, step),
		beginAtZero: true,
		border: { display: false },
		grid: { color: colours.grid, drawTicks: false },
		ticks: {
			color: colours["text-3"],
			font: { family: colours.font, size: 11 },
			padding: 8,
			stepSize: step,
			callback: (value) => withoutZeros(format(value)),
		},
	};
}

/** An axis counts in round steps: "60 MB/s", not "60.0 MB/s" nor "60,0 MB/s". */
function withoutZeros(text) {
	const sign = decimalSign();
	return text
		.replace(sign, ".")
		.replace(/(\.\d*?)0+(?=\D)/, "$1")
		.replace(/\.(?=\D)/, "")
		.replace(".", sign);
}

export function tooltip(colours) {
	return {
		backgroundColor: colours.text,
		titleColor: colours.surface,
		bodyColor: colours.surface,
		titleFont: { family: colours.font, size: 12, weight: 600 },
		bodyFont: { family: colours.font, size: 12 },
		padding: 10,
		cornerRadius: 6,
		displayColors: false,
		caretSize: 0,
	};
}

export function fade(colour, alpha) {
	const numbers = colour.match(/[\d.]+/g) ?? [];
	return numbers.length >= 3 ? `rgba(${numbers.slice(0, 3).join(", ")}, ${alpha})` : colour;
}

/** A ✕ at the baseline where runs failed: a failed run has no size and no speed, and must not look like a small one. */
export const failureMarks = {
	id: "failureMarks",
	afterDatasetsDraw(chart, _args, { failed, colour, rim }) {
		if (!failed || !chart.scales.x) return;
		const { ctx, scales } = chart;
		const y = scales.y.getPixelForValue(0) - 6;
		ctx.save();
		ctx.lineCap = "round";
		ctx.beginPath();
		for (let i = 0; i < failed.length; i++) {
			if (!failed[i]) continue;
			const x = scales.x.getPixelForValue(i);
			ctx.moveTo(x - 3.5, y - 3.5);
			ctx.lineTo(x + 3.5, y + 3.5);
			ctx.moveTo(x + 3.5, y - 3.5);
			ctx.lineTo(x - 3.5, y + 3.5);
		}
		// The rim keeps it readable on a bar.
		ctx.strokeStyle = rim;
		ctx.lineWidth = 5;
		ctx.stroke();
		ctx.strokeStyle = colour;
		ctx.lineWidth = 2;
		ctx.stroke();
		ctx.restore();
	},
};
