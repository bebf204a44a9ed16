// Reads from a file or a pipe that may not be ready yet.
import { readSync } from "node:fs";
import { codeOf } from "../errors.ts";

/** Bytes read from where the descriptor stands; 0 at the end. */
export async function readSome(fd: number, into: Buffer): Promise<number> {
	for (;;) {
		try {
			return readSync(fd, into, 0, into.length, null);
		} catch (error) {
			// A pipe that somebody made non-blocking has nothing yet.
			if (codeOf(error) !== "EAGAIN") throw error;
			await Bun.sleep(10);
		}
	}
}
