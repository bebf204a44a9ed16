// What the operator decided about jobs: pauses, archived jobs, fixed schedules, new normals, acknowledgements.
import type { Database } from "bun:sqlite";
import type { Decision } from "../decision.ts";
import type { Job } from "../job.ts";
import type { Schedule } from "../schedule.ts";
import { acknowledgeOpen, snoozeOpen } from "./alerts.ts";
import { prepared } from "./database.ts";
import { deleteJob, mergeJobs, renameJob } from "./job-changes.ts";
import { readJob } from "./jobs.ts";
import { markUnjudged } from "./watched.ts";

export type StoredDecision = {
	pausedAt: number | null;
	/** The largest instant: until the next run. */
	pausedUntil: number | null;
	archivedAt: number | null;
	schedule: Schedule | null;
	expectedFrom: number | null;
};

export const undecided: StoredDecision = {
	pausedAt: null,
	pausedUntil: null,
	archivedAt: null,
	schedule: null,
	expectedFrom: null,
};

/** Stands for "until the next run": the database knows no infinity. */
export const untilNextRun = Number.MAX_SAFE_INTEGER;

type Row = {
	job_id: number;
	paused_at: number | null;
	paused_until: number | null;
	archived_at: number | null;
	schedule: string | null;
	expected_from: number | null;
};

export function readDecisions(db: Database): Map<number, StoredDecision> {
	const rows = prepared<Row>(db, "SELECT * FROM decision").all();
	return new Map(rows.map((row) => [row.job_id, storedOf(row)]));
}

export function readDecision(db: Database, jobId: number): StoredDecision {
	const row = prepared<Row>(db, "SELECT * FROM decision WHERE job_id = $jobId").get({ jobId });
	return row === null ? undecided : storedOf(row);
}

function storedOf(row: Row): StoredDecision {
	return {
		pausedAt: row.paused_at,
		pausedUntil: row.paused_until,
		archivedAt: row.archived_at,
		schedule: row.schedule === null ? null : (JSON.parse(row.schedule) as Schedule),
		expectedFrom: row.expected_from,
	};
}

/** Applies a decision that was made at `at`. False, and nothing changed, when its job is not there. Needs a transaction. */
export function recordDecision(db: Database, decision: Decision, at: number): boolean {
	const job = decision.job === "" ? null : readJob(db, decision.job, decision.host);
	if (job === null && decision.job !== "") return false;
	if (changesJob(decision)) return job !== null && changeJob(db, job, decision);
	const jobId = job?.id ?? 0;
	switch (decision.decision) {
		case "pause":
			set(db, jobId, { paused_at: at, paused_until: decision.until ?? untilNextRun });
			break;
		case "resume":
			set(db, jobId, { paused_at: null, paused_until: null });
			break;
		case "archive":
			set(db, jobId, { archived_at: at });
			break;
		case "unarchive":
			set(db, jobId, { archived_at: null });
			break;
		case "schedule":
			set(db, jobId, { schedule: decision.schedule === null ? null : JSON.stringify(decision.schedule) });
			break;
		case "expected":
			set(db, jobId, { expected_from: decision.from });
			break;
		case "acknowledge":
			remember(db, jobId, decision, { at, until: decision.until, snoozed_until: null });
			acknowledgeOpen(db, { jobId, kind: decision.kind, key: decision.key }, at, decision.until);
			break;
		case "snooze":
			remember(db, jobId, decision, { at, until: null, snoozed_until: decision.until });
			snoozeOpen(db, { jobId, kind: decision.kind, key: decision.key }, decision.until);
			break;
	}
	if (jobId !== 0) markUnjudged(db, jobId, 0);
	return true;
}

type JobChange = Extract<Decision, { decision: "rename" | "merge" | "delete" }>;

function changesJob(decision: Decision): decision is JobChange {
	return decision.decision === "rename" || decision.decision === "merge" || decision.decision === "delete";
}

function changeJob(db: Database, job: Job, decision: JobChange): boolean {
	if (decision.decision === "rename") renameJob(db, job, decision.name);
	else if (decision.decision === "delete") deleteJob(db, job, decision.before);
	else {
		const into = readJob(db, decision.into.job, decision.into.host);
		// Its target was never reported to this database: then it is the same job under that name.
		if (into === null) renameJob(db, job, decision.into.job);
		else mergeJobs(db, job, into);
	}
	return true;
}

/** The new normal that a job has taken by itself, after several runs of it. */
export function recordBaseline(db: Database, jobId: number, from: number): void {
	set(db, jobId, { expected_from: from });
}

type Columns = Partial<Omit<Row, "job_id">>;

function set(db: Database, jobId: number, columns: Columns): void {
	prepared(db, "INSERT OR IGNORE INTO decision (job_id) VALUES ($jobId)").run({ jobId });
	for (const [name, value] of Object.entries(columns)) {
		prepared(db, `UPDATE decision SET ${name} = $value WHERE job_id = $jobId`).run({ jobId, value });
	}
}

type Acknowledgement = { at: number; until: number | null; snoozed_until: number | null };

function remember(
	db: Database,
	jobId: number,
	{ kind, key }: { kind: string; key: string },
	what: Acknowledgement,
): void {
	prepared(
		db,
		`INSERT OR REPLACE INTO acknowledgement (job_id, kind, key, at, until, snoozed_until)
		VALUES ($jobId, $kind, $key, $at, $until, $snoozed_until)`,
	).run({ jobId, kind, key, ...what });
}

/** What was last said of such an alert, or null. */
export function readAcknowledgement(
	db: Database,
	jobId: number,
	{ kind, key }: { kind: string; key: string },
): Acknowledgement | null {
	return prepared<Acknowledgement>(
		db,
		"SELECT at, until, snoozed_until FROM acknowledgement WHERE job_id = $jobId AND kind = $kind AND key = $key",
	).get({ jobId, kind, key });
}
