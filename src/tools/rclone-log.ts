// rclone's log: its JSON records and its lines for people, taken apart into figures, errors and last words.
import { wholeText } from "./ending.ts";
import {
	parseCount,
	parseDuration,
	parseSize,
	readCount,
	readInstant,
	readObject,
	readSeconds,
	readText,
} from "./fields.ts";
import { type JsonObject, readPieces } from "./text.ts";
import type { ToolOutput } from "./tool.ts";

/** Figures of the last statistics. rclone never knows the size of the whole source, so there is none here. */
type Figures = {
	bytes: number | null;
	totalBytes: number | null;
	checks: number | null;
	transfers: number | null;
	totalTransfers: number | null;
	deletes: number | null;
	errors: number | null;
	elapsed: number | null;
	isTransferring: boolean;
	lastError: string | null;
};

/** What one pass over an output found. */
export type RcloneLog = {
	figures: Figures | null;
	/** Distinct sentences of level error and above, in their order. */
	errors: Set<string>;
	/** "Failed to sync with 5 errors: last error was: …", the last line of every failed command. */
	final: string | null;
	/** Figures came after it: those of another command, or of another attempt of a script. */
	isFollowed: boolean;
	verb: string | null;
	succeededLater: boolean;
	isDryRun: boolean;
	isRclone: boolean;
	isListing: boolean;
	statsAt: number | null;
	endedAt: number | null;
	version: string | null;
};

const maxErrors = 200;

const plain =
	/^(?:<\d>)?(?:(\d{4})\/(\d\d)\/(\d\d) (\d\d:\d\d:\d\d)(?:\.\d+)? )?(?:(DEBUG|INFO|NOTICE|WARNING|ERROR|CRITICAL|ALERT|EMERGENCY) ?\s?: |(?=Failed to |Fatal error: ))(.*)$/;
