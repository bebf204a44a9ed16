// How good the estimates were: each drill beside what would have been said just before it, from the data of that time.
import { type BackupSpeed, type Drill, type Estimate, estimateRestore, isUsable } from "./restore.ts";

export type CheckedDrill = {
	drill: Drill & { seconds: number; bytes: number };
	/** Of as many bytes as the drill then restored; null: there was nothing to go by. */
	estimate: Estimate | null;
	/** null where there was no estimate. */
	isInside: boolean | null;
};

/**
 * Newest first. `drills` newest first; `speedsBefore` gives the speeds of the backups before an instant, and is asked only
 * for drills that no other one went before.
 */
export function checkEstimates(
	drills: readonly Drill[],
	speedsBefore: (at: number) => readonly BackupSpeed[],
): CheckedDrill[] {
	return drills.flatMap((drill, index) => {
		if (!isUsable(drill)) return [];
		const before = drills.slice(index + 1).filter(({ endedAt }) => endedAt <= drill.startedAt);
		const speeds = before.some(isUsable) ? [] : speedsBefore(drill.startedAt);
		const estimate = estimateRestore({ size: drill.bytes, drills: before, speeds });
		const isInside = estimate === null ? null : drill.seconds >= estimate.low && drill.seconds <= estimate.high;
		return [{ drill, estimate, isInside }];
	});
}

/** How many drills had an estimate before them, and how many of them lay in its range. */
export function accuracyOf(checked: readonly CheckedDrill[]): { estimated: number; inside: number } {
	const estimated = checked.filter(({ isInside }) => isInside !== null);
	return { estimated: estimated.length, inside: estimated.filter(({ isInside }) => isInside === true).length };
}
