// received.jsonl: what came by another road than the metrics file, kept so that the database can be built again.
import { closeSync, constants, fdatasyncSync, fstatSync, ftruncateSync, openSync, readSync } from "node:fs";
import { dirname, join } from "node:path";
import { AppError, messageOf } from "../errors.ts";
import { inodeOf, syncFolder, writeWhole } from "../store/files.ts";

export const journalName = "received.jsonl";
/** The road of what the operator decided: no report, and never read as one. */
export const decisionRoad = "decision";

/** A block of the file system: less may still fit where no report does. */
const probeLength = 4096;

/** A report's JSON text with when and how it came; the same line format as the metrics file. */
export function journaled(text: string, road: string, now: number): string {
	return withEnd(text, journalEnd(road, now));
}

/** What `journaled` writes in place of the last brace, for many texts that came together. */
export function journalEnd(road: string, now: number): string {
	return `,"received_at":"${new Date(now).toISOString()}","road":${JSON.stringify(road)}}`;
}

export function withEnd(text: string, end: string): string {
	return text.slice(0, -1) + end;
}

/** Appends for as long as it is open. There is one per data folder: whoever holds the folder's lock. */
export class Journal {
	readonly path: string;
	readonly #fd: number;
	readonly inode: number;
	/** Bytes known to be whole lines on the disk. */
	size: number;
	/** Whether bytes that were never accepted may stand behind them. */
	#isTorn = false;

	constructor(dataDir: string) {
		this.path = join(dataDir, journalName);
		this.#fd = openSync(this.path, constants.O_CREAT | constants.O_APPEND | constants.O_RDWR, 0o640);
		const stat = fstatSync(this.#fd);
		if (!stat.isFile()) {
			closeSync(this.#fd);
			throw new Error("it is not a file");
		}
		this.inode = stat.ino;
		this.size = stat.size;
		this.#endTornLine();
		syncFolder(dirname(this.path));
	}

	/** Whether the name leads to what is written, and not to another file or to none. */
	get isInPlace(): boolean {
		try {
			return inodeOf(this.path) === this.inode;
		} catch {
			// A disk that does not answer has not moved a file.
			return true;
		}
	}

	/** Writes whole lines and waits for the disk. When that fails the file is cut back, and nothing was accepted. */
	append(lines: string): void {
		try {
			// What stands behind half a line could not be read again: nothing is accepted until it is gone.
			if (this.#isTorn) this.#cutBack();
			this.#isTorn = true;
			writeWhole(this.#fd, lines);
			fdatasyncSync(this.#fd);
			this.#isTorn = false;
		} catch (error) {
			try {
				this.#cutBack();
			} catch {
				// Tried again before the next append; a power cut before that leaves half a line, ended at the next start.
			}
			throw new AppError("full", `${this.path} cannot be written: ${messageOf(error)}`, error);
		}
		this.size += Buffer.byteLength(lines);
	}

	/** Tries whether it can be written, and leaves it as it was. A power cut in between leaves blank lines. */
	probe(): void {
		try {
			if (this.#isTorn) this.#cutBack();
			this.#isTorn = true;
			writeWhole(this.#fd, "\n".repeat(probeLength));
			fdatasyncSync(this.#fd);
		} catch (error) {
			throw new AppError("full", `${this.path} cannot be written: ${messageOf(error)}`, error);
		} finally {
			this.#cutBack();
		}
	}

	#cutBack(): void {
		ftruncateSync(this.#fd, this.size);
		this.#isTorn = false;
	}

	// A power cut in the middle of an append leaves half a line that was never acknowledged.
	#endTornLine(): void {
		if (this.size === 0) return;
		const last = Buffer.alloc(1);
		readSync(this.#fd, last, 0, 1, this.size - 1);
		if (last[0] !== 10) this.append("\n");
	}

	close(): void {
		closeSync(this.#fd);
	}
}
