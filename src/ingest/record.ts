// The one door into the store: every report, by whatever road it came, is stored by these functions and no others.
import type { Database } from "bun:sqlite";
import { type Job, maxJobs } from "../job.ts";
import { parseReport } from "../report.ts";
import { addRun, type DayTotals, emptyTotals, isCounted } from "../rollup.ts";
import type { RunReport } from "../run.ts";
import { idInStrand, isSameRun } from "../run-identity.ts";
import { readStrand } from "../store/aliases.ts";
import { recordDay } from "../store/daily.ts";
import { recordJob } from "../store/jobs.ts";
import { insertRun, readStored, replaceRun, runOf } from "../store/runs.ts";
import { markUnjudged } from "../store/watched.ts";
import { dayOf } from "../time.ts";

/** What became of one report. `unchanged`: the very same text is stored already. */
export type Recorded = { job: Job; change: "new" | "replaced" | "unchanged" };

export class TooManyJobs extends Error {
	constructor() {
		super(`names a job that would be number ${maxJobs + 1}; at most ${maxJobs} are kept`);
	}
}

/** Runs that ended longer ago are history when they are reported: only the job's newest state is judged then. */
const freshFor = 48 * 3_600_000;

type Sums = { day: number; jobId: number; totals: DayTotals };

/**
 * Collects the reports of one transaction: runs are written as they come, the daily sums once at the end. Lives as long
 * as its transaction, which the caller opens; nothing of it may be used after a rollback.
 */
export class Batch {
	readonly #db: Database;
	readonly #zone: string;
	readonly #now: number;
	readonly #jobs = new Map<string, Job>();
	readonly #days = new Map<string, Sums>();
	/** What the watch has to look at: runs by job, 0 for older ones. */
	readonly #unjudged = new Map<number, Set<number>>();
	// Runs come in the order of their files: nearly always the same job and day as the one before.
	#lastJob: Job | null = null;
	#lastSums: Sums | null = null;

	constructor(db: Database, zone: string, now: number) {
		this.#db = db;
		this.#zone = zone;
		this.#now = now;
	}

