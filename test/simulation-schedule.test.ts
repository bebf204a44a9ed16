// Twelve jobs over five years, seeded: every run that really did not come is told, and none is called missed that came.
import { describe, expect, test } from "bun:test";
import { type JudgedJob, type JudgedRun, type Judgement, judgeJob, type Outage } from "../src/judge.ts";
import { nextSlot, type Schedule } from "../src/schedule.ts";
import { noJobSettings } from "./judged.ts";

const minute = 60_000;
const hour = 60 * minute;
const day = 24 * hour;
const begin = Date.UTC(2025, 0, 1);
const end = Date.UTC(2030, 0, 1);

type Random = () => number;

/** Mulberry32: the same numbers on every machine. */
function seeded(seed: number): Random {
	let state = seed;
	return () => {
		state = (state + 0x6d2b79f5) | 0;
		let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
		mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
		return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
	};
}

type Simulated = {
	name: string;
	/** What really starts it: a wall clock, or a timer that counts from its last start and takes `drift` more. */
	timer: Extract<Schedule, { type: "cron" | "every" }> & { drift?: number };
	/** What the file says; null: it has to be learned. */
	told: Schedule | null;
	zone: string;
	/** Milliseconds by which a start is late at most. */
	jitter: number;
	reportsOnce?: boolean;
	/** Tells its start as well as its end. */
	tellsStart?: boolean;
};

const cron = (text: string, zone: string) => ({ type: "cron", cron: text, zone }) as const;
const berlin = "Europe/Berlin";
const fixed = (name: string, text: string, zone: string, jitter: number): Simulated => ({
	name,
	timer: cron(text, zone),
	told: cron(text, zone),
	zone,
	jitter,
});

const jobs: Simulated[] = [
	{ ...fixed("daily", "0 2 * * *", berlin, 5 * minute), tellsStart: true },
	fixed("in the skipped hour", "30 2 * * *", "America/New_York", 10 * minute),
	fixed("in the skipped half hour", "15 2 * * *", "Australia/Lord_Howe", 2 * minute),
	fixed("at a midnight that is skipped", "0 0 * * *", "America/Santiago", 12 * minute),
	fixed("four times a day", "0 */6 * * *", "Africa/Cairo", 4 * minute),
	{ ...fixed("pings on weekdays", "30 0 * * 1-5", "Atlantic/Azores", 8 * minute), reportsOnce: true },
	fixed("hourly", "20 * * * *", "Asia/Kolkata", 2 * minute),
	{
		name: "a timer that drifts",
		timer: { type: "every", seconds: 21_600, drift: 40_000 },
		told: { type: "every", seconds: 21_600 },
		zone: berlin,
		jitter: 3 * minute,
	},
	{
		name: "every day, by a wall clock",
		timer: cron("45 1 * * *", berlin),
		told: { type: "every", seconds: 86_400 },
		zone: berlin,
		jitter: 10 * minute,
	},
	{
		name: "learned daily",
		timer: cron("0 3 * * *", berlin),
		told: null,
		zone: berlin,
		jitter: 12 * minute,
		tellsStart: true,
	},
	{
		name: "learned weekly",
		timer: cron("30 2 * * 0", "America/New_York"),
		told: null,
		zone: "America/New_York",
		jitter: 15 * minute,
	},
	{
		name: "learned from a timer that drifts",
		timer: { type: "every", seconds: 43_200, drift: 90_000 },
		told: null,
		zone: "Pacific/Apia",
		jitter: 2 * minute,
	},
];

type Report = { at: number; run: JudgedRun };
type World = {
	reports: Report[];
	/** Planned starts that did not happen. */
	missed: number[];
	/** Slots whose run was reported only much later. */
	delayed: number[];
	period: number;
};

/** The monitor's own absences: twelve a year, minutes to a day. */
function outagesOf(random: Random): Outage[] {
	const outages: Outage[] = [];
	let at = begin + 20 * day;
	for (;;) {
		at += (5 + random() * 50) * day;
		if (at > end) return outages;
		const length = random() < 0.5 ? 2 * minute + random() * hour : random() * day;
		outages.push({ from: Math.floor(at), to: Math.floor(at + length) });
		at += length;
	}
}

