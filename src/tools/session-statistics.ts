// The block of "Key value (human)" lines that duplicity and rdiff-backup share, as text and as JSON.
import { readCount, readSeconds } from "./fields.ts";
import type { JsonObject } from "./text.ts";
import type { ToolRun } from "./tool.ts";

export type SessionStatistics = {
	values: Record<string, number>;
	/** The line of dashes behind the block was printed: it is whole. */
	isClosed: boolean;
	/** The key of the line taken last, which is doubtful where the text was cut. */
	lastKey: string | null;
};

const opening = /^-{5,}\[ (?:Backup|Session) [Ss]tatistics \]-{5,}$/;
const closing = /^-{20,}[. ]*$/;
const entry = /^([A-Z][A-Za-z]{3,40}) (-?\d{1,18}(?:\.\d{1,9})?)( \([^()]{1,80}\))?$/;
const keys = new Set([
	"StartTime",
	"EndTime",
	"ElapsedTime",
	"SourceFiles",
	"SourceFileSize",
	"NewFiles",
	"DeletedFiles",
	"ChangedFiles",
	"IncrementFileSize",
	"TotalDestinationSizeChange",
	"Errors",
]);

/** Takes one line of a block; a heading opens the next one. Lines of a block whose heading was cut off count too. */
export function takeStatisticsLine(blocks: SessionStatistics[], line: string): void {
	const last = blocks.at(-1);
	if (opening.test(line)) {
		open(blocks);
		return;
	}
	if (closing.test(line)) {
		if (last !== undefined && Object.keys(last.values).length > 0) last.isClosed = true;
		return;
	}
	const match = entry.exec(line);
	const key = match?.[1] ?? "";
	if (match === null || !keys.has(key)) return;
	// Sizes and times are explained in brackets, so one without them was cut.
	if (match[3] === undefined && /(?:Time|Size|Change)$/.test(key)) return;
	const block = last === undefined || last.isClosed || key in last.values ? open(blocks) : last;
	block.values[key] = Number(match[2]);
	block.lastKey = key;
}

function open(blocks: SessionStatistics[]): SessionStatistics {
	const block = { values: {}, isClosed: false, lastKey: null };
	// A script has a few of them; a hostile text must not fill the memory.
	if (blocks.length >= 500) blocks.splice(0, 250);
	blocks.push(block);
	return block;
}

/** Takes back a count at the very end of a text without a line end: "SourceFiles 6" may have been 65. */
export function dropCutCount(blocks: SessionStatistics[], text: string): void {
	const last = blocks.at(-1);
	const key = last?.lastKey ?? null;
	if (last === undefined || key === null || last.isClosed) return;
	if (new RegExp(`${key} \\d+$`).test(text.slice(-100))) delete last.values[key];
}

const names =
	"StartTime|EndTime|ElapsedTime|SourceFiles|SourceFileSize|MirrorFiles|MirrorFileSize|NewFiles|NewFileSize|DeletedFiles|DeletedFileSize|ChangedFiles|ChangedFileSize|ChangedSourceSize|ChangedMirrorSize|ChangedDeltaSize|DeltaEntries|RawDeltaSize|IncrementFiles|IncrementFileSize|TotalDestinationSizeChange|Errors";
const seams = new RegExp(
	`(?=(?:\\. )?-{14}\\[)|(?<=\\]-{14})|(?<!\\. )(?=(?:\\. )?(?:${names}) \\d)|(?<=Errors \\d{1,9} ?)(?=(?:\\. )?-{20})`,
	"g",
);

/** Gives a block whose line ends were stripped (`curl -d @-`) its lines back. */
export function unglueStatistics(whole: string): string {
	const isLong = whole.length > 2_000_000 && !/[\n\r]/.test(whole.slice(-2_000_000));
	const text = isLong ? whole.slice(-2_000_000) : whole;
	const at = text.lastIndexOf("SourceFileSize ");
	return at > 0 && !/[\n\r][. ]{0,4}$/.test(text.slice(Math.max(0, at - 8), at)) ? text.replace(seams, "\n") : text;
}

/** The same figures from duplicity's --jsonstat. */
export function statisticsOf(object: JsonObject): SessionStatistics | null {
	if (!("StartTime" in object) || !("SourceFiles" in object)) return null;
	const values: Record<string, number> = {};
	for (const key of keys) if (typeof object[key] === "number") values[key] = object[key];
	return { values, isClosed: true, lastKey: null };
}

/** Counts are the tool's own and include folders. */
export function statisticsMeasures({ values, isClosed }: SessionStatistics): Partial<ToolRun> {
	const metrics: Record<string, number> = {};
	const deleted = readCount(values.DeletedFiles);
	const errors = readCount(values.Errors);
	if (deleted !== null) metrics.files_deleted = deleted;
	if (errors !== null) metrics.errors = errors;
	return {
		startedAt: epoch(values.StartTime),
		endedAt: epoch(values.EndTime),
		duration: readSeconds(values.ElapsedTime),
		size: readCount(values.SourceFileSize),
		// Only where the whole block is there: a cut one may have lost the better figure.
		bytesAdded: readCount(values.TotalDestinationSizeChange ?? (isClosed ? values.IncrementFileSize : null)),
		filesTotal: readCount(values.SourceFiles),
		filesNew: readCount(values.NewFiles),
		filesChanged: readCount(values.ChangedFiles),
		warnings: errors,
		metrics,
	};
}

function epoch(seconds: number | undefined): number | null {
	return seconds !== undefined && seconds > 1e8 && seconds < 1e10 ? Math.round(seconds * 1000) : null;
}
