// Jobs renamed, merged and deleted in a real store: history, sums, later reports, and the same again after a rebuild.
import { Database } from "bun:sqlite";
import { afterAll, describe, expect, test } from "bun:test";
import { appendFileSync, rmSync, writeFileSync } from "node:fs";
import { incomingOf } from "../../src/ingest/incoming.ts";
import type { Monitor } from "../../src/ingest/monitor.ts";
import { jobToChange, planDelete, planMerge, planRename } from "../../src/store/job-change-plan.ts";
import { cleanUp } from "../binary.ts";
import { aLine, someLines } from "../lines.ts";
import { type Kept, makeData, withMonitor } from "./monitor.ts";

afterAll(cleanUp);

type Known = { jobs: unknown[]; runs: unknown[]; days: unknown[]; aliases: unknown[] };

function known({ db }: Monitor): Known {
	if (db === null) throw new Error("not open");
	// Sums of fractions depend on the order in which they were added.
	const rounded = (text: string) => text.replace(/\d+\.\d+/g, (number) => Number(number).toPrecision(10));
	const all = (sql: string): unknown[] => JSON.parse(rounded(JSON.stringify(db.query(sql).all())));
	return {
		jobs: all("SELECT name, host, slug FROM job ORDER BY name, host"),
		runs: all(`SELECT name, host, backup_id, outcome, started_at, size FROM run JOIN job ON job.id = job_id
			ORDER BY name, host, started_at, backup_id`),
		days: all(`SELECT coalesce(name, '') AS job, coalesce(host, '') AS host, day, succeeded, failed, durations, round(duration_sum) AS seconds, size_sum, detail
			FROM daily LEFT JOIN job ON job.id = job_id ORDER BY day, job, host`),
		aliases: all(
			"SELECT alias.name, alias.host, job.name AS job, strand FROM alias JOIN job ON job.id = job_id ORDER BY alias.name",
		),
	};
}

const jobAt = ({ db }: Monitor, address: string) => {
	if (db === null) throw new Error("not open");
	return jobToChange(db, address);
};

function rename(monitor: Monitor, from: string, to: string): void {
	if (monitor.db !== null) monitor.decide(planRename(monitor.db, jobAt(monitor, from), to));
}

function merge(monitor: Monitor, from: string, into: string): void {
	monitor.decide(planMerge(jobAt(monitor, from), jobAt(monitor, into)));
}

function remove(monitor: Monitor, job: string, now = Date.now()): void {
	if (monitor.db !== null) monitor.decide(planDelete(monitor.db, jobAt(monitor, job), now));
}

async function push(monitor: Monitor, n: number, fields: Record<string, unknown> = {}): Promise<void> {
	await monitor.receive("push", () => [incomingOf(JSON.parse(aLine(n, fields)), "UTC")]);
}

/** What a database built from the journals alone knows. */
async function rebuilt(data: Kept): Promise<Known> {
	for (const side of ["", "-wal", "-shm"]) rmSync(data.database + side, { force: true });
	return withMonitor(data, known);
}

const names = (jobs: unknown[]) => jobs.map((job) => (job as { name: string }).name);
const ids = (monitor: Monitor) => (known(monitor).runs as { backup_id: string }[]).map(({ backup_id }) => backup_id);

