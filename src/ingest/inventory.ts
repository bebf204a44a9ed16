// The door for listings: whatever road one came by, it is journaled as a digest, stored, and said what became of it.
import type { Database } from "bun:sqlite";
import { AppError } from "../errors.ts";
import type { ListingFormat, ListingSource } from "../inventory.ts";
import type { Job } from "../job.ts";
import { type ListingDigest, parseListingDigest } from "../listing-digest.ts";
import { type RecordedListing, recordListing } from "../store/inventory.ts";
import { readJob } from "../store/jobs.ts";
import type { ReadListing } from "./listing.ts";

/** The road of digests in the journal: no report, and never read as one. */
export const listingRoad = "listing";

const manyEntries = 20_000;

/**
 * Journals a line and applies what it stands for, in one transaction; throws `unavailable` while the database is busy,
 * `full` where the line cannot be kept. Then nothing has changed.
 */
export type Keep = (line: ListingDigest, apply: (db: Database) => void) => void | Promise<void>;

export type ListingMade = { job: Pick<Job, "name" | "host">; at: number; format: ListingFormat; source: ListingSource };

export type ListingReceipt = RecordedListing & Omit<ReadListing, "listed" | "digest">;

/** Stores a listing. Throws `missing` where the job is not there: a listing makes none. */
export async function takeListing(
	keep: Keep,
	{ job, at, format, source }: ListingMade,
	{ listed, digest, ...read }: ReadListing,
): Promise<ListingReceipt> {
	const listing = { at, format, source, ...read };
	let recorded: RecordedListing | null = null;
	await keep({ job: job.name, host: job.host, listing }, (db) => {
		const known = readJob(db, job.name, job.host);
		if (known === null) throw noSuchJob(job.name);
		recorded = recordListing(db, known.id, { ...listing, digest }, listed);
	});
	// What a long listing leaves behind is not collected soon where nothing else happens.
	if (read.entries > manyEntries) Bun.gc(true);
	if (recorded === null) throw new AppError("unavailable", "The listing was not stored. Try again in a few seconds.");
	return { ...(recorded as RecordedListing), ...read };
}

export function noSuchJob(name: string): AppError {
	return new AppError("missing", `There is no job ${name} yet; it appears with its first report.`);
}

/** A digest read back from the journal: its counts are history again. False when it says nothing new. Needs a transaction. */
export function replayListing(db: Database, value: unknown): boolean {
	const digest = parseListingDigest(value);
	const job = digest === null ? null : readJob(db, digest.job, digest.host);
	if (digest === null || job === null) return false;
	recordListing(db, job.id, { ...digest.listing, digest: null }, null);
	return true;
}
