// The fields of a report that cost no record: what cannot be used becomes unknown, and `notes` says what was lost or cut.
import { parseTimestamp } from "./time.ts";
import { visible } from "./visible.ts";

export const limits = {
	id: 512,
	name: 64,
	host: 255,
	text: 8192,
	category: 64,
	log: 100_000,
	entries: 64,
	warningMessages: 20,
} as const;

const noTexts: string[] = [];
const noLabels: Record<string, string> = Object.freeze(Object.create(null));
const noMetrics: Record<string, number> = Object.freeze(Object.create(null));

/** A measure as it was sent: 0 to 2^53-1, or null for unknown. */
export function measure(value: unknown, field: string, notes: string[]): number | null {
	if (value === undefined || value === null) return null;
	let number = Number.NaN;
	if (typeof value === "number") number = value;
	else if (typeof value === "string" && /^\s*\d+(\.\d+)?\s*$/.test(value)) number = Number(value);
	if (number >= 0 && number <= Number.MAX_SAFE_INTEGER) return number + 0;
	notes.push(`${visible(field.slice(0, 80))} is not a number from 0 to 2^53-1`);
	return null;
}

export function optionalInstant(value: unknown, field: string, zone: string, notes: string[]): number | null {
	if (value === undefined || value === null) return null;
	const instant = parseTimestamp(value, zone);
	if (instant === null) notes.push(`${field} is not a time`);
	return instant;
}

export function whole(value: unknown, field: string, notes: string[]): number | null {
	const number = measure(value, field, notes);
	return number === null ? null : Math.trunc(number);
}

export function exitCodeOf(value: unknown, notes: string[]): number | null {
	if (value === undefined || value === null) return null;
	const number = typeof value === "string" && /^\s*-?\d{1,10}\s*$/.test(value) ? Number(value) : value;
	if (Number.isInteger(number) && Math.abs(number as number) < 2 ** 32) return number as number;
	notes.push("exit_code is not a whole number");
	return null;
}

export function nameOf(value: unknown, field: string, most: number, otherwise: string, notes: string[]): string {
	if (value === undefined || value === null) return otherwise;
	if (typeof value === "string" || (typeof value === "number" && Number.isFinite(value))) {
		const name = visible(String(value).trim());
		if (name.length >= 1 && name.length <= most) return name;
		if (name.length === 0 && otherwise === "") return otherwise;
	}
	notes.push(`${field} is not 1 to ${most} characters of text; taken as "${otherwise}"`);
	return otherwise;
}

export function textOf(value: unknown, field: string, most: number, notes: string[]): string | null {
	if (value === undefined || value === null) return null;
	let text: string;
	if (typeof value === "string") text = value;
	else {
		notes.push(`${field} was not text`);
		text = stringify(value);
	}
	if (text.length > most) {
		notes.push(`${field} was cut to ${most} characters`);
		text = text.slice(0, most);
	}
	return text.toWellFormed();
}

// JSON.stringify throws a RangeError from about 1e5 levels of nesting on.
function stringify(value: unknown): string {
	try {
		return JSON.stringify(value) ?? String(value);
	} catch {
		return "(too deeply nested to show)";
	}
}

export function textsOf(value: unknown, notes: string[]): string[] {
	if (value === undefined || value === null) return noTexts;
	if (!Array.isArray(value)) {
		notes.push("warning_messages is not a list");
		return noTexts;
	}
	const kept = value.slice(0, limits.warningMessages);
	return kept.flatMap((text) => (text === null ? [] : (textOf(text, "warning_messages", 1024, notes) ?? [])));
}

export function logOf(value: unknown, notes: string[]): string | null {
	if (value === undefined || value === null) return null;
	const lines = Array.isArray(value) ? value.map((line) => (typeof line === "string" ? line : stringify(line))) : null;
	const text = lines?.join("\n") ?? (typeof value === "string" ? value : stringify(value));
	if (text.length <= limits.log) return text.toWellFormed();
	notes.push(`log was cut to its last ${limits.log} characters`);
	return text.slice(-limits.log).toWellFormed();
}

export function labelsOf(value: unknown, notes: string[]): Record<string, string> {
	const entries = entriesOf(value, "labels", notes);
	if (entries === null) return noLabels;
	const labels: Record<string, string> = Object.create(null);
	for (const [key, label] of entries) {
		if (typeof label === "object" || label === undefined) notes.push(`labels.${visible(key)} is not text`);
		else labels[visible(key)] = visible(String(label).slice(0, 256));
	}
	return labels;
}

export function metricsOf(value: unknown, notes: string[]): Record<string, number> {
	const entries = entriesOf(value, "metrics", notes);
	if (entries === null) return noMetrics;
	const metrics: Record<string, number> = Object.create(null);
	for (const [key, number] of entries) {
		if (typeof number === "number" && Number.isFinite(number)) metrics[visible(key)] = number;
		else notes.push(`metrics.${visible(key)} is not a number`);
	}
	return metrics;
}

function entriesOf(value: unknown, field: string, notes: string[]): [string, unknown][] | null {
	if (value === undefined || value === null) return null;
	if (typeof value !== "object" || Array.isArray(value)) {
		notes.push(`${field} is not an object`);
		return null;
	}
	const entries = Object.entries(value).filter(([key]) => key.length >= 1 && key.length <= limits.name);
	if (entries.length > limits.entries) notes.push(`${field} was cut to ${limits.entries} entries`);
	return entries.slice(0, limits.entries);
}
