// The state of a job in one word, as the API, the metrics and the badge say it: a pure function of what its runs were.
import type { Severity } from "./alert.ts";
import type { Outcome } from "./run.ts";

/** All states, in the order in which they are listed. */
export const states = [
	"new",
	"running",
	"ok",
	"warning",
	"failed",
	"late",
	"missed",
	"stuck",
	"stale",
	"paused",
	"archived",
] as const;
export type State = (typeof states)[number];

type Judged = { outcome: Outcome } | null;

/**
 * `newest` is the newest backup run, `finished` the newest that has ended. A run that goes on does not hide that the one
 * before it failed or warned: a job that fails every night must not look well each time it tries again.
 */
export function stateOf(newest: Judged, finished: Judged = newest): State {
	if (finished?.outcome === "failure") return "failed";
	if (finished?.outcome === "warning") return "warning";
	if (newest?.outcome === "running") return "running";
	return finished === null ? "new" : "ok";
}

/**
 * What a job is called where there is room for one word: its state, or as bad as the worst alert that is open about it. A
 * backup that ran and is empty is not well.
 */
export function shownState(state: State, worstAlert: Severity | null): State {
	if (state === "archived" || worstAlert === null || worstAlert === "info") return state;
	if (compareStates(state, "late") < 0) return state; // it says what is wrong, more exactly than "failed" would
	const alerted: State = worstAlert === "critical" ? "failed" : "warning";
	return compareStates(alerted, state) < 0 ? alerted : state;
}

/** From the one that needs somebody to the one that is well. */
const worstFirst: State[] = [
	"failed",
	"missed",
	"stuck",
	"stale",
	"late",
	"warning",
	"running",
	"new",
	"ok",
	"paused",
	"archived",
];

export function compareStates(a: State, b: State): number {
	return worstFirst.indexOf(a) - worstFirst.indexOf(b);
}