function worldOf(job: Simulated, outages: readonly Outage[], random: Random): World {
	const world: World = { reports: [], missed: [], delayed: [], period: periodOf(job) };
	let id = 0;
	let off = 0;
	let slot = nextSlot(job.timer, begin, begin);
	const runAt = (start: number, planned: number | null) => {
		const duration = Math.floor((60 + random() * 1500) * Math.min(1, world.period / day + 0.1));
		const ended = start + duration * 1000;
		id++;
		const run: JudgedRun = {
			id,
			kind: "backup",
			outcome: random() < 0.02 ? "failure" : "success",
			startedAt: start,
			endedAt: ended,
			duration,
			exitCode: 0,
			errorMessage: null,
			receivedAt: ended,
		};
		const delay = random() < 0.01 ? random() * 8 * hour : random() * 2000;
		const arrival = arrivalOf(job, ended + delay, outages, random);
		// What only the monitor's absence held up is no late report: it must not be called missed at all.
		if (delay > 3 * minute && planned !== null) world.delayed.push(planned);
		if (arrival !== null) world.reports.push({ at: arrival, run: { ...run, receivedAt: arrival } });
		if (job.tellsStart !== true || arrival === null) return;
		const told = arrivalOf(job, start + random() * 2000, outages, random);
		if (told === null || told >= arrival) return;
		const open: JudgedRun = { ...run, outcome: "running", endedAt: null, duration: null, receivedAt: told };
		world.reports.push({ at: told, run: open });
	};
	while (slot !== null && slot < end) {
		const isLearning = slot < begin + 40 * world.period || slot < begin + 10 * day;
		if (off > 0) off--;
		else if (!isLearning && random() < 0.01) off = 1 + Math.floor(random() * (random() < 0.3 ? 6 : 1));
		let started = Math.floor(slot);
		if (off > 0) world.missed.push(started);
		else {
			started = Math.floor(slot + random() * random() * job.jitter);
			runAt(started, slot);
		}
		const next: number = nextOf(job, slot, started);
		// By hand, in the middle of the wait. A timer of systemd's would count from it; these are run from a shell.
		if (random() < 0.03) runAt(Math.floor(slot + (0.35 + random() * 0.35) * (next - slot)), null);
		slot = next;
	}
	world.reports.sort((a, b) => a.at - b.at);
	return world;
}

function periodOf({ timer }: Simulated): number {
	const first = nextSlot(timer, begin + day, begin) ?? begin;
	return (nextSlot(timer, first, first) ?? begin) - first;
}

function nextOf({ timer }: Simulated, slot: number, started: number): number {
	if (timer.type === "cron") return nextSlot(timer, slot, 0) ?? end;
	return started + timer.seconds * 1000 + (timer.drift ?? 0);
}

/** When a report reaches the monitor: later if that was off, never if nobody kept it. */
function arrivalOf(job: Simulated, sent: number, outages: readonly Outage[], random: Random): number | null {
	const outage = outages.find(({ from, to }) => from <= sent && sent < to);
	if (outage === undefined) return Math.floor(sent);
	return job.reportsOnce === true ? null : Math.floor(outage.to + random() * 10 * minute);
}

type Figures = {
	judgements: number;
	reallyMissed: number;
	unreported: number;
	falsely: number;
	/** Told as missed until the report came: nobody could know better. */
	untilReported: number;
	/** Pings of which nobody can know whether they were sent while the monitor was off. */
	excused: number;
	/** Missed while the monitor was off, and run again before it was back. */
	overtaken: number;
	changedTooSoon: number;
};

function simulate(job: Simulated, seed: number): Figures {
	const random = seeded(seed);
	const outages = outagesOf(random);
	const world = worldOf(job, outages, random);
	const figures: Figures = {
		judgements: 0,
		reallyMissed: world.missed.length,
		unreported: 0,
		falsely: 0,
		untilReported: 0,
		excused: 0,
		overtaken: 0,
		changedTooSoon: 0,
	};
	const judged: JudgedJob = {
		createdAt: begin,
		settings: job.told === null ? null : { ...noJobSettings, schedule: job.told },
		storedSchedule: null,
		pausedAt: null,
		pausedUntil: null,
		archivedAt: null,
		zone: job.zone,
		outages: [],
		reportsOnce: job.reportsOnce === true,
		tellsStart: job.tellsStart === true,
	};
	const told = new Set<number>();
	const excused = new Set<number>();
	let runs: JudgedRun[] = [];
	let next = 0;
	let checkAt: number | null = begin;
	let last: { judgement: Judgement; at: number } | null = null;
	for (;;) {
		const reportAt = world.reports[next]?.at ?? Number.POSITIVE_INFINITY;
		let now = Math.min(reportAt, checkAt ?? Number.POSITIVE_INFINITY);
		if (now >= end) break;
		const outage = outages.find(({ from, to }) => from <= now && now < to);
		if (outage !== undefined) now = outage.to;
		judged.outages = outages.filter(({ to }) => to <= now && to > now - 60 * day);
		// Just before the instant that was announced nothing may have changed.
		if (last !== null && random() < 0.05 && reportAt >= now && outage === undefined && now - 1 > last.at) {
			const before = judgeJob(judged, runs, now - 1);
			if (factsOf(before) !== factsOf(last.judgement) && outagesSame(outages, last.at, now)) figures.changedTooSoon++;
		}
		for (let report = world.reports[next]; report !== undefined && report.at <= now; report = world.reports[++next]) {
			const { run } = report;
			runs = [run, ...runs.filter(({ id }) => id !== run.id)].sort((a, b) => b.startedAt - a.startedAt).slice(0, 40);
		}
		const judgement = judgeJob(judged, runs, now);
		figures.judgements++;
		last = { judgement, at: now };
		checkAt = judgement.checkAt;
		for (const slot of slotsMissed(judged, runs, judgement)) told.add(slot);
		if (judgement.state === "late" && judgement.reason.includes("monitor was off") && judgement.dueAt !== null) {
			excused.add(judgement.dueAt);
		}
	}
	compare(job, world, told, excused, outages, figures);
	return figures;
}

