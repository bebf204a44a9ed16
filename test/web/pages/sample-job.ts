// A believable job without a database: the same numbers at every call, so that tests may name them.
import type { Alert } from "../../../src/alert.ts";
import type { CalendarDay, JobPage, JobPoint } from "../../../src/job-page.ts";
import type { Judgement } from "../../../src/judge.ts";
import { ladderOf } from "../../../src/ladder.ts";
import { type Run, succeeded } from "../../../src/run.ts";
import { dayOf, weekOf } from "../../../src/time.ts";
import { aFailure, aRun, now } from "./sample-overview.ts";

export { now };

const hour = 3_600_000;
const day = 24 * hour;
const zone = "Europe/Berlin";

/** 02:00 in Berlin of the day that many days ago. */
const nightOf = (daysAgo: number) => Date.parse("2026-11-23T01:00:13Z") - daysAgo * day;

const failedNights = [9, 23, 24, 61];

/** Ninety nights, newest first: four failures, one warning, and an upload that got slower in the last fortnight. */
export function sampleRuns(count = 90): Run[] {
	return Array.from({ length: count }, (_, i) => {
		const startedAt = nightOf(i);
		const base = { id: 1000 - i, startedAt, backupId: `2026-11-23_02${String(i).padStart(4, "0")}` };
		if (failedNights.includes(i)) return aFailure(base);
		const wave = Math.sin(i * 1.7) * 22;
		const upload = 530 + Math.max(0, 14 - i) * 34 + wave * 2;
		const phases = [
			{ name: "snapshot", seconds: 7 },
			{ name: "archive", seconds: 312 + wave },
			{ name: "volumes", seconds: 470 - wave },
			{ name: "upload", seconds: upload },
		];
		const duration = phases.reduce((sum, { seconds }) => sum + seconds, 0) + 2;
		const size = Math.round(3_740_000_000 - i * 11_000_000);
		const bytesAdded = Math.round(38_000_000 + Math.abs(wave) * 900_000);
		return aRun({ ...base, duration, phases, size, bytesAdded, outcome: i === 33 ? "warning" : "success" });
	});
}

export function aJudgement(over: Partial<Judgement> = {}): Judgement {
	return {
		state: "ok",
		since: nightOf(8),
		reason: "The run of 02:00 ended well after 30 min 35 s.",
		plan: {
			schedule: { type: "cron", cron: "0 2 * * *", zone },
			source: "learned",
			startGrace: 1800,
			maxRuntime: 7200,
			words: "daily at 02:00 \u00b1 6 min, learned from 40 runs",
		},
		dueAt: nightOf(-1) - 13_000,
		deadlineAt: nightOf(-1) - 13_000 + 1800_000,
		missed: null,
		checkAt: null,
		...over,
	} as Judgement;
}

export function anAlert(over: Partial<Alert> = {}): Alert {
	return {
		id: 7,
		jobId: 1,
		kind: "phase",
		key: "upload",
		severity: "warning",
		sentence: "Upload took 16 min 57 s, usually 8 min 59 s.",
		runId: 1000,
		since: nightOf(0) + 1800_000,
		openedAt: nightOf(0) + 1800_000,
		escalatedAt: null,
		resolvedAt: null,
		resolution: null,
		remindedAt: null,
		reminders: 0,
		acknowledgedAt: null,
		acknowledgedUntil: null,
		snoozedUntil: null,
		parentId: null,
		isMuted: false,
		...over,
	};
}

function pointOf(run: Run): JobPoint {
	const isGood = succeeded(run);
	return {
		at: run.startedAt,
		runs: 1,
		failed: isGood ? 0 : 1,
		duration: isGood ? run.duration : null,
		size: isGood ? run.size : null,
		bytesAdded: isGood ? run.bytesAdded : null,
		phases: isGood ? run.phases : [],
	};
}

export function sampleJob(over: Partial<JobPage> = {}): JobPage {
	const runs = sampleRuns();
	const good = runs.filter(succeeded);
	const today = dayOf(now, zone);
	const from = weekOf(today) - 53 * 7;
	const days: CalendarDay[] = [];
	for (let i = 320; i >= 0; i--) {
		if (i === 140) continue;
		const failed = failedNights.includes(i) || i === 200 ? 1 : 0;
		const warned = i === 33 ? 1 : 0;
		days.push({ day: today - i, succeeded: 1 - failed - warned, warned, failed });
	}
	const judgement = over.judgement ?? aJudgement();
	const lastGoodAt = good[0]?.endedAt ?? null;
	return {
		job: { id: 1, name: "docker-volumes", host: "pi4", slug: "docker-volumes", createdAt: now - 320 * day },
		range: "90",
		from: now - 90 * day,
		counts: { success: 314, warning: 1, failure: 5 },
		running: null,
		finished: runs[0] ?? null,
		good: good[0] ?? null,
		lastGoodAt,
		recentGood: good.slice(0, 45),
		month: { runs: 30, succeeded: 27, failed: 3 },
		series: { per: "run", points: runs.map(pointOf).reverse() },
		calendar: { from, days },
		shown: { runs: runs.slice(0, 12), newer: null, older: "abc-1" },
		labels: { place: "attic" },
		title: null,
		judgement,
		ladder: ladderOf({
			judgement,
			lastGoodAt,
			plausibility: { at: now - 5 * hour, learning: null, findings: [anAlert()] },
		}),
		nextDues: [1, 2, 3, 4, 5].map((i) => nightOf(-i) - 13_000),
		dueDays: new Map(Array.from({ length: 54 * 7 }, (_, i) => [from + i, from + i])),
		alerts: [
			anAlert(),
			anAlert({
				id: 5,
				kind: "failed",
				key: "",
				severity: "critical",
				sentence: "Failed after 6 min 34 s: rclone: dial tcp 203.0.113.9:443: i/o timeout",
				runId: 991,
				since: nightOf(9),
				openedAt: nightOf(9),
				resolvedAt: nightOf(8),
				resolution: "The next run succeeded.",
			}),
		],
		settings: null,
		storedSchedule: null,
		pausedUntil: null,
		archivedAt: null,
		expectedFrom: null,
		now,
		zone,
		asked: { older: null, newer: null },
		addresses: { isShown: false, command: "backup-monitor token --job docker-volumes" },
		problems: [],
		retentionDays: 90,
		source: { path: "/data/metrics.jsonl", checkedAt: now - 3000, lines: 1234 },
		...over,
	};
}
