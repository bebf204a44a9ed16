// The overview's HTML: what it says, what it never says, and that nothing of it can run.
import { describe, expect, test } from "bun:test";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { everyJob, type Overview } from "../../../src/overview.ts";
import { setupLine, setupScript } from "../../../src/setup-commands.ts";
import { shellWord } from "../../../src/setup-values.ts";
import { decimal } from "../../../src/units.ts";
import { overviewLive, overviewPage } from "../../../src/web/pages/overview.ts";
import { aFailure, aJob, anAlert, aRun, emptyOverview, now, sampleOverview } from "./sample-overview.ts";

const aRef = { slug: "a", name: "a", host: "" };
const options = { theme: "auto" as const, units: decimal };

function write(data: Overview): string {
	return overviewPage(data, options).text.replaceAll("\u00a0", " ");
}

/** What a reader sees of a piece of HTML. */
function words(text: string): string {
	return text
		.replace(/<[^>]+>/g, " ")
		.replace(/\s+/g, " ")
		.trim();
}

function card(text: string, label: string): string {
	return words(new RegExp(`<dt>${label}</dt>.*?</div>`, "s").exec(text)?.[0] ?? "");
}

describe("the page", () => {
	const text = write(sampleOverview());

	test("has the six cards of the original, each with its change", () => {
		expect(card(text, "Total backups")).toBe("Total backups 177 \u22127 \u00b7 172 succeeded");
		expect(card(text, "Success rate")).toBe("Success rate 97.2 % \u22121.2 points \u00b7 172 of 177");
		expect(card(text, "Average duration")).toBe("Average duration 23 min 40 s +3.2 % \u00b7 longest 53 min 10 s");
		expect(card(text, "Average size")).toBe("Average size 259 GB +4.4 % \u00b7 successful runs");
		expect(card(text, "Failed")).toBe("Failed 5 +2 \u00b7 newest 6 h ago");
		expect(card(text, "Average throughput")).toBe("Average throughput 41.2 MB/s \u22121.9 % \u00b7 successful runs");
	});

	test("says so where no run had a figure, instead of an empty axis", () => {
		const point = { at: now, runs: 1, failed: 1, duration: null, size: null, throughput: null, runId: 1 };
		const bare = write(sampleOverview({ series: { per: "day", points: [point] } }));
		for (const id of ["duration", "size", "throughput"]) expect(bare).not.toContain(`data-chart="${id}"`);
		expect(bare.match(/Nothing to draw yet/g)).toHaveLength(3);
	});

	test("with several jobs what is protected together stands before the average of unlike jobs", () => {
		expect(card(text, "Total protected size")).toBe("Total protected size 1.57 TB newest good backup of each job");
		expect(text.indexOf("Total protected size")).toBeLessThan(text.indexOf("Average size"));
		expect(write(sampleOverview({}, 1))).not.toContain("Total protected size");
	});

	test("has every chart of the original, each with the same numbers in a table or list", () => {
		for (const id of ["duration", "size", "throughput", "trend"]) {
			expect(text).toContain(`data-chart="${id}"`);
			expect(text).toContain(`id="${id}-table"`);
		}
		expect(text).toContain('<div class="doughnut"><svg ');
		expect(words(/<ul class="phase-list">.*?<\/ul>/s.exec(text)?.[0] ?? "")).toContain(
			"upload 16 min 57 s 55 % \u00b7 usually 8 min 57 s",
		);
		expect(words(/id="size-table".*?<\/details>/s.exec(text)?.[0] ?? "")).toContain("23 Nov 262 GB 1 failed");
		expect(words(/<table class="averages">.*?<\/table>/s.exec(text)?.[0] ?? "")).toContain(
			"upload 6.40 MB/s 8 min 57 s",
		);
	});

	test("F7: the ring is whole, each phase in its colour, which is never that of a failure, with its words on hover", () => {
		const ring = /<div class="doughnut"><svg.*?<\/svg>/s.exec(text)?.[0] ?? "";
		const arcs = [
			...ring.matchAll(/data-colour="(\d)" stroke-dasharray="([\d.]+) 100" stroke-dashoffset="(-?[\d.]+)"/g),
		];
		expect(arcs.map(([, colour]) => colour)).toEqual(["1", "2", "3", "4"]);
		const gap = 0.7;
		for (const [i, [, , length, offset]] of arcs.entries()) {
			const next = i + 1 < arcs.length ? -Number(arcs[i + 1]?.[3]) : 100;
			const end = -Number(offset) + Number(length);
			expect(Math.abs(next - end)).toBeLessThan(gap + 0.5);
		}
		expect(words(ring)).toContain("upload: 16 min 57 s, 55 %");
	});

	test("stays inside its policy: no style, no handler, no script text, no foreign address", () => {
		expect(text).not.toMatch(/\sstyle=|\son\w+=|<style|javascript:|\bhx-on|https?:\/\//i);
		for (const [, body] of text.matchAll(/<script(?![^>]*application\/json)[^>]*>(.*?)<\/script>/gs))
			expect(body).toBe("");
	});

	test("keeps its filter when it refreshes, and the fragment is the same region with a title", () => {
		const data = sampleOverview({ range: "90", job: { slug: "photos-borg", name: "photos-borg", host: "" } });
		const fragment = overviewLive(data, options).text;
		expect(fragment).toStartWith('<title>1\u00a0failed \u00b7 Backup Monitor</title><div id="live"');
		expect(fragment).toContain('hx-get="/?job=photos-borg&amp;range=90"');
		expect(overviewPage(data, options).text).toContain(fragment.slice(fragment.indexOf("<div")));
	});

	test("links and forms work without script", () => {
		expect(text).toContain('<a id="range-90" href="/?range=90"');
		expect(text).toMatch(/<form class="filter" role="search"[^>]* method="get" action="\/"/);
		expect(text).toMatch(/<form class="filter" method="get" action="\/"/);
		expect(text).toMatch(/<form method="post" action="\/alerts\/1\/acknowledge"/);
		expect(text).toMatch(/<form method="post" action="\/refresh"/);
		expect(text).toMatch(/<form method="post" action="\/theme"/);
	});

	test("writes the stored theme, so that nothing flashes", () => {
		expect(overviewPage(sampleOverview(), { ...options, theme: "dark" }).text).toContain(
			'<html lang="en" data-theme="dark">',
		);
		expect(text).toContain('<html lang="en">');
	});

	test("every id is given once", () => {
		const ids = [...text.matchAll(/\sid="([^"]+)"/g)].map(([, id]) => id);
		expect(ids.filter((id, i) => ids.indexOf(id) !== i)).toEqual([]);
	});
});

describe("faults of the original stay away", () => {
	test("F4: green is for 100 % alone, 86.7 is not cut to 86, and an empty system has no rate", () => {
		const rate = (succeeded: number, runs: number) => {
			const base = sampleOverview();
			const text = write({
				...base,
				totals: { ...base.totals, runs, succeeded, failed: runs - succeeded },
				before: null,
			});
			return [
				/<dt>Success rate<\/dt><dd class="figure"(?: data-state="(\w+)")?>/.exec(text)?.[1],
				card(text, "Success rate"),
			];
		};
		expect(rate(26, 30)).toEqual(["failed", "Success rate 86.7 % 26 of 30"]);
		expect(rate(29, 30)).toEqual(["warning", "Success rate 96.7 % 29 of 30"]);
		expect(rate(30, 30)).toEqual(["ok", "Success rate 100 % 30 of 30"]);
		expect(rate(0, 0)).toEqual([undefined, "Success rate \u2013 nothing to count"]);
	});

	test("F6: an empty system says what to do and shows no empty figures", () => {
		const text = write(emptyOverview());
		expect(text).toContain("Waiting for your first backup");
		expect(text).toContain("&gt;&gt; /data/metrics.jsonl");
		expect(text).not.toMatch(/<canvas|class="cards"/);
	});

	test("F8: what scripts report stays text", () => {
		const evil = `</script><img src=x onerror="window.__pwn=1">`;
		const run = aFailure({
			job: evil,
			slug: "evil",
			backupId: evil,
			errorCategory: evil,
			errorMessage: evil.repeat(20),
		});
		const good = aRun({ job: evil, slug: "evil", host: evil, backupId: evil, phases: [{ name: evil, seconds: 3 }] });
		const jobs = [
			{ slug: "evil", name: evil, host: evil },
			{ slug: "evil-2", name: evil, host: "b" },
		];
		const text = write(
			sampleOverview({
				jobs,
				judged: [
					aJob(jobs[0] ?? aRef, 0, { state: "failed", reason: evil, title: evil, labels: { [evil]: evil } }),
					aJob(jobs[1] ?? aRef, 1, { host: evil }),
				],
				alerts: [anAlert({ slug: "evil", sentence: evil })],
				filter: { ...everyJob, host: evil, label: evil, text: evil },
				newest: good,
				recent: [run, good],
				failures: [run],
				trend: [{ week: "2026-11-16", category: evil, count: 1 }],
				rejected: { total: 1, lines: [{ id: 1, source: evil, line: 1, reason: evil, text: evil, seenAt: now }] },
				problems: [{ id: evil, severity: "warning", title: evil, detail: evil }],
				source: { path: evil, checkedAt: now, lines: 1 },
			}),
		);
		expect(text).not.toContain("<img");
		expect(text.match(/<\/script>/g)).toHaveLength(3);
		expect(write(emptyOverview({ source: { path: evil, checkedAt: null, lines: 0 } }))).not.toContain("<img");
	});

	test("F9: the zone is named", () => {
		expect(write(sampleOverview())).toContain("Times in Europe/Berlin (CET, UTC+1)");
	});

	test("F10: a page without news for 20 days says so, and is not green", () => {
		const job = aJob(aRef, 0, { source: "assumed" });
		const text = write(sampleOverview({ alerts: [], judged: [{ ...job, lastGoodAt: now - 20 * 86_400_000 }] }));
		expect(words(/<h1.*?<\/h1>/s.exec(text)?.[0] ?? "")).toBe("No new backup for 20 d");
		expect(text).toContain('<section class="card verdict" data-state="old"');
	});

	test("F11: one main landmark, one h1, a language, a skip link", () => {
		for (const data of [sampleOverview(), emptyOverview()]) {
			const text = write(data);
			expect(text.match(/<main/g)).toHaveLength(1);
			expect(text.match(/<h1/g)).toHaveLength(1);
			expect(text).toContain('<a class="skip" href="#main">');
		}
	});
});

describe("troubles", () => {
	const problem = {
		id: "disk-full",
		severity: "critical" as const,
		title: "The disk is full.",
		detail: "Free 10 MB on /data.",
	};

	test("of the monitor stand above everything, with what mends them, and nothing is green", () => {
		const text = write(sampleOverview({ problems: [{ ...problem, id: "b", severity: "warning" }, problem] }));
		expect(text.indexOf('data-problem="disk-full"')).toBeLessThan(text.indexOf('data-problem="b"'));
		expect(text.indexOf('data-problem="b"')).toBeLessThan(text.indexOf("<main"));
		expect(text).toContain("Free 10 MB on /data.");
		expect(text).toContain("I cannot tell: the disk is full");
		expect(/<svg class="ring".*?<\/svg>/s.exec(text)?.[0]).not.toContain('data-state="ok"');
	});

	test("with lines are grouped by reason, newest first, with file, line and text; also before the first run", () => {
		const line = (id: number, reason: string) => ({
			id,
			source: "/data/metrics.jsonl",
			line: 40 + id,
			reason,
			text: `{"n":${id}}`,
			seenAt: now - 1000,
		});
		const rejected = { total: 12, lines: [line(3, "no backup_id"), line(2, "not JSON"), line(1, "no backup_id")] };
		for (const data of [sampleOverview({ rejected }), emptyOverview({ rejected })]) {
			const text = words(/id="rejected".*?<\/section>/s.exec(write(data))?.[0] ?? "");
			expect(text).toContain("12 lines could not be read");
			expect(text).toContain("no backup_id 2 lines newest: /data/metrics.jsonl , line 43");
			expect(text).toContain("not JSON /data/metrics.jsonl , line 42");
		}
	});

	test("a period without a run says so and offers a longer one", () => {
		const base = emptyOverview();
		const text = write({
			...sampleOverview(),
			totals: base.totals,
			before: null,
			series: base.series,
			newest: null,
			recent: [],
			failures: [],
			trend: [],
		});
		expect(text).toContain("No finished run in this period");
		expect(text).toContain('href="/?range=all"');
	});
});

describe("the first card", () => {
	const facts = (text: string) => [...text.matchAll(/<div><dt>.*?<\/div>/gs)].slice(0, 3).map(([fact]) => words(fact));

	test("says how much would be lost, that a restore was never tried, and what runs", () => {
		expect(facts(write(sampleOverview()))).toEqual([
			"Oldest recovery point 30 h ago postgres-dump . The others: 25 h or newer",
			"Time to restore everything never tested not set up: record a restore",
			"Running now photos-borg , 26 min of \u2248 32 min then postgres-dump , tomorrow 01:30",
		]);
	});

	test("measures the oldest copy against what may be lost", () => {
		const job = { ...aJob(aRef), rpo: 3600 };
		expect(facts(write(sampleOverview({ judged: [job], alerts: [] })))[0]).toContain("a may lose at most 1 h");
		const none = { ...aJob(aRef, 0, { state: "failed" }), lastGoodAt: null, good: null };
		expect(facts(write(sampleOverview({ judged: [none], alerts: [] })))[0]).toBe(
			"Oldest recovery point none yet a has no good backup on record",
		);
	});

	test("counts the restores that were tried where one was not", () => {
		const jobs = [1, 2, 3].map((i) => ({
			...aJob({ slug: `j${i}`, name: `j${i}`, host: "" }, i),
			restore: { seconds: 600, testedAt: i === 3 ? null : now - 86_400_000 },
			rto: null,
		}));
		const text = write(sampleOverview({ jobs, judged: jobs, restore: { seconds: 1800, testedAt: null } }));
		expect(facts(text)[1]).toEndWith("2 of 3 jobs tested");
	});

	test("says the time of a restore as roughly as an estimate is known", () => {
		const text = write(sampleOverview({ restore: { seconds: 42_600, testedAt: now - 12 * 86_400_000 } }));
		expect(facts(text)[1]).toBe("Time to restore everything \u2248 12 h last tested 12 d ago");
	});

	test("goes on from the job's name where a run failed", () => {
		const sentence = "Failed Sat 28 Nov 02:30 after 4 min: rclone: i/o timeout.";
		const text = write(sampleOverview({ alerts: [anAlert({ slug: "postgres-dump", kind: "failed", sentence })] }));
		expect(words(/<li class="alert".*?<\/li>/s.exec(text)?.[0] ?? "")).toStartWith(
			"critical: postgres-dump failed Sat 28 Nov 02:30 after 4 min: rclone: i/o timeout.",
		);
	});

	test("has a line for each alert with what can be done, and for troubles without one", () => {
		const jobs = [
			aJob({ slug: "photos", name: "photos", host: "" }, 0, {
				oddity: { kind: "size", severity: "critical", isLess: true },
			}),
			aJob({ slug: "late", name: "late", host: "" }, 1, {
				state: "late",
				reason: "Due today 02:00 and not started yet.",
			}),
		];
		const alerts = [
			anAlert({ id: 4, slug: "photos", kind: "size", sentence: "41 MB, usually 402 MB." }),
			anAlert({
				id: 5,
				slug: null,
				kind: "channel_broken",
				severity: "warning",
				sentence: "Refused.",
				runId: null,
				acknowledgedAt: now,
			}),
		];
		const text = write(sampleOverview({ jobs, judged: jobs, alerts, channels: 0 }));
		const lines = [...text.matchAll(/<li class="alert.*?<\/li>/gs)].map(([line]) => words(line));
		expect(lines).toHaveLength(4);
		expect(lines[0]).toMatch(
			/^critical: photos is much smaller than usual\. 41 MB, usually 402 MB\. .*View run.*Snooze 1 day.*Mark as expected.*Acknowledge/,
		);
		expect(lines[1]).toBe("late is late. Due today 02:00 and not started yet. View job late");
		expect(lines[2]).toBe("warning: Backup Monitor Refused. acknowledged until it is over");
		expect(lines[3]).toContain("No channel is set up");
		expect(text).toContain('action="/jobs/photos/expected"');
		expect(words(/<h1.*?<\/h1>/s.exec(text)?.[0] ?? "")).toBe("photos is much smaller than usual and late is late");
	});
});

describe("the jobs", () => {
	const rows = (text: string) => [...text.matchAll(/<div class="job-row".*?<\/div>/gs)].map(([row]) => words(row));

	test("keep the order of the ladder, whichever rungs are not set up", () => {
		const job = aJob({ slug: "a", name: "a", host: "" });
		const tried = { state: "ok" as const, at: now, sentence: "It was restored." };
		const hollow = { state: "not_set_up" as const, at: null, sentence: "Nobody has looked into the remote." };
		const ladder = { ...job.ladder, present: hollow, restorable: tried };
		const text = write(sampleOverview({ jobs: [job], judged: [{ ...job, ladder }] }));
		const marks = /<span class="rungs">.*?<\/a><\/span>/s.exec(text)?.[0] ?? "";
		const order = [...words(marks).matchAll(/(\w+): (?:proven|not set up)/g)].map(([, name]) => name);
		expect(order).toEqual(["ran", "plausible", "present", "restorable"]);
		expect([...marks.matchAll(/<a href="([^"]+)"/g)].map(([, href]) => href)).toEqual([
			"/jobs/a",
			"/setup?job=a",
			"/jobs/a",
		]);
	});

	test("stand in one row each: state in a word, what is proven, days, ages, figures", () => {
		const [first = "", second = ""] = rows(write(sampleOverview()));
		expect(first).toStartWith("Failed: postgres-dump Failed pi4 ran: not so, last good 30 h ago plausible: proven");
		expect(first).toContain("present: not set up restorable: not set up");
		expect(first).toContain("30 h ago yesterday 01:30 in 17 h tomorrow 01:30");
		const labels = [...write(sampleOverview()).matchAll(/<span class="c-\w+" role="cell" data-label="([^"]*)"/g)];
		expect(labels.slice(0, 5).map(([, label]) => label)).toEqual([
			"Last good",
			"Next due",
			"Size",
			"Duration",
			"Restore",
		]);
		expect(first).toContain("1.85 GB +0.4 % / wk");
		expect(second).toContain("running 26 min usually 32 min 48 s");
		expect(write(sampleOverview())).toContain("Last 30 days: 28 good; 2 failed (4 Nov, 23 Nov)");
	});

	test("say nothing of days that are simply good, and something of every other day", () => {
		const strip = /<svg class="strip".*?<\/svg>/s.exec(write(sampleOverview()))?.[0] ?? "";
		expect(strip.match(/<title>/g)).toHaveLength(2);
		expect(strip).toContain("<title>4\u00a0Nov: failed</title>".replace("\u00a0", " "));
	});

	test("lead to the job, and where nothing is set up to the lines that do it", () => {
		const text = write(sampleOverview());
		expect(text).toContain('<a href="/jobs/postgres-dump"><bdi>postgres-dump</bdi></a>');
		expect(text).toContain('<a href="/setup?job=postgres-dump">');
	});

	const shown = (filter: Partial<Overview["filter"]>) => {
		const text = write(sampleOverview({ filter: { ...everyJob, ...filter } }));
		return { text, names: [...text.matchAll(/class="c-name".*?<bdi>(.*?)<\/bdi>/gs)].map(([, name]) => name) };
	};

	test("are filtered by state, host, label and name, with counts of all", () => {
		expect(shown({ show: "need" }).names).toEqual(["postgres-dump"]);
		expect(shown({ show: "paused" }).names).toEqual(["etc-configs"]);
		expect(shown({ host: "nas" }).names).toEqual(["photos-borg", "nas-restic"]);
		expect(shown({ label: "place=attic" }).names).toEqual(["proxmox-vms"]);
		expect(shown({ text: "RESTIC" }).names).toEqual(["nas-restic"]);
		const { text } = shown({ host: "nas" });
		expect(words(/<nav class="segments" aria-label="Which jobs">.*?<\/nav>/s.exec(text)?.[0] ?? "")).toBe(
			"All 6 Need you 1 Running 1 OK 4 Paused 1",
		);
		expect(text).toContain('hx-get="/?host=nas"');
	});

	test("are cut where they are very many, the worst first, with a way to all of them", () => {
		const count = (filter: Partial<Overview["filter"]>) =>
			write(sampleOverview({ filter: { ...everyJob, ...filter } }, 200)).match(/class="job-row"/g)?.length;
		expect(count({})).toBe(40);
		expect(count({ isWhole: true })).toBe(200);
		expect(write(sampleOverview({}, 200))).toContain('href="/?rows=all"');
		expect(words(write(sampleOverview({}, 200)))).toContain("Show all 200 jobs 160 more, none of them needs you");
		expect(write(sampleOverview({}, 42))).not.toContain("rows=all");
	});

	test("that are hidden are told of, with a way back", () => {
		const { text, names } = shown({ text: "nothing like this" });
		expect(names).toEqual([]);
		expect(words(text)).toContain("No job is like that 6 jobs are hidden by the filter. Show all jobs");
		expect(words(/<h1.*?<\/h1>/s.exec(text)?.[0] ?? "")).toBe("postgres-dump failed");
	});

	test("that are archived are hidden unless they are asked for", () => {
		const judged = [aJob(aRef), aJob({ slug: "b", name: "b", host: "" }, 1, { state: "archived" })];
		const names = (show: "all" | "archived") =>
			[
				...write(sampleOverview({ judged, alerts: [], filter: { ...everyJob, show } })).matchAll(
					/class="c-name".*?<bdi>(.*?)<\/bdi>/gs,
				),
			].map(([, name]) => name);
		expect(names("all")).toEqual(["a"]);
		expect(names("archived")).toEqual(["b"]);
	});
});

describe("last night and tonight", () => {
	test("a lane a job, the worst and soonest first, at most twelve; the same as a list", () => {
		const text = write(sampleOverview({}, 40));
		const card = /<section class="card night-card".*?<\/section>/s.exec(text)?.[0] ?? "";
		const lanes = [...card.matchAll(/<li><a href="\/jobs\/(.*?)">/g)].map(([, slug]) => slug);
		expect(lanes).toHaveLength(12);
		expect(lanes[0]).toBe("postgres-dump");
		expect(words(card)).toContain("12 of 40 jobs");
		expect(words(/<ol class="night-list">.*?<\/ol>/s.exec(card)?.[0] ?? "")).toContain(
			"today 01:30 postgres-dump failed",
		);
		expect(card).toContain('data-mark="expected"');
	});

	test("what is overdue is dashed up to now", () => {
		const judged = [aJob(aRef, 0, { state: "missed", missed: [0, 1] })];
		const text = write(sampleOverview({ judged, alerts: [], night: [] }));
		expect(text).toMatch(
			/<g data-mark="overdue"><title>due .*?, and none came<\/title><rect x="0.00%"[^>]* width="50.00%"/,
		);
	});
});

describe("the line to paste", () => {
	const shells = ["sh", "bash"].filter((shell) => Bun.which(shell));

	test.each(shells)("is one valid run when %s executes it, wherever the file is", async (shell) => {
		const dir = mkdtempSync(join(tmpdir(), "setup line's "));
		const file = join(dir, "metrics.jsonl");
		for (const command of [
			setupLine(file),
			setupScript(file).replace("/etc ||", "/etc/hostname ||").replaceAll("/tmp/etc.tar.gz", "etc.tar.gz"),
		]) {
			expect(await Bun.$`${shell} -c ${command}`.cwd(dir).quiet().nothrow()).toMatchObject({ exitCode: 0 });
		}
		const [first, second] = readFileSync(file, "utf8")
			.trim()
			.split("\n")
			.map((line) => JSON.parse(line));
		expect(first).toMatchObject({ success: true, duration_total: 42, size_bytes: 1048576 });
		expect(first.timestamp).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[+-]\d\d:\d\d$/);
		expect(first.backup_id).toMatch(/^\d{4}-\d\d-\d\d_\d{6}$/);
		expect(second).toMatchObject({ job: "etc", success: true });
		expect(second.size_bytes).toBeGreaterThan(0);
		rmSync(dir, { recursive: true });
	});

	test("leaves a plain path plain", () => {
		expect(setupLine("/data/metrics.jsonl")).toEndWith(">> /data/metrics.jsonl");
		expect(shellWord("/my data/$x.jsonl")).toBe("'/my data/$x.jsonl'");
	});
});

describe("at fifty jobs", () => {
	test("seven jobs are far below 100 KB, and two hundred stay a page", () => {
		expect(overviewPage(sampleOverview({}, 7), options).text.length).toBeLessThan(90_000);
		expect(Bun.gzipSync(overviewPage(sampleOverview({}, 200), options).text).length).toBeLessThan(60_000);
	});

	test("the page is drawn in a few milliseconds and stays small", () => {
		const data = sampleOverview({}, 50);
		const draw = () => overviewPage(data, options).text;
		for (let i = 0; i < 20; i++) draw();
		const times = Array.from({ length: 20 }, () => {
			const from = performance.now();
			draw();
			return performance.now() - from;
		}).sort((a, b) => a - b);
		expect(times[10]).toBeLessThan(15);
	});
});
