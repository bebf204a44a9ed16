// The database that the monitor holds open: opened in whatever state it is, opened again when another file lies in its
// place, built anew when it is damaged.
import type { Database } from "bun:sqlite";
import type { Config } from "../config.ts";
import { codeOf, messageOf } from "../errors.ts";
import type { Outage } from "../judge.ts";
import { log, logGrouped } from "../log.ts";
import { closeDatabase, serverPatience } from "../store/database.ts";
import { inodeOf } from "../store/files.ts";
import { writeMeta } from "../store/meta.ts";
import { isDamage, type Opened, openOnFullDisk, openStore, type Rebuilt, rebuild } from "../store/open.ts";
import * as notices from "./notices.ts";
import { noteStart, offlineBefore, readOutages } from "./outages.ts";
import type { Problems } from "./problems.ts";
import { noteClock } from "./prune.ts";
import { verifyDatabase } from "./verify.ts";

const retryMs = 5000;

/** What has to follow the database: `onOpen` has one to be written, or null; `onClose` comes before it is closed. */
export type Followers = { onOpen: (writable: Database | null) => void; onClose: () => void };

export class HeldDatabase {
	db: Database | null = null;
	isWritable = false;
	/** When nothing was stored before this start: from the last write to the start; null on a first start. */
	offline: { from: number; to: number } | null = null;
	/** Spans in which no monitor ran, the newest last. */
	outages: readonly Outage[] = [];
	/** What a check beside the work has found: it is to be built anew. */
	damage: string | null = null;
	readonly #path: string;
	readonly #zone: string;
	readonly #problems: Problems;
	readonly #followers: Followers;
	#triedAt = 0;
	/** Whether a database was open and writable since the start. */
	#wasOpen = false;
	#verifier: { stop: () => void } | null = null;
	/** Our own copies that turned out to be damaged when they stood in. */
	readonly #badCopies = new Set<string>();
	/** The database was built anew: its runs are counted once everything is read again. */
	#isRebuilt = false;
	/** The copy that it was built from. */
	#standIn: string | null = null;
	/** Of the database that is open: another file may lie in its place. */
	#inode: number | null = null;

	constructor(config: Pick<Config, "databasePath" | "zone">, problems: Problems, followers: Followers) {
		this.#path = config.databasePath;
		this.#zone = config.zone;
		this.#problems = problems;
		this.#followers = followers;
	}

	/** The database while it can be written; tries to open it every few seconds where it cannot. */
	writable(now: number): Database | null {
		const isDue = now - this.#triedAt >= retryMs || now < this.#triedAt;
		if ((this.db === null || !this.isWritable) && isDue) this.open(now);
		return this.isWritable ? this.db : null;
	}

	open(now: number): void {
		this.close();
		this.#triedAt = now;
		try {
			this.#openStore(now);
		} catch (error) {
			// It opened and cannot be asked: locked or full a moment later, damaged where the check did not look.
			const message = messageOf(error);
			logGrouped(`open ${codeOf(error)}`, `cannot use the database: ${message}`, now);
			if (isDamage(codeOf(error))) {
				this.buildAnew(message, now);
				return;
			}
			this.close();
			if (codeOf(error).startsWith("SQLITE_FULL")) this.#adopt(openOnFullDisk(this.#path), now);
			else this.#problems.say(notices.cannotStore(this.#path, message));
		}
	}

	/** Whether the database was removed or replaced: what is written into it then, nobody would ever see. */
	isMoved(): boolean {
		try {
			return this.#inode !== null && inodeOf(this.#path) !== this.#inode;
		} catch {
			// A disk that does not answer has not moved a file.
			return false;
		}
	}

	/** Opens what lies in its place now, or makes it again where nothing does. */
	openInstead(now: number): void {
		const isGone = inodeOf(this.#path) === null;
		log(`${this.#path} was ${isGone ? "removed" : "replaced"} while it was in use`);
		this.open(now);
		if (!isGone || this.db === null || !this.isWritable) return;
		const rebuilt: Rebuilt = { at: now, folder: null, reason: "removed", copy: null, runs: null };
		writeMeta(this.db, "rebuilt", rebuilt);
		this.#noteRebuilt(this.db);
		this.#sayHistory(this.db, now);
	}

	buildAnew(reason: string, now: number): void {
		this.close();
		const opened = rebuild(this.#path, reason, now, this.#badCopies);
		this.#adopt(opened, now);
		if (opened.db === null) return;
		// It did not stop and start again: what stands in for it was only read.
		noteStart(opened.db, null);
		this.#noteRebuilt(opened.db);
		if (opened.isUnchecked === true) this.#verify(opened.db);
		this.#sayHistory(opened.db, now);
	}

	/** Counts what a rebuild has brought back, once everything that was left has been read again. */
	countRebuilt(db: Database, now: number): void {
		if (!this.#isRebuilt) return;
		this.#isRebuilt = false;
		notices.countRebuilt(db);
		this.#sayHistory(db, now);
	}

	close(): void {
		this.#verifier?.stop();
		this.#verifier = null;
		this.#followers.onClose();
		this.damage = null;
		if (this.db !== null) closeDatabase(this.db);
		this.db = null;
		this.isWritable = false;
	}

	#openStore(now: number): void {
		const opened = openStore(this.#path, this.#zone, now, serverPatience);
		this.#adopt(opened, now);
		if (opened.db === null) return;
		if (opened.isUnchecked === true) this.#verify(opened.db);
		if (this.offline === null && !this.#wasOpen) this.offline = offlineBefore(opened.db, now);
		this.#sayHistory(opened.db, now);
		if (!opened.isWritable) return;
		if (!this.#wasOpen) noteStart(opened.db, this.offline);
		this.#wasOpen = true;
		this.#noteRebuilt(opened.db);
		this.outages = readOutages(opened.db);
		const doubt = noteClock(opened.db, now);
		if (doubt !== null) this.#problems.say(notices.clock(doubt, this.#zone));
	}

	#adopt({ db, isWritable, problem }: Opened, now: number): void {
		this.db = db;
		this.isWritable = isWritable;
		this.#inode = db === null ? null : inodeOf(this.#path);
		this.#followers.onOpen(isWritable ? db : null);
		for (const id of notices.storeProblems) this.#problems.clear(id);
		if (problem === null) return;
		this.#problems.say(problem);
		logGrouped(problem.id, `${problem.title} ${problem.detail}`, now);
	}

	#sayHistory(db: Database, now: number): void {
		for (const problem of notices.history(db, this.#zone, now)) this.#problems.say(problem);
	}

	#noteRebuilt(db: Database): void {
		const rebuilt = notices.uncounted(db);
		this.#isRebuilt = rebuilt !== null;
		this.#standIn = rebuilt?.copy?.path ?? null;
	}

	/** Has a large database checked by another process; this one goes on, and builds it anew if it is damaged. */
	#verify(db: Database): void {
		this.#verifier?.stop();
		this.#verifier = verifyDatabase(this.#path, (damage) => {
			if (this.db !== db) return;
			this.damage = damage;
			if (this.#standIn !== null) this.#badCopies.add(this.#standIn);
		});
	}
}
