// The running monitor: looks at everything once a second, prunes, makes its own copy, and says what is wrong with itself.
// Whatever fails is tried again; nothing here ends the program.
import type { Database } from "bun:sqlite";
import type { Config } from "../config.ts";
import type { Decision } from "../decision.ts";
import { AppError, codeOf, messageOf } from "../errors.ts";
import type { Outage } from "../judge.ts";
import type { ListingDigest } from "../listing-digest.ts";
import { log, logGrouped } from "../log.ts";
import type { Problem } from "../overview.ts";
import { diskFull, isDamage, readOnly } from "../store/open.ts";
import { Changes } from "./changes.ts";
import { HeldDatabase } from "./held-database.ts";
import { HeldFolder } from "./held-folder.ts";
import { NightlyCopy } from "./nightly-copy.ts";
import * as notices from "./notices.ts";
import { noteStop } from "./outages.ts";
import { Problems } from "./problems.ts";
import { Pruner } from "./prune.ts";
import { Reading, type SourceState } from "./reading.ts";
import type { Make, Receipt } from "./receive.ts";
import { SpoolTaker } from "./spooled.ts";

const pollMs = 1000;
/** A round takes milliseconds; one that takes over a big file of the spool on a slow card, minutes. */
const standstillMs = 600_000;

export class Monitor {
	readonly config: Config;
	readonly database: HeldDatabase;
	readonly ownCopy: NightlyCopy;
	/** Called after something was stored: whoever judges need not wait for his next look. */
	onStored: () => void = () => {};
	/** When `revision` last went up. */
	changedAt: number;
	readonly #clock: () => number;
	readonly #monotonic: () => number;
	readonly #folder: HeldFolder;
	readonly #reading: Reading;
	readonly #spool: SpoolTaker;
	readonly #pruner: Pruner;
	readonly #changed = new Changes();
	readonly #problems = new Problems(() => this.revision++);
	#revision = 0;
	#timer: ReturnType<typeof setTimeout> | null = null;
	#round: Promise<boolean> | null = null;
	#isStopped = false;
	#isCaughtUp = false;
	/** When a round ended last, by a clock that never jumps. */
	#lookedAt: number;
	/** Lines that changed what is stored, since the start. */
	#changes = 0;

