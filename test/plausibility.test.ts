// What is said of a run that does not look like the ones before it, and what is not.
import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { judgePlausibility, type Measured, type Plausibility, type PlausibilityLimits } from "../src/plausibility.ts";

const day = 86_400_000;
const start = Date.UTC(2026, 2, 2, 2);
const mb = 1e6;

const balanced: PlausibilityLimits = {
	minSize: null,
	maxSize: null,
	maxRuntime: null,
	sensitivity: "balanced",
	baselineFrom: null,
	zone: "UTC",
};

/** The i-th daily run. */
function aRun(i: number, values: Partial<Measured> = {}): Measured {
	const unknown = { size: null, bytesAdded: null, duration: null, filesTotal: null, phases: [] };
	return { runId: i + 1, startedAt: start + i * day, outcome: "success", ...unknown, ...values };
}

/** Runs with these values, one a day, newest first. */
function daily(values: Partial<Measured>[]): Measured[] {
	return values.map((one, i) => aRun(i, one)).reverse();
}

const sizes = (...list: number[]) => daily(list.map((size) => ({ size: size * mb })));
/** Around 402 MB, 2,010 files, 140 s, 100 of them in the dump. */
const ordinary = (i: number): Partial<Measured> => {
	const wobble = 1 + ((i % 3) - 1) * 0.01;
	return {
		size: Math.round(402 * mb * wobble),
		filesTotal: Math.round(2010 * wobble),
		duration: 140 * wobble,
		phases: [
			{ name: "dump", seconds: 100 * wobble },
			{ name: "upload", seconds: 40 * wobble },
		],
	};
};
const ordinaryRuns = (count: number) => daily(Array.from({ length: count }, (_, i) => ordinary(i)));

function judge(values: Partial<Measured>, past: Measured[], limits: Partial<PlausibilityLimits> = {}): Plausibility {
	return judgePlausibility(aRun(past.length, values), past, { ...balanced, ...limits });
}

const plain = (text: string | null | undefined) => text?.replaceAll("\u00a0", " ");
const told = ({ findings }: Plausibility) =>
	findings.map(({ kind, severity, sentence }) => `${kind} ${severity}: ${plain(sentence)}`);

describe("while learning", () => {
	test("it says how many runs there are of how many, this one included", () => {
		expect(judge({ size: 400 * mb }, sizes(400, 401)).learning).toEqual({ have: 3, need: 5 });
		expect(judge({ size: 400 * mb }, sizes(400, 401, 399, 400)).learning).toBeNull();
		expect(judge({ size: 400 * mb }, sizes(400, 401), { sensitivity: "relaxed" }).learning).toEqual({
			have: 3,
			need: 7,
		});
	});

	test("a failed run teaches nothing, neither as the past nor as the run that is judged", () => {
		const failed = sizes(400, 401, 402).map((run): Measured => ({ ...run, outcome: "failure" }));
		expect(judge({ size: 400 * mb }, failed).learning).toEqual({ have: 1, need: 5 });
		expect(judge({ outcome: "failure", size: 0 }, sizes(400, 401)).learning).toEqual({ have: 2, need: 5 });
	});

	test("only an empty run and a fall below a fifth are odd", () => {
		expect(told(judge({ size: 190 * mb }, sizes(400)))).toEqual([]);
		expect(told(judge({ size: 41 * mb }, sizes(402)))).toEqual(["size critical: 41.0 MB, 402 MB the time before."]);
		expect(told(judge({ size: 0 }, sizes(402)))).toEqual(["size critical: Empty: 0 B, usually 402 MB."]);
		expect(told(judge({ size: 1 * mb }, sizes(9)))).toEqual([]);
		expect(told(judge({ size: 0 }, []))).toEqual([]);
	});

	test("the small days after a weekly full copy are no fall", () => {
		expect(told(judge({ size: 30 * mb }, sizes(31, 29, 400)))).toEqual([]);
	});
});

