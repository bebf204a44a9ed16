// The overview's HTML: what it says, what it never says, and that nothing of it can run.
import { describe, expect, test } from "bun:test";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Overview } from "../../../src/overview.ts";
import { setupLine, setupScript } from "../../../src/setup-commands.ts";
import { shellWord } from "../../../src/setup-values.ts";
import { decimal } from "../../../src/units.ts";
import { overviewLive, overviewPage } from "../../../src/web/pages/overview.ts";
import { aFailure, aRun, emptyOverview, now, sampleOverview } from "./sample-overview.ts";

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

	test("has every chart of the original, each with the same numbers in a table or list", () => {
		for (const id of ["duration", "size", "throughput", "trend"]) {
			expect(text).toContain(`data-chart="${id}"`);
			expect(text).toContain(`id="${id}-table"`);
		}
		expect(text).toContain('data-chart="phases"');
		expect(words(/<ul class="phase-list">.*?<\/ul>/s.exec(text)?.[0] ?? "")).toContain(
			"upload 16 min 57 s 55 % usually 8 min 57 s",
		);
		expect(words(/id="size-table".*?<\/details>/s.exec(text)?.[0] ?? "")).toContain("23 Nov 262 GB 1 failed");
		expect(words(/<table class="averages">.*?<\/table>/s.exec(text)?.[0] ?? "")).toContain(
			"upload 6.40 MB/s 8 min 57 s",
		);
	});

	test("stays inside its policy: no style, no handler, no script text, no foreign address", () => {
		expect(text).not.toMatch(/\sstyle=|\son\w+=|<style|javascript:|\bhx-on|https?:\/\//i);
		for (const [, body] of text.matchAll(/<script(?![^>]*application\/json)[^>]*>(.*?)<\/script>/gs))
			expect(body).toBe("");
	});

	test("keeps its filter when it refreshes, and the fragment is the same region with a title", () => {
		const data = sampleOverview({ range: "90", job: { slug: "photos-borg", name: "photos-borg", host: "" } });
		const fragment = overviewLive(data, options).text;
		expect(fragment).toStartWith('<title>1 failed \u00b7 Backup Monitor</title><div id="live"');
		expect(fragment).toContain('hx-get="/?job=photos-borg&amp;range=90"');
		expect(overviewPage(data, options).text).toContain(fragment.slice(fragment.indexOf("<div")));
	});

	test("links and forms work without script", () => {
		expect(text).toContain('<a id="range-90" href="/?range=90"');
		expect(text).toMatch(/<form class="filter" method="get" action="\/"/);
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
				latest: [run],
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
		const latest = [aRun({ startedAt: now - 20 * 86_400_000 })];
		const text = write(sampleOverview({ latest }));
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
