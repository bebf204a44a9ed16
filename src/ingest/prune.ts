// Deletes runs beyond retention in two steps, mark and delete, a few hundred at a time; their daily sums stay.
import type { Database } from "bun:sqlite";
import { existsSync } from "node:fs";
import {
	type ClockDoubt,
	cutoffOf,
	decidePrune,
	doubtClock,
	type Mark,
	type PruneDecision,
	releasedAt,
} from "../retention.ts";
import { transaction } from "../store/database.ts";
import { deleteDaysBefore } from "../store/job-days.ts";
import { deleteMeta, readMeta, writeMeta } from "../store/meta.ts";
import { countDue, countRuns, countRunsBefore, deleteRunsBefore } from "../store/runs.ts";
import { readLastRead } from "../store/sources.ts";

const portion = 500;
const everyMs = 3_600_000;
const dayMs = 86_400_000;
/** Daily sums stay for ten years, and longer only where the runs themselves do. */
const sumsKeptMs = 3653 * dayMs;

export type Pruned = { decision: PruneDecision; deleted: number; doubt: ClockDoubt | null; old: number; more: boolean };

/**
 * One step. `ranMs` is for how long the monitor has run since the last step; it is added to what the mark has waited,
 * and only written down when something else is written too: an idle monitor writes nothing (`keepWaiting` does, at stop).
 */
export function pruneStep(
	db: Database,
	retentionDays: number,
	now: number,
	{ isConfirmed = false, ranMs = 0 } = {},
): Pruned {
	const mark = readMark(db);
	if (mark !== null) mark.waited += ranMs;
	const doubt = readDoubt(db, now);
	const cutoff = cutoffOf(now, retentionDays);
	const old = countRunsBefore(db, cutoff);
	const decision = decidePrune({
		now,
		retentionDays,
		retentionDaysBefore: readMeta<number>(db, "retention-days"),
		doubt,
		mark,
		// A fifth of them is what matters: asked once an hour, beside all else that the server does.
		runs: countRuns(db, 5 * old + 1),
		due: old === 0 ? 0 : countDue(db, cutoff, retentionDays),
		old,
		isConfirmed,
	});
	let deleted = 0;
	if (decision.action === "mark") {
		transaction(db, () => {
			writeMeta(db, "prune-mark", decision.mark);
			writeMeta(db, "retention-days", retentionDays);
		});
	} else if (decision.action === "delete") {
		deleted = transaction(db, () => {
			const count = deleteRunsBefore(db, decision.cutoff, portion);
			if (count < portion) {
				deleteDaysBefore(db, Math.floor(Math.min(decision.cutoff, now - sumsKeptMs) / dayMs));
				deleteMeta(db, "prune-mark");
				writeMeta(db, "retention-days", retentionDays);
				if (isConfirmed) deleteMeta(db, "clock-doubt");
			}
			return count;
		});
	}
	return { decision, deleted, doubt, old, more: deleted === portion };
}

/** Prunes once an hour of its own life, and remembers for how long it ran: a mark waits while the monitor runs. */
export class Pruner {
	readonly #retentionDays: number;
	#lookedAt = Number.NEGATIVE_INFINITY;
	#ranFrom = performance.now();

	constructor(retentionDays: number) {
		this.#retentionDays = retentionDays;
	}

	/** One step where it is time for one, else null. After a step with `more` it is time for the next at once. */
	look(db: Database, now: number): Pruned | null {
		const ran = performance.now();
		if (ran - this.#lookedAt < everyMs) return null;
		const step = pruneStep(db, this.#retentionDays, now, { ranMs: ran - this.#ranFrom });
		if (step.more) return step;
		this.#lookedAt = ran;
		// What ran before a mark was laid is no waiting.
		if (step.decision.action === "mark") this.#ranFrom = ran;
		return step;
	}

	/** To be called when the monitor stops. */
	stop(db: Database): void {
		keepWaiting(db, performance.now() - this.#ranFrom);
	}
}

/** Writes down how long the mark has waited, when the monitor stops. */
export function keepWaiting(db: Database, ranMs: number): void {
	const mark = readMark(db);
	if (mark === null) return;
	transaction(db, () => writeMeta(db, "prune-mark", { ...mark, waited: mark.waited + ranMs }));
}

function readMark(db: Database): Mark | null {
	return readMeta<Mark>(db, "prune-mark");
}

/**
 * A jump stays in doubt until the system says that its clock is set, or somebody prunes by hand: after a start on a
 * wrong clock, what is stored next would otherwise vouch for it.
 */
function readDoubt(db: Database, now: number): ClockDoubt | null {
	const isSynced = readClockSync();
	const known = readMeta<ClockDoubt>(db, "clock-doubt");
	const doubt = doubtClock(now, readLastRead(db), releasedAt, isSynced);
	if (known !== null && isSynced !== true && now - known.seenAt > 0) return known;
	if (known !== null) transaction(db, () => deleteMeta(db, "clock-doubt"));
	return doubt;
}

/** Looked at once at the start, before anything is read: lays down a jump that happened while the monitor was off. */
export function noteClock(db: Database, now: number): ClockDoubt | null {
	const doubt = doubtClock(now, readLastRead(db), releasedAt, readClockSync());
	if (doubt?.reason === "jump" && readMeta(db, "clock-doubt") === null) {
		transaction(db, () => writeMeta(db, "clock-doubt", doubt));
	}
	return doubt;
}

/** Whether systemd-timesyncd says that the clock is set; null where it is not there to ask (a container, chrony). */
export function readClockSync(): boolean | null {
	if (existsSync("/run/systemd/timesync/synchronized")) return true;
	return existsSync("/run/systemd/timesync") ? false : null;
}
