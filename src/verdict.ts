// The sentence on top of the overview, made of what every job was judged to be. It never says more than is known.
import { compareNeeds, type Trouble, troubleOf } from "./needs.ts";
import type { Oddity, OverviewJob, Problem } from "./overview.ts";
import type { State } from "./state.ts";
import { formatAge, plural } from "./units.ts";

/** `old` is good news of unknown rhythm that has become too old to be called good; `idle`: nothing is expected. */
export type VerdictState = "empty" | "unknown" | "failed" | "warning" | "running" | "old" | "idle" | "ok";

/** A piece of the sentence: words, or a job's name that leads to it. */
export type VerdictPart = string | { name: string; slug: string };

export type Verdict = {
	state: VerdictState;
	sentence: VerdictPart[];
	/** The second line; empty where there is nothing to add. */
	lead: VerdictPart[];
	/** For the window's title: "2 need you". */
	short: string;
};

/** What the sentence needs of a job. */
export type VerdictJob = {
	slug: string;
	/** As it is called on the page; "" is not named, where it is the only one. */
	name: string;
	state: State;
	oddity: Oddity | null;
	/** When its newest good backup ended. */
	lastGoodAt: number | null;
	/** Whether a schedule says when the next run is due; otherwise only its age is known. */
	isPlanned: boolean;
	/** Without a schedule: milliseconds for which its newest backup counts as fresh, where something is known of that. */
	freshFor?: number;
};

const hour = 3_600_000;
const day = 24 * hour;
/** A week and a day of grace: without a schedule nothing more is known about how often a job should run. */
const oldAfter = 8 * day;
/** A whole lab in which nothing ran for two days is said plainly, whatever the jobs' rhythms are. */
const quietAfter = 2 * day;

type Asked = { now: number; jobs: readonly VerdictJob[]; problems: readonly Problem[] };

export function verdict({ now, jobs, problems }: Asked): Verdict {
	const critical = problems.find((problem) => problem.severity === "critical");
	if (critical !== undefined) {
		const last = jobs.length === 0 ? [] : ["Last known: ", ...uncapitalised(judge(jobs, now).sentence), "."];
		// Which line and what is wrong with it stands in the bar above.
		const why = critical.id === "config" ? "config.yaml cannot be used" : lowerFirst(critical.title.replace(/\.$/, ""));
		return { state: "unknown", sentence: [`I cannot tell: ${why}`], lead: last, short: "Cannot tell" };
	}
	if (jobs.length === 0) {
		const lead = "The monitor is running. Its first run turns this page into your dashboard.";
		return { state: "empty", sentence: ["Waiting for your first backup"], lead: [lead], short: "Waiting" };
	}
	return judge(jobs, now);
}

/** Archived jobs count for nothing; paused ones are only told of. */
function judge(all: readonly VerdictJob[], now: number): Verdict {
	const kept = all.filter(({ state }) => state !== "archived");
	const jobs = kept.filter(({ state }) => state !== "paused").toSorted(compareNeeds);
	const paused = kept.length - jobs.length;
	const [only] = kept;
	if (only === undefined) return idle(all.length === 1 ? "The job is archived" : "All jobs are archived", "Archived");
	if (jobs.length === 0) {
		return idle(kept.length === 1 ? [named(only, "The job"), " is paused"] : "All jobs are paused", "Paused");
	}
	const needing = jobs.flatMap((job) => {
		const trouble = troubleOf(job);
		return trouble === null ? [] : [{ job, trouble }];
	});
	if (needing.length > 0) return needed(needing, jobs, paused);
	const proven = jobs.filter(({ lastGoodAt }) => lastGoodAt !== null);
	if (proven.length === 0) return unproven(jobs, paused);
	const planned = jobs.filter(({ isPlanned }) => isPlanned);
	return planned.length === jobs.length || proven.length < jobs.length
		? protectedBy(jobs, proven, paused)
		: unplanned(jobs, planned.length, paused, now);
}

function idle(words: VerdictPart[] | string, short: string): Verdict {
	const lead = "Nothing is expected of them, so nothing is watched.";
	return { state: "idle", sentence: typeof words === "string" ? [words] : words, lead: [lead], short };
}

type Needing = { job: VerdictJob; trouble: Trouble };

