// What is wrong with a cron expression, in a sentence, and the nearest one that works.
import { cronFields, cronNicknames } from "./cron.ts";
import { editDistance } from "./edit-distance.ts";

export type Checked = { ok: true } | { ok: false; reason: string; nearest: string | null };

type Field = { name: string; from: number; to: number; words: string[] };

const months = "january february march april may june july august september october november december".split(" ");
const weekdays = "sunday monday tuesday wednesday thursday friday saturday".split(" ");
const fields: Field[] = [
	{ name: "minute", from: 0, to: 59, words: [] },
	{ name: "hour", from: 0, to: 23, words: [] },
	{ name: "day of the month", from: 1, to: 31, words: [] },
	{ name: "month", from: 1, to: 12, words: months },
	{ name: "weekday", from: 0, to: 7, words: weekdays },
];

export function checkExpression(text: string): Checked {
	const trimmed = text.trim();
	if (trimmed.startsWith("@")) return checkNickname(trimmed.toLowerCase());
	const parts = trimmed === "" ? [] : cronFields(trimmed);
	if (parts.length !== 5) return wrongCount(trimmed, parts);
	for (const [index, field] of fields.entries()) {
		const part = parts[index] ?? "";
		if (fieldIsValid(part, field)) continue;
		const reason = `The ${field.name} "${part}" is not valid: ${allowed(field)}`;
		return refused(reason, parts);
	}
	if (schedules(trimmed)) return { ok: true };
	return refused(`"${trimmed}" never comes: no such day is in the calendar.`, parts);
}

function checkNickname(text: string): Checked {
	if (cronNicknames.includes(text)) return { ok: true };
	const every = /^@every\s*(\d+)(m|min|h)$/.exec(text);
	const known = cronNicknames.join(", ");
	const interval = every === null ? null : ofInterval(Number(every[1]), every[2] === "h");
	const nearest = interval ?? (text === "@reboot" ? null : (closestWord(text, cronNicknames, 4) ?? "@daily"));
	const hint = every === null ? "" : ` Write { every: ${every[1]}${every[2] === "h" ? "h" : "m"} } for an interval.`;
	return { ok: false, reason: `"${text}" is not known here: ${known}, or five fields.${hint}`, nearest };
}

function ofInterval(count: number, isHours: boolean): string | null {
	const divides = count > 0 && (isHours ? 24 : 60) % count === 0;
	if (!divides) return null;
	return isHours ? `0 */${count} * * *` : `*/${count} * * * *`;
}

function wrongCount(text: string, parts: string[]): Checked {
	const expected = "five are expected (minute, hour, day of the month, month, weekday)";
	if (parts.length === 0) return { ok: false, reason: `The cron expression is empty: ${expected}.`, nearest: null };
	const seconds = parts.length > 5 ? ", without seconds or a year" : "";
	const reason = `"${text}" has ${parts.length} ${parts.length === 1 ? "field" : "fields"}; ${expected}${seconds}.`;
	if (parts.length < 5) return refused(reason, [...parts, "*", "*", "*", "*"].slice(0, 5));
	// Six fields are Quartz's: seconds first. What follows five good ones is a year, a user or the command.
	const first = parts.slice(0, 5);
	const isWhole = first.every((part, index) => isRepaired(part, fields[index]));
	const isQuartz =
		parts.length <= 7 && /^(\*|0|\d+|\*\/\d+)$/.test(parts[0] ?? "") && isRepaired(parts[5] ?? "", fields[4]);
	return refused(reason, isQuartz || !isWhole ? parts.slice(1, 6) : first);
}

function isRepaired(part: string, field: Field | undefined): boolean {
	return field !== undefined && (part === "?" || fieldIsValid(part, field));
}

function refused(reason: string, parts: string[]): Checked {
	const repaired = fields.map((field, index) => repair(parts[index] ?? "*", field)).join(" ");
	const nearest = [repaired, withDay(repaired, "28")].find((text) => fieldsAreValid(text) && schedules(text));
	const hint = nearest === undefined ? "" : ` Nearest: ${nearest}`;
	return { ok: false, reason: reason + hint, nearest: nearest ?? null };
}

function withDay(text: string, day: string): string {
	return text
		.split(" ")
		.map((part, index) => (index === 2 ? day : part))
		.join(" ");
}

