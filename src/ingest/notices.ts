// What the monitor says about itself: each a problem with what it means and the exact thing that mends it.
import type { Database } from "bun:sqlite";
import { join } from "node:path";
import type { Problem } from "../overview.ts";
import type { ClockDoubt } from "../retention.ts";
import { readMeta, writeMeta } from "../store/meta.ts";
import type { Rebuilt } from "../store/open.ts";
import { countRuns } from "../store/runs.ts";
import type { Takeover } from "../store/takeover.ts";
import { formatInstant } from "../time.ts";
import { formatAge, plural } from "../units.ts";

/** Problems that end when the database opens again. */
export const storeProblems = [
	"database-unavailable",
	"database-locked",
	"read-only",
	"newer-database",
	"foreign-database",
	"network-database",
	"changed-uncopied",
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

export function lock(dataDir: string, reason: string): Problem {
	return {
		id: "lock",
		severity: "critical",
		title: `Reports cannot be kept: ${join(dataDir, "serve.lock")} cannot be locked.`,
		detail: `${reason.replace(/\.$/, "")}. Senders are told to try again; the metrics file is read. Remove serve.lock (it holds nothing), or make it writable for user ${process.getuid?.() ?? "?"}; it is tried again by itself.`,
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

export function standstill(silentMs: number): Problem {
	return {
		id: "standstill",
		severity: "critical",
		title: `Nothing has been read for ${formatAge(silentMs / 1000)}.`,
		detail: "The look at the files, which comes once a second, has not ended. The log may say why; start anew.",
	};
}

export function damagedPart(path: string, reason: string): Problem {
	return {
		id: `journal-part ${path}`,
		severity: "warning",
		title: `${path} is damaged: what it told from some place on is missing.`,
		detail: `It was needed to build the database again (${reason}). Put a sound copy of it there and run: backup-monitor rebuild`,
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
export function history(db: Database, zone: string, now: number): Problem[] {
	const problems: Problem[] = [];
	const rebuilt = readMeta<Rebuilt>(db, "rebuilt");
	if (rebuilt !== null && now - rebuilt.at < shownForMs) problems.push(rebuiltNotice(rebuilt, zone));
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

function rebuiltNotice({ folder, reason, copy, runs }: Rebuilt, zone: string): Problem {
	const kept = folder === null ? "" : `The damaged file is kept in ${folder} (${reason}).`;
	const what = folder === null ? "was removed while the monitor ran," : "was damaged";
	const told = { id: "rebuilt", severity: "warning" as const };
	// Written by a version that kept no copies.
	const from = copy ?? null;
	if (from === null) {
		const count = typeof runs !== "number" ? "" : ` ${plural(runs, "run")} ${runs === 1 ? "is" : "are"} there again.`;
		return {
			...told,
			title: `The database ${what} and has been built again from the journals.`,
			detail: `${kept}${count} Runs that no journal holds any more are missing.`.trimStart(),
		};
	}
	const since = runs === null ? "" : `, ${Math.max(0, runs - from.runs)} since then from the journals`;
	return {
		...told,
		title: `The database was damaged and has been restored from the copy of ${formatInstant(from.at, zone)}.`,
		detail: `${plural(from.runs, "run")} came from the copy${since}. ${kept}`,
	};
}

/** A rebuild whose runs are not counted yet, or null. */
export function uncounted(db: Database): Rebuilt | null {
	const rebuilt = readMeta<Rebuilt>(db, "rebuilt");
	return rebuilt !== null && rebuilt.runs === null ? rebuilt : null;
}

/** Notes how many runs there are, once everything that is left has been read again. */
export function countRebuilt(db: Database): void {
	const rebuilt = uncounted(db);
	if (rebuilt !== null) writeMeta(db, "rebuilt", { ...rebuilt, runs: countRuns(db) });
}
