// Believable sample data: six jobs over 120 days, the same every time for the same day.

type DemoJob = {
	name: string;
	host: string;
	/** Hour and minute of the start. */
	at: [number, number];
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
};

const gb = 1e9;
const jobs: DemoJob[] = [
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
		slowerSince: 6,
	},
	{
		name: "nas-restic",
		host: "nas",
		at: [2, 30],
		everyDays: 1,
		size: 371 * gb,
		growth: 0.0003,
		phases: { scan: 214, upload: 890 },
		failures: { 52: ["repo_locked", "repository is already locked exclusively by PID 4711 on nas"] },
		silent: [],
		warnings: [12, 64],
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
	},
	{
		name: "photos-borg",
		host: "nas",
		at: [7, 15],
		everyDays: 1,
		size: 796 * gb,
		growth: 0.0002,
		phases: { create: 1710, prune: 96, compact: 64 },
		failures: {},
		silent: [40, 41],
		warnings: [],
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
	},
];

const dayMs = 86_400_000;
export const demoDays = 120;

/** JSON lines in the order of their time. `now` and what it returns are in UTC. */
export function demoLines(now: number): string[] {
	const midnight = Math.floor(now / dayMs) * dayMs;
	const lines: { at: number; text: string }[] = [];
	for (const [index, job] of jobs.entries()) {
		const random = seeded(index + 1);
		for (let daysAgo = demoDays - 1; daysAgo >= 0; daysAgo--) {
			const startedAt =
				midnight - daysAgo * dayMs + (job.at[0] * 60 + job.at[1]) * 60_000 + Math.floor(random() * 90_000);
			const line = reportOf(job, daysAgo, startedAt, random);
			const isDue = daysAgo % job.everyDays === 0 && !job.silent.includes(daysAgo);
			if (isDue && startedAt + line.seconds * 1000 < now)
				lines.push({ at: startedAt, text: JSON.stringify(line.report) });
		}
	}
	return lines.sort((a, b) => a.at - b.at).map((line) => line.text);
}

function reportOf(job: DemoJob, daysAgo: number, startedAt: number, random: () => number) {
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
	const stamp = new Date(startedAt).toISOString().replace(/\.\d+Z$/, "+00:00");
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
	if (failure !== undefined) [report.error_category, report.error_message] = failure;
	if (report.outcome === "warning") report.warning_messages = ["2 files changed while they were read"];
	return { report, seconds };
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
