// `verify FILE`: SQLite's own check of every page, for the server, which must not be held up by it.
import { setPriority } from "node:os";
import { AppError, codeOf, messageOf } from "../errors.ts";
import { findDamage, openForQuestions } from "../store/database.ts";
import { readFlags } from "./flags.ts";

const damagedExit = 3;

export async function verify(args: string[]): Promise<number> {
	const { words } = await readFlags(args, "verify", {}, { words: 1 });
	const path = words[0];
	if (path === undefined) throw new AppError("usage", "verify needs a database file.");
	setPriority(10);
	let damage: string | null;
	try {
		const db = openForQuestions(path);
		damage = findDamage(db);
		db.close();
	} catch (error) {
		if (!codeOf(error).startsWith("SQLITE_CORRUPT") && codeOf(error) !== "SQLITE_NOTADB") {
			throw new AppError("unavailable", `${path} cannot be checked: ${messageOf(error)}`);
		}
		damage = messageOf(error);
	}
	process.stdout.write(`${damage ?? "sound"}\n`);
	return damage === null ? 0 : damagedExit;
}
