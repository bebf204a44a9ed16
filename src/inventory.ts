// Inventories: what a remote's own listing shows, and what became of each reported backup when the two are compared.
import { type Matched, matchRuns } from "./inventory-match.ts";
import { emptySince, lagOf, mirrorCopy, newerSeen, newestOf, pointsOf } from "./inventory-newest.ts";
import { demandOf, itemsOf, type PromiseKept } from "./inventory-promise.ts";
import { type Shrunk, shrunkSince } from "./inventory-shrunk.ts";
import type { Keep } from "./settings.ts";
import type { inventoryFormats } from "./settings-jobs.ts";

export type ListingFormat = (typeof inventoryFormats)[number];

/** `empty`, `failed` and `truncated` say nothing of what is there: after them it is unknown. */
export const listingOutcomes = ["ok", "empty", "failed", "truncated"] as const;
export type ListingOutcome = (typeof listingOutcomes)[number];

/** By what road a listing came. */
export const listingSources = ["push", "file", "shell", "command", "folder", "s3"] as const;
export type ListingSource = (typeof listingSources)[number];

/** One entry of a listing: a snapshot, an archive, or a file. */
export type Snapshot = {
	id: string;
	/** What else it is known by: borg's name of an archive, the id that restic's snapshot had before it was tagged. */
	name: string | null;
	/** Unix milliseconds; null where the listing does not say. */
	at: number | null;
	size: number | null;
	host: string | null;
	/** Paths and tags in short; "" where there are none. */
	about: string;
};

/** `seenAt`: the first listing that had it. `goneAt`: the first that did not any more; null while it is there. */
export type KnownSnapshot = Snapshot & { seenAt: number; goneAt: number | null };

export type Listing = {
	id: number;
	/** When it was made, by this machine's clock. */
	at: number;
	format: ListingFormat;
	source: ListingSource;
	outcome: ListingOutcome;
	entries: number;
	/** Sum of the known sizes; null where none is known. */
	bytes: number | null;
	/** The time of its newest entry. */
	newestAt: number | null;
	/** Why it says nothing, as a sentence. */
	reason: string | null;
	/** Whether its entries are known: a rebuild finds only the counts again. */
	isCompared: boolean;
};

/** A successful backup, as far as it is compared. */
export type CopiedRun = {
	id: number;
	host: string;
	startedAt: number;
	endedAt: number | null;
	/** When it was heard of: by our own clock it had ended then. */
	receivedAt: number;
	size: number | null;
	snapshotId: string | null;
};

export type Verdict =
	| "present"
	| "size_differs"
	/** Two listings agree that it is not there, and it should be. */
	| "absent"
	/** One listing does not have it; the next one decides. */
	| "unconfirmed"
	/** Not there and not missed: the retention policy let it go, or nobody promised to keep it. */
	| "forgotten"
	/** No listing was made since. */
	| "unlisted"
	/** It cannot be told which entry is its copy. */
	| "unknown";

export type RunVerdict = {
	run: CopiedRun;
	verdict: Verdict;
	snapshot: KnownSnapshot | null;
	/** How the two were brought together; null where they were not. */
	by: Matched["by"];
	/** The first listing that did not have it. */
	lackingAt: number | null;
	/** Why it is not missed, where it is not: in words, to be followed by a full stop. */
	because: string | null;
};

export type Comparison = {
	/** The newest listing that told something; null: none ever did. */
	listing: Listing | null;
	/** The newest one, whatever came of it. */
	latest: Listing | null;
	/** When the first one was made, or tried; null: none was. */
	firstAt: number | null;
	/** Since when every listing was empty; null: the newest one is not. */
	emptySince: number | null;
	/** Newest first. */
	verdicts: RunVerdict[];
	/** Of every verdict how many. */
	counts: Record<Verdict, number>;
	/** In the remote and never reported, newest first. */
	unreported: KnownSnapshot[];
	unreportedCount: number;
	/** When each restore point was made that is there, oldest first. */
	points: Float64Array;
	/** Entries that look like another job's: of another host, other paths. */
	others: number;
	/** How many entries the newest good listing has. */
	there: number;
	/** The newest copy that a listing has shown; its time is the run's, where it belongs to one. */
	newestCopy: { at: number; snapshot: KnownSnapshot; runId: number | null } | null;
	/** The newest run that no listing could have shown yet. */
	unlisted: CopiedRun | null;
	promise: PromiseKept[];
	shrunk: Shrunk | null;
	/** Milliseconds that the remote's times are ahead of the reports'. */
	skew: number;
	/** The entries are files that no single run can be found in. */
	isMirror: boolean;
};

