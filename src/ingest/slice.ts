// Reads, stores and moves on by one bufferful of a followed file: its lines and how far it was read, in one transaction.
import type { Database } from "bun:sqlite";
import { readSync, type Stats } from "node:fs";
import { transaction } from "../store/database.ts";
import { replayableTransaction } from "../store/replayable.ts";
import { addSeen, deleteSeenExcept, readSeenBefore, type Source, writeSource } from "../store/sources.ts";
import { Intake } from "./intake.ts";
import { hashLength, KnownLines, LineHashes } from "./known-lines.ts";
import { type LineState, maxJournalLine, maxLine, type Rest, readLines, trimEnd } from "./lines.ts";
import type { Look } from "./look.ts";
import { Pace } from "./pace.ts";
import { isStill, noteContent } from "./rotation.ts";

// Room for the longest line and what may stand before it. One slice is one transaction.
const bufferLength = 320 * 1024;
const journalBufferLength = 1024 * 1024;
const recentHashes = 64;

/**
 * `main`: the source of the file that is followed, where `source` is another part of it. `readAt`: what the file counts
 * as read up to, where that is not now. `head`: how a file began of which nothing was read yet, before its rotated parts
 * were looked for.
 */
type Slice = {
	fd: number;
	stat: Stats;
	source: Source;
	main: Source | null;
	readAt: number;
	head?: Uint8Array | null;
};

export class SliceReader {
	readonly #db: Database;
	readonly #path: string;
	readonly #zone: string;
	readonly #isOurs: boolean;
	/** Held from slice to slice of a big file, and between two looks not at all. */
	#buffer: Buffer | null = null;
	#known: KnownLines | null = null;
	readonly #pace: Pace;
	/** Bytes since the rubbish was given back. */
	#read = 0;

	/** `isOurs`: our own journal, whose lines we wrote and never read again, so their hashes need not be kept. */
	constructor(db: Database, path: string, zone: string, isOurs: boolean) {
		this.#db = db;
		this.#path = path;
		this.#zone = zone;
		this.#isOurs = isOurs;
		this.#pace = new Pace(this.#longest);
	}

