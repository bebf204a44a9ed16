// A believable overview without a database: the same numbers at every call, so that tests may name them.
import { type DaySums, jobDays, medianOf, weeklyChange } from "../../../src/job-days.ts";
import type { Judgement } from "../../../src/judge.ts";
import { ladderOf } from "../../../src/ladder.ts";
import {
	everyJob,
	type JobRef,
	type NightRun,
	type Overview,
	type OverviewAlert,
	type OverviewJob,
	type Point,
	type ShortRun,
	type Totals,
} from "../../../src/overview.ts";
import type { Run } from "../../../src/run.ts";
import { rate } from "../../../src/run.ts";

export const now = Date.parse("2026-11-23T06:42:00Z");
const hour = 3_600_000;
const day = 24 * hour;

export function aRun(over: Partial<Run> = {}): Run {
	const startedAt = over.startedAt ?? now - 5 * hour;
	const duration = over.duration === undefined ? 1835 : over.duration;
	return {
		id: 1,
		slug: "docker-volumes",
		job: "docker-volumes",
		host: "",
		backupId: "2026-11-23_020013",
		kind: "backup",
		outcome: "success",
		timestamp: new Date(startedAt).toISOString(),
		startedAt,
		endedAt: duration === null ? null : startedAt + duration * 1000,
		duration,
		phases: [
			{ name: "snapshot", seconds: 7 },
			{ name: "archive", seconds: 329 },
			{ name: "volumes", seconds: 480 },
			{ name: "upload", seconds: 1017 },
		],
		size: 3_740_000_000,
		volumeBytes: null,
		bytesAdded: null,
		filesTotal: null,
		filesNew: null,
		filesChanged: null,
		snapshotId: null,
		repository: null,
		exitCode: null,
		warnings: null,
		warningMessages: [],
		errorCategory: null,
		errorMessage: null,
		log: null,
		labels: {},
		metrics: {},
		...over,
	};
}

export function aFailure(over: Partial<Run> = {}): Run {
	return aRun({
		outcome: "failure",
		size: null,
		duration: 394,
		phases: [],
		errorCategory: "upload",
		errorMessage: "rclone: dial tcp 203.0.113.9:443: i/o timeout",
		...over,
	});
}

const noTotals: Totals = {
	runs: 0,
	succeeded: 0,
	failed: 0,
	averageDuration: null,
	longestDuration: null,
	averageSize: null,
	averageThroughput: null,
	phases: [],
};

/** Nothing has ever arrived. */
export function emptyOverview(over: Partial<Overview> = {}): Overview {
	return {
		now,
		zone: "Europe/Berlin",
		job: null,
		jobs: [],
		range: "30",
		from: now - 30 * day,
		totals: noTotals,
		before: null,
		series: { per: "run", points: [] },
		newest: null,
		usualPhases: {},
		judged: [],
		filter: everyJob,
		alerts: [],
		night: [],
		totalSize: null,
		restore: null,
		channels: 1,
		recent: [],
		failures: [],
		trend: [],
		rejected: { total: 0, lines: [] },
		source: { path: "/data/metrics.jsonl", checkedAt: now - 3000, lines: 0 },
		retentionDays: 90,
		problems: [],
		...over,
	};
}

const names = ["postgres-dump", "docker-volumes", "photos-borg", "nas-restic", "proxmox-vms", "etc-configs"];
const sizes = [1.85e9, 3.74e9, 813e9, 385e9, 148e9, 43.4e6];
const durations = [396, 1835, 1874, 1112, 2702, 23];

const startMinutes = [90, 120, 315, 150, 210, 240];

/** How a job of the sample stands; what is left out is that all is well. */
export type JobLook = {
	state?: Judgement["state"];
	reason?: string;
	host?: string;
	title?: string | null;
	oddity?: OverviewJob["oddity"];
	/** Days ago on which every run failed, or none came. */
	failed?: number[];
	missed?: number[];
	labels?: Record<string, string>;
	slower?: number;
	source?: Judgement["plan"]["source"];
};

const today = Math.floor((now + hour) / day);
const midnight = today * day - hour;

