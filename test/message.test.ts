// What people read when something happens: titles for a locked phone, text that is enough to act, HTML for mail, JSON.
import { describe, expect, test } from "bun:test";
import schema from "../docs/webhook.schema.json" with { type: "json" };
import { alertEvents, alertKinds, severities } from "../src/alert.ts";
import { type AlertEvent, composeDigest, composeMessage, composeSummary, composeTest } from "../src/message.ts";
import { readLink } from "../src/signed-link.ts";
import type { Schema } from "../src/web/schema.ts";
import { aContext, aJob, anEvent, aRun, day, hour, minute, now } from "./alert-events.ts";
import { deviations } from "./web/conforms.ts";

const title = (...events: AlertEvent[]) => composeMessage(events, aContext()).title;
const textOf = (...events: AlertEvent[]) => composeMessage(events, aContext()).text.replaceAll("\u00a0", " ");

/** Open for 3 h 12 min, and another run was good since. */
const ended = (some: Partial<AlertEvent> = {}) =>
	anEvent({
		event: "resolved",
		at: now,
		openedAt: now - 192 * minute,
		resolution: "The next run succeeded.",
		run: aRun({ startedAt: now - 200 * minute }),
		lastGood: { runId: 9, at: now - minute },
		...some,
	});

describe("titles", () => {
	test("name the job first and then the tool's own reason", () => {
		expect(title(anEvent())).toBe("photos failed: repository is locked");
		expect(title(anEvent({ run: null }))).toBe("photos failed: repository is locked");
		expect(title(anEvent({ run: null, sentence: "Failed." }))).toBe("photos failed");
		expect(title(anEvent({ run: aRun({ errorCategory: "disk_full" }), sentence: "" }))).toBe(
			"photos failed: disk full",
		);
	});

	test("name the slot that was missed, as exactly as its distance asks", () => {
		const missed = { kind: "missed", run: null, job: aJob("db"), sentence: "No run since 02:00." } as const;
		expect(title(anEvent({ ...missed, dueAt: Date.UTC(2026, 10, 23, 1) }))).toBe("db missed its 02:00 run");
		expect(title(anEvent({ ...missed, dueAt: Date.UTC(2026, 10, 22, 1) }))).toBe("db missed its Sun 02:00 run");
		expect(title(anEvent({ ...missed, dueAt: Date.UTC(2026, 9, 4, 0) }))).toBe("db missed its Sun 4 Oct 02:00 run");
		expect(title(anEvent(missed))).toBe("db did not run");
	});

	test("say how a run hangs, how long a backup is missing, and how a size differs", () => {
		expect(title(anEvent({ kind: "stuck", run: aRun({ startedAt: now - 5 * hour - minute }) }))).toBe(
			"photos is stuck: running for 5 h",
		);
		expect(title(anEvent({ kind: "stale", run: null, lastGood: { runId: 1, at: now - 3 * day } }))).toBe(
			"photos: no good backup for 3 d",
		);
		expect(title(anEvent({ kind: "stale", run: null, lastGood: null }))).toBe("photos never had a good backup");
		expect(title(anEvent({ kind: "size", sentence: "41 MB, usually 402 MB; the dump took 2 s." }))).toBe(
			"photos: 41 MB, usually 402 MB",
		);
	});

	test("use the job's title, and its host where that says more", () => {
		expect(title(anEvent({ job: aJob("photos", { title: "Family photos" }) }))).toStartWith("Family photos failed");
		expect(title(anEvent({ job: aJob("photos", { host: "nas" }) }))).toStartWith("photos on nas failed");
		expect(title(anEvent({ job: aJob("nas-photos", { host: "NAS" }) }))).toStartWith("nas-photos failed");
		expect(title(anEvent({ job: aJob("photos", { host: "pi4" }) }))).toStartWith("photos failed");
	});

	test("say that it is over, and how long it was open", () => {
		expect(title(ended())).toBe("Resolved: photos works again (was open 3 h 12 min)");
	});

	test("claim that a job works again only where a later run was good", () => {
		const older = ended({
			lastGood: { runId: 6, at: now - day },
			resolution: "It does not count as a failure any more.",
		});
		expect(title(older)).toBe("Resolved: photos: It does not count as a failure any more (was open 3 h 12 min)");
		const same = ended({ kind: "size", run: aRun({ id: 9, startedAt: now - 200 * minute, outcome: "success" }) });
		expect(title(same)).toBe("Resolved: photos: The next run succeeded (was open 3 h 12 min)");
		const late = ended({ kind: "missed", run: null, lastGood: { runId: 9, at: now - day } });
		expect(title({ ...late, resolution: "It had run in time; the report came late." })).toBe(
			"Resolved: photos: It had run in time (was open 3 h 12 min)",
		);
	});

	test("tell a reminder and an escalation from an opening", () => {
		expect(title(anEvent({ event: "reminder", openedAt: now - day }))).toBe(
			"Still open: photos failed: repository is locked",
		);
		expect(title(anEvent({ event: "escalated" }))).toBe("Worse: photos failed: repository is locked");
	});

	test("count several problems and name their jobs, each once", () => {
		const three = ["photos", "db", "mail"].map((name, n) => anEvent({ alertId: n + 1, job: aJob(name) }));
		expect(title(...three)).toBe("3 problems: photos, db, mail");
		expect(title(...three.slice(0, 2), ended({ alertId: 3, job: aJob("mail") }))).toBe(
			"2 problems: photos, db; 1 resolved: mail",
		);
		const twice = [anEvent(), anEvent({ alertId: 2, kind: "size" })];
		expect(title(...twice)).toBe("2 problems: photos");
		const many = Array.from({ length: 9 }, (_, n) => anEvent({ alertId: n + 1, job: aJob(`job${n}`) }));
		expect(title(...many)).toBe("9 problems: job0, job1, job2 and 6 more");
	});

	test("say the age of news that had to wait", () => {
		expect(title(anEvent({ at: now - 5 * hour }))).toBe("photos failed: repository is locked (5 h ago)");
	});

	test("say of the monitor's own troubles whose they are", () => {
		const own = { job: null, run: null, lastGood: null } as const;
		expect(
			title(anEvent({ ...own, kind: "rejected_input", sentence: "Line 7 of metrics.jsonl could not be read." })),
		).toBe("Backup Monitor on pi4: Line 7 of metrics.jsonl could not be read");
		const host = { ...own, kind: "missed", key: "host:nas" } as const;
		expect(title(anEvent({ ...host, sentence: "Host nas is silent: db and mail have not run since 02:00." }))).toBe(
			"Host nas is silent: db and mail have not run since 02:00",
		);
		expect(title(ended({ ...host, resolution: "Host nas reports again." }))).toBe(
			"Resolved: Host nas reports again (was open 3 h 12 min)",
		);
	});
});

