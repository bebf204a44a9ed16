// Inventories that the configuration file asks for and of which no listing has come yet: since when each is waited for.
import type { Database } from "bun:sqlite";
import { type Settings, settingsOf } from "../settings.ts";
import { readListedJobs } from "./inventory.ts";
import { readJobs } from "./jobs.ts";
import { deleteMeta, readMeta, writeMeta } from "./meta.ts";

/** Instants by the job's id. */
type Awaited = Record<string, number>;
const key = "inventory-awaited";

/** To be called when the configuration may be another one. Writes nothing where all is as before. */
export function noteAwaited(db: Database, settings: Pick<Settings, "jobs">, now: number): void {
	const known = readMeta<Awaited>(db, key) ?? {};
	if (Object.keys(known).length === 0 && settings.jobs.every(({ inventory }) => inventory === null)) return;
	const listed = readListedJobs(db);
	const awaited: Awaited = {};
	for (const job of readJobs(db)) {
		if (listed.has(job.id) || (settingsOf(settings, job)?.inventory ?? null) === null) continue;
		awaited[job.id] = Math.min(known[job.id] ?? now, now);
	}
	if (Bun.deepEquals(known, awaited)) return;
	if (Object.keys(awaited).length === 0) deleteMeta(db, key);
	else writeMeta(db, key, awaited);
}

/** Since when a job's first listing is waited for; null: it is not. */
export function readAwaitedSince(db: Database, jobId: number): number | null {
	return readMeta<Awaited>(db, key)?.[jobId] ?? null;
}
