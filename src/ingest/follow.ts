// Follows one growing JSONL file: what is new since the last look is stored together with how far it was read.
//
// The database knows the file by its content (its first bytes, the bytes before the offset) and its inode. Anything that
// does not fit, be it rotation, truncation, `tail > tmp; mv` or a file written anew, makes a new generation: what is left
// unread in the rotated file is taken, then the file is read from its start, and the lines it already held change nothing.
import type { Database } from "bun:sqlite";
import { closeSync, constants, fstatSync, openSync, readSync, type Stats, statSync } from "node:fs";
import { codeOf } from "../errors.ts";
import { transaction } from "../store/database.ts";
import { replayableTransaction } from "../store/replayable.ts";
import {
	addSeen,
	deleteSeenExcept,
	findLeft,
	findSource,
	keepLeft,
	readSeenBefore,
	readSource,
	type Source,
	startGeneration,
	startSeenAgain,
	writeSource,
} from "../store/sources.ts";
import { Intake, noCounts } from "./intake.ts";
import { hashLength, KnownLines, LineHashes } from "./known-lines.ts";
import { type LineState, maxJournalLine, maxLine, type Rest, readLines, trimEnd } from "./lines.ts";
import { continues, fits, inNextPart, inRotated, noteContent, siblingOf } from "./rotation.ts";

// Room for the longest line and what may stand before it; one slice is one transaction and holds up others for that long.
const bufferLength = 320 * 1024;
const journalBufferLength = 1024 * 1024;
const recentHashes = 64;
/** A file that was empty for a moment only was written anew in place (`tail > tmp; cat tmp > file`), not rotated. */
const rewriteMs = 5000;
/** What one look at the file found. `more`: it is not read to its end yet. */
export type Look = {
	state: "read" | "missing" | "unreadable";
	/** Why it cannot be read, as the end of a sentence that begins with the path. */
	reason: string | null;
	more: boolean;
	accepted: number;
	/** Accepted lines that lost something. */
	warned: number;
	rejected: number;
	changed: number;
	firstRejected: string | null;
	/** A last line that is not ended and not a whole report yet. */
	pending: boolean;
};

type Left = { source: Source; path: string; size: number };

export class FollowedFile {
	readonly path: string;
	readonly #db: Database;
	readonly #zone: string;
	readonly #isOurs: boolean;
	/** Held from slice to slice of a big file, and between two looks not at all. */
	#buffer: Buffer | null = null;
	#source: Source | null = null;
	#known: KnownLines | null = null;
	/** What was rotated away last, where it lies now, and how long it was when it was read; null: there is none any more. */
	#left: Left | null = null;
	#seenStat: Stats | null = null;
	#slices = 0;
	/** When the file was found cut to nothing, until its next line. */
	#emptiedAt: number | null = null;

	/** `isOurs`: our own journal, whose lines we wrote and never read again, so their hashes need not be kept. */
	constructor(db: Database, path: string, zone: string, { isOurs = false } = {}) {
		this.#db = db;
		this.path = path;
		this.#zone = zone;
		this.#isOurs = isOurs;
	}

	/** One look: at most one slice is read and stored. Throws only what SQLite throws; then nothing has moved. */
	look(now: number): Look {
		const missing = notRead("missing", "does not exist yet");
		try {
			const stat = statSync(this.path, { throwIfNoEntry: false });
			if (stat === undefined) return this.#readMissing(now) ?? missing;
			if (!stat.isFile()) return notRead("unreadable", `is ${kindOf(stat)}, not a file`);
			if (this.#isUnchanged(stat)) return this.#followLeft(now) ?? notRead("read", null);
			const fd = openSync(this.path, constants.O_RDONLY | constants.O_NONBLOCK);
			try {
				return this.#read(fd, now);
			} finally {
				closeSync(fd);
			}
		} catch (error) {
			const code = codeOf(error);
			if (code === "ENOENT") return missing;
			this.#forget();
			if (code.startsWith("SQLITE")) throw error;
			return notRead("unreadable", reasonOf(code));
		}
	}

	// After a failed transaction memory may be ahead of the database: read it again.
	#forget(): void {
		this.#source = null;
		this.#known = null;
		this.#seenStat = null;
		this.#left = null;
	}

