// A job's state in one word.
import { expect, test } from "bun:test";
import type { Outcome } from "../src/run.ts";
import { compareStates, type State, stateOf } from "../src/state.ts";

const of = (outcome: Outcome | null) => (outcome === null ? null : { outcome });

test.each<[string, Outcome | null, Outcome | null, State]>([
	["no run at all", null, null, "new"],
	["its first run goes on", "running", null, "running"],
	["the newest run succeeded", "success", "success", "ok"],
	["the newest run warned", "warning", "warning", "warning"],
	["the newest run failed", "failure", "failure", "failed"],
	["a run goes on after a good one", "running", "success", "running"],
	["a run goes on after a failure: still failed", "running", "failure", "failed"],
	["a run goes on after a warning: still a warning", "running", "warning", "warning"],
])("%s", (_what, newest, finished, state) => {
	expect(stateOf(of(newest), of(finished))).toBe(state);
});

test("the one that needs somebody comes first", () => {
	const states: State[] = ["ok", "new", "failed", "running", "warning"];
	expect(states.sort(compareStates)).toEqual(["failed", "warning", "running", "new", "ok"]);
});
