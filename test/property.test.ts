// What must hold for any input at all, looked for with random ones. HARD=1 looks a hundred times longer.
import { afterAll, describe, expect, test } from "bun:test";
import { appendFileSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { FollowedFile } from "../src/ingest/follow.ts";
import { readStream } from "../src/ingest/import-file.ts";
import { readText } from "../src/ingest/record.ts";
import { parseReport } from "../src/report.ts";
import { averagesOf } from "../src/rollup.ts";
import { allJobs, readDays } from "../src/store/daily.ts";
import { closeDatabase, openDatabase, prepareDatabase } from "../src/store/database.ts";
import { readFinished } from "../src/store/runs.ts";
import { parseTimestamp } from "../src/time.ts";
import { cleanUp, isHard, makeFolder } from "./binary.ts";
import { aLine, someLines } from "./lines.ts";

afterAll(cleanUp);

const numRuns = isHard ? 200_000 : 2000;
/** For properties that need a database of their own each time. */
const storedRuns = isHard ? 5000 : 30;
const now = Date.UTC(2026, 11, 1);
const zones = ["UTC", "Europe/Berlin", "America/St_Johns", "Australia/Lord_Howe", "Asia/Kolkata"];

const stampArb = fc
	.record({
		at: fc.integer({ min: 86_400, max: Date.UTC(2199, 0, 1) / 1000 }).map((seconds) => seconds * 1000),
		offset: fc.integer({ min: -14 * 60, max: 14 * 60 }),
	})
	.map(({ at, offset }) => ({ at, text: withOffset(at, offset) }));

/** An instant written as the wall clock of an offset in minutes. */
function withOffset(at: number, offset: number): string {
	const local = new Date(at + offset * 60_000).toISOString().slice(0, 19);
	const hours = String(Math.trunc(Math.abs(offset) / 60)).padStart(2, "0");
	const minutes = String(Math.abs(offset) % 60).padStart(2, "0");
	return `${local}${offset < 0 ? "-" : "+"}${hours}:${minutes}`;
}

const reportArb = fc.record(
	{
		timestamp: fc.oneof(
			stampArb.map(({ text }) => text),
			fc.integer({ min: 1_000_000_000, max: 4_000_000_000 }),
		),
		backup_id: fc.oneof(
			fc.integer({ min: 0, max: 30 }).map((n) => `run-${n}`),
			fc.integer({ min: 0, max: 5 }),
		),
		success: fc.oneof(fc.boolean(), fc.constantFrom("yes", "failed", "OK", 0, 1)),
		job: fc.constantFrom("default", "photos", "db", null),
		host: fc.constantFrom("", "pi4", null),
		duration_total: fc.oneof(fc.double({ min: 0, max: 1e6, noNaN: true }), fc.constantFrom(null, "12", -1)),
		size_bytes: fc.oneof(fc.nat(), fc.constantFrom(null, "x", 1e300)),
		error_category: fc.constantFrom(null, "timeout", "disk_full"),
		note: fc.string(),
	},
	{ requiredKeys: ["timestamp", "backup_id", "success"] },
);

const lineArb = fc.oneof(
	{ weight: 6, arbitrary: reportArb.map((report) => JSON.stringify(report)) },
	{ weight: 1, arbitrary: fc.json() },
	{ weight: 1, arbitrary: fc.string({ unit: "binary" }) },
);

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

/** Follows a file that is made by `write` in steps; gives all that is stored of it in the end. */
function stored(write: (path: string, look: () => void) => void): { runs: unknown[]; sums: unknown; rejected: number } {
	const folder = makeFolder();
	const path = join(folder, "metrics.jsonl");
	const db = openDatabase(join(folder, "backups.db"));
	prepareDatabase(db);
	const file = new FollowedFile(db, path, "UTC");
	const look = () => {
		while (file.look(now).more);
	};
	write(path, look);
	look();
	const runs = db
		.query(
			`SELECT job.name, job.host, backup_id, outcome, started_at, duration, size, report
			FROM run JOIN job ON job.id = job_id ORDER BY job.name, job.host, backup_id`,
		)
		.all();
	const sums = readDays(db, allJobs, 0, 90_000).map(({ day, totals }) => {
		const { longestDuration: _, averageDuration, averageThroughput: __, phases: ___, ...exact } = averagesOf(totals);
		return { day, ...exact, averageDuration: averageDuration?.toFixed(3) };
	});
	const rejected = db.query<{ n: number }, []>("SELECT coalesce(sum(rejected), 0) AS n FROM source").get()?.n ?? 0;
	closeDatabase(db);
	rmSync(folder, { recursive: true });
	return { runs, sums: sums.filter((day) => day.runs > 0), rejected };
}

const fileArb = fc.array(
	lineArb.filter((line) => !/[\r\n]/.test(line)),
	{ maxLength: 25 },
);

describe("a file", () => {
	test("gives the same, however its bytes are split into appends", () => {
		fc.assert(
			fc.property(fileArb, fc.array(fc.nat(4000), { maxLength: 12 }), (lines, cuts) => {
				const bytes = Buffer.from(lines.map((line) => `${line}\n`).join(""));
				const whole = stored((path) => writeFileSync(path, bytes));
				const split = stored((path, look) => {
					writeFileSync(path, "");
					let from = 0;
					for (const cut of [...cuts.map((n) => n % (bytes.length + 1)), bytes.length].sort((a, b) => a - b)) {
						appendFileSync(path, bytes.subarray(from, cut));
						from = cut;
						look();
					}
				});
				expect(split.runs).toEqual(whole.runs);
				expect(split.sums).toEqual(whole.sums);
			}),
			{ numRuns: storedRuns },
		);
	});

	test("read again, replaced by itself, is no news", () => {
		fc.assert(
			fc.property(fileArb, (lines) => {
				const text = lines.map((line) => `${line}\n`).join("");
				const once = stored((path) => writeFileSync(path, text));
				const again = stored((path, look) => {
					for (let n = 0; n < 3; n++) {
						writeFileSync(`${path}.new`, text);
						renameSync(`${path}.new`, path);
						look();
					}
				});
				expect(again).toEqual(once);
			}),
			{ numRuns: storedRuns },
		);
	});

	test("cut at the front and appended to gives what the whole file would have given", () => {
		fc.assert(
			fc.property(fileArb, fileArb, fc.nat(30), (first, second, kept) => {
				const text = (lines: string[]) => lines.map((line) => `${line}\n`).join("");
				const whole = stored((path) => writeFileSync(path, text([...first, ...second])));
				const cut = stored((path, look) => {
					writeFileSync(path, text(first));
					look();
					writeFileSync(`${path}.new`, text(first.slice(-kept || first.length)) + text(second));
					renameSync(`${path}.new`, path);
				});
				expect(cut.runs).toEqual(whole.runs);
				expect(cut.sums).toEqual(whole.sums);
			}),
			{ numRuns: storedRuns },
		);
	});

	test("in any order of lines is answered in the order of instants", () => {
		fc.assert(
			fc.property(fc.uniqueArray(stampArb, { maxLength: 12, selector: ({ at }) => at }), (stamps) => {
				const folder = makeFolder();
				const db = openDatabase(join(folder, "backups.db"));
				prepareDatabase(db);
				const path = join(folder, "metrics.jsonl");
				writeFileSync(
					path,
					stamps.map(({ text }, n) => `${aLine(n, { timestamp: text, backup_id: `s-${n}` })}\n`).join(""),
				);
				new FollowedFile(db, path, "UTC").look(now);
				const order = readFinished(db, null, 365, 0).map((run) => run.startedAt);
				expect(order).toEqual(stamps.map(({ at }) => at).sort((a, b) => b - a));
				closeDatabase(db);
				rmSync(folder, { recursive: true });
			}),
			{ numRuns: storedRuns },
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
