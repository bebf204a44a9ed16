// What the monitor's own absences mean for a wait: what was sent meanwhile needs time to arrive, or never will.
import type { Outage } from "./judge.ts";

/** Clients that keep what they could not deliver try again within minutes. */
const arrivalMs = 15 * 60_000;
/** Of that, what is left after one more absence in between. */
const restMs = 5 * 60_000;

/** The newest outage that touches [from, to]. */
export function outageIn(outages: readonly Outage[], from: number, to: number): Outage | null {
	let found: Outage | null = null;
	for (const outage of outages) {
		if (outage.from <= to && outage.to > from && (found === null || outage.to > found.to)) found = outage;
	}
	return found;
}

/** When a wait [from, to] is over, with time for what was kept while the monitor was off. */
export function deadlineAfter(outages: readonly Outage[], from: number, to: number): number {
	if (outages.length === 0) return to;
	let deadline = to;
	let left = arrivalMs;
	let upSince: number | null = null;
	for (const outage of inOrder(outages)) {
		if (outage.to <= from || outage.from > deadline) continue;
		// A monitor that restarts again and again must come to a verdict all the same.
		if (upSince !== null) left = Math.max(restMs, left - Math.max(0, outage.from - upSince));
		upSince = Math.max(upSince ?? outage.to, outage.to);
		deadline = Math.max(deadline, upSince + left);
	}
	return deadline;
}

function inOrder(outages: readonly Outage[]): readonly Outage[] {
	for (let index = 1; index < outages.length; index++) {
		if ((outages[index]?.from ?? 0) < (outages[index - 1]?.from ?? 0)) {
			return [...outages].sort((a, b) => a.from - b.from);
		}
	}
	return outages;
}
