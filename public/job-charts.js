// What the charts of a job's page are told: duration with its usual band, stacked phases, size, and what was added.
import { formatBytes, formatDuration } from "../src/units.ts";
import { base, categories, fade, failedWords, measure, tooltip } from "./chart-config.js";

/** @typedef {import("../src/web/pages/job-chart-data.ts").JobChartData} JobChartData */

/**
 * @param {string} name of the chart: job-duration, job-phases, job-size or job-added
 * @param {JobChartData} data
 * @param {import("./chart-config.js").Colours} colours resolved for the current theme
 */
export function jobChartConfig(name, { job, iec }, colours) {
	const units = { iec };
	const unit = iec ? "iec" : "bytes";
	const bytes = (value) => formatBytes(value, units);
	if (name === "job-duration") return duration(job, colours);
	if (name === "job-phases") return phases(job, colours);
	if (name === "job-size") return bars(job, job.size, unit, bytes, colours, true);
	return bars(job, job.added, unit, bytes, colours, false);
}

function duration(job, colours) {
	const isDense = job.duration.length > 60;
	const isAlone = job.duration.map(
		(value, i) => value !== null && (job.duration[i - 1] ?? null) === null && (job.duration[i + 1] ?? null) === null,
	);
	const isOutside = job.duration.map(
		(value, i) => value !== null && job.low[i] !== null && (value < job.low[i] || value > job.high[i]),
	);
	const radius = (i) => (isOutside[i] ? 3.5 : isAlone[i] ? 3 : isDense ? 0 : 2);
	const line = {
		data: job.duration,
		borderColor: colours.accent,
		borderWidth: 2,
		tension: 0.25,
		cubicInterpolationMode: "monotone",
		spanGaps: false,
		pointRadius: job.duration.map((_, i) => radius(i)),
		pointHoverRadius: 4,
		pointHitRadius: 12,
		// What is not as usual is a ring: told by shape, not by colour alone.
		pointBackgroundColor: isOutside.map((outside) => (outside ? colours.surface : colours.accent)),
		pointBorderColor: colours.accent,
		pointBorderWidth: isOutside.map((outside) => (outside ? 2 : 0)),
	};
	const options = seriesOptions(job, Math.max(0, ...job.duration, ...job.high), "seconds", formatDuration, colours);
	options.plugins.usualBand = { low: job.low, high: job.high, colour: fade(colours["text-3"], 0.18) };
	options.plugins.tooltip.callbacks.label = (item) => {
		const low = job.low[item.dataIndex];
		const usual = low === null ? "" : `, usually ${formatDuration(low)} to ${formatDuration(job.high[item.dataIndex])}`;
		return formatDuration(item.parsed.y) + usual;
	};
	return { type: "line", data: { labels: job.labels, datasets: [line] }, options };
}

function phases(job, colours) {
	const sums = job.labels.map((_, i) => job.phases.reduce((sum, { seconds }) => sum + (seconds[i] ?? 0), 0));
	const options = seriesOptions(job, Math.max(0, ...sums), "seconds", formatDuration, colours);
	options.scales.x.stacked = true;
	options.scales.y.stacked = true;
	options.plugins.tooltip.filter = (item) => item.parsed.y > 0;
	options.plugins.tooltip.callbacks.label = (item) => `${item.dataset.label}: ${formatDuration(item.parsed.y)}`;
	return {
		type: "bar",
		data: {
			labels: job.labels,
			datasets: job.phases.map(({ name, colour, seconds }) => ({
				label: name,
				data: seconds,
				backgroundColor: colours.hues[colour],
				borderColor: colours.surface,
				borderWidth: { top: 0.5 },
				...barShape,
			})),
		},
		options,
	};
}

const barShape = { maxBarThickness: 34, categoryPercentage: 0.9, barPercentage: 0.9 };

function bars(job, values, unit, format, colours, isMain) {
	const options = seriesOptions(job, Math.max(0, ...values), unit, format, colours);
	// Two charts that stand above each other have the same edge, so that a run is one column in both.
	options.scales.y.afterFit = (axis) => {
		axis.width = 64;
	};
	if (!isMain) {
		options.scales.x.ticks.display = false;
		delete options.plugins.failureMarks;
	}
	return {
		type: "bar",
		data: {
			labels: job.labels,
			datasets: [
				{
					data: values,
					backgroundColor: isMain ? fade(colours.accent, 0.78) : colours.hues[5],
					hoverBackgroundColor: isMain ? colours.accent : colours.hues[5],
					borderRadius: 2,
					...barShape,
				},
			],
		},
		options,
	};
}

function seriesOptions(job, max, unit, format, colours) {
	return {
		...base(colours),
		interaction: { mode: "index", intersect: false },
		scales: { x: categories(job.labels, colours), y: measure(max, unit, format, colours) },
		plugins: {
			failureMarks: { failed: job.failed, colour: colours["failed-mark"], rim: colours.surface },
			tooltip: {
				...tooltip(colours),
				callbacks: {
					title: (items) => (items[0] ? job.titles[items[0].dataIndex] : ""),
					label: (item) => format(item.parsed.y),
					afterBody: (items) => failedWords(job, items[0]?.dataIndex ?? 0),
				},
			},
		},
	};
}

/** The usual range behind the line: one area for each stretch in which it is known. */
export const usualBand = {
	id: "usualBand",
	beforeDatasetsDraw(chart, _args, { low, high, colour }) {
		if (!low) return;
		const { ctx, scales, chartArea } = chart;
		const x = (i) => scales.x.getPixelForValue(i);
		const y = (value) => Math.max(chartArea.top, scales.y.getPixelForValue(value));
		ctx.save();
		ctx.fillStyle = colour;
		for (let from = 0; from < low.length; from++) {
			if (low[from] === null) continue;
			let to = from;
			while (to + 1 < low.length && low[to + 1] !== null) to++;
			ctx.beginPath();
			for (let i = from; i <= to; i++) ctx.lineTo(x(i), y(high[i]));
			for (let i = to; i >= from; i--) ctx.lineTo(x(i), y(low[i]));
			ctx.fill();
			from = to;
		}
		ctx.restore();
	},
};
