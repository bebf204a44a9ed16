// Sorts the lines and objects of a restic output: reports of commands, errors, and what is only progress.
import type { Kind } from "../run.ts";
import { readArray, readCount, readObject, readText } from "./fields.ts";
import { isFragment, type JsonObject, readPieces } from "./text.ts";
import type { ToolOutput } from "./tool.ts";
import { clip } from "./tool-run.ts";

/** One command's own end of report. `problem` is what a check found, null where all is well. */
export type ResticReport = {
	kind: Kind;
	object: JsonObject | null;
	text: Record<string, string> | null;
	problem: string | null;
};

export type ResticWords = {
	isRestic: boolean;
	reports: ResticReport[];
	/** Kind of a command that began to talk but gave no report. */
	kind: Kind | null;
	exitError: { code: number | null; message: string } | null;
	fatal: string | null;
	interrupted: string | null;
	/** Messages about single files, by file: each shows twice, while scanning and while archiving. */
	fileErrors: Map<string, string>;
	/** Sources that were not there. restic up to 0.18 says so on stderr alone and exits 0. */
	missing: string[];
	/** Plain lines that are neither progress nor anything above: before 0.18 the reason stands there. */
	leftover: string | null;
	retry: string | null;
	ignored: string[];
	/** A backup began to tell how it goes: a summary has to follow, whatever the status. */
	isUnfinished: boolean;
};

const maxErrors = 1000;
const maxLeftover = 12;

