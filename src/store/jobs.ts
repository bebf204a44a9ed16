// Jobs: found by name and host, made with the first report that names them.
import type { Database } from "bun:sqlite";
import { chooseSlug, type Job, maxJobs } from "../job.ts";
import { findAlias, readAlias } from "./aliases.ts";
import { prepared } from "./database.ts";

const columns = "id, name, host, slug, created_at AS createdAt";

/** The job of a report, made if it is new; null when there are too many jobs already. */
export function recordJob(db: Database, name: string, host: string, now: number): Job | null {
	const known = readJob(db, name, host) ?? adoptDeclared(db, name, host);
	if (known !== null) return known;
	if (countJobs(db) >= maxJobs) return null;
	const nameIsTaken = prepared(db, "SELECT 1 FROM job WHERE name = $name").get({ name }) !== null;
	const slugIsTaken = (slug: string) => findJob(db, slug)?.slug === slug || findAlias(db, slug)?.slug === slug;
	const slug = chooseSlug({ name, host }, nameIsTaken, slugIsTaken, nameDigest(name, host));
	return prepared<Job>(
		db,
		`INSERT INTO job (name, host, slug, created_at) VALUES ($name, $host, $slug, $now)
		RETURNING ${columns}`,
	).get({ name, host, slug, now });
}

/** What tells apart the slugs of jobs that would have the same one. */
export function nameDigest(name: string, host: string): string {
	return new Bun.CryptoHasher("sha256").update(`${name}\n${host}`).digest("hex");
}

const isUnheard = `is_declared = 1 AND NOT EXISTS (SELECT 1 FROM run WHERE run.job_id = job.id)
	AND NOT EXISTS (SELECT 1 FROM daily WHERE daily.job_id = job.id)`;

/** A job that the configuration file declared without a host is the one that now reports from one. */
function adoptDeclared(db: Database, name: string, host: string): Job | null {
	if (host === "") return null;
	return prepared<Job>(
		db,
		`UPDATE job SET host = $host WHERE name = $name AND host = '' AND ${isUnheard} RETURNING ${columns}`,
	).get({ name, host });
}

/** Declared jobs that never reported anything. */
export function readUnheardJobs(db: Database): Job[] {
	return prepared<Job>(db, `SELECT ${columns} FROM job WHERE ${isUnheard}`).all();
}

/** A job that the configuration file declares. */
export function declareJob(db: Database, name: string, host: string, now: number): void {
	const job = recordJob(db, name, host, now);
	if (job !== null) prepared(db, "UPDATE job SET is_declared = 1 WHERE id = $id").run({ id: job.id });
}

export function isUnheardJob(db: Database, id: number): boolean {
	return prepared(db, `SELECT 1 FROM job WHERE id = $id AND ${isUnheard}`).get({ id }) !== null;
}

/** Forgets a job that never reported, with what was judged of it. */
export function deleteUnheardJob(db: Database, id: number): void {
	for (const table of ["watch", "decision", "unjudged", "alert", "acknowledgement"]) {
		prepared(db, `DELETE FROM ${table} WHERE job_id = $id`).run({ id });
	}
	prepared(db, `DELETE FROM job WHERE id = $id AND ${isUnheard}`).run({ id });
}

/** The job of exactly this name and host, or the one that has taken it over; else null. */
export function readJob(db: Database, name: string, host: string): Job | null {
	const known = prepared<Job>(db, `SELECT ${columns} FROM job WHERE name = $name AND host = $host`).get({
		name,
		host,
	});
	if (known !== null) return known;
	const alias = readAlias(db, name, host);
	return alias === null ? null : readJobById(db, alias.jobId);
}

export function countJobs(db: Database): number {
	return prepared<{ jobs: number }>(db, "SELECT count(*) AS jobs FROM job").get()?.jobs ?? 0;
}

/** By slug, else by name (the oldest where several hosts share it), else by what it was called before. */
export function findJob(db: Database, address: string): Job | null {
	const known = prepared<Job>(
		db,
		`SELECT ${columns} FROM job WHERE slug = $address OR name = $address
		ORDER BY slug = $address DESC, id LIMIT 1`,
	).get({ address });
	if (known !== null) return known;
	const alias = findAlias(db, address);
	return alias === null ? null : readJobById(db, alias.jobId);
}

export function readJobById(db: Database, id: number): Job | null {
	return prepared<Job>(db, `SELECT ${columns} FROM job WHERE id = $id`).get({ id });
}

/** When anything of a host was last reported, Unix milliseconds; null: never. */
export function readLastReport(db: Database, host: string): number | null {
	return (
		prepared<{ at: number | null }>(
			db,
			`SELECT max((SELECT received_at FROM run WHERE job_id = job.id ORDER BY started_at DESC LIMIT 1)) AS at
			FROM job WHERE host = $host`,
		).get({ host })?.at ?? null
	);
}

export function readJobs(db: Database): Job[] {
	return prepared<Job>(db, `SELECT ${columns} FROM job ORDER BY name, host`).all();
}
