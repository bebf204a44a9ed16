// The flags of `record`, and the report they make: each flag is a field of the line format.
import { parseArgs } from "node:util";
import { AppError } from "../errors.ts";
import type { ReportObject } from "../ingest/tool-report.ts";
import type { Outcome } from "../run.ts";
import { signalOf } from "../signal.ts";
import { describe } from "../visible.ts";
import { type CommonFlags, commonOptions, pairsOf, readCommon, usageError } from "./report-flags.ts";

export type RecordArgs = CommonFlags & {
	outcome: Outcome | null;
	exit: number | null;
	signal: string | null;
	stdout: string | null;
	stderr: string | null;
	backupId: string | null;
	keepsLog: boolean;
	isJson: boolean;
	/** Fields that flags gave, by their names in the line format. */
	fields: ReportObject;
};

/** Flags whose text is the field's value; what it must look like is the report's to judge. */
const textFields = {
	timestamp: "timestamp",
	"started-at": "started_at",
	"ended-at": "ended_at",
	"snapshot-id": "snapshot_id",
	repository: "repository",
	"error-category": "error_category",
	"error-message": "error_message",
	log: "log",
} as const;

const numberFields = {
	duration: "duration_total",
	size: "size_bytes",
	"volume-bytes": "volume_bytes",
	"bytes-added": "bytes_added",
	"files-total": "files_total",
	"files-new": "files_new",
	"files-changed": "files_changed",
	warnings: "warnings",
} as const;

const text = { type: "string" } as const;
const yes = { type: "boolean" } as const;
const many = { type: "string", multiple: true } as const;

const options = {
	...commonOptions,
	success: yes,
	failure: yes,
	warning: yes,
	running: yes,
	exit: text,
	signal: text,
	stdout: text,
	stderr: text,
	"backup-id": text,
	"no-log": yes,
	json: yes,
	phase: many,
	metric: many,
	"warning-message": many,
	timestamp: text,
	"started-at": text,
	"ended-at": text,
	"snapshot-id": text,
	repository: text,
	"error-category": text,
	"error-message": text,
	log: text,
	duration: text,
	size: text,
	"volume-bytes": text,
	"bytes-added": text,
	"files-total": text,
	"files-new": text,
	"files-changed": text,
	warnings: text,
} as const;

export function readRecordArgs(words: string[]): RecordArgs {
	const { values, positionals } = parseFlags(words);
	if (positionals.length > 0) throw new AppError("usage", `"${positionals[0]}" is more than record takes.`);
	const fields: ReportObject = {};
	for (const [flag, field] of Object.entries(textFields)) {
		const value = values[flag as keyof typeof textFields];
		if (value !== undefined) fields[field] = value;
	}
	for (const [flag, field] of Object.entries(numberFields)) {
		const value = values[flag as keyof typeof numberFields];
		if (value !== undefined) fields[field] = numberOf(value, `--${flag}`);
	}
	const { phase, metric, "warning-message": messages } = values;
	if (phase !== undefined) fields.phases = numbersOf(phase, "--phase");
	if (metric !== undefined) fields.metrics = numbersOf(metric, "--metric");
	if (messages !== undefined) fields.warning_messages = messages;
	const args = {
		...readCommon(values, "record"),
		outcome: outcomeOf(values),
		exit: values.exit === undefined ? null : exitOf(values.exit),
		signal: values.signal === undefined ? null : signalNamed(values.signal),
		stdout: values.stdout ?? null,
		stderr: values.stderr ?? null,
		backupId: values["backup-id"] ?? null,
		keepsLog: values["no-log"] !== true,
		isJson: values.json === true,
		fields,
	};
	if (!args.hasFrom && args.outcome === null && args.exit === null && args.signal === null) {
		throw new AppError(
			"usage",
			"How did it end? Give --success, --warning, --failure, --running, --exit N, or --from TOOL.",
		);
	}
	if (!args.hasFrom && (args.stdout !== null || args.stderr !== null)) {
		throw new AppError(
			"usage",
			"--stdout and --stderr are read by a tool's adapter: give --from TOOL, or --from auto.",
		);
	}
	return args;
}

function parseFlags(args: string[]) {
	try {
		return parseArgs({ args, options, allowPositionals: true });
	} catch (error) {
		throw usageError(error, "record", options);
	}
}

function outcomeOf(values: { [K in Outcome]?: boolean }): Outcome | null {
	const given = (["success", "warning", "failure", "running"] as const).filter((word) => values[word] === true);
	if (given.length > 1) throw new AppError("usage", `--${given.join(" and --")} contradict each other.`);
	return given[0] ?? null;
}

function exitOf(value: string): number {
	if (/^\d{1,3}$/.test(value) && Number(value) <= 255) return Number(value);
	throw new AppError("usage", `--exit is ${describe(value)}; expected an exit status from 0 to 255.`);
}

function signalNamed(value: string): string {
	const name = signalOf(value);
	if (name !== null) return name;
	throw new AppError("usage", `--signal is ${describe(value)}; expected a name such as SIGKILL.`);
}

function numberOf(value: string, flag: string): number {
	if (/^\d{1,16}(?:\.\d+)?$/.test(value.trim())) return Number(value);
	throw new AppError("usage", `${flag} is ${describe(value)}; expected a number, in bytes or seconds.`);
}

function numbersOf(values: string[], flag: string): Record<string, number> {
	const numbers: Record<string, number> = Object.create(null);
	for (const [name, value] of Object.entries(pairsOf(values, flag))) {
		const number = value.trim() === "" ? Number.NaN : Number(value);
		if (!Number.isFinite(number)) {
			throw new AppError("usage", `${flag} ${name} is ${describe(value)}; expected a number.`);
		}
		numbers[name] = number;
	}
	return numbers;
}

/** The report: what the tool said, with every flag over it. */
export function fieldsOf(args: RecordArgs, told: ReportObject, now: number): ReportObject {
	const outcome = args.outcome ?? told.outcome ?? (args.exit === 0 && args.signal === null ? "success" : "failure");
	const report: ReportObject = { ...told, job: args.job, ...args.fields, outcome };
	if (args.host !== "") report.host = args.host;
	if (args.kind !== null) report.kind = args.kind;
	if (args.exit !== null) report.exit_code ??= args.exit;
	if (Object.keys(args.labels).length > 0) report.labels = { ...(told.labels as object | undefined), ...args.labels };
	if (outcome === "failure" && report.error_message === undefined && args.signal !== null) {
		report.error_message = `ended by ${args.signal}`;
		report.error_category ??= "interrupted";
	}
	report.timestamp = args.fields.timestamp ?? args.fields.started_at ?? told.timestamp ?? startOf(report, now);
	report.backup_id = (told.backup_id === undefined ? args.backupId : told.backup_id) ?? String(report.timestamp);
	return report;
}

/** Without a start: it ended now, and began a duration before, where that was told. */
function startOf(report: ReportObject, now: number): string {
	const seconds = typeof report.duration_total === "number" ? report.duration_total : 0;
	const end = typeof report.ended_at === "string" ? Date.parse(report.ended_at) : now;
	return new Date((Number.isNaN(end) ? now : end) - Math.round(seconds * 1000)).toISOString();
}
