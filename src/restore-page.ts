// What the page Restore and its API show, as plain data.
import type { Job } from "./job.ts";
import type { Rung } from "./ladder.ts";
import type { Problem } from "./overview.ts";
import type { Drill, Estimate } from "./restore.ts";
import type { CheckedDrill } from "./restore-check.ts";
import type { LabEstimate } from "./restore-lab.ts";
import type { Units } from "./units.ts";

/** A job as a restore sees it. */
export type RestoreJob = {
	job: Job;
	title: string | null;
	/** Seconds; null: no target is set. */
	rto: number | null;
	estimate: Estimate | null;
	/** Why there is no estimate; null where there is one. */
	reason: string | null;
	rung: Rung;
	/** Newest first. */
	drills: readonly Drill[];
	/** What the newest good backup was made with and where it lies, as far as its report tells. */
	tool: string | null;
	repository: string | null;
	snapshotId: string | null;
	/** Bytes of that backup. */
	size: number | null;
	/** What a restore of it is fetched through: see `LabJob`. */
	link: string;
};

export type ShownRestoreJob = RestoreJob & { checked: CheckedDrill[] };

export type RestorePage = {
	now: number;
	zone: string;
	jobs: ShownRestoreJob[];
	/** Slugs that were chosen; null: all. */
	selection: ReadonlySet<string> | null;
	lab: LabEstimate | null;
	/** All jobs, the one to restore next first. */
	plan: readonly RestoreJob[];
	/** Where this monitor is reached, for the commands. */
	address: string;
	/** What stands for the push token in them; null where none is needed. */
	token: string | null;
	units: Units;
	problems: Problem[];
	retentionDays: number;
	openAlerts?: number;
	source: { path: string; checkedAt: number | null; lines: number };
};
