// The metrics of inventories, as /metrics gives them beside those of the jobs.
import type { InventoryReading } from "../store/inventory-page.ts";
import type { Metric } from "./exposition.ts";

type Sample = Metric["samples"][number];

/** What is unknown has no sample. */
export function inventoryMetrics(readings: readonly InventoryReading[]): Metric[] {
	const snapshots: Sample[] = [];
	const newest: Sample[] = [];
	const absent: Sample[] = [];
	const listed: Sample[] = [];
	const targets: Sample[] = [];
	for (const { job, snapshots: count, newestCopyAt, absent: missing, listedAt, target } of readings) {
		const labels: Sample[0] = job.host === "" ? { backup: job.name } : { backup: job.name, host: job.host };
		if (count !== null) snapshots.push([labels, count]);
		if (newestCopyAt !== null) newest.push([labels, newestCopyAt / 1000]);
		if (listedAt !== null) listed.push([labels, listedAt / 1000]);
		if (target !== null) targets.push([labels, target]);
		absent.push([labels, missing]);
	}
	return [
		gauge("backup_remote_snapshots", "Entries of the remote's newest good listing.", snapshots),
		gauge("backup_newest_copy_timestamp_seconds", "When the newest copy was made that a listing has shown.", newest),
		gauge("backup_newest_copy_target_seconds", "How old the newest copy may be (rpo).", targets),
		gauge(
			"backup_absent_snapshots",
			"Reported backups that two listings did not have and that should be there.",
			absent,
		),
		gauge("backup_last_listing_timestamp_seconds", "When the remote was last listed successfully.", listed),
	];
}

function gauge(name: string, help: string, samples: Sample[]): Metric {
	return { name, type: "gauge", help, samples };
}
