// Whether a job needs somebody, why, and how badly: the worse of its state and of what is odd about its newest backup.
import type { AlertKind } from "./alert.ts";
import type { Oddity } from "./overview.ts";
import type { State } from "./state.ts";

/** What is asked of a job. */
type Needy = { state: State; oddity: Oddity | null };

/** Why a job needs somebody: how bad it is, and how it is said of one, of several, and in a count. */
export type Trouble = { look: "failed" | "warning"; rank: number; one: string; many: string; count: string };

const stateTroubles: Partial<Record<State, Trouble>> = {
	failed: { look: "failed", rank: 0, one: "failed", many: "failed", count: "failed" },
	missed: { look: "failed", rank: 1, one: "missed its run", many: "missed their runs", count: "missed" },
	stuck: { look: "failed", rank: 2, one: "is running too long", many: "are running too long", count: "stuck" },
	stale: { look: "failed", rank: 3, one: "has no fresh backup", many: "have no fresh backup", count: "too old" },
	late: { look: "warning", rank: 5, one: "is late", many: "are late", count: "late" },
	warning: {
		look: "warning",
		rank: 7,
		one: "ended with a warning",
		many: "ended with a warning",
		count: "with a warning",
	},
};

type OddWords = [one: string, many: string, count: string];

function oddWords({ kind, isLess, severity }: Oddity): OddWords {
	const much = severity === "critical" ? "much " : "";
	const than = (word: string): OddWords => [
		`is ${much}${word} than usual`,
		`are ${much}${word} than usual`,
		`${word} than usual`,
	];
	const took = (word: string): OddWords => [
		`took ${much}${word} than usual`,
		`took ${much}${word} than usual`,
		`${word} than usual`,
	];
	if (kind === "size" && isLess !== null) return than(isLess ? "smaller" : "larger");
	if (kind === "duration" && isLess !== null) return took(isLess ? "shorter" : "longer");
	return kindWords[kind] ?? ["looks unusual", "look unusual", "unusual"];
}

const kindWords: Partial<Record<AlertKind, OddWords>> = {
	size: ["has an unusual size", "have an unusual size", "of unusual size"],
	duration: ["took an unusual time", "took an unusual time", "of unusual length"],
	phase: ["has an unusual phase", "have an unusual phase", "with an unusual phase"],
	files: ["has an unusual number of files", "have an unusual number of files", "with unusual files"],
	absent: ["is not in the remote", "are not in the remote", "not in the remote"],
	shrunk: ["shrank in the remote", "shrank in the remote", "shrunk"],
	stale_copy: ["has only an old copy in the remote", "have only old copies in the remote", "with an old copy"],
	drill_overdue: ["was not restored for long", "were not restored for long", "not restored for long"],
	rto_exceeded: ["would take too long to restore", "would take too long to restore", "too slow to restore"],
};

/** What an alert of a kind says of its job, such as "missed its run"; null where its sentence alone says it. */
export function alertWords(kind: AlertKind, oddity: Oddity | null): string | null {
	if (oddity !== null && oddity.kind === kind) return oddWords(oddity)[0];
	const state = stateTroubles[kind as State];
	return state === undefined || kind === "failed" ? (kindWords[kind]?.[0] ?? null) : state.one;
}

/** The worst that is wrong with a job; null: nothing. */
export function troubleOf({ state, oddity }: Needy): Trouble | null {
	if (state === "paused" || state === "archived") return null;
	const ofState = stateTroubles[state] ?? null;
	if (oddity === null) return ofState;
	const [one, many, count] = oddWords(oddity);
	const isCritical = oddity.severity === "critical";
	const rank = isCritical ? 4 : 6;
	if (ofState !== null && ofState.rank < rank) return ofState;
	return { look: isCritical ? "failed" : "warning", rank, one, many, count };
}

/** From the one that needs somebody most to the one that nothing is expected of. */
export function compareNeeds(a: Needy, b: Needy): number {
	return rankOf(a) - rankOf(b);
}

const calmRanks: Partial<Record<State, number>> = { running: 10, new: 11, ok: 12, paused: 13, archived: 14 };

function rankOf(job: Needy): number {
	return troubleOf(job)?.rank ?? calmRanks[job.state] ?? 12;
}
