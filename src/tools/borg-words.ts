// Sorts what borg printed: archives written, log messages with their level, what check, prune and compact say.
import type { Kind } from "../run.ts";
import { archiveRun, StatsReader } from "./borg-archive.ts";
import { categoryOfName } from "./borg-codes.ts";
import { type ErrorCategory, errorCategory, sourceCategory } from "./error-category.ts";
import { readText } from "./fields.ts";
import { isFragment, type JsonObject, readPieces, toObject } from "./text.ts";
import type { ToolOutput, ToolRun } from "./tool.ts";
import { clip } from "./tool-run.ts";

export type BorgMessage = { text: string; category: ErrorCategory };

export type BorgWords = {
	isBorg: boolean;
	archives: ToolRun[];
	errors: BorgMessage[];
	warnings: BorgMessage[];
	/** Of a check, prune or compact that began to talk. */
	kind: Kind | null;
	/** A check or compaction that says it came to its end well. */
	isFinished: boolean;
	/** From "terminating with … status, rc N" (--show-rc). */
	status: number | null;
	/** Seconds since 1970 of the last log line: borg 1.x tells an archive's time without a zone. */
	loggedAt: number | null;
	/** Plain lines of no known meaning; without --log-json an error is one of them. */
	leftover: string[];
	ignored: string[];
};

/** The status "-" of a file, too, says that it was only looked at. */
const dryRun = "a dry run backs nothing up";
const maxMessages = 1000;
/** Nothing that borg says in one line is longer, however long the paths. */
const maxLine = 9000;

const sourceWarning =
	/^(?!(?:[\w.]+: )?Failed to create\/acquire the lock).*\[Errno \d+\]|file changed while we backed it up|\bchanged while we (?:backed|read)|(?:include|exclude) pattern '[^']*' never matched/i;
/** Sentences with which a command ends that did nothing. */
const ending =
	/^(?:Archive \S+ already exists$|Repository \S.* does not exist\.$|\S.* is not a valid repository\. Check|Failed to create\/acquire the lock |passphrase supplied in BORG_|Insufficient free space to complete transaction|Data integrity error: |(?:Enter passphrase for key .{1,400}: )?can ?not acquire a passphrase: BORG_|Connection closed by remote host\.)/;
const exception = /^(?:[\w.]+\.)?[A-Z]\w*(?:Error|Exception|Interrupt|Timeout|Exit|Full)\b.*$/;
const noise =
	/^(?:Creating archive at|Reading |Processing |Initializing |Saving |Synchronizing|Verified |TAM-|security: |[AMUCEdsbcfihx+] \S|[\d.]+ [kMGT]?i?B [ON] |File |Platform:|Linux:|Borg:|PID:|sys\.argv:|SSH_ORIGINAL|Traceback |self tests|using builtin|\d+ self tests|Enter passphrase|Warning: |Do you want|Attempting|[\s~^]+$)/;
const others: [RegExp, string][] = [
	[/both KEY AND PASSPHRASE|By default repositories initialized/i, "a repository was created; that is no backup"],
	[
		/^\S+\s+\w{3}, \d{4}-\d\d-\d\d \d\d:\d\d:\d\d(?: [+-]\d{4})? \[[0-9a-f]{64}\]$/,
		"a list of archives is an inventory, not a run",
	],
	[/^borg\d? \d+\.\d+/, "a version is no run"],
	[/^(?:Calculating|Would (?:prune|keep|delete))/, "a dry run changes nothing"],
];

export function collectBorg({ stdout, stderr, zone }: Pick<ToolOutput, "stdout" | "stderr" | "zone">): BorgWords {
	const words: BorgWords = {
		isBorg: false,
		archives: [],
		errors: [],
		warnings: [],
		kind: null,
		isFinished: false,
		status: null,
		loggedAt: null,
		leftover: [],
		ignored: [],
	};
	const blocks = new StatsReader(zone);
	for (const text of [stdout, stderr]) {
		for (const piece of readPieces(text)) {
			if (piece.type === "object") readObjectOf(words, piece.object, blocks, zone);
			else readLine(words, piece.line, blocks);
		}
	}
	for (const run of blocks.runs) {
		if (blocks.isDescription) continue;
		// With --json --stats both tell of the same archive.
		if (!words.archives.some((known) => known.snapshotId === run.snapshotId)) words.archives.push(run);
	}
	if (blocks.isDescription) ignore(words, "a description of an archive is no run");
	if (words.archives.length > 0) words.isBorg = true;
	return words;
}

function readObjectOf(words: BorgWords, object: JsonObject, blocks: StatsReader, zone: string): void {
	const type = readText(object.type);
	if (type === "log_message") readLog(words, object, blocks);
	else if (
		type !== null &&
		/^(?:archive_progress|progress_message|progress_percent|file_status|question_|prompt_)/.test(type)
	) {
		words.isBorg = true;
		takeTime(words, object);
		if (type === "file_status" && object.status === "-") ignore(words, dryRun);
		if (/^(?:repository\.compact|compact\.)/.test(readText(object.msgid) ?? "")) words.kind ??= "prune";
		if (/^check\./.test(readText(object.msgid) ?? "")) words.kind ??= "check";
	} else if (object.dry_run === true) ignore(words, dryRun);
	else if (Array.isArray(object.archives)) ignore(words, "a list of archives is an inventory, not a run");
	else if ("archive" in object || ("command_line" in object && "stats" in object)) {
		const run = archiveRun(object, zone);
		if (run !== null) words.archives.push(run);
		else if (toObject(object.archive) === null) ignore(words, "a list of archives is an inventory, not a run");
	} else if ("location" in object) {
		const last = words.archives.at(-1);
		if (last !== undefined) last.repository ??= readText(object.location);
	} else if ("repository" in object && ("cache" in object || "encryption" in object)) {
		ignore(words, "a description of the repository is no run");
	} else if ("path" in object && "mode" in object) ignore(words, "a list of files is no run");
}

