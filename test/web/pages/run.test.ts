// The page of one run: what it says of each outcome, what it never says, and that nothing of it can run.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import type { JudgedAs, RunAlert } from "../../../src/run-page.ts";
import { cleanUp } from "../../binary.ts";
import { labLines, labNow, night, openRunLab, type RunLab } from "./run-lab.ts";

let lab: RunLab;
let judgedAs: JudgedAs | null = null;
let alerts: RunAlert[] = [];

const evil = `</script><img src=x onerror="window.__pwn=1">`;
const hostile = night("evil", 0, {
	job: evil,
	host: evil,
	backup_id: "evil",
	success: false,
	duration_total: 9,
	phases: { [evil]: 3, __proto__x: 2 },
	error_category: evil,
	error_message: evil.repeat(40),
	snapshot_id: evil,
	repository: evil,
	warnings: 2,
	warning_messages: [evil],
	labels: { [evil]: evil },
	metrics: { [evil]: 1.5 },
	log: `one\n${evil}\u0007\u202e error`,
	anything: { else: evil },
});

beforeAll(async () => {
	const first = night("photos", 60, { success: false, duration_total: 3, exit_code: 9 });
	const longLog = Array.from({ length: 900 }, (_, n) => `line ${n}`).join("\r\n");
	lab = await openRunLab([first, ...labLines(), night("noisy", 1, { log: longLog, duration_total: 5 }), hostile], {
		aboutRun: () => ({ judgedAs, alerts }),
	});
});

afterAll(async () => {
	await lab.close();
	await cleanUp();
});

async function show(backupId: string): Promise<string> {
	const answer = await lab.get(`/runs/${lab.idOf(backupId)}`);
	expect(answer.status).toBe(200);
	return (await answer.text()).replaceAll("\u00a0", " ");
}

function words(text: string): string {
	return text
		.replace(/<[^>]+>/g, " ")
		.replace(/\s+/g, " ")
		.trim();
}

const part = (text: string, pattern: RegExp) => words(pattern.exec(text)?.[0] ?? "");
const note = (text: string) => part(text, /<section class="run-note".*?<\/section>/s);

describe("a failed run", () => {
	test("says so in the tool's own words, and from which point one can restore", async () => {
		const text = await show("postgres-dump-0");
		expect(note(text)).toBe(
			"Failed: Failed after 5 min 4 s. upload rclone: dial tcp 203.0.113.9:443: i/o timeout You can restore from yesterday 02:00 (1.85 GB), snapshot dump-1 .",
		);
		expect(part(text, /<h1.*?<\/h1>/s)).toBe("today 02:00 Failed");
		expect(text).toContain("<title>Failed: postgres-dump · Backup Monitor</title>");
	});

	test("says when it worked again, once it has", async () => {
		const text = await show("postgres-dump-9");
		expect(note(text)).toContain("The last good run before it: Sat 14 Nov, 02:00");
		expect(note(text)).toContain("It worked again Mon 16 Nov, 02:00");
	});

	test("without a good run before it promises nothing", async () => {
		const text = await show("photos-60");
		expect(note(text)).toBe(
			"Failed: Failed after 3 s. The tool gave no reason, only its exit code 9. No run before it that worked is on record: from this job nothing older can be restored for sure.",
		);
	});

	test("marks the phase that its report names, and shows how long each usually takes", async () => {
		const text = await show("postgres-dump-0");
		const lanes = part(text, /<dl class="run-lanes">.*?<\/dl>/s);
		expect(lanes).toContain("upload 2 min 5 s usually 3 min 23 s");
		expect(text).toMatch(/<rect data-colour="4" data-state="failed"/);
		expect(text.match(/data-state="failed" x=/g)).toHaveLength(1);
	});

	test("marks the lines of the log that speak of trouble", async () => {
		expect(await show("postgres-dump-0")).toContain("<mark>ERROR dial tcp 203.0.113.9:443: i/o timeout</mark>");
	});

	test("has no size to compare: half a run would look like a loss", async () => {
		expect(await show("postgres-dump-0")).not.toContain('class="card run-measures"');
	});
});

