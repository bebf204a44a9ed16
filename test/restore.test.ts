// Estimates of restores: from drills where there are any, else from the backup's speeds, and nothing out of nothing.
import { describe, expect, test } from "bun:test";
import {
	basisWords,
	type Drill,
	type Estimate,
	estimateRestore,
	groundWords,
	speedOf,
	whyUnknown,
} from "../src/restore.ts";
import { aDrill, aSpeed, gigabyte, now } from "./drills.ts";

function estimate(size: number | null, drills: Drill[], speeds = [aSpeed()]): Estimate {
	const made = estimateRestore({ size, drills, speeds });
	if (made === null) throw new Error("no estimate");
	return made;
}

describe("from drills", () => {
	test("a drill of everything is what the next one takes", () => {
		const made = estimate(10 * gigabyte, [aDrill(12)]);
		expect(made.seconds).toBeCloseTo(200, 0);
		expect(made.low).toBeGreaterThan(100);
		expect(made.high).toBeLessThan(400);
		expect(basisWords(made.basis, now)).toBe("from 1\u00a0drill, 12\u00a0d ago");
	});

	test("more drills that agree make the range narrower, and drills that do not make it wider", () => {
		const width = ({ low, high }: Estimate) => high / low;
		const one = estimate(10 * gigabyte, [aDrill(1)]);
		const alike = estimate(
			10 * gigabyte,
			[1, 30, 60, 90, 120].map((age) => aDrill(age)),
		);
		const unlike = estimate(
			10 * gigabyte,
			[100, 500, 150, 420, 250].map((seconds, i) => aDrill(i * 30, { seconds })),
		);
		expect(width(alike)).toBeLessThan(width(one) * 0.75);
		expect(width(unlike)).toBeGreaterThan(width(alike) * 1.5);
		expect(basisWords(alike.basis, now)).toBe("from 5\u00a0drills, the last 24\u00a0h ago");
	});

	test("one drill that went astray does not move the likely time", () => {
		const made = estimate(10 * gigabyte, [
			aDrill(1, { seconds: 2000 }),
			aDrill(30),
			aDrill(60),
			aDrill(90),
			aDrill(120),
		]);
		expect(made.seconds).toBeCloseTo(200, 0);
	});

	test("drills of two sizes tell the latency from the throughput", () => {
		const drills = [
			{ bytes: 1e8, seconds: 32 },
			{ bytes: 1e10, seconds: 230 },
			{ bytes: 2e8, seconds: 34 },
			{ bytes: 1.2e10, seconds: 270 },
		].map((about, i) => aDrill(i * 30, about));
		const made = estimate(1e11, drills);
		expect(made.latency).toBeCloseTo(30, 0);
		expect(made.throughput / 1e6).toBeCloseTo(50, 0);
		expect(made.seconds).toBeCloseTo(2030, -2);
	});

	test("a small drill alone leaves open how much of its time was latency", () => {
		const made = estimate(100 * gigabyte, [aDrill(1, { bytes: gigabyte, seconds: 60 })]);
		// 100 times a minute if none of it was, 21 minutes if most of it was.
		expect(made.low).toBeLessThan(1300);
		expect(made.high).toBeGreaterThan(6000);
	});

	test("what failed, took no time or brought back nothing is not counted", () => {
		const none = [aDrill(1, { outcome: "failure" }), aDrill(2, { bytes: 0 }), aDrill(3, { seconds: 0 })];
		expect(estimateRestore({ size: gigabyte, drills: none, speeds: [] })).toBeNull();
		expect(estimate(10 * gigabyte, [...none, aDrill(4)]).basis).toMatchObject({ drills: 1 });
	});

	test("where no backup tells its size, the newest drill's is meant", () => {
		expect(estimate(null, [aDrill(1), aDrill(50, { bytes: gigabyte })]).bytes).toBe(10 * gigabyte);
	});
});

describe("without a drill", () => {
	test("the speed of the upload is assumed, with a wide range", () => {
		const made = estimate(10 * gigabyte, [], [aSpeed({ upload: 10e6, whole: 1e9 })]);
		expect(made.seconds).toBe(1000);
		expect(made.low).toBe(400);
		expect(made.high).toBe(2560);
		expect(basisWords(made.basis, now)).toBe("from upload speed, never tested");
	});

	test("what was packed and then sent is fetched and then unpacked", () => {
		const made = estimate(10 * gigabyte, [], [aSpeed({ upload: 10e6, archive: 50e6 })]);
		expect(made.seconds).toBeCloseTo(1200, 3);
		expect(groundWords(made.basis)).toBe("from upload and archive speed, never tested");
	});

	test("a failed drill is said to be one", () => {
		const made = estimate(gigabyte, [aDrill(1, { outcome: "failure" })], [aSpeed({ whole: 1e7 })]);
		expect(groundWords(made.basis)).toBe("from backup speed, no drill worked");
	});

	test("the speed is the median of some backups", () => {
		const speeds = [1e6, 10e6, 11e6, 9e6, 500e6].map((upload) => aSpeed({ upload }));
		expect(estimate(gigabyte, [], speeds).seconds).toBe(100);
	});
});

describe("nothing to go by", () => {
	const reason = (size: number | null, drills: Drill[], speeds = [aSpeed()]) => {
		expect(estimateRestore({ size, drills, speeds })).toBeNull();
		return whyUnknown({ size, drills, speeds });
	};

	test("is said with its reason", () => {
		expect(reason(null, [], [])).toBe("No good backup is on record.");
		expect(reason(null, [])).toBe("Its size is not reported, and no drill told how much it brought back.");
		expect(reason(gigabyte, [])).toBe("Its backups do not tell how long they take, and no drill was recorded.");
		expect(reason(0, [])).toBe("Its newest backup is empty.");
	});
});

describe("speeds of a backup", () => {
	const speeds = (about: Partial<Parameters<typeof speedOf>[0]>) =>
		speedOf({ size: null, bytesAdded: null, duration: null, phases: [], ...about });

	test("upload is what was sent by its phase, archive the whole by its", () => {
		const phases = [
			{ name: "archive", seconds: 100 },
			{ name: "upload", seconds: 50 },
		];
		expect(speeds({ size: 1e9, duration: 160, phases })).toMatchObject({ upload: 2e7, archive: 1e7, full: null });
		expect(speeds({ size: 1e9, bytesAdded: 1e8, phases })).toMatchObject({ upload: 2e6, archive: 1e7, full: null });
	});

	test("an upload of next to nothing tells nothing of the line", () => {
		expect(speeds({ size: 1e9, bytesAdded: 400, phases: [{ name: "upload", seconds: 3 }] }).upload).toBeNull();
	});

	test("a run that stored most of what it holds tells the speed of a full backup", () => {
		expect(speeds({ size: 1e9, bytesAdded: 9e8, duration: 90 }).full).toBe(1e7);
		expect(speeds({ size: 1e9, bytesAdded: 1e7, duration: 90 }).full).toBeNull();
	});
});
