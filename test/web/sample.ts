// A small lab at a fixed time: what the tests of the API, of its documentation and of the examples look at.
import { writeFileSync } from "node:fs";
import { join } from "node:path";

/** The clock of every answer about it. */
export const sampleNow = Date.UTC(2026, 0, 31, 12);

const hour = 3_600_000;
const iso = (at: number) => new Date(at).toISOString().replace(".000Z", "Z");

type Fields = Record<string, unknown>;

function line(job: string, daysAgo: number, hourOfDay: number, fields: Fields): string {
	const at = Date.UTC(2026, 0, 31 - daysAgo, hourOfDay);
	return JSON.stringify({ job, timestamp: iso(at), backup_id: `${job}-${daysAgo}`, success: true, ...fields });
}

/** Reports of five jobs: one well, one that failed last night and is tried again, one that warns, one that recovered, one new. */
export function sampleLines(): string[] {
	const lines: string[] = [];
	for (let day = 9; day >= 0; day--) {
		lines.push(
			line("photos", day, 2, {
				host: "pi4",
				duration_total: 1720.5,
				duration_snapshot: 4.5,
				duration_archive: 600,
				duration_upload: 1100,
				size_bytes: 41_200_000_000 + (9 - day) * 10_000_000,
				snapshot_id: `c0ffee${day}`,
				repository: "sftp:nas:/photos",
			}),
		);
		lines.push(
			line("postgres-dump", day, 1, {
				host: "pi4",
				duration_total: 393,
				phases: { dump: 231, upload: 158 },
				size_bytes: 1_720_000_000,
				...(day === 0 && {
					success: false,
					duration_total: 30,
					size_bytes: null,
					error_category: "network",
					error_message: "rclone: dial tcp 203.0.113.9:443: i/o timeout",
					log: "NOTICE: retrying\nERROR: i/o timeout",
				}),
			}),
		);
		lines.push(
			line("mail", day, 3, {
				host: "nas",
				outcome: day === 0 ? "warning" : "success",
				duration_total: 88,
				size_bytes: 5_100_000_000,
				...(day === 0 && { warnings: 2, warning_messages: ["file changed as we read it", "one more"] }),
			}),
		);
	}
	lines.push(line("etc", 3, 4, { success: false, error_category: "disk_full", error_message: "no space left" }));
	lines.push(line("etc", 2, 4, { duration_total: 2, size_bytes: 4_200_000 }));
	lines.push(line("restore drill", 5, 9, { kind: "restore_test", duration_total: 900, size_bytes: 1_720_000_000 }));
	lines.push(
		JSON.stringify({
			job: "postgres-dump",
			host: "pi4",
			timestamp: iso(sampleNow - hour),
			backup_id: "postgres-dump-again",
			outcome: "running",
		}),
	);
	return lines;
}

export function writeSample(dataDir: string): void {
	writeFileSync(join(dataDir, "metrics.jsonl"), `${sampleLines().join("\n")}\n{"broken": true}\n`);
}
