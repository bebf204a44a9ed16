// Decides what may be deleted, and distrusts the clock: a Pi without a battery can wake in 1970 or in 2036.

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;
/** A forward jump of more than this needs somebody's word before anything is deleted. */
const jumpMs = 7 * dayMs;
/** Marked runs stay this long, counted over starts in which the monitor ran. */
export const waitMs = 24 * hourMs;

/** No clock that is right shows an earlier time than this; to be moved on with releases. */
export const releasedAt = Date.UTC(2026, 10, 1);

export type ClockDoubt = { reason: "back" | "jump"; seenAt: number; now: number };

/**
 * Whether the wall clock may be trusted with deleting. `seenAt` is the last instant anything was stored, `builtAt` when
 * this program was made; `isSynced` is null where the system does not say.
 */
export function doubtClock(
	now: number,
	seenAt: number | null,
	builtAt: number,
	isSynced: boolean | null,
): ClockDoubt | null {
	const floor = Math.max(seenAt ?? 0, builtAt);
	if (now < floor - hourMs) return { reason: "back", seenAt: floor, now };
	if (seenAt !== null && now - seenAt > jumpMs && isSynced !== true) return { reason: "jump", seenAt, now };
	return null;
}

export type Mark = {
	/** Runs that began before this instant go. */ cutoff: number /** Milliseconds waited so far. */;
	waited: number;
};

export type PruneInput = {
	now: number;
	retentionDays: number;
	/** RETENTION_DAYS when something was last deleted or marked. */
	retentionDaysBefore: number | null;
	doubt: ClockDoubt | null;
	mark: Mark | null;
	runs: number;
	/** Runs older than retention, without those that were already too old when they arrived. */
	due: number;
	/** Runs older than retention, all of them. */
	old: number;
	/** Somebody said so by hand: no waiting, no doubts. */
	isConfirmed: boolean;
};

export type PruneDecision =
	| { action: "nothing"; reason: "none" | "clock" | "many" }
	| { action: "mark"; mark: Mark }
	| { action: "wait"; mark: Mark }
	| { action: "delete"; cutoff: number };

export function cutoffOf(now: number, retentionDays: number): number {
	return now - retentionDays * dayMs;
}

export function decidePrune(input: PruneInput): PruneDecision {
	const cutoff = cutoffOf(input.now, input.retentionDays);
	if (input.old === 0) return { action: "nothing", reason: "none" };
	if (input.isConfirmed) return { action: "delete", cutoff };
	if (input.doubt !== null) return { action: "nothing", reason: "clock" };
	const isMany = input.due > 20 && input.due > input.runs * 0.2;
	if (isMany && input.retentionDays === input.retentionDaysBefore) return { action: "nothing", reason: "many" };
	const { mark } = input;
	// A mark from another time, or under another retention, is laid anew.
	if (mark === null || mark.cutoff > cutoff || cutoff - mark.cutoff > jumpMs) {
		return { action: "mark", mark: { cutoff, waited: 0 } };
	}
	return mark.waited >= waitMs ? { action: "delete", cutoff: mark.cutoff } : { action: "wait", mark };
}
