// How the monitor itself does: for /api/health and the page Settings.
import type { Database } from "bun:sqlite";
import { dirname } from "node:path";
import { messageOf } from "../errors.ts";
import { logGrouped } from "../log.ts";
import type { Problem } from "../overview.ts";
import type { ServiceHealth } from "../settings-page.ts";
import { readDatabaseSize } from "../store/database.ts";
import { readChannelHealth } from "../store/deliveries.ts";
import { freeBytes } from "../store/files.ts";
import { findSource } from "../store/sources.ts";
import { formatInstant } from "../time.ts";
import { commit, version } from "../version.ts";
import type { AppOptions } from "./app.ts";

export function readHealth({ monitor, alerting, config, clock }: AppOptions): ServiceHealth {
	const { db, source } = monitor;
	const row = ask(db, (open) => findSource(open, config.metricsFile));
	const names = new Set(alerting.channels.byName.keys());
	const failing = (ask(db, readChannelHealth) ?? []).filter(
		({ name, failingSince }) => names.has(name) && failingSince !== null,
	);
	return {
		version,
		commit,
		startedAt: clock() - Math.floor(performance.now()),
		memory: process.memoryUsage.rss(),
		database: {
			path: config.databasePath,
			size: ask(db, readDatabaseSize),
			state: db === null ? "closed" : monitor.isWritable ? "writable" : "read-only",
		},
		ownCopy: monitor.ownCopy.newest,
		free: freeBytes(config.dataDir) ?? freeBytes(dirname(config.databasePath)),
		dataDir: config.dataDir,
		source: {
			...source,
			readAt: row?.read_at ?? null,
			lines: row?.line ?? 0,
			accepted: row?.accepted ?? 0,
			rejected: row?.rejected ?? 0,
		},
		outages: monitor.outages.toReversed(),
		channels: { count: names.size, failing: failing.length },
	};
}

/** null where the database is not open, or does not answer: whoever asks how the monitor does is told all the rest. */
function ask<T>(db: Database | null, question: (db: Database) => T): T | null {
	if (db === null) return null;
	try {
		return question(db);
	} catch (error) {
		logGrouped("health", `the database does not say how it does: ${messageOf(error)}`);
		return null;
	}
}

/** What /api/health answers. */
export function healthObject(options: AppOptions): Record<string, unknown> {
	const { monitor, config, clock, entry } = options;
	const { zone } = config;
	const problems: Problem[] = options.problems();
	const { database, ownCopy, free, memory, outages, channels, source } = readHealth(options);
	return {
		status: problems.some((problem) => problem.severity === "critical") ? "degraded" : "ok",
		version,
		commit,
		problems,
		zone,
		now: formatInstant(clock(), zone),
		uptime_seconds: Math.floor(performance.now() / 1000),
		rss_bytes: memory,
		database: { path: database.path, state: database.state, size_bytes: database.size },
		own_copy:
			ownCopy === null
				? null
				: {
						path: ownCopy.path,
						made_at: formatInstant(ownCopy.at, zone),
						age_seconds: Math.max(0, Math.round((clock() - ownCopy.at) / 1000)),
						size_bytes: ownCopy.size,
						is_checked: true,
					},
		free_bytes: free,
		retention_days: config.retentionDays,
		offline: monitor.offline,
		outages: outages.map(({ from, to }) => ({ from: formatInstant(from, zone), to: formatInstant(to, zone) })),
		channels,
		refused: entry.refused().map(({ address, count, lastAt }) => {
			return { address, count, last_at: formatInstant(lastAt, zone) };
		}),
		source: {
			...monitor.source,
			lines: source.lines,
			accepted: source.accepted,
			rejected: source.rejected,
			read_at: source.readAt,
		},
	};
}