describe("a renamed job", () => {
	test("keeps its runs, sums and pauses, and what reports the old name goes on there by every road", async () => {
		const data = makeData(someLines(0, 5));
		await withMonitor(data, async (monitor) => {
			await push(monitor, 5);
			monitor.decide({ job: "default", host: "", decision: "pause", until: null });
			const before = known(monitor).days;
			rename(monitor, "default", "Photos to the NAS");
			expect(known(monitor).jobs).toEqual([{ name: "Photos to the NAS", host: "", slug: "photos-to-the-nas" }]);
			expect(known(monitor).days.length).toBe(before.length);
			await push(monitor, 6);
			await push(monitor, 7, { job: "Photos to the NAS" });
			appendFileSync(data.metrics, someLines(8, 10));
			await monitor.catchUp();
			expect(ids(monitor).length).toBe(10);
			expect(names(known(monitor).jobs)).toEqual(["Photos to the NAS"]);
			expect(monitor.db?.query("SELECT count(*) AS n FROM decision WHERE paused_at IS NOT NULL").get()).toEqual({
				n: 1,
			});
			expect(jobAt(monitor, "default").slug).toBe("photos-to-the-nas");
		});
		const live = await withMonitor(data, known);
		expect(await rebuilt(data)).toEqual(live);
	});

	test("can be renamed on and back; each former name still leads to it", async () => {
		const data = makeData(someLines(0, 2, { job: "a" }));
		await withMonitor(data, async (monitor) => {
			rename(monitor, "a", "b");
			rename(monitor, "b", "c");
			rename(monitor, "c", "a");
			for (const [n, job] of ["a", "b", "c"].entries()) await push(monitor, 2 + n, { job });
			expect(known(monitor).jobs).toEqual([{ name: "a", host: "", slug: "a" }]);
			expect(ids(monitor).length).toBe(5);
		});
		const live = await withMonitor(data, known);
		expect(await rebuilt(data)).toEqual(live);
	});

	test("closes under its new name the run that began under the old one", async () => {
		const data = makeData();
		await withMonitor(data, async (monitor) => {
			await push(monitor, 1, { job: "old", outcome: "running" });
			rename(monitor, "old", "new");
			await push(monitor, 1, { job: "new" });
			expect((known(monitor).runs as { outcome: string }[]).map(({ outcome }) => outcome)).toEqual(["success"]);
		});
	});

	test("is not given the name of another job, nor a former one, nor none", async () => {
		const data = makeData(someLines(0, 2, { job: "a" }) + someLines(0, 2, { job: "b" }));
		await withMonitor(data, async (monitor) => {
			expect(() => rename(monitor, "a", "b")).toThrow(
				"There is a job b already. To make one of the two, merge a into b.",
			);
			rename(monitor, "b", "c");
			expect(() => rename(monitor, "a", "b")).toThrow("b is what c was called");
			expect(() => rename(monitor, "a", " ")).toThrow("1 to 64 characters");
			expect(() => rename(monitor, "a", "x".repeat(65))).toThrow("1 to 64 characters");
			expect(() => rename(monitor, "a", "a")).toThrow("called already");
			expect(() => rename(monitor, "nobody", "a")).toThrow('No job is called "nobody"');
			expect(names(known(monitor).jobs)).toEqual(["a", "c"]);
		});
	});

	test("whose script was changed as well stays one job in a rebuild", async () => {
		const data = makeData(someLines(0, 3, { job: "old" }));
		await withMonitor(data, async (monitor) => {
			rename(monitor, "old", "new");
			appendFileSync(data.metrics, someLines(3, 6, { job: "new" }));
			await monitor.catchUp();
		});
		const live = await withMonitor(data, known);
		expect(names(live.jobs)).toEqual(["new"]);
		// The file is read first, and has both names already.
		expect(await rebuilt(data)).toEqual(live);
	});
});

