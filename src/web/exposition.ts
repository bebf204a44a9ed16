// The metrics as Prometheus reads them: text from data, in its own format or in OpenMetrics.

import { states } from "../state.ts";
import type { Standing } from "../store/standings.ts";

export const textType = "text/plain;version=0.0.4";
export const openMetricsType = "application/openmetrics-text;version=1.0.0";
export type ExpositionType = typeof textType | typeof openMetricsType;

/** What the monitor knows of itself. Sizes are bytes, instants Unix milliseconds; null is unknown and leaves no sample. */
export type SelfReading = {
	version: string;
	commit: string;
	startedAt: number;
	residentMemory: number;
	databaseSize: number | null;
	/** When the metrics file was last looked at. */
	lastReadAt: number | null;
	rejectedLines: number | null;
	problems: { critical: number; warning: number };
	/** Open alerts by severity; null is unknown. */
	alerts: { critical: number; warning: number; info: number } | null;
};

type Labels = Record<string, string>;
type Sample = [labels: Labels, value: number];
export type Metric = { name: string; type: "gauge" | "counter"; help: string; samples: Sample[] };

/** The metrics of the jobs. What is unknown has no sample: a job that never succeeded has no time of success, not 0. */
export function jobMetrics(standings: Standing[]): Metric[] {
	const lastRun: Sample[] = [];
	const success: Sample[] = [];
	const duration: Sample[] = [];
	const phases: Sample[] = [];
	const size: Sample[] = [];
	const runs: Sample[] = [];
	const state: Sample[] = [];
	const due: Sample[] = [];
	for (const { job, finished, good, lastSuccessAt, counts, state: now, dueAt } of standings) {
		// Two hosts may use one name; a job without a host has no such label, which to Prometheus is an empty one.
		const labels: Labels = job.host === "" ? { backup: job.name } : { backup: job.name, host: job.host };
		if (finished !== null) lastRun.push([labels, (finished.endedAt ?? finished.startedAt) / 1000]);
		if (lastSuccessAt !== null) success.push([{ backup: job.name, host: job.host }, lastSuccessAt / 1000]);
		if (good !== null) {
			if (good.duration !== null) duration.push([labels, good.duration]);
			if (good.size !== null) size.push([labels, good.size]);
			for (const phase of good.phases) phases.push([{ ...labels, phase: phase.name }, phase.seconds]);
		}
		for (const [outcome, count] of Object.entries(counts)) runs.push([{ ...labels, outcome }, count]);
		if (dueAt !== null) due.push([labels, dueAt / 1000]);
		for (const word of states) state.push([{ ...labels, state: word }, word === now ? 1 : 0]);
	}
	return [
		gauge("backup_last_success_timestamp_seconds", "When the newest successful backup run ended, Unix time.", success),
		gauge("backup_last_run_timestamp_seconds", "When the newest backup run ended, whatever came of it.", lastRun),
		gauge("backup_last_duration_seconds", "How long the newest successful backup run took.", duration),
		gauge("backup_last_phase_duration_seconds", "How long each phase of the newest successful run took.", phases),
		gauge("backup_last_size_bytes", "Size of the newest successful backup run.", size),
		counter("backup_runs_total", "Backup runs that ended, by outcome, those included that retention deleted.", runs),
		gauge("backup_state", "1 for the state a job is in, 0 for the others.", state),
		gauge(
			"backup_due_timestamp_seconds",
			"When the next run is planned, or the one that did not come, Unix time.",
			due,
		),
	];
}

export function selfMetrics(self: SelfReading, jobs: number | null): Metric[] {
	return [
		gauge("backup_monitor_build_info", "Version of the monitor; always 1.", [
			[{ version: self.version, commit: self.commit }, 1],
		]),
		gauge("backup_monitor_jobs", "Jobs known.", known(jobs)),
		gauge("backup_monitor_problems", "What is wrong with the monitor itself, by severity.", [
			[{ severity: "critical" }, self.problems.critical],
			[{ severity: "warning" }, self.problems.warning],
		]),
		gauge(
			"backup_monitor_open_alerts",
			"Alerts that are open, by severity.",
			Object.entries(self.alerts ?? {}).map(([severity, count]) => [{ severity }, count]),
		),
		counter(
			"backup_monitor_rejected_lines_total",
			"Lines of the metrics file that could not be read.",
			known(self.rejectedLines),
		),
		gauge(
			"backup_monitor_last_read_timestamp_seconds",
			"When the metrics file was last looked at, Unix time.",
			known(self.lastReadAt === null ? null : self.lastReadAt / 1000),
		),
		gauge(
			"backup_monitor_database_size_bytes",
			"Size of the database, without its write-ahead log.",
			known(self.databaseSize),
		),
		gauge("process_resident_memory_bytes", "Resident memory of the monitor.", known(self.residentMemory)),
		gauge("process_start_time_seconds", "When the monitor started, Unix time.", known(self.startedAt / 1000)),
	];
}

function gauge(name: string, help: string, samples: Sample[]): Metric {
	return { name, type: "gauge", help, samples };
}

function counter(name: string, help: string, samples: Sample[]): Metric {
	return { name, type: "counter", help, samples };
}

function known(value: number | null): Sample[] {
	return value === null ? [] : [[{}, value]];
}

/** Metrics as text; OpenMetrics names a counter without its `_total`. The end of OpenMetrics is `closing`. */
export function formatMetrics(metrics: Metric[], type: ExpositionType): string {
	const parts: string[] = [];
	for (const { name, type: kind, help, samples } of metrics) {
		const family = type === openMetricsType && kind === "counter" ? name.replace(/_total$/, "") : name;
		parts.push(`# HELP ${family} ${help}\n# TYPE ${family} ${kind}\n`);
		for (const [labels, value] of samples) parts.push(`${name}${formatLabels(labels)} ${value}\n`);
	}
	return parts.join("");
}

export function closing(type: ExpositionType): string {
	return type === openMetricsType ? "# EOF\n" : "";
}

function formatLabels(labels: Labels): string {
	const parts = Object.entries(labels).map(([name, value]) => `${name}="${escapeLabel(value)}"`);
	return parts.length === 0 ? "" : `{${parts.join(",")}}`;
}

function escapeLabel(value: string): string {
	return /[\\"\n]/.test(value) ? value.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n") : value;
}
