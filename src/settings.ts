// What the configuration file says: jobs, channels, quiet hours and the digest. Durations are seconds, sizes bytes.
import type { Schedule } from "./schedule.ts";
import type { Severity } from "./alert.ts";

export type Sensitivity = "strict" | "balanced" | "relaxed";

/** What may be said of a job. null: not said, so it is learned or has its default. */
export type JobSettings = {
	/** The key in the file: the job's name or slug. */
	name: string;
	title: string | null;
	host: string | null;
	labels: Record<string, string>;
	schedule: Schedule | null;
	startGrace: number | null;
	maxRuntime: number | null;
	minSize: number | null;
	maxSize: number | null;
	sensitivity: Sensitivity;
	/** Exit codes that count as a warning instead of a failure. */
	warningExitCodes: number[];
	/** Name or slug of the job without which this one cannot run. */
	parent: string | null;
	keep: Keep | null;
	/** How old the newest proven copy may be. */
	rpo: number | null;
	/** How long a restore may take. */
	rto: number | null;
	inventory: InventorySettings | null;
};

/** The retention promise of the job's own tool: how many snapshots of each period it keeps. */
export type Keep = Partial<Record<"last" | "hourly" | "daily" | "weekly" | "monthly" | "yearly", number>>;

export type InventorySettings = {
	from: string;
	every: number;
	/** Exactly one of these is set; all null: listings are pushed or dropped. */
	command: string[] | null;
	dir: string | null;
	s3: { bucket: string; prefix: string; endpoint: string | null; region: string | null } | null;
};

export type ChannelSettings = {
	name: string;
	/** Exactly one of the two is set. Both hold a secret or lead to one. */
	url: string | null;
	urlFile: string | null;
	minSeverity: Severity;
	/** Names or slugs; empty: all jobs. */
	jobs: string[];
	/** Only jobs that carry all of these labels; empty: all jobs. */
	labels: Record<string, string>;
	/** Placeholders without logic, such as "{title}: {text}"; null: our own text. */
	template: string | null;
	/** Key of the HMAC signature of a webhook, or the file that holds it. */
	secret: string | null;
	secretFile: string | null;
};

/** Minutes after midnight in the server's zone; `from` may be later than `to` (over midnight). */
export type QuietHours = { from: number; to: number; criticalPasses: boolean };

/** `weekday` 1 is Monday, 7 Sunday; null: every day. `minute` after midnight in the server's zone. */
export type DigestTime = { weekday: number | null; minute: number };

export type Settings = {
	jobs: JobSettings[];
	channels: ChannelSettings[];
	quietHours: QuietHours | null;
	digest: DigestTime | null;
};

export const noSettings: Settings = { jobs: [], channels: [], quietHours: null, digest: null };