	/**
	 * Stores a report; `text` is the JSON that is kept of it, `sent` what it was before the journal added to it. The same
	 * (job, host, backup_id) again: the last one wins.
	 */
	add(report: RunReport, text: string, sent = text): Recorded {
		const job = this.jobOf(report);
		const day = dayOf(report.startedAt, this.#zone);
		const run = { report, text, jobId: job.id, day, receivedAt: this.#now };
		const id = insertRun(this.#db, run);
		if (id !== null) {
			this.#count(day, job.id, report, 1);
			this.#noteUnjudged(job.id, id, report);
			return { job, change: "new" };
		}
		const stored = readStored(this.#db, job.id, report.backupId);
		const strand = stored === null ? null : this.#strandApart(stored.report, report);
		if (stored !== null && strand !== null) {
			if (isSameRun(runOf(stored), report)) return { job, change: "unchanged" };
			return this.add({ ...report, backupId: idInStrand(report.backupId, strand) }, text, sent);
		}
		if (stored !== null && isSame(stored.report, sent)) return { job, change: "unchanged" };
		if (stored !== null) this.#count(stored.day, job.id, runOf(stored), -1);
		replaceRun(this.#db, run);
		this.#count(day, job.id, report, 1);
		if (stored !== null) this.#noteUnjudged(job.id, stored.id, report);
		return { job, change: "replaced" };
	}

	/**
	 * The strand of a report whose id the job has already from another strand: two jobs that became one may both number
	 * their runs by the day. null: it is the same run told again.
	 */
	#strandApart(stored: string, { job, host }: RunReport): string | null {
		const parsed = parseReport(JSON.parse(stored), "UTC");
		if (!parsed.ok || (parsed.report.job === job && parsed.report.host === host)) return null;
		const own = readStrand(this.#db, job, host);
		if (own === readStrand(this.#db, parsed.report.job, parsed.report.host)) return null;
		// The job's own runs were there first; one that came later keeps apart by what it is called.
		return own === "" ? job : own;
	}

	#noteUnjudged(jobId: number, runId: number, { endedAt, startedAt }: RunReport): void {
		const isFresh = (endedAt ?? startedAt) > this.#now - freshFor;
		const runs = this.#unjudged.get(jobId);
		if (runs === undefined) this.#unjudged.set(jobId, new Set([isFresh ? runId : 0]));
		else runs.add(isFresh ? runId : 0);
	}

	/** Writes the sums, and what is to be judged. To be called once, inside the transaction, after the last report. */
	finish(): void {
		for (const { day, jobId, totals } of this.#days.values()) recordDay(this.#db, day, jobId, totals);
		this.#days.clear();
		for (const [jobId, runs] of this.#unjudged) for (const runId of runs) markUnjudged(this.#db, jobId, runId);
		this.#unjudged.clear();
	}

	/** The job a report belongs to, made if it is new. Throws TooManyJobs. */
	jobOf(report: RunReport): Job {
		const last = this.#lastJob;
		if (last !== null && last.name === report.job && last.host === report.host) return last;
		const key = `${report.job}\n${report.host}`;
		const known = this.#jobs.get(key) ?? recordJob(this.#db, report.job, report.host, this.#now);
		if (known === null) throw new TooManyJobs();
		this.#jobs.set(key, known);
		this.#lastJob = known;
		return known;
	}

	#count(day: number, jobId: number, run: RunReport, sign: 1 | -1): void {
		if (!isCounted(run)) return;
		addRun(this.#sumsOf(day, jobId).totals, run, sign);
	}

	#sumsOf(day: number, jobId: number): Sums {
		const last = this.#lastSums;
		if (last !== null && last.day === day && last.jobId === jobId) return last;
		const key = `${day} ${jobId}`;
		const sums = this.#days.get(key) ?? { day, jobId, totals: emptyTotals() };
		this.#days.set(key, sums);
		this.#lastSums = sums;
		return sums;
	}
}

/** Whether a stored text is what was sent, apart from what the journal added. */
function isSame(stored: string, sent: string): boolean {
	return stored === sent || stored.startsWith(`${sent.slice(0, -1)},"received_at":"`);
}

export type ReadText =
	| { ok: true; report: RunReport; notes: string[] }
	| { ok: false; reason: string; field: string | null; why: string };

/** Reads one line of JSON. The reason, where there is one, continues a sentence that begins with the line. */
export function readText(text: string, zone: string): ReadText {
	let value: unknown;
	try {
		value = JSON.parse(text);
	} catch {
		const why = whyNotJson(text);
		return { ok: false, reason: why, field: null, why };
	}
	const parsed = parseReport(withExactId(value, text), zone);
	if (parsed.ok) return parsed;
	const { field, reason: why } = parsed;
	return { ok: false, reason: `${field} ${why}`.trim(), field: field === "" ? null : field, why };
}

/** An id like 20260107020000001 is more than a number can tell apart: its digits are taken from the text. */
function withExactId(value: unknown, text: string): unknown {
	if (typeof value !== "object" || value === null || !("backup_id" in value)) return value;
	const id = value.backup_id;
	if (typeof id !== "number" || Math.abs(id) <= Number.MAX_SAFE_INTEGER) return value;
	const digits = [...text.matchAll(/"backup_id"\s*:\s*(-?\d+)\s*[,}]/g)].at(-1)?.[1];
	return digits === undefined ? value : { ...value, backup_id: digits };
}

function whyNotJson(text: string): string {
	if (text.includes("\u0000") && /(?:^|[^\u0000])\u0000[^\u0000]\u0000/.test(text.slice(0, 64))) {
		return "looks like UTF-16; write the file as UTF-8 (PowerShell: Out-File -Encoding utf8)";
	}
	// Of a million bad lines these are a tenth of the cost, where no pattern is compiled: first what a look can tell.
	if (text.indexOf("{", text.indexOf("}")) > 0 && /\}\s*\{/.test(text))
		return "is not one JSON object: two stand on one line, a line end was lost";
	const isNumber = text.includes("NaN") || text.includes("Infinity");
	if (isNumber && /\b(?:NaN|-?Infinity)\b/.test(text)) return "is not JSON: NaN and Infinity do not exist there";
	if (text.startsWith("{") && !text.trimEnd().endsWith("}")) return "is not JSON: it was cut before its end";
	return "is not JSON";
}