/** Up to two jobs by name, more by number. */
function needed(needing: Needing[], jobs: VerdictJob[], paused: number): Verdict {
	const state = needing.some(({ trouble }) => trouble.look === "failed") ? "failed" : "warning";
	const counts = Map.groupBy(needing, ({ trouble }) => trouble.count);
	const counted = [...counts].map(([word, { length }]) => `${length}\u00a0${word}`).join(", ");
	const [first, second] = needing;
	if (first === undefined) throw new Error("Nothing needs anybody");
	if (second !== undefined && needing.length > 2) {
		const begin: VerdictPart[] = ["Begin with ", ref(first.job), ". "];
		return {
			state,
			short: `${needing.length} need you`,
			sentence: [`${needing.length} of ${jobs.length} jobs need you: ${counted}`],
			lead: [...begin, ...othersLead(jobs, paused)],
		};
	}
	const lead = othersLead(jobs, paused);
	const isOne = jobs.length === 1;
	if (second === undefined) {
		const sentence = [named(first.job, isOne ? "The newest backup" : first.job.slug), ` ${first.trouble.one}`];
		return { state, short: counted, sentence, lead };
	}
	const sentence: VerdictPart[] =
		first.trouble.count === second.trouble.count && first.trouble.many === second.trouble.many
			? [ref(first.job), " and ", ref(second.job), ` ${first.trouble.many}`]
			: [ref(first.job), ` ${first.trouble.one} and `, ref(second.job), ` ${second.trouble.one}`];
	return { state, short: counted, sentence, lead };
}

/** No job has a good backup, and none failed: they are new, or run for the first time. */
function unproven(jobs: VerdictJob[], paused: number): Verdict {
	const running = jobs.filter(({ state }) => state === "running");
	const [first] = running.length > 0 ? running : jobs;
	if (first === undefined) throw new Error("No job is left");
	const state = running.length > 0 ? "running" : "idle";
	const short = running.length > 0 ? "First run" : "Waiting";
	const sentence: VerdictPart[] =
		running.length === 1 || (running.length === 0 && jobs.length === 1)
			? [named(first, "The job"), running.length > 0 ? " is running for the first time" : " has not run yet"]
			: [running.length > 1 ? `${running.length} jobs run for the first time` : `${jobs.length} jobs have not run yet`];
	return { state, short, sentence, lead: ["No backup has finished yet.", ...pausedLead(paused)] };
}

function protectedBy(jobs: VerdictJob[], proven: VerdictJob[], paused: number): Verdict {
	const missing = jobs.length - proven.length;
	const running = runningLead(jobs);
	const [first] = jobs;
	const plannedToo = proven.filter(({ isPlanned }) => !isPlanned).length;
	if (missing > 0) {
		const waiting = jobs.filter(({ lastGoodAt }) => lastGoodAt === null);
		const [one] = waiting;
		const who: VerdictPart[] = missing === 1 && one !== undefined ? [ref(one), " has"] : [`${missing} have`];
		const sentence = [`${proven.length} of ${jobs.length} jobs have a good backup, `, ...who, " none yet"];
		return { state: "idle", sentence, short: `${missing} without a backup`, lead: [...running, ...pausedLead(paused)] };
	}
	const sentence: VerdictPart[] =
		jobs.length === 1 && first !== undefined
			? [named(first, "The job"), " is protected"]
			: [`All ${jobs.length} jobs are protected`];
	const fresh =
		jobs.length === 1
			? "Its backup is as fresh as its schedule wants. "
			: "Every backup is as fresh as its schedule wants. ";
	const lead = [...(plannedToo > 0 ? [] : [fresh]), ...running, ...pausedLead(paused)];
	return { state: "ok", sentence, short: "OK", lead };
}

