// The proof ladder: judged bottom up, and what was proven once never vanishes.
import { describe, expect, test } from "bun:test";
import { type LadderFacts, ladderOf, type Rung, worstRung } from "../src/ladder.ts";
import { type State, states } from "../src/state.ts";

const facts = (over: Partial<LadderFacts> = {}): LadderFacts => ({
	judgement: { state: "ok", reason: "It ran." },
	lastGoodAt: 1000,
	plausibility: { at: 1000, findings: [], learning: null },
	...over,
});
const judged = (state: State): LadderFacts => facts({ judgement: { state, reason: "Because." } });
const present: Rung = { state: "ok", at: 900, sentence: "Seen." };

describe("the lower rungs", () => {
	test("every state of a job has its rung, with the reason as its sentence", () => {
		const found = Object.fromEntries(states.map((state) => [state, ladderOf(judged(state)).ran.state]));
		expect(found).toMatchObject({ ok: "ok", running: "ok", late: "warning", warning: "warning" });
		expect(found).toMatchObject({ failed: "failed", missed: "failed", stuck: "failed", stale: "failed" });
		expect(found).toMatchObject({ new: "unknown", paused: "unknown", archived: "unknown" });
		expect(ladderOf(judged("failed")).ran.sentence).toBe("Because.");
	});

	test("a first run that goes on has proven nothing", () => {
		const ladder = ladderOf({ ...judged("running"), lastGoodAt: null, plausibility: null });
		expect(ladder.ran).toMatchObject({ state: "unknown", at: null });
		expect(ladder.plausible.state).toBe("unknown");
	});

	test("after a failure the rungs above keep their last proof with its time", () => {
		const ladder = ladderOf({ ...judged("failed"), present });
		expect(ladder.ran).toMatchObject({ state: "failed", at: 1000 });
		expect(ladder.plausible).toMatchObject({ state: "ok", at: 1000 });
		expect(ladder.present).toEqual(present);
	});

	test("the worst finding speaks, and the others are counted", () => {
		const findings = [
			{ severity: "warning" as const, sentence: "Slower." },
			{ severity: "critical" as const, sentence: "Half as large." },
		];
		const { plausible } = ladderOf(facts({ plausibility: { at: 1000, findings, learning: null } }));
		expect(plausible).toEqual({ state: "failed", at: 1000, sentence: "Half as large. One more thing is unusual." });
	});

	test("while it learns it says how much is missing", () => {
		const learning = "2 more runs, then this one is compared with them.";
		const { plausible } = ladderOf(facts({ plausibility: { at: 1000, findings: [], learning } }));
		expect(plausible).toEqual({ state: "unknown", at: null, sentence: learning });
	});
});

describe("the worst rung", () => {
	test("a rung that was never set up counts for nothing", () => {
		expect(worstRung(ladderOf(facts())).rung.state).toBe("ok");
	});

	test("is the lowest of those that are as bad", () => {
		const failed: Rung = { state: "failed", at: 1, sentence: "Gone." };
		expect(worstRung(ladderOf(facts({ present: failed, restorable: failed }))).name).toBe("present");
		expect(worstRung(ladderOf({ ...judged("late"), present: failed })).name).toBe("present");
		expect(worstRung(ladderOf({ ...judged("missed"), present: failed })).name).toBe("ran");
	});
});
