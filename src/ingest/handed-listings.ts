// Listings that were put into the data folder: dropped as inventory/<slug>.<format>, or handed over by our own command.
import type { Database } from "bun:sqlite";
import { closeSync, constants, existsSync, fstatSync, openSync, readSync, statSync, unlinkSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { AppError, codeOf, messageOf } from "../errors.ts";
import type { ListingSource } from "../inventory.ts";
import type { Job } from "../job.ts";
import { findJob, readJob } from "../store/jobs.ts";
import { readMeta, writeMeta } from "../store/meta.ts";
import { listingFormatOf } from "../tools/listings/registry.ts";
import type { HandedLook, Waiting } from "./drop-folder.ts";
import { type Keep, noSuchJob, takeListing } from "./inventory.ts";
import { listingLimit, openListing } from "./listing.ts";

export type HandedOptions = { keep: Keep; zone: string; clock: () => number };

/** The first line of what our command hands over; the tool's own text follows. */
export type HandedHead = { job: string; host: string; format: string; at: number };

const dropForm = /^(.{1,80})\.([a-z0-9]{2,8})$/;
const droppedKey = "inventory-dropped";
/** A listing of a job that is not there is kept so long: it may be reported for the first time tonight. */
const strangerMs = 7 * 86_400_000;
/** A file that was written to a moment ago may not be whole. */
const settleMs = 2000;

/** Takes what waits, oldest first. A file that cannot be taken does not stop the others. */
export async function takeHanded(db: Database, waiting: Waiting, options: HandedOptions): Promise<HandedLook> {
	const look: HandedLook = { taken: 0, trouble: waiting.trouble };
	for (const path of waiting.handed) {
		await attempt(path, look, async () => {
			if (!(await takeSpooled(db, path, options))) return false;
			unlinkSync(path);
			return true;
		});
	}
	for (const path of waiting.dropped) await attempt(path, look, () => takeDropped(db, path, options));
	return look;
}

async function attempt(path: string, look: HandedLook, take: () => Promise<boolean>): Promise<void> {
	try {
		if (await take()) look.taken++;
	} catch (error) {
		// Where nothing can be stored they all wait.
		if (codeOf(error).startsWith("SQLITE")) throw error;
		if (error instanceof AppError && (error.code === "unavailable" || error.code === "full")) throw error;
		look.trouble ??= { path, reason: messageOf(error) };
	}
}

async function takeSpooled(db: Database, path: string, options: HandedOptions): Promise<boolean> {
	const file = openFile(path);
	try {
		const { head, length } = readHead(file.fd);
		const now = options.clock();
		const job = readJob(db, head.job, head.host) ?? findJob(db, head.job);
		if (job === null) {
			if (now - head.at > strangerMs) return true;
			throw noSuchJob(head.job);
		}
		await store(
			job,
			{ ...file, from: length, at: Math.min(head.at, now), format: head.format, source: "shell" },
			options,
		);
		return true;
	} finally {
		closeSync(file.fd);
	}
}

const longestHead = 4096;

function readHead(fd: number): { head: HandedHead; length: number } {
	const bytes = Buffer.alloc(longestHead);
	const got = readSync(fd, bytes, 0, longestHead, 0);
	const end = bytes.subarray(0, got).indexOf(10);
	const value: unknown = end === -1 ? null : JSON.parse(bytes.toString("utf8", 0, end));
	if (typeof value !== "object" || value === null) throw new Error("its first line does not say whose listing it is");
	const { job, host, format, at } = value as Record<string, unknown>;
	if (typeof job !== "string" || typeof host !== "string" || typeof format !== "string" || typeof at !== "number") {
		throw new Error("its first line does not say whose listing it is");
	}
	return { head: { job, host, format, at }, length: end + 1 };
}

type Dropped = Record<string, string>;

/** A dropped file stays where it is: it is its owner's. What was taken is remembered by its time and size. */
async function takeDropped(db: Database, path: string, options: HandedOptions): Promise<boolean> {
	const name = basename(path);
	const [, slug = "", word = ""] = dropForm.exec(name) ?? [];
	// What is being written under another name first, and what an editor leaves.
	if (name.startsWith(".") || /(?:~|\.tmp|\.part)$/.test(name)) return false;
	const stat = statSync(path);
	const mark = `${stat.mtimeMs} ${stat.size} ${stat.ino}`;
	const known = readMeta<Dropped>(db, droppedKey) ?? {};
	const now = options.clock();
	if (known[name] === mark || now - stat.mtimeMs < settleMs) return false;
	const format = listingFormatOf(word);
	if (format === null) throw new Error("its name does not end in the format of a listing, such as .restic");
	const job = findJob(db, slug);
	if (job === null) throw noSuchJob(slug);
	const file = openFile(path);
	try {
		const at = Math.min(Math.round(stat.mtimeMs), now);
		await store(job, { ...file, from: 0, at, format, source: "file" }, options);
	} finally {
		closeSync(file.fd);
	}
	const there = Object.entries(known).filter(([other]) => existsSync(join(dirname(path), other)));
	writeMeta(db, droppedKey, { ...Object.fromEntries(there), [name]: mark });
	return true;
}

/** Whoever is in the group may put something there: a pipe must not hold up the server. */
function openFile(path: string): { fd: number; size: number } {
	const fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
	const stat = fstatSync(fd);
	if (stat.isFile()) return { fd, size: stat.size };
	closeSync(fd);
	throw new Error("it is not a file");
}

type Handed = { fd: number; size: number; from: number; at: number; format: string; source: ListingSource };

async function store(
	job: Job,
	{ fd, size, from, at, format: word, source }: Handed,
	{ keep, zone }: HandedOptions,
): Promise<void> {
	const format = listingFormatOf(word);
	if (format === null) throw new Error(`${word} is no format of listings`);
	const sink = openListing(format, zone);
	const buffer = Buffer.allocUnsafe(256 * 1024);
	for (let position = from; position <= listingLimit + longestHead; ) {
		const got = readSync(fd, buffer, 0, buffer.length, position);
		if (got === 0) break;
		sink.push(buffer.subarray(0, got));
		position += got;
		await Bun.sleep(0);
	}
	const trouble = size - from > listingLimit ? `The listing is over ${listingLimit} bytes.` : null;
	await takeListing(keep, { job, at, format, source }, sink.finish(trouble));
}
