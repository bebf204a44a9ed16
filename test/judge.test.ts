// States of a job at one moment: what its runs, its schedule and the monitor's own absences say.
import { describe, expect, test } from "bun:test";
import { type JudgedRun, judgeJob, planOf } from "../src/judge.ts";
import type { Schedule } from "../src/schedule.ts";
import { aJob, aRun, noJobSettings } from "./judged.ts";

const minute = 60_000;
const hour = 60 * minute;
const day = 24 * hour;
const zone = "Europe/Berlin";
/** Monday, 02:00 in Berlin. */
const slot = Date.parse("2026-06-01T00:00Z");
const nightly: Schedule = { type: "cron", cron: "0 2 * * *", zone };
const job = aJob({ storedSchedule: nightly, createdAt: slot - 90 * day });
/** Newest first, the newest in the night before `slot`. */
const nights = (count: number, about: Partial<JudgedRun> = {}) =>
	Array.from({ length: count }, (_, index) => aRun(slot - (index + 1) * day + 5000, about));
const plain = (text: string) => text.replaceAll("\u00a0", " ");

describe("a nightly job", () => {
	const runs = nights(20);

	test("is well until its slot, late in its grace, then missed", () => {
		expect(judgeJob(job, runs, slot - hour)).toMatchObject({ state: "ok", dueAt: slot, checkAt: slot });
		const late = judgeJob(job, runs, slot);
		expect(late).toMatchObject({ state: "late", deadlineAt: slot + 30 * minute, checkAt: slot + 30 * minute });
		expect(late.reason).toBe("Due Mon 1 Jun 02:00 and not started yet; it has time until Mon 1 Jun 02:30.");
		const missed = judgeJob(job, runs, slot + 30 * minute);
		expect(missed).toMatchObject({ state: "missed", missed: { firstAt: slot, count: 1 }, since: slot + 30 * minute });
		expect(missed.reason).toBe("No run since Sun 31 May 02:00; due Mon 1 Jun 02:00, with time until Mon 1 Jun 02:30.");
		expect(judgeJob(job, runs, slot + 2 * day + hour)).toMatchObject({ missed: { firstAt: slot, count: 3 } });
	});

	test("is well again with its run, however late the report comes", () => {
		const report = aRun(slot + 10_000, { receivedAt: slot + 9 * hour });
		expect(judgeJob(job, [report, ...runs], slot + 9 * hour)).toMatchObject({ state: "ok", dueAt: slot + day });
	});

	test("is not moved by a run by hand, nor satisfied by one", () => {
		const byHand = aRun(slot - 10 * hour);
		expect(judgeJob(job, [byHand, ...runs], slot - hour)).toMatchObject({ state: "ok", dueAt: slot });
		expect(judgeJob(job, [byHand, ...runs], slot + hour).state).toBe("missed");
		// A clock that is a little ahead is no run by hand.
		expect(judgeJob(job, [aRun(slot - 5 * minute), ...runs], slot + hour)).toMatchObject({
			state: "ok",
			dueAt: slot + day,
		});
	});

	test("stays failed while it runs again, is late or does not come, and says both", () => {
		const failed = aRun(slot - day + 5000, { outcome: "failure", errorMessage: "repository is locked", duration: 3 });
		const after = [failed, ...runs.slice(1)];
		expect(plain(judgeJob(job, after, slot - hour).reason)).toBe(
			"Failed Sun 31 May 02:00 after 3 s: repository is locked.",
		);
		expect(judgeJob(job, after, slot + minute).reason).toContain("The next run was due Mon 1 Jun 02:00.");
		const missed = judgeJob(job, after, slot + hour);
		expect(missed).toMatchObject({ state: "failed", missed: { firstAt: slot, count: 1 } });
		expect(missed.reason).toContain("It did not run again, though it was due Mon 1 Jun 02:00.");
		const again = aRun(slot + 5000, { outcome: "running" });
		expect(judgeJob(job, [again, ...after], slot + minute).state).toBe("failed");
	});

	test("with warnings is a warning until a slot is missed", () => {
		const warned = [aRun(slot - day + 5000, { outcome: "warning" }), ...runs.slice(1)];
		expect(judgeJob(job, warned, slot - hour).state).toBe("warning");
		expect(judgeJob(job, warned, slot + hour).state).toBe("missed");
	});

	test("has exit codes that only warn", () => {
		const settings = { ...noJobSettings, warningExitCodes: [1] };
		const run = (exitCode: number) => [aRun(slot - day, { outcome: "failure", exitCode }), ...runs.slice(1)];
		expect(judgeJob({ ...job, settings }, run(1), slot - hour).state).toBe("warning");
		expect(judgeJob({ ...job, settings }, run(2), slot - hour).state).toBe("failed");
	});

	test("runs, and is stuck when it runs for longer than four times as long as usual, at least an hour", () => {
		const running = [aRun(slot + 5000, { outcome: "running" }), ...runs];
		expect(judgeJob(job, running, slot + minute)).toMatchObject({ state: "running", checkAt: slot + hour + 5000 });
		expect(judgeJob(job, running, slot + hour + 5000)).toMatchObject({ state: "stuck", since: slot + hour + 5000 });
		const long = [aRun(slot, { outcome: "running" }), ...nights(20, { duration: 3600 })];
		expect(judgeJob(job, long, slot + 3 * hour).state).toBe("running");
		expect(judgeJob(job, long, slot + 4 * hour).state).toBe("stuck");
		expect(judgeJob(job, [aRun(slot, { outcome: "running" })], slot + 23 * hour).state).toBe("running");
	});

	test("that reports its end only is not missed while it may be running", () => {
		const long = nights(20, { duration: 4 * 3600 });
		expect(judgeJob(job, long, slot + 4 * hour).state).toBe("late");
		expect(judgeJob(job, long, slot + 6 * hour + minute).state).toBe("missed");
		expect(judgeJob({ ...job, tellsStart: true }, long, slot + hour).state).toBe("missed");
	});

	test("is not asked for another run while one goes on", () => {
		const long = aRun(slot - day, { outcome: "running" });
		const settings = { ...noJobSettings, maxRuntime: 3 * 86_400 };
		expect(judgeJob({ ...job, settings }, [long, ...runs.slice(1)], slot + 2 * hour).state).toBe("running");
	});

	test("is not made a backup by a check", () => {
		const check = aRun(slot + 5000, { kind: "check" });
		expect(judgeJob(job, [check, ...runs], slot + hour).state).toBe("missed");
		expect(judgeJob(job, nights(9, { kind: "sync" }), slot + hour).state).toBe("missed");
	});
});

