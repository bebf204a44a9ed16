// A full part of the journal as a file: packed once it is cut off, and read on stretch by stretch, packed or not.
import {
	closeSync,
	createReadStream,
	createWriteStream,
	existsSync,
	fstatSync,
	openSync,
	type ReadStream,
	readSync,
	renameSync,
	rmSync,
} from "node:fs";
import { dirname } from "node:path";
import type { Gunzip } from "node:zlib";
import { codeOf, messageOf } from "../errors.ts";
import { syncFile, syncFolder } from "../store/files.ts";

export type Part = { number: number; path: string; isPacked: boolean };

/** Reads on at each call; 0 at the end. Throws `Damaged` where a packed part ends too early or is not what was packed. */
export async function openPart({ path, isPacked }: Part, skip: number): Promise<(into: Buffer) => Promise<number>> {
	const file = createReadStream(path);
	const plain = isPacked ? unpack(file, await import("node:zlib")) : file;
	const chunks = plain[Symbol.asyncIterator]() as AsyncIterator<Buffer>;
	let rest: Buffer = Buffer.alloc(0);
	let toSkip = skip;
	let length = 0;
	const next = async () => {
		try {
			return await chunks.next();
		} catch (error) {
			// zlib's own; a disk that does not answer is tried again.
			throw codeOf(error).startsWith("Z_") ? new Damaged(messageOf(error)) : error;
		}
	};
	return async (into) => {
		while (rest.length === 0) {
			const { value, done } = await next();
			if (done === true) {
				if (isPacked && packedLength(path) !== length % 2 ** 32) throw new Damaged("it ends too early");
				return 0;
			}
			length += value.length;
			rest = value.subarray(Math.min(toSkip, value.length));
			toSkip -= value.length - rest.length;
		}
		const taken = Math.min(rest.length, into.length);
		rest.copy(into, 0, 0, taken);
		rest = rest.subarray(taken);
		return taken;
	};
}

/** All that can be unpacked comes, also of a file without its end: what zlib calls an error then would cost what stands before. */
function unpack(file: ReadStream, { constants, createGunzip }: typeof import("node:zlib")): Gunzip {
	const plain = createGunzip({ finishFlush: constants.Z_SYNC_FLUSH });
	// Whoever reads on is told; without a listener of its own the error would be nobody's.
	plain.on("error", () => {});
	file.on("error", (error) => plain.destroy(error));
	return file.pipe(plain);
}

/** The length before packing, which stands in the last four bytes. */
function packedLength(path: string): number {
	const bytes = Buffer.alloc(4);
	const fd = openSync(path, "r");
	try {
		readSync(fd, bytes, 0, 4, Math.max(0, fstatSync(fd).size - 4));
	} finally {
		closeSync(fd);
	}
	return bytes.readUInt32LE();
}

/** What cannot be unpacked to its end. The message is a reason for people. */
export class Damaged extends Error {}

/** Packs a part: whole and flushed beside it, before the plain one goes. For a process of its own. */
export async function packPart(path: string): Promise<void> {
	const { createGzip } = await import("node:zlib");
	const { pipeline } = await import("node:stream/promises");
	const unfinished = `${path}.gz.tmp`;
	try {
		await pipeline(createReadStream(path), createGzip(), createWriteStream(unfinished, { mode: 0o640 }));
		syncFile(unfinished);
		renameSync(unfinished, `${path}.gz`);
		syncFolder(dirname(path));
		rmSync(path);
	} finally {
		if (existsSync(unfinished)) rmSync(unfinished, { force: true });
	}
}
