// Why a job is in its state, as a sentence. Without ages, which go stale: a page adds how long ago an instant is.
import type { CountedRun } from "./counted-runs.ts";
import type { Facts } from "./judge.ts";
import { formatMoment } from "./message-time.ts";
import type { State } from "./state.ts";
import { formatCount, formatDuration } from "./units.ts";

const longestError = 300;

export function reasonOf(state: State, facts: Facts): string {
	switch (state) {
		case "archived":
			return "Archived: nothing is expected of it.";
		case "paused":
			return pausedReason(facts);
		case "stuck":
			return stuckReason(facts);
		case "failed":
			return [failedReason(facts), alsoOpen(facts)].filter((part) => part !== "").join(" ");
		case "missed":
			return missedReason(facts);
		case "stale":
			return staleReason(facts);
		case "late":
			return lateReason(facts);
		case "warning":
			return warningReason(facts);
		case "running":
			return runningReason(facts);
		case "ok":
			return okReason(facts);
		case "new":
			return newReason(facts);
	}
}

function when(at: number, { job, now }: Facts): string {
	// With its date: a reason is stored, and a weekday alone would name the wrong week after a while.
	return formatMoment(at, now, job.zone);
}

function pausedReason(facts: Facts): string {
	const { pausedUntil } = facts.job;
	if (pausedUntil === null || pausedUntil === Number.POSITIVE_INFINITY) return "Paused until its next run.";
	return `Paused until ${when(pausedUntil, facts)}.`;
}

function stuckReason(facts: Facts): string {
	const { running, plan } = facts;
	if (running === null) return "It runs for too long.";
	return `Running since ${when(running.start, facts)}, longer than ${formatDuration(plan.maxRuntime)}.`;
}

function failedReason(facts: Facts): string {
	const { finished } = facts;
	if (finished === null) return "Failed.";
	const { run } = finished;
	const took = run.duration === null || run.duration <= 0 ? "" : ` after ${formatDuration(run.duration)}`;
	const why = causeOf(finished);
	return `Failed ${when(finished.start, facts)}${took}${why === "" ? "" : `: ${why}`}${endsSentence(why) ? "" : "."}`;
}

function causeOf({ run }: CountedRun): string {
	const line = run.errorMessage?.trim().split(/\r?\n/, 1)[0] ?? "";
	if (line !== "") return line.length > longestError ? `${line.slice(0, longestError - 1)}\u2026` : line;
	return run.exitCode === null ? "" : `exit code ${run.exitCode}`;
}

function endsSentence(text: string): boolean {
	return /[.!?\u2026]$/.test(text);
}

/** What else is open after a failure. */
function alsoOpen(facts: Facts): string {
	const { waiting, finished, running } = facts;
	if (waiting.missed !== null) {
		const { firstAt, count } = waiting.missed;
		if (count === 1) return `It did not run again, though it was due ${when(firstAt, facts)}.`;
		return `It did not run again: ${many(count)} runs were missed from ${when(firstAt, facts)} on.`;
	}
	if (waiting.lateAt !== null) return `The next run was due ${when(waiting.lateAt, facts)}.`;
	if (running !== null && running !== finished) return `It has been running again since ${when(running.start, facts)}.`;
	return "";
}

/** Counted no further than a hundred. */
function many(count: number): string {
	return count >= 100 ? `${formatCount(count)} or more` : formatCount(count);
}

function lastRun(facts: Facts): string {
	const newest = facts.runs[0];
	return newest === undefined ? "It has never run" : `No run since ${when(newest.start, facts)}`;
}

function missedReason(facts: Facts): string {
	const { waiting } = facts;
	if (waiting.missed === null) return `${lastRun(facts)}.`;
	const { firstAt, count } = waiting.missed;
	if (count > 1)
		return `${lastRun(facts)}; ${many(count)} runs were missed, the first was due ${when(firstAt, facts)}.`;
	const until = waiting.deadlineAt === null ? "" : `, with time until ${when(waiting.deadlineAt, facts)}`;
	return `${lastRun(facts)}; due ${when(firstAt, facts)}${until}.`;
}

function lateReason(facts: Facts): string {
	const { lateAt, excusedBy, deadlineAt } = facts.waiting;
	if (lateAt === null) return `${lastRun(facts)}.`;
	if (excusedBy !== null) {
		const { from, to } = excusedBy;
		const off = `the monitor was off from ${when(from, facts)} to ${when(to, facts)}`;
		return `Due ${when(lateAt, facts)}, but ${off}: it may have run without being heard.`;
	}
	const until = deadlineAt === null ? "" : `; it has time until ${when(deadlineAt, facts)}`;
	return `Due ${when(lateAt, facts)} and not started yet${until}.`;
}

function staleReason(facts: Facts): string {
	const { plan, good } = facts;
	const limit = plan.schedule.type === "age" ? formatDuration(plan.schedule.seconds) : "expected";
	const basis = plan.source === "assumed" ? "assumed from so few runs" : "allowed";
	const silence = good === null ? "It never succeeded" : `No success since ${when(good.start, facts)}`;
	return `${silence}: longer than the ${limit} ${basis}.`;
}

function warningReason(facts: Facts): string {
	const { finished } = facts;
	if (finished === null) return "The last run gave warnings.";
	const why = finished.run.outcome === "failure" ? causeOf(finished) : "";
	return `Ran ${when(finished.start, facts)} with warnings${why === "" ? "" : `: ${why}`}${endsSentence(why) ? "" : "."}`;
}

function runningReason(facts: Facts): string {
	const { running, good } = facts;
	if (running === null) return "Running.";
	const before = good === null ? "its first run" : `the last good run was ${when(good.start, facts)}`;
	const since = `Running since ${when(running.start, facts)}`;
	if (facts.stuckAt === null) {
		return `${since}, if it still runs: the monitor was off in between, and its end may be lost.`;
	}
	return good === null ? `${since}: ${before}.` : `${since}; ${before}.`;
}

function okReason(facts: Facts): string {
	const { finished, waiting } = facts;
	if (finished === null) return "Nothing is wrong.";
	const next = waiting.dueAt === null ? "" : `; next due ${when(waiting.dueAt, facts)}`;
	return `Succeeded ${when(finished.start, facts)}${next}.`;
}

function newReason(facts: Facts): string {
	const { dueAt } = facts.waiting;
	return dueAt === null ? "It has not run yet." : `It has not run yet; first due ${when(dueAt, facts)}.`;
}
