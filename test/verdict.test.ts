// The sentence on top, case by case.
import { describe, expect, test } from "bun:test";
import { compareNeeds, troubleOf } from "../src/needs.ts";
import type { Oddity, Problem } from "../src/overview.ts";
import type { State } from "../src/state.ts";
import { plainText, type VerdictJob, verdict, verdictJobs } from "../src/verdict.ts";
import { aJob } from "./web/pages/sample-overview.ts";

const now = Date.parse("2026-11-23T06:42:00Z");
const hour = 3_600_000;

function job(slug: string, state: State = "ok", over: Partial<VerdictJob> = {}): VerdictJob {
	return { slug, name: slug, state, oddity: null, lastGoodAt: now - 5 * hour, isPlanned: true, ...over };
}

const odd = (kind: Oddity["kind"], isLess: boolean | null, severity: Oddity["severity"] = "critical"): Oddity => {
	return { kind, isLess, severity };
};
const never = { lastGoodAt: null };
const unplanned = (slug: string, hoursAgo: number) =>
	job(slug, "ok", { isPlanned: false, lastGoodAt: now - hoursAgo * hour });
const full: Problem = { id: "disk-full", severity: "critical", title: "The disk is full.", detail: "Free some space." };

function say(jobs: VerdictJob[], problems: Problem[] = []) {
	const said = verdict({ now, jobs, problems });
	return {
		...said,
		text: plainText(said.sentence).replaceAll("\u00a0", " "),
		lead: plainText(said.lead).replaceAll("\u00a0", " ").trim(),
		short: said.short.replaceAll("\u00a0", " "),
	};
}

