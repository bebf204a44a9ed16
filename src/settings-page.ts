// What the page Settings shows, as plain data: the configuration as it was understood, and how the monitor itself does.
import type { Outage } from "./judge.ts";
import type { Problem, RejectedLine } from "./overview.ts";
import type { ScheduleSource } from "./schedule.ts";
import type { ShownSettings } from "./settings.ts";
import type { Units } from "./units.ts";

/** A variable of the environment. A secret's value is "set" or "not set", nothing else. */
export type ShownVariable = {
	name: string;
	/** What is in force, whoever said it. */
	value: string;
	/** "flag": the command or a flag of it said so. "derived": from another variable. */
	source: "variable" | "flag" | "derived" | "system" | "default";
	meaning: string;
};

/** The configuration file as it lies there now. `text`: the path into it and what is wrong, where there is a path. */
export type ShownFile = { path: string } & (
	| { state: "absent" | "good" }
	| { state: "unreadable"; reason: string }
	| { state: "bad"; problems: { line: number; text: string }[] }
);

export type ShownSchedule = {
	job: { slug: string; name: string; host: string };
	/** null: not judged yet. */
	plan: { words: string; source: ScheduleSource } | null;
	dueAt: number | null;
};

/** What is known to go wrong, looked at: good, to be mended, or only to be known. */
export type Hint = { state: "good" | "bad" | "note"; text: string; fix: string | null };

export type ServiceHealth = {
	version: string;
	commit: string;
	startedAt: number;
	/** Resident memory of the process in bytes. */
	memory: number;
	database: { path: string; size: number | null; state: "writable" | "read-only" | "closed" };
	/** Our newest own copy of the database; null: there is none yet. */
	ownCopy: { path: string; at: number; size: number } | null;
	/** Bytes; null where the system does not say. */
	free: number | null;
	dataDir: string;
	source: {
		path: string;
		state: string;
		reason: string | null;
		checkedAt: number | null;
		/** When something was last read from it. */
		readAt: number | null;
		lines: number;
		accepted: number;
		rejected: number;
	};
	/** Spans in which no monitor ran, the newest first. */
	outages: Outage[];
	channels: { count: number; failing: number };
};

export type SettingsPage = {
	now: number;
	zone: string;
	units: Units;
	health: ServiceHealth;
	hints: Hint[];
	variables: ShownVariable[];
	/** In words; `hasPassword`: a browser logs in here, and out. */
	login: { words: string; hasPassword: boolean };
	file: ShownFile;
	/** What is in force: what the file says, or said when it was last good. */
	settings: ShownSettings;
	schedules: ShownSchedule[];
	rejected: { total: number; lines: RejectedLine[] };
	/** Addresses whose reports were refused since the start. */
	refused: { address: string; count: number; lastAt: number }[];
	problems: Problem[];
	retentionDays: number;
	openAlerts?: number;
	source: { path: string; checkedAt: number | null; lines: number };
};
