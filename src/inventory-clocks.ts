// Clocks: in which stretch of time a run's copy was made, and by how much the remote's clock differs from the reports'.
import type { CopiedRun, KnownSnapshot } from "./inventory.ts";

const minuteMs = 60_000;
const hourMs = 3_600_000;
/** How far apart two times of one event may stand, once the clocks' difference is known. */
export const toleranceMs = 2 * minuteMs;
/** Clocks and zones are wrong by this much at most. */
const furthestMs = 14 * hourMs;

export type Window = { from: number; to: number; start: number; end: number };

/** When a run's copy was made, give or take: what lies between two runs goes to the nearer one. `runs` oldest first. */
export function windowOf(runs: readonly CopiedRun[], index: number): Window {
	const run = runs[index];
	const start = run?.startedAt ?? 0;
	const end = Math.max(start, run?.endedAt ?? start);
	// Reported twice by two roads, a second apart: that is no neighbour.
	let previous: number | undefined;
	for (let i = index - 1; i >= Math.max(0, index - 4) && previous === undefined; i--) {
		const at = runs[i]?.startedAt ?? start;
		if (at < start - minuteMs) previous = at;
	}
	let next: number | undefined;
	for (let i = index + 1; i < Math.min(runs.length, index + 5) && next === undefined; i++) {
		const at = runs[i]?.startedAt ?? 0;
		if (at > Math.max(end, start + minuteMs)) next = at;
	}
	const before = previous === undefined ? toleranceMs : (start - previous) / 2;
	const after = next === undefined ? toleranceMs : (next - end) / 2;
	// Who tells only the end (a ping) began at any time since the run before.
	const isBlind = end - start < 1000;
	const reach = isBlind
		? Math.max(toleranceMs, Math.min(24 * hourMs, (start - (previous ?? start)) * 0.9))
		: toleranceMs;
	const from = start - Math.max(5000, isBlind ? reach : Math.min(reach, before));
	return { from, to: end + Math.max(5000, Math.min(toleranceMs, after)), start, end };
}

/** The snapshots of a window, the newest first, at most a few thousand. */
export function within(timed: readonly KnownSnapshot[], { from, to }: Window, skew: number): KnownSnapshot[] {
	let low = 0;
	let high = timed.length;
	while (low < high) {
		const middle = (low + high) >>> 1;
		if ((timed[middle]?.at ?? 0) - skew >= from) high = middle;
		else low = middle + 1;
	}
	const found: KnownSnapshot[] = [];
	for (let i = low; i < timed.length && found.length < 4096; i++) {
		const one = timed[i];
		if (one === undefined || (one.at ?? 0) - skew > to) break;
		found.push(one);
	}
	return found.reverse();
}

export function middleOf(values: number[]): number {
	const sorted = values.sort((a, b) => a - b);
	return sorted[sorted.length >> 1] ?? 0;
}

/** Less than the tolerance is no difference of clocks. */
export function settle(skew: number): number {
	return Math.abs(skew) < toleranceMs ? 0 : skew;
}

const votersAsked = 200;
const fewestVoters = 4;

/**
 * Milliseconds that the listing's clock is ahead, found without ids: the one shift under which nearly all runs find a
 * snapshot. None, where most find one as it is: daily runs fit daily snapshots under a shift of a day as well.
 */
export function voteSkew(runs: readonly CopiedRun[], timed: readonly KnownSnapshot[]): number {
	const first = Math.max(0, runs.length - votersAsked);
	const asked = runs.slice(first).map((_, i) => windowOf(runs, first + i));
	if (asked.length < fewestVoters || timed.length < fewestVoters) return 0;
	// A shift of more than half a period fits the neighbour's snapshot as well.
	const gaps = asked.slice(1).map(({ start }, i) => start - (asked[i]?.start ?? start));
	const furthest = Math.min(furthestMs, middleOf(gaps.filter((gap) => gap > minuteMs)) * 0.45);
	const asIs = asked.filter((window) => within(timed, window, 0).length > 0).length;
	if (asIs * 2 >= Math.min(asked.length, timed.length)) return 0;
	const votes = new Map<number, Set<number>>();
	for (const [voter, { start, end }] of asked.entries()) {
		const near = within(timed, { from: start - furthest, to: end + furthest, start, end }, 0).slice(0, 50);
		for (const { at } of near) {
			for (const since of new Set([start, end])) {
				const bin = Math.round(((at ?? 0) - since) / minuteMs);
				const voters = votes.get(bin) ?? new Set<number>();
				voters.add(voter);
				votes.set(bin, voters);
			}
		}
	}
	let best = 0;
	let most = 0;
	for (const [bin, voters] of votes) {
		const both = new Set([...voters, ...(votes.get(bin + 1) ?? [])]).size;
		if (both > most || (both === most && Math.abs(bin) < Math.abs(best))) [best, most] = [bin, both];
	}
	return most >= fewestVoters && most >= Math.min(asked.length, timed.length) * 0.8 ? settle(best * minuteMs) : 0;
}
