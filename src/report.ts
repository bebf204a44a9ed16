// Turns one object that somebody sent (a JSONL line, a push, an adapter's reading) into a validated run report.
//
// Three facts make a run: which (backup_id), when (timestamp), did it work (success or outcome). If one of them cannot
// be used the report is rejected with the field and the reason. Everything else is best effort: a measure that cannot
// be used becomes unknown, is noted, and never costs the record.

import {
	exitCodeOf,
	labelsOf,
	limits,
	logOf,
	measure,
	metricsOf,
	nameOf,
	optionalInstant,
	textOf,
	textsOf,
	whole,
} from "./report-fields.ts";
import { type Kind, kinds, type Outcome, type Phase, type RunReport } from "./run.ts";
import { parseTimestamp } from "./time.ts";
import { describe, visible } from "./visible.ts";

export type ParsedReport =
	| { ok: true; report: RunReport /** What was lost or cut, for people. */; notes: string[] }
	| { ok: false; field: string; reason: string };

const yes = new Set(["true", "yes", "y", "ok", "success", "succeeded", "successful", "completed", "1"]);
const no = new Set(["false", "no", "n", "fail", "failed", "failure", "error", "ko", "0"]);
const noPhases: Phase[] = [];

/** Reads a report. `zone` is the wall clock of stamps that carry no offset. Never throws. */
export function parseReport(value: unknown, zone: string): ParsedReport {
	if (typeof value !== "object" || value === null || Array.isArray(value)) {
		return { ok: false, field: "", reason: `expected one JSON object, found ${describe(value)}` };
	}
	const raw = value as Record<string, unknown>;
	const notes: string[] = [];

	const backupId = idOf(raw.backup_id);
	if (backupId === null) return refuse("backup_id", raw.backup_id, "text or a number of 1 to 512 characters");
	const stamp = parseTimestamp(raw.timestamp, zone);
	if (stamp === null) return refuse("timestamp", raw.timestamp, "an ISO 8601 time such as 2026-01-07T02:00:00+01:00");
	const outcome = outcomeOf(raw, notes);
	if (typeof outcome !== "string") return outcome;

	const spentSeconds = measure(raw.duration_total, "duration_total", notes);
	const span = spanOf(raw, stamp, outcome, spentSeconds, zone, notes);
	const keepsError = outcome !== "success";
	return {
		ok: true,
		notes,
		report: {
			job: nameOf(raw.job, "job", limits.name, "default", notes),
			host: nameOf(raw.host, "host", limits.host, "", notes),
			backupId,
			kind: kindOf(raw.kind, notes),
			outcome,
			timestamp: String(raw.timestamp).trim(),
			startedAt: span.startedAt,
			endedAt: span.endedAt,
			duration: span.duration,
			phases: phasesOf(raw, notes),
			size: whole(raw.size_bytes, "size_bytes", notes),
			volumeBytes: whole(raw.volume_bytes, "volume_bytes", notes),
			bytesAdded: whole(raw.bytes_added, "bytes_added", notes),
			filesTotal: whole(raw.files_total, "files_total", notes),
			filesNew: whole(raw.files_new, "files_new", notes),
			filesChanged: whole(raw.files_changed, "files_changed", notes),
			snapshotId: textOf(raw.snapshot_id, "snapshot_id", limits.id, notes),
			repository: textOf(raw.repository, "repository", 2048, notes),
			exitCode: exitCodeOf(raw.exit_code, notes),
			warnings: whole(raw.warnings, "warnings", notes),
			warningMessages: textsOf(raw.warning_messages, notes),
			errorCategory: keepsError ? textOf(raw.error_category, "error_category", limits.category, notes) : null,
			errorMessage: keepsError ? textOf(raw.error_message, "error_message", limits.text, notes) : null,
			log: logOf(raw.log, notes),
			labels: labelsOf(raw.labels, notes),
			metrics: metricsOf(raw.metrics, notes),
		},
	};
}

function refuse(field: string, value: unknown, wanted: string): ParsedReport {
	const reason = value === undefined ? `is missing; expected ${wanted}` : `is ${describe(value)}; expected ${wanted}`;
	return { ok: false, field, reason };
}

function idOf(value: unknown): string | null {
	if (typeof value === "number") return Number.isFinite(value) ? String(value) : null;
	if (typeof value !== "string") return null;
	const id = visible(value.trim());
	return id.length >= 1 && id.length <= limits.id ? id : null;
}

function successOf(value: unknown): boolean | null {
	if (value === true || value === 1) return true;
	if (value === false || value === 0) return false;
	if (typeof value !== "string") return null;
	const word = value.trim().toLowerCase();
	return yes.has(word) ? true : no.has(word) ? false : null;
}

