// Reads what is ours to read, in the order in which it must be read: after a rebuild the metrics file first, then the
// full parts of the journal, the oldest first, then the journal, which takes what comes by other roads from then on.
import type { Database } from "bun:sqlite";
import type { Config } from "../config.ts";
import { messageOf } from "../errors.ts";
import { logGrouped } from "../log.ts";
import { readLastRead } from "../store/sources.ts";
import { FollowedFile } from "./follow.ts";
import { dropOldParts, listParts, replayParts, unreadParts } from "./journal-parts.ts";
import type { Look } from "./look.ts";
import { ownProcess } from "./own-process.ts";
import { Receiver } from "./receive.ts";

export type SourceState = { path: string; checkedAt: number | null; state: Look["state"]; reason: string | null };

/** `changed`: lines that changed what is stored. `isNew`: lines were taken or rejected. `more`: not all is read yet. */
type Read = { changed: number; isNew: boolean; more: boolean };

export class Reading {
	readonly receiver: Receiver;
	/** How the metrics file was found when it was looked at last. */
	source: SourceState;
	readonly #config: Config;
	readonly #onDamagedPart: (path: string, reason: string) => void;
	#metrics: FollowedFile | null = null;
	#isRefilling = false;
	/** Full parts of the journal are to be read before the journal itself. */
	#hasParts = false;

	/** `onDamagedPart`: a full part of the journal that cannot be read to its end. */
	constructor(config: Config, clock: () => number, onDamagedPart: (path: string, reason: string) => void) {
		this.#config = config;
		this.#onDamagedPart = onDamagedPart;
		this.receiver = new Receiver(config.dataDir, config.zone, clock);
		this.source = { path: config.metricsFile, checkedAt: null, state: "missing", reason: null };
	}

	/** The database to read into, or null while there is none that can be written. */
	use(db: Database | null): void {
		// Of an empty database the metrics file is read first: what was sent since is newer, and must not be written over.
		this.#isRefilling = db !== null && readLastRead(db) === null;
		this.#hasParts = db !== null && unreadParts(db, this.#config.dataDir).length > 0;
		this.receiver.use(this.#isRefilling || this.#hasParts ? null : db);
	}

	close(): void {
		this.receiver.close();
		this.#metrics = null;
	}

	/** One slice of the metrics file, and one of the journal when its turn has come. */
	look(db: Database, now: number): Read {
		const { metricsFile, zone } = this.#config;
		this.#metrics ??= new FollowedFile(db, metricsFile, zone);
		const metrics = this.#metrics.look(now);
		if (this.#isRefilling && !metrics.more) {
			this.#isRefilling = false;
			if (!this.#hasParts) this.receiver.use(db);
		}
		const received = this.#isRefilling || this.#hasParts ? null : this.receiver.look(db, now);
		this.source = { path: metricsFile, checkedAt: now, state: metrics.state, reason: metrics.reason };
		if (metrics.rejected > 0) {
			logGrouped("rejected", `${metricsFile}: rejected ${metrics.rejected} lines; ${metrics.firstRejected}`, now);
		}
		return {
			changed: metrics.changed + (received?.changed ?? 0),
			isNew: metrics.accepted + metrics.rejected + (received?.accepted ?? 0) + (received?.rejected ?? 0) > 0,
			more: metrics.more || received === null || received.more,
		};
	}

	/**
	 * What a database that was built anew, or restored from an older copy, has not seen of the full parts of the journal.
	 * True when they are all read by this call.
	 */
	async replayParts(db: Database, now: () => number, isStopped: () => boolean): Promise<boolean> {
		if (!this.#hasParts || this.#isRefilling) return false;
		const { dataDir, zone } = this.#config;
		if (!(await replayParts({ db, dataDir, zone, now, isStopped, onDamage: this.#onDamagedPart }))) return false;
		this.#hasParts = false;
		this.receiver.use(db);
		return true;
	}

	/** Begins a new part of the journal. Only behind a checked copy: what a part tells is then in two places. */
	cutJournal(db: Database, now: number): void {
		try {
			if (!this.receiver.cut(db)) return;
			const { dataDir } = this.#config;
			dropOldParts(dataDir);
			// Also what a crash has left unpacked.
			ownProcess(["pack", ...listParts(dataDir).flatMap(({ path, isPacked }) => (isPacked ? [] : [path]))]);
		} catch (error) {
			logGrouped("cut", `the journal stays in one file: ${messageOf(error)}`, now);
		}
	}
}
