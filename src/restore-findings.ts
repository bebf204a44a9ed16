// What drills and the estimate amount to: the ladder's highest rung, and the alerts "drill overdue" and "restore too slow".
import type { AlertKind, Finding } from "./alert.ts";
import type { Rung } from "./ladder.ts";
import { type Drill, type Estimate, groundWords } from "./restore.ts";
import { estimated, rangeWords } from "./restore-words.ts";
import { decimal, formatBytes, formatDuration, type Units } from "./units.ts";

/** The kinds that this file finds: whoever compares open alerts with its findings takes those of these kinds. */
export const restoreKinds: readonly AlertKind[] = ["drill_overdue", "rto_exceeded"];

/** A restore that was tried longer ago than this proves little: the repository, the disks and the keys have changed. */
export const drillDays = 90;
const drillMs = drillDays * 86_400_000;

const neverTried: Rung = { state: "not_set_up", at: null, sentence: "No restore was ever tried." };

/** Whether the newest drill proves little any more. `drills` newest first. */
export function isDrillOld([newest]: readonly Drill[], now: number): boolean {
	return newest !== undefined && now - newest.endedAt > drillMs;
}

export function restorableRung(drills: readonly Drill[], now: number, units: Units = decimal): Rung {
	return rungOfDrills(drills, isDrillOld(drills, now), units);
}

/** `drills` newest first. `at` is the end of the newest drill that worked. */
export function rungOfDrills(drills: readonly Drill[], isOld: boolean, units: Units): Rung {
	const [newest] = drills;
	if (newest === undefined) return neverTried;
	const at = newestGood(drills)?.endedAt ?? null;
	if (newest.outcome === "failure") {
		const why = newest.message === null ? "." : `: ${clip(newest.message)}`;
		return { state: "failed", at, sentence: `The newest restore test failed${why}` };
	}
	if (newest.bytes === 0) return { state: "warning", at, sentence: "The newest restore test brought back nothing." };
	if (isOld) {
		return { state: "warning", at, sentence: `No restore was tried for more than ${drillDays} days.` };
	}
	if (newest.outcome === "warning") {
		const what = newest.message === null ? "" : `: ${clip(newest.message)}`;
		return { state: "warning", at, sentence: `The newest restore test ended with a warning${what}` };
	}
	const what = newest.bytes === null ? "It was restored" : `${formatBytes(newest.bytes, units)} were restored`;
	const time = newest.seconds === null ? "" : ` in ${formatDuration(newest.seconds)}`;
	return { state: "ok", at, sentence: `${what}${time}.` };
}

/** The newest drill that worked and brought something back; null: none did. */
export function newestGood(drills: readonly Drill[]): Drill | null {
	return drills.find(({ outcome, bytes }) => outcome !== "failure" && bytes !== 0) ?? null;
}

export type RestoreJudged = {
	drills: readonly Drill[];
	estimate: Estimate | null;
	/** Seconds; null: no target is set. */
	rto: number | null;
	/** When the job was first heard of. */
	createdAt: number;
	/** "Restore too slow" is open: it ends only when the estimate is clearly below the target. */
	isSlowOpen: boolean;
};

/** Closing at the target itself would open and close an alert with every backup that is a little larger or smaller. */
const clearlyBelow = 0.9;

export function restoreFindingsOf(judged: RestoreJudged, now: number, units: Units = decimal): Finding[] {
	return [...overdue(judged, now), ...tooSlow(judged, units)];
}

/** Nobody is told of drills who never began with them and set no target. */
function overdue({ drills, rto, createdAt }: RestoreJudged, now: number): Finding[] {
	const [newest] = drills;
	if (newest === undefined && rto === null) return [];
	const good = newestGood(drills);
	const from = good?.endedAt ?? drills.at(-1)?.endedAt ?? createdAt;
	if (now - from <= drillMs) return [];
	const days = Math.floor((now - from) / 86_400_000);
	const sentence =
		good !== null
			? `The last restore test that worked was ${days} days ago; one every ${drillDays} days keeps it proven.`
			: newest !== undefined
				? `No restore test ever worked; the first was ${days} days ago.`
				: `No restore was ever tried in ${days} days, although it must be back within ${formatDuration(rto)}.`;
	return [
		{
			kind: "drill_overdue",
			key: "",
			severity: "warning",
			sentence,
			runId: good?.runId ?? newest?.runId ?? null,
			since: from + drillMs,
		},
	];
}

/** Critical where it is twice the target, or above it even at best; what was never tested is never more than a warning. */
function tooSlow({ estimate, rto, createdAt, isSlowOpen }: RestoreJudged, units: Units): Finding[] {
	if (estimate === null || rto === null) return [];
	const { seconds, low, high, bytes, basis } = estimate;
	if (seconds <= (isSlowOpen ? clearlyBelow * rto : rto)) return [];
	const isFar = basis.from === "drills" && (seconds >= 2 * rto || low > rto);
	const times = `${estimated(seconds)} (${rangeWords({ low, high })})`;
	return [
		{
			kind: "rto_exceeded",
			key: "",
			severity: isFar ? "critical" : "warning",
			sentence: `Restoring ${formatBytes(bytes, units)} would take ${times}, ${groundWords(basis)}; the target is ${formatDuration(rto)}.`,
			runId: null,
			since: basis.from === "drills" ? basis.testedAt : createdAt,
		},
	];
}

/** Why an alert of these kinds is over, as a sentence. */
export function restoreResolution(kind: AlertKind, { rto, drills }: Pick<RestoreJudged, "rto" | "drills">): string {
	if (kind === "rto_exceeded") {
		return rto === null ? "No target is set any more." : "A restore would fit into its target again.";
	}
	return newestGood(drills) === null ? "No drill is expected any more." : "A restore was tried, and it worked.";
}

/** When time alone changes what is found; null: never, a report has to come first. */
export function restoreCheckAt({ drills, rto, createdAt }: RestoreJudged, now: number): number | null {
	const moments = [drills[0]?.endedAt, newestGood(drills)?.endedAt, drills.at(-1)?.endedAt];
	if (rto !== null && drills.length === 0) moments.push(createdAt);
	const next = moments.flatMap((at) => (at !== undefined && at + drillMs >= now ? [at + drillMs + 1] : []));
	return next.length === 0 ? null : Math.min(...next);
}

function clip(message: string): string {
	const [line = ""] = message.trim().split("\n");
	return line.length > 200 ? `${line.slice(0, 200)}\u2026` : line;
}