	constructor(config: Config, clock: () => number, monotonic = () => performance.now()) {
		this.config = config;
		this.#clock = clock;
		this.#monotonic = monotonic;
		this.#lookedAt = monotonic();
		this.changedAt = clock();
		this.#folder = new HeldFolder(config.dataDir, config.databasePath, this.#problems);
		this.#reading = new Reading(config, clock, (path, reason) => {
			log(`${path} cannot be read to its end: ${reason}`);
			this.#problems.say(notices.damagedPart(path, reason));
		});
		this.#spool = new SpoolTaker(config.dataDir);
		this.#pruner = new Pruner(config.retentionDays);
		this.database = new HeldDatabase(config, this.#problems, {
			onOpen: (writable) => {
				this.#isCaughtUp = false;
				this.#reading.use(writable);
				this.revision++;
			},
			onClose: () => {
				this.ownCopy.stop();
				this.#reading.close();
			},
		});
		this.ownCopy = new NightlyCopy(config.databasePath, config.zone, (damage) => {
			this.database.damage = damage;
		});
		if (config.badZone !== null) this.#problems.say(notices.badZone(config.badZone));
	}

	/** Opens everything and begins to look. Throws only when another server has the folder. */
	start(): void {
		this.#folder.take(this.#clock());
		this.database.open(this.#clock());
		this.#schedule(0);
	}

	get db(): Database | null {
		return this.database.db;
	}

	get isWritable(): boolean {
		return this.database.isWritable;
	}

	/** When nothing was stored before this start: from the last write to the start; null on a first start. */
	get offline(): { from: number; to: number } | null {
		return this.database.offline;
	}

	/** Spans in which no monitor ran, the newest last. */
	get outages(): readonly Outage[] {
		return this.database.outages;
	}

	/** How the metrics file was found when it was looked at last. */
	get source(): SourceState {
		return this.#reading.source;
	}

	/** Goes up whenever something that a page may show has changed. */
	get revision(): number {
		return this.#revision;
	}

	set revision(revision: number) {
		this.#revision = revision;
		this.changedAt = this.#clock();
		this.#changed.note();
	}

	/** Calls the listener soon after the revision went up, once for many changes. Returns what ends it. */
	subscribe(listener: () => void): () => void {
		return this.#changed.subscribe(listener);
	}

	/** How many listen now. */
	get subscribers(): number {
		return this.#changed.listeners;
	}

	problems(): Problem[] {
		const silentMs = this.#monotonic() - this.#lookedAt;
		const known = this.#problems.list();
		return silentMs < standstillMs ? known : [notices.standstill(silentMs), ...known];
	}

	/** Takes a report that came over the network or from the spool; see `Receiver.receive`. */
	async receive(road: string, make: Make): Promise<Receipt> {
		this.#folder.mustBeOurs();
		const receipt = await this.#reading.receiver.receive(road, make);
		this.revision++;
		this.onStored();
		return receipt;
	}

	/** Something that a page shows has changed, and it was not the monitor that changed it. */
	touch(): void {
		this.revision++;
	}

	/** Takes what the operator decided; see `Receiver.decide`. */
	decide(decision: Decision): void {
		this.#folder.mustBeOurs();
		this.#reading.receiver.decide(decision);
		this.revision++;
		this.onStored();
	}

	/** Takes a listing; see `Receiver.keepListing`. */
	keepListing(digest: ListingDigest, apply: (db: Database) => void): void {
		this.#folder.mustBeOurs();
		this.#reading.receiver.keepListing(digest, apply);
		this.revision++;
		this.onStored();
	}

	/** The database once everything that came while nobody looked is in it: only then may silence be judged. */
	get caughtUp(): Database | null {
		return this.isWritable && this.#isCaughtUp ? this.db : null;
	}

	/** Reads everything that is there now. Resolves when the files are read to their end; what was new is counted. */
	async catchUp(): Promise<{ changed: number }> {
		let changed = 0;
		do {
			const before = this.#changes;
			const more = await this.#oneRound();
			changed += this.#changes - before;
			if (!more) return { changed };
			// Answers are due between two slices of a big file.
			await Bun.sleep(0);
		} while (!this.#isStopped);
		return { changed };
	}

	/** As `catchUp`, for somebody who waits: after so long the rest is read without him. What was new by then is counted. */
	async catchUpWithin(ms: number): Promise<{ changed: number }> {
		const before = this.#changes;
		const reading = this.catchUp();
		// What fails later is met by the next round, which says so.
		reading.catch(() => {});
		const patience = Promise.withResolvers<void>();
		const timer = setTimeout(patience.resolve, ms);
		try {
			await Promise.race([reading, patience.promise]);
		} finally {
			clearTimeout(timer);
		}
		return { changed: this.#changes - before };
	}

	/** Stops looking, writes down what must be, folds the log into the database. Safe to call once. */
	async stop(): Promise<void> {
		this.#isStopped = true;
		if (this.#timer !== null) clearTimeout(this.#timer);
		await this.#round;
		if (this.db !== null && this.isWritable) {
			try {
				this.#pruner.stop(this.db);
				noteStop(this.db, this.#clock());
			} catch (error) {
				log(`cannot write how long retention has waited: ${messageOf(error)}`);
			}
		}
		this.database.close();
		this.#folder.release();
	}

	#schedule(delay: number): void {
		if (this.#isStopped) return;
		this.#timer = setTimeout(async () => {
			let more = false;
			try {
				more = await this.#oneRound();
			} catch (error) {
				// What nobody thought of: the looking goes on all the same, or nobody would notice that it has ended.
				logGrouped("look", `internal error: ${error instanceof Error ? (error.stack ?? messageOf(error)) : error}`);
			}
			this.#schedule(more ? 0 : pollMs);
		}, delay);
	}

	/** One round at a time; whoever comes while one runs waits for it and then has his own. */
	async #oneRound(): Promise<boolean> {
		while (this.#round !== null) await this.#round;
		this.#round = this.#work();
		try {
			return await this.#round;
		} finally {
			this.#round = null;
			this.#lookedAt = this.#monotonic();
		}
	}

	async #work(): Promise<boolean> {
		const now = this.#clock();
		const db = this.database.writable(now);
		if (db === null || !this.#folder.look(now)) return false;
		try {
			if (this.database.isMoved()) {
				this.database.openInstead(now);
				return true;
			}
			if (this.database.damage !== null) {
				this.database.buildAnew(this.database.damage, now);
				return true;
			}
			const more = this.#read(db, now);
			await this.#replayParts(db);
			await this.#takeSpooled(db, now);
			const full = this.#reading.receiver.problem();
			if (full === null) this.#problems.clear("disk-full");
			else this.#problems.say(full);
			this.#prune(db, now);
			this.#problems.clear("write");
			// Between two portions of a file nobody knows what the next one says.
			this.#isCaughtUp = !more;
			if (!more) this.#afterCatchingUp(db, now);
			return more;
		} catch (error) {
			if (!this.#isStopped) this.#recover(error, now);
			return false;
		}
	}

	#read(db: Database, now: number): boolean {
		const { changed, isNew, more } = this.#reading.look(db, now);
		const { path, state, reason } = this.source;
		if (state === "unreadable") this.#problems.say(notices.unreadable(path, reason ?? ""));
		else this.#problems.clear("source-unreadable");
		this.#changes += changed;
		if (isNew) {
			this.revision++;
			this.onStored();
		}
		return more;
	}

	async #replayParts(db: Database): Promise<void> {
		const isStopped = () => this.#isStopped || this.db !== db;
		if (!(await this.#reading.replayParts(db, this.#clock, isStopped))) return;
		this.revision++;
		this.onStored();
	}

	async #takeSpooled(db: Database, now: number): Promise<void> {
		const { zone, retentionDays } = this.config;
		const look = await this.#spool.look({
			db,
			journal: () => this.#reading.receiver.journal,
			afterImport: () => this.#reading.receiver.forget(),
			zone,
			retentionDays,
			clock: this.#clock,
			decide: (decision) => this.#reading.receiver.decide(decision),
			isStopped: () => this.#isStopped,
		});
		if (look.pruned) this.#problems.clear("clock");
		if (look.pruned || look.imported) {
			this.revision++;
			this.onStored();
		}
		if (look.trouble === null) this.#problems.clear("spool");
		else {
			const problem = notices.spool(look.trouble.path, look.trouble.reason);
			this.#problems.say(problem);
			logGrouped(problem.id, problem.title, now);
		}
	}

	#prune(db: Database, now: number): void {
		const step = this.#pruner.look(db, now);
		if (step === null) return;
		if (step.deleted > 0) this.revision++;
		if (step.more) return;
		const { retentionDays, zone } = this.config;
		if (step.doubt === null) this.#problems.clear("clock");
		else this.#problems.say(notices.clock(step.doubt, zone));
		if (step.decision.action === "nothing" && step.decision.reason === "many") {
			this.#problems.say(notices.manyOld(step.old, retentionDays));
		} else this.#problems.clear("retention");
	}

	/** What waits until nothing is left to be read. */
	#afterCatchingUp(db: Database, now: number): void {
		this.database.countRebuilt(db, now);
		if (this.ownCopy.look(db, now, this.#problems.has("clock"))) {
			this.revision++;
			this.#reading.cutJournal(db, now);
		}
		const problem = this.ownCopy.problem(now);
		if (problem === null) this.#problems.clear("own-copy");
		else this.#problems.say(problem);
	}

	/** What a failed round means: wait and try again, open anew, or build anew. */
	#recover(error: unknown, now: number): void {
		const code = codeOf(error);
		logGrouped(`round ${code}`, `cannot store: ${messageOf(error)}`, now);
		const path = this.config.databasePath;
		if (isDamage(code)) {
			this.database.buildAnew(messageOf(error), now);
			return;
		}
		if (code.startsWith("SQLITE_FULL") || (error instanceof AppError && error.code === "full")) {
			this.#problems.say({ ...(this.#reading.receiver.problem() ?? diskFull(path)), id: "write" });
		} else if (code.startsWith("SQLITE_READONLY") || code.startsWith("SQLITE_IOERR") || code === "SQLITE_CANTOPEN") {
			this.database.open(now);
			if (this.isWritable) this.#problems.say({ ...readOnly(path), id: "write" });
		} else this.#problems.say(notices.cannotStore(path, messageOf(error)));
	}
}
