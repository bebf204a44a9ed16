// Lines that could not be read: the newest few hundred with their reason, and how many there were in all.
import type { Database } from "bun:sqlite";
import type { RejectedLine } from "../overview.ts";
import { mask } from "../secrets.ts";
import { visible } from "../visible.ts";
import { prepared } from "./database.ts";

const kept = 500;
const shownText = 1000;

export type NewRejectedLine = Omit<RejectedLine, "id">;

/** Stores rejected lines of one transaction and drops the oldest beyond the bound. */
export function recordRejected(db: Database, lines: NewRejectedLine[]): void {
	const insert = prepared(
		db,
		`INSERT INTO rejected (source, line, reason, text, seen_at) VALUES ($source, $line, $reason, $text, $seenAt)`,
	);
	for (const line of lines.slice(-kept)) insert.run({ ...line, text: visible(line.text).slice(0, shownText) });
	if (lines.length > 0) {
		prepared(db, "DELETE FROM rejected WHERE id <= (SELECT max(id) FROM rejected) - $kept").run({ kept });
	}
}

export function readRejected(db: Database, limit: number): RejectedLine[] {
	const rows = prepared<RejectedLine>(
		db,
		"SELECT id, source, line, reason, text, seen_at AS seenAt FROM rejected ORDER BY id DESC LIMIT $limit",
	).all({ limit });
	return rows.map((row) => ({ ...row, reason: mask(row.reason), text: mask(row.text) }));
}

/** The newest rejected line since an instant (exclusive), with how many there were since; null: none. */
export function readNewestRejected(
	db: Database,
	since: number,
): (RejectedLine & { count: number; firstAt: number }) | null {
	const [newest] = readRejected(db, 1);
	if (newest === undefined || newest.seenAt <= since) return null;
	const sums = prepared<{ count: number; firstAt: number }>(
		db,
		"SELECT count(*) AS count, min(seen_at) AS firstAt FROM rejected WHERE seen_at > $since",
	).get({ since });
	return { ...newest, count: sums?.count ?? 1, firstAt: sums?.firstAt ?? newest.seenAt };
}

/** All lines ever rejected from files that are followed. */
export function countRejected(db: Database): number {
	return prepared<{ total: number | null }>(db, "SELECT sum(rejected) AS total FROM source").get()?.total ?? 0;
}