describe("size", () => {
	const past = sizes(400, 402, 405, 401, 402, 404, 399);

	test.each([
		[402, []],
		[330, []],
		[281, ["size warning: 281 MB, usually 402 MB."]],
		[200, ["size critical: 200 MB, usually 402 MB."]],
		[41, ["size critical: 41.0 MB, usually 402 MB."]],
		[0, ["size critical: Empty: 0 B, usually 402 MB."]],
		[790, []],
		[1210, ["size warning: 1.21 GB, usually 402 MB."]],
	])("%p MB where about 402 MB are usual", (size, expected) => {
		expect(told(judge({ size: size * mb }, past))).toEqual(expected);
	});

	test("what is unknown is not judged, and is no zero", () => {
		expect(told(judge({ size: null }, past))).toEqual([]);
		expect(told(judge({ size: Number.NaN }, past))).toEqual([]);
	});

	test("a constant job may change a little, and a tiny one by much", () => {
		const constant = sizes(100, 100, 100, 100, 100, 100);
		expect(told(judge({ size: 99 * mb }, constant))).toEqual([]);
		expect(told(judge({ size: 70 * mb }, constant))).toHaveLength(1);
		const tiny = daily(Array.from({ length: 8 }, () => ({ size: 20_000 })));
		expect(told(judge({ size: 5000 }, tiny))).toEqual([]);
		expect(told(judge({ size: 0 }, tiny))).toHaveLength(1);
	});

	test("empty stays odd however long it lasts, and does not become usual", () => {
		const empties = sizes(400, 402, 405, 401, 402, ...Array.from({ length: 30 }, () => 0));
		const judged = judge({ size: 0 }, empties);
		expect(told(judged)).toEqual(["size critical: Empty: 0 B, usually 402 MB."]);
		expect(judged.proposal).toBeNull();
	});

	test("a job that is empty as often as not may be empty", () => {
		expect(told(judge({ size: 0 }, sizes(400, 0, 402, 0, 405, 0, 401, 0, 402, 0, 0, 404)))).toEqual([]);
	});

	test("a failed run is not judged", () => {
		expect(told(judge({ outcome: "failure", size: 0 }, past))).toEqual([]);
	});

	test("a run with warnings is judged", () => {
		expect(told(judge({ outcome: "warning", size: 41 * mb }, past))).toHaveLength(1);
	});

	test("runs with warnings are no measure where there are enough without", () => {
		const warned = sizes(41, 41, 41, 41, 41, 41, 41, 41).map(
			(run, i): Measured => ({ ...run, runId: 100 + i, outcome: "warning", startedAt: run.startedAt + 7 * day }),
		);
		expect(told(judge({ size: 41 * mb }, [...warned, ...past]))).toHaveLength(1);
	});

	test("a job that always warns is compared with its like", () => {
		const warned = past.map((run): Measured => ({ ...run, outcome: "warning" }));
		expect(told(judge({ outcome: "warning", size: 41 * mb }, warned))).toHaveLength(1);
	});

	test("a growing dump is compared with what it would be today", () => {
		const growing = sizes(...Array.from({ length: 14 }, (_, i) => 100 * 1.03 ** i));
		expect(judge({ size: 100 * 1.03 ** 14 * mb }, growing).findings).toEqual([]);
		expect(told(judge({ size: 75 * 1.03 ** 14 * mb }, growing))).toEqual(["size warning: 113 MB, usually 151 MB."]);
	});

	test("the sensitivity decides what is said of a fifth less, of a third less and of thrice as much", () => {
		const found = (size: number) =>
			(["strict", "balanced", "relaxed"] as const).map(
				(sensitivity) => judge({ size: size * mb }, past, { sensitivity }).findings.length,
			);
		expect(found(330)).toEqual([1, 0, 0]);
		expect(found(270)).toEqual([1, 1, 0]);
		expect(found(1206)).toEqual([1, 1, 0]);
		expect(found(150)).toEqual([1, 1, 1]);
	});
});

