// Small facts about the database itself: when it was rebuilt, what retention has marked.
import type { Database } from "bun:sqlite";
import { prepared } from "./database.ts";

export function readMeta<T>(db: Database, key: string): T | null {
	const row = prepared<{ value: string }>(db, "SELECT value FROM meta WHERE key = $key").get({ key });
	return row === null ? null : (JSON.parse(row.value) as T);
}

export function writeMeta(db: Database, key: string, value: unknown): void {
	prepared(db, "INSERT OR REPLACE INTO meta (key, value) VALUES ($key, $value)").run({
		key,
		value: JSON.stringify(value),
	});
}

export function deleteMeta(db: Database, key: string): void {
	prepared(db, "DELETE FROM meta WHERE key = $key").run({ key });
}
