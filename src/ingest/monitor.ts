// The running monitor: holds the folder's lock and the database, looks at the files once a second, prunes, and says what
// is wrong with itself. Whatever fails is tried again; nothing here ends the program.
import type { Database } from "bun:sqlite";
import type { Config } from "../config.ts";
import type { Decision } from "../decision.ts";
import { AppError, codeOf, messageOf } from "../errors.ts";
import type { Outage } from "../judge.ts";
import type { ListingDigest } from "../listing-digest.ts";
import { log, logGrouped } from "../log.ts";
import type { Problem } from "../overview.ts";
import { closeDatabase, serverPatience } from "../store/database.ts";
import { inodeOf } from "../store/files.ts";
import { type Lock, takeLocks } from "../store/lock.ts";
import { writeMeta } from "../store/meta.ts";
import { diskFull, isDamage, openStore, type Rebuilt, readOnly, rebuild } from "../store/open.ts";
import { readLastRead } from "../store/sources.ts";
import { Changes } from "./changes.ts";
import { FollowedFile, type Look } from "./follow.ts";
import { dropOldParts, listParts, replayParts, unreadParts } from "./journal-parts.ts";
import { NightlyCopy } from "./nightly-copy.ts";
import * as notices from "./notices.ts";
import { noteStart, noteStop, offlineBefore, readOutages } from "./outages.ts";
import { ownProcess } from "./own-process.ts";
import { Problems } from "./problems.ts";
import { noteClock, Pruner } from "./prune.ts";
import { type Make, type Receipt, Receiver } from "./receive.ts";
import { makeSpool } from "./spool.ts";
import { SpoolTaker } from "./spooled.ts";
import { verifyDatabase } from "./verify.ts";

const pollMs = 1000;
const retryMs = 5000;

export type SourceState = { path: string; checkedAt: number | null; state: Look["state"]; reason: string | null };

export class Monitor {
	readonly config: Config;
	db: Database | null = null;
	isWritable = false;
	/** Called after something was stored: whoever judges need not wait for his next look. */
	onStored: () => void = () => {};
	/** When `revision` last went up. */
	changedAt: number;
	/** When nothing was stored before this start: from the last write to the start; null on a first start. */
	offline: { from: number; to: number } | null = null;
	/** Spans in which no monitor ran, the newest last. */
	outages: readonly Outage[] = [];
	source: SourceState;
	/** Whether a database was open and writable since the start. */
	#wasOpen = false;
	readonly #clock: () => number;
	#lock: Lock | null = null;
	#lockTriedAt = Number.NEGATIVE_INFINITY;
	/** Why there is no lock to be had; null: there is one. */
	#lockTrouble: string | null = null;
	readonly #receiver: Receiver;
	#metrics: FollowedFile | null = null;
	#verifier: { stop: () => void } | null = null;
	/** What the check of a large database found. */
	#damage: string | null = null;
	/** Our own copies that turned out to be damaged when they stood in. */
	readonly #badCopies = new Set<string>();
	/** The database was built anew: its runs are counted once everything is read again. */
	#isRebuilt = false;
	/** The copy that it was built from. */
	#standIn: string | null = null;
	/** Of the database that is open: another file may lie in its place. */
	#inode: number | null = null;
	#revision = 0;
	readonly #changed = new Changes();
	readonly #problems = new Problems(() => this.revision++);
	readonly #spool: SpoolTaker;
	#timer: ReturnType<typeof setTimeout> | null = null;
	#round: Promise<boolean> | null = null;
	#isStopped = false;
	#openedAt = 0;
	#isRefilling = false;
	/** Full parts of the journal are to be read before the journal itself. */
	#hasParts = false;
	#isCaughtUp = false;
	/** Lines that changed what is stored, since the start. */
	#changes = 0;
	readonly #pruner: Pruner;
	readonly ownCopy: NightlyCopy;

	constructor(config: Config, clock: () => number) {
		this.config = config;
		this.#clock = clock;
		this.changedAt = clock();
		this.#receiver = new Receiver(config.dataDir, config.zone, clock);
		this.#spool = new SpoolTaker(config.dataDir);
		this.#pruner = new Pruner(config.retentionDays);
		this.ownCopy = new NightlyCopy(config.databasePath, config.zone, (damage) => {
			this.#damage = damage;
		});
		this.source = { path: config.metricsFile, checkedAt: null, state: "missing", reason: null };
		if (config.badZone !== null) this.#problems.say(notices.badZone(config.badZone));
	}

