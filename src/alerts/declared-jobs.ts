// Jobs that the configuration file declares are waited for from their first slot on, whether they ever reported or not.
import type { Database } from "bun:sqlite";
import { type Settings, settingsOf } from "../settings.ts";
import { transaction } from "../store/database.ts";
import { declareJob, deleteUnheardJob, readJobs, readUnheardJobs } from "../store/jobs.ts";

/** Makes what is declared and not known, and forgets what was declared, is not any more, and never reported. */
export function declareJobs(db: Database, settings: Settings, now: number): void {
	const known = readJobs(db);
	const isKnown = new Set(known.flatMap((job) => settingsOf(settings, job) ?? []));
	const missing = settings.jobs.filter((declared) => !isKnown.has(declared));
	const undeclared = readUnheardJobs(db).filter((job) => settingsOf(settings, job) === null);
	if (missing.length === 0 && undeclared.length === 0) return;
	transaction(db, () => {
		for (const { id } of undeclared) deleteUnheardJob(db, id);
		for (const { name, host } of missing) declareJob(db, name, host ?? "", now);
	});
}
