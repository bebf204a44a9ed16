// Draws the charts of a page from the data block in the page, and again whenever data, theme or paper changes. Brings
// with it what is not needed before.
import {
	BarController,
	BarElement,
	CategoryScale,
	Chart,
	LinearScale,
	LineController,
	LineElement,
	PointElement,
	Tooltip,
} from "chart.js";
import "./copy.js";
import "./favicon.js";
import "./alert-count.js";
import { chartConfig, failureMarks } from "./chart-config.js";
import "./focus.js";
import { jobChartConfig, usualBand } from "./job-charts.js";
import "./night.js";
import "./reader.js";
import "./zones.js";

Chart.register(
	BarController,
	BarElement,
	CategoryScale,
	LinearScale,
	LineController,
	LineElement,
	PointElement,
	Tooltip,
	failureMarks,
	usualBand,
);

let drawn = "";

/** Custom properties that hold light-dark() come back unresolved: only a computed colour is a colour. */
function readColours() {
	const probe = document.createElement("span");
	probe.hidden = true;
	document.body.append(probe);
	const colour = (name) => {
		probe.style.color = `var(--${name})`;
		return getComputedStyle(probe).color;
	};
	const names = ["text", "text-2", "text-3", "surface", "line", "grid"];
	const colours = Object.fromEntries(names.map((name) => [name, colour(name)]));
	// Words and lines are in a reader's own colours where he forces them; of phases that all look alike none could be told.
	probe.style.forcedColorAdjust = "none";
	for (const name of ["accent", "failed-mark"]) colours[name] = colour(name);
	colours.hues = Array.from({ length: 7 }, (_, i) => colour(`hue-${i}`));
	colours.font = getComputedStyle(document.body).fontFamily;
	probe.remove();
	return colours;
}

let turn = 0;

/**
 * Half a chart a task, so that a slow tablet still answers between two of them; all at once where what is seen would be
 * half of the old and half of the new: another theme, or paper.
 */
function draw({ isForced = false } = {}) {
	const text = document.getElementById("chart-data")?.textContent ?? "";
	const canvases = [...document.querySelectorAll("canvas[data-chart]")];
	const isFresh = canvases.every((canvas) => Chart.getChart(canvas));
	if (!isForced && text === drawn && isFresh) return;
	drawn = text;
	for (const chart of Object.values(Chart.instances)) {
		if (!chart.canvas?.isConnected) chart.destroy();
	}
	if (text === "") return;
	const data = JSON.parse(text);
	const colours = readColours();
	const mine = ++turn;
	delete document.documentElement.dataset.charts;
	const steps = canvases.flatMap((canvas) => halves(canvas, data, colours));
	const next = () => {
		if (mine !== turn) return;
		const step = steps.shift();
		if (step === undefined) document.documentElement.dataset.charts = "drawn";
		else {
			step();
			if (isForced) next();
			else setTimeout(next);
		}
	};
	if (isForced) next();
	else setTimeout(next);
}

/** First the axes, then what is drawn along them. */
function halves(canvas, data, colours) {
	let chart = null;
	let whole;
	const trying = (work) => () => {
		try {
			work();
		} catch (error) {
			console.error(error);
			chart = null;
			say(canvas);
		}
	};
	return [
		trying(() => {
			Chart.getChart(canvas)?.destroy();
			// A new object for every chart: Chart.js writes what it resolved into the options it is given.
			const configOf = canvas.dataset.chart.startsWith("job-") ? jobChartConfig : chartConfig;
			const config = configOf(canvas.dataset.chart, data, colours);
			whole = config.data;
			chart = new Chart(canvas, { ...config, data: { ...whole, datasets: [] } });
		}),
		trying(() => {
			if (chart === null) return;
			chart.data = whole;
			chart.update("none");
		}),
	];
}

function say(canvas) {
	const note = document.createElement("p");
	note.className = "box";
	note.textContent = "The chart could not be drawn. The table below has the numbers.";
	canvas.replaceWith(note);
}

function drawOrSay(options) {
	try {
		draw(options);
	} catch (error) {
		console.error(error);
		for (const canvas of document.querySelectorAll("canvas[data-chart]")) say(canvas);
	}
}

// Not on scroll: a page that is printed before it was scrolled would hold blank boxes.
if ("requestIdleCallback" in window) requestIdleCallback(() => drawOrSay(), { timeout: 1000 });
else setTimeout(drawOrSay, 50);

document.addEventListener("htmx:after:swap", () => drawOrSay());
document.addEventListener("bm:theme", () => drawOrSay({ isForced: true }));
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => drawOrSay({ isForced: true }));
// Paper is light whatever the screen is.
addEventListener("beforeprint", () => drawOrSay({ isForced: true }));
addEventListener("afterprint", () => drawOrSay({ isForced: true }));

// For the browser tests and for the curious: charts by their name.
window.backupCharts = () =>
	Object.fromEntries(Object.values(Chart.instances).map((chart) => [chart.canvas.dataset.chart, chart]));
