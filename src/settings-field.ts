// One value of the configuration file with its path: read as text, duration, size or list, or said what is wrong with it.
import { editDistance } from "./edit-distance.ts";
import { parseDurationText } from "./schedule.ts";
import { keyOf, type Path, type Places } from "./settings-places.ts";
import { describe, visible } from "./visible.ts";

export type SettingsProblem = {
	/** "jobs.photos.schedule.cron"; "" where the text as a whole is no YAML. */
	path: string;
	line: number;
	/** What stands behind the path in a sentence: "is 45, which has no unit; expected …". */
	message: string;
};

export type Sheet = { places: Places; problems: SettingsProblem[]; zone: string };
export type Field = { value: unknown; path: Path; sheet: Sheet };
type Maybe = Field | undefined;

const mostProblems = 50;
const longestDuration = 3660 * 86_400;
const longestShown = 120;

/** Notes what is wrong. null, so that a reader can end with it. */
export function complain({ path, sheet }: Pick<Field, "path" | "sheet">, message: string, at?: number): null {
	if (sheet.problems.length < mostProblems) {
		sheet.problems.push({ path: pathText(path), line: at ?? lineAt(sheet.places, path), message });
	}
	return null;
}

/** Its value, unless it may be secret, and what is allowed. */
export function refuse(field: Field, expected: string): null {
	return complain(field, `is ${shown(field)}; expected ${expected}`);
}

/** The line of a key, or of the nearest thing around it: what comes through an alias has none of its own. */
export function lineAt({ places }: Places, path: Path): number {
	for (let length = path.length; length > 0; length--) {
		const place = places.get(keyOf(path.slice(0, length)));
		if (place !== undefined) return place.line;
	}
	return 1;
}

/** What may stand under a channel. */
export const channelKeys = [
	"url",
	"url_file",
	"min_severity",
	"jobs",
	"labels",
	"template",
	"secret",
	"secret_file",
] as const;
/** What people write there instead. */
const likelyKeys = [...channelKeys, "severity", "password", "token", "name", "type", "enabled"];

export function pathText(path: Path): string {
	return path
		.map((part, index) => {
			if (typeof part === "number") return `[${part}]`;
			// The end of an address with a comma in it and no quotes around it reads as a key.
			const isAddress = index === 2 && path[0] === "channels" && nearestOf(part.toLowerCase(), likelyKeys) === null;
			if (isAddress) return '["…"]';
			const isPlain = /^[\w-]{1,64}$/.test(part);
			if (isPlain) return index === 0 ? part : `.${part}`;
			// Somebody's address where a name belongs: it may hold a password.
			return `[${/:\/\/|@/.test(part) ? '"…"' : describe(part === "" ? "" : part)}]`;
		})
		.join("");
}

/** Where a value is never shown: addresses of channels, keys, and commands, which often carry a password. */
function isSecret({ path, value }: Field): boolean {
	const [section, , field = "", inner = ""] = path.map(String);
	if (typeof value === "string" && value.includes("://")) return true;
	if (section === "channels") return !/^(?:min_severity|jobs|labels)$/.test(field);
	if (section === "jobs") return field === "inventory" && /^(?:command|s3)$/.test(inner);
	return false;
}

function shown(field: Field): string {
	const { value } = field;
	if (value === null || value === undefined) return "empty";
	if (Array.isArray(value)) return "a list";
	if (typeof value === "object") return "a mapping";
	if (isSecret(field)) return "not usable (its value is not shown)";
	if (typeof value === "string" && value.length > 40) return `"${visible(value.slice(0, longestShown))}"`;
	return describe(value);
}

export function isSaid(field: Maybe): field is Field {
	return field !== undefined && field.value !== null;
}

/** The entries of a mapping, in the order of the file. null where it is none; an absent or empty one has no entries. */
export function entriesOf(field: Maybe, what: string): Field[] | null {
	if (!isSaid(field)) return [];
	const { value, path, sheet } = field;
	if (typeof value !== "object" || value === null || Array.isArray(value)) return refuse(field, what);
	return Object.entries(value)
		.map(([key, inner]): Field => ({ value: inner, path: [...path, key], sheet }))
		.sort((a, b) => lineAt(sheet.places, a.path) - lineAt(sheet.places, b.path));
}

/** The entries of a mapping by their keys; each key that is not known is said. null where it is no mapping. */
export function fieldsOf(field: Maybe, known: readonly string[], hints: Record<string, string> = {}) {
	const entries = entriesOf(field, `a mapping with ${known.join(", ")}`);
	if (entries === null) return null;
	const fields = new Map<string, Field>();
	for (const entry of entries) {
		const key = String(entry.path.at(-1));
		if (known.includes(key)) fields.set(key, entry);
		else complain(entry, `is not known; ${hintFor(key, known, hints)}`);
	}
	return fields;
}

function hintFor(key: string, known: readonly string[], hints: Record<string, string>): string {
	const bare = key.toLowerCase().replaceAll("-", "_");
	if (Object.hasOwn(hints, bare)) return hints[bare] ?? "";
	if (/^[a-z_]+:\S/.test(bare)) return "write a space behind the colon";
	const near = nearestOf(bare, known);
	return near === null ? `expected ${known.join(", ")}` : `did you mean ${near}?`;
}

export function nearestOf(word: string, known: readonly string[]): string | null {
	const [near] = known
		.map((name) => ({ name, slips: editDistance(word.slice(0, 32), name) }))
		.filter(({ slips }) => slips <= Math.max(1, Math.floor(word.length / 3)))
		.sort((a, b) => a.slips - b.slips);
	return near?.name ?? null;
}

