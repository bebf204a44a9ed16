// `backup [FILE]`: a consistent, checked copy of the monitor's own database, made beside a running server.
import { createReadStream, existsSync, mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { isatty } from "node:tty";
import { type Config, readConfig } from "../config.ts";
import { AppError, codeOf, messageOf } from "../errors.ts";
import { openForReading } from "../store/database.ts";
import { isDamage } from "../store/open.ts";
import { copyDatabase, makeOwnCopy, whyNoRoom } from "../store/own-copies.ts";
import { formatBytes } from "../units.ts";
import { readFlags } from "./flags.ts";
import { writeOut } from "./output.ts";
import { isRefusal, missingFolder } from "./places.ts";

export async function backupCommand(args: string[]): Promise<number> {
	const { flags, words } = await readFlags(args, "backup", { force: { type: "boolean" } }, { words: 1 });
	const config = readConfig(process.env);
	if (!existsSync(config.databasePath)) throw new AppError("missing", noDatabase(config));
	const [file] = words;
	if (file === "-") return toStandardOutput(config.databasePath);
	const made =
		file === undefined ? amongOwn(config.databasePath) : toFile(config.databasePath, file, flags.force === true);
	process.stdout.write(`${made} (${formatBytes(statSync(made).size)}, checked)\n`);
	return 0;
}

function noDatabase(config: Config): string {
	return missingFolder(config) ?? `${config.databasePath} does not exist yet: the first start of the server makes it.`;
}

function amongOwn(databasePath: string): string {
	const noRoom = whyNoRoom(databasePath, statSync(databasePath).size);
	if (noRoom !== null) throw new AppError("full", `No copy was made: ${noRoom}.`);
	const copy = withDatabase(databasePath, (db) => makeOwnCopy(db, databasePath, Date.now()));
	if (copy === null)
		throw new AppError("unavailable", "The copy was made and is gone again: something else removed it.");
	return copy.path;
}

function toFile(databasePath: string, file: string, isForced: boolean): string {
	const into = resolve(file);
	const stat = statSync(into, { throwIfNoEntry: false });
	if (stat?.isDirectory())
		throw new AppError("usage", `${file} is a folder; expected a file, such as ${join(file, "backups.db")}.`);
	if (stat !== undefined && !isForced) throw new AppError("conflict", `${file} exists. To write over it: --force`);
	if (into === resolve(databasePath)) throw new AppError("usage", `${file} is the database itself.`);
	if (!existsSync(dirname(into)))
		throw new AppError("missing", `The folder ${dirname(into)} does not exist: mkdir -p ${dirname(into)}`);
	withDatabase(databasePath, (db) => copyDatabase(db, into));
	return into;
}

/** By way of a file: SQLite cannot write a database to a pipe, and a copy that was not read back is none. */
async function toStandardOutput(databasePath: string): Promise<number> {
	if (isatty(1))
		throw new AppError("usage", "A database is nothing for a terminal. Say where to: backup-monitor backup FILE");
	const folder = mkdtempSync(join(tmpdir(), "backup-monitor-"));
	try {
		const file = join(folder, "copy.db");
		withDatabase(databasePath, (db) => copyDatabase(db, file));
		for await (const chunk of createReadStream(file)) {
			if (!(await writeOut(chunk))) throw new AppError("unavailable", "Whoever read the copy left before its end.");
		}
		return 0;
	} finally {
		rmSync(folder, { recursive: true, force: true });
	}
}

function withDatabase<T>(path: string, use: (db: ReturnType<typeof openForReading>) => T): T {
	try {
		const db = openForReading(path);
		try {
			return use(db);
		} finally {
			db.close();
		}
	} catch (error) {
		if (error instanceof AppError) throw error;
		if (isDamage(codeOf(error))) {
			const mend = "the server sets it aside and restores the newest copy at its next start";
			throw new AppError("unavailable", `${path} is damaged: ${messageOf(error)}. No copy was made; ${mend}.`);
		}
		if (isRefusal(error)) throw error;
		throw new AppError("unavailable", `No copy was made: ${messageOf(error)}`, error);
	}
}
