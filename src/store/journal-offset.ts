// Moves our own journal's offset on with each report: one statement, on the way of every push.
import type { Database } from "bun:sqlite";
import { prepared } from "./database.ts";
import { passSource } from "./sources.ts";

/** As `passSource` for `accepted` lines; the journal's row is mostly there, and at the offset that it should be at. */
export function passJournal(
	db: Database,
	from: number,
	journal: { path: string; size: number; inode: number },
	accepted: number,
	now: number,
): boolean {
	const moved = prepared(
		db,
		`UPDATE source SET offset = ?1, inode = ?2, behind = NULL, line = line + ?3, accepted = accepted + ?3, read_at = ?4
		WHERE path = ?5 AND offset = ?6`,
	).run(journal.size, journal.inode, accepted, now, journal.path, from);
	return moved.changes > 0 || passSource(db, from, journal, { accepted, rejected: 0 }, now);
}
