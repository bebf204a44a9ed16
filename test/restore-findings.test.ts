// The highest rung of the ladder, and the alerts of drills that are overdue and restores that take too long.
import { describe, expect, test } from "bun:test";
import type { Drill } from "../src/restore.ts";
import { estimateRestore } from "../src/restore.ts";
import { type RestoreJudged, restorableRung, restoreCheckAt, restoreFindingsOf } from "../src/restore-findings.ts";
import { planOf } from "../src/restore-order.ts";
import { aDrill, aSpeed, day, gigabyte, now } from "./drills.ts";

describe("the rung", () => {
	const state = (...drills: Drill[]) => restorableRung(drills, now).state;

	test("is not set up before the first drill", () => {
		expect(restorableRung([], now)).toEqual({ state: "not_set_up", at: null, sentence: "No restore was ever tried." });
	});

	test("is proven by a drill, with the time of it", () => {
		const drill = aDrill(12);
		expect(restorableRung([drill], now)).toEqual({
			state: "ok",
			at: drill.endedAt,
			sentence: "10.0\u00a0GB were restored in 3\u00a0min\u00a020\u00a0s.",
		});
	});

	test("needs a look from the 91st day on", () => {
		expect(state(aDrill(90))).toBe("ok");
		expect(restorableRung([aDrill(90.01)], now)).toMatchObject({
			state: "warning",
			sentence: "No restore was tried for more than 90 days.",
		});
	});

	test("failed with the newest drill, and keeps the last proof", () => {
		const good = aDrill(30);
		const failed = aDrill(1, { outcome: "failure", message: "Fatal: wrong password\nmore" });
		expect(restorableRung([failed, good], now)).toEqual({
			state: "failed",
			at: good.endedAt,
			sentence: "The newest restore test failed: Fatal: wrong password",
		});
		expect(restorableRung([failed], now).at).toBeNull();
		expect(state(good, failed)).toBe("ok");
	});

	test("a drill that brought back nothing, or complained, proves less", () => {
		expect(state(aDrill(1, { bytes: 0 }))).toBe("warning");
		expect(state(aDrill(1, { outcome: "warning", message: "2 files" }))).toBe("warning");
	});
});

function judged(about: Partial<RestoreJudged> & { size?: number }): RestoreJudged {
	const { size = 10 * gigabyte, drills = [], ...rest } = about;
	const estimate = estimateRestore({ size, drills, speeds: [aSpeed({ upload: 50e6 })] });
	return { drills, estimate, rto: null, createdAt: now - 400 * day, isSlowOpen: false, ...rest };
}

const findings = (about: Partial<RestoreJudged> & { size?: number }) => restoreFindingsOf(judged(about), now);
const kinds = (about: Partial<RestoreJudged> & { size?: number }) => findings(about).map(({ kind }) => kind);

describe("drill overdue", () => {
	test("nobody is told who never began with drills and set no target", () => {
		expect(kinds({})).toEqual([]);
	});

	test("a drill older than 90 days is a warning, and begins where the 90 days end", () => {
		expect(kinds({ drills: [aDrill(90)] })).toEqual([]);
		expect(findings({ drills: [aDrill(112)] })).toEqual([
			{
				kind: "drill_overdue",
				key: "",
				severity: "warning",
				sentence: "The last restore test that worked was 112 days ago; one every 90 days keeps it proven.",
				runId: aDrill(112).runId,
				since: aDrill(112).endedAt + 90 * day,
			},
		]);
	});

	test("with a target and no drill at all it is said after 90 days", () => {
		expect(kinds({ rto: 9000, createdAt: now - 80 * day })).toEqual([]);
		expect(findings({ rto: 9000 })[0]?.sentence).toBe(
			"No restore was ever tried in 400 days, although it must be back within 2\u00a0h\u00a030\u00a0min.",
		);
	});

	test("drills that fail do not count, however new", () => {
		const failed = aDrill(1, { outcome: "failure" });
		expect(kinds({ drills: [failed, aDrill(100)] })).toEqual(["drill_overdue"]);
		expect(kinds({ drills: [failed] })).toEqual([]);
		expect(kinds({ drills: [failed, aDrill(95, { outcome: "failure" })] })).toEqual(["drill_overdue"]);
	});
});

describe("restore too slow", () => {
	const slow = (rto: number, more: Partial<RestoreJudged> = {}) => findings({ drills: [aDrill(5)], rto, ...more });

	test("is a warning above the target, critical at twice of it", () => {
		expect(slow(201)).toEqual([]);
		expect(slow(190)).toMatchObject([{ kind: "rto_exceeded", severity: "warning", since: aDrill(5).endedAt }]);
		expect(slow(99)).toMatchObject([{ severity: "critical" }]);
		expect(slow(190)[0]?.sentence).toBe(
			"Restoring 10.0\u00a0GB would take \u2248\u00a03\u00a0min\u00a020\u00a0s (1\u00a0min\u00a050\u00a0s to 6\u00a0min), from 1\u00a0drill; the target is 3\u00a0min\u00a010\u00a0s.",
		);
	});

	test("what was never tested is never more than a warning", () => {
		expect(findings({ rto: 10 })).toMatchObject([
			{ kind: "drill_overdue" },
			{ kind: "rto_exceeded", severity: "warning" },
		]);
	});

	test("once open it stays until the estimate is clearly below the target", () => {
		expect(slow(210, { isSlowOpen: true })).toHaveLength(1);
		expect(slow(230, { isSlowOpen: true })).toEqual([]);
	});
});

describe("when to look again", () => {
	const at = (about: Partial<RestoreJudged>) => restoreCheckAt(judged(about), now);

	test("is when the newest drill grows too old", () => {
		expect(at({ drills: [aDrill(12)] })).toBe(aDrill(12).endedAt + 90 * day + 1);
		expect(at({ drills: [aDrill(120)] })).toBeNull();
		expect(at({})).toBeNull();
		expect(at({ rto: 60, createdAt: now - 10 * day })).toBe(now + 80 * day + 1);
	});

	test("what is looked at then has changed", () => {
		const about = judged({ drills: [aDrill(12)] });
		const then = restoreCheckAt(about, now) ?? 0;
		expect(restoreFindingsOf(about, then - 1)).toEqual([]);
		expect(restoreFindingsOf(about, then)).toMatchObject([{ kind: "drill_overdue" }]);
		expect(restorableRung(about.drills, then).state).toBe("warning");
	});
});

test("the plan: what failed, what was never tried, what is old; then what must be back soonest", () => {
	const job = (name: string, drills: Drill[], rto: number | null = null, size = 1e9) => {
		return { name, drills, rto, size, rung: restorableRung(drills, now) };
	};
	const jobs = [
		job("fresh", [aDrill(2)]),
		job("aging", [aDrill(60)]),
		job("old", [aDrill(100)]),
		job("never, large", [], null, 5e9),
		job("never, small", []),
		job("never, urgent", [], 3600),
		job("broken", [aDrill(3, { outcome: "failure" }), aDrill(4)]),
	];
	expect(planOf(jobs).map(({ name }) => name)).toEqual([
		"broken",
		"never, urgent",
		"never, large",
		"never, small",
		"old",
		"aging",
		"fresh",
	]);
});