/** A daily job with thirty days behind it, judged as `look` says. */
export function aJob(ref: JobRef, place = 0, look: JobLook = {}): OverviewJob {
	const { state = "ok", host = ref.host, failed = [], missed = [], slower = 1, source = "learned" } = look;
	const size = sizes[place % 6] ?? 1e9;
	const seconds = durations[place % 6] ?? 60;
	const minutes = startMinutes[place % 6] ?? 60;
	const sums = Array.from({ length: 30 }, (_, i): DaySums => {
		const ago = 29 - i;
		const isFailed = failed.includes(ago);
		const grown = size * (1 - ago * (0.0006 + (place % 5) * 0.0007) + ((i * 7) % 5) * 0.0008);
		const took = seconds * (1 + ((i * 5) % 7) / 60) * (ago < 6 ? slower : 1);
		return {
			day: today - ago,
			succeeded: isFailed ? 0 : 1,
			warned: 0,
			failed: isFailed ? 1 : 0,
			duration: isFailed ? null : took,
			size: isFailed ? null : grown,
		};
	}).filter(({ day: at }) => !missed.includes(today - at));
	const isRunning = state === "running" || state === "stuck";
	const seen = isRunning ? sums.filter(({ day: at }) => at < today) : sums;
	const runOn = ({ day: at, duration, size: bytes, failed: bad }: DaySums): ShortRun => {
		const startedAt = midnight + (at - today) * day + minutes * 60_000;
		const took = duration ?? 394;
		return {
			id: 1000 + place * 100 + (today - at),
			outcome: bad > 0 ? "failure" : "success",
			startedAt,
			endedAt: startedAt + took * 1000,
			duration: took,
			size: bytes === null ? null : Math.round(bytes),
		};
	};
	const last = seen.at(-1);
	const lastGood = seen.findLast(({ succeeded }) => succeeded > 0);
	const good = lastGood === undefined ? null : runOn(lastGood);
	const usualDuration = medianOf(seen.flatMap(({ duration }) => (duration === null ? [] : [duration])));
	const sized = seen.flatMap(({ day: at, size: bytes }) => (bytes === null ? [] : [{ day: at, size: bytes }]));
	const slot = midnight + day + minutes * 60_000;
	const firstMissed = missed.length === 0 ? null : slot - (Math.max(...missed.filter((n) => n < 5), 0) + 1) * day;
	const isWaiting = state === "missed" || state === "late";
	const reasons: Partial<Record<Judgement["state"], string>> = {
		failed: "Failed Monday 01:30 after 6 min 34 s: rclone: dial tcp 203.0.113.9:443: i/o timeout.",
		missed: "No run since Friday 21:00; 2 runs were missed, the first was due Saturday 21:00.",
		paused: "Paused until 1 December.",
	};
	const judgement: Judgement = {
		state,
		since: good?.endedAt ?? null,
		reason: look.reason ?? reasons[state] ?? "Succeeded Monday; next due Tuesday.",
		plan: {
			schedule: { type: "cron", cron: `${minutes % 60} ${Math.floor(minutes / 60)} * * *`, zone: "Europe/Berlin" },
			source,
			startGrace: 1800,
			maxRuntime: 4 * seconds,
			words: "daily, learned from 30 runs",
		},
		dueAt: state === "paused" || state === "archived" ? null : isWaiting ? firstMissed : slot,
		deadlineAt: null,
		missed: state === "missed" && firstMissed !== null ? { firstAt: firstMissed, count: 2 } : null,
		checkAt: null,
	};
	const lastGoodAt = good?.endedAt ?? null;
	const odd = look.oddity ?? null;
	const plausibility =
		lastGoodAt === null
			? null
			: {
					at: lastGoodAt,
					findings: odd === null ? [] : [{ severity: odd.severity, sentence: "41 MB, usually 402 MB." }],
					learning: null,
				};
	return {
		...ref,
		host,
		title: look.title ?? null,
		labels: look.labels ?? {},
		judgement,
		ladder: ladderOf({ judgement, lastGoodAt, plausibility }),
		oddity: odd,
		pausedUntil: state === "paused" ? Date.parse("2026-12-01T00:00:00+01:00") : null,
		lastGoodAt,
		rpo: null,
		rto: null,
		running: isRunning
			? { id: 7, outcome: "running", startedAt: now - 26 * 60_000, endedAt: null, duration: null, size: null }
			: null,
		finished: last === undefined ? null : runOn(last),
		good,
		days: jobDays(seen, {
			from: today - 29,
			today,
			firstDay: today - 29,
			dueDays: new Map(Array.from({ length: 30 }, (_, i) => [today - i, today - i])),
			missedDay: null,
			isRunning,
			usualDuration: slower > 1 ? seconds : usualDuration,
		}),
		sizes: sized.map(({ size: bytes }) => bytes),
		sizePerWeek: weeklyChange(sized),
		usualDuration: slower > 1 ? seconds : usualDuration,
		drift: slower > 1 ? { before: seconds, after: seconds * slower } : null,
		restore: null,
	};
}

export function anAlert(over: Partial<OverviewAlert> = {}): OverviewAlert {
	return {
		id: 1,
		kind: "failed",
		severity: "critical",
		sentence: "Failed Monday 01:30 after 6 min 34 s: rclone: dial tcp 203.0.113.9:443: i/o timeout.",
		runId: 1000,
		openedAt: now - 6 * hour,
		acknowledgedAt: null,
		acknowledgedUntil: null,
		snoozedUntil: null,
		slug: "postgres-dump",
		speaksFor: 0,
		...over,
	};
}

