// What Prometheus reads of restores: the estimate with its range, the target, and when a drill last worked.
import { newestGood } from "../restore-findings.ts";
import type { RestoreJob } from "../restore-page.ts";
import type { Metric } from "./exposition.ts";

/** A job without an estimate, a target or a drill has no such sample. */
export function restoreMetrics(jobs: readonly Pick<RestoreJob, "job" | "estimate" | "rto" | "drills">[]): Metric[] {
	const samples = (read: (job: (typeof jobs)[number]) => number | null): Metric["samples"] =>
		jobs.flatMap((one): Metric["samples"] => {
			const value = read(one);
			const { name, host } = one.job;
			return value === null ? [] : [[host === "" ? { backup: name } : { backup: name, host }, value]];
		});
	const gauge = (name: string, help: string, read: (job: (typeof jobs)[number]) => number | null): Metric => {
		return { name, type: "gauge", help, samples: samples(read) };
	};
	const drillAt = ({ drills }: (typeof jobs)[number]) => newestGood(drills)?.endedAt ?? null;
	return [
		gauge(
			"backup_restore_estimate_seconds",
			"How long a restore would take, from drills or else from the speed of backups.",
			({ estimate }) => estimate?.seconds ?? null,
		),
		gauge(
			"backup_restore_estimate_low_seconds",
			"The short end of the range of that estimate.",
			({ estimate }) => estimate?.low ?? null,
		),
		gauge(
			"backup_restore_estimate_high_seconds",
			"The long end of the range of that estimate.",
			({ estimate }) => estimate?.high ?? null,
		),
		gauge("backup_restore_target_seconds", "How long a restore may take (rto).", ({ rto }) => rto),
		gauge(
			"backup_last_drill_timestamp_seconds",
			"When the newest restore test that worked ended, Unix time.",
			(one) => {
				const at = drillAt(one);
				return at === null ? null : at / 1000;
			},
		),
	];
}
