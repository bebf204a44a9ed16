// What the store answers for the overview: every job from a few bounded questions, with what the watch stored of it.
import type { Database } from "bun:sqlite";
import { afterAll, afterEach, beforeEach, describe, expect, test } from "bun:test";
import { join } from "node:path";
import { lookAt } from "../../src/alerts/look.ts";
import { Batch, readText } from "../../src/ingest/record.ts";
import { everyJob } from "../../src/overview.ts";
import { noSettings } from "../../src/settings.ts";
import { closeDatabase, openDatabase, prepareDatabase, transaction } from "../../src/store/database.ts";
import { findJob } from "../../src/store/jobs.ts";
import { type OverviewQuestion, readOverview, readVerdictJobs } from "../../src/store/overview.ts";
import { deleteRunsBefore } from "../../src/store/runs.ts";
import { clearUnjudged, readUnjudged } from "../../src/store/watched.ts";
import { decimal } from "../../src/units.ts";
import { cleanUp, makeFolder } from "../binary.ts";
import { noJobSettings } from "../judged.ts";

afterAll(cleanUp);

const hour = 3_600_000;
const day = 24 * hour;
const now = Date.UTC(2026, 10, 23, 7);
let db: Database;

beforeEach(() => {
	db = openDatabase(join(makeFolder(), "backups.db"));
	prepareDatabase(db);
});
afterEach(() => closeDatabase(db));

type Fields = Record<string, unknown>;

/** A run `ago` days before two o'clock of today, for each of `days`. */
function record(job: string, days: number[], fields: (ago: number) => Fields = () => ({})): void {
	transaction(db, () => {
		const batch = new Batch(db, "UTC", now);
		for (const ago of days) {
			const line = JSON.stringify({
				job,
				timestamp: new Date(now - 5 * hour - ago * day).toISOString(),
				backup_id: `${job}-${ago}`,
				success: true,
				duration_total: 600,
				size_bytes: 1e9,
				...fields(ago),
			});
			const read = readText(line, "UTC");
			if (!read.ok) throw new Error(read.reason);
			batch.add(read.report, line);
		}
		batch.finish();
	});
}

/** Judges what is stored, as the watch does. */
function judge(): void {
	transaction(db, () => {
		for (const [jobId, runIds] of readUnjudged(db, 10_000)) clearUnjudged(db, jobId, runIds);
		for (const { id } of db.query<{ id: number }, []>("SELECT id FROM job").all()) {
			const name = db.query<{ name: string }, [number]>("SELECT name FROM job WHERE id = ?").get(id)?.name ?? "";
			const job = findJob(db, name);
			if (job === null) continue;
			const options = { settings: null, zone: "UTC", units: decimal, outages: [], isHistory: true, announce: () => {} };
			lookAt(db, job, [1], options, now);
		}
	});
}

const nights = (count: number, from = 0) => Array.from({ length: count }, (_, i) => from + count - 1 - i);
const place = { now, zone: "UTC", settings: noSettings };
const ask = (over: Partial<OverviewQuestion> = {}) => {
	const read = readOverview(db, { ...place, metricsFile: "/x", job: null, range: "30", filter: everyJob, ...over });
	if (read === null) throw new Error("There is no such job");
	return read;
};
const states = (days: { state: string }[]) => days.map(({ state }) => state);

