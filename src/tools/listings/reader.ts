// What a reader of listings is: text goes in piece by piece, entries come out, and at the end whether it was all.
import type { Snapshot } from "../../inventory.ts";

/** Takes an entry as it is found. */
export type Take = (snapshot: Snapshot) => void;

/** `null`: the listing is whole. A reason is a sentence without its subject: "ends in the middle of an entry". */
export type ListingEnd = { isWhole: true } | { isWhole: false; reason: string; wasBegun: boolean };

export type ListingReader = {
	push: (text: string) => void;
	end: () => ListingEnd;
};

/** `zone`: for times without an offset. */
export type OpenReader = (take: Take, zone: string) => ListingReader;

export const whole: ListingEnd = { isWhole: true };

export function broken(reason: string, wasBegun: boolean): ListingEnd {
	return { isWhole: false, reason, wasBegun };
}

const longestId = 512;
const longestAbout = 200;

/** An id that fits; of a longer one the end tells it apart (paths), with a hash of the whole before it. */
export function idOf(text: string): string {
	if (text.length <= longestId) return text;
	let hash = 0;
	for (let i = 0; i < text.length; i++) hash = (Math.imul(hash, 31) + text.charCodeAt(i)) | 0;
	return `${(hash >>> 0).toString(16).padStart(8, "0")}…${text.slice(-longestId + 9)}`;
}

/** Paths and tags in short, always in the same order. */
export function aboutOf(paths: unknown, tags: unknown): string {
	const list = (value: unknown) =>
		Array.isArray(value) ? value.filter((one): one is string => typeof one === "string") : [];
	const words = [...list(paths), ...list(tags).map((tag) => `#${tag}`)].join(" ");
	return words.length <= longestAbout ? words : `${words.slice(0, longestAbout - 1)}…`;
}

export function textOrNull(value: unknown): string | null {
	return typeof value === "string" && value !== "" ? value.slice(0, longestId) : null;
}

/** A number of bytes; digits in a text count too. */
export function sizeOrNull(value: unknown): number | null {
	const number = typeof value === "string" && /^\d{1,16}$/.test(value) ? Number(value) : value;
	return typeof number === "number" && Number.isFinite(number) && number >= 0 ? Math.round(number) : null;
}