describe("two jobs made one", () => {
	test("have all runs and sums of both; those with the same id stay two", async () => {
		const data = makeData(
			someLines(0, 4, { job: "a" }) +
				someLines(2, 6, { job: "b", size_bytes: 7 }) +
				aLine(9, { job: "b", success: false, error_category: "network" }),
		);
		await withMonitor(data, async (monitor) => {
			const before = known(monitor).days.filter((day) => (day as { job: string }).job === "");
			merge(monitor, "b", "a");
			const { jobs, days } = known(monitor);
			expect(names(jobs)).toEqual(["a"]);
			expect(ids(monitor).toSorted()).toEqual([
				"run-0",
				"run-1",
				"run-2",
				"run-2 (b)",
				"run-3",
				"run-3 (b)",
				"run-4",
				"run-5",
				"run-9",
			]);
			// Of all jobs together nothing has changed, and the one that is left has the same.
			expect(days.filter((day) => (day as { job: string }).job === "")).toEqual(before);
			const strip = (list: unknown[]) => list.map((day) => ({ ...(day as object), job: "" }));
			expect(strip(days.filter((day) => (day as { job: string }).job === "a"))).toEqual(strip(before));
			await push(monitor, 3, { job: "b", size_bytes: 8 });
			await push(monitor, 10, { job: "a" });
			await push(monitor, 10, { job: "b", size_bytes: 9 });
			const sizes = new Map(
				(known(monitor).runs as { backup_id: string; size: number }[]).map((run) => [run.backup_id, run.size]),
			);
			expect([sizes.get("run-3 (b)"), sizes.get("run-10 (b)"), sizes.get("run-3")]).toEqual([8, 9, 2_900_000_003]);
			expect(names(known(monitor).jobs)).toEqual(["a"]);
		});
		const live = await withMonitor(data, known);
		expect(await rebuilt(data)).toEqual(live);
	});

	test("count a run once that both had told of", async () => {
		const data = makeData(someLines(0, 3, { job: "a" }) + someLines(0, 3, { job: "b" }));
		await withMonitor(data, async (monitor) => {
			merge(monitor, "b", "a");
			expect(ids(monitor)).toEqual(["run-0", "run-1", "run-2"]);
			const [day] = known(monitor).days as { succeeded: number }[];
			expect(day?.succeeded).toBe(3);
			await push(monitor, 1, { job: "b" });
			expect(ids(monitor).length).toBe(3);
		});
		const live = await withMonitor(data, known);
		expect(await rebuilt(data)).toEqual(live);
	});

	test("of two machines keep the names of both, through further merges too", async () => {
		const data = makeData(
			["pi4", "nas", "vps"]
				.map((host) => someLines(0, 2, { job: "etc", host, size_bytes: host.charCodeAt(0) }))
				.join(""),
		);
		await withMonitor(data, async (monitor) => {
			merge(monitor, "etc-nas", "etc");
			merge(monitor, "etc-vps", "etc");
			for (const host of ["pi4", "nas", "vps"])
				await push(monitor, 2, { job: "etc", host, size_bytes: 100 + host.charCodeAt(0) });
			expect(ids(monitor).length).toBe(9);
			expect(known(monitor).jobs.length).toBe(1);
		});
		const live = await withMonitor(data, known);
		expect(await rebuilt(data)).toEqual(live);
	});

	test("leave no open alert of the one that is gone, and are not merged with themselves", async () => {
		const data = makeData(someLines(0, 1, { job: "a" }) + someLines(0, 1, { job: "b" }));
		await withMonitor(data, (monitor) => {
			monitor.db?.run(`INSERT INTO alert (id, job_id, kind, key, severity, sentence, since, opened_at)
				SELECT 5, id, 'failed', '', 'critical', 'It failed.', 1, 2 FROM job WHERE name = 'b'`);
			merge(monitor, "b", "a");
			expect(
				monitor.db
					?.query("SELECT name, resolved_at IS NULL AS is_open, resolution FROM alert JOIN job ON job.id = job_id")
					.all(),
			).toEqual([{ name: "a", is_open: 0, resolution: "Its job was merged into another." }]);
			expect(() => merge(monitor, "a", "a")).toThrow("cannot be merged into itself");
		});
	});
});

describe("a deleted job", () => {
	test("is gone with its sums, alerts and messages; of the others nothing has changed", async () => {
		const data = makeData(
			someLines(0, 30, { job: "a" }) + someLines(0, 30, { job: "b", success: false, error_category: "network" }),
		);
		await withMonitor(data, async (monitor) => {
			monitor.db?.run(`INSERT INTO alert (id, job_id, kind, key, severity, sentence, since, opened_at)
				SELECT 5, id, 'failed', '', 'critical', 'It failed.', 1, 2 FROM job WHERE name = 'b'`);
			monitor.db?.run(`INSERT INTO delivery (channel, alert_id, event, body, severity, created_at, due_at)
				VALUES ('phone', 5, 'opened', '{}', 'critical', 1, 1)`);
			const ofA = known(monitor).days.filter((day) => (day as { job: string }).job === "a");
			remove(monitor, "b");
			const { jobs, days } = known(monitor);
			expect([names(jobs), ids(monitor).length]).toEqual([["a"], 30]);
			const strip = (list: unknown[]) => list.map((day) => ({ ...(day as object), job: "" }));
			expect(strip(days.filter((day) => (day as { job: string }).job === ""))).toEqual(strip(ofA));
			for (const table of ["alert", "delivery", "watch"])
				expect(
					monitor.db
						?.query(`SELECT count(*) AS n FROM ${table} WHERE ${table === "delivery" ? "alert_id = 5" : "job_id = 2"}`)
						.get(),
				).toEqual({ n: 0 });
		});
		const live = await withMonitor(data, known);
		expect(await rebuilt(data)).toEqual(live);
	});

	test("does not come back with its old lines, when their file is read again or a database built anew", async () => {
		const data = makeData(someLines(0, 5, { job: "a" }) + someLines(0, 20, { job: "b" }));
		await withMonitor(data, async (monitor) => {
			remove(monitor, "b");
			// `tail > tmp; mv`, and a line more of the other job.
			rmSync(data.metrics);
			writeFileSync(data.metrics, someLines(5, 20, { job: "b" }) + someLines(5, 6, { job: "a" }));
			await monitor.catchUp();
			expect([names(known(monitor).jobs), ids(monitor).length]).toEqual([["a"], 6]);
		});
		expect(names((await rebuilt(data)).jobs)).toEqual(["a"]);
	});

	test("is a job again with its next report, and a rebuild keeps that report", async () => {
		const data = makeData(someLines(0, 5, { job: "b" }));
		const later = Date.now() - Date.UTC(2026, 0, 1, 8);
		const n = Math.ceil(later / 3_600_000) + 2;
		await withMonitor(data, async (monitor) => {
			remove(monitor, "b");
			expect(known(monitor).jobs).toEqual([]);
			appendFileSync(data.metrics, someLines(n, n + 1, { job: "b" }));
			await monitor.catchUp();
			expect(ids(monitor)).toEqual([`run-${n}`]);
		});
		const live = await withMonitor(data, known);
		expect(await rebuilt(data)).toEqual(live);
	});

	test("takes its former names with it: what reports one of them is a job of that name", async () => {
		const data = makeData(someLines(0, 2, { job: "old" }));
		await withMonitor(data, async (monitor) => {
			rename(monitor, "old", "new");
			remove(monitor, "new");
			await push(monitor, 3, { job: "old" });
			expect(known(monitor).jobs).toEqual([{ name: "old", host: "", slug: "old" }]);
		});
	});

	test("is gone whole, also what a clock that was ahead has dated tomorrow", async () => {
		const data = makeData(someLines(0, 2, { job: "b" }) + aLine(1e6, { job: "b" }));
		await withMonitor(data, (monitor) => {
			remove(monitor, "b");
			expect(known(monitor)).toEqual({ jobs: [], runs: [], days: [], aliases: [] });
		});
	});
});

