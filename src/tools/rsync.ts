// rsync: what its statistics and its error lines make of a run, on standard output or in its --log-file.
import { judge, noRun, oneRun, toolRun, type Words, wholeText } from "./ending.ts";
import { errorCategory } from "./error-category.ts";
import { readInstant } from "./fields.ts";
import { closing, measures, noStats, type RsyncStats, rsyncLines, takeStatsLine } from "./rsync-stats.ts";
import type { Tool, ToolOutput, ToolReading, ToolRun } from "./tool.ts";
import { notUnderstood } from "./tool-run.ts";

const verdict = /rsync (?:error|warning): ([^\n]{1,500}?) \(code (\d{1,3})\) at [\w./-]{1,80}\(\d+\)/;
const complaint =
	/^(?:rsync: |@ERROR|file has vanished: |ssh: |ssh_exchange|kex_|Host key|IO error |IO Error|cannot delete )|Permission denied \(|: (?:command )?not found$|Connection (?:closed|reset|timed out|refused)|No space left/;
const listing = /^[-dlbcps][rwxsStT-]{9}[.+@]?\s+[\d.,']+\s+\d{4}\/\d\d\/\d\d \d\d:\d\d:\d\d /;

// What a code means where the words say nothing surer (rsync(1), EXIT VALUES).
const categories: Record<number, string> = {
	1: "config",
	4: "config",
	10: "network",
	12: "network",
	19: "interrupted",
	20: "interrupted",
	24: "source_changed",
	25: "limit_reached",
	30: "network",
	35: "network",
	255: "network",
};

type Verdict = { code: number; line: string };

/** What one pass over the lines found. */
type Scan = {
	blocks: RsyncStats[];
	complaints: Set<string>;
	verdict: Verdict | null;
	/** A block was closed after the last verdict: in one stream, a later attempt that came through. */
	cameThrough: boolean;
	isTransfer: boolean;
	isListing: boolean;
	isEmpty: boolean;
	version: string | null;
};

const maxComplaints = 200;

function scan(text: string): Scan {
	const found: Scan = {
		blocks: [],
		complaints: new Set(),
		verdict: null,
		cameThrough: false,
		isTransfer: false,
		isListing: true,
		isEmpty: true,
		version: null,
	};
	for (const line of rsyncLines(text)) {
		found.isEmpty = false;
		found.isListing &&= listing.test(line);
		takeStatsLine(found.blocks, line);
		const match = verdict.exec(line);
		if (match !== null) {
			found.verdict = { code: Number(match[2]), line: match[0] };
			found.cameThrough = false;
			found.version = /\[\w+=(\d[\w.]{0,20})\]/.exec(line)?.[1] ?? found.version;
		} else if (closing.test(line)) found.cameThrough = true;
		else if (complaint.test(line)) {
			if (found.complaints.size < maxComplaints) found.complaints.add(line);
		} else found.isTransfer ||= transferring.test(line);
	}
	return found;
}

/** Reads the last run of a log file to which rsync appends one after the other. */
function read(output: ToolOutput): ToolReading {
	const text = lastRun(wholeText(output));
	const found = scan(text);
	const { blocks, complaints } = found;
	const isDryRun =
		blocks.some((block) => block.isDryRun) || /speedup is [\d.,]+ \(DRY RUN\)\s*$/.test(text.slice(-200));
	if (isDryRun) return noRun("rsync", "dry run: nothing was copied");
	const hasWords = blocks.length > 0 || complaints.size > 0 || found.verdict !== null;
	if (!hasWords && found.isListing && !found.isEmpty) return noRun("rsync", "a listing of files, not a backup");
	if (!hasWords && !found.isEmpty && !found.isTransfer) return notUnderstood("rsync", output);

	// rsync names its exit status in its last line on stderr, so a status that a pipe lost is not lost.
	const repaired = output.exit === 0 && found.cameThrough && output.stderr === "" && found.verdict !== null;
	const isLost = output.exit === null || (output.exit === 0 && !repaired);
	const exit = isLost ? (found.verdict?.code ?? output.exit) : output.exit;
	const stats = blocks.at(-1) ?? noStats;
	const isClean = complaints.size === 0 && found.verdict === null;
	const words: Words = repaired ? "warning" : stats.isClosed && isClean ? "complete" : null;
	const fault = explain([...complaints], found.verdict, exit);
	return oneRun(
		"rsync",
		toolRun(output, judge({ exit, signal: output.signal }, words, { warning: [24] }), {
			...measures(stats),
			...times(text, output.zone),
			exitCode: output.signal === null ? exit : output.exit,
			warnings: complaints.size === 0 ? null : complaints.size,
			warningMessages: [...complaints],
			errorCategory: fault.category,
			errorMessage: fault.message,
			toolVersion: found.version,
		}),
	);
}

/** From the last opening line of rsync's log file on; any other text as it is. */
function lastRun(text: string): string {
	const opening = Math.max(text.lastIndexOf("] building file list"), text.lastIndexOf("] receiving file list"));
	return opening === -1 ? text : text.slice(text.lastIndexOf("\n", opening) + 1);
}

const transferring =
	/^(?:sending incremental file list|receiving (?:incremental )?file list|building file list|created directory |[<>ch.*][fdLDS][.+?cstTpoguaxnb]{9,11} |sent [\d.,]+[KMGTPE]? bytes {2}received |\d[\d.,]*[KMGT]?\s+\d{1,3}%\s)/;

/** The first complaint that tells a cause: rsync's closing line itself only says "see previous errors". */
function explain(complaints: string[], last: Verdict | null, code: number | null) {
	const byCode = code === null ? undefined : categories[code];
	if (byCode === "interrupted") return { category: byCode, message: last?.line ?? complaints[0] ?? null };
	const sorted = complaints.map((line) => ({ category: categoryOf(line), message: line }));
	// A lost connection is what the other side's death looks like from here: any other cause is the truer one.
	const cause =
		sorted.find(({ category }) => category !== "unknown" && category !== "network") ??
		sorted.find(({ category }) => category === "network");
	return cause ?? { category: byCode ?? "unknown", message: complaints[0] ?? last?.line ?? null };
}

/** By the number of the system error, which no locale changes, and by the side that met it. */
function categoryOf(line: string): string {
	const errno = Number(/\((\d{1,3})\)$/.exec(line)?.[1] ?? Number.NaN);
	const isWrite =
		/\[(?:receiver|generator)\]|\b(?:mkstemp|mkdir|write|rename|chown|chmod|set times|symlink|mknod|unlink|delete)\b/.test(
			line,
		);
	if (errno === 28 || errno === 122) return "dest_full";
	if (errno === 30) return "dest_unwritable";
	if (errno === 13 || errno === 1) return isWrite ? "dest_unwritable" : "source_unreadable";
	if (errno === 2) return isWrite ? "dest_unwritable" : "source_missing";
	if (errno === 5 && !isWrite) return "source_unreadable";
	if (errno === 32) return "network";
	return errorCategory(line);
}

/** First and last instant of rsync's own log file; standard output has none. Whole seconds, so one second is unknown. */
function times(text: string, zone: string): Pick<ToolRun, "startedAt" | "endedAt" | "duration"> {
	const stamp = /(?:^|\n)(\d{4})\/(\d\d)\/(\d\d) (\d\d:\d\d:\d\d) \[\d+\] /g;
	const instant = (match: RegExpMatchArray | null | undefined) =>
		match ? readInstant(`${match[1]}-${match[2]}-${match[3]}T${match[4]}`, zone) : null;
	const startedAt = instant(text.slice(0, 4000).matchAll(stamp).next().value);
	const endedAt = startedAt === null ? null : instant([...text.slice(-4000).matchAll(stamp)].at(-1));
	const isLong = startedAt !== null && endedAt !== null && endedAt > startedAt;
	return { startedAt, endedAt, duration: isLong ? (endedAt - startedAt) / 1000 : null };
}

function recognise(output: ToolOutput): number {
	const text = wholeText(output);
	if (verdict.test(text.slice(-20_000))) return 0.95;
	if (text.includes("Total transferred file size: ")) return text.includes("/rsync ") ? 0.8 : 0.95;
	if (
		text
			.slice(0, 4000)
			.split("\n", 3)
			.every((line) => line === "" || listing.test(line)) &&
		text.trim() !== ""
	)
		return 0.8;
	if (/total size is [\d.,]+[KMGTPE]?\s+speedup is /.test(text.slice(-4000))) return 0.9;
	return /(?:^|\n)rsync: \[?\w/.test(text.slice(-20_000)) ? 0.8 : 0;
}

export const rsync: Tool = { name: "rsync", recognise, read };
