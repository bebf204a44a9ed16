// The --stats block of rsync, as it prints it, logs it, and as rsnapshot passes it on.
import { parseCount, parseSize } from "./fields.ts";
import { readLines } from "./text.ts";
import type { ToolRun } from "./tool.ts";

/** The figures of one --stats block, and what its lines were called by rsync 2.6 to 3.5. */
export type RsyncStats = {
	files: number | null;
	created: number | null;
	deleted: number | null;
	transferred: number | null;
	size: number | null;
	transferredSize: number | null;
	literal: number | null;
	sent: number | null;
	received: number | null;
	/** The closing "total size is … speedup is …" was printed: rsync came to its end. */
	isClosed: boolean;
	isDryRun: boolean;
};

export const noStats: RsyncStats = {
	files: null,
	created: null,
	deleted: null,
	transferred: null,
	size: null,
	transferredSize: null,
	literal: null,
	sent: null,
	received: null,
	isClosed: false,
	isDryRun: false,
};

type Field = Exclude<keyof RsyncStats, "isClosed" | "isDryRun">;

const number = String.raw`([\d.,'\u00a0\u202f]{1,30}[KMGTPE]?)`;
const fields: [Field, RegExp][] = [
	["files", /^Number of files: ([\d.,']+)(?: \(([^()]{1,100})\))?$/],
	["created", /^Number of created files: ([\d.,']+)(?: \(([^()]{1,100})\))?$/],
	["deleted", /^Number of deleted files: ([\d.,']+)(?: \(([^()]{1,100})\))?$/],
	["transferred", /^Number of (?:regular )?files transferred: ([\d.,']+)$/],
	["size", new RegExp(`^Total file size: ${number} (?:bytes|B)$`)],
	["transferredSize", new RegExp(`^Total transferred file size: ${number} (?:bytes|B)$`)],
	["literal", new RegExp(`^Literal data: ${number} (?:bytes|B)$`)],
	["sent", new RegExp(`^Total bytes sent: ${number}$`)],
	["received", new RegExp(`^Total bytes received: ${number}$`)],
];
export const closing = new RegExp(
	`^total size is ${number}\\s+speedup is [\\d.,]+( \\(DRY RUN\\))?( \\(BATCH ONLY\\))?$`,
);
const endsWithBareNumber = /^(?:Number of [a-z ]+|Total bytes (?:sent|received)): [\d.,']*[KMGTPE]?$/;

// The prefixes of rsync's own log file, of rsnapshot's, and of a journal.
const prefix =
	/^(?:(\d{4}\/\d\d\/\d\d \d\d:\d\d:\d\d) \[\d+\] |\[\d{4}-\d\d-\d\dT[\d:]{8}\] |\w{3} [ \d]\d [\d:]{8} \S{1,64} rsync(?:d)?(?:\[\d+\])?: )/;

/** Takes one line of a --stats block into `blocks`; a heading that comes again opens the next block. */
export function takeStatsLine(blocks: RsyncStats[], line: string): void {
	const end = closing.exec(line);
	if (end !== null) {
		const block = current(blocks);
		block.size ??= amount(end[1]);
		block.isClosed = true;
		block.isDryRun = end[2] !== undefined;
		return;
	}
	if (!/^(?:Number of |Total |Literal )/.test(line)) return;
	for (const [field, pattern] of fields) {
		const match = pattern.exec(line);
		if (match === null) continue;
		const block = field === "files" && blocks.at(-1)?.files !== null ? open(blocks) : current(blocks);
		block[field] = match[2] === undefined ? amount(match[1]) : regularFiles(match[2]);
	}
}

/** The block that is still being printed. */
function current(blocks: RsyncStats[]): RsyncStats {
	const last = blocks.at(-1);
	return last === undefined || last.isClosed ? open(blocks) : last;
}

function open(blocks: RsyncStats[]): RsyncStats {
	const block = { ...noStats };
	// A script has dozens of them; a hostile text must not fill the memory.
	if (blocks.length >= 10_000) blocks.splice(0, 5000);
	blocks.push(block);
	return block;
}

/** "9,082,533", "9082533", "9.08M": letters are steps of 1000 (`-h`), their fraction has whatever sign the locale uses. */
function amount(text: string | undefined): number | null {
	if (text === undefined) return null;
	return /[KMGTPE]$/.test(text) ? parseSize(text.replace(",", "."), 1000) : parseCount(text);
}

/** "reg: 62, dir: 9": only regular files are files to us. Where only folders are counted, there are none. */
function regularFiles(kinds: string): number | null {
	const regular = /\breg: ([\d.,']+?)(?:, [a-z]|$)/.exec(kinds);
	return regular === null ? (/\b(?:dir|link|special|dev): \d/.test(kinds) ? 0 : null) : parseCount(regular[1]);
}

/**
 * The lines of an output. `curl -d` strips line ends, so the block arrives as one line: it is cut before each heading.
 * A number that ends a text without a line end may itself be cut, so such a line is dropped.
 */
export function* rsyncLines(text: string): Generator<string> {
	const isCut = !/[\n\r]\s*$/.test(text.slice(-200));
	let held: string | null = null;
	for (const line of readLines(unglue(text))) {
		if (held !== null) yield held;
		held = line.replace(prefix, "");
	}
	if (held !== null && !(isCut && endsWithBareNumber.test(held))) yield held;
}

const headings =
	/(?=\d{4}\/\d\d\/\d\d \d\d:\d\d:\d\d \[\d+\] )|(?<!\] )(?=Number of (?:files|created files|deleted files|regular files transferred|files transferred): |Total (?:file size|transferred file size|bytes sent|bytes received): |Literal data: |Matched data: |File list |sent [\d.,]+[KMGT]? bytes {2}received |total size is [\d.,]+[KMGT]? {2}speedup)|(?<=\(\d{1,3}\)|\]|speedup is [\d.,]{1,30})(?=rsync: |rsync error: |rsync warning: |file has vanished: )/g;

/** Where a body without line ends is longer than any that `curl -d` sends, only its end is looked at. */
const maxGlued = 2 * 1024 * 1024;

function unglue(whole: string): string {
	const text =
		whole.length > maxGlued && whole.slice(-maxGlued).search(/[\n\r]/) === -1 ? whole.slice(-maxGlued) : whole;
	const at = Math.max(text.lastIndexOf("Total transferred file size: "), text.lastIndexOf("rsync error: "));
	return at > 0 && !/[\n\r][^\n\r]{0,60}$/.test(text.slice(Math.max(0, at - 80), at))
		? text.replace(headings, "\n")
		: text;
}

/** The measures of one block; also used for each of rsnapshot's. */
export function measures(stats: RsyncStats): Partial<ToolRun> {
	const { created, transferred } = stats;
	const metrics: Record<string, number> = {};
	const known = {
		files_transferred: transferred,
		files_deleted: stats.deleted,
		bytes_transferred: stats.transferredSize,
		bytes_sent: stats.sent,
		bytes_received: stats.received,
	};
	for (const [name, value] of Object.entries(known)) if (value !== null) metrics[name] = value;
	return {
		size: stats.size,
		bytesAdded: stats.literal,
		filesTotal: stats.files,
		filesNew: created,
		// Transferred files are the new ones and the changed ones. Empty new files are created without a transfer.
		filesChanged: created === null || transferred === null ? null : Math.max(0, transferred - created),
		metrics,
	};
}
