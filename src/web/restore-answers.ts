// /api/restore: its answer and the schema of it. Seconds and bytes are numbers, what is not known is null.
import type { RungState } from "../ladder.ts";
import { basisWords } from "../restore.ts";
import { accuracyOf } from "../restore-check.ts";
import type { Span } from "../restore-lab.ts";
import type { RestorePage, ShownRestoreJob } from "../restore-page.ts";
import { formatInstant } from "../time.ts";
import { json, type Operation } from "./openapi.ts";
import {
	instant,
	instantOrNull,
	list,
	numberOrNull,
	objectOf,
	type Schema,
	text,
	textOrNull,
	whole,
} from "./schema.ts";

const rungStates: readonly RungState[] = ["ok", "warning", "failed", "unknown", "not_set_up"];
const seconds: Schema = { type: "number" };
const span = { seconds, low_seconds: seconds, high_seconds: seconds };
const orNull = (schema: Schema): Schema => ({ ...schema, type: ["object", "null"] });
const slugs = (description: string): Schema => ({ ...list(text()), description });

const drill = objectOf({
	run_id: whole(),
	ended_at: instant(),
	size_bytes: whole("What it brought back."),
	seconds,
	estimated: orNull(objectOf(span, "What would have been said just before it, of as many bytes.")),
	is_inside: { type: ["boolean", "null"], description: "null where there was no estimate before it." },
});

const job = objectOf({
	job: text(),
	slug: text(),
	host: text(),
	estimate: orNull(
		objectOf({
			...span,
			size_bytes: whole(),
			basis: text("From 3 drills, the last 12 d ago; from upload speed, \u2026"),
		}),
	),
	reason: textOrNull("Why there is no estimate."),
	target_seconds: numberOrNull("The rto of the configuration."),
	restorable: { type: "string", enum: rungStates, description: "The highest rung of the ladder." },
	sentence: text(),
	last_drill: instantOrNull("When the newest drill that worked ended."),
	drills: list(drill),
});

export const restoreOperation: Operation = {
	method: "GET",
	path: "/api/restore",
	summary: "How long restores would take, and how good the estimates were",
	parameters: {
		job: { type: "string", description: "Slug of a job, else its name; may be repeated. All jobs without it." },
	},
	answers: {
		200: json(
			"Estimates",
			objectOf({
				serial: orNull(objectOf(span, "One after the other.")),
				parallel: orNull(objectOf(span, "All at once.")),
				unknown: slugs("Jobs without an estimate."),
				over_target: slugs("Jobs that would take longer than their target."),
				accuracy: objectOf({ estimated: whole("Drills that had an estimate before them."), inside: whole() }),
				plan: slugs("What to restore next, the first first."),
				jobs: list(job),
			}),
		),
	},
};

export function restoreObject({ jobs, selection, lab, plan, now }: RestorePage, zone: string): Record<string, unknown> {
	const shown = jobs.filter(({ job }) => selection === null || selection.has(job.slug));
	return {
		serial: lab === null ? null : spanObject(lab.serial),
		parallel: lab === null ? null : spanObject(lab.parallel),
		unknown: lab === null ? shown.map(({ job }) => job.slug) : lab.unknown,
		over_target: lab?.late ?? [],
		accuracy: accuracyOf(shown.flatMap(({ checked }) => checked)),
		plan: plan.filter(({ job }) => selection === null || selection.has(job.slug)).map(({ job }) => job.slug),
		jobs: shown.map((one) => jobObject(one, zone, now)),
	};
}

function jobObject({ job, estimate, reason, rto, rung, checked }: ShownRestoreJob, zone: string, now: number) {
	return {
		job: job.name,
		slug: job.slug,
		host: job.host,
		estimate:
			estimate === null
				? null
				: { ...spanObject(estimate), size_bytes: estimate.bytes, basis: basisWords(estimate.basis, now) },
		reason,
		target_seconds: rto,
		restorable: rung.state,
		sentence: rung.sentence,
		last_drill: rung.at === null ? null : formatInstant(rung.at, zone),
		drills: checked.map(({ drill, estimate: before, isInside }) => ({
			run_id: drill.runId,
			ended_at: formatInstant(drill.endedAt, zone),
			size_bytes: drill.bytes,
			seconds: drill.seconds,
			estimated: before === null ? null : spanObject(before),
			is_inside: isInside,
		})),
	};
}

function spanObject({ seconds, low, high }: Span) {
	const round = (value: number) => Math.round(value * 10) / 10;
	return { seconds: round(seconds), low_seconds: round(low), high_seconds: round(high) };
}
