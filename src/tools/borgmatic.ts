// borgmatic 1.7 to 2.x: `create --json` (a list, one object a repository), its console output, and the log text that it
// sends to healthchecks, where a run is told in borgmatic's words and each archive in borg's.
import type { Kind } from "../run.ts";
import { correctZone } from "./borg-archive.ts";
import { categoryOfStatus } from "./borg-codes.ts";
import { type BorgmaticWords, borgmaticSeams, borgmaticSign, collectBorgmatic } from "./borgmatic-words.ts";
import { type ErrorCategory, errorCategory, sourceCategory, worseCategory } from "./error-category.ts";
import { bothStreams, edgesOf } from "./text.ts";
import type { Tool, ToolOutput, ToolReading, ToolRun } from "./tool.ts";
import { clip, clipMessages, doubt, notUnderstood, unknownRun, wasKilled } from "./tool-run.ts";

export const borgmatic: Tool = {
	name: "borgmatic",
	recognise: (output) => {
		const text = edgesOf(bothStreams(output));
		if (
			/^\s*\[\s*\{\s*"(?:archives?|cache|encryption|repository)":/.test(output.stdout) ||
			(/"label":/.test(text) && /"command_line":/.test(text))
		)
			return 0.95;
		if (borgmaticSign.test(text)) return 0.9;
		// Its own folders and manifest, among lines of borg alone.
		return /\/borgmatic[-/]|\bborgmatic==|borgmatic\/commands\//.test(text) ? 0.75 : 0;
	},
	seams: borgmaticSeams,
	read: (output) => {
		const words = collectBorgmatic(output);
		const ignored = words.ignored.map((reason) => ({ reason }));
		const reading = (runs: ToolRun[]): ToolReading => ({ tool: "borgmatic", understood: true, runs, ignored });
		if (words.archives.length > 0) return reading(judgeArchives(words, output));
		const isFine = output.signal === null && (output.exit === null || output.exit === 0) && words.failures.length === 0;
		if (ignored.length > 0 && isFine) return reading([]);
		if (!words.isBorgmatic && !words.isInterrupted) return notUnderstood("borgmatic", output);
		return reading([judgeWithoutArchive(words, output)]);
	},
};

function judgeArchives(words: BorgmaticWords, output: ToolOutput): ToolRun[] {
	const hasFailed =
		wasKilled(output) ||
		(output.exit !== null && output.exit !== 0) ||
		(output.exit === null && words.failures.length > 0);
	for (const run of words.archives) {
		correctZone(run, null, output.receivedAt);
		run.exitCode = output.exit;
		run.outcome = "success";
		addWarnings(run, words);
	}
	if (!hasFailed) return [...words.archives.map((run) => doubtedBy(words, run)), ...failedBefore(words, output)];
	// One repository may have failed and the others not; without a name it may have been any of them.
	const guilty = words.archives.filter(({ repository }) => repository !== null && isNamed(words, repository));
	const culprit = words.command === null ? null : repositoryOf(words.command.text);
	if (guilty.length === 0 && culprit !== null && !wasKilled(output)) {
		const run = fail(unknownRun(), words, output);
		run.repository = culprit;
		return [...words.archives, run];
	}
	for (const run of guilty.length === 0 ? words.archives : guilty) fail(run, words, output);
	return words.archives;
}

/** Something failed that names no repository, such as a command behind the backup, and the script went on. */
function doubtedBy({ failures, command }: BorgmaticWords, run: ToolRun): ToolRun {
	const isElsewhere = command !== null && repositoryOf(command.text) !== null;
	if (failures.length > 0 && !isElsewhere && run.outcome === "success")
		doubt(run, {
			message: failures.find((line) => line.startsWith("Command '")) ?? failures[0] ?? "",
			category: command?.isBorg === false ? "hook_failed" : "unknown",
		});
	return run;
}

/** A script went on after a borgmatic that failed: the repository that is in no archive was not backed up. */
function failedBefore(words: BorgmaticWords, output: ToolOutput): ToolRun[] {
	const culprit = words.command === null ? null : repositoryOf(words.command.text);
	if (words.failures.length === 0 || culprit === null) return [];
	if (words.archives.some(({ repository }) => repository === culprit)) return [];
	const run = fail(unknownRun(), words, { ...output, exit: null });
	run.repository = culprit;
	return [run];
}

function isNamed(words: BorgmaticWords, repository: string): boolean {
	const command = words.command?.text ?? "";
	return new RegExp(`(?:^|[\\s'"])${RegExp.escape(repository)}(?:$|[\\s'":])`).test(command);
}

/** "/mnt/backup/nope" of `borg create … /mnt/backup/nope::{hostname}`. */
function repositoryOf(command: string): string | null {
	return (
		/([^\s'"]+)::/.exec(command)?.[1] ??
		/--repo[= ']+([^\s']+)/.exec(command)?.[1] ??
		// The others end with it.
		/^\(?'?(?:\S*\/)?borg\S*,? '?(?:prune|compact|check)\b.* '?([^\s')]+)'?\)?$/.exec(command)?.[1] ??
		null
	);
}

function judgeWithoutArchive(words: BorgmaticWords, output: ToolOutput): ToolRun {
	const run = unknownRun();
	run.kind = kindOf(words);
	run.exitCode = output.exit;
	const hasFailed = words.failures.length > 0 || words.isInterrupted;
	const isTold = output.exit === null && words.isFinished;
	// Beside an exit 0 and a run that came to its end, the failure was another one's: of a script's first attempt.
	const isMended = output.exit === 0 && words.isFinished && !words.isInterrupted;
	const isGood = !wasKilled(output) && (isMended || (!hasFailed && (output.exit === 0 || isTold)));
	if (!isGood) {
		// Up to 1.7 it prunes before it creates: what failed there left the night without a backup.
		if (run.kind === "prune") run.kind = "backup";
		return fail(run, words, output);
	}
	run.outcome = "success";
	addWarnings(run, words);
	if (hasFailed && run.outcome === "success") doubt(run, { message: words.failures[0] ?? "", category: "unknown" });
	return run;
}

function kindOf({ actions, command }: BorgmaticWords): Kind {
	if (actions.size === 0) {
		const action = /\bborg[\w.-]*'?,? '?(check|prune|compact|extract)\b/.exec(command?.text ?? "")?.[1];
		if (action === "check") return "check";
		return action === "prune" || action === "compact" ? "prune" : "backup";
	}
	for (const kind of ["backup", "check", "prune", "restore_test"] as const) if (actions.has(kind)) return kind;
	return "backup";
}

/** Unreadable or missing sources make a warning of what borgmatic calls a success; with no file saved, a failure. */
function addWarnings(run: ToolRun, words: BorgmaticWords): void {
	if (words.warnings.length === 0) return;
	run.outcome = run.filesTotal === 0 ? "failure" : "warning";
	run.warnings = words.warnings.length;
	run.warningMessages = clipMessages(words.warnings);
	run.errorMessage = run.warningMessages[0] ?? null;
	run.errorCategory = words.warnings.map(sourceCategory).reduce<ErrorCategory | null>(worseCategory, null) ?? "unknown";
}

function fail(run: ToolRun, words: BorgmaticWords, output: ToolOutput): ToolRun {
	run.outcome = "failure";
	run.exitCode = output.exit;
	const known = words.reasons.find((line) => errorCategory(line) !== "unknown");
	const hook = isHookFailure(words);
	const message =
		known ??
		words.failures.find((line) => line.startsWith("Command '")) ??
		words.reasons.at(-1) ??
		words.failures[0] ??
		words.warnings[0] ??
		null;
	run.errorMessage = message === null ? null : clip(message);
	run.errorCategory = failureCategory(words, output, known, hook);
	if (message === null && output.signal !== null) run.errorMessage = `ended by ${output.signal}`;
	return run;
}

function isHookFailure({ command, isHook }: BorgmaticWords): boolean {
	return isHook || (command !== null && !command.isBorg);
}

function failureCategory(
	words: BorgmaticWords,
	output: ToolOutput,
	known: string | undefined,
	hook: boolean,
): ErrorCategory {
	if (wasKilled(output) || words.isInterrupted || (words.command?.status ?? 0) < 0) return "interrupted";
	if (hook) return "hook_failed";
	const told = categoryOfStatus(words.command?.status ?? null);
	if (told !== null) return told;
	if (known !== undefined) return errorCategory(known);
	const warned = words.warnings.map(sourceCategory).reduce<ErrorCategory | null>(worseCategory, null);
	return warned ?? "unknown";
}
