// Believable sample data: seven jobs over 120 days, the same every time for the same day.

export type DemoJob = {
	name: string;
	host: string;
	/** Hour and minute of the start; "now" for the one that runs while it is looked at. */
	at: [number, number] | "now";
	everyDays: number;
	size: number;
	/** Growth of the size a day. */
	growth: number;
	/** Seconds by phase. */
	phases: Record<string, number>;
	/** Days ago on which it failed, with what it said. */
	failures: Record<number, [category: string, message: string]>;
	/** Days ago on which it did not run. */
	silent: number[];
	warnings: number[];
	/** Factor on the upload phase during the last days. */
	slowerSince?: number;
	/** Its tool tells an id of each snapshot, by which a listing of the remote finds it again. */
	hasIds?: true;
	/** Days ago on which a restore was tried, and the seconds that it took. */
	drills: Record<number, number>;
};

const gb = 1e9;
const demoJobs: DemoJob[] = [
	{
		name: "postgres-dump",
		host: "pi4",
		at: [1, 30],
		everyDays: 1,
		size: 1.72 * gb,
		growth: 0.0007,
		phases: { snapshot: 4, archive: 231, upload: 158 },
		failures: {
			0: ["network", "rclone: dial tcp 203.0.113.9:443: i/o timeout"],
			19: ["network", "rclone: connection reset by peer"],
			47: ["disk_full", "pg_dump: could not write to output file: No space left on device"],
			88: ["auth", 'pg_dump: error: password authentication failed for user "backup"'],
		},
		silent: [61],
		warnings: [],
		drills: { 41: 394 },
	},
	{
		name: "docker-volumes",
		host: "pi4",
		at: [2, 0],
		everyDays: 1,
		size: 3.1 * gb,
		growth: 0.0016,
		phases: { snapshot: 7, archive: 305, volumes: 462, upload: 530 },
		failures: {
			9: ["timeout", "upload exceeded 45 min"],
			23: ["upload_failed", "rclone: 503 Service Unavailable"],
			24: ["upload_failed", "rclone: 503 Service Unavailable"],
			70: ["disk_full", "tar: write error: No space left on device"],
		},
		silent: [],
		warnings: [33],
		drills: { 12: 1310, 74: 1180 },
		slowerSince: 6,
	},
	{
		name: "nas-restic",
		host: "nas",
		at: [2, 30],
		hasIds: true,
		everyDays: 1,
		size: 371 * gb,
		growth: 0.0003,
		phases: { scan: 214, upload: 890 },
		failures: { 52: ["repo_locked", "repository is already locked exclusively by PID 4711 on nas"] },
		silent: [],
		warnings: [12, 64],
		drills: { 12: 10_380, 80: 9870 },
	},
	{
		name: "proxmox-vms",
		host: "pve",
		at: [3, 30],
		everyDays: 1,
		size: 142 * gb,
		growth: 0.0004,
		phases: { snapshot: 11, archive: 2690 },
		failures: { 31: ["repo_locked", "VM 104 is locked (backup)"] },
		silent: [],
		warnings: [],
		drills: { 55: 1985 },
	},
	{
		name: "photos-borg",
		host: "nas",
		at: "now",
		hasIds: true,
		everyDays: 1,
		size: 796 * gb,
		growth: 0.0002,
		phases: { create: 1710, prune: 96, compact: 64 },
		failures: {},
		silent: [40, 41],
		warnings: [],
		drills: { 28: 22_400 },
	},
	{
		name: "laptop-kopia",
		host: "laptop",
		at: [20, 0],
		everyDays: 1,
		size: 211 * gb,
		growth: 0.0001,
		phases: { scan: 71, upload: 785 },
		failures: {},
		silent: [0, 1, 2, 13, 14, 23, 52],
		warnings: [],
		drills: { 62: 6370 },
	},
	{
		name: "etc-configs",
		host: "pi4",
		at: [4, 0],
		everyDays: 7,
		size: 43_100_000,
		growth: 0.0001,
		phases: { archive: 9, upload: 14 },
		failures: {},
		silent: [],
		warnings: [],
		drills: {},
	},
];

const dayMs = 86_400_000;
const demoDays = 120;

/** How long the run that is under way has been going, and how old the newest of its kind is then. */
const runningFor = 26 * 60_000;

/** JSON lines in the order of their time. `now` and what they tell are in UTC. */
export function demoLines(now: number): string[] {
	const lines = demoRuns(now).map(({ startedAt, report }) => ({ at: startedAt, text: JSON.stringify(report) }));
	for (const job of demoJobs) {
		for (const [daysAgo, seconds] of Object.entries(job.drills)) {
			const at = now - Number(daysAgo) * dayMs - 3_600_000;
			lines.push({ at, text: JSON.stringify(drillOf(job, at, seconds)) });
		}
	}
	return lines.sort((a, b) => a.at - b.at).map((line) => line.text);
}

export type DemoRun = {
	job: DemoJob;
	startedAt: number;
	seconds: number;
	/** null: it failed, or still runs. */
	size: number | null;
	report: Record<string, unknown>;
};