describe("bytes added", () => {
	const added = (...list: number[]) => list.map((bytes) => ({ bytesAdded: bytes * mb }));
	const steady = [100, 103, 98, 101, 99, 102, 100, 97];

	test("alone they are judged like a size", () => {
		expect(told(judge({ bytesAdded: 20 * mb }, daily(added(...steady))))).toEqual([
			"size critical: 20.0 MB added, usually 100 MB.",
		]);
		expect(told(judge({ bytesAdded: 0 }, daily(added(...steady))))).toEqual([
			"size critical: Nothing was added, usually 100 MB.",
		]);
	});

	test("more than usual is worth a note", () => {
		expect(told(judge({ bytesAdded: 900 * mb }, daily(added(...steady))))).toEqual([
			"size info: 900 MB added, usually 100 MB.",
		]);
	});

	test("beside a usual size nothing added is nothing odd, and less is worth a note", () => {
		const past = daily(added(...steady).map((one) => ({ ...one, size: 5000 * mb })));
		expect(told(judge({ size: 5000 * mb, bytesAdded: 0 }, past))).toEqual([]);
		expect(told(judge({ size: 5000 * mb, bytesAdded: 20 * mb }, past))).toEqual([
			"size info: 20.0 MB added, usually 100 MB.",
		]);
	});

	test("where they jump about and nothing else is known, that is said instead, but empty is empty", () => {
		const past = daily(added(3, 900, 40, 2100, 12, 300, 90, 1500));
		const judged = judge({ bytesAdded: 2 * mb }, past);
		expect(judged.findings).toEqual([]);
		expect(plain(judged.variable)).toBe(
			"What it adds varies too much to be judged: between 3.00 MB and 2.10 GB in 8 runs. Only empty runs and limits that are set count.",
		);
		expect(told(judge({ bytesAdded: 0 }, past))).toHaveLength(1);
		expect(judge({ bytesAdded: 100 * mb }, daily(added(...steady))).variable).toBeNull();
	});
});

describe("duration and phases", () => {
	const timed = (...list: number[]) => daily(list.map((duration) => ({ duration })));

	test("a run that takes far longer is odd, if it matters", () => {
		const past = timed(2400, 2430, 2380, 2410, 2390, 2400, 2440);
		expect(told(judge({ duration: 7500 }, past))).toEqual(["duration warning: Took 2 h 5 min, usually 40 min."]);
		expect(told(judge({ duration: 20 }, timed(5, 6, 5, 4, 5, 5, 6)))).toEqual([]);
		expect(told(judge({ duration: 300 }, timed(100, 101, 99, 100, 102)))).toHaveLength(1);
		expect(told(judge({ duration: 300 }, timed(100, 101, 99, 100, 102), { maxRuntime: 6000 }))).toEqual([]);
	});

	test("finished suspiciously fast: where nothing says that there was as much to do", () => {
		const past = timed(600, 610, 590, 605, 600, 595, 600);
		expect(told(judge({ duration: 2 }, past))).toEqual([
			"duration warning: Finished suspiciously fast: 2 s, usually 10 min.",
		]);
		expect(told(judge({ duration: 200 }, past))).toEqual([]);
		expect(told(judge({ duration: 2 }, past.slice(1)))).toEqual([]);
		const sized = past.map((run) => ({ ...run, size: 400 * mb }));
		expect(told(judge({ duration: 2, size: 400 * mb }, sized))).toEqual([]);
	});

	test("more data takes more time", () => {
		const past = daily(
			Array.from({ length: 8 }, (_, i) => ({ bytesAdded: (100 + i) * mb, size: 9000 * mb, duration: 400 })),
		);
		expect(told(judge({ size: 9000 * mb, bytesAdded: 3000 * mb, duration: 2400 }, past))).toEqual([
			"size info: 3.00 GB added, usually 104 MB; it took 40 min instead of 6 min 40 s.",
		]);
		expect(told(judge({ size: 9000 * mb, bytesAdded: 100 * mb, duration: 2400 }, past))).toEqual([
			"duration warning: Took 40 min, usually 6 min 40 s.",
		]);
	});

	test("a slow phase is named, and that the others were usual", () => {
		const past = ordinaryRuns(8);
		const phases = [
			{ name: "dump", seconds: 100 },
			{ name: "upload", seconds: 400 },
		];
		expect(told(judge({ ...ordinary(1), duration: 140, phases }, past))).toEqual([
			"phase warning: The upload phase took 6 min 40 s, usually 40 s; the other phase was as usual.",
		]);
		expect(judge({ ...ordinary(1), phases }, past).findings[0]?.key).toBe("upload");
		expect(told(judge({ ...ordinary(1), duration: 500, phases }, past))).toEqual([
			"duration warning: Took 8 min 20 s, usually 2 min 20 s; the upload phase took 6 min 40 s instead of 40 s; the other phase was as usual.",
		]);
	});

	test("seconds of nothing are a value", () => {
		expect(told(judge({ duration: 0 }, timed(600, 610, 590, 605, 600, 595, 600)))).toHaveLength(1);
		expect(told(judge({ duration: 0 }, timed(0, 0, 0, 0, 0, 0, 0)))).toEqual([]);
	});
});

