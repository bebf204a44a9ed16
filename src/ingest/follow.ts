// Follows one growing JSONL file: what is new since the last look is stored together with how far it was read.
//
// The database knows the file by its content (its first bytes, the bytes before the offset) and its inode. Anything that
// does not fit, be it rotation, truncation, `tail > tmp; mv` or a file written anew, makes a new generation: what is left
// unread in the rotated file is taken, then the file is read from its start, and the lines it already held change nothing.
import type { Database } from "bun:sqlite";
import { closeSync, constants, fstatSync, openSync, readSync, type Stats, statSync } from "node:fs";
import { codeOf } from "../errors.ts";
import { transaction } from "../store/database.ts";
import {
	addSeen,
	deleteSeenExcept,
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
import { continues, inNextPart, inRotated, noteContent } from "./rotation.ts";

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
	rejected: number;
	changed: number;
	firstRejected: string | null;
	/** A last line that is not ended and not a whole report yet. */
	pending: boolean;
};

export class FollowedFile {
	readonly path: string;
	readonly #db: Database;
	readonly #zone: string;
	readonly #isOurs: boolean;
	readonly #buffer: Buffer;
	#source: Source | null = null;
	#known: KnownLines | null = null;
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
		this.#buffer = Buffer.allocUnsafe(isOurs ? journalBufferLength : bufferLength);
	}

	/** One look: at most one slice is read and stored. Throws only what SQLite throws; then nothing has moved. */
	look(now: number): Look {
		let fd: number;
		try {
			const stat = statSync(this.path);
			if (!stat.isFile()) return notRead("unreadable", `is ${kindOf(stat)}, not a file`);
			if (this.#isUnchanged(stat)) return notRead("read", null);
			fd = openSync(this.path, constants.O_RDONLY | constants.O_NONBLOCK);
		} catch (error) {
			const code = codeOf(error);
			return code === "ENOENT" ? notRead("missing", "does not exist yet") : notRead("unreadable", reasonOf(code));
		}
		try {
			return this.#read(fd, now);
		} catch (error) {
			this.#forget();
			if (codeOf(error).startsWith("SQLITE")) throw error;
			return notRead("unreadable", reasonOf(codeOf(error)));
		} finally {
			closeSync(fd);
		}
	}

	// After a failed transaction memory may be ahead of the database: read it again.
	#forget(): void {
		this.#source = null;
		this.#known = null;
		this.#seenStat = null;
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
			source.device = stat.dev;
			source.inode = stat.ino;
		} else {
			const drained = this.#drainRotated(source, now) ?? this.#readPart(source, now);
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
		return source;
	}

	#loadKnown(source: Source): void {
		this.#known = source.known_below > 0 ? new KnownLines(readSeenBefore(this.#db, source)) : null;
	}

	#startOver(source: Source, stat: Stats): void {
		transaction(this.#db, () => startGeneration(this.#db, source, stat));
		this.#loadKnown(source);
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
		return inNextPart(this.path, source, readAt, (fd, stat) => {
			this.#startOver(source, stat);
			const look = notRead("read", null);
			// The next part is one that was written after this one.
			this.#slice(fd, stat, source, now, look, Math.ceil(stat.mtimeMs));
			return look;
		});
	}

	/** Reads, stores and moves on by one bufferful, in one transaction. True when the end of the file was reached. */
	#slice(fd: number, stat: Stats, source: Source, now: number, look: Look, readAt = now): boolean {
		const length = readSync(fd, this.#buffer, 0, this.#buffer.length, source.offset);
		const atEnd = source.offset + length >= stat.size || length === 0;
		const next = { ...source };
		transaction(this.#db, () => {
			const intake = new Intake(this.#db, { source: this.path, zone: this.#zone, now, isOurs: this.#isOurs });
			const hashes = new LineHashes();
			const used = this.#takeLines(length, atEnd, next, intake, hashes, look);
			intake.finish();
			next.accepted += intake.counts.accepted;
			next.rejected += intake.counts.rejected;
			next.read_at = readAt;
			next.device = stat.dev;
			next.offset += used;
			this.#rememberLines(next, hashes);
			noteContent(fd, next, this.#buffer.subarray(0, used));
			const isReread = next.known_below > 0 && next.offset >= next.known_below;
			const isFirstOfNew = next.known_below === 0 && source.offset === 0 && next.generation > 0;
			if (isReread || isFirstOfNew) {
				next.known_below = 0;
				deleteSeenExcept(this.#db, next.id, next.generation);
			}
			writeSource(this.#db, next);
			look.accepted += intake.counts.accepted;
			look.rejected += intake.counts.rejected;
			look.changed += intake.counts.changed;
			const first = intake.firstRejected;
			look.firstRejected ??= first === null ? null : `line ${first.line} ${first.reason}`;
		});
		Object.assign(source, next);
		if (!atEnd) this.#giveBack();
		if (source.known_below === 0) this.#known = null;
		return atEnd;
	}

	/** In a big file the rubbish of one slice is given back before the next ones: memory is what a Pi is short of. */
	#giveBack(): void {
		this.#slices++;
		if (this.#slices % 4 === 0) Bun.gc(true);
	}

	#takeLines(length: number, atEnd: boolean, next: Source, intake: Intake, hashes: LineHashes, look: Look): number {
		const bytes = this.#buffer;
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