/** The slots that a judgement calls missed. */
function slotsMissed(job: JudgedJob, runs: readonly JudgedRun[], { missed, plan }: Judgement): number[] {
	if (missed === null) return [];
	const slots = [missed.firstAt];
	let slot: number | null = missed.firstAt;
	while (slots.length < missed.count && slot !== null) {
		slot = nextSlot(plan.schedule, slot, missed.firstAt);
		if (slot !== null && (job.settings !== null || runs.length > 0)) slots.push(slot);
	}
	return slots;
}

function factsOf({ state, missed, dueAt, deadlineAt }: Judgement): string {
	return JSON.stringify([state, missed, dueAt, deadlineAt]);
}

function outagesSame(outages: readonly Outage[], from: number, to: number): boolean {
	return !outages.some((outage) => outage.to > from && outage.to <= to);
}

function compare(
	job: Simulated,
	world: World,
	told: ReadonlySet<number>,
	excused: ReadonlySet<number>,
	outages: readonly Outage[],
	figures: Figures,
): void {
	const near = (slots: Iterable<number>, slot: number) => {
		// An interval begins anew with a run by hand that took a missed one's place; a wall clock's slots stay.
		const tolerance = world.period * (job.told?.type === "cron" ? 0.05 : 0.55);
		for (const other of slots) if (Math.abs(other - slot) < tolerance) return true;
		return false;
	};
	for (const slot of world.missed) {
		if (slot > end - 2 * world.period || near(told, slot)) continue;
		if (near(excused, slot)) figures.excused++;
		else if (wasOvertaken(world, outages, slot)) figures.overtaken++;
		else figures.unreported++;
	}
	for (const slot of told) {
		if (near(world.missed, slot)) continue;
		if (near(world.delayed, slot)) figures.untilReported++;
		else figures.falsely++;
	}
}

/** The monitor was off, and when it could have said so the job had run again. */
function wasOvertaken(world: World, outages: readonly Outage[], slot: number): boolean {
	const outage = outages.find(({ from, to }) => from < slot + world.period && to > slot);
	if (outage === undefined) return false;
	return world.reports.some(({ at, run }) => run.startedAt > slot && at <= outage.to + 15 * minute);
}

describe("twelve jobs over five years", () => {
	const total: Figures = {
		judgements: 0,
		reallyMissed: 0,
		unreported: 0,
		falsely: 0,
		untilReported: 0,
		excused: 0,
		overtaken: 0,
		changedTooSoon: 0,
	};
	for (const [index, job] of jobs.entries()) {
		test(`${job.name}: nothing missed goes untold, nothing is called missed that ran`, () => {
			const figures = simulate(job, 1000 + index);
			for (const key of Object.keys(total) as (keyof Figures)[]) total[key] += figures[key];
			console.log(`${job.name}: ${JSON.stringify(figures)}`);
			expect(figures).toMatchObject({ unreported: 0, falsely: 0, changedTooSoon: 0 });
			expect(figures.reallyMissed).toBeGreaterThan(job.name.includes("weekly") ? 0 : 5);
		}, 60_000);
	}

	test("all together", () => {
		console.log(`together: ${JSON.stringify(total)}`);
		expect(total).toMatchObject({ unreported: 0, falsely: 0, changedTooSoon: 0 });
	});
});
