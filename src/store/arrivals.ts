// What came in last, whatever time it tells of: for somebody who waits for a first report.
import type { Database } from "bun:sqlite";
import type { Kind, Outcome } from "../run.ts";
import { prepared } from "./database.ts";

export type Arrival = {
	id: number;
	job: string;
	host: string;
	slug: string;
	kind: Kind;
	outcome: Outcome;
	/** Bytes. */
	size: number | null;
	/** Seconds. */
	duration: number | null;
	errorCategory: string | null;
	receivedAt: number;
};

/** The runs that were reported last, newest first. A run that ends keeps the place of its beginning. */
export function readArrivals(db: Database, limit: number): Arrival[] {
	return prepared<Arrival>(
		db,
		`SELECT run.id, job.name AS job, job.host, slug, kind, outcome, size, duration, error_category AS errorCategory,
			received_at AS receivedAt
		FROM run JOIN job ON job.id = run.job_id ORDER BY run.id DESC LIMIT $limit`,
	).all({ limit });
}
