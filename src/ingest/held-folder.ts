// The data folder while this server is its writer: its lock, and what is said while it cannot be had.
import { AppError, messageOf } from "../errors.ts";
import { type Lock, takeLocks } from "../store/lock.ts";
import * as notices from "./notices.ts";
import type { Problems } from "./problems.ts";
import { makeSpool } from "./spool.ts";

const retryMs = 5000;

export class HeldFolder {
	readonly #dataDir: string;
	readonly #databasePath: string;
	readonly #problems: Problems;
	#lock: Lock | null = null;
	#triedAt = Number.NEGATIVE_INFINITY;
	/** Why there is no lock to be had; null: there is one. */
	#trouble: string | null = null;

	constructor(dataDir: string, databasePath: string, problems: Problems) {
		this.#dataDir = dataDir;
		this.#databasePath = databasePath;
		this.#problems = problems;
	}

	/** Takes the folder's lock. Throws `conflict` where somebody else has it; remembers why where there is none to be had. */
	take(now: number): void {
		this.#triedAt = now;
		try {
			this.#lock = takeLocks(this.#dataDir, this.#databasePath);
		} catch (error) {
			if (error instanceof AppError) throw error;
			this.#trouble = messageOf(error);
			return;
		}
		if (this.#lock === null) {
			throw new AppError(
				"conflict",
				`Another backup-monitor already serves ${this.#dataDir}. Stop it first, or set DATA_DIR to another folder.`,
			);
		}
		this.#trouble = null;
		try {
			makeSpool(this.#dataDir);
		} catch {
			// Said by whoever looks into it.
		}
	}

	/** Whether the folder may be read from; its lock is tried again every few seconds where it could not be known. */
	look(now: number): boolean {
		if (this.#lock === null && Math.abs(now - this.#triedAt) >= retryMs) {
			try {
				this.take(now);
			} catch (error) {
				this.#problems.say(notices.lock(this.#dataDir, messageOf(error)));
				return false;
			}
		}
		if (this.#lock === null) this.#problems.say(notices.lock(this.#dataDir, this.#trouble ?? ""));
		else this.#problems.clear("lock");
		// Without a lock nobody else can have one either: what is written into the metrics file is read all the same.
		return true;
	}

	/** Throws `full` without the lock: another server may be the writer of the journal. */
	mustBeOurs(): void {
		if (this.#lock !== null) return;
		throw new AppError("full", `The lock of ${this.#dataDir} cannot be taken, so nothing can be kept there.`);
	}

	release(): void {
		this.#lock?.release();
	}
}