/** Text on one line. A number keeps its digits as they were written. */
export function textOf(field: Maybe, longest: number): string | null {
	if (!isSaid(field)) return null;
	const text = scalarText(field)?.trim();
	if (text === undefined || text === "") return refuse(field, "text");
	if (text.length > longest) return complain(field, `has ${text.length} characters; at most ${longest} are allowed`);
	if (visible(text) !== text) return complain(field, "has control characters or a line break in it");
	return text;
}

/** A scalar as it was written; undefined for lists and mappings. */
function scalarText({ value, path, sheet }: Field): string | undefined {
	if (typeof value === "string") return value;
	if (typeof value !== "number" && typeof value !== "boolean") return undefined;
	return sheet.places.places.get(keyOf(path))?.raw ?? String(value);
}

export function wordOf<T extends string>(field: Maybe, words: readonly T[]): T | null {
	if (!isSaid(field)) return null;
	const { value } = field;
	const text = typeof value === "string" ? value.trim().toLowerCase() : "";
	const found = words.find((word) => word === text);
	if (found !== undefined) return found;
	const near = text === "" || isSecret(field) ? null : nearestOf(text, words);
	return refuse(field, `${words.join(", ")}${near === null ? "" : `; did you mean ${near}?`}`);
}

/** Seconds. `least` is in seconds too. */
export function durationOf(field: Maybe, least = 1): number | null {
	if (!isSaid(field)) return null;
	const { value } = field;
	const examples = "a duration such as 90s, 5m, 6h or 3d";
	if (typeof value === "number")
		return complain(field, `is ${describe(value)}, which has no unit; expected ${examples}`);
	const seconds = typeof value === "string" && value.length <= 40 ? parseDurationText(value) : null;
	if (seconds === null) return refuse(field, examples);
	if (seconds < least) return refuse(field, `at least ${least < 60 ? `${least}s` : `${least / 60}m`}`);
	return seconds > longestDuration ? refuse(field, "at most 3660d") : seconds;
}

const sizeUnits = ["b", "kb", "mb", "gb", "tb", "pb"];

/** Bytes. Decimal units (10MB) and binary ones (10MiB); a bare number is bytes. */
export function sizeOf(field: Maybe): number | null {
	if (!isSaid(field)) return null;
	const { value } = field;
	const expected = "a size such as 10MB (decimal) or 10MiB";
	const text = typeof value === "number" ? String(value) : typeof value === "string" ? value.trim() : "";
	const [, count = "", unit = ""] = /^(\d{1,15}(?:\.\d{1,6})?)\s*([a-z]*)$/i.exec(text) ?? [];
	const isBinary = /^[kmgtp]ib$/i.test(unit);
	const step = unit === "" ? 0 : sizeUnits.indexOf(unit.toLowerCase().replace("ib", "b"));
	if (count === "" || step === -1) return refuse(field, expected);
	const bytes = Math.round(Number(count) * (isBinary ? 1024 : 1000) ** step);
	return bytes <= Number.MAX_SAFE_INTEGER ? bytes : refuse(field, `${expected}, at most 9007TB`);
}

export function wholeOf(field: Maybe, least: number, most: number): number | null {
	if (!isSaid(field)) return null;
	const { value } = field;
	const number = typeof value === "string" && /^\d{1,9}$/.test(value) ? Number(value) : value;
	if (typeof number === "number" && Number.isInteger(number) && number >= least && number <= most) return number;
	return refuse(field, `a whole number from ${least} to ${most}`);
}

/** YAML 1.2 has only true and false; people who know 1.1 write yes and on. */
export function flagOf(field: Maybe): boolean | null {
	if (!isSaid(field)) return null;
	const word = String(field.value).toLowerCase();
	if (["true", "yes", "on"].includes(word)) return true;
	return ["false", "no", "off"].includes(word) ? false : refuse(field, "true or false");
}

/** Minutes after midnight. */
export function clockOf(field: Maybe): number | null {
	if (!isSaid(field)) return null;
	const minutes = typeof field.value === "string" ? parseClock(field.value) : null;
	return minutes ?? refuse(field, 'a time from "00:00" to "23:59"');
}

export function parseClock(text: string): number | null {
	const [, hour, minute] = /^(\d{1,2}):(\d\d)$/.exec(text.trim()) ?? [];
	if (hour === undefined || Number(hour) > 23 || Number(minute) > 59) return null;
	return Number(hour) * 60 + Number(minute);
}

/** A list, or one value that stands for a list of one. */
export function itemsOf(field: Maybe): Field[] {
	if (!isSaid(field)) return [];
	const { value, path, sheet } = field;
	if (!Array.isArray(value)) return [field];
	return value.map((inner: unknown, index) => ({ value: inner, path: [...path, index], sheet }));
}

export function textsOf(field: Maybe, longest: number): string[] {
	return itemsOf(field).flatMap((item) => (item.value === null ? refuse(item, "text") : textOf(item, longest)) ?? []);
}

/** Made without a prototype's surprises: `__proto__` is a label like any other. */
export function labelsOf(field: Maybe): Record<string, string> {
	const labels = (entriesOf(field, "a mapping of names to text") ?? []).flatMap((entry): [string, string][] => {
		const text = entry.value === null ? refuse(entry, "text") : textOf(entry, 512);
		return text === null ? [] : [[String(entry.path.at(-1)), text]];
	});
	return Object.fromEntries(labels);
}
