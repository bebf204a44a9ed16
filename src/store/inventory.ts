// Listings and what they showed: a listing is one row, and of its entries only what changed is written.
import type { Database } from "bun:sqlite";
import type {
	CopiedRun,
	KnownSnapshot,
	Listing,
	ListingFormat,
	ListingOutcome,
	ListingSource,
	Snapshot,
} from "../inventory.ts";
import type { ListedSnapshots } from "../listed-snapshots.ts";
import { prepared } from "./database.ts";
import { markUnjudged } from "./watched.ts";

/** A listing as it is stored. `digest`: of its entries, in any order. */
export type NewListing = Omit<Listing, "id" | "isCompared"> & { digest: string | null };

type ListingRow = {
	id: number;
	at: number;
	format: ListingFormat;
	source: ListingSource;
	outcome: ListingOutcome;
	entries: number;
	bytes: number | null;
	newest_at: number | null;
	reason: string | null;
	digest: string | null;
	is_compared: number;
};

function listingOf({ newest_at, is_compared, digest: _digest, ...row }: ListingRow): Listing {
	return { ...row, newestAt: newest_at, isCompared: is_compared === 1 };
}

const listingColumns = "id, at, format, source, outcome, entries, bytes, newest_at, reason, digest, is_compared";

/** Listings kept of a job: three years of one a day. */
const keptListings = 1100;
/** Entries that went are remembered for as long as a yearly promise could ask for them. */
const goneForMs = 800 * 86_400_000;

export type RecordedListing = { isCompared: boolean; added: number; changed: number; gone: number };

/**
 * Stores a listing, and where it tells what is there (`listed` not null) what is new, changed and gone. One that is
 * older than the newest good one comes too late to tell. Needs a transaction.
 */
export function recordListing(
	db: Database,
	jobId: number,
	listing: NewListing,
	listed: ListedSnapshots | null,
): RecordedListing {
	const last = readLastCompared(db, jobId);
	const isCompared = listed !== null && listing.outcome === "ok" && (last === null || listing.at > last.at);
	const recorded: RecordedListing = { isCompared, added: 0, changed: 0, gone: 0 };
	const isSame = last !== null && last.digest === listing.digest && last.format === listing.format;
	if (isCompared && !isSame) writeChanges(db, jobId, listing.at, listed, recorded);
	prepared(
		db,
		`INSERT INTO listing (job_id, at, format, source, outcome, entries, bytes, newest_at, reason, digest, is_compared)
		VALUES ($jobId, $at, $format, $source, $outcome, $entries, $bytes, $newestAt, $reason, $digest, $isCompared)`,
	).run({ ...listing, jobId, isCompared: isCompared ? 1 : 0 });
	prune(db, jobId, listing.at);
	markUnjudged(db, jobId, 0);
	return recorded;
}

type StoredRow = Snapshot & { goneAt: number | null };

/** Stored rows and listed entries pass by once each: of neither all are held. */
function writeChanges(
	db: Database,
	jobId: number,
	at: number,
	listed: ListedSnapshots,
	recorded: RecordedListing,
): void {
	const isKnown = new Uint8Array(listed.count);
	const isChanged = new Uint8Array(listed.count);
	const back: string[] = [];
	const gone: string[] = [];
	const rows = prepared<StoredRow>(
		db,
		"SELECT id, name, at, size, host, about, gone_at AS goneAt FROM snapshot WHERE job_id = $jobId",
	).iterate({ jobId });
	let known = 0;
	for (const row of rows) {
		const place = listed.placeOf(row.id);
		if (place === -1) {
			if (row.goneAt === null) gone.push(row.id);
			continue;
		}
		known++;
		isKnown[place] = 1;
		if (row.goneAt !== null) back.push(row.id);
		if (listed.isSame(place, row)) continue;
		isChanged[place] = 1;
		recorded.changed++;
	}
	const insert = prepared(
		db,
		`INSERT INTO snapshot (job_id, id, name, at, size, host, about, seen_at)
		VALUES ($jobId, $id, $name, $at, $size, $host, $about, $seenAt)`,
	);
	const update = prepared(
		db,
		`UPDATE snapshot SET name = $name, at = $at, size = $size, host = $host, about = $about
		WHERE job_id = $jobId AND id = $id`,
	);
	if (known < listed.count || recorded.changed > 0) {
		let place = 0;
		for (const snapshot of listed) {
			if (isKnown[place] === 0) insert.run({ ...snapshot, jobId, seenAt: at });
			else if (isChanged[place] === 1) update.run({ ...snapshot, jobId });
			place++;
		}
	}
	const mark = prepared(db, "UPDATE snapshot SET gone_at = $goneAt WHERE job_id = $jobId AND id = $id");
	for (const id of gone) mark.run({ jobId, id, goneAt: at });
	// What comes back after it had gone counts from now on: it may be another one under the same name.
	for (const id of back) {
		prepared(db, "UPDATE snapshot SET gone_at = NULL, seen_at = $at WHERE job_id = $jobId AND id = $id").run({
			jobId,
			id,
			at,
		});
	}
	recorded.added = listed.count - known + back.length;
	recorded.gone = gone.length;
}

