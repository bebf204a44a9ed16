// Takes what commands of the shell handed over: lines to store, or the word to delete what is beyond retention now.
import type { Database } from "bun:sqlite";
import { closeSync, constants, existsSync, fstatSync, openSync, readSync, unlinkSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { type Decision, parseDecision } from "../decision.ts";
import { AppError, codeOf, messageOf } from "../errors.ts";
import { log } from "../log.ts";
import { readMeta, writeMeta } from "../store/meta.ts";
import { type Imported, importStream } from "./import-file.ts";
import type { Journal } from "./journal.ts";
import { pruneStep } from "./prune.ts";
import { readSpool, type SpoolFile, spoolFolder } from "./spool.ts";

/** Where it goes, and when to leave the rest for the next start. */
export type SpoolTarget = {
	db: Database;
	journal: () => Journal;
	/** Called when lines were written into the journal, or may have been. */
	afterImport: () => void;
	zone: string;
	retentionDays: number;
	clock: () => number;
	/** Journals and applies what was decided; throws `missing` where its job is not there. */
	decide: (decision: Decision) => void;
	isStopped: () => boolean;
};

/** What one look into the folder did. `trouble`: the first file that cannot be taken, and why; the others were. */
export type SpoolLook = { imported: boolean; pruned: boolean; trouble: { path: string; reason: string } | null };

export class SpoolTaker {
	readonly #dataDir: string;
	/** Taken already, but the folder does not let us remove them: not to be taken again and again. */
	readonly #taken = new Set<string>();

	constructor(dataDir: string) {
		this.#dataDir = dataDir;
	}

	/** Takes every file that waits. Throws what the store or the journal throws; then the file is taken again. */
	async look(target: SpoolTarget): Promise<SpoolLook> {
		const look: SpoolLook = { imported: false, pruned: false, trouble: null };
		let files: SpoolFile[] = [];
		try {
			files = readSpool(this.#dataDir);
		} catch (error) {
			look.trouble = { path: spoolFolder(this.#dataDir), reason: messageOf(error) };
		}
		for (const file of files) {
			try {
				if (!this.#taken.has(file.path)) {
					await take(file, target);
					this.#taken.add(file.path);
					if (file.kind === "prune") look.pruned = true;
					else look.imported = true;
				}
				unlinkSync(file.path);
				this.#taken.delete(file.path);
			} catch (error) {
				// The journal is being read on: a decision about what is not stored yet waits for it.
				if (file.kind === "decision" && error instanceof AppError && error.code === "unavailable") continue;
				// One bad file never stops the others: only where nothing can be stored they all wait.
				if (error instanceof AppError || codeOf(error).startsWith("SQLITE")) throw error;
				look.trouble ??= { path: file.path, reason: messageOf(error) };
			}
		}
		return look;
	}
}

async function take(file: SpoolFile, target: SpoolTarget): Promise<void> {
	if (file.kind === "prune") {
		const { db, retentionDays, clock } = target;
		while (pruneStep(db, retentionDays, clock(), { isConfirmed: true }).more) await Bun.sleep(0);
		return;
	}
	if (file.kind === "decision") {
		decideSpooled(file, target);
		return;
	}
	const { accepted, rejected, lines } = await importSpooled(file, target);
	if (file.kind === "import" || rejected > 0) log(`took ${accepted} of ${lines} lines handed over by the shell`);
}

/** A decision that cannot be understood, or whose job is gone, is none: it must not hold up what waits behind it. */
function decideSpooled({ path }: SpoolFile, { decide }: SpoolTarget): void {
	const decision = readSpooledDecision(path);
	if (decision === null) {
		log(`${path} holds no decision about a job; it is left out`);
		return;
	}
	try {
		decide(decision);
	} catch (error) {
		if (!(error instanceof AppError) || error.code !== "missing") throw error;
		log(`${decision.decision} of ${decision.job}: ${error.message}`);
	}
}

const longestDecision = 64 * 1024;

function readSpooledDecision(path: string): Decision | null {
	const fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
	try {
		if (!fstatSync(fd).isFile()) throw new Error("it is not a file");
		const bytes = Buffer.alloc(longestDecision);
		return parseDecision(JSON.parse(bytes.toString("utf8", 0, readSync(fd, bytes, 0, bytes.length, 0))));
	} catch (error) {
		if (error instanceof SyntaxError) return null;
		throw error;
	} finally {
		closeSync(fd);
	}
}

/** Lines stored of each file, for as long as the file is there. */
type Passed = Record<string, number>;
const passedKey = "spool-passed";

function stillThere(db: Database, folder: string): Passed {
	const known = Object.entries(readMeta<Passed>(db, passedKey) ?? {});
	return Object.fromEntries(known.filter(([name]) => existsSync(join(folder, name))));
}

async function importSpooled({ path, kind }: SpoolFile, target: SpoolTarget): Promise<Imported> {
	const { db, journal, zone, clock, isStopped } = target;
	// Whoever is in the group may put something there: a pipe must not hold up the server.
	const fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
	try {
		if (!fstatSync(fd).isFile()) throw new Error("it is not a file");
		const read = async (into: Buffer) => {
			// Lets others in between two stretches of a long file.
			await Bun.sleep(0);
			if (isStopped()) throw new AppError("unavailable", "The monitor stops; the rest is taken at its next start.");
			return readSync(fd, into, 0, into.length, null);
		};
		// A crash between here and the removal of the file must not put its lines over what was reported since.
		const name = basename(path);
		const skip = readMeta<Passed>(db, passedKey)?.[name] ?? 0;
		const passed = (line: number) => writeMeta(db, passedKey, { ...stillThere(db, dirname(path)), [name]: line });
		return await importStream(read, kind, { db, journal: journal(), zone, now: clock, road: kind, skip, passed });
	} finally {
		closeSync(fd);
		target.afterImport();
	}
}
