// The digest: what became of every job in a day or a week, the worst first, short enough to be read.

import { oneLine } from "./message-clean.ts";
import { formatMoment } from "./message-time.ts";
import type { Outcome } from "./run.ts";
import type { DigestTime } from "./settings.ts";
import { compareStates, type State } from "./state.ts";
import { dayOf, instantOf, zoneOffset } from "./time.ts";
import { formatBytes, formatPercent, plural, type Units } from "./units.ts";

export type DigestJob = {
	name: string;
	state: State;
	/** Finished backups in the span, of which `failed`; slots without a run. */
	runs: number;
	failed: number;
	missed: number;
	/** Bytes of the newest good backup that says its size. */
	size: number | null;
	/** Its share above (or below) the last one before the span, 0.03 is +3 %. */
	change: number | null;
	lastGoodAt: number | null;
};

export type Digest = {
	from: number;
	to: number;
	jobs: DigestJob[];
	/** Open alerts as whole sentences with the job's name in front. */
	openAlerts: string[];
	/** Messages that could not be delivered in the span. */
	undelivered: number;
};

const dayMs = 86_400_000;

/** The first moment of the digest behind `after`. A time that an autumn night repeats comes once. */
export function nextDigestAt({ weekday, minute }: DigestTime, after: number, zone: string): number {
	const today = dayOf(after, zone);
	for (let day = today; ; day++) {
		// Day 0, 1 January 1970, was a Thursday.
		if (weekday !== null && ((((day + 3) % 7) + 7) % 7) + 1 !== weekday) continue;
		const at = instantOf(day * dayMs + minute * 60_000, zone);
		if (at > after) return at;
	}
}

/** Where the span of a digest at `at` begins: a day or a week before, by the calendar. */
export function digestFrom({ weekday }: DigestTime, at: number, zone: string): number {
	const wall = at + zoneOffset(at, zone);
	return instantOf(wall - (weekday === null ? 1 : 7) * dayMs, zone);
}

export type DigestRun = { startedAt: number; outcome: Outcome; size: number | null };
type DigestFacts = Pick<DigestJob, "name" | "state" | "missed" | "lastGoodAt">;

/** Counts a job's backups of the span [from, to). `runs` in any order; older ones than `from` are what sizes compare with. */
export function digestJob(job: DigestFacts, runs: readonly DigestRun[], from: number, to: number): DigestJob {
	const finished = runs.filter((run) => run.outcome !== "running" && run.startedAt < to);
	const inSpan = finished.filter((run) => run.startedAt >= from);
	const sized = finished
		.filter((run) => run.outcome !== "failure" && run.size !== null)
		.toSorted((a, b) => b.startedAt - a.startedAt);
	const size = sized[0]?.size ?? null;
	const before = sized.find((run) => run.startedAt < from)?.size ?? null;
	return {
		...job,
		runs: inSpan.length,
		failed: inSpan.filter((run) => run.outcome === "failure").length,
		size,
		change: size === null || before === null || before <= 0 ? null : size / before - 1,
	};
}

const inNeed: readonly State[] = ["failed", "missed", "stuck", "stale", "warning"];

export function needsSomebody({ state }: DigestJob): boolean {
	return inNeed.includes(state);
}

/** "2 of 12 jobs need you: photos, db." */
export function digestSentence({ jobs }: Digest): string {
	const shown = jobs.filter(({ state }) => state !== "archived");
	const bad = shown.filter(needsSomebody).toSorted(compareJobs);
	if (shown.length === 0) return "No job has reported yet.";
	if (bad.length > 0) {
		const names = bad.slice(0, 3).map(({ name }) => oneLine(name, 40));
		const more = bad.length > names.length ? ` and ${bad.length - names.length} more` : "";
		const verb = bad.length === 1 ? "needs" : "need";
		return `${bad.length} of ${plural(shown.length, "job")} ${verb} you: ${names.join(", ")}${more}.`;
	}
	const subject =
		shown.length === 1
			? `The one job, ${oneLine(shown[0]?.name ?? "", 40)}, is`
			: `All ${plural(shown.length, "job")} are`;
	return `${subject} well: ${totals(shown)}.`;
}

function totals(jobs: DigestJob[]): string {
	const sum = (key: "runs" | "failed" | "missed") => jobs.reduce((all, job) => all + job[key], 0);
	const parts = [plural(sum("runs"), "run")];
	parts.push(sum("failed") === 0 ? "none failed" : `${sum("failed")} failed`);
	if (sum("missed") > 0) parts.push(`${sum("missed")} missed`);
	return parts.join(", ");
}

const mostLines = 12;
/** Jobs that need somebody may take more lines than that. */
const mostBadLines = 25;

/** One line a job, the worst first; what does not fit is counted: "and 14 more that are well". */
export function digestLines(digest: Digest, now: number, zone: string, units: Units): string[] {
	const jobs = digest.jobs.filter(({ state }) => state !== "archived").toSorted(compareJobs);
	const limit = Math.max(mostLines, Math.min(mostBadLines, jobs.filter(needsSomebody).length));
	// A last line that stands for one job might as well be that job.
	const shown = jobs.length <= limit + 1 ? jobs : jobs.slice(0, limit);
	const rest = jobs.slice(shown.length);
	const bad = rest.filter(needsSomebody).length;
	const well = rest.length - bad;
	const lines = shown.map((job) => lineOf(job, now, zone, units));
	if (bad > 0) lines.push(`and ${bad} more that ${bad === 1 ? "needs" : "need"} you`);
	if (well > 0) lines.push(`and ${well} more that ${well === 1 ? "is" : "are"} well`);
	return lines;
}

function lineOf(job: DigestJob, now: number, zone: string, units: Units): string {
	const parts = [job.runs === 0 && job.missed === 0 ? "no run" : totals([job])];
	if (job.size !== null) parts.push(formatBytes(job.size, units) + changeOf(job.change));
	if (job.failed > 0 || job.missed > 0 || job.runs === 0 || needsSomebody(job)) {
		parts.push(job.lastGoodAt === null ? "never a good run" : `last good ${formatMoment(job.lastGoodAt, now, zone)}`);
	}
	return `${oneLine(job.name, 64)} (${job.state}): ${parts.join("; ")}`;
}

/** " (+3 %)"; nothing below a hundredth. */
function changeOf(change: number | null): string {
	if (change === null || Math.abs(change) < 0.005) return "";
	return ` (${change > 0 ? "+" : "\u2212"}${formatPercent(Math.abs(change))})`;
}

function compareJobs(a: DigestJob, b: DigestJob): number {
	return compareStates(a.state, b.state) || b.failed + b.missed - (a.failed + a.missed) || (a.name < b.name ? -1 : 1);
}