const sampleLooks: JobLook[] = [
	{ state: "failed", failed: [0, 19], host: "pi4" },
	{ failed: [9, 22, 23], slower: 1.36, host: "pi4" },
	{ state: "running", host: "nas" },
	{ host: "nas" },
	{ host: "pve", labels: { place: "attic" } },
	{ state: "paused", host: "pi4" },
];

/** Six jobs over thirty days, with four failures; `jobCount` copies the six under other names. */
export function sampleOverview(over: Partial<Overview> = {}, jobCount = 6): Overview {
	const jobs: JobRef[] = Array.from({ length: jobCount }, (_, i) => {
		const name = i < 6 ? (names[i] ?? "") : `${names[i % 6]}-${Math.floor(i / 6)}`;
		return { slug: name, name, host: "" };
	});
	const judged = jobs.map((job, i) => aJob(job, i, i < 6 ? sampleLooks[i] : (sampleLooks[3 + (i % 3)] ?? {})));
	const rank = { failed: 0, running: 1, ok: 2, paused: 3 } as Record<string, number>;
	judged.sort((a, b) => (rank[a.judgement.state] ?? 2) - (rank[b.judgement.state] ?? 2));
	const night = judged.flatMap(({ slug, running, finished }): NightRun[] =>
		[running, finished].flatMap((run) => (run !== null && run.startedAt > now - day ? [{ ...run, slug }] : [])),
	);
	const points = Array.from({ length: 30 }, (_, i) => point(29 - i));
	const recent = Array.from({ length: 14 }, (_, i) => {
		const job = jobs[i % jobs.length];
		const base = { id: 200 + i, job: job?.name ?? "", slug: job?.slug ?? "", startedAt: now - (5 + i * 3.7) * hour };
		if (i % 6 === 0) return aFailure(base);
		const stretch = 1 + ((i * 7) % 5) / 10;
		const run = aRun({ ...base, size: sizes[i % 6] ?? null, outcome: i === 4 ? "warning" : "success" });
		const phases = run.phases.map(({ name, seconds }) => ({ name, seconds: seconds * stretch }));
		return { ...run, duration: (run.duration ?? 0) * stretch, phases };
	});
	return emptyOverview({
		jobs,
		judged,
		alerts: judged.some(({ judgement }) => judgement.state === "failed") ? [anAlert()] : [],
		night,
		totalSize: jobCount > 1 ? 1.57e12 : null,
		totals: {
			runs: 177,
			succeeded: 172,
			failed: 5,
			averageDuration: 1420,
			longestDuration: 3190,
			averageSize: 259e9,
			averageThroughput: 41.2e6,
			phases: [
				{ name: "snapshot", seconds: 5, throughput: null },
				{ name: "archive", seconds: 309, throughput: 11.2e6 },
				{ name: "volumes", seconds: 462, throughput: 7.9e6 },
				{ name: "upload", seconds: 537, throughput: 6.4e6 },
			],
		},
		before: {
			...noTotals,
			runs: 184,
			succeeded: 181,
			failed: 3,
			averageDuration: 1376,
			averageSize: 248e9,
			averageThroughput: 42e6,
		},
		series: { per: "day", points },
		newest: aRun({ startedAt: now - 5.7 * hour }),
		usualPhases: { snapshot: 5, archive: 309, volumes: 462, upload: 537 },
		recent,
		failures: [
			aFailure({ id: 300, job: "postgres-dump", slug: "postgres-dump", startedAt: now - 6 * hour }),
			aFailure({
				id: 301,
				startedAt: now - 9 * day,
				errorCategory: "archive",
				errorMessage: "tar: /srv/db: file changed as we read it",
			}),
			aFailure({ id: 302, startedAt: now - 19 * day, errorCategory: null, errorMessage: null }),
		],
		trend: [
			{ week: "2026-10-26", category: "upload", count: 2 },
			{ week: "2026-10-26", category: "archive", count: 1 },
			{ week: "2026-11-09", category: "archive", count: 1 },
			{ week: "2026-11-23", category: "upload", count: 1 },
		],
		source: { path: "/data/metrics.jsonl", checkedAt: now - 1000, lines: 361 },
		...over,
	});
}

function point(daysAgo: number): Point {
	const i = 29 - daysAgo;
	const failed = [6, 7, 10, 20, 29].includes(i) ? 1 : 0;
	const duration = 1400 + 120 * Math.sin(i * 1.7) + (i > 20 ? i * 9 : 0);
	const size = 250e9 + i * 4e8;
	// The night of 17 November has only failures: nothing of it may look like a small, quick backup.
	const isLost = i === 20;
	return {
		at: now - daysAgo * day - 6 * hour,
		runs: isLost ? 1 : 6,
		failed,
		duration: isLost ? null : duration,
		size: isLost ? null : size,
		throughput: isLost ? null : (rate(size, duration) ?? 0) / 4,
		runId: null,
	};
}