const noise =
	/^(?:open repository|repository [0-9a-f]+ opened|lock repository|load(?:ing)? |using (?:parent snapshot|temporary cache)|no parent snapshot|start (?:scan|backup)|scan |created new cache|created exclusive lock|found \d+ old cache|reading repository password|enter password|\[\d|\d+ (?:snapshots|additional files)|new |modified |unchanged |Dirs: |keep \d|-{5,}|skipped creating snapshot|repo already locked|subprocess |at least one|progress|duration: |verifying files in |finished verifying |snapshot [0-9a-f]{8,} of \[|\S+\.(?:go|s):\d+$|(?:github\.com\/|golang\.org\/|runtime\.|main\.)\S+$)/i;
const retrying =
	/\b(?:returned error, retrying|failed, retrying|operation failed[^\n]{0,100}retry|retrying after)|^(?:Save|Load|Stat|List|Remove)\([^\n]*failed: /;
const checking =
	/^(?:check (?:all packs|snapshots)|create exclusive lock|read all data|read \d|no errors were found|The repository contains|error for tree|Pack ID does not match|pack [0-9a-f]+)/;
const pruning =
	/^(?:Applying Policy|collecting packs|finding data that is still in use|searching used packs|to repack:|this removes:|to delete:|total prune:|remaining:|unused size after prune|repacking packs|rebuilding index|removing \d+|deleting |remove \d+ snapshots|\d+ snapshots have been removed|No data removed|totally|loading all snapshots|done$)/;
const restoring = /^(?:restoring (?:<Snapshot|snapshot)|Summary: Restored)/;
/** Of copy: one snapshot after the other, without a report at the end. */
const copying = /^copy started, this may take|^skipping (?:source )?snapshot [0-9a-f]+, was already copied/;
/** What a backup says before its report, and no other program. */
const beginning =
	/^(?:no parent snapshot found, will read all files|using parent snapshot [0-9a-f]{8}|start backup on \[|repository [0-9a-f]{8,} opened)/;
const others: [RegExp, string][] = [
	[/^created restic repository/, "a repository was created; that is no backup"],
	[/^successfully removed (?:\d+ )?locks/, "locks were removed; that is no backup"],
	[/^ID\s+Time\s+Host/, "a list of snapshots is an inventory, not a run"],
];

export function collectRestic({ stdout, stderr }: Pick<ToolOutput, "stdout" | "stderr">): ResticWords {
	const words: ResticWords = {
		isRestic: false,
		reports: [],
		kind: null,
		exitError: null,
		fatal: null,
		interrupted: null,
		fileErrors: new Map(),
		missing: [],
		leftover: null,
		retry: null,
		ignored: [],
		isUnfinished: false,
	};
	for (const text of [stdout, stderr]) {
		const lines = new LineReader(words);
		for (const piece of readPieces(unglue(text))) {
			if (piece.type === "line") lines.read(piece.line);
			else {
				lines.close();
				readMessage(words, piece.object);
			}
		}
		lines.close();
	}
	return words;
}

const seams =
	/(?=Files: +\d|Dirs: +\d|Data Blobs: +\d|Tree Blobs: +\d|Added to the repo|Would add to the repo|processed \d+ files, |snapshot [0-9a-f]{8} saved|Fatal: |Warning: at least one|error: |using parent snapshot|no parent snapshot found|Applying Policy|no errors were found)|(?<=does not exist, skipping)|(?<=will read all files)|(?<=snapshot [0-9a-f]{8} saved)/g;

/** Gives the lines for people back to a text whose line ends were stripped (`curl -d @-`). Objects need none. */
function unglue(text: string): string {
	if (
		text.length > 1_000_000 ||
		text.includes('{"') ||
		!/processed \d+ files, |Fatal: |does not exist, skipping/.test(text)
	)
		return text;
	return /[\n\r]/.test(text.trim()) ? text : text.replace(seams, "\n");
}

function report(words: ResticWords, kind: Kind, object: JsonObject | null, problem: string | null = null): void {
	words.isRestic = true;
	const last = words.reports.at(-1);
	// forget prints a group for each host and path, and prune adds its own lines: one run.
	if (kind === "prune" && last?.kind === "prune") return;
	words.reports.push({ kind, object, text: null, problem });
}

function ignore(words: ResticWords, reason: string): void {
	if (!words.ignored.includes(reason) && words.ignored.length < 20) words.ignored.push(reason);
}

function readMessage(words: ResticWords, object: JsonObject): void {
	const type = readText(object.message_type);
	if (type === "summary") readSummary(words, object);
	else if (type === "exit_error") {
		words.isRestic = true;
		const message = readText(object.message) ?? "";
		words.exitError = { code: readCount(object.code), message: clip(message) };
		if (words.exitError.code !== 3) words.fatal = clip(message);
	} else if (type === "error") readFileError(words, object);
	else if (type === "status" || type === "verbose_status") {
		words.isRestic = true;
		words.isUnfinished = true;
	} else if (type === "initialized") ignore(words, "a repository was created; that is no backup");
	else if (type === "node" || object.struct_type === "node") ignore(words, "a list of files is no run");
	else if (type === "change" || type === "statistics") ignore(words, "a comparison of snapshots is no run");
	else if (type === "version") ignore(words, "a version is no run");
	else if ("keep" in object && "remove" in object && ("paths" in object || "host" in object))
		report(words, "prune", null);
	else if (isListing(object)) ignore(words, "a list of what the repository holds is an inventory, not a run");
}

function readSummary(words: ResticWords, object: JsonObject): void {
	if (object.dry_run === true) ignore(words, "a dry run backs nothing up");
	else if (readCount(object.total_bytes_processed) !== null) report(words, "backup", object);
	else if ("num_errors" in object) {
		const errors = readCount(object.num_errors);
		const broken = readArray(object.broken_packs).length;
		const isSound = errors === 0 && broken === 0;
		report(
			words,
			"check",
			object,
			isSound ? null : `the check found ${errors ?? "an unknown number of"} errors and ${broken} broken packs`,
		);
	} else if ("files_restored" in object || "bytes_restored" in object) report(words, "restore_test", object);
	else ignore(words, "a summary that is not of a backup");
}

function isListing(object: JsonObject): boolean {
	const isSnapshot = typeof object.tree === "string" && "time" in object;
	const isGroup = "group_key" in object && "snapshots" in object;
	const isStatistics = "total_size" in object || "snapshots_count" in object;
	const isConfig = "chunker_polynomial" in object;
	const isKey = "userName" in object && "hostName" in object && "current" in object;
	return isSnapshot || isGroup || isStatistics || isConfig || isKey;
}

function readFileError(words: ResticWords, object: JsonObject): void {
	words.isRestic = true;
	const error = readObject(object.error);
	const item = readText(object.item) ?? "";
	const cause =
		readText(error?.message) ?? [readText(error?.Op), readText(error?.Path)].filter((part) => part !== null).join(" ");
	const message = cause === "" ? `${item}: could not be read` : cause;
	if (words.fileErrors.size < maxErrors && !words.fileErrors.has(item)) words.fileErrors.set(item, clip(message));
}

/** Reads plain lines in their order: a fatal error goes on over the lines behind it, a summary consists of several. */
class LineReader {
	readonly #words: ResticWords;
	#rest: string[] = [];
	#fatal: string[] | null = null;
	#summary: Record<string, string> = {};
	#isDryRun = false;

	constructor(words: ResticWords) {
		this.#words = words;
	}

	read(line: string): void {
		const words = this.#words;
		if (line.startsWith("Fatal: ")) {
			this.#closeFatal();
			this.#fatal = [line];
		} else if (this.#readSummaryLine(line)) this.#closeFatal();
		else if (line.endsWith(" does not exist, skipping")) {
			words.isRestic = true;
			if (words.missing.length < maxErrors) words.missing.push(line);
		} else if (/^error: /.test(line)) {
			words.isRestic = true;
			const message = line.slice(7);
			if (words.fileErrors.size < maxErrors) words.fileErrors.set(message, message);
		} else if (/^Warning: at least one source file/.test(line)) {
			words.isRestic = true;
			words.exitError ??= { code: 3, message: line };
		} else if (/^signal \w+ received/.test(line)) {
			words.isRestic = true;
			words.interrupted = line;
		} else if (retrying.test(line)) words.retry = clip(line);
		else if (/^subprocess ssh: /.test(line)) words.retry ??= clip(line);
		else if (checking.test(line) || pruning.test(line) || restoring.test(line)) {
			// The report of another command.
			this.#closeFatal();
			this.#readOther(line);
		} else if (this.#fatal !== null && this.#fatal.length < maxLeftover && !noise.test(line)) this.#fatal.push(line);
		else this.#readOther(line);
	}

	#readOther(line: string): void {
		const words = this.#words;
		const other = others.find(([sign]) => sign.test(line));
		if (beginning.test(line)) words.isRestic = true;
		if (/^(?:using|no) parent snapshot|^start (?:scan|backup) on/.test(line)) words.isUnfinished = true;
		if (other !== undefined) ignore(words, other[1]);
		else if (copying.test(line)) {
			words.isRestic = true;
			words.kind ??= "sync";
		} else if (/^Would (?:have|add|remove)/.test(line)) {
			this.#isDryRun = true;
			ignore(words, "a dry run backs nothing up");
		} else if (checking.test(line)) {
			words.isRestic = true;
			words.kind = "check";
			if (line === "no errors were found") report(words, "check", null);
		} else if (pruning.test(line)) {
			words.isRestic = true;
			words.kind = "prune";
			// `done` alone, or the policy's own table, is the end of prune's or forget's report.
			if (!this.#isDryRun && (line === "done" || /^(?:remove|\d+) .*snapshots|^No data removed/.test(line)))
				report(words, "prune", null);
		} else if (restoring.test(line)) {
			words.isRestic = true;
			words.kind = "restore_test";
			if (line.startsWith("Summary: ")) {
				words.reports.push({ kind: "restore_test", object: null, text: { restored: line }, problem: null });
			}
		} else if (!noise.test(line) && !isFragment(line) && this.#rest.length < maxLeftover) this.#rest.push(line);
	}

	#readSummaryLine(line: string): boolean {
		if (/^Files:\s+\d+ new/.test(line)) this.#summary = { files: line };
		else if (/^Added to the repo(?:sitory)?: /.test(line)) this.#summary.added = line;
		else if (/^processed \d+ files, /.test(line)) {
			this.#summary.processed = line;
			if (!this.#isDryRun) {
				this.#words.isRestic = true;
				this.#words.reports.push({ kind: "backup", object: null, text: this.#summary, problem: null });
			}
		} else if (/^snapshot [0-9a-f]{8,64} saved/.test(line)) this.#summary.saved = line;
		else return false;
		return true;
	}

	#closeFatal(): void {
		if (this.#fatal === null) return;
		this.#words.isRestic = true;
		this.#words.fatal = clip(this.#fatal.join("\n"));
		this.#fatal = null;
	}

	/** Ends a run of lines: at an object or at the end of the stream. */
	close(): void {
		this.#closeFatal();
		if (this.#rest.length > 0) this.#words.leftover ??= clip(this.#rest.join("\n"));
		if (this.#rest.some((line) => line.startsWith("unable to create lock in backend"))) this.#words.isRestic = true;
		this.#rest = [];
	}
}
