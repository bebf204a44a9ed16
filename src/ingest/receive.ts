// Takes reports that come by other roads than the metrics file: journaled, stored, and only then acknowledged.
//
// Whoever arrives while the disk is busy waits for the next write and shares it. The journal is written inside the
// transaction, before its commit: a report that is acknowledged is in both, one that is in the journal alone (the
// database was locked, the power went) is stored by reading the journal on from where it was.
import type { Database } from "bun:sqlite";
import type { Decision } from "../decision.ts";
import { AppError, codeOf, messageOf } from "../errors.ts";
import { maxJobs } from "../job.ts";
import type { ListingDigest } from "../listing-digest.ts";
import type { Problem } from "../overview.ts";
import type { RunReport } from "../run.ts";
import { transaction } from "../store/database.ts";
import { recordDecision } from "../store/decisions.ts";
import { countJobs, readJob } from "../store/jobs.ts";
import { passJournal } from "../store/journal-offset.ts";
import { replayableTransaction } from "../store/replayable.ts";
import { FollowedFile } from "./follow.ts";
import { HeldJournal } from "./held-journal.ts";
import type { Incoming } from "./incoming.ts";
import { listingRoad } from "./inventory.ts";
import { decisionRoad, type Journal, journaled } from "./journal.ts";
import { cutJournal, longestJournal } from "./journal-parts.ts";
import type { Look } from "./look.ts";
import { Batch, TooManyJobs } from "./record.ts";

/** What came before a request. */
export type Known = {
	/** null where the database cannot be asked. */
	db: Database | null;
	/** Reports that the journal has and the database has not, the oldest first. */
	unstored: readonly RunReport[];
};

/** Makes the reports of one request, when its turn has come: what a ping means depends on what came before it. */
export type Make = (known: Known, now: number) => Incoming[];

/** `stored`: in journal and database. `journaled`: safe, and stored as soon as the database is free. */
export type Receipt = { state: "stored" | "journaled"; reports: RunReport[] };

type Waiting = { make: Make; road: string; settle: (receipt: Receipt) => void; fail: (error: unknown) => void };

/** How long a request may hold up all others to read the journal on; the monitor reads the rest of it. */
const catchUpMs = 500;
/** Reports remembered while the database is busy. */
const mostUnstored = 1000;

export class Receiver {
	readonly #dataDir: string;
	readonly #held: HeldJournal;
	readonly #zone: string;
	readonly #clock: () => number;
	#db: Database | null = null;
	#followed: FollowedFile | null = null;
	#waiting: Waiting[] = [];
	#isFlushing = false;
	/** Journal size up to which the database is known to have everything; null: not known. */
	#stored: number | null = null;
	#unstored: RunReport[] = [];

	constructor(dataDir: string, zone: string, clock: () => number) {
		this.#held = new HeldJournal(dataDir);
		this.#dataDir = dataDir;
		this.#zone = zone;
		this.#clock = clock;
	}

	/** The database to store into, or null while there is none that can be written. */
	use(db: Database | null): void {
		this.#db = db;
		this.forget();
	}

	/** Stores what the journal holds and the database does not; one slice. */
	look(db: Database, now: number): Look {
		this.#followed ??= new FollowedFile(db, this.#held.path, this.#zone, { isOurs: true });
		const look = this.#followed.look(now);
		if (look.state === "unreadable") this.#held.noteUnreadable(look.reason ?? "");
		return look;
	}

	/** The journal; throws `full` where it cannot be written. */
	get journal(): Journal {
		return this.#held.journal;
	}

	/** Why nothing can be taken now, in words for people; null where it can. To be asked once a second. */
	problem(): Problem | null {
		return this.#held.problem();
	}

