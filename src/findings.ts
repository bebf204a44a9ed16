// What a judgement and the plausibility of the newest backup amount to: the findings that alerts are made of.
import type { AlertKind, Finding } from "./alert.ts";
import { countedKind, countedRuns } from "./counted-runs.ts";
import type { JudgedRun, Judgement } from "./judge.ts";
import { formatMoment } from "./message-time.ts";
import type { Plausibility } from "./plausibility.ts";
import type { Kind } from "./run.ts";

/** The kinds that judging runs finds; others belong to inventories, drills and the monitor itself. */
export const judgedKinds: readonly AlertKind[] = [
	"failed",
	"missed",
	"stuck",
	"stale",
	"size",
	"duration",
	"phase",
	"files",
];

/** A job that nothing is said of: paused or archived. */
export function isSilenced({ state }: Pick<Judgement, "state">): boolean {
	return state === "paused" || state === "archived";
}

/**
 * `runs` newest first, of all kinds. A missed slot and a failure may both stand: the second night without a run is news
 * although the first one failed. A check, a prune or a restore that failed is an alert of its own: the job's state is that
 * of its backups.
 */
export function findingsOf(
	judgement: Judgement,
	plausibility: Plausibility | null,
	runs: readonly JudgedRun[],
	warningExitCodes: readonly number[],
	zone: string,
	now: number,
): Finding[] {
	if (isSilenced(judgement)) return [];
	const { state, reason, deadlineAt, missed, since } = judgement;
	const kind = countedKind(runs);
	const kinds = [...new Set(runs.map((run) => run.kind))];
	const failed = kinds.flatMap((name) => failureOf(runs, name, kind, warningExitCodes, now) ?? []);
	const running = runs.find((run) => run.outcome === "running" && run.kind === kind) ?? null;
	const findings: Finding[] = failed.map(({ run, key }) => ({
		kind: "failed",
		key,
		severity: "critical",
		sentence: key === "" && state === "failed" ? reason : failureWords(run, key),
		runId: run.id,
		since: run.endedAt ?? run.startedAt,
	}));
	const say = (name: AlertKind, severity: Finding["severity"], sentence: string, runId: number | null, at: number) =>
		findings.push({ kind: name, key: "", severity, sentence, runId, since: at });
	if (state === "missed" || (missed !== null && missed.count > 0 && state !== "late")) {
		const sentence = state === "missed" ? reason : missedWords(missed, zone, now);
		say("missed", "critical", sentence, null, deadlineAt ?? since ?? now);
	}
	if (state === "stuck") say("stuck", "warning", reason, running?.id ?? null, since ?? now);
	if (state === "stale") say("stale", "warning", reason, null, since ?? deadlineAt ?? now);
	return [...findings, ...(plausibility?.findings ?? [])];
}

/** The newest finished run of a kind where it failed. Its key is "" for the kind that the job is judged by. */
function failureOf(
	runs: readonly JudgedRun[],
	kind: Kind,
	counted: Kind,
	warningExitCodes: readonly number[],
	now: number,
): { run: JudgedRun; key: string } | null {
	// In the order in which the state counts them: a run dated ahead must not hide what came after it.
	const { runs: ordered } = countedRuns(
		runs.filter((run) => run.kind === kind),
		warningExitCodes,
		now,
	);
	const newest = ordered.find(({ outcome }) => outcome !== "running");
	return newest?.outcome === "failure" ? { run: newest.run, key: kind === counted ? "" : kind } : null;
}

const kindWords: Record<Kind, string> = {
	backup: "run",
	check: "check",
	prune: "prune",
	sync: "sync",
	restore_test: "restore test",
};

function failureWords(run: JudgedRun, key: string): string {
	const what = key === "" ? "run" : kindWords[run.kind];
	const why = run.errorMessage?.trim().split("\n")[0] ?? "";
	return why === "" ? `The last ${what} failed.` : `The last ${what} failed: ${why.slice(0, 300)}`;
}

function missedWords(missed: Judgement["missed"], zone: string, now: number): string {
	if (missed === null) return "A planned run did not come.";
	const first = formatMoment(missed.firstAt, now, zone);
	if (missed.count === 1) return `The run of ${first} did not come either.`;
	return `${missed.count} planned runs did not come, the first of them ${first}.`;
}
