// Drills as tests of restores name them: only what they are about.
import type { BackupSpeed, Drill } from "../src/restore.ts";

export const day = 86_400_000;
export const now = Date.UTC(2026, 10, 24, 12);
export const gigabyte = 1e9;

/** A drill of ten GB at 50 MB/s, so many days ago. */
export function aDrill(daysAgo: number, about: Partial<Drill> = {}): Drill {
	const bytes = about.bytes === undefined ? 10 * gigabyte : about.bytes;
	const seconds = about.seconds === undefined ? (bytes ?? 0) / 50e6 : about.seconds;
	const endedAt = now - daysAgo * day;
	return {
		runId: Math.round(daysAgo * 10) + 1,
		outcome: "success",
		startedAt: endedAt - (seconds ?? 0) * 1000,
		endedAt,
		message: null,
		...about,
		bytes,
		seconds,
	};
}

export function aSpeed(about: Partial<BackupSpeed> = {}): BackupSpeed {
	return { upload: null, archive: null, full: null, whole: null, ...about };
}
