// The journal while it is held open: opened at its first use, opened again when another file lies in its place, and what
// is said while nothing can be written there.
import { join } from "node:path";
import { AppError, messageOf } from "../errors.ts";
import type { Problem } from "../overview.ts";
import { freeBytes } from "../store/files.ts";
import { diskFull } from "../store/open.ts";
import { Journal, journalName } from "./journal.ts";

/** Below this much free space nothing new is taken by push; the metrics file is still read. */
const roomNeeded = 16 * 1024 * 1024;
const roomCheckedForMs = 1000;
const troubleCheckedForMs = 5000;

export class HeldJournal {
	readonly path: string;
	readonly #dataDir: string;
	#journal: Journal | null = null;
	#room = { checkedAt: Number.NEGATIVE_INFINITY, isThere: true };
	/** Why it could not be written the last time that was tried: a quota, a broken disk. null: it could. */
	#trouble: string | null = null;
	#triedAt = Number.NEGATIVE_INFINITY;

	constructor(dataDir: string) {
		this.#dataDir = dataDir;
		this.path = join(dataDir, journalName);
	}

	/** The journal, opened at its first use. Throws `full` where it cannot be written. */
	get journal(): Journal {
		try {
			this.#journal ??= new Journal(this.#dataDir);
			return this.#journal;
		} catch (error) {
			this.#trouble = `${this.path} cannot be opened: ${messageOf(error)}`;
			this.#triedAt = performance.now();
			throw error instanceof AppError ? error : new AppError("full", `${this.#trouble}.`, error);
		}
	}

	/** Writes whole lines, and remembers whether it could. Throws what `Journal.append` throws. */
	append(lines: string): void {
		try {
			this.journal.append(lines);
			this.#trouble = null;
		} catch (error) {
			this.#trouble = messageOf(error);
			this.#triedAt = performance.now();
			throw error;
		}
	}

	/** Lets go of a journal in whose place another file lies: what is written into it, no rebuild would find. */
	letGoOfMoved(): boolean {
		if (this.#journal === null || this.#journal.isInPlace) return false;
		this.close();
		return true;
	}

	/** Throws `full` where there is no room for reports; asks the file system once a second at most. */
	mustHaveRoom(): void {
		if (!this.#hasRoom()) throw new AppError("full", "The disk is full.");
	}

	/** It was read to be stored, and could not be. */
	noteUnreadable(reason: string): void {
		this.#trouble ??= `${this.path} ${reason}`;
	}

	/** Why nothing can be taken now, in words for people; null where it can. To be asked once a second. */
	problem(): Problem | null {
		if (!this.#hasRoom()) return diskFull(this.path);
		this.#tryAgain();
		if (this.#trouble === null) return null;
		return {
			id: "disk-full",
			severity: "critical",
			title: `Reports cannot be kept in ${this.#dataDir}.`,
			detail: `${this.#trouble}. Senders are told to try again; what is in the metrics file is still read.`,
		};
	}

	close(): void {
		this.#journal?.close();
		this.#journal = null;
	}

	/** Nobody may send anything for hours, who would be the next to find that it works again. */
	#tryAgain(): void {
		const now = performance.now();
		if (this.#trouble === null || now - this.#triedAt <= troubleCheckedForMs) return;
		this.#triedAt = now;
		try {
			this.journal.probe();
			this.#trouble = null;
		} catch (error) {
			this.#trouble = messageOf(error);
		}
	}

	#hasRoom(): boolean {
		const now = performance.now();
		if (now - this.#room.checkedAt > roomCheckedForMs) {
			this.#room = { checkedAt: now, isThere: (freeBytes(this.#dataDir) ?? roomNeeded) >= roomNeeded };
		}
		return this.#room.isThere;
	}
}
