// The sentence on top, case by case.
import { describe, expect, test } from "bun:test";
import type { Problem } from "../src/overview.ts";
import type { Outcome, Run } from "../src/run.ts";
import { plainText, verdict } from "../src/verdict.ts";
import { aRun } from "./web/pages/sample-overview.ts";

const now = Date.parse("2026-11-23T06:42:00Z");
const hour = 3_600_000;

function run(job: string, outcome: Outcome, hoursAgo = 5): Run {
	return aRun({ job, slug: job, outcome, startedAt: now - hoursAgo * hour });
}

const ok = (job: string, hoursAgo = 5) => run(job, "success", hoursAgo);
const failed = (job: string, hoursAgo = 5) => run(job, "failure", hoursAgo);
const warned = (job: string) => run(job, "warning");
const running = (job: string) => run(job, "running", 0.5);
const full: Problem = { id: "disk-full", severity: "critical", title: "The disk is full.", detail: "Free some space." };

function say(latest: Run[], problems: Problem[] = []) {
	const said = verdict({ now, job: null, latest, problems });
	return {
		...said,
		text: plainText(said.sentence).replaceAll("\u00a0", " "),
		lead: plainText(said.lead).replaceAll("\u00a0", " "),
	};
}

describe("the verdict", () => {
	const cases: [string, Run[], string, string][] = [
		["no job", [], "empty", "Waiting for your first backup"],
		["one good job", [ok("a")], "ok", "The newest backup succeeded 5 h ago"],
		["all good", [ok("a"), ok("b"), ok("c")], "ok", "All 3 jobs\u2019 newest backups succeeded"],
		["one job failed, alone", [failed("a")], "failed", "The newest backup failed"],
		["one of many failed", [ok("a"), failed("b")], "failed", "b failed"],
		["two failed", [failed("a"), ok("c"), failed("b")], "failed", "a and b failed"],
		["three failed", [failed("a"), failed("b"), failed("c"), ok("d")], "failed", "3 of 4 jobs need you: 3 failed"],
		["one failed, one warned", [warned("a"), failed("b"), ok("c")], "failed", "b failed and a ended with a warning"],
		[
			"two failed, one warned",
			[warned("a"), failed("b"), failed("c")],
			"failed",
			"3 of 3 jobs need you: 2 failed, 1 warning",
		],
		["one warned, alone", [warned("a")], "warning", "The newest backup ended with a warning"],
		["one running", [running("a"), ok("b")], "running", "a is running, the other job\u2019s newest backup succeeded"],
		["first run of all", [running("a")], "running", "a is running"],
		[
			"two running",
			[running("a"), running("b"), ok("c"), ok("d")],
			"running",
			"a and b are running, the other 2 jobs\u2019 newest backups succeeded",
		],
		["three running", [running("a"), running("b"), running("c")], "running", "3 backups are running"],
		[
			"a job that went silent",
			[ok("a"), ok("b", 480)],
			"old",
			"All newest backups succeeded, but b\u2019s is more than 8 days old",
		],
		["nothing anywhere for 20 days", [ok("a", 480), ok("b", 500)], "old", "No new backup for 20 d"],
		["one job, silent for 20 days", [ok("a", 480)], "old", "No new backup for 20 d"],
	];
	test.each(cases)("%s", (_case, latest, state, text) => {
		expect(say(latest)).toMatchObject({ state: state as never, text });
	});

	test("running never hides that the run before failed", () => {
		expect(say([running("a"), failed("a"), ok("b")])).toMatchObject({ state: "failed", text: "a failed" });
	});

	test("a monitor in trouble cannot tell, even where everything is good, and still says what it knew", () => {
		expect(say([ok("a"), failed("b")], [full])).toMatchObject({
			state: "unknown",
			text: "I cannot tell: the disk is full",
			lead: "Last known: b failed.",
			short: "Cannot tell",
		});
		expect(say([], [full]).state).toBe("unknown");
	});

	test("about one job, it names it", () => {
		const about = (latest: Run[]) => {
			const { sentence } = verdict({ now, job: { slug: "a", name: "a", host: "" }, latest, problems: [] });
			return plainText(sentence).replaceAll("\u00a0", " ");
		};
		expect(about([ok("a")])).toBe("The newest backup of a succeeded 5 h ago");
		expect(about([failed("a")])).toBe("a failed");
		expect(about([ok("a", 480)])).toBe("No new backup of a for 20 d");
	});

	test("a warning about the monitor does not change what is known of the backups", () => {
		expect(say([ok("a")], [{ ...full, severity: "warning" }]).state).toBe("ok");
	});

	test("the age of the oldest news is always told", () => {
		expect(say([ok("a", 5), ok("b", 100), failed("c", 7)]).lead).toBe(
			"The other 2 jobs\u2019 newest backups succeeded. Of the newest runs, the oldest is b (4 d 4 h ago), the latest a (5 h ago).",
		);
	});

	test("claims nothing about schedules or copies: it does not know them yet", () => {
		for (const [, latest] of cases) {
			const { text, lead } = say(latest);
			expect(`${text} ${lead}`).not.toMatch(/protect|on time|late\b|missed|safe/i);
		}
	});

	test("names are pieces of their own, so that the page can link and isolate them", () => {
		expect(verdict({ now, job: null, latest: [failed("x"), ok("y")], problems: [] }).sentence).toEqual([
			{ name: "x", slug: "x" },
			" failed",
		]);
	});
});
