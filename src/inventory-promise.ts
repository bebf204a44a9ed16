// The retention promise: which copies the tool's own policy must still have, so that what it let go is not missed.
import type { CopiedRun, KnownSnapshot } from "./inventory.ts";
import type { Matched } from "./inventory-match.ts";
import type { Keep } from "./settings.ts";
import { dayOf, weekOf, zoneOffset } from "./time.ts";

/** A copy that should be there: a reported run, or a snapshot that nobody reported. Oldest first. */
export type Item = { at: number; isThere: boolean; run: number | null };

export type Period = keyof Keep;
export type PromiseKept = { period: Period; wanted: number; has: number };

export type Demand = {
	/** Whether the policy must still have the copy of the run at this index. */
	of: (run: number) => { isDemanded: boolean; because: string };
	/** How much of the promise is there, for each period that was promised. */
	kept: PromiseKept[];
	/** Whether all that was promised is there; null where nothing was. */
	isKept: boolean | null;
};

/** Of so many runs in a row two may be the same. */
const reportedTogether = 8;

export function itemsOf(
	runs: readonly CopiedRun[],
	matches: readonly Matched[],
	unreported: readonly KnownSnapshot[],
	skew: number,
): Item[] {
	const items: Item[] = [];
	const known: unknown[] = [];
	for (let i = 0; i < runs.length; i++) {
		const run = runs[i];
		if (run === undefined) break;
		const snapshot = matches[i]?.snapshot ?? null;
		// Reported twice by two roads, one after the other: one copy, of which the policy counts one.
		const key = snapshot ?? run.snapshotId;
		if (key !== null && known.includes(key)) continue;
		known[i % reportedTogether] = key;
		items.push({ at: run.startedAt, isThere: snapshot?.goneAt === null, run: i });
	}
	for (const { at } of unreported) if (at !== null) items.push({ at: at - skew, isThere: true, run: null });
	return items.sort((a, b) => a.at - b.at);
}

const hourMs = 3_600_000;

/** The number of the period that an instant falls in: the newest copy of each is the one that is kept. */
const buckets: Record<Exclude<Period, "last">, (at: number, zone: string) => number> = {
	hourly: (at, zone) => Math.floor((at + zoneOffset(at, zone)) / hourMs),
	daily: dayOf,
	weekly: (at, zone) => weekOf(dayOf(at, zone)),
	monthly: (at, zone) => monthOf(at, zone),
	yearly: (at, zone) => Math.floor(monthOf(at, zone) / 12),
};

function monthOf(at: number, zone: string): number {
	const local = new Date(at + zoneOffset(at, zone));
	return local.getUTCFullYear() * 12 + local.getUTCMonth();
}

/** Hours by which the tool's days may be cut otherwise than ours: a container runs in UTC, its host elsewhere. */
const shifts = [1, -1, 2, -2, 3, -3, 4, -4, 5, -5, 6, -6, 7, -7, 8, -8, 9, -9, 10, -10, 11, -11, 12, -12, 13, 14];
/** More are compared by our own days alone. */
const mostShifted = 20_000;

/**
 * As restic and borg forget: of the newest N periods that have a copy, the newest copy of each is kept. A period is
 * served by any copy in it, because some tools keep the first. Where periods are without any, it is looked whether the
 * days of another zone explain it: the cut under which the least is missing is the tool's.
 */
export function demandOf(items: readonly Item[], keep: Keep | null, zone: string): Demand {
	let best = cutAt(items, keep, zone, 0);
	for (const hours of best.demanded.size > 0 && items.length <= mostShifted ? shifts : []) {
		const cut = cutAt(items, keep, zone, hours * hourMs);
		// A cut that misses others than ours does is no explanation.
		if (cut.demanded.size < best.demanded.size && cut.demanded.isSubsetOf(best.demanded)) best = cut;
	}
	const { demanded, covered, kept } = best;
	return {
		of: (run) => ({
			isDemanded: demanded.has(run),
			because:
				keep === null
					? "no retention promise is set, so nobody knows whether it was meant to go"
					: covered.has(run)
						? "another snapshot of the same period is there"
						: "it is older than what the retention promise keeps",
		}),
		kept,
		isKept: kept.length === 0 ? null : kept.every(({ wanted, has }) => has >= wanted),
	};
}

type Cut = { demanded: Set<number>; covered: Set<number>; kept: PromiseKept[] };

function cutAt(items: readonly Item[], keep: Keep | null, zone: string, shift: number): Cut {
	const cut: Cut = { demanded: new Set(), covered: new Set(), kept: [] };
	const { demanded, covered, kept } = cut;
	for (const [period, count] of Object.entries(keep ?? {}) as [Period, number | undefined][]) {
		if (count === undefined || count < 1) continue;
		if (period === "last") {
			const last = items.slice(-count);
			for (const { run, isThere } of last) if (run !== null && !isThere) demanded.add(run);
			kept.push({ period, wanted: last.length, has: last.filter(({ isThere }) => isThere).length });
			continue;
		}
		const found = new Map<number, Item[]>();
		for (let i = items.length - 1; i >= 0; i--) {
			const item = items[i];
			if (item === undefined) break;
			const bucket = buckets[period](item.at + shift, zone);
			const known = found.get(bucket);
			if (known === undefined && found.size >= count) break;
			if (known === undefined) found.set(bucket, [item]);
			else known.push(item);
		}
		let has = 0;
		for (const bucket of found.values()) {
			const isServed = bucket.some(({ isThere }) => isThere);
			if (isServed) has++;
			const [newest] = bucket;
			if (!isServed && newest !== undefined && newest.run !== null) demanded.add(newest.run);
			if (isServed) for (const { run, isThere } of bucket) if (run !== null && !isThere) covered.add(run);
		}
		kept.push({ period, wanted: found.size, has });
	}
	return cut;
}
