// What a rename, merge or deletion of a job would do, checked and counted before anybody is asked whether he means it.
import type { Database } from "bun:sqlite";
import type { Decision } from "../decision.ts";
import { AppError } from "../errors.ts";
import type { Job } from "../job.ts";
import { limits } from "../report-fields.ts";
import { visible } from "../visible.ts";
import { prepared } from "./database.ts";
import { findJob, isUnheardJob, readJob } from "./jobs.ts";

type Change<Kind extends Decision["decision"]> = Extract<Decision, { decision: Kind }>;

/** The job at an address. Throws `missing`. */
export function jobToChange(db: Database, address: string): Job {
	const job = findJob(db, address);
	if (job === null) throw new AppError("missing", `No job is called "${address}". backup-monitor status lists them.`);
	return job;
}

/** Throws `usage` for what is no name, `conflict` where another job has it. */
export function planRename(db: Database, job: Job, name: string): Change<"rename"> {
	const wanted = visible(name.trim());
	if (wanted.length < 1 || wanted.length > limits.name)
		throw new AppError("usage", `A job's name has 1 to ${limits.name} characters.`);
	if (wanted === job.name) throw new AppError("usage", `That is what it is called already.`);
	const there = readJob(db, wanted, job.host);
	if (there !== null && there.id !== job.id && !isUnheardJob(db, there.id)) {
		const what =
			there.name === wanted ? `There is a job ${wanted} already` : `${wanted} is what ${there.name} was called`;
		throw new AppError("conflict", `${what}. To make one of the two, merge ${job.slug} into ${there.slug}.`);
	}
	return { job: job.name, host: job.host, decision: "rename", name: wanted };
}

export function planMerge(job: Job, into: Job): Change<"merge"> {
	if (job.id === into.id) throw new AppError("usage", "A job cannot be merged into itself.");
	return { job: job.name, host: job.host, decision: "merge", into: { job: into.name, host: into.host } };
}

/** Everything that there is, also what a clock that was ahead has dated tomorrow. */
export function planDelete(db: Database, job: Job, now: number): Change<"delete"> {
	const { newest } = readExtent(db, job.id);
	return { job: job.name, host: job.host, decision: "delete", before: Math.max(now, (newest ?? 0) + 1) };
}

/** `days`: for which there are sums, also of runs that retention has deleted. Instants of the first and newest run. */
export type Extent = { runs: number; days: number; oldest: number | null; newest: number | null };

export function readExtent(db: Database, jobId: number): Extent {
	const extent = prepared<Extent>(
		db,
		`SELECT count(*) AS runs, min(started_at) AS oldest, max(started_at) AS newest,
			(SELECT count(*) FROM daily WHERE job_id = $jobId) AS days FROM run WHERE job_id = $jobId`,
	).get({ jobId });
	return extent ?? { runs: 0, days: 0, oldest: null, newest: null };
}
