// The sentence on top of the overview: what the newest run of each job says, and how old that is. It claims no more.
import type { Overview } from "./overview.ts";
import type { Run } from "./run.ts";
import { formatAge, plural } from "./units.ts";

/** `empty` and `unknown` are about the monitor; `old` is good news that has become too old to be called good. */
export type VerdictState = "empty" | "unknown" | "failed" | "warning" | "running" | "old" | "ok";

/** A piece of the sentence: words, or a job's name that leads to it. */
export type VerdictPart = string | { name: string; slug: string };

export type Verdict = {
	state: VerdictState;
	sentence: VerdictPart[];
	/** The second line; empty where there is nothing to add. */
	lead: VerdictPart[];
	/** For the window's title: "2 failed". */
	short: string;
};

const hour = 3_600_000;
const day = 24 * hour;
/** A week and a day of grace: without a schedule nothing more is known about how often a job should run. */
const oldAfter = 8 * day;
/** A whole lab in which nothing ran for two days is said plainly, whatever the jobs' rhythms are. */
const quietAfter = 2 * day;

export type JobState = "failed" | "warning" | "running" | "old" | "ok";

export type JobVerdict = {
	slug: string;
	name: string;
	state: JobState;
	/** Newest finished run; the running one where it is the first. */
	run: Run;
	/** When the newest finished run began; null where none has finished yet. */
	finishedAt: number | null;
};

/** One verdict per job, worst first. A run that is going on never hides that the one before it failed. */
export function jobVerdicts(latest: Run[], now: number): JobVerdict[] {
	const bySlug = new Map<string, Run[]>();
	for (const run of latest) bySlug.set(run.slug, [...(bySlug.get(run.slug) ?? []), run]);
	return [...bySlug.values()].map((runs) => jobVerdict(runs, now)).sort((a, b) => rank(a.state) - rank(b.state));
}

function jobVerdict(runs: Run[], now: number): JobVerdict {
	const newestFirst = runs.toSorted((a, b) => b.startedAt - a.startedAt);
	const finished = newestFirst.find((run) => run.outcome !== "running");
	const [newest] = newestFirst;
	const run = finished ?? newest;
	if (!run) throw new Error("A job without a run has no verdict");
	const isRunning = newest?.outcome === "running";
	return { slug: run.slug, name: run.job, run, finishedAt: finished?.startedAt ?? null, state: state() };

	function state(): JobState {
		if (finished?.outcome === "failure") return "failed";
		if (finished?.outcome === "warning") return "warning";
		if (isRunning) return "running";
		return now - (finished?.startedAt ?? now) > oldAfter ? "old" : "ok";
	}
}

const order: JobState[] = ["failed", "warning", "old", "running", "ok"];

function rank(state: JobState): number {
	return order.indexOf(state);
}

/** With `job` set, everything is about that one, and it is named. */
export function verdict({
	now,
	job,
	latest,
	problems,
}: Pick<Overview, "now" | "job" | "latest" | "problems">): Verdict {
	const jobs = jobVerdicts(latest, now);
	const critical = problems.find((problem) => problem.severity === "critical");
	if (critical) {
		const last =
			jobs.length === 0 ? [] : ["Last known: ", ...uncapitalised(judge(jobs, now, job !== null).sentence), "."];
		const title = critical.title.replace(/\.$/, "");
		return { state: "unknown", sentence: [`I cannot tell: ${lowerFirst(title)}`], lead: last, short: "Cannot tell" };
	}
	if (jobs.length === 0) {
		const lead = "The monitor is running. Its first run turns this page into your dashboard.";
		return { state: "empty", sentence: ["Waiting for your first backup"], lead: [lead], short: "Waiting" };
	}
	return judge(jobs, now, job !== null);
}

function judge(jobs: JobVerdict[], now: number, isNamed: boolean): Verdict {
	const of = (state: JobState) => jobs.filter((job) => job.state === state);
	const [failed, warned, old, running] = [of("failed"), of("warning"), of("old"), of("running")];
	const finished = jobs.filter((job) => job.finishedAt !== null);
	const newestAt = Math.max(...jobs.map((job) => job.run.startedAt));
	const lead = ageLead(finished, jobs.length, now);

	if (failed.length + warned.length > 0) {
		const good = jobs.length - failed.length - warned.length - running.length;
		return { ...needed(jobs, failed, warned, isNamed), lead: [...othersLead(good, running.length), ...lead] };
	}
	if (running.length > 0) return { ...going(jobs, running), lead };
	const quiet = now - newestAt > quietAfter ? formatAge((now - newestAt) / 1000) : null;
	const [only] = jobs;
	const ofJob: VerdictPart[] = isNamed && only ? [" of ", ref(only)] : [];
	if (quiet !== null) {
		const sentence = ["No new backup", ...ofJob, ` for ${quiet}`];
		return { state: "old", sentence, lead, short: `Nothing for ${quiet}` };
	}
	if (old.length > 0) {
		const sentence = [
			"All newest backups succeeded, but ",
			...names(old, "\u2019s is", " are"),
			" more than 8\u00a0days old",
		];
		return { state: "old", sentence, lead, short: `${old.length} old` };
	}
	const sentence =
		jobs.length === 1
			? ["The newest backup", ...ofJob, ` succeeded ${formatAge((now - newestAt) / 1000)} ago`]
			: [`All ${jobs.length} jobs\u2019 newest backups succeeded`];
	return { state: "ok", sentence, lead, short: "OK" };
}

