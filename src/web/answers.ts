// The objects of the API with their schemas: a job, a run. Unknown is null, never 0.

import { severities } from "../alert.ts";
import { answerOf } from "../ingest/tool-report.ts";
import { type Ladder, rungNames } from "../ladder.ts";
import type { Totals } from "../overview.ts";
import { kinds, outcomes, type Run } from "../run.ts";
import { states } from "../state.ts";
import type { Alias } from "../store/aliases.ts";
import type { Standing } from "../store/standings.ts";
import { formatInstant } from "../time.ts";
import {
	instant,
	instantOrNull,
	list,
	numberOrNull,
	objectOf,
	ref,
	type Schema,
	text,
	textOrNull,
	whole,
	wholeOrNull,
} from "./schema.ts";

const state: Schema = { type: "string", enum: states };
const secondsByName: Schema = { type: "object", additionalProperties: { type: "number" } };

const jobFields = {
	job: text("Its name."),
	slug: text("Its address in this API."),
	host: text('"" where none was told.'),
	former: list(ref("FormerName")),
	state,
	due: instantOrNull("When the next run is planned, or the one that did not come."),
	is_running: { type: "boolean", description: "A run has begun and not ended." },
	last_run: instantOrNull("When the newest run ended."),
	last_outcome: { type: ["string", "null"], enum: [...outcomes.filter((word) => word !== "running"), null] },
	last_error_category: textOrNull(),
	last_error_message: textOrNull(),
	last_success: instantOrNull("When the newest successful run ended; the start of its day once that run is deleted."),
	last_duration_seconds: numberOrNull("Of the newest successful run, as the next two."),
	last_size_bytes: wholeOrNull(),
	last_phases: secondsByName,
	runs: objectOf({ success: whole(), warning: whole(), failure: whole() }, "Runs that ended, ever."),
	worst_alert: { type: ["string", "null"], enum: [...severities, null], description: "Of its open alerts." },
	ladder: {
		type: ["object", "null"],
		description: "Rungs ran, plausible, present and restorable, each with state, at and sentence.",
		additionalProperties: { type: "object" },
	},
} satisfies Record<string, Schema>;

/** A name under which the job is still reported and found. */
export const formerNameSchema = objectOf({ job: text(), host: text(), slug: text() });

/** Of backup runs; other kinds are in `/api/runs`. */
export const jobSchema = objectOf(jobFields);

/** What is read of all jobs at once: ladders by slug, former names by the job's key. */
export type ReadBeside = { ladders: ReadonlyMap<string, Ladder>; former: ReadonlyMap<number, Alias[]> };

export function jobObject(
	{ job, finished, good, ...standing }: Standing,
	{ ladders, former }: ReadBeside,
	zone: string,
) {
	const ladder = ladders.get(job.slug);
	return {
		job: job.name,
		slug: job.slug,
		host: job.host,
		former: (former.get(job.id) ?? []).map(({ name, host, slug }) => ({ job: name, host, slug })),
		state: standing.state,
		due: standing.dueAt === null ? null : formatInstant(standing.dueAt, zone),
		is_running: standing.running !== null,
		last_run: finished === null ? null : formatInstant(finished.endedAt ?? finished.startedAt, zone),
		last_outcome: finished?.outcome ?? null,
		last_error_category: finished?.errorCategory ?? null,
		last_error_message: finished?.errorMessage ?? null,
		last_success: standing.lastSuccessAt === null ? null : formatInstant(standing.lastSuccessAt, zone),
		last_duration_seconds: good?.duration ?? null,
		last_size_bytes: good?.size ?? null,
		last_phases: Object.fromEntries((good?.phases ?? []).map(({ name, seconds }) => [name, seconds])),
		runs: standing.counts,
		worst_alert: standing.worstAlert,
		ladder: ladder === undefined ? null : ladderObject(ladder, zone),
	};
}

/** The four rungs, what each last proved and when. */
function ladderObject(ladder: Ladder, zone: string) {
	const rungs = rungNames.map((name) => {
		const { state, at, sentence } = ladder[name];
		return [name, { state, at: at === null ? null : formatInstant(at, zone), sentence }];
	});
	return Object.fromEntries(rungs);
}

const runFields = {
	id: whole("Its key in this database; another one after a rebuild."),
	slug: text("The address of its job."),
	job: text(),
	host: text(),
	kind: { type: "string", enum: kinds },
	outcome: { type: "string", enum: outcomes },
	success: { type: ["boolean", "null"], description: "null while it runs." },
	backup_id: text(),
	timestamp: text("As the reporter wrote it."),
	started_at: instant(),
	ended_at: instantOrNull(),
	duration_total: numberOrNull("Seconds."),
	phases: secondsByName,
	size_bytes: wholeOrNull(),
	volume_bytes: wholeOrNull(),
	bytes_added: wholeOrNull(),
	files_total: wholeOrNull(),
	files_new: wholeOrNull(),
	files_changed: wholeOrNull(),
	snapshot_id: textOrNull(),
	repository: textOrNull(),
	exit_code: wholeOrNull(),
	error_category: textOrNull(),
	error_message: textOrNull(),
	warnings: wholeOrNull(),
	warning_messages: list(text()),
	labels: { type: "object", additionalProperties: { type: "string" } },
	metrics: { type: "object", additionalProperties: { type: "number" } },
} satisfies Record<string, Schema>;

export const runSchema = objectOf(runFields);
/** One run alone, and a line of the JSONL export: with its log. A line is a report again, and can be imported. */
export const wholeRunSchema = objectOf({ ...runFields, log: textOrNull("Its tail.") });

const { id: _id, slug: _slug, ...reportFields } = runFields;
/** What the sender of a report is told. */
export const storedSchema = objectOf({
	runs: list(objectOf(reportFields)),
	ignored: list(objectOf({ reason: text("Why something in the output made no run.") })),
});

export function runObject(run: Run): Record<string, unknown> {
	return { id: run.id, slug: run.slug, ...answerOf(run) };
}

export function wholeRunObject(run: Run): Record<string, unknown> {
	return { ...runObject(run), log: run.log };
}

export const jobsSchema = objectOf({ jobs: list(ref("Job")) });

export const jobDetailSchema = objectOf({
	...jobFields,
	last_30_days: objectOf({
		runs: whole(),
		succeeded: whole(),
		failed: whole(),
		average_duration_seconds: numberOrNull("Over runs that succeeded, as the next two."),
		average_size_bytes: numberOrNull(),
		average_bytes_per_second: numberOrNull(),
	}),
	recent: list(ref("Run")),
});

export function jobDetail(standing: Standing, beside: ReadBeside, totals: Totals, recent: Run[], zone: string) {
	return {
		...jobObject(standing, beside, zone),
		last_30_days: {
			runs: totals.runs,
			succeeded: totals.succeeded,
			failed: totals.failed,
			average_duration_seconds: totals.averageDuration,
			average_size_bytes: totals.averageSize,
			average_bytes_per_second: totals.averageThroughput,
		},
		recent: recent.map(runObject),
	};
}

export const runsSchema = objectOf({
	runs: list(ref("Run")),
	next: textOrNull("Cursor of the next page; null on the last. A page may hold fewer runs than asked for, even none."),
});