describe("what was overtaken while it waited", () => {
	test("is one message that says both", () => {
		const message = composeMessage(
			[anEvent({ at: now - 192 * minute, openedAt: now - 192 * minute }), ended()],
			aContext(),
		);
		expect(message.title).toBe("photos failed at 04:30 and works again since 07:42");
		expect(message).toMatchObject({ isResolved: true, severity: "info", actions: null });
		expect(message.text).toContain("Failed after 3 s: repository is locked.\nThe next run succeeded.");
		expect(message.data.events.map(({ event }) => event)).toEqual(["opened", "resolved"]);
	});

	test("an opening that became worse is told once, as the worse", () => {
		const size = anEvent({ kind: "size", severity: "warning", sentence: "300 MB, usually 402 MB." });
		const worse = {
			...size,
			event: "escalated",
			severity: "critical",
			at: now,
			sentence: "41 MB, usually 402 MB.",
		} as const;
		const message = composeMessage([size, worse], aContext());
		expect(message).toMatchObject({ title: "photos: 41 MB, usually 402 MB", severity: "critical", isResolved: false });
	});
});

describe("the text", () => {
	test("says what happened, when, what was last good, the log's end, what else is open, and where to look", () => {
		const event = anEvent({
			job: aJob("photos", { title: "Family photos", host: "nas" }),
			run: aRun({ log: "open repository\n\u001b[31mFatal: locked\u001b[0m\n 10 %\r 60 %\r100 %\n", size: 41_000_000 }),
			alsoOpen: ["db: No run since 02:00."],
		});
		expect(textOf(event)).toBe(`Failed after 3 s: repository is locked.

Job: Family photos (photos) on nas
When: Mon 23 Nov 07:41, 1 min ago
This run: began Mon 23 Nov 07:40, took 3 s, 41.0 MB
Last good run: Sun 22 Nov 02:42, 29 h ago

Log:
  open repository
  Fatal: locked
  100 %

Also open:
- db: No run since 02:00.

https://backups.example/jobs/photos`);
	});

	test("keeps ten lines and 800 characters of a log, the last ones", () => {
		const log = Array.from({ length: 500 }, (_, n) => `line ${n}`).join("\n");
		const lines = textOf(anEvent({ run: aRun({ log }) }))
			.split("\n")
			.filter((line) => line.startsWith("  line"));
		expect(lines).toEqual(Array.from({ length: 10 }, (_, n) => `  line ${490 + n}`));
		const wide = textOf(anEvent({ run: aRun({ log: `${"x".repeat(5000)}\n`.repeat(50) }) }));
		expect(
			wide
				.split("\n")
				.filter((line) => line.startsWith("  x"))
				.join("\n").length,
		).toBeLessThan(820);
	});

	test("of several tells each, and does not tell what it tells twice", () => {
		const db = anEvent({ alertId: 2, job: aJob("db"), sentence: "No run since 02:00.", kind: "missed", run: null });
		const text = textOf({ ...anEvent(), at: now, alsoOpen: ["db: No run since 02:00.", "mail: Too small."] }, db);
		expect(text).toContain("photos\nFailed after 3 s");
		expect(text).toContain("db\nNo run since 02:00.");
		expect(text).toEndWith("Also open:\n- mail: Too small.\n\nhttps://backups.example/alerts");
	});

	test("of several tells the worst first, and says which are over", () => {
		const mild = anEvent({ alertId: 2, job: aJob("db"), severity: "warning" });
		const text = textOf(ended({ alertId: 3, job: aJob("mail") }), mild, anEvent());
		expect(text.match(/^(?:Resolved: )?(?:photos|db|mail)$/gm)).toEqual(["photos", "db", "Resolved: mail"]);
		const message = composeMessage([mild, anEvent()], aContext());
		expect(message.title).toBe("2 problems: photos, db");
		expect(message.threadId).toStartWith("alert-2@");
	});

	test("knows its own job by its title as well", () => {
		const event = anEvent({ job: aJob("photos", { title: "Family" }) });
		const db = anEvent({ alertId: 2, job: aJob("db"), at: now, alsoOpen: [`Family: ${event.sentence}`] });
		expect(textOf(event, db)).not.toContain("Also open");
	});

	test("of a hundred at once stays within its limit and keeps its link", () => {
		const all = Array.from({ length: 100 }, (_, n) =>
			anEvent({ alertId: n, job: aJob(`j${n}`), sentence: "x ".repeat(900) }),
		);
		const { text, data } = composeMessage(all, aContext());
		expect(text.length).toBeLessThanOrEqual(4000);
		expect(text).toEndWith("\n\nhttps://backups.example/alerts");
		expect(data.events).toHaveLength(100);
	});

	test("after quiet hours says that it was held back", () => {
		const message = composeSummary(
			[anEvent({ at: now - 5 * hour }), anEvent({ alertId: 2, job: aJob("db") })],
			aContext(),
		);
		expect(message.text).toStartWith("Held back during the quiet hours.");
		expect(message.data.type).toBe("summary");
	});
});