test("sums are those of the runs after a hundred renames, merges and deletions at random, and a rebuild has the same jobs", async () => {
	let state = 7;
	const random = (below: number) => {
		state = (Math.imul(state, 1103515245) + 12345) & 0x7fffffff;
		return (state >> 8) % below;
	};
	const words = ["a", "b", "c", "d", "e"];
	const data = makeData();
	await withMonitor(data, async (monitor) => {
		for (let step = 0; step < 100; step++) {
			for (let n = 0; n < 3; n++) {
				const job = words[random(5)];
				await push(monitor, random(40), {
					job,
					size_bytes: 100 + random(900),
					...(random(4) === 0 && { success: false }),
				});
			}
			const there = names(known(monitor).jobs) as string[];
			const one = there[random(there.length)] ?? "a";
			const other = there[random(there.length)] ?? "a";
			try {
				const what = random(12);
				if (what < 4) rename(monitor, one, words[random(5)] ?? "a");
				else if (what < 7 && there.length > 2) merge(monitor, one, other);
				else if (what === 11) remove(monitor, one);
			} catch (error) {
				expect((error as { code?: string }).code).toMatch(/^(?:usage|conflict)$/);
			}
		}
		const counted = monitor.db
			?.query(`SELECT job_id, day, count(*) FILTER (WHERE outcome <> 'failure') AS succeeded, count(*) FILTER (WHERE outcome = 'failure') AS failed
				FROM run GROUP BY job_id, day ORDER BY job_id, day`)
			.all();
		expect(
			monitor.db
				?.query(
					"SELECT job_id, day, succeeded, failed FROM daily WHERE job_id <> 0 AND succeeded + failed > 0 ORDER BY job_id, day",
				)
				.all(),
		).toEqual(counted ?? []);
		expect(monitor.db?.query("SELECT sum(succeeded + failed) AS n FROM daily WHERE job_id = 0").get()).toEqual({
			n: ids(monitor).length,
		});
		expect(monitor.db?.query("PRAGMA foreign_key_check").all()).toEqual([]);
	});
	const live = await withMonitor(data, known);
	expect(await rebuilt(data)).toEqual(live);
});

test("a database of the version before is brought up with its jobs as they were", async () => {
	const data = makeData(someLines(0, 3));
	await withMonitor(data, () => {});
	const db = new Database(data.database);
	db.run("DROP TABLE alias");
	db.run("PRAGMA user_version = 3");
	db.close();
	await withMonitor(data, (monitor) => {
		rename(monitor, "default", "nas");
		expect(names(known(monitor).jobs)).toEqual(["nas"]);
	});
});
