// From a listing to an alert: what is missing turns the job red, and what comes back resolves it; a rebuild keeps the history.
import { afterAll, afterEach, beforeEach, expect, test } from "bun:test";
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { takeListing } from "../../src/ingest/inventory.ts";
import { failedListing, openListing } from "../../src/ingest/listing.ts";
import { readListings } from "../../src/store/inventory.ts";
import { findJob } from "../../src/store/jobs.ts";
import { cleanUp, makeFolder } from "../binary.ts";
import { idOf, resticEntry } from "../inventory/station.ts";
import { hour, openReceiver, openStation, type Receiver, type Station } from "./station.ts";

let station: Station;
let receiver: Receiver;

beforeEach(async () => {
	receiver = openReceiver();
	station = await openStation({ env: { NOTIFY_URLS: receiver.url } });
});
afterEach(async () => {
	await station.stop();
	receiver.stop();
});
afterAll(cleanUp);

async function list(entries: Record<string, unknown>[]): Promise<void> {
	const { monitor } = station;
	const job = monitor.db === null ? null : findJob(monitor.db, "nas");
	if (job === null) throw new Error("no job");
	const sink = openListing("restic", "UTC");
	sink.push(Buffer.from(JSON.stringify(entries)));
	const made = { job, at: station.now(), format: "restic", source: "push" } as const;
	await takeListing((line, apply) => monitor.keepListing(line, apply), made, sink.finish());
	await station.look();
}

test("a snapshot that is gone from the remote opens a critical alert, and its return resolves it", async () => {
	const entries: Record<string, unknown>[] = [];
	for (let i = 0; i < 2; i++) {
		await station.run("nas", { snapshot_id: idOf(i) });
		entries.push(resticEntry(idOf(i), station.now()));
		await station.pass(2 * hour, hour);
	}
	await list(entries);
	await station.pass(hour, hour);
	await list(entries.slice(0, 1));
	expect(station.open()).toEqual([]);
	await station.pass(hour, hour);
	await list(entries.slice(0, 1));
	expect(station.open()).toMatchObject([
		{
			kind: "absent",
			severity: "critical",
			sentence: `Snapshot ${idOf(1).slice(0, 8)} of Thu 5 Nov 14:00 is not in the remote any more: two listings, the last Thu 5 Nov 18:00, do not have it.`,
		},
	]);
	await station.pass(5 * 60_000);
	expect(receiver.messages).toHaveLength(1);
	await station.pass(hour, hour);
	await list(entries);
	expect(station.open()).toEqual([]);
	expect(station.resolved()[0]?.resolution).toBe("All that was reported is in the remote again.");
	expect(await (await station.get("/metrics")).text()).toContain('backup_absent_snapshots{backup="nas"} 0');
	expect(await (await station.get("/inventory")).text()).toContain("If the source dies now you lose");
});

test("a remote that shrank and a copy that grew too old are each told once, and once when they are over", async () => {
	await station.stop();
	const dataDir = makeFolder();
	writeFileSync(
		join(dataDir, "config.yaml"),
		`channels:\n  hook: { url: "${receiver.url}" }\njobs:\n  nas: { schedule: none, rpo: 26h }\n`,
	);
	station = await openStation({ dataDir });
	const entries: Record<string, unknown>[] = [];
	const night = async () => {
		const id = idOf(entries.length + 100);
		await station.run("nas", { snapshot_id: id });
		entries.push(resticEntry(id, station.now()));
		await station.pass(hour, hour);
		await list(entries);
		await station.pass(23 * hour, hour);
	};
	for (let i = 0; i < 12; i++) await night();
	expect(station.open()).toEqual([]);

	// Somebody pruned by hand; the newest stays.
	const all = entries.splice(0, 9);
	for (let i = 0; i < 2; i++) {
		await list(entries);
		await station.pass(hour, hour);
	}
	expect(station.open()).toMatchObject([
		{
			kind: "shrunk",
			severity: "warning",
			sentence: expect.stringContaining("The remote shrank: 3\u00a0snapshots since "),
		},
	]);

	// Then nothing new arrives in the remote, although the backups go on.
	await station.run("nas", { snapshot_id: idOf(1) });
	await station.pass(hour, hour);
	await list(entries);
	await station.pass(2 * hour, hour);
	await list(entries);
	expect(
		station
			.open()
			.map(({ kind }) => kind)
			.sort(),
	).toEqual(["absent", "shrunk", "stale_copy"]);

	entries.unshift(...all);
	await night();
	await station.pass(hour, hour);
	const events = receiver.messages.flatMap(({ events: told }) => told.map(({ event, kind }) => `${event} ${kind}`));
	for (const kind of ["shrunk", "stale_copy"]) {
		expect(events.filter((word) => word === `opened ${kind}`)).toHaveLength(1);
		expect(events.filter((word) => word === `resolved ${kind}`)).toHaveLength(1);
	}
	expect(station.open().filter(({ kind }) => kind !== "absent")).toEqual([]);
}, 60_000);