/** Of some jobs nothing says when they should run: what they did is told, and how old it is. */
function unplanned(jobs: VerdictJob[], planned: number, paused: number, now: number): Verdict {
	const byAge = jobs.toSorted((a, b) => (a.lastGoodAt ?? 0) - (b.lastGoodAt ?? 0));
	const [oldest, newest] = [byAge[0], byAge.at(-1)];
	if (oldest === undefined || newest === undefined) throw new Error("No job is left");
	const age = (job: VerdictJob) => formatAge((now - (job.lastGoodAt ?? now)) / 1000);
	const isQuiet = planned === 0 && now - (newest.lastGoodAt ?? now) > Math.max(quietAfter, newest.freshFor ?? 0);
	const rest = [...runningLead(jobs), ...pausedLead(paused)];
	const rhythm =
		jobs.length === 1
			? "When the next one is due is not known: a rhythm is learned from three regular runs. "
			: `When the next one is due is not known of ${jobs.length - planned} of them: a rhythm is learned from three regular runs. `;
	if (isQuiet) {
		return {
			state: "old",
			sentence: [`No new backup for ${age(newest)}`],
			lead: [rhythm, ...rest],
			short: `Nothing for ${age(newest)}`,
		};
	}
	const old = jobs.filter(
		({ isPlanned, lastGoodAt, freshFor = 0 }) => !isPlanned && now - (lastGoodAt ?? now) > Math.max(oldAfter, freshFor),
	);
	const [one] = old;
	if (one !== undefined) {
		const who: VerdictPart[] =
			old.length === 1 ? [ref(one), "\u2019s is"] : [`those of ${plural(old.length, "job")} are`];
		const sentence = ["All newest backups succeeded, but ", ...who, " more than 8\u00a0days old"];
		return { state: "old", sentence, lead: [rhythm, ...rest], short: `${old.length} old` };
	}
	const sentence: VerdictPart[] =
		jobs.length === 1
			? [
					`The newest backup${oldest.name === "" ? "" : " of "}`,
					...(oldest.name === "" ? [] : [ref(oldest)]),
					` succeeded ${age(newest)} ago`,
				]
			: [`All ${jobs.length} jobs\u2019 newest backups succeeded`];
	const ages: VerdictPart[] = jobs.length === 1 ? [] : ["The oldest is ", ref(oldest), `\u2019s, ${age(oldest)} ago. `];
	return { state: "ok", sentence, lead: [...ages, rhythm, ...rest], short: "OK" };
}

function ref({ name, slug }: VerdictJob): VerdictPart {
	return { name: name === "" ? slug : name, slug };
}

function named({ name, slug }: VerdictJob, otherwise: string): VerdictPart {
	return { name: name === "" ? otherwise : name, slug };
}

/** What a failure must not drown: that the others are well. */
function othersLead(jobs: VerdictJob[], paused: number): VerdictPart[] {
	const well = jobs.filter((job) => troubleOf(job) === null);
	const good = well.filter(({ lastGoodAt }) => lastGoodAt !== null).length;
	const waiting = well.length - good;
	const parts: VerdictPart[] = [];
	if (good === 1) parts.push("The other job has a good backup. ");
	if (good > 1) parts.push(`The other ${good} jobs have a good backup. `);
	if (waiting > 0) parts.push(`${plural(waiting, "job")} ${waiting === 1 ? "has" : "have"} none yet. `);
	return [...parts, ...runningLead(jobs), ...pausedLead(paused)];
}

function runningLead(jobs: VerdictJob[]): VerdictPart[] {
	const running = jobs.filter(({ state }) => state === "running");
	const [first] = running;
	if (first === undefined || jobs.length === 1) return first === undefined ? [] : ["It is running. "];
	return running.length === 1 ? [ref(first), " is running. "] : [`${running.length} jobs are running. `];
}

function pausedLead(paused: number): VerdictPart[] {
	return paused === 0 ? [] : [`${plural(paused, "job")} ${paused === 1 ? "is" : "are"} paused.`];
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

/** The jobs of the overview as the sentence wants them. A lab's only job may have no name of its own. */
export function verdictJobs(judged: readonly OverviewJob[]): VerdictJob[] {
	const calledAlike = new Set<string>();
	const seen = new Set<string>();
	for (const { name } of judged) (seen.has(name) ? calledAlike : seen).add(name);
	return judged.map((job) => {
		const { slug, judgement, oddity, lastGoodAt } = job;
		const { schedule, source } = judgement.plan;
		const isPlanned = source !== "assumed" && schedule.type !== "none";
		// Assumed is twice the gap of its runs: until a little over one gap nothing is late.
		const freshFor = source === "assumed" && schedule.type === "age" ? schedule.seconds * 600 : 0;
		const isNameless = judged.length === 1 && job.name === "default" && job.title === null;
		const called = job.title ?? (calledAlike.has(job.name) && job.host !== "" ? `${job.name} (${job.host})` : job.name);
		return { slug, name: isNameless ? "" : called, state: judgement.state, oddity, lastGoodAt, isPlanned, freshFor };
	});
}
