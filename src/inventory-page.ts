// What the page Inventory shows, as plain data: by job what was reported against what is there.
import type { Listing } from "./inventory.ts";
import type { PromiseKept } from "./inventory-promise.ts";
import type { Timeline } from "./inventory-timeline.ts";
import type { Rung } from "./ladder.ts";
import type { JobRef, Problem } from "./overview.ts";

export type ShownSnapshot = { name: string; at: number | null; size: number | null; about: string };

export type InventoryJob = {
	job: JobRef;
	title: string | null;
	rung: Rung;
	/** "If the source dies now you lose 26 h." */
	loss: string;
	/** When the newest copy was made that a listing has shown. */
	copyAt: number | null;
	/** Target in seconds, and whether it is kept; null: none is set. */
	target: { seconds: number; isKept: boolean } | null;
	reported: number;
	there: number;
	present: number;
	/** Sentences of what is missing, or may be; the newest first. */
	missing: { sentence: string; isSure: boolean; runId: number }[];
	moreMissing: number;
	unreported: ShownSnapshot[];
	moreUnreported: number;
	others: number;
	forgotten: number;
	isMirror: boolean;
	promise: PromiseKept[];
	timeline: Timeline;
	/** The newest attempt and the newest good one. */
	latest: Listing | null;
	listing: Listing | null;
	trouble: string | null;
};

export type InventoryPage = {
	now: number;
	zone: string;
	/** The lab's sentence; null while nothing was listed. */
	lab: string | null;
	jobs: InventoryJob[];
	/** Jobs whose remote nobody has looked into. */
	unlisted: JobRef[];
	/** The address a browser reached this server at. */
	address: string;
	problems: Problem[];
	retentionDays: number;
	openAlerts?: number;
	source: { path: string; checkedAt: number | null; lines: number };
};

/** What the whole lab would lose, against its targets; null while nothing was listed. */
export function labSentence(
	jobs: readonly Pick<InventoryJob, "job" | "copyAt" | "target">[],
	unlisted: number,
	ageOf: (at: number) => string,
): string | null {
	if (jobs.length === 0) return null;
	const known = jobs.flatMap(({ job, copyAt }) => (copyAt === null ? [] : [{ job, copyAt }]));
	const worst = known.toSorted((a, b) => a.copyAt - b.copyAt)[0];
	const lost =
		worst === undefined
			? "If everything dies now, no copy was ever seen."
			: `If everything dies now you lose at most ${ageOf(worst.copyAt)} of what was looked at (${worst.job.name}).`;
	const aimed = jobs.filter(({ target }) => target !== null);
	const kept = aimed.filter(({ target }) => target?.isKept === true).length;
	const targets =
		aimed.length === 0 ? "" : ` ${kept} of ${aimed.length} targets ${aimed.length === 1 ? "is" : "are"} kept.`;
	const blind = jobs.length - known.length + unlisted;
	const rest = blind === 0 ? "" : ` Of ${blind} ${blind === 1 ? "job" : "jobs"} no copy was seen.`;
	return lost + targets + rest;
}
