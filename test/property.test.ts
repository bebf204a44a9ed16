// What must hold for any input at all, looked for with random ones. HARD=1 looks a hundred times longer.
import { describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { readStream } from "../src/ingest/import-file.ts";
import { readText } from "../src/ingest/record.ts";
import { parseReport } from "../src/report.ts";
import { parseTimestamp } from "../src/time.ts";
import { lineArb, reportArb, stampArb, zones } from "./arbitraries.ts";
import { isHard } from "./binary.ts";
import { someLines } from "./lines.ts";

const numRuns = isHard ? 200_000 : 2000;

describe("reading a report", () => {
	test("never throws, whatever value it is given, and says which field where it refuses", () => {
		const keys = fc.constantFrom(
			"timestamp",
			"backup_id",
			"success",
			"outcome",
			"duration_total",
			"phases",
			"labels",
			"metrics",
			"log",
			"warning_messages",
			"ended_at",
			"error_message",
			"job",
			"__proto__",
		);
		const value = fc.oneof(fc.anything(), fc.dictionary(keys, fc.anything()), reportArb);
		fc.assert(
			fc.property(value, fc.constantFrom(...zones), (given, zone) => {
				const parsed = parseReport(given, zone);
				if (parsed.ok) {
					const { report } = parsed;
					expect(report.backupId.length).toBeGreaterThan(0);
					expect(Number.isSafeInteger(report.startedAt)).toBe(true);
					expect(report.duration === null || report.duration >= 0).toBe(true);
					expect(report.size === null || Number.isSafeInteger(report.size)).toBe(true);
				} else expect(parsed.reason.length).toBeGreaterThan(0);
			}),
			{ numRuns },
		);
		expect(({} as Record<string, unknown>).polluted).toBeUndefined();
	});

	test("never throws, whatever line of text it is given", () => {
		fc.assert(
			fc.property(fc.oneof(fc.string({ unit: "binary" }), lineArb), (text) => {
				const read = readText(text, "Europe/Berlin");
				expect(read.ok || read.reason.length > 0).toBe(true);
			}),
			{ numRuns },
		);
	});
});

describe("time stamps", () => {
	test("name the same instant in every offset and zone, whichever way they are parsed", () => {
		fc.assert(
			fc.property(stampArb, fc.constantFrom(...zones), ({ at, text }, zone) => {
				expect(parseTimestamp(text, zone)).toBe(at);
				// One more digit sends the same stamp the long way.
				expect(parseTimestamp(`${text.slice(0, 19)}.0${text.slice(19)}`, zone)).toBe(at);
				const utc = new Date(at).toISOString();
				expect(parseTimestamp(`${utc.slice(0, 19)}Z`, zone)).toBe(at);
				expect(parseTimestamp(utc, zone)).toBe(at);
			}),
			{ numRuns },
		);
	});

	test("that are nearly right are refused by both ways of parsing, or read the same by both", () => {
		const digits = fc.stringMatching(/^\d\d$/);
		const nearly = fc
			.tuple(
				fc.constantFrom("1969", "1970", "2024", "2026", "2199", "2200"),
				digits,
				digits,
				digits,
				digits,
				digits,
				digits,
				digits,
			)
			.map(([year, month, day, hour, minute, second, oh, om]) => ({
				text: `${year}-${month}-${day}T${hour}:${minute}:${second}+${oh}:${om}`,
				utc: `${year}-${month}-${day}T${hour}:${minute}:${second}Z`,
			}));
		fc.assert(
			fc.property(nearly, ({ text, utc }) => {
				for (const one of [text, utc]) {
					const slow = `${one.slice(0, 19)}.000${one.slice(19)}`;
					expect([one, parseTimestamp(one, "UTC")]).toEqual([one, parseTimestamp(slow, "UTC")]);
				}
			}),
			{ numRuns },
		);
	});

	test("of any text are an instant in range or nothing", () => {
		fc.assert(
			fc.property(fc.oneof(fc.string(), fc.anything()), fc.constantFrom(...zones), (value, zone) => {
				const instant = parseTimestamp(value, zone);
				expect(instant === null || (Number.isSafeInteger(instant) && instant >= 0)).toBe(true);
			}),
			{ numRuns },
		);
	});
});

test(`${isHard ? "a million" : "20,000"} lines with bytes changed: each is accepted or rejected, and none stops the reading`, async () => {
	const count = isHard ? 1_000_000 : 20_000;
	const seeds = readFileSync(join(import.meta.dir, "fixtures/hostile/xss-all-fields.jsonl"), "utf8")
		.trim()
		.split("\n");
	let state = 20_260_131;
	const random = (below: number) => {
		state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
		return state % below;
	};
	let made = 0;
	const nextBlock = (): Buffer => {
		const lines: Buffer[] = [];
		for (let n = 0; n < 500 && made < count; n++, made++) {
			const line = Buffer.from(made % 3 === 0 ? (seeds[made % seeds.length] ?? "") : someLines(made, made + 1).trim());
			for (let change = random(4); change > 0; change--) {
				const byte = random(256);
				line[random(line.length)] = byte === 10 || byte === 13 ? 0x22 : byte;
			}
			// A line of blanks alone is none.
			line[0] = line[0] === 0x20 ? 0x7b : (line[0] ?? 0x7b);
			lines.push(line, Buffer.from("\n"));
		}
		return Buffer.concat(lines);
	};
	const found = { lines: 0, good: 0, bad: 0 };
	let left: Buffer = Buffer.alloc(0);
	const pending = await readStream(
		(into) => {
			if (left.length === 0) left = nextBlock();
			const got = left.copy(into);
			left = left.subarray(got);
			return got;
		},
		{
			line: (text) => {
				found.lines++;
				if (readText(text, "UTC").ok) found.good++;
				else found.bad++;
			},
			bad: () => {
				found.lines++;
				found.bad++;
			},
			isComplete: () => false,
			flush: () => {},
		},
	);
	expect(pending).toBe(0);
	expect(found.good + found.bad).toBe(found.lines);
	expect(found.lines).toBe(count);
	expect(found.good).toBeGreaterThan(count / 5);
	expect(found.bad).toBeGreaterThan(count / 5);
}, 600_000);
