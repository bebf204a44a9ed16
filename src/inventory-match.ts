// Brings reported runs and listed snapshots together: by id, else by time, after the clocks' difference is learned.
import type { CopiedRun, KnownSnapshot, ListingFormat } from "./inventory.ts";
import { middleOf, settle, toleranceMs, voteSkew, windowOf, within } from "./inventory-clocks.ts";
import { compareSizes, isFileOf, sizesTell, tellsByTime, tellsFiles } from "./inventory-telling.ts";

export type Matched = {
	snapshot: KnownSnapshot | null;
	by: "id" | "time" | "moved" | null;
	/** Its short id fits several snapshots. */
	isAmbiguous: boolean;
	/** Its size is not what was reported, where the two can be compared. */
	differs: boolean;
};

export type Matching = {
	/** One a run, in their order. */
	matches: Matched[];
	/** Snapshots that belong to a run. */
	claimed: Set<KnownSnapshot>;
	skew: number;
	/** The listing shows files instead of snapshots. */
	isOfFiles: boolean;
	isMirror: boolean;
	/** Whether a run that was found nowhere would have been found, had its copy been there. */
	isTelling: (run: CopiedRun) => boolean;
	/** Whether a snapshot has the host and the paths of those that the runs made. */
	isOfJob: (snapshot: KnownSnapshot) => boolean;
};

const shortId = 8;

const nothing: Matched = { snapshot: null, by: null, isAmbiguous: false, differs: false };

/** `runs` oldest first; `listedAt`: when good listings were made, oldest first. */
export function matchRuns(
	runs: readonly CopiedRun[],
	snapshots: readonly KnownSnapshot[],
	format: ListingFormat,
	listedAt: readonly number[],
): Matching {
	const isOfFiles = format === "rclone" || format === "s3" || format === "find";
	const ids = new IdIndex(runs, snapshots);
	const matches: Matched[] = runs.map(({ snapshotId }) => (snapshotId === null ? nothing : ids.find(snapshotId)));
	const pairs: number[] = [];
	// By index: `entries` makes an object for each of 100,000, and this is done five times.
	for (let i = 0; i < runs.length; i++) {
		const at = matches[i]?.snapshot?.at ?? null;
		if (at !== null) pairs.push(at - (runs[i]?.startedAt ?? at));
	}
	const timed = snapshots.filter((one) => one.at !== null).sort((a, b) => (a.at ?? 0) - (b.at ?? 0));
	const skew = pairs.length > 0 ? settle(middleOf(pairs)) : voteSkew(runs, timed);
	const idMatches = matches.filter(({ by }) => by === "id").length;
	const named = runs.filter(({ snapshotId }) => snapshotId !== null).length;
	const claimed = new Set<KnownSnapshot>();
	for (const { snapshot } of matches) if (snapshot !== null) claimed.add(snapshot);
	const perRun = new Uint16Array(runs.length);
	const hasNeighbours = findNeighbours(runs, matches, timed, claimed, skew);
	const candidates = new Map<number, KnownSnapshot[]>();
	for (let i = 0; i < runs.length; i++) {
		const run = runs[i];
		const found = matches[i];
		if (run === undefined || found === undefined || found.isAmbiguous) continue;
		const old = found.snapshot;
		// What is there under its own id needs no other; what went may have come back under another one.
		if (old !== null && old.goneAt === null) continue;
		const near = within(timed, windowOf(runs, i), skew);
		if (near.length === 0) continue;
		const fitting = near.filter(
			(one) =>
				one !== old &&
				!claimed.has(one) &&
				isHosts(run, one) &&
				mayBe(run, old, one, hasNeighbours) &&
				(run.snapshotId === null || isNearest(runs, i, (one.at ?? 0) - skew)),
		);
		if (fitting.length > 0) candidates.set(i, fitting);
	}
	// A folder that others write to as well: the file that is as long as was reported is the copy.
	const bySize = isOfFiles && sizesTell(runs, candidates);
	for (const [i, fitting] of candidates) {
		const run = runs[i];
		if (run === undefined) continue;
		const same = bySize && run.size !== null ? fitting.filter(({ size }) => isFileOf(run, size)) : fitting;
		const best = same.find((one) => one.goneAt === null) ?? lastGone(same);
		perRun[i] = bySize ? Math.min(1, same.length) : same.length;
		if (best === undefined) continue;
		matches[i] = { ...nothing, snapshot: best, by: run.snapshotId === null ? "time" : "moved" };
		for (const one of fitting) claimed.add(one);
	}
	const tells = isOfFiles && idMatches === 0 ? tellsFiles(runs, matches, perRun, timed, skew, listedAt) : true;
	const isMirror = isOfFiles && idMatches === 0 && !tells && snapshots.length > 0;
	if (isMirror) claimed.clear();
	const timeWorks = idMatches === 0 && tellsByTime(timed, claimed, skew, runs);
	compareSizes(runs, matches, format);
	const signs = new Map<string | null, Set<string>>();
	for (const { host, about } of claimed) signs.set(host, (signs.get(host) ?? new Set()).add(about));
	return {
		matches: isMirror ? runs.map(() => nothing) : matches,
		claimed,
		skew,
		isOfFiles,
		isMirror,
		isTelling: (run) => {
			// What copied nothing left no copy of its own.
			if (isMirror || run.size === 0) return false;
			// A run that made no snapshot because nothing had changed names none, among others that do.
			if (run.snapshotId === null) return timeWorks && named * 2 < runs.length;
			return idMatches > 0 || !isOfFiles;
		},
		isOfJob: (snapshot) => isMirror || signs.size === 0 || signs.get(snapshot.host)?.has(snapshot.about) === true,
	};
}

