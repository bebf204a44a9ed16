// `inventory`: hands a remote's own listing to the monitor, of this machine or elsewhere, and says what it read.
import {
	closeSync,
	existsSync,
	fchmodSync,
	fsyncSync,
	openSync,
	readdirSync,
	readFileSync,
	renameSync,
	unlinkSync,
	writeSync,
} from "node:fs";
import { join } from "node:path";
import { isatty } from "node:tty";
import { parseArgs } from "node:util";
import { nearbyFolder, readConfig } from "../config.ts";
import { AppError, messageOf } from "../errors.ts";
import { handedForm } from "../ingest/drop-folder.ts";
import type { HandedHead } from "../ingest/handed-listings.ts";
import { listingLimit, openListing, type ReadListing } from "../ingest/listing.ts";
import { makeSpool, spoolFolder } from "../ingest/spool.ts";
import type { ListingFormat } from "../inventory.ts";
import { momentWords } from "../inventory-words.ts";
import { inventoryFormats } from "../settings-jobs.ts";
import { openForQuestions } from "../store/database.ts";
import { syncFolder, writeWhole } from "../store/files.ts";
import { findJob } from "../store/jobs.ts";
import { listingFormatOf } from "../tools/listings/registry.ts";
import { formatBytes, plural } from "../units.ts";
import { unknownFlag } from "./flags.ts";
import { readSome } from "./read-some.ts";

const options = {
	from: { type: "string" },
	host: { type: "string" },
	to: { type: "string" },
	"token-file": { type: "string" },
	json: { type: "boolean" },
} as const;

type Asked = {
	job: string;
	host: string;
	format: ListingFormat;
	file: string;
	to: URL | null;
	tokenFile: string | null;
	isJson: boolean;
};

/** Longest that a monitor elsewhere may take. */
const patienceMs = 120_000;
const chunkLength = 256 * 1024;

export async function inventoryCommand(words: string[]): Promise<number> {
	const asked = readAsked(words);
	if (asked.file === "-" && isatty(0)) {
		throw new AppError("usage", "inventory reads a listing: pipe it in, or name a file.");
	}
	const { zone } = readConfig(process.env);
	const listing = openListing(asked.format, zone);
	const isSafe = asked.to === null ? await handOver(asked, listing.push) : await send(asked, asked.to, listing.push);
	const read = listing.finish();
	tell(asked, read, zone);
	return isSafe && (read.outcome === "ok" || read.outcome === "empty") ? 0 : 1;
}

function readAsked(words: string[]): Asked {
	const { values, positionals } = parse(words);
	const [job = "", file = "-", more] = positionals;
	if (job.trim() === "" || more !== undefined) {
		throw new AppError("usage", "Expected one job and at most one file. See: backup-monitor inventory --help");
	}
	const format = listingFormatOf(values.from ?? "");
	if (format === null) {
		throw new AppError(
			"usage",
			`--from ${values.from === undefined ? "is missing" : `${values.from} is not known`}; expected ${inventoryFormats.join(", ")}.`,
		);
	}
	const to = values.to === undefined ? null : URL.canParse(values.to) ? new URL(values.to) : null;
	if (values.to !== undefined && (to === null || !/^https?:$/.test(to.protocol))) {
		throw new AppError("usage", "--to is no address; expected one such as http://monitor.lan:5001.");
	}
	const { host = "", "token-file": tokenFile = null, json: isJson = false } = values;
	return { job: job.trim(), host: host.trim(), format, file, to, tokenFile, isJson };
}

function parse(args: string[]) {
	try {
		return parseArgs({ args, options, allowPositionals: true });
	} catch (error) {
		throw new AppError("usage", `${unknownFlag(error, Object.keys(options))} See: backup-monitor inventory --help`);
	}
}

/** The pieces of a file, or of standard input. */
async function* piecesOf(file: string): AsyncGenerator<Uint8Array> {
	let fd = 0;
	let length = 0;
	try {
		if (file !== "-") fd = openSync(file, "r");
		for (;;) {
			const buffer = Buffer.allocUnsafe(chunkLength);
			const got = await readSome(fd, buffer);
			if (got === 0) return;
			length += got;
			if (length > listingLimit) throw new AppError("invalid", `The listing is over ${listingLimit} bytes.`);
			yield buffer.subarray(0, got);
		}
	} catch (error) {
		if (error instanceof AppError) throw error;
		throw new AppError("missing", `${file} cannot be read: ${messageOf(error)}`, error);
	} finally {
		if (fd > 0) closeSync(fd);
	}
}

