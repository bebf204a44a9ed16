// The full parts of our own journal, "received.jsonl.3" or packed "received.jsonl.3.gz": cut off at night, once a checked
// copy of the database holds what they tell, and read again where a database is built from less.
import type { Database } from "bun:sqlite";
import { renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { transaction } from "../store/database.ts";
import { namesIn, syncFolder } from "../store/files.ts";
import { beginPart, readPart } from "../store/journal-part.ts";
import { readStream } from "./import-file.ts";
import { Intake } from "./intake.ts";
import { journalName } from "./journal.ts";
import { maxJournalLine } from "./lines.ts";
import { Damaged, openPart, type Part } from "./packed-part.ts";

/** A journal this long is cut off. */
export const longestJournal = 8 * 1024 * 1024;
/** Half a gigabyte of reports, some fifty megabytes on the disk. The oldest is in every copy for a long time then. */
const keptParts = 64;

/** The oldest first; each number once. */
export function listParts(dataDir: string): Part[] {
	const parts = new Map<number, Part>();
	for (const name of namesIn(dataDir)) {
		const [, number, packed] = /^received\.jsonl\.(\d{1,9})(\.gz)?$/.exec(name) ?? [];
		if (number === undefined) continue;
		const part = { number: Number(number), path: join(dataDir, name), isPacked: packed !== undefined };
		// Both are there when packing was cut off before the plain one was removed: then the plain one is whole.
		if (!part.isPacked || !parts.has(part.number)) parts.set(part.number, part);
	}
	return [...parts.values()].sort((a, b) => a.number - b.number);
}

/** Parts that the database has not read to their end. */
export function unreadParts(db: Database, dataDir: string): Part[] {
	const parts = listParts(dataDir);
	if (parts.length === 0) return [];
	const { number } = readPart(db, join(dataDir, journalName));
	return parts.filter((part) => part.number >= number);
}

/**
 * Cuts the journal off: its file gets its number, and the next report begins a new one. Nobody may have it open, and
 * everything in it must be stored.
 */
export function cutJournal(db: Database, dataDir: string): void {
	const path = join(dataDir, journalName);
	const { number } = readPart(db, path);
	const part = join(dataDir, `${journalName}.${number}`);
	renameSync(path, part);
	try {
		beginPart(db, path, number + 1);
	} catch (error) {
		renameSync(part, path);
		throw error;
	}
	syncFolder(dataDir);
}

/** Deletes the parts that are too many, the oldest first. */
export function dropOldParts(dataDir: string): void {
	for (const { path } of listParts(dataDir).slice(0, -keptParts)) rmSync(path, { force: true });
}

/** Whether parts of the beginning were dropped: what they told is in copies of the database alone. */
export function isCutOff(dataDir: string): boolean {
	const [first] = listParts(dataDir);
	return first !== undefined && first.number > 1;
}

export type Replay = {
	db: Database;
	dataDir: string;
	zone: string;
	now: () => number;
	isStopped?: () => boolean;
	/** A packed part cannot be unpacked to its end: what could be was taken, and so are the parts behind it. */
	onDamage: (path: string, reason: string) => void;
};

/** Stores what unread parts tell, in their order. False where it was stopped before their end; then it begins anew. */
export async function replayParts({
	db,
	dataDir,
	zone,
	now,
	isStopped = () => false,
	onDamage,
}: Replay): Promise<boolean> {
	const journal = join(dataDir, journalName);
	const parts = unreadParts(db, dataDir);
	for (const part of parts) {
		const { number, offset } = readPart(db, journal);
		const skip = part.number === number ? offset : 0;
		if (!(await replayPart(part, skip, { db, dataDir, zone, now, isStopped, onDamage }))) return false;
		beginPart(db, journal, part.number + 1);
	}
	return true;
}

async function replayPart(
	part: Part,
	skip: number,
	{ db, zone, now, isStopped, onDamage }: Required<Replay>,
): Promise<boolean> {
	const bytes = await openPart(part, skip);
	let lines: { text: string; line: number }[] = [];
	const store = () => {
		if (lines.length === 0) return;
		transaction(db, () => {
			const intake = new Intake(db, { source: part.path, zone, now: now(), isOurs: true });
			for (const { text, line } of lines) intake.take(text, line);
			intake.finish();
		});
		lines = [];
	};
	let isEnded = false;
	const read = async (into: Buffer): Promise<number> => {
		// Others are answered between two stretches.
		await Bun.sleep(0);
		if (isStopped()) return 0;
		const length = await bytes(into).catch((error: unknown) => {
			if (!(error instanceof Damaged)) throw error;
			onDamage(part.path, error.message);
			return 0;
		});
		isEnded = length === 0;
		return length;
	};
	const sink = {
		line: (text: string, line: number) => lines.push({ text, line }),
		bad: () => {},
		isComplete: () => true,
		flush: store,
	};
	await readStream(read, sink, maxJournalLine);
	return isEnded;
}
