// Which part of our own journal the database reads: it is cut into numbered files when it has become long.
import type { Database } from "bun:sqlite";
import { prepared, transaction } from "./database.ts";
import { readMeta, writeMeta } from "./meta.ts";
import { readSource } from "./sources.ts";

const key = "journal-part";

/** The number that the journal's present file will have once it is full. `offset`: bytes of it that are stored. */
export function readPart(db: Database, path: string): { number: number; offset: number } {
	return { number: readMeta<number>(db, key) ?? 1, offset: readSource(db, path).offset };
}

/** From now on the file at the path is another part, of which nothing was read. */
export function beginPart(db: Database, path: string, number: number): void {
	transaction(db, () => {
		writeMeta(db, key, number);
		prepared(
			db,
			`UPDATE source SET generation = generation + 1, device = NULL, inode = NULL, offset = 0, rest = 'start', line = 0,
				head_length = 0, head = NULL, behind = NULL, known_below = 0, recent = NULL WHERE path = $path`,
		).run({ path });
	});
}
