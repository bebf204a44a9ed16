// Imports a file or a stream of JSONL: journaled first, so that a rebuild has it too, then stored.
import type { Database } from "bun:sqlite";
import { transaction } from "../store/database.ts";
import { passSource } from "../store/sources.ts";
import { FollowedFile } from "./follow.ts";
import { type Counts, Intake, noCounts } from "./intake.ts";
import { type Journal, journalEnd } from "./journal.ts";
import { type LineState, maxJournalLine, maxLine, readLines, trimEnd } from "./lines.ts";

export type Imported = Counts & { lines: number; pending: number };

/** Where the lines of an import go: into a database, or only counted. */
export type ImportTarget = {
	db: Database;
	journal: Journal;
	zone: string;
	now: () => number;
	/** How the lines came, for the journal. */
	road?: string;
	/** Lines at the beginning that were stored before. */
	skip?: number;
	/** Called in each transaction with the last line that it stores. */
	passed?: (line: number) => void;
};

// One chunk is one transaction, and its lines are all held at once: a megabyte costs 15 MB.
const chunkLength = 192 * 1024;

/** Reads at most `into.length` bytes; 0 at the end. */
export type ReadChunk = (into: Buffer) => number | Promise<number>;

export type LineSink = {
	line: (text: string, line: number) => void;
	bad: (reason: string, text: string, line: number) => void;
	/** Whether the unended last line is whole. */
	isComplete: (text: string) => boolean;
	/** Called after each stretch of lines. */
	flush: () => void;
};

/** Cuts a stream into lines with bounded memory. Returns 1 when the last line is unfinished, else 0. */
export async function readStream(read: ReadChunk, sink: LineSink, longest = maxLine): Promise<0 | 1> {
	// Always more room than the longest line takes: a read of nothing means the end.
	const buffer = Buffer.allocUnsafe(longest + chunkLength);
	const state: LineState = { rest: "start", line: 0 };
	let kept = 0;
	for (;;) {
		const got = await read(buffer.subarray(kept, kept + chunkLength));
		const length = kept + got;
		const handler = {
			onLine: (start: number, end: number, line: number) => sink.line(buffer.toString("utf8", start, end), line),
			onBad: (reason: string, start: number, end: number, line: number) =>
				sink.bad(reason, buffer.toString("utf8", start, end), line),
		};
		const used = readLines(buffer, length, state, handler, longest);
		if (got === 0) {
			const end = trimEnd(buffer, used, length);
			const text = buffer.toString("utf8", used, end);
			const isWhole = end > used && (state.rest === "start" || state.rest === "nul") && sink.isComplete(text);
			if (isWhole) sink.line(text, state.line + 1);
			sink.flush();
			return !isWhole && (end > used || state.rest === "overlong" || state.rest === "nul") ? 1 : 0;
		}
		sink.flush();
		buffer.copyWithin(0, used, length);
		kept = length - used;
	}
}

/** Stores every good line of a stream; `source` is what it is called where its bad lines are shown. */
export async function importStream(read: ReadChunk, source: string, target: ImportTarget): Promise<Imported> {
	const total: Imported = { ...noCounts(), lines: 0, pending: 0 };
	let waiting: { text: string; line: number; reason: string | null }[] = [];
	let isFirst = true;
	let stored = 0;
	const store = () => {
		if (waiting.length === 0) return;
		if (isFirst) catchUp(target);
		isFirst = false;
		storeLines(waiting, source, target, total);
		waiting = [];
		// As when a big file is followed: the rubbish of a portion is given back before the next ones.
		stored++;
		if (stored % 4 === 0) Bun.gc(true);
	};
	const take = (text: string, line: number, reason: string | null) => {
		if (line > (target.skip ?? 0)) waiting.push({ text, line, reason });
	};
	const sink: LineSink = {
		line: (text, line) => take(text, line, null),
		bad: (reason, text, line) => take(text, line, reason),
		isComplete: (text) => new Intake(target.db, { source, zone: target.zone, now: target.now() }).isComplete(text),
		flush: store,
	};
	// What comes from the spool was read and measured before it was written there, and may have grown since.
	total.pending = await readStream(read, sink, target.road === undefined ? maxLine : maxJournalLine);
	total.lines = total.accepted + total.rejected + total.pending;
	return total;
}

// The journal's offset may only move on over what has been stored: first whatever an earlier crash left behind.
function catchUp({ db, journal, zone, now }: ImportTarget): void {
	const followed = new FollowedFile(db, journal.path, zone, { isOurs: true });
	while (followed.look(now()).more);
}

function storeLines(
	lines: { text: string; line: number; reason: string | null }[],
	source: string,
	{ db, journal, zone, now: clock, road = "import", passed }: ImportTarget,
	total: Imported,
): void {
	const now = clock();
	const start = journal.size;
	transaction(db, () => {
		const intake = new Intake(db, { source, zone, now });
		const accepted: string[] = [];
		const end = journalEnd(road, now);
		for (const { text, line, reason } of lines) {
			const kept = reason === null ? intake.take(text, line, end) : intake.reject(reason, text, line);
			if (kept !== null) accepted.push(kept);
		}
		intake.finish();
		if (accepted.length > 0) journal.append(`${accepted.join("\n")}\n`);
		passSource(db, start, journal, { accepted: accepted.length, rejected: intake.counts.rejected }, now);
		const last = lines.at(-1);
		if (last !== undefined) passed?.(last.line);
		total.accepted += intake.counts.accepted;
		total.warned += intake.counts.warned;
		total.rejected += intake.counts.rejected;
		total.changed += intake.counts.changed;
	});
}