	get #longest(): number {
		return this.#isOurs ? journalBufferLength : bufferLength;
	}

	/** Before the lines that a file already held are read again: they change nothing. */
	loadKnown(source: Source): void {
		this.#known = source.known_below > 0 ? new KnownLines(readSeenBefore(this.#db, source)) : null;
	}

	/** After a failed transaction memory may be ahead of the database. */
	forget(): void {
		this.#known = null;
	}

	/**
	 * One slice, counted in `look`. True when the end of the file was reached; throws what SQLite throws, and nothing has
	 * moved. Nothing moves either where the file was cut meanwhile: the next look finds it so.
	 */
	read({ fd, stat, source, main, readAt, head = null }: Slice, now: number, look: Look): boolean {
		const begun = performance.now();
		const buffer = this.#bufferFor(stat.size - source.offset);
		const length = this.#fill(buffer, fd, source.offset);
		if (!this.#isOurs && !isStill(fd, source, head, buffer.subarray(0, length))) return false;
		const atEnd = source.offset + length >= stat.size || length === 0;
		const next = { ...source };
		// What is read of another part counts for the file that is followed, and is no line that this one holds.
		const nextMain = main === null ? null : { ...main };
		const counted = nextMain ?? next;
		// The last slice of a file is flushed, and with it those before it: until then the file itself stands for them.
		const commit = atEnd ? transaction : replayableTransaction;
		commit(this.#db, () => {
			const intake = new Intake(this.#db, { source: this.#path, zone: this.#zone, now, isOurs: this.#isOurs });
			const hashes = new LineHashes();
			const used = this.#takeLines(buffer, length, atEnd, next, intake, hashes, look);
			intake.finish();
			counted.accepted += intake.counts.accepted;
			counted.rejected += intake.counts.rejected;
			// Of parts that nobody has read yet this one's time stamp says nothing.
			// And nothing was read of a file that was cut at this very moment: its copy is still to be read.
			if (length > 0) next.read_at = readAt;
			next.device = stat.dev;
			next.offset += used;
			if (nextMain === null) this.#rememberLines(next, hashes);
			else writeSource(this.#db, nextMain);
			noteContent(fd, next, buffer.subarray(0, used));
			const isReread = next.known_below > 0 && next.offset >= next.known_below;
			const isFirstOfNew = next.known_below === 0 && source.offset === 0 && next.generation > 0;
			if (isReread || isFirstOfNew) {
				next.known_below = 0;
				deleteSeenExcept(this.#db, next.id, next.generation);
			}
			writeSource(this.#db, next);
			look.accepted += intake.counts.accepted;
			look.warned += intake.counts.warned;
			look.rejected += intake.counts.rejected;
			look.changed += intake.counts.changed;
			const first = intake.firstRejected;
			look.firstRejected ??= first === null ? null : `line ${first.line} ${first.reason}`;
		});
		Object.assign(source, next);
		if (main !== null) Object.assign(main, nextMain);
		this.#pace.took(performance.now() - begun);
		if (atEnd) this.#buffer = null;
		else this.#giveBack(length);
		if (main === null && source.known_below === 0) this.#known = null;
		return atEnd;
	}

	/** A megabyte for each look at a few new lines would be a collection of all rubbish each time, in the way of whoever asks. */
	#bufferFor(unread: number): Buffer {
		const length = Math.min(Math.max(unread, 0), this.#longest);
		if (this.#buffer === null || this.#buffer.length < length) this.#buffer = Buffer.allocUnsafe(length);
		return this.#buffer;
	}

	/** A portion that holds at least one line's end, where the buffer can hold one: without, nothing would get on. */
	#fill(buffer: Buffer, fd: number, from: number): number {
		const length = readSync(fd, buffer, 0, Math.min(buffer.length, this.#pace.length), from);
		const portion = buffer.subarray(0, length);
		if (length === buffer.length || portion.includes(10) || portion.includes(13)) return length;
		return length + readSync(fd, buffer, length, buffer.length - length, from + length);
	}

	/** In a big file the rubbish of some slices is given back before the next ones: memory is what a Pi is short of. */
	#giveBack(length: number): void {
		this.#read += length;
		if (this.#read < 4 * this.#longest) return;
		this.#read = 0;
		Bun.gc(true);
	}

	#takeLines(
		bytes: Buffer,
		length: number,
		atEnd: boolean,
		next: Source,
		intake: Intake,
		hashes: LineHashes,
		look: Look,
	): number {
		const state: LineState = { rest: next.rest as Rest, line: next.line };
		const isNew = (start: number, text: string): boolean => {
			if (this.#isOurs) return true;
			const index = hashes.add(text);
			return this.#known === null || next.offset + start >= next.known_below || !this.#known.has(hashes, index);
		};
		const longest = this.#isOurs ? maxJournalLine : maxLine;
		const used = readLines(
			bytes,
			length,
			state,
			{
				onLine: (start, end, line) => {
					const text = bytes.toString("utf8", start, end);
					if (isNew(start, text)) intake.take(text, line);
				},
				onBad: (reason, start, end, line) => {
					const text = bytes.toString("utf8", start, end);
					if (isNew(start, text)) intake.reject(reason, text, line);
				},
			},
			longest,
		);
		if (!atEnd) return this.#moved(next, state, used);
		const end = trimEnd(bytes, used, length);
		if (state.rest === "overlong" || state.rest === "nul") look.pending = true;
		if (end > used && (state.rest === "start" || state.rest === "nul")) {
			const text = bytes.toString("utf8", used, end);
			look.pending = !intake.isComplete(text);
			if (!look.pending) {
				if (isNew(used, text)) intake.take(text, state.line + 1);
				state.rest = "taken";
				return this.#moved(next, state, length);
			}
		}
		return this.#moved(next, state, used);
	}

	#moved(next: Source, state: LineState, done: number): number {
		next.rest = state.rest;
		next.line = state.line;
		return done;
	}

	#rememberLines(next: Source, hashes: LineHashes): void {
		const recent = Buffer.concat([next.recent ?? new Uint8Array(), hashes.bytes()]);
		if (recent.length > recentHashes * hashLength) {
			addSeen(this.#db, next.id, next.generation, recent);
			next.recent = null;
		} else next.recent = recent;
	}
}
