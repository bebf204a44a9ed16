// `pack FILE…`: packs full parts of the journal, for the server, which must not be held up by it.
import { setPriority } from "node:os";
import { AppError, messageOf } from "../errors.ts";
import { packPart } from "../ingest/packed-part.ts";
import { readFlags } from "./flags.ts";

/** More parts than there ever are. */
const most = 1000;

export async function packCommand(args: string[]): Promise<number> {
	const { words } = await readFlags(args, "pack", {}, { words: most });
	if (words.length === 0) throw new AppError("usage", "pack needs a part of the journal.");
	setPriority(10);
	for (const path of words) {
		try {
			await packPart(path);
		} catch (error) {
			throw new AppError("unavailable", `${path} cannot be packed: ${messageOf(error)}`, error);
		}
	}
	return 0;
}