	#isUnchanged(stat: Stats): boolean {
		const seen = this.#seenStat;
		return (
			seen !== null &&
			seen.size === stat.size &&
			seen.mtimeMs === stat.mtimeMs &&
			seen.ctimeMs === stat.ctimeMs &&
			seen.ino === stat.ino &&
			seen.dev === stat.dev
		);
	}

	#read(fd: number, now: number): Look {
		const stat = fstatSync(fd);
		if (!stat.isFile()) return notRead("unreadable", `is ${kindOf(stat)}, not a file`);
		const source = this.#loadSource();
		const look = notRead("read", null);
		if (continues(fd, stat, source)) {
			// Of a file that was empty nothing tells whether it was cut again since, with something in it.
			const part = source.offset === 0 && source.generation > 0 ? this.#readPart(source, now) : null;
			if (part !== null) return { ...part, more: true };
			source.device = stat.dev;
			source.inode = stat.ino;
		} else {
			const drained = this.#followLeft(now) ?? this.#drainRotated(source, now) ?? this.#readPart(source, now);
			if (drained !== null) return { ...drained, more: true };
			this.#startOver(source, stat);
			this.#emptiedAt = stat.size === 0 ? now : null;
		}
		if (stat.size <= source.offset) {
			this.#seenStat = stat;
			return look;
		}
		if (this.#emptiedAt !== null) {
			if (Math.abs(now - this.#emptiedAt) <= rewriteMs) source.known_below = stat.size;
			this.#loadKnown(source);
			this.#emptiedAt = null;
		}
		const atEnd = this.#slice(fd, stat, source, now, look);
		if (atEnd) this.#seenStat = stat;
		return { ...look, more: !atEnd };
	}

	#loadSource(): Source {
		if (this.#source !== null) return this.#source;
		const source = transaction(this.#db, () => {
			const row = readSource(this.#db, this.path);
			// Stopped in the middle of reading a file again: where the old lines were matched is not kept, so start over.
			if (row.known_below > 0) startSeenAgain(this.#db, row);
			return row;
		});
		this.#loadKnown(source);
		this.#source = source;
		this.#findLeft();
		return source;
	}

	#loadKnown(source: Source): void {
		this.#known = source.known_below > 0 ? new KnownLines(readSeenBefore(this.#db, source)) : null;
	}

	#startOver(source: Source, stat: Stats): void {
		const isRenamed = !this.#isOurs && source.inode !== null && source.inode !== stat.ino && source.offset > 0;
		transaction(this.#db, () => {
			if (isRenamed) keepLeft(this.#db, source);
			startGeneration(this.#db, source, stat);
		});
		this.#loadKnown(source);
		if (isRenamed) this.#findLeft();
	}

	#findLeft(): void {
		const source = this.#isOurs ? null : findLeft(this.#db, this.path);
		const path = source === null || source.inode === null ? null : siblingOf(this.path, source.inode);
		this.#left = source === null || path === null ? null : { source, path, size: source.offset };
	}

	/** Takes what a writer that keeps the rotated file open has written there since. null: nothing. */
	#followLeft(now: number): Look | null {
		const left = this.#left;
		if (left === null) return null;
		const stat = statSync(left.path, { throwIfNoEntry: false });
		if (stat === undefined || stat.ino !== left.source.inode) {
			// Renamed once more, or compressed, or deleted.
			this.#findLeft();
			return null;
		}
		return stat.size === left.size ? null : this.#readLeft(left, now);
	}

	#readLeft(left: Left, now: number): Look | null {
		const fd = openSync(left.path, constants.O_RDONLY | constants.O_NONBLOCK);
		try {
			const stat = fstatSync(fd);
			if (stat.size <= left.source.offset || !fits(fd, left.source)) {
				this.#left = null;
				return null;
			}
			const look = notRead("read", null);
			const atEnd = this.#slice(fd, stat, left.source, now, look, Math.max(now, Math.ceil(stat.mtimeMs)));
			left.size = atEnd ? stat.size : left.source.offset;
			return { ...look, more: !atEnd };
		} finally {
			closeSync(fd);
		}
	}

	/** The file was renamed and no new one is there yet: what was written before that is waited for by nobody else. */
	#readMissing(now: number): Look | null {
		if (this.#isOurs || (this.#source === null && findSource(this.#db, this.path) === null)) return null;
		const source = this.#loadSource();
		if (source.inode === null) return null;
		const path = siblingOf(this.path, source.inode);
		const size = path === null ? 0 : (statSync(path, { throwIfNoEntry: false })?.size ?? 0);
		// An unfinished line at its end was looked at before.
		if (size <= source.offset || size === this.#seenStat?.size) return this.#followLeft(now);
		const look = this.#drainRotated(source, now);
		return look === null ? null : { ...look, state: "missing", reason: "does not exist yet", more: true };
	}

	/** Takes what was left unread in the file that was renamed or copied away. null: no such file, or nothing left in it. */
	#drainRotated(source: Source, now: number): Look | null {
		return inRotated(this.path, source, (fd, stat) => {
			const look = notRead("read", null);
			const before = source.offset;
			this.#slice(fd, stat, source, now, look, source.read_at ?? now);
			return source.offset > before ? look : null;
		});
	}

	/** Begins a rotated part that was never read, because the file was rotated more than once since. Oldest first. */
	#readPart(source: Source, now: number): Look | null {
		const readAt = source.read_at;
		if (readAt === null || this.#isOurs) return null;
		const left = this.#left?.source.inode ?? null;
		return inNextPart(this.path, source, { since: readAt, except: left }, (fd, stat) => {
			this.#startOver(source, stat);
			const look = notRead("read", null);
			// The next part is one that was written after this one.
			this.#slice(fd, stat, source, now, look, Math.ceil(stat.mtimeMs));
			return look;
		});
	}

	/** Reads, stores and moves on by one bufferful, in one transaction. True when the end of the file was reached. */
	#slice(fd: number, stat: Stats, source: Source, now: number, look: Look, readAt = now): boolean {
		const buffer = this.#bufferFor(stat.size - source.offset);
		const length = readSync(fd, buffer, 0, buffer.length, source.offset);
		const atEnd = source.offset + length >= stat.size || length === 0;
		const next = { ...source };
		// What is read of another part counts for the file that is followed, and is no line that this one holds.
		const main = this.#source === null || source.path === this.path ? null : { ...this.#source };
		const counted = main ?? next;
		// The last slice of a file is flushed, and with it those before it: until then the file itself stands for them.
		const commit = atEnd ? transaction : replayableTransaction;
		commit(this.#db, () => {
			const intake = new Intake(this.#db, { source: this.path, zone: this.#zone, now, isOurs: this.#isOurs });
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
			if (main === null) this.#rememberLines(next, hashes);
			else writeSource(this.#db, main);
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
		if (main !== null && this.#source !== null) Object.assign(this.#source, main);
		if (atEnd) this.#buffer = null;
		else this.#giveBack();
		if (main === null && source.known_below === 0) this.#known = null;
		return atEnd;
	}

	/** A megabyte for each look at a few new lines would be a collection of all rubbish each time, in the way of whoever asks. */
	#bufferFor(unread: number): Buffer {
		const length = Math.min(Math.max(unread, 0), this.#isOurs ? journalBufferLength : bufferLength);
		if (this.#buffer === null || this.#buffer.length < length) this.#buffer = Buffer.allocUnsafe(length);
		return this.#buffer;
	}

	/** In a big file the rubbish of one slice is given back before the next ones: memory is what a Pi is short of. */
	#giveBack(): void {
		this.#slices++;
		if (this.#slices % 4 === 0) Bun.gc(true);
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

function notRead(state: Look["state"], reason: string | null): Look {
	return { state, reason, more: false, ...noCounts(), firstRejected: null, pending: false };
}

function kindOf(stat: Stats): string {
	if (stat.isDirectory()) return "a directory";
	return stat.isFIFO() ? "a pipe" : "a device or socket";
}

function reasonOf(code: string): string {
	if (code === "EACCES" || code === "EPERM")
		return `cannot be read by user ${process.getuid?.() ?? "?"}: permission denied`;
	if (code === "ELOOP") return "is a symbolic link that leads to itself";
	return `cannot be read (${code || "unknown error"})`;
}