	/** Opens everything and begins to look. Throws only when another server has the folder. */
	start(): void {
		this.#takeFolder(this.#clock());
		this.#open();
		this.#schedule(0);
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
		return this.#problems.list();
	}

	/** Takes a report that came over the network or from the spool; see `Receiver.receive`. */
	async receive(road: string, make: Make): Promise<Receipt> {
		// Without the folder's lock another server may be the writer of the journal.
		if (this.#lock === null)
			throw new AppError("full", `The lock of ${this.config.dataDir} cannot be taken, so nothing can be kept there.`);
		const receipt = await this.#receiver.receive(road, make);
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
		if (this.#lock === null)
			throw new AppError("full", `The lock of ${this.config.dataDir} cannot be taken, so nothing can be kept there.`);
		this.#receiver.decide(decision);
		this.revision++;
		this.onStored();
	}

	/** Takes a listing; see `Receiver.keepListing`. */
	keepListing(digest: ListingDigest, apply: (db: Database) => void): void {
		if (this.#lock === null)
			throw new AppError("full", `The lock of ${this.config.dataDir} cannot be taken, so nothing can be kept there.`);
		this.#receiver.keepListing(digest, apply);
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
		this.#close();
		this.#lock?.release();
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
		}
	}

	async #work(): Promise<boolean> {
		const now = this.#clock();
		if (this.db === null || !this.isWritable) {
			if (now - this.#openedAt >= retryMs || now < this.#openedAt) this.#open();
			if (this.db === null || !this.isWritable) return false;
		}
		if (!this.#hasFolder(now)) return false;
		try {
			if (this.#isMoved()) {
				this.#openInstead(now);
				return true;
			}
			if (this.#damage !== null) {
				this.#buildAnew(this.#damage, now);
				return true;
			}
			const more = this.#follow(this.db, now);
			if (this.#hasParts && !this.#isRefilling) await this.#replayParts(this.db);
			await this.#takeSpooled(this.db, now);
			const full = this.#receiver.problem();
			if (full === null) this.#problems.clear("disk-full");
			else this.#problems.say(full);
			this.#prune(this.db, now);
			this.#problems.clear("write");
			// Between two portions of a file nobody knows what the next one says.
			this.#isCaughtUp = !more;
			if (!more) this.#afterCatchingUp(this.db, now);
			return more;
		} catch (error) {
			if (!this.#isStopped) this.#recover(error, now);
			return false;
		}
	}

	#follow(db: Database, now: number): boolean {
		const { metricsFile, zone } = this.config;
		this.#metrics ??= new FollowedFile(db, metricsFile, zone);
		const metrics = this.#metrics.look(now);
		if (this.#isRefilling && !metrics.more) {
			this.#isRefilling = false;
			if (!this.#hasParts) this.#receiver.use(db);
		}
		const received = this.#isRefilling || this.#hasParts ? null : this.#receiver.look(db, now);
		this.source = { path: metricsFile, checkedAt: now, state: metrics.state, reason: metrics.reason };
		if (metrics.state === "unreadable") this.#problems.say(notices.unreadable(metricsFile, metrics.reason ?? ""));
		else this.#problems.clear("source-unreadable");
		for (const look of [metrics, received]) {
			if (look === null) continue;
			this.#changes += look.changed;
			if (look.accepted + look.rejected > 0) this.revision++;
			if (look.accepted + look.rejected > 0) this.onStored();
		}
		if (metrics.rejected > 0) {
			logGrouped("rejected", `${metricsFile}: rejected ${metrics.rejected} lines; ${metrics.firstRejected}`, now);
		}
		return metrics.more || received === null || received.more;
	}

	async #takeSpooled(db: Database, now: number): Promise<void> {
		const { zone, retentionDays } = this.config;
		const look = await this.#spool.look({
			db,
			journal: () => this.#receiver.journal,
			afterImport: () => this.#receiver.forget(),
			zone,
			retentionDays,
			clock: this.#clock,
			decide: (decision) => this.#receiver.decide(decision),
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
		if (this.#isRebuilt) {
			this.#isRebuilt = false;
			notices.countRebuilt(db);
			for (const problem of notices.history(db, this.config.zone, now)) this.#problems.say(problem);
		}
		if (this.ownCopy.look(db, now, this.#problems.has("clock"))) {
			this.revision++;
			this.#cutJournal(db, now);
		}
		const problem = this.ownCopy.problem(now);
		if (problem === null) this.#problems.clear("own-copy");
		else this.#problems.say(problem);
	}

	/** Only behind a checked copy: what a part tells is then in two places. */
	#cutJournal(db: Database, now: number): void {
		try {
			if (!this.#receiver.cut(db)) return;
			const { dataDir } = this.config;
			dropOldParts(dataDir);
			// Also what a crash has left unpacked.
			ownProcess(["pack", ...listParts(dataDir).flatMap(({ path, isPacked }) => (isPacked ? [] : [path]))]);
		} catch (error) {
			logGrouped("cut", `the journal stays in one file: ${messageOf(error)}`, now);
		}
	}

	/** What a database that was built anew, or restored from an older copy, has not seen of the full parts of the journal. */
	async #replayParts(db: Database): Promise<void> {
		const { dataDir, zone } = this.config;
		const isStopped = () => this.#isStopped || this.db !== db;
		if (await replayParts({ db, dataDir, zone, now: this.#clock, isStopped })) {
			this.#hasParts = false;
			this.#receiver.use(db);
			this.revision++;
			this.onStored();
		}
	}

	#open(): void {
		this.#close();
		const now = this.#clock();
		this.#openedAt = now;
		try {
			this.#openStore(now);
		} catch (error) {
			// It opened and cannot be asked: locked or full a moment later, damaged where the check did not look.
			const message = messageOf(error);
			logGrouped(`open ${codeOf(error)}`, `cannot use the database: ${message}`, now);
			if (isDamage(codeOf(error))) {
				this.#buildAnew(message, now);
				return;
			}
			this.#close();
			this.#problems.say(notices.cannotStore(this.config.databasePath, message));
		}
	}

	/** Whether the database was removed or replaced: what is written into it then, nobody would ever see. */
	#isMoved(): boolean {
		try {
			return this.#inode !== null && inodeOf(this.config.databasePath) !== this.#inode;
		} catch {
			// A disk that does not answer has not moved a file.
			return false;
		}
	}

	#openInstead(now: number): void {
		const { databasePath } = this.config;
		const isGone = inodeOf(databasePath) === null;
		log(`${databasePath} was ${isGone ? "removed" : "replaced"} while it was in use`);
		this.#open();
		if (!isGone || this.db === null || !this.isWritable) return;
		const rebuilt: Rebuilt = { at: now, folder: null, reason: "removed", copy: null, runs: null };
		writeMeta(this.db, "rebuilt", rebuilt);
		this.#noteRebuilt(this.db);
		for (const problem of notices.history(this.db, this.config.zone, now)) this.#problems.say(problem);
	}

	#openStore(now: number): void {
		const opened = openStore(this.config.databasePath, this.config.zone, now, serverPatience);
		this.#adopt(opened.db, opened.isWritable, opened.problem);
		if (opened.db === null) return;
		if (opened.isUnchecked === true) this.#verify(opened.db);
		if (this.offline === null && !this.#wasOpen) this.offline = offlineBefore(opened.db, now);
		for (const problem of notices.history(opened.db, this.config.zone, now)) this.#problems.say(problem);
		if (!opened.isWritable) return;
		if (!this.#wasOpen) noteStart(opened.db, this.offline);
		this.#wasOpen = true;
		this.#noteRebuilt(opened.db);
		this.outages = readOutages(opened.db);
		const doubt = noteClock(opened.db, now);
		if (doubt !== null) this.#problems.say(notices.clock(doubt, this.config.zone));
	}

	#noteRebuilt(db: Database): void {
		const rebuilt = notices.uncounted(db);
		this.#isRebuilt = rebuilt !== null;
		this.#standIn = rebuilt?.copy?.path ?? null;
	}

	/** Has a large database checked by another process; this one goes on, and builds it anew if it is damaged. */
	#verify(db: Database): void {
		this.#verifier?.stop();
		this.#verifier = verifyDatabase(this.config.databasePath, (damage) => {
			if (this.db !== db || this.#isStopped) return;
			this.#damage = damage;
			if (this.#standIn !== null) this.#badCopies.add(this.#standIn);
		});
	}

	/** Takes the folder's lock. Throws `conflict` where somebody else has it; says so where there is none to be had. */
	#takeFolder(now: number): void {
		const { dataDir, databasePath } = this.config;
		this.#lockTriedAt = now;
		try {
			this.#lock = takeLocks(dataDir, databasePath);
		} catch (error) {
			if (error instanceof AppError) throw error;
			this.#lockTrouble = messageOf(error);
			return;
		}
		if (this.#lock === null) {
			throw new AppError(
				"conflict",
				`Another backup-monitor already serves ${dataDir}. Stop it first, or set DATA_DIR to another folder.`,
			);
		}
		this.#lockTrouble = null;
		try {
			makeSpool(dataDir);
		} catch {
			// Said by whoever looks into it.
		}
	}

	/** Whether this is the folder's writer; tried again every few seconds where it could not be known. */
	#hasFolder(now: number): boolean {
		if (this.#lock === null && Math.abs(now - this.#lockTriedAt) >= retryMs) {
			try {
				this.#takeFolder(now);
			} catch (error) {
				this.#problems.say(notices.lock(this.config.dataDir, messageOf(error)));
				return false;
			}
		}
		if (this.#lock === null) this.#problems.say(notices.lock(this.config.dataDir, this.#lockTrouble ?? ""));
		else this.#problems.clear("lock");
		// Without a lock nobody else can have one either: what is written into the metrics file is read all the same.
		return true;
	}

	#adopt(db: Database | null, isWritable: boolean, problem: Problem | null): void {
		this.db = db;
		this.isWritable = isWritable;
		this.#inode = db === null ? null : inodeOf(this.config.databasePath);
		this.#isCaughtUp = false;
		// Of an empty database the metrics file is read first: what was sent since is newer, and must not be written over.
		this.#isRefilling = isWritable && db !== null && readLastRead(db) === null;
		this.#hasParts = isWritable && db !== null && unreadParts(db, this.config.dataDir).length > 0;
		this.#receiver.use(isWritable && !this.#isRefilling && !this.#hasParts ? db : null);
		for (const id of notices.storeProblems) this.#problems.clear(id);
		if (problem !== null) {
			this.#problems.say(problem);
			logGrouped(problem.id, `${problem.title} ${problem.detail}`, this.#clock());
		}
		this.revision++;
	}

	/** What a failed round means: wait and try again, open anew, or build anew. */
	#recover(error: unknown, now: number): void {
		const code = codeOf(error);
		logGrouped(`round ${code}`, `cannot store: ${messageOf(error)}`, now);
		const path = this.config.databasePath;
		if (isDamage(code)) {
			this.#buildAnew(messageOf(error), now);
			return;
		}
		if (code.startsWith("SQLITE_FULL") || (error instanceof AppError && error.code === "full")) {
			this.#problems.say({ ...(this.#receiver.problem() ?? diskFull(path)), id: "write" });
		} else if (code.startsWith("SQLITE_READONLY") || code.startsWith("SQLITE_IOERR") || code === "SQLITE_CANTOPEN") {
			this.#open();
			if (this.isWritable) this.#problems.say({ ...readOnly(path), id: "write" });
		} else this.#problems.say(notices.cannotStore(path, messageOf(error)));
	}

	#buildAnew(reason: string, now: number): void {
		this.#close();
		const opened = rebuild(this.config.databasePath, reason, now, this.#badCopies);
		this.#adopt(opened.db, opened.isWritable, opened.problem);
		if (opened.db === null) return;
		// It did not stop and start again: what stands in for it was only read.
		noteStart(opened.db, null);
		this.#noteRebuilt(opened.db);
		if (opened.isUnchecked === true) this.#verify(opened.db);
		for (const problem of notices.history(opened.db, this.config.zone, now)) this.#problems.say(problem);
	}

	#close(): void {
		this.#verifier?.stop();
		this.#verifier = null;
		this.ownCopy.stop();
		this.#damage = null;
		this.#receiver.close();
		this.#metrics = null;
		if (this.db !== null) closeDatabase(this.db);
		this.db = null;
		this.isWritable = false;
	}
}
