// The routes that stand elsewhere (the original's, the monitor's own state, reporting), as /api/openapi.json describes them.
import { alertKinds, severities } from "../alert.ts";
import { json, type Operation } from "./openapi.ts";
import { restoreOperation } from "./restore-answers.ts";
import {
	instant,
	instantOrNull,
	list,
	objectOf,
	type Parameters,
	ref,
	type Schema,
	text,
	textOrNull,
	whole,
	wholeOrNull,
} from "./schema.ts";

const speed: Schema = { type: "number", description: "MiB per second, two decimals; 0 where unknown." };
const zeroWhenUnknown = whole("0 where unknown.");

const job: Parameters = { job: { type: "string", description: "Slug of a job, else its name; all jobs without it." } };
const limit = (otherwise: number): Parameters => ({
	limit: {
		type: "integer",
		minimum: 1,
		maximum: 365,
		default: otherwise,
		description: "Most elements; kept between 1 and 365.",
	},
});

const metricsRow = objectOf({
	archive_mb_per_sec: speed,
	backup_id: text(),
	duration_archive: zeroWhenUnknown,
	duration_snapshot: zeroWhenUnknown,
	duration_total: zeroWhenUnknown,
	duration_upload: zeroWhenUnknown,
	duration_volumes: zeroWhenUnknown,
	error_category: textOrNull(),
	error_message: textOrNull(),
	size_bytes: zeroWhenUnknown,
	success: { type: "boolean" },
	throughput_mb_per_sec: speed,
	timestamp: text("As the reporter wrote it."),
	upload_mb_per_sec: speed,
	volume_bytes: zeroWhenUnknown,
	volumes_mb_per_sec: speed,
});

const rejectedLine = objectOf({
	id: whole(),
	source: text(),
	line: whole(),
	reason: text(),
	text: text(),
	seenAt: whole("Unix milliseconds."),
});

const problem = objectOf({
	id: text(),
	severity: { type: "string", enum: ["warning", "critical"] },
	title: text(),
	detail: text(),
});

const alert = objectOf({
	id: whole(),
	job: textOrNull("null: about the monitor itself, as slug and host."),
	slug: textOrNull(),
	host: textOrNull(),
	kind: { type: "string", enum: alertKinds },
	key: text("What tells two of one kind apart: a phase, a channel."),
	severity: { type: "string", enum: severities },
	sentence: text(),
	run_id: wholeOrNull(),
	opened_at: instant(),
	escalated_at: instantOrNull(),
	acknowledged_at: instantOrNull(),
	acknowledged_until: instantOrNull("null while acknowledged: until it is over."),
	snoozed_until: instantOrNull(),
	resolved_at: instantOrNull(),
	resolution: textOrNull(),
	speaks_for: list(text()),
});

const undelivered = objectOf({
	channel: text(),
	event: text(),
	about: text(),
	created_at: instant(),
	attempts: whole(),
	error: textOrNull(),
	next_try_at: instantOrNull("null: given up."),
});

const channel = objectOf({
	name: text(),
	type: text(),
	address: text("Scheme and host; no secret."),
	min_severity: { type: "string", enum: severities },
	last_sent_at: instantOrNull(),
	failing_since: instantOrNull(),
	error: textOrNull(),
});

export const expositionTypes = {
	"text/plain; version=0.0.4": { type: "string" },
	"application/openmetrics-text; version=1.0.0": { type: "string" },
} satisfies Record<string, Schema>;

const reports: Schema = { oneOf: [ref("Report"), list(ref("Report"))] };
const refusal = (description: string) => json(description, ref("Error"));
const pushAnswers: Operation["answers"] = {
	200: json("Stored, and what was understood", ref("Stored")),
	202: json("Safe in the journal; stored as soon as the database is free", ref("Stored")),
	401: refusal("No token, or a wrong one"),
	422: refusal("A report that cannot be used; nothing of the request was stored"),
	503: refusal("The push token cannot be read at the moment: try again"),
	507: refusal("The disk is full; nothing was stored"),
};
const push = {
	method: "POST",
	needsToken: true,
	body: { description: "A report, a list of them, or one a line", types: { "application/json": reports } },
	answers: pushAnswers,
} as const;

const reportOperations: Operation[] = [
	{ ...push, path: "/api/runs", summary: "Reports runs" },
	{ ...push, path: "/api/jobs/:job/runs", summary: "Reports runs of one job" },
	{
		...push,
		path: "/ingest/:tool",
		summary: "Reports what a backup tool printed",
		body: { description: "The output as it is", types: { "text/plain": { type: "string" } } },
		parameters: {
			job: { type: "string", description: "Name of the job." },
			host: { type: "string", description: "Where it ran." },
			exit: { type: "integer", minimum: 0, maximum: 255, description: "Exit status of the tool." },
			signal: { type: "string", description: "What ended it." },
			rid: { type: "string", description: "Id of the invocation, where the tool gives none." },
		},
	},
];

