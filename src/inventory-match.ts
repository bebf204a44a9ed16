// Brings reported runs and listed snapshots together: by id, else by time, after the clocks' difference is learned.
import type { CopiedRun, KnownSnapshot, ListingFormat } from "./inventory.ts";
import { median, settle, toleranceMs, voteSkew, type Window, windowsOf, within } from "./inventory-clocks.ts";
import { compareSizes, tellsByTime, tellsFiles } from "./inventory-telling.ts";

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

/** `runs` oldest first. */
export function matchRuns(
	runs: readonly CopiedRun[],
	snapshots: readonly KnownSnapshot[],
	format: ListingFormat,
): Matching {
	const isOfFiles = format === "rclone" || format === "s3" || format === "find";
	const ids = new IdIndex(snapshots);
	const matches: Matched[] = runs.map(({ snapshotId }) => (snapshotId === null ? nothing : ids.find(snapshotId)));
	const pairs = runs.flatMap((run, i) => {
		const snapshot = matches[i]?.snapshot;
		return snapshot == null || snapshot.at === null ? [] : [snapshot.at - run.startedAt];
	});
	const timed = snapshots.filter((one) => one.at !== null).sort((a, b) => (a.at ?? 0) - (b.at ?? 0));
	const windows = windowsOf(runs);
	const skew = pairs.length > 0 ? settle(median(pairs)) : voteSkew(windows, timed);
	const idMatches = matches.filter(({ by }) => by === "id").length;
	const named = runs.filter(({ snapshotId }) => snapshotId !== null).length;
	const claimed = new Set<KnownSnapshot>();
	for (const { snapshot } of matches) if (snapshot !== null) claimed.add(snapshot);
	const claimedById = new Set(claimed);
	const perRun: number[] = [];
	const hasNeighbours = findNeighbours(matches, windows, timed, claimedById, skew);
	for (const [i, run] of runs.entries()) {
		const found = matches[i];
		const window = windows[i];
		if (found === undefined || window === undefined || found.isAmbiguous) continue;
		const old = found.snapshot;
		// What is there under its own id needs no other; what went may have come back under another one.
		if (old !== null && old.goneAt === null) continue;
		const near = within(timed, window, skew);
		const fitting = near.filter(
			(one) =>
				one !== old &&
				!claimedById.has(one) &&
				isHosts(run, one) &&
				mayBe(run, old, one, hasNeighbours) &&
				(run.snapshotId === null || isNearest(runs, i, (one.at ?? 0) - skew)),
		);
		const best = fitting.find((one) => one.goneAt === null) ?? lastGone(fitting);
		perRun.push(fitting.length);
		if (best === undefined) continue;
		matches[i] = { ...nothing, snapshot: best, by: run.snapshotId === null ? "time" : "moved" };
		for (const one of fitting) claimed.add(one);
	}
	const tells = isOfFiles && idMatches === 0 ? tellsFiles(runs, matches, perRun, timed, skew) : true;
	const isMirror = isOfFiles && idMatches === 0 && !tells && snapshots.length > 0;
	if (isMirror) claimed.clear();
	const timeWorks = idMatches === 0 && tellsByTime(timed, claimed, skew, runs);
	compareSizes(runs, matches, format);
	const signs = new Set([...claimed].map(signOf));
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
		isOfJob: (snapshot) => isMirror || signs.size === 0 || signs.has(signOf(snapshot)),
	};
}

function signOf({ host, about }: KnownSnapshot): string {
	return `${host ?? ""}\n${about}`;
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
	matches: readonly Matched[],
	windows: readonly Window[],
	timed: readonly KnownSnapshot[],
	claimedById: ReadonlySet<KnownSnapshot>,
	skew: number,
): boolean {
	let asked = 0;
	let crowded = 0;
	for (let i = matches.length - 1; i >= 0 && asked < 20; i--) {
		const snapshot = matches[i]?.snapshot ?? null;
		const window = windows[i];
		if (snapshot === null || snapshot.goneAt !== null || window === undefined) continue;
		asked++;
		if (within(timed, window, skew).some((one) => one !== snapshot && one.goneAt === null && !claimedById.has(one)))
			crowded++;
	}
	return crowded * 5 > asked;
}

function isSize(a: number | null, b: number | null): boolean {
	return a === null || b === null || Math.abs(a - b) <= Math.max(a, b) * 0.01;
}

class IdIndex {
	readonly #byId = new Map<string, KnownSnapshot>();
	readonly #byName = new Map<string, KnownSnapshot>();
	readonly #byShort = new Map<string, KnownSnapshot | KnownSnapshot[]>();

	constructor(snapshots: readonly KnownSnapshot[]) {
		for (const snapshot of snapshots) {
			this.#byId.set(snapshot.id, snapshot);
			if (snapshot.name !== null) prefer(this.#byName, snapshot.name, snapshot);
			if (!/^[0-9a-f]{8}/.test(snapshot.id)) continue;
			const short = snapshot.id.slice(0, shortId);
			const known = this.#byShort.get(short);
			if (known === undefined) this.#byShort.set(short, snapshot);
			else this.#byShort.set(short, [...(Array.isArray(known) ? known : [known]), snapshot]);
		}
	}

	find(id: string): Matched {
		const exact = this.#byId.get(id);
		// A rewritten snapshot names the one that it was: that is there, though its first id is gone.
		const named = this.#byName.get(id);
		const whole = exact !== undefined && exact.goneAt === null ? exact : (named ?? exact);
		if (whole !== undefined) return { ...nothing, snapshot: whole, by: "id" };
		if (!/^[0-9a-f]{8,}$/.test(id)) return nothing;
		const short = this.#byShort.get(id.slice(0, shortId)) ?? [];
		const fitting = (Array.isArray(short) ? short : [short]).filter(
			(one) => one.id.startsWith(id) || id.startsWith(one.id),
		);
		const there = fitting.filter(({ goneAt }) => goneAt === null);
		const [only, second] = there.length > 0 ? there : fitting;
		if (only === undefined) return nothing;
		return second === undefined ? { ...nothing, snapshot: only, by: "id" } : { ...nothing, isAmbiguous: true };
	}
}

function prefer(map: Map<string, KnownSnapshot>, key: string, snapshot: KnownSnapshot): void {
	const known = map.get(key);
	if (known === undefined || known.goneAt !== null) map.set(key, snapshot);
}