/** Into the data folder of this machine, whole or not at all; the server takes it within two seconds, or at its start. */
async function handOver({ job, host, format, file }: Asked, push: (bytes: Uint8Array) => void): Promise<boolean> {
	const { dataDir, databasePath } = readConfig(process.env);
	if (!existsSync(dataDir) && !process.env.DATA_DIR) {
		const where = "DATA_DIR=… names the monitor's data folder, --to URL a monitor elsewhere";
		throw new AppError("missing", `${dataDir} does not exist; ${where}.${nearbyFolder(process.env, dataDir)}`);
	}
	const now = Date.now();
	makeSpool(dataDir);
	const folder = spoolFolder(dataDir);
	// A job's first report may lie there too, on its way.
	if (!readdirSync(folder).some((name) => !handedForm.test(name))) refuseStranger(databasePath, job);
	const path = join(folder, `${String(now).padStart(14, "0")}-${crypto.randomUUID().slice(0, 8)}.listing`);
	const fd = openSync(`${path}.tmp`, "wx", 0o660);
	try {
		const head: HandedHead = { job, host, format, at: now };
		writeWhole(fd, `${JSON.stringify(head)}\n`);
		for await (const bytes of piecesOf(file)) {
			push(bytes);
			writeAll(fd, bytes);
		}
		fchmodSync(fd, 0o660);
		fsyncSync(fd);
	} catch (error) {
		unlinkSync(`${path}.tmp`);
		throw error;
	} finally {
		closeSync(fd);
	}
	renameSync(`${path}.tmp`, path);
	syncFolder(folder);
	return true;
}

function writeAll(fd: number, bytes: Uint8Array): void {
	for (let at = 0; at < bytes.length; ) at += writeSync(fd, bytes, at, bytes.length - at);
}

/** A mistyped job is told at once, where the database can be asked. */
function refuseStranger(databasePath: string, job: string): void {
	let isStranger = false;
	try {
		const db = openForQuestions(databasePath);
		isStranger = findJob(db, job) === null;
		db.close();
	} catch {
		// No database yet, or not ours to read: the server will tell.
	}
	if (isStranger) throw new AppError("missing", `There is no job ${job} yet; it appears with its first report.`);
}

async function send(
	{ job, format, file, tokenFile }: Asked,
	to: URL,
	push: (bytes: Uint8Array) => void,
): Promise<boolean> {
	const token = tokenOf(tokenFile);
	const base = `${to.protocol}//${to.host}${to.pathname.replace(/\/+$/, "")}`;
	const pieces = piecesOf(file);
	let trouble: unknown = null;
	const body = new ReadableStream<Uint8Array>({
		pull: async (controller) => {
			try {
				const { done, value } = await pieces.next();
				if (done) return controller.close();
				push(value);
				controller.enqueue(value);
			} catch (error) {
				trouble = error;
				controller.error(error);
			}
		},
	});
	try {
		const response = await fetch(`${base}/api/jobs/${encodeURIComponent(job)}/inventory?from=${format}`, {
			method: "PUT",
			body,
			redirect: "manual",
			signal: AbortSignal.timeout(patienceMs),
			headers: {
				"content-type": "application/octet-stream",
				...(token !== null && { authorization: `Bearer ${token}` }),
			},
		});
		const answer = (await response.text()).slice(0, 4096);
		if (response.status < 300) return true;
		throw new AppError("unavailable", `${base} answered ${response.status}: ${errorIn(answer)}`);
	} catch (error) {
		if (trouble instanceof AppError) throw trouble;
		if (error instanceof AppError) throw error;
		throw new AppError("unavailable", `${base} cannot be reached: ${messageOf(error)}`, error);
	}
}

function errorIn(answer: string): string {
	try {
		const { error } = JSON.parse(answer) as { error?: unknown };
		return typeof error === "string" ? error : "no reason given";
	} catch {
		return "no reason given";
	}
}

function tokenOf(tokenFile: string | null): string | null {
	const { PUSH_TOKEN, PUSH_TOKEN_FILE } = process.env;
	const path = tokenFile ?? (PUSH_TOKEN ? null : PUSH_TOKEN_FILE || null);
	let token = PUSH_TOKEN ?? "";
	try {
		if (path !== null) token = readFileSync(path, "utf8");
	} catch (error) {
		throw new AppError("missing", `The token cannot be read: ${messageOf(error)}`, error);
	}
	token = token.trim();
	return token === "" || token === "none" ? null : token;
}

function tell({ job, isJson }: Asked, read: ReadListing, zone: string): void {
	const { outcome, reason, entries, bytes, newestAt } = read;
	if (isJson) {
		const newest = newestAt === null ? null : new Date(newestAt).toISOString();
		process.stdout.write(`${JSON.stringify({ job, outcome, reason, entries, bytes, newest_at: newest })}\n`);
		return;
	}
	const words =
		outcome === "ok"
			? [
					plural(entries, "entry", "entries"),
					...(bytes === null ? [] : [formatBytes(bytes)]),
					...(newestAt === null ? [] : [`the newest of ${momentWords(newestAt, { now: Date.now(), zone })}`]),
				].join(", ")
			: `${reason ?? outcome} The monitor counts what is there as unknown.`;
	process.stdout.write(`${job}: ${words}\n`);
}
