// duplicity: its backup statistics in the output, in the --log-file and as --jsonstat, and the error code in its log.
import { judge, noRun, oneRun, toolRun, type Words, wholeText } from "./ending.ts";
import { errorCategory } from "./error-category.ts";
import { readObject, readText } from "./fields.ts";
import { seamsOf } from "./seams.ts";
import {
	dropCutCount,
	type SessionStatistics,
	statisticsMeasures,
	statisticsOf,
	takeStatisticsLine,
	unglueStatistics,
} from "./session-statistics.ts";
import { type JsonObject, readPieces } from "./text.ts";
import type { Tool, ToolOutput, ToolReading, ToolRun } from "./tool.ts";
import { notUnderstood } from "./tool-run.ts";

// duplicity/log.py, ErrorCode: the exit status is the code in the log.
const categories: Record<number, string> = {
	2: "config",
	8: "config",
	13: "source_missing",
	21: "repo_corrupt",
	31: "auth",
	51: "dest_unwritable",
	53: "dest_full",
};

type Scan = {
	blocks: SessionStatistics[];
	json: JsonObject | null;
	/** Lines that say what went wrong. */
	complaints: string[];
	code: number | null;
	kind: ToolRun["kind"];
	words: Words;
	isListing: boolean;
	isKnown: boolean;
};

const known =
	/^(?:Local and Remote metadata are synchronized|Last full backup date:|Synchronizing remote metadata|Copying duplicity-|Reading globbing filelist|Import of duplicity|Reuse configured PASSPHRASE|No (?:old|extraneous) backup sets found|Deleting |NOTICE \d|INFO \d|WARNING \d|ERROR \d|Giving up after \d+ attempts?|Backup source directory |GPGError|BackendException|Verify complete|Attempt \d+ failed|Error accessing possibly locked file|Warning, found |Traceback \(most recent call last\))/;
const complaint =
	/^(?:Giving up after|BackendException|GPGError|gpg: |Backup source directory|Attempt \d+ (?:of \S+ )?failed|Error accessing|Another (?:duplicity )?instance|[A-Za-z]*(?:Error|Exception): |EOFError$|Fatal Error|Command line error|(?:duplicity: )?error: |Cannot |Unable |.*(?:does not exist|No space left on device|Permission denied))/;
const listing =
	/^(?:Found primary backup chain|Found \d+ secondary backup chain|Collection Status|chain-complete|No backup chains with active signatures found)/;
const listedFile = /^(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun) \w{3} [ \d]\d \d\d:\d\d:\d\d \d{4} \S/;

function scan(output: ToolOutput): Scan {
	const found: Scan = {
		blocks: [],
		json: null,
		complaints: [],
		code: null,
		kind: "backup",
		words: null,
		isListing: false,
		isKnown: false,
	};
	for (const piece of readPieces(unglueStatistics(wholeText(output)))) {
		if (piece.type === "object") {
			if (statisticsOf(piece.object) !== null) found.json = piece.object;
			continue;
		}
		// Lines of the machine log begin with a dot.
		const line = piece.line.replace(/^\. ?/, "");
		takeStatisticsLine(found.blocks, line);
		found.isKnown ||= known.test(line);
		found.isListing ||= listing.test(line) || listedFile.test(line);
		const coded = /^ERROR (\d{1,3})\b/.exec(piece.line);
		if (coded !== null) found.code = Number(coded[1]);
		else if (complaint.test(line) && found.complaints.length < 100) found.complaints.push(line);
		const verified = /^Verify complete: \d+ files? compared, (\d+) differences? found/.exec(line);
		if (verified !== null) {
			found.kind = "check";
			found.words = verified[1] === "0" ? "success" : "failure";
		}
		if (
			/^(?:No (?:old|extraneous) backup sets found|Deleting (?:backup|the following|local|incremental|full))/.test(line)
		)
			found.kind = "prune";
	}
	dropCutCount(found.blocks, wholeText(output));
	return found;
}

function isSame(one: Record<string, number>, other: Record<string, number>): boolean {
	return one.StartTime !== undefined && one.StartTime === other.StartTime && one.EndTime === other.EndTime;
}

function isDryRun({ TotalDestinationSizeChange, SourceFiles, Errors }: Record<string, number>): boolean {
	return TotalDestinationSizeChange === 0 && (SourceFiles ?? 0) > 0 && Errors === 0;
}