describe("several measures", () => {
	const past = ordinaryRuns(10);

	test("half the size, half the files and half the time are one finding", () => {
		const half = { size: 200 * mb, filesTotal: 1005, duration: 70 };
		expect(told(judge(half, past))).toEqual([
			"size critical: 200 MB, usually 402 MB; it had 1,005 files instead of 2,010, it took 1 min 10 s instead of 2 min 20 s.",
		]);
	});

	test("of the times the one that explains most is told", () => {
		const phases = [
			{ name: "dump", seconds: 2 },
			{ name: "upload", seconds: 40 },
		];
		expect(told(judge({ size: 41 * mb, duration: 42, phases }, past))).toEqual([
			"size critical: 41.0 MB, usually 402 MB; the dump phase took 2 s instead of 1 min 40 s.",
		]);
	});

	test("files missing from a usual size are a finding of their own", () => {
		expect(told(judge({ ...ordinary(1), filesTotal: 600 }, past))).toEqual([
			"files critical: 600 files, usually 2,010.",
		]);
		expect(told(judge({ ...ordinary(1), filesTotal: 0 }, past))).toEqual(["files critical: No files, usually 2,010."]);
	});

	test("a few files more or less never matter", () => {
		const few = daily(Array.from({ length: 8 }, () => ({ filesTotal: 8 })));
		expect(told(judge({ filesTotal: 3 }, few))).toEqual([]);
	});

	test("smaller and slower are two", () => {
		const judged = judge({ ...ordinary(1), size: 41 * mb, duration: 3600 }, past);
		expect(judged.findings.map(({ kind }) => kind)).toEqual(["size", "duration"]);
	});

	test("the finding knows its run and when it ended", () => {
		const [finding] = judge({ size: 41 * mb, duration: 60 }, past).findings;
		expect(finding).toMatchObject({ runId: 11, key: "", since: start + 10 * day + 60_000 });
	});
});

