// A hundred thousand snapshots against as many runs: compared in a second, stored in few writes.
import { afterAll, expect, test } from "bun:test";
import { join } from "node:path";
import {
	type CopiedRun,
	compareInventory,
	type KnownSnapshot,
	type Listing,
	type Snapshot,
} from "../../src/inventory.ts";
import { closeDatabase, openDatabase, prepareDatabase, transaction } from "../../src/store/database.ts";
import { readSnapshots, recordListing } from "../../src/store/inventory.ts";
import { recordJob } from "../../src/store/jobs.ts";
import { cleanUp, makeFolder } from "../binary.ts";
import { idOf, listedOf } from "./station.ts";

afterAll(cleanUp);

const many = 100_000;
const hour = 3_600_000;
const begin = Date.UTC(2015, 0, 1);

const listingAt = (at: number, entries: number): Listing => ({
	id: at,
	at,
	format: "restic",
	source: "push",
	outcome: "ok",
	entries,
	bytes: null,
	newestAt: null,
	reason: null,
	isCompared: true,
});

/** Processor time of the best of three, in milliseconds: what else the machine does is not ours. */
function costOf(work: () => void): number {
	const costs = [1, 2, 3].map(() => {
		const before = process.cpuUsage();
		work();
		const { user, system } = process.cpuUsage(before);
		return (user + system) / 1000;
	});
	return Math.min(...costs);
}

function heap(): number {
	Bun.gc(true);
	return process.memoryUsage().heapUsed;
}

test("1e5 snapshots and 1e5 runs are compared in less than a second and 64 MiB more", () => {
	const runs: CopiedRun[] = [];
	const snapshots: KnownSnapshot[] = [];
	for (let i = 0; i < many; i++) {
		const at = begin + i * hour;
		const id = idOf(i);
		const [startedAt, endedAt, receivedAt] = [at, at + 300_000, at + 301_000];
		runs.push({
			id: i,
			host: "",
			startedAt,
			endedAt,
			receivedAt,
			size: 1e9,
			snapshotId: i % 3 === 0 ? id.slice(0, 8) : id,
		});
		if (i === many - 1) continue;
		snapshots.push({ id, name: null, at, size: 1e9, host: "pi4", about: "/srv", seenAt: at + 600_000, goneAt: null });
	}
	const end = begin + many * hour;
	const listings = [listingAt(end, many - 1), listingAt(end + hour, many - 1)];
	const keep = { daily: 7, weekly: 4, monthly: 12, yearly: 10 };
	compareInventory(runs.slice(0, 5000), snapshots.slice(0, 5000), listings, { keep, zone: "Europe/Berlin" });
	const before = heap();
	const compared = compareInventory(runs, snapshots, listings, { keep, zone: "Europe/Berlin" });
	const grown = heap() - before;
	const took = costOf(() => compareInventory(runs, snapshots, listings, { keep, zone: "Europe/Berlin" }));
	console.log(`compared in ${took.toFixed(0)} ms of CPU, ${(grown / 1024 / 1024).toFixed(1)} MiB more`);
	expect(compared.counts).toMatchObject({ present: many - 1, absent: 1 });
	expect(took).toBeLessThan(1000);
	expect(grown).toBeLessThan(64 * 1024 * 1024);
});

test("without ids, by time alone, it takes no longer", () => {
	const runs: CopiedRun[] = [];
	const snapshots: KnownSnapshot[] = [];
	for (let i = 0; i < many; i++) {
		const at = begin + i * hour;
		runs.push({
			id: i,
			host: "",
			startedAt: at,
			endedAt: at + 300_000,
			receivedAt: at + 301_000,
			size: null,
			snapshotId: null,
		});
		snapshots.push({
			id: `nas/${i}.tar`,
			name: null,
			at: at + 200_000,
			size: 5,
			host: null,
			about: "",
			seenAt: at,
			goneAt: null,
		});
	}
	const listing = { ...listingAt(begin + many * hour, many), format: "s3" as const };
	const compared = compareInventory(runs, snapshots, [listing], { keep: null, zone: "UTC" });
	const took = costOf(() => compareInventory(runs, snapshots, [listing], { keep: null, zone: "UTC" }));
	console.log(`by time in ${took.toFixed(0)} ms of CPU`);
	expect(compared.counts.present).toBe(many);
	expect(took).toBeLessThan(1500);
});

