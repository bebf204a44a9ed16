// The digest: when it is due, what it counts, and how it reads with one job and with forty.
import { describe, expect, test } from "bun:test";
import {
	type Digest,
	type DigestJob,
	digestFrom,
	digestJob,
	digestLines,
	digestSentence,
	nextDigestAt,
} from "../src/digest.ts";
import { parseTimestamp } from "../src/time.ts";
import { decimal } from "../src/units.ts";
import { day, hour, now } from "./alert-events.ts";

const zone = "Europe/Berlin";
const at = (text: string) => parseTimestamp(text, zone) ?? Number.NaN;
const monday = { weekday: 1, minute: 480 };

describe("the next digest", () => {
	test("is on its weekday at its time, strictly later", () => {
		expect(nextDigestAt(monday, at("2026-11-23T07:59:59+01:00"), zone)).toBe(at("2026-11-23T08:00:00+01:00"));
		expect(nextDigestAt(monday, at("2026-11-23T08:00:00+01:00"), zone)).toBe(at("2026-11-30T08:00:00+01:00"));
		expect(nextDigestAt({ weekday: 7, minute: 0 }, at("2026-11-23T08:00:00+01:00"), zone)).toBe(
			at("2026-11-29T00:00:00+01:00"),
		);
		expect(nextDigestAt({ weekday: null, minute: 480 }, at("2026-11-23T08:00:00+01:00"), zone)).toBe(
			at("2026-11-24T08:00:00+01:00"),
		);
	});

	test("keeps its wall clock over daylight saving, and comes once where a time repeats", () => {
		expect(nextDigestAt(monday, at("2026-03-23T08:00:00+01:00"), zone)).toBe(at("2026-03-30T08:00:00+02:00"));
		const daily = { weekday: null, minute: 150 };
		const first = nextDigestAt(daily, at("2026-10-25T00:00:00+02:00"), zone);
		expect(first).toBe(at("2026-10-25T02:30:00+02:00"));
		expect(nextDigestAt(daily, first, zone)).toBe(at("2026-10-26T02:30:00+01:00"));
		expect(nextDigestAt(daily, at("2026-03-29T00:00:00+01:00"), zone)).toBe(at("2026-03-29T03:30:00+02:00"));
	});

	test("looks back over a day or a week of the calendar", () => {
		expect(digestFrom(monday, at("2026-03-30T08:00:00+02:00"), zone)).toBe(at("2026-03-23T08:00:00+01:00"));
		expect(digestFrom({ weekday: null, minute: 480 }, at("2026-11-23T08:00:00+01:00"), zone)).toBe(
			at("2026-11-22T08:00:00+01:00"),
		);
		expect(digestFrom({ weekday: 7, minute: 480 }, at("2026-03-29T08:00:00+02:00"), zone)).toBe(
			at("2026-03-22T08:00:00+01:00"),
		);
	});
});

test("a job's line counts the span and compares with the size before it", () => {
	const facts = { name: "db", state: "ok", missed: 1, lastGoodAt: now } as const;
	const runs = [
		{ startedAt: now - hour, outcome: "failure", size: 1 },
		{ startedAt: now - 2 * hour, outcome: "success", size: 110 },
		{ startedAt: now - day, outcome: "warning", size: null },
		{ startedAt: now - 8 * day, outcome: "success", size: 100 },
		{ startedAt: now - 9 * day, outcome: "success", size: 50 },
		{ startedAt: now + hour, outcome: "success", size: 999 },
		{ startedAt: now - 60_000, outcome: "running", size: null },
	] as const;
	const job = digestJob(facts, runs, now - 7 * day, now);
	expect(job).toMatchObject({ runs: 3, failed: 1, missed: 1, size: 110 });
	expect(job.change).toBeCloseTo(0.1);
	expect(digestJob(facts, [], now - 7 * day, now)).toMatchObject({ runs: 0, failed: 0, size: null, change: null });
});

function aDigestJob(name: string, some: Partial<DigestJob> = {}): DigestJob {
	return { name, state: "ok", runs: 7, failed: 0, missed: 0, size: 1e9, change: null, lastGoodAt: now - hour, ...some };
}

const sentence = (...jobs: DigestJob[]) => digestSentence(aDigest(jobs)).replaceAll("\u00a0", " ");
const lines = (...jobs: DigestJob[]) =>
	digestLines(aDigest(jobs), now, zone, decimal).map((line) => line.replaceAll("\u00a0", " "));

function aDigest(jobs: DigestJob[]): Digest {
	return { from: now - 7 * day, to: now, jobs, openAlerts: [], undelivered: 0 };
}

test("one sentence says whether anybody is needed", () => {
	expect(sentence()).toBe("No job has reported yet.");
	expect(sentence(aDigestJob("a"), aDigestJob("b", { missed: 1 }))).toBe(
		"All 2 jobs are well: 14 runs, none failed, 1 missed.",
	);
	const bad = ["a", "b", "c", "d", "e"].map((name) => aDigestJob(name, { state: "failed" }));
	expect(sentence(...bad, aDigestJob("z"))).toBe("5 of 6 jobs need you: a, b, c and 2 more.");
	expect(sentence(aDigestJob("a"), aDigestJob("old", { state: "archived" }))).toBe(
		"The one job, a, is well: 7 runs, none failed.",
	);
});

test("one line a job, the worst first", () => {
	expect(
		lines(
			aDigestJob("fine", { change: 0.031 }),
			aDigestJob("gone", { state: "missed", runs: 0, missed: 7, size: null, lastGoodAt: null }),
			aDigestJob("bad", { state: "failed", failed: 2, change: -0.5, lastGoodAt: now - 29 * hour }),
			aDigestJob("shaky", { missed: 1 }),
		),
	).toEqual([
		"bad (failed): 7 runs, 2 failed; 1.00 GB (−50 %); last good Sun 22 Nov 02:42",
		"gone (missed): 0 runs, none failed, 7 missed; never a good run",
		"shaky (ok): 7 runs, none failed, 1 missed; 1.00 GB; last good Mon 23 Nov 06:42",
		"fine (ok): 7 runs, none failed; 1.00 GB (+3 %)",
	]);
});

test("what is well is counted where the list grows long, what needs somebody is listed", () => {
	const many = Array.from({ length: 26 }, (_, n) => aDigestJob(`job${n}`));
	expect(lines(...many)).toHaveLength(13);
	expect(lines(...many).at(-1)).toBe("and 14 more that are well");
	expect(lines(...many.slice(0, 13))).toHaveLength(13);
	expect(lines(...many.slice(0, 13)).at(-1)).toStartWith("job9 (ok)");
	const bad = Array.from({ length: 40 }, (_, n) => aDigestJob(`job${n}`, { state: "failed" }));
	expect(lines(...bad, ...many).slice(-2)).toEqual(["and 15 more that need you", "and 26 more that are well"]);
});