function isHosts(run: CopiedRun, { host }: KnownSnapshot): boolean {
	return run.host === "" || host === null || bare(host) === bare(run.host);
}

function bare(host: string): string {
	return host.toLowerCase().split(".")[0] ?? "";
}

/**
 * Whether a snapshot with another id may be the copy of a run that named one. A repository that was copied, moved or
 * rewritten shows the same times under new ids, and those appear when the old ones go. Of a run that was never seen,
 * its time tells, but not where somebody else makes snapshots at the same times.
 */
function mayBe(run: CopiedRun, old: KnownSnapshot | null, one: KnownSnapshot, hasNeighbours: boolean): boolean {
	if (run.snapshotId === null) return true;
	if (old !== null) return old.goneAt !== null && one.seenAt >= old.goneAt && isSize(old.size, one.size);
	return !hasNeighbours && isSize(run.size, one.size);
}

/** Whether no other backup began closer to an instant: of two within a minute, one is not the other's copy. */
function isNearest(runs: readonly CopiedRun[], index: number, at: number): boolean {
	const own = runs[index];
	if (own === undefined) return false;
	const distance = Math.abs(own.startedAt - at) - 1000;
	for (const step of [-1, 1]) {
		for (
			let i = index + step;
			Math.abs((runs[i]?.startedAt ?? Number.NaN) - own.startedAt) < 2 * toleranceMs;
			i += step
		) {
			const other = runs[i];
			if (other !== undefined && other.snapshotId !== own.snapshotId && Math.abs(other.startedAt - at) < distance)
				return false;
		}
	}
	return true;
}

/** The one that was there longest: what went under its old id and came under a new one has gone with that. */
function lastGone(fitting: readonly KnownSnapshot[]): KnownSnapshot | undefined {
	return fitting.toSorted((a, b) => (b.goneAt ?? 0) - (a.goneAt ?? 0))[0];
}

/** Whether others put snapshots into the same repository at the times of these runs. */
function findNeighbours(
	runs: readonly CopiedRun[],
	matches: readonly Matched[],
	timed: readonly KnownSnapshot[],
	claimedById: ReadonlySet<KnownSnapshot>,
	skew: number,
): boolean {
	let asked = 0;
	let crowded = 0;
	for (let i = matches.length - 1; i >= 0 && asked < 20; i--) {
		const snapshot = matches[i]?.snapshot ?? null;
		if (snapshot === null || snapshot.goneAt !== null) continue;
		asked++;
		if (
			within(timed, windowOf(runs, i), skew).some(
				(one) => one !== snapshot && one.goneAt === null && !claimedById.has(one),
			)
		)
			crowded++;
	}
	return crowded * 5 > asked;
}

function isSize(a: number | null, b: number | null): boolean {
	return a === null || b === null || Math.abs(a - b) <= Math.max(a, b) * 0.01;
}

/** Of many snapshots only those are held that the runs ask for. */
class IdIndex {
	/** null: asked for, and not there. */
	readonly #byId = new Map<string, KnownSnapshot | null>();
	readonly #byName = new Map<string, KnownSnapshot>();
	readonly #byShort = new Map<string, KnownSnapshot[]>();

	constructor(runs: readonly CopiedRun[], snapshots: readonly KnownSnapshot[]) {
		const wanted = this.#byId;
		for (const { snapshotId } of runs) if (snapshotId !== null) wanted.set(snapshotId, null);
		if (wanted.size === 0) return;
		for (const snapshot of snapshots) {
			if (wanted.has(snapshot.id)) wanted.set(snapshot.id, snapshot);
			if (snapshot.name !== null && wanted.has(snapshot.name)) prefer(this.#byName, snapshot.name, snapshot);
		}
		const shorts = new Set<string>();
		for (const id of wanted.keys()) {
			if (this.#whole(id) === undefined && shortForm.test(id)) shorts.add(id.slice(0, shortId));
		}
		if (shorts.size === 0) return;
		for (const snapshot of snapshots) {
			const short = snapshot.id.slice(0, shortId);
			if (!shorts.has(short)) continue;
			const known = this.#byShort.get(short);
			if (known === undefined) this.#byShort.set(short, [snapshot]);
			else known.push(snapshot);
		}
	}

	find(id: string): Matched {
		const whole = this.#whole(id);
		if (whole !== undefined) return { snapshot: whole, by: "id", isAmbiguous: false, differs: false };
		if (!shortForm.test(id)) return nothing;
		const fitting = (this.#byShort.get(id.slice(0, shortId)) ?? []).filter(
			(one) => one.id.startsWith(id) || id.startsWith(one.id),
		);
		const there = fitting.filter(({ goneAt }) => goneAt === null);
		const [only, second] = there.length > 0 ? there : fitting;
		if (only === undefined) return nothing;
		return second === undefined ? { ...nothing, snapshot: only, by: "id" } : { ...nothing, isAmbiguous: true };
	}

	#whole(id: string): KnownSnapshot | undefined {
		const exact = this.#byId.get(id) ?? undefined;
		// A rewritten snapshot names the one that it was: that is there, though its first id is gone.
		return exact !== undefined && exact.goneAt === null ? exact : (this.#byName.get(id) ?? exact);
	}
}

const shortForm = /^[0-9a-f]{8,}$/;

function prefer(map: Map<string, KnownSnapshot>, key: string, snapshot: KnownSnapshot): void {
	const known = map.get(key);
	if (known === undefined || known.goneAt !== null) map.set(key, snapshot);
}