/** `isBrief`: only what pages, alerts and metrics show of runs and entries is given, not the long lists of what is well. */
export type ComparingOptions = { keep: Keep | null; zone: string; isBrief?: boolean };

/** Two listings made closer together than this are one look: a script that pushes twice has looked once. */
export const agreeAfterMs = 10 * 60_000;
/** Of each of these so many are given in brief. */
const briefVerdicts: readonly Verdict[] = ["absent", "unconfirmed", "size_differs", "unlisted"];
const mostBrief = 500;
/** Without a promise a lost copy is news until so many newer ones are there. */
const newerCopies = 7;

/** `listings` in any order; entries and runs too. Compares nothing but what a good listing can tell. */
export function compareInventory(
	runs: readonly CopiedRun[],
	snapshots: readonly KnownSnapshot[],
	listings: readonly Listing[],
	{ keep, zone, isBrief = false }: ComparingOptions,
): Comparison {
	const byTime = [...listings].sort((a, b) => a.at - b.at || a.id - b.id);
	const good = byTime.filter(({ outcome, isCompared }) => outcome === "ok" && isCompared);
	const listing = good.at(-1) ?? null;
	const latest = byTime.at(-1) ?? null;
	const oldestFirst = [...runs].sort((a, b) => a.startedAt - b.startedAt || a.id - b.id);
	const format = listing?.format ?? latest?.format ?? "jsonl";
	const matching = matchRuns(
		oldestFirst,
		snapshots,
		format,
		good.map(({ at }) => at),
	);
	const { matches, skew, isTelling, isOfJob, claimed } = matching;
	const unclaimed = snapshots.filter((one) => one.goneAt === null && !claimed.has(one));
	const unreported = unclaimed.filter(isOfJob);
	const others = unclaimed.length - unreported.length;
	const demand = demandOf(keep === null ? [] : itemsOf(oldestFirst, matches, unreported, skew), keep, zone);
	const seen = newerSeen(snapshots.filter(isOfJob));
	const counts: Comparison["counts"] = {
		present: 0,
		size_differs: 0,
		absent: 0,
		unconfirmed: 0,
		forgotten: 0,
		unlisted: 0,
		unknown: 0,
	};
	const lag = lagOf(oldestFirst);
	const verdicts: RunVerdict[] = [];
	const newer = new Set<KnownSnapshot | null>();
	for (let i = oldestFirst.length - 1; i >= 0; i--) {
		const run = oldestFirst[i];
		const match = matches[i];
		if (run === undefined || match === undefined) continue;
		const isWell = match.snapshot?.goneAt === null && !match.differs;
		if (isWell && newer.size < newerCopies) newer.add(match.snapshot);
		// Nearly all of 100,000: nothing is made of them.
		if (isWell && isBrief) {
			counts.present++;
			continue;
		}
		const found = judge(i, run, match);
		counts[found.verdict]++;
		if (!isBrief || (briefVerdicts.includes(found.verdict) && counts[found.verdict] <= mostBrief)) verdicts.push(found);
		if (found.verdict === "size_differs" && newer.size < newerCopies) newer.add(found.snapshot);
	}
	const newestCopy = newestOf(oldestFirst, matches, unreported, skew);
	const shown = matching.isMirror ? [] : unreported.sort((a, b) => (b.at ?? 0) - (a.at ?? 0));
	return {
		listing,
		latest,
		firstAt: byTime[0]?.at ?? null,
		emptySince: emptySince(byTime),
		verdicts,
		counts,
		unreported: isBrief ? shown.slice(0, mostBrief) : shown,
		unreportedCount: shown.length,
		points: pointsOf(oldestFirst, matches, shown, skew),
		others: matching.isMirror ? others + unreported.length : others,
		there: listing?.entries ?? 0,
		newestCopy: matching.isMirror ? mirrorCopy(oldestFirst, good, snapshots) : newestCopy,
		unlisted:
			listing === null
				? (oldestFirst.at(-1) ?? null)
				: (verdicts.find(({ verdict }) => verdict === "unlisted")?.run ?? null),
		promise: listing === null || matching.isMirror ? [] : demand.kept,
		shrunk: listing === null ? null : shrunkSince(good, agreeAfterMs, demand.isKept),
		skew,
		isMirror: matching.isMirror,
	};

	function judge(index: number, run: CopiedRun, { snapshot, by, isAmbiguous, differs }: Matched): RunVerdict {
		const say = (verdict: Verdict, lackingAt: number | null = null, because: string | null = null): RunVerdict => ({
			run,
			verdict,
			snapshot,
			by,
			lackingAt,
			because,
		});
		if (snapshot !== null && snapshot.goneAt === null) return say(differs ? "size_differs" : "present");
		if (listing === null) return say("unknown", null, "no listing has told what is there");
		if (snapshot === null && listing.at <= run.receivedAt) return say("unlisted");
		if (isAmbiguous) return say("unknown", null, "its short id fits several snapshots");
		const lackingAt = snapshot?.goneAt ?? firstLacking(run);
		if (lackingAt === null) return say("unlisted");
		if (snapshot === null && !isTelling(run)) return say("unknown", null, cannotTell(run));
		const kept = demand.of(index);
		const isNewest = newer.size < newerCopies && wasNewest(index, run, lackingAt);
		if (!kept.isDemanded && !isNewest) return say("forgotten", lackingAt, kept.because);
		return say(listing.at - lackingAt >= agreeAfterMs ? "absent" : "unconfirmed", lackingAt);
	}

	/** The first good listing since the run that cannot have had it: one whose newest entry is the run's own had it. */
	function firstLacking({ receivedAt, startedAt, endedAt }: CopiedRun): number | null {
		for (let at = lowerBound(good, receivedAt); at < good.length; at++) {
			const one = good[at];
			if (one === undefined) break;
			const newest = one.newestAt === null ? null : one.newestAt - skew;
			const hadIt =
				matching.isOfFiles && newest !== null && newest >= startedAt && newest <= (endedAt ?? startedAt) + 120_000;
			if (!hadIt) return one.at;
		}
		return null;
	}

	/** Whether nothing newer was there when it was first not seen: no policy lets the newest one go. */
	function wasNewest(index: number, run: CopiedRun, lackingAt: number): boolean {
		// A file is as old as the end of what wrote it; two minutes are no difference of clocks.
		const own = (matching.isOfFiles ? (run.endedAt ?? run.startedAt) : run.startedAt) + skew + 120_000;
		if (seen.isNewer(own, lackingAt)) return false;
		const next = oldestFirst.slice(index + 1, index + 64);
		return !next.some(
			(other) =>
				isLater(other, run) && Math.min((other.endedAt ?? other.startedAt) + lag, other.receivedAt) < lackingAt,
		);
	}

	function cannotTell(run: CopiedRun): string {
		if (matching.isMirror) return "the listing shows files, and no single run can be told apart in them";
		return run.snapshotId === null
			? "its report names no snapshot, and nothing was made at that time"
			: "ids of reports and of the listing were never the same";
	}
}

/** Whether a run is another one, begun later; reported twice by two roads it is the same. */
function isLater(other: CopiedRun, run: CopiedRun): boolean {
	const isOther = other.snapshotId !== null && run.snapshotId !== null && other.snapshotId !== run.snapshotId;
	return other.snapshotId === run.snapshotId && run.snapshotId !== null
		? false
		: other.startedAt > run.startedAt + (isOther ? 0 : 60_000);
}

/** Index of the first listing made after an instant. */
function lowerBound(listings: readonly Listing[], at: number): number {
	let low = 0;
	let high = listings.length;
	while (low < high) {
		const middle = (low + high) >>> 1;
		if ((listings[middle]?.at ?? 0) > at) high = middle;
		else low = middle + 1;
	}
	return low;
}
