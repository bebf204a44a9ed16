// What the inventory of one job says now: read, compared, and put into findings, a rung and the next moment to look.
import type { Database } from "bun:sqlite";
import type { Alert, Finding } from "../alert.ts";
import { type Comparison, compareInventory } from "../inventory.ts";
import {
	awaitedListing,
	findingsOfInventory,
	inventoryCheckAt,
	inventoryEnded,
	periodOf,
	presentRung,
} from "../inventory-findings.ts";
import type { Job } from "../job.ts";
import type { Rung } from "../ladder.ts";
import { type JobSettings, type Settings, settingsOf } from "../settings.ts";
import type { Units } from "../units.ts";
import { prepared } from "./database.ts";
import {
	readCopiedRuns,
	readInventoryMark,
	readLatestListing,
	readListedJobs,
	readListings,
	readSnapshots,
} from "./inventory.ts";
import { readAwaitedSince } from "./inventory-awaited.ts";

type Wanted = Pick<JobSettings, "keep" | "rpo" | "inventory">;

export type InventoryRead = { comparison: Comparison; period: number };

export type InventoryFound = {
	findings: Finding[];
	rung: Rung;
	checkAt: number | null;
	/** Why an alert that is not found any more is over. */
	ended: (alert: Alert) => string;
};

type Kept = { stamp: string; mark: string; keep: string; read: InventoryRead };
const kept = new WeakMap<Database, Map<number, Kept>>();

/** So many entries and runs leave much behind, which nobody would collect soon where nothing else happens. */
const manyCompared = 20_000;

/**
 * The comparison of a job, without its long lists; null where nothing was ever listed. Made again only when a run or a
 * listing has come: a page or a scrape must not compare 100,000 entries.
 */
export function readComparison(
	db: Database,
	jobId: number,
	settings: Wanted | null,
	zone: string,
): InventoryRead | null {
	const jobs = kept.get(db) ?? new Map<number, Kept>();
	kept.set(db, jobs);
	const keep = `${zone} ${JSON.stringify(settings?.keep ?? null)}`;
	const known = jobs.get(jobId);
	const stamp = readStamp(db);
	if (known !== undefined && known.stamp === stamp && known.keep === keep) return known.read;
	if (readLatestListing(db, jobId) === null) return null;
	const mark = readInventoryMark(db, jobId);
	if (known !== undefined && known.mark === mark && known.keep === keep) {
		jobs.set(jobId, { ...known, stamp });
		return known.read;
	}
	const { compared, ...read } = compareJob(db, jobId, settings, zone);
	jobs.set(jobId, { stamp, mark, keep, read });
	if (compared > manyCompared) Bun.gc(true);
	return read;
}

/** As long as it is the same, nothing at all was written, by us or by another process. */
function readStamp(db: Database): string {
	const own = prepared<{ n: number }>(db, "SELECT total_changes() AS n").get();
	const others = prepared<{ data_version: number }>(db, "PRAGMA data_version").get();
	return `${own?.n} ${others?.data_version}`;
}

/** The comparison made anew, in brief. `compared`: how many runs and entries. */
export function compareJob(
	db: Database,
	jobId: number,
	settings: Wanted | null,
	zone: string,
	isBrief = true,
): InventoryRead & { compared: number } {
	const listings = readListings(db, jobId);
	const snapshots = readSnapshots(db, jobId);
	const runs = readCopiedRuns(db, jobId, snapshots);
	const comparison = compareInventory(runs, snapshots, listings, { keep: settings?.keep ?? null, zone, isBrief });
	// One that failed says nothing of when the next good one may be expected.
	const period = periodOf(listings.flatMap(({ at, outcome }) => (outcome === "ok" ? [at] : [])));
	return { comparison, period, compared: runs.length + snapshots.length };
}

/**
 * Findings, rung and next moment of a job; null where its remote was never listed and nobody asked for that: the rung is
 * not set up then.
 */
export function readInventoryFound(
	db: Database,
	job: Pick<Job, "id">,
	settings: Wanted | null,
	{ zone, units }: { zone: string; units?: Units },
	now: number,
): InventoryFound | null {
	const read = readComparison(db, job.id, settings, zone);
	if (read === null) return readAwaited(db, job, settings, now);
	const telling = { now, zone, ...(units !== undefined && { units }) };
	return {
		findings: findingsOfInventory(read.comparison, settings, read.period, telling),
		rung: presentRung(read.comparison, settings, read.period, telling),
		checkAt: inventoryCheckAt(read.comparison, settings, read.period, now),
		ended: (alert) => inventoryEnded(read.comparison, alert),
	};
}

function readAwaited(
	db: Database,
	{ id }: Pick<Job, "id">,
	settings: Wanted | null,
	now: number,
): InventoryFound | null {
	const since = settings === null || settings.inventory === null ? null : readAwaitedSince(db, id);
	if (settings === null || settings.inventory === null || since === null) return null;
	const { finding, rung, checkAt } = awaitedListing(settings.inventory.every, since, now);
	return { findings: finding === null ? [] : [finding], rung, checkAt, ended: () => "The remote was listed." };
}

/** The third rung of every job whose remote was listed, or is to be, by the job's id. */
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
			const said = settingsOf(settings, job);
			const isSetUp = listed.has(job.id) || (said?.inventory ?? null) !== null;
			const found = isSetUp ? readInventoryFound(db, job, said, telling, now) : null;
			return found === null ? [] : [[job.id, found.rung] as const];
		}),
	);
}
