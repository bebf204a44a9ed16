// Reads one field of what a tool printed. Whatever is absent, of another type or impossible is null, never zero.
import { parseTimestamp } from "../time.ts";
import { type JsonObject, toObject } from "./text.ts";

/** A size, a count: zero or more, and within what a number holds exactly enough. */
export function readCount(value: unknown): number | null {
	return typeof value === "number" && Number.isFinite(value) && value >= 0 && value <= 2 ** 60
		? Math.round(value)
		: null;
}

/** Seconds. Negative ones are a tool's overflow (restic prints -9223372036.85 where it has no end). */
export function readSeconds(value: unknown): number | null {
	return typeof value === "number" && Number.isFinite(value) && value >= 0 && value < 1e9 ? value : null;
}

/** A text that says something. */
export function readText(value: unknown): string | null {
	return typeof value === "string" && value.trim() !== "" ? value.trim() : null;
}

export function readObject(value: unknown): JsonObject | null {
	return toObject(value);
}

export function readArray(value: unknown): unknown[] {
	return Array.isArray(value) ? value : [];
}

/** An instant in Unix milliseconds; the year 1 and 1970, which stand for "none", are null. */
export function readInstant(value: unknown, zone: string): number | null {
	const instant = parseTimestamp(value, zone);
	return instant === null || instant < 86_400_000 ? null : instant;
}

/** "6,922,127", "62": whole numbers with thousands separators. */
export function parseCount(text: string | undefined): number | null {
	const digits = text?.replace(/[,.'\s_]/g, "");
	return digits !== undefined && /^\d{1,18}$/.test(digits) ? Number(digits) : null;
}

const steps = "kmgtpe";

/**
 * "6.92 MB", "2.996 MiB", "6,759K", "0 B", "12 bytes". Units with an `i` are binary whatever the tool; `base` is what
 * the tool means by a unit without one: borg and Backrest 1000, restic, rclone and Duplicacy 1024.
 */
export function parseSize(text: string | undefined, base: 1000 | 1024): number | null {
	const match = /^\s*([\d.,]{1,24})\s*([kmgtpe]?)(i?)(?:b|bytes?)?\s*$/i.exec(text ?? "");
	if (match === null) return null;
	const number = Number((match[1] ?? "").replace(/,/g, ""));
	if (!Number.isFinite(number)) return null;
	const power = match[2] ? steps.indexOf(match[2].toLowerCase()) + 1 : 0;
	return Math.round(number * (match[3] ? 1024 : base) ** power);
}

/** "0:17", "1:02:03", "2.01:02:03.5" (days before the dot), in seconds. */
export function parseClock(text: string | undefined): number | null {
	const match = /^\s*(?:(\d{1,6})[.:])??(?:(\d{1,6}):)?(\d{1,2}):(\d{1,2}(?:\.\d{1,9})?)\s*$/.exec(text ?? "");
	if (match === null) return null;
	return Number(match[1] ?? 0) * 86_400 + Number(match[2] ?? 0) * 3600 + Number(match[3]) * 60 + Number(match[4]);
}

const unitSeconds: [RegExp, number][] = [
	[/([\d.]{1,12})\s*(?:d|days?)(?![a-z])/i, 86_400],
	[/([\d.]{1,12})\s*(?:h|hours?)(?![a-z])/i, 3600],
	[/([\d.]{1,12})\s*(?:m|min|minutes?)(?![a-z])/i, 60],
	[/([\d.]{1,12})\s*(?:s|sec|seconds?)(?![a-z])/i, 1],
	[/([\d.]{1,12})\s*(?:ms|milliseconds?)(?![a-z])/i, 0.001],
	[/([\d.]{1,12})\s*(?:µs|us)(?![a-z])/i, 1e-6],
];

/** "1 hours 2 minutes 3.50 seconds" (borg), "1h2m17.08s" (Go), in seconds. */
export function parseDuration(text: string | undefined): number | null {
	if (text === undefined || text.length > 80) return null;
	let seconds: number | null = null;
	for (const [pattern, unit] of unitSeconds) {
		const value = Number(pattern.exec(text)?.[1] ?? Number.NaN);
		if (Number.isFinite(value)) seconds = (seconds ?? 0) + value * unit;
	}
	return seconds;
}
