// One server per data folder: an exclusive SQLite transaction on a small file is a lock that dies with its holder.
import { Database } from "bun:sqlite";
import { join } from "node:path";
import { codeOf } from "../errors.ts";

export type Lock = { release: () => void };

/** The folder's lock, or null while another process holds it. Throws where the folder cannot be written. */
export function takeLock(dataDir: string): Lock | null {
	const db = new Database(join(dataDir, "serve.lock"), { create: true, readwrite: true });
	try {
		db.run("BEGIN EXCLUSIVE");
	} catch (error) {
		db.close();
		if (codeOf(error).startsWith("SQLITE_BUSY")) return null;
		throw error;
	}
	return { release: () => db.close() };
}