	/**
	 * Resolves once the reports are durable. Rejects with `full` where they cannot be kept, with what `make` threw, or
	 * with `TooManyJobs`; then nothing of the request was stored.
	 */
	receive(road: string, make: Make): Promise<Receipt> {
		const { promise, resolve, reject } = Promise.withResolvers<Receipt>();
		this.#waiting.push({ make, road, settle: resolve, fail: reject });
		if (!this.#isFlushing) {
			this.#isFlushing = true;
			setImmediate(() => this.#flush());
		}
		return promise;
	}

	/**
	 * Journals and applies what the operator decided, at once. Throws `unavailable` while the database is busy or behind
	 * the journal, `missing` where the job is gone, `full` where it cannot be kept; then nothing has changed.
	 */
	decide(decision: Decision): void {
		this.#keep(decisionRoad, decision, (db, now) => {
			if (!recordDecision(db, decision, now)) throw new AppError("missing", "There is no such job any more.");
		});
	}

	/** Journals the digest of a listing and stores the listing, at once; throws as `decide` does, and what `apply` throws. */
	keepListing(digest: ListingDigest, apply: (db: Database) => void): void {
		this.#keep(listingRoad, digest, apply);
	}

	#keep(road: string, value: object, apply: (db: Database, now: number) => void): void {
		const db = this.#db;
		this.#prepareJournal();
		if (db === null || !this.#isCaughtUp(db)) {
			throw new AppError("unavailable", "The database is busy at the moment. Try again in a few seconds.");
		}
		const now = this.#clock();
		const line = journaled(JSON.stringify({ ...value, at: now }), road, now);
		let isJournaled = false;
		try {
			transaction(db, () => {
				const start = this.journal.size;
				apply(db, now);
				this.#held.append(`${line}\n`);
				isJournaled = true;
				if (!passJournal(db, start, this.journal, 1, now)) {
					throw new Error(`the journal was at ${start}, the database is not`);
				}
			});
		} catch (error) {
			if (!codeOf(error).startsWith("SQLITE")) throw error;
			// The database could not commit: what is in the journal is applied by reading that on, as a report is.
			if (isJournaled && road === decisionRoad) return;
			throw new AppError("unavailable", `The database could not be written: ${messageOf(error)}.`, error);
		} finally {
			this.forget();
		}
	}

	/**
	 * Begins a new journal, once the present one is longer than it should be and all of it is stored. False where it is
	 * not cut.
	 */
	cut(db: Database): boolean {
		if (this.#db !== db || this.journal.size < longestJournal || !this.#isCaughtUp(db)) return false;
		this.#held.close();
		try {
			cutJournal(db, this.#dataDir);
			return true;
		} finally {
			this.forget();
		}
	}

	/** After something else has written the journal and moved its offset on. */
	forget(): void {
		this.#followed = null;
		this.#stored = null;
	}

	close(): void {
		this.#held.close();
		this.#followed = null;
		this.#db = null;
	}

	#flush(): void {
		this.#isFlushing = false;
		const waiting = this.#waiting;
		this.#waiting = [];
		if (waiting.length === 0) return;
		try {
			this.#prepareJournal();
			if (this.#db !== null && this.#isCaughtUp(this.#db)) this.#store(this.#db, waiting);
			else this.#journalOnly(waiting);
		} catch (error) {
			for (const { fail } of waiting) fail(error);
		}
	}

	#store(db: Database, waiting: Waiting[]): void {
		const now = this.#clock();
		const settled: ((state: Receipt["state"]) => void)[] = [];
		const taken: RunReport[] = [];
		let isJournaled = false;
		this.#unstored = [];
		try {
			replayableTransaction(db, () => {
				const start = this.journal.size;
				const batch = new Batch(db, this.#zone, now);
				const lines: string[] = [];
				for (const { make, road, settle, fail } of waiting) {
					try {
						const incoming = make({ db, unstored: [] }, now);
						checkJobs(db, incoming);
						for (const { report, text } of incoming) {
							const kept = journaled(text, road, now);
							batch.add(report, kept);
							lines.push(kept);
						}
						const reports = incoming.map(({ report }) => report);
						taken.push(...reports);
						settled.push((state) => settle({ state, reports }));
					} catch (error) {
						if (codeOf(error).startsWith("SQLITE")) throw error;
						settled.push(() => fail(error));
					}
				}
				batch.finish();
				if (lines.length === 0) return;
				this.#held.append(`${lines.join("\n")}\n`);
				isJournaled = true;
				if (!passJournal(db, start, this.journal, lines.length, now)) {
					throw new Error(`the journal was at ${start}, the database is not`);
				}
			});
		} catch (error) {
			this.forget();
			if (error instanceof AppError) throw error;
			// The database is locked, full or broken. What is in the journal must not be made again: a ping would get another id.
			if (!isJournaled) {
				this.#journalOnly(waiting);
				return;
			}
			this.#remember(taken);
			for (const tell of settled) tell("journaled");
			return;
		}
		this.forget();
		this.#stored = this.journal.size;
		for (const tell of settled) tell("stored");
	}

	#journalOnly(waiting: Waiting[]): void {
		const now = this.#clock();
		const lines: string[] = [];
		const settled: (() => void)[] = [];
		const before = this.#unstored;
		for (const { make, road, settle, fail } of waiting) {
			try {
				const incoming = this.#makeUnstored(make, now);
				for (const { text } of incoming) lines.push(journaled(text, road, now));
				const reports = incoming.map(({ report }) => report);
				this.#remember(reports);
				settled.push(() => settle({ state: "journaled", reports }));
			} catch (error) {
				settled.push(() => fail(error));
			}
		}
		this.#stored = null;
		try {
			if (lines.length > 0) this.#held.append(`${lines.join("\n")}\n`);
		} catch (error) {
			this.#unstored = before;
			throw error;
		}
		for (const tell of settled) tell();
	}

	/** A database that another program is writing can mostly still be read. */
	#makeUnstored(make: Make, now: number): Incoming[] {
		const unstored = this.#unstored;
		try {
			return make({ db: this.#db, unstored }, now);
		} catch (error) {
			if (this.#db === null || !codeOf(error).startsWith("SQLITE")) throw error;
			return make({ db: null, unstored }, now);
		}
	}

	#remember(reports: RunReport[]): void {
		this.#unstored = [...this.#unstored, ...reports].slice(-mostUnstored);
	}

	/** Whether the database has everything the journal had before this request; else it must be read on first. */
	#isCaughtUp(db: Database): boolean {
		if (this.#stored === this.journal.size) return true;
		try {
			const now = this.#clock();
			const began = performance.now();
			do {
				if (!this.look(db, now).more) return true;
			} while (performance.now() - began < catchUpMs);
		} catch {
			// The database is locked or broken: the report is journaled, and the monitor's own round says what is wrong.
			this.forget();
		}
		return false;
	}

	#prepareJournal(): void {
		if (this.#held.letGoOfMoved()) this.forget();
		this.#held.mustHaveRoom();
	}
}

/** Refuses a request that would make one job too many, before the first of its jobs is made. Throws `TooManyJobs`. */
function checkJobs(db: Database, incoming: Incoming[]): void {
	// Of a single report nothing is stored before its job is.
	if (incoming.length < 2) return;
	const strangers = incoming.filter(({ report }) => readJob(db, report.job, report.host) === null);
	if (strangers.length === 0) return;
	const names = new Set(strangers.map(({ report }) => `${report.job}\n${report.host}`));
	if (countJobs(db) + names.size > maxJobs) throw new TooManyJobs();
}