test("the links of a message act on its alert for a week, and need an address and a key", () => {
	const { actions, url } = composeMessage([anEvent({ alertId: 42 })], aContext());
	const token = actions?.snooze.replace("https://backups.example/alerts/link/", "") ?? "";
	expect(readLink(new Uint8Array(32).fill(7), token, now + 6.9 * day)).toEqual({ alertId: 42, action: "snooze" });
	expect(readLink(new Uint8Array(32).fill(7), token, now + 7.1 * day)).toBeNull();
	expect(url).toBe("https://backups.example/jobs/photos");
	const nowhere = composeMessage([anEvent()], aContext({ publicUrl: null }));
	expect([nowhere.url, nowhere.actions, nowhere.text.includes("http")]).toEqual([null, null, false]);
	expect(composeMessage([anEvent()], aContext({ linkKey: null })).actions).toBeNull();
	expect(composeMessage([anEvent(), anEvent({ alertId: 2 })], aContext()).actions).toBeNull();
	expect(composeMessage([ended()], aContext()).actions).toBeNull();
});

test("all messages about one alert share a thread, and no other alert does", () => {
	const thread = (event: AlertEvent) => composeMessage([event], aContext()).threadId;
	const openedAt = now - 192 * minute;
	expect(thread(ended({ alertId: 3, openedAt }))).toBe(thread(anEvent({ alertId: 3, openedAt })));
	expect(thread(anEvent({ alertId: 3, openedAt }))).toMatch(/^alert-3@[a-z0-9.-]+$/);
	expect(thread(anEvent({ alertId: 3, openedAt: openedAt + 1 }))).not.toBe(thread(anEvent({ alertId: 3, openedAt })));
});

