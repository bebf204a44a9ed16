// The summary: one flat object for Homepage, Glance and Home Assistant.
import type { Problem, Totals } from "../overview.ts";
import { compareStates, type State, shownState, states } from "../state.ts";
import type { Standing } from "../store/standings.ts";
import { formatInstant } from "../time.ts";
import { plainText, type VerdictJob, verdict } from "../verdict.ts";
import { instantOrNull, list, numberOrNull, objectOf, text, textOrNull, whole, wholeOrNull } from "./schema.ts";

const mostItems = 50;

export const summarySchema = objectOf({
	status: { type: "string", enum: [...states, "unknown"], description: "The worst state of all jobs." },
	sentence: text("What the overview says on top."),
	jobs: whole(),
	ok: whole("Jobs in this state, as the next ten."),
	warning: whole(),
	failed: whole(),
	running: whole(),
	new: whole(),
	late: whole(),
	missed: whole(),
	stuck: whole(),
	stale: whole(),
	paused: whole(),
	archived: whole(),
	open_alerts: whole(),
	last_run: instantOrNull("When the newest backup run of all jobs ended."),
	last_run_job: textOrNull(),
	last_success: instantOrNull("When the newest successful one ended."),
	last_success_job: textOrNull(),
	last_success_age_seconds: wholeOrNull(),
	last_duration_seconds: numberOrNull("Of that run, as the next."),
	last_size_bytes: wholeOrNull(),
	oldest_success: instantOrNull("The success of the job whose last one is longest ago."),
	oldest_success_job: textOrNull(),
	oldest_success_age_seconds: wholeOrNull(),
	total_size_bytes: wholeOrNull("Newest sizes of all jobs together."),
	runs_30d: whole("Backup runs that ended in the last 30 days."),
	failed_30d: whole(),
	success_rate: numberOrNull("Share of those that succeeded, 0 to 1."),
	rejected_lines: whole("Lines of the metrics file that could not be read."),
	problems: whole("What is wrong with the monitor itself."),
	version: text(),
	items: {
		...list(
			objectOf({
				job: text(),
				slug: text(),
				host: text(),
				state: { type: "string", enum: states },
				last_success: instantOrNull(),
				age_seconds: wholeOrNull("Since that success."),
				duration_seconds: numberOrNull(),
				size_bytes: wholeOrNull(),
			}),
		),
		description: `Jobs, the worst first, at most ${mostItems}; all are in /api/jobs.`,
	},
});

export type SummaryReading = {
	standings: Standing[];
	/** Of the last 30 days. */
	totals: Totals;
	rejected: number;
	problems: Problem[];
	openAlerts: number;
	version: string;
	/** As the overview judges them; else from the standings, which know no alerts and no ladder. */
	verdictJobs?: VerdictJob[];
};

function verdictJobOf({ job, state, lastSuccessAt, dueAt }: Standing): VerdictJob {
	const { slug, name } = job;
	return { slug, name, state, oddity: null, lastGoodAt: lastSuccessAt, isPlanned: dueAt !== null };
}

export function summaryObject(reading: SummaryReading, now: number, zone: string) {
	const { standings, totals, problems } = reading;
	// A job about which an alert is open is counted as bad as that: nobody is to read "ok" of an empty backup.
	const shownOf = ({ state, worstAlert }: Standing) => shownState(state, worstAlert);
	const count = (state: State) => standings.filter((standing) => shownOf(standing) === state).length;
	const age = (at: number | null) => (at === null ? null : Math.max(0, Math.floor((now - at) / 1000)));
	const stamp = (at: number | null) => (at === null ? null : formatInstant(at, zone));
	const endOf = ({ finished }: Standing) => (finished === null ? null : (finished.endedAt ?? finished.startedAt));
	const bySuccess = standings
		.filter(({ lastSuccessAt }) => lastSuccessAt !== null)
		.sort((a, b) => (b.lastSuccessAt ?? 0) - (a.lastSuccessAt ?? 0));
	const newest = bySuccess[0] ?? null;
	const oldest = bySuccess.at(-1) ?? null;
	const lastRun = standings.reduce<Standing | null>(
		(last, standing) => ((endOf(standing) ?? -1) > (last === null ? -1 : (endOf(last) ?? -1)) ? standing : last),
		null,
	);
	const sizes = standings.flatMap(({ good }) => (good?.size == null ? [] : [good.size]));
	const worst = standings.toSorted(
		(a, b) => compareStates(shownOf(a), shownOf(b)) || (a.lastSuccessAt ?? 0) - (b.lastSuccessAt ?? 0),
	);
	const isBlind = problems.some(({ severity }) => severity === "critical");
	return {
		status: isBlind ? "unknown" : worst[0] === undefined ? "new" : shownOf(worst[0]),
		sentence: plainText(verdict({ now, jobs: reading.verdictJobs ?? standings.map(verdictJobOf), problems }).sentence),
		jobs: standings.length,
		ok: count("ok"),
		warning: count("warning"),
		failed: count("failed"),
		running: count("running"),
		new: count("new"),
		late: count("late"),
		missed: count("missed"),
		stuck: count("stuck"),
		stale: count("stale"),
		paused: count("paused"),
		archived: count("archived"),
		open_alerts: reading.openAlerts,
		last_run: stamp(lastRun === null ? null : endOf(lastRun)),
		last_run_job: lastRun?.job.name ?? null,
		last_success: stamp(newest?.lastSuccessAt ?? null),
		last_success_job: newest?.job.name ?? null,
		last_success_age_seconds: age(newest?.lastSuccessAt ?? null),
		last_duration_seconds: newest?.good?.duration ?? null,
		last_size_bytes: newest?.good?.size ?? null,
		oldest_success: stamp(oldest?.lastSuccessAt ?? null),
		oldest_success_job: oldest?.job.name ?? null,
		oldest_success_age_seconds: age(oldest?.lastSuccessAt ?? null),
		total_size_bytes: sizes.length === 0 ? null : sizes.reduce((sum, size) => sum + size, 0),
		runs_30d: totals.runs,
		failed_30d: totals.failed,
		success_rate: totals.runs === 0 ? null : totals.succeeded / totals.runs,
		rejected_lines: reading.rejected,
		problems: problems.length,
		version: reading.version,
		items: worst.slice(0, mostItems).map(({ job, state, worstAlert, lastSuccessAt, good }) => ({
			job: job.name,
			slug: job.slug,
			host: job.host,
			state: shownState(state, worstAlert),
			last_success: stamp(lastSuccessAt),
			age_seconds: age(lastSuccessAt),
			duration_seconds: good?.duration ?? null,
			size_bytes: good?.size ?? null,
		})),
	};
}
