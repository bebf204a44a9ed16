// What lies beside the sample runs: settings of the jobs, and what their remotes say they hold.
import { demoRuns } from "./demo-data.ts";

/** `config.yaml`: where each job goes, what it promises, and how soon it has to be back. */
export const demoConfig = `jobs:
  postgres-dump: { labels: { to: Backblaze B2 }, rto: 30m }
  docker-volumes: { labels: { to: Backblaze B2 }, rto: 1h, rpo: 36h }
  nas-restic: { labels: { to: Backblaze B2 }, rto: 8h, rpo: 36h, keep: { daily: 14, weekly: 4 } }
  proxmox-vms: { labels: { to: Proxmox Backup Server }, rto: 2h }
  photos-borg: { labels: { to: rsync.net }, rto: 12h, keep: { daily: 7, weekly: 4, monthly: 3 } }
  laptop-kopia: { labels: { to: NAS } }
  etc-configs: { labels: { to: NAS } }
`;

const dayMs = 86_400_000;
/** The remotes let go of what is older. */
const keptDays = 75;

/** Files of `inventory/`: what the remotes of three jobs list. */
export function demoListings(now: number): { name: string; text: string }[] {
	const stored = demoRuns(now).filter(({ size, startedAt }) => size !== null && startedAt > now - keptDays * dayMs);
	const of = (name: string) => stored.filter(({ job }) => job.name === name);
	const restic = of("nas-restic").map(({ report, startedAt, job }) => ({
		id: report.snapshot_id,
		short_id: String(report.snapshot_id).slice(0, 8),
		time: new Date(startedAt).toISOString(),
		hostname: job.host,
		paths: ["/srv"],
	}));
	const borg = of("photos-borg").map(({ report, startedAt }) => ({
		id: report.snapshot_id,
		name: `photos-${report.backup_id}`,
		start: `${new Date(startedAt).toISOString().slice(0, 19)}+00:00`,
	}));
	const rclone = of("docker-volumes").map(({ report, startedAt, seconds, size }) => ({
		Path: `volumes-${report.backup_id}.tar.zst`,
		Size: size,
		ModTime: new Date(startedAt + seconds * 1000).toISOString(),
		IsDir: false,
	}));
	return [
		{ name: "nas-restic.restic", text: JSON.stringify(restic) },
		{ name: "photos-borg.borg", text: JSON.stringify({ archives: borg }) },
		{ name: "docker-volumes.rclone", text: JSON.stringify(rclone) },
	];
}
