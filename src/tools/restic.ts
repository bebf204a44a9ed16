// restic 0.14 to 0.19: reports of `backup`, with and without --json, and of check, prune, forget and restore beside them.
import type { Outcome } from "../run.ts";
import { type ErrorCategory, errorCategory, sourceCategory, worseCategory } from "./error-category.ts";
import { parseClock, parseSize, readCount, readInstant, readSeconds, readText } from "./fields.ts";
import { collectRestic, type ResticReport, type ResticWords } from "./restic-words.ts";
import { seamsOf } from "./seams.ts";
import { bothStreams, edgesOf, type JsonObject } from "./text.ts";
import type { Tool, ToolOutput, ToolReading, ToolRun } from "./tool.ts";
import { clip, clipMessages, notUnderstood, unknownRun, wasKilled } from "./tool-run.ts";
import { troubleIn } from "./trouble.ts";

/** Exit statuses that say the reason themselves (10 to 12 since 0.17). */
const reasons: Record<number, ErrorCategory> = {
	10: "repo_missing",
	11: "repo_locked",
	12: "auth",
	130: "interrupted",
};

const jsonSign =
	/"message_type"\s*:\s*"(?:status|summary|error|exit_error|verbose_status|initialized|version|change|statistics|node)"/;
const listSign =
	/"short_id"\s*:\s*"[0-9a-f]{8}"|"snapshots_count"|"total_blob_count"|"chunker_polynomial"|"struct_type"/;
const resticSeams = seamsOf(
	"FDTAWpsealr-uno",
	[
		String.raw`Files: +\d`,
		String.raw`Dirs: +\d`,
		String.raw`(?:Data|Tree) Blobs: +\d`,
		"Added to the repo",
		"Would add to the repo",
		String.raw`processed \d+ files, `,
		"snapshot [0-9a-f]{8} saved",
		"Fatal: ",
		"Warning: at least one",
		"error: ",
		"using parent snapshot",
		"no parent snapshot found",
		"Applying Policy",
		"no errors were found",
		"open repository",
		"lock repository",
		"load index files",
		"start (?:scan|backup) on",
		"repository [0-9a-f]{8,} opened",
		"unable to create lock in backend",
		"create exclusive lock for repository",
	],
	[
		"does not exist, skipping",
		"will read all files",
		"snapshot [0-9a-f]{8} saved",
		"no errors were found",
		String.raw`repository [0-9a-f]{8,} opened[^\n]{0,80}?(?:password is correct|compression level \w+\))`,
	],
);
const statisticsSign = /"total_size"\s*:\s*\d+,\s*"total_file_count"/;
const textSign =
	/^processed \d+ files, .+ in \d|^snapshot [0-9a-f]{8} saved|^Added to the repo|does not exist, skipping$|^using parent snapshot|^Fatal: (?:unable to (?:open|save|create)|wrong password|repository|all (?:source|target)|create|parsing|config|There were \d+ errors|an empty password|nothing to backup|Please specify repository|invalid id |no matching ID|packs from index)|^restoring (?:<Snapshot |snapshot [0-9a-f])|^(?:loading indexes|searching used packs|collecting packs for deletion[^\n]*)\.{0,3}$|^Warning: at least one source file could not be read|^skipping (?:source )?snapshot [0-9a-f]+, was already|^repository [0-9a-f]{8,} opened|unable to create lock in backend|^Applying Policy: |^created restic repository|^no parent snapshot found|^create exclusive lock for repository|^successfully removed (?:\d+ )?locks|^ID +Time +Host +Tags/m;

export const restic: Tool = {
	name: "restic",
	recognise: (output) => {
		const text = edgesOf(bothStreams(output));
		if (jsonSign.test(text)) return 0.9;
		if (listSign.test(text) || statisticsSign.test(text)) return 0.85;
		return textSign.test(text) ? 0.8 : 0;
	},
	read: (output) => readRestic("restic", output),
	seams: resticSeams,
};

/** The same reading under the name of a tool that passes restic's output on. */
export function readRestic(tool: string, output: ToolOutput): ToolReading {
	const words = collectRestic(output);
	const ignored = words.ignored.map((reason) => ({ reason }));
	const exit = output.exit ?? words.exitError?.code ?? null;
	const reports = words.reports;
	if (reports.length > 0) {
		const lastBackup = reports.findLastIndex(({ kind }) => kind === "backup");
		// Only a backup ends with 3: a script handed its status on, past what it did afterwards.
		const told = exit === 3 && lastBackup !== -1 && output.signal === null ? lastBackup : reports.length - 1;
		const runs = reports.map((report, index) => {
			const run = runOf(report, output.zone);
			if (index === lastBackup) addWarnings(run, words);
			if (index === told) judge(run, report, words, { ...output, exit }, output.exit === 0);
			else judgeEarlier(run, report);
			return run;
		});
		if (lastBackup === -1 && words.fatal !== null && exit === 0) runs.unshift(failedBefore(words, output));
		return { tool, understood: true, runs, ignored };
	}
	if (ignored.length > 0 && output.signal === null && (exit === null || exit === 0))
		return { tool, understood: true, runs: [], ignored };
	if (!words.isRestic) return notUnderstood(tool, { ...output, exit });
	const run = unknownRun();
	run.kind = words.kind ?? "backup";
	judgeWithoutReport(run, words, { ...output, exit });
	if (run.outcome === "failure") run.errorMessage ??= "the output ends without restic's summary";
	return { tool, understood: true, runs: [run], ignored };
}

