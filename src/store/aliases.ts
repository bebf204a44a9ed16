// Names under which a job was known before: reports of them, their addresses and tokens are still this job's.
import type { Database } from "bun:sqlite";
import { prepared } from "./database.ts";

/** `slug`: the address that the job had under that name. `strand`: "" for the job itself, else what was merged into it. */
export type Alias = { name: string; host: string; slug: string; jobId: number; strand: string };

const columns = "name, host, slug, job_id AS jobId, strand";

/** The job that took over exactly this name and host, or null. */
export function readAlias(db: Database, name: string, host: string): Alias | null {
	return prepared<Alias>(db, `SELECT ${columns} FROM alias WHERE name = $name AND host = $host`).get({ name, host });
}

/** By a former slug, else by a former name. */
export function findAlias(db: Database, address: string): Alias | null {
	return prepared<Alias>(
		db,
		`SELECT ${columns} FROM alias WHERE slug = $address OR name = $address
		ORDER BY slug = $address DESC, host LIMIT 1`,
	).get({ address });
}

export function readAliases(db: Database): Alias[] {
	return prepared<Alias>(db, `SELECT ${columns} FROM alias ORDER BY name, host`).all();
}

export function readAliasesOf(db: Database, jobId: number): Alias[] {
	return prepared<Alias>(db, `SELECT ${columns} FROM alias WHERE job_id = $jobId ORDER BY name, host`).all({ jobId });
}

export function writeAlias(db: Database, { name, host, slug, jobId, strand }: Alias): void {
	prepared(
		db,
		"INSERT OR REPLACE INTO alias (name, host, slug, job_id, strand) VALUES ($name, $host, $slug, $jobId, $strand)",
	).run({ name, host, slug, jobId, strand });
}

export function deleteAlias(db: Database, name: string, host: string): void {
	prepared(db, "DELETE FROM alias WHERE name = $name AND host = $host").run({ name, host });
}

/** Everything that led to one job leads to another, as a strand of it. */
export function passAliases(db: Database, from: number, to: number, strand: string): void {
	prepared(
		db,
		"UPDATE alias SET job_id = $to, strand = CASE strand WHEN '' THEN $strand ELSE strand END WHERE job_id = $from",
	).run({ from, to, strand });
}

/** To which strand of its job a name belongs; "" where it is the job itself. */
export function readStrand(db: Database, name: string, host: string): string {
	return readAlias(db, name, host)?.strand ?? "";
}