test("a rebuilt database knows when listings were made, and calls nothing absent until it has seen new ones", async () => {
	await station.run("nas", { snapshot_id: idOf(1) });
	for (let i = 0; i < 3; i++) {
		await station.pass(hour, hour);
		await list([resticEntry(idOf(1), station.now() - hour)]);
	}
	const { dataDir } = station;
	const at = station.now();
	await station.stop();
	for (const side of ["", "-wal", "-shm"]) rmSync(join(dataDir, `backups.db${side}`), { force: true });
	station = await openStation({ dataDir, at: at + hour });
	const db = station.monitor.db;
	if (db === null) throw new Error("no database");
	const listings = readListings(db, findJob(db, "nas")?.id ?? 0);
	expect(listings.map(({ isCompared, entries }) => [isCompared, entries])).toEqual(Array(3).fill([false, 1]));
	expect(station.open()).toEqual([]);
	await list([resticEntry(idOf(1), at)]);
	expect(station.open()).toEqual([]);
});

/** A listing that could not be made, as a pull every quarter of an hour leaves one. */
async function failToList(): Promise<void> {
	const { monitor } = station;
	const job = monitor.db === null ? null : findJob(monitor.db, "nas");
	if (job === null) throw new Error("no job");
	const made = { job, at: station.now(), format: "restic", source: "command" } as const;
	await takeListing((line, apply) => monitor.keepListing(line, apply), made, failedListing("wrong password"));
	await station.look();
}

test("a remote that could never be listed is told after two days, however often it was tried", async () => {
	await station.run("nas", { snapshot_id: idOf(0) });
	for (let i = 0; i < 50; i++) {
		await failToList();
		await station.pass(hour, hour);
		await station.run("nas", { snapshot_id: idOf(i + 1) });
	}
	expect(station.open()).toMatchObject([
		{ kind: "stale_copy", key: "listing", sentence: expect.stringContaining("wrong password") },
	]);
});

test("a remote that cannot be listed any more stays an alert, however often it is tried again", async () => {
	await station.run("nas", { snapshot_id: idOf(0) });
	const entries = [resticEntry(idOf(0), station.now())];
	await station.pass(hour, hour);
	await list(entries);
	const from = station.now();
	await station.pass(12 * 24 * hour, 12 * 24 * hour);
	await failToList();
	const blind = () => station.open().filter(({ kind }) => kind === "stale_copy");
	expect(blind()).toMatchObject([{ key: "listing" }]);
	// Every quarter of an hour since.
	station.monitor.db?.run(
		`INSERT INTO listing (job_id, at, format, source, outcome, entries, reason, is_compared)
		WITH RECURSIVE n (i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n WHERE i < 1150)
		SELECT 1, ? + i * 900000, 'restic', 'command', 'failed', 0, 'wrong password', 0 FROM n`,
		[from],
	);
	await station.pass(hour, hour);
	await failToList();
	expect(blind()).toMatchObject([{ key: "listing" }]);
	expect(station.resolved()).toEqual([]);
	expect(station.monitor.db === null ? [] : readListings(station.monitor.db, 1).slice(0, 1)).toMatchObject([
		{ outcome: "ok", at: from },
	]);
});

test("a listing that the file asks for and that never comes is told after twice its period, until it comes", async () => {
	await station.run("nas", { snapshot_id: idOf(0) });
	const file = join(station.dataDir, "config.yaml");
	writeFileSync(file, "jobs: { nas: { schedule: none, inventory: { from: restic, every: 6h } } }\n");
	station.alerting.reload();
	const rung = async () => (await (await station.get("/api/jobs/nas")).json()).ladder.present.state;
	await station.pass(11 * hour, hour);
	expect([station.open(), await rung()]).toEqual([[], "unknown"]);
	await station.pass(2 * hour, hour);
	expect(station.open()).toMatchObject([
		{
			kind: "stale_copy",
			key: "listing",
			sentence: "No listing of the remote has come yet; one is expected every 6\u00a0h.",
		},
	]);
	expect(await rung()).toBe("warning");
	await list([resticEntry(idOf(0), station.now())]);
	expect(station.open()).toEqual([]);

	writeFileSync(file, "jobs: { nas: { schedule: none } }\n");
	station.alerting.reload();
	await station.look();
	expect(station.resolved()).toHaveLength(1);
});

test("a listing that is not asked for any more is not waited for", async () => {
	await station.run("nas", { snapshot_id: idOf(0) });
	const file = join(station.dataDir, "config.yaml");
	writeFileSync(file, "jobs: { nas: { schedule: none, inventory: { from: restic, every: 6h } } }\n");
	station.alerting.reload();
	await station.pass(13 * hour, hour);
	expect(station.open()).toHaveLength(1);
	writeFileSync(file, "jobs: { nas: { schedule: none } }\n");
	station.alerting.reload();
	await station.pass(hour, hour);
	expect(station.open()).toEqual([]);
	expect(station.resolved()).toMatchObject([{ resolution: "No listing is asked for any more." }]);
});
