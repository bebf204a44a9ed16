// What the monitor says about itself: each a problem with what it means and the exact thing that mends it.
import type { Database } from "bun:sqlite";
import type { Problem } from "../overview.ts";
import type { ClockDoubt } from "../retention.ts";
import { readMeta } from "../store/meta.ts";
import type { Rebuilt } from "../store/open.ts";
import type { Takeover } from "../store/takeover.ts";
import { formatInstant } from "../time.ts";

/** Problems that end when the database opens again. */
export const storeProblems = [
	"database-unavailable",
	"database-locked",
	"read-only",
	"newer-database",
	"foreign-database",
	"network-database",
	"disk-full",
	"write",
];

const shownForMs = 7 * 86_400_000;

export function badZone(value: string): Problem {
	return {
		id: "bad-zone",
		severity: "warning",
		title: `TZ is "${value}", which is no time zone.`,
		detail: "Times are shown and read in UTC. Set TZ to a name such as Europe/Berlin and start again.",
	};
}

export function unreadable(path: string, reason: string): Problem {
	return {
		id: "source-unreadable",
		severity: "critical",
		title: `${path} ${reason}.`,
		detail:
			"Runs that are written there are not seen. Put a plain file there that this program may read (chmod 644), or set METRICS_FILE.",
	};
}

export function cannotStore(path: string, message: string): Problem {
	return {
		id: "write",
		severity: "critical",
		title: `New runs cannot be stored in ${path} at the moment.`,
		detail: `SQLite says: ${message}. It tries again every second; nothing is lost, the metrics file is read from where it was.`,
	};
}

export function spool(path: string, reason: string): Problem {
	return {
		id: "spool",
		severity: "warning",
		title: `${path} was handed over by a command and cannot be taken.`,
		detail: `${reason}. Make the file and its folder readable and writable for user ${process.getuid?.() ?? "?"}, or remove it; what else is handed over is taken.`,
	};
}

export function clock(doubt: ClockDoubt, zone: string): Problem {
	const now = formatInstant(doubt.now, zone);
	const seen = formatInstant(doubt.seenAt, zone);
	return {
		id: "clock",
		severity: "warning",
		title:
			doubt.reason === "back"
				? `The clock says ${now}, which is before ${seen}.`
				: `The clock moved from ${seen} to ${now} while the monitor was off.`,
		detail:
			"Nothing is deleted on a clock in doubt. If the time is right: backup-monitor prune --yes. If not, set the clock (timedatectl).",
	};
}

export function manyOld(old: number, retentionDays: number): Problem {
	return {
		id: "retention",
		severity: "warning",
		title: `${old} runs are older than RETENTION_DAYS (${retentionDays}), more than a fifth of all.`,
		detail:
			"So many at once are not deleted without a word from you: backup-monitor prune --yes. Their daily sums stay.",
	};
}

/** What happened to the database lately and is worth knowing for a week. */
export function history(db: Database, now: number): Problem[] {
	const problems: Problem[] = [];
	const rebuilt = readMeta<Rebuilt>(db, "rebuilt");
	if (rebuilt !== null && now - rebuilt.at < shownForMs) {
		problems.push({
			id: "rebuilt",
			severity: "warning",
			title: "The database was damaged and has been built again from the journals.",
			detail: `The damaged file is kept in ${rebuilt.folder} (${rebuilt.reason}). Runs that no journal holds any more are missing.`,
		});
	}
	const takeover = readMeta<Takeover>(db, "takeover");
	if (takeover !== null && now - takeover.at < shownForMs && takeover.legacy > 0) {
		problems.push({
			id: "takeover",
			severity: "warning",
			title: `${takeover.legacy} rows of the original's database could not be read as runs.`,
			detail: `They are kept and listed at /api/rejected; ${takeover.runs} runs were taken over. The untouched copy is ${takeover.copy}.`,
		});
	}
	return problems;
}
