// Which job to restore next: what is proven least, and among those what has to be back first.

import { newestGood } from "./restore-findings.ts";
import type { RestoreJob } from "./restore-page.ts";

/** A failed test before what was never tried, that before what was tried long ago; jobs with a short target first. */
export function planOf<T extends Pick<RestoreJob, "drills" | "rung" | "rto" | "size">>(jobs: readonly T[]): T[] {
	return jobs.toSorted(
		(a, b) =>
			needOf(a) - needOf(b) ||
			(a.rto ?? untargeted) - (b.rto ?? untargeted) ||
			testedAt(a) - testedAt(b) ||
			(b.size ?? 0) - (a.size ?? 0),
	);
}

/** Longer than any target: the difference of two infinities is no number. */
const untargeted = 1e12;

function needOf({ drills, rung }: Pick<RestoreJob, "drills" | "rung">): number {
	if (rung.state === "failed") return 0;
	if (drills.length === 0) return 1;
	return rung.state === "warning" ? 2 : 3;
}

function testedAt({ drills }: Pick<RestoreJob, "drills">): number {
	return newestGood(drills)?.endedAt ?? 0;
}