/** Something failed or warned: up to two jobs by name, more by number. */
function needed(
	jobs: JobVerdict[],
	failed: JobVerdict[],
	warned: JobVerdict[],
	isNamed: boolean,
): Omit<Verdict, "lead"> {
	const state = failed.length > 0 ? "failed" : "warning";
	const short = [failed.length > 0 && `${failed.length} failed`, warned.length > 0 && plural(warned.length, "warning")]
		.filter((part) => part !== false)
		.join(", ");
	if (failed.length + warned.length > 2) {
		const count = failed.length + warned.length;
		return { state, short, sentence: [`${count} of ${jobs.length} jobs need you: ${short}`] };
	}
	if (jobs.length === 1 && !isNamed) {
		const words = failed.length > 0 ? "failed" : "ended with a warning";
		return { state, short, sentence: [`The newest backup ${words}`] };
	}
	const sentence: VerdictPart[] = [];
	if (failed.length > 0) sentence.push(...names(failed, "", ""), " failed");
	if (failed.length > 0 && warned.length > 0) sentence.push(" and ");
	if (warned.length > 0) sentence.push(...names(warned, "", ""), " ended with a warning");
	return { state, short, sentence };
}

function going(jobs: JobVerdict[], running: JobVerdict[]): Omit<Verdict, "lead"> {
	const others = jobs.length - running.length;
	const short = `${running.length} running`;
	const sentence: VerdictPart[] =
		running.length > 2 ? [`${running.length} backups are running`] : names(running, " is running", " are running");
	if (others === 1) sentence.push(", the other job\u2019s newest backup succeeded");
	if (others > 1) sentence.push(`, the other ${others} jobs\u2019 newest backups succeeded`);
	return { state: "running", sentence, short };
}

/** "A" + one, "A and B" + many, "3 jobs" + many. */
function names(jobs: JobVerdict[], one: string, many: string): VerdictPart[] {
	const [first, second] = jobs;
	if (!first) return [];
	if (!second) return [ref(first), one].filter((part) => part !== "");
	if (jobs.length > 2) return [`${plural(jobs.length, "job")}${many}`];
	return [ref(first), " and ", ref(second), many].filter((part) => part !== "");
}

function ref(job: JobVerdict): VerdictPart {
	return { name: job.name, slug: job.slug };
}

/** What a failure must not drown: that the others are well. */
function othersLead(good: number, running: number): VerdictPart[] {
	const parts: string[] = [];
	if (good === 1) parts.push("the other job\u2019s newest backup succeeded");
	if (good > 1) parts.push(`the other ${good} jobs\u2019 newest backups succeeded`);
	if (running > 0) parts.push(`${running} ${running === 1 ? "is" : "are"} running`);
	const text = parts.join(", ");
	return text === "" ? [] : [`${text.charAt(0).toUpperCase()}${text.slice(1)}. `];
}

/** How old the news is: without it, a dead backup script looks like a good one. */
function ageLead(finished: JobVerdict[], count: number, now: number): VerdictPart[] {
	const [first, ...rest] = finished;
	if (!first) return ["No run has finished yet."];
	const oldest = rest.reduce((a, b) => (b.run.startedAt < a.run.startedAt ? b : a), first);
	const newest = rest.reduce((a, b) => (b.run.startedAt > a.run.startedAt ? b : a), first);
	const age = (job: JobVerdict) => `${formatAge((now - job.run.startedAt) / 1000)} ago`;
	if (count === 1) return [ref(first), ` began ${age(first)}.`];
	if (oldest === newest) return ["The only finished run, ", ref(first), ", began ", `${age(first)}.`];
	return [
		"Of the newest runs, the oldest is ",
		ref(oldest),
		` (${age(oldest)}), the latest `,
		ref(newest),
		` (${age(newest)}).`,
	];
}

function uncapitalised(parts: VerdictPart[]): VerdictPart[] {
	const [first, ...rest] = parts;
	return typeof first === "string" ? [lowerFirst(first), ...rest] : parts;
}

/** "The disk is full" goes on a sentence; "SQLite is locked" keeps its capitals. */
function lowerFirst(text: string): string {
	return /^[A-Z][a-z ]/.test(text) ? text.charAt(0).toLowerCase() + text.slice(1) : text;
}

/** The sentence without its links, for titles and tests. */
export function plainText(parts: VerdictPart[]): string {
	return parts.map((part) => (typeof part === "string" ? part : part.name)).join("");
}