function prune(db: Database, jobId: number, now: number): void {
	// Those that fail every quarter of an hour must not push out the last that told something, nor since when it is tried.
	const spared = `id <> (SELECT min(id) FROM listing WHERE job_id = $jobId) AND id <> coalesce((SELECT id FROM listing
		WHERE job_id = $jobId AND outcome = 'ok' AND is_compared = 1 ORDER BY at DESC, id DESC LIMIT 1), 0)`;
	prepared(
		db,
		`DELETE FROM listing WHERE job_id = $jobId AND ${spared} AND is_compared = 0 AND id <= (
			SELECT id FROM listing WHERE job_id = $jobId ORDER BY at DESC, id DESC LIMIT 1 OFFSET $kept)`,
	).run({ jobId, kept: keptListings });
	prepared(
		db,
		`DELETE FROM listing WHERE job_id = $jobId AND ${spared} AND at < (
			SELECT at FROM listing WHERE job_id = $jobId ORDER BY at DESC, id DESC LIMIT 1 OFFSET $kept)`,
	).run({ jobId, kept: keptListings });
	prepared(db, "DELETE FROM snapshot WHERE job_id = $jobId AND gone_at < $before").run({
		jobId,
		before: now - goneForMs,
	});
}

function readLastCompared(db: Database, jobId: number): Pick<ListingRow, "at" | "digest" | "format"> | null {
	return prepared<Pick<ListingRow, "at" | "digest" | "format">>(
		db,
		`SELECT at, digest, format FROM listing WHERE job_id = $jobId AND is_compared = 1
		ORDER BY at DESC, id DESC LIMIT 1`,
	).get({ jobId });
}

/** Every listing of a job, oldest first. */
export function readListings(db: Database, jobId: number): Listing[] {
	return prepared<ListingRow>(db, `SELECT ${listingColumns} FROM listing WHERE job_id = $jobId ORDER BY at, id`)
		.all({ jobId })
		.map(listingOf);
}

/** The newest listing of a job, whatever came of it; null: none was ever made. */
export function readLatestListing(db: Database, jobId: number): Listing | null {
	const row = prepared<ListingRow>(
		db,
		`SELECT ${listingColumns} FROM listing WHERE job_id = $jobId ORDER BY at DESC, id DESC LIMIT 1`,
	).get({ jobId });
	return row === null ? null : listingOf(row);
}

type KnownRow = Omit<KnownSnapshot, "about"> & { about: string | null };

/**
 * All that listings have shown of a job, what is gone included. Nearly all of 100,000 are of one host and the same paths:
 * those words are read once.
 */
export function readSnapshots(db: Database, jobId: number): KnownSnapshot[] {
	const first = prepared<Pick<Snapshot, "host" | "about">>(
		db,
		"SELECT host, about FROM snapshot WHERE job_id = $jobId LIMIT 1",
	).get({ jobId });
	if (first === null) return [];
	const { host, about } = first;
	const rows = prepared<KnownRow>(
		db,
		`SELECT id, name, at, size, CASE WHEN host IS NOT $host OR about <> $about THEN host END AS host,
			CASE WHEN host IS NOT $host OR about <> $about THEN about END AS about, seen_at AS seenAt, gone_at AS goneAt
		FROM snapshot WHERE job_id = $jobId ORDER BY id`,
	).iterate({ jobId, host, about });
	const snapshots: KnownSnapshot[] = [];
	for (const row of rows) {
		if (row.about === null) {
			row.about = about;
			row.host = host;
		}
		snapshots.push(row as KnownSnapshot);
	}
	return snapshots;
}

/**
 * Successful backups of a job as they are compared; of the columns alone, so that many are read at once. `snapshots` as
 * they were read: a run's id is the same text as its snapshot's, and of 100,000 held once.
 */
export function readCopiedRuns(db: Database, jobId: number, snapshots: readonly KnownSnapshot[]): CopiedRun[] {
	const host = prepared<{ host: string }>(db, "SELECT host FROM job WHERE id = $jobId").get({ jobId })?.host ?? "";
	const rows = prepared<CopiedRun>(
		db,
		`SELECT id, '' AS host, started_at AS startedAt, ended_at AS endedAt, received_at AS receivedAt, size,
			snapshot_id AS snapshotId
		FROM run WHERE job_id = $jobId AND kind = 'backup' AND (outcome = 'success' OR outcome = 'warning')
		ORDER BY snapshot_id`,
	).iterate({ jobId });
	const runs: CopiedRun[] = [];
	let next = 0;
	for (const row of rows) {
		row.host = host;
		const { snapshotId } = row;
		// Both stand in the order of their ids.
		while (snapshotId !== null && next < snapshots.length && (snapshots[next]?.id ?? "") < snapshotId) next++;
		if (snapshotId !== null && snapshots[next]?.id === snapshotId) row.snapshotId = snapshots[next]?.id ?? snapshotId;
		runs.push(row);
	}
	return runs;
}

/** Ids of the jobs that have had a listing. */
export function readListedJobs(db: Database): Set<number> {
	return new Set(
		prepared<{ id: number }>(db, "SELECT DISTINCT job_id AS id FROM listing")
			.all()
			.map(({ id }) => id),
	);
}

/** What tells whether a comparison made earlier still holds. */
export function readInventoryMark(db: Database, jobId: number): string {
	const row = prepared<{ mark: string | null }>(
		db,
		`SELECT (SELECT count(*) || ' ' || ifnull(max(id), 0) || ' ' || ifnull(max(received_at), 0) FROM run
			WHERE job_id = $jobId) || ' ' || ifnull((SELECT max(id) FROM listing WHERE job_id = $jobId), 0) AS mark`,
	).get({ jobId });
	return row?.mark ?? "";
}
