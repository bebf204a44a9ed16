// Whether a remote holds much less than it did: by count, and for files by bytes too.
import type { Listing } from "./inventory.ts";

export type Shrunk = {
	what: "entries" | "bytes";
	before: number;
	after: number;
	/** The first listing that showed less. */
	since: number;
};

/** Good listings before the fall that are looked at. */
const reach = 7;
const fewest = 4;

/**
 * `good` oldest first. Two listings must agree, a while apart: a `find` that was cut at the end of a line looks whole.
 * Where all that was promised is still there (`isKept`), fewer snapshots are what the policy left.
 */
export function shrunkSince(good: readonly Listing[], agreeAfterMs: number, isKept: boolean | null): Shrunk | null {
	const last = good.at(-1);
	if (last === undefined) return null;
	const countsBytes = last.format === "rclone" || last.format === "s3" || last.format === "find";
	const kinds = ["entries", "bytes"] as const;
	for (const what of kinds) {
		if (what === "bytes" && !countsBytes) continue;
		if (what === "entries" && isKept === true) continue;
		const found = fallOf(good, what, agreeAfterMs);
		if (found !== null) return found;
	}
	return null;
}

function fallOf(good: readonly Listing[], what: Shrunk["what"], agreeAfterMs: number): Shrunk | null {
	const last = good.at(-1);
	const after = last?.[what] ?? null;
	if (last === undefined || after === null) return null;
	// The fall: the oldest of the listings at the end that all show no more than about what there is now.
	let first = good.length - 1;
	while (first > 0 && (good[first - 1]?.[what] ?? Number.POSITIVE_INFINITY) <= after * 1.5) first--;
	const since = good[first]?.at ?? last.at;
	if (last.at - since < agreeAfterMs) return null;
	const past = good
		.slice(Math.max(0, first - reach), first)
		.flatMap((one) => (one.format === last.format ? (one[what] ?? []) : []))
		.sort((a, b) => a - b);
	const before = past[past.length >> 1];
	if (before === undefined || after * 2 > before) return null;
	if (what === "entries" && before - after < fewest) return null;
	return { what, before, after, since };
}