describe("the night that changes the clock", () => {
	test("a start from the gap's end on is on time, and one at the time that was skipped is too", () => {
		const skipped: Schedule = { type: "cron", cron: "45 2 * * *", zone };
		const gapEnd = Date.parse("2026-03-29T01:00Z");
		const before = Array.from({ length: 9 }, (_, index) => aRun(gapEnd + 45 * minute - (index + 1) * day));
		const spring = aJob({ storedSchedule: skipped });
		expect(judgeJob(spring, before, gapEnd - minute)).toMatchObject({ state: "ok", dueAt: gapEnd });
		expect(judgeJob(spring, before, gapEnd + 74 * minute).state).toBe("late");
		expect(judgeJob(spring, before, gapEnd + 75 * minute).state).toBe("missed");
		const nextDue = Date.parse("2026-03-30T00:45Z");
		for (const start of [gapEnd, gapEnd + 45 * minute]) {
			expect(judgeJob(spring, [aRun(start), ...before], gapEnd + 2 * hour)).toMatchObject({
				state: "ok",
				dueAt: nextDue,
			});
		}
	});
});

describe("a monitor that was off", () => {
	const runs = nights(20);
	const outages = [{ from: slot - hour, to: slot + 3 * hour }];

	test("waits for what was kept to arrive", () => {
		const off = { ...job, outages };
		expect(judgeJob(off, runs, slot + 3 * hour)).toMatchObject({
			state: "late",
			deadlineAt: slot + 3 * hour + 15 * minute,
		});
		expect(judgeJob(off, runs, slot + 3 * hour + 15 * minute).state).toBe("missed");
	});

	test("never calls a lost ping missed, and says so until the next slot", () => {
		const pings = { ...job, outages, reportsOnce: true };
		const late = judgeJob(pings, runs, slot + 20 * hour);
		expect(late).toMatchObject({ state: "late", missed: null, checkAt: slot + day });
		expect(late.reason).toContain("the monitor was off from Mon 1 Jun 01:00 to Mon 1 Jun 05:00");
		expect(judgeJob(pings, runs, slot + day + hour)).toMatchObject({
			state: "missed",
			missed: { firstAt: slot + day, count: 1 },
		});
	});

	test("comes to a verdict although it restarts every ten minutes", () => {
		const restarts = Array.from({ length: 200 }, (_, index) => ({
			from: slot + index * 10 * minute,
			to: slot + index * 10 * minute + 5000,
		}));
		expect(judgeJob({ ...job, outages: restarts }, runs, slot + 2 * hour).state).toBe("missed");
	});
	test("excuses a ping once: a machine that restarts in each night's grace does not hide a job that is dead", () => {
		const nights = [0, 1, 2].map((night) => {
			return { from: slot + night * day + 10 * minute, to: slot + night * day + 15 * minute };
		});
		const dead = { ...job, outages: nights, reportsOnce: true };
		expect(judgeJob(dead, runs, slot + day - minute).state).toBe("late");
		const judged = judgeJob(dead, runs, slot + day + 12 * hour);
		expect(judged.state).toBe("missed");
		expect(judged.missed).toEqual({ firstAt: slot + day, count: 1 });
		// One long outage excuses all slots in it.
		const hourly = { ...dead, outages: [{ from: slot - hour, to: slot + 3 * day }] };
		expect(judgeJob(hourly, runs, slot + 3 * day).state).toBe("late");
	});
});

