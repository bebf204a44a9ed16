// The database, and what it says of the past: damage, clock, messages that were not delivered, its own copies.
import type { Database } from "bun:sqlite";
import { existsSync } from "node:fs";
import { dirname } from "node:path";
import type { Config } from "../../config.ts";
import { codeOf, messageOf } from "../../errors.ts";
import { oldAfterMs } from "../../ingest/nightly-copy.ts";
import type { ClockDoubt } from "../../retention.ts";
import { findDamage, openReadOnly, originOf, schemaVersion } from "../../store/database.ts";
import { readUndelivered } from "../../store/deliveries.ts";
import { remoteKind } from "../../store/files.ts";
import { readMeta } from "../../store/meta.ts";
import { isDamage, type Rebuilt } from "../../store/open.ts";
import { lastWritten, listCopies } from "../../store/own-copies.ts";
import { countRejected, readRejected } from "../../store/rejected.ts";
import { countRuns } from "../../store/runs.ts";
import { readLastRead } from "../../store/sources.ts";
import { formatInstant } from "../../time.ts";
import { formatAge, formatBytes, plural } from "../../units.ts";
import { readOnlyStore } from "../store.ts";
import { bad, type Finding, good, note, user } from "./finding.ts";

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;
const lately = 7 * dayMs;

/** `newestAt`: when anything was last read from anywhere. */
export function lookAtDatabase(config: Config, now: number): { findings: Finding[]; newestAt: number | null } {
	const path = config.databasePath;
	if (!existsSync(path))
		return { findings: [good(`database ${path} does not exist yet; it is made at the first start`)], newestAt: null };
	const findings: Finding[] = [];
	const remote = dirname(path) === config.dataDir ? null : remoteKind(dirname(path));
	if (remote !== null) findings.push(bad(`database ${path} lies on ${remote}`, "set DB_PATH to a local disk"));
	let newestAt: number | null = null;
	try {
		// Without a log beside it nobody has it open, and looking need not make one.
		const db = existsSync(`${path}-wal`) ? readOnlyStore(config) : openReadOnly(path);
		try {
			findings.push(...whatItIs(path, db));
			if (originOf(db) === "ours") {
				newestAt = readLastRead(db);
				findings.push(...whatItSays(db, config, now));
			}
		} finally {
			db.close();
		}
	} catch (error) {
		findings.push(bad(`database ${path} cannot be opened: ${messageOf(error)}`, openingFix(path, codeOf(error))));
	}
	return { findings, newestAt };
}

function openingFix(path: string, code: string): string {
	if (isDamage(code)) return "it is set aside at the next start, and the newest copy takes its place; or set DB_PATH";
	if (code.startsWith("SQLITE_BUSY"))
		return "close the program that has it open (a database browser, a copy that hangs)";
	return `user ${user()} must be able to read and write it and ${dirname(path)}; or set DB_PATH`;
}

function whatItIs(path: string, db: Database): Finding[] {
	const origin = originOf(db);
	if (origin === "original") return [good(`database ${path} is the original's; it is taken over at the next start`)];
	if (origin === "foreign") return [bad(`${path} is a database of another program`, "set DB_PATH to another file")];
	if (origin === "newer")
		return [
			bad(`${path} was made by a newer version; this one knows schema ${schemaVersion}`, "install that version again"),
		];
	if (origin === "new") return [good(`database ${path} is empty`)];
	const damage = findDamage(db);
	if (damage !== null) {
		const fix = "restart the server: it is set aside, and the newest copy takes its place";
		return [bad(`database ${path} is damaged: ${damage}`, fix)];
	}
	return [good(`database ${path} is sound and holds ${plural(countRuns(db), "run")}`)];
}

function whatItSays(db: Database, config: Config, now: number): Finding[] {
	return [
		...clockSince(db, config.zone, now),
		...rebuiltLately(db, config.zone, now),
		...undelivered(db, config.zone, now),
		...rejectedLately(db, now),
		ownCopy(db, config, now),
	];
}

function clockSince(db: Database, zone: string, now: number): Finding[] {
	const last = readLastRead(db);
	if (last !== null && now < last - hourMs) {
		const text = `the clock says ${formatInstant(now, zone)}, but something was stored at ${formatInstant(last, zone)}`;
		return [bad(text, "set it: timedatectl set-ntp true")];
	}
	const doubt = readMeta<ClockDoubt>(db, "clock-doubt");
	if (doubt === null) return [];
	const text = `the clock moved from ${formatInstant(doubt.seenAt, zone)} to ${formatInstant(doubt.now, zone)} while the monitor was off`;
	return [bad(text, "if it is right: backup-monitor prune --yes; if not: timedatectl set-ntp true")];
}

function rebuiltLately(db: Database, zone: string, now: number): Finding[] {
	const rebuilt = readMeta<Rebuilt>(db, "rebuilt");
	if (rebuilt === null || now - rebuilt.at > lately) return [];
	const text = `the database was damaged and built again at ${formatInstant(rebuilt.at, zone)} (${rebuilt.reason})`;
	return [
		note(text, `once is an accident, twice a disk at its end: see dmesg; the damaged one is in ${rebuilt.folder}`),
	];
}

function undelivered(db: Database, zone: string, now: number): Finding[] {
	const failing = readUndelivered(db, 200).filter(
		({ attempts, givenUpAt, createdAt }) => (attempts > 0 || givenUpAt !== null) && now - createdAt < lately,
	);
	const newest = failing[0];
	if (newest === undefined) return [];
	const oldest = failing.at(-1)?.createdAt ?? newest.createdAt;
	const what = `${plural(failing.length, "message")} could not be delivered since ${formatInstant(oldest, zone)}`;
	const text = `${what}; ${newest.channel}: ${newest.error ?? "no answer"}`;
	return [bad(text, `backup-monitor notify --test ${newest.channel} says what it answers now`)];
}

function rejectedLately(db: Database, now: number): Finding[] {
	const [newest] = readRejected(db, 1);
	if (newest === undefined || now - newest.seenAt > lately) return [];
	const text = `${plural(countRejected(db), "line")} could not be read; the last: ${newest.source} line ${newest.line} ${newest.reason}`;
	return [note(text, "the page Settings lists them")];
}

function ownCopy(db: Database, { databasePath, zone }: Config, now: number): Finding {
	const [newest] = listCopies(databasePath);
	if (newest === undefined) {
		return countRuns(db) === 0
			? good("no copy of the database yet; there is nothing in it")
			: note("there is no copy of the database yet", "the server makes one at night; now: backup-monitor backup");
	}
	const text = `the newest copy of the database is ${formatAge((now - newest.at) / 1000)} old (${formatBytes(newest.size)})`;
	const isBehind = (lastWritten(databasePath) ?? 0) - newest.at > oldAfterMs;
	if (newest.at > now + dayMs)
		return bad(
			`the newest copy of the database is dated ${formatInstant(newest.at, zone)}`,
			`the clock was ahead: delete ${newest.path}`,
		);
	return isBehind
		? bad(text, "the dashboard says why no newer one was made; by hand: backup-monitor backup")
		: good(text);
}