/** A command failed, and the script went on to a forget or check that did not: its exit 0 is not the backup's. */
function failedBefore(words: ResticWords, output: ToolOutput): ToolRun {
	const run = unknownRun();
	addWarnings(run, words);
	explainFailure(run, words, { ...output, exit: null }, null);
	return run;
}

function runOf({ kind, object, text }: ResticReport, zone: string): ToolRun {
	const run = unknownRun();
	run.kind = kind;
	if (object !== null && kind === "backup") fillFromSummary(run, object, zone);
	if (text !== null && kind === "restore_test") fillFromRestored(run, text.restored ?? "");
	else if (text !== null) fillFromText(run, text);
	if (object !== null && kind === "restore_test") {
		// What was there already, and so was not written again, took no time.
		run.size = readCount(object.bytes_restored) ?? readCount(object.total_bytes);
		run.filesTotal = readCount(object.files_restored);
		run.duration = readSeconds(object.seconds_elapsed);
	}
	return run;
}

function fillFromSummary(run: ToolRun, summary: JsonObject, zone: string): void {
	run.size = readCount(summary.total_bytes_processed);
	run.bytesAdded = readCount(summary.data_added_packed) ?? readCount(summary.data_added);
	run.filesTotal = readCount(summary.total_files_processed);
	run.filesNew = readCount(summary.files_new);
	run.filesChanged = readCount(summary.files_changed);
	run.duration = readSeconds(summary.total_duration);
	run.startedAt = readInstant(summary.backup_start, zone);
	run.endedAt = readInstant(summary.backup_end, zone);
	run.snapshotId = readText(summary.snapshot_id);
}

/** The summary that people see: three digits, binary units. */
function fillFromText(run: ToolRun, lines: Record<string, string>): void {
	const files = /(\d+) new,\s*(\d+) changed/.exec(lines.files ?? "");
	run.filesNew = files === null ? null : Number(files[1]);
	run.filesChanged = files === null ? null : Number(files[2]);
	const added = /: ([\d.]+ \w+)\s*(?:\(([\d.]+ \w+)\s+stored\))?/.exec(lines.added ?? "");
	run.bytesAdded = parseSize(added?.[2] ?? added?.[1] ?? "", 1024);
	const processed = /^processed (\d+) files, ([\d.]+ \w+) in ((?:\d+:)?\d+:\d\d)$/.exec(lines.processed ?? "");
	run.filesTotal = processed === null ? null : Number(processed[1]);
	run.size = parseSize(processed?.[2] ?? "", 1024);
	run.duration = parseClock(processed?.[3] ?? "");
	run.snapshotId = /^snapshot ([0-9a-f]{8,64}) saved/.exec(lines.saved ?? "")?.[1] ?? null;
}

/** "Summary: Restored 5 files/dirs (4.883 KiB) in 0:12"; of a part "2 / 5 files/dirs (1 KiB / 4.883 KiB)". */
function fillFromRestored(run: ToolRun, line: string): void {
	const restored = /Restored (\d+)(?: \/ \d+)? files\/dirs \(([\d.]+ \w+)(?: \/ [\d.]+ \w+)?\) in ([\d:]+)/.exec(line);
	if (restored === null) return;
	run.filesTotal = Number(restored[1]);
	run.size = parseSize(restored[2] ?? "", 1024);
	run.duration = parseClock(restored[3] ?? "");
}

/** What is followed by the next command's report went as it says itself: the exit status is the last one's. */
function judgeEarlier(run: ToolRun, { problem }: ResticReport): void {
	const isEmpty = run.warnings !== null && !run.filesTotal;
	run.outcome = problem !== null || isEmpty ? "failure" : run.warnings === null ? "success" : "warning";
	if (run.outcome !== "success") explain(run, problem ?? run.warningMessages[0] ?? "", 0);
}

