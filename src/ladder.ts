// The proof ladder of a job: ran, plausible, present, restorable; what each rung last proved, and the worst of them.
import type { Finding } from "./alert.ts";
import type { Judgement } from "./judge.ts";
import type { State } from "./state.ts";

/** From the lowest to the highest: each one proves more than the one before. */
export const rungNames = ["ran", "plausible", "present", "restorable"] as const;
export type RungName = (typeof rungNames)[number];

export type RungState = "ok" | "warning" | "failed" | "unknown" | "not_set_up";

export type Rung = {
	state: RungState;
	/** When it was last proven, Unix milliseconds; null: never. */
	at: number | null;
	/** A whole sentence without an age: the page says how long ago `at` is, and keeps that true. */
	sentence: string;
};

export type Ladder = Record<RungName, Rung>;

export type LadderFacts = {
	judgement: Pick<Judgement, "state" | "reason">;
	/** When the newest backup that succeeded ended; null: none did. */
	lastGoodAt: number | null;
	/** What the newest backup that was judged by its measures showed; null: none was. */
	plausibility: {
		at: number;
		findings: Pick<Finding, "severity" | "sentence">[];
		/** Set while there are too few backups to compare with: how many more it takes, as a sentence. */
		learning: string | null;
	} | null;
	/** The upper rungs; what is left out was never set up. */
	present?: Rung;
	restorable?: Rung;
};

export function ladderOf({ judgement, lastGoodAt, plausibility, present, restorable }: LadderFacts): Ladder {
	return {
		ran: ranRung(judgement, lastGoodAt),
		plausible: plausibleRung(plausibility, lastGoodAt),
		present: present ?? { state: "not_set_up", at: null, sentence: "Nobody has looked into the remote." },
		restorable: restorable ?? { state: "not_set_up", at: null, sentence: "No restore was ever tried." },
	};
}

const ranStates: Record<State, RungState> = {
	new: "unknown",
	running: "ok",
	ok: "ok",
	warning: "warning",
	late: "warning",
	failed: "failed",
	missed: "failed",
	stuck: "failed",
	stale: "failed",
	paused: "unknown",
	archived: "unknown",
};

function ranRung({ state, reason }: LadderFacts["judgement"], lastGoodAt: number | null): Rung {
	// A first run that goes on has proven nothing yet.
	const isFirst = state === "running" && lastGoodAt === null;
	return { state: isFirst ? "unknown" : ranStates[state], at: lastGoodAt, sentence: reason };
}

function plausibleRung(plausibility: LadderFacts["plausibility"], lastGoodAt: number | null): Rung {
	if (plausibility === null) {
		const sentence = lastGoodAt === null ? "No backup to look at yet." : "No backup was compared with its past yet.";
		return { state: "unknown", at: null, sentence };
	}
	const { at, findings, learning } = plausibility;
	const worst = findings.find(({ severity }) => severity === "critical") ?? findings[0];
	if (worst !== undefined) {
		const rest = findings.length - 1;
		const more = rest === 0 ? "" : rest === 1 ? " One more thing is unusual." : ` ${rest} more things are unusual.`;
		const state = worst.severity === "critical" ? "failed" : worst.severity === "warning" ? "warning" : "ok";
		return { state, at, sentence: worst.sentence + more };
	}
	if (learning !== null) return { state: "unknown", at: null, sentence: learning };
	return { state: "ok", at, sentence: "Size, duration and phases look like its past." };
}

const worstFirst: readonly RungState[] = ["failed", "warning", "unknown", "ok"];

/** The worst rung that is set up, the lowest of them where several are as bad. */
export function worstRung(ladder: Ladder): { name: RungName; rung: Rung } {
	for (const state of worstFirst) {
		const name = rungNames.find((rung) => ladder[rung].state === state);
		if (name !== undefined) return { name, rung: ladder[name] };
	}
	return { name: "ran", rung: ladder.ran };
}
