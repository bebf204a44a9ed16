// Duplicacy: its messages, with the header of -log or without, and the statistics of -stats. From its source.
import { judge, noRun, oneRun, toolRun, type Words, wholeText } from "./ending.ts";
import { errorCategory } from "./error-category.ts";
import { parseClock, parseCount, parseSize, readInstant } from "./fields.ts";
import { readLines } from "./text.ts";
import type { Tool, ToolOutput, ToolReading, ToolRun } from "./tool.ts";
import { notUnderstood } from "./tool-run.ts";

const header =
	/^(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(?:\.\d{1,3})?) (DEBUG|TRACE|INFO|WARN|ERROR|FATAL|ASSERT) ([A-Z][A-Z0-9_]{2,40}) (.*)$/;
const completed = /^Backup for (.{1,1000}) at revision (\d{1,9}) completed$/;
const files = /^Files: (\d{1,12}) total, ([\d,]{1,20}[KMGT]?) bytes; (\d{1,12}) new, ([\d,]{1,20}[KMGT]?) bytes$/;
const chunks =
	/^All chunks: \d+ total, [\d,]+[KMGT]? bytes; \d+ new, [\d,]+[KMGT]? bytes, ([\d,]{1,20}[KMGT]?) bytes uploaded$/;
const spent = /^Total running time: (\d[\d:. a-z]{1,30})$/;
const skipped = /not included due to access errors$|^(?:File|Subdirectory) .{1,1000} cannot be (?:opened|listed)$/;
const trouble =
	/^(?:Failed to |The storage has not been initialized|No files under the repository|The snapshot contains an error|Repository has not been initialized|Another |Can't |Cannot |Invalid |Authorization )/;
const familiar =
	/^(?:Storage set to |No previous backup found|Last backup at revision \d+ found|Indexing |Listing all chunks|Packed |Uploaded |Backup for )/;
const operations: [ToolRun["kind"] | null, RegExp][] = [
	["check", /^(?:All chunks referenced by snapshot |Listing all chunks and snapshots|Some chunks referenced by )/],
	[
		"prune",
		/^(?:No snapshot to delete|Deleting snapshot |The snapshot .{1,300} has been removed|Fossil collection |Keep 1 snapshot )/,
	],
	[
		"sync",
		/^(?:Copied snapshot |Nothing to copy|Copying snapshot |Snapshot .{1,300} already exists at the destination)/,
	],
	[
		null,
		/^(?:Restored .{1,1000} to revision|Restoring .{1,1000} to revision|Snapshot .{1,300} revision \d+ created at )/,
	],
];

function read(output: ToolOutput): ToolReading {
	const run: Partial<ToolRun> = { kind: "backup", labels: {} };
	const errors: string[] = [];
	const warnings: string[] = [];
	let isKnown = false;
	let isCompleted = false;
	let isOther = false;
	let isEmpty = true;
	for (const line of readLines(wholeText(output))) {
		isEmpty = false;
		const [, stamp, level, , told] = header.exec(line) ?? [];
		const message = told ?? line;
		if (stamp !== undefined) {
			isKnown = true;
			const at = readInstant(stamp.replace(" ", "T"), output.zone);
			run.startedAt ??= at;
			run.endedAt = at ?? run.endedAt ?? null;
		}
		const isError = level === undefined ? trouble.test(message) : /^(?:ERROR|FATAL|ASSERT)$/.test(level);
		const list = isError ? errors : level === "WARN" || skipped.test(message) ? warnings : null;
		if (list !== null && list.length < 100) list.push(message);
		const operation = isCompleted ? undefined : operations.find(([, pattern]) => pattern.test(message));
		if (operation !== undefined) {
			isKnown = true;
			if (operation[0] === null) isOther = true;
			else run.kind = operation[0];
		}
		isKnown ||= familiar.test(message);
		isCompleted = takeMessage(run, message) || isCompleted;
	}
	if (isOther && !isCompleted) return noRun("duplicacy", "a listing or a restore, not a backup");
	if (!isKnown && errors.length === 0 && !isEmpty) return notUnderstood("duplicacy", output);
	if (isCompleted) run.kind = "backup";
	// The header's clock tells more exactly than the whole seconds of "Total running time".
	if (run.startedAt && run.endedAt && run.endedAt > run.startedAt) run.duration = (run.endedAt - run.startedAt) / 1000;
	const words: Words =
		errors.length > 0 ? "failure" : isCompleted ? (warnings.length > 0 ? "warning" : "success") : null;
	const category = errorCategory(errors.join("\n") || warnings.join("\n"));
	return oneRun(
		"duplicacy",
		toolRun(output, judge(output, words), {
			...run,
			warnings: warnings.length === 0 ? null : warnings.length,
			warningMessages: warnings,
			errorMessage: errors[0] ?? warnings[0] ?? null,
			errorCategory:
				errors.length === 0 && warnings.some((line) => skipped.test(line)) ? "source_unreadable" : category,
		}),
	);
}

/** Takes what a message tells about a backup; true when it says that one was completed. */
function takeMessage(run: Partial<ToolRun>, message: string): boolean {
	const end = completed.exec(message);
	if (end !== null) {
		const [, path = "", revision = ""] = end;
		// A revision counts from 1 in every repository, so alone it is no identity.
		run.snapshotId = `${path}@${revision}`;
		run.labels = { path, revision };
		return true;
	}
	const counts = files.exec(message);
	if (counts !== null) {
		run.filesTotal = parseCount(counts[1]);
		run.size = parseSize(counts[2], 1024);
		// "new" are the files it had to read: new ones and changed ones alike.
		run.metrics = { files_uploaded: Number(counts[3]) };
	}
	const added = chunks.exec(message);
	if (added !== null) run.bytesAdded = parseSize(added[1], 1024);
	const time = spent.exec(message);
	if (time !== null) run.duration = runningTime(time[1] ?? "");
	return false;
}

/** "00:00:16", "1 day 02:03:04", "3 days 02:03:04". */
function runningTime(text: string): number | null {
	const [, days, clock] = /^(?:(\d{1,5}) days? )?([\d:.]+)$/.exec(text) ?? [];
	const seconds = parseClock(clock);
	return seconds === null ? null : seconds + Number(days ?? 0) * 86_400;
}

function recognise(output: ToolOutput): number {
	const text = wholeText(output);
	const ends = `${text.slice(0, 20_000)}\n${text.slice(-20_000)}`;
	if (/ (?:INFO|WARN|ERROR) (?:BACKUP_|SNAPSHOT_|STORAGE_|REPOSITORY_|CHUNK_|PACK_|UPLOAD_)[A-Z_]+ /.test(ends))
		return 0.97;
	return /(?:^|\n)Backup for [^\n]+ at revision \d+ completed|(?:^|\n)Storage set to \S+\n/.test(ends) ? 0.9 : 0;
}

export const duplicacy: Tool = { name: "duplicacy", recognise, read, hasStamps: true };