describe("clocks that are wrong", () => {
	test("a run in the future neither breaks anything nor keeps a job well for ever", () => {
		const future = aRun(slot + 4 * 365 * day, { receivedAt: slot - day });
		expect(judgeJob(job, [future, ...nights(9)], slot + hour).state).toBe("missed");
		const both = aRun(slot + 4 * 365 * day, { outcome: "success" });
		expect(judgeJob(job, [both, ...nights(9)], slot + hour).state).toBe("missed");
	});

	test("a clock that goes back makes no run missed", () => {
		const runs = nights(20);
		for (let back = 0; back < 30 * 24; back++) {
			expect(judgeJob(job, runs, slot - back * hour).missed).toBeNull();
		}
	});
});

describe("pauses and archives", () => {
	const runs = nights(9);

	test("are silent, until a date, the next run, or for ever", () => {
		const until = { ...job, pausedAt: slot, pausedUntil: slot + 5 * day };
		expect(judgeJob(until, runs, slot + 3 * day)).toMatchObject({
			state: "paused",
			missed: null,
			checkAt: slot + 5 * day,
		});
		// The slots of the pause are not asked for afterwards.
		expect(judgeJob(until, runs, slot + 5 * day)).toMatchObject({ state: "ok", dueAt: slot + 6 * day });
		const next = { ...job, pausedAt: slot + hour, pausedUntil: Number.POSITIVE_INFINITY };
		expect(judgeJob(next, runs, slot + 3 * day)).toMatchObject({ state: "paused", checkAt: null });
		expect(judgeJob(next, [aRun(slot + 2 * day), ...runs], slot + 2 * day + hour).state).toBe("ok");
		expect(judgeJob({ ...job, archivedAt: slot }, runs, slot + 3 * day)).toMatchObject({
			state: "archived",
			checkAt: null,
		});
	});
});

describe("the plan", () => {
	const runs = nights(9);

	test("is the file's, else the stored one, else learned, else assumed", () => {
		const settings = {
			...noJobSettings,
			schedule: { type: "every", seconds: 86_400 } as const,
			startGrace: 900,
			maxRuntime: 60,
		};
		expect(planOf({ ...job, settings }, runs, slot)).toMatchObject({ source: "file", startGrace: 900, maxRuntime: 60 });
		expect(planOf(job, runs, slot)).toMatchObject({ source: "stored", schedule: nightly, startGrace: 1800 });
		const learned = planOf({ ...job, storedSchedule: null }, runs, slot);
		expect(learned).toMatchObject({ source: "learned", schedule: nightly, anchor: runs[0]?.startedAt ?? 0 });
		expect(plain(learned.words)).toBe("daily at 02:00, learned from 9 runs");
		const age = (count: number) => planOf({ ...job, storedSchedule: null }, runs.slice(0, count), slot).schedule;
		expect(age(0)).toEqual({ type: "none" });
		expect(age(1)).toEqual({ type: "age", seconds: 36 * 3600 });
		expect(age(2)).toEqual({ type: "age", seconds: 48 * 3600 });
		expect(planOf(job, [], slot)).toMatchObject({ startGrace: 7200, maxRuntime: 86_400 });
	});

	test("of a job that was declared and never heard of asks from its first slot on", () => {
		const declared = { ...job, createdAt: slot - 5 * hour };
		expect(judgeJob(declared, [], slot - hour)).toMatchObject({
			state: "new",
			dueAt: slot,
			deadlineAt: slot + 2 * hour,
		});
		expect(judgeJob(declared, [], slot + hour).state).toBe("late");
		expect(judgeJob(declared, [], slot + 2 * hour).reason).toContain("It has never run; due Mon 1 Jun 02:00");
		expect(judgeJob(aJob(), [], slot)).toMatchObject({ state: "new", dueAt: null, checkAt: null });
	});

	test("of an age is stale after it, and after a pause counts anew", () => {
		const laptop = { ...job, storedSchedule: { type: "age", seconds: 3 * 86_400 } as const };
		const [last] = runs;
		const staleAt = (last?.endedAt ?? 0) + 3 * day;
		expect(judgeJob(laptop, runs, staleAt - 1)).toMatchObject({ state: "ok", checkAt: staleAt });
		expect(judgeJob(laptop, runs, staleAt)).toMatchObject({ state: "stale", since: staleAt });
	});

	test("of an interval counts from the last start that kept to it", () => {
		const every = { ...job, storedSchedule: { type: "every", seconds: 6 * 3600 } as const };
		const starts = (count: number) =>
			Array.from({ length: count }, (_, index) => aRun(slot - index * (6 * hour + minute)));
		expect(judgeJob(every, starts(9), slot + hour)).toMatchObject({ state: "ok", dueAt: slot + 6 * hour });
		const byHand = [aRun(slot + 3 * hour), ...starts(9)];
		const late = judgeJob(every, byHand, slot + 7 * hour);
		// The slot stays; but a timer may count from the run by hand.
		expect(late).toMatchObject({ state: "late", dueAt: slot + 6 * hour });
		expect(judgeJob(every, byHand, slot + 10 * hour).state).toBe("missed");
	});
});

