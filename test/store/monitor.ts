// A monitor without a port on a folder of its own, for tests of what it does with its files.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Config, readConfig } from "../../src/config.ts";
import { Monitor } from "../../src/ingest/monitor.ts";
import { makeFolder } from "../binary.ts";

export type Kept = { folder: string; config: Config; database: string; metrics: string };

export function makeData(lines = "", more: Record<string, string> = {}): Kept {
	const folder = makeFolder();
	const config = readConfig({ DATA_DIR: folder, TZ: "UTC", RETENTION_DAYS: "36500", ...more });
	if (lines !== "") writeFileSync(config.metricsFile, lines);
	return { folder, config, database: join(folder, "backups.db"), metrics: config.metricsFile };
}

/** Starts, reads everything, hands over, stops; even when the test throws. */
export async function withMonitor<T>(
	{ config }: Kept,
	use: (monitor: Monitor) => T | Promise<T>,
	clock: () => number = Date.now,
): Promise<T> {
	const monitor = new Monitor(config, clock);
	monitor.start();
	try {
		await monitor.catchUp();
		return await use(monitor);
	} finally {
		await monitor.stop();
	}
}

export function idsOf(monitor: Monitor): string[] {
	const rows = monitor.db?.query<{ backup_id: string }, []>("SELECT backup_id FROM run ORDER BY started_at, id").all();
	return (rows ?? []).map((row) => row.backup_id);
}
