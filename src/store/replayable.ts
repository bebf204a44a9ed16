// A transaction that is not flushed itself, because what it stores stands in a flushed journal that is read on from there.
import type { Database } from "bun:sqlite";
import { transaction } from "./database.ts";

const logged = new WeakMap<Database, boolean>();

/**
 * As `transaction`, at half the price. A power cut may undo it as a whole, and with it the journal's offset that it
 * moved: the next start reads those lines again. Whatever else it writes must follow from them. Every other transaction
 * is flushed, and with it all that came before it; nothing ever stands on one that can still be undone.
 */
export function replayableTransaction<T>(db: Database, work: () => T): T {
	// Without the write-ahead log (on a network) a commit that is not flushed can leave half a file, not only an old one.
	if (!isLogged(db)) return transaction(db, work);
	// SQLite obeys when it compiles this, so no prepared statement can be held for it.
	db.run("PRAGMA synchronous = NORMAL");
	try {
		return transaction(db, work);
	} finally {
		// Refused inside of a transaction that could not be ended; then nothing can be committed any more.
		db.run("PRAGMA synchronous = FULL");
	}
}

function isLogged(db: Database): boolean {
	let known = logged.get(db);
	if (known === undefined) {
		known = db.query<{ journal_mode: string }, []>("PRAGMA journal_mode").get()?.journal_mode === "wal";
		logged.set(db, known);
	}
	return known;
}
