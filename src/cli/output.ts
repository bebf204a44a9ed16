// Much at once to standard output: waits for a reader that is slow, and notices one that has left.
import { writeSync } from "node:fs";
import { codeOf } from "../errors.ts";

const standardOutput = 1;
const waitMs = 5;

/** False where nobody reads any more (`| head`): the rest need not be made. */
export async function writeOut(bytes: Uint8Array): Promise<boolean> {
	for (let at = 0; at < bytes.length; ) {
		try {
			at += writeSync(standardOutput, bytes, at, bytes.length - at);
		} catch (error) {
			if (codeOf(error) === "EPIPE") return false;
			if (codeOf(error) !== "EAGAIN") throw error;
			await Bun.sleep(waitMs);
		}
	}
	return true;
}
