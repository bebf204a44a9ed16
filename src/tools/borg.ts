// borg 1.1 to 1.4 and the betas of 2: `create` with --json, --log-json or --stats, check, prune and compact.
import { borgLines, correctZone } from "./borg-archive.ts";
import { categoryOfStatus, isWarningStatus } from "./borg-codes.ts";
import { type BorgMessage, type BorgWords, collectBorg } from "./borg-words.ts";
import { type ErrorCategory, errorCategory, worseCategory } from "./error-category.ts";
import { seamsOf } from "./seams.ts";
import { bothStreams, edgesOf } from "./text.ts";
import type { Tool, ToolOutput, ToolReading, ToolRun } from "./tool.ts";
import { clip, clipMessages, doubt, notUnderstood, unknownRun, wasKilled } from "./tool-run.ts";

const jsonSign =
	/"levelname":\s*"|"type":\s*"(?:archive_progress|progress_percent|file_status)"|"(?:nfiles|deduplicated_size)":|"unique_csize":|"barchive":|"id_hash":|"mode":\s*"(?:repokey|keyfile|authenticated|none)|"healthy":\s*(?:true|false)/;
const listSign = /"archives":\s*\[[\s\S]{0,2000}"(?:start|time)":/;
const textSign =
	/^Archive fingerprint: [0-9a-f]{64}|^(?!error|warning)(?:[^\n]{0,400}\/)?([^/\n]{1,255}): (?:\w+: )?\[Errno \d+\] [^\n:]{1,80}: '(?:[^'\n]{0,400}\/)?\1'$|^terminating with \w+ status, rc|^(?:Keeping|Pruning) archive|^Repository \S.* does not exist\.$|^Failed to create\/acquire the lock|^passphrase supplied in BORG_|can ?not acquire a passphrase: BORG_|^Archive \S+ already exists$|^Insufficient free space to complete transaction|\. Is borg working on the server\?$|is not a valid repository\. Check repo config\.$|^Starting (?:full )?repository check|^compaction freed|KEY AND PASSPHRASE|^borg2? \d+\.\d|^Data integrity error: |^Finished full repository check|\d \[[0-9a-f]{64}\]$/im;

export const borg: Tool = {
	name: "borg",
	recognise: (output) => {
		const text = edgesOf(bothStreams(output));
		if (jsonSign.test(text)) return 0.85;
		if (listSign.test(text)) return 0.6;
		return textSign.test(text) ? 0.7 : 0;
	},
	seams: seamsOf(borgLines.initials, borgLines.before, borgLines.after),
	read: (output) => {
		const words = collectBorg(output);
		const ignored = words.ignored.map((reason) => ({ reason }));
		const exit = output.exit ?? words.status;
		const ending = { ...output, exit };
		const reading = (runs: ToolRun[]): ToolReading => ({ tool: "borg", understood: true, runs, ignored });
		if (words.archives.length > 0) return reading(words.archives.map((run) => judgeArchive(run, words, ending)));
		const isFine = output.signal === null && (exit === null || exit === 0) && words.errors.length === 0;
		if (ignored.length > 0 && isFine) return reading([]);
		if (!words.isBorg && !knownError(words)) return notUnderstood("borg", ending);
		return reading([words.kind === null ? judgeSilent(words, ending) : judgeMaintenance(words, ending)]);
	},
};

function knownError(words: BorgWords): boolean {
	return (
		words.errors.length > 0 ||
		words.warnings.length > 0 ||
		words.leftover.some((line) => errorCategory(line) !== "unknown")
	);
}

/** An archive was written. Its size is kept whatever the verdict. */
function judgeArchive(run: ToolRun, words: BorgWords, output: ToolOutput): ToolRun {
	run.exitCode = output.exit;
	correctZone(run, words.loggedAt, output.receivedAt);
	addWarnings(run, words);
	const hasWarnings =
		isWarningStatus(output.exit) ||
		// Beside an exit 0 the error is that of another command of the script.
		words.errors.length > 0 ||
		words.warnings.some(({ category }) => category.startsWith("source_"));
	const isUntold = output.exit === null && words.errors.length > 0;
	if (wasKilled(output) || isUntold || (output.exit !== null && output.exit !== 0 && !isWarningStatus(output.exit))) {
		return fail(run, words, output);
	}
	if (!hasWarnings) run.outcome = "success";
	// borg writes an empty archive when no source is there, and calls that a warning.
	else if (run.filesTotal === 0 || run.filesTotal === null) {
		fail(run, words, output);
		if (run.errorCategory === "unknown") run.errorCategory = "source_missing";
	} else {
		run.outcome = "warning";
		const error = output.exit === 0 ? words.errors[0] : undefined;
		run.errorMessage = error?.text ?? words.warnings[0]?.text ?? null;
		run.errorCategory = error?.category ?? warningCategory(words) ?? categoryOfStatus(output.exit) ?? "unknown";
	}
	return run;
}

