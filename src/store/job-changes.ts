// Renames, merges and deletes a job with all that is stored of it. Each needs a transaction, and does the same again when
// the journal is read into a new database, where the runs of later reports may stand already.
import type { Database } from "bun:sqlite";
import { chooseSlug, type Job } from "../job.ts";
import { addRun, type DayTotals, emptyTotals } from "../rollup.ts";
import type { Run } from "../run.ts";
import { idInStrand, isSameRun, strandOf } from "../run-identity.ts";
import { deleteAlias, passAliases, readAliases, writeAlias } from "./aliases.ts";
import { recordDay } from "./daily.ts";
import { prepared } from "./database.ts";
import { dropDays, moveDays } from "./job-days.ts";
import { findJob, isUnheardJob, nameDigest, readJob } from "./jobs.ts";
import { type RunRow, runOf, selectRun } from "./runs.ts";
import { markUnjudged } from "./watched.ts";
import { noteEverything } from "./written.ts";

/** The job under another name; where a job of that name has runs, merged into it. What reports the old name goes on here. */
export function renameJob(db: Database, job: Job, name: string): void {
	if (name === job.name) return;
	const target = readJob(db, name, job.host);
	if (target !== null && target.id !== job.id) {
		if (!isUnheardJob(db, target.id)) {
			// Told of later than of the reports that came under both names: it is one job all the same.
			mergeJobs(db, job, target, "");
			return;
		}
		dropJob(db, target.id);
	}
	// A name that it had before is its own again.
	deleteAlias(db, name, job.host);
	writeAlias(db, { name: job.name, host: job.host, slug: job.slug, jobId: job.id, strand: "" });
	const nameIsTaken = prepared(db, "SELECT 1 FROM job WHERE name = $name").get({ name }) !== null;
	const isTaken = (slug: string) =>
		findJob(db, slug)?.slug === slug || readAliases(db).some((alias) => alias.slug === slug && alias.jobId !== job.id);
	const slug = chooseSlug({ name, host: job.host }, nameIsTaken, isTaken, nameDigest(name, job.host));
	prepared(db, "UPDATE job SET name = $name, slug = $slug, is_declared = 0 WHERE id = $id").run({
		id: job.id,
		name,
		slug,
	});
	markUnjudged(db, job.id, 0);
}

/**
 * All runs, sums and alerts of one job go to another; what reports the one goes on there. `strand`: what its runs are told
 * apart by from those of the other that have the same id; "": they are the same.
 */
export function mergeJobs(db: Database, from: Job, into: Job, strand = strandOf(from)): void {
	if (from.id === into.id) return;
	const ids = { from: from.id, into: into.id };
	const twice = moveRuns(db, from, into, strand);
	moveDays(db, from.id, into.id);
	for (const { day, run } of twice) recordDay(db, day, into.id, totalsOf(run, -1));
	prepared(
		db,
		`UPDATE alert SET resolved_at = opened_at, resolution = 'Its job was merged into another.'
		WHERE job_id = $from AND resolved_at IS NULL`,
	).run({ from: from.id });
	prepared(db, "UPDATE alert SET job_id = $into WHERE job_id = $from").run(ids);
	prepared(
		db,
		"INSERT OR IGNORE INTO unjudged (job_id, run_id) SELECT $into, run_id FROM unjudged WHERE job_id = $from",
	).run(ids);
	moveListings(db, ids);
	passAliases(db, from.id, into.id, strand);
	dropJob(db, from.id);
	writeAlias(db, { name: from.name, host: from.host, slug: from.slug, jobId: into.id, strand });
	markUnjudged(db, into.id, 0);
}

/** Two lists of two remotes are not one: those of the job that goes on stand, where it has any. */
function moveListings(db: Database, ids: { from: number; into: number }): void {
	const has = prepared(db, "SELECT 1 FROM listing WHERE job_id = $id LIMIT 1").get({ id: ids.into }) !== null;
	if (has) return;
	for (const table of ["listing", "snapshot"])
		prepared(db, `UPDATE ${table} SET job_id = $into WHERE job_id = $from`).run(ids);
}

function totalsOf(run: Run, sign: 1 | -1 = 1): DayTotals {
	const totals = emptyTotals();
	addRun(totals, run, sign);
	return totals;
}

/** Returns what both jobs had: it stays once, and is no longer to be counted twice. */
function moveRuns(db: Database, from: Job, into: Job, strand: string): { day: number; run: Run }[] {
	noteEverything(db);
	const twice: { day: number; run: Run }[] = [];
	const clashes = prepared<RunRow>(
		db,
		`${selectRun} WHERE job_id = $from AND backup_id IN (SELECT backup_id FROM run WHERE job_id = $into)`,
	).all({ from: from.id, into: into.id });
	for (const row of clashes) {
		const other = prepared<RunRow>(db, `${selectRun} WHERE job_id = $into AND backup_id = $id`).get({
			into: into.id,
			id: row.backup_id,
		});
		const run = runOf(row);
		if (strand === "" || (other !== null && isSameRun(runOf(other), run))) {
			prepared(db, "DELETE FROM run WHERE id = $id").run({ id: row.id });
			twice.push({ day: row.day, run });
			continue;
		}
		prepared(db, "UPDATE OR REPLACE run SET backup_id = $backupId WHERE id = $id").run({
			id: row.id,
			backupId: idInStrand(row.backup_id, strand),
		});
	}
	prepared(db, "UPDATE OR REPLACE run SET job_id = $into WHERE job_id = $from").run({ from: from.id, into: into.id });
	return twice;
}

/**
 * A job with everything of it that began before an instant. What began later was reported after it was deleted (a new
 * database is told of the deletion last): that is a job again.
 */
export function deleteJob(db: Database, job: Job, before: number): void {
	noteEverything(db);
	prepared(db, "DELETE FROM run WHERE job_id = $id AND started_at < $before").run({ id: job.id, before });
	const rest = prepared<RunRow>(db, `${selectRun} WHERE job_id = $id`).all({ id: job.id });
	dropDays(db, job.id);
	for (const row of rest) recordDay(db, row.day, job.id, totalsOf(runOf(row)));
	if (rest.length === 0) dropJob(db, job.id);
	else {
		forget(db, job.id);
		markUnjudged(db, job.id, 0);
	}
}

/** The job's row and whatever hangs on it; runs and sums must be gone. */
function dropJob(db: Database, id: number): void {
	forget(db, id);
	prepared(db, "DELETE FROM alias WHERE job_id = $id").run({ id });
	prepared(db, "DELETE FROM job WHERE id = $id").run({ id });
}

/** Messages about its alerts that are not sent yet are about nothing any more. */
function forget(db: Database, id: number): void {
	prepared(db, "DELETE FROM delivery WHERE alert_id IN (SELECT id FROM alert WHERE job_id = $id)").run({ id });
	for (const table of ["alert", "acknowledgement", "watch", "decision", "unjudged", "listing", "snapshot"])
		prepared(db, `DELETE FROM ${table} WHERE job_id = $id`).run({ id });
}
