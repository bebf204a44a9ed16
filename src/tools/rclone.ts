// rclone: a run from the last figures of its log, its errors and its exit status.
import { judge, noRun, oneRun, toolRun, type Words, wholeText } from "./ending.ts";
import { errorCategory } from "./error-category.ts";
import { type RcloneLog, readRcloneLog } from "./rclone-log.ts";
import { seamsOf } from "./seams.ts";
import type { Tool, ToolOutput, ToolReading, ToolRun } from "./tool.ts";
import { notUnderstood, wasKilled } from "./tool-run.ts";

// rclone.org/docs, "List of exit codes". 1.60 ends with 7 where later ones end with 10.
const categories: Record<number, string> = {
	2: "config",
	3: "source_missing",
	4: "source_missing",
	8: "limit_reached",
	10: "limit_reached",
};
const transfers = new Set([
	"sync",
	"copy",
	"copyto",
	"move",
	"moveto",
	"bisync",
	"copyurl",
	"rcat",
	"dedupe",
	"create",
]);
const checks = new Set(["check", "cryptcheck", "checksum", "hashsum"]);

function read(output: ToolOutput): ToolReading {
	const found = readRcloneLog(output);
	if (found.isDryRun) return noRun("rclone", "dry run: nothing was copied");
	const verb = found.verb;
	const isListing = (found.isListing && found.final === null) || (verb !== null && isListingVerb(verb));
	if (found.figures === null && isListing) {
		return noRun("rclone", "a listing, not a backup");
	}
	const isEmpty = wholeText(output).trim() === "";
	if (!found.isRclone && !isEmpty) return notUnderstood("rclone", output);
	const outcome = judge(output, wordsOf(found, output.exit), { success: [9] });
	const errors = [...found.errors];
	const fault = explain(found, output);
	return oneRun(
		"rclone",
		toolRun(output, outcome, {
			...measures(found),
			kind: verb !== null && checks.has(verb) ? "check" : "backup",
			warnings: errors.length === 0 ? null : errors.length,
			warningMessages: errors,
			errorCategory: fault.category,
			errorMessage: fault.message,
			toolVersion: found.version,
		}),
	);
}

const unfinished = "The last figures show files that were still being transferred.";

function isListingVerb(verb: string): boolean {
	return (
		/^ls|^(?:size|about|cat|tree|md5sum|sha1sum|version|config|rc|link|purge|mkdir|rmdir|rmdirs|delete|cleanup|obscure)$/.test(
			verb,
		) && !transfers.has(verb)
	);
}

function wordsOf(found: RcloneLog, exit: number | null): Words {
	const { figures, final, errors, succeededLater, isFollowed } = found;
	// Beside an exit 0 and later figures without an error it was another command of the script, or its first attempt.
	const isMended = exit === 0 && isFollowed && (figures?.errors ?? 0) === 0;
	if (final !== null) return isMended ? "warning" : "failure";
	if (figures === null) return errors.size > 0 ? "failure" : null;
	if ((figures.errors ?? 0) > 0) return succeededLater ? "warning" : "failure";
	const { bytes, totalBytes, transfers: done, totalTransfers: all } = figures;
	if (exit === 0 && errors.size > 0 && !succeededLater) return "warning";
	const isDone =
		(done === null || all === null || done >= all) && (bytes === null || totalBytes === null || bytes >= totalBytes);
	if (exit === 0 && figures.isTransferring) return "warning";
	// The figures in between look like those at the end, so the end is not certain.
	return isDone && !figures.isTransferring ? "complete" : null;
}

function measures({ figures, statsAt, endedAt }: RcloneLog): Partial<ToolRun> {
	if (figures === null) return { endedAt };
	const metrics: Record<string, number> = {};
	const known = { files_checked: figures.checks, files_deleted: figures.deletes, errors: figures.errors };
	for (const [name, value] of Object.entries(known)) if (value !== null) metrics[name] = value;
	return {
		startedAt: statsAt === null || figures.elapsed === null ? null : Math.round(statsAt - figures.elapsed * 1000),
		endedAt,
		duration: figures.elapsed,
		bytesAdded: figures.bytes,
		filesChanged: figures.transfers,
		metrics,
	};
}

/** The last line, unless an earlier error is the cause: rclone's "last error" is often a consequence. */
function explain(
	{ errors, final, figures }: RcloneLog,
	output: ToolOutput,
): { category: string | null; message: string | null } {
	const last = final ?? figures?.lastError ?? null;
	const lastCategory = last === null ? "unknown" : categoryOf(last);
	const byCode = output.exit === null ? undefined : categories[output.exit];
	if (wasKilled(output)) return { category: "interrupted", message: last };
	if (lastCategory === "limit_reached" || lastCategory === "config") return { category: lastCategory, message: last };
	for (const message of errors) {
		const category = categoryOf(message);
		if (category === "unknown") continue;
		if (byCode !== undefined && category !== byCode) continue;
		return { category, message: category === lastCategory ? last : message };
	}
	return {
		category: byCode ?? (lastCategory === "unknown" ? null : lastCategory),
		message: last ?? [...errors].at(-1) ?? (figures?.isTransferring ? unfinished : null),
	};
}

function categoryOf(message: string): string {
	return errorCategory(message.replace(/context deadline exceeded/g, "timed out"));
}

function recognise(output: ToolOutput): number {
	const text = wholeText(output);
	const head = text.slice(0, 20_000);
	if (/"stats":\{[^\n]{0,2000}"elapsedTime":|"source":"[\w/.-]{1,80}\.go:\d+"/.test(head)) return 0.97;
	if (/(?:^|\n)Transferred:\s+(?:\t\s*)?[\d.]+ ?[kKMGT]?i?B(?:ytes)? \/ /.test(text.slice(-20_000))) return 0.95;
	if (/"Path"\s*:\s*"[^"\n]{0,1000}",\s*"Name"\s*:|^\s*\{\s*"count"\s*:\s*\d+,\s*"bytes"\s*:/.test(head.slice(0, 4000)))
		return 0.9;
	return /(?:^|\n)\d{4}\/\d\d\/\d\d \d\d:\d\d:\d\d (?:(?:INFO {2}|NOTICE|ERROR ): |Failed to )/.test(head) ? 0.8 : 0;
}

const seams = seamsOf("\\dTECDR", [
	String.raw`\d{4}\/\d\d\/\d\d \d\d:\d\d:\d\d `,
	"Transferred: ",
	String.raw`(?:Errors|Checks|Deleted|Renamed): +\d`,
	"Elapsed time: ",
	"Total (?:objects|size): ",
]);

export const rclone: Tool = { name: "rclone", recognise, read, seams };