const failed = /^(?:Failed to|Fatal error:) (\w+)/;
// What rclone says after every error, without saying anything about it.
const echo =
	/^(?:not deleting (?:files|directories) as there were IO errors|Attempt \d+\/\d+ |Fatal error received - not attempting retries|Cancelling sync due to fatal error|Can't retry any of the errors)/;

function newLog(): RcloneLog {
	return {
		figures: null,
		errors: new Set(),
		final: null,
		isFollowed: false,
		verb: null,
		succeededLater: false,
		isDryRun: false,
		isRclone: false,
		isListing: false,
		statsAt: null,
		endedAt: null,
		version: null,
	};
}

/** Reads a whole output. The last figures win: rclone prints them again and again. */
export function readRcloneLog(output: ToolOutput): RcloneLog {
	const found = newLog();
	let block: string[] | null = null;
	const text = wholeText(output);
	const length = text.trim().length;
	for (const piece of readPieces(text)) {
		if (piece.type === "object") takeRecord(found, piece.object, output.zone, piece.end - piece.start >= length);
		else block = takeLine(found, piece.line, block, output.zone);
	}
	if (block !== null) takeBlock(found, block);
	return found;
}

function takeRecord(found: RcloneLog, record: JsonObject, zone: string, isAlone: boolean): void {
	const message = readText(record.msg);
	if (message === null || readText(record.level) === null) {
		const isFigures = "totalTransfers" in record && "elapsedTime" in record;
		// Figures alone answer `rc core/stats`; between other text they are what a cut left of a record.
		if (isFigures && !isAlone) {
			found.isRclone = true;
			found.figures = figuresOf(record);
		} else found.isListing ||= isListingRecord(record);
		return;
	}
	found.isRclone = true;
	const at = readInstant(record.time, zone);
	if (at !== null) found.endedAt = at;
	if (readText(record.skipped) !== null || /--dry-run/.test(message))
		found.isDryRun ||= /as --dry-run is set|not .{0,40}as --dry-run/i.test(message);
	const stats = readObject(record.stats);
	if (stats !== null) {
		found.isFollowed = found.final !== null;
		found.figures = figuresOf(stats);
		found.statsAt = at;
		return;
	}
	takeMessage(found, String(record.level), message);
}

/** `isLast`: a line without a level, as rclone prints it just before it ends. About a file it says the same beside its name. */
function takeMessage(found: RcloneLog, level: string, message: string, isLast = false): void {
	const match = failed.exec(message);
	if (
		match !== null &&
		(isLast ||
			!/^Failed to (?:copy|move|delete|read|update|set|open|hash|list|remove|make|purge)\b: |^Failed to (?:update|set|read|open|delete|remove|make)\b/.test(
				message,
			))
	) {
		found.final = message;
		found.isFollowed = false;
		found.verb = match[1] ?? null;
		return;
	}
	if (/\d+ (?:differences found|matching files)$/.test(message)) found.verb ??= "check";
	takeStart(found, message);
	if (/^Attempt \d+\/\d+ succeeded/.test(message)) found.succeededLater = true;
	if (!/^(?:error|critical|alert|emergency|fatal|panic)$/i.test(level)) return;
	if (!echo.test(message) && found.errors.size < maxErrors) found.errors.add(message);
}

/** The first line of -vv: `rclone: Version "v1.60.1" starting with parameters ["rclone" "sync" …]`. */
function takeStart(found: RcloneLog, message: string): void {
	const match = /Version "v?([\w.-]{1,40})" (?:starting with parameters|finishing)(.{0,4000})/.exec(message);
	if (match === null) return;
	found.version = match[1] ?? null;
	found.verb ??= /"rclone" (?:"-[^"]*" )*"(\w+)"/.exec(match[2] ?? "")?.[1] ?? null;
	if (/"(?:--dry-run|-n)"/.test(match[2] ?? "")) found.isDryRun = true;
}

/** `lsjson`, `size --json`, `about --json`, and the answers of the remote control. */
function isListingRecord(record: JsonObject): boolean {
	return (
		("Path" in record && "IsDir" in record) ||
		("count" in record && "bytes" in record) ||
		("used" in record && ("free" in record || "total" in record)) ||
		"transferred" in record ||
		("totalTransfers" in record && "checks" in record) ||
		("completed_at" in record && "name" in record)
	);
}

function figuresOf(stats: JsonObject): Figures {
	return {
		bytes: readCount(stats.bytes),
		totalBytes: readCount(stats.totalBytes),
		checks: readCount(stats.checks),
		transfers: readCount(stats.transfers),
		totalTransfers: readCount(stats.totalTransfers),
		deletes: readCount(stats.deletes),
		errors: readCount(stats.errors),
		elapsed: readSeconds(stats.elapsedTime),
		isTransferring: Array.isArray(stats.transferring) && stats.transferring.length > 0,
		lastError: readText(stats.lastError),
	};
}

/** One line for people. A block of figures begins with its first heading and ends with the time elapsed. */
function takeLine(found: RcloneLog, line: string, block: string[] | null, zone: string): string[] | null {
	const match = plain.exec(line);
	const text = match === null ? line : (match[6] ?? "");
	if (match !== null) {
		found.isRclone = true;
		if (match[1] !== undefined) {
			const at = readInstant(`${match[1]}-${match[2]}-${match[3]}T${match[4]}`, zone);
			// Whole seconds: the line after a record of the same second would lie before it.
			if (at !== null) found.endedAt = Math.max(at, found.endedAt ?? 0);
		}
		const sentence = text.replace(/^.{1,400}?: (?=Failed to |Copied |Deleted|Skipped |Not |error |file not in )/, "");
		if (/as --dry-run is set|as --dry-run$/i.test(text)) found.isDryRun = true;
		if (match[5] === undefined || /^Failed to \w+(?: with \d+ errors)?: |^Failed to create file system/.test(text))
			takeMessage(found, "error", text, match[5] === undefined);
		else takeMessage(found, match[5], match[5] === "ERROR" ? text : sentence);
	}
	if (/^(?:Total objects|Total size):\s|^(?:Used|Free):\s+[\d.]+ ?[KMGTPE]?i?B?$/.test(text)) found.isListing = true;
	if (/^-?\d+ (?:\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d+ )?\S/.test(line) && match === null) found.isListing = true;
	if (text.startsWith("# HELP rclone_")) found.isListing = true;
	const isFigures = /^(?:Transferred|Errors|Checks|Deleted|Renamed|Elapsed time|Server Side \w+):\s/.test(text);
	if (!isFigures) {
		const brief = /^([\d.]+ ?[kKMGTPE]?i?(?:B|Bytes)?) \/ ([\d.]+ ?[kKMGTPE]?i?(?:B|Bytes)), (?:\d+%|-), /.exec(
			text.trim(),
		);
		if (brief !== null) takeBlock(found, [`Transferred: ${brief[1]} / ${brief[2]},`]);
		return block;
	}
	found.isRclone = true;
	const lines = block ?? [];
	if (lines.length < 12) lines.push(text);
	if (!text.startsWith("Elapsed time")) return lines;
	takeBlock(found, lines);
	return null;
}

function takeBlock(found: RcloneLog, lines: string[]): void {
	const figures = figuresOf({});
	for (const line of lines) {
		const [, heading = "", value = ""] = /^([A-Za-z ]+):\s+(.*)$/.exec(line) ?? [];
		const [done = "", total = ""] = value.split(/ \/ |,/);
		if (heading === "Transferred" && /B/.test(value.split(",")[0] ?? "")) {
			figures.bytes = bytesOf(done) ?? bytesOf(`${done.trim()}B`);
			figures.totalBytes = bytesOf(total);
		} else if (heading === "Transferred") {
			figures.transfers = parseCount(done.trim());
			figures.totalTransfers = parseCount(total.trim());
		} else if (heading === "Checks") figures.checks = parseCount(done.trim());
		else if (heading === "Errors") figures.errors = parseCount(/^\d+/.exec(value)?.[0]);
		else if (heading === "Deleted") figures.deletes = parseCount(/^\d+/.exec(value)?.[0]);
		else if (heading === "Elapsed time") figures.elapsed = parseDuration(value);
	}
	found.isFollowed = found.final !== null;
	// Printed in tenths: zero is "too short to tell".
	const isTimed = figures.elapsed !== null;
	if (figures.elapsed === 0) figures.elapsed = null;
	// Headings without anything to tell are left out, so their absence beside a time elapsed means none.
	if (isTimed) {
		figures.errors ??= 0;
		figures.transfers ??= 0;
	}
	found.figures = figures;
	found.statsAt = found.endedAt;
	found.isRclone = true;
}

/** "8.662 MiB"; before 1.57 "8.662 MBytes" and "8.662M", which were binary too. */
function bytesOf(text: string): number | null {
	return parseSize(text.trim().replace(/Bytes?$/i, "B"), 1024);
}