export const otherOperations: Operation[] = [
	...reportOperations,
	{
		method: "GET",
		path: "/api/metrics",
		summary: "The last finished backup runs, oldest first",
		description:
			"JSON, with whole seconds and bytes, unless Accept prefers the text that Prometheus reads; then as /metrics.",
		parameters: {
			...job,
			...limit(30),
			since: { type: "string", format: "instant", description: "Began at this time or later; ISO 8601 or Unix time." },
		},
		answers: {
			200: { description: "Runs, or metrics", types: { "application/json": list(metricsRow), ...expositionTypes } },
		},
	},
	{
		method: "GET",
		path: "/api/failures",
		summary: "The last failures, newest first",
		parameters: { ...job, ...limit(10) },
		answers: {
			200: json(
				"Failures",
				list(objectOf({ backup_id: text(), error_category: text(), error_message: textOrNull(), timestamp: text() })),
			),
		},
	},
	{
		method: "GET",
		path: "/api/failure-trends",
		summary: "Failures of 30 days by week and category",
		parameters: job,
		answers: {
			200: json(
				"Counts",
				list(objectOf({ count: whole(), error_category: text(), week: text("Year and week, 2026-04.") })),
			),
		},
	},
	{
		method: "GET",
		path: "/api/rejected",
		summary: "Lines that could not be read, newest first",
		parameters: limit(100),
		answers: {
			200: json("Lines", objectOf({ total: whole(), lines: list(rejectedLine), legacy: list({ type: "object" }) })),
		},
	},
	{
		method: "GET",
		path: "/api/alerts",
		summary: "What is open, what was, what was not delivered, and the channels",
		answers: {
			200: json(
				"Alerts",
				objectOf({ open: list(alert), recent: list(alert), undelivered: list(undelivered), channels: list(channel) }),
			),
		},
	},
	restoreOperation,
	{
		method: "GET",
		path: "/api/inventory",
		summary: "What the remotes hold against what was reported, job by job",
		answers: {
			200: json(
				"Inventories",
				objectOf({
					summary: textOrNull("What would be lost if every source died now; null: not known."),
					jobs: list({ type: "object" }),
					never_listed: list(objectOf({ slug: text(), name: text(), host: text() })),
				}),
			),
		},
	},
	{
		method: "PUT",
		path: "/api/jobs/:job/inventory",
		needsToken: true,
		summary: "Takes a remote's own listing",
		body: { description: "The listing as the tool prints it", types: { "text/plain": { type: "string" } } },
		parameters: {
			from: { type: "string", description: "restic, borg, rclone, kopia, s3, find or jsonl." },
		},
		answers: {
			200: json("What was understood", { type: "object" }),
			401: refusal("No token, or a wrong one"),
			404: refusal("No such job"),
			422: refusal("A listing that is cut, empty or not readable; kept as a listing that failed"),
		},
	},
	{
		method: "POST",
		path: "/api/import",
		summary: "Reads the metrics file now",
		description:
			"It is read once a second anyway. Answers after five seconds at most: what a big file still holds is read on. Taken from this server's own pages and from a shell.",
		answers: {
			200: json("Read", objectOf({ imported_at: text(), inserted: whole(), status: { type: "string", enum: ["ok"] } })),
		},
	},
	{
		method: "GET",
		path: "/health",
		summary: "Whether the monitor itself is well",
		answers: {
			200: json("ok, or degraded with what is wrong", {
				type: "object",
				properties: { status: { type: "string", enum: ["ok", "degraded"] }, problems: list({ type: "object" }) },
				required: ["status"],
			}),
		},
	},
	{
		method: "GET",
		path: "/api/health",
		summary: "The monitor's own state in detail",
		answers: {
			200: json("State", {
				type: "object",
				properties: {
					status: { type: "string", enum: ["ok", "degraded"] },
					version: text(),
					commit: text(),
					problems: list(problem),
					zone: text(),
					now: instant(),
					uptime_seconds: whole(),
					rss_bytes: whole(),
					database: { type: "object" },
					own_copy: {
						type: ["object", "null"],
						description: "The newest checked copy of the database: path, made_at, age_seconds, size_bytes.",
					},
					free_bytes: { type: ["integer", "null"] },
					retention_days: whole(),
					outages: list({ type: "object" }),
					channels: { type: "object" },
					source: { type: "object" },
				},
				required: ["status", "version", "problems", "source"],
			}),
		},
	},
];
