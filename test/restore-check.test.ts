// Past estimates beside the drills that followed them, from what was known then and nothing of what came later.
import { expect, test } from "bun:test";
import { accuracyOf, checkEstimates } from "../src/restore-check.ts";
import { checkedWords, estimated, rangeWords } from "../src/restore-words.ts";
import { aDrill, aSpeed } from "./drills.ts";

test("each drill is compared with what the ones before it said", () => {
	const drills = [aDrill(10, { seconds: 900 }), aDrill(40, { seconds: 220 }), aDrill(70)];
	const asked: number[] = [];
	const checked = checkEstimates(drills, (at) => {
		asked.push(at);
		return [aSpeed({ upload: 40e6 })];
	});
	expect(checked.map(({ isInside }) => isInside)).toEqual([false, true, true]);
	expect(checked[1]?.estimate?.basis).toMatchObject({ from: "drills", drills: 1 });
	expect(checked[2]?.estimate).toMatchObject({ seconds: 250, basis: { from: "speeds", speeds: ["upload"] } });
	expect(asked).toEqual([drills[2]?.startedAt ?? 0]);
	expect(accuracyOf(checked)).toEqual({ estimated: 3, inside: 2 });
});

test("a drill that had nothing before it is shown and not counted; one that failed is neither", () => {
	const checked = checkEstimates([aDrill(10, { outcome: "failure" }), aDrill(40)], () => []);
	expect(checked).toHaveLength(1);
	expect(checked[0]).toMatchObject({ estimate: null, isInside: null });
	expect(accuracyOf(checked)).toEqual({ estimated: 0, inside: 0 });
});

test("an estimate is of as many bytes as the drill then restored", () => {
	const checked = checkEstimates([aDrill(10, { bytes: 1e9, seconds: 20 }), aDrill(40)], () => []);
	expect(checked[0]?.estimate?.bytes).toBe(1e9);
});

test("is said in a sentence, rounded no finer than it is known", () => {
	const estimate = { seconds: 2412, low: 1523, high: 3598 };
	expect(checkedWords(estimate, 2821)).toBe(
		"estimated 40\u00a0min (25\u00a0min to 1\u00a0h), took 47\u00a0min\u00a01\u00a0s",
	);
	expect(checkedWords(null, 90)).toBe("nothing to go by before it, took 1\u00a0min\u00a030\u00a0s");
	expect(estimated(22_180)).toBe("\u2248\u00a06\u00a0h\u00a010\u00a0min");
	for (const seconds of [0, 0.004, 0.4, 0.99]) expect(estimated(seconds)).toBe("under 1\u00a0s");
	expect(rangeWords({ low: 0.02, high: 60.3 })).toBe("up to 1\u00a0min\u00a010\u00a0s");
	expect(rangeWords({ low: 0.02, high: 0.3 })).toBe("up to 1\u00a0s");
});