function fieldsAreValid(text: string): boolean {
	const parts = text.split(" ");
	return fields.every((field, index) => fieldIsValid(parts[index] ?? "", field));
}

/** Whether it ever comes. Asked of Bun itself, so that what passes here is what is scheduled later. */
function schedules(text: string): boolean {
	try {
		return Bun.cron.parse(text, 0, { tz: "UTC" }) !== null;
	} catch {
		return false;
	}
}

function allowed({ name, from, to, words }: Field): string {
	const named = words.length === 0 ? "" : ` or ${words[0]?.slice(0, 3)}\u2013${words.at(-1)?.slice(0, 3)}`;
	return `${name === "hour" ? "an hour is" : `a ${name} is`} ${from}\u2013${to}${named}, *, a list (a,b), a range (a-b) or a step (*/n).`;
}

function fieldIsValid(part: string, field: Field): boolean {
	return part.split(",").every((item) => itemIsValid(item, field));
}

const itemShape = /^(?:\*|([a-z]+|\d+)(?:-([a-z]+|\d+))?)(?:\/(\d+))?$/;

function itemIsValid(item: string, field: Field): boolean {
	const match = itemShape.exec(item);
	if (match === null) return false;
	const [, first, last, step] = match;
	if (step !== undefined && !(Number(step) >= 1 && Number(step) <= field.to)) return false;
	const low = first === undefined ? field.from : numberOf(first, field);
	const high = last === undefined ? low : numberOf(last, field);
	return low !== null && high !== null && low <= high;
}

function numberOf(text: string, { from, to, words }: Field): number | null {
	if (/^\d{1,4}$/.test(text)) return Number(text) >= from && Number(text) <= to ? Number(text) : null;
	const index = words.findIndex((word) => text === word || text === word.slice(0, 3));
	return index === -1 ? null : index + (words === months ? 1 : 0);
}

function repair(part: string, field: Field): string {
	if (fieldIsValid(part, field)) return part;
	const items = part.split(",").map((item) => (itemIsValid(item, field) ? item : repairItem(item, field)));
	return [...new Set(items)].join(",");
}

function repairItem(item: string, field: Field): string {
	if (item === "?" || item === "" || item.endsWith("/0")) return "*";
	if (item === "h" || item === "~") return String(field.from);
	if (item === "l" && field.name === "day of the month") return "28";
	const match = /^(\*|[^-/#]*?)(?:-([^-/]+))?(?:\/(\d+))?(?:[#w].*|l)?$/.exec(item);
	if (match === null) return "*";
	const [, first = "", last, step] = match;
	if (first === "" && last !== undefined) return nearestValue(last, field);
	const tail = step === undefined ? "" : `/${Math.min(Number(step), field.to)}`;
	if (first === "*") return `*${tail}`;
	const low = nearestValue(first, field);
	if (last === undefined) return low + tail;
	const high = nearestValue(last, field);
	const ascends = (numberOf(low, field) ?? 0) <= (numberOf(high, field) ?? 0);
	if (ascends) return `${low}-${high}${tail}`;
	// Over the end of the day or week: 22-2 is 22-23 and 0-2. Sunday is written 7 at a range's end.
	if (field.words === weekdays && numberOf(high, field) === 0) return `${low}-7${tail}`;
	const end = field.words === weekdays ? 6 : field.to;
	return `${low}-${end}${tail},${field.from}-${high}${tail}`;
}

function nearestValue(text: string, field: Field): string {
	if (numberOf(text, field) !== null) return text;
	const number = Number(/\d+/.exec(text)?.[0] ?? Number.NaN);
	if (!Number.isNaN(number)) {
		if (number < field.from) return String(field.from);
		// 24:00 and minute 60 are the next day's or hour's beginning.
		const wraps = field.from === 0 && field.words.length === 0 && number === field.to + 1;
		return String(wraps ? 0 : Math.min(number, field.to));
	}
	const names = field.words.flatMap((word) => [word, word.slice(0, 3)]);
	return closestWord(text, names, 3)?.slice(0, 3) ?? "*";
}

function closestWord(text: string, words: readonly string[], limit: number): string | null {
	let best: string | null = null;
	let least = limit + 1;
	for (const word of words) {
		const distance = editDistance(text, word);
		if (distance < least) {
			least = distance;
			best = word;
		}
	}
	return best;
}
