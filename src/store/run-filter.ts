// Which runs are asked for, and the same as conditions of a statement: only what is asked for stands in it.
import type { Kind, Outcome } from "../run.ts";

export type RunFilter = {
	jobId: number | null;
	host: string | null;
	kind: Kind | null;
	outcome: Outcome | null;
	/** A label of the report; any value where that is null. */
	label: Label | null;
	/** Unix milliseconds, inclusive. */
	since: number | null;
	/** Unix milliseconds, exclusive. */
	until: number | null;
	/** Part of the id, the job's name, the error, a warning, the repository, the snapshot or the log; letters of either case. */
	text: string | null;
};

export type Label = { name: string; value: string | null };

/** Each begins with AND; their values are those of `valuesOf`. */
export function conditions({ jobId, host, kind, outcome, label, text }: RunFilter): string {
	const wanted = [
		jobId === null ? "" : "job_id = $jobId",
		host === null ? "" : "job.host = $host",
		kind === null ? "" : "kind = $kind",
		// Written out, not bound: only so does SQLite know that the index of failures has them all.
		outcome === null ? "" : `outcome = '${outcome}'`,
		label === null ? "" : hasLabel(label),
		text === null ? "" : containsText,
	];
	return wanted
		.filter(Boolean)
		.map((condition) => ` AND ${condition}`)
		.join("");
}

export function valuesOf({ host, kind, label, text }: RunFilter) {
	return {
		host,
		kind,
		labelName: label?.name ?? null,
		labelValue: label?.value ?? null,
		pattern: text === null ? null : `%${text.replace(/[\\%_]/g, "\\$&")}%`,
	};
}

// true and false are 1 and 0 to json_each, and words to whoever reads them.
const labelText = "CASE label.type WHEN 'true' THEN 'true' WHEN 'false' THEN 'false' ELSE label.atom END";

function hasLabel({ value }: Label): string {
	const same = value === null ? "" : ` AND CAST(${labelText} AS TEXT) = $labelValue`;
	return `EXISTS (SELECT 1 FROM json_each(report, '$.labels') AS label WHERE label.key = $labelName${same})`;
}

const searched = ["error_message", "warning_messages", "repository", "log"].map((field) => `report ->> '$.${field}'`);
const containsText = `(${["backup_id", "job.name", "error_category", "snapshot_id", ...searched]
	.map((value) => `${value} LIKE $pattern ESCAPE '\\'`)
	.join(" OR ")})`;
