// `import FILE|-`: into the database when no server runs, else handed over to the server through the spool.
import { closeSync, existsSync, openSync, readSync, realpathSync } from "node:fs";
import { type Config, readConfig } from "../config.ts";
import { AppError, codeOf, messageOf } from "../errors.ts";
import { FollowedFile } from "../ingest/follow.ts";
import { type Imported, importStream, type ReadChunk, readStream } from "../ingest/import-file.ts";
import { noCounts } from "../ingest/intake.ts";
import { Journal } from "../ingest/journal.ts";
import { readText } from "../ingest/record.ts";
import { SpoolWriter } from "../ingest/spool.ts";
import { log } from "../log.ts";
import { countRuns } from "../store/runs.ts";
import { findSource } from "../store/sources.ts";
import { readFlags } from "./flags.ts";
import { readOnlyStore, type Writer, writeStore } from "./store.ts";

const handOverMs = 15_000;

type Summary = Imported & { runs: number | null };

export async function importCommand(args: string[]): Promise<number> {
	const { flags, words } = await readFlags(args, "import", { json: { type: "boolean" } }, { words: 1 });
	const file = words[0];
	if (file === undefined) throw new AppError("usage", "import needs a file, or - for standard input.");
	const config = readConfig(process.env);
	const { read, close } = openInput(file);
	try {
		const writer = writeStore(config);
		const summary = writer === null ? await handOver(read, config) : await store(read, file, config, writer);
		print(summary, flags.json === true, file);
		return 0;
	} finally {
		close();
	}
}

function openInput(file: string): { read: ReadChunk; close: () => void } {
	const cannotRead = (error: unknown) => new AppError("missing", `${file} cannot be read: ${messageOf(error)}`, error);
	let fd = 0;
	try {
		if (file !== "-") fd = openSync(file, "r");
	} catch (error) {
		throw cannotRead(error);
	}
	const read: ReadChunk = async (into) => {
		for (;;) {
			try {
				return readSync(fd, into, 0, into.length, null);
			} catch (error) {
				// A terminal or a pipe that somebody made non-blocking has nothing yet.
				if (codeOf(error) !== "EAGAIN") throw cannotRead(error);
				await Bun.sleep(10);
			}
		}
	};
	return { read, close: () => file !== "-" && closeSync(fd) };
}

async function store(read: ReadChunk, file: string, config: Config, writer: Writer): Promise<Summary> {
	const { db } = writer;
	try {
		if (isFollowed(file, config)) return { ...(await followed(read, config, writer)), runs: countRuns(db) };
		const journal = new Journal(config.dataDir);
		try {
			const target = { db, journal, zone: config.zone, now: Date.now };
			const imported = await importStream(read, file === "-" ? "standard input" : file, target);
			return { ...imported, runs: countRuns(db) };
		} finally {
			journal.close();
		}
	} finally {
		writer.close();
	}
}

/** The followed file is its own journal: importing it means to look at it now. */
function isFollowed(file: string, config: Config): boolean {
	if (file === "-" || !existsSync(config.metricsFile)) return false;
	return realpathSync(file) === realpathSync(config.metricsFile);
}

async function followed(read: ReadChunk, config: Config, { db }: Writer): Promise<Imported> {
	const known = findSource(db, config.metricsFile);
	const metrics = new FollowedFile(db, config.metricsFile, config.zone);
	const total: Imported = { ...noCounts(), lines: 0, pending: 0 };
	for (let more = true; more; ) {
		const look = metrics.look(Date.now());
		for (const count of ["accepted", "warned", "rejected", "changed"] as const) total[count] += look[count];
		total.pending = look.pending ? 1 : 0;
		more = look.more;
	}
	// Of a file that nobody has read before, what was taken is all it holds; of any other, it is what was new.
	total.lines = total.accepted + total.rejected + total.pending;
	return known === null && total.lines > 0 ? total : countOnly(read, config, () => {});
}

async function countOnly(read: ReadChunk, config: Config, take: (text: string) => void): Promise<Imported> {
	const total: Imported = { ...noCounts(), lines: 0, pending: 0 };
	total.pending = await readStream(read, {
		line: (text) => {
			take(text);
			const parsed = readText(text, config.zone);
			if (!parsed.ok) total.rejected++;
			else {
				total.accepted++;
				if (parsed.notes.length > 0 || text.includes("\ufffd")) total.warned++;
			}
		},
		bad: () => total.rejected++,
		isComplete: (text) => readText(text, config.zone).ok,
		flush: () => {},
	});
	total.lines = total.accepted + total.rejected + total.pending;
	return total;
}

async function handOver(read: ReadChunk, config: Config): Promise<Summary> {
	const spool = new SpoolWriter(config.dataDir, "import", Date.now());
	let total: Imported;
	try {
		total = await countOnly(read, config, (text) => spool.write(`${text}\n`));
	} catch (error) {
		spool.discard();
		throw error;
	}
	spool.finish();
	const patience = performance.now() + handOverMs;
	while (existsSync(spool.path) && performance.now() < patience) await Bun.sleep(100);
	if (existsSync(spool.path)) {
		log("The lines were handed over to the running server, which has not stored them yet.");
		return { ...total, runs: null };
	}
	const db = readOnlyStore(config);
	const runs = countRuns(db);
	db.close();
	return { ...total, runs };
}

function print(summary: Summary, isJson: boolean, file: string): void {
	const { lines, accepted, warned, rejected, pending, runs } = summary;
	if (isJson) {
		process.stdout.write(`${JSON.stringify({ lines, accepted, warned, rejected, pending, runs })}\n`);
		return;
	}
	const stored = runs === null ? "" : ` ${runs} runs are stored now.`;
	process.stdout.write(
		`${file}: ${lines} lines, ${accepted} accepted (${warned} with something left out), ${rejected} rejected, ${pending} pending.${stored}\n`,
	);
}
