// What the configuration file says: jobs, channels, quiet hours and the digest. Durations are seconds, sizes bytes.

import type { Severity } from "./alert.ts";
import { slugOf } from "./job.ts";
import type { Schedule } from "./schedule.ts";

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

/** Whether the monitor makes the listings itself. */
export function isPulled(inventory: InventorySettings | null): boolean {
	return inventory !== null && (inventory.command !== null || inventory.dir !== null || inventory.s3 !== null);
}

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

/**
 * What the file says of a job: under its name or slug, and for its host or for any. The more specific entry wins: one that
 * names the host, then a slug that two hosts' jobs tell apart by, then the name itself.
 */
export function settingsOf(
	{ jobs }: Pick<Settings, "jobs">,
	{ name, slug, host }: { name: string; slug: string; host: string },
): JobSettings | null {
	let best: JobSettings | null = null;
	let rank = -1;
	for (const job of jobs) {
		if ((job.name !== name && job.name !== slug) || (job.host !== null && job.host !== host)) continue;
		const byKey = job.name === name ? 1 : slug === slugOf(name) ? 0 : 2;
		const own = (job.host === null ? 0 : 4) + byKey;
		if (own > rank) [best, rank] = [job, own];
	}
	return best;
}

/** The settings as a page may show them: no address beyond scheme and host, no key, no argument of a command. */
export type ShownSettings = Omit<Settings, "jobs" | "channels"> & {
	jobs: (Omit<JobSettings, "inventory"> & { inventory: ShownInventory | null })[];
	channels: ShownChannel[];
};
export type ShownInventory = { from: string; every: number; source: string };
export type ShownChannel = Pick<ChannelSettings, "name" | "minSeverity" | "jobs" | "labels"> & {
	/** "ntfys://ntfy.example", or the file that holds it. */
	address: string;
	secret: "set" | "not set";
	template: "set" | "not set";
};

export function shownSettings({ jobs, channels, quietHours, digest }: Settings): ShownSettings {
	return {
		jobs: jobs.map((job) => ({ ...job, inventory: job.inventory === null ? null : shownInventory(job.inventory) })),
		channels: channels.map(({ name, minSeverity, jobs, labels, url, urlFile, template, secret, secretFile }) => ({
			name,
			minSeverity,
			jobs,
			labels,
			address: url === null ? `in ${urlFile ?? "no file"}` : schemeAndHost(url),
			secret: secret === null && secretFile === null ? "not set" : "set",
			template: template === null ? "not set" : "set",
		})),
		quietHours,
		digest,
	};
}

function shownInventory({ from, every, command, dir, s3 }: InventorySettings): ShownInventory {
	const count = (command?.length ?? 1) - 1;
	const args = count === 0 ? "" : ` and ${count} argument${count === 1 ? "" : "s"}`;
	const source = command
		? `command ${command[0]}${args}`
		: dir
			? `folder ${dir}`
			: s3
				? `bucket ${s3.bucket}`
				: "pushed";
	return { from, every, source };
}

/** In the addresses of services without a server of one's own the "host" is a token: those have only their scheme left. */
const withoutHost = new Set(["discord", "slack", "tgram", "pover"]);

function schemeAndHost(url: string): string {
	const [, scheme = "", authority = ""] = /^([a-z][a-z0-9+.-]*):\/\/([^/?#]*)/i.exec(url.trim()) ?? [];
	if (scheme === "") return "…";
	const host = authority.slice(authority.lastIndexOf("@") + 1);
	const isHost = /^(?:[a-z0-9_-]+(?:\.[a-z0-9_-]+)*|\[[0-9a-f:.]+\])(?::\d+)?$/i.test(host);
	// "ntfy://topic" means ntfy.sh, and the topic is all its secret; a name with a dot or a port is a host.
	const isNamed = isHost && (/[.:]/.test(host) || host === "localhost");
	return withoutHost.has(scheme.toLowerCase()) || !isNamed ? `${scheme}://…` : `${scheme}://${host}`;
}