test("in brief everything that is counted is the same, and the long lists of what is well are left out", () => {
	const runs: CopiedRun[] = Array.from({ length: 3000 }, (_, i) => ({
		id: i,
		host: "",
		startedAt: begin + i * hour,
		endedAt: begin + i * hour + 60_000,
		receivedAt: begin + i * hour + 61_000,
		size: 5,
		snapshotId: idOf(i),
	}));
	const seenAt = begin + 4000 * hour;
	const snapshots: KnownSnapshot[] = runs
		.filter(({ id }) => id % 10 !== 0 && id !== 2999)
		.map(({ snapshotId, startedAt }) => ({
			id: snapshotId ?? "",
			name: null,
			at: startedAt,
			size: 5,
			host: "pi4",
			about: "/srv",
			seenAt,
			goneAt: null,
		}));
	const listings = [listingAt(seenAt, 1), listingAt(seenAt + hour, 1)];
	const keep = { last: 3000 };
	const whole = compareInventory(runs, snapshots, listings, { keep, zone: "UTC" });
	const brief = compareInventory(runs, snapshots, listings, { keep, zone: "UTC", isBrief: true });
	expect({ ...brief, verdicts: [] }).toEqual({ ...whole, verdicts: [] });
	expect(whole.verdicts).toHaveLength(3000);
	expect(brief.counts.absent).toBe(301);
	expect(brief.verdicts).toEqual(whole.verdicts.filter(({ verdict }) => verdict === "absent"));
	expect(brief.points).toHaveLength(3000 - 301);
});

test("an unchanged listing of 1e5 entries writes one row; one that lost three writes four", () => {
	const db = openDatabase(join(makeFolder(), "many.db"));
	prepareDatabase(db);
	const job = recordJob(db, "nas", "", 0);
	if (job === null) throw new Error("no job");
	const snapshots: Snapshot[] = Array.from({ length: many }, (_, i) => ({
		id: `folder/${i % 97}/file-${i}.bin`,
		name: null,
		at: begin + i,
		size: i,
		host: null,
		about: "",
	}));
	const list = (at: number, digest: string, entries: Snapshot[]) => {
		const began = performance.now();
		const before = db.query<{ n: number }, []>("SELECT total_changes() AS n").get()?.n ?? 0;
		const { added, changed, gone } = transaction(db, () =>
			recordListing(db, job.id, { ...listingAt(at, entries.length), digest }, listedOf(entries)),
		);
		const after = db.query<{ n: number }, []>("SELECT total_changes() AS n").get()?.n ?? 0;
		return { added, changed, gone, writes: after - before, took: performance.now() - began };
	};
	const first = list(1000, "a", snapshots);
	const same = list(2000, "a", snapshots);
	// Another digest and the same entries: a reader of a newer version.
	const again = list(3000, "b", snapshots);
	const less = list(4000, "c", snapshots.slice(3));
	console.log(
		`first ${first.took.toFixed(0)} ms, same ${same.took.toFixed(1)} ms, other digest ${again.took.toFixed(0)} ms`,
	);
	expect([first.added, same.added, again.added, less.added]).toEqual([many, 0, 0, 0]);
	// The listing, and the mark that the job is to be judged.
	expect(same.writes).toBeLessThanOrEqual(2);
	expect(again.writes).toBeLessThanOrEqual(2);
	expect(less.writes).toBeLessThanOrEqual(5);
	expect(less.gone).toBe(3);
	expect(readSnapshots(db, job.id).filter(({ goneAt }) => goneAt !== null)).toHaveLength(3);
	closeDatabase(db);
});