describe("an announced check", () => {
	test("is the first instant at which anything changes", () => {
		let state = 42;
		const random = () => {
			state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
			return state / 4_294_967_296;
		};
		const schedules: (Schedule | null)[] = [
			nightly,
			{ type: "cron", cron: "30 2 * * 1-5", zone: "America/New_York" },
			{ type: "cron", cron: "0 */6 * * *", zone: "Africa/Cairo" },
			{ type: "every", seconds: 21_600 },
			{ type: "age", seconds: 100_000 },
			{ type: "none" },
			null,
		];
		const outcomes = ["success", "success", "failure", "warning", "running"] as const;
		let looked = 0;
		for (let round = 0; round < 1500; round++) {
			const schedule = schedules[round % schedules.length] ?? null;
			const now = Math.floor(slot + random() * 200 * day);
			const runs: JudgedRun[] = [];
			for (
				let at = now - random() * 3 * day + hour;
				runs.length < random() * 30;
				at -= random() < 0.8 ? day : random() * 2 * day
			) {
				const outcome = outcomes[Math.floor(random() * (runs.length === 0 ? 5 : 4))] ?? "success";
				runs.push(aRun(Math.floor(at), { outcome, duration: Math.floor(random() * 9000) }));
			}
			const off = Math.floor(now - random() * 2 * day);
			const judged = {
				...job,
				storedSchedule: schedule,
				reportsOnce: random() < 0.3,
				outages: random() < 0.5 ? [{ from: Math.floor(off - random() * day), to: off }] : [],
				pausedUntil: random() < 0.1 ? Math.floor(now + (random() - 0.5) * 3 * day) : null,
			};
			const known = runs.filter((run) => Math.min(run.startedAt, run.receivedAt) <= now + hour);
			const first = judgeJob(judged, known, now);
			const until = Math.min(first.checkAt ?? now + 40 * day, now + 40 * day);
			expect(until).toBeGreaterThan(now);
			for (let probe = 0; probe < 6; probe++) {
				const then = probe === 5 ? until - 1 : Math.floor(now + random() * (until - 1 - now));
				const { state: stateThen, missed, dueAt, deadlineAt, since } = judgeJob(judged, known, then);
				expect({ state: stateThen, missed, dueAt, deadlineAt, since }).toEqual({
					state: first.state,
					missed: first.missed,
					dueAt: first.dueAt,
					deadlineAt: first.deadlineAt,
					since: first.since,
				});
				looked++;
			}
		}
		expect(looked).toBe(9000);
	});
});

test("a judgement costs microseconds", () => {
	const jobs = [
		job,
		{ ...job, storedSchedule: null },
		{ ...job, storedSchedule: { type: "every", seconds: 86_400 } as const },
	];
	const runs = nights(30);
	const look = (times: number) => {
		for (let index = 0; index < times; index++) judgeJob(jobs[index % 3] ?? job, runs, slot + (index % 3_000_000));
	};
	look(3000);
	const begun = process.cpuUsage();
	look(30_000);
	const each = process.cpuUsage(begun).user / 30_000;
	console.log(`one judgement: ${each.toFixed(1)} microseconds`);
	expect(each).toBeLessThan(60);
});
