// How numbers read to people: sizes, durations, rates, shares and ages, the same on the server, in charts and in messages.
import { grouped, withDecimalSign } from "./reader.ts";

/** Keeps a number and its unit on one line. */
const gap = "\u00a0";
/** The true minus sign; a hyphen is too short beside digits and may break. */
const minus = "\u2212";
/** What stands where nothing is known. */
export const unknown = "\u2013";

/** Number and unit apart, so that a card can set them in two sizes: [["23", "min"], ["40", "s"]]. */
export type Quantity = [value: string, unit: string][];

export type Units = { iec: boolean };
/** Decimal, as disks, kopia and borg label them. */
export const decimal: Units = { iec: false };

const decimalNames = ["B", "kB", "MB", "GB", "TB", "PB", "EB"];
const iecNames = ["B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"];

function formatQuantity(quantity: Quantity | null): string {
	return quantity === null ? unknown : quantity.map(([value, unit]) => value + gap + unit).join(gap);
}

/** Three significant digits: 3.74 GB, 148 GB, 1.02 kB; whole bytes below one kB. */
export function quantityOfBytes(bytes: number | null, { iec }: Units = decimal): Quantity | null {
	if (bytes === null || !Number.isFinite(bytes)) return null;
	const base = iec ? 1024 : 1000;
	const names = iec ? iecNames : decimalNames;
	let value = Math.abs(bytes);
	let step = 0;
	// Judged after rounding: 999,999 bytes are 1.00 MB, not 1000 kB.
	while (step < names.length - 1 && Number(threeDigits(value, step)) >= base) {
		value /= base;
		step++;
	}
	return [[sign(bytes) + withDecimalSign(threeDigits(value, step)), names[step] ?? ""]];
}

function threeDigits(value: number, step: number): string {
	if (step === 0 || value >= 99.95) return String(Math.round(value));
	return value.toFixed(value >= 9.995 ? 1 : 2);
}

function sign(value: number): string {
	return value < 0 ? minus : "";
}

export function formatBytes(bytes: number | null, units: Units = decimal): string {
	return formatQuantity(quantityOfBytes(bytes, units));
}

/** Bytes per second as "3.10 MB/s". */
export function quantityOfRate(bytesPerSecond: number | null, units: Units = decimal): Quantity | null {
	return quantityOfBytes(bytesPerSecond, units)?.map(([value, unit]) => [value, `${unit}/s`]) ?? null;
}

export function formatRate(bytesPerSecond: number | null, units: Units = decimal): string {
	return formatQuantity(quantityOfRate(bytesPerSecond, units));
}

/** At most two units: 430 ms, 7.4 s, 27 min 3 s, 6 h 13 min, 2 d 11 h. */
export function quantityOfSeconds(seconds: number | null): Quantity | null {
	if (seconds === null || !Number.isFinite(seconds)) return null;
	const value = Math.abs(seconds);
	const parts = partsOfSeconds(value);
	const first = parts[0];
	if (first) first[0] = sign(seconds) + first[0];
	return parts;
}

function partsOfSeconds(value: number): Quantity {
	if (value === 0) return [["0", "s"]];
	if (value < 0.9995) return [[String(Math.max(1, Math.round(value * 1000))), "ms"]];
	if (value < 9.95) return [[withDecimalSign(String(Math.round(value * 10) / 10)), "s"]];
	const whole = Math.round(value);
	if (whole < 3600) return pair(Math.floor(whole / 60), "min", whole % 60, "s");
	const minutes = Math.round(value / 60);
	if (minutes < 1440) return pair(Math.floor(minutes / 60), "h", minutes % 60, "min");
	const hours = Math.round(value / 3600);
	return pair(Math.floor(hours / 24), "d", hours % 24, "h");
}

function pair(large: number, largeUnit: string, small: number, smallUnit: string): Quantity {
	if (large === 0) return [[String(small), smallUnit]];
	if (small === 0) return [[String(large), largeUnit]];
	return [
		[String(large), largeUnit],
		[String(small), smallUnit],
	];
}