describe("a job of the overview", () => {
	test("has what the watch stored of it, and the days of its strip from the daily sums", () => {
		record("nas", nights(40), (ago) => (ago === 3 ? { success: false, size_bytes: 0, error_message: "full" } : {}));
		judge();
		const [job] = ask().judged;
		expect(job).toMatchObject({ slug: "nas", lastGoodAt: now - 5 * hour + 600_000, usualDuration: 600 });
		expect(job?.judgement).toMatchObject({ state: "ok", dueAt: now + 19 * hour });
		expect(job?.ladder.ran.state).toBe("ok");
		expect(job?.ladder.present.state).toBe("not_set_up");
		expect(job?.days).toHaveLength(30);
		expect(states(job?.days ?? []).slice(-5)).toEqual(["ok", "failed", "ok", "ok", "ok"]);
	});

	test("a night without a run is missed, a slow one is marked, and what is not due is nothing", () => {
		record(
			"nas",
			nights(40).filter((ago) => ago !== 4),
			(ago) => (ago === 2 ? { duration_total: 1500 } : {}),
		);
		judge();
		const days = ask().judged[0]?.days ?? [];
		expect(states(days).slice(-5)).toEqual(["missed", "ok", "warning", "ok", "ok"]);
		expect(days.at(-3)?.slow).toBe(1500);
		record("weekly", [28, 21, 14, 7, 0]);
		judge();
		const weekly = ask().judged.find(({ slug }) => slug === "weekly");
		expect(states(weekly?.days ?? []).filter((state) => state === "ok")).toHaveLength(5);
		expect(states(weekly?.days ?? []).filter((state) => state === "missed")).toEqual([]);
	});

	test("before it is judged its state is that of its newest run, and nothing is claimed of its rhythm", () => {
		record("new", [0], () => ({ success: false, error_message: "no" }));
		expect(ask().judged[0]?.judgement).toMatchObject({ state: "failed", dueAt: null, plan: { source: "assumed" } });
		judge();
		record("new", [-0.1]);
		expect(ask().judged[0]?.judgement.state).toBe("ok");
	});

	test("a run that goes on hides neither the failure before it nor the last good one", () => {
		record("nas", [2, 1], (ago) => (ago === 1 ? { success: false, error_message: "no" } : {}));
		record("nas", [0], () => ({
			success: undefined,
			outcome: "running",
			duration_total: undefined,
			size_bytes: undefined,
		}));
		const [job] = ask().judged;
		expect(job?.running?.outcome).toBe("running");
		expect(job?.finished?.outcome).toBe("failure");
		expect(job?.lastGoodAt).toBe(now - 5 * hour - 2 * day + 600_000);
		expect(job?.judgement.state).toBe("failed");
	});

	test("whose good runs retention has deleted still tells the day of the last one", () => {
		record("nas", [20, 1], (ago) => (ago === 1 ? { success: false, error_message: "no" } : {}));
		transaction(db, () => deleteRunsBefore(db, now - 10 * day, 100));
		const [job] = ask().judged;
		expect(job?.good).toBeNull();
		expect(job?.lastGoodAt).toBe(Date.UTC(2026, 10, 3));
	});

	test("takes title, targets and labels from the file, labels also from its newest report", () => {
		record("nas", [1, 0], (ago) => ({ labels: { place: ago === 0 ? "attic" : "cellar" } }));
		const fixed = { ...noJobSettings, name: "nas", title: "The NAS", rpo: 93_600, labels: { owner: "me" } };
		expect(ask({ settings: { jobs: [fixed] } }).judged[0]).toMatchObject({
			title: "The NAS",
			rpo: 93_600,
			labels: { place: "attic", owner: "me" },
		});
	});

	test("says how its size changes in a week, and whether it drifts", () => {
		record("nas", nights(45), (ago) => ({
			size_bytes: Math.round(1e9 * (1 - ago * 0.01)),
			duration_total: ago < 6 ? 900 : 600,
		}));
		const [job] = ask().judged;
		expect(job?.sizePerWeek).toBeGreaterThan(0.07);
		expect(job?.drift).toEqual({ before: 600, after: 900 });
		expect(job?.sizes).toHaveLength(30);
	});

	test("is in the order of what needs somebody, and in one sentence with the others", () => {
		record("a", nights(9));
		record("b", nights(9), (ago) => (ago === 0 ? { success: false, error_message: "no" } : {}));
		judge();
		expect(ask().judged.map(({ slug }) => slug)).toEqual(["b", "a"]);
		expect(readVerdictJobs(db, place).map(({ name, state }) => [name, state])).toEqual([
			["b", "failed"],
			["a", "ok"],
		]);
	});
});

describe("sizes of all jobs together", () => {
	const sizesOf = (over: Partial<OverviewQuestion> = {}) =>
		ask(over).series.points.map(({ size }) => (size === null ? null : Math.round(size / 1e9)));

	test("carry the last good backup of each job forward: a missed laptop is no data loss", () => {
		record("laptop", [6, 5, 1], () => ({ size_bytes: 2e9 }));
		record("nas", nights(7), (ago) =>
			ago === 3 ? { success: false, size_bytes: 0, error_message: "no" } : { size_bytes: 5e9 },
		);
		expect(sizesOf()).toEqual([7, 7, 7, 7, 7, 7, 7]);
		expect(ask().totalSize).toBe(7e9);
	});

	test("are today the newest good backup of each job, also of one that runs many times a day", () => {
		record("hourly", [0, -0.04, -0.08], (ago) => ({ size_bytes: ago === -0.08 ? 6e9 : 3e9 }));
		record("nas", nights(2), () => ({ size_bytes: 5e9 }));
		expect(ask().totalSize).toBe(11e9);
		expect(sizesOf().at(-1)).toBe(11);
		record("hourly", [-0.12], () => ({ success: false, error_message: "no" }));
		expect(ask().totalSize).toBe(11e9);
	});

	test("begin with what was there before the period, and follow what is reported late", () => {
		record("old", [20], () => ({ size_bytes: 3e9 }));
		record("nas", nights(7), () => ({ size_bytes: 5e9 }));
		expect(sizesOf({ range: "7" })).toEqual([8, 8, 8, 8, 8, 8, 8]);
		record("old", [4], () => ({ size_bytes: 4e9 }));
		expect(sizesOf({ range: "7" })).toEqual([8, 8, 9, 9, 9, 9, 9]);
	});

	test("of one job are its own, and have no total", () => {
		record("laptop", [1], () => ({ size_bytes: 2e9 }));
		record("nas", nights(2), () => ({ size_bytes: 5e9 }));
		const one = ask({ job: "laptop" });
		expect(one.totalSize).toBeNull();
		expect(one.series.points.map(({ size }) => size)).toEqual([2e9]);
		expect(one.judged).toHaveLength(2);
	});
});

test("the last day of runs is given for the timeline, oldest first, backups alone", () => {
	record("nas", [3, 0.2, 0]);
	record("check", [0.1], () => ({ kind: "check" }));
	expect(ask().night.map(({ slug, startedAt }) => [slug, (now - startedAt) / hour])).toEqual([
		["nas", 9.8],
		["nas", 5],
	]);
});
