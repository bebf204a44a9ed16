// What tests of judging say of a job and its runs: only what they are about.
import type { JudgedJob, JudgedRun } from "../src/judge.ts";
import type { JobSettings } from "../src/settings.ts";

export const noJobSettings: JobSettings = {
	name: "job",
	title: null,
	host: null,
	labels: {},
	schedule: null,
	startGrace: null,
	maxRuntime: null,
	minSize: null,
	maxSize: null,
	sensitivity: "balanced",
	warningExitCodes: [],
	parent: null,
	keep: null,
	rpo: null,
	rto: null,
	inventory: null,
};

export function aJob(about: Partial<JudgedJob> = {}): JudgedJob {
	return {
		createdAt: Date.UTC(2026, 0, 1),
		settings: null,
		storedSchedule: null,
		pausedAt: null,
		pausedUntil: null,
		archivedAt: null,
		zone: "Europe/Berlin",
		outages: [],
		reportsOnce: false,
		...about,
	};
}

let lastId = 0;

/** A good backup of ten minutes that was reported when it ended. */
export function aRun(startedAt: number, about: Partial<JudgedRun> = {}): JudgedRun {
	lastId++;
	const duration = about.outcome === "running" ? null : (about.duration ?? 600);
	const endedAt = duration === null ? null : startedAt + duration * 1000;
	return {
		id: lastId,
		kind: "backup",
		outcome: "success",
		startedAt,
		endedAt,
		duration,
		exitCode: null,
		errorMessage: null,
		receivedAt: endedAt ?? startedAt,
		...about,
	};
}