describe("limits that are set", () => {
	test("hold from the first run on", () => {
		expect(told(judge({ size: 41 * mb }, [], { minSize: 100 * mb }))).toEqual([
			"size critical: 41.0 MB, less than the 100 MB set as its smallest size.",
		]);
		expect(told(judge({ size: 410 * mb }, [], { maxSize: 100 * mb }))).toEqual([
			"size warning: 410 MB, more than the 100 MB set as its largest size.",
		]);
		expect(told(judge({ duration: 15_000 }, [], { maxRuntime: 10_800 }))).toEqual([
			"duration warning: Took 4 h 10 min, longer than the 3 h set as its longest run.",
		]);
	});

	test("join what the past says", () => {
		expect(told(judge({ size: 281 * mb }, sizes(400, 402, 405, 401, 402), { minSize: 300 * mb }))).toEqual([
			"size critical: 281 MB, usually 402 MB, and less than the 300 MB set as its smallest size.",
		]);
	});

	test("are not worn down by a new normal", () => {
		const past = sizes(400, 402, 405, 401, 402, 200, 201, 199, 200);
		const judged = judge({ size: 200 * mb }, past, { minSize: 300 * mb });
		expect(judged.proposal?.taken).toBe(true);
		expect(told(judged)).toEqual(["size critical: 200 MB, less than the 300 MB set as its smallest size."]);
	});
});

describe("weekdays", () => {
	/** Two months: 1 GB on Mondays, 100 MB else. The first run is on a Monday. */
	const weekly = (i: number) => ({ size: (i % 7 === 0 ? 1000 : 100 + (i % 3)) * mb });
	const past = daily(Array.from({ length: 42 }, (_, i) => weekly(i)));

	test("a weekly full copy is usual on its day", () => {
		expect(told(judge({ size: 1000 * mb }, past))).toEqual([]);
		expect(judge({ size: 1000 * mb }, past).usual.size?.median).toBe(1000 * mb);
	});

	test("its absence is odd", () => {
		expect(told(judge({ size: 100 * mb }, past))).toEqual(["size critical: 100 MB, usually 1.00 GB."]);
	});

	test("on another day it is odd", () => {
		expect(judgePlausibility(aRun(44, { size: 1000 * mb }), past, balanced).findings).toHaveLength(1);
	});

	test("the second one is not told again", () => {
		const fromTuesday = past.slice(0, -1);
		const full = (i: number) =>
			judgePlausibility(aRun(i, { size: 1000 * mb }), fromTuesday.slice(fromTuesday.length + 1 - i), balanced);
		expect(full(7).findings).toHaveLength(1);
		expect(full(14).findings).toEqual([]);
	});

	test("days are those of the zone", () => {
		// 02:00 in UTC on Monday is Sunday evening in New York, for all alike.
		expect(told(judge({ size: 1000 * mb }, past, { zone: "America/New_York" }))).toEqual([]);
	});
});