describe("a run that worked", () => {
	test("has its figures beside what is usual, what was reported, labels and metrics", async () => {
		const text = await show("docker-volumes-0");
		const figures = part(text, /<dl class="card run-measures".*?<\/dl>/s);
		expect(figures).toContain("Size 3.74 GB +1.8 % , usually 3.67 GB");
		expect(figures).toContain("Files 184,220 120 new, 412 changed");
		expect(figures).toContain("Added 41.0 MB 1 % of the whole");
		const list = part(text, /<dl class="run-details">.*?<\/ul>/s);
		for (const said of ["Repository b2:homelab:docker", "Exit code 0", "dedup_ratio 1.82", "place = attic"]) {
			expect(list).toContain(said);
		}
		expect(note(text)).toBe("");
	});

	test("leads to the job's run before it and after it", async () => {
		const text = await show("docker-volumes-1");
		expect(text).toContain(`rel="prev" id="run-prev" href="/runs/${lab.idOf("docker-volumes-2")}"`);
		expect(text).toContain(`rel="next" id="run-next" href="/runs/${lab.idOf("docker-volumes-0")}"`);
		expect(await show("docker-volumes-0")).toContain('<span class="button" aria-disabled="true" id="run-next">');
	});
});

test("a warning shows what the tool complained of", async () => {
	const text = await show("mail-0");
	expect(note(text)).toBe("Warning: Worked, with 2 warnings. /var/mail/anna: file changed as we read it");
	expect(part(text, /aria-labelledby="warnings-title".*?<\/section>/s)).toContain("/var/mail/tmp: file vanished");
});

test("a running run says how long it has lasted of how long it usually takes", async () => {
	const text = await show("media-now");
	expect(note(text)).toBe("Running: Began 42 min ago , and has not ended. 42 min of ≈ 1 h 30 min: about 48 min to go.");
	expect(part(text, /<dl class="run-lanes">.*?<\/dl>/s)).toBe("scan – usually 10 min upload – usually 1 h 20 min");
});

describe("the log", () => {
	test("has its control characters written out, and colours left away", async () => {
		const text = await show("mail-0");
		expect(text).toContain("Exit code 1\\x07red\\u202etxt.exe");
	});

	test("is its last lines; the whole of it is a text file", async () => {
		const text = await show("noisy-1");
		const log = /<pre class="run-log" id="log".*?<\/pre>/s.exec(text)?.[0] ?? "";
		expect(log.split("\n")).toHaveLength(200);
		expect(log).toContain("line 899</code></pre>");
		expect(text).toContain("the last 200 lines are shown");
		const whole = await lab.get(`/runs/${lab.idOf("noisy-1")}/log`);
		expect(whole.headers.get("content-type")).toBe("text/plain; charset=utf-8");
		expect(await whole.text()).toStartWith("line 0\r\n");
		expect((await lab.get(`/runs/${lab.idOf("media-1")}/log`)).status).toBe(404);
	});
});

test("the report stands at the end as it was sent, without its log, and whole as a file", async () => {
	const text = await show("postgres-dump-0");
	const raw = part(text, /<details id="raw".*?<\/details>/s);
	expect(raw).toContain("&quot;error_category&quot;: &quot;upload&quot;");
	expect(raw).toContain("&quot;log&quot;: &quot;(shown above)&quot;");
	const file = await lab.get(`/runs/${lab.idOf("postgres-dump-0")}/report`);
	expect(file.headers.get("content-type")).toBe("application/json; charset=utf-8");
	expect(await file.json()).toMatchObject({ backup_id: "postgres-dump-0", exit_code: 1 });
});

