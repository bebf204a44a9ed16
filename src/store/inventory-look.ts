// What the inventory of one job says now: read, compared, and put into findings, a rung and the next moment to look.
import type { Database } from "bun:sqlite";
import type { Alert, Finding } from "../alert.ts";
import { type Comparison, compareInventory, type Listing } from "../inventory.ts";
import { findingsOfInventory, inventoryCheckAt, inventoryEnded, periodOf, presentRung } from "../inventory-findings.ts";
import type { Job } from "../job.ts";
import type { Rung } from "../ladder.ts";
import { type JobSettings, type Settings, settingsOf } from "../settings.ts";
import type { Units } from "../units.ts";
import {
	readCopiedRuns,
	readInventoryMark,
	readLatestListing,
	readListedJobs,
	readListings,
	readSnapshots,
} from "./inventory.ts";

type Wanted = Pick<JobSettings, "keep" | "rpo" | "inventory">;

export type InventoryRead = { comparison: Comparison; listings: Listing[]; period: number };

export type InventoryFound = {
	findings: Finding[];
	rung: Rung;
	checkAt: number | null;
	/** Why an alert that is not found any more is over. */
	ended: (alert: Alert) => string;
};

type Kept = { mark: string; keep: string; read: InventoryRead };
const kept = new WeakMap<Database, Map<number, Kept>>();
/** Comparisons remembered: each holds the job's runs and snapshots. */
const mostKept = 32;
/** Larger ones are made anew: they are rare, and would stay in memory. */
const largestKept = 2000;

/** The comparison of a job; null where nothing was ever listed. Made again only when a run or a listing has come. */
export function readComparison(
	db: Database,
	jobId: number,
	settings: Wanted | null,
	zone: string,
): InventoryRead | null {
	if (readLatestListing(db, jobId) === null) return null;
	const mark = `${zone} ${readInventoryMark(db, jobId)}`;
	const keep = JSON.stringify(settings?.keep ?? null);
	const jobs = kept.get(db) ?? new Map<number, Kept>();
	kept.set(db, jobs);
	const known = jobs.get(jobId);
	if (known !== undefined && known.mark === mark && known.keep === keep) return known.read;
	const listings = readListings(db, jobId);
	const snapshots = readSnapshots(db, jobId);
	const comparison = compareInventory(readCopiedRuns(db, jobId), snapshots, listings, {
		keep: settings?.keep ?? null,
		zone,
	});
	const read = { comparison, listings, period: periodOf(listings.map(({ at }) => at)) };
	if (jobs.size >= mostKept) jobs.clear();
	if (comparison.verdicts.length + snapshots.length <= largestKept) jobs.set(jobId, { mark, keep, read });
	else jobs.delete(jobId);
	return read;
}

/** Findings, rung and next moment of a job; null where its remote was never listed: the rung is not set up then. */
export function readInventoryFound(
	db: Database,
	job: Pick<Job, "id">,
	settings: Wanted | null,
	{ zone, units }: { zone: string; units?: Units },
	now: number,
): InventoryFound | null {
	const read = readComparison(db, job.id, settings, zone);
	if (read === null) return null;
	const telling = { now, zone, ...(units !== undefined && { units }) };
	return {
		findings: findingsOfInventory(read.comparison, settings, read.period, telling),
		rung: presentRung(read.comparison, settings, read.period, telling),
		checkAt: inventoryCheckAt(read.comparison, settings, read.period, now),
		ended: (alert) => inventoryEnded(read.comparison, alert),
	};
}

/** The third rung of every job whose remote was ever listed, by the job's id. */
export function readPresentRungs(
	db: Database,
	jobs: readonly Job[],
	settings: Pick<Settings, "jobs">,
	telling: { zone: string; units?: Units },
	now: number,
): Map<number, Rung> {
	const listed = readListedJobs(db);
	return new Map(
		jobs.flatMap((job) => {
			const found = listed.has(job.id) ? readInventoryFound(db, job, settingsOf(settings, job), telling, now) : null;
			return found === null ? [] : [[job.id, found.rung] as const];
		}),
	);
}