describe("a new normal", () => {
	const before = [400, 402, 405, 401, 402, 404, 399];

	test("is proposed by the third run in a row that is odd in the same way, and taken by the fifth", () => {
		const seen = [0, 1, 2, 3, 4].map((count) => {
			const past = sizes(...before, ...[201, 199, 200, 202].slice(0, count));
			const { findings, proposal } = judge({ size: 200 * mb }, past);
			return {
				found: findings.length,
				proposed: proposal === null ? null : { from: proposal.from, taken: proposal.taken },
			};
		});
		const from = start + 7 * day;
		expect(seen).toEqual([
			{ found: 1, proposed: null },
			{ found: 1, proposed: null },
			{ found: 1, proposed: { from, taken: false } },
			{ found: 1, proposed: { from, taken: false } },
			{ found: 0, proposed: { from, taken: true } },
		]);
	});

	test("says what it is", () => {
		const third = judge({ size: 200 * mb }, sizes(...before, 201, 199));
		expect(plain(third.proposal?.sentence)).toBe(
			"3 runs in a row had about 200 MB instead of 401 MB. If it will stay so, mark it as expected.",
		);
		const fifth = judge({ size: 200 * mb }, sizes(...before, 201, 199, 200, 202));
		expect(plain(fifth.proposal?.sentence)).toBe(
			"5 runs in a row had about 200 MB instead of 400 MB: that counts as usual from now on.",
		);
	});

	test("is the whole past from then on", () => {
		const past = sizes(...before, 201, 199, 200, 202, 200);
		const baselineFrom = start + 7 * day;
		const judged = judge({ size: 201 * mb }, past, { baselineFrom });
		expect(judged.findings).toEqual([]);
		expect(judged.learning).toBeNull();
		expect(judge({ size: 90 * mb }, past, { baselineFrom }).findings).toHaveLength(1);
		expect(judge({ size: 402 * mb }, past, { baselineFrom }).findings).toHaveLength(1);
	});

	test("needs runs that are like each other", () => {
		expect(judge({ size: 200 * mb }, sizes(...before, 100, 150)).proposal).toBeNull();
		expect(judge({ size: 200 * mb }, sizes(...before, 200, 402)).proposal).toBeNull();
		expect(judge({ size: 200 * mb }, sizes(...before, 1500, 200)).proposal).toBeNull();
	});

	test("a run that is marked as expected is the first of the past", () => {
		const past = sizes(...before);
		const marked = aRun(7, { size: 100 * mb });
		const limits = { ...balanced, baselineFrom: marked.startedAt };
		expect(judgePlausibility(marked, past, limits)).toMatchObject({ findings: [], learning: { have: 1, need: 5 } });
		const next = judgePlausibility(aRun(8, { size: 100 * mb }), [marked, ...past], limits);
		expect(next).toMatchObject({ findings: [], learning: { have: 2, need: 5 } });
	});

	test("a run from before is still judged as it was then", () => {
		const limits = { baselineFrom: start + 30 * day };
		expect(judge({ size: 41 * mb }, sizes(...before), limits).findings).toHaveLength(1);
	});
});

describe("the usual", () => {
	test("is told of each series that there are enough runs of", () => {
		const { usual } = judge(ordinary(1), ordinaryRuns(8));
		expect(Object.keys(usual)).toEqual(["size", "files_total", "duration", "phase:dump", "phase:upload"]);
		expect(usual.size).toMatchObject({ median: 402 * mb, n: 8 });
		expect(judge(ordinary(1), ordinaryRuns(4)).usual).toEqual({});
	});

	test("ends where something would be said", () => {
		const past = ordinaryRuns(12);
		const { low, high } = judge(ordinary(1), past).usual.size ?? { low: 0, high: 0 };
		expect(judge({ size: low * 1.001 }, past).findings).toEqual([]);
		expect(judge({ size: high * 0.999 }, past).findings).toEqual([]);
		expect(judge({ size: low * 0.999 }, past).findings).toHaveLength(1);
		expect(judge({ size: high * 1.001 }, past).findings).toHaveLength(1);
	});
});

const measure = fc.oneof(
	{ weight: 8, arbitrary: fc.double({ min: 0, max: 1e15, noNaN: true }) },
	{ weight: 2, arbitrary: fc.constantFrom(null, 0, 1, 402e6) },
	{ weight: 1, arbitrary: fc.constantFrom(-5, Number.NaN, Number.POSITIVE_INFINITY, Number.MAX_VALUE, 5e-324) },
);
const seconds = fc.oneof(fc.double({ min: 0, max: 1e6, noNaN: true }), fc.constantFrom(0, -1, Number.NaN, 1e300));
const measuredArb: fc.Arbitrary<Measured> = fc.record({
	runId: fc.integer({ min: 1, max: 1000 }),
	startedAt: fc.integer({ min: 0, max: 60 }).map((i) => start + i * day),
	outcome: fc.constantFrom("success", "success", "success", "warning", "failure"),
	size: measure,
	bytesAdded: measure,
	duration: fc.oneof(seconds, fc.constant(null)),
	filesTotal: measure,
	phases: fc.array(fc.record({ name: fc.constantFrom("dump", "upload", "__proto__", "", "x".repeat(64)), seconds }), {
		maxLength: 4,
	}),
});
const limitsArb: fc.Arbitrary<PlausibilityLimits> = fc.record({
	minSize: fc.constantFrom(null, 0, 1e6),
	maxSize: fc.constantFrom(null, 0, 1e9),
	maxRuntime: fc.constantFrom(null, 0, 3600),
	sensitivity: fc.constantFrom("strict", "balanced", "relaxed"),
	baselineFrom: fc.constantFrom(null, null, start + 10 * day),
	zone: fc.constantFrom("UTC", "Europe/Berlin", "Australia/Lord_Howe"),
});
const pastArb = fc.uniqueArray(measuredArb, { selector: ({ runId }) => runId, maxLength: 45 });

