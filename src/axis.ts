// Steps of a chart's vertical axis that people count in: quarter hours and hours, round sizes, whole failures.

export type AxisUnit = "seconds" | "bytes" | "iec" | "count";

const timeSteps = [
	0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10_800, 21_600, 43_200, 86_400, 172_800,
	604_800,
];

/** The distance between two lines, so that about four of them reach `max`; the axis ends at a multiple of it. */
export function axisStep(max: number, unit: AxisUnit): number {
	const wanted = max > 0 ? max / 4 : 1;
	if (unit === "count") return Math.max(1, roundStep(wanted, 10));
	if (unit === "seconds") return timeSteps.find((step) => step >= wanted) ?? roundStep(wanted / 86_400, 10) * 86_400;
	if (unit === "bytes") return roundStep(wanted, 10);
	// Binary sizes: 1, 2, 5, 10, 20 … of KiB, MiB, GiB, and never 976 KiB.
	const prefix = 1024 ** Math.max(0, Math.floor(Math.log2(wanted) / 10));
	const step = roundStep(wanted / prefix, 10);
	return step > 500 ? prefix * 1024 : step * prefix;
}

/** The next 1, 2 or 5 times a power of `base`. */
function roundStep(wanted: number, base: number): number {
	const power = base ** Math.floor(Math.log(wanted) / Math.log(base));
	const digit = [1, 2, 5].find((step) => step * power >= wanted * 0.999);
	return (digit ?? base) * power;
}

/** Where the axis ends: the first line at or above `max`. */
export function axisEnd(max: number, step: number): number {
	return Math.max(1, Math.ceil((max / step) * 0.999_999)) * step;
}
