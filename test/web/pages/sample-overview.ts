// A believable overview without a database: the same numbers at every call, so that tests may name them.
import type { JobRef, Overview, Point, Totals } from "../../../src/overview.ts";
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
		latest: [],
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

/** Six jobs over thirty days, with four failures; `jobCount` copies the six under other names. */
export function sampleOverview(over: Partial<Overview> = {}, jobCount = 6): Overview {
	const jobs: JobRef[] = Array.from({ length: jobCount }, (_, i) => {
		const name = i < 6 ? (names[i] ?? "") : `${names[i % 6]}-${Math.floor(i / 6)}`;
		return { slug: name, name, host: "" };
	});
	const latest = jobs.map((job, i) => {
		const startedAt = now - (4 + i * 0.7) * hour;
		const base = { id: 100 + i, job: job.name, slug: job.slug, startedAt, backupId: `2026-11-23_0${i}0013` };
		if (i === 0) return aFailure(base);
		if (i === 2)
			return aRun({
				...base,
				outcome: "running",
				startedAt: now - 26 * 60_000,
				duration: null,
				size: null,
				phases: [],
			});
		return aRun({ ...base, size: sizes[i % 6] ?? null, duration: durations[i % 6] ?? null });
	});
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
		latest,
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