test("why it was judged so: the sentence, what was found, and each measure in its range", async () => {
	judgedAs = {
		sentence: "The upload took twice as long as usual.",
		findings: ["Upload: 20 min, usually 9 to 10 min."],
		usual: [
			{ name: "Size", unit: "bytes", value: 3e9, low: 2.9e9, median: 3e9, high: 3.1e9 },
			{ name: "upload", unit: "seconds", value: 1200, low: 540, median: 560, high: 600 },
		],
	};
	const phase = {
		id: 7,
		kind: "phase",
		severity: "warning",
		sentence: "Upload slow.",
		openedAt: labNow - 60_000,
	} as const;
	const failed = { id: 8, kind: "failed", severity: "critical", sentence: "Gone.", openedAt: labNow - 90_000 } as const;
	alerts = [
		{ ...phase, resolvedAt: null, acknowledgedAt: null },
		{ ...failed, resolvedAt: labNow - 30_000, acknowledgedAt: null },
	];
	const text = await show("docker-volumes-3");
	const card = part(text, /aria-labelledby="judged-title".*?<\/section>/s);
	expect(card).toContain("Why it counts as unusual");
	expect(card).toContain("The upload took twice as long as usual. Upload: 20 min, usually 9 to 10 min.");
	expect(card).toContain("Size 3.00 GB 2.90 GB\u2009–\u20093.10 GB".replace(/\s+/g, " "));
	expect(text).toContain('<svg class="run-range" data-state="warning" role="img" aria-label="outside">');
	const events = part(text, /<ol class="run-events">.*?<\/ol>/s);
	expect(events).toContain("Alert: Upload slow.");
	expect(events).toContain("Alert resolved after 1 min");
	expect(events).toContain("The alert is still open.");
	expect(events).toContain("Acknowledge : Upload slow.");
	expect(text.match(/action="\/alerts[^"]+"/g)).toEqual(['action="/alerts/7/acknowledge"']);
	alerts = [{ ...phase, resolvedAt: null, acknowledgedAt: labNow }];
	const seen = part(await show("docker-volumes-2"), /<ol class="run-events">.*?<\/ol>/s);
	expect(seen).toContain("The alert is still open, and acknowledged .");
	expect(seen).not.toContain("Acknowledge :");
	judgedAs = null;
	alerts = [];
});

describe("the page", () => {
	test("stays inside its policy, gives every id once, and has one h1 and one main", async () => {
		for (const id of ["postgres-dump-0", "docker-volumes-0", "mail-0", "media-now", "evil"]) {
			const text = await show(id);
			expect(text).not.toMatch(/\sstyle="|\son\w+="|<style|\bhx-on|https?:\/\//i);
			for (const [, body] of text.matchAll(/<script[^>]*>(.*?)<\/script>/gs)) expect(body).toBe("");
			const ids = [...text.matchAll(/\sid="([^"]+)"/g)].map(([, name]) => name);
			expect(ids.filter((name, i) => ids.indexOf(name) !== i)).toEqual([]);
			expect(text.match(/<h1/g)).toHaveLength(1);
			expect(text.match(/<main/g)).toHaveLength(1);
		}
	});

	test("F8: what scripts report stays text", async () => {
		const text = await show("evil");
		expect(text).not.toContain("<img");
		expect(text).toContain("\\x07\\u202e");
	});

	test("is answered with a tag and 304, as a fragment to htmx, in the reader's theme", async () => {
		const path = `/runs/${lab.idOf("mail-1")}`;
		const first = await lab.get(path);
		const etag = first.headers.get("etag") ?? "";
		expect((await lab.get(path, { "if-none-match": etag })).status).toBe(304);
		const fragment = await (await lab.get(path, { "hx-request": "true" })).text();
		expect(fragment).toStartWith('<title>OK: mail · Backup Monitor</title><div id="live"');
		expect(await first.text()).toContain(fragment.slice(fragment.indexOf("<div")));
		expect(await (await lab.get(path, { cookie: "theme=dark" })).text()).toContain(
			'<html lang="en" data-theme="dark">',
		);
	});

	test("of a run that is not there is a page with status 404 that leads on", async () => {
		for (const id of ["999999", "0", "x", "1e3", "-1", "%3Cimg%3E"]) {
			const answer = await lab.get(`/runs/${id}`);
			expect(answer.status).toBe(404);
			const text = await answer.text();
			expect(text).toContain("There is no run");
			expect(text).toContain('href="/runs"');
			expect(text).not.toContain("<img");
		}
	});
});
