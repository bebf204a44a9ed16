// Texts of strangers in messages: whatever a job is called and a tool prints, the form of the message holds.
import { expect, test } from "bun:test";
import fc from "fast-check";
import schema from "../docs/webhook.schema.json" with { type: "json" };
import { alertEvents, alertKinds, severities } from "../src/alert.ts";
import { type AlertEvent, composeMessage, composeSummary, composeTest } from "../src/message.ts";
import { cut, firstClause, lastLines, oneLine } from "../src/message-clean.ts";
import type { Schema } from "../src/web/schema.ts";
import { aContext, anEvent, now } from "./alert-events.ts";
import { isHard } from "./binary.ts";
import { deviations } from "./web/conforms.ts";

const numRuns = isHard ? 20_000 : 250;
/** What must not reach a screen: controls, halves of characters, and what turns the reading direction or hides. */
const unfit = /[\u0000-\u001f\u007f-\u009f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff]|\p{Cs}/u;

const nasty = fc.constantFrom(
	"\n",
	"\r\n",
	"\r",
	"\u0000",
	"\u001b[31m",
	"\u001b]0;title\u0007",
	"\u001b]8;;http://x",
	"\u009b2J",
	"\u202egnp.exe",
	"\u2066",
	"\u2028",
	"\ufeff",
	"\ud83d",
	"\udc00",
	"<script>alert(1)</script>",
	'" onload="x',
	"&amp;",
	"]]>",
	"javascript:alert(1)",
	"{title}",
	"%s",
	": ",
	"; ",
	". A",
	"Z\u0351\u036f\u0344\u0358\u0315\u0321".repeat(9),
	"👩‍👩‍👧",
	"x".repeat(10_000),
	"\u00a0",
	"  ",
);
const textArb = fc
	.array(fc.oneof(nasty, fc.string({ unit: "binary", maxLength: 20 }), fc.string({ maxLength: 20 })), { maxLength: 8 })
	.map((parts) => parts.join(""));
const maybe = (arb: fc.Arbitrary<string>) => fc.option(arb, { nil: null });
const instantArb = fc.integer({ min: now - 900 * 86_400_000, max: now + 86_400_000 });

const eventArb: fc.Arbitrary<AlertEvent> = fc.record({
	event: fc.constantFrom(...alertEvents),
	alertId: fc.integer({ min: 1, max: 6 }),
	kind: fc.constantFrom(...alertKinds),
	key: fc.oneof(
		fc.constant(""),
		textArb,
		textArb.map((text) => `host:${text}`),
	),
	severity: fc.constantFrom(...severities),
	job: fc.option(
		fc.record({
			name: textArb,
			slug: textArb.map((text) => text.slice(0, 64)),
			host: textArb,
			title: maybe(textArb),
			labels: fc.dictionary(textArb, textArb, { maxKeys: 2 }),
		}),
		{ nil: null },
	),
	sentence: textArb,
	at: instantArb,
	openedAt: instantArb,
	dueAt: fc.option(instantArb, { nil: null }),
	resolution: maybe(textArb),
	run: fc.option(
		fc.record({
			id: fc.nat(),
			startedAt: instantArb,
			outcome: fc.constantFrom("success", "failure"),
			duration: fc.option(fc.double({ min: 0, max: 1e7, noNaN: true }), { nil: null }),
			size: fc.option(fc.double({ min: 0, max: 1e18, noNaN: true }), { nil: null }),
			errorCategory: maybe(textArb),
			errorMessage: maybe(textArb),
			log: maybe(textArb),
		}),
		{ nil: null },
	),
	lastGood: fc.option(fc.record({ runId: fc.option(fc.nat(), { nil: null }), at: instantArb }), { nil: null }),
	alsoOpen: fc.array(textArb, { maxLength: 12 }),
});

test("a title is one clean line of bounded length, a text clean lines, and the HTML has no element that is not ours", () => {
	const ours = new Set("html head meta title body div h1 h2 p b pre ul li a".split(" "));
	fc.assert(
		fc.property(fc.array(eventArb, { minLength: 1, maxLength: 8 }), fc.boolean(), (events, isSummary) => {
			const { title, text, html, data, url } = (isSummary ? composeSummary : composeMessage)(events, aContext());
			expect(title.length).toBeGreaterThan(0);
			expect(title.length).toBeLessThanOrEqual(140);
			expect(title).not.toMatch(unfit);
			expect(text.length).toBeLessThanOrEqual(4000);
			expect(text.replaceAll("\n", "")).not.toMatch(unfit);
			expect(text).toEndWith(`\n\n${url}`);
			for (const [, name = ""] of html.matchAll(/<\/?([a-z0-9!]+)/gi))
				expect(ours.has(name) || name === "!doctype").toBe(true);
			for (const [link] of html.matchAll(/href="[^"]*"/g)) expect(link).toStartWith('href="https://backups.example/');
			expect(html.isWellFormed()).toBe(true);
			expect(deviations(JSON.parse(JSON.stringify(data)), schema as unknown as Schema)).toEqual([]);
		}),
		{ numRuns },
	);
});

test("the name of a channel breaks no test message", () => {
	fc.assert(
		fc.property(textArb, textArb, (name, labName) => {
			const { title, text } = composeTest(name, aContext({ labName }));
			expect(title).not.toMatch(unfit);
			expect(text.replaceAll("\n", "")).not.toMatch(unfit);
		}),
		{ numRuns },
	);
});

test("cleaning is bounded, leaves one line, and cleaning again changes nothing", () => {
	fc.assert(
		fc.property(textArb, fc.integer({ min: 1, max: 300 }), (text, max) => {
			const line = oneLine(text, max);
			expect(line.length).toBeLessThanOrEqual(max);
			expect(line).not.toMatch(unfit);
			expect(oneLine(line, max)).toBe(line);
			expect(lastLines(text).every((one) => one !== "" && !unfit.test(one))).toBe(true);
		}),
		{ numRuns },
	);
});

test("what a colour, a title and a reversed name leave is what a person would read", () => {
	expect(oneLine("\u001b[1;31mred\u001b[0m \u001b]0;window\u0007plain\n\tnext", 80)).toBe("red plain next");
	expect(oneLine("photo\u202egnp.exe", 80)).toBe("photognp.exe");
	expect(oneLine("  Ünïcödé 👩‍👩‍👧 می‌خواهم ", 80)).toBe("Ünïcödé 👩‍👩‍👧 می‌خواهم");
	expect(oneLine("❤️ a\u2065b\u3164c\u00add", 80)).toBe("❤️ abcd");
	expect(cut("ab👍cd", 4)).toBe("ab…");
	expect(oneLine("word ".repeat(10_000), 20)).toHaveLength(20);
});

test("ten megabytes of log are looked at only as far as their end", () => {
	const started = performance.now();
	expect(lastLines(`${"\u001b]".repeat(5_000_000)}\nlast`)).toEqual(expect.arrayContaining(["last"]));
	composeMessage([anEvent({ sentence: "\u001b]x".repeat(3_000_000), job: null })], aContext());
	expect(performance.now() - started).toBeLessThan(2000);
});

test("the first clause ends at a semicolon or a sentence's end, not inside a number or a file's name", () => {
	expect(firstClause("41 MB, usually 402 MB; the dump took 2 s.", 80)).toBe("41 MB, usually 402 MB");
	expect(firstClause("Line 7 of metrics.jsonl is 1.5 MB long. Another one too.", 80)).toBe(
		"Line 7 of metrics.jsonl is 1.5 MB long",
	);
	expect(firstClause("No run", 80)).toBe("No run");
});