function read(output: ToolOutput): ToolReading {
	const found = scan(output);
	const fromJson = found.json === null ? null : statisticsOf(found.json);
	const told = found.blocks.filter(({ values }) => "StartTime" in values || "SourceFileSize" in values);
	// --log-fd prints the block a second time.
	const blocks = told.filter(
		({ values }, at) => !told.some((later, place) => place > at && isSame(later.values, values)),
	);
	// Even an increment without a change writes a few bytes.
	const isDry = blocks.length > 0 && blocks.every(({ isClosed, values }) => isClosed && isDryRun(values));
	if (isDry) return noRun("duplicity", "dry run: nothing was written");
	if (blocks.length === 0 && fromJson !== null) blocks.push(fromJson);
	if (blocks.length === 0 && found.isListing) return noRun("duplicity", "a listing of the repository, not a backup");
	if (blocks.length === 0 && !found.isKnown && found.complaints.length === 0 && wholeText(output).trim() !== "") {
		return notUnderstood("duplicity", output);
	}
	if (blocks.length <= 1) return oneRun("duplicity", toRun(output, found, blocks[0] ?? null));
	// One script, several backups: each block is one that came to its end; the status belongs to the last.
	const earlier = blocks
		.slice(0, -1)
		.map((block) => toRun({ ...output, exit: null, signal: null }, { ...found, complaints: [], code: null }, block));
	return {
		tool: "duplicity",
		understood: true,
		runs: [...earlier, toRun(output, found, blocks.at(-1) ?? null)],
		ignored: [],
	};
}

function toRun(output: ToolOutput, found: Scan, block: SessionStatistics | null): ToolRun {
	const code = output.exit === null || output.exit === 0 ? (found.code ?? output.exit) : output.exit;
	const errors = block?.values.Errors ?? 0;
	// The statistics are printed once everything is uploaded.
	const hasFailed = block === null && found.complaints.length > 0;
	const told: Words = hasFailed ? "failure" : block?.isClosed !== true ? null : errors > 0 ? "warning" : "success";
	const outcome = judge({ exit: code, signal: output.signal }, found.words ?? told);
	const message = sentence(found.complaints);
	const meta = readObject(found.json?.backup_meta);
	const action = readText(meta?.action);
	return toolRun(output, outcome, {
		...(block === null ? {} : statisticsMeasures(block)),
		kind: block === null ? found.kind : "backup",
		exitCode: code,
		warningMessages: found.complaints,
		errorCategory: category(code, found.complaints, errors > 0),
		errorMessage: message,
		repository: readText(meta?.target),
		labels: action === null ? {} : { type: action },
	});
}

function category(code: number | null, complaints: string[], hasErrors: boolean): string | null {
	const text = complaints.join("\n");
	if (/Backup source directory .{1,2000} does not exist|[Pp]ath .{1,2000} does not exist/.test(text))
		return "source_missing";
	// The password was asked for, and nobody was there.
	if (complaints.some((line) => line === "EOFError")) return "auth";
	// Interrupted from the keyboard; with a complaint it means that no manifest was found.
	if (code === 4 && complaints.length === 0) return "interrupted";
	const byCode = code === null ? undefined : categories[code];
	if (byCode !== undefined) return byCode;
	const byText = errorCategory(text);
	if (byText !== "unknown") return byText;
	// Its own words for a file it could not read are "possibly locked file".
	return hasErrors ? "source_unreadable" : null;
}

/** The complaint that tells most: GnuPG's reason is worth more than "see log below". */
function sentence(complaints: string[]): string | null {
	return (
		complaints.find((line) => /^gpg: .*fail/i.test(line)) ??
		complaints.find((line) => !/^(?:gpg: |GPGError: GPG Failed, see log|Attempt )/.test(line)) ??
		complaints[0] ??
		null
	);
}

function recognise(output: ToolOutput): number {
	const text = wholeText(output);
	const ends = `${text.slice(0, 20_000)}\n${text.slice(-20_000)}`;
	if (/-\[ Backup Statistics \]-/.test(ends) || /"backup_meta"\s*:/.test(ends)) return 0.97;
	if (/(?:^|\n)(?:\. )?(?:Last full backup date: |Local and Remote metadata are synchronized)/.test(ends)) return 0.9;
	if (/(?:^|\n)(?:NOTICE|ERROR|WARNING) \d{1,3}\b[^\n]{0,200}\n\. /.test(ends)) return 0.9;
	return /(?:^|\n)(?:GPGError: GPG Failed|BackendException: |Giving up after \d+ attempts?\. |Backup source directory \S+ does not exist)/.test(
		ends,
	)
		? 0.85
		: 0;
}

const seams = seamsOf("LSCRINGBVAETFMWc", [
	"Local and Remote metadata are",
	"Last full backup (?:date|left)",
	"Synchronizing remote metadata",
	"Copying duplicity-",
	"Reading globbing filelist",
	"Import of duplicity",
	"Reuse configured PASSPHRASE",
	"No (?:old|extraneous) backup sets",
	"Giving up after",
	"Backup source directory",
	"GPGError",
	"BackendException",
	"Verify complete",
	String.raw`Attempt \d+ (?:of \S+ )?failed`,
	"Error accessing possibly",
	String.raw`Traceback \(`,
	"Found primary backup chain",
	"Collection Status",
	"chain-complete",
	String.raw`(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun) \w{3} [ \d]?\d [\d:]{8} \d{4} \S`,
]);

export const duplicity: Tool = { name: "duplicity", recognise, read, seams };
