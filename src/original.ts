// The original's answers, field by field: what its clients read must not change. Unknown measures are 0 only here.
import { phaseSeconds, type Run, succeeded } from "./run.ts";
import { formatInstant } from "./time.ts";

const mebi = 1024 * 1024;

/** One element of `/api/metrics`: the original's keys and no others, in its order. Seconds and bytes are whole numbers. */
export function metricsRow(run: Run, zone: string) {
	const archive = phaseSeconds(run, "archive");
	const upload = phaseSeconds(run, "upload");
	const volumes = phaseSeconds(run, "volumes");
	return {
		archive_mb_per_sec: speed(run.size, archive),
		backup_id: run.backupId,
		duration_archive: whole(archive),
		duration_snapshot: whole(phaseSeconds(run, "snapshot")),
		duration_total: whole(run.duration),
		duration_upload: whole(upload),
		duration_volumes: whole(volumes),
		error_category: run.errorCategory ?? (run.outcome === "failure" ? "unknown" : null),
		error_message: run.errorMessage,
		size_bytes: whole(run.size),
		success: succeeded(run),
		throughput_mb_per_sec: speed(run.size, run.duration),
		timestamp: stampOf(run, zone),
		upload_mb_per_sec: speed(run.size, upload),
		volume_bytes: whole(run.volumeBytes),
		volumes_mb_per_sec: speed(run.volumeBytes, volumes),
	};
}

/** One element of `/api/failures`. */
export function failureRow(run: Run, zone: string) {
	return {
		backup_id: run.backupId,
		error_category: run.errorCategory ?? "unknown",
		error_message: run.errorMessage,
		timestamp: stampOf(run, zone),
	};
}

/** The reporter's own text where it is a date; epoch numbers are written as one, because clients parse this field. */
function stampOf(run: Run, zone: string): string {
	return /^\d{4}-/.test(run.timestamp) ? run.timestamp : formatInstant(run.startedAt, zone);
}

function whole(value: number | null): number {
	return value === null ? 0 : Math.trunc(value);
}

// Divided as the original did it, by whole seconds: a run of half a second has no speed there.
function speed(bytes: number | null, seconds: number | null): number {
	const divisor = whole(seconds);
	return bytes === null || divisor <= 0 ? 0 : Math.round((bytes / mebi / divisor) * 100) / 100;
}

/** Week of the year as the original counts it (`%Y-%W`): weeks begin on Monday, days before the first one are week 00. */
export function weekName(day: number): string {
	const date = new Date(day * 86_400_000);
	const year = date.getUTCFullYear();
	const dayOfYear = day - Date.UTC(year, 0, 1) / 86_400_000;
	const weekday = (date.getUTCDay() + 6) % 7;
	return `${year}-${String(Math.floor((dayOfYear + 7 - weekday) / 7)).padStart(2, "0")}`;
}