/** `create` without --json and --stats: silent unless there is something to complain about. */
function judgeSilent(words: BorgWords, output: ToolOutput): ToolRun {
	const run = unknownRun();
	run.exitCode = output.exit;
	addWarnings(run, words);
	const isMissing = words.warnings.some(({ category }) => category === "source_missing");
	const hasWarnings = words.warnings.length > 0;
	if (output.exit === 0 && !wasKilled(output) && !isMissing && words.errors.length === 0) {
		run.outcome = hasWarnings ? "warning" : "success";
	} else if (
		isWarningStatus(output.exit) &&
		!wasKilled(output) &&
		hasWarnings &&
		!isMissing &&
		words.errors.length === 0
	) {
		// Single files could not be read, so the walk over the sources took place; with a source missing it may have found nothing.
		run.outcome = "warning";
	} else return fail(run, words, output);
	const aside = words.leftover.find((line) => errorCategory(line) !== "unknown");
	if (run.outcome === "success" && aside !== undefined) doubt(run, { message: aside, category: errorCategory(aside) });
	else if (run.outcome === "warning") {
		run.errorMessage = words.warnings[0]?.text ?? null;
		run.errorCategory = warningCategory(words) ?? "unknown";
	}
	return run;
}

function judgeMaintenance(words: BorgWords, output: ToolOutput): ToolRun {
	const run = unknownRun();
	run.kind = words.kind ?? "backup";
	run.exitCode = output.exit;
	addWarnings(run, words);
	const isGood = output.exit === 0 || (output.exit === null && words.isFinished);
	if (!isGood || wasKilled(output) || words.errors.length > 0) {
		fail(run, words, output);
		if (run.kind === "check" && run.errorCategory === "unknown") run.errorCategory = "repo_corrupt";
		return run;
	}
	run.outcome = "success";
	return run;
}

function addWarnings(run: ToolRun, words: BorgWords): void {
	if (words.warnings.length === 0) return;
	run.warnings = words.warnings.length;
	run.warningMessages = clipMessages(words.warnings.map(({ text }) => text));
}

type Reason = { error: BorgMessage | undefined; line: string | undefined };

/** The last error is the one that ended borg; without --log-json it is the last plain line. */
function lastError({ errors, leftover }: BorgWords): Reason {
	return {
		error: errors.findLast(({ category }) => category !== "unknown") ?? errors.at(-1),
		line: leftover.findLast((text) => errorCategory(text) !== "unknown") ?? leftover.at(-1),
	};
}

/** A check goes on after what it finds: the first is what is broken, the rest are its consequences. */
function firstError({ errors, leftover }: BorgWords): Reason {
	return {
		error: errors.find(({ category }) => category !== "unknown") ?? errors[0],
		line: leftover.find((text) => errorCategory(text) !== "unknown") ?? leftover[0],
	};
}

function fail(run: ToolRun, words: BorgWords, output: ToolOutput): ToolRun {
	run.outcome = "failure";
	const { error, line } = words.kind === "check" ? firstError(words) : lastError(words);
	const message = error?.text ?? line ?? words.warnings[0]?.text ?? null;
	run.errorMessage = message === null ? null : clip(message);
	run.errorCategory = failureCategory(words, output, error?.category ?? null, line);
	if (message === null && output.signal !== null) run.errorMessage = `ended by ${output.signal}`;
	if (message === null && output.exit === null && output.signal === null) {
		run.errorMessage = "the output does not say how borg ended";
	}
	return run;
}

function failureCategory(
	words: BorgWords,
	output: ToolOutput,
	error: ErrorCategory | null,
	line: string | undefined,
): ErrorCategory {
	if (wasKilled(output)) return "interrupted";
	const told = isWarningStatus(output.exit) ? null : categoryOfStatus(output.exit);
	if (told !== null) return told;
	if (error !== null && error !== "unknown") return error;
	if (line !== undefined && errorCategory(line) !== "unknown") return errorCategory(line);
	return warningCategory(words) ?? categoryOfStatus(output.exit) ?? "unknown";
}

function warningCategory(words: BorgWords): ErrorCategory | null {
	const known = words.warnings.map(({ category }) => category).filter((category) => category !== "unknown");
	return known.reduce<ErrorCategory | null>(worseCategory, null);
}
