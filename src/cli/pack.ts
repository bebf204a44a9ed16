// `pack FILE`: packs a full part of the journal, for the server, which must not be held up by it.
import { setPriority } from "node:os";
import { AppError, messageOf } from "../errors.ts";
import { packPart } from "../ingest/journal-parts.ts";
import { readFlags } from "./flags.ts";

export async function packCommand(args: string[]): Promise<number> {
	const { words } = await readFlags(args, "pack", {}, { words: 1 });
	const [path] = words;
	if (path === undefined) throw new AppError("usage", "pack needs a part of the journal.");
	setPriority(10);
	try {
		await packPart(path);
		return 0;
	} catch (error) {
		throw new AppError("unavailable", `${path} cannot be packed: ${messageOf(error)}`, error);
	}
}
