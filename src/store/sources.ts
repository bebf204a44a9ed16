// How far each followed file was read, and the hashes of the lines it holds.
import type { Database } from "bun:sqlite";
import { existsSync } from "node:fs";
import { basename } from "node:path";
import { prepared } from "./database.ts";

const leftMark = " (rotated)";

export type Source = {
	id: number;
	path: string;
	generation: number;
	device: number | null;
	inode: number | null;
	offset: number;
	rest: string;
	line: number;
	head_length: number;
	head: Uint8Array | null;
	behind: Uint8Array | null;
	known_below: number;
	accepted: number;
	rejected: number;
	recent: Uint8Array | null;
	read_at: number | null;
};

/** Of a file of which nothing was read yet. */
const unread = { offset: 0, rest: "start", line: 0, head_length: 0, head: null, behind: null, recent: null };

/** The row of a followed file; made, at offset 0, when the file was never read. */
export function readSource(db: Database, path: string): Source {
	const find = prepared<Source>(db, "SELECT * FROM source WHERE path = $path");
	const known = find.get({ path });
	if (known !== null) return known;
	const moved = findMoved(db, path);
	if (moved !== null) {
		prepared(db, "UPDATE source SET path = $path WHERE id = $id").run({ path, id: moved.id });
		return { ...moved, path };
	}
	prepared(db, "INSERT INTO source (path) VALUES ($path)").run({ path });
	return readSource(db, path);
}

/** The row of a file of this name that is gone from where it was: the data folder was moved, and the file with it. */
function findMoved(db: Database, path: string): Source | null {
	const others = prepared<Source>(db, "SELECT * FROM source WHERE path <> $path").all({ path });
	const isMoved = (other: string) => basename(other) === basename(path) && !existsSync(other.replace(leftMark, ""));
	const found = others.filter((other) => isMoved(other.path));
	return found.length === 1 ? (found[0] ?? null) : null;
}

/** As `readSource`, but null where nothing was read yet: for readers. */
export function findSource(db: Database, path: string): Source | null {
	return prepared<Source>(db, "SELECT * FROM source WHERE path = $path").get({ path });
}

export function writeSource(db: Database, source: Source): void {
	prepared(
		db,
		`UPDATE source SET generation = $generation, device = $device, inode = $inode, offset = $offset, rest = $rest,
			line = $line, head_length = $head_length, head = $head, behind = $behind, known_below = $known_below,
			accepted = $accepted, rejected = $rejected, recent = $recent, read_at = $read_at
		WHERE id = $id`,
	).run({
		id: source.id,
		generation: source.generation,
		device: source.device,
		inode: source.inode,
		offset: source.offset,
		rest: source.rest,
		line: source.line,
		head_length: source.head_length,
		head: source.head,
		behind: source.behind,
		known_below: source.known_below,
		accepted: source.accepted,
		rejected: source.rejected,
		recent: source.recent,
		read_at: source.read_at,
	});
}

/**
 * After our own journal was appended to, in the transaction that stored what was appended: nothing of it is to be read
 * again. False, and only the rejected lines are counted, where something before `from` is not stored yet.
 */
export function passSource(
	db: Database,
	from: number,
	{ path, size, inode }: { path: string; size: number; inode: number },
	lines: { accepted: number; rejected: number },
	now: number,
): boolean {
	const row = readSource(db, path);
	const rejected = row.rejected + lines.rejected;
	const isPassed = row.offset === from;
	if (isPassed) {
		const accepted = row.accepted + lines.accepted;
		const line = row.line + lines.accepted;
		writeSource(db, { ...row, offset: size, inode, behind: null, line, accepted, rejected, read_at: now });
	} else writeSource(db, { ...row, rejected });
	return isPassed;
}

/** Moves a portion of hashes out of the row that every read writes. */
export function addSeen(db: Database, sourceId: number, generation: number, hashes: Uint8Array): void {
	prepared(
		db,
		`INSERT INTO seen (source_id, generation, portion, hashes)
		SELECT $sourceId, $generation, coalesce(max(portion), 0) + 1, $hashes FROM seen
		WHERE source_id = $sourceId AND generation = $generation`,
	).run({ sourceId, generation, hashes });
}

/** The hashes of all lines the file held before its present generation, in order. */
export function readSeenBefore(db: Database, source: Source): Uint8Array[] {
	return prepared<{ hashes: Uint8Array }>(
		db,
		"SELECT hashes FROM seen WHERE source_id = $id AND generation < $generation ORDER BY generation, portion",
	)
		.all({ id: source.id, generation: source.generation })
		.map((row) => row.hashes);
}

/** The path leads to another file now: it is read from its start, and what it holds so far may be known already. */
export function startGeneration(db: Database, source: Source, file: { dev: number; ino: number; size: number }): void {
	if (source.recent !== null && source.recent.length > 0) addSeen(db, source.id, source.generation, source.recent);
	source.generation++;
	source.device = file.dev;
	source.inode = file.ino;
	source.known_below = file.size;
	Object.assign(source, unread);
	writeSource(db, source);
}

/** The row of what was rotated away last: its writer may not have noticed, and go on writing there. */
const leftPath = (path: string) => path + leftMark;

/** null where nothing was rotated away. */
export function findLeft(db: Database, path: string): Source | null {
	return findSource(db, leftPath(path));
}

/** Notes how far the file was read that a path led to until now, to be called before `startGeneration`. */
export function keepLeft(db: Database, source: Source): void {
	const { generation, known_below, accepted, rejected, recent, ...place } = source;
	const row = readSource(db, leftPath(source.path));
	writeSource(db, { ...row, ...place, id: row.id, path: row.path });
}

/** Forgets how far the present generation was read, so that it is read from its start once more. */
export function startSeenAgain(db: Database, source: Source): void {
	prepared(db, "DELETE FROM seen WHERE source_id = $id AND generation = $generation").run({
		id: source.id,
		generation: source.generation,
	});
	Object.assign(source, unread);
	writeSource(db, source);
}

export function deleteSeenExcept(db: Database, sourceId: number, generation: number): void {
	prepared(db, "DELETE FROM seen WHERE source_id = $sourceId AND generation <> $generation").run({
		sourceId,
		generation,
	});
}

/** The last instant anything was read from anywhere, Unix milliseconds, or null. */
export function readLastRead(db: Database): number | null {
	return prepared<{ at: number | null }>(db, "SELECT max(read_at) AS at FROM source").get()?.at ?? null;
}
