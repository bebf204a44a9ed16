// What estimates rest on, read from a real database: drills, the backups before them, and the overview's numbers.

import type { Database } from "bun:sqlite";
import { afterAll, expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { pruneStep } from "../../src/ingest/prune.ts";
import { noSettings, type Settings } from "../../src/settings.ts";
import { findJob } from "../../src/store/jobs.ts";
import {
	lookAtRestore,
	readCheckedDrills,
	readDrills,
	readRestoreJob,
	readRestoreJobs,
	restoreFact,
} from "../../src/store/restore.ts";
import { day, openStation, type Station } from "../alerts/station.ts";
import { cleanUp } from "../binary.ts";
import { noJobSettings } from "../judged.ts";

const stations: Station[] = [];
afterAll(async () => {
	for (const station of stations) await station.stop();
	await cleanUp();
});

async function open(): Promise<{ station: Station; db: Database }> {
	const station = await openStation();
	stations.push(station);
	const { db } = station.monitor;
	if (db === null) throw new Error("the database is not open");
	return { station, db };
}

function jobOf(db: Database, name: string) {
	const job = findJob(db, name);
	if (job === null) throw new Error(`no job ${name}`);
	return job;
}

const drill = { kind: "restore_test", duration_total: 100, size_bytes: 1_000_000_000 };
const settings = (rto: number): Settings => ({ ...noSettings, jobs: [{ ...noJobSettings, name: "photos", rto }] });

test("a job is estimated from its backups until it is drilled, and then from its drills", async () => {
	const { station, db } = await open();
	const phases = { duration_archive: 20, duration_upload: 80 };
	for (let i = 0; i < 3; i++) {
		await station.run("photos", { size_bytes: 4e9, ...phases, duration_total: 100, labels: { tool: "restic" } });
		await station.pass(day, day);
	}
	const before = readRestoreJob(db, jobOf(db, "photos"), null, station.now());
	expect(before).toMatchObject({ tool: "restic", size: 4e9, reason: null, rung: { state: "not_set_up" } });
	expect(before.estimate).toMatchObject({ seconds: 100, basis: { from: "speeds", speeds: ["upload", "archive"] } });

	await station.run("photos", drill);
	const after = readRestoreJob(db, jobOf(db, "photos"), null, station.now() + 100_000);
	expect(after.estimate?.basis).toMatchObject({ from: "drills", drills: 1 });
	expect(after.estimate?.bytes).toBe(4e9);
	expect(after.rung.state).toBe("ok");
	// What was said before it: of the one GB that it restored.
	const [checked] = readCheckedDrills(db, after);
	expect(checked?.estimate).toMatchObject({ seconds: 25, basis: { from: "speeds" } });
	expect(checked?.isInside).toBe(true);
});

test("a drill without a size restored as much as the newest backup before it held", async () => {
	const { station, db } = await open();
	await station.run("photos", { size_bytes: 4e9 });
	await station.pass(day, day);
	await station.run("photos", { kind: "restore_test", duration_total: 60, size_bytes: undefined });
	await station.pass(day, day);
	await station.run("photos", { size_bytes: 9e9 });
	await station.run("photos", { kind: "restore_test", outcome: "running", success: undefined, backup_id: "goes on" });
	const drills = readDrills(db, jobOf(db, "photos").id);
	expect(drills).toMatchObject([{ bytes: 4e9, seconds: 60, outcome: "success" }]);
});

test("a copying tool's drill is what it transferred; a failed one keeps its words", async () => {
	const { station, db } = await open();
	await station.run("photos", { ...drill, bytes_added: 5e8 });
	await station.pass(day, day);
	await station.run("photos", { ...drill, success: false, error_message: "wrong password" });
	expect(readDrills(db, jobOf(db, "photos").id)).toMatchObject([
		{ outcome: "failure", message: "wrong password" },
		{ outcome: "success", bytes: 5e8, message: null },
	]);
});

test("the watch is told what is wrong, and when to look again", async () => {
	const { station, db } = await open();
	await station.run("photos", { size_bytes: 4e9 });
	await station.run("photos", drill);
	const job = jobOf(db, "photos");
	const look = lookAtRestore(db, job, settings(200).jobs[0] ?? null, [], station.now() + 100_000);
	expect(look.findings).toMatchObject([{ kind: "rto_exceeded", severity: "warning" }]);
	expect(look.checkAt).toBe((readDrills(db, job.id)[0]?.endedAt ?? 0) + 90 * day + 1);
	const overdue = lookAtRestore(db, job, null, [], station.now() + 100 * day);
	expect(overdue.findings).toMatchObject([{ kind: "drill_overdue" }]);
	expect(lookAtRestore(db, job, settings(3600).jobs[0] ?? null, [], station.now() + day).findings).toEqual([]);
});

test("the overview has one time for everything, never tested as long as one job is not", async () => {
	const { station, db } = await open();
	expect(restoreFact(db, noSettings, station.now())).toEqual({ restore: null, jobs: new Map(), rungs: new Map() });
	await station.run("photos", { size_bytes: 1e9 });
	await station.run("photos", drill);
	const tested = restoreFact(db, noSettings, station.now());
	expect(tested.restore?.testedAt).toBeNumber();
	expect(tested.restore?.seconds).toBe(100);
	await station.run("nas", { size_bytes: 6e9, duration_total: 60 });
	await station.run("empty", { size_bytes: undefined, duration_total: 5 });
	const fact = restoreFact(db, noSettings, station.now());
	expect(fact.restore).toMatchObject({ seconds: 160, testedAt: null, unknown: 1 });
	expect([...fact.jobs]).toEqual([
		["nas", { seconds: 60, testedAt: null }],
		["photos", { seconds: 100, testedAt: tested.restore?.testedAt ?? null }],
	]);
	expect(fact.rungs.get("photos")?.state).toBe("ok");
	expect(fact.rungs.get("nas")?.state).toBe("not_set_up");
});

test("archived jobs need not come back", async () => {
	const { station, db } = await open();
	await station.run("photos", { size_bytes: 1e9 });
	await station.post("/jobs/photos/archive", {});
	await station.look();
	expect(readRestoreJobs(db, noSettings, station.now())).toEqual([]);
});

test("a hundred jobs with their drills are read in a moment", async () => {
	const { station, db } = await open();
	const reports: Record<string, unknown>[] = [];
	for (let job = 0; job < 100; job++) {
		for (let n = 0; n < 40; n++) {
			const at = new Date(station.now() - (40 - n) * day).toISOString();
			const isDrill = n % 13 === 5 && job % 2 === 0;
			const measures = isDrill ? drill : { size_bytes: 1e9, duration_total: 60 };
			reports.push({ job: `job ${job}`, backup_id: `${job} ${n}`, timestamp: at, success: true, ...measures });
		}
	}
	writeFileSync(
		join(station.dataDir, "metrics.jsonl"),
		reports.map((report) => `${JSON.stringify(report)}\n`).join(""),
	);
	await station.monitor.catchUp();
	const time = () => {
		const from = performance.now();
		restoreFact(db, noSettings, station.now());
		return performance.now() - from;
	};
	const first = time();
	const again = Math.min(time(), time(), time());
	console.log(`100 jobs, 4,000 runs: ${first.toFixed(1)} ms, again ${again.toFixed(1)} ms`);
	expect(again).toBeLessThan(250);
});

test("drills outlive the retention of runs by two years: they are few, and estimates rest on them", async () => {
	const { station, db } = await open();
	await station.run("photos", { size_bytes: 1e9 });
	await station.run("photos", drill);
	const keep = 90;
	const later = station.now() + (keep + 1) * day;
	expect(pruneStep(db, keep, later, { isConfirmed: true }).deleted).toBe(1);
	expect(readDrills(db, jobOf(db, "photos").id)).toHaveLength(1);
	expect(pruneStep(db, keep, later, { isConfirmed: true })).toMatchObject({ old: 0, deleted: 0 });
	expect(pruneStep(db, keep, later + 730 * day, { isConfirmed: true }).deleted).toBe(1);
});
