// How an inventory is set up: the line to paste for each tool, and what the monitor can fetch by itself.
import type { ListingFormat } from "./inventory.ts";

export type InventoryLine = { name: string; format: ListingFormat; line: string };

const jobOf = (job: string) => (/^[\w.-]+$/.test(job) ? job : `'${job.replaceAll("'", "'\\''")}'`);

/** What makes the listing of each tool. */
const commands: { name: string; format: ListingFormat; command: string }[] = [
	{ name: "restic", format: "restic", command: "restic snapshots --json" },
	{ name: "borg", format: "borg", command: "borg list --json" },
	{ name: "borg 2", format: "borg", command: "borg repo-list --json" },
	{ name: "borgmatic", format: "borg", command: "borgmatic list --json" },
	{ name: "kopia", format: "kopia", command: "kopia snapshot list --json" },
	{ name: "rclone", format: "rclone", command: "rclone lsjson -R --files-only remote:backup" },
	{ name: "S3", format: "s3", command: "aws s3api list-objects-v2 --bucket backup --output json" },
	{ name: "A folder", format: "find", command: "find /mnt/backup -type f -printf '%T@ %s %P\\n'" },
];

/** By our own command, on this machine or with --to on another. */
export function commandLines(job: string, address: string | null): InventoryLine[] {
	const to = address === null ? "" : ` --to ${address}`;
	return commands.map(({ name, format, command }) => ({
		name,
		format,
		line: `${command} | backup-monitor inventory ${jobOf(job)} --from ${format}${to}`,
	}));
}

/** Where our program is not installed. */
export function curlLine(slug: string, address: string): string {
	return `restic snapshots --json | curl -fsS -m 60 -T - -H "Authorization: Bearer $PUSH_TOKEN" "${address}/api/jobs/${slug}/inventory?from=restic"`;
}

/** For config.yaml: the monitor lists by itself. */
export function pulledLines(job: string): { name: string; text: string }[] {
	const entry = (text: string) =>
		`jobs:\n  ${/^[\w-]+$/.test(job) ? job : JSON.stringify(job)}:\n    keep: { daily: 7, weekly: 4 }\n    rpo: 26h\n    inventory: ${text}`;
	return [
		{
			name: "A bucket",
			text: entry('{ every: 24h, s3: { bucket: backup, prefix: pi4/, endpoint: "https://s3.example" } }'),
		},
		{ name: "A mounted folder", text: entry("{ every: 24h, dir: /mnt/backup }") },
		{ name: "A command", text: entry("{ from: restic, every: 24h, command: [restic, snapshots, --json] }") },
	];
}
