// What a followed file is known by, its content and its inode, and where the parts of it lie that were rotated away.
import { closeSync, constants, fstatSync, openSync, readdirSync, readSync, type Stats, statSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import type { Source } from "../store/sources.ts";
import { hashOf } from "./known-lines.ts";

const headLength = 4096;
const behindLength = 64;
const mostSiblings = 256;
/** What logrotate and its like put behind a name: `.1`, `-20260131`, `.2026-01-31`. Not compressed ones. */
const partSuffix = /^[.-]\d[\d.-]*$/;
const extension = /\.[^./]*$/;

/** Whether a file is a rotated part of this one: `metrics.jsonl.1`, or with its ending kept, `metrics-20260131.jsonl`. */
function isPart(name: string, other: string): boolean {
	if (other.startsWith(name)) return partSuffix.test(other.slice(name.length));
	const ending = extension.exec(name)?.[0] ?? "";
	if (ending === "" || !other.endsWith(ending)) return false;
	return partSuffix.test(other.slice(name.length - ending.length, -ending.length));
}

/** Whether a file beside this one may have been this one once. */
function isRelated(name: string, other: string): boolean {
	if (other === name) return false;
	return other.startsWith(name) || (other.startsWith(name.replace(extension, "")) && isPart(name, other));
}

/** Whether the file still begins and goes on as it did when it was read last. */
export function continues(fd: number, stat: Stats, source: Source): boolean {
	if (source.offset === 0 && source.head_length === 0) return source.inode === null || source.inode === stat.ino;
	if (stat.ino !== source.inode || stat.size < source.offset) return false;
	return fits(fd, source);
}

/** Notes what the file is known by after the bytes `read`, which end at its new offset. */
export function noteContent(fd: number, source: Source, read: Uint8Array): void {
	if (source.head_length < headLength && source.offset > source.head_length) {
		const head = readAt(fd, 0, Math.min(headLength, source.offset));
		source.head_length = head.length;
		source.head = hashOf(head);
	}
	const behind = Math.min(behindLength, source.offset);
	source.behind =
		read.length >= behind
			? Buffer.from(read.subarray(read.length - behind))
			: readAt(fd, source.offset - behind, behind);
}

export function fits(fd: number, source: Source): boolean {
	if (source.head !== null && !hashOf(readAt(fd, 0, source.head_length)).equals(source.head)) return false;
	const behind = source.behind ?? new Uint8Array();
	return readAt(fd, source.offset - behind.length, behind.length).equals(behind);
}

/** How a file begins, up to what it is known by. */
export function readHead(fd: number, stat: Stats): Buffer {
	return readAt(fd, 0, Math.min(headLength, stat.size));
}

/**
 * Whether bytes that were just read are of the file that was looked at before: it may have been cut and written anew in
 * between, and then its copy is still to be read. `head`: how it began, where nothing of it was read yet.
 */
export function isStill(fd: number, source: Source, head: Uint8Array | null, read: Uint8Array): boolean {
	if (source.offset > 0) return fits(fd, source);
	if (head === null) return true;
	const length = Math.min(head.length, read.length);
	return Buffer.compare(head.subarray(0, length), read.subarray(0, length)) === 0;
}

function readAt(fd: number, position: number, length: number): Buffer {
	const bytes = Buffer.alloc(length);
	const got = readSync(fd, bytes, 0, length, position);
	return bytes.subarray(0, got);
}

type Use<T> = (fd: number, stat: Stats) => T | null;

/** Uses the file that was renamed or copied away with something unread in it; null where there is none. */
export function inRotated<T>(path: string, source: Source, use: Use<T>): T | null {
	const isIt = (fd: number, stat: Stats) =>
		stat.size > source.offset && (source.head === null ? stat.ino === source.inode : fits(fd, source));
	return inSibling(path, isIt, use);
}

/**
 * Uses the oldest rotated part that was written after `since` and never read: the file was rotated more than once.
 * `except`: the inode of one that is followed for itself.
 */
export function inNextPart<T>(
	path: string,
	source: Source,
	{ since, except }: { since: number; except: number | null },
	use: Use<T>,
): T | null {
	const isIt = (fd: number, stat: Stats, other: string) =>
		isPart(basename(path), basename(other)) &&
		stat.mtimeMs > since &&
		stat.ino !== except &&
		stat.size > 0 &&
		// The one that was read last is known by its content: after a copytruncate its inode goes on with other lines.
		!(source.head === null ? stat.ino === source.inode : fits(fd, source));
	return inSibling(path, isIt, use);
}

/** Uses the oldest other file of this name that is the one looked for; null where `use` gave null for all of them. */
function inSibling<T>(path: string, isIt: (fd: number, stat: Stats, path: string) => boolean, use: Use<T>): T | null {
	for (const other of siblingsOf(path)) {
		let fd: number;
		try {
			fd = openSync(other, constants.O_RDONLY | constants.O_NONBLOCK);
		} catch {
			// Gone since it was listed, or not ours to read.
			continue;
		}
		try {
			const stat = fstatSync(fd);
			if (!stat.isFile() || !isIt(fd, stat, other)) continue;
			const result = use(fd, stat);
			if (result !== null) return result;
		} finally {
			closeSync(fd);
		}
	}
	return null;
}

/** The file beside this one that has an inode, by whatever name it goes now; null where it is gone. */
export function siblingOf(path: string, inode: number): string | null {
	const isIt = (other: string) => statSync(other, { throwIfNoEntry: false })?.ino === inode;
	return siblingsOf(path).find(isIt) ?? null;
}

/** Plain files beside this one whose names are its name and more, the one written first in front. */
function siblingsOf(path: string): string[] {
	const folder = dirname(path);
	const name = basename(path);
	const found: { path: string; mtime: number }[] = [];
	try {
		for (const other of readdirSync(folder)) {
			if (!isRelated(name, other) || found.length >= mostSiblings) continue;
			const sibling = join(folder, other);
			const stat = statSync(sibling, { throwIfNoEntry: false });
			if (stat?.isFile()) found.push({ path: sibling, mtime: stat.mtimeMs });
		}
	} catch {
		// What cannot be listed cannot be read.
	}
	return found.sort((a, b) => a.mtime - b.mtime).map((sibling) => sibling.path);
}