describe("for any runs at all", () => {
	test("there is an answer whose sentences are sentences and whose numbers are numbers", () => {
		fc.assert(
			fc.property(measuredArb, pastArb, limitsArb, (run, past, limits) => {
				const judged = judgePlausibility(run, past, limits);
				const sentences = [
					...judged.findings.map(({ sentence }) => sentence),
					judged.proposal?.sentence,
					judged.variable,
				];
				for (const sentence of sentences) {
					if (sentence === null || sentence === undefined) continue;
					expect(sentence).toMatch(/^[A-Z0-9].*\.$/);
					expect(sentence).not.toMatch(/NaN|Infinity|undefined|null|\u2013/);
				}
				const names = judged.findings.map(({ kind, key }) => `${kind} ${key}`);
				expect(new Set(names).size).toBe(names.length);
				expect(names.length).toBeLessThanOrEqual(4);
				for (const { median, low, high } of Object.values(judged.usual)) {
					expect(Number.isFinite(median) && low >= 0 && Number.isFinite(high)).toBe(true);
					expect(low <= median).toBe(true);
				}
				expect(judgePlausibility(run, past, limits)).toEqual(judged);
				expect(JSON.parse(JSON.stringify(judged))).toEqual(judged);
				if (run.outcome === "failure") expect(judged.findings).toEqual([]);
			}),
			{ numRuns: 2000 },
		);
	});

	test("the order in which the past is given does not matter", () => {
		fc.assert(
			fc.property(measuredArb, pastArb, limitsArb, (run, past, limits) => {
				const reversed = judgePlausibility(run, past.toReversed(), limits);
				expect(judgePlausibility(run, past, limits)).toEqual(reversed);
			}),
			{ numRuns: 500 },
		);
	});

	test("what came later, or is the run itself, does not matter", () => {
		fc.assert(
			fc.property(measuredArb, pastArb, limitsArb, (run, past, limits) => {
				const earlier = past.filter(({ runId, startedAt }) => runId !== run.runId && startedAt <= run.startedAt);
				expect(judgePlausibility(run, past, limits)).toEqual(judgePlausibility(run, earlier, limits));
			}),
			{ numRuns: 500 },
		);
	});

	test("a thousand times larger jobs are judged the same", () => {
		const size = fc.double({ min: 20e6, max: 900e6, noNaN: true });
		fc.assert(
			fc.property(size, fc.array(size, { minLength: 5, maxLength: 20 }), (newest, list) => {
				const found = (factor: number) =>
					judge({ size: newest * factor }, daily(list.map((one) => ({ size: one * factor })))).findings.map(
						({ kind, key, severity }) => ({ kind, key, severity }),
					);
				expect(found(1024)).toEqual(found(1));
			}),
			{ numRuns: 1000 },
		);
	});

	test("judging is fast: five series and fourteen runs in well under a millisecond", () => {
		const past = ordinaryRuns(14);
		const run = aRun(14, { ...ordinary(1), bytesAdded: 5 * mb });
		for (let i = 0; i < 2000; i++) judgePlausibility(run, past, balanced);
		const began = performance.now();
		for (let i = 0; i < 2000; i++) judgePlausibility(run, past, balanced);
		expect((performance.now() - began) / 2000).toBeLessThan(0.5);
	});
});
