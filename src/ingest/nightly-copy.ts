// Makes our own copy of the database once a night, where something has changed since the last one.
import type { Database } from "bun:sqlite";
import { mkdirSync } from "node:fs";
import { messageOf } from "../errors.ts";
import { log } from "../log.ts";
import type { Problem } from "../overview.ts";
import { readDatabaseSize } from "../store/database.ts";
import {
	copiesFolder,
	copyPath,
	Damaged,
	keepNewest,
	lastWritten,
	listCopies,
	makeOwnCopy,
	type OwnCopy,
	whyNoRoom,
} from "../store/own-copies.ts";
import { countRuns } from "../store/runs.ts";
import { dayOf, dayStart } from "../time.ts";
import { formatAge } from "../units.ts";
import { ownProcess } from "./own-process.ts";

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;
/** Most backups are over then, and nobody looks at the page. */
const nightHour = 4;
/** A machine that is switched on for an hour a day gets its copies too, but not in the rush of the start. */
const settleMs = 600_000;
const everyMs = 60_000;
/** Larger ones are copied by another process: a copy of a few pages takes some milliseconds. */
const copiedHere = 2 * 1024 * 1024;
const longestMs = hourMs;
const damagedExit = 3;
/** So old a copy of a database that has changed since is told: two nights may be missed by an outage. */
export const oldAfterMs = 3 * dayMs;

/** The last instant at which a copy was to be made. */
export function lastNight(now: number, zone: string): number {
	const today = dayOf(now, zone);
	const at = dayStart(today, zone) + nightHour * hourMs;
	return at <= now ? at : dayStart(today - 1, zone) + nightHour * hourMs;
}

export class NightlyCopy {
	readonly #path: string;
	readonly #zone: string;
	readonly #onDamage: (damage: string) => void;
	#startedAt: number | null = null;
	#lookedAt = Number.NEGATIVE_INFINITY;
	#triedAt = Number.NEGATIVE_INFINITY;
	#failure: string | null = null;
	#child: { kill: () => void } | null = null;
	/** A copy was made that nobody has asked for yet. */
	#isNew = false;

	/** `onDamage`: the database turned out to be damaged while it was copied. */
	constructor(path: string, zone: string, onDamage: (damage: string) => void) {
		this.#path = path;
		this.#zone = zone;
		this.#onDamage = onDamage;
	}

	/** The newest copy that there is, of whatever kind; null: none. */
	get newest(): OwnCopy | null {
		return listCopies(this.#path)[0] ?? null;
	}

	/** One look, once a minute at most; true when a copy was made, also by another process since the last look. A clock in doubt makes none: it would be misnamed. */
	look(db: Database, now: number, isClockInDoubt: boolean): boolean {
		this.#startedAt ??= now;
		if (this.#isNew) {
			this.#isNew = false;
			return true;
		}
		if (now >= this.#lookedAt && now - this.#lookedAt < everyMs) return false;
		this.#lookedAt = now;
		if (this.#child !== null || isClockInDoubt || !this.#isDue(db, now)) return false;
		this.#triedAt = now;
		return this.#make(db, now);
	}

	/** Makes one now, whatever the hour; true when it is made, false when another process makes it. */
	#make(db: Database, now: number): boolean {
		const size = readDatabaseSize(db);
		this.#failure = whyNoRoom(this.#path, size);
		if (this.#failure !== null) return false;
		try {
			if (size <= copiedHere) return makeOwnCopy(db, this.#path, now) !== null;
			this.#makeBeside(now);
		} catch (error) {
			if (error instanceof Damaged) this.#onDamage(error.message);
			else this.#failed(messageOf(error));
		}
		return false;
	}

	stop(): void {
		this.#child?.kill();
		this.#child = null;
	}

	/** Why there is no copy as it should be, in words for people; null: there is. */
	problem(now: number): Problem | null {
		if (this.#failure === null) return null;
		const { newest } = this;
		const last = newest === null ? "There is none." : `The newest is ${formatAge((now - newest.at) / 1000)} old.`;
		return {
			id: "own-copy",
			severity: "warning",
			title: "The monitor\u2019s own copy of its database could not be made.",
			detail: `${this.#failure}. ${last} It tries again in an hour. See also: backup-monitor backup FILE`,
		};
	}

	#isDue(db: Database, now: number): boolean {
		if (now - (this.#startedAt ?? now) < settleMs) return false;
		if (now >= this.#triedAt && now - this.#triedAt < hourMs) return false;
		const { newest } = this;
		// Nothing is in it that the files do not hold.
		if (newest === null) return countRuns(db, 1) > 0;
		if (newest.at <= now && newest.at >= lastNight(now, this.#zone)) return false;
		return (lastWritten(this.#path) ?? now) > newest.at;
	}

	#makeBeside(now: number): void {
		const into = copyPath(this.#path, now);
		mkdirSync(copiesFolder(this.#path), { recursive: true });
		const child = ownProcess(["copy", this.#path, into]);
		this.#child = child;
		const timer = setTimeout(() => child.kill(), longestMs);
		timer.unref();
		child.exited.then(async (code) => {
			clearTimeout(timer);
			if (this.#child !== child) return;
			this.#child = null;
			const said = (await new Response(child.stdout).text()).trim();
			if (code === 0) this.#isNew = keepNewest(this.#path, into, now) !== null;
			else if (code === damagedExit) this.#onDamage(said);
			else this.#failed(said === "" ? `the copying ended with ${code}` : said);
		});
	}

	#failed(reason: string): void {
		this.#failure = reason.replace(/\.$/, "");
		log(`no copy of ${this.#path} was made: ${reason}`);
	}
}