test("a test message names its channel and says what is missing", () => {
	expect(composeTest("phone", aContext()).text).toContain("the channel phone");
	expect(composeTest("phone", aContext()).text).not.toContain("PUBLIC_URL");
	expect(composeTest("phone", aContext({ publicUrl: null })).text).toContain("Set PUBLIC_URL");
});

test("a digest says first whether anybody is needed", () => {
	const job = { runs: 7, failed: 0, missed: 0, size: 1e9, change: null, lastGoodAt: now };
	const span = { from: now - 7 * day, to: now, undelivered: 0 };
	const well = composeDigest({ ...span, openAlerts: [], jobs: [{ ...job, name: "db", state: "ok" }] }, aContext());
	expect(well).toMatchObject({ title: "Digest: The one job, db, is well: 7 runs, none failed", severity: "info" });
	const bad = composeDigest(
		{
			...span,
			undelivered: 2,
			openAlerts: ["photos: Failed."],
			jobs: [
				{ ...job, name: "db", state: "ok" },
				{ ...job, name: "photos", state: "failed", failed: 3 },
			],
		},
		aContext(),
	);
	expect(bad).toMatchObject({ title: "Digest: 1 of 2 jobs needs you: photos", severity: "warning" });
	expect(bad.text.replaceAll("\u00a0", " ")).toContain("Not delivered: 2 messages\n\nOpen alerts:\n- photos: Failed.");
});

test("the HTML is a whole document that loads nothing and escapes everything", () => {
	const hostile = `<script>alert("1")</script><img src=x>&'`;
	const event = anEvent({
		job: aJob(hostile, { title: hostile, host: hostile, slug: hostile }),
		sentence: hostile,
		alsoOpen: [hostile],
		run: aRun({ log: hostile, errorMessage: hostile }),
	});
	for (const events of [[event], [event, { ...event, alertId: 2 }]]) {
		const { html } = composeMessage(events, aContext());
		expect(html).toStartWith("<!doctype html>");
		expect(html).toContain('name="color-scheme" content="light dark"');
		expect(html).not.toMatch(/<(?:script|img|link|style|iframe)\b|<[^>]*\ssrc=|url\(/i);
		expect(html).toContain("&lt;script&gt;");
		expect(html.match(/href="[^"]*"/g)?.every((link) => link.startsWith('href="https://backups.example/'))).toBe(true);
	}
});

describe("the documented event", () => {
	const root: Schema = schema as unknown as Schema;
	const messages = [
		composeMessage([anEvent()], aContext()),
		composeMessage(
			[ended(), anEvent({ alertId: 2, job: null, run: null, lastGood: null })],
			aContext({ publicUrl: null }),
		),
		composeSummary(
			[anEvent({ job: aJob("db", { host: "nas", title: "DB", labels: { place: "attic" } }) })],
			aContext(),
		),
		composeTest("phone", aContext()),
		composeDigest({ from: now - day, to: now, jobs: [], openAlerts: [], undelivered: 0 }, aContext()),
	];

	test("is what its schema says", () => {
		expect(messages.flatMap(({ data }) => deviations(JSON.parse(JSON.stringify(data)), root))).toEqual([]);
	});

	test("has no field that the schema does not know, and none is missing unseen", () => {
		const data = JSON.parse(JSON.stringify(messages[0]?.data));
		for (const name of Object.keys(data)) expect(deviations({ ...data, [name]: { odd: 1 } }, root)).not.toEqual([]);
		expect(deviations({ ...data, extra: 1 }, root)).toEqual(["$.extra: not in the schema"]);
		const { sentence: _, ...rest } = data.events[0];
		expect(deviations({ ...data, events: [rest] }, root)).toEqual(["$.events[0].sentence: missing"]);
	});

	test("knows every kind, severity and event", () => {
		const { properties } = schema.properties.events.items;
		expect(properties.kind.enum).toEqual([...alertKinds]);
		expect(properties.severity.enum).toEqual([...severities]);
		expect(properties.event.enum).toEqual([...alertEvents]);
	});
});