/** The backups alone, oldest first for each job. */
export function demoRuns(now: number): DemoRun[] {
	const midnight = Math.floor(now / dayMs) * dayMs;
	const runs: DemoRun[] = [];
	for (const [index, job] of demoJobs.entries()) {
		const random = seeded(index + 1);
		for (let daysAgo = demoDays - 1; daysAgo >= 0; daysAgo--) {
			const delay = Math.floor(random() * 90_000);
			const startedAt =
				job.at === "now"
					? now - runningFor - daysAgo * dayMs + (daysAgo === 0 ? 0 : delay)
					: midnight - daysAgo * dayMs + (job.at[0] * 60 + job.at[1]) * 60_000 + delay;
			const run = runOf(job, daysAgo, startedAt, random);
			if (daysAgo % job.everyDays !== 0 || job.silent.includes(daysAgo)) continue;
			if (startedAt + run.seconds * 1000 < now) runs.push(run);
			else if (job.at === "now" && daysAgo === 0) runs.push({ ...run, size: null, report: openReport(run.report) });
		}
	}
	return runs;
}

function stampOf(at: number): string {
	return new Date(at).toISOString().replace(/\.\d+Z$/, "+00:00");
}

/** What is known of a run at its start. */
function openReport({ timestamp, backup_id, job, host }: Record<string, unknown>): Record<string, unknown> {
	return { timestamp, backup_id, job, host, outcome: "running" };
}

function drillOf({ name, host, size }: DemoJob, at: number, seconds: number): Record<string, unknown> {
	const stamp = stampOf(at);
	const id = `drill-${stamp.slice(0, 10)}`;
	return {
		timestamp: stamp,
		backup_id: id,
		job: name,
		host,
		kind: "restore_test",
		outcome: "success",
		duration_total: seconds,
		size_bytes: size,
	};
}

function runOf(job: DemoJob, daysAgo: number, startedAt: number, random: () => number): DemoRun {
	const failure = job.failures[daysAgo];
	const slower = job.slowerSince !== undefined && daysAgo < job.slowerSince ? 1.75 : 1;
	const noise = () => 0.93 + random() * 0.14;
	const phases = Object.entries(job.phases).map(([name, seconds]) => {
		return [name, Math.max(1, Math.round(seconds * noise() * (name === "upload" ? slower : 1)))] as const;
	});
	// A failed run stops in its last phase.
	const ran = failure === undefined ? phases : phases.slice(0, -1);
	const seconds = ran.reduce((sum, [, spent]) => sum + spent, 2);
	const size = Math.round(job.size * (1 + job.growth * (demoDays - daysAgo)) * (0.995 + random() * 0.01));
	const stamp = stampOf(startedAt);
	const report: Record<string, unknown> = {
		timestamp: stamp,
		backup_id: stamp.slice(0, 19).replace("T", "_").replaceAll(":", ""),
		job: job.name,
		host: job.host,
		outcome: failure !== undefined ? "failure" : job.warnings.includes(daysAgo) ? "warning" : "success",
		duration_total: seconds,
	};
	for (const [name, spent] of ran) report[`duration_${name}`] = spent;
	if (failure === undefined) report.size_bytes = size;
	if (job.phases.volumes !== undefined && failure === undefined) report.volume_bytes = Math.round(size * 0.6);
	if (job.hasIds && failure === undefined) {
		report.snapshot_id = snapshotId(job, daysAgo);
		report.bytes_added = Math.round(job.size * 0.002 * noise());
	}
	if (failure !== undefined) {
		[report.error_category, report.error_message] = failure;
		report.log = logOf(startedAt, ran, failure[1], job);
		report.exit_code = 1;
	}
	if (report.outcome === "warning") report.warning_messages = ["2 files changed while they were read"];
	return { job, startedAt, seconds, size: failure === undefined ? size : null, report };
}

/** Sixty-four hex digits, the same for the same night. */
function snapshotId({ name }: DemoJob, daysAgo: number): string {
	return [1, 2, 3, 4]
		.map((part) => Bun.hash.xxHash64(`${name} ${daysAgo} ${part}`).toString(16).padStart(16, "0"))
		.join("");
}

/** What the script printed: a line at the end of each phase, and the tool's own last words. */
function logOf(startedAt: number, ran: (readonly [string, number])[], message: string, job: DemoJob): string {
	let at = startedAt;
	const clock = () => new Date(at).toISOString().slice(11, 19);
	const lines = [`${clock()} ${job.name}: starting on ${job.host}`];
	for (const [name, seconds] of ran) {
		at += seconds * 1000;
		lines.push(`${clock()} ${name}: done in ${seconds} s`);
	}
	at += 2000;
	return [...lines, `${clock()} ERROR ${message}`, `${clock()} exit status 1`].join("\n");
}

/** Numbers from 0 to 1 that are the same for the same seed (mulberry32). */
function seeded(seed: number): () => number {
	let state = seed * 0x9e3779b9;
	return () => {
		state = (state + 0x6d2b79f5) | 0;
		let t = Math.imul(state ^ (state >>> 15), 1 | state);
		t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
		return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
	};
}
