// The few things the store does with files besides opening them.
import {
	closeSync,
	constants,
	fstatSync,
	fsyncSync,
	mkdirSync,
	openSync,
	readdirSync,
	readFileSync,
	renameSync,
	rmSync,
	statfsSync,
	statSync,
	writeSync,
} from "node:fs";
import { basename, dirname, join } from "node:path";
import { codeOf } from "../errors.ts";

/** Makes a created, renamed or removed name durable. Some file systems refuse; then there is nothing to be done. */
export function syncFolder(path: string): void {
	try {
		syncFile(path);
	} catch {
		// Not every file system lets a folder be flushed.
	}
}

/** Writes all of it: on a disk that is nearly full the system takes a part, and says so only in a number. */
export function writeWhole(fd: number, text: string): void {
	const bytes = Buffer.from(text);
	for (let at = 0; at < bytes.length; ) at += writeSync(fd, bytes, at, bytes.length - at);
}

/** The number that a file has whatever it is called; null where there is none. Throws where nobody can say. */
export function inodeOf(path: string): number | null {
	return statSync(path, { throwIfNoEntry: false })?.ino ?? null;
}

/**
 * null where there is no such file. Throws where nobody can say, as what cannot be read must not be made anew; and for a
 * pipe, which would be waited at for ever.
 */
export function readIfThere(path: string): string | null {
	let fd: number;
	try {
		fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
	} catch (error) {
		if (codeOf(error) === "ENOENT") return null;
		throw error;
	}
	try {
		if (!fstatSync(fd).isFile()) throw new Error("it is not a file");
		return readFileSync(fd, "utf8");
	} finally {
		closeSync(fd);
	}
}

export function syncFile(path: string): void {
	const fd = openSync(path, constants.O_RDONLY);
	try {
		fsyncSync(fd);
	} finally {
		closeSync(fd);
	}
}

const keptQuarantines = 3;

/** Moves a damaged database and its companions into `quarantine/<utc>/` beside it; returns that folder. */
export function quarantine(path: string, now: number): string {
	const root = join(dirname(path), "quarantine");
	const folder = join(root, new Date(now).toISOString().replaceAll(":", ""));
	mkdirSync(folder, { recursive: true });
	for (const side of ["", "-wal", "-shm", "-journal"]) {
		try {
			renameSync(path + side, join(folder, basename(path) + side));
		} catch {
			// Most of the companions do not exist.
		}
	}
	syncFolder(dirname(path));
	const old = readdirSync(root).sort().slice(0, -keptQuarantines);
	for (const name of old) rmSync(join(root, name), { recursive: true, force: true });
	return folder;
}

/** By the number that the system gives each kind. SMB has had three. */
const remoteKinds = new Map([
	[0x6969, "a network file system (NFS)"],
	[0x517b, "a network file system (SMB)"],
	[0xff534d42, "a network file system (SMB)"],
	[0xfe534d42, "a network file system (SMB)"],
	[0x01021997, "a network file system (9P)"],
	[0x00c36400, "a network file system (Ceph)"],
	[0x5346414f, "a network file system (AFS)"],
	[0x65735546, "a FUSE file system (such as sshfs, rclone or mergerfs)"],
]);

/**
 * What a folder lies on where that is another machine's or another program's, in words; else null. Write-ahead logging
 * needs memory that is shared through the file, which these cannot be trusted to give.
 */
export function remoteKind(folder: string): string | null {
	try {
		return remoteKinds.get(statfsSync(folder).type >>> 0) ?? null;
	} catch {
		return null;
	}
}

/** Free bytes for an ordinary user, or null where the system does not say. */
export function freeBytes(folder: string): number | null {
	try {
		const stat = statfsSync(folder);
		return stat.bavail * stat.bsize;
	} catch {
		return null;
	}
}

/** Names in a folder, sorted; none where there is no such folder. Throws what reading it throws. */
export function namesIn(folder: string): string[] {
	try {
		return readdirSync(folder).sort();
	} catch (error) {
		if (codeOf(error) === "ENOENT") return [];
		throw error;
	}
}

/** The same for whoever can go on without: what cannot be read has nothing in it. */
export function namesIfReadable(folder: string): string[] {
	try {
		return namesIn(folder);
	} catch {
		// Whoever has to write there says what is wrong with it.
		return [];
	}
}
