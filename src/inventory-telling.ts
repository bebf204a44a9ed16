// What the matches of a job tell of it: whether files stand for single runs, whether times suffice, and which sizes are odd.
import type { CopiedRun, KnownSnapshot, ListingFormat } from "./inventory.ts";
import { middleOf, toleranceMs } from "./inventory-clocks.ts";
import type { Matched } from "./inventory-match.ts";

/**
 * Whether files stand for runs: nearly all of the newest runs made some, and always as many. Of a mirror they do not:
 * there a run changes as many files as have changed.
 */
export function tellsFiles(
	runs: readonly CopiedRun[],
	matches: readonly Matched[],
	perRun: Uint16Array,
	timed: readonly KnownSnapshot[],
	skew: number,
	listedAt: readonly number[],
): boolean {
	const since = (timed[0]?.at ?? Number.POSITIVE_INFINITY) - skew - toleranceMs;
	const until = (timed.at(-1)?.at ?? 0) - skew;
	const first = runs.findIndex(({ startedAt, endedAt }) => (endedAt ?? startedAt) >= since);
	if (first === -1) return false;
	const asked = runs.flatMap((run, i) => (i < first || run.startedAt > until || isTwin(i) ? [] : [i]));
	// A policy that keeps one lets go what nobody ever saw: then those tell that somebody looked for before the next run.
	return tell(asked.slice(-10)) || tell(asked.filter(wasListed).slice(-10));

	function tell(some: readonly number[]): boolean {
		const found = some.filter((i) => (matches[i]?.snapshot ?? null) !== null);
		if (found.length < 3 || found.length * 3 < some.length * 2) return false;
		const counts = new Map<number, number>();
		for (const i of found) counts.set(perRun[i] ?? 0, (counts.get(perRun[i] ?? 0) ?? 0) + 1);
		const [usual = 0] = [...counts].sort((x, y) => y[1] - x[1])[0] ?? [];
		return (counts.get(usual) ?? 0) >= found.length * 0.8 && usual <= 64;
	}

	/** Reported twice by two roads: the second stands for both. */
	function isTwin(index: number): boolean {
		return (runs[index + 1]?.startedAt ?? Number.POSITIVE_INFINITY) <= (runs[index]?.startedAt ?? 0) + 60_000;
	}

	function wasListed(index: number): boolean {
		const from = runs[index]?.receivedAt ?? 0;
		const start = (runs[index]?.startedAt ?? 0) + 60_000;
		const next = runs.slice(index + 1, index + 5).find(({ startedAt }) => startedAt > start);
		return listedAt.some((at) => at > from && at <= (next?.receivedAt ?? Number.POSITIVE_INFINITY));
	}
}

/** Whether a file has the size that a run reported: what was written is what was counted. */
export function isFileOf({ size: reported }: Pick<CopiedRun, "size">, size: number | null): boolean {
	return reported !== null && reported > 0 && size !== null && Math.abs(size - reported) <= reported * 0.001;
}

/** Whether sizes tell which file is a run's: of nearly all runs that a file was written in, one has just that size. */
export function sizesTell(
	runs: readonly CopiedRun[],
	candidates: ReadonlyMap<number, readonly KnownSnapshot[]>,
): boolean {
	let asked = 0;
	let found = 0;
	for (const [i, files] of candidates) {
		const run = runs[i];
		if (run === undefined || (run.size ?? 0) <= 0 || files.length === 0) continue;
		asked++;
		if (files.some(({ size }) => isFileOf(run, size))) found++;
	}
	return found >= 3 && found >= asked * 0.8;
}

/** Whether times tell snapshots apart: most of the newest ones belong to a run. */
export function tellsByTime(
	timed: readonly KnownSnapshot[],
	claimed: ReadonlySet<KnownSnapshot>,
	skew: number,
	runs: readonly CopiedRun[],
): boolean {
	const since = (runs[0]?.startedAt ?? Number.POSITIVE_INFINITY) - toleranceMs;
	const asked = timed.filter(({ at }) => (at ?? 0) - skew >= since).slice(-10);
	const found = asked.filter((one) => claimed.has(one)).length;
	return found >= 2 && found >= asked.length * 0.6;
}

/**
 * A size is judged by what the two sizes of this job usually are to each other: a report may count what was read, the
 * listing what was stored. Kopia and restic count the same thing.
 */
export function compareSizes(runs: readonly CopiedRun[], matches: Matched[], format: ListingFormat): void {
	const ratioOf = (index: number): number | null => {
		const size = runs[index]?.size ?? null;
		const listed = matches[index]?.snapshot?.size ?? null;
		return size === null || size <= 0 || listed === null ? null : listed / size;
	};
	const known: number[] = [];
	for (let index = 0; index < runs.length; index++) {
		const ratio = ratioOf(index);
		if (ratio !== null) known.push(ratio);
	}
	if (known.length === 0) return;
	const isSame = format === "restic" || format === "kopia";
	const usual = isSame ? 1 : middleOf(known.slice());
	const steady = known.filter((ratio) => Math.abs(ratio - usual) <= usual * 0.02).length;
	if (!isSame && (known.length < 4 || steady < known.length * 0.75)) return;
	for (let index = 0; index < matches.length; index++) {
		const match = matches[index];
		const ratio = ratioOf(index);
		const size = runs[index]?.size ?? 0;
		if (ratio === null || match === undefined) continue;
		const isOff = Math.abs(ratio - usual) > usual * 0.1 && Math.abs(ratio - usual) * size > 64 * 1024;
		if (isOff) matches[index] = { ...match, differs: true };
	}
}
