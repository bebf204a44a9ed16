// `copy FROM INTO`: one checked copy of a database, for the server, which must not be held up by it.
import { setPriority } from "node:os";
import { AppError, messageOf } from "../errors.ts";
import { openForReading } from "../store/database.ts";
import { copyDatabase, Damaged } from "../store/own-copies.ts";
import { readFlags } from "./flags.ts";

const damagedExit = 3;

export async function copyCommand(args: string[]): Promise<number> {
	const { words } = await readFlags(args, "copy", {}, { words: 2 });
	const [from, into] = words;
	if (from === undefined || into === undefined) throw new AppError("usage", "copy needs a database and a new file.");
	setPriority(10);
	try {
		const db = openForReading(from);
		try {
			copyDatabase(db, into);
		} finally {
			db.close();
		}
		return 0;
	} catch (error) {
		process.stdout.write(`${messageOf(error)}\n`);
		return error instanceof Damaged ? damagedExit : 1;
	}
}
