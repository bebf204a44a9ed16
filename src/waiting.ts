// Which slot is waited for, how long, and which have passed without a run.
import type { CountedRun } from "./counted-runs.ts";
import type { JudgedJob, Outage } from "./judge.ts";
import { deadlineAfter, outageIn } from "./outages.ts";
import type { Planned } from "./plan.ts";
import { nextSlot, slackOf, slotAtOrBefore } from "./schedule.ts";

export type Waiting = {
	/** The first slot that passed without a run, else the one that is late, else the next; null: none comes. */
	dueAt: number | null;
	deadlineAt: number | null;
	missed: { firstAt: number; count: number } | null;
	/** The slot that is due and still has time. */
	lateAt: number | null;
	/** Why the late slot is not called missed: its report may be lost. */
	excusedBy: Outage | null;
	checkAt: number | null;
};

const nothing: Waiting = { dueAt: null, deadlineAt: null, missed: null, lateAt: null, excusedBy: null, checkAt: null };
/** Counted no further: a dead job of every five minutes must not cost more each day. */
const mostCounted = 100;

/** `runs` are those that count, newest first. `since`: slots up to here are not asked for. */
export function waitFor(
	job: JudgedJob,
	plan: Planned,
	runs: readonly CountedRun[],
	since: number,
	now: number,
): Waiting {
	const { expected, anchor } = plan;
	if (expected.type !== "cron" && expected.type !== "every") return nothing;
	const from = Math.max(since, coveredUntil(plan, runs, now));
	let slot = nextSlot(expected, from, anchor);
	let firstAt: number | null = null;
	let count = 0;
	let excuse: Outage | null = null;
	while (slot !== null) {
		if (slot > now) {
			const deadlineAt = deadlineOf(job, plan, slot);
			if (firstAt !== null) return missedSince(job, plan, firstAt, count, deadlineAt);
			return { ...nothing, dueAt: slot, deadlineAt, checkAt: slot };
		}
		const next: number | null = nextSlot(expected, slot, anchor);
		const excusedBy = excuseOf(job, plan, slot);
		// One span excuses the slots in it. A second one in a row does not: a machine that restarts each night is no reason.
		if (excusedBy !== null && (excuse === null || excuse.from === excusedBy.from)) {
			excuse = excusedBy;
			if (next === null || next > now) {
				if (firstAt !== null) return missedSince(job, plan, firstAt, count, next);
				return { ...nothing, dueAt: slot, deadlineAt: next, lateAt: slot, excusedBy, checkAt: next };
			}
		} else {
			const deadlineAt = deadlineOf(job, plan, slot);
			if (deadlineAt > now) {
				if (firstAt !== null) return missedSince(job, plan, firstAt, count, deadlineAt);
				return { ...nothing, dueAt: slot, deadlineAt, lateAt: slot, checkAt: deadlineAt };
			}
			firstAt ??= slot;
			count++;
			if (count >= mostCounted) return missedSince(job, plan, firstAt, count, null);
		}
		slot = next;
	}
	return firstAt === null ? nothing : missedSince(job, plan, firstAt, count, null);
}

function missedSince(job: JudgedJob, plan: Planned, firstAt: number, count: number, checkAt: number | null): Waiting {
	const deadlineAt = deadlineOf(job, plan, firstAt);
	return { ...nothing, dueAt: firstAt, deadlineAt, missed: { firstAt, count }, checkAt };
}

/**
 * The slots that have their run: that of the newest start, and those that passed while a run went on, which no scheduler
 * would have started twice. A run past its limit is thought dead: it covers nothing from then on.
 */
function coveredUntil(plan: Planned, runs: readonly CountedRun[], now: number): number {
	const newest = runs[0];
	if (newest === undefined) return Number.NEGATIVE_INFINITY;
	let until = Number.NEGATIVE_INFINITY;
	if (plan.expected.type === "cron") {
		until = slotAtOrBefore(plan.expected, newest.start + plan.early * 1000, plan.anchor) ?? until;
	} else until = plan.anchor;
	for (const { start, end } of runs) {
		// Ends lie in the order of starts but for a few runs side by side.
		if (start < newest.start - 7 * 86_400_000) break;
		until = Math.max(until, end ?? (start === newest.start ? Math.min(now, start + plan.maxRuntime * 1000) : start));
	}
	return until;
}

function deadlineOf(job: JudgedJob, plan: Planned, slot: number): number {
	return deadlineAfter(job.outages, slot, graceEnd(job, plan, slot));
}

/** The slot and its grace, with what a report at the end, the clock's change and a run by hand add. */
function graceEnd(job: JudgedJob, plan: Planned, slot: number): number {
	const { expected, anchor, byHand } = plan;
	const grace = Math.max(plan.startGrace, plan.heardAfter) * 1000;
	let end = slot + grace;
	const { late } = slackOf(expected, slot, anchor, job.zone);
	if (late > 0) end = Math.max(end, Math.min(end + late, nextSlot(expected, slot, anchor) ?? end + late));
	if (expected.type === "every" && byHand !== null) {
		// A timer counts from its last start, also from one by hand; a wall clock does not. Both are waited for.
		end = Math.max(end, byHand + expected.seconds * 1000 + grace);
	}
	return end;
}

function excuseOf(job: JudgedJob, plan: Planned, slot: number): Outage | null {
	if (!job.reportsOnce || job.outages.length === 0) return null;
	return outageIn(job.outages, slot - plan.early * 1000, graceEnd(job, plan, slot));
}
