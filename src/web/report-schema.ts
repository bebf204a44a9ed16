// The report that the roads in take, as /api/openapi.json describes it; what it means is decided by src/report.ts.
import { kinds, outcomes } from "../run.ts";
import { list, type Schema, text } from "./schema.ts";

const measure: Schema = { type: ["number", "null"], minimum: 0 };
const stamp = (description: string): Schema => ({
	type: ["string", "number", "null"],
	description: `${description} ISO 8601 with an offset, or Unix time.`,
});

/** Other fields are kept as they are, and any `duration_<name>` is a phase. */
export const reportSchema: Schema = {
	type: "object",
	required: ["timestamp", "backup_id"],
	additionalProperties: true,
	properties: {
		timestamp: stamp("When it began."),
		backup_id: { type: ["string", "number"], description: "The same job, host and id again is the same run." },
		success: { type: ["boolean", "null"], description: "This or `outcome` is needed; where both stand they agree." },
		outcome: { type: ["string", "null"], enum: [...outcomes, null] },
		job: text('"default" where none is told.'),
		host: text(),
		kind: { type: ["string", "null"], enum: [...kinds, null] },
		started_at: stamp("Where timestamp is not the start."),
		ended_at: stamp("When it ended."),
		duration_total: { ...measure, description: "Seconds." },
		phases: { type: "object", additionalProperties: { type: "number" }, description: "Seconds by name." },
		size_bytes: measure,
		volume_bytes: measure,
		bytes_added: measure,
		files_total: measure,
		files_new: measure,
		files_changed: measure,
		snapshot_id: { type: ["string", "null"] },
		repository: { type: ["string", "null"] },
		exit_code: { type: ["integer", "null"] },
		warnings: measure,
		warning_messages: list(text()),
		error_category: { type: ["string", "null"] },
		error_message: { type: ["string", "null"] },
		log: { type: ["string", "null"], description: "Its tail is kept." },
		labels: { type: "object", additionalProperties: { type: "string" } },
		metrics: { type: "object", additionalProperties: { type: "number" } },
	},
};
