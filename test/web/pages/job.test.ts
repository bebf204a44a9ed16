// The page of one job, as HTML: what it says in each state, what can be done there, and that data stays data.
import { describe, expect, test } from "bun:test";
import { assets } from "#assets";
import type { JobPage, JobPoint } from "../../../src/job-page.ts";
import { ladderOf } from "../../../src/ladder.ts";
import { dayOf } from "../../../src/time.ts";
import { decimal } from "../../../src/units.ts";
import { jobLive, jobPage, noJobPage } from "../../../src/web/pages/job.ts";
import { jobChartData, usualBand } from "../../../src/web/pages/job-chart-data.ts";
import { jobPath } from "../../../src/web/pages/job-parts.ts";
import { aJudgement, anAlert, now, sampleJob } from "./sample-job.ts";
import { aFailure, aRun } from "./sample-overview.ts";

const day = 86_400_000;
const page = (over: Partial<JobPage> = {}) => jobPage(sampleJob(over), { theme: "auto", units: decimal }).text;
/** What a reader sees: no tags, and every space an ordinary one. */
const words = (text: string) =>
	text
		.replace(/<script[\s\S]*?<\/script>/g, "")
		.replace(/<[^>]*>/g, " ")
		.replaceAll("\u00a0", " ")
		.replace(/&#39;|&#x27;/g, "'")
		.replace(/\s+/g, " ")
		.replace(/ (?=[.,:;])/g, "");
const calm = ladderOf({
	judgement: aJudgement(),
	lastGoodAt: now,
	plausibility: { at: now, findings: [], learning: null },
});
const formsOf = (text: string) =>
	[...text.matchAll(/<form method="post" action="([^"]*)"/g)].map(([, action]) => action);

describe("the head", () => {
	test("says state, reason, schedule with its source, and the next five dues", () => {
		const text = words(page({ ladder: calm }));
		expect(text).toContain("docker-volumes OK");
		expect(text).toContain("The run of 02:00 ended well after 30 min 35 s.");
		expect(text).toContain("Daily at 02:00 \u00b1 6 min, learned from 40 runs");
		expect(text).toContain("Next due tomorrow 02:00");
		expect(
			page()
				.match(/<p class="dues">.*?<\/p>/)?.[0]
				.match(/<time/g)?.length,
		).toBe(5);
	});

	test("the window's title repeats the state", () => {
		expect(page({ ladder: calm })).toContain("<title>docker-volumes: OK \u00b7 Backup Monitor</title>");
	});

	test("the worse of state and ladder is what it shows", () => {
		expect(words(page())).toContain("docker-volumes Unusual");
		const present = { state: "failed" as const, at: now, sentence: "The newest backup is not in the remote." };
		expect(words(page({ ladder: { ...calm, present } }))).toContain("docker-volumes Not in the remote");
		expect(words(page({ judgement: aJudgement({ state: "missed" }), ladder: calm }))).toContain(
			"docker-volumes Missed",
		);
	});

	test("a job can be paused for a span, until its next run or a date, or archived; a paused one resumed", () => {
		const usual = page();
		expect(formsOf(usual)).toContain("/jobs/docker-volumes/pause");
		for (const until of ["1d", "7d", "next-run"]) expect(usual).toContain(`name="until" value="${until}"`);
		expect(usual).toContain('type="date"');
		expect(formsOf(usual)).toContain("/jobs/docker-volumes/archive");
		const paused = formsOf(page({ pausedUntil: Number.POSITIVE_INFINITY, judgement: aJudgement({ state: "paused" }) }));
		expect(paused).toContain("/jobs/docker-volumes/resume");
		expect(paused).not.toContain("/jobs/docker-volumes/pause");
		const archived = formsOf(page({ archivedAt: now - day, judgement: aJudgement({ state: "archived" }) }));
		expect(archived).toContain("/jobs/docker-volumes/unarchive");
		expect(archived.filter((action) => /pause|resume|fix|expected|learn/.test(action ?? ""))).toEqual([]);
	});

	test("a learned schedule can be fixed, a fixed one learned again, the configuration's is what it is", () => {
		const from = (source: "learned" | "stored" | "file" | "assumed") => {
			const judgement = aJudgement();
			return formsOf(page({ judgement: { ...judgement, plan: { ...judgement.plan, source } } }));
		};
		expect(from("learned")).toContain("/jobs/docker-volumes/fix-schedule");
		expect(from("stored")).toContain("/jobs/docker-volumes/learn-schedule");
		for (const source of ["file", "assumed"] as const) {
			expect(from(source).filter((action) => /schedule/.test(action ?? ""))).toEqual([]);
		}
	});

	test("every form leads back to the page as it is shown", () => {
		const text = page({ range: "365", asked: { older: "abc-1", newer: null } });
		const paths = [...text.matchAll(/name="path" value="([^"]*)"/g)].map(([, path]) => path);
		expect(paths.length).toBeGreaterThan(4);
		expect(new Set(paths)).toEqual(new Set(["/jobs/docker-volumes?range=365&amp;older=abc-1"]));
	});
});

describe("the ladder", () => {
	const rung = (text: string, name: string) =>
		text.match(new RegExp(`<li class="card rung" data-rung="${name}"[\\s\\S]*?</li>`))?.[0] ?? "";

	test("a rung that was never set up is hollow, says so, and leads to where it is set up", () => {
		for (const [name, href] of [
			["present", "/inventory"],
			["restorable", "/restore"],
		] as const) {
			const found = rung(page(), name);
			expect(found).toContain("data-hollow");
			expect(words(found)).toContain("not set up");
			expect(found).toContain(`href="${href}"`);
		}
	});

	test("a failed run keeps the last proof with its age, and leads to what went wrong", () => {
		const judgement = aJudgement({ state: "failed", reason: "Failed after 6 min 34 s: i/o timeout." });
		const ladder = ladderOf({
			judgement,
			lastGoodAt: now - 29 * 3_600_000,
			plausibility: { at: now - 29 * 3_600_000, findings: [], learning: null },
		});
		const text = page({ judgement, ladder, finished: aFailure({ id: 77 }) });
		expect(words(rung(text, "ran"))).toContain("The last good run was 29 h ago");
		expect(rung(text, "ran")).toContain('href="/runs/77"');
		expect(words(rung(text, "plausible"))).toContain("proven Does it look like its past?");
		expect(words(rung(text, "plausible"))).toContain("29 h ago");
	});

	test("what is unusual can be marked as expected", () => {
		expect(formsOf(rung(page(), "plausible"))).toEqual(["/jobs/docker-volumes/expected"]);
		expect(formsOf(rung(page({ ladder: calm }), "plausible"))).toEqual([]);
	});
});

describe("facts and alerts", () => {
	test("five facts, from numbers of good runs alone", () => {
		const facts = words(page().match(/<dl class="card facts five"[\s\S]*?<\/dl>/)?.[0] ?? "");
		expect(facts).toContain("Last good backup 5 h 11 min ago");
		expect(facts).toContain("Next due in 18 h tomorrow 02:00, missed after 02:30");
		expect(facts).toContain("Size 3.74 GB +9.7 % in 30 days");
		expect(facts).toContain("Success, 30 days 90.0 % 27 of 30 runs, 3 failed");
	});

	test("a slot that has passed is said to be due, and counted as missed when its grace is over", () => {
		const dueAt = now - 20 * 60_000;
		const late = aJudgement({ state: "late", dueAt, deadlineAt: now + 10 * 60_000 });
		expect(words(page({ judgement: late }))).toContain("Was due 20 min ago counts as missed after 07:52");
		const missed = aJudgement({ state: "missed", dueAt, deadlineAt: now - 60_000 });
		expect(words(page({ judgement: missed }))).toContain("Was due 20 min ago it was due today 07:22");
	});

	test("a job that has never run has no zeros and no empty charts, but says what to do", () => {
		const judgement = aJudgement({ state: "new", reason: "No run yet.", dueAt: null, deadlineAt: null });
		const ladder = ladderOf({ judgement, lastGoodAt: null, plausibility: null });
		const nothing = { finished: null, good: null, lastGoodAt: null, recentGood: [], alerts: [], nextDues: [] };
		const text = words(
			page({
				...nothing,
				judgement,
				ladder,
				month: { runs: 0, succeeded: 0, failed: 0 },
				counts: { success: 0, warning: 0, failure: 0 },
				series: { per: "run", points: [] },
				calendar: { from: dayOf(now, "UTC") - 377, days: [] },
				shown: { runs: [], newer: null, older: null },
			}),
		);
		for (const said of ["No backup of this job has ended yet", "Lines that report this job", "No run is kept"]) {
			expect(text).toContain(said);
		}
		expect(text).not.toContain("Show as a table");
		expect(text).not.toMatch(/NaN|Infinity|undefined|null/);
	});

	test("an open alert says why and since when, and can be acknowledged and snoozed", () => {
		const text = page();
		expect(words(text)).toContain("Unusual phase today 02:30. Upload took 16 min 57 s, usually 8 min 59 s.");
		expect(formsOf(text)).toContain("/alerts/7/acknowledge");
		expect(formsOf(text)).toContain("/alerts/7/snooze");
		const quiet = page({ alerts: [anAlert({ acknowledgedAt: now - 60_000, snoozedUntil: now + day })] });
		expect(formsOf(quiet)).not.toContain("/alerts/7/acknowledge");
		expect(words(quiet)).toContain("Acknowledged 1 min ago, until it is over. Snoozed until tomorrow");
	});

	test("an alert that is over tells how long it took and why it ended", () => {
		expect(words(page())).toContain("Failed run Sat 14 Nov, 02:00, over after 1 d: The next run succeeded.");
	});

	test("a slow change is one sentence, and a steady job has none", () => {
		expect(words(page())).toContain("Upload went from");
		expect(page({ recentGood: [] })).not.toContain('aria-label="A slow change"');
	});
});

describe("charts", () => {
	const point = (at: number, over: Partial<JobPoint> = {}): JobPoint => ({
		at,
		runs: 1,
		failed: 0,
		duration: 600,
		size: 1e9,
		bytesAdded: null,
		phases: [{ name: "upload", seconds: 500 }],
		...over,
	});
	const columns = (points: JobPoint[], per: "run" | "day" | "week" = "run") =>
		jobChartData({ series: { per, points }, now, zone: "UTC" }, decimal).job;

	test("every column is as long as the labels, and a failure is a mark, never a dip", () => {
		const { job } = jobChartData(sampleJob(), decimal);
		const all = [
			job.titles,
			job.runs,
			job.failed,
			job.duration,
			job.low,
			job.high,
			job.size,
			job.added,
			...job.phases.map((phase) => phase.seconds),
		];
		expect(new Set(all.map((column) => column.length))).toEqual(new Set([job.labels.length]));
		const failedAt = job.failed.findIndex((count) => count > 0);
		expect([job.duration[failedAt], job.size[failedAt], job.added[failedAt]]).toEqual([null, null, null]);
	});

	test("days without a run keep their place, also after the last one", () => {
		const first = now - 6 * day;
		const { runs } = columns([point(first), point(first + day), point(first + 3 * day)]);
		expect(runs).toEqual([1, 1, 0, 1, 0, 0]);
	});

	test("the usual band knows only what was before, and is never a thin line", () => {
		const band = usualBand([100, 100, 100, 100, 100, 300, 100]);
		expect(band.slice(0, 5)).toEqual([null, null, null, null, null]);
		expect(band[5]).toEqual({ low: 92, high: 108 });
		expect(band[6]?.high).toBe(200);
	});

	test("time that no phase accounts for, and phases beyond the sixth, are shown as such", () => {
		const phases = Array.from({ length: 9 }, (_, i) => ({ name: `p${i}`, seconds: 10 * (9 - i) }));
		const { phases: shown } = columns([point(now - day, { duration: 600, phases })]);
		expect(shown.map(({ name }) => name)).toEqual([
			"p0",
			"p1",
			"p2",
			"p3",
			"p4",
			"p5",
			"other phases",
			"not in a phase",
		]);
		expect(shown.at(-2)?.seconds).toEqual([60]);
		expect(shown.at(-1)?.seconds).toEqual([150]);
	});

	test("each chart can be read as a table, and the added bytes are drawn where they are known", () => {
		const text = page();
		for (const name of ["Duration", "Duration by phase", "Size and what was added"]) {
			expect(text).toContain(`aria-label="${name} as a table"`);
		}
		expect(text).toContain('data-chart="job-added"');
		expect(page({ series: { per: "day", points: [point(now - day)] } })).not.toContain('data-chart="job-added"');
	});
});

describe("the year", () => {
	const spoken = (over: Partial<JobPage> = {}) =>
		words(page(over).match(/<p class="sr">(Of the last year[\s\S]*?)<\/p>/)?.[1] ?? "");

	test("is told to those who cannot see it", () => {
		expect(spoken()).toContain("314 days good, 1 with a warning, 5 with a failure, 1 missed.");
		expect(spoken()).toContain("14 Nov: 1 of 1 run failed");
	});

	test("a day without a run is missed only where one was due, and never before the job began", () => {
		expect(spoken({ dueDays: null })).toContain("0 missed");
		const today = dayOf(now, "Europe/Berlin");
		// Due late in the evening, begun after midnight.
		const overnight = new Map([[today - 140, today - 139]]);
		expect(spoken({ dueDays: overnight })).toContain("0 missed");
	});

	test("marks the thirds before the job's first day, which a phone leaves out", () => {
		const bare = (text: string) => text.match(/<svg class="calendar" data-bare/g)?.length ?? 0;
		expect(bare(page())).toBe(0);
		const { calendar } = sampleJob();
		const days = calendar.days.filter(({ day }) => day > dayOf(now, "Europe/Berlin") - 30);
		const young = page({ calendar: { ...calendar, days }, dueDays: null });
		expect(young.match(/<svg class="calendar"/g)).toHaveLength(3);
		expect(bare(young)).toBe(2);
	});

	test("has a legend for every state, none due included", () => {
		const text = words(page());
		for (const word of ["good", "with a warning", "a run failed", "due, and none came", "none due"])
			expect(text).toContain(word);
	});
});

describe("the runs", () => {
	test("each leads to its page, a failure in its own words, and pages go both ways", () => {
		const text = page({ shown: { runs: [aRun({ id: 5 }), aFailure({ id: 4 })], newer: "n-1", older: "o-1" } });
		expect(text).toContain('href="/runs/5"');
		expect(words(text)).toContain("rclone: dial tcp 203.0.113.9:443: i/o timeout");
		expect(text).toContain('href="/jobs/docker-volumes?older=o-1#runs"');
		expect(text).toContain('href="/jobs/docker-volumes?newer=n-1#runs"');
		expect(text).toContain('href="/runs?job=docker-volumes"');
	});

	test("a run that is no backup says what it was", () => {
		expect(page({ shown: { runs: [aRun({ kind: "restore_test" })], newer: null, older: null } })).toContain(
			"restore test</span>",
		);
	});
});

describe("settings and addresses", () => {
	test("rules say where they come from", () => {
		const text = words(page());
		expect(text).toContain("May begin late by 30 min from its runs");
		expect(text).toContain("Sensitivity balanced default");
		const settings = {
			name: "docker-volumes",
			title: "Volumes of the Pi",
			host: null,
			labels: {},
			schedule: null,
			startGrace: 2700,
			maxRuntime: null,
			minSize: 1e7,
			maxSize: null,
			sensitivity: "strict" as const,
			warningExitCodes: [1, 3],
			parent: "nas-online",
			keep: { daily: 7, weekly: 4 },
			rpo: 93_600,
			rto: 28_800,
			inventory: null,
		};
		const told = words(page({ settings, title: settings.title }));
		for (const said of [
			"Volumes of the Pi",
			"at least 10.0 MB configured",
			"strict",
			"1, 3",
			"nas-online",
			"7 daily, 4 weekly",
			"1 d 2 h old",
			"8 h",
		]) {
			expect(told).toContain(said);
		}
	});

	test("the job's own addresses stand there only where they are no secret", () => {
		expect(page()).toContain("backup-monitor token --job docker-volumes");
		const open = page({
			addresses: { isShown: true, uuidUrl: "http://pi/ping/u-1", kumaUrl: "http://pi/api/push/k-1" },
		});
		expect(open).toContain("http://pi/ping/u-1");
		expect(open).not.toContain("backup-monitor token");
	});
});

describe("the page", () => {
	test("holds no inline script or style, and its forms lead only to itself", () => {
		const text = page();
		expect(text).not.toMatch(/<style|\sstyle=|\son\w+=/);
		for (const [tag] of text.matchAll(/<script[^>]*>/g))
			expect(tag).toMatch(/src="\/assets\/|type="application\/json"/);
		for (const action of formsOf(text)) expect(action).toStartWith("/");
	});

	test("with all that it loads it is at most 110 KB, compressed", () => {
		const loaded = assets.filter(({ name }) => ["app.css", "app.js", "charts.js", "favicon.svg"].includes(name));
		expect(loaded.length).toBe(4);
		const bytes = loaded.reduce((sum, { base64 }) => sum + Buffer.from(base64, "base64").length, 0);
		expect(bytes + Bun.gzipSync(page()).length).toBeLessThanOrEqual(110 * 1024);
	});

	test("data of any kind stays data", () => {
		const evil = `</script><img src=x onerror=alert(1)>"'`;
		const run = aFailure({ backupId: evil, errorMessage: evil, phases: [{ name: evil, seconds: 3 }] });
		const good = aRun({ phases: [{ name: evil, seconds: 3 }] });
		const text = page({
			job: { id: 1, name: evil, host: evil, slug: "job-1a2b3c", createdAt: 0 },
			title: evil,
			labels: { [evil]: evil },
			judgement: aJudgement({ reason: evil }),
			alerts: [anAlert({ sentence: evil }), anAlert({ id: 3, sentence: evil, resolution: evil, resolvedAt: now })],
			shown: { runs: [run, good], newer: null, older: null },
			recentGood: [good],
			series: {
				per: "run",
				points: [{ at: now - day, runs: 1, failed: 0, duration: 9, size: 1, bytesAdded: 1, phases: good.phases }],
			},
			addresses: { isShown: false, command: evil },
		});
		expect(text).not.toContain("<img");
		expect(text).not.toContain(`</script><`);
		expect(text.match(/<script/g)?.length).toBe(3);
	});

	test("asks for itself with its own period and place in the list", () => {
		const { text } = jobLive(sampleJob({ range: "7", asked: { older: "o-1", newer: null } }), { units: decimal });
		expect(text).toContain('hx-get="/jobs/docker-volumes?range=7&amp;older=o-1" hx-trigger="bm:tick from:body"');
	});

	test("an address without a job has a page with a way back", () => {
		const { problems, source, zone, retentionDays } = sampleJob();
		const { text } = noJobPage({ now, zone, problems, source, retentionDays }, "auto");
		expect(words(text)).toContain("No job has this address");
		expect(text).toContain('<a class="button" href="/">');
	});

	test("an address says only what differs from the default", () => {
		expect(jobPath("nas", { range: "90" })).toBe("/jobs/nas");
		expect(jobPath("nas", { range: "all", older: "a-1" })).toBe("/jobs/nas?range=all&older=a-1");
	});
});