describe("the verdict", () => {
	const cases: [string, VerdictJob[], string, string][] = [
		["no job", [], "empty", "Waiting for your first backup"],
		["one good job", [job("a")], "ok", "a is protected"],
		["one good job without a name of its own", [job("default", "ok", { name: "" })], "ok", "The job is protected"],
		["all good", [job("a"), job("b"), job("c")], "ok", "All 3 jobs are protected"],
		["one failed, alone", [job("default", "failed", { name: "" })], "failed", "The newest backup failed"],
		["one of many failed", [job("a"), job("b", "failed")], "failed", "b failed"],
		["two failed", [job("a", "failed"), job("c"), job("b", "failed")], "failed", "a and b failed"],
		["one failed, one missed", [job("b", "missed"), job("a", "failed")], "failed", "a failed and b missed its run"],
		["two missed", [job("b", "missed"), job("a", "missed")], "failed", "b and a missed their runs"],
		["one failed, one late", [job("a", "failed"), job("b", "late")], "failed", "a failed and b is late"],
		["one late", [job("a", "late"), job("b")], "warning", "a is late"],
		["one running too long", [job("a", "stuck"), job("b")], "failed", "a is running too long"],
		["one too old", [job("a", "stale"), job("b")], "failed", "a has no fresh backup"],
		["one with a warning", [job("a", "warning"), job("b")], "warning", "a ended with a warning"],
		[
			"many",
			[job("a", "failed"), job("b", "failed"), job("c", "missed"), ...[1, 2, 3, 4, 5, 6].map((n) => job(`ok-${n}`))],
			"failed",
			"3 of 9 jobs need you: 2 failed, 1 missed",
		],
		[
			"much smaller",
			[job("photos", "ok", { oddity: odd("size", true) }), job("b")],
			"failed",
			"photos is much smaller than usual",
		],
		[
			"a little larger",
			[job("photos", "ok", { oddity: odd("size", false, "warning") }), job("b")],
			"warning",
			"photos is larger than usual",
		],
		[
			"not there",
			[job("photos", "ok", { oddity: odd("absent", null) }), job("b")],
			"failed",
			"photos is not in the remote",
		],
		[
			"odd and running",
			[job("a", "running", { oddity: odd("phase", null, "warning") })],
			"warning",
			"a has an unusual phase",
		],
		["one running, all good", [job("a", "running"), job("b")], "ok", "All 2 jobs are protected"],
		["first run of all", [job("a", "running", never)], "running", "a is running for the first time"],
		["never run", [job("a", "new", never)], "idle", "a has not run yet"],
		["never run, several", [job("a", "new", never), job("b", "new", never)], "idle", "2 jobs have not run yet"],
		[
			"one without a backup yet",
			[job("a"), job("b"), job("c", "new", never)],
			"idle",
			"2 of 3 jobs have a good backup, c has none yet",
		],
		["all paused", [job("a", "paused"), job("b", "paused")], "idle", "All jobs are paused"],
		["one job, paused", [job("a", "paused")], "idle", "a is paused"],
		["archived jobs count for nothing", [job("a", "archived"), job("b"), job("c")], "ok", "All 2 jobs are protected"],
		["all archived", [job("a", "archived")], "idle", "The job is archived"],
		["no rhythm known", [unplanned("a", 5)], "ok", "The newest backup of a succeeded 5 h ago"],
		["no rhythm known of some", [unplanned("a", 5), job("b")], "ok", "All 2 jobs\u2019 newest backups succeeded"],
		["no rhythm, nothing for 20 days", [unplanned("a", 480), unplanned("b", 500)], "old", "No new backup for 20 d"],
		[
			"two weekly runs, three days later",
			[job("etc", "ok", { isPlanned: false, lastGoodAt: now - 72 * hour, freshFor: 8.4 * 24 * hour })],
			"ok",
			"The newest backup of etc succeeded 3 d ago",
		],
		[
			"two weekly runs, and the third did not come",
			[job("etc", "ok", { isPlanned: false, lastGoodAt: now - 9 * 24 * hour, freshFor: 8.4 * 24 * hour })],
			"old",
			"No new backup for 9 d",
		],
		[
			"no rhythm, one went silent",
			[unplanned("a", 5), unplanned("b", 480)],
			"old",
			"All newest backups succeeded, but b\u2019s is more than 8 days old",
		],
	];
	test.each(cases)("%s", (_case, jobs, state, text) => {
		expect(say(jobs)).toMatchObject({ state: state as never, text });
	});

	test("says of a wrong configuration that it cannot be used; the bar above has the line", () => {
		const title = 'config.yaml line 2: jobs.photos.schedule is "sometimes"; expected { every: 6h } or none';
		const wrong: Problem = { id: "config", severity: "critical", title, detail: "" };
		expect(say([job("a")], [wrong]).text).toBe("I cannot tell: config.yaml cannot be used");
	});

	test("running never hides that something is wrong", () => {
		expect(say([job("a", "running"), job("b", "failed")])).toMatchObject({ state: "failed", text: "b failed" });
	});

	test("nothing that is wrong is ever green, and nothing is said twice", () => {
		for (const state of ["failed", "missed", "stuck", "stale", "late", "warning"] as const) {
			expect(say([job("a", state), job("b")]).state).toMatch(/failed|warning/);
			expect(troubleOf({ state, oddity: odd("size", true, "warning") })).not.toBeNull();
		}
		expect(troubleOf({ state: "paused", oddity: odd("size", true) })).toBeNull();
	});

	test("what is worse is told: an empty backup before a warning, a failure before an odd size", () => {
		expect(say([job("a", "warning", { oddity: odd("size", true) })]).text).toBe("a is much smaller than usual");
		expect(say([job("a", "failed", { oddity: odd("size", true) })]).text).toBe("a failed");
	});

	test("a monitor in trouble cannot tell, even where everything is good, and still says what it knew", () => {
		expect(say([job("a"), job("b", "failed")], [full])).toMatchObject({
			state: "unknown",
			text: "I cannot tell: the disk is full",
			lead: "Last known: b failed.",
			short: "Cannot tell",
		});
		expect(say([], [full]).state).toBe("unknown");
		expect(say([job("a")], [{ ...full, severity: "warning" }]).state).toBe("ok");
	});

	test("the second line says how the others are", () => {
		expect(say([job("a", "failed"), job("b"), job("c", "running"), job("d", "paused")]).lead).toBe(
			"The other 2 jobs have a good backup. c is running. 1 job is paused.",
		);
		const many = [job("a", "failed"), job("b", "failed"), job("c", "late"), job("d")];
		expect(say(many).lead).toBe("Begin with a. The other job has a good backup.");
		expect(say([job("a"), job("b")]).lead).toBe("Every backup is as fresh as its schedule wants.");
		expect(say([unplanned("a", 5)]).lead).toContain("a rhythm is learned from three regular runs");
	});

	test("the title counts", () => {
		expect(say([job("a", "failed"), job("b")]).short).toBe("1 failed");
		expect(say([job("a", "failed"), job("b", "late")]).short).toBe("1 failed, 1 late");
		expect(say([job("a", "failed"), job("b", "failed"), job("c", "failed")]).short).toBe("3 need you");
	});

	test("names are pieces of their own, so that the page can link and isolate them", () => {
		expect(verdict({ now, jobs: [job("x", "failed"), job("y")], problems: [] }).sentence).toEqual([
			{ name: "x", slug: "x" },
			" failed",
		]);
	});

	test("the order is that of what needs somebody", () => {
		const states: State[] = [
			"archived",
			"ok",
			"paused",
			"warning",
			"late",
			"running",
			"stale",
			"missed",
			"failed",
			"new",
			"stuck",
		];
		expect(
			states
				.map((state) => job(state, state))
				.sort(compareNeeds)
				.map(({ slug }) => slug),
		).toEqual(["failed", "missed", "stuck", "stale", "late", "warning", "running", "new", "ok", "paused", "archived"]);
	});
});

describe("how jobs are called", () => {
	const ref = (name: string, host: string) => ({ slug: `${name}-${host}`, name, host });
	const names = (...jobs: ReturnType<typeof aJob>[]) => verdictJobs(jobs).map(({ name }) => name);

	test("by title, else by name, with the host where two share it", () => {
		expect(names(aJob(ref("etc", "a")), aJob(ref("etc", "b")), aJob(ref("db", "a")))).toEqual([
			"etc (a)",
			"etc (b)",
			"db",
		]);
		expect(names(aJob(ref("etc", "a"), 0, { title: "Settings" }))).toEqual(["Settings"]);
	});

	test("the only job of scripts that name none has no name", () => {
		expect(names(aJob(ref("default", "")))).toEqual([""]);
		expect(names(aJob(ref("default", "")), aJob(ref("b", "")))).toEqual(["default", "b"]);
	});

	test("a schedule that is only assumed is no plan", () => {
		expect(verdictJobs([aJob(ref("a", ""), 0, { source: "assumed" })])[0]?.isPlanned).toBe(false);
		expect(verdictJobs([aJob(ref("a", ""))])[0]?.isPlanned).toBe(true);
	});
});