function judge(
	run: ToolRun,
	{ kind, problem }: ResticReport,
	words: ResticWords,
	output: ToolOutput,
	wasZero: boolean,
): void {
	run.exitCode = output.exit;
	if (kind === "backup") run.outcome = backupOutcome(run, words, output, wasZero);
	else {
		const isFine =
			!wasKilled(output) && problem === null && (wasZero || (words.fatal === null && words.interrupted === null));
		run.outcome = isFine && (output.exit === null || output.exit === 0) ? "success" : "failure";
	}
	if (run.outcome === "failure") explainFailure(run, words, output, problem);
	else if (run.outcome === "warning")
		explain(run, run.warningMessages[0] ?? words.exitError?.message ?? words.fatal ?? "", 3);
	// Exit 0 beside a fatal error: an attempt before this one failed and was repeated, as one does for a lock. Anything
	// else may have been the backup of another repository, whose status nobody looked at.
	else if (words.fatal !== null) {
		const category = failureCategory(words.fatal, words, { ...output, exit: words.exitError?.code ?? null });
		if (kind === "backup" && category !== "repo_locked") run.outcome = "warning";
		run.warningMessages = clipMessages([words.fatal, ...run.warningMessages]);
		if (run.outcome === "success") return;
		run.errorMessage = clip(words.fatal);
		run.errorCategory = category;
	}
}

function addWarnings(run: ToolRun, words: ResticWords): void {
	const warnings = [...words.missing, ...words.fileErrors.values()];
	if (warnings.length === 0) return;
	run.warnings = warnings.length;
	run.warningMessages = clipMessages(warnings);
}

function backupOutcome(run: ToolRun, words: ResticWords, output: ToolOutput, wasZero: boolean): Outcome {
	if (wasKilled(output)) return "failure";
	const isPartial = output.exit === 3;
	if (output.exit !== null && output.exit !== 0 && !isPartial) return "failure";
	if ((words.fatal !== null || words.interrupted !== null) && !wasZero && !isPartial) return "failure";
	if (!isPartial && run.warnings === null) return "success";
	// A warning about an empty backup is no backup.
	return run.filesTotal === 0 || run.filesTotal === null ? "failure" : "warning";
}

function judgeWithoutReport(run: ToolRun, words: ResticWords, output: ToolOutput): void {
	run.exitCode = output.exit;
	const { leftover } = words;
	// A script says more than restic does.
	const isAside =
		output.exit === 0 && leftover !== null && errorCategory(leftover) === "unknown" && troubleIn(leftover) === null;
	const isSilent =
		words.fatal === null &&
		(leftover === null || isAside) &&
		words.interrupted === null &&
		words.missing.length === 0 &&
		!words.isUnfinished;
	if (output.exit === 0 && output.signal === null && isSilent && words.fileErrors.size === 0) {
		run.outcome = "success";
		return;
	}
	addWarnings(run, words);
	if (output.exit === 0 && output.signal === null) {
		const isMild = words.fatal === null && words.interrupted === null && words.missing.length === 0;
		run.outcome = isMild ? "warning" : "failure";
	}
	explainFailure(run, words, output, null);
	if (words.isUnfinished) run.errorMessage ??= "the output ends without restic's summary";
}

/** The sentence that says why, and its category: a signal and the exit status know better than the text. */
function explainFailure(run: ToolRun, words: ResticWords, output: ToolOutput, problem: string | null): void {
	const message =
		words.exitError?.message ??
		words.fatal ??
		problem ??
		words.interrupted ??
		words.leftover ??
		firstWarning(words) ??
		words.retry;
	run.errorMessage = message === null ? null : clip(message);
	run.errorCategory = failureCategory(message, words, output);
	if (run.errorMessage === null && output.signal !== null) run.errorMessage = `ended by ${output.signal}`;
}

function failureCategory(message: string | null, words: ResticWords, output: ToolOutput): ErrorCategory {
	if (wasKilled(output) || words.interrupted !== null) return "interrupted";
	const reason = output.exit === null ? undefined : reasons[output.exit];
	if (reason !== undefined) return reason;
	const known = errorCategory(message ?? "");
	if (known !== "unknown") return known;
	return errorCategory([words.leftover, words.retry, firstWarning(words)].filter((text) => text !== null).join("\n"));
}

function firstWarning(words: ResticWords): string | null {
	return words.missing[0] ?? words.fileErrors.values().next().value ?? null;
}

function explain(run: ToolRun, message: string, exit: number): void {
	if (message !== "") run.errorMessage = clip(message);
	const categories = [message, ...run.warningMessages].map(sourceCategory).filter((one) => one !== "unknown");
	const category = categories.reduce<ErrorCategory | null>(worseCategory, null) ?? errorCategory(message);
	run.errorCategory = category === "unknown" && exit === 3 ? "source_unreadable" : category;
}

/** What a failed restic left in a text that another tool passes on: its sentence, its category, its warnings. */
export function readResticError(text: string, exit: number | null, zone: string): ToolRun {
	const output = { stdout: "", stderr: text, exit, signal: null, receivedAt: 0, zone };
	const words = collectRestic(output);
	const run = unknownRun();
	judgeWithoutReport(run, words, output);
	const isPartial = exit === 3 && words.fatal === null && words.missing.length === 0;
	if (isPartial || (exit === 3 && words.fileErrors.size > 0)) {
		run.outcome = "warning";
		explain(run, firstWarning(words) ?? words.exitError?.message ?? "", 3);
	} else run.outcome = "failure";
	return run;
}
