// Follows one growing JSONL file: what is new since the last look is stored together with how far it was read.
//
// The database knows the file by its content (its first bytes, the bytes before the offset) and its inode. Anything that
// does not fit, be it rotation, truncation, `tail > tmp; mv` or a file written anew, makes a new generation: what is left
// unread in the rotated file is taken, then the file is read from its start, and the lines it already held change nothing.
import type { Database } from "bun:sqlite";
import { closeSync, constants, fstatSync, openSync, type Stats, statSync } from "node:fs";
import { codeOf } from "../errors.ts";
import { transaction } from "../store/database.ts";
import {
	findLeft,
	findSource,
	keepLeft,
	readSource,
	type Source,
	startGeneration,
	startSeenAgain,
} from "../store/sources.ts";
import { kindOf, type Look, notRead, reasonOf } from "./look.ts";
import { continues, fits, inNextPart, inRotated, readHead, siblingOf } from "./rotation.ts";
import { SliceReader } from "./slice.ts";

/** A file that was empty for a moment only was written anew in place (`tail > tmp; cat tmp > file`), not rotated. */
const rewriteMs = 5000;
type Left = { source: Source; path: string; size: number };

export class FollowedFile {
	readonly path: string;
	readonly #db: Database;
	readonly #isOurs: boolean;
	readonly #slices: SliceReader;
	#source: Source | null = null;
	/** What was rotated away last, where it lies now, and how long it was when it was read; null: there is none any more. */
	#left: Left | null = null;
	#seenStat: Stats | null = null;
	/** When the file was found cut to nothing, until its next line. */
	#emptiedAt: number | null = null;

	/** `isOurs`: our own journal, whose lines we wrote and never read again, so their hashes need not be kept. */
	constructor(db: Database, path: string, zone: string, { isOurs = false } = {}) {
		this.#db = db;
		this.path = path;
		this.#isOurs = isOurs;
		this.#slices = new SliceReader(db, path, zone, isOurs);
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
		this.#slices.forget();
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
		const isKnown = continues(fd, stat, source);
		const head = isKnown && source.offset > 0 ? null : readHead(fd, stat);
		if (isKnown) {
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
			this.#slices.loadKnown(source);
			this.#emptiedAt = null;
		}
		const atEnd = this.#slices.read({ fd, stat, source, main: null, readAt: now, head }, now, look);
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
		this.#slices.loadKnown(source);
		this.#source = source;
		this.#findLeft();
		return source;
	}

	#startOver(source: Source, stat: Stats): void {
		const isRenamed = !this.#isOurs && source.inode !== null && source.inode !== stat.ino && source.offset > 0;
		transaction(this.#db, () => {
			if (isRenamed) keepLeft(this.#db, source);
			startGeneration(this.#db, source, stat);
		});
		this.#slices.loadKnown(source);
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
			const readAt = Math.max(now, Math.ceil(stat.mtimeMs));
			const slice = { fd, stat, source: left.source, main: this.#source, readAt };
			const atEnd = this.#slices.read(slice, now, look);
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
			this.#slices.read({ fd, stat, source, main: null, readAt: source.read_at ?? now }, now, look);
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
			this.#slices.read({ fd, stat, source, main: null, readAt: Math.ceil(stat.mtimeMs) }, now, look);
			return look;
		});
	}
}
