// The newest of what there is: the newest copy that a listing has shown, and what was seen by when.
import type { Comparison, CopiedRun, KnownSnapshot, Listing } from "./inventory.ts";
import type { Matched } from "./inventory-match.ts";

/** `runs` oldest first, `matches` in their order. */
export function newestOf(
	runs: readonly CopiedRun[],
	matches: readonly Matched[],
	unreported: readonly KnownSnapshot[],
	skew: number,
): Comparison["newestCopy"] {
	let newest: Comparison["newestCopy"] = null;
	for (let i = runs.length - 1; i >= 0 && newest === null; i--) {
		const run = runs[i];
		const snapshot = matches[i]?.snapshot ?? null;
		if (run === undefined || snapshot === null || snapshot.goneAt !== null) continue;
		newest = { at: run.startedAt, snapshot, runId: run.id };
	}
	for (const snapshot of unreported) {
		const at = (snapshot.at ?? Number.NEGATIVE_INFINITY) - skew;
		if (snapshot.at !== null && (newest === null || at > newest.at)) newest = { at, snapshot, runId: null };
	}
	return newest;
}

/** Milliseconds by which reports come after the end that they tell: mostly what their host's clock is slow by. */
export function lagOf(runs: readonly CopiedRun[]): number {
	const lags = runs
		.slice(-50)
		.map(({ startedAt, endedAt, receivedAt }) => receivedAt - (endedAt ?? startedAt))
		.sort((a, b) => a - b);
	return lags[Math.floor(lags.length / 10)] ?? 0;
}

/** Of all snapshots, what is gone included: whether one newer than an instant had been seen by another. */
export function newerSeen(snapshots: readonly KnownSnapshot[]): { isNewer: (at: number, seenBy: number) => boolean } {
	const newestFirst = snapshots.filter(({ at }) => at !== null).sort((a, b) => (b.at ?? 0) - (a.at ?? 0));
	let first = Number.POSITIVE_INFINITY;
	const seen = newestFirst.map(({ seenAt }) => {
		first = Math.min(first, seenAt);
		return first;
	});
	return {
		isNewer: (at, seenBy) => {
			let low = 0;
			let high = newestFirst.length;
			while (low < high) {
				const middle = (low + high) >>> 1;
				if ((newestFirst[middle]?.at ?? 0) > at) low = middle + 1;
				else high = middle;
			}
			return low > 0 && (seen[low - 1] ?? Number.POSITIVE_INFINITY) <= seenBy;
		},
	};
}

/** Of a mirror: the newest run that ended before a good listing, which showed that something is there. */
export function mirrorCopy(
	runs: readonly CopiedRun[],
	good: readonly Listing[],
	snapshots: readonly KnownSnapshot[],
): Comparison["newestCopy"] {
	const at = good.at(-1)?.at ?? null;
	const run = at === null ? undefined : runs.findLast(({ receivedAt }) => receivedAt < at);
	const snapshot = snapshots.find(({ goneAt }) => goneAt === null);
	return run === undefined || snapshot === undefined ? null : { at: run.startedAt, snapshot, runId: run.id };
}

export function emptySince(byTime: readonly Listing[]): number | null {
	let since: number | null = null;
	for (let i = byTime.length - 1; i >= 0 && byTime[i]?.outcome === "empty"; i--) since = byTime[i]?.at ?? since;
	return since;
}

/** Times of what there is to go back to, oldest first, each once. */
export function pointsOf(
	runs: readonly CopiedRun[],
	matches: readonly Matched[],
	unreported: readonly KnownSnapshot[],
	skew: number,
): Float64Array {
	const times = new Float64Array(runs.length + unreported.length);
	let count = 0;
	for (let i = 0; i < runs.length; i++) {
		if (matches[i]?.snapshot?.goneAt === null) times[count++] = runs[i]?.startedAt ?? 0;
	}
	for (const { at } of unreported) if (at !== null) times[count++] = at - skew;
	const sorted = times.subarray(0, count).sort();
	let kept = 0;
	for (const at of sorted) if (kept === 0 || at !== sorted[kept - 1]) sorted[kept++] = at;
	return sorted.slice(0, kept);
}