export function formatDuration(seconds: number | null): string {
	return formatQuantity(quantityOfSeconds(seconds));
}

/**
 * How long ago or ahead, for ages on the page: 12 s, 42 min, 5 h 42 min (below 10 h), 30 h (below 48 h), 2 d 11 h, and
 * whole days from the sixth. Cut, never rounded up: "2 d" must not appear before two days have passed.
 */
export function formatAge(seconds: number): string {
	const value = Math.floor(Math.abs(seconds));
	const minutes = Math.floor(value / 60);
	const hours = Math.floor(minutes / 60);
	const days = Math.floor(hours / 24);
	if (minutes < 1) return formatQuantity([[String(value), "s"]]);
	if (hours < 1) return formatQuantity([[String(minutes), "min"]]);
	if (hours < 10) return formatQuantity(pair(hours, "h", minutes % 60, "min"));
	if (hours < 48) return formatQuantity([[String(hours), "h"]]);
	if (days < 6) return formatQuantity(pair(days, "d", hours % 24, "h"));
	return formatQuantity([[String(days), "d"]]);
}

/**
 * A number that is another one whenever `formatAge` or `formatRelative` may say something else of an instant, or it has
 * passed.
 */
export function ageStep(at: number, now: number): number {
	const value = Math.floor(Math.abs(now - at) / 1000);
	const minutes = Math.floor(value / 60);
	const hours = Math.floor(minutes / 60);
	const step =
		minutes < 1 ? value : hours < 10 ? 1e3 + minutes : hours < 144 ? 1e6 + hours : 1e9 + Math.floor(hours / 24);
	// Nought has a sign, too.
	return now < at ? -step : step;
}

/** "5 h 42 min ago", "in 18 h", "just now" within two seconds. Instants in Unix milliseconds. */
export function formatRelative(at: number, now: number): string {
	const seconds = (now - at) / 1000;
	if (Math.abs(seconds) < 2) return "just now";
	return seconds > 0 ? `${formatAge(seconds)} ago` : `in ${formatAge(seconds)}`;
}

/** Thousands apart: "12,345". */
export function formatCount(count: number): string {
	return sign(count) + grouped(Math.abs(Math.round(count)));
}

/** A part of a whole in percent, or null of nothing. Only all is 100 and only none is 0: 1999 of 2000 stays 99.9. */
export function percentOf(part: number, whole: number): string | null {
	if (whole <= 0) return null;
	if (part >= whole) return "100";
	if (part <= 0) return "0";
	return withDecimalSign(Math.min(99.9, Math.max(0.1, Math.round((part / whole) * 1000) / 10)).toFixed(1));
}

/** A share of one as "18 %"; what is there but rounds to nothing is "< 1 %". */
export function formatPercent(share: number): string {
	const percent = Math.round(share * 100);
	return percent === 0 && share > 0 ? `<${gap}1${gap}%` : `${percent}${gap}%`;
}

/** Signed change between two values in percent: "+3.2 %", "−14 %", "±0 %"; null where there is nothing to compare. */
export function formatChange(value: number | null, before: number | null): string | null {
	if (value === null || before === null || before <= 0) return null;
	const percent = (value / before - 1) * 100;
	return `${formatSigned(percent, Math.abs(percent) < 9.95 ? 1 : 0)}${gap}%`;
}

export function formatSigned(value: number, digits = 0): string {
	const text = Math.abs(value).toFixed(digits);
	if (Number(text) === 0) return `\u00b1${Number(text)}`;
	return (value < 0 ? minus : "+") + (digits === 0 ? formatCount(Number(text)) : withDecimalSign(text));
}

/** "1 job", "3 jobs". */
export function plural(count: number, one: string, many = `${one}s`): string {
	return `${formatCount(count)}${gap}${count === 1 ? one : many}`;
}