function takeTime(words: BorgWords, object: JsonObject): void {
	const time = object.time;
	if (typeof time === "number" && time > 1e9 && time < 1e10) words.loggedAt = time;
}

function readLog(words: BorgWords, object: JsonObject, blocks: StatsReader): void {
	words.isBorg = true;
	takeTime(words, object);
	const text = readText(object.message);
	if (text === null) return;
	const level = readText(object.levelname) ?? "INFO";
	const msgid = readText(object.msgid);
	if (level === "ERROR" || level === "CRITICAL") addError(words, text, msgid);
	else if (level === "WARNING") addWarning(words, text, msgid);
	else if (readText(object.name) === "borg.output.list" && !/^(?:Keeping|Pruning|Deleting|Would|Kept)/.test(text)) {
		ignore(words, "a list of files is no run");
	} else for (const line of text.split("\n").slice(0, 200)) readLine(words, line.trim(), blocks);
}

/** A traceback is one message; its reason is the exception on one of its last lines. */
function addError(words: BorgWords, text: string, msgid: string | null): void {
	readKind(words, text);
	const reason = text.startsWith("Traceback") || text.includes("\n") ? exceptionOf(text.split("\n")) : null;
	const message = reason ?? text;
	const named = msgid === "Exception" || msgid === "Error" ? null : categoryOfName(msgid);
	if (message === "Local Exception" || message === "Remote Exception" || words.errors.length >= maxMessages) return;
	words.errors.push({ text: clip(message), category: named ?? errorCategory(message) });
}

function exceptionOf(lines: string[]): string | null {
	return lines.findLast((line) => exception.test(line.trim()))?.trim() ?? null;
}

function addWarning(words: BorgWords, text: string, msgid: string | null): void {
	readKind(words, text);
	if (words.warnings.length >= maxMessages || words.warnings.some((known) => known.text === text)) return;
	words.warnings.push({ text: clip(text), category: warningCategory(text, msgid) });
}

/** A warning about a file of the sources begins with its path, which may be named like anything. */
function warningCategory(text: string, msgid: string | null): ErrorCategory {
	const named = categoryOfName(msgid) ?? (sourceWarning.test(text) ? sourceCategory(text) : "unknown");
	return named === "unknown" ? errorCategory(text) : named;
}

function readLine(words: BorgWords, text: string, blocks: StatsReader): void {
	if (text === "" || text.length > maxLine) return;
	const line = text.replace(/^(?:Remote: )+/, "");
	const status = /^terminating with \w+ status, rc (-?\d{1,3})$/.exec(line);
	const other = others.find(([sign]) => sign.test(line));
	if (status !== null) {
		words.isBorg = true;
		words.status = Number(status[1]);
	} else if (readKind(words, line)) {
		words.isBorg = true;
		if (/check, errors found/.test(line)) words.errors.push({ text: line, category: "repo_corrupt" });
	} else if (blocks.read(line)) return;
	else if (other !== undefined) ignore(words, other[1]);
	else if (/^- \S/.test(line)) ignore(words, dryRun);
	else if (exception.test(line) || ending.test(line)) addError(words, line, null);
	else if (sourceWarning.test(line) && !line.startsWith("OSError")) addWarning(words, line, null);
	else if (!noise.test(line) && !isFragment(line)) {
		words.leftover.push(line);
		// The first lines of a check and the last lines of anything else tell the reason.
		if (words.leftover.length > 40) words.leftover.splice(20, 1);
	}
}

const kinds: [RegExp, Kind][] = [
	[
		/^(?:Starting (?:full |partial )?repository (?:index )?check|Finished (?:full|partial)? ?(?:repository|segment) check|finished segment check|Index object count|Archive consistency check|Starting archive consistency|Analyzing archive|Checked \d+ index|committed index:|rebuilt index:|ID: [0-9a-f]{64} rebuilt)/i,
		"check",
	],
	[
		/^(?:Keeping archive|Pruning archive|Kept archive|Deleted data:|compaction freed|Compacting segments|Starting compaction|Finished compaction|Computing object IDs)/i,
		"prune",
	],
];

/** Lines of check, prune and compact; true when it was one. */
function readKind(words: BorgWords, line: string): boolean {
	const kind = kinds.find(([sign]) => sign.test(line))?.[1];
	if (kind === undefined) return false;
	// compact analyses archives as check does.
	if (words.kind === null || (kind === "check" && !/^Analyzing/.test(line))) words.kind = kind;
	if (/no problems found|^compaction freed|^Finished compaction/i.test(line)) words.isFinished = true;
	return true;
}

function ignore(words: BorgWords, reason: string): void {
	if (!words.ignored.includes(reason) && words.ignored.length < 20) words.ignored.push(reason);
}
