// Takes the lines of one slice of a file: stores the good ones, keeps the bad ones with their reason, counts both.
import type { Database } from "bun:sqlite";
import { parseDecision } from "../decision.ts";
import { messageOf } from "../errors.ts";
import { recordDecision } from "../store/decisions.ts";
import { type NewRejectedLine, recordRejected } from "../store/rejected.ts";
import { listingRoad, replayListing } from "./inventory.ts";
import { decisionRoad, withEnd } from "./journal.ts";
import { Batch, readText, TooManyJobs } from "./record.ts";

/** How the line of a decision ends; a report's never does, the journal writes its road itself. */
const decisionEnd = `,"road":"${decisionRoad}"}`;
/** And that of a listing's digest. */
const listingEnd = `,"road":"${listingRoad}"}`;

export type Counts = {
	accepted: number;
	/** Accepted lines that lost something: a measure that was no number, a text that was too long. */
	warned: number;
	rejected: number;
	/** Accepted lines that changed what is stored. */
	changed: number;
};

export function noCounts(): Counts {
	return { accepted: 0, warned: 0, rejected: 0, changed: 0 };
}

/** Lives as long as one transaction. `finish` must be called inside it. */
export class Intake {
	readonly counts = noCounts();
	#batch: Batch;
	readonly #rejected: NewRejectedLine[] = [];

	/** `isOurs`: lines of our own journal, which holds what the operator decided besides. */
	constructor(
		readonly db: Database,
		readonly context: { source: string; zone: string; now: number; isOurs?: boolean },
	) {
		this.#batch = new Batch(db, context.zone, context.now);
	}

	/**
	 * One line of text. `end` is what a journaled report has in place of its last brace, since it carries when it came
	 * besides. What is kept of the line, or null where it changed nothing that is stored.
	 */
	take(text: string, line: number, end: string | null = null): string | null {
		if (this.context.isOurs === true && text.endsWith(decisionEnd)) return this.#takeOwn(text, line, decide);
		if (this.context.isOurs === true && text.endsWith(listingEnd)) return this.#takeOwn(text, line, replayListing);
		const read = readText(text, this.context.zone);
		if (!read.ok) return this.reject(read.reason, text, line);
		const kept = end === null ? text : withEnd(text, end);
		let isChange: boolean;
		try {
			isChange = this.#batch.add(read.report, kept, text).change !== "unchanged";
		} catch (error) {
			if (!(error instanceof TooManyJobs)) throw error;
			return this.reject(error.message, text, line);
		}
		this.counts.accepted++;
		if (isChange) this.counts.changed++;
		if (read.notes.length > 0 || text.includes("\ufffd")) this.counts.warned++;
		return isChange ? kept : null;
	}

	/** A line that we wrote, and that a bad sector may have broken: it must not hold up what stands behind it. */
	#takeOwn(text: string, line: number, apply: (db: Database, value: { at?: unknown }) => boolean): string | null {
		let value: { at?: unknown };
		try {
			value = JSON.parse(text);
		} catch (error) {
			return this.reject(`is not what was written there: ${messageOf(error)}`, text, line);
		}
		this.counts.accepted++;
		// What came before it is stored before it, and the jobs may be others after it.
		this.#batch.finish();
		this.#batch = new Batch(this.db, this.context.zone, this.context.now);
		if (!apply(this.db, value)) return null;
		this.counts.changed++;
		return text;
	}

	/** Whether a text is a whole, usable report; for the last line of a file that may still be growing. */
	isComplete(text: string): boolean {
		if (this.context.isOurs === true && (text.endsWith(decisionEnd) || text.endsWith(listingEnd))) return true;
		return readText(text, this.context.zone).ok;
	}

	/** Nothing is kept of it but what the list of rejected lines shows. */
	reject(reason: string, text: string, line: number): null {
		this.counts.rejected++;
		const { source, now } = this.context;
		// A bounded list: only the newest few hundred are kept anyway.
		if (this.#rejected.length >= 1000) this.#rejected.splice(0, 500);
		this.#rejected.push({ source, line, reason, text: text.slice(0, 1000), seenAt: now });
		return null;
	}

	/** The first of the rejected lines, for the log. */
	get firstRejected(): NewRejectedLine | null {
		return this.#rejected[0] ?? null;
	}

	finish(): void {
		this.#batch.finish();
		recordRejected(this.db, this.#rejected);
	}
}

/** What was decided about a job that is not there any more is nothing. */
function decide(db: Database, value: { at?: unknown }): boolean {
	const decision = parseDecision(value);
	return decision !== null && typeof value.at === "number" && recordDecision(db, decision, value.at);
}
