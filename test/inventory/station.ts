// A monitor with the roads of listings, put together by hand: a clock that is moved, pushes of runs and of listings.
import type { Database } from "bun:sqlite";
import type { Finding } from "../../src/alert.ts";
import { type Keep, takeListing } from "../../src/ingest/inventory.ts";
import { failedListing, openListing } from "../../src/ingest/listing.ts";
import type { Comparison, ListingFormat, Snapshot, Verdict } from "../../src/inventory.ts";
import type { Rung } from "../../src/ladder.ts";
import { ListedSnapshots } from "../../src/listed-snapshots.ts";
import type { Keep as Promised } from "../../src/settings.ts";
import { compareJob, readInventoryFound } from "../../src/store/inventory-look.ts";
import { findJob } from "../../src/store/jobs.ts";
import { hour, openStation, type Station, start } from "../alerts/station.ts";

export { hour, start };
export const minute = 60_000;

type Wanted = { keep: Promised | null; rpo: number | null; inventory: null };
export const nothingSaid: Wanted = { keep: null, rpo: null, inventory: null };

export type InventoryStation = Station & {
	db: () => Database;
	keep: Keep;
	/** Stores a listing made now, as text of a tool or as a failure. */
	list: (job: string, format: ListingFormat, text: string | { failed: string }) => Promise<void>;
	compare: (job: string, settings?: Partial<Wanted>) => Comparison;
	/** Verdicts of the runs, oldest first. */
	verdicts: (job: string, settings?: Partial<Wanted>) => Verdict[];
	findings: (job: string, settings?: Partial<Wanted>) => Finding[];
	rung: (job: string, settings?: Partial<Wanted>) => Rung;
};

export async function openInventoryStation(options: Parameters<typeof openStation>[0] = {}): Promise<InventoryStation> {
	const station = await openStation(options);
	const db = () => {
		if (station.monitor.db === null) throw new Error("the database is not open");
		return station.monitor.db;
	};
	const keep: Keep = async (_line, apply) => {
		await station.monitor.receive("listing", () => {
			apply(db());
			return [];
		});
	};
	const jobOf = (name: string) => {
		const job = findJob(db(), name);
		if (job === null) throw new Error(`there is no job ${name}`);
		return job;
	};
	const found = (job: string, settings: Partial<Wanted> = {}) => {
		const read = readInventoryFound(db(), jobOf(job), { ...nothingSaid, ...settings }, { zone: "UTC" }, station.now());
		if (read === null) throw new Error(`${job} was never listed`);
		return read;
	};
	const compare: InventoryStation["compare"] = (job, settings = {}) => {
		return compareJob(db(), jobOf(job).id, { ...nothingSaid, ...settings }, "UTC", false).comparison;
	};
	return {
		...station,
		db,
		keep,
		list: async (job, format, text) => {
			let listing = typeof text === "string" ? null : failedListing(text.failed);
			if (listing === null) {
				const sink = openListing(format, "UTC");
				sink.push(Buffer.from(String(text)));
				listing = sink.finish();
			}
			await takeListing(keep, { job: jobOf(job), at: station.now(), format, source: "push" }, listing);
		},
		compare,
		verdicts: (job, settings) =>
			compare(job, settings)
				.verdicts.map(({ verdict }) => verdict)
				.toReversed(),
		findings: (job, settings) => found(job, settings).findings,
		rung: (job, settings) => found(job, settings).rung,
	};
}

/** A snapshot as restic lists it. */
export function resticEntry(id: string, at: number, more: Record<string, unknown> = {}): Record<string, unknown> {
	return { id, short_id: id.slice(0, 8), time: new Date(at).toISOString(), hostname: "pi4", paths: ["/srv"], ...more };
}

/** Sixty-four hex digits made of a number. */
export function idOf(number: number): string {
	return new Bun.CryptoHasher("sha256").update(String(number)).digest("hex");
}

/** A listing's entries as the reader gives them to the store. */
export function listedOf(snapshots: Iterable<Snapshot>): ListedSnapshots {
	const listed = new ListedSnapshots();
	for (const snapshot of snapshots) listed.add(snapshot);
	return listed;
}