/** Never guesses: without a usable `success` or `outcome`, or where the two disagree, there is no run. */
function outcomeOf(raw: Record<string, unknown>, notes: string[]): Outcome | ParsedReport {
	const told = raw.success !== undefined && raw.success !== null;
	const success = successOf(raw.success);
	if (raw.outcome === undefined || raw.outcome === null) {
		if (success === null) return refuse("success", raw.success, "true or false");
		return success ? "success" : "failure";
	}
	const outcome = outcomeWord(raw.outcome);
	if (outcome === null) {
		if (success === null) return refuse("outcome", raw.outcome, "success, warning, failure or running");
		notes.push("outcome was not understood; success was used");
		return success ? "success" : "failure";
	}
	if (!told) return outcome;
	if (success === null) return refuse("success", raw.success, "true or false");
	if (outcome === "running" || success !== (outcome !== "failure")) {
		return { ok: false, field: "outcome", reason: `${outcome} contradicts success ${success}` };
	}
	return outcome;
}

function outcomeWord(value: unknown): Outcome | null {
	if (typeof value !== "string") return null;
	const word = value.trim().toLowerCase();
	if (word === "warning" || word === "running") return word;
	return yes.has(word) ? "success" : no.has(word) ? "failure" : null;
}

function kindOf(value: unknown, notes: string[]): Kind {
	if (value === undefined || value === null) return "backup";
	const known = kinds.find((kind) => typeof value === "string" && kind === value.trim().toLowerCase());
	if (known === undefined) notes.push("kind is not one of backup, check, prune, sync, restore_test; taken as backup");
	return known ?? "backup";
}

function spanOf(
	raw: Record<string, unknown>,
	stamp: number,
	outcome: Outcome,
	spent: number | null,
	zone: string,
	notes: string[],
): Pick<RunReport, "startedAt" | "endedAt" | "duration"> {
	const started = optionalInstant(raw.started_at, "started_at", zone, notes);
	let ended = optionalInstant(raw.ended_at, "ended_at", zone, notes);
	let startedAt = started ?? stamp;
	// A script that knows only its end writes the same instant as timestamp: the start lies a duration before it.
	if (started === null && ended !== null && stamp >= ended) startedAt = ended - Math.round((spent ?? 0) * 1000);
	if (startedAt < 0) startedAt = stamp;
	if (outcome === "running") return { startedAt, endedAt: null, duration: spent };
	if (ended !== null && ended < startedAt) {
		notes.push("ended_at lies before the start");
		ended = null;
	}
	const duration = spent ?? (ended === null ? null : (ended - startedAt) / 1000);
	return {
		startedAt,
		endedAt: ended ?? (duration === null ? null : startedAt + Math.round(duration * 1000)),
		duration,
	};
}

/** `duration_<name>` fields and the `phases` object together; `phases` wins where both name one. */
function phasesOf(raw: Record<string, unknown>, notes: string[]): Phase[] {
	let phases: Phase[] | null = null;
	for (const key in raw) {
		const name = phaseOf(key);
		if (name === null) continue;
		const seconds = measure(raw[key], key, notes);
		if (seconds === null) continue;
		phases ??= [];
		if (phases.length < limits.entries) phases.push({ name, seconds });
	}
	if (raw.phases === undefined || raw.phases === null) return phases ?? noPhases;
	if (typeof raw.phases !== "object" || Array.isArray(raw.phases)) {
		notes.push("phases is not an object of name to seconds");
		return phases ?? noPhases;
	}
	phases ??= [];
	for (const [key, value] of Object.entries(raw.phases)) {
		const name = visible(key.trim());
		const seconds = measure(value, `phases.${key}`, notes);
		if (seconds === null || name.length === 0 || name.length > limits.name) continue;
		const known = phases.find((phase) => phase.name === name);
		if (known !== undefined) known.seconds = seconds;
		else if (phases.length < limits.entries) phases.push({ name, seconds });
	}
	return phases;
}

// The same few keys come in every report of a file.
const phaseNames = new Map<string, string | null>();

/** The phase that a `duration_<name>` field times, or null for any other field. */
function phaseOf(key: string): string | null {
	const known = phaseNames.get(key);
	if (known !== undefined) return known;
	const isPhase = key.startsWith("duration_") && key !== "duration_total" && key.length > 9;
	const name = isPhase && key.length <= 9 + limits.name ? visible(key.slice(9)) : null;
	if (phaseNames.size >= 256) phaseNames.clear();
	phaseNames.set(key, name);
	return name;
}
